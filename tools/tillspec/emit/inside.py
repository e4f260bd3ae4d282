"""A type and what stands inside it, references not followed."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.api import model
from tillspec.api.model import Type


def inside(type_: Type) -> Iterator[Type]:
    """The type itself, and every type that it is made of."""
    yield type_
    match type_:
        case model.Array(items=inner) | model.Map(values=inner):
            yield from inside(inner)
        case model.Union(options=options):
            for option in options:
                yield from inside(option)
        case model.Object(fields=fields):
            for field in fields:
                yield from inside(field.type)
        case _:
            return
