"""Examples show what is sent in their direction, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.pointer import join
from tillspec.rules.context import Context
from tillspec.rules.reading.draft import is_foreign
from tillspec.rules.reading.nodes import Direction
from tillspec.rules.wording import deepest


def example_direction(context: Context) -> Iterator[Diagnostic]:
    """Each readOnly field in the example of a request, and each writeOnly field in that of a response."""
    for example in context.examples:
        if example.direction is None:
            continue
        word = "readOnly" if example.direction is Direction.REQUEST else "writeOnly"
        for error in context.validators.errors(example.schema, example.direction, example.node.value):
            if is_foreign(error):
                path = list(deepest(error).instance_path)
                message = f"{path[-1] if path else 'this'!r} is {word}, and this is an example of a {example.direction}"
                pointer = example.node.pointer + join("", *path)
                yield context.found(
                    "example-direction", message, pointer, f"leave it out, or remove {word} from its schema", key=True
                )
