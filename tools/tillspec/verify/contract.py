"""A contract as verifying needs it: operations with where their parts stand, schemas that judge, and clauses to point at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonschema_rs import Draft202012Validator

from tillspec.api.model import Api, Header, Operation, Parameter, Requirement, Response
from tillspec.document.bundle import Bundle
from tillspec.pointer import Pointer, join, look_up
from tillspec.prove.dialects import LISTS, MAPS, SINGLES, Direction, Schema, Schemas
from tillspec.prove.faults import Fault, faults
from tillspec.prove.judge import Judge
from tillspec.prove.reader import Subject, subjects
from tillspec.prove.synthesise import Synthesiser
from tillspec.runtime import media
from tillspec.runtime.formats import judging
from tillspec.verify.findings import Clause


@dataclass(frozen=True, slots=True)
class BodyForm:
    """One media type of a request's body: its schema as a request has it, and the contract's examples."""

    media_type: str
    pointer: Pointer
    schema: Schema = field(repr=False)
    examples: tuple[Any, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParameterForm:
    """A parameter, where it stands, its schema as a request has it, and the contract's examples."""

    model: Parameter
    pointer: Pointer
    schema: Schema = field(repr=False)
    examples: tuple[Any, ...] = field(repr=False)

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def location(self) -> str:
        return self.model.location


@dataclass(frozen=True, slots=True)
class Target:
    """An operation to verify. `pointer` is where it stands in the bundle."""

    operation: Operation
    pointer: Pointer
    parameters: tuple[ParameterForm, ...]
    bodies: tuple[BodyForm, ...]

    @property
    def id(self) -> str:
        return self.operation.id

    @property
    def method(self) -> str:
        return self.operation.method.upper()

    @property
    def path(self) -> str:
        return self.operation.path

    @property
    def is_safe(self) -> bool:
        """Whether it only reads (RFC 9110, section 9.2.1)."""
        return self.method in ("GET", "HEAD", "OPTIONS")

    @property
    def json_body(self) -> BodyForm | None:
        """The body as JSON, where it may be that."""
        return next((body for body in self.bodies if "json" in media.essence(body.media_type)), None)

    @property
    def creates(self) -> str | None:
        return self.operation.behavior.creates if self.operation.behavior else None

    @property
    def anonymous(self) -> bool:
        """Whether it asks for no credentials, or may do without."""
        return any(not requirement.schemes for requirement in self.requirements) or not self.requirements

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        return self.operation.security

    def response(self, status: int) -> Response | None:
        """What is declared of a status: itself, its class, or the default."""
        keys = (str(status), f"{status // 100}XX", "DEFAULT")
        found = (one for key in keys for one in self.operation.responses if one.status.upper() == key)
        return next(found, None)

    def response_pointer(self, response: Response) -> Pointer:
        return join(self.pointer, "responses", response.status)

    @property
    def successes(self) -> tuple[int, ...]:
        """The declared statuses of success."""
        found = [response.status for response in self.operation.responses if response.status[:1] == "2"]
        return tuple(int(status) if status.isdigit() else 200 for status in found)

    def declares(self, status: int) -> bool:
        return self.response(status) is not None


@dataclass(slots=True)
class Contract:
    """A whole contract, read once for a run."""

    bundle: Bundle
    api: Api
    targets: dict[str, Target] = field(init=False)
    schemas: Schemas = field(init=False)
    judge: Judge = field(init=False)
    synthesiser: Synthesiser = field(init=False)
    _subjects: dict[tuple[str, str], list[Subject]] = field(default_factory=dict)
    _first_users: dict[Pointer, str] = field(default_factory=dict)
    _resolved: dict[Pointer, tuple[Pointer, Any]] = field(default_factory=dict)
    _response_schemas: dict[tuple[str, str, str], Pointer | None] = field(default_factory=dict)
    _header_schemas: dict[tuple[str, str, str], Pointer] = field(default_factory=dict)
    _validators: dict[tuple[Pointer, Direction], Draft202012Validator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.schemas = Schemas(self.bundle.value, self.bundle.version)
        self.judge = Judge(self.schemas)
        self.synthesiser = Synthesiser(self.judge, 2)
        for subject in subjects(self.bundle):
            self._subjects.setdefault(subject.operation, []).append(subject)
        self.targets = {operation.id: self._target(operation) for operation in self.api.operations if operation.role == "path"}

    # -- reading -----------------------------------------------------------------------------------------------------------

    def _target(self, operation: Operation) -> Target:
        item = join("/paths", operation.path)
        at, whole = self.resolved(item)
        pointer = join(at, operation.method.lower())
        if not isinstance(whole, dict) or operation.method.lower() not in whole:
            pointer = join(at, "additionalOperations", operation.method)
        bodies = tuple(
            BodyForm(
                subject.media_type, subject.pointer, self.schemas.at(subject.pointer, "request"),
                tuple(example.value for example in subject.examples),
            )
            for subject in self._subjects.get((operation.method.upper(), operation.path), ())
            if subject.kind == "request" and subject.pointer.startswith("/")
        )  # fmt: skip
        return Target(operation, pointer, tuple(self._parameters(operation, at, pointer)), bodies)

    def _parameters(self, operation: Operation, item: Pointer, pointer: Pointer) -> Iterator[ParameterForm]:
        found: dict[tuple[str, str], tuple[Pointer, Any]] = {}
        for owner in (item, pointer):
            listed = self.look_up(join(owner, "parameters")) or []
            for index in range(len(listed) if isinstance(listed, list) else 0):
                at, value = self.resolved(join(owner, "parameters", index))
                if isinstance(value, dict):
                    found[str(value.get("name")), str(value.get("in"))] = (at, value)
        for model in operation.parameters:
            at, value = found.get((model.name, model.location), ("", {}))
            schema_at = join(at, "schema")
            if value.get("content"):
                schema_at = join(at, "content", next(iter(value["content"])), "schema")
            schema = self.schemas.at(schema_at, "request") if self.look_up(schema_at) is not None else True
            yield ParameterForm(model, at, schema, tuple(self._examples(at, value)))

    def _examples(self, at: Pointer, value: Mapping[str, Any]) -> Iterator[Any]:
        if "example" in value:
            yield value["example"]
        for name in value.get("examples") or {}:
            _, example = self.resolved(join(at, "examples", name))
            if isinstance(example, dict) and "value" in example:
                yield example["value"]
        _, schema = self.resolved(join(at, "schema"))
        if isinstance(schema, dict):
            yield from (schema[key] for key in ("example",) if key in schema)
            yield from schema.get("examples", ()) if isinstance(schema.get("examples"), list) else ()

    def look_up(self, pointer: Pointer) -> Any:
        """What stands at a pointer of the bundle; None where nothing does."""
        try:
            return look_up(self.bundle.value, pointer)
        except (LookupError, ValueError):
            return None

    def resolved(self, pointer: Pointer) -> tuple[Pointer, Any]:
        """Where the references at a pointer lead to in the end, and what stands there."""
        if pointer not in self._resolved:
            self._resolved[pointer] = self._followed(pointer)
        return self._resolved[pointer]

    def _followed(self, pointer: Pointer) -> tuple[Pointer, Any]:
        for _ in range(32):
            value = self.look_up(pointer)
            if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
                return pointer, value
            pointer = value["$ref"].removeprefix("#")
        return pointer, None

    def clause(self, pointer: Pointer) -> Clause:
        """A place of the contract to point at; the nearest one above, where nothing stands there."""
        while pointer and self.look_up(pointer) is None:
            pointer = pointer.rpartition("/")[0]
        span = self.bundle.span(pointer, key=True)
        line, column = span.position
        return Clause(pointer, span.source.name, line, column)

    # -- judging -----------------------------------------------------------------------------------------------------------

    def response_schema(self, target: Target, response: Response, media_type: str) -> Pointer | None:
        """Where the schema of a response's body stands; None where none is declared for that media type."""
        key = (target.id, response.status, media_type)
        if key not in self._response_schemas:
            self._response_schemas[key] = self._response_schema(target, response, media_type)
        return self._response_schemas[key]

    def _response_schema(self, target: Target, response: Response, media_type: str) -> Pointer | None:
        at, value = self.resolved(target.response_pointer(response))
        content = value.get("content") if isinstance(value, dict) else None
        found = media.find(content, media_type) if isinstance(content, dict) else None
        if found is None:
            return None
        pointer = join(at, "content", found[0], "schema")
        return pointer if self.look_up(pointer) is not None else None

    def header_schema(self, target: Target, response: Response, header: Header) -> Pointer:
        """Where a header of a response stands, references followed."""
        key = (target.id, response.status, header.name)
        if key not in self._header_schemas:
            at, _ = self.resolved(target.response_pointer(response))
            self._header_schemas[key] = self.resolved(join(at, "headers", header.name))[0]
        return self._header_schemas[key]

    def is_valid(self, pointer: Pointer, direction: Direction, value: Any) -> bool:
        """Whether a value is valid by the schema at a pointer; what a quick validator refuses, the judge is asked about.

        What is nested too deeply to be judged is taken for valid.
        """
        if self.is_quickly_valid(pointer, direction, value):
            return True
        try:
            return self.judge.is_valid(self.schemas.at(pointer, direction), value)
        except RecursionError:
            return True

    def is_quickly_valid(self, pointer: Pointer, direction: Direction, value: Any) -> bool:
        """The same by the quick validator alone; where it refuses, the judge may yet find the value valid."""
        try:
            return self._validator(pointer, direction).is_valid(value)
        except ValueError:  # it takes no texts in which a surrogate stands alone
            return False

    def broken(self, pointer: Pointer, direction: Direction, value: Any) -> list[tuple[str, Pointer]]:
        """The keywords that an invalid value breaks, each with the place in the value."""
        return sorted(self.judge.broken(self.schemas.at(pointer, direction), value))

    def faults(self, pointer: Pointer, direction: Direction, value: Any) -> list[Fault]:
        """The keywords that an invalid value breaks, each with its place in the value and in the contract."""
        return faults(self.judge, self.schemas.at(pointer, direction), value)

    def _validator(self, pointer: Pointer, direction: Direction) -> Draft202012Validator:
        key = (pointer, direction)
        if key not in self._validators:
            whole = _Standalone(self.schemas).of(self.schemas.at(pointer, direction))
            self._validators[key] = Draft202012Validator(whole, validate_formats=True, mask="the value", **judging())
        return self._validators[key]

    @property
    def surfaces(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(target.operation.surface for target in self.targets.values() if target.operation.surface))

    # -- what is shared ----------------------------------------------------------------------------------------------------

    @property
    def first_users(self) -> dict[Pointer, str]:
        """For each schema that a request's body may come to, the first operation whose body does; so that what several operations
        share is looked at closely once.
        """
        if not self._first_users:
            for target in self.targets.values():
                for body in target.bodies:
                    for pointer in self.reached(body.pointer):
                        self._first_users.setdefault(pointer, target.id)
        return self._first_users

    def first_with(self, form: ParameterForm) -> Target:
        """The first operation that has a parameter."""
        return next(one for one in self.targets.values() if any(other.pointer == form.pointer for other in one.parameters))

    def reached(self, pointer: Pointer) -> set[Pointer]:
        """Every schema that a schema comes to."""
        waiting, seen = [pointer], set[Pointer]()
        while waiting:
            at = waiting.pop()
            schema = self.look_up(at)
            if at in seen or not isinstance(schema, dict):
                continue
            seen.add(at)
            if isinstance(schema.get("$ref"), str):
                waiting.append(schema["$ref"].removeprefix("#"))
            waiting += [join(at, word) for word in SINGLES if word in schema]
            waiting += [join(at, word, name) for word in MAPS for name in schema.get(word) or ()]
            waiting += [join(at, word, index) for word in LISTS for index in range(len(schema.get(word) or ()))]
        return seen


@dataclass(slots=True)
class _Standalone:
    """A translated schema as one document, what it refers to under `$defs`."""

    schemas: Schemas
    names: dict[str, str] = field(default_factory=dict)

    def of(self, schema: Schema) -> dict[str, Any]:
        whole = self._copied(schema)
        definitions: dict[str, Any] = {}
        while len(definitions) < len(self.names):
            for reference, name in list(self.names.items()):
                if name not in definitions:
                    definitions[name] = self._copied(self.schemas.target(reference))
        return {"allOf": [whole], "$defs": definitions}

    def _copied(self, schema: Any) -> Any:
        if not isinstance(schema, dict):
            return schema
        made: dict[str, Any] = {}
        for key, value in schema.items():
            if key == "$ref":
                name = self.names.setdefault(value, f"d{len(self.names)}")
                made[key] = f"#/$defs/{name}"
            elif key in MAPS:
                made[key] = {name: self._copied(inner) for name, inner in value.items()}
            elif key in LISTS:
                made[key] = [self._copied(inner) for inner in value]
            elif key in SINGLES:
                made[key] = self._copied(value)
            else:
                made[key] = value
        return made
