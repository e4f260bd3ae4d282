"""Parameters and headers: what is new or gone, what must be there, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillspec.compat.calls import Call
from tillspec.compat.change import Finding, quoted, shown
from tillspec.compat.collect import Collector
from tillspec.compat.deprecation import deprecation
from tillspec.compat.side import Side
from tillspec.compat.view import entries
from tillspec.pointer import Pointer, join
from tillspec.rules.reading.nodes import Direction

Fields = Mapping[tuple[str, str], Pointer]
"""By where it is sent and its name, where each parameter or header stands."""

_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}


def parameters(collector: Collector, old: Call, new: Call) -> None:
    """The parameters of an operation; those of a webhook are read by its receiver, as headers of an answer are."""
    _Fields(collector, new, "", old.request).compare(old.parameters, new.parameters)


def headers(collector: Collector, call: Call, place: str, old: Pointer, new: Pointer) -> None:
    """The headers of two responses, which stand at pointers."""
    both = [_headers(side, pointer) for side, pointer in ((collector.old, old), (collector.new, new))]
    _Fields(collector, call, place, call.request.opposite).compare(both[0], both[1])


def _headers(side: Side, pointer: Pointer) -> dict[tuple[str, str], Pointer]:
    named = entries(entries(side.at(pointer)).get("headers"))
    return {("header", name.lower()): side.follow(join(pointer, "headers", name))
            for name in named if name.lower() != "content-type"}  # fmt: skip


class _Fields:
    def __init__(self, collector: Collector, call: Call, above: str, direction: Direction) -> None:
        self.collector, self.call, self.above, self.direction = collector, call, above, direction
        self.sent = direction is Direction.REQUEST

    def compare(self, old: Fields, new: Fields) -> None:
        moved = {key: other for key in sorted(old.keys() - new.keys()) for other in sorted(new.keys() - old.keys())
                 if self.sent and key[1].lower() == other[1].lower() and "path" not in (key[0], other[0])}  # fmt: skip
        for key, pointer in old.items():
            there = moved.get(key, key)
            if there in new:
                self._both(key, there, pointer, new[there])
            else:
                self._gone(key, pointer)
        for key, pointer in new.items():
            if key not in old and key not in moved.values():
                self._added(key, pointer)

    def _tell(self, key: tuple[str, str], rule: str, words: str, *where: Pointer | None, detail: str = "") -> None:
        name = f"{'parameter' if self.sent else 'header'} {quoted(self._name(key, *where))} {words}"
        self.collector.tell(self.call, self._place(key), Finding(rule, f"the {name}", detail, where[0], where[1]))

    def _name(self, key: tuple[str, str], old: Pointer | None = None, new: Pointer | None = None) -> str:
        value = entries(self.collector.new.at(new)) if new else entries(self.collector.old.at(old)) if old else {}
        return str(value.get("name") or key[1])

    def _place(self, key: tuple[str, str]) -> str:
        kind = (
            f"{key[0]} parameter" if self.sent and not self.above else "header" if key[0] == "header" else f"{key[0]} parameter"
        )
        return f"{self.above} {kind} {key[1]}".strip()

    def _gone(self, key: tuple[str, str], old: Pointer) -> None:
        if self.sent:
            self._tell(key, "parameter-removed", "is gone", old, None)
        else:
            must = _required(entries(self.collector.old.at(old)))
            self._tell(key, f"response-{'required' if must else 'optional'}-header-removed", "is gone", old, None)

    def _added(self, key: tuple[str, str], new: Pointer) -> None:
        must = _required(entries(self.collector.new.at(new)))
        if self.sent:
            words = "is new, and must be given" if must else "is new"
            self._tell(key, f"parameter-{'required' if must else 'optional'}-added", words, None, new)
        else:
            self._tell(key, "response-header-added", "is new", None, new)

    def _both(self, key: tuple[str, str], there: tuple[str, str], old: Pointer, new: Pointer) -> None:
        before, after = entries(self.collector.old.at(old)), entries(self.collector.new.at(new))
        if key != there:
            words = f"stands in the {there[0]}, and not in the {key[0]}"
            self._tell(there, "parameter-location-changed", words, old, new, detail=f"{key[0]} {there[0]}")
        if _required(before) != _required(after):
            must = _required(after)
            rule = f"{'parameter' if self.sent else 'response-header'}-became-{'required' if must else 'optional'}"
            self._tell(there, rule, "must be there" if must else "may be missing", old, new)
        for rule, words, detail in deprecation(before, after):
            self._tell(there, rule, words, old, new, detail=detail)
        self._written(there, old, new)
        direction = "in" if self.direction is self.call.request else "out"
        self.collector.message(self.call, self._place(there), (old, new), direction)

    def _written(self, key: tuple[str, str], old: Pointer, new: Pointer) -> None:
        before, after = entries(self.collector.old.at(old)), entries(self.collector.new.at(new))
        medias = [next(iter(entries(value.get("content"))), None) for value in (before, after)]
        if medias[0] != medias[1]:
            said = [shown(media) if media else "no document" for media in medias]
            rule = "parameter-content-changed" if self.sent else "response-header-content-changed"
            self._tell(key, rule, f"went from {said[0]} to {said[1]}", old, new, detail=" ".join(said))
        styles = [_style(value, key[0], self._is_plain(side, pointer)) for value, side, pointer
                  in ((before, self.collector.old, old), (after, self.collector.new, new))]  # fmt: skip
        if styles[0] != styles[1] and medias == [None, None]:
            rule = "parameter-style-changed" if self.sent else "response-header-content-changed"
            words = f"is written as {quoted(styles[1])}, and not as {quoted(styles[0])}"
            self._tell(key, rule, words, old, new, detail=f"{styles[0]} {styles[1]}")
        empty = [value.get("allowEmptyValue") is True for value in (before, after)]
        if self.sent and empty[0] != empty[1]:
            event = "allowed" if empty[1] else "refused"
            self._tell(key, f"parameter-empty-{event}", f"may {'' if empty[1] else 'not '}be empty", old, new)

    def _is_plain(self, side: Side, pointer: Pointer) -> bool:
        """Whether a value is neither a list nor an object, so that nothing is exploded."""
        if not isinstance(entries(side.at(pointer)).get("schema"), dict):
            return False
        types = side.view((join(pointer, "schema"),)).types
        return types is not None and not types & {"array", "object"}


def _required(value: Mapping[str, Any]) -> bool:
    return value.get("required") is True or value.get("in") == "path"


def _style(value: Mapping[str, Any], where: str, plain: bool) -> str:
    """How a value is written, defaults filled in; what changes nothing for a plain value is left out."""
    style = str(value.get("style") or _STYLES.get(where, "simple"))
    explode = value.get("explode")
    exploded = style in ("form", "cookie") if not isinstance(explode, bool) else explode
    reserved = ", reserved characters as they are" if value.get("allowReserved") is True and where == "query" else ""
    return f"{style}{', exploded' if exploded and not plain else ''}{reserved}"
