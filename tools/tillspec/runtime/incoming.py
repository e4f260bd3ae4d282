"""Reading an answer: from status, headers and bytes to the declared response class, or to an error."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from pydantic import ValidationError
from pydantic_core import to_json

from . import media, parameters
from .errors import Answer, ErrorResponse, Target, UnexpectedResponse
from .masking import excerpt, request_id, shorten
from .multipart import read_multipart
from .operation import Content, Header, Operation, Response, Text, Wire
from .scalars import LENIENT
from .texts import read

_BODILESS = frozenset({204, 205, 304})


class _Unreadable(Exception):
    """Why an answer is not what the contract declares."""


class ResponsePlan:
    """How the answers of one operation are read. `errors` goes from response classes to the exceptions that carry them."""

    def __init__(
        self, operation: Operation[Any], errors: Mapping[type[Response], type[ErrorResponse[Any]]], target: Target
    ) -> None:
        self._target = target
        self._readers = {
            status: _Reader(kind, status.isdigit() or operation.method == "HEAD") for status, kind in operation.responses.items()
        }
        self._errors = _raised(operation, errors)
        self._head = operation.method == "HEAD"

    def read(self, answer: httpx.Response, secrets: tuple[str, ...]) -> Response:
        """The typed response: the declaration of the exact status first, then of its range (`4XX`), then `default`.

        Raises:
            ErrorResponse: the contract declares it as an error.
            UnexpectedResponse: an undeclared status or media type, or a body or required header that does not fit.
        """
        status = answer.status_code
        readers = self._readers
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in readers:
                break
        else:
            raise UnexpectedResponse(self._target, "with a status that the contract does not declare", _plain(answer, secrets))
        try:
            response = readers[key].read(answer, self._head or status in _BODILESS)
        except _Unreadable as error:
            raise UnexpectedResponse(self._target, str(error), _plain(answer, secrets)) from None
        kind = self._errors.get(key)
        if kind is not None:
            raise kind(self._target, response, _plain(answer, secrets))
        return response


class _Reader:
    """Builds one response class.

    `may_lack` says that a body is None where HTTP allows none (RFC 9110, section 6.4.1) though the contract declares one, as
    some do for 204 and HEAD. The same under `4XX` or `default` is an answer that nobody declared.
    """

    def __init__(self, kind: type[Response], may_lack: bool) -> None:
        fields = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
        wire: Wire = kind.wire
        self._may_lack = may_lack
        self._kind: Callable[..., Response] = kind
        self._headers = tuple((header, header.name.lower().encode()) for header in wire.headers)
        self._contents = wire.contents
        self._has_body = "body" in fields
        self._has_status = "status" in fields
        self._has_media_type = "media_type" in fields
        self._only = next(iter(wire.contents.items())) if len(wire.contents) == 1 else None
        self._expected = self._only[0] if self._only else None

    def read(self, answer: httpx.Response, bodiless: bool) -> Response:
        values: dict[str, Any] = {}
        fields = _fields(answer.headers.raw)
        if self._has_status:
            values["status"] = answer.status_code
        if self._has_body and bodiless:
            if not self._may_lack:
                raise _Unreadable("without a body")
            values["body"] = None
        elif self._has_body:
            values["body"] = self._body(answer, _text(fields.get(b"content-type", b"")), values)
        for header, name in self._headers:
            field = fields.get(name)
            values[header.keyword] = _header(header, None if field is None else _text(field))
        return self._kind(**values)

    def _body(self, answer: httpx.Response, written: str, values: dict[str, Any]) -> Any:
        # Without a Content-Type a recipient may assume the one that it expects (RFC 9110, section 8.3).
        found = self._only if not written or written == self._expected else media.find(self._contents, written)
        if found is None:
            said = "with a media type that the contract does not declare" if written else "without a Content-Type"
            raise _Unreadable(said)
        name, content = found
        if self._has_media_type:
            values["media_type"] = written if media.is_open(name, content.carrier) else name
        return _decoded(content, answer)


def _fields(raw: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Header fields by their names in lower case, those of one name joined (RFC 9110, section 5.3)."""
    fields: dict[bytes, bytes] = {}
    for written, value in raw:
        name = written.lower()
        fields[name] = value if name not in fields else fields[name] + b", " + value
    return fields


def _text(field: bytes) -> str:
    try:
        return field.decode()
    except UnicodeDecodeError:
        return field.decode("latin-1")


def _raised(
    operation: Operation[Any], errors: Mapping[type[Response], type[ErrorResponse[Any]]]
) -> Mapping[str, type[ErrorResponse[Any]]]:
    """Errors are the statuses from 400, and `default` unless it is all that is declared."""
    raised = [key for key in operation.responses if key[0] in "45" or (key == "default" and len(operation.responses) > 1)]
    return {key: errors.get(operation.responses[key], ErrorResponse) for key in raised}


def _decoded(content: Content, answer: httpx.Response) -> Any:
    """The typed body, read leniently."""
    data = answer.content
    try:
        match content.carrier:
            case "bytes":
                return data
            case "text":
                return _typed_text(content, answer.text)
            case "multipart" if content.value is not None:
                parts = read_multipart(content, answer.headers.get("content-type", ""), data)
                return content.value.adapter.validator.validate_python(parts, context=LENIENT)
            case "json" if content.value is not None:
                return content.value.adapter.validator.validate_json(data, context=LENIENT)
            case "form" if content.value is not None:
                fields = parameters.decode_form(content, data.decode())
                return content.value.adapter.validator.validate_python(fields, context=LENIENT)
            case _:
                return data
    except ValidationError as error:
        raise _Unreadable(f"with a body that does not fit, at {_first(error)}") from None
    except (ValueError, RecursionError, LookupError):
        raise _Unreadable("with a body that cannot be decoded") from None


def _typed_text(content: Content, text: str) -> Any:
    if content.value is None:
        return text
    shape = content.shape if isinstance(content.shape, Text) else Text()
    return content.value.adapter.validator.validate_json(to_json(read(shape, text)), context=LENIENT)


def _header(header: Header, text: str | None) -> Any:
    """The value of a header, None for one that is optional and absent or unreadable: no answer is lost for its sake."""
    wanted = header.required and not header.ambient
    if text is not None:
        try:
            return parameters.validated(header.value, parameters.decode_header(header, text))
        except ValueError:  # pydantic's ValidationError is one
            if wanted:
                raise _Unreadable(f"with a header {header.name} that does not fit") from None
            return None
    if wanted:
        raise _Unreadable(f"without the header {header.name}")
    return None


def _first(error: ValidationError) -> str:
    """Where the first violation is, as a JSON Pointer, and its kind; never the value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in first["loc"])
    return f"{shorten(pointer) or 'its root'} ({first['type']})"


def _plain(answer: httpx.Response, secrets: tuple[str, ...]) -> Answer:
    media_type = media.essence(answer.headers.get("content-type", ""))
    return Answer(
        answer.status_code,
        answer.headers,
        answer.content,
        request_id(answer.headers, secrets),
        excerpt(answer.content, media_type, secrets),
    )
