"""The client's runtime on hand-written tables, over httpx.MockTransport: no network, no sleep."""

from __future__ import annotations

import asyncio
import pickle
import socket
import uuid
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import httpx
import pytest
from pydantic import Field

from tillspec.runtime.authorization import CredentialSource
from tillspec.runtime.client import AsyncCaller, Settings, SyncCaller
from tillspec.runtime.credentials import Basic
from tillspec.runtime.errors import (
    ApiError,
    ErrorResponse,
    MissingCredentials,
    Target,
    TimedOut,
    TransportError,
    UnexpectedResponse,
)
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
from tillspec.runtime.outgoing import Arguments
from tillspec.runtime.retry import Retry


class Order(ContractModel):
    amount: int
    return_url: Annotated[str, Field(alias="returnUrl")] = "https://shop.example/"


class Made(ContractModel):
    session_id: Annotated[str, Field(alias="sessionId")]


class Problem(ContractModel):
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made201(Response):
    body: Made
    location: str
    replayed: bool | None = None
    x_request_id: str | None = None
    status: ClassVar[Literal[201]] = 201
    wire: ClassVar[Wire] = Wire(
        headers=(
            Header(name="Location", keyword="location", value=Value(str), required=True),
            Header(name="Idempotent-Replayed", keyword="replayed", value=Value(bool), shape=Text(("boolean",))),
            Header(name="X-Request-Id", keyword="x_request_id", value=Value(str), required=True, ambient=True),
        ),
        contents={"application/json": Content(carrier="json", value=Value(Made))},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict(Response):
    body: Problem
    status: ClassVar[Literal[409]] = 409
    wire: ClassVar[Wire] = Wire(contents={"application/problem+json": Content(carrier="json", value=Value(Problem))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Response):
    status: int
    body: Problem
    wire: ClassVar[Wire] = Wire(contents={"application/json": Content(carrier="json", value=Value(Problem))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone204(Response):
    status: ClassVar[Literal[204]] = 204


@dataclass(frozen=True, slots=True, kw_only=True)
class Image200(Response):
    body: bytes | Made
    media_type: Literal["image/png", "image/svg+xml", "application/json"] = "image/png"
    status: ClassVar[Literal[200]] = 200
    wire: ClassVar[Wire] = Wire(
        contents={
            "image/png": Content(carrier="bytes"),
            "image/svg+xml": Content(carrier="bytes"),
            "application/json": Content(carrier="json", value=Value(Made)),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Any200(Response):
    body: bytes
    media_type: str
    status: ClassVar[Literal[200]] = 200
    wire: ClassVar[Wire] = Wire(contents={"*/*": Content(carrier="bytes")})


class ConflictError(ErrorResponse[Conflict]):
    pass


class FailedError(ErrorResponse[Failed]):
    pass


SCHEMES = {
    "key": SecurityScheme(name="key", kind="api_key", location="header", parameter="X-Api-Key"),
    "query_key": SecurityScheme(name="query_key", kind="api_key", location="query", parameter="api key"),
    "cookie_key": SecurityScheme(name="cookie_key", kind="api_key", location="cookie", parameter="sid"),
    "bearer": SecurityScheme(name="bearer", kind="bearer"),
    "basic": SecurityScheme(name="basic", kind="basic"),
    "tls": SecurityScheme(name="tls", kind="other"),
}
KEY = Parameter(name="Idempotency-Key", keyword="idempotency_key", location="header", value=Value(str), style="simple")
ORDER_BODY = RequestBody(contents={"application/json": Content(carrier="json", value=Value(Order))}, required=True)


def creating(**changes: Any) -> Operation[Made201]:
    values: dict[str, Any] = {
        "id": "create",
        "method": "POST",
        "path": "/checkout/session",
        "parameters": (KEY,),
        "body": ORDER_BODY,
        "responses": {"201": Made201, "409": Conflict, "4XX": Failed, "default": Failed},
        **changes,
    }
    return Operation(**values)


def getting(path: str = "/things/{id}", parameters: tuple[Parameter, ...] = (), **changes: Any) -> Operation[Response]:
    values: dict[str, Any] = {"id": "get", "method": "GET", "path": path, "parameters": parameters, "responses": {"204": Gone204}}
    return Operation(**{**values, **changes})


def at(location: Any, name: str = "id", **options: Any) -> Parameter:
    style = {"path": "simple", "header": "simple"}.get(location, "form")
    return Parameter(**{"name": name, "keyword": "id", "location": location, "value": Value(Any), "style": style, **options})


NOTHING = Arguments()


@dataclass
class Shop:
    """A client over a list of answers, or of errors to raise; it keeps the requests and the waits."""

    answers: list[httpx.Response | Exception | type[httpx.TransportError]] = field(default_factory=lambda: [httpx.Response(204)])
    credentials: dict[str, CredentialSource] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    base_url: str = "https://api.example/v1"
    attempts: int = 3
    requests: list[httpx.Request] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, httpx.Response):
            return answer
        raise answer if isinstance(answer, Exception) else answer("secret detail", request=request)

    def settings(self) -> Settings:
        async def async_sleep(seconds: float) -> None:
            self.waits.append(seconds)

        retry = Retry(
            attempts=self.attempts, random=lambda: 1.0, sleep=self.waits.append, async_sleep=async_sleep, clock=lambda: 0.0
        )
        return Settings(
            base_url=self.base_url,
            credentials=self.credentials,
            timeout=10.0,
            retry=retry,
            headers=self.headers,
            schemes=SCHEMES,
            errors={Conflict: ConflictError, Failed: FailedError},
        )

    def call(self, operation: Operation[Any], arguments: Arguments = NOTHING, **options: Any) -> Any:
        with httpx.Client(transport=httpx.MockTransport(self.answer)) as http:
            return SyncCaller(self.settings(), http).call(operation, arguments, **options)

    def call_async(self, operation: Operation[Any], arguments: Arguments = NOTHING) -> Any:
        async def run() -> Any:
            async with httpx.AsyncClient(transport=httpx.MockTransport(self.answer)) as http:
                return await AsyncCaller(self.settings(), http).call(operation, arguments)

        return asyncio.run(run())

    @property
    def sent(self) -> httpx.Request:
        return self.requests[-1]


def made(**headers: str) -> httpx.Response:
    return httpx.Response(201, json={"sessionId": "s1", "new": 1}, headers={"Location": "/r/1", **headers})


def order(**parameters: Any) -> Arguments:
    return Arguments(parameters, Order(amount=5, return_url="https://a.example/"))


# -- a call -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["call", "call_async"])
def test_a_call(way: str) -> None:
    shop = Shop([made(**{"Idempotent-Replayed": "true", "X-Request-Id": "r1", "X-Unknown": "?"})])
    result = getattr(shop, way)(creating(), order())
    assert result == Made201(body=Made(sessionId="s1", new=1), location="/r/1", replayed=True, x_request_id="r1")  # type: ignore[call-arg]
    assert str(shop.sent.url) == "https://api.example/v1/checkout/session"
    assert shop.sent.content == b'{"amount":5,"returnUrl":"https://a.example/"}'
    assert shop.sent.headers["content-type"] == "application/json"
    assert shop.sent.headers["accept"] == "application/json, application/problem+json;q=0.1"


def test_an_optional_body_is_left_out() -> None:
    shop = Shop()
    operation = getting("/x", method="POST", body=RequestBody(contents=ORDER_BODY.contents))
    shop.call(operation)
    assert shop.sent.content == b""
    assert "content-type" not in shop.sent.headers
    assert shop.sent.headers["content-length"] == "0"


@pytest.mark.parametrize(
    ("media_type", "body", "written", "content"),
    [
        ("application/json", Order(amount=1, return_url="x"), "application/json", b'{"amount":1,"returnUrl":"x"}'),
        ("application/x-www-form-urlencoded", {"a": "x y", "b": [1, 2]}, "application/x-www-form-urlencoded", b"a=x%20y&b=1&b=2"),
        ("text/plain", "gr\u00fc\u00df", "text/plain", "gr\u00fc\u00df".encode()),
        ("image/*", b"\x89PNG", "image/png", b"\x89PNG"),
    ],
)
def test_bodies_by_carrier(media_type: str, body: Any, written: str, content: bytes) -> None:
    contents = {
        "application/json": Content(carrier="json", value=Value(Order)),
        "application/x-www-form-urlencoded": Content(
            carrier="form", value=Value(dict[str, Any]), shape=Properties({"a": Text(), "b": Items()})
        ),
        "text/plain": Content(carrier="text"),
        "image/*": Content(carrier="bytes"),
    }
    shop = Shop()
    shop.call(getting("/x", method="PUT", body=RequestBody(contents=contents)), Arguments(body=body, media_type=written))
    assert shop.sent.headers["content-type"] == written
    assert shop.sent.content == content


@pytest.mark.parametrize("body", [{"amount": 5}, 5, None, Problem(code="c", message="4111111111111111")])
def test_a_body_of_another_type_is_refused_without_showing_it(body: Any) -> None:
    shop = Shop()
    with pytest.raises(ValueError, match="the body is not of its type") as caught:
        shop.call(creating(), Arguments(body=body))
    assert "4111" not in str(caught.value)
    assert shop.requests == []


def test_undeclared_media_types_and_texts_for_bytes_are_refused() -> None:
    operation = getting("/x", method="PUT", body=RequestBody(contents={"image/png": Content(carrier="bytes")}))
    with pytest.raises(ValueError, match="does not declare"):
        Shop().call(operation, Arguments(body=b"", media_type="image/gif"))
    with pytest.raises(ValueError, match="must be bytes"):
        Shop().call(operation, Arguments(body=7))


def test_timeouts_are_the_clients_or_the_calls() -> None:
    shop = Shop()
    shop.call(getting("/x"))
    assert shop.sent.extensions["timeout"] == {"connect": 10.0, "read": 10.0, "write": 10.0, "pool": 10.0}
    shop.call(getting("/x"), timeout=httpx.Timeout(3.0, connect=1.0))
    assert shop.sent.extensions["timeout"] == {"connect": 1.0, "read": 3.0, "write": 3.0, "pool": 3.0}


def test_redirects_are_answers() -> None:
    shop = Shop([httpx.Response(307, headers={"Location": "https://evil.example/"})], {"key": "k"})
    with pytest.raises(UnexpectedResponse, match="307"):
        shop.call(getting("/x", security=({"key": ()},)))
    assert len(shop.requests) == 1


@pytest.mark.parametrize(
    "url",
    ["", "api.example", "ftp://api.example", "https://", "https://u:p@api.example", "https://a.example?x=1", "https://\0", "/v1"],
)
def test_base_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url") as caught:
        Shop(base_url=url).call(getting("/x"))
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize("base", ["https://api.example", "https://api.example/", "https://api.example/v1//"])
def test_slashes_at_the_end_of_a_base_url(base: str) -> None:
    shop = Shop(base_url=base)
    shop.call(getting("/x"))
    assert str(shop.sent.url) == base.rstrip("/") + "/x"


# -- parameters -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", ["a/b", "a?b", "a#b", "%2e%2e", "a b", "\u00fc", "..x", "...", "a%2Fb", "a\\b", ";", "a&b=c", "\r\n"]
)
def test_path_values_stay_one_segment(value: str) -> None:
    shop = Shop()
    shop.call(getting(parameters=(at("path"),)), Arguments({"id": value}))
    raw = shop.sent.url.raw_path.decode()
    assert raw.startswith("/v1/things/")
    assert raw.count("/") == 3
    assert "?" not in raw
    assert httpx.URL("https://x" + raw).path == "/v1/things/" + value


@pytest.mark.parametrize("value", ["", ".", ".."])
@pytest.mark.parametrize("style", ["simple", "label"])
def test_path_values_that_would_change_the_path_are_refused(value: str, style: str) -> None:
    shop = Shop()
    if style == "label" and value == "..":  # `...` is an ordinary segment
        return
    with pytest.raises(ValueError, match="GET /things"):
        shop.call(getting(parameters=(at("path", style=style),)), Arguments({"id": value}))
    assert shop.requests == []


def test_a_segment_may_hold_more_than_its_value() -> None:
    shop = Shop()
    shop.call(getting("/things/{id}.json", (at("path"),)), Arguments({"id": "x"}))
    assert shop.sent.url.path == "/v1/things/x.json"
    two = (at("path", "a", keyword="a", style="label"), at("path", "b", keyword="b", style="label"))
    with pytest.raises(ValueError, match="part of the path"):
        shop.call(getting("/things/{a}{b}/y", two), Arguments({"a": "", "b": ""}))


def test_query_and_cookies_and_headers() -> None:
    shop = Shop(headers={"X-Trace": "t", "accept": "text/html", "id": "default"})
    parameters = (
        at("query", "tags[]", keyword="tags"),
        at("query", "absent", keyword="absent"),
        at("cookie", "c", keyword="cookie"),
        at("header", "Id", keyword="header"),
    )
    shop.call(getting("/x?fixed=1#frag", parameters), Arguments({"tags": ["a b", "c&d"], "cookie": "v;w", "header": "h"}))
    assert shop.sent.url.query == b"fixed=1&tags%5B%5D=a%20b&tags%5B%5D=c%26d"
    assert shop.sent.headers["cookie"] == "c=v%3Bw"
    assert shop.sent.headers.get_list("id") == ["h"]
    assert shop.sent.headers["x-trace"] == "t"
    assert shop.sent.headers.get_list("accept") == ["*/*"]


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0b", "\ud800"])
def test_header_values_cannot_add_headers(value: str) -> None:
    shop = Shop()
    with pytest.raises(ValueError, match="argument id"):
        shop.call(getting("/x", (at("header", "X-A"),)), Arguments({"id": value}))
    assert shop.requests == []
    with pytest.raises(ValueError, match="X-B"):
        Shop(headers={"X-B": value}).call(getting("/x"))


def test_the_wanted_type_leads_accept() -> None:
    shop = Shop([httpx.Response(200, content=b"<svg/>", headers={"Content-Type": "image/svg+xml; charset=utf-8"})])
    operation = getting("/qr", responses={"200": Image200, "409": Conflict})
    result = shop.call(operation, Arguments(accept="image/svg+xml"))
    assert shop.sent.headers["accept"] == "image/svg+xml, application/problem+json;q=0.1"
    assert result == Image200(body=b"<svg/>", media_type="image/svg+xml")
    shop.call(operation)
    assert shop.sent.headers["accept"] == "image/png, image/svg+xml, application/json, application/problem+json;q=0.1"


# -- credentials ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "given", "header", "text"),
    [
        ("key", "k1", "x-api-key", "k1"),
        ("key", lambda: "k2", "x-api-key", "k2"),
        ("bearer", "t", "authorization", "Bearer t"),
        ("basic", ("u", "p:\u00fc"), "authorization", "Basic dTpwOsO8"),
        ("basic", Basic("u", "p"), "authorization", "Basic dTpw"),
        ("cookie_key", "a;b", "cookie", "sid=a%3Bb"),
    ],
)
def test_credentials_in_headers(scheme: str, given: CredentialSource, header: str, text: str) -> None:
    shop = Shop(credentials={scheme: given})
    shop.call(getting("/x", security=({scheme: ()},)))
    assert shop.sent.headers[header] == text


def test_a_key_in_the_query() -> None:
    shop = Shop(credentials={"query_key": "a&b"})
    shop.call(getting("/x", security=({"query_key": ()},)))
    assert shop.sent.url.query == b"api%20key=a%26b"


def test_the_first_alternative_that_can_be_satisfied_is_sent() -> None:
    shop = Shop(credentials={"bearer": "t", "key": "k", "query_key": None})
    alternatives: Any = ({}, {"query_key": ()}, {"bearer": (), "key": ()}, {"bearer": ()})
    shop.call(getting("/x", security=alternatives))
    assert (shop.sent.headers["authorization"], shop.sent.headers["x-api-key"]) == ("Bearer t", "k")
    shop.call(getting("/x", id="none", security=()))
    assert "authorization" not in shop.sent.headers


def test_anonymous_where_it_may() -> None:
    shop = Shop()
    shop.call(getting("/x", security=({"key": ()}, {})))
    assert "x-api-key" not in shop.sent.headers


def test_missing_credentials_are_said_before_anything_is_sent() -> None:
    shop = Shop(credentials={"basic": ("u", "p")})
    with pytest.raises(MissingCredentials, match="needs credentials: key or bearer with query_key; give") as caught:
        shop.call(getting("/x", security=({"key": ()}, {"bearer": (), "query_key": ()})))
    assert caught.value.alternatives == (("key",), ("bearer", "query_key"))
    assert shop.requests == []


def test_what_the_http_client_carries_is_taken_at_its_word() -> None:
    security: Any = ({"tls": ()},)
    Shop(credentials={"tls": True}).call(getting("/x", security=security))
    with pytest.raises(MissingCredentials):
        Shop(credentials={"tls": False}).call(getting("/x", security=security))


@pytest.mark.parametrize(
    ("scheme", "given"),
    [
        ("key", ""),
        ("key", "s3cret\r\nX: y"),
        ("bearer", "s3cret\n"),
        ("bearer", ("s3cret", "x")),
        ("basic", "s3cret"),
        ("basic", ("a:b", "s3cret")),
    ],
)
def test_malformed_credentials_are_refused_without_showing_them(scheme: str, given: CredentialSource) -> None:
    shop = Shop(credentials={scheme: given})
    with pytest.raises(ValueError, match=r"credential|header") as caught:
        shop.call(getting("/x", security=({scheme: ()},)))
    assert "s3cret" not in str(caught.value)
    assert shop.requests == []


# -- idempotency and retries ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["call", "call_async"])
def test_one_key_is_made_for_a_call_and_kept_over_its_attempts(way: str) -> None:
    shop = Shop([httpx.ReadTimeout, httpx.Response(503), made()])
    getattr(shop, way)(creating(), order())
    keys = [request.headers["idempotency-key"] for request in shop.requests]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert uuid.UUID(keys[0]).version == 4
    assert len({request.content for request in shop.requests}) == 1
    assert shop.waits == [0.2, 0.4]
    shop.answers = [made()]
    getattr(shop, way)(creating(), order())
    assert shop.sent.headers["idempotency-key"] != keys[0]


def test_the_callers_key_is_used() -> None:
    shop = Shop([made()])
    shop.call(creating(), order(idempotency_key="order-1042"))
    assert shop.sent.headers["idempotency-key"] == "order-1042"


def test_a_key_of_type_uuid_is_made_as_well_and_one_that_nothing_fits_is_not() -> None:
    def keyed(value: Any) -> tuple[Parameter, ...]:
        return (Parameter(name="idempotency-key", keyword="key", location="header", value=Value(value), style="simple"),)

    shop = Shop([httpx.Response(503), httpx.Response(204)])
    shop.call(getting("/x", keyed(uuid.UUID), method="POST"))
    assert uuid.UUID(shop.sent.headers["idempotency-key"])
    shop = Shop([httpx.ReadTimeout])
    with pytest.raises(TimedOut):
        shop.call(getting("/x", keyed(Annotated[str, Field(max_length=8)]), method="POST"))
    assert "idempotency-key" not in shop.sent.headers
    assert len(shop.requests) == 1


def test_a_conflict_while_the_first_request_runs_is_waited_for() -> None:
    shop = Shop([httpx.Response(409, headers={"Retry-After": "2"}), made()])
    assert shop.call(creating(), order()).location == "/r/1"
    assert shop.waits == [2.2]


@pytest.mark.parametrize(
    ("method", "answer", "sent"),
    [
        ("POST", httpx.ConnectError, 3),
        ("POST", httpx.ReadTimeout, 1),
        ("PATCH", httpx.ReadError, 1),
        ("POST", httpx.Response(503), 1),
        ("POST", httpx.Response(429), 3),
        ("GET", httpx.ReadTimeout, 3),
        ("PUT", httpx.Response(502), 3),
        ("DELETE", httpx.Response(504), 3),
        ("GET", httpx.Response(500), 1),
        ("GET", httpx.Response(409, headers={"Retry-After": "1"}), 1),
    ],
)
def test_only_what_is_safe_is_sent_again(method: str, answer: Any, sent: int) -> None:
    shop = Shop([answer])
    with pytest.raises(ApiError):
        shop.call(getting("/x", method=method))
    assert len(shop.requests) == sent


# -- answers ----------------------------------------------------------------------------------------------------------------


def test_errors_by_status_then_range_then_default() -> None:
    body = {"code": "c", "message": "m"}
    problem = {"Content-Type": "application/problem+json"}
    with pytest.raises(ConflictError) as conflict:
        Shop([httpx.Response(409, json=body, headers=problem)]).call(creating(), order())
    assert conflict.value.body == conflict.value.response.body == Problem(code="c", message="m")
    assert conflict.value.status == 409
    for status in (404, 500):
        with pytest.raises(FailedError) as failed:
            Shop([httpx.Response(status, json=body)]).call(creating(), order())
        assert failed.value.response.status == failed.value.status == status


def test_default_alone_is_the_result() -> None:
    operation = getting("/x", responses={"default": Failed})
    assert Shop([httpx.Response(200, json={"code": "c", "message": "m"})]).call(operation).status == 200


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(200), "a status that the contract does not declare"),
        (httpx.Response(201, json={"sessionId": 5}, headers={"Location": "/"}), r"does not fit, at /sessionId \(string_type\)"),
        (httpx.Response(201, json={"session_id": "s"}, headers={"Location": "/"}), r"/sessionId \(missing\)"),
        (httpx.Response(201, content=b"{", headers={"Location": "/", "Content-Type": "application/json"}), "json_invalid"),
        (httpx.Response(201, content=b"\xff", headers={"Location": "/", "Content-Type": "application/json"}), "json_invalid"),
        (httpx.Response(201, headers={"Location": "/"}), "json_invalid"),
        (httpx.Response(201, html="<p>hi", headers={"Location": "/"}), "a media type that the contract does not declare"),
        (httpx.Response(201, json={"sessionId": "s"}), "without the header Location"),
    ],
)
def test_answers_that_the_contract_does_not_declare(answer: httpx.Response, reason: str) -> None:
    with pytest.raises(UnexpectedResponse, match=reason) as caught:
        Shop([answer]).call(creating(responses={"201": Made201, "409": Conflict}), order())
    assert caught.value.status == answer.status_code
    assert caught.value.body == answer.content
    assert caught.value.headers == answer.headers


def test_an_optional_header_that_does_not_fit_is_none() -> None:
    assert Shop([made(**{"Idempotent-Replayed": "yes"})]).call(creating(), order()).replayed is None


def test_a_missing_content_type_is_the_only_declared_one() -> None:
    answer = httpx.Response(201, content=b'{"sessionId":"s"}', headers={"Location": "/"})
    assert Shop([answer]).call(creating(), order()).body.session_id == "s"
    with pytest.raises(UnexpectedResponse, match="without a Content-Type"):
        Shop([httpx.Response(200, content=b"x")]).call(getting("/x", responses={"200": Image200}))


def test_ranges_keep_the_whole_media_type() -> None:
    answer = httpx.Response(200, content=b"x", headers={"Content-Type": "image/GIF; q=1"})
    assert Shop([answer]).call(getting("/x", responses={"200": Any200})) == Any200(body=b"x", media_type="image/GIF; q=1")


def test_an_empty_answer() -> None:
    assert Shop().call(getting("/x")) == Gone204()


def test_a_body_that_http_does_not_allow_is_none_where_the_contract_says_the_status() -> None:
    assert Shop().call(getting("/x", responses={"204": Image200})).body is None
    assert Shop([httpx.Response(200)]).call(getting("/x", method="HEAD", responses={"200": Image200})).body is None
    with pytest.raises(UnexpectedResponse, match="without a body"):
        Shop().call(creating(), order())


def test_a_nested_body_without_end_is_an_unexpected_response() -> None:
    text = b'{"sessionId":"s","x":' + b"[" * 100_000
    answer = httpx.Response(201, content=text, headers={"Location": "/", "Content-Type": "application/json"})
    with pytest.raises(UnexpectedResponse):
        Shop([answer]).call(creating(), order())


# -- messages ---------------------------------------------------------------------------------------------------------------


def test_a_message_tells_method_path_status_and_request_id() -> None:
    answer = httpx.Response(404, json={"code": "not_found", "message": "no such thing"}, headers={"X-Request-Id": "req_7"})
    operation = creating(path="/sessions/{id}", parameters=(at("path"),))
    with pytest.raises(FailedError) as caught:
        Shop([answer]).call(operation, order(id="capability"))
    assert str(caught.value) == (
        'POST /sessions/{id} answered 404 Not Found (request id req_7): {"code": "not_found", "message": "no such thing"}'
    )
    assert caught.value.request_id == "req_7"
    assert caught.value.target == Target("create", "POST", "/sessions/{id}")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400, json={"code": "c", "message": 'bad key s3cret"key'}),
        httpx.Response(400, json={"code": "c", "message": "m", "access_token": "s3cret", "nested": [{"clientSecret": "s3cret"}]}),
        httpx.Response(400, text="Authorization: Bearer s3cret.s3cret", headers={"Content-Type": "text/plain"}),
        httpx.Response(400, content=b"\0s3cret" * 99, headers={"Content-Type": "image/png"}),
        httpx.Response(418, json={"message": "eyJhbGciOiJIUzI1NiJ9.eyJzM2NyZXQ.s3cret"}),
    ],
)
def test_no_message_holds_a_secret(answer: httpx.Response) -> None:
    shop = Shop([answer], credentials={"key": 's3cret"key'})
    with pytest.raises(ApiError) as caught:
        shop.call(creating(security=({"key": ()},)), order())
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(caught.value)
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ReadTimeout, httpx.LocalProtocolError, httpx.DecodingError])
def test_transport_errors(kind: Any) -> None:
    shop = Shop([kind], attempts=1)
    with pytest.raises(TransportError, match=f"POST /checkout/session failed: {kind.__name__}") as caught:
        shop.call(creating(), order())
    assert isinstance(caught.value, TimedOut) == issubclass(kind, httpx.TimeoutException)
    assert caught.value.never_sent == (kind is httpx.ConnectError)
    assert isinstance(caught.value.__cause__, kind)
    assert "secret detail" not in str(caught.value)


@pytest.mark.parametrize(
    "answer", [httpx.Response(404, json={"code": "c", "message": "m"}), httpx.Response(299), httpx.ConnectError]
)
def test_errors_can_be_pickled(answer: Any) -> None:
    with pytest.raises(ApiError) as caught:
        Shop([answer], attempts=1).call(creating(responses={"201": Made201, "4XX": Failed}), order())
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (type(caught.value), str(caught.value))
    assert again.target == caught.value.target


# -- connections ------------------------------------------------------------------------------------------------------------


def test_only_an_own_http_client_is_closed() -> None:
    http = httpx.Client()
    SyncCaller(Shop().settings(), http).close()
    assert not http.is_closed
    http.close()
    caller = SyncCaller(Shop().settings(), None)
    caller.close()
    with pytest.raises(RuntimeError):
        caller.call(getting("/x"), Arguments())


def test_an_own_http_client_keeps_no_cookies() -> None:
    cookies: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        cookies.append(request.headers.get("cookie"))
        return httpx.Response(204, headers={"Set-Cookie": "a=b; Path=/"})

    caller = SyncCaller(Shop().settings(), None)
    caller._http._transport = httpx.MockTransport(answer)
    for _ in range(2):
        caller.call(getting("/x"), Arguments())
    assert cookies == [None, None] and not caller._http.cookies
    caller.close()

    async def twice() -> None:
        caller = AsyncCaller(Shop().settings(), None)
        caller._http._transport = httpx.MockTransport(answer)
        for _ in range(2):
            await caller.call(getting("/x"), Arguments())
        await caller.aclose()

    asyncio.run(twice())
    assert cookies == [None] * 4


def test_one_client_serves_many_threads() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        return httpx.Response(201, content=b'{"sessionId":' + request.content + b"}", headers={"Location": "/"})

    body = RequestBody(contents={"application/json": Content(carrier="json", value=Value(str))}, required=True)
    with httpx.Client(transport=httpx.MockTransport(answer)) as http, ThreadPoolExecutor(8) as pool:
        caller = SyncCaller(Shop().settings(), http)
        texts = [f"s{number}" for number in range(200)]
        found = list(pool.map(lambda text: caller.call(creating(body=body), Arguments(body=text)).body.session_id, texts))
    assert found == texts
    assert len(set(keys)) == 200


def test_a_port_where_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        shop = Shop(base_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        with (
            httpx.Client(trust_env=False) as http,
            pytest.raises(TransportError, match="ConnectError after 3 attempts") as caught,
        ):
            SyncCaller(shop.settings(), http).call(creating(), order())
    assert caught.value.never_sent
    assert shop.waits == [0.2, 0.4]


def test_the_default_waits() -> None:
    Retry().sleep(0)
    asyncio.run(_awaited(Retry().async_sleep(0)))


async def _awaited(waiting: Awaitable[None]) -> None:
    await waiting
