"""How VINR's surface shapes its errors and headers."""

from __future__ import annotations

import uuid

from checkout_server import models
from checkout_server.server import Problem, Refusal, Request, VinrHeaders, VinrSurface

_CODES = {
    "unauthorized": "invalid_api_key",
    "unsupported_media_type": "unsupported_media_type",
    "server_error": "internal_error",
    "not_implemented": "internal_error",
}
_VIOLATIONS = {"json_invalid": "invalid_json", "missing": "parameter_missing", "extra_forbidden": "parameter_unknown"}
_TYPES = {"invalid_api_key": "authentication_error", "expired_api_key": "authentication_error", "internal_error": "api_error"}


def request_id(request: Request) -> str:
    """The request's own id, which its answer and its errors name."""
    made: str = request.state.setdefault("x_request_id", uuid.uuid4().hex)
    return made


def error(request: Request, code: str, message: str, param: str | None = None) -> models.VinrError:
    """The body of every error."""
    detail = {"type": _TYPES.get(code, "invalid_request_error"), "code": code, "message": message}
    named = {"param": param} if param else {}
    return models.VinrError.model_validate({"error": {**detail, **named, "request_id": request_id(request)}})


class MyVinrSurface(VinrSurface):
    """VINR's errors, in VINR's words."""

    def refuse(self, refusal: Refusal) -> Problem[models.VinrError]:
        first = refusal.violations[0] if refusal.violations else None
        if first is None:
            return Problem(error(refusal.request, _CODES.get(refusal.kind, "parameter_invalid"), refusal.message))
        parts = [part.replace("~1", "/").replace("~0", "~") for part in first.pointer.split("/") if part]
        param = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts).lstrip(".")
        code = str(first.code or _VIOLATIONS.get(first.type, "parameter_invalid"))
        return Problem(error(refusal.request, code, first.message, param))

    def headers(self, request: Request) -> VinrHeaders:
        return VinrHeaders(x_request_id=request_id(request))
