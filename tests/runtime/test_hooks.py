"""What hooks see of a call, and what they may do to it: over httpx.MockTransport, with a clock of its own."""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ClassVar, Literal

import httpx
import pytest

from tillspec.runtime.client import AsyncCaller, Exchange, Settings, SyncCaller
from tillspec.runtime.errors import ErrorResponse, MissingCredentials, TransportError
from tillspec.runtime.hooks import Call, Hook, LoggingHook, Outcome
from tillspec.runtime.operation import Operation, Parameter, Response, SecurityScheme, Value
from tillspec.runtime.outgoing import Arguments
from tillspec.runtime.retry import Retry

SECRET = "s3cret-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fine(Response):
    status: ClassVar[Literal[204]] = 204


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone(Response):
    status: ClassVar[Literal[410]] = 410


class GoneError(ErrorResponse[Gone]):
    pass


ID = Parameter(name="id", keyword="id", location="path", value=Value(str), required=True, style="simple")
GET = Operation[Fine](
    id="getThing",
    method="GET",
    path="/things/{id}",
    parameters=(ID,),
    responses={"204": Fine, "410": Gone},
    security=({"key": ()},),
)
SCHEMES = {"key": SecurityScheme(name="key", kind="api_key", location="header", parameter="X-Api-Key")}

Answer = httpx.Response | BaseException | type[httpx.TransportError]


class Watch(Hook):
    """Keeps all that it is told, and gives a header that tells the attempt."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.seen: list[tuple[str, int | Outcome]] = []

    def before_attempt(self, call: Call, attempt: int) -> Mapping[str, str] | None:
        self.calls.append(call)
        self.seen.append(("before_attempt", attempt))
        return {f"X-Attempt-{attempt}": "yes", "x-api-key": "stolen"}

    def after_answer(self, call: Call, outcome: Outcome) -> None:
        self.seen.append(("after_answer", outcome))

    def after_error(self, call: Call, outcome: Outcome) -> None:
        self.seen.append(("after_error", outcome))

    def after_attempt(self, call: Call, outcome: Outcome) -> None:
        self.seen.append(("after_attempt", outcome))

    def after_call(self, call: Call, outcome: Outcome) -> None:
        self.seen.append(("after_call", outcome))

    @property
    def points(self) -> list[str]:
        return [point for point, _ in self.seen]

    def outcomes(self, point: str) -> list[Outcome]:
        return [told for name, told in self.seen if name == point and isinstance(told, Outcome)]


@dataclass
class Api:
    """A client over a list of answers; each takes half a second, and waits move the clock."""

    answers: Sequence[Answer]
    hooks: Sequence[Hook]
    credentials: Mapping[str, Any] = field(default_factory=lambda: {"key": SECRET})
    now: float = 0.0
    requests: list[httpx.Request] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.now += 0.5
        self.requests.append(httpx.Request(request.method, request.url, headers=request.headers))
        answer = self.answers[len(self.requests) - 1]
        if isinstance(answer, httpx.Response):
            return answer
        raise answer if isinstance(answer, BaseException) else answer(SECRET, request=request)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    async def async_wait(self, seconds: float) -> None:
        self.now += seconds

    @property
    def settings(self) -> Settings:
        retry = Retry(
            random=lambda: 1.0, sleep=self.wait, async_sleep=self.async_wait, clock=lambda: 0.0, monotonic=lambda: self.now
        )
        return Settings(
            base_url="https://api.example:8443/v1", credentials=self.credentials, timeout=10.0, retry=retry, headers=None,
            schemes=SCHEMES, errors={Gone: GoneError}, hooks=self.hooks,
        )  # fmt: skip

    def call(self) -> Fine:
        with httpx.Client(transport=httpx.MockTransport(self.answer)) as http:
            return SyncCaller(self.settings, http).call(GET, Arguments({"id": "t-1"}))

    def call_async(self) -> Fine:
        async def run() -> Fine:
            async with httpx.AsyncClient(transport=httpx.MockTransport(self.answer)) as http:
                return await AsyncCaller(self.settings, http).call(GET, Arguments({"id": "t-1"}))

        return asyncio.run(run())


Way = Callable[[Api], Fine]
ways = pytest.mark.parametrize("way", [Api.call, Api.call_async], ids=["sync", "async"])


@ways
def test_a_call_that_needs_three_attempts(way: Way) -> None:
    watch = Watch()
    answers = [httpx.ReadTimeout, httpx.Response(503, headers={"X-Request-Id": "r1"}), httpx.Response(204)]
    assert way(Api(answers, [watch])) == Fine()
    assert watch.seen == [
        ("before_attempt", 1),
        ("after_error", first := Outcome(attempt=1, duration=0.5, error="ReadTimeout", wait=0.2)),
        ("after_attempt", first),
        ("before_attempt", 2),
        ("after_answer", second := Outcome(attempt=2, duration=0.5, status=503, request_id="r1", wait=0.4)),
        ("after_attempt", second),
        ("before_attempt", 3),
        ("after_answer", third := Outcome(attempt=3, duration=pytest.approx(0.5), status=204)),
        ("after_attempt", third),
        ("after_call", Outcome(attempt=3, duration=pytest.approx(2.1), status=204)),
    ]


@ways
def test_what_a_call_is_called(way: Way) -> None:
    watch = Watch()
    way(Api([httpx.Response(503), httpx.Response(204)], [watch]))
    first, second = watch.calls
    assert first is second
    told = (first.operation, first.method, first.path, first.server)
    assert told == ("getThing", "GET", "/things/{id}", "https://api.example:8443")
    assert "t-1" not in repr(first)


@ways
def test_headers_are_added_for_one_attempt_and_take_no_others_place(way: Way) -> None:
    api = Api([httpx.Response(503), httpx.Response(204)], [Watch()])
    way(api)
    first, second = (request.headers for request in api.requests)
    assert (first["x-attempt-1"], second["x-attempt-2"]) == ("yes", "yes")
    assert "x-attempt-1" not in second
    assert first["x-api-key"] == second["x-api-key"] == SECRET


@ways
def test_a_declared_error_ends_a_call(way: Way) -> None:
    watch = Watch()
    with pytest.raises(GoneError):
        way(Api([httpx.Response(410, headers={"Request-Id": f"r1 {SECRET}"})], [watch]))
    assert watch.points == ["before_attempt", "after_answer", "after_attempt", "after_call"]
    assert watch.outcomes("after_call") == [Outcome(attempt=1, duration=0.5, status=410, request_id="r1 ***", error="GoneError")]


@ways
def test_no_answer_ends_a_call(way: Way) -> None:
    watch = Watch()
    with pytest.raises(TransportError):
        way(Api([httpx.Response(503, headers={"X-Request-Id": "r1"}), httpx.ConnectError, httpx.RemoteProtocolError], [watch]))
    (end,) = watch.outcomes("after_call")
    assert (end.attempt, end.status, end.request_id, end.error) == (3, None, None, "TransportError")
    assert watch.outcomes("after_error")[-1].error == "RemoteProtocolError"
    assert SECRET not in repr(watch.seen)


@ways
@pytest.mark.parametrize("error", [KeyboardInterrupt(), asyncio.CancelledError(), RuntimeError()], ids=repr)
def test_whatever_ends_a_call_ends_its_attempt_too(way: Way, error: BaseException) -> None:
    watch = Watch()
    with pytest.raises(type(error)):
        way(Api([error], [watch]))
    assert watch.points == ["before_attempt", "after_attempt", "after_call"]
    assert {outcome.error for outcome in watch.outcomes("after_attempt") + watch.outcomes("after_call")} == {type(error).__name__}


@ways
def test_a_call_that_sends_nothing_is_none(way: Way) -> None:
    watch = Watch()
    with pytest.raises(MissingCredentials):
        way(Api([], [watch], credentials={}))
    assert watch.seen == []


class Broken(Hook):
    """Raises wherever it is called."""

    def before_attempt(self, call: Call, attempt: int) -> Mapping[str, str] | None:
        raise RuntimeError("before_attempt")

    def _fail(self, call: Call, outcome: Outcome) -> None:
        raise RuntimeError("after")

    after_answer = after_error = after_attempt = after_call = _fail


class Injecting(Hook):
    def before_attempt(self, call: Call, attempt: int) -> Mapping[str, str] | None:
        return {"X-Fine": "1", "X-Split": "a\r\nX-Other: b", "X-Late": "2"}


@ways
def test_a_hook_that_raises_takes_nothing_from_the_call_or_the_others(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch()
    api = Api([httpx.ReadError, httpx.Response(204)], [Broken(), watch])
    assert way(api) == Fine()
    assert len(watch.seen) == 7
    assert "x-attempt-1" in api.requests[0].headers
    assert len(caplog.records) == 7
    assert caplog.messages[0].startswith("the hook Broken failed before attempt of getThing\nTraceback")
    assert SECRET not in caplog.text


@ways
def test_a_header_that_cannot_be_sent_is_left_out(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    api = Api([httpx.Response(204)], [Injecting()])
    assert way(api) == Fine()
    assert api.requests[0].headers["x-fine"] == "1"
    assert not {"x-split", "x-other"} & set(api.requests[0].headers)
    assert "the hook Injecting failed" in caplog.text


def test_without_hooks_an_exchange_is_a_plain_one() -> None:
    caller = SyncCaller(Api([], []).settings, httpx.Client())
    assert type(caller._exchange(GET, Arguments({"id": "x"}), None)) is Exchange
    caller._http.close()


# Logging


@ways
def test_logs_say_what_happened(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shop")
    way(
        Api(
            [httpx.Response(503), httpx.Response(204, headers={"X-Request-Id": "r\n2"})], [LoggingHook(logging.getLogger("shop"))]
        )
    )
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "GET /things/{id} answered 503 at attempt 1 after 0.500 s; again in 0.200 s"),
        ("INFO", "GET /things/{id} answered 204 at attempt 2 after 1.200 s (request id r 2)"),
    ]
    last = vars(caplog.records[-1])
    told = [last[name] for name in ("operation", "attempt", "status", "request_id", "error")]
    assert told == ["getThing", 2, 204, "r 2", None]


@ways
def test_logs_of_a_failure(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shop")
    hook = LoggingHook(logging.getLogger("shop"))
    with pytest.raises(GoneError):
        way(Api([httpx.Response(410)], [hook]))
    with pytest.raises(TransportError):
        way(Api([httpx.LocalProtocolError(SECRET)], [hook]))
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "GET /things/{id} answered 410 after 0.500 s, GoneError"),
        ("WARNING", "GET /things/{id} got no answer after 0.500 s, TransportError"),
    ]


# The docstring's example


class Span:
    def __init__(self, name: str, attributes: dict[str, Any]) -> None:
        self.name, self.attributes, self.ended = name, attributes, False

    def set_attribute(self, name: str, value: Any) -> None:
        self.attributes[name] = value

    def end(self) -> None:
        self.ended = True


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> list[Span]:
    """OpenTelemetry as far as the example goes, and the spans that it started."""
    found: list[Span] = []

    def start_span(name: str, kind: str, attributes: dict[str, Any]) -> Span:
        found.append(Span(name, dict(attributes)))
        return found[-1]

    module, trace, propagate = (ModuleType(name) for name in ("opentelemetry", "trace", "propagate"))
    tracer = ModuleType("tracer")
    vars(tracer)["start_span"] = start_span
    vars(trace).update(
        get_tracer=lambda name: tracer, SpanKind=type("SpanKind", (), {"CLIENT": "client"}), set_span_in_context=found.index
    )
    vars(propagate)["inject"] = lambda headers, context: headers.update(traceparent=f"00-{context:032x}-{1:016x}-01")
    vars(module).update(trace=trace, propagate=propagate)
    for name, each in {"opentelemetry": module, "opentelemetry.trace": trace, "opentelemetry.propagate": propagate}.items():
        monkeypatch.setitem(sys.modules, name, each)
    return found


@ways
def test_the_documented_tracing_works(way: Way, spans: list[Span], caplog: pytest.LogCaptureFixture) -> None:
    text = inspect.cleandoc(inspect.getdoc(Hook) or "").partition("`traceparent`:\n")[2]
    names: dict[str, Any] = {"Hook": Hook}
    exec(textwrap.dedent(text), names)
    api = Api([httpx.ReadError, httpx.Response(503), httpx.Response(204)], [names["Tracing"]()])
    assert way(api) == Fine()
    assert caplog.records == []
    assert [span.attributes.get("http.response.status_code") for span in spans] == [None, 503, 204]
    assert [span.attributes["http.request.resend_count"] for span in spans] == [0, 1, 2]
    assert spans[0].attributes["error.type"] == "ReadError"
    assert all(span.ended for span in spans)
    assert [request.headers["traceparent"][34:35] for request in api.requests] == ["0", "1", "2"]
