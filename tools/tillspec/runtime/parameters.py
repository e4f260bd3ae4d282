"""Parameters in every style: OpenAPI 3.1, sections 4.8.12.2 to 4.8.12.4, with RFC 6570 where it defers to it.

`decoder` makes a reader once per parameter; `encode` (see `encoding`) writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic_core import to_json

from . import deep
from .effort import SMALL, sized
from .encoding import DELIMITERS, encode, encode_form, encode_header, is_json, jsonable
from .operation import Content, Header, Items, Parameter, Properties, Shape, Text, Value
from .strict_json import parsed
from .texts import decoded, form_decoded, pairs_of, read

__all__ = [
    "ABSENT",
    "Decoder",
    "Raw",
    "decode",
    "decode_form",
    "decode_header",
    "decoder",
    "encode",
    "encode_form",
    "encode_header",
    "jsonable",
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


Decoder = Callable[[Raw], Any]


def decoder(parameter: Parameter, others: frozenset[str] = frozenset()) -> Decoder:
    """A function from the raw request to the parameter's JSON value, or to `ABSENT`; it raises ValueError for a malformed text.

    `others` are the names of the operation's other query parameters, which an exploded object with free keys leaves alone.
    """
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
    """The JSON value of a response header (style `simple`)."""
    return _fielded(header.shape, text.strip(" \t"), header.explode)


def decode_form(content: Content, text: str) -> Any:
    """The JSON object of a body `application/x-www-form-urlencoded`.

    Raises:
        ValueError: malformed, not UTF-8, or a field that is given twice.
    """
    shape = content.shape if isinstance(content.shape, Properties) else Properties({})
    pairs = []
    for name, value in pairs_of(text):
        style, explode = content.styles.get(name, ("form", True))
        if explode or style == "deepObject" or not isinstance(shape.properties.get(name), Items):
            pairs.append((deep.path_of(name), form_decoded(value)))
        else:
            pairs += [((name,), form_decoded(part)) for part in _split(value, style)]
    return deep.harvest(deep.plant(pairs), shape)


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
        case Text():
            return read(shape, whole)
        case Items():
            return [read(shape.item, part) for part in parts] if whole else []
        case Properties():
            if not whole:
                return {}
            if explode:
                pairs = [part.partition("=")[::2] for part in parts]
            elif len(parts) % 2:
                raise ValueError("a key without a value")
            else:
                pairs = [(parts[i], parts[i + 1]) for i in range(0, len(parts), 2)]
            return _object(shape, pairs)


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
    return [read(parameter.shape.item, value) for _, value in pairs] if isinstance(parameter.shape, Items) else pairs


def _form(parameter: Parameter, others: frozenset[str]) -> Decoder:
    name, shape, explode, style = parameter.name, parameter.shape, parameter.explode, parameter.style
    pairs, unescape = (_cookie_pairs, decoded) if parameter.location == "cookie" else (_query_pairs, form_decoded)

    def scalar(raw: Raw) -> Any:
        found = [value for key, value in pairs(raw, False) if key == name]
        return ABSENT if not found else read(shape, unescape(_one(found))) if isinstance(shape, Text) else ABSENT

    def repeated(raw: Raw) -> Any:
        found = [unescape(value) for key, value in pairs(raw, True) if key == name]
        return [read(shape.item, text) for text in found] if found and isinstance(shape, Items) else ABSENT

    def delimited(raw: Raw) -> Any:
        found = [value for key, value in pairs(raw, False) if key == name]
        if not found:
            return ABSENT
        whole = _one(found)
        return _listed(shape, [unescape(part) for part in _split(whole, style)], False, whole)

    def spread(raw: Raw) -> Any:
        assert isinstance(shape, Properties)
        free = not shape.properties
        found = [(k, unescape(v)) for k, v in pairs(raw, True) if k in shape.properties or (free and k not in others)]
        return _object(shape, found) if found else ABSENT

    if isinstance(shape, Text):
        return scalar
    if not explode:
        return delimited
    return repeated if isinstance(shape, Items) else spread


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


def _query_pairs(raw: Raw, exploded: bool) -> Sequence[tuple[str, str]]:
    return raw.pairs


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
        if not isinstance(shape, Properties) and all(not path for path, _ in found):
            return deep.harvest([text for _, text in found], shape)
        raise ValueError("a value where an object belongs")
    return deep.harvest(deep.plant(found), shape)


def _document(parameter: Parameter) -> Decoder:
    """A parameter with `content`: its text is a document. JSON is read here; a document of another type stays a text."""
    plain = Parameter(
        name=parameter.name, keyword="", location=parameter.location, value=parameter.value, style=_plain_style(parameter)
    )
    text_of, as_json = decoder(plain), is_json(parameter.media_type or "")

    def document(raw: Raw) -> Any:
        text = text_of(raw)
        return text if text is ABSENT or not as_json else parsed(text.encode())

    return document


def _plain_style(parameter: Parameter) -> str:
    return "simple" if parameter.location in ("path", "header") else "form"


def _whole_query(parameter: Parameter) -> Decoder:
    """OpenAPI 3.2's `in: querystring`: the whole query is one document."""
    content = Content(carrier="form", value=parameter.value, shape=parameter.shape)

    def whole(raw: Raw) -> Any:
        if not raw.query:
            return ABSENT
        if is_json(parameter.media_type or ""):
            return parsed(decoded(raw.query).encode())
        return decode_form(content, raw.query) if isinstance(parameter.shape, Properties) else decoded(raw.query)

    return whole
