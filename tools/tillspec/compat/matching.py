"""Which form of a union became which, where forms have no names: by what they are, and never by where they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tillspec.compat.change import canonical
from tillspec.compat.side import Sameness, Side
from tillspec.compat.view import Key
from tillspec.pointer import split

_ALIKE = 0.5
_DEEPEST = 3
_MOST = 10_000
"""So many pairs of forms are compared by what they have in common; of more, nobody could say which is which."""


@dataclass(slots=True)
class Forms:
    """The forms of one side, each with the values that a discriminator gives it."""

    side: Side
    keys: list[Key]
    word: str
    pointer: str | None
    property: str | None = None
    values: dict[str, Key] = field(default_factory=dict)

    def of_value(self, key: Key) -> str:
        return next((value for value, one in self.values.items() if one == key), "")

    def name(self, key: Key) -> str:
        """How a form is called in a sentence."""
        view = self.side.view(key)
        target = self.side.follow(key[0])
        named = split(target)[-1] if target in self.side.components else ""
        title = view.annotations.get("title")
        kinds = " or ".join(sorted(view.types)) if view.types else "any"
        return self.of_value(key) or named or (title if isinstance(title, str) else "") or kinds

    def content(self, key: Key, deep: int = 0) -> str:
        """What a form is, by what it holds, and not by what it is called."""
        view = self.side.view(key)
        items = self.content(view.items, deep + 1) if view.items and deep < _DEEPEST else ""
        return canonical(
            [sorted(view.types) if view.types is not None else None, sorted(view.enum) if view.enum is not None else None,
             sorted(view.properties), sorted(view.required), sorted(view.formats), sorted(view.patterns), len(view.unions), items]
        )  # fmt: skip

    def constants(self, key: Key) -> str:
        """The properties of which a form allows one value alone, such as `type: card`; empty where there is none."""
        view = self.side.view(key)
        enums = {name: self.side.view(below).enum for name, below in view.properties.items()}
        single = {name: next(iter(enum)) for name, enum in enums.items() if enum is not None and len(enum) == 1}
        return canonical(single) if single else ""


class Matching:
    """Takes forms together, by the surest sign first, and leaves those that no sign brings together."""

    def __init__(self, old: Forms, new: Forms, sameness: Sameness) -> None:
        self.old, self.new, self.sameness = old, new, sameness
        self.before, self.after = list(old.keys), list(new.keys)
        self.pairs: list[tuple[Key, Key]] = []

    def run(self) -> tuple[list[tuple[Key, Key]], list[Key], list[Key]]:
        """The forms that belong together, and those that are left on either side."""
        self._by_sameness()
        self._by_value()
        self._by_content()
        self._by_sign(self.old.constants, self.new.constants)
        self._by_sign(self.old.name, self.new.name)
        self._by_likeness()
        if len(self.before) == 1 and len(self.after) == 1 and may_be_one(self.old, self.new, self.before, self.after):
            self._take(self.before[0], self.after[0])
        return self.pairs, self.before, self.after

    def _take(self, one: Key, other: Key) -> None:
        self.pairs.append((one, other))
        self.before.remove(one)
        self.after.remove(other)

    def _by_sameness(self) -> None:
        for one in self.old.keys:
            same = next((other for other in self.after if self.sameness.of(one, other)), None)
            if same is not None:
                self._take(one, same)

    def _by_value(self) -> None:
        for value, one in self.old.values.items():
            other = self.new.values.get(value)
            if one in self.before and other in self.after and other is not None:
                self._take(one, other)

    def _by_content(self) -> None:
        """Forms that hold the same; several of them are taken in their order."""
        mine, theirs = (_grouped(keys, forms.content) for keys, forms in ((self.before, self.old), (self.after, self.new)))
        for content, keys in mine.items():
            if len(keys) == len(theirs.get(content, ())):
                for one, other in zip(keys, theirs[content], strict=True):
                    self._take(one, other)

    def _by_sign(self, mine: Callable[[Key], str], theirs: Callable[[Key], str]) -> None:
        """Forms of which one alone has a sign on either side."""
        known, there = _grouped(self.before, mine), _grouped(self.after, theirs)
        for sign, keys in known.items():
            alike = there.get(sign, [])
            if sign and len(keys) == len(alike) == 1 and may_be_one(self.old, self.new, keys, alike):
                self._take(keys[0], alike[0])

    def _by_likeness(self) -> None:
        if len(self.before) * len(self.after) > _MOST:
            return
        for one in list(self.before):
            close = max(self.after, key=lambda other: self._likeness(one, other), default=None)
            if close is not None and self._likeness(one, close) >= _ALIKE:
                self._take(one, close)

    def _likeness(self, one: Key, other: Key) -> float:
        """How many of the properties of two forms, or of their items, are common to both, from 0 to 1."""
        sides = (self.old.side, one), (self.new.side, other)
        views = [side.view(side.view(key).items or key) for side, key in sides]
        names = [set(view.properties) for view in views]
        whole = names[0] | names[1]
        return len(names[0] & names[1]) / len(whole) if whole else 0.0


def may_be_one(old: Forms, new: Forms, before: list[Key], after: list[Key]) -> bool:
    """Whether a value could be of a form of either list, by its JSON type."""
    kinds = [
        {kind for key in keys for kind in forms.side.view(key).types or ("any",)} for forms, keys in ((old, before), (new, after))
    ]
    return bool(kinds[0] & kinds[1]) or any("any" in one for one in kinds)


def _grouped(keys: list[Key], sign: Callable[[Key], str]) -> dict[str, list[Key]]:
    found: dict[str, list[Key]] = {}
    for key in keys:
        found.setdefault(sign(key), []).append(key)
    return found
