"""Answers: which statuses there are, classes and `default` among them, and what each holds and leads to."""

from __future__ import annotations

from collections.abc import Mapping

from tillspec.compat.bodies import contents
from tillspec.compat.calls import Call
from tillspec.compat.change import Finding, canonical, quoted
from tillspec.compat.collect import Collector
from tillspec.compat.fields import headers
from tillspec.compat.view import entries
from tillspec.pointer import Pointer, join


def responses(collector: Collector, old: Call, new: Call) -> None:
    """The answers of an operation. A status is held against what the other contract says of it: itself, its class, `default`."""
    before, after = _statuses(old), _statuses(new)
    for status, pointer in before.items():
        there = _covering(status, after)
        if there is None:
            words = f"the answer {quoted(status)} is gone"
            collector.tell(new, _place(new, status), Finding(_rule(new, status, "removed"), words, "", pointer, new.pointer))
        else:
            _response(collector, new, status, (pointer, after[there]))
    for status, pointer in after.items():
        if status in before:
            continue
        there = _covering(status, before)
        if there is None:
            words = f"the answer {quoted(status)} is new"
            collector.tell(new, _place(new, status), Finding(_rule(new, status, "added"), words, "", old.pointer, pointer))
        else:
            _response(collector, new, status, (before[there], pointer))


def _statuses(call: Call) -> dict[str, Pointer]:
    names = [name for name in entries(call.value.get("responses")) if not name.startswith("x-")]
    return {_status(name): call.side.follow(join(call.pointer, "responses", name)) for name in names}


def _status(name: str) -> str:
    return name if name == "default" else name.upper()


def _place(call: Call, status: str) -> str:
    return f"{'response' if call.is_incoming else 'reply'} {status}"


def _covering(status: str, statuses: Mapping[str, Pointer]) -> str | None:
    return next((one for one in (status, f"{status[:1]}XX", "default") if one in statuses), None)


def _rule(call: Call, status: str, event: str) -> str:
    if not call.is_incoming:
        return f"webhook-reply-{event}"
    return f"response-{'success' if status[:1] in ('1', '2', '3') else 'error'}-{event}"


def _response(collector: Collector, call: Call, status: str, where: tuple[Pointer, Pointer]) -> None:
    old, new = where
    if collector.schemas.sameness.of_values(collector.old.at(old), collector.new.at(new)):
        return
    place = _place(call, status)
    headers(collector, call, place, old, new)
    contents(collector, call, f"{place} body", old, new)
    _links(collector, call, place, where)


def _links(collector: Collector, call: Call, place: str, where: tuple[Pointer, Pointer]) -> None:
    sides = list(zip((collector.old, collector.new), where, strict=True))
    named = [entries(entries(side.at(pointer)).get("links")) for side, pointer in sides]
    for name in dict.fromkeys([*named[0], *named[1]]):
        at = [side.follow(join(pointer, "links", name)) if name in links else None
              for (side, pointer), links in zip(sides, named, strict=True)]  # fmt: skip
        event = "added" if at[0] is None else "removed" if at[1] is None else ""
        said = [canonical({key: item for key, item in entries(side.at(pointer)).items() if key != "description"})
                for (side, _), pointer in zip(sides, at, strict=True) if pointer]  # fmt: skip
        if not event and said[0] == said[1]:
            continue
        words = f"the link {quoted(name)} {'is new' if event == 'added' else 'is gone' if event else 'leads elsewhere'}"
        detail = name if event else f"{name} {said[0]} {said[1]}"
        collector.tell(call, place, Finding(f"link-{event or 'changed'}", words, detail, at[0], at[1]))
