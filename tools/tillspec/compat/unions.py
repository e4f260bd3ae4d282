"""`oneOf` and `anyOf`: which form became which, and which are gone or new. Where nobody can tell, that is said."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.compat.change import Finding, canonical, quoted, shown
from tillspec.compat.graph import Edge, Pair
from tillspec.compat.matching import Forms, Matching, may_be_one
from tillspec.compat.side import Sameness, Side, mapped
from tillspec.compat.view import Key, Union, View, entries
from tillspec.pointer import split
from tillspec.rules.reading.nodes import Direction

Found = tuple[list[Finding], list[Edge]]


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
        made = [form or Forms(side, [view.key], other.word, view.spot, other.property)
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

    def subtypes(self, old: View, new: View) -> Found:
        """What is found of the discriminators of objects that others take from, and what their values name on both sides."""
        before, after = (view.annotations.get("discriminator") for view in (old, new))
        if old.unions or new.unions or not (isinstance(before, dict) or isinstance(after, dict)):
            return [], []
        forms = [self._subtypes(side, view) for side, view in ((self.old, old), (self.new, new))]
        found = list(self._discriminators(forms[0], forms[1], single=False, certain=True))
        shared = [value for value in forms[0].values if value in forms[1].values]
        pairs = [Pair(forms[0].values[value], forms[1].values[value], self.direction) for value in shared]
        return found, [(f"({value})", pair) for value, pair in zip(shared, pairs, strict=True)]

    def _subtypes(self, side: Side, view: View) -> Forms:
        discriminator = entries(view.annotations.get("discriminator"))
        named: dict[str, Key] = {str(value): (mapped(there),) for value, there in entries(discriminator.get("mapping")).items()}
        name = str(discriminator["propertyName"]) if "propertyName" in discriminator else None
        return Forms(side, list(named.values()), "oneOf", view.at("discriminator"), name, named)

    def _forms(self, side: Side, union: Union) -> Forms:
        forms = Forms(side, [(one,) for one in union.branches], union.word, union.pointer)
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

    def _compared(self, old: Forms, new: Forms, *, single: bool = False) -> Found:
        pairs, before, after = Matching(old, new, self.sameness).run()
        found = list(self._discriminators(old, new, single=single))
        found += self._kinds(old, new)
        if before and after and may_be_one(old, new, before, after):
            names = [" and ".join(quoted(forms.name(key)) for key in keys) for forms, keys in ((old, before), (new, after))]
            words = f"the forms {names[0]} became {names[1]}, and it cannot be told which became which: a person has to look"
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

    def _branch(self, forms: Forms, key: Key, event: str, old: str | None, new: str | None) -> Finding:
        words = f"the form {quoted(forms.name(key))} is {'gone' if event == 'removed' else 'new'}"
        return Finding(f"{self.word}-branch-{event}", words, forms.of_value(key) or forms.content(key), old, new)

    def _kinds(self, old: Forms, new: Forms) -> Iterator[Finding]:
        if old.word != new.word:
            event = "exclusive" if new.word == "oneOf" else "inclusive"
            yield Finding(f"{self.word}-union-{event}", f"`{old.word}` became `{new.word}`", "", old.pointer, new.pointer)

    def _discriminators(self, old: Forms, new: Forms, *, single: bool, certain: bool = False) -> Iterator[Finding]:
        """A form that is gone or new is told as such, and its value is not; `certain` tells each value all the same."""
        where = old.pointer, new.pointer
        if old.property != new.property and not single:
            event = "added" if old.property is None else "removed" if new.property is None else "changed"
            said = [quoted(one) if one is not None else "none" for one in (old.property, new.property)]
            yield Finding(f"discriminator-{event}", f"the discriminator went from {said[0]} to {said[1]}", " ".join(said), *where)
        for value in sorted(old.values.keys() & new.values.keys()):
            one, other = old.values[value], new.values[value]
            content = old.content(one)
            if content != new.content(other) and any(new.content(key) == content for key in new.keys):
                yield Finding("discriminator-value-changed", f"the value {shown(value)} names another form", value, *where)
        kept = {old.content(key) for key in old.keys} & {new.content(key) for key in new.keys}
        for value, key in old.values.items():
            if value not in new.values and new.values and (certain or old.content(key) in kept):
                rule, words = f"{self.word}-discriminator-value-removed", f"the value {shown(value)} of the discriminator is gone"
                yield Finding(rule, words, value, *where)
        for value, key in new.values.items():
            if value not in old.values and old.values and (certain or new.content(key) in kept):
                rule, words = f"{self.word}-discriminator-value-added", f"the value {shown(value)} of the discriminator is new"
                yield Finding(rule, words, value, *where)
