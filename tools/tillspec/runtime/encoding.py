"""Writing parameters, headers and forms: OpenAPI 3.1, sections 4.8.12.2 to 4.8.12.4, with RFC 6570 where it defers to it.

What a style cannot carry (a comma in an array in a header, an empty object) is refused, never sent as something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from pydantic_core import to_json

from . import deep
from .operation import Content, Document, Header, Items, Parameter, Properties, Text, Value
from .texts import encoded, write

DELIMITERS: Final = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}
"""What stands between the items of an array in a query that is not exploded."""
_COOKIE_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_COOKIE_TEXT: Final = re.compile(r"[!#-+\x2d-:<-\[\]-~,]*")


_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def encode(parameter: Parameter, value: Any) -> str:
    """The text of a parameter: what replaces `{name}` in a path, a query's `a=1&a=2`, a header's value, a cookie's `name=value`.

    An empty text means that there is nothing to send (an empty array in a query).

    Raises:
        ValueError: the style cannot carry the value.
        pydantic_core.PydanticSerializationError: it is not of the declared type.
    """
    if parameter.media_type is not None:
        return _encoded_document(parameter, value)
    plain = jsonable(parameter.value, value)
    if parameter.location == "path":
        return _encoded_path(parameter, plain)
    if parameter.location == "header":
        return plain_header(plain, parameter.explode)
    if parameter.style == "cookie":
        return _encoded_cookies(parameter, plain)
    return "&".join(f"{encoded(name)}={text}" for name, text in _encoded_pairs(parameter, plain))


def encode_header(header: Header, value: Any) -> str:
    """The text of a response header (style `simple`, or a document).

    Raises:
        ValueError: the header cannot carry the value: a line break, a comma inside an item.
    """
    if is_json(header.media_type or ""):
        return plain_header(header.value.adapter.serializer.to_json(value, by_alias=True, warnings="error").decode(), False)
    return plain_header(jsonable(header.value, value), header.explode)


def encode_form(content: Content, value: Any) -> str:
    """The text of a body `application/x-www-form-urlencoded`: texts, JSON documents, arrays as several fields of one name; and
    what has a style as in a query.

    Raises:
        ValueError: a field that a form cannot carry.
    """
    plain = jsonable(content.value, value) if content.value is not None else value
    if not isinstance(plain, dict):
        raise ValueError("a form carries an object")
    pairs = [pair for name, item in plain.items() for pair in encoded_fields(content, name, item)]
    return "&".join(f"{encoded(name)}={text}" for name, text in pairs)


def encoded_fields(content: Content, name: str, value: Any) -> list[tuple[str, str]]:
    """The fields of one property of a form: names are plain, texts are encoded."""
    shape = content.shape.properties.get(name, content.shape.other) if isinstance(content.shape, Properties) else Text()
    if name in content.styles:
        style, explode = content.styles[name]
        anything = Value(Any)
        return _encoded_pairs(
            Parameter(name=name, keyword=name, location="query", value=anything, shape=shape, style=style, explode=explode), value
        )
    several = isinstance(value, list) and not isinstance(shape, Document)
    item = shape.item if isinstance(shape, Items) else shape
    as_json = isinstance(item, Document)
    return [
        (name, encoded(to_json(one).decode() if as_json or isinstance(one, dict | list) else write(one)))
        for one in (value if several else [value])
    ]


def jsonable(value: Value, item: Any) -> Any:
    """The JSON value of a typed one."""
    return value.adapter.serializer.to_python(item, mode="json", by_alias=True, warnings="error")


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON's (RFC 6838, section 4.2.8, for the suffix)."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence in ("application/json", "text/json") or essence.endswith("+json")


def _encoded_document(parameter: Parameter, value: Any) -> str:
    if is_json(parameter.media_type or ""):
        text = parameter.value.adapter.serializer.to_json(value, by_alias=True, warnings="error").decode()
    elif parameter.location == "querystring":
        content = Content(carrier="form", value=parameter.value, shape=parameter.shape, styles=parameter.styles)
        return encode_form(content, value)
    else:
        text = write(jsonable(parameter.value, value))
    match parameter.location:
        case "header":
            return plain_header(text, False)
        case "path":
            return _segment(encoded(text))
        case "querystring":
            return encoded(text)
        case _:
            return f"{encoded(parameter.name)}={encoded(text)}"


def _encoded_path(parameter: Parameter, value: Any) -> str:
    style, explode, name = parameter.style, parameter.explode, encoded(parameter.name)
    separator = {"label": ".", "matrix": ";"}.get(style, ",") if explode else ","

    def escaped(item: Any) -> str:
        text = encoded(write(item))
        if separator == "." and "." in text:
            # A dot is unreserved, and so the same as its escape (RFC 3986, section 6.2.2.2).
            raise ValueError("an item holds the dot that separates items in this style")
        return text

    match value:
        case dict() if explode and style == "matrix":
            joined = [_named(escaped(key), escaped(item)) for key, item in value.items()]
        case dict():
            joined = [escaped(key) + ("=" if explode else ",") + escaped(item) for key, item in value.items()]
        case list():
            joined = [_named(name, escaped(item)) if explode and style == "matrix" else escaped(item) for item in value]
            if joined == [""]:
                raise ValueError("an array of one empty text reads as an empty array")
        case _:
            joined, explode = [encoded(write(value))], False
    if style == "matrix":
        whole = separator.join(joined)
        return f";{whole}" if explode else f";{_named(name, whole)}"
    if style == "label":
        return "." + separator.join(joined)
    return _segment(separator.join(joined))


def _named(name: str, text: str) -> str:
    """RFC 6570, section 3.2.7: a name without a value has no equals sign."""
    return f"{name}={text}" if text else name


def _segment(text: str) -> str:
    """RFC 3986, section 5.2.4: a segment of dots would be taken out of the path, with what stands before it."""
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} cannot stand in a path")
    return text


def plain_header(value: Any, explode: bool) -> str:
    """The text of a header (style `simple`) that has a JSON value."""
    match value:
        case dict():
            parts = [
                _piece(key, "=," if explode else ",") + ("=" if explode else ",") + _piece(v, ",") for key, v in value.items()
            ]
        case list():
            parts = [_piece(item, ",") for item in value]
            if parts == [""]:
                raise ValueError("an array of one empty text reads as an empty array")
        case _:
            parts = [_piece(value, "")]
    return ",".join(parts)


def _piece(value: Any, refused: str) -> str:
    """A text inside a header: RFC 9110, section 5.5, allows no line break, no NUL, and no space at either end."""
    text = write(value)
    if text != text.strip(" \t") or _CONTROL.search(text) or any(c in text for c in refused):
        raise ValueError(f"{text!r} cannot stand in a header")
    text.encode()
    return text


def _encoded_cookies(parameter: Parameter, value: Any) -> str:
    """OpenAPI 3.2, section 4.12.3, style `cookie`: cookies as they are, nothing is escaped."""
    name = parameter.name
    match value:
        case dict() if parameter.explode:
            pairs = [(key, _crumb(item)) for key, item in value.items()]
        case list() if parameter.explode:
            pairs = [(name, _crumb(item)) for item in value]
        case dict():
            pairs = [(name, ",".join(_crumb(part, ",") for pair in value.items() for part in pair))]
        case list():
            pairs = [(name, ",".join(_crumb(item, ",") for item in value))]
        case _:
            pairs = [(name, _crumb(value))]
    if value == {}:
        raise ValueError("an empty object, which this style cannot say")
    if value == [""]:
        raise ValueError("an array of one empty text reads as an empty array")
    if any(not _COOKIE_NAME.fullmatch(key) for key, _ in pairs):
        raise ValueError("a key that cannot be the name of a cookie")
    return "; ".join(f"{key}={text}" for key, text in pairs)


def _crumb(value: Any, refused: str = "") -> str:
    """A text inside a cookie (RFC 6265, section 4.1.1, where commas are common all the same)."""
    text = write(value)
    if not _COOKIE_TEXT.fullmatch(text) or any(character in text for character in refused):
        raise ValueError(f"{text!r} cannot stand in a cookie")
    return text


def _encoded_pairs(parameter: Parameter, value: Any) -> list[tuple[str, str]]:
    """The pairs of a query or a cookie: names are plain, texts are encoded."""
    name, style = parameter.name, parameter.style
    escaped = _escaped(parameter)
    if style == "deepObject":
        return [(key, escaped(text)) for key, text in deep.flatten(name, value)]
    match value:
        case dict() if parameter.explode:
            pairs = [(key, escaped(item)) for key, item in value.items()]
        case list() if parameter.explode:
            return [(name, escaped(item)) for item in value]
        case dict():
            pairs = [(name, _joined([part for pair in value.items() for part in pair], style, escaped))]
        case list():
            return [(name, _joined(value, style, escaped))]
        case _:
            return [(name, escaped(value))]
    if not value:
        raise ValueError("an empty object, which this style cannot say")
    return pairs


def _escaped(parameter: Parameter) -> Callable[[Any], str]:
    """What escapes a value; `allowReserved` does not go so far that what separates items could stand inside one."""
    reserved = parameter.allow_reserved and parameter.location == "query"
    is_item = not parameter.explode

    def escaped(item: Any) -> str:
        text = encoded(write(item), reserved=reserved)
        return text.replace(",", "%2C") if is_item else text

    return escaped


def _joined(items: Sequence[Any], style: str, escaped: Callable[[Any], str]) -> str:
    delimiter, parts = DELIMITERS.get(style, ","), [escaped(item) for item in items]
    if any(delimiter in part for part in parts if delimiter != ","):
        raise ValueError("an item holds the delimiter, which this style cannot say")
    if parts == [""]:
        raise ValueError("an array of one empty text reads as an empty array")
    return delimiter.join(parts)
