"""What the contract says that a request gets, whatever its surface."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar, cast

from checkout_api._runtime.behavior import Answer
from checkout_api.server import Request
from tillspec.sandbox.store import Unavailable


def code_of(answer: Answer | None) -> str:
    """The code of a declared answer.

    Raises:
        ValueError: none is declared, or it has no code.
    """
    if answer is None or answer.code is None:
        raise ValueError("the contract declares no code")
    return str(answer.code)


HandlerT = TypeVar("HandlerT", bound=Callable[..., Coroutine[Any, Any, Any]])


def available(unavailable: Callable[[Request], Any]) -> Callable[[HandlerT], HandlerT]:
    """Has a handler answer with what `unavailable` gives where the database cannot be used: nothing was stored then."""

    def decorate(handler: HandlerT) -> HandlerT:
        @wraps(handler)
        async def answered(self: Any, request: Request, **arguments: Any) -> Any:
            try:
                return await handler(self, request, **arguments)
            except Unavailable:
                return unavailable(request)

        return cast("HandlerT", answered)

    return decorate
