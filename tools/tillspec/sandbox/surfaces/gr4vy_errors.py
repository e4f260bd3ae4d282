"""Gr4vy's errors: an envelope with one code for each status, and a shape of its own for 422."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import wraps
from typing import Any, Final, TypeVar, cast

from pydantic_core import from_json

from checkout_api import behavior, models, responses, server
from checkout_api._runtime.rules import breaches
from checkout_api.server import Gr4vyHeaders, Problem, Refusal, Request, Violation
from tillspec.sandbox.context import request_id_of
from tillspec.sandbox.store import RETRY_AFTER, Unavailable
from tillspec.sandbox.surfaces.declared import code_of

CHALLENGE: Final = 'Bearer realm="gr4vy"'

_NOT_FOUND: Final = code_of(behavior.GET_GR4VY_SESSION.unknown)
_SAID: Final[Mapping[type[Any], tuple[int, str]]] = {
    models.Gr4vyBadRequestError: (400, "bad_request"),
    models.Gr4vyUnauthorizedError: (401, "unauthorized"),
    models.Gr4vyForbiddenError: (403, "forbidden"),
    models.Gr4vyNotFoundError: (404, _NOT_FOUND),
    models.Gr4vyMethodNotAllowedError: (405, "method_not_allowed"),
    models.Gr4vyUnsupportedMediaTypeError: (415, "unsupported_media_type"),
    models.Gr4vyTooEarlyError: (425, "too_early"),
    models.Gr4vyInternalServerError: (500, "server_error"),
    models.Gr4vyServiceUnavailableError: (503, "service_unavailable"),
}
_FIELDS: Final = "setGr4vySessionFields"
_RULE: Final = "value_error"
_NUMBER: Final = re.compile(r"[0-9](?:[ -]?[0-9]){11,}")
"""What may be the number of a card."""
_LONGEST: Final = 1000
"""How much of a text that was sent is said again."""

ErrorT = TypeVar("ErrorT")
Detail = dict[str, str]


def error(model: type[ErrorT], message: str, details: Iterable[Detail] = ()) -> ErrorT:
    """The body of an error of this surface; 422 has `validation_error`."""
    status, code = _SAID[model]
    plain = {"type": "error", "code": code, "status": status, "message": message, "details": list(details)}
    return cast("ErrorT", cast("Any", model).model_validate(plain))


def detail(pointer: str, message: str, *, location: str = "body", kind: str = _RULE) -> Detail:
    """Where in a request it went wrong."""
    return {"location": location, "pointer": pointer, "message": message, "type": kind}


def validation_error(*entries: Mapping[str, Any]) -> models.Gr4vyValidationError:
    """The body of a 422, of entries with `loc`, `msg`, `type` and perhaps `input`."""
    return models.Gr4vyValidationError.model_validate({"detail": list(entries)})


def broken_rules(whole: Mapping[str, Any]) -> list[Detail]:
    """The contract's rules that a session's values break when they are taken together."""
    return [detail(breach.at, breach.message) for breach in breaches(behavior.GR4VY_SESSION_UPDATE_REQUEST, whole)]


# -- what the stub refuses ------------------------------------------------------------------------------------------------


class Gr4vySurface(server.Gr4vySurface):
    """How Gr4vy answers what the stub refuses."""

    def refuse(self, refusal: Refusal) -> Problem[Any]:
        match refusal.kind:
            case "invalid_request":
                return _invalid(refusal)
            case "unauthorized":
                body = error(models.Gr4vyUnauthorizedError, "There is no valid bearer token.")
                return Problem(body, headers={"WWW-Authenticate": CHALLENGE})
            case "method_not_allowed":
                return Problem(error(models.Gr4vyMethodNotAllowedError, "This path does not know the method."))
            case "payload_too_large":  # no 413 is declared
                return Problem(error(models.Gr4vyBadRequestError, refusal.message, [detail("", refusal.message)]), 400)
            case "unsupported_media_type":
                said = detail("/content-type", refusal.message, location="header")
                return Problem(error(models.Gr4vyUnsupportedMediaTypeError, "The Content-Type must be application/json.", [said]))
            case _:
                return Problem(error(models.Gr4vyInternalServerError, "Something went wrong on the server."), 500)

    def headers(self, request: Request) -> Gr4vyHeaders:
        return Gr4vyHeaders(x_request_id=request_id_of(request))


def _invalid(refusal: Refusal) -> Problem[Any]:
    """400 where it cannot be read, or breaks nothing but rules; what a schema can tell is 422."""
    found = refusal.violations
    unreadable = next((one for one in found if _is_unreadable(one)), None)
    if not found or unreadable is not None:
        is_json = unreadable is not None and unreadable.type == "json_invalid"
        told = [_told(one, "value_error.jsondecode" if one is unreadable and is_json else _RULE) for one in found]
        return Problem(error(models.Gr4vyBadRequestError, "The body is not JSON." if is_json else refusal.message, told), 400)
    if all(one.status == 400 for one in found):
        told = [_told(one, _RULE) for one in found]
        return Problem(error(models.Gr4vyBadRequestError, "The request breaks a rule.", told), 400)
    is_secret = refusal.operation_id == _FIELDS  # a card may stand anywhere in it
    sent = from_json(refusal.request.body) if refusal.request.body else _Nothing
    entries = [_entry(one, sent) for one in found]
    return Problem(validation_error(*(map(_without_secrets, entries) if is_secret else entries)), 422)


def _is_unreadable(one: Violation) -> bool:
    return one.location == "query" or (one.location == "body" and one.type in ("json_invalid", "unicode"))


def _told(one: Violation, kind: str) -> Detail:
    location = "unknown" if one.location == "cookie" else one.location
    return detail(one.pointer, one.message, location=location, kind=kind)


class _Nothing:
    """Stands for what was not sent."""


def _entry(one: Violation, sent: Any) -> dict[str, Any]:
    value = sent if one.location == "body" else _Nothing
    loc: list[str | int] = [one.location]
    for part in one.pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        is_index = name.isascii() and name.isdigit() and (value is _Nothing or isinstance(value, list))
        loc.append(int(name) if is_index else name)
        value = _child(value, loc[-1])
    entry = {"loc": loc, "msg": one.message, "type": _RULE if one.type == "rule" else one.type}
    return entry | {"input": value} if _is_short(value) else entry


def _child(value: Any, key: str | int) -> Any:
    match value, key:
        case dict(), str():
            return value.get(key, _Nothing)
        case list(), int() if key < len(value):
            return value[key]
        case _:
            return _Nothing


def _without_secrets(entry: dict[str, Any]) -> dict[str, Any]:
    """The same without what was sent, and with a card number that stands where none belongs masked."""
    loc = [_NUMBER.sub("*", part) if isinstance(part, str) else min(part, _LONGEST) for part in entry["loc"]]
    return {"loc": loc, "msg": _NUMBER.sub("*", entry["msg"]), "type": entry["type"]}


def _is_short(value: Any) -> bool:
    """Whether it is worth saying again: one value, and no long one."""
    if value is _Nothing:
        return False
    return len(value) <= _LONGEST if isinstance(value, str) else not isinstance(value, dict | list) or not value


# -- what stands around handlers ---------------------------------------------------------------------------------------------


def unavailable(request: Request) -> responses.Gr4vyServiceUnavailable:
    """The answer where the database cannot be used."""
    body = error(models.Gr4vyServiceUnavailableError, "The service cannot take requests just now.")
    return responses.Gr4vyServiceUnavailable(body=body, retry_after=RETRY_AFTER)


HandlerT = TypeVar("HandlerT", bound=Callable[..., Coroutine[Any, Any, Any]])


def changing(handler: HandlerT) -> HandlerT:
    """A handler that changes something, and so takes no request in TLS early data, which others could repeat (RFC 8470)."""

    @wraps(handler)
    async def answered(self: Any, request: Request, **arguments: Any) -> Any:
        if request.headers.get("early-data") == "1":
            body = error(models.Gr4vyTooEarlyError, "Send the request again once the TLS handshake is over.")
            return responses.Gr4vyTooEarly(body=body)
        try:
            return await handler(self, request, **arguments)
        except Unavailable:
            return unavailable(request)

    return cast("HandlerT", answered)
