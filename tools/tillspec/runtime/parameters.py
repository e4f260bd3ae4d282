"""Parameters in every style: OpenAPI 3.1, sections 4.8.12.2 to 4.8.12.4, with RFC 6570 where it defers to it.

`decoder` makes a reader once per parameter; `encode` (see `encoding`) writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from pydantic_core import to_json

from . import deep
from .effort import SMALL, sized
from .encoding import DELIMITERS, encode, encode_form, encode_header, is_json, jsonable
from .operation import Blob, Content, Document, Header, Items, Parameter, Properties, Shape, Text, Value
from .strict_json import parsed
from .texts import decoded, form_decoded, pairs_of, read

__all__ = [
    "ABSENT",
    "Decoder",
    "Malformed",
    "Raw",
    "decode",
    "decode_fields",
    "decode_form",
    "decode_header",
    "decoder",
    "encode",
    "encode_form",
    "encode_header",
    "jsonable",
    "other_readings",
    "validated",
    "validator",
]

ABSENT: Final[Any] = type("Absent", (), {"__repr__": lambda self: "ABSENT", "__bool__": lambda self: False})()
"""What a decoder gives where the request has no such parameter."""


class Raw(NamedTuple):
    """The texts of a request as they came: path and query still percent-encoded, header names in lower case."""

    path: Mapping[str, str]
    query: str
    pairs: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    cookies: Sequence[tuple[str, str]]


class Malformed(ValueError):
    """A form that cannot be read; `field` is the property that it is about, None where it is about all."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


Decoder = Callable[[Raw], Any]


def decoder(parameter: Parameter, others: frozenset[str] = frozenset()) -> Decoder:
    """A function from the raw request to the parameter's JSON value, or to `ABSENT`; it raises ValueError for a malformed text.

    `others` are the names of the operation's other query parameters, which an exploded object with free keys leaves alone.
    """
    if parameter.allow_empty and not parameter.required:
        return _unless_empty(parameter, others)
    name, location = parameter.name, parameter.location
    if location == "querystring":
        return _whole_query(parameter)
    if parameter.media_type is not None:
        return _document(parameter)
    if location == "path" and parameter.style == "simple" and parameter.shape == Text():
        return lambda raw: decoded(raw.path[name])
    if location == "path":
        return lambda raw: _path(parameter, raw.path[name])
    if location == "header":
        lower = name.lower()
        return lambda raw: (
            ABSENT
            if (text := raw.headers.get(lower)) is None
            else _fielded(parameter.shape, text.strip(" \t"), parameter.explode)
        )
    if parameter.style == "deepObject":
        return lambda raw: _deep(name, parameter.shape, raw.pairs)
    return _form(parameter, others)


def decode(parameter: Parameter, raw: Raw) -> Any:
    """The JSON value of one parameter, or `ABSENT`.

    Raises:
        ValueError: a malformed text.
    """
    return decoder(parameter)(raw)


def decode_header(header: Header, text: str) -> Any:
    """The JSON value of a response header (style `simple`, or a document).

    Raises:
        ValueError: malformed.
    """
    if is_json(header.media_type or ""):
        return parsed(text.encode())
    return _fielded(header.shape, text.strip(" \t"), header.explode)


def decode_form(content: Content, text: str) -> Any:
    """The JSON object of a body `application/x-www-form-urlencoded`.

    Raises:
        ValueError: malformed, not UTF-8, or a field that is given twice.
    """
    pairs = pairs_of(text)
    styled, taken = decode_fields(content, pairs)
    shape = content.shape if isinstance(content.shape, Properties) else Properties({})
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in taken:
            found.setdefault(name, []).append(_form_text(name, value))
    return {name: _field(name, texts, shape.properties.get(name, shape.other)) for name, texts in found.items()} | styled


def decode_fields(content: Content, pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, Any], frozenset[str]]:
    """The properties of a form that have a style, out of pairs of plain names and encoded texts; and the names that they took.

    Raises:
        Malformed: one of them cannot be read.
    """
    shape = content.shape if isinstance(content.shape, Properties) else Properties({})
    raw = Raw({}, "", pairs, {}, ())
    found: dict[str, Any] = {}
    taken: set[str] = set()
    for name, (style, explode) in content.styles.items():
        of = shape.properties.get(name, shape.other)
        anything = Value(Any)
        field = Parameter(name=name, keyword=name, location="query", value=anything, shape=of, style=style, explode=explode)
        try:
            value = decoder(field, frozenset(shape.properties))(raw)
        except ValueError as error:
            raise Malformed("not UTF-8" if isinstance(error, UnicodeError) else str(error), name) from None
        if value is not ABSENT:
            found[name] = value
        is_spread = style == "form" and explode and isinstance(of, Properties)
        names = set(value) if is_spread and value is not ABSENT else {name}
        taken |= names if style != "deepObject" else {key for key, _ in pairs if deep.path_of(key)[0] == name}
    return found, frozenset(taken)


def _form_text(name: str, text: str) -> str:
    try:
        return form_decoded(text)
    except UnicodeError:
        raise Malformed("not UTF-8", name) from None


def _field(name: str, texts: list[str], shape: Shape) -> Any:
    try:
        return deep.harvest(texts, shape)
    except ValueError as error:
        raise Malformed(str(error), name) from None


def validated(value: Value, decoded_value: Any, context: Any = None) -> Any:
    """The typed value of a decoded one, checked without coercion; `context` is the validation's (see `scalars.LENIENT`).

    Raises:
        pydantic_core.ValidationError: it is not what the contract declares.
    """
    return validator(value, context)(decoded_value)


def validator(value: Value, context: Any = None) -> Callable[[Any], Any]:
    """`validated` for one type, made once."""
    validate = value.adapter.validator.validate_json

    def read(decoded_value: Any) -> Any:
        text = to_json(decoded_value)
        if len(text) <= SMALL:
            return validate(text, strict=True, context=context)
        return sized(len(text), lambda: validate(text, strict=True, context=context))

    return read


# -- reading ---------------------------------------------------------------------------------------------------------------


def _listed(shape: Shape, parts: Sequence[str], explode: bool, whole: str) -> Any:
    """The value of a list of texts: items, or keys and values in turn (`R,100`) or as pairs (`R=100`)."""
    match shape:
        case Text() | Document() | Blob():
            return read(shape, whole)
        case Items():
            return _items(shape, parts) if whole else []
        case Properties():
            if shape.alone and len(parts) == 1 and "=" not in whole:
                return read(shape.alone, whole)
            if not whole:
                return {}
            if explode:
                pairs = [part.partition("=")[::2] for part in parts]
            elif len(parts) % 2:
                raise ValueError("a key without a value")
            else:
                pairs = [(parts[i], parts[i + 1]) for i in range(0, len(parts), 2)]
            return _object(shape, pairs)


def _items(shape: Items, texts: Sequence[str]) -> Any:
    return read(shape.alone, texts[0]) if shape.alone and len(texts) == 1 else [read(shape.item, text) for text in texts]


def _object(shape: Properties, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return dict(deep.harvest(deep.plant([((key,), text) for key, text in pairs]), shape))


def _fielded(shape: Shape, whole: str, explode: bool) -> Any:
    """The value of a header field."""
    if isinstance(shape, Text):
        return read(shape, whole)
    return _listed(shape, [part.strip(" \t") for part in whole.split(",")], explode, whole)


def _path(parameter: Parameter, text: str) -> Any:
    style, name, explode = parameter.style, parameter.name, parameter.explode
    separator = ","
    if style == "label":
        if not text.startswith("."):
            raise ValueError("must begin with a dot")
        text = text[1:]
        separator = "." if explode else ","
    elif style == "matrix":
        if explode and not isinstance(parameter.shape, Text):
            return _exploded_matrix(parameter, text)
        if text != f";{name}" and not text.startswith(f";{name}="):
            raise ValueError(f"must begin with ;{name}=")
        text = text[len(name) + 2 :]
    if isinstance(parameter.shape, Text):
        return read(parameter.shape, decoded(text))
    parts = text.split(separator)
    if isinstance(parameter.shape, Properties) and explode:
        pairs = [part.partition("=")[::2] for part in parts if part]
        return _object(parameter.shape, [(decoded(key), decoded(value)) for key, value in pairs])
    return _listed(parameter.shape, [decoded(part) for part in parts], False, text)


def _exploded_matrix(parameter: Parameter, text: str) -> Any:
    first, *parts = text.split(";")
    if first:
        raise ValueError("must begin with a semicolon")
    pairs = [(decoded(name), decoded(value)) for name, _, value in (part.partition("=") for part in parts if part)]
    if isinstance(parameter.shape, Properties):
        return _object(parameter.shape, pairs)
    if any(name != parameter.name for name, _ in pairs):
        raise ValueError(f"must be made of ;{parameter.name}= alone")
    return _items(parameter.shape, [value for _, value in pairs]) if isinstance(parameter.shape, Items) else pairs


def _form(parameter: Parameter, others: frozenset[str]) -> Decoder:
    name, shape, explode, style = parameter.name, parameter.shape, parameter.explode, parameter.style
    pairs, unescape = _unescaped(parameter)

    def scalar(raw: Raw) -> Any:
        found = [value for key, value in pairs(raw, False) if key == name]
        return ABSENT if not found else read(shape, unescape(_one(found))) if isinstance(shape, Text) else ABSENT

    def repeated(raw: Raw) -> Any:
        found = [unescape(value) for key, value in pairs(raw, True) if key == name]
        return _items(shape, found) if found and isinstance(shape, Items) else ABSENT

    def delimited(raw: Raw) -> Any:
        found = [value for key, value in pairs(raw, False) if key == name]
        if not found:
            return ABSENT
        whole = _one(found)
        return _listed(shape, [unescape(part) for part in _split(whole, style)], False, whole)

    def spread(raw: Raw) -> Any:
        assert isinstance(shape, Properties)
        free = shape.free or not shape.properties
        found = [(k, unescape(v)) for k, v in pairs(raw, True) if k in shape.properties or (free and k not in others)]
        return _object(shape, found) if found else ABSENT

    if isinstance(shape, Text):
        return scalar
    if not explode:
        return delimited
    return repeated if isinstance(shape, Items) else spread


def _unescaped(parameter: Parameter) -> tuple[Callable[[Raw, bool], Sequence[tuple[str, str]]], Callable[[str], str]]:
    """Where the pairs of a style are, and what unescapes their texts."""
    if parameter.style == "cookie":
        return (lambda raw, exploded: raw.cookies), str
    return (_cookie_pairs, decoded) if parameter.location == "cookie" else ((lambda raw, exploded: raw.pairs), form_decoded)


def _one(found: Sequence[str]) -> str:
    if len(found) > 1:
        raise ValueError("given more than once")
    return found[0]


def _split(text: str, style: str) -> list[str]:
    """The parts of a delimited value, still encoded; spaces and bars may come in each of their spellings."""
    if style == "spaceDelimited":
        text = text.replace("+", "%20").replace(" ", "%20")
    elif style == "pipeDelimited":
        text = text.replace("|", "%7C").replace("%7c", "%7C")
    return text.split(DELIMITERS.get(style, ","))


def _cookie_pairs(raw: Raw, exploded: bool) -> Sequence[tuple[str, str]]:
    """Cookies as pairs; exploded, one cookie holds several: `color=blue&color=black`."""
    if not exploded:
        return raw.cookies
    pairs = []
    for name, text in raw.cookies:
        first, *more = text.split("&")
        pairs.append((name, first))
        pairs += [(decoded(key), value) for key, _, value in (part.partition("=") for part in more)]
    return pairs


def _deep(name: str, shape: Shape, pairs: Sequence[tuple[str, str]]) -> Any:
    paths = [(deep.path_of(key), value) for key, value in pairs if key.startswith(name)]
    found = [(path[1:], form_decoded(value)) for path, value in paths if path[0] == name]
    if not found:
        return ABSENT
    if any(not path for path, _ in found):
        is_whole = not isinstance(shape, Properties) or shape.alone is not None
        if is_whole and all(not path for path, _ in found):
            return deep.harvest([text for _, text in found], shape)
        raise ValueError("a value where an object belongs")
    return deep.harvest(deep.plant(found), shape)


def _unless_empty(parameter: Parameter, others: frozenset[str]) -> Decoder:
    """`allowEmptyValue`: an empty text stands for a parameter that is not used (OpenAPI 3.1.1, section 4.8.12.2)."""
    decode, empty = decoder(replace(parameter, allow_empty=False), others), (parameter.name, "")

    def unless_empty(raw: Raw) -> Any:
        return decode(raw._replace(pairs=[pair for pair in raw.pairs if pair != empty]) if empty in raw.pairs else raw)

    return unless_empty


def other_readings(shape: Shape) -> list[Shape]:
    """How else texts may be read: a single one as an array of one; one of several kinds as the text that it is; and one that may
    be anything, first read as a text, as something more specific.
    """
    found: list[Shape] = [replace(shape, alone=None)] if isinstance(shape, Items) and shape.alone else []
    if isinstance(shape, Text) and "string" in shape.kinds[1:]:
        # `null` and `5.0` are texts before they are anything else, unless those texts are not allowed.
        found.append(Text(tuple(kind for kind in shape.kinds if kind != "string")))
    plain = _texts_only(shape)
    return [*found, plain] if plain != shape else found


def _texts_only(shape: Shape) -> Shape:
    match shape:
        case Text(kinds=("string", *others)) if others:
            return Text((*others, "string"))
        case Text(kinds=kinds) if "string" in kinds:
            return Text()
        case Items(item=Text() as item):
            only = _texts_only(item)
            return replace(shape, item=only if isinstance(only, Text) else item, alone=None)
        case Properties():
            inner = {name: _texts_only(of) for name, of in shape.properties.items()}
            return replace(shape, properties=inner, other=_texts_only(shape.other))
        case _:
            return shape


def _document(parameter: Parameter) -> Decoder:
    """A parameter with `content`: its text is a document. JSON is read here; a document of another type is a text."""
    as_json = is_json(parameter.media_type or "")
    shape = parameter.shape if isinstance(parameter.shape, Text) and not as_json else Text()
    text_of = decoder(replace(parameter, media_type=None, style=_plain_style(parameter), shape=shape, explode=False))

    def document(raw: Raw) -> Any:
        text = text_of(raw)
        return text if text is ABSENT or not as_json else parsed(text.encode())

    return document


def _plain_style(parameter: Parameter) -> str:
    return "simple" if parameter.location in ("path", "header") else "form"


def _whole_query(parameter: Parameter) -> Decoder:
    """OpenAPI 3.2's `in: querystring`: the whole query is one document."""
    content = Content(carrier="form", value=parameter.value, shape=parameter.shape, styles=parameter.styles)

    def whole(raw: Raw) -> Any:
        if not raw.query:
            return ABSENT
        if is_json(parameter.media_type or ""):
            return parsed(decoded(raw.query).encode())
        return decode_form(content, raw.query) if isinstance(parameter.shape, Properties) else decoded(raw.query)

    return whole
