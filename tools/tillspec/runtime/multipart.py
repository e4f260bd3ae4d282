"""Bodies `multipart/form-data` (RFC 7578), and other multipart bodies whose parts bear names: reading and writing them.

How each part travels is OpenAPI's to say (3.1.1, section 4.8.15): a text, a JSON document or a file; an array is several parts of
one name.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import to_json

from . import media
from .encoding import DELIMITERS, encoded_fields, jsonable
from .files import FilePart
from .operation import Blob, Content, Document, Items, Properties, Shape, Text
from .parameters import Malformed, decode_fields
from .texts import decoded, encoded, read, write

MAX_PARTS: Final = 1_000
"""The most parts that are read. A part has at most 8 header fields of about 4 KiB."""

_PLAIN_DELIMITERS: Final = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL: Final = re.compile(r"[\0-\x08\n-\x1f\x7f\ud800-\udfff]")
_OWN: Final = ("content-disposition", "content-type")


@dataclass(slots=True)
class Part:
    """A part as it was received; names of header fields are in lower case."""

    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def name(self) -> str | None:
        return media.parameter(self.headers.get("content-disposition", ""), "name")

    @property
    def filename(self) -> str | None:
        return media.parameter(self.headers.get("content-disposition", ""), "filename")

    def text(self) -> str:
        """The content as a text.

        Raises:
            ValueError: it is not UTF-8, or said to be in another charset.
        """
        charset = media.parameter(self.headers.get("content-type", ""), "charset")
        if charset is not None and charset.lower() not in ("utf-8", "utf8", "us-ascii"):
            raise ValueError("The charset must be UTF-8")
        return self.content.decode()

    def file(self) -> FilePart:
        others = {name: text for name, text in self.headers.items() if name not in _OWN}
        return FilePart(self.content, self.filename, self.headers.get("content-type"), others)


# -- reading ---------------------------------------------------------------------------------------------------------------


def read_multipart(content: Content, content_type: str, body: bytes) -> dict[str, Any]:
    """The object that a body stands for: JSON values, and files as `FilePart`.

    Raises:
        Malformed: no multipart body of that boundary, or a part that cannot be read as what the contract says of it.
    """
    by_name: dict[str, list[Part]] = {}
    for part in split(body, content_type):
        if part.name is None:
            raise Malformed("a part without a name")
        by_name.setdefault(part.name, []).append(part)
    styled, taken = _read_styled(content, by_name)
    shape = content.shape if isinstance(content.shape, Properties) else Properties({})
    plain = {
        name: _field(name, parts, shape.properties.get(name), shape.other) for name, parts in by_name.items() if name not in taken
    }
    return {**plain, **styled}


def split(body: bytes, content_type: str) -> list[Part]:
    """The parts of a multipart body.

    Raises:
        Malformed: it is none, it ends too early, or it has too many parts or header fields.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser

    boundary = media.parameter(content_type, "boundary")
    if not boundary:
        raise Malformed("the Content-Type needs a boundary")
    collected = _Collector()
    try:
        parser = MultipartParser(boundary.encode("latin-1"), collected.callbacks())  # type: ignore[arg-type]
        parser.write(body)
    except (FormParserError, UnicodeError):
        raise Malformed("not a multipart body of the boundary that is given") from None
    if not collected.ended:
        raise Malformed("the multipart body ends too early")
    return collected.parts


class _Collector:
    """Takes what the parser tells."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._name = b""
        self._value = b""
        self._chunks: list[bytes] = []

    def callbacks(self) -> Mapping[str, Any]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._add_name(data[start:end]),
            "on_header_value": lambda data, start, end: self._add_value(data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": lambda data, start, end: self._chunks.append(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        if len(self.parts) == MAX_PARTS:
            raise Malformed(f"more than {MAX_PARTS} parts")
        self.parts.append(Part())

    def _add_name(self, data: bytes) -> None:
        self._name += data

    def _add_value(self, data: bytes) -> None:
        self._value += data

    def _end_header(self) -> None:
        name = self._name.decode("latin-1").lower()
        if name in self.parts[-1].headers:
            raise Malformed(f"a part with two header fields {name}")
        try:
            self.parts[-1].headers[name] = self._value.decode().strip(" \t")
        except UnicodeDecodeError:
            raise Malformed("a header field of a part is not UTF-8") from None
        self._name = self._value = b""

    def _end(self) -> None:
        self.parts[-1].content = b"".join(self._chunks)
        self._chunks = []

    def _finish(self) -> None:
        self.ended = True


def _field(name: str, parts: Sequence[Part], declared: Shape | None, other: Shape) -> Any:
    shape: Shape = declared if declared is not None else Blob() if _is_file(parts, other) else other
    try:
        if isinstance(shape, Items):
            is_alone = shape.alone is not None and len(parts) == 1
            return _one(parts[0], shape.alone) if is_alone else [_one(part, shape.item) for part in parts]
        if len(parts) > 1:
            raise ValueError("given more than once")
        return _one(parts[0], shape)
    except ValueError as error:
        raise Malformed(_said(error, shape), name) from None


def _is_file(parts: Sequence[Part], other: Shape) -> bool:
    """Whether an undeclared part is a file: nothing is said of it, and it has a file's name."""
    return other == Text() and any(part.filename is not None for part in parts)


def _one(part: Part, shape: Shape | None) -> Any:
    match shape:
        case Blob():
            return part.file()
        case Text():
            return read(shape, part.text())
        case _:
            return read(Document(), part.text())


def _said(error: ValueError, shape: Shape) -> str:
    if isinstance(error, UnicodeError):
        return "not UTF-8"
    is_document = isinstance(shape, Document) or (isinstance(shape, Items) and isinstance(shape.item, Document))
    return f"Invalid JSON: {error}" if is_document else str(error)


def _read_styled(content: Content, by_name: Mapping[str, Sequence[Part]]) -> tuple[dict[str, Any], frozenset[str]]:
    """The properties that are written like parameters, and the names of the parts that they are made of."""
    if not content.styles:
        return {}, frozenset()
    pairs = []
    for name, parts in by_name.items():
        style, explode = content.styles.get(name, ("form", True))
        for part in parts:
            try:
                pairs.append((name, _as_in_a_query(part.text(), style, explode)))
            except ValueError:
                if name in content.styles:
                    raise Malformed("not UTF-8", name) from None
    return decode_fields(content, pairs)


def _as_in_a_query(text: str, style: str, explode: bool) -> str:
    if explode or style not in _PLAIN_DELIMITERS:
        return encoded(text)
    return DELIMITERS[style].join(map(encoded, text.split(_PLAIN_DELIMITERS[style])))


# -- writing ---------------------------------------------------------------------------------------------------------------


def write_multipart(content: Content, body: Any) -> tuple[str, bytes]:
    """The boundary and the bytes of a body.

    Raises:
        ValueError: a value that a part cannot carry.
        pydantic_core.PydanticSerializationError: it is not of the declared type.
    """
    assert content.value is not None, "a typed form has a value"
    plain = jsonable(content.value, body)
    if not isinstance(plain, dict):
        raise ValueError("a form carries an object")
    boundary = secrets.token_hex(16)
    chunks: list[bytes] = []
    for head, data in _parts(content, plain, _values(body)):
        chunks += [b"--", boundary.encode(), b"\r\n", *head, b"\r\n", data, b"\r\n"]
    return boundary, b"".join([*chunks, b"--", boundary.encode(), b"--\r\n"])


def _values(body: Any) -> Mapping[str, Any]:
    """The Python values of an object, files among them, by their names on the wire."""
    if not isinstance(body, BaseModel):
        return body if isinstance(body, Mapping) else {}
    fields = type(body).model_fields.items()
    return {field.alias or name: getattr(body, name) for name, field in fields} | (body.model_extra or {})


def _parts(content: Content, plain: Mapping[str, Any], files: Mapping[str, Any]) -> Iterable[tuple[list[bytes], bytes]]:
    shape = content.shape if isinstance(content.shape, Properties) else Properties({})
    for name, value in plain.items():
        of = shape.properties.get(name, shape.other)
        if name in content.styles:
            for key, text in encoded_fields(content, name, value):
                yield _head(key), _plain(text, *content.styles[name]).encode()
            continue
        given = files.get(name)
        several = isinstance(value, list) and isinstance(given, list | tuple) and not isinstance(of, Document)
        shape_of_one = of.item if isinstance(of, Items) else of
        for item, file in zip(value, given or (), strict=True) if several else [(value, given)]:
            if isinstance(file, FilePart):
                yield _file_head(name, file, shape_of_one), file.content
            elif isinstance(shape_of_one, Document) or isinstance(item, dict | list):
                yield _head(name, content.media_types.get(name, "application/json")), to_json(item)
            else:
                yield _head(name, content.media_types.get(name)), write(item).encode()


def _head(name: str, content_type: str | None = None, filename: str | None = None) -> list[bytes]:
    disposition = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if filename is not None:
        disposition += f'; filename="{_quoted(filename)}"'
    lines = [disposition, *([f"Content-Type: {_safe(content_type)}"] if content_type else [])]
    return [line.encode() + b"\r\n" for line in lines]


def _file_head(name: str, file: FilePart, shape: Shape) -> list[bytes]:
    content_type = file.content_type or (shape.media_type if isinstance(shape, Blob) else Blob().media_type)
    lines = _head(name, content_type, name if file.filename is None else file.filename)
    for key, text in file.headers.items():
        if not _TOKEN.fullmatch(key) or key.lower() in _OWN:
            raise ValueError(f"{key!r} cannot be a header of the part {name}")
        lines.append(f"{key}: {_safe(text)}\r\n".encode())
    return lines


def _quoted(text: str) -> str:
    """A quoted string (RFC 2045, section 5.1)."""
    return _safe(text).replace("\\", "\\\\").replace('"', '\\"')


def _safe(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("a header of a part would hold a control character or a lone surrogate")
    return text


def _plain(text: str, style: str, explode: bool) -> str:
    """What stands in a part is not percent-encoded (OpenAPI 3.1.1, appendix E)."""
    if explode or style not in _PLAIN_DELIMITERS:
        return decoded(text)
    delimiter = _PLAIN_DELIMITERS[style]
    items = [decoded(item) for item in text.split(DELIMITERS[style])]
    if any(delimiter in item for item in items):
        raise ValueError("an item holds the delimiter, which this style cannot say")
    return delimiter.join(items)
