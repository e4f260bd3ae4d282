"""The two operations in Starlette, with pydantic called directly."""

from __future__ import annotations

import secrets

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import examples
from .pydantic_models import Session, SessionRequest, SessionResult

_SESSION = Session.model_validate_json(examples.SESSION)
_RESULT = SessionResult.model_validate_json(examples.RESULT)


def _answer(body: Session | SessionResult, status: int = 200, **headers: str) -> Response:
    text = body.__pydantic_serializer__.to_json(body, by_alias=True, exclude_unset=True)
    headers |= {"cache-control": "no-store", "x-request-id": f"req_{secrets.token_hex(8)}"}
    return Response(text, status, headers, "application/json")


async def create_session(request: Request) -> Response:
    key = request.headers.get("idempotency-key")
    if not request.headers.get("x-api-key"):
        return Response(status_code=401)
    if request.headers.get("content-type") != "application/json":
        return Response(status_code=415)
    if key is not None and not 1 <= len(key) <= 255:
        return Response(status_code=400)
    try:
        SessionRequest.model_validate_json(await request.body())
    except ValidationError as error:
        return Response(error.json(), 400, media_type="application/json")
    return _answer(_SESSION, 201, location=examples.RESULT_PATH)


async def get_result(request: Request) -> Response:
    if not request.headers.get("x-api-key"):
        return Response(status_code=401)
    if len(request.path_params["id"]) > 255:
        return Response(status_code=400)
    return _answer(_RESULT)


app = Starlette(
    routes=[
        Route("/checkout/session", create_session, methods=["POST"]),
        Route("/checkout/session/{id}/result", get_result),
    ]
)
