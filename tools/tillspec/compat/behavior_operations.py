"""What operations promise beyond their messages (`x-behavior` on an operation): whom a change of it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from tillspec.api.durations import duration
from tillspec.compat.behavior_schemas import Told, compared, promise, went
from tillspec.compat.change import canonical, shown
from tillspec.compat.view import entries

_KEYED = ("header", "scope", "compare", "repeat", "replayed", "mismatch", "running", "keeps")


def operation_behavior(before: Any, after: Any) -> Iterator[tuple[str, Told]]:
    """What is found of the behaviour of two operations, each by the word that it is about."""
    old, new = entries(before), entries(after)
    for word in dict.fromkeys([*old, *new]):
        one, other = _plain(word, old.get(word)), _plain(word, new.get(word))
        if canonical(one) == canonical(other):
            continue
        look = _WORDS.get(word)
        for found in look(word, one, other) if look else [promise(word, one, other)]:
            yield word, found


_ANSWERS = ("expired", "gone", "foreign", "unknown", "mismatch", "running", "otherwise", "exceeded")
_SETS = ("scope", "from", "when", "delivered", "ends", "headers")


def _plain(word: str, value: Any) -> Any:
    """One spelling of what has several: an answer that is a bare status, and lists of which the order means nothing."""
    if word in _ANSWERS and isinstance(value, int):
        return {"status": value}
    if word in _SETS and isinstance(value, list):
        return sorted(value, key=canonical)
    return {key: _plain(key, item) for key, item in value.items()} if isinstance(value, dict) else value


def _idempotency(word: str, before: Any, after: Any) -> Iterator[Told]:
    said, detail = went(word, _mode(before), _mode(after)), f"{canonical(before)} {canonical(after)}"
    if not (isinstance(before, dict) and isinstance(after, dict)):
        held, holds = before not in (None, "none"), after not in (None, "none")
        if held and not holds:
            yield "idempotency-dropped", said, detail
        elif holds and not held:
            yield "idempotency-added", said, detail
        elif held:
            yield "idempotency-changed", said, detail
        else:
            yield promise(word, before, after)
        return
    for part in _KEYED:
        default = "json" if part == "compare" else None
        one, other = before.get(part, default), after.get(part, default)
        if canonical(one) != canonical(other):
            rule = "idempotency-added" if one is None else "idempotency-changed"
            yield rule, went(part, one, other), f"{part} {canonical(one)} {canonical(other)}"
    order = compared(duration(before.get("retention")), duration(after.get("retention")))
    if order:
        rule = "idempotency-retention-shortened" if order < 0 else "idempotency-retention-lengthened"
        words = went("retention", before.get("retention"), after.get("retention"))
        yield rule, words, f"retention {before.get('retention')} {after.get('retention')}"


def _mode(value: Any) -> Any:
    return f"a key in {value.get('header')}" if isinstance(value, dict) else value


def _moves(word: str, before: Any, after: Any) -> Iterator[Told]:
    if not (isinstance(before, dict) and isinstance(after, dict)):
        yield promise(word, before, after)
        return
    was, now = (set(map(str, value["from"])) if isinstance(value.get("from"), list) else None for value in (before, after))
    if was != now:
        detail = f"from {sorted(was or ())} {sorted(now or ())}"
        words = went("from", before.get("from"), after.get("from"))
        narrowed = now is not None and (was is None or not was <= now)
        yield ("moves-narrowed" if narrowed else "moves-widened"), words, detail
    for part in ("to", "otherwise", "refused"):
        one, other = before.get(part), after.get(part)
        if canonical(one) != canonical(other):
            rule = "moves-changed" if one is not None else "behavior-added"
            yield rule, went(part, one, other), f"{part} {canonical(one)} {canonical(other)}"


def _rate(word: str, before: Any, after: Any) -> Iterator[Told]:
    if not (isinstance(before, dict) and isinstance(after, dict)):
        yield ("rate-limit-added" if before is None else "rate-limit-removed"), went(word, before, after), ""
        return
    one, other = _per_second(before.get("allows")), _per_second(after.get("allows"))
    if one != other:
        lowered = other is not None and (one is None or other < one)
        words = went("allows", before.get("allows"), after.get("allows"))
        detail = f"allows {canonical(before.get('allows'))} {canonical(after.get('allows'))}"
        yield ("rate-limit-lowered" if lowered else "rate-limit-raised"), words, detail
    for part in ("scope", "limit", "remaining", "reset", "exceeded"):
        if canonical(before.get(part)) != canonical(after.get(part)):
            rule = "rate-limit-changed" if before.get(part) is not None else "behavior-added"
            detail = f"{part} {canonical(before.get(part))} {canonical(after.get(part))}"
            yield rule, went(part, before.get(part), after.get(part)), detail


def _per_second(allows: Any) -> float | None:
    """How many requests a second are allowed on the whole; None where it is not said."""
    rate, per = entries(allows).get("requests"), duration(entries(allows).get("per"))
    return float(rate) / per.total_seconds() if isinstance(rate, int) and per else None


def _signature(word: str, before: Any, after: Any) -> Iterator[Told]:
    event = "added" if before is None else "removed" if after is None else "changed"
    parts = sorted(key for key in {*entries(before), *entries(after)} if entries(before).get(key) != entries(after).get(key))
    words = went(word, before, after) if event != "changed" else f"the signature is another: {shown(', '.join(parts))}"
    yield f"signature-{event}", words, f"{canonical(before)} {canonical(after)}"


def _delivery(word: str, before: Any, after: Any) -> Iterator[Told]:
    if not (isinstance(before, dict) and isinstance(after, dict)):
        yield promise(word, before, after)
        return
    order = compared(duration(before.get("timeout")), duration(after.get("timeout")))
    if order:
        words = went("timeout", before.get("timeout"), after.get("timeout"))
        rule = "delivery-shortened" if order < 0 else "delivery-lengthened"
        yield rule, words, f"timeout {before.get('timeout')} {after.get('timeout')}"
    retries = [value.get("retries") for value in (before, after)]
    if canonical(retries[0]) != canonical(retries[1]):
        tries, detail = [_tries(value) for value in retries], f"retries {canonical(retries[0])} {canonical(retries[1])}"
        if tries[0] != tries[1]:
            rule = "delivery-shortened" if tries[1] < tries[0] else "delivery-lengthened"
            yield rule, f"further tries went from {tries[0]} to {tries[1]}", detail
        elif waits(retries[0]) != waits(retries[1]):
            yield "delivery-waits-changed", "the waits between tries are others", detail
    for part in ("delivered", "ends", "event-id"):
        one, other = before.get(part), after.get(part)
        if canonical(one) != canonical(other):
            rule = "behavior-added" if part == "event-id" and one is None else "delivery-changed"
            yield rule, went(part, one, other), f"{part} {canonical(one)} {canonical(other)}"


def _tries(retries: Any) -> int:
    return len(waits(retries))


def waits(retries: Any) -> list[timedelta]:
    """The waits before each further try, worked out; what is no wait is left out."""
    if isinstance(retries, list):
        return [wait for wait in map(duration, retries) if wait is not None]
    plan = entries(retries)
    times, first, factor = plan.get("times"), duration(plan.get("first")), plan.get("factor", 1)
    if not isinstance(times, int) or first is None or not isinstance(factor, int | float):
        return []
    longest = duration(plan.get("longest")) or timedelta.max
    found: list[timedelta] = []
    for _ in range(min(times, 100)):
        found.append(first if not found else min(timedelta(seconds=int(found[-1].total_seconds() * factor)), longest))
    return found


def _tells(word: str, before: Any, after: Any) -> Iterator[Told]:
    if not (isinstance(before, dict) and isinstance(after, dict)) or before.get("object") != after.get("object"):
        yield promise(word, before, after)
        return
    was, now = (set(map(str, when)) if isinstance(when := value.get("when"), list) else set[str]() for value in (before, after))
    for when in sorted(was - now):
        yield "tells-narrowed", f"it is no longer sent when the object is {shown(when)}", when
    for when in sorted(now - was):
        yield "tells-widened", f"it is sent when the object is {shown(when)}", when


def _surface(word: str, before: Any, after: Any) -> Iterator[Told]:
    yield "surface-changed", went(word, before, after), f"{before} {after}"


def _owner(word: str, before: Any, after: Any) -> Iterator[Told]:
    yield "owner-changed", went(word, before, after), f"{before} {after}"


_WORDS: dict[str, Callable[[str, Any, Any], Iterator[Told]]] = {
    "idempotency": _idempotency,
    "moves": _moves,
    "rate-limit": _rate,
    "signature": _signature,
    "delivery": _delivery,
    "tells": _tells,
    "surface": _surface,
    "owner": _owner,
}
