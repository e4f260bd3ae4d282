"""Writing a request: from typed arguments to path, header fields and bytes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

import httpx
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from . import encoding, media
from .authorization import CredentialSource, carry, chosen
from .errors import MissingCredentials, Target
from .multipart import write_multipart
from .operation import Content, Operation, Parameter, SecurityScheme
from .texts import write

HeaderField = tuple[bytes, bytes]

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MEDIA_TYPE: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNSENDABLE: Final = re.compile(r"[\0-\x08\n-\x1f\x7f\ud800-\udfff]")
_TEMPLATE: Final = re.compile(r"\{([^{}]*)\}")
_FIELD: Final = re.compile(r"field_name='([^']*)'")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a call was given. `parameters` go by keyword, None stands for an optional one that is absent.

    `media_type` is the body's, and `accept` that of the wanted answer, where the contract leaves a choice. `url` is where a
    webhook or a callback goes; a text that is a function is made of the bytes of the body, as a signature is.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    media_type: str | None = None
    accept: str | None = None
    url: str | None = None


class Outgoing(NamedTuple):
    """A request. `path` stands below the client's base URL, or is an absolute URL where the call named one; `keyed` says that it
    carries an idempotency key.
    """

    path: str
    headers: list[HeaderField]
    content: bytes | None
    keyed: bool
    secrets: tuple[str, ...]


class RequestPlan:
    """How the requests of one operation are written, with the credentials that the client has."""

    def __init__(
        self,
        operation: Operation[Any],
        schemes: Mapping[str, SecurityScheme],
        credentials: Mapping[str, CredentialSource],
        target: Target,
    ) -> None:
        self._target = target
        self._credentials = credentials
        self._schemes = chosen(operation, schemes, credentials, target)
        path, _, query = operation.path.partition("#")[0].partition("?")
        self._query = [query] if query else []
        self._segments = [_TEMPLATE.split(segment) for segment in path.split("/")]
        self._parameters = operation.parameters
        self._body = operation.body
        self._accept = _Accept(operation)
        self._key = next((p for p in operation.parameters if is_key(p)), None)
        self._made_key = None if self._key is None else _key_maker(self._key)

    def write(self, arguments: Arguments) -> Outgoing:
        """The request; an idempotency key is made here, once, where the operation has one and the caller gave none.

        Raises:
            MissingCredentials: no alternative of the operation's security can be satisfied.
            ValueError: an argument that cannot be sent.
        """
        if isinstance(self._schemes, MissingCredentials):
            raise MissingCredentials(self._target, self._schemes.alternatives)
        carried = carry(self._schemes, self._credentials)
        fields = {b"accept": (b"Accept", self._accept.text(arguments.accept))}
        content = self._content(arguments, fields)
        texts = self._texts(arguments.parameters, content or b"")
        keyed = self._key is not None and self._key.keyword in texts.given
        for name, text in (*texts.headers, *carried.headers):
            lower, written = _header_name(name)
            fields[lower] = (written, header_text(name, text).encode())
        if cookies := texts.cookies + carried.cookies:
            fields[b"cookie"] = (b"Cookie", header_bytes("Cookie", "; ".join(cookies)))
        path, own_query = (self._path(texts.path), self._query) if arguments.url is None else split_url(arguments.url)
        query = "&".join([*own_query, *texts.query, *carried.query])
        return Outgoing(f"{path}?{query}" if query else path, list(fields.values()), content, keyed, tuple(carried.secrets))

    def _texts(self, given: Mapping[str, Any], content: bytes) -> _Texts:
        texts = _Texts()
        for parameter in self._parameters:
            value = given.get(parameter.keyword)
            if value is None and parameter is self._key and self._made_key:
                value = self._made_key()
            if value is None and not parameter.required:
                continue
            value = value(content) if callable(value) else value
            try:
                texts.add(parameter, encoding.encode(parameter, value))
            except PydanticSerializationError:
                raise ValueError(f"{self._target}: the argument {parameter.keyword} is not of its type") from None
            except ValueError as error:
                raise ValueError(f"{self._target}: the argument {parameter.keyword}: {error}") from None
        return texts

    def _path(self, values: Mapping[str, str]) -> str:
        """The path; no value can add a segment to it, or take one away (RFC 3986, section 5.2.4)."""
        segments = []
        for pieces in self._segments:
            if len(pieces) == 1:
                segments.append(pieces[0])
                continue
            text = "".join(values.get(piece, "") if number % 2 else piece for number, piece in enumerate(pieces))
            if text in ("", ".", "..") or "/" in text:
                raise ValueError(f"{self._target}: the path's values make {text!r} of a part of the path")
            segments.append(text)
        return "/".join(segments)

    def _content(self, arguments: Arguments, fields: dict[bytes, HeaderField]) -> bytes | None:
        body = self._body
        if body is None or (arguments.body is None and not body.required):
            return None
        name, content = _picked(body.contents, arguments.media_type)
        if not _fits(content, arguments.body):
            raise ValueError(f"{self._target}: the body is not of its type")
        try:
            name, data = _encoded(name, content, arguments.body)
            fields[b"content-type"] = (b"Content-Type", header_bytes("Content-Type", name))
            return data
        except PydanticSerializationError as error:
            where = _FIELD.search(str(error))
            named = f", at {where[1]}" if where else ""
            # Not pydantic's own text: it quotes values, and a body may hold secrets.
            raise ValueError(f"{self._target}: the body is not of its type{named}") from None


@dataclass(slots=True)
class _Texts:
    """Parameters as texts, by where they stand; `given` are the keywords of those that are sent."""

    path: dict[str, str] = field(default_factory=dict)
    query: list[str] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)
    given: set[str] = field(default_factory=set)

    def add(self, parameter: Parameter, text: str) -> None:
        self.given.add(parameter.keyword)
        match parameter.location:
            case "path":
                self.path[parameter.name] = text
            case "header":
                self.headers.append((parameter.name, text))
            case "cookie":
                self.cookies += [text] if text else []
            case "query" | "querystring":
                self.query += [text] if text else []


class _Accept:
    """The `Accept` of an operation (RFC 9110, section 12.5.1).

    What a success may come as is wanted most; the types of the errors are accepted behind it, so that a server that negotiates
    strictly can still say what is wrong.
    """

    def __init__(self, operation: Operation[Any]) -> None:
        good: dict[str, None] = {}
        bad: dict[str, None] = {}
        for status, kind in operation.responses.items():
            success = status[0] in "123" or len(operation.responses) == 1
            (good if success else bad).update(dict.fromkeys(filter(None, map(_essence, kind.wire.contents))))
        self._behind = [name for name in bad if name not in good] if good else []
        self._text = self._joined(list(good)) if good else ", ".join(bad).encode() or b"*/*"

    def text(self, wanted: str | None) -> bytes:
        return self._text if wanted is None else self._joined([header_text("accept", wanted)])

    def _joined(self, names: list[str]) -> bytes:
        return ", ".join([*names, *(f"{name};q=0.1" for name in self._behind if name not in names)]).encode()


def split_url(text: str) -> tuple[str, list[str]]:
    """A URL to send to, without its query, and its query.

    Raises:
        ValueError: not an absolute http(s) URL, or one with user information or a fragment. The message does not show it.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise ValueError("the url is none") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("the url must be an absolute http or https URL")
    if url.userinfo or url.fragment:
        raise ValueError("the url must have no user information and no fragment")
    base, _, query = str(url).partition("?")
    return base, [query] if query else []


def is_key(parameter: Parameter) -> bool:
    """Whether a parameter is an idempotency key."""
    return parameter.location == "header" and parameter.name.lower() == "idempotency-key"


def header_bytes(name: str, text: str) -> bytes:
    """A header's value as it is sent: UTF-8.

    Raises:
        ValueError: the name is not a token, or the value holds what no header can (RFC 9110, section 5.5). The message does not
            show the value, which may be a credential.
    """
    _header_name(name)
    return header_text(name, text).encode()


@lru_cache(256)
def _header_name(name: str) -> tuple[bytes, bytes]:
    """The name of a header in lower case, and as it is."""
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a header")
    return name.lower().encode(), name.encode()


def header_text(name: str, text: str) -> str:
    if not text.isprintable() and _UNSENDABLE.search(text):  # what is printable holds no such characters
        raise ValueError(f"the header {name} would hold a control character or a lone surrogate")
    return text


def _essence(media_type: str) -> str | None:
    """A media type without parameters; None for a text that is none."""
    essence = media_type.partition(";")[0].strip()
    return essence if _MEDIA_TYPE.fullmatch(essence) else None


def _key_maker(parameter: Parameter) -> Callable[[], str | uuid.UUID] | None:
    """What makes a key that the parameter takes: texts of UUIDs, UUIDs, or nothing."""
    makers: tuple[Callable[[], str | uuid.UUID], ...] = (lambda: str(uuid.uuid4()), uuid.uuid4)
    for make in makers:
        try:
            parameter.value.adapter.validate_python(make())
            encoding.encode(parameter, make())
        except (ValidationError, ValueError):
            continue
        return make
    return None


def _picked(contents: Mapping[str, Content], media_type: str | None) -> tuple[str, Content]:
    if media_type is None:
        return next(iter(contents.items()))
    found = media.find(contents, media_type)
    if found is None:
        raise ValueError(f"the contract does not declare a body of type {media_type!r}")
    return media_type, found[1]


def _fits(content: Content, body: Any) -> bool:
    """What pydantic's serialisers do not mind: None, and another model than the declared one."""
    if content.value is None or (body is not None and not isinstance(body, BaseModel)):
        return True
    kind = content.value.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return isinstance(body, kind)
    return body is not None or content.value.adapter.validator.isinstance_python(None)


def _encoded(media_type: str, content: Content, body: Any) -> tuple[str, bytes]:
    """The `Content-Type`, and the bytes."""
    match content.carrier:
        case "json" if content.value is not None:
            return media_type, content.value.adapter.serializer.to_json(body, by_alias=True, exclude_unset=True, warnings="error")
        case "form":
            return media_type, encoding.encode_form(content, body).encode()
        case "multipart":
            boundary, data = write_multipart(content, body)
            return f"{media.essence(media_type)}; boundary={boundary}", data
        case "text":
            return media_type, _text(content, body).encode()
        case _ if isinstance(body, bytes | bytearray | memoryview):
            return media_type, bytes(body)
        case _:
            raise ValueError("the body must be bytes")


def _text(content: Content, body: Any) -> str:
    return str(body) if content.value is None else write(encoding.jsonable(content.value, body))
