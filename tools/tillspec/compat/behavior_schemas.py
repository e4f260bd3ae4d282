"""What schemas promise beyond the message (`x-behavior` on an object or a value): whom a change of it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from tillspec.api.durations import duration
from tillspec.compat.change import Finding, canonical, quoted, shown
from tillspec.compat.view import View, entries
from tillspec.pointer import Pointer, join
from tillspec.rules.reading.nodes import Direction

Told = tuple[str, str, str]
"""A rule, its words, and its detail."""

_ANSWERS = ("status", "code")


def schema_behavior(old: View, new: View, direction: Direction) -> Iterator[Finding]:
    """What is found of the behaviour that two schemas declare of one value."""
    if old.behavior == new.behavior:
        return
    for word in dict.fromkeys([*old.behavior, *new.behavior]):
        before, after = old.behavior.get(word), new.behavior.get(word)
        if canonical(before) == canonical(after) or (
            word == "initially" and old.behavior.get("same-as") != new.behavior.get("same-as")
        ):
            continue  # of another echo is told once
        look = _WORDS.get(word, _promise)
        where = _place(old, word), _place(new, word)
        for rule, words, detail in look(word, before, after, direction):
            yield Finding(rule, words, f"{word} {detail}", *where)


def _place(view: View, word: str) -> Pointer | None:
    at = view.at("x-behavior")
    return join(at, word) if at is not None and word in view.behavior else at


def _promise(word: str, before: Any, after: Any, _: Direction) -> Iterator[Told]:
    yield promise(word, before, after)


def promise(word: str, before: Any, after: Any) -> Told:
    """What is said of a word that no rule of its own is about."""
    detail = f"{canonical(before)} {canonical(after)}"
    if before is None:
        return "behavior-added", f"{quoted(word)} is declared: {shown(after)}", detail
    if after is None:
        return "behavior-withdrawn", f"{quoted(word)} is no longer declared; it was {shown(before)}", detail
    return "behavior-changed", f"{quoted(word)} went from {shown(before)} to {shown(after)}", detail


def went(word: str, before: Any, after: Any) -> str:
    """What a word was, and is."""
    said = ["none" if value is None else shown(value) for value in (before, after)]
    return f"{quoted(word)} went from {said[0]} to {said[1]}"


def _simple(rule: str) -> Callable[[str, Any, Any, Direction], Iterator[Told]]:
    """A word of which every change is one rule's, but for its first declaration."""

    def look(word: str, before: Any, after: Any, _: Direction) -> Iterator[Told]:
        if before is None:
            yield promise(word, before, after)
        else:
            yield rule, went(word, before, after), f"{canonical(before)} {canonical(after)}"

    return look


def _lifecycle(_: str, before: Any, after: Any, __: Direction) -> Iterator[Told]:
    if before is None or after is None:
        yield ("lifecycle-added", "its states are declared", "") if before is None else (
            "lifecycle-removed", "its states are no longer declared", "")  # fmt: skip
        return
    old, new = entries(before), entries(after)
    for word in ("field", "initial"):
        if old.get(word) != new.get(word):
            yield "lifecycle-changed", went(word, old.get(word), new.get(word)), f"{old.get(word)} {new.get(word)}"
    moves = [_moves(value) for value in (old, new)]
    states = [{*one, *(target for targets in one.values() for target in targets)} for one in moves]
    for state in sorted(states[0] - states[1]):
        yield "lifecycle-state-removed", f"the state {quoted(state)} is gone", state
    for state in sorted(states[1] - states[0]):
        yield "lifecycle-state-added", f"the state {quoted(state)} is new", state
    both = states[0] & states[1]
    for state in sorted(both):
        was, now = moves[0].get(state, set()), moves[1].get(state, set())
        for target in sorted((was - now) & states[1]):
            yield "lifecycle-move-removed", f"{quoted(state)} no longer goes to {quoted(target)}", f"{state} {target}"
        for target in sorted(now - was):
            if not was:
                yield (
                    "lifecycle-terminal-reopened",
                    f"{quoted(state)} was an end, and goes to {quoted(target)}",
                    f"{state} {target}",
                )
            elif target in states[0]:
                yield "lifecycle-move-added", f"{quoted(state)} goes to {quoted(target)}", f"{state} {target}"


def _moves(lifecycle: dict[str, Any]) -> dict[str, set[str]]:
    moves = entries(lifecycle.get("moves"))
    return {state: {str(one) for one in targets} if isinstance(targets, list) else set() for state, targets in moves.items()}


def _expires(word: str, before: Any, after: Any, _: Direction) -> Iterator[Told]:
    if before is None or after is None:
        said = went(word, before, after)
        yield ("expiry-added" if before is None else "expiry-removed"), said, f"{canonical(before)} {canonical(after)}"
        return
    old, new = entries(before), entries(after)
    for part in ("after", "kept"):
        one, other = old.get(part), new.get(part)
        if one == other:
            continue
        order = compared(_time(part, one), _time(part, other))
        rule = "expiry-changed" if order is None else "expiry-shortened" if order < 0 else "expiry-lengthened"
        if order != 0:
            yield rule, went(part, one, other), f"{one} {other}"
    for part in ("at", "state"):
        if old.get(part) != new.get(part):
            rule = "expiry-changed" if part in old else "behavior-added"
            yield rule, went(part, old.get(part), new.get(part)), f"{old.get(part)} {new.get(part)}"


def _time(part: str, value: Any) -> timedelta | None:
    if part == "kept" and value in (None, "forever"):
        return timedelta.max if value else timedelta(0)
    return duration(value)


def compared(one: timedelta | None, other: timedelta | None) -> int | None:
    """Whether a time became shorter (-1) or longer (1); None where one of the two is no time."""
    if one is None or other is None:
        return None
    return (other > one) - (other < one)


def _rules(word: str, before: Any, after: Any, direction: Direction) -> Iterator[Told]:
    """Conditions and totals: what a condition asks is its name; who breaks it gets an answer that may change by itself."""
    old, new = ({_condition(one): one for one in value if isinstance(one, dict)} if isinstance(value, list) else {}
                for value in (before, after))  # fmt: skip
    for key in [*old, *(key for key in new if key not in old)]:
        one, other = old.get(key), new.get(key)
        rule = other or one or {}
        name = quoted(str(rule.get("rule") or f"{rule.get('total')} adds up"))
        if one is None:
            yield f"{direction}-rule-added", f"the {_named(word)} {name} is new", key
        elif other is None:
            yield f"{direction}-rule-removed", f"the {_named(word)} {name} is gone", key
        elif direction is Direction.REQUEST:
            said = [canonical({part: value.get(part) for part in _ANSWERS}) for value in (one, other)]
            if said[0] != said[1]:
                yield (
                    "rule-answer-changed",
                    f"who breaks {name} gets {quoted(said[1])}, and not {quoted(said[0])}",
                    f"{key} {said}",
                )


def _named(word: str) -> str:
    return "total" if word == "totals" else "rule"


def _condition(rule: dict[str, Any]) -> str:
    """What a condition asks: the same, however it is spaced and explained."""
    if "rule" in rule:
        return " ".join(str(rule["rule"]).split())
    terms = rule.get("terms")
    kept = {**{key: rule.get(key) for key in ("total", "when", "rounding")},
            "terms": sorted(map(canonical, terms)) if isinstance(terms, list) else None}  # fmt: skip
    return canonical(kept)


def _money(word: str, before: Any, after: Any, _: Direction) -> Iterator[Told]:
    rule = "money-added" if before is None else "money-changed"
    yield rule, went(word, before, after), f"{canonical(before)} {canonical(after)}"


def _echo(word: str, before: Any, after: Any, _: Direction) -> Iterator[Told]:
    if word == "initially":
        if after is True:
            yield "echo-changed", "the value equals what was sent only at first", ""
        elif before is True:
            yield "echo-added", "the value equals what was sent for good", ""
        return
    rule = "echo-added" if before is None else "echo-removed" if after is None else "echo-changed"
    yield rule, went(word, before, after), f"{before} {after}"


def _among(word: str, before: Any, after: Any, direction: Direction) -> Iterator[Told]:
    if direction is Direction.RESPONSE:
        yield promise(word, before, after)
        return
    event = "added" if before is None else "removed" if after is None else "changed"
    yield f"request-among-{event}", went(word, before, after), f"{canonical(before)} {canonical(after)}"


def secret(_: str, before: Any, after: Any, __: Direction | None = None) -> Iterator[Told]:
    """What is found of a secret: less of it is a risk, a shorter life breaks who keeps it."""
    if before is None or after is None:
        gone = after is None
        yield ("secret-weakened", "it is a secret no longer", "") if gone else ("secret-strengthened", "it is a secret", "")
        return
    old, new = entries(before), entries(after)
    bits = [int(value["bits"]) if isinstance(value.get("bits"), int) else 0 for value in (old, new)]
    if bits[0] != bits[1]:
        rule = "secret-weakened" if bits[1] < bits[0] else "secret-strengthened"
        yield rule, f"its entropy went from {bits[0]} to {bits[1]} bits", f"bits {bits[0]} {bits[1]}"
    lives = [duration(value.get("lifetime")) for value in (old, new)]
    if lives[0] != lives[1]:
        longer = lives[1] is None or (lives[0] is not None and lives[1] > lives[0])
        said = went("lifetime", old.get("lifetime"), new.get("lifetime"))
        yield ("secret-weakened" if longer else "secret-shortened"), said, f"lifetime {lives[0]} {lives[1]}"
    once = [value.get("single-use") is True for value in (old, new)]
    if once[0] != once[1]:
        words = "it can be used once only" if once[1] else "it can be used more than once"
        yield ("secret-shortened" if once[1] else "secret-weakened"), words, "single-use"


_WORDS: dict[str, Callable[[str, Any, Any, Direction], Iterator[Told]]] = {
    "object": _simple("object-changed"),
    "id": _simple("object-changed"),
    "owner": _simple("owner-changed"),
    "lifecycle": _lifecycle,
    "expires": _expires,
    "rules": _rules,
    "totals": _rules,
    "money": _money,
    "percent": _simple("money-changed"),
    "same-as": _echo,
    "initially": _echo,
    "among": _among,
    "secret": secret,
    "encodes": _simple("encodes-changed"),
}
