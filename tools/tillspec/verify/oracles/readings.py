"""What stands on the wire as values: JSON to the letter, texts in their charset, headers and forms by their schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tillspec.pointer import Pointer
from tillspec.runtime import media
from tillspec.verify.contract import Contract
from tillspec.verify.exchange import NOTHING, Answer

_BOM = b"\xef\xbb\xbf"
_NUMBERS = ("integer", "number", "boolean")


class Unreadable(ValueError):
    """A body that is not what its media type says."""


@dataclass(slots=True)
class Json:
    """A JSON text as RFC 8259 has it: its value, and the names that stand twice in one object."""

    value: Any = NOTHING
    repeated: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, body: bytes) -> Json:
        """Read a body.

        Raises:
            Unreadable: it is none.
        """
        if body.startswith(_BOM):
            raise Unreadable("a byte order mark before it (RFC 8259, section 8.1)")
        made = cls()
        try:
            text = body.decode()
            made.value = json.loads(text, object_pairs_hook=made._object, parse_constant=_constant)
        except UnicodeDecodeError as error:
            raise Unreadable(f"not UTF-8 at byte {error.start} (RFC 8259, section 8.1)") from None
        except RecursionError:
            raise Unreadable("nested too deeply to be read") from None
        except ValueError as error:
            raise Unreadable(str(error)) from None
        return made

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            names = [name for name, _ in pairs]
            self.repeated += [name for name in value if names.count(name) > 1]
        return value


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON (RFC 8259, section 6)")


def text_of(answer: Answer) -> str:
    """The body of an answer as text, in the charset that it says (UTF-8 where it says none).

    Raises:
        Unreadable: it is none in that charset, or there is no such charset.
    """
    charset = media.parameter(answer.header("content-type") or "", "charset") or "utf-8"
    try:
        return answer.body.decode(charset)
    except LookupError:
        raise Unreadable(f"there is no charset {charset!r}") from None
    except UnicodeDecodeError as error:
        raise Unreadable(f"not {charset} at byte {error.start}") from None


def is_text(media_type: str) -> bool:
    """Whether a media type is text, so that a schema speaks of a string."""
    return media_type.startswith("text/") or media_type.endswith(("+xml", "/xml", "/javascript", "/yaml", "+yaml"))


# -- headers -------------------------------------------------------------------------------------------------------------


def readings(text: str) -> Iterator[Any]:
    """What a header's text (style `simple`) may stand for: itself, a number or boolean, a list, or an object."""
    yield text
    yield from _scalars(text)
    parts = [part.strip() for part in text.split(",")] if text else []
    yield parts
    yield [_scalar(part) for part in parts]
    if parts and all("=" in part for part in parts):
        pairs = [(name, value) for name, _, value in (part.partition("=") for part in parts)]
        yield dict(pairs)
        yield {name: _scalar(value) for name, value in pairs}
    elif parts and len(parts) % 2 == 0:
        yield dict(zip(parts[::2], parts[1::2], strict=True))
        yield {name: _scalar(value) for name, value in zip(parts[::2], parts[1::2], strict=True)}


def _scalars(text: str) -> Iterator[Any]:
    if text in ("true", "false", "null"):
        yield json.loads(text)
        return
    try:
        value = json.loads(text, parse_constant=_constant)
    except (ValueError, RecursionError):
        return
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def _scalar(text: str) -> Any:
    return next(_scalars(text), text)


# -- forms ---------------------------------------------------------------------------------------------------------------


def form(contract: Contract, text: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The value of a body `application/x-www-form-urlencoded`, each field as its property's type has it."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return {name: _field(contract, values, properties.get(name)) for name, values in found.items()}


def _field(contract: Contract, values: list[str], schema: Any) -> Any:
    kinds, items = _types(contract, schema)
    if "array" in kinds:
        inner, _ = _types(contract, items)
        return [_scalar(value) if inner & set(_NUMBERS) else value for value in values]
    return _scalar(values[0]) if kinds & set(_NUMBERS) else values[0]


def _types(contract: Contract, schema: Any) -> tuple[set[str], Any]:
    if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        pointer: Pointer = schema["$ref"].removeprefix("#")
        _, schema = contract.resolved(pointer)
    if not isinstance(schema, dict):
        return set(), None
    said = schema.get("type", ())
    return set([said] if isinstance(said, str) else said), schema.get("items")
