"""Reading the typed arguments of an operation out of a request. Everything that can be decided once is decided here, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast
from urllib.parse import unquote

from pydantic import ValidationError
from pydantic_core import from_json

from . import media
from .effort import SMALL, sized
from .events import Tags
from .multipart import read_multipart
from .operation import Content, Operation, Parameter, RequestBody, SecurityScheme, Text, Value
from .parameters import ABSENT, Malformed, Raw, decode_form, decoder, other_readings, validated, validator
from .quick import quick_reader
from .scalars import PLAIN, PLAIN_LENIENT, reading
from .strict_json import parsed
from .texts import pairs_of
from .texts import read as read_scalar
from .violations import Place, Violation, token, violations

ReadBody = Callable[[bytes], Any]


class Invalid(Exception):
    """A value that the contract does not allow."""

    def __init__(self, *found: Violation) -> None:
        super().__init__(*found)
        self.found = found


class Unsupported(Exception):
    """A body of a media type or charset that the contract does not declare."""


# -- parameters ------------------------------------------------------------------------------------------------------------


class ParameterReader:
    """Reads the parameters of an operation: keyword arguments, or violations. `context` is that of the validation."""

    def __init__(self, operation: Operation[Any], context: Any = None) -> None:
        names = frozenset(p.name for p in operation.parameters if p.location == "query")
        self._readers = [_parameter_reader(parameter, names - {parameter.name}, context) for parameter in operation.parameters]

    def read(self, raw: Raw, keywords: dict[str, Any]) -> list[Violation]:
        """Puts every parameter into `keywords`; gives the violations, none where all is well."""
        found: list[Violation] = []
        for keyword, reader in self._readers:
            try:
                keywords[keyword] = reader(raw)
            except Invalid as error:
                found += error.found
        return found


def header_names(parameters: Iterable[Parameter], schemes: Iterable[SecurityScheme]) -> Mapping[bytes, str]:
    """The headers that parameters, credentials and a body are read from, by their names in ASGI."""
    names = {"accept", "content-length", "content-type"}
    for place in parameters:
        names |= _header_of(place.location, place.name)
    for scheme in schemes:
        names |= _header_of(scheme.location, scheme.parameter or "") if scheme.kind == "api_key" else {"authorization"}
    return {name.encode("latin-1", "replace"): name for name in names}


def _header_of(location: str | None, name: str) -> set[str]:
    return {"cookie"} if location == "cookie" else {name.lower()} if location == "header" else set()


def raw_request(headers: list[tuple[bytes, bytes]], query: bytes, path: Mapping[str, str], names: Mapping[bytes, str]) -> Raw:
    """The texts of a request; of its headers those that `names` has. Fields of one name are joined (RFC 9110, section 5.3).

    Raises:
        Invalid: a query whose names are not UTF-8.
    """
    joined: dict[str, str] = {}
    for name, value in headers:
        key = names.get(name)  # in lower case, by the rules of ASGI
        if key is not None:
            text = _header_text(value)
            joined[key] = text if key not in joined else joined[key] + ("; " if key == "cookie" else ", ") + text
    text = query.decode("latin-1")
    try:
        pairs = pairs_of(text) if text else []
    except ValueError:
        raise Invalid(Violation("query", "", "The query is not UTF-8", "unicode")) from None
    return Raw(path, text, pairs, joined, _cookies(joined["cookie"]) if "cookie" in joined else ())


def _header_text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _cookies(text: str) -> list[tuple[str, str]]:
    pairs = (part.strip(" \t").partition("=")[::2] for part in text.split(";"))
    return [(unquote(name), value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value) for name, value in pairs]


def _parameter_reader(parameter: Parameter, others: frozenset[str], context: Any) -> tuple[str, Callable[[Raw], Any]]:
    decode, validate = decoder(parameter, others), validator(parameter.value, context)
    place = cast("Place", "query" if parameter.location == "querystring" else parameter.location)
    pointer = token(parameter.name)
    absent = _default(parameter)
    # A text is read as the most specific of what it may be; where that is refused, it may still be allowed as something else.
    others_of = [decoder(replace(parameter, shape=shape), others) for shape in other_readings(parameter.shape)]

    def read(raw: Raw) -> Any:
        try:
            plain = decode(raw)
        except ValueError as error:
            message = "not UTF-8" if isinstance(error, UnicodeError) else str(error)
            raise Invalid(Violation(place, pointer, message, "malformed")) from None
        if plain is ABSENT:
            if parameter.required:
                raise Invalid(Violation(place, pointer, "Field required", "missing"))
            return absent()
        try:
            return validate(plain)
        except ValidationError as error:
            return _otherwise(raw, plain, error)
        except ValueError:
            raise Invalid(Violation(place, pointer, "not a Unicode text", "unicode")) from None

    def _otherwise(raw: Raw, plain: Any, error: ValidationError) -> Any:
        for other in others_of:
            try:
                return validate(other(raw))
            except ValueError:  # pydantic's ValidationError is one
                continue
        raise Invalid(*violations(error, place, plain, pointer)) from None

    return parameter.keyword, read


def _default(parameter: Parameter) -> Callable[[], Any]:
    """What stands for an absent parameter: the contract's default, made anew each time; one that is not valid stands as it is."""
    text = parameter.default
    if text is None:
        return lambda: None
    try:
        parameter.value.adapter.validator.validate_json(text, strict=True)
    except ValidationError:
        return lambda: from_json(text)
    return lambda: parameter.value.adapter.validator.validate_json(text, strict=True)


# -- bodies ----------------------------------------------------------------------------------------------------------------


class BodyReader:
    """Reads the body of an operation by its media type. `context` is that of the validation.

    Where `tags` tell the events of a webhook apart, one of another kind is read as an `UnknownEvent`.
    """

    def __init__(self, body: RequestBody, context: Any = None, tags: Tags | None = None) -> None:
        self.required = body.required
        self.only = next(iter(body.contents)) if len(body.contents) == 1 else ""
        is_open = any(media.is_open(key, content.carrier) for key, content in body.contents.items())
        self.chooses = is_open or len(body.contents) > 1
        self._readers = {key: _content_reader(content, context, tags) for key, content in body.contents.items()}
        self._contents = body.contents
        self._context = context
        self._known: dict[str, tuple[str, ReadBody]] = {}

    def choose(self, content_type: str) -> tuple[str, ReadBody]:
        """The media type for the handler, and the function that reads a body of it.

        Raises:
            Unsupported: not declared, or in a charset other than UTF-8 (RFC 8259, section 8.1).
        """
        known = self._known.get(content_type)
        if known is not None:
            return known
        found = media.find(self._readers, content_type)
        if found is None:
            raise Unsupported(f"The media type must be {_one_of(self._readers)}")
        key, reader = found
        content = self._contents[key]
        if content.carrier == "multipart":  # each body has a boundary of its own
            return key, lambda body: _read_multipart(content, content_type, body, self._context)
        charset = media.parameter(content_type, "charset")
        if content.carrier != "bytes" and charset is not None and charset.lower() not in ("utf-8", "utf8", "us-ascii"):
            raise Unsupported("The charset must be UTF-8")
        whole = content_type if media.is_open(key, content.carrier) else key
        if len(self._known) < 64:  # remembered by the text that was sent, so bounded
            self._known[content_type] = whole, reader
        return whole, reader


def _one_of(names: Mapping[str, Any]) -> str:
    return " or ".join(names)


def _content_reader(content: Content, context: Any, tags: Tags | None) -> ReadBody:
    match content.carrier:
        case "bytes":
            return lambda body: body
        case "text":
            return lambda body: _read_typed_text(content, body, context)
        case "multipart":
            return lambda body: _read_multipart(content, "", body, context)
        case "form":
            return lambda body: _read_form(content, body, context)
        case "json":
            return _json_reader(content, context, tags)


def _json_reader(content: Content, context: Any, tags: Tags | None) -> ReadBody:
    assert content.value is not None, "JSON content has a value"
    validate = content.value.adapter.validator.validate_python
    how = PLAIN_LENIENT if reading(context).lenient else PLAIN
    quick = quick_reader(content.value.adapter.core_schema) if how is PLAIN else None

    def read(body: bytes) -> Any:
        try:
            plain = parsed(body)
        except ValueError as error:
            raise Invalid(Violation("body", "", f"Invalid JSON: {error}", "json_invalid")) from None
        if quick is not None and len(body) <= SMALL:
            with suppress(Exception):
                return quick(plain)
        try:
            if len(body) <= SMALL:
                return validate(plain, context=how)
            return sized(len(body), lambda: validate(plain, context=how))
        except ValidationError as error:
            unknown = tags.unknown(body) if tags is not None else None
            if unknown is not None:
                return unknown
            raise Invalid(*violations(error, "body", plain, "")) from None

    return read


def _read_text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Invalid(Violation("body", "", "The text is not UTF-8", "unicode")) from None


def _read_typed_text(content: Content, body: bytes, context: Any) -> Any:
    text = _read_text(body)
    if content.value is None:
        return text
    shape = content.shape if isinstance(content.shape, Text) else Text()
    return _valid(content.value, read_scalar(shape, text), context)


def _read_form(content: Content, body: bytes, context: Any) -> Any:
    value, text = content.value, _read_text(body)
    assert value is not None, "a typed form has a value"
    return _by_shape(content, lambda one: decode_form(one, text), lambda plain: validated(value, plain, context))


def _read_multipart(content: Content, content_type: str, body: bytes, context: Any) -> Any:
    assert content.value is not None, "a typed form has a value"
    # Files have no place in JSON, so nothing is taken for JSON here; what was read holds JSON's own types all the same.
    validate = partial(content.value.adapter.validator.validate_python, context=context)
    return _by_shape(content, lambda one: read_multipart(one, content_type, body), validate)


def _by_shape(content: Content, decode: Callable[[Content], Any], validate: Callable[[Any], Any]) -> Any:
    """A form as its shape reads it; where that is refused, as it may be read otherwise."""
    try:
        plain = decode(content)
    except ValueError as error:
        raise _malformed(error, "The form is not UTF-8") from None
    try:
        return validate(plain)
    except ValidationError as error:
        for shape in other_readings(content.shape) if content.shape else ():
            with suppress(ValueError):  # pydantic's ValidationError is one
                return validate(decode(replace(content, shape=shape)))
        raise Invalid(*violations(error, "body", plain, "")) from None
    except ValueError:
        raise Invalid(Violation("body", "", "not a Unicode text", "unicode")) from None


def _valid(value: Value, plain: Any, context: Any) -> Any:
    try:
        return validated(value, plain, context)
    except ValidationError as error:
        raise Invalid(*violations(error, "body", plain, "")) from None
    except ValueError:
        raise Invalid(Violation("body", "", "not a Unicode text", "unicode")) from None


def _malformed(error: ValueError, not_unicode: str) -> Invalid:
    field = error.field if isinstance(error, Malformed) else None
    message = not_unicode if isinstance(error, UnicodeError) else str(error)
    return Invalid(Violation("body", token(field) if field is not None else "", message, "malformed"))


MISSING_BODY: Final = Violation("body", "", "A body is required", "missing")
