"""Diddo's errors, and whose key it is."""

from __future__ import annotations

from typing import Any, Final

from checkout_api import models, responses, server
from checkout_api.server import Bearer, DiddoHeaders, Problem, Refusal, Request, Violation
from tillspec.sandbox.context import Sandbox, comes_from, request_id_of
from tillspec.sandbox.merchants import Holder
from tillspec.sandbox.state import State
from tillspec.sandbox.store import RETRY_AFTER

Field = tuple[str, str]
"""A field that is at fault, with dots, and what is wrong with it."""

_CHALLENGE: Final = 'Bearer realm="diddo"'
_INVALID: Final = "INVALID_REQUEST"
_CODES: Final = {
    "unauthorized": "UNAUTHORIZED",
    "unsupported_media_type": "UNSUPPORTED_MEDIA_TYPE",
    "server_error": "INTERNAL_ERROR",
    "not_implemented": "INTERNAL_ERROR",
}


def error(code: str, message: str, *fields: Field) -> models.DiddoError:
    """The body of every error of this surface."""
    plain: dict[str, Any] = {"code": code, "message": message}
    if fields:
        plain["errors"] = [{"field": field, "message": said} for field, said in fields]
    return models.DiddoError.model_validate(plain)


def invalid(*fields: Field) -> models.DiddoError:
    """The body where fields are at fault that the stub could not judge."""
    return error(_INVALID, "The request is not valid.", *fields)


def _field(violation: Violation) -> str:
    """The field or parameter at fault, with dots as in `buyer_info.city`; `body` for the body as a whole."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in violation.pointer.split("/")]
    return ".".join(filter(None, parts)) or violation.location


class DiddoSurface(server.DiddoSurface):
    """How Diddo answers what the stub refuses."""

    def refuse(self, refusal: Refusal) -> Problem[models.DiddoError]:
        declared = next((str(one.code) for one in refusal.violations if one.code), None)
        code = declared or _CODES.get(refusal.kind, _INVALID)
        fields = [(_field(one), one.message or "is not valid") for one in refusal.violations]
        message = "The request is not valid." if fields else refusal.message
        headers = {"WWW-Authenticate": _CHALLENGE} if refusal.status == 401 else {}
        return Problem(error(code, message, *fields), headers=headers)

    def headers(self, request: Request) -> DiddoHeaders:
        return DiddoHeaders(x_request_id=request_id_of(request))


def unavailable(request: Request) -> responses.DiddoServiceUnavailable:
    """The answer where the database cannot be used."""
    body = error("SERVICE_UNAVAILABLE", "The service is not available at the moment. Try again.")
    return responses.DiddoServiceUnavailable(body=body, retry_after=RETRY_AFTER)


async def holder_of(
    sandbox: Sandbox, request: Request, state: State, credentials: Bearer, *, writes: bool
) -> Holder | responses.DiddoUnauthorized | responses.DiddoForbidden:
    """Whose key it is, or what is answered where it is nobody's, or one that may only read."""
    holder = (await sandbox.directory(state)).holder("diddo", credentials.token)
    if holder is None or holder.key.expired:
        said = "This API key has expired." if holder is not None else "The API key is missing or not valid."
        return responses.DiddoUnauthorized(body=error("UNAUTHORIZED", said), www_authenticate=_CHALLENGE)
    comes_from(request, holder.merchant)
    if writes and holder.key.access != "full":
        return responses.DiddoForbidden(body=error("FORBIDDEN", "This API key may only read."))
    return holder
