"""Examples that the old contract shows, held against the new one: what was said to work, and does so no longer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tillspec.compat.change import Finding, canonical, quoted
from tillspec.compat.collect import Collector, Message
from tillspec.compat.side import Side
from tillspec.compat.view import entries
from tillspec.pointer import Pointer, join
from tillspec.rules.reading.nodes import Direction, Node
from tillspec.rules.reading.schemas import Schemas
from tillspec.rules.reading.validators import Validators


def examples(collector: Collector) -> None:
    """The examples of all messages in which something was found."""
    held = [Validators(Schemas(side.document), side.bundle.version) for side in (collector.old, collector.new)]
    for message in list(collector.changed()):
        for finding in _found(collector, held, message):
            collector.tell(message.call, message.place, finding)


def _found(collector: Collector, held: list[Validators], message: Message) -> Iterator[Finding]:
    before, after = list(_examples(collector.old, message.old)), list(_examples(collector.new, message.new))
    schemas = [_schema(side, pointer) for side, pointer in ((collector.old, message.old), (collector.new, message.new))]
    if schemas[0] is None or schemas[1] is None or not (before or after):
        return
    shown = {canonical(value): pointer for pointer, value in after}
    direction = message.pair.direction
    for pointer, value in before:
        if not held[0].is_valid(schemas[0], direction, value) or held[1].is_valid(schemas[1], direction, value):
            continue
        reason = next((str(error.message) for error in held[1].errors(schemas[1], direction, value)), "")
        key = canonical(value)
        if direction is Direction.REQUEST:
            words = f"an example of the old contract is refused: {quoted(reason)}"
            yield Finding("request-example-refused", words, key, pointer, message.new)
        if key in shown:
            words = f"an example is still shown that no longer fits its schema: {quoted(reason)}"
            yield Finding("example-no-longer-valid", words, key, pointer, shown[key])


def _schema(side: Side, pointer: Pointer) -> Node | None:
    at = join(pointer, "schema")
    value = side.at(at)
    return Node(at, value) if isinstance(value, dict | bool) else None


def _examples(side: Side, pointer: Pointer) -> Iterator[tuple[Pointer, Any]]:
    """The JSON examples of a media type, a parameter or a header, and of its schema, each with where it stands."""
    value = entries(side.at(pointer))
    schema = side.follow(join(pointer, "schema"))
    said = entries(side.at(schema))
    if "example" in said:
        yield join(schema, "example"), said["example"]
    listed = said.get("examples")
    yield from ((join(schema, "examples", number), one) for number, one in enumerate(listed if isinstance(listed, list) else ()))
    if "example" in value:
        yield join(pointer, "example"), value["example"]
    for name in entries(value.get("examples")):
        at = side.follow(join(pointer, "examples", name))
        for word in ("value", "dataValue"):
            if word in entries(side.at(at)):
                yield join(at, word), side.at(join(at, word))
