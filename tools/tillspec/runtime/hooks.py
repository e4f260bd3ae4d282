"""What watches a client's calls, to log or to trace them."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

import httpx

from .client import Exchange, Plan
from .errors import TransportError
from .masking import request_id
from .outgoing import header_bytes
from .retry import Attempts

ResultT = TypeVar("ResultT")
_Point = Literal["before_attempt", "after_answer", "after_error", "after_attempt", "after_call"]

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One call of an operation. It is the same object for all its attempts, and says nothing that is secret.

    `operation` is the operation's id, `path` the path template, `server` the scheme, host and port of the base URL. `state` is
    the hooks' own: each keeps there what it wants to find again, under itself as the key.
    """

    operation: str
    method: str
    path: str
    server: str
    state: dict[Any, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended, or a whole call.

    `attempt` counts from 1; `duration` is in seconds, of a call with all its waits. `status` and `request_id` are those of the
    answer, `error` is the name of an exception's class: httpx's where no answer came, the client's own where a call fails. `wait`
    is how many seconds later it is tried again, None where it is not.
    """

    attempt: int
    duration: float
    status: int | None = None
    request_id: str | None = None
    error: str | None = None
    wait: float | None = None


class Hook(Protocol):
    """Watches calls. Subclass it, override what you need, and give an instance to the client: `Client(..., hooks=[...])`.

    Its methods are called in the thread or the event loop of the call, so they should be quick. They see no body, no header and
    no credential. What one of them raises is logged (under the name of this module) and otherwise ignored: no call fails, and no
    result is lost, for the sake of who watches.

    With OpenTelemetry, each attempt becomes a span, and the server gets its `traceparent`:

        from opentelemetry import propagate, trace

        tracer = trace.get_tracer("shop")

        class Tracing(Hook):
            def before_attempt(self, call, attempt):
                attributes = {
                    "http.request.method": call.method,
                    "url.template": call.path,
                    "http.request.resend_count": attempt - 1,
                }
                span = tracer.start_span(call.operation, kind=trace.SpanKind.CLIENT, attributes=attributes)
                call.state[self] = span
                headers = {}
                propagate.inject(headers, trace.set_span_in_context(span))
                return headers

            def after_answer(self, call, outcome):
                call.state[self].set_attribute("http.response.status_code", outcome.status)

            def after_error(self, call, outcome):
                call.state[self].set_attribute("error.type", outcome.error)

            def after_attempt(self, call, outcome):
                call.state.pop(self).end()
    """

    def before_attempt(self, call: Call, attempt: int) -> Mapping[str, str] | None:
        """A request is about to be sent. What is returned goes along as headers; one that the request has already stays."""
        return None

    def after_answer(self, call: Call, outcome: Outcome) -> None:
        """An answer has come, of whatever status."""
        return

    def after_error(self, call: Call, outcome: Outcome) -> None:
        """No answer has come: the connection failed, or broke, or nothing came in time."""
        return

    def after_attempt(self, call: Call, outcome: Outcome) -> None:
        """An attempt is over, in whatever way: also when the call was cancelled in the midst of it."""
        return

    def after_call(self, call: Call, outcome: Outcome) -> None:
        """The call is over: it has a result, or raises `outcome.error`."""
        return


class LoggingHook(Hook):
    """Logs each call when it ends, as INFO, or as WARNING where it fails; and each attempt that is tried again, as WARNING.

    The records carry `operation`, `attempt`, `status`, `duration`, `request_id` and `error` as attributes of their own.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def after_attempt(self, call: Call, outcome: Outcome) -> None:
        if outcome.wait is not None:
            self._say(logging.WARNING, "%s; again in %.3f s", call, outcome, outcome.wait)

    def after_call(self, call: Call, outcome: Outcome) -> None:
        self._say(logging.INFO if outcome.error is None else logging.WARNING, "%s", call, outcome)

    def _say(self, level: int, form: str, call: Call, outcome: Outcome, *more: float) -> None:
        if self._logger.isEnabledFor(level):
            extra = {
                name: getattr(outcome, name) for name in ("attempt", "status", "duration", "request_id", "error")
            } | {"operation": call.operation}  # fmt: skip
            self._logger.log(level, form, _told(call, outcome), *more, extra=extra)


def _told(call: Call, outcome: Outcome) -> str:
    ended = f"answered {outcome.status}" if outcome.status is not None else "got no answer"
    tried = f" at attempt {outcome.attempt}" if outcome.attempt > 1 or outcome.wait is not None else ""
    raised = f", {outcome.error}" if outcome.error is not None else ""
    named = f" (request id {outcome.request_id})" if outcome.request_id is not None else ""
    return f"{call.method} {call.path} {ended}{tried} after {outcome.duration:.3f} s{raised}{named}"


class Watched(Exchange[ResultT]):
    """A call that hooks watch."""

    __slots__ = ("_began", "_call", "_clock", "_headers", "_hooks", "_number", "_open", "_sent")

    def __init__(
        self, hooks: Sequence[Hook], server: str, plan: Plan, request: httpx.Request, attempts: Attempts, secrets: tuple[str, ...]
    ) -> None:
        super().__init__(plan, request, attempts, secrets)
        target = plan.target
        self._hooks = hooks
        self._call = Call(operation=target.operation, method=target.method, path=target.path, server=server)
        self._headers = request.headers.copy()
        self._clock = attempts.retry.monotonic
        self._began = self._sent = self._clock()
        self._number = 0
        self._open = False

    def begin(self) -> None:
        self.request.headers = self._headers.copy()  # without what the hooks gave to the attempt before
        self._number += 1
        self._open = True
        self._tell("before_attempt", self._number)
        self._sent = self._clock()

    def failed(self, error: httpx.RequestError) -> float:
        wait: float | None = None
        try:
            wait = super().failed(error)
        finally:
            outcome = self._outcome(self._sent, error=type(error).__name__, wait=wait)
            self._tell("after_error", outcome)
            self._close(outcome)
        return wait

    def answered(self, answer: httpx.Response) -> float | None:
        wait = super().answered(answer)
        outcome = self._outcome(self._sent, answer=answer, wait=wait)
        self._tell("after_answer", outcome)
        self._close(outcome)
        return wait

    def result(self, answer: httpx.Response) -> ResultT:
        made = super().result(answer)
        outcome = self._outcome(self._began, answer=answer)
        self._tell("after_call", outcome)
        return made

    def broken(self, error: BaseException) -> None:
        name = type(error).__name__
        if self._open:
            self._close(self._outcome(self._sent, error=name))
        # An answer of an attempt before says nothing of a connection that failed after it.
        answer = None if isinstance(error, TransportError) else self.answer
        outcome = self._outcome(self._began, answer=answer, error=name)
        self._tell("after_call", outcome)

    def _close(self, outcome: Outcome) -> None:
        self._open = False
        self._tell("after_attempt", outcome)

    def _outcome(
        self, since: float, *, answer: httpx.Response | None = None, error: str | None = None, wait: float | None = None
    ) -> Outcome:
        return Outcome(
            attempt=self._number,
            duration=self._clock() - since,
            status=None if answer is None else answer.status_code,
            request_id=None if answer is None else request_id(answer.headers, self.secrets),
            error=error,
            wait=wait,
        )

    def _tell(self, point: _Point, told: Outcome | int) -> None:
        for hook in self._hooks:
            try:
                given = getattr(hook, point)(self._call, told)
                if point == "before_attempt":
                    self._add(given)
            except Exception as error:
                # Without what was being handled meanwhile: httpx quotes header values in its errors.
                trace = "".join(traceback.format_exception(error, chain=False))
                place = f"{point.replace('_', ' ')} of {self._call.operation}"
                _log.error("the hook %s failed %s\n%s", type(hook).__name__, place, trace)

    def _add(self, given: Mapping[str, str] | None) -> None:
        for name, text in (given or {}).items():
            header_bytes(name, text)
            self.request.headers.setdefault(name, text)
