"""The values of Arazzo's runtime expressions (Arazzo 1.0.1, section 4.7), alone and in texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tillspec.runtime.texts import write
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import at, evaluate

_EMBEDDED = re.compile(r"\{(\$[^{}]+)\}")
_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(slots=True)
class Scope:
    """What expressions of a workflow can name.

    Attributes:
        inputs: of the workflow.
        steps: the outputs of its steps so far.
        outputs: of the workflow itself, once it is over.
        workflows: inputs and outputs of workflows that were run before, by id.
        exchange: the exchange that is looked at; None before there was one.
    """

    inputs: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    workflows: dict[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    exchange: Exchange | None = None

    def value(self, node: Any) -> Any:
        """A value with its expressions evaluated; `NOTHING` where one that stands alone leads nowhere."""
        match node:
            case dict():
                return {key: self.value(child) for key, child in node.items()}
            case list():
                return [self.value(child) for child in node]
            case str() if node.startswith("$"):
                return self.known(node)
            case str():
                return _EMBEDDED.sub(lambda found: _text(self.known(found[1])), node)
        return node

    def known(self, expression: str) -> Any:
        """The value of an expression; `NOTHING` where it leads nowhere."""
        match expression.split(".", 2):
            case ["$inputs", *name] if name:
                return _within(self.inputs, ".".join(name))
            case ["$outputs", *name] if name:
                return _within(self.outputs, ".".join(name))
            case ["$steps", step, named]:
                return _within(self.steps.get(step, {}), named.removeprefix("outputs."))
            case ["$workflows", workflow, rest]:
                kind, _, own = rest.partition(".")
                return _within(self.workflows.get(workflow, {}).get(kind, {}), own)
        if self.exchange is None:
            return NOTHING
        return evaluate(expression, self.exchange)


def _within(values: Mapping[str, Any], name: str) -> Any:
    """A value by its name; what follows a `#` is a JSON Pointer into it, and members and positions may follow as well."""
    if name in values:
        return values[name]
    first, mark, pointer = name.partition("#")
    if mark and first in values:
        return at(values[first], pointer)
    plain = _INDEX.sub(r".\1", name).split(".")
    for length in range(len(plain) - 1, 0, -1):
        known = ".".join(plain[:length])
        if known in values:
            return at(values[known], "".join(f"/{part}" for part in plain[length:]))
    return NOTHING


def _text(value: Any) -> str:
    if value is NOTHING or value is None:
        return ""
    return value if isinstance(value, str) else write(value)


def missing(node: Any) -> bool:
    """Whether a value has something in it that led nowhere."""
    match node:
        case dict():
            return any(map(missing, node.values()))
        case list():
            return any(map(missing, node))
    return node is NOTHING
