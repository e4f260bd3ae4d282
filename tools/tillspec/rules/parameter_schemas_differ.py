"""One parameter is one thing: it has one schema wherever it is used."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.nodes import Node
from tillspec.rules.reading.operations import Operation

_SAYS_NOTHING = ("description", "title", "example", "examples", "deprecated", "default", "externalDocs")


def parameter_schemas_differ(context: Context) -> Iterator[Diagnostic]:
    """Each use of a parameter that has another schema than most uses of its name, place and surface."""
    uses: dict[tuple[str, ...], dict[str, dict[str, Node]]] = defaultdict(lambda: defaultdict(dict))
    for operation in context.operations:
        for node in operation.parameters:
            schema = node.get("schema")
            if isinstance(schema.value, dict):
                shape = json.dumps(_shape(context, schema, 0), sort_keys=True, default=str)
                uses[_group(operation, node)][shape].setdefault(node.pointer, node)
    for group, shapes in uses.items():
        (usual, same), *others = sorted(shapes.items(), key=lambda item: -len(item[1]))
        first = context.bundle.span(next(iter(same)))
        for shape, nodes in others:
            if not _by_choice(usual, shape):
                for pointer in nodes:
                    message = f"the parameter {group[2]!r} in {group[1]} has another schema here than at {first}"
                    yield context.found(
                        "parameter-schemas-differ", message, pointer, "give it one schema, and refer to that by $ref"
                    )


def _group(operation: Operation, node: Node) -> tuple[str, ...]:
    """What is one parameter: of a path, what names the same collection; elsewhere, what has the same name on one surface."""
    name, place = node.text("name"), node.text("in")
    before = operation.path.partition(f"{{{name}}}")[0] if place == "path" else ""
    return operation.surface, place, name, before.rstrip("/").rpartition("/")[2]


def _shape(context: Context, schema: Node, deep: int) -> Any:
    """A schema without what constrains nothing, and with what it refers to."""
    if deep > 20 or not isinstance(schema.value, dict):
        return schema.value
    if set(schema.value) - set(_SAYS_NOTHING) == {"$ref"}:
        return _shape(context, context.follow(schema), deep + 1)
    kept = {name: value for name, value in schema.value.items() if name not in _SAYS_NOTHING and not name.startswith("x-")}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _shape(context, schema.get("items"), deep + 1)
    return kept


def _by_choice(one: str, other: str) -> bool:
    """Whether two schemas list values or fields: `sort`, `fields` and the like offer each collection what it has."""
    return any('"enum"' in shape or '"const"' in shape for shape in (one, other))
