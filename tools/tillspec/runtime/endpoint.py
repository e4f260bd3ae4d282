"""One operation on the server's side: its checks, its handler and its answers, put together once.

A request is checked in this order: path, method, credentials, media type, size, parameters and body. What fails is shaped by the
surface of the operation; a handler sees only what the contract allows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import to_json
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from . import media
from .authentication import Authenticate, authenticator, challenge, used
from .intake import MISSING_BODY, BodyReader, Invalid, ParameterReader, ReadBody, Unsupported, header_names, raw_request
from .invalid_signature import InvalidSignature
from .operation import Operation, Response, SecurityScheme
from .parameters import Raw
from .paths import expressions
from .refusal import Kind, OperationNotImplemented, Refusal, Surface, status_of
from .replies import Ambient, Reply, Undeclared, Write, ambient_headers, plain_headers, problem, writers
from .request import Request
from .scalars import LENIENT
from .violations import Violation

if TYPE_CHECKING:
    from .receiving import Receiver

_FAILED: Final = "Something went wrong"
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Binding:
    """An operation, and who answers it: `handlers` has a method of that name; None answers 501.

    `surface` shapes errors, `error_type` is their media type; without one they are problem documents (RFC 9457). Of a webhook,
    `path` replaces the operation's own, `receiver` says that it may have grown since, and `guard` raises `InvalidSignature` where
    it is not to be trusted.
    """

    operation: Operation[Any]
    method: str
    handlers: object | None
    surface: Surface | None = None
    error_type: str = "application/json"
    path: str | None = None
    receiver: Receiver | None = None
    guard: Callable[[Request], None] | None = None


def request_of(scope: Scope, operation: str | None) -> Request:
    """The request of an ASGI scope."""
    client = scope.get("client")
    return Request(
        operation=operation,
        method=scope["method"],
        path=scope["path"],
        headers=Headers(raw=scope["headers"]),
        scope=scope,
        client=client[0] if client else None,
        state=scope.setdefault("state", {}),
    )


class Errors:
    """The answers that the stub gives by itself, shaped by the surface."""

    def __init__(self, binding: Binding, operation: str | None) -> None:
        self._surface = binding.surface
        self._error_type = binding.error_type.encode()
        self._operation = operation
        self.ambient: Ambient = getattr(binding.surface, "headers", None) or (lambda request: None)

    def headers(self, request: Request) -> list[tuple[bytes, bytes]]:
        """The same as ASGI has them; none where the surface fails, which is logged."""
        try:
            return ambient_headers(self.ambient(request))
        except Exception:
            _log.exception("the surface of %s gave no headers", self._operation or request.path)
            return []

    def reply(
        self, request: Request, kind: Kind, message: str, found: Sequence[Violation] = (), challenge: str | None = None
    ) -> Reply:
        """The answer to a request that is refused; a problem document where the surface fails, which is logged."""
        refusal = Refusal(
            kind=kind, status=status_of(kind, found), message=message, request=request, operation_id=self._operation,
            violations=tuple(found), challenge=challenge,
        )  # fmt: skip
        try:
            shaped = self._shaped(refusal)
        except (OperationNotImplemented, NotImplementedError):
            shaped = _problem(refusal)
        except Exception:
            _log.exception("the surface of %s could not refuse a request", self._operation or request.path)
            shaped = _problem(refusal)
        names = {name for name, _ in shaped.headers}
        more = [header for header in self.headers(request) if header[0] not in names]
        if challenge and b"www-authenticate" not in names:
            more.append((b"www-authenticate", challenge.encode()))
        return Reply(shaped.status, shaped.body, [*shaped.headers, *more])

    def _shaped(self, refusal: Refusal) -> Reply:
        if self._surface is None:
            return _problem(refusal)
        shaped = self._surface.refuse(refusal)
        headers = plain_headers(shaped.headers)
        if not any(name == b"content-type" for name, _ in headers):
            headers.append((b"content-type", self._error_type))
        return Reply(shaped.status or refusal.status, to_json(shaped.body, by_alias=True), headers)


def _problem(refusal: Refusal) -> Reply:
    return problem(refusal.status, refusal.message, refusal.violations)


class OperationEndpoint:
    """One operation: its checks and its handler, put together once."""

    def __init__(self, binding: Binding, schemes: Mapping[str, SecurityScheme], max_body: int) -> None:
        operation = self.operation = binding.operation
        self.names = expressions(binding.path or operation.path)
        self._id = operation.id
        self._handler: Callable[..., Any] | None = getattr(binding.handlers, binding.method, None)
        self._errors = Errors(binding, operation.id)
        self._authenticate = authenticator(operation, schemes)
        self._challenge = challenge(operation, schemes)
        self._headers = header_names(operation.parameters, used(operation, schemes))
        self._offers = offers(operation)
        self._max_body = max_body
        self._guard = binding.guard
        self._context = LENIENT if binding.receiver is not None else None
        self._tags = binding.receiver.tags if binding.receiver is not None else None

    # What needs the models' validators is made when the first request comes: a large API starts at once.

    @cached_property
    def _parameters(self) -> ParameterReader | None:
        return ParameterReader(self.operation, self._context) if self.operation.parameters else None

    @cached_property
    def _body(self) -> BodyReader | None:
        return BodyReader(self.operation.body, self._context, self._tags) if self.operation.body else None

    @cached_property
    def _writers(self) -> Mapping[type[Response], Write]:
        return writers(self.operation, self._errors.ambient)

    async def serve(self, scope: Scope, receive: Receive, send: Send, values: tuple[str, ...]) -> None:
        """Answers one request."""
        request = request_of(scope, self._id)
        try:
            reply = await self.answer(request, receive, values, self._authenticate)
        except ClientDisconnect:
            return
        await reply.send(send, head=request.method == "HEAD")
        if request.tasks is not None:
            await request.tasks()

    async def answer(
        self, request: Request, receive: Receive, values: tuple[str, ...], authenticate: Authenticate | None
    ) -> Reply:
        """The answer to one request: `values` are those of the path's expressions, `authenticate` gives the credential.

        Raises:
            ClientDisconnect: who asked has gone away.
            HTTPException: middleware does not let the body be read.
        """
        refuse = self._errors.reply
        if self._handler is None:
            return refuse(request, "not_implemented", f"{self._id} is not implemented")
        keywords: dict[str, Any] = {}
        try:
            path = dict(zip(self.names, values, strict=True)) if values else {}
            raw = raw_request(request.scope["headers"], request.scope["query_string"], path, self._headers)
            if authenticate is not None:
                accepted, keywords["credentials"] = authenticate(raw)
                if not accepted:
                    return refuse(request, "unauthorized", "Credentials are missing or malformed", (), self._challenge or None)
            if self._offers:
                keywords["accept"] = media.negotiate(raw.headers.get("accept"), self._offers)
            await self._read(request, receive, raw, keywords)
            return await self._handle(request, keywords)
        except Invalid as error:
            return refuse(request, "invalid_request", _said(error.found), error.found)
        except Unsupported as error:
            return refuse(request, "unsupported_media_type", str(error))
        except InvalidSignature as error:
            if error.reason == "malformed":
                return refuse(request, "invalid_request", str(error))
            return refuse(request, "unauthorized", str(error), (), "Signature")
        except _TooLarge:
            return refuse(request, "payload_too_large", f"The body is larger than {self._max_body} bytes")
        except (ClientDisconnect, HTTPException):
            raise
        except Exception:
            _log.exception("reading a request for %s failed", self._id)
            return refuse(request, "server_error", _FAILED)

    async def _read(self, request: Request, receive: Receive, raw: Raw, keywords: dict[str, Any]) -> None:
        """Puts parameters and body into `keywords`; of a delivery that has to be verified, when it has been."""
        if self._guard is not None:
            await self._read_raw(request, receive, raw)
            self._guard(request)
        if self._body is not None:
            await self._read_body(self._body, request, receive, raw, keywords)
        elif self._parameters is not None and (found := self._parameters.read(raw, keywords)):
            raise Invalid(*found)

    async def _read_raw(self, request: Request, receive: Receive, raw: Raw) -> bytes:
        """Puts the bytes of the body into the request."""
        request.body = await _received(receive, raw.headers.get("content-length"), self._max_body)
        return request.body

    async def _read_body(
        self, reader: BodyReader, request: Request, receive: Receive, raw: Raw, keywords: dict[str, Any]
    ) -> None:
        """Puts `body` (and `media_type`), and the parameters, into `keywords`."""
        declared = raw.headers.get("content-type")
        read: ReadBody | None = None
        media_type = None
        if declared is not None and raw.headers.get("content-length") != "0":
            media_type, read = reader.choose(declared)
        body = request.body if self._guard is not None else await self._read_raw(request, receive, raw)
        found = self._parameters.read(raw, keywords) if self._parameters is not None else []
        if not body and (read is None or not reader.required):
            if reader.required:
                found.append(MISSING_BODY)
            keywords["body"] = None
        elif read is None:
            raise Unsupported("A body needs a Content-Type")
        else:
            try:
                keywords["body"] = read(body)
            except Invalid as error:
                found += error.found
        if reader.chooses:
            keywords["media_type"] = media_type
        if found:
            raise Invalid(*found)

    async def _handle(self, request: Request, keywords: dict[str, Any]) -> Reply:
        assert self._handler is not None
        try:
            response = await self._handler(request, **keywords)
            write = self._writers.get(type(response))
            if write is None:
                raise Undeclared(type(response).__name__)
            return write(response, request)
        except (OperationNotImplemented, NotImplementedError):
            return self._errors.reply(request, "not_implemented", f"{self._id} is not implemented")
        except ClientDisconnect:
            raise
        except Undeclared as error:
            _log.error("%s answered with what the contract does not declare: %s", self._id, error)
        except Exception:
            _log.exception("%s failed", self._id)
        return self._errors.reply(request, "server_error", _FAILED)


class _TooLarge(Exception):
    pass


def offers(operation: Operation[Any]) -> tuple[str, ...]:
    """The media types that a success may be asked for as; none where there is no choice."""
    kinds = [kind for status, kind in operation.responses.items() if status[0] in "123"]
    kinds = kinds or (list(operation.responses.values()) if list(operation.responses) == ["default"] else [])
    found = tuple(dict.fromkeys(name for kind in kinds for name in kind.wire.contents if "*" not in name))
    return found if len(found) > 1 else ()


async def _received(receive: Receive, length: str | None, limit: int) -> bytes:
    if length is not None and length.isascii() and length.isdigit() and (len(length) > 18 or int(length) > limit):
        raise _TooLarge
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    body: bytes = message.get("body", b"")
    parts, size = [body], len(body)
    while message.get("more_body", False) and size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if size > limit:
        raise _TooLarge
    return body if len(parts) == 1 else b"".join(parts)


def _said(found: Sequence[Violation]) -> str:
    first = found[0]
    place = f"{first.location} {first.pointer}".strip()
    return f"{place}: {first.message}" + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")
