"""Asking again until an object has come to its end: how long to wait in between, and when to stop."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import httpx

from .errors import ApiError, ErrorResponse, PollTimedOut, Target, UnexpectedResponse
from .retry import Retry, retry_after

if TYPE_CHECKING:
    from .behavior import Lifecycle

_LATER = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long is waited between one look and the next, in seconds.

    The first wait is `first`, each further one `factor` times as long as the one before, up to `most`; a random part of each, up
    to the fraction `jitter` of it, is left out, so that many who wait do not all ask at once.
    """

    first: float = 1.0
    factor: float = 1.5
    most: float = 10.0
    jitter: float = 0.2

    def __post_init__(self) -> None:
        if not (self.first > 0 and self.most >= self.first):
            raise ValueError("first and most are seconds: more than 0, and most is at least first")
        if not (1 <= self.factor < math.inf and 0 <= self.jitter <= 1):
            raise ValueError("factor is at least 1, and jitter a fraction between 0 and 1")


@dataclass(frozen=True, slots=True)
class Polling:
    """What is awaited: a terminal state of `lifecycle`, for at most `deadline` seconds."""

    lifecycle: Lifecycle
    deadline: float
    backoff: Backoff

    def __post_init__(self) -> None:
        if not self.deadline >= 0:
            raise ValueError("deadline is a number of seconds: it is at least 0")

    def begin(self, retry: Retry, target: Target) -> Progress:
        """What keeps track of one poll, which begins now."""
        return Progress(self, retry, target)


class Progress:
    """One poll on its way. `until` is when it ends, by the clock `Retry.monotonic`."""

    def __init__(self, polling: Polling, retry: Retry, target: Target) -> None:
        self._polling = polling
        self._retry = retry
        self._target = target
        self._wait = polling.backoff.first
        self._last: Any = None
        self._state: str | None = None
        self.until = retry.monotonic() + polling.deadline

    def after(self, response: object, answer: httpx.Response | None) -> float | None:
        """The seconds to wait before the next look; None where the state is terminal.

        Raises:
            PollTimedOut: the deadline has come, or comes before the server wants to be asked again.
        """
        assert answer is not None, "a typed response comes of an answer"
        state = _state(self._polling.lifecycle, answer)
        self._last, self._state = response, state
        # A state that the contract does not know is not known to be the last one.
        if state in self._polling.lifecycle.states and self._polling.lifecycle.is_terminal(state):
            return None
        return self._next(self._asked(answer))

    def after_error(self, error: ApiError, answer: httpx.Response | None) -> float:
        """The seconds to wait after an answer that only says when to come back.

        Raises:
            ApiError: the error itself, where it says anything else, or asks for more time than there is.
        """
        later = isinstance(error, ErrorResponse | UnexpectedResponse) and error.status in _LATER
        asked = self._asked(answer) if later and answer is not None else None
        if asked is None or self._retry.monotonic() + asked > self.until:
            raise error
        return self._next(asked)

    def _next(self, asked: float | None) -> float:
        """The next wait; the last one ends at the deadline."""
        left = self.until - self._retry.monotonic()
        if left <= 0 or (asked is not None and asked > left):
            self._give_up()
        backoff = self._polling.backoff
        wait = self._wait * (1 - backoff.jitter * self._retry.random())
        self._wait = min(self._wait * backoff.factor, backoff.most)
        return min(left, wait if asked is None else max(asked, backoff.first))

    def _asked(self, answer: httpx.Response) -> float | None:
        text = answer.headers.get("retry-after")
        return None if text is None else retry_after(text, self._retry.clock())

    def _give_up(self) -> NoReturn:
        raise PollTimedOut(self._target, self._polling.deadline, self._last, self._state)


def _state(lifecycle: Lifecycle, answer: httpx.Response) -> str | None:
    """The state that an answer shows, None where it shows none."""
    try:
        value: Any = json.loads(answer.content)
    except ValueError:
        return None
    for part in lifecycle.field.split("/")[1:]:
        value = value.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None
