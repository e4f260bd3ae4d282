"""The server's runtime on a hand-made table: the order of its checks, what it hands on, and that bad input is never a 500."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import httpx
import pytest
from fastapi import FastAPI
from fastapi import Request as FastapiRequest
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request as StarletteRequest
from starlette.routing import Router
from starlette.types import ASGIApp

from tillspec.runtime import fastapi, media
from tillspec.runtime.credentials import ApiKey, Basic, Bearer, Other
from tillspec.runtime.endpoint import Binding
from tillspec.runtime.model import ContractModel
from tillspec.runtime.operation import (
    Content,
    Header,
    Items,
    Operation,
    Parameter,
    Properties,
    RequestBody,
    Response,
    SecurityScheme,
    Text,
    Value,
    Wire,
)
from tillspec.runtime.paths import expressions
from tillspec.runtime.refusal import OperationNotImplemented, Problem, Refusal
from tillspec.runtime.request import Request
from tillspec.runtime.scalars import Integer
from tillspec.runtime.server import make_app, make_router


class Line(ContractModel):
    name: str
    price: Annotated[int, Integer(ge=0)]


class Order(ContractModel):
    lines: list[Line]
    rate: float = 1.0
    note: str | None = None
    extra: Any = None


REQUEST_ID = Header(name="X-Request-Id", keyword="x_request_id", value=Value(str), required=True, ambient=True)
JSON_ORDER = Content(carrier="json", value=Value(Order))


@dataclass(frozen=True, slots=True, kw_only=True)
class Created(Response):
    body: Order
    location: str
    count: int | None = None
    x_request_id: str | None = None
    status: ClassVar[Literal[201]] = 201
    wire: ClassVar[Wire] = Wire(
        headers=(
            Header(name="Location", keyword="location", value=Value(str), required=True),
            Header(name="X-Count", keyword="count", value=Value(int), shape=Text(("integer",))),
            REQUEST_ID,
        ),
        contents={"application/json": JSON_ORDER},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Response):
    status: int
    body: dict[str, Any]
    wire: ClassVar[Wire] = Wire(contents={"application/json": Content(carrier="json", value=Value(Any))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Response):
    body: bytes
    media_type: Literal["image/png", "image/svg+xml"] = "image/png"
    status: ClassVar[Literal[200]] = 200
    wire: ClassVar[Wire] = Wire(contents={"image/png": Content(carrier="bytes"), "image/svg+xml": Content(carrier="bytes")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Anything(Response):
    body: bytes
    media_type: str
    status: ClassVar[Literal[200]] = 200
    wire: ClassVar[Wire] = Wire(contents={"*/*": Content(carrier="bytes")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Response):
    status: ClassVar[Literal[204]] = 204


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambient:
    x_request_id: str
    wire: ClassVar[tuple[Header, ...]] = (REQUEST_ID,)


SCHEMES = {
    "key": SecurityScheme(name="key", kind="api_key", location="header", parameter="X-Api-Key"),
    "query": SecurityScheme(name="query", kind="api_key", location="query", parameter="key"),
    "cookie": SecurityScheme(name="cookie", kind="api_key", location="cookie", parameter="sid"),
    "bearer": SecurityScheme(name="bearer", kind="bearer"),
    "basic": SecurityScheme(name="basic", kind="basic"),
    "tls": SecurityScheme(name="tls", kind="other"),
}

CREATE = Operation[Created](
    id="create",
    method="POST",
    path="/orders",
    parameters=(
        Parameter(
            name="limit",
            keyword="limit",
            location="query",
            value=Value(Annotated[int, Integer(ge=1)]),
            shape=Text(("integer",)),
            default="9",
        ),
    ),
    body=RequestBody(contents={"application/json": JSON_ORDER}, required=True),
    responses={"201": Created, "4XX": Failed, "default": Failed},
    security=({"key": ()},),
    surface="shop",
)
READ = Operation[Image](
    id="read",
    method="GET",
    path="/orders/{id}/image",
    parameters=(Parameter(name="id", keyword="id", location="path", value=Value(str), style="simple", required=True),),
    responses={"200": Image},
    surface="shop",
)


class Shop:
    """A surface."""

    def refuse(self, refusal: Refusal) -> Problem[Any]:
        return Problem({"kind": refusal.kind, "message": refusal.message, "at": [v.pointer for v in refusal.violations]})

    def headers(self, request: Request) -> Ambient:
        return Ambient(x_request_id=request.state.setdefault("id", "req_1"))


Handler = Callable[..., Any]


class Handlers:
    """Handlers out of functions."""

    def __init__(self, **handlers: Handler) -> None:
        vars(self).update(handlers)


CONTRACT = b'{"openapi": "3.1.0", "info": {"title": "<b>Shop</b>", "version": "1"}, "paths": {}}'


def starlette_app(bindings: list[Binding], **more: Any) -> ASGIApp:
    return make_app(make_router(bindings, SCHEMES, **more), CONTRACT)


def fastapi_app(bindings: list[Binding], **more: Any) -> ASGIApp:
    def dependency(*names: str) -> Callable[..., Any]:
        async def given(request: FastapiRequest) -> Any:
            return fastapi.credential(request, SCHEMES, *names)

        return given

    asked = {tuple(requirement) for binding in bindings for requirement in binding.operation.security}
    router = fastapi.make_router(bindings, SCHEMES, {names: dependency(*names) for names in asked}, **more)
    return fastapi.make_app(router, CONTRACT)


Serve = Callable[..., ASGIApp]
serve: Serve = starlette_app


@pytest.fixture(autouse=True, params=[starlette_app, fastapi_app])
def framework(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds of one framework holds of the other."""
    monkeypatch.setitem(globals(), "serve", request.param)
    monkeypatch.setitem(globals(), "APP", app_of(CREATE, create, Shop()))


def app_of(operation: Operation[Any], handler: Handler | None, surface: Any = None, **more: Any) -> ASGIApp:
    handlers = Handlers(handle=handler) if handler else None
    return serve([Binding(operation, "handle", handlers, surface)], **more)


def call(app: ASGIApp, method: str, url: str, **more: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client:
            return await client.request(method, url, **more)

    return asyncio.run(run())


async def create(request: Request, *, body: Order, limit: int, credentials: ApiKey) -> Created:
    assert request.body and credentials.key == "k1"
    return Created(body=body, location="/orders/1", count=limit)


ORDER = {"lines": [{"name": "Tea", "price": 500}], "unknown": {"kept": True}}
KEY = {"X-Api-Key": "k1"}
APP = app_of(CREATE, create, Shop())


def test_a_request_reaches_its_handler_and_its_answer_is_written() -> None:
    answer = call(APP, "POST", "/orders?limit=3", json=ORDER, headers=KEY)
    assert answer.status_code == 201
    assert answer.json() == ORDER, "what was not set is not sent"
    assert answer.headers["location"] == "/orders/1" and answer.headers["x-count"] == "3"
    assert answer.headers["x-request-id"] == "req_1" and answer.headers["content-type"] == "application/json"


def test_checks_come_in_order() -> None:
    bad: dict[str, Any] = {"content": b"{", "headers": {"Content-Type": "text/plain"}}
    assert call(APP, "PUT", "/orders?limit=x", **bad).status_code == 405
    unauthorized = call(APP, "POST", "/orders?limit=x", **bad)
    assert unauthorized.status_code == 401 and unauthorized.headers["www-authenticate"] == "ApiKey"
    bad["headers"] |= KEY
    assert call(APP, "POST", "/orders?limit=x", **bad).status_code == 415
    bad["headers"]["Content-Type"] = "application/json"
    found = call(APP, "POST", "/orders?limit=x", **bad)
    assert found.status_code == 400 and found.json()["at"] == ["/limit", ""]
    assert found.headers["x-request-id"] == "req_1"


@pytest.mark.parametrize("path", ["/order", "/orders/", "/orders/1", "/ORDERS", "//orders", "/orders/1/image/2"])
def test_unknown_paths(path: str) -> None:
    answer = call(APP, "GET", path)
    assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def test_methods() -> None:
    answer = call(APP, "GET", "/orders")
    assert (
        answer.status_code == 405 and answer.headers["allow"] == "POST, OPTIONS" and answer.json()["kind"] == "method_not_allowed"
    )
    answer = call(APP, "OPTIONS", "/orders")
    assert answer.status_code == 204 and answer.headers["allow"] == "POST, OPTIONS" and "content-length" not in answer.headers


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/xml", "application/json; charset=latin-1", "json", ""])
def test_unsupported_media_types(content_type: str | None) -> None:
    headers = KEY if content_type is None else KEY | {"Content-Type": content_type}
    assert call(APP, "POST", "/orders", content=b"{}", headers=headers).status_code == 415


@pytest.mark.parametrize("content_type", ["APPLICATION/JSON", 'application/json;charset="UTF-8"', "application/json ; x=y"])
def test_supported_media_types(content_type: str) -> None:
    answer = call(APP, "POST", "/orders", content=json.dumps(ORDER), headers=KEY | {"Content-Type": content_type})
    assert answer.status_code == 201


HOSTILE = [
    b"", b" ", b"null", b"[]", b'"x"', b"{", b"\xff", b"\xef\xbb\xbf{}", b"\x00", b"[" * 100_000, b'{"lines":' * 5_000,
    b'{"lines":[],"extra":NaN}', b'{"lines":[],"extra":[Infinity]}', b'{"lines":[],"rate":1e999}',
    b'{"lines":[],"rate":-Infinity}',
    b'{"lines":[],"note":"\\ud800"}', b'{"lines":[{"name":"a","price":' + b"9" * 5_000 + b"}]}",
    b'{"lines":[{"name":"a","price":true}]}', b'{"lines":[{"name":"a","price":"5"}]}', b'{"lines":[{"name":"a","price":-1}]}',
    b'{"lines":{}}', b'{"lines":[],}', b"{'lines':[]}",
    b'{"lines":[]} x', b'{"lines":[],"note":"\xed\xa0\x80"}',
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_json_is_a_400(body: bytes) -> None:
    answer = call(APP, "POST", "/orders", content=body, headers=KEY | {"Content-Type": "application/json"})
    assert answer.status_code == 400 and answer.json()["kind"] == "invalid_request"


def test_an_integer_may_be_written_with_a_fraction_of_nothing() -> None:
    answer = call(
        APP,
        "POST",
        "/orders",
        content=b'{"lines":[{"name":"a","price":5.0}]}',
        headers=KEY | {"Content-Type": "application/json"},
    )
    assert answer.json()["lines"][0]["price"] == 5
    answer = call(APP, "POST", "/orders", json={"lines": [{"name": 1, "price": 5.0}, {"name": "b", "price": 5.5}]}, headers=KEY)
    assert answer.json()["at"] == ["/lines/0/name", "/lines/1/price"]


def test_numbers_in_texts_are_no_numbers() -> None:
    answer = call(APP, "POST", "/orders", json={"lines": [], "note": "NaN, Infinity"}, headers=KEY)
    assert answer.status_code == 201


def test_violations_have_pointers() -> None:
    body = {"lines": [{"name": "a", "price": 1}, {"price": "x", "a/b~c": 1}], "note": 5}
    answer = call(APP, "POST", "/orders", json=body, headers=KEY)
    assert answer.json()["at"] == ["/lines/1/name", "/lines/1/price", "/note"]


def test_a_thousand_violations_are_cut_short() -> None:
    answer = call(APP, "POST", "/orders", json={"lines": [{}] * 1000}, headers=KEY)
    assert len(answer.json()["at"]) == 100


@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_have_a_limit(chunked: bool) -> None:
    app = app_of(CREATE, create, Shop(), max_body=1000)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100

    body: Any = chunks() if chunked else b" " * 1001
    answer = call(app, "POST", "/orders", content=body, headers=KEY | {"Content-Type": "application/json"})
    assert answer.status_code == 413 and answer.json()["kind"] == "payload_too_large"


def test_failures_are_logged_and_say_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(request: Request, **_: Any) -> Created:
        raise RuntimeError("the password is hunter2")

    with caplog.at_level(logging.ERROR):
        answer = call(app_of(CREATE, broken, Shop()), "POST", "/orders", json=ORDER, headers=KEY)
    assert answer.status_code == 500 and "hunter2" not in answer.text and "hunter2" in caplog.text
    assert answer.headers["x-request-id"] == "req_1"


def test_what_is_not_implemented() -> None:
    async def missing(request: Request, **_: Any) -> Created:
        raise OperationNotImplemented("create")

    for handler in (None, missing):
        answer = call(app_of(CREATE, handler, Shop()), "POST", "/orders", json=ORDER, headers=KEY)
        assert answer.status_code == 501 and answer.json()["kind"] == "not_implemented"


@pytest.mark.parametrize(
    "answer",
    [
        Done(),
        None,
        {"a": 1},
        Failed(status=200, body={}),
        Failed(status=999, body={}),
        Created(body=Order(lines=[]), location="/a\r\nSet-Cookie: x=1"),
        Created(body="no order", location="/"),  # type: ignore[arg-type]
    ],
)
def test_undeclared_answers_are_a_500(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    operation = Operation[Created](id="o", method="GET", path="/", responses={"201": Created, "4XX": Failed})

    async def handler(request: Request) -> Any:
        return answer

    assert call(app_of(operation, handler), "GET", "/").status_code == 500
    assert caplog.records


def test_a_status_out_of_a_range() -> None:
    async def handler(request: Request, **_: Any) -> Failed:
        return Failed(status=418, body={"a": 1})

    answer = call(app_of(CREATE, handler, Shop()), "POST", "/orders", json=ORDER, headers=KEY)
    assert answer.status_code == 418 and answer.json() == {"a": 1}


def test_a_surface_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Shop):
        def refuse(self, refusal: Refusal) -> Problem[Any]:
            raise RuntimeError("broken")

        def headers(self, request: Request) -> Ambient:
            raise RuntimeError("broken")

    app = app_of(CREATE, create, Broken())
    answer = call(app, "POST", "/orders")
    assert answer.status_code == 401 and answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "ApiKey"
    assert call(app, "OPTIONS", "/orders").status_code == 204
    assert call(app, "POST", "/orders", json=ORDER, headers=KEY).status_code == 500


def test_without_a_surface_errors_are_problem_documents() -> None:
    answer = call(app_of(CREATE, create), "POST", "/orders", json={"lines": 1}, headers=KEY)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 400 and answer.json()["errors"][0]["pointer"] == "/lines"


def test_a_surface_chooses_status_and_headers() -> None:
    class Own(Shop):
        def refuse(self, refusal: Refusal) -> Problem[Any]:
            return Problem({"a": 1}, 422, {"Content-Type": "application/own+json", "X-Request-Id": "mine"})

    answer = call(app_of(CREATE, create, Own()), "POST", "/orders", json={}, headers=KEY)
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/own+json"
    assert answer.headers.get_list("x-request-id") == ["mine"]


# -- paths -----------------------------------------------------------------------------------------------------------------


async def image(request: Request, *, id: str, accept: Literal["image/png", "image/svg+xml"]) -> Image:
    return Image(body=f"{accept} {id}".encode(), media_type=accept)


@pytest.mark.parametrize(
    ("path", "expected"), [("a%2Fb", "a/b"), ("%61", "a"), ("a%20b", "a b"), ("%C3%BC", "ü"), ("a+b", "a+b")]
)
def test_path_values_are_decoded_once(path: str, expected: str) -> None:
    answer = call(app_of(READ, image), "GET", f"/orders/{path}/image")
    assert answer.text == f"image/png {expected}"


def test_a_path_that_is_not_utf_8() -> None:
    assert call(app_of(READ, image), "GET", "/orders/%ff/image").status_code == 400


def test_head_is_a_get_without_a_body() -> None:
    answer = call(app_of(READ, image), "HEAD", "/orders/1/image")
    assert answer.status_code == 200 and answer.content == b"" and answer.headers["content-length"] == "11"
    assert call(app_of(READ, image), "PUT", "/orders/1/image").headers["allow"] == "GET, HEAD, OPTIONS"


def test_static_paths_come_before_templates() -> None:
    def operation(path: str, method: str = "GET") -> Operation[Any]:
        names = expressions(path)
        parameters = tuple(Parameter(name=n, keyword=n, location="path", value=Value(str), style="simple") for n in names)
        return Operation(id=path, method=method, path=path, parameters=parameters, responses={"200": Anything})

    def handler(path: str) -> Handler:
        async def answer(request: Request, **values: str) -> Anything:
            return Anything(body=f"{path} {values}".encode(), media_type="text/plain")

        return answer

    paths = [("/{a}/b", "GET"), ("/a/{b}", "GET"), ("/a/b", "GET"), ("/{x}/{y}", "GET"), ("/{p}/{q}", "PUT"), ("/{f}.png", "GET")]
    router = serve([Binding(operation(p, m), "handle", Handlers(handle=handler(p))) for p, m in paths])
    assert call(router, "GET", "/a/b").text == "/a/b {}"
    assert call(router, "GET", "/a/c").text == "/a/{b} {'b': 'c'}"
    assert call(router, "GET", "/c/b").text == "/{a}/b {'a': 'c'}"
    assert call(router, "GET", "/c/d").text == "/{x}/{y} {'x': 'c', 'y': 'd'}"
    assert call(router, "PUT", "/a/b").text == "/{p}/{q} {'p': 'a', 'q': 'b'}"
    assert call(router, "GET", "/x.png").text == "/{f}.png {'f': 'x'}"
    with pytest.raises(ValueError, match="two operations"):
        serve([Binding(operation(p), "handle", None) for p in ("/{a}", "/{b}")])


def test_a_router_is_mounted_in_fastapi() -> None:
    app = FastAPI()
    router: Router = make_router([Binding(READ, "handle", Handlers(handle=image))], {})
    app.mount("/v1", router)
    assert call(app, "GET", "/v1/orders/a%2Fb/image").text == "image/png a/b"
    assert call(app, "GET", "/v1/nothing").json()["title"] == "Not Found"


# -- content ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "image/png"),
        ("*/*", "image/png"),
        ("image/svg+xml", "image/svg+xml"),
        ("image/*;q=0.5, image/svg+xml", "image/svg+xml"),
        ("image/png;q=0.1, image/*", "image/svg+xml"),
        ("image/png;q=0, */*", "image/svg+xml"),
        ("text/html", "image/png"),
        ("image/svg+xml, */*", "image/svg+xml"),
        ("IMAGE/SVG+XML;Q=1.0", "image/svg+xml"),
        ("image/svg+xml;q=bad, image/png;q=0.1", "image/png"),
        (",,;q=,", "image/png"),
    ],
)
def test_negotiation(accept: str | None, chosen: str) -> None:
    assert media.negotiate(accept, ["image/png", "image/svg+xml"]) == chosen
    headers = {} if accept is None else {"Accept": accept}
    assert call(app_of(READ, image), "GET", "/orders/1/image", headers=headers).headers["content-type"] == chosen


def test_bodies_of_several_types() -> None:
    form = Content(carrier="form", value=Value(Mapping[str, Any]), shape=Properties({"n": Text(("integer",)), "l": Items()}))
    operation = Operation[Anything](
        id="o",
        method="POST",
        path="/",
        body=RequestBody(
            contents={
                "application/json": JSON_ORDER,
                "application/x-www-form-urlencoded": form,
                "text/plain": Content(carrier="text"),
                "multipart/form-data": Content(carrier="bytes"),
                "image/*": Content(carrier="bytes"),
            }
        ),
        responses={"200": Anything},
    )

    async def echo(request: Request, *, body: Any, media_type: str | None) -> Anything:
        return Anything(body=repr((body, media_type)).encode(), media_type="text/x-echo")

    def sent(content: bytes, media_type: str | None) -> tuple[int, str]:
        headers = {"Content-Type": media_type} if media_type else {}
        answer = call(app_of(operation, echo), "POST", "/", content=content, headers=headers)
        return answer.status_code, answer.text

    assert sent(b"", None) == (200, "(None, None)")
    assert sent(b"n=5&l=a&l=b", "application/x-www-form-urlencoded") == (
        200,
        "({'n': 5, 'l': ['a', 'b']}, 'application/x-www-form-urlencoded')",
    )
    assert sent("ü".encode(), "text/plain") == (200, "('ü', 'text/plain')")
    assert sent(b"\x89", "image/png") == (200, "(b'\\x89', 'image/png')")
    assert sent(b"--b", "multipart/form-data; boundary=b") == (200, "(b'--b', 'multipart/form-data; boundary=b')")
    assert sent(b"x", "video/mp4")[0] == 415
    assert sent(b"\xff", "text/plain")[0] == 400
    assert sent(b"n=1&n=2", "application/x-www-form-urlencoded")[0] == 400
    assert sent(b"n=%ff", "application/x-www-form-urlencoded")[0] == 400


# -- credentials -----------------------------------------------------------------------------------------------------------


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    ("security", "url", "headers", "expected"),
    [
        (({"bearer": ()},), "/", {"Authorization": "bearer  abc"}, Bearer("abc", "bearer")),
        (({"bearer": ()},), "/", {"Authorization": "Bearer"}, None),
        (({"bearer": ()},), "/", {"Authorization": "Bearer a b"}, None),
        (({"basic": ()},), "/", basic("me:a:b"), Basic("me", "a:b", "basic")),
        (({"basic": ()},), "/", basic("nocolon"), None),
        (({"basic": ()},), "/", {"Authorization": "Basic ***"}, None),
        (({"basic": ()},), "/", {"Authorization": "Basic /w=="}, None),
        (({"query": ()},), "/?key=a%20b", {}, ApiKey("a b", "query")),
        (({"query": ()},), "/?key=a&key=b", {}, None),
        (({"query": ()},), "/?key=%ff", {}, None),
        (({"cookie": ()},), "/", {"Cookie": "a=1; sid=s1"}, ApiKey("s1", "cookie")),
        (({"key": ()},), "/", {"X-Api-Key": " "}, None),
        (({"key": (), "bearer": ()},), "/", KEY | {"Authorization": "Bearer t"}, (ApiKey("k1", "key"), Bearer("t", "bearer"))),
        (({"key": (), "bearer": ()},), "/", KEY, None),
        (({"key": ()}, {"bearer": ()}), "/", {"Authorization": "Bearer t"}, Bearer("t", "bearer")),
        (({"tls": ()},), "/", {}, Other("tls")),
    ],
)
def test_credentials(security: Any, url: str, headers: dict[str, str], expected: Any) -> None:
    seen: list[Any] = []

    async def handler(request: Request, *, credentials: Any) -> Done:
        seen.append(credentials)
        return Done()

    operation = Operation[Done](id="o", method="GET", path="/", responses={"204": Done}, security=security, surface="shop")
    answer = call(app_of(operation, handler, Shop()), "GET", url, headers=headers)
    assert (answer.status_code, seen) == ((401, []) if expected is None else (204, [expected]))
    assert answer.status_code == 204 or answer.headers.get("www-authenticate")


def test_anonymous_requests() -> None:
    seen: list[Any] = []

    async def handler(request: Request, *, credentials: Any) -> Done:
        seen.append(credentials)
        return Done()

    operation = Operation[Done](id="o", method="GET", path="/", responses={"204": Done}, security=({}, {"key": ()}))
    app = app_of(operation, handler)
    assert call(app, "GET", "/").status_code == call(app, "GET", "/", headers=KEY).status_code == 204
    assert seen == [None, ApiKey("k1", "key")]


def test_secrets_are_not_shown() -> None:
    assert "hunter2" not in repr((ApiKey("hunter2"), Bearer("hunter2"), Basic("me", "hunter2")))


def test_several_challenges() -> None:
    operation = Operation[Done](id="o", method="GET", path="/", responses={"204": Done}, security=({"bearer": ()}, {"basic": ()}))
    answer = call(app_of(operation, create), "GET", "/")
    assert answer.headers["www-authenticate"] == 'Bearer, Basic realm="api", charset="UTF-8"'


# -- the contract ----------------------------------------------------------------------------------------------------------


def test_the_app_serves_the_contract() -> None:
    answer = call(APP, "GET", "/openapi.json")
    assert answer.status_code == 200 and answer.content == CONTRACT and answer.headers["content-type"] == "application/json"
    assert call(APP, "HEAD", "/openapi.json").headers["content-length"] == str(len(CONTRACT))
    again = call(APP, "GET", "/openapi.json", headers={"If-None-Match": f'"x", W/{answer.headers["etag"]}'})
    assert again.status_code == 304 and again.content == b""
    assert call(APP, "POST", "/openapi.json").headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_caller_who_leaves() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"x-api-key", b"k1")]
    scope = {"type": "http", "method": "POST", "path": "/orders", "query_string": b"", "headers": headers}
    asyncio.run(APP(scope, receive, send))
    assert sent == []


def test_a_template_does_not_hide_the_contract() -> None:
    async def handler(request: Request, **_: Any) -> Done:
        return Done()

    path = Parameter(name="any", keyword="any", location="path", value=Value(str), style="simple", required=True)
    anything = Operation[Done](id="o", method="GET", path="/{any}", parameters=(path,), responses={"204": Done})
    app = app_of(anything, handler)
    assert call(app, "GET", "/other").status_code == 204
    assert call(app, "GET", "/openapi.json").content == CONTRACT
    own = Operation[Done](id="o", method="GET", path="/openapi.json", responses={"204": Done})
    assert call(app_of(own, handler), "GET", "/openapi.json").status_code == 204


def test_tasks_run_once_the_answer_is_sent() -> None:
    done: list[str] = []

    async def handler(request: Request, **_: Any) -> Done:
        request.add_task(done.append, "in a thread")
        request.add_task(later, "as a coroutine")
        return Done()

    async def later(text: str) -> None:
        done.append(text)

    async def send(message: Any) -> None:
        done.append(message["type"])

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    operation = Operation[Done](id="o", method="GET", path="/", responses={"204": Done})
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(app_of(operation, handler)(scope, receive, send))
    assert done == ["http.response.start", "http.response.body", "in a thread", "as a coroutine"]


def test_state_is_that_of_middleware() -> None:
    async def handler(request: Request, **_: Any) -> Anything:
        request.state["seen"] = True
        return Anything(body=str(request.state["tenant"]).encode(), media_type="text/plain")

    operation = Operation[Anything](id="o", method="GET", path="/", responses={"200": Anything})
    inner, seen = app_of(operation, handler), []

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        state = StarletteRequest(scope).state
        state.tenant = "north"
        await inner(scope, receive, send)
        seen.append(state.seen)

    assert (call(middleware, "GET", "/").text, seen) == ("north", [True])


def test_a_limit_of_middleware_holds() -> None:
    app = RequestBodyLimitMiddleware(app_of(CREATE, create, Shop()), max_body_size=5)
    assert call(app, "POST", "/orders", json=ORDER, headers=KEY).status_code == 413
