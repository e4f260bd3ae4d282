"""The properties of two objects, as they are sent or as they are read."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.compat.change import Finding, quoted
from tillspec.compat.deprecation import deprecation
from tillspec.compat.flatten import COMBINED
from tillspec.compat.graph import Edge, Pair
from tillspec.compat.side import Sameness, Side
from tillspec.compat.view import Key, View
from tillspec.pointer import Pointer, join
from tillspec.rules.reading.nodes import Direction

_HIDDEN = {Direction.REQUEST: "readOnly", Direction.RESPONSE: "writeOnly"}


def properties(sameness: Sameness, before: View, after: View, direction: Direction) -> tuple[list[Finding], list[Edge]]:
    """What is found of the properties of two objects, and those that both have."""
    if not (before.allows("object") and after.allows("object")):
        return [], []
    looked = _Properties(sameness, before, after, direction)
    return list(looked.findings()), looked.edges


class _Properties:
    def __init__(self, sameness: Sameness, before: View, after: View, direction: Direction) -> None:
        self.sameness, self.old, self.new = sameness, sameness.old, sameness.new
        self.before, self.after, self.direction = before, after, direction
        self.edges: list[Edge] = []
        self.word = direction.value

    def findings(self) -> Iterator[Finding]:
        before, after = (_shown(side, view, self.direction) for side, view in self._both)
        for name in dict.fromkeys([*before, *after]):
            keys = before.get(name, self._rest(self.before, name)), after.get(name, self._rest(self.after, name))
            if keys[0] is not None and keys[1] is not None:
                self.edges.append((join("", name), Pair(keys[0], keys[1], self.direction)))
                yield from self._kept(name, keys[0], keys[1])
            elif name in before:
                yield from self._gone(name)
            else:
                yield from self._added(name)
        yield from self._openness()

    @property
    def _both(self) -> tuple[tuple[Side, View], tuple[Side, View]]:
        return (self.old, self.before), (self.new, self.after)

    def _found(self, rule: str, name: str, words: str, old: str | None, new: str | None) -> Finding:
        return Finding(rule, f"the property {quoted(name)} {words}", "", old, new, join("", name))

    def _required(self, name: str, old: str | None, new: str | None) -> Finding:
        must = name in self.after.required
        words = "must be there" if must else "may be left out"
        return self._found(f"{self.word}-property-became-{'required' if must else 'optional'}", name, words, old, new)

    def _rest(self, view: View, name: str) -> Key | None:
        """What an object says of a property that it does not declare, where it says something of all."""
        return view.rest if view.rest and name not in view.properties else None

    def _kept(self, name: str, *keys: Key) -> Iterator[Finding]:
        where = _at(keys[0]), _at(keys[1])
        if (name in self.before.required) != (name in self.after.required):
            yield self._required(name, *where)
        if self.sameness.of(*keys):
            return
        one, other = self.old.view(keys[0]), self.new.view(keys[1])
        for rule, words, detail in deprecation(one.annotations, other.annotations):
            yield Finding(rule, f"the property {quoted(name)} {words}", detail, *where, join("", name))

    def _gone(self, name: str) -> Iterator[Finding]:
        where = _at(self.before.properties[name])
        now = self.after.properties.get(name)
        hidden = bool(now) and self.new.view(now or ()).flag(_HIDDEN[self.direction])
        must = name in self.before.required
        if hidden:
            rule, words = (
                ("became-read-only", "is read-only") if self.word == "request" else ("became-write-only", "is write-only")
            )
            yield self._found(f"{self.word}-property-{rule}", name, words, where, now[0] if now else None)
        elif self.word == "response":
            rule = f"response-{'required' if must else 'optional'}-property-removed"
            yield self._found(rule, name, "is gone", where, self.after.spot)
        elif self.after.closed:
            yield self._found(
                "request-property-refused", name, "is gone, and the object is closed", where, self.after.at("properties")
            )
        else:
            yield self._found("request-property-removed", name, "is gone", where, self.after.spot)

    def _added(self, name: str) -> Iterator[Finding]:
        where = _at(self.after.properties[name])
        known = self.before.properties.get(name)
        old = known[0] if known else None
        hidden = bool(known) and self.old.view(known or ()).flag(_HIDDEN[self.direction])
        must = name in self.after.required
        if self.word == "request" and must:
            yield self._found("request-required-property-added", name, "is new, and must be there", old, where)
        elif hidden:
            rule = "request-property-became-writable" if self.word == "request" else "response-property-became-readable"
            yield self._found(rule, name, "can be sent" if self.word == "request" else "is shown", old, where)
        elif self.word == "request":
            yield self._found("request-optional-property-added", name, "is new", old, where)
        else:
            rule = "response-closed-property-added" if self.before.closed else "response-property-added"
            yield self._found(rule, name, "is new", old, where)

    def _openness(self) -> Iterator[Finding]:
        if self.before.closed == self.after.closed:
            return
        closed = self.after.closed
        words = "properties that are not declared are " + ("refused" if closed else "allowed")
        where = self.before.at("additionalProperties"), self.after.at("additionalProperties")
        yield Finding(f"{self.word}-{'closed' if closed else 'opened'}", words, "", *where)


def _shown(side: Side, view: View, direction: Direction) -> dict[str, Key]:
    """The properties that a message of a direction may have."""
    return {name: key for name, key in view.properties.items() if not _is_hidden(side, key, _HIDDEN[direction])}


def _at(key: Key) -> Pointer | None:
    return key[0] if key else None


def _is_hidden(side: Side, key: Key, word: str) -> bool:
    value = side.at(key[0]) if key else {}
    if len(key) == 1 and isinstance(value, dict) and not any(word in value for word in COMBINED):
        return value.get(word) is True  # what most properties are, without a closer look
    below = side.view(key)
    return below.never or below.flag(word)
