"""Tells what became of sessions."""

from __future__ import annotations

from checkout_server import models, responses
from checkout_server.server import ApiKey, Request
from checkout_server.server.results import Results
from store import EXPIRES, MERCHANTS, STORE, now
from surfaces import error


class ResultsHandlers(Results):
    """Answers the operations."""

    async def get_vinr_session_result(
        self, request: Request, *, credentials: ApiKey, session_id: models.VinrSessionId
    ) -> responses.GetVinrSessionResult200 | responses.VinrUnauthorized | responses.VinrNotFound | responses.VinrGone:
        merchant = MERCHANTS.get(credentials.key)
        if merchant is None:
            told = error(request, "invalid_api_key", "No such API key.", "X-Api-Key")
            return responses.VinrUnauthorized(body=told, www_authenticate='ApiKey realm="vinr"')
        session, time = STORE.of(merchant, session_id), now()
        if session is None:
            return responses.VinrNotFound(body=error(request, "session_not_found", "No session has this id.", "sessionId"))
        if session.is_gone(time):
            return responses.VinrGone(
                body=error(request, "session_expired", "The session has expired. Make a new one.", "sessionId")
            )
        status = EXPIRES.state if session.is_expired(time) else "pending"
        plain = {"sessionId": session.id, "status": status, "amount": session.amount, "currency": session.currency}
        customer = {"customer": session.customer} if session.customer else {}
        return responses.GetVinrSessionResult200(body=models.VinrSessionResult.model_validate({**plain, **customer}))
