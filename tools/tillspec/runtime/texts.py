"""JSON scalars as the plain texts of URLs, headers, cookies and forms.

A text is a number, a boolean or null only in JSON's own spelling (RFC 8259, sections 3 and 6): `5` is an integer where ` 5`,
`05` and `+5` are not. Whether a number is an integer is a matter of its value (JSON Schema core, section 4.2.3), in a text as
in a body: `5.0` is one, unless texts are allowed as well. A text that fits none of the kinds stays a text, which the validation
then refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, unquote_plus

from pydantic_core import from_json

from .operation import Blob, Document, Text

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS: Final = {"null": None, "true": True, "false": False}
_LONGEST: Final = 4_000  # Python converts no longer texts to integers by default
_RESERVED: Final = ":/?@!$'()*,;"  # of RFC 3986, section 2.2, without those that would end or split a query parameter


def read(kinds: Text | Document | Blob, text: str) -> Any:
    """The JSON scalar that a text stands for: the most specific of its kinds that fits; the JSON value of a document.

    Raises:
        ValueError: a document that is not JSON.
    """
    if not isinstance(kinds, Text):
        return from_json(text, allow_inf_nan=False) if isinstance(kinds, Document) else text
    for kind in kinds.kinds:
        match kind:
            case "integer" if len(text) <= _LONGEST and _INTEGER.fullmatch(text):
                return int(text)
            case "integer" if "string" not in kinds.kinds and _is_whole(text):
                return float(text)
            case "number" if len(text) <= _LONGEST and _NUMBER.fullmatch(text):
                return int(text) if _INTEGER.fullmatch(text) else float(text)
            case "boolean" if text in ("true", "false"):
                return _WORDS[text]
            # `null` is a text like any other where texts are allowed.
            case "null" if text == "null" and "string" not in kinds.kinds:
                return None
            case "string":
                return text
            case _:
                pass
    return text


def _is_whole(text: str) -> bool:
    return len(text) <= _LONGEST and _NUMBER.fullmatch(text) is not None and float(text).is_integer()


def write(value: Any) -> str:
    """The text of a JSON scalar.

    Raises:
        ValueError: an array or an object; the style has no place for it.
    """
    match value:
        case str():
            return value
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case _:
            raise ValueError(f"{_name(value)} cannot stand here")


def decoded(text: str) -> str:
    """Percent-decoding (RFC 3986, section 2.1).

    Raises:
        ValueError: what comes out is not UTF-8.
    """
    return unquote(text, errors="strict") if "%" in text else text


def form_decoded(text: str) -> str:
    """Percent-decoding with `+` for a space, as forms and queries have it.

    Raises:
        ValueError: what comes out is not UTF-8.
    """
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text


def encoded(text: str, *, reserved: bool = False) -> str:
    """Percent-encoding of all but the unreserved characters; `reserved` leaves those of `allowReserved` as they are.

    Raises:
        ValueError: a lone surrogate, which has no UTF-8.
    """
    return quote(text, safe=_RESERVED if reserved else "")


def pairs_of(text: str) -> list[tuple[str, str]]:
    """The pairs of a query or a form; names are decoded, values are still encoded.

    Raises:
        ValueError: a name is not UTF-8.
    """
    pairs = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((form_decoded(name), value))
    return pairs


def _name(value: Any) -> str:
    return "an object" if isinstance(value, Mapping) else "an array" if isinstance(value, list | tuple) else type(value).__name__
