"""One of the two contracts: its values by pointer, its references followed, its schemas as views."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from tillspec.compat.flatten import Flattening, target_of
from tillspec.compat.view import Key, View, merged
from tillspec.diagnostics import Diagnostic, Refused
from tillspec.document.bundle import Bundle
from tillspec.pointer import Pointer, join, look_up
from tillspec.source import Span

_MOST_PARTS = 250_000
"""So many schemas are merged into others, counting each as often as it is used; more would take minutes."""

_VERSIONED = ("nullable", "exclusiveMinimum", "exclusiveMaximum", "$ref")


class Side:
    """A contract, as it is compared."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.document: dict[str, Any] = bundle.value
        self.is_3_0 = bundle.version == "3.0"
        self._views: dict[Key, View] = {}
        self._values: dict[Pointer, Any] = {}
        self._merged = 0

    def span(self, pointer: Pointer | None) -> Span | None:
        """Where a person wrote what stands at a pointer."""
        return None if pointer is None else self.bundle.span(pointer)

    def at(self, pointer: Pointer) -> Any:
        """What stands at a pointer; None where nothing does."""
        if pointer not in self._values:
            try:
                self._values[pointer] = look_up(self.document, pointer)
            except (LookupError, ValueError):
                self._values[pointer] = None
        return self._values[pointer]

    def follow(self, pointer: Pointer) -> Pointer:
        """Where references that stand at a pointer end."""
        seen: set[Pointer] = set()
        while pointer not in seen:
            seen.add(pointer)
            target = target_of(self.at(pointer))
            if target is None:
                return pointer
            pointer = target
        return pointer

    def view(self, key: Key) -> View:
        """What schemas say together."""
        if key not in self._views:
            self._views[key] = self._flattened(key)
        return self._views[key]

    def _flattened(self, key: Key) -> View:
        flat = Flattening(self.at, self.follow, self.is_3_0).run(key)
        self._count(len(flat.parts), key)
        view = merged(key, flat.parts, never=flat.never, null_too=flat.null_too)
        view.unions = flat.unions
        return view

    def _count(self, parts: int, key: Key) -> None:
        self._merged += parts
        if self._merged > _MOST_PARTS:
            message = f"these schemas are merged of more than {_MOST_PARTS:,} others, counting each as often as it is used"
            hint = "do not combine what is combined of the same parts already"
            raise Refused([Diagnostic("too-large", message, self.span(key[0] if key else ""), hint)])

    @cached_property
    def components(self) -> dict[Pointer, Any]:
        """Every component, by its pointer."""
        sections = self.document.get("components")
        return {
            join("/components", section, name): entry
            for section, entries in (sections.items() if isinstance(sections, dict) else ())
            for name, entry in (entries.items() if isinstance(entries, dict) else ())
        }


def references(value: Any) -> Iterator[Pointer]:
    """Where the references in a value lead, those of examples and extensions among them."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            target = target_of(item)
            if target is not None:
                yield target
            discriminator = item.get("discriminator")
            mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else None
            for named in mapping.values() if isinstance(mapping, dict) else ():
                yield mapped(named)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def mapped(named: Any) -> Pointer:
    """Where a value of a discriminator's mapping leads: a reference, or the name of a component."""
    text = str(named)
    return text[1:] if text.startswith("#/") else join("/components/schemas", text)


class Sameness:
    """What is the same on both sides, all that it refers to among it, and so need not be looked at."""

    def __init__(self, old: Side, new: Side) -> None:
        self.old, self.new = old, new
        self.comparable = old.bundle.version == new.bundle.version and not (_leaves_components(old) or _leaves_components(new))
        self.whole = self.comparable and old.document.get("components") == new.document.get("components")
        self._same: dict[tuple[Key, Key], bool] = {}

    @cached_property
    def changed(self) -> set[Pointer]:
        """The components that differ, or refer to one that does."""
        old, new = self.old.components, self.new.components
        changed = {pointer for pointer in old.keys() | new.keys() if pointer not in old or pointer not in new}
        changed |= {pointer for pointer in old.keys() & new.keys() if old[pointer] != new[pointer]}
        users: dict[Pointer, set[Pointer]] = {}
        for pointer, entry in old.items():
            for target in references(entry):
                users.setdefault(_component(target), set()).add(pointer)
        waiting = list(changed)
        while waiting:
            more = users.get(waiting.pop(), set()) - changed
            changed |= more
            waiting += more
        return changed

    def of(self, old: Key, new: Key) -> bool:
        """Whether two lists of schemas are the same."""
        if len(old) != len(new):
            return False
        if not self.comparable:
            return len(old) == 1 and _is_leaf(self.old.at(old[0]), self.new.at(new[0]))
        known = self._same.get((old, new))
        if known is None:
            known = all(self._is_same(one, other) for one, other in zip(old, new, strict=True))
            self._same[old, new] = known
        return known

    def of_values(self, old: Any, new: Any) -> bool:
        """Whether two objects are the same."""
        if not self.comparable or old != new:
            return False
        return self.whole or not any(_component(target) in self.changed for target in references(old))

    def _is_same(self, old: Pointer, new: Pointer) -> bool:
        if old == new and old in self.old.components:
            return self.whole or old not in self.changed
        return self.of_values(self.old.at(old), self.new.at(new))


def _is_leaf(one: Any, other: Any) -> bool:
    """Whether two schemas are equal, and mean the same in every version of OpenAPI."""
    if one != other or not isinstance(one, dict):
        return False
    return not any(isinstance(item, dict | list) or word in _VERSIONED for word, item in one.items())


def _leaves_components(side: Side) -> bool:
    """Whether references may lead to other places than components, which are not looked at for what refers to them."""
    return any(word in source.text for source in side.bundle.sources for word in ("#/paths/", "#/webhooks/"))


def _component(pointer: Pointer) -> Pointer:
    """The component that a pointer leads to, or into."""
    return "/".join(pointer.split("/")[:4]) if pointer.startswith("/components/") else pointer
