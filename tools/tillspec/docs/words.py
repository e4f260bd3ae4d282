"""What a schema asks for, in words. All texts are Markdown, with values in code spans."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from tillspec.docs.text import code

_MOST_VALUES = 40
_LONGEST = 120
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_BOUNDS = (
    ("minimum", "at least {}"), ("exclusiveMinimum", "more than {}"), ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("multipleOf", "a multiple of {}"),
)  # fmt: skip
_COUNTED = (("Length", "character"), ("Items", "item"), ("Properties", "property"))


def duration(time: timedelta) -> str:
    """A time in words: `1 day`, `90 seconds`, `1 hour 30 minutes`."""
    left, parts = int(time.total_seconds()), []
    for unit, seconds in _UNITS:
        number, left = divmod(left, seconds)
        if number:
            parts.append(count(number, unit))
    return " ".join(parts) or "no time"


def count(number: float, noun: str) -> str:
    """A number with its noun: `1 property`, `2 properties`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def listed(items: Sequence[str], word: str = "and") -> str:
    """Some items in a sentence: `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}" if items else ""


def value(thing: Any) -> str:
    """A JSON value as a code span; a text without its quotes, unless it would be taken for something else."""
    text = thing if isinstance(thing, str) and thing.strip() == thing and thing else json.dumps(thing, ensure_ascii=False)
    return code(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def values(things: Iterable[Any]) -> str:
    """Some values in a row, the first forty of them."""
    known = list(things)
    more = f" and {len(known) - _MOST_VALUES} more" if len(known) > _MOST_VALUES else ""
    return ", ".join(map(value, known[:_MOST_VALUES])) + more


def limits(schema: Mapping[str, Any]) -> Iterator[str]:
    """Every constraint that a schema puts on its own value, each in a phrase."""
    if "const" in schema:
        yield f"always {value(schema['const'])}"
    if isinstance(schema.get("enum"), list):
        known = [one for one in schema["enum"] if one is not None]
        yield f"always {value(known[0])}" if len(known) == 1 else f"one of {values(known)}"
    yield from (_counted(schema, key, noun) for key, noun in _COUNTED if f"min{key}" in schema or f"max{key}" in schema)
    yield from (words.format(code(str(schema[key]))) for key, words in _BOUNDS if _is_number(schema.get(key)))
    for pattern in schema.get("patterns", ()):
        yield f"matches {code(pattern)}"
    if schema.get("uniqueItems") is True:
        yield "no item twice"
    yield from _structure(schema)


def _structure(schema: Mapping[str, Any]) -> Iterator[str]:
    if "additionalProperties" in schema and schema["additionalProperties"] is False and not schema.get("patternProperties"):
        yield "no other properties"
    if isinstance(schema.get("propertyNames"), dict) and (told := list(limits(schema["propertyNames"]))):
        yield f"each name: {', '.join(told)}"
    for name, needed in (schema.get("dependentRequired") or {}).items():
        if isinstance(needed, list) and needed:
            yield f"with {code(name)}, {listed([code(str(one)) for one in needed])} must be there too"
    if "contains" in schema:
        least, most = schema.get("minContains", 1), schema.get("maxContains")
        yield f"at least {count(least, 'item')} of a certain form" + (f", at most {most:,}" if _is_number(most) else "")
    if schema.get("contentEncoding"):
        yield f"encoded as {code(str(schema['contentEncoding']))}"
    if schema.get("contentMediaType"):
        yield f"holds {code(str(schema['contentMediaType']))}"
    if "not" in schema:
        yield "not everything of this form; see the schema"
    if "if" in schema or "dependentSchemas" in schema:
        yield "some values depend on others; see the schema"


def _counted(schema: Mapping[str, Any], key: str, noun: str) -> str:
    least, most = schema.get(f"min{key}"), schema.get(f"max{key}")
    if not _is_number(most):
        return f"at least {count(least or 0, noun)}"
    if not _is_number(least) or not least:
        return f"at most {count(most or 0, noun)}"
    return f"exactly {count(most or 0, noun)}" if least == most else f"{least:,} to {count(most or 0, noun)}"


def _is_number(thing: Any) -> bool:
    return isinstance(thing, int | float) and not isinstance(thing, bool)
