"""Makes sessions."""

from __future__ import annotations

import json

from checkout_server import models, responses
from checkout_server.server import ApiKey, Request
from checkout_server.server.sessions import Sessions
from store import IDEMPOTENCY, MERCHANTS, STORE, now
from surfaces import error


class SessionsHandlers(Sessions):
    """Answers the operations."""

    async def create_vinr_session(
        self, request: Request, *, body: models.VinrSessionRequest, credentials: ApiKey, idempotency_key: str | None
    ) -> responses.CreateVinrSession201 | responses.VinrUnauthorized | responses.VinrConflict:
        merchant = MERCHANTS.get(credentials.key)
        if merchant is None:
            told = error(request, "invalid_api_key", "No such API key.", "X-Api-Key")
            return responses.VinrUnauthorized(body=told, www_authenticate='ApiKey realm="vinr"')
        time = now()
        kept = STORE.answered(credentials.key, idempotency_key, time) if idempotency_key is not None else None
        if kept is not None and kept.body == json.loads(request.body):
            return _created(kept.answer, replayed=True)
        if kept is not None:
            told = error(request, "idempotency_key_reused", "This key was used with another body.", IDEMPOTENCY.header)
            return responses.VinrConflict(body=told)
        session = STORE.add(merchant, body, time)
        answer = models.VinrSession.model_validate(
            {
                "sessionId": session.id,
                "checkoutUrl": f"https://pay.example/{session.id}",
                "expiresAt": session.expires.isoformat().replace("+00:00", "Z"),
            }
        )
        if idempotency_key is not None:
            STORE.keep(credentials.key, idempotency_key, request.body, answer, time)
        return _created(answer)


def _created(answer: models.VinrSession, *, replayed: bool | None = None) -> responses.CreateVinrSession201:
    location = f"/checkout/session/{answer.session_id}/result"
    return responses.CreateVinrSession201(body=answer, location=location, idempotent_replayed=replayed)
