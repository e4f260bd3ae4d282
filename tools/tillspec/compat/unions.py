"""`oneOf` and `anyOf`: which form became which, and which are gone or new. Where nobody can tell, that is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tillspec.compat.change import Finding, canonical, quoted, shown
from tillspec.compat.graph import Edge, Pair
from tillspec.compat.side import Sameness, Side, mapped
from tillspec.compat.view import Key, Union, View
from tillspec.pointer import split
from tillspec.rules.reading.nodes import Direction

Found = tuple[list[Finding], list[Edge]]
_ALIKE = 0.5


@dataclass(slots=True)
class _Forms:
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

    def content(self, key: Key) -> str:
        """What a form is, by what it holds, and not by what it is called."""
        view = self.side.view(key)
        return canonical(
            [sorted(view.types) if view.types is not None else None, sorted(view.enum) if view.enum is not None else None,
             sorted(view.properties), sorted(view.required), sorted(view.formats), sorted(view.patterns), len(view.unions)]
        )  # fmt: skip

    def constants(self, key: Key) -> str:
        """The properties of which a form allows one value alone, such as `type: card`; empty where there is none."""
        view = self.side.view(key)
        enums = {name: self.side.view(below).enum for name, below in view.properties.items()}
        single = {name: next(iter(enum)) for name, enum in enums.items() if enum is not None and len(enum) == 1}
        return canonical(single) if single else ""


class Unions:
    """Compares the unions of two schemas in a direction."""

    def __init__(self, old: Side, new: Side, sameness: Sameness, direction: Direction) -> None:
        self.old, self.new, self.sameness, self.direction = old, new, sameness, direction
        self.word = direction.value

    def is_lifted(self, old: View, new: View) -> bool:
        """Whether what was one schema became one form of several, or the other way round."""
        one, other = (old, new) if not old.unions else (new, old)
        return not one.unions and len(other.unions) == 1 and other.is_bare and not one.is_plain and not one.never

    def lifted(self, old: View, new: View) -> Found:
        """As `compared`, where one side is a single form."""
        sides = [(self.old, old), (self.new, new)]
        forms = [self._forms(side, view.unions[0]) if view.unions else None for side, view in sides]
        other = forms[0] or forms[1]
        assert other
        made = [form or _Forms(side, [view.key], other.word, view.spot, other.property)
                for form, (side, view) in zip(forms, sides, strict=True)]  # fmt: skip
        return self._compared(made[0], made[1], single=True)

    def compared(self, old: View, new: View) -> Found:
        """What is found of the unions of two schemas, and the forms that both have."""
        if len(old.unions) != len(new.unions):
            words = f"has {len(new.unions)} choices between forms in place of {len(old.unions)}; a person has to look"
            return [Finding(f"{self.word}-union-unclear", words, f"{len(old.unions)} {len(new.unions)}", old.spot, new.spot)], []
        found: list[Finding] = []
        edges: list[Edge] = []
        for one, other in zip(old.unions, new.unions, strict=True):
            more, below = self._compared(self._forms(self.old, one), self._forms(self.new, other))
            found += more
            edges += below
        return found, edges

    def _forms(self, side: Side, union: Union) -> _Forms:
        forms = _Forms(side, [(one,) for one in union.branches], union.word, union.pointer)
        if union.discriminator is not None:
            forms.property = str(union.discriminator.get("propertyName", ""))
            mapping = union.discriminator.get("mapping")
            named = {str(value): mapped(there) for value, there in mapping.items()} if isinstance(mapping, dict) else {}
            targets = {side.follow(key[0]): key for key in forms.keys}
            forms.values = {value: targets[at] for value, there in named.items() if (at := side.follow(there)) in targets}
            for target, key in targets.items():
                if key not in forms.values.values() and target in side.components:
                    forms.values.setdefault(split(target)[-1], key)
        return forms

    def _compared(self, old: _Forms, new: _Forms, *, single: bool = False) -> Found:
        pairs, before, after = self._matched(old, new)
        found = list(self._discriminators(old, new, single=single))
        found += self._kinds(old, new)
        if before and after and any(self._overlap(one, other) for one in before for other in after):
            names = [" and ".join(quoted(forms.name(key)) for key in keys) for forms, keys in ((old, before), (new, after))]
            words = f"which of the forms {names[1]} {names[0]} became, nobody can tell; a person has to look"
            detail = canonical([sorted(old.content(key) for key in before), sorted(new.content(key) for key in after)])
            found.append(Finding(f"{self.word}-union-unclear", words, detail, old.pointer, new.pointer))
        else:
            found += [self._branch(old, key, "removed", key[0], new.pointer) for key in before]
            found += [self._branch(new, key, "added", old.pointer, key[0]) for key in after]
        edges = []
        for one, other in pairs:
            value = old.of_value(one)
            edges.append((f"({value})" if value and value == new.of_value(other) else "", Pair(one, other, self.direction)))
        return found, edges

    def _branch(self, forms: _Forms, key: Key, event: str, old: str | None, new: str | None) -> Finding:
        words = f"the form {quoted(forms.name(key))} is {'gone' if event == 'removed' else 'new'}"
        return Finding(f"{self.word}-branch-{event}", words, forms.of_value(key) or forms.content(key), old, new)

    def _kinds(self, old: _Forms, new: _Forms) -> Iterator[Finding]:
        if old.word != new.word:
            event = "exclusive" if new.word == "oneOf" else "inclusive"
            yield Finding(f"{self.word}-union-{event}", f"`{old.word}` became `{new.word}`", "", old.pointer, new.pointer)

    def _discriminators(self, old: _Forms, new: _Forms, *, single: bool) -> Iterator[Finding]:
        where = old.pointer, new.pointer
        if old.property != new.property and not single:
            event = "added" if old.property is None else "removed" if new.property is None else "changed"
            said = [quoted(one) if one is not None else "none" for one in (old.property, new.property)]
            yield Finding(f"discriminator-{event}", f"the discriminator went from {said[0]} to {said[1]}", " ".join(said), *where)
        for value in old.values.keys() & new.values.keys():
            one, other = old.values[value], new.values[value]
            content = old.content(one)
            if content != new.content(other) and any(new.content(key) == content for key in new.keys):
                yield Finding("discriminator-value-changed", f"the value {shown(value)} names another form", value, *where)
        kept = {old.content(key) for key in old.keys} & {new.content(key) for key in new.keys}
        for value, key in old.values.items():
            if value not in new.values and new.values and old.content(key) in kept:
                rule, words = f"{self.word}-discriminator-value-removed", f"the value {shown(value)} of the discriminator is gone"
                yield Finding(rule, words, value, *where)
        for value, key in new.values.items():
            if value not in old.values and old.values and new.content(key) in kept:
                rule, words = f"{self.word}-discriminator-value-added", f"the value {shown(value)} of the discriminator is new"
                yield Finding(rule, words, value, *where)

    def _matched(self, old: _Forms, new: _Forms) -> tuple[list[tuple[Key, Key]], list[Key], list[Key]]:
        """The forms that belong together, and those that are left on either side."""
        before, after, pairs = list(old.keys), list(new.keys), list[tuple[Key, Key]]()

        def take(one: Key, other: Key) -> None:
            pairs.append((one, other))
            before.remove(one)
            after.remove(other)

        for one in old.keys:
            same = next((other for other in after if self.sameness.of(one, other)), None)
            if same is not None:
                take(one, same)
        for value, one in old.values.items():
            other = new.values.get(value)
            if one in before and other in after and other is not None:
                take(one, other)
        tests: list[tuple[Callable[[Key], str], Callable[[Key], str]]] = [
            (old.content, new.content), (old.constants, new.constants), (old.name, new.name),
        ]  # fmt: skip
        for mine, theirs in tests:
            for one in list(before):
                alike = [other for other in after if theirs(other) == mine(one)] if mine(one) else []
                if len(alike) == 1 and sum(mine(key) == mine(one) for key in before) == 1 and self._overlap(one, alike[0]):
                    take(one, alike[0])
        for one in list(before):
            close = max(after, key=lambda other: self._likeness(one, other), default=None)
            if close is not None and self._likeness(one, close) >= _ALIKE:
                take(one, close)
        if len(before) == 1 and len(after) == 1 and self._overlap(before[0], after[0]):
            take(before[0], after[0])
        return pairs, before, after

    def _overlap(self, one: Key, other: Key) -> bool:
        """Whether a value could be of both forms, by its JSON type."""
        kinds = [side.view(key).types for side, key in ((self.old, one), (self.new, other))]
        return kinds[0] is None or kinds[1] is None or bool(kinds[0] & kinds[1])

    def _likeness(self, one: Key, other: Key) -> float:
        """How many of the properties of two forms are common to both, from 0 to 1."""
        names = [set(side.view(key).properties) for side, key in ((self.old, one), (self.new, other))]
        whole = names[0] | names[1]
        return len(names[0] & names[1]) / len(whole) if whole else 0.0
