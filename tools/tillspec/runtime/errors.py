"""What a call of a client raises. Everything is an `ApiError`; no message ever holds a credential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import httpx

from .masking import shorten
from .operation import Response

ResponseT_co = TypeVar("ResponseT_co", bound=Response, covariant=True)


@dataclass(frozen=True, slots=True)
class Target:
    """What was called. `path` is the path template: the path itself may hold ids that grant access."""

    operation: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came: status, headers (names in any case), raw body, and what a message may say of it."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    request_id: str | None
    excerpt: str

    def __str__(self) -> str:
        named = f" (request id {self.request_id})" if self.request_id else ""
        said = f": {self.excerpt}" if self.excerpt else ""
        return f"{self.status}{_phrase(self.status)}{named}{said}"


class ApiError(Exception):
    """The base of everything that a call raises.

    Attributes:
        target: what was called: `target.operation`, `target.method`, `target.path` (the path template).
    """

    target: Target

    def __init__(self, message: str, target: Target) -> None:
        super().__init__(message)
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions whose __init__ wants more than the message cannot be pickled otherwise, and task queues do pickle them.
        return _restore, (type(self), self.args, dict(self.__dict__))


class ErrorResponse(ApiError, Generic[ResponseT_co]):
    """An error response that the contract declares; there is one subclass for each.

    Attributes:
        response: the typed response, with its headers.
        status: the status of the answer.
        body: the typed body, None where the response has none.
        request_id: the server's name for the request, if it gave one.
    """

    response: ResponseT_co
    status: int
    request_id: str | None

    def __init__(self, target: Target, response: ResponseT_co, answer: Answer) -> None:
        super().__init__(f"{target} answered {answer}", target)
        self.response = response
        self.status = answer.status
        self.request_id = answer.request_id

    @property
    def body(self) -> Any:
        return getattr(self.response, "body", None)


class UnexpectedResponse(ApiError):
    """An answer that the contract does not declare, or that is not what the contract declares.

    Attributes:
        reason: what is wrong with it.
        status, headers, body: the answer as it came; `body` is bytes.
        request_id: the server's name for the request, if it gave one.
    """

    reason: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    request_id: str | None

    def __init__(self, target: Target, reason: str, answer: Answer) -> None:
        super().__init__(f"{target} answered unexpectedly, {reason}: {answer}", target)
        self.reason = reason
        self.status = answer.status
        self.headers = answer.headers
        self.body = answer.content
        self.request_id = answer.request_id


class TransportError(ApiError):
    """No answer came: the connection failed or broke. httpx's own error is the `__cause__`.

    Attributes:
        never_sent: True where the request surely never reached the server; otherwise it may have been carried out.
    """

    never_sent: bool

    def __init__(self, target: Target, reason: str, never_sent: bool) -> None:
        doubt = "the request was never sent" if never_sent else "the request may have been carried out"
        super().__init__(f"{target} failed: {reason}; {doubt}", target)
        self.never_sent = never_sent


class TimedOut(TransportError):
    """No answer came in time."""


class MissingCredentials(ApiError):
    """The operation asks for credentials that the client was not given; nothing was sent.

    Attributes:
        alternatives: the schemes that would do, each alternative a tuple of names that are needed together.
    """

    alternatives: tuple[tuple[str, ...], ...]

    def __init__(self, target: Target, alternatives: tuple[tuple[str, ...], ...]) -> None:
        wanted = " or ".join(" with ".join(names) for names in alternatives)
        super().__init__(f"{target} needs credentials: {wanted}; give them to the client as Credentials(...)", target)
        self.alternatives = alternatives


class PollTimedOut(ApiError):
    """What was awaited has not come to a terminal state before the deadline.

    Attributes:
        response: the last typed response, None where none came.
        state: the state that it showed, None where it showed none.
        deadline: how many seconds it was waited.
    """

    response: Response | None
    state: str | None
    deadline: float

    def __init__(self, target: Target, deadline: float, response: Response | None, state: str | None) -> None:
        shown = f"the last state was {shorten(state)!r}" if state is not None else "no state was shown"
        super().__init__(f"{target} came to no terminal state within {deadline:g} s; {shown}", target)
        self.response = response
        self.state = state
        self.deadline = deadline


NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def transport_error(target: Target, error: httpx.RequestError, attempts: int) -> TransportError:
    """The error that says what httpx's says; raise it `from` httpx's own.

    The reason is the class of httpx's error, not its text: h11 and httpx quote header values in theirs.
    """
    kind = TimedOut if isinstance(error, httpx.TimeoutException) else TransportError
    tried = f" after {attempts} attempts" if attempts > 1 else ""
    return kind(target, f"{type(error).__name__}{tried}", isinstance(error, NEVER_SENT))


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""


def _restore(kind: type[ApiError], arguments: tuple[Any, ...], state: dict[str, Any]) -> ApiError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error
