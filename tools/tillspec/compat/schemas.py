"""Two schemas in one direction: what is stricter, what is looser, and which parts of them have to be compared as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tillspec.compat.behavior_schemas import schema_behavior
from tillspec.compat.bounds import KEYWORDS, is_tighter, told
from tillspec.compat.change import Finding, canonical, quoted, shown
from tillspec.compat.graph import Edge, Pair
from tillspec.compat.others import others
from tillspec.compat.properties import properties
from tillspec.compat.side import Sameness, Side
from tillspec.compat.unions import Unions
from tillspec.compat.view import View, type_of
from tillspec.rules.reading.nodes import Direction

_WIDER = {"int32": {"int64"}, "float": {"double"}, "date": set[str](), "email": {"idn-email"}, "uri": {"uri-reference", "iri"}}
"""Formats, and those of which every value of theirs is one as well."""

Where = tuple[str | None, str | None]
"""The pointers to a keyword in the old and in the new bundle."""

ALL = frozenset(("object", "array", "string", "number", "boolean"))


class Schemas:
    """Compares the schemas of two contracts."""

    def __init__(self, old: Side, new: Side) -> None:
        self.old, self.new = old, new
        self.sameness = Sameness(old, new)

    def compare(self, pair: Pair) -> tuple[list[Finding], list[Edge]]:
        """What is found at a pair itself, and the pairs below it."""
        if self.sameness.of(pair.old, pair.new):
            return [], []
        old, new = self.old.view(pair.old), self.new.view(pair.new)
        word = pair.direction.value
        forms = Unions(self.old, self.new, self.sameness, pair.direction)
        if forms.is_lifted(old, new):
            return forms.lifted(old, new)
        found = list(_types(old, new, word))
        if any(one.rule.endswith("-type-changed") for one in found) and not _overlap(old, new):
            return found, []
        found += [*_enum(old, new, word), *_bounds(old, new, word), *_texts(old, new, word), *_defaults(old, new, word)]
        found += others(self.old, self.new, old, new, word)
        found += schema_behavior(old, new, pair.direction)
        edges: list[Edge] = []
        parts = (properties(self.sameness, old, new, pair.direction), forms.compared(old, new), forms.subtypes(old, new))
        for more, below in parts:
            found += more
            edges += below
        edges += _items(old, new, pair.direction)
        return found, edges


def facet(names: tuple[str, str], tight: bool, words: str, detail: str, where: Where) -> Finding:
    """A finding of the pair of rules of a facet in a direction; `names` are the two."""
    return Finding(f"{'-'.join(names)}-{'tightened' if tight else 'loosened'}", words, detail, *where)


def _types(old: View, new: View, word: str) -> Iterator[Finding]:
    before, after = _kinds(old), _kinds(new)
    where = old.at("type"), new.at("type")
    words = f"type went from {_type_names(old)} to {_type_names(new)}"
    detail = f"{_type_names(old)} {_type_names(new)}"
    if before == after:
        pass
    elif after < before or before < after:
        yield facet((word, "type"), after < before, words, detail, where)
    else:
        yield Finding(f"{word}-type-changed", words, detail, *where)
    if old.null != new.null and (old.types is not None or new.null) and (new.types is not None or old.null):
        words = "null is allowed no more" if old.null else "null is allowed"
        if old.types is not None and new.types is not None:
            yield facet((word, "nullability"), old.null, words, "", where)


def _kinds(view: View) -> frozenset[str]:
    if view.never:
        return frozenset()
    kinds = ALL if view.types is None else view.types
    return kinds | {"integer"} if "number" in kinds else kinds


def _overlap(old: View, new: View) -> bool:
    return bool(_kinds(old) & _kinds(new))


def _type_names(view: View) -> str:
    if view.never:
        return "nothing"
    return "any" if view.types is None else " or ".join(sorted(view.types)) or "null"


def _enum(old: View, new: View, word: str) -> Iterator[Finding]:
    before, after = old.enum, new.enum
    where = old.at("enum"), new.at("enum")
    if before is None and after is not None:
        if not old.allows("boolean") or set(after) != {"true", "false"}:
            yield facet((word, "enum"), True, f"values are limited to {_listed(after)}", canonical(sorted(after)), where)
    elif before is not None and after is None:
        yield facet((word, "enum"), False, f"values are no longer limited to {_listed(before)}", canonical(sorted(before)), where)
    elif before is not None and after is not None:
        for key in sorted(before.keys() - after.keys()):
            if new.allows(type_of(before[key])):
                yield Finding(f"{word}-enum-value-removed", f"the value {shown(before[key])} is gone", key, *where)
        for key in sorted(after.keys() - before.keys()):
            if old.allows(type_of(after[key])):
                yield Finding(f"{word}-enum-value-added", f"the value {shown(after[key])} is new", key, *where)
    known, said = (view.annotations.get("x-extensible-enum") for view in (old, new))
    if isinstance(known, list) and isinstance(said, list):
        listed, now = ({canonical(value): value for value in values} for values in (known, said))
        where = old.at("x-extensible-enum"), new.at("x-extensible-enum")
        for key in sorted(listed.keys() - now.keys()):
            yield Finding("extensible-enum-value-removed", f"the value {shown(listed[key])} is gone", key, *where)
        for key in sorted(now.keys() - listed.keys()):
            yield Finding("extensible-enum-value-added", f"the value {shown(now[key])} is new", key, *where)


def _listed(values: dict[str, Any]) -> str:
    names = [shown(values[key]) for key in sorted(values)]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _bounds(old: View, new: View, word: str) -> Iterator[Finding]:
    for name, keyword in KEYWORDS.items():
        before, after = old.bounds.get(name), new.bounds.get(name)
        if before == after:
            continue
        tight = is_tighter(name, before, after)
        # a step that is neither a multiple nor a part of the old one is stricter for some values, and looser for others
        tight = word == "request" if tight is None else tight
        words = f"{keyword} went from {told(name, before)} to {told(name, after)}"
        yield facet((word, name), tight, words, f"{told(name, before)} {told(name, after)}", (old.at(keyword), new.at(keyword)))


def _texts(old: View, new: View, word: str) -> Iterator[Finding]:
    for name, before, after in (("format", old.formats, new.formats), ("pattern", old.patterns, new.patterns)):
        if before == after:
            continue
        shown_before, shown_after = (" and ".join(map(quoted, sorted(values))) or "none" for values in (before, after))
        words, where = f"{name} went from {shown_before} to {shown_after}", (old.at(name), new.at(name))
        detail = f"{shown_before} {shown_after}"
        if before < after or after < before:
            yield facet((word, name), before < after, words, detail, where)
        elif name == "format" and _is_wider(before, after):
            yield facet((word, name), False, words, detail, where)
        elif name == "format" and _is_wider(after, before):
            yield facet((word, name), True, words, detail, where)
        else:
            yield Finding(f"{word}-{name}-changed", words, detail, *where)


def _is_wider(before: frozenset[str], after: frozenset[str]) -> bool:
    """Whether every value of the formats before is of those after."""
    return all(any(one == other or other in _WIDER.get(one, ()) for one in before) for other in after)


def _defaults(old: View, new: View, word: str) -> Iterator[Finding]:
    missing = object()
    before, after = (view.annotations.get("default", missing) for view in (old, new))
    if before is after or (before is not missing and after is not missing and canonical(before) == canonical(after)):
        return
    where = old.at("default"), new.at("default")
    said = ["none" if value is missing else shown(value) for value in (before, after)]
    words = f"default went from {said[0]} to {said[1]}"
    event = "added" if before is missing else "removed" if after is missing else "changed"
    rule = f"request-default-{event}" if word == "request" else "response-default-changed"
    yield Finding(rule, words, " ".join(said), *where)


def _items(old: View, new: View, direction: Direction) -> Iterator[Edge]:
    if old.items or new.items:
        yield "/*", Pair(old.items, new.items, direction)
    if (old.rest or new.rest) and not (old.closed or new.closed):
        yield "/{any}", Pair(old.rest, new.rest, direction)
    for index in range(max(len(old.prefix), len(new.prefix))):
        keys = [view.prefix[index] if index < len(view.prefix) else view.items for view in (old, new)]
        yield f"/{index}", Pair(keys[0], keys[1], direction)
    for pattern in sorted(old.by_pattern.keys() & new.by_pattern.keys()):
        yield f"/{{{pattern}}}", Pair(old.by_pattern[pattern], new.by_pattern[pattern], direction)
