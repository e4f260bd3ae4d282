"""VINR: a session that is made, paid on the hosted page within five minutes, and whose result is read."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from sqlalchemy import Connection

from checkout_api import behavior, models, responses, server
from checkout_api.server import ApiKey, Problem, Refusal, Request, VinrHeaders, Violation
from tillspec.sandbox import clock, idempotency, ids, sessions
from tillspec.sandbox.context import Sandbox, comes_from, late_of, request_id_of, state_of
from tillspec.sandbox.merchants import Holder
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.state import State
from tillspec.sandbox.store import RETRY_AFTER
from tillspec.sandbox.surfaces.declared import available, code_of

SESSION: Final = "VinrSession"
_EXPIRES: Final = sessions.EXPIRES[SESSION]
_INITIAL: Final = sessions.LIFECYCLES[SESSION].initial
_LIFETIME: Final = clock.micros(_EXPIRES.after)
_IDEMPOTENCY: Final = behavior.CREATE_VINR_SESSION_IDEMPOTENCY
_UNKNOWN: Final = code_of(behavior.GET_VINR_SESSION_RESULT.unknown)
_GONE: Final = code_of(behavior.GET_VINR_SESSION_RESULT.gone)
_MISMATCH: Final = code_of(_IDEMPOTENCY.mismatch)
_RUNNING: Final = code_of(_IDEMPOTENCY.running)
_CHALLENGE: Final = 'ApiKey realm="vinr"'


# -- errors ----------------------------------------------------------------------------------------------------------------


def error(request: Request, code: str, message: str, param: str | None = None) -> models.VinrError:
    """The body of every error of this surface."""
    detail = {"type": _TYPES.get(code, "invalid_request_error"), "code": code, "message": message}
    if param:
        detail["param"] = param
    return models.VinrError.model_validate({"error": detail | {"request_id": request_id_of(request)}})


_TYPES: Final = {
    "invalid_api_key": "authentication_error",
    "expired_api_key": "authentication_error",
    "permission_denied": "authentication_error",
    "rate_limit_exceeded": "rate_limit_error",
    "internal_error": "api_error",
    "service_unavailable": "api_error",
}
_CODES: Final = {
    "unauthorized": "invalid_api_key",
    "unsupported_media_type": "unsupported_media_type",
    "server_error": "internal_error",
    "not_implemented": "internal_error",
}
_VIOLATIONS: Final = {"json_invalid": "invalid_json", "missing": "parameter_missing", "extra_forbidden": "parameter_unknown"}


def param_of(violation: Violation) -> str:
    """The field or header at fault, with dots and indexes as in `cartItems[0].price`."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in violation.pointer.split("/")]
    text = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts if part)
    return text.lstrip(".")


class VinrSurface(server.VinrSurface):
    """How VINR answers what the stub refuses."""

    def refuse(self, refusal: Refusal) -> Problem[models.VinrError]:
        first = refusal.violations[0] if refusal.violations else None
        code = _CODES.get(refusal.kind, "parameter_invalid")
        if first is not None:
            code = str(first.code or _VIOLATIONS.get(first.type, "parameter_invalid"))
        message = first.message if first is not None else refusal.message
        body = error(refusal.request, code, message, param_of(first) if first is not None else None)
        return Problem(body, headers={"WWW-Authenticate": _CHALLENGE} if refusal.status == 401 else {})

    def headers(self, request: Request) -> VinrHeaders:
        return VinrHeaders(x_request_id=request_id_of(request))


def _unavailable(request: Request) -> responses.VinrServiceUnavailable:
    body = error(request, "service_unavailable", "The service cannot be reached at the moment. Try again.")
    return responses.VinrServiceUnavailable(body=body, retry_after=RETRY_AFTER)


# -- what is answered -------------------------------------------------------------------------------------------------------


def url_of(base_url: str, session_id: str) -> str:
    """The hosted checkout of a session."""
    return f"{base_url}/pay/{session_id}"


_READ_RESULT: Final = models.VinrSessionResult.__pydantic_validator__.validate_python


def result_of(session: Session, now: int) -> models.VinrSessionResult:
    """A session's result at a time."""
    plain: dict[str, Any] = {
        "sessionId": session.id, "status": session.status_at(now), "amount": session.amount, "currency": session.currency,
    }  # fmt: skip
    customer = session.data.get("customer")
    if customer:
        plain["customer"] = customer
    result: models.VinrSessionResult = _READ_RESULT(plain)
    return result


def _customer(body: models.VinrSessionRequest) -> dict[str, Any]:
    """What the result tells of the buyer; no phone number."""
    if not isinstance(body.customer, models.VinrCustomer):
        return {}
    plain = body.customer.model_dump(by_alias=True, exclude_unset=True)
    return {name: plain[name] for name in ("customerId", "email", "name") if name in plain}


def _created(kept: dict[str, Any], *, replayed: bool | None = None) -> responses.CreateVinrSession201:
    body = models.VinrSession.model_validate(kept)
    location = f"/checkout/session/{body.session_id}/result"
    return responses.CreateVinrSession201(body=body, location=location, idempotent_replayed=replayed)


class VinrHandlers:
    """The operations of VINR."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @available(_unavailable)
    async def create_vinr_session(
        self, request: Request, *, body: models.VinrSessionRequest, credentials: ApiKey, idempotency_key: str | None
    ) -> (
        responses.CreateVinrSession201
        | responses.VinrUnauthorized
        | responses.VinrForbidden
        | responses.VinrConflict
        | responses.VinrServiceUnavailable
    ):
        state = state_of(request)
        holder = await self._holder(request, state, credentials)
        if not isinstance(holder, Holder):
            return holder
        if holder.key.access != "full":
            return responses.VinrForbidden(body=error(request, "permission_denied", "This key may only read."))
        key = None
        if idempotency_key is not None:
            key = idempotency.Key(
                scope=f"{holder.merchant.id} createVinrSession {ids.base62(_digest(credentials.key))}",
                key=idempotency_key,
                fingerprint=idempotency.fingerprint(request.body, _IDEMPOTENCY),
                rule=_IDEMPOTENCY,
            )
        held = key is not None and (late := late_of(request)) > 0
        if key is not None and held:
            running = await self._hold(key, state, late)
            if running is not None:
                return self._known(request, running)

        def carried_out(connection: Connection) -> dict[str, Any] | idempotency.Found:
            if key is not None and held:
                idempotency.free(connection, key)
            return self._create(connection, state, holder.merchant.id, body, request.body, key)

        made = await self._sandbox.write(carried_out)
        if isinstance(made, idempotency.Found):
            return self._known(request, made)
        return _created(made)

    async def _hold(self, key: idempotency.Key, state: State, seconds: float) -> idempotency.Found | None:
        """Takes long, as a test has asked for, and holds the key as running meanwhile. If it is not free, what is known of it."""

        def held(connection: Connection) -> idempotency.Found | None:
            return idempotency.look(connection, key, state.now()) or idempotency.hold(connection, key, state.now())

        found = await self._sandbox.write(held)
        if found is None:
            await asyncio.sleep(seconds)
        return found

    def _create(
        self, connection: Connection, state: State, merchant: str, body: models.VinrSessionRequest, raw: bytes,
        key: idempotency.Key | None,
    ) -> dict[str, Any] | idempotency.Found:  # fmt: skip
        now = state.now()
        session_id = ids.token(connection, state, "cs_")
        expires_at = now + _LIFETIME
        answer = {
            "sessionId": session_id,
            "checkoutUrl": url_of(self._sandbox.base_url, session_id),
            "expiresAt": clock.moment(expires_at).isoformat().replace("+00:00", "Z"),
        }
        if key is not None:
            found = idempotency.look(connection, key, now) or idempotency.keep(connection, key, now, answer)
            if found is not None:
                return found
        session = Session(
            id=session_id, kind=SESSION, merchant=merchant, status=_INITIAL, amount=body.amount, currency=body.currency,
            created_at=now, expires_at=expires_at, request=raw.decode(), data={"customer": _customer(body)},
        )  # fmt: skip
        sessions.insert(connection, session)
        return answer

    def _known(self, request: Request, found: idempotency.Found) -> responses.CreateVinrSession201 | responses.VinrConflict:
        """The answer to a key that is not free."""
        if found.state == "replay":
            return _created(found.answer, replayed=True)
        if found.state == "mismatch":
            body = error(request, _MISMATCH, "This key was used with another body.", _IDEMPOTENCY.header)
            return responses.VinrConflict(body=body)
        body = error(request, _RUNNING, "The first request with this key is still running.", _IDEMPOTENCY.header)
        return responses.VinrConflict(body=body, retry_after=RETRY_AFTER)

    @available(_unavailable)
    async def get_vinr_session_result(
        self, request: Request, *, credentials: ApiKey, session_id: models.VinrSessionId
    ) -> (
        responses.GetVinrSessionResult200
        | responses.VinrUnauthorized
        | responses.VinrNotFound
        | responses.VinrGone
        | responses.VinrServiceUnavailable
    ):
        state = state_of(request)
        holder = await self._holder(request, state, credentials)
        if not isinstance(holder, Holder):
            return holder
        merchant = holder.merchant.id
        session = await self._sandbox.read(lambda connection: sessions.glance(connection, SESSION, session_id, merchant))
        if session is None:
            return responses.VinrNotFound(body=error(request, _UNKNOWN, "No session has this id.", "sessionId"))
        now = state.now()
        if session.is_gone(now):
            return responses.VinrGone(body=error(request, _GONE, "The session has expired. Make a new one.", "sessionId"))
        return responses.GetVinrSessionResult200(body=result_of(session, now))

    async def _holder(self, request: Request, state: State, credentials: ApiKey) -> Holder | responses.VinrUnauthorized:
        """Whose key it is."""
        holder = (await self._sandbox.directory(state)).holder("vinr", credentials.key)
        if holder is None:
            body = error(request, "invalid_api_key", "No such API key.", "X-Api-Key")
            return responses.VinrUnauthorized(body=body, www_authenticate=_CHALLENGE)
        if holder.key.expired:
            body = error(request, "expired_api_key", "This API key has expired.", "X-Api-Key")
            return responses.VinrUnauthorized(body=body, www_authenticate=_CHALLENGE)
        comes_from(request, holder.merchant)
        return holder


def _digest(key: str) -> bytes:
    import hashlib

    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:16]
