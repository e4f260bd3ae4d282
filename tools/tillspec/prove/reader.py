"""What there is to prove of a contract: the schemas of components, request bodies and responses, each with its direction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from tillspec.document.bundle import Bundle
from tillspec.document.grammar import METHODS
from tillspec.pointer import Pointer, join, look_up
from tillspec.prove.dialects import Direction

Kind = Literal["component", "request", "response"]


@dataclass(frozen=True, slots=True)
class Example:
    """An example of the document for a whole body or component, and where it stands."""

    pointer: Pointer
    value: Any


@dataclass(frozen=True, slots=True)
class Subject:
    """A schema to prove. `operation` is method and path, `status` that of a response; both empty for a component.

    `ordinal` counts the operations of that method and path: two callbacks may have the same expression.
    """

    kind: Kind
    name: str
    pointer: Pointer
    direction: Direction
    operation: tuple[str, str] = ("", "")
    ordinal: int = 0
    status: str = ""
    media_type: str = ""
    examples: tuple[Example, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class _At:
    value: Any
    pointer: Pointer

    def get(self, *keys: str | int) -> _At:
        value: Any = self.value
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return _At(value, join(self.pointer, *keys))

    def items(self) -> Iterator[tuple[str, _At]]:
        if isinstance(self.value, dict):
            yield from ((key, self.get(key)) for key in self.value if not key.startswith("x-"))

    def values(self) -> Iterator[_At]:
        yield from (at for _, at in self.items())


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the subjects of one bundled document, in its order."""

    document: dict[str, Any]
    met: Counter[tuple[str, str]] = field(default_factory=Counter)

    def subjects(self) -> Iterator[Subject]:
        """Components first, then bodies; operations of paths, webhooks and callbacks."""
        root = _At(self.document, "")
        for name in self.document.get("components", {}).get("schemas", {}):
            at = root.get("components", "schemas", name)
            yield Subject("component", name, at.pointer, "both", examples=tuple(self._schema_examples(at)))
        for section in ("paths", "webhooks"):
            for path, item in root.get(section).items():
                yield from self._path(path, item, inward=section == "paths")

    def _path(self, path: str, item: _At, *, inward: bool) -> Iterator[Subject]:
        item = self._resolved(item)
        operations = [(method.upper(), item.get(method)) for method in METHODS if isinstance(item.get(method).value, dict)]
        operations += list(item.get("additionalOperations").items())
        for method, operation in operations:
            yield from self._operation(method, path, operation)
            for callback in operation.get("callbacks").values():
                for expression, inner in self._resolved(callback).items():
                    yield from self._path(expression, inner, inward=False)

    def _operation(self, method: str, path: str, operation: _At) -> Iterator[Subject]:
        identifier = str(operation.value.get("operationId", ""))
        ordinal = self.met[method, path]
        self.met[method, path] += 1
        body = self._resolved(operation.get("requestBody"))
        for media, schema, examples in self._contents(body):
            name = f"{identifier or f'{method} {path}'} request"
            yield Subject("request", name, schema.pointer, "request", (method, path), ordinal, "", media, tuple(examples))
        for status, response in operation.get("responses").items():
            for media, schema, examples in self._contents(self._resolved(response)):
                name = f"{identifier or f'{method} {path}'} {status}"
                yield Subject(
                    "response", name, schema.pointer, "response", (method, path), ordinal, status, media, tuple(examples)
                )

    def _contents(self, body: _At) -> Iterator[tuple[str, _At, list[Example]]]:
        for media, declared in body.get("content").items():
            content = self._resolved(declared)
            if isinstance(content.value, dict) and "schema" in content.value:
                schema = content.get("schema")
                yield media, schema, [*self._media_examples(content), *self._schema_examples(schema)]

    def _media_examples(self, content: _At) -> Iterator[Example]:
        if "example" in content.value:
            yield Example(join(content.pointer, "example"), content.value["example"])
        for example in content.get("examples").values():
            found = self._resolved(example)
            for key in ("value", "dataValue"):
                if isinstance(found.value, dict) and key in found.value:
                    yield Example(join(found.pointer, key), found.value[key])

    def _schema_examples(self, schema: _At) -> Iterator[Example]:
        schema = self._resolved(schema)
        if isinstance(schema.value, dict):
            if "example" in schema.value:
                yield Example(join(schema.pointer, "example"), schema.value["example"])
            if isinstance(schema.value.get("examples"), list):
                for index, value in enumerate(schema.value["examples"]):
                    yield Example(join(schema.pointer, "examples", index), value)

    def _resolved(self, at: _At) -> _At:
        for _ in range(64):
            if not isinstance(at.value, dict) or not isinstance(at.value.get("$ref"), str):
                return at
            pointer = at.value["$ref"].removeprefix("#")
            try:
                at = _At(look_up(self.document, pointer), pointer)
            except (LookupError, ValueError):
                return _At(None, pointer)
        return _At(None, at.pointer)


def subjects(bundle: Bundle) -> list[Subject]:
    """The subjects of a bundle, in the order of the document."""
    return list(Reader(bundle.value).subjects())
