"""What a request and a response see of a type: a request leaves out what is `readOnly`, a response what is `writeOnly`.

OpenAPI 3.0, section 4.7.24.2, and JSON Schema validation, section 9.4: such a property is not asked for where it is not meant to
be; where it is sent all the same, its schema holds. A view is made only where it differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Literal

from tillspec.api.model import Json, NamedType, Object, Type

Direction = Literal["request", "response"]

_PREFIX = "#/components/schemas/"
_WORD: Mapping[Direction, str] = {"request": "readOnly", "response": "writeOnly"}
_SAME_INSTANCE = ("allOf", "anyOf", "oneOf")
_SAME_INSTANCE_ONE = ("if", "then", "else")


@dataclass(slots=True)
class Views:
    """The views of one document: the ids of those that were made, and which of them leave properties out themselves."""

    made: dict[tuple[str, Direction], str] = field(default_factory=dict)
    hiding: set[str] = field(default_factory=set)
    _differing: dict[Direction, _Differing] = field(
        default_factory=lambda: {way: _Differing(word) for way, word in _WORD.items()}
    )

    def differing(self, types: Mapping[str, NamedType], direction: Direction) -> Set[str]:
        """The ids of the types that a direction sees otherwise, by themselves or by what they refer to.

        To be asked between whole types only: of each it is worked out once.
        """
        return self._differing[direction].among(types)


@dataclass(slots=True)
class _Differing:
    """The types that mark a property, and all that refer to one that does; it goes on where it stopped as types are added."""

    word: str
    found: set[str] = field(default_factory=set)
    users: dict[str, set[str]] = field(default_factory=dict)
    known: int = 0

    def among(self, types: Mapping[str, NamedType]) -> Set[str]:
        def look(reference: str) -> Any:
            target = types.get(reference.removeprefix(_PREFIX))
            return target.schema if target else None

        waiting: list[str] = []
        for identifier, named in islice(types.items(), self.known, None):
            for inner in _schemas(named.schema):
                target = inner["$ref"].removeprefix(_PREFIX) if isinstance(inner.get("$ref"), str) else None
                if target is not None:
                    self.users.setdefault(target, set()).add(identifier)
                properties = inner.get("properties")
                marked = isinstance(properties, dict) and any(_marks(value, self.word, look) for value in properties.values())
                if marked or target in self.found:
                    waiting.append(identifier)
        self.known = len(types)
        while waiting:
            identifier = waiting.pop()
            if identifier not in self.found:
                self.found.add(identifier)
                waiting += self.users.get(identifier, ())
        return self.found


@dataclass(frozen=True, slots=True)
class View:
    """A schema as a direction sees it, and the properties of its own that are left out."""

    schema: Json
    hidden: tuple[str, ...]


def view(schema: Json, direction: Direction, name_of: Callable[[str], str], look: Callable[[str], Any]) -> View:
    """A finished schema as a direction sees it; `name_of` gives the id of the view of a type, `look` what a reference means."""
    made = _View(_WORD[direction], name_of, look)
    return View(made.whole(schema, frozenset()), tuple(dict.fromkeys(made.hidden(schema))))


def told(direction: Direction, hidden: tuple[str, ...]) -> str:
    """A sentence for the docstring of a view."""
    if not hidden:
        return f"As a {direction} has it."
    why = "which the server alone sets" if direction == "request" else "which is only ever sent to the server"
    return f"As a {direction} has it: without {', '.join(f'`{name}`' for name in hidden)}, {why}."


def without(type_: Type, hidden: tuple[str, ...]) -> Type:
    """An object type without some fields; it has to be open to them, they may be sent all the same."""
    if not hidden or not isinstance(type_, Object):
        return type_
    fields = tuple(one for one in type_.fields if one.name not in hidden)
    required = tuple(name for name in type_.required if name not in hidden)
    return replace(type_, fields=fields, required=required, closed=False, additional=None)


@dataclass(frozen=True, slots=True)
class _View:
    word: str
    name_of: Callable[[str], str]
    look: Callable[[str], Any]

    def hidden(self, schema: Any) -> Iterator[str]:
        """The properties that a schema, or another one of the same instance, marks."""
        waiting, seen = [schema], set[str]()
        while waiting:
            part = waiting.pop()
            if not isinstance(part, dict):
                continue
            for name, value in (part.get("properties") or {}).items():
                if _marks(value, self.word, self.look):
                    yield name
            reference = part.get("$ref")
            if isinstance(reference, str) and reference not in seen:
                seen.add(reference)
                waiting.append(self.look(reference))
            waiting += reversed(list(_parts(part)))

    def whole(self, schema: Any, outer: frozenset[str]) -> Any:
        """The schema with references to views, and nothing required that is hidden; `outer` is what enclosing schemas hide."""
        if not isinstance(schema, dict):
            return schema
        hidden = outer | frozenset(self.hidden(schema))
        result: dict[str, Any] = {}
        for key, value in schema.items():
            match key:
                case "$ref":
                    result[key] = self._renamed(value)
                case "required" if isinstance(value, list):
                    result[key] = [name for name in value if name not in hidden]
                case "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" if isinstance(value, dict):
                    result[key] = {name: self.whole(inner, frozenset()) for name, inner in value.items()}
                case "allOf" | "anyOf" | "oneOf" if isinstance(value, list):
                    result[key] = [self.whole(part, hidden) for part in value]
                case "prefixItems" if isinstance(value, list):
                    result[key] = [self.whole(part, frozenset()) for part in value]
                case "if" | "then" | "else":
                    result[key] = self.whole(value, hidden)
                case "items" | "contains" | "additionalProperties" | "not" | "unevaluatedItems" | "unevaluatedProperties":
                    result[key] = self.whole(value, frozenset())
                case "discriminator" if isinstance(value, dict) and isinstance(value.get("mapping"), dict):
                    result[key] = {**value, "mapping": {one: self._renamed(ref) for one, ref in value["mapping"].items()}}
                case _:
                    result[key] = value
        return result

    def _renamed(self, reference: Any) -> Any:
        if not isinstance(reference, str) or not reference.startswith(_PREFIX):
            return reference
        return _PREFIX + self.name_of(reference.removeprefix(_PREFIX))


def _parts(schema: dict[str, Any]) -> Iterator[Any]:
    for key in _SAME_INSTANCE:
        yield from schema[key] if isinstance(schema.get(key), list) else ()
    for key in _SAME_INSTANCE_ONE:
        if key in schema:
            yield schema[key]


def _marks(schema: Any, word: str, look: Callable[[str], Any]) -> bool:
    """Whether a property's schema, or what it refers to, bears a mark."""
    for _ in range(16):
        if not isinstance(schema, dict):
            break
        if schema.get(word) is True:
            return True
        schema = look(schema["$ref"]) if isinstance(schema.get("$ref"), str) else None
    return False


def _schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object in a schema, itself first; a value in `enum` or an example may be taken for one, which does no harm."""
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
