"""What the control plane is asked and answers: JSON, and errors that say what is wrong, where, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

MOST: Final = 1_048_576
"""The largest body in bytes that is read where nothing else is said."""

BodyT = TypeVar("BodyT", bound=BaseModel)


class Asked(BaseModel):
    """The base of what is asked: nothing that is not known, so that nothing is passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Exception):
    """What was asked could not be done."""

    def __init__(self, status: int, code: str, message: str, hint: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.hint = status, code, message, hint
        self.headers = dict(headers or {})


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer, which nobody keeps."""
    return JSONResponse(value, status, {"Cache-Control": "no-store"})


def refusal(problem: Problem) -> Response:
    """The answer that says a problem."""
    body = {"error": {"code": problem.code, "message": problem.message, "hint": problem.hint}}
    return JSONResponse(body, problem.status, {"Cache-Control": "no-store", **problem.headers})


async def body_of(request: Request, most: int = MOST) -> bytes:
    """The body of a request.

    Raises:
        Problem: it is larger than `most`.
    """
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > most:
            raise Problem(413, "too_large", f"The body is larger than {most} bytes.", "Send less.")
    return b"".join(parts)


async def asked(request: Request, form: type[BodyT], most: int = MOST) -> BodyT:
    """What a request asks for, as JSON; no body at all stands for `{}`.

    Raises:
        Problem: it is no JSON, or not of the form.
    """
    try:
        body = await body_of(request, most)
    except ClientDisconnect:
        raise Problem(400, "cut_off", "The request ended before its body did.", "Send it again.") from None
    if body and request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "not_json", "The body has to be JSON.", "Send it with Content-Type: application/json.")
    return read(form, body or b"{}")


def read(form: type[BodyT], body: bytes | Mapping[str, Any]) -> BodyT:
    """Checks what is asked against its form.

    Raises:
        Problem: it is no JSON, or not of the form.
    """
    try:
        return form.model_validate_json(body if isinstance(body, bytes) else json.dumps(dict(body)))
    except ValidationError as error:
        raise Problem(422, "invalid_request", faults(error), f"Known fields: {', '.join(form.model_fields) or 'none'}.") from None


def faults(error: ValidationError) -> str:
    """What is wrong and where, without the values."""
    found = [f"{_place(one['loc'])}{one['msg']}" for one in error.errors(include_url=False, include_input=False)]
    more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
    return "; ".join(found[:5]) + more


def _place(location: tuple[str | int, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    return f"{text}: " if text else ""
