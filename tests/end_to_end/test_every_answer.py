"""Each declared answer of each operation, made of the contract's own example for it, over real HTTP and out of the client."""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import httpx
import pytest
from pydantic_core import to_json

from checkout_api import errors, models
from checkout_api._runtime.operation import Operation, Response
from checkout_api.client import Credentials
from end_to_end import surfaces
from end_to_end.conftest import Framework
from end_to_end.support import (
    CONTRACT,
    DESCRIBED,
    FLAVOURS,
    METHODS,
    OPERATIONS,
    WEBHOOKS,
    Calls,
    connected,
    examples,
    resolved,
    served,
)

CREDENTIALS = Credentials(
    vinr_api_key="sk_test_1", gr4vy_bearer="t", dintero_basic=("user", "secret"), dintero_bearer="t", diddo_bearer="t"
)
ANSWERS = [(name, status) for name in DESCRIBED for status in OPERATIONS[name].responses]
RECEIVED = [(name, status) for name in WEBHOOKS for status in OPERATIONS[name].responses]


class Scripted:
    """Handlers of all tags: each gives the answer that it was handed, and notes what it was asked with."""

    def __init__(self) -> None:
        self.answer: Response | None = None
        self.asked: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        async def handler(request: object, **keywords: Any) -> Any:
            self.asked = {"called": name, **keywords}
            return self.answer

        return handler


@pytest.fixture(scope="module")
def script() -> Scripted:
    return Scripted()


@pytest.fixture(scope="module")
def url(script: Scripted, framework: Framework) -> Iterator[str]:
    own: dict[str, Any] = dict.fromkeys(("sessions", "results", "shipping", "qr_codes", "tokens"), script)
    shapes: dict[str, Any] = {
        "vinr": surfaces.Vinr(), "gr4vy": surfaces.Gr4vy(), "dintero": surfaces.Dintero(), "diddo": surfaces.Diddo()
    }  # fmt: skip
    with served(framework.create_app(**shapes, **own)) as url:
        yield url


@pytest.fixture(scope="module")
def hooks(script: Scripted, framework: Framework) -> Iterator[str]:
    paths = {name: f"/hooks/{described.path}" for name, described in WEBHOOKS.items()}
    with served(framework.create_webhook_app(script, paths=paths)) as url:
        yield url


@pytest.fixture(scope="module", params=FLAVOURS)
def calls(request: pytest.FixtureRequest, url: str) -> Iterator[Calls]:
    with connected(request.param, url, CREDENTIALS) as calls:
        yield calls


def test_nothing_is_forgotten() -> None:
    declared = {
        (operation["operationId"], status)
        for section in ("paths", "webhooks")
        for item in CONTRACT[section].values()
        for method, operation in resolved(item).items()
        if method in METHODS
        for status in operation["responses"]
    }
    assert set(ANSWERS) | set(RECEIVED) == declared
    assert len(ANSWERS) + len(RECEIVED) == len(declared)
    assert set(OPERATIONS) == {name for name, _ in declared}


@pytest.mark.parametrize(("name", "status"), ANSWERS)
def test_an_answer_travels(name: str, status: str, calls: Calls, script: Scripted) -> None:
    for media_type, given in bodies(DESCRIBED[name].responses[status]):
        script.answer = answer = build(OPERATIONS[name], status, media_type, given)
        caught, got = call(name, calls, media_type)
        if int(status) >= 400:
            assert type(caught) is getattr(errors, type(answer).__name__)
            assert isinstance(caught, errors.ErrorResponse)
            assert caught.status == int(status)
            assert caught.request_id == "req_01JD8Z6W3QK5T9V7"
            got = caught.response
        else:
            assert caught is None
        assert type(got) is type(answer)
        assert got == answer
        if media_type == "application/json":
            assert same_json(got.body) == same_time(given)


@pytest.mark.parametrize(("name", "status"), [(name, status) for name, status in ANSWERS if status in ("200", "201", "204")])
def test_a_request_travels(name: str, status: str, calls: Calls, script: Scripted) -> None:
    """Each example of the body, and each parameter that there is, comes to the handler as the typed value that was sent."""
    media_type, given = next(bodies(DESCRIBED[name].responses[status]))
    script.answer = build(OPERATIONS[name], status, media_type, given)
    for body in body_examples(name):
        keywords = arguments(name)
        call(name, calls, media_type, body)
        assert script.asked["called"].replace("_", "") == name.lower()
        assert {key: script.asked[key] for key in keywords} == keywords
        if body is not None:
            assert type(script.asked["body"]) is type(typed_body(name, body))
            assert same_json(script.asked["body"]) == same_time(same_json(typed_body(name, body)))
            assert covers(same_json(script.asked["body"]), same_time(body))


@pytest.mark.parametrize(("name", "status"), RECEIVED)
def test_a_webhook_is_received(name: str, status: str, hooks: str, script: Scripted) -> None:
    script.answer = build(OPERATIONS[name], status, None, None)
    described = WEBHOOKS[name]
    given = {parameter["name"]: next(iter(examples(parameter).values())) for parameter in described.parameters}
    places = {parameter["name"]: parameter["in"] for parameter in described.parameters}
    headers = {key: str(value) for key, value in given.items() if places[key] == "header"}
    query = {key: value for key, value in given.items() if places[key] == "query"}
    for body in body_examples(name):
        answer = httpx.request(
            described.method, f"{hooks}/hooks/{described.path}", params=query, headers=headers, json=body
        )  # fmt: skip
        assert (answer.status_code, answer.content) == (int(status), b"")
        assert script.asked.pop("called").replace("_", "") == name.lower()
        received = script.asked.pop("body", None)
        assert script.asked == arguments(name)
        if body is not None:
            assert type(received) is type(typed_body(name, body))
            assert same_json(received) == same_time(body)


def test_a_webhook_that_does_not_fit_is_refused(hooks: str) -> None:
    described = WEBHOOKS["vinrSessionStatusChanged"]
    headers = {p["name"]: str(next(iter(examples(p).values()))) for p in described.parameters}
    answer = httpx.post(f"{hooks}/hooks/{described.path}", headers=headers, json={"id": "evt_1"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert "/type" in {error["pointer"] for error in answer.json()["errors"]}
    unsigned = httpx.post(f"{hooks}/hooks/{described.path}", json=next(iter(body_examples("vinrSessionStatusChanged"))))
    assert unsigned.status_code == 400
    assert httpx.get(f"{hooks}/hooks/{described.path}").headers["allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_client_does_not_break_when_a_field_or_a_status_is_added(flavour: str) -> None:
    """Closed in, open out: response objects and response enums may grow."""
    body = {"sessionId": "cs_1", "status": "refunded", "amount": 1, "currency": "EUR", "refundedAt": "2027-01-01T00:00:00Z"}

    async def newer(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"), (b"x-request-id", b"req_1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    with served(newer) as url, connected(flavour, url, CREDENTIALS) as calls:
        got = calls.results.get_vinr_session_result(session_id="cs_1")
    assert same_json(got.body) == body
    assert got.body.status == "refunded"


def _defaults() -> Iterator[Any]:
    for name, schema in CONTRACT["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            if "default" in described and field not in schema.get("required", ()):
                yield pytest.param(name, field, described["default"], id=f"{name}.{field}")


@pytest.mark.parametrize(("name", "field", "default"), list(_defaults()))
def test_a_default_of_the_contract_is_the_models(name: str, field: str, default: Any) -> None:
    found = {(info.alias or key): info.get_default() for key, info in getattr(models, name).model_fields.items()}
    assert found[field] == default


# Arguments and answers, out of the contract's examples


def bodies(response: dict[str, Any]) -> Iterator[tuple[str | None, Any]]:
    """The examples of a response's body with their media types; one without a body gives (None, None)."""
    if not response.get("content"):
        yield None, None
    for media_type, content in response.get("content", {}).items():
        found = examples(content)
        assert found, "a body without an example"
        for value in found.values():
            yield media_type, value


def body_examples(name: str) -> list[Any]:
    """The examples of a request's body, None among them where it may be left out."""
    body = (DESCRIBED | WEBHOOKS)[name].body
    if not body:
        return [None]
    found = list(examples(body["content"]["application/json"]).values())
    return found if body["required"] else [*found, None]


def typed_body(name: str, given: Any) -> Any:
    body = OPERATIONS[name].body
    assert body is not None
    value = body.contents["application/json"].value
    assert value is not None
    return value.adapter.validate_python(given, by_alias=True, by_name=False)


def arguments(name: str) -> dict[str, Any]:
    """All the parameters of an operation, from their examples."""
    described = {(p["in"], p["name"]): p for p in (DESCRIBED | WEBHOOKS)[name].parameters}
    found = {}
    for parameter in OPERATIONS[name].parameters:
        given = next(iter(examples(described[parameter.location, parameter.name]).values()))
        found[parameter.keyword] = parameter.value.adapter.validate_python(given)
    return found


def build(operation: Operation[Any], status: str, media_type: str | None, given: Any) -> Response:
    """The declared response object: headers from their examples, the body from the given one."""
    kind = operation.responses[status]
    described = (DESCRIBED | WEBHOOKS)[operation.id].responses[status]
    texts = {name.lower(): resolved(header) for name, header in described.get("headers", {}).items()}
    assert {header.name.lower() for header in kind.wire.headers} == set(texts)
    values = {
        header.keyword: header.value.adapter.validate_python(next(iter(examples(texts[header.name.lower()]).values())))
        for header in kind.wire.headers
    }
    if media_type is not None:
        value = kind.wire.contents[media_type].value
        values["body"] = raw(media_type, given) if value is None else value.adapter.validate_python(given)
    if "media_type" in {field.name for field in fields(kind)}:
        values["media_type"] = media_type
    return kind(**values)


def raw(media_type: str, given: str) -> bytes:
    """An image; the contract has those that are no text in Base64."""
    return given.encode() if media_type == "image/svg+xml" else base64.b64decode(given, validate=True)


def call(name: str, calls: Calls, media_type: str | None, body: Any = ...) -> tuple[errors.ApiError | None, Any]:
    """Call an operation with the contract's examples; gives what it raised, and what it returned."""
    groups = (calls.sessions, calls.results, calls.shipping, calls.qr_codes, calls.tokens)
    method = next(found for group in groups if (found := group.method(name)))
    keywords = arguments(name)
    if OPERATIONS[name].body is not None:
        given = body_examples(name)[0] if body is ... else body
        keywords["body"] = None if given is None else typed_body(name, given)
    if len(OPERATIONS[name].responses.get("200", Response).wire.contents) > 1 and media_type != "application/json":
        keywords["accept"] = media_type
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return None, method(**keywords)
        except errors.ApiError as error:
            return error, None


def same_json(value: Any) -> Any:
    """A typed value as the JSON value that it is on the wire."""
    return same_time(json.loads(to_json(value, by_alias=True)))


def same_time(value: Any) -> Any:
    """A JSON value with one spelling of UTC."""
    match value:
        case dict():
            return {key: same_time(item) for key, item in value.items()}
        case list():
            return [same_time(item) for item in value]
        case str() if value.endswith("+00:00"):
            return value.removesuffix("+00:00") + "Z"
        case _:
            return value


def covers(whole: Any, part: Any) -> bool:
    """Whether a value has all that another one has; what it has besides are defaults."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and covers(whole[key], item) for key, item in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(covers, whole, part))
    return bool(whole == part)
