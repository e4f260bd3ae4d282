"""The generated stub, with an implementation that does nothing but answer."""

from __future__ import annotations

import secrets

from checkout_api import models, responses, server
from checkout_api.server import ApiKey, Problem, Refusal, Request, VinrHeaders

from . import examples

_SESSION = models.VinrSession.model_validate_json(examples.SESSION)
_RESULT = models.VinrSessionResult.model_validate_json(examples.RESULT)


class Vinr(server.VinrSurface):
    def refuse(self, refusal: Refusal) -> Problem[models.VinrError]:
        detail = models.VinrErrorDetail(
            type="invalid_request_error", code="parameter_invalid", message=refusal.message, request_id="req_0"
        )
        return Problem(models.VinrError(error=detail))

    def headers(self, request: Request) -> VinrHeaders:
        return VinrHeaders(x_request_id=f"req_{secrets.token_hex(8)}")


class Sessions(server.Sessions):
    async def create_vinr_session(
        self, request: Request, *, body: models.VinrSessionRequest, credentials: ApiKey, idempotency_key: str | None
    ) -> responses.CreateVinrSession201:
        return responses.CreateVinrSession201(body=_SESSION, location=examples.RESULT_PATH)


class Results(server.Results):
    async def get_vinr_session_result(
        self, request: Request, *, credentials: ApiKey, session_id: models.VinrSessionId
    ) -> responses.GetVinrSessionResult200:
        return responses.GetVinrSessionResult200(body=_RESULT)


# The other surfaces are never asked.
_vinr = Vinr()
app = server.create_app(
    vinr=_vinr, gr4vy=_vinr, dintero=_vinr, diddo=_vinr, sessions=Sessions(), results=Results()  # type: ignore[arg-type]
)  # fmt: skip
