"""Bodies: whether there is one, in which media types, and what it holds."""

from __future__ import annotations

from collections.abc import Mapping

from tillspec.compat.behavior_schemas import promise
from tillspec.compat.calls import Call
from tillspec.compat.change import Finding, canonical, quoted
from tillspec.compat.collect import Collector
from tillspec.compat.side import Side
from tillspec.compat.view import entries
from tillspec.pointer import Pointer, join

Medias = Mapping[str, Pointer]
"""By media type in lower case and without its parameters, where each stands."""


def request_body(collector: Collector, old: Call, new: Call) -> None:
    """What an operation is called with; what a webhook is called with is read by its receiver."""
    both = [_body(call) for call in (old, new)]
    place, ours = "request body" if new.is_incoming else "event body", new.is_incoming
    before, after = both
    if before is None and after is None:
        return
    values = [entries(call.side.at(at)) if at else {} for call, at in ((old, before), (new, after))]
    must = [value.get("required") is True for value in values]
    if before is None:
        rule = f"request-body-{'required' if must[1] else 'optional'}-added" if ours else "webhook-body-added"
        collector.tell(new, place, Finding(rule, f"there is a body{', which must be sent' * must[1]}", "", None, after))
        return
    if after is None:
        rule = "request-body-removed" if ours else "webhook-body-removed"
        collector.tell(new, place, Finding(rule, "there is no body any more", "", before, None))
        return
    if must[0] != must[1]:
        event = "required" if must[1] else "optional"
        words = "the body must be there" if must[1] else "the body may be left out"
        rule = f"{'request' if ours else 'webhook'}-body-became-{event}"
        collector.tell(new, place, Finding(rule, words, "", before, after))
    contents(collector, new, place, before, after)


def _body(call: Call) -> Pointer | None:
    at = join(call.pointer, "requestBody")
    return call.side.follow(at) if isinstance(call.value.get("requestBody"), dict) else None


def contents(collector: Collector, call: Call, place: str, old: Pointer, new: Pointer) -> None:
    """The media types of two bodies, which stand at pointers; `place` is as in `request body`, `event body`, `reply 200 body`."""
    before, after = (_medias(side, pointer) for side, pointer in ((collector.old, old), (collector.new, new)))
    direction = "in" if place in ("request body", "event body") else "out"
    read = (direction == "out") == call.is_incoming
    rules = ("response-media-type" if call.is_incoming else "webhook-media-type") if read else "request-media-type"
    for name, pointer in before.items():
        there = _covering(name, after)
        if there is None:
            words = f"the media type {quoted(name)} is gone"
            collector.tell(call, place, Finding(f"{rules}-removed", words, name, pointer, new))
            continue
        _media(collector, call, place, (pointer, after[there]), direction)
    for name, pointer in after.items():
        if name not in before and _covering(name, before) is None:
            words = f"the media type {quoted(name)} is new"
            collector.tell(call, place, Finding(f"{rules}-added", words, name, old, pointer))


def _medias(side: Side, pointer: Pointer) -> dict[str, Pointer]:
    names = entries(entries(side.at(pointer)).get("content"))
    return {name.partition(";")[0].strip().lower(): side.follow(join(pointer, "content", name)) for name in names}


def _covering(name: str, medias: Medias) -> str | None:
    """The media type itself, or the range that it is in."""
    ranges = (name, f"{name.partition('/')[0]}/*", "*/*")
    return next((one for one in ranges if one in medias), None)


def _media(collector: Collector, call: Call, place: str, where: tuple[Pointer, Pointer], direction: str) -> None:
    old, new = where
    before, after = entries(collector.old.at(old)), entries(collector.new.at(new))
    said = [entries(entries(value.get("x-behavior")).get("encodes")) or None for value in (before, after)]
    if canonical(said[0]) != canonical(said[1]):
        rule, words, detail = promise("encodes", said[0], said[1])
        rule = "encodes-changed" if said[0] is not None else rule
        collector.tell(call, place, Finding(rule, words, detail, *where))
    forms = [entries(value.get("encoding")) for value in (before, after)]
    read = (direction == "out") == call.is_incoming
    for name in sorted({*forms[0], *forms[1]}) if forms[0] != forms[1] else ():
        parts = [_encoding(form.get(name)) for form in forms]
        if parts[0] != parts[1]:
            words = f"the part {quoted(name)} is sent in another way: {quoted(parts[1])} in place of {quoted(parts[0])}"
            rule = f"{'response' if read else 'request'}-encoding-changed"
            collector.tell(call, place, Finding(rule, words, " ".join(parts), *where, at=join("", name)))
    collector.message(call, place, where, direction)
    if "itemSchema" in before or "itemSchema" in after:
        collector.message(call, f"{place} item", where, direction, "itemSchema")


def _encoding(value: object) -> str:
    kept = {key: item for key, item in entries(value).items() if key in ("contentType", "style", "explode", "allowReserved")}
    kinds = kept.get("contentType")
    if isinstance(kinds, str):
        kept["contentType"] = sorted(kind.strip().lower() for kind in kinds.split(","))
    return canonical(kept)
