"""How the shop's four surfaces name their requests and shape their errors."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import Literal, cast

from checkout_api import models, responses
from checkout_api.server import (
    DiddoHeaders,
    DiddoSurface,
    DinteroHeaders,
    DinteroSurface,
    Gr4vyHeaders,
    Gr4vySurface,
    OperationNotImplemented,
    Problem,
    Refusal,
    Request,
    VinrHeaders,
    VinrSurface,
    Violation,
)

Gr4vyBody = (
    models.Gr4vyBadRequestError
    | models.Gr4vyUnauthorizedError
    | models.Gr4vyMethodNotAllowedError
    | models.Gr4vyUnsupportedMediaTypeError
    | models.Gr4vyValidationError
    | models.Gr4vyInternalServerError
)

_ERROR: Literal["error"] = "error"


def request_id(request: Request) -> str:
    """The name of a request: made once, shared by the header and VINR's error body."""
    name: str = request.state.setdefault("request_id", f"req_{secrets.token_hex(8)}")
    return name


def vinr_error(
    request: Request,
    code: models.VinrErrorCode,
    message: str,
    param: str | None = None,
    kind: models.VinrErrorType = "invalid_request_error",
) -> models.VinrError:
    detail = models.VinrErrorDetail(type=kind, code=code, message=message, request_id=request_id(request))
    if param is not None:
        detail.param = param
    return models.VinrError(error=detail)


def vinr_unauthorized(request: Request) -> responses.VinrUnauthorized:
    body = vinr_error(request, "invalid_api_key", "X-Api-Key is missing or is not a valid key.", kind="authentication_error")
    return responses.VinrUnauthorized(body=body, www_authenticate='ApiKey realm="vinr"')


def gr4vy_unauthorized() -> responses.Gr4vyUnauthorized:
    return responses.Gr4vyUnauthorized(body=_gr4vy_unauthorized("There is no valid bearer token."), www_authenticate="Bearer")


def gr4vy_not_found() -> responses.Gr4vyNotFound:
    message = "There is no such checkout session, or it has expired."
    return responses.Gr4vyNotFound(
        body=models.Gr4vyNotFoundError(type=_ERROR, code="not_found", status=404, message=message, details=[])
    )


def gr4vy_bad_request(message: str, details: Iterable[models.Gr4vyErrorDetail] = ()) -> models.Gr4vyBadRequestError:
    return models.Gr4vyBadRequestError(type=_ERROR, code="bad_request", status=400, message=message, details=list(details))


def dintero_error(message: str, code: str, path: str | None = None) -> models.DinteroError:
    body = models.DinteroErrorBody(message=message, code=code)
    if path is not None:
        body.errors = [models.DinteroErrorItem(path=path, message=message, code=code)]
    return models.DinteroError(error=body)


def dintero_unauthorized() -> responses.DinteroUnauthorized:
    body = dintero_error("There is no valid access token.", "unauthorized")
    return responses.DinteroUnauthorized(body=body, www_authenticate="Bearer")


def diddo_error(code: models.DiddoErrorCode, message: str, field: str | None = None) -> models.DiddoError:
    if field is None:
        return models.DiddoError(code=code, message=message)
    return models.DiddoError(code=code, message=message, errors=[models.DiddoFieldError(field=field, message=message)])


def diddo_unauthorized() -> responses.DiddoUnauthorized:
    body = diddo_error("UNAUTHORIZED", "The API key is missing or not valid.")
    return responses.DiddoUnauthorized(body=body, www_authenticate="Bearer")


def diddo_no_cart() -> models.DiddoError:
    return diddo_error("CART_NOT_FOUND", "No cart has this id.")


def diddo_no_template() -> responses.DiddoNotFound:
    return responses.DiddoNotFound(body=diddo_no_cart())


class Vinr(VinrSurface):
    def headers(self, request: Request) -> VinrHeaders:
        return VinrHeaders(x_request_id=request_id(request))

    def refuse(self, refusal: Refusal) -> Problem[models.VinrError]:
        request = refusal.request
        match refusal.kind:
            case "unauthorized":
                return Problem(vinr_unauthorized(request).body)
            case "unsupported_media_type":
                return Problem(vinr_error(request, "unsupported_media_type", refusal.message))
            case "invalid_request" if refusal.violations:
                first = refusal.violations[0]
                # A rule of the contract brings its own code, which is one of the contract's.
                code = (
                    cast("models.VinrErrorCode", first.code) if first.code else _VINR_CODES.get(first.type, "parameter_invalid")
                )
                return Problem(vinr_error(request, code, refusal.message, _member(first) or None))
            case "server_error" | "not_implemented":
                return Problem(vinr_error(request, "internal_error", refusal.message, kind="api_error"))
            case _:
                return Problem(vinr_error(request, "parameter_invalid", refusal.message))


class Gr4vy(Gr4vySurface):
    def headers(self, request: Request) -> Gr4vyHeaders:
        return Gr4vyHeaders(x_request_id=request_id(request))

    def refuse(self, refusal: Refusal) -> Problem[Gr4vyBody]:
        message = refusal.message
        match refusal.kind:
            case "unauthorized":
                return Problem(_gr4vy_unauthorized(message))
            case "unsupported_media_type":
                return Problem(
                    models.Gr4vyUnsupportedMediaTypeError(
                        type=_ERROR, code="unsupported_media_type", status=415, message=message, details=[]
                    )
                )
            case "method_not_allowed":
                return Problem(
                    models.Gr4vyMethodNotAllowedError(
                        type=_ERROR, code="method_not_allowed", status=405, message=message, details=[]
                    )
                )
            case "invalid_request" if refusal.violations and all(found.type == "rule" for found in refusal.violations):
                found = [_gr4vy_error_detail(violation) for violation in refusal.violations]
                return Problem(gr4vy_bad_request("The request breaks a rule.", found))
            case "invalid_request" if any(found.type != "json_invalid" for found in refusal.violations):
                # What a schema can tell is 422 here; 400 is for what is no JSON at all.
                return Problem(models.Gr4vyValidationError(detail=[_gr4vy_detail(v) for v in refusal.violations]), status=422)
            case "invalid_request":
                return Problem(gr4vy_bad_request("The body is not JSON."))
            case "server_error":
                return Problem(
                    models.Gr4vyInternalServerError(type=_ERROR, code="server_error", status=500, message=message, details=[])
                )
            case _:
                # Gr4vy has no error of this status; a problem document (RFC 9457) says it.
                raise OperationNotImplemented(refusal.kind)


class Dintero(DinteroSurface):
    def headers(self, request: Request) -> DinteroHeaders:
        return DinteroHeaders(x_request_id=request_id(request))

    def refuse(self, refusal: Refusal) -> Problem[models.DinteroError]:
        match refusal.violations:
            case (Violation(type="json_invalid"), *_):
                return Problem(dintero_error("The body is not JSON.", "invalid_json"))
            case (first, *_):
                return Problem(dintero_error(refusal.message, "validation_error", first.pointer))
            case _:
                return Problem(dintero_error(refusal.message, refusal.kind))


class Diddo(DiddoSurface):
    def headers(self, request: Request) -> DiddoHeaders:
        return DiddoHeaders(x_request_id=request_id(request))

    def refuse(self, refusal: Refusal) -> Problem[models.DiddoError]:
        match refusal.kind:
            case "unauthorized":
                return Problem(diddo_unauthorized().body)
            case "unsupported_media_type":
                return Problem(diddo_error("UNSUPPORTED_MEDIA_TYPE", refusal.message))
            case "server_error" | "not_implemented":
                return Problem(diddo_error("INTERNAL_ERROR", refusal.message))
            case _:
                fields = [models.DiddoFieldError(field=_member(v) or v.location, message=v.message) for v in refusal.violations]
                body = diddo_error("INVALID_REQUEST", "The request is not valid.")
                if fields:
                    body.errors = fields
                return Problem(body)


_VINR_CODES: dict[str, models.VinrErrorCode] = {
    "missing": "parameter_missing",
    "extra_forbidden": "parameter_unknown",
    "json_invalid": "invalid_json",
}


def _member(violation: Violation) -> str:
    """`/cartItems/0/price` as `cartItems[0].price`."""
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", violation.pointer.strip("/").replace("/", "."))


def _gr4vy_unauthorized(message: str) -> models.Gr4vyUnauthorizedError:
    return models.Gr4vyUnauthorizedError(type=_ERROR, code="unauthorized", status=401, message=message, details=[])


def _gr4vy_error_detail(violation: Violation) -> models.Gr4vyErrorDetail:
    return models.Gr4vyErrorDetail(location="body", pointer=violation.pointer, message=violation.message, type="value_error")


def _gr4vy_detail(violation: Violation) -> models.Gr4vyValidationErrorDetail:
    path = [int(part) if part.isdigit() else part for part in violation.pointer.split("/")[1:]]
    detail = {"loc": [violation.location, *path], "msg": violation.message, "type": violation.type}
    return models.Gr4vyValidationErrorDetail.model_validate(detail)
