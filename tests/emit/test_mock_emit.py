"""The mock of a small contract: where its answers come from, and what it says where there are none."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import httpx
import pytest

from tillspec.pipeline import generate
from tillspec.request import Request


def answer(media_type: str | None = None, headers: dict[str, Any] | None = None, **content: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"description": "It."}
    if media_type is not None:
        made["content"] = {media_type: {"schema": {}, **content}}
    return made | ({"headers": headers} if headers else {})


def shown(**more: Any) -> dict[str, Any]:
    return {"required": True, "schema": {"type": "string", **more}}


OPERATIONS: dict[str, dict[str, Any]] = {
    "getThing": {"200": answer("application/json", examples={"one": {"value": {"id": 1}}, "two": {"value": {"id": 2}}})},
    "getMe": {"200": answer("application/json", schema={"$ref": "#/components/schemas/Thing"})},
    "getNothing": {"200": answer("application/json")},
    "getBare": {},
    "getLater": {"202": answer(), "200": answer("text/plain", example="später"), "404": answer("text/plain", example="no")},
    "getAny": {"default": answer("application/json", example=None), "4XX": answer("application/json", example={"no": True})},
    "getPicture": {"200": answer("image/png", example="iVBOR\nw0K"), "404": answer("image/png", example="not Base64")},
    "getDrawing": {"200": answer("image/svg+xml", example="<svg/>")},
    "getForm": {"200": answer("application/x-www-form-urlencoded", schema={}, example={"a": [1, "x y"], "b": "ü"})},
    "getHeaders": {
        "204": answer(
            headers={
                "X-Own": shown() | {"example": "own"},
                "X-Named": shown() | {"examples": {"a": {"value": "named"}}},
                "X-Schema": shown(examples=["schema"]),
                "X-Only": shown(const="only"),
                "X-Default": shown(default="default"),
                "X-List": {"required": True, "schema": {"type": "array", "items": {"type": "integer"}}, "example": [1, 2]},
                "X-Optional": {"schema": {"type": "string"}, "example": "left out"},
            }
        ),
        "409": answer(headers={"X-None": shown()}),
    },
    "getRange": {"200": answer("image/*", example="iVBOR\nw0K"), "404": answer("*/*", example="iVBORw0K")},
    "getQuery": {"200": answer("text/plain", example="by query")},
}  # fmt: skip
PATHS = {"getThing": "/things/{id}", "getMe": "/things/me", "getQuery": "/things/me?full"}

CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "servers": [{"url": "https://a.example/v1/"}, {"url": "https://a.example/{env}", "variables": {"env": {"default": "test"}}}],
    "paths": {
        PATHS.get(name, f"/{name}"): {
            "get": {"operationId": name, "responses": responses or {"default": answer()}},
            "parameters": [shown() | {"name": "id", "in": "path"}] if name == "getThing" else [],
        }
        for name, responses in OPERATIONS.items()
    },
    "components": {"schemas": {"Thing": {"type": "object", "examples": [{"id": 3}, {"id": 4}]}}},
}  # fmt: skip


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("mocked")
    (folder / "contract.json").write_text(json.dumps(CONTRACT))
    generate(Request(folder / "contract.json", folder / "out", "mocked_api", only=frozenset({"client"})))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder / "out" / "python")
        yield importlib.import_module("mocked_api.client.mock")


def get(mock: ModuleType, path: str, answers: Any = None, **headers: str) -> httpx.Response:
    with httpx.Client(transport=mock.transport(answers), base_url="http://mock") as http:
        return http.get(path, headers=headers)


@pytest.mark.parametrize(
    ("path", "answers", "status", "content"),
    [
        ("/things/7", None, 200, '{"id":1}'),
        ("/things/7", {"getThing": "two"}, 200, '{"id":2}'),
        ("/things/7", {"getThing": (200, "two")}, 200, '{"id":2}'),
        ("/things/m%65", None, 200, '{"id":3}'),
        ("/things/me", {"getMe": "example_2"}, 200, '{"id":4}'),
        ("/things/me?a=1&full&b", None, 200, "by query"),
        ("/v1/things/7", None, 200, '{"id":1}'),
        ("/test/things/7", None, 200, '{"id":1}'),
        ("/getLater", None, 202, ""),
        ("/getLater", {"getLater": 200}, 200, "später"),
        ("/getLater", {"getLater": 404}, 404, "no"),
        ("/getAny", None, 200, "null"),
        ("/getAny", {"getAny": 503}, 503, "null"),
        ("/getAny", {"getAny": 418}, 418, '{"no":true}'),
        ("/getDrawing", None, 200, "<svg/>"),
        ("/getForm", None, 200, "a=1&a=x%20y&b=%C3%BC"),
    ],
)
def test_answers(mock: ModuleType, path: str, answers: Any, status: int, content: str) -> None:
    found = get(mock, path, answers)
    assert (found.status_code, found.content.decode()) == (status, content)


def test_what_is_not_text_stands_in_base64(mock: ModuleType) -> None:
    found = get(mock, "/getPicture")
    assert (found.content, found.headers["content-type"]) == (b"\x89PNG\r\n", "image/png")
    with pytest.raises(
        mock.MockError, match="the answer 404 of getPicture is binary: give the example of its image/png in Base64"
    ):
        get(mock, "/getPicture", {"getPicture": 404})


def test_a_range_of_media_types_is_answered_with_one_of_it(mock: ModuleType) -> None:
    found = [get(mock, "/getRange", {"getRange": status}) for status in (200, 404)]
    assert [one.headers["content-type"] for one in found] == ["image/x-mock", "application/octet-stream"]
    assert {one.content for one in found} == {b"\x89PNG\r\n"}


def test_required_headers_are_filled_in(mock: ModuleType) -> None:
    assert dict(get(mock, "/getHeaders").headers) == {
        "x-own": "own", "x-named": "named", "x-schema": "schema", "x-only": "only", "x-default": "default", "x-list": "1,2",
    }  # fmt: skip


def test_what_is_missing_is_named(mock: ModuleType) -> None:
    cases = {
        "/getNothing": "the answer 200 of getNothing has no example: add `example` or `examples` to its application/json",
        "/getHeaders": "the answer 409 of getHeaders requires the header X-None, which has no example: add `example` to it",
    }
    for path, message in cases.items():
        with pytest.raises(mock.MockError, match=message):
            get(mock, path, {"getHeaders": 409})


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("POST", "/things/7"), ("GET", "/v2/things/7"), ("GET", "/things")]
)
def test_what_no_operation_answers_is_a_404(mock: ModuleType, method: str, path: str) -> None:
    with httpx.Client(transport=mock.transport(), base_url="http://mock") as http:
        found = http.request(method, path)
    assert (found.status_code, found.headers["content-type"]) == (404, "application/problem+json")
    assert found.json()["detail"] == f"No operation answers {method} {path}"


@pytest.mark.parametrize(
    ("preference", "status", "content"),
    [
        ("code=404", 404, "no"),
        ("respond-async, code=200", 200, "später"),
        ('example="example"', 200, "später"),
        ("code=404; example=example", 404, "no"),
        ("wait=5, error-code=404", 202, ""),
    ],
)
def test_a_request_may_prefer_an_answer(mock: ModuleType, preference: str, status: int, content: str) -> None:
    found = get(mock, "/getLater", prefer=preference)
    assert (found.status_code, found.content.decode()) == (status, content)
    assert get(mock, "/getLater", {"getLater": 404}, prefer="code=200").status_code == 404


def test_a_preference_that_cannot_be_met_says_so(mock: ModuleType) -> None:
    with pytest.raises(mock.MockError, match="getLater declares no answer 500; there are: 202, 200, 404"):
        get(mock, "/getLater", prefer="code=500")
    with pytest.raises(mock.MockError, match="getThing has no example 'three' there; there are: one, two"):
        get(mock, "/things/7", prefer="example=three")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"getThign": 200}, "there is no operation 'getThign'; did you mean getThing?"),
        ({"getThing": 404}, "getThing declares no answer 404; there are: 200"),
        ({"getThing": ["one", "three"]}, "no example 'three' there; there are: one, two"),
        ({"getThing": (200, "x")}, "no example 'x'"),
        ({"getThing": []}, "getThing is given no answer"),
    ],
)
def test_answers_that_there_are_not_are_refused_at_once(mock: ModuleType, answers: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        mock.transport(answers)


def test_answers_come_in_turn_and_the_last_one_stays(mock: ModuleType) -> None:
    async def run() -> list[int]:
        transport = mock.transport({"getThing": ["two", "one", "two"]})
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as http:
            return [(await http.get("/things/7")).json()["id"] for _ in range(5)]

    assert asyncio.run(run()) == [2, 1, 2, 2, 2]
