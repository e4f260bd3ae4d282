"""Dintero's errors: an envelope with a message, a code, and what is wrong in particular."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from checkout_api import behavior, models, responses, server
from checkout_api.server import DinteroHeaders, Problem, Refusal, Request, Violation
from tillspec.sandbox.context import request_id_of
from tillspec.sandbox.store import RETRY_AFTER
from tillspec.sandbox.surfaces.declared import code_of

BEARER: Final = 'Bearer realm="dintero"'
BASIC: Final = 'Basic realm="dintero", charset="UTF-8"'

INVALID: Final = "validation_error"
NOT_FOUND: Final = code_of(behavior.CREATE_DINTERO_ORDER_SESSION.unknown)
NO_SESSION: Final = code_of(behavior.GET_DINTERO_ORDER_SESSION.unknown)

_CODES: Final = {
    "unauthorized": "unauthorized",
    "method_not_allowed": "method_not_allowed",
    "payload_too_large": "payload_too_large",
    "unsupported_media_type": "unsupported_media_type",
}
_SAID: Final = {
    "method_not_allowed": "This path does not know the method.",
    "unsupported_media_type": "The Content-Type must be application/json.",
}
_STATUSES: Final = {"payload_too_large": 400, "server_error": 500, "not_implemented": 500}
"""Where the contract declares no answer of the refusal's own status."""

_KINDS: Final = {
    "missing": "required",
    "string_pattern_mismatch": "pattern",
    "literal_error": "const",
    "extra_forbidden": "unknown_field",
}
"""What is wrong with a field, in the words of the contract's examples."""

Item = dict[str, str]


def error(code: str, message: str, items: Iterable[Item] = ()) -> models.DinteroError:
    """The body of every error of this surface but those of the Express steps that find no session."""
    return models.DinteroError.model_validate({"error": _body(code, message, items)})


def item(path: str, message: str, code: str) -> Item:
    """One thing that is wrong: a JSON Pointer to it, in words, and for a program."""
    return {"path": path, "message": message, "code": code}


def invalid(*items: Item) -> models.DinteroError:
    """The body where fields are at fault that the stub could not judge."""
    return error(INVALID, "The body is not valid.", items)


def _body(code: str, message: str, items: Iterable[Item] = ()) -> dict[str, Any]:
    plain: dict[str, Any] = {"code": code, "message": message}
    return plain | ({"errors": found} if (found := list(items)) else {})


def no_session() -> responses.DinteroSessionNotFound:
    """The answer of an Express step where there never was such a session."""
    body = {"error": _body(NO_SESSION, "There is no such session.")}
    return responses.DinteroSessionNotFound(body=models.DinteroSessionNotFoundError.model_validate(body))


def session_over(cause: str, message: str, details: dict[str, Any]) -> responses.DinteroSessionNotFound:
    """The answer of an Express step where nothing can be done in the session any more."""
    plain = _body(NO_SESSION, message) | {"cause": cause, "session_details": details}
    return responses.DinteroSessionNotFound(body=models.DinteroSessionNotFoundError.model_validate({"error": plain}))


def unavailable(request: Request) -> responses.DinteroServiceUnavailable:
    """The answer where the database cannot be used."""
    body = error("service_unavailable", "The service cannot take requests just now.")
    return responses.DinteroServiceUnavailable(body=body, retry_after=RETRY_AFTER)


class DinteroSurface(server.DinteroSurface):
    """How Dintero answers what the stub refuses."""

    def refuse(self, refusal: Refusal) -> Problem[models.DinteroError]:
        if refusal.kind == "invalid_request":
            return Problem(_invalid(refusal))
        code = _CODES.get(refusal.kind, "server_error")
        if refusal.kind == "unauthorized":
            basic = refusal.operation_id == "createDinteroToken"
            message = "The client's id and secret are missing." if basic else "There is no access token."
            return Problem(error(code, message), headers={"WWW-Authenticate": BASIC if basic else BEARER})
        failed = code == "server_error"
        message = "Something went wrong on the server." if failed else _SAID.get(refusal.kind, refusal.message)
        return Problem(error(code, message), _STATUSES.get(refusal.kind))

    def headers(self, request: Request) -> DinteroHeaders:
        return DinteroHeaders(x_request_id=request_id_of(request))


def _invalid(refusal: Refusal) -> models.DinteroError:
    found = refusal.violations
    if any(one.location == "body" and one.type in ("json_invalid", "unicode") for one in found):
        return error("invalid_json", "The body is not JSON.")
    if not found:
        return error(INVALID, refusal.message)
    declared = next((str(one.code) for one in found if one.code), INVALID)
    return error(declared, _message(found), map(_told, found))


def _message(found: Iterable[Violation]) -> str:
    places = {one.location for one in found}
    if places == {"body"}:
        return "The body does not fit its schema."
    return "A path parameter does not fit its schema." if places == {"path"} else "The request does not fit its schema."


def _told(one: Violation) -> Item:
    return item(one.pointer, one.message, str(one.code or _KINDS.get(one.type, one.type)))
