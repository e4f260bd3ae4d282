"""The two operations in FastAPI, as somebody who knows it well would write them."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import FastAPI, Header, Path, Response, Security
from fastapi.security import APIKeyHeader

from . import examples
from .pydantic_models import Session, SessionRequest, SessionResult

_SESSION = Session.model_validate_json(examples.SESSION)
_RESULT = SessionResult.model_validate_json(examples.RESULT)

Key = Annotated[str, Security(APIKeyHeader(name="X-Api-Key"))]

app = FastAPI()


@app.post("/checkout/session", status_code=201, response_model_exclude_unset=True)
async def create_session(
    body: SessionRequest,
    key: Key,
    response: Response,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
) -> Session:
    response.headers["Location"] = examples.RESULT_PATH
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Request-Id"] = f"req_{secrets.token_hex(8)}"
    return _SESSION


@app.get("/checkout/session/{sessionId}/result", response_model_exclude_unset=True)
async def get_result(
    session_id: Annotated[str, Path(alias="sessionId", min_length=1, max_length=255)], key: Key, response: Response
) -> SessionResult:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Request-Id"] = f"req_{secrets.token_hex(8)}"
    return _RESULT
