"""What is found, gathered operation by operation, and then told of every message that has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tillspec.compat.calls import Call
from tillspec.compat.change import Change, Finding, fingerprint
from tillspec.compat.graph import Graph, Pair
from tillspec.compat.schemas import Schemas
from tillspec.compat.side import Side
from tillspec.compat.view import Key, entries
from tillspec.pointer import Pointer, join


@dataclass(frozen=True, slots=True)
class Message:
    """A value that is sent: a body, a parameter or a header; where its old and its new declaration stand, and its schemas."""

    call: Call
    place: str
    pair: Pair
    old: Pointer
    new: Pointer


class Collector:
    """Takes what is found."""

    def __init__(self, old: Side, new: Side) -> None:
        self.old, self.new = old, new
        self.schemas = Schemas(old, new)
        self.graph = Graph(self.schemas.compare)
        self.messages: list[Message] = []
        self._found: list[tuple[Call | None, str, Finding | Message]] = []
        self._told: dict[str, Change] = {}

    def tell(self, call: Call | None, place: str, finding: Finding) -> None:
        """Take a finding of an operation, or of the document where there is none."""
        self._found.append((call, place, finding))

    def message(self, call: Call, place: str, where: tuple[Pointer, Pointer], direction: str, word: str = "schema") -> None:
        """Have the schemas of a body, a parameter or a header compared, which stand at pointers, under a word."""
        old, new = where
        pair = Pair(
            _schema(self.old, old, word),
            _schema(self.new, new, word),
            call.request if direction == "in" else call.request.opposite,
        )
        if pair.old or pair.new:
            made = Message(call, place, pair, old, new)
            self.messages.append(made)
            self._found.append((call, place, made))
            self.graph.add(pair)

    def changes(self) -> list[Change]:
        """All that was found so far, each change once, in the order in which it was found."""
        for call, place, what in self._found:
            for at, finding in self.graph.below(what.pair) if isinstance(what, Message) else [("", what)]:
                change = self._change(call, f"{place} {at}".strip() if at else place, finding)
                self._told.setdefault(change.fingerprint, change)
        self._found.clear()
        return list(self._told.values())

    def changed(self) -> Iterator[Message]:
        """The messages in which something was found."""
        for message in self.messages:
            if next(self.graph.below(message.pair), None) is not None:
                yield message

    def _change(self, call: Call | None, place: str, finding: Finding) -> Change:
        name, stable = (call.name, call.stable) if call else ("", "")
        old, new = self.old.span(finding.old), self.new.span(finding.new)
        return Change(
            finding.rule, name, place, finding.words, old, new, fingerprint(finding.rule, stable, place, finding.detail)
        )


def _schema(side: Side, pointer: Pointer, word: str) -> Key:
    """The schema of a media type, a parameter or a header; that of its content, where it has one."""
    value = entries(side.at(pointer))
    if isinstance(value.get(word), dict | bool):
        return (join(pointer, word),)
    for media_type in entries(value.get("content")):
        inner = join(pointer, "content", media_type)
        if isinstance(entries(side.at(inner)).get(word), dict | bool):
            return (join(inner, word),)
    return ()
