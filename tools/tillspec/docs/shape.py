"""Bodies and schemas as rows of a table: what each field is, what it allows, and what stands below it.

What stands near the top is shown first, and a table has so many rows and no more: what is left out is a link to the type's page.
Where a type holds itself, the row leads back to where it began.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tillspec.api.behavior import property_behavior
from tillspec.api.model import FILE
from tillspec.docs import behavior, words
from tillspec.docs.address import fragment
from tillspec.docs.flat import Flat, Types, flat
from tillspec.docs.text import code

MOST_ROWS = 80
"""How many rows a table has; a contract of some hundred fields is shown in full."""
_DEEPEST = 8
_MOST_SHOWN = 12
_NUMBERS = {"int32": "32 bits", "int64": "64 bits"}


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What a schema says of a value, wherever it stands. One schema has one record, by which more can be kept.

    `kind` is in words, `type` the id of the named type that it is of. `limits`, `notes` and `text` are Markdown.
    """

    kind: str
    type: str | None = None
    flags: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    text: str = ""
    default: str | None = None
    example: str | None = None


@dataclass(slots=True)
class Row:
    """A field, a branch of a union, or whatever else has a line of its own.

    `back` is the anchor of the row that this one repeats, `elsewhere` the type on whose page the rows below it stand.
    """

    name: str
    anchor: str
    facts: Facts
    required: bool = False
    is_branch: bool = False
    back: str | None = None
    elsewhere: str | None = None
    rows: list[Row] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether the rows below are shown at once, or unfolded by whoever wants to see them."""
        return len(self.rows) <= _MOST_SHOWN

    def walk(self) -> Iterator[Row]:
        """The row and all below it."""
        yield self
        for row in self.rows:
            yield from row.walk()


@dataclass(slots=True)
class _Open:
    """A row whose fields are still to be made; `above` are the types that it stands in, each with the anchor where it began."""

    row: Row
    flat: Flat
    depth: int
    above: Mapping[str, str]


class Shapes:
    """Makes rows of schemas.

    Args:
        types: the named types of the API.
    """

    def __init__(self, types: Types) -> None:
        self.types = types
        self._flat: dict[int, tuple[Any, Flat]] = {}
        self._facts: dict[int, tuple[Any, Facts]] = {}

    def table(self, schema: Any, anchor: str, *, most: int = MOST_ROWS, of: str | None = None) -> Row:
        """The rows of a schema, below a row for itself whose anchor begins those of all others.

        `of` is the named type that the schema is the schema of.
        """
        found = self._flatten(schema)
        top = self._row("", anchor, schema, found)
        above = dict.fromkeys([of] if of else found.names, anchor)
        waiting, left = deque([_Open(top, found, 0, above)]), most
        while waiting:
            left -= self._open(waiting.popleft(), waiting, left)
        return top

    def shown(self, identifier: str) -> str | None:
        """The name under which readers know a type; None of an inline schema, which has none."""
        named = self.types.get(identifier)
        return None if named is None else named.component or (identifier if self._is_view(identifier) else None)

    def _is_view(self, identifier: str) -> bool:
        """Whether a type is that of a component as requests or responses have it."""
        stem = identifier.removesuffix("Request").removesuffix("Response")
        return stem != identifier and stem in self.types and self.types[stem].component is not None

    def _flatten(self, schema: Any) -> Flat:
        """A schema, flattened once: what is kept goes by the schema itself, which is held for as long."""
        known = self._flat.get(id(schema))
        if known is None:
            known = self._flat[id(schema)] = schema, flat(schema, self.types)
        return known[1]

    def _open(self, here: _Open, waiting: deque[_Open], left: int) -> int:
        """Put the rows below a row, as far as there are any left; how many were put there."""
        inner, above = self._inner(here.flat)
        for name in above:
            if name in here.above and here.depth:
                here.row.back = here.above[name]
                return 0
        number = _number(inner)
        if not number:
            return 0
        if here.depth >= _DEEPEST or (here.depth and number > left):
            here.row.elsewhere = next(iter(above), None)
            return 0
        inside = {**here.above, **{name: here.row.anchor for name in above if name not in here.above}}
        for row, found in self._children(here.row, inner):
            here.row.rows.append(row)
            waiting.append(_Open(row, found, here.depth + 1, inside))
        return number

    def _inner(self, found: Flat) -> tuple[Flat, list[str]]:
        """What has the fields: the items of a list, of a list of lists; and all named types on the way."""
        names = list(found.names)
        for _ in range(_DEEPEST):
            if "array" not in found.kinds or not isinstance(found.schema.get("items"), dict):
                break
            found = self._flatten(found.schema["items"])
            names += found.names
        return found, names

    def _children(self, parent: Row, found: Flat) -> Iterator[tuple[Row, Flat]]:
        required = found.schema.get("required") or ()
        properties = found.schema.get("properties")
        for name, schema in (properties if isinstance(properties, dict) else {}).items():
            if schema is False:
                continue
            inner = self._flatten(schema)
            yield self._row(name, _below(parent, name), schema, inner, required=name in required), inner
        for key, named in (("patternProperties", "any name that matches {}"), ("additionalProperties", "any other name")):
            held = found.schema.get(key)
            maps = held.items() if key == "patternProperties" and isinstance(held, dict) else [("", held)]
            for pattern, schema in maps:
                if isinstance(schema, dict) and schema:
                    inner = self._flatten(schema)
                    name = named.format(pattern) if properties or pattern else "any name"
                    yield self._row(f"({name})", _below(parent, "*"), schema, inner), inner
        for index, item in enumerate(found.schema.get("prefixItems") or ()):
            inner = self._flatten(item)
            yield self._row(f"[{index}]", _below(parent, str(index)), item, inner), inner
        for _, branches in found.unions:
            yield from self._branches(parent, branches)

    def _branches(self, parent: Row, branches: list[Any]) -> Iterator[tuple[Row, Flat]]:
        for index, schema in enumerate(branches, 1):
            inner = self._flatten(schema)
            name = next((shown for one in inner.names if (shown := self.shown(one))), None) or inner.schema.get("title")
            name = name if isinstance(name, str) and name else f"option {index}"
            row = self._row(name, _below(parent, f"({name})"), schema, inner)
            row.is_branch = True
            yield row, inner

    def _row(self, name: str, anchor: str, schema: Any, found: Flat, *, required: bool = False) -> Row:
        known = self._facts.get(id(schema))
        if known is None:
            known = self._facts[id(schema)] = schema, self._read(found)
        return Row(name, fragment(anchor), known[1], required)

    def _read(self, found: Flat) -> Facts:
        merged = found.schema
        marks = (
            ("nullable", found.nullable), ("read only", merged.get("readOnly") is True),
            ("write only", merged.get("writeOnly") is True), ("deprecated", merged.get("deprecated") is True),
        )  # fmt: skip
        given = (
            merged["examples"][0] if isinstance(merged.get("examples"), list) and merged["examples"] else merged.get("example")
        )
        declared = property_behavior(merged) if "x-behavior" in merged else None
        return Facts(
            kind=self.kind(found),
            type=next((one for one in found.names if self.shown(one)), None),
            flags=tuple(word for word, is_so in marks if is_so),
            limits=(*words.limits(merged), *self._of_items(found)),
            notes=tuple(behavior.of_value(declared)) if declared else (),
            text=str(merged.get("description") or ""),
            default=_json(merged["default"]) if "default" in merged else None,
            example=_json(given) if given is not None and not isinstance(given, dict | list) else None,
        )

    def _of_items(self, found: Flat) -> Iterator[str]:
        items = found.schema.get("items")
        if "array" in found.kinds and isinstance(items, dict):
            inner = self._flatten(items)
            yield from (f"each: {told}" for told in (*words.limits(inner.schema), *self._of_items(inner)))

    def kind(self, found: Flat, depth: int = 0) -> str:
        """What a value is, in a few words."""
        merged = found.schema
        if FILE in merged:
            return "file"
        if found.unions and not merged.get("properties"):
            key, branches = found.unions[0]
            kinds = dict.fromkeys(self.kind(self._flatten(branch), depth + 1) for branch in branches) if depth < 2 else {}
            simple = " or ".join(kinds) if 0 < len(kinds) <= 2 else ""
            return simple if simple and "object" not in simple and "(" not in simple else _CHOICE[key].format(len(branches))
        told = " or ".join(self._named(kind, merged, depth) for kind in found.kinds)
        return told or _of_values(merged) or "any value"

    def _named(self, kind: str, merged: Mapping[str, Any], depth: int) -> str:
        if kind == "array":
            items = merged.get("items")
            inner = self.kind(self._flatten(items), depth + 1) if isinstance(items, dict) and items and depth < 4 else "any value"
            return f"list of {_plural(inner)}"
        if kind == "object" and not merged.get("properties") and isinstance(merged.get("additionalProperties"), dict):
            return "map" if not merged["additionalProperties"] or depth > 2 else f"map of {self._values(merged, depth)}"
        form = merged.get("format")
        return (
            f"{kind} ({_NUMBERS.get(form, form)})"
            if isinstance(form, str) and form and kind not in ("object", "boolean")
            else kind
        )

    def _values(self, merged: Mapping[str, Any], depth: int) -> str:
        return _plural(self.kind(self._flatten(merged["additionalProperties"]), depth + 1))


_CHOICE = {"oneOf": "one of {}", "anyOf": "any of {}"}


def _number(found: Flat) -> int:
    """How many rows a value has below it."""
    merged = found.schema
    maps = merged.get("patternProperties"), merged.get("properties"), merged.get("prefixItems")
    held = sum(len(one) for one in maps if isinstance(one, dict | list))
    return (
        held
        + sum(len(branches) for _, branches in found.unions)
        + (1 if merged.get("additionalProperties") not in (None, True, False, {}) else 0)
    )


def _plural(kind: str) -> str:
    if kind.startswith(("one of", "any of", "list", "map")):
        return kind
    word, _, rest = kind.partition(" ")
    return f"{word}s{' ' + rest if rest else ''}" if word != "any" else "any values"


def _of_values(merged: Mapping[str, Any]) -> str:
    """The kind of a value that only its values tell."""
    known = merged["enum"] if isinstance(merged.get("enum"), list) else [merged["const"]] if "const" in merged else []
    names = {bool: "boolean", str: "string", int: "integer", float: "number", dict: "object", list: "list"}
    return " or ".join(dict.fromkeys(names[type(one)] for one in known if type(one) in names))


def _below(parent: Row, name: str) -> str:
    return f"{parent.anchor}.{name}" if parent.anchor else name


def _json(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return code(text if len(text) <= 200 else f"{text[:200]}…")
