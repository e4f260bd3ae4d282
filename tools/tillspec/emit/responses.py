"""responses.py: one frozen class per declared response."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import tillspec.emit.annotations as notation
from tillspec.api.model import Api, Enum, Header, Operation, Response
from tillspec.emit import contents, names
from tillspec.emit.docstring import docstring, literal
from tillspec.emit.imports import import_lines
from tillspec.emit.options import Options
from tillspec.emit.shared import Shared
from tillspec.emit.templates import render

_FIELDS = ("status", "body", "media_type", "wire", "models", "datetime", "uuid", "dataclass")
_CLASSES = ("ClassVar", "Content", "Header", "Items", "Properties", "Response", "Text", "Value", "Wire", *notation.CHECKS)


@dataclass(frozen=True, slots=True)
class HeaderField:
    """A response header as a field. `ambient` headers stand on every response of a surface, which fills them in."""

    keyword: str
    annotation: str
    ambient: bool
    header: Header


@dataclass(frozen=True, slots=True)
class Answer:
    """A declared response of an operation, and the class that stands for it."""

    name: str
    status: str
    response: Response
    headers: tuple[HeaderField, ...]

    @property
    def media_types(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(contents.media_type(content.media_type) for content in self.response.contents))

    @property
    def carries_status(self) -> bool:
        """Whether `status` is a field: the contract declares a range, or the default."""
        return not self.status.isdigit()


@lru_cache(maxsize=4)
def answers(api: Api) -> Mapping[str, tuple[Answer, ...]]:
    """The answers of every operation, by operation id."""
    ambient = ambient_headers(api)
    named = _names(api)
    outside = _not_ambient(api, named, ambient)
    return {
        operation.id: tuple(
            Answer(
                name, response.status, response, _headers(response, ambient.get(_surface(operation), {}).keys() - outside[name])
            )
            for response in operation.responses
            for name in [named[operation.id, response.status]]
        )
        for operation in api.operations
    }


@lru_cache(maxsize=4)
def ambient_headers(api: Api) -> Mapping[str | None, Mapping[str, HeaderField]]:
    """The headers (by lower-case name) that are required, with one type, on every response of every operation of a surface."""
    responses: dict[str | None, list[Response]] = defaultdict(list)
    for operation in api.operations:
        if operation.role == "path":
            responses[operation.surface].extend(operation.responses)
    result = {}
    for surface, group in responses.items():
        common = None if len(group) > 1 else set[tuple[str, str]]()
        for response in group:
            required = {(h.name.lower(), notation.validating(h.type)) for h in response.headers if h.required}
            common = required if common is None else common & required
        wanted = {name for name, _ in common or ()}
        result[surface] = {f.header.name.lower(): f for f in _headers(group[0], wanted) if f.ambient} if wanted else {}
    return result


def responses(api: Api, options: Options) -> dict[str, str]:
    """responses.py of the package."""
    declared = {answer.name: answer for group in answers(api).values() for answer in group}
    shared = Shared([(h.header.name, header_source(api, h)) for answer in declared.values() for h in answer.headers])
    classes = tuple(_class(api, answer, shared) for answer in declared.values())
    sources = [source for view in classes for source in (*view.fields, view.wire)]
    known = import_lines([*sources, *shared.definitions, "Response", "Wire", "ClassVar"])
    return {"responses.py": render("python/checkout_api/responses.py.j2", ResponsesView(known, shared.definitions, classes))}


@dataclass(frozen=True, slots=True)
class ClassView:
    """A response class: its fields in order, and its wire table."""

    name: str
    docstring: str
    fields: tuple[str, ...]
    wire: str


@dataclass(frozen=True, slots=True)
class ResponsesView:
    """What responses.py is printed from."""

    imports: str
    shared: tuple[str, ...]
    classes: tuple[ClassView, ...]


def _surface(operation: Operation) -> str | None:
    """The surface whose ambient headers an operation has: none for a webhook, which somebody else answers."""
    return operation.surface if operation.role == "path" else "\0"


def _names(api: Api) -> dict[tuple[str, str], str]:
    statuses: dict[str, set[str]] = defaultdict(set)
    for operation in api.operations:
        for response in operation.responses:
            if response.component is not None:
                statuses[response.component].add(response.status)
    keys: dict[tuple[str, ...], str] = {}
    used: dict[tuple[str, str], tuple[str, ...]] = {}
    for operation in api.operations:
        for response in operation.responses:
            status = "Default" if response.status == "default" else response.status
            if response.component is None:
                key: tuple[str, ...] = ("", operation.id, status)
                name = names.pascal(operation.id) + status
            else:
                key = (response.component, status)
                name = names.pascal(response.component) + (status if len(statuses[response.component]) > 1 else "")
            keys[key] = name
            used[operation.id, response.status] = key
    # A component keeps its plain name, whatever an operation before it is called.
    ordered = sorted(keys, key=lambda key: len(key) == 3)
    final = dict(zip(ordered, names.unique([keys[key] for key in ordered], _CLASSES), strict=True))
    return {place: final[key] for place, key in used.items()}


def _not_ambient(
    api: Api, named: Mapping[tuple[str, str], str], ambient: Mapping[str | None, Mapping[str, HeaderField]]
) -> Mapping[str, set[str]]:
    """The headers that a class shared between surfaces must require, since they are not ambient in all of them."""
    result: dict[str, set[str]] = defaultdict(set)
    for operation in api.operations:
        for response in operation.responses:
            of_surface = ambient.get(_surface(operation), {})
            result[named[operation.id, response.status]] |= {h.name.lower() for h in response.headers} - of_surface.keys()
    return result


def _headers(response: Response, ambient: set[str]) -> tuple[HeaderField, ...]:
    declared = {h.name.lower(): h for h in response.headers if h.name.lower() != "content-type"}
    keywords = names.unique([names.snake(header.name, "header") for header in declared.values()], _FIELDS)
    return tuple(
        HeaderField(keyword, notation.signature(header.type), lower in ambient, header)
        for (lower, header), keyword in zip(declared.items(), keywords, strict=True)
    )


def _class(api: Api, answer: Answer, shared: Shared) -> ClassView:
    views = {contents.media_type(content.media_type): contents.view(content, api.types) for content in answer.response.contents}
    bodies = tuple(dict.fromkeys(view.signature for view in views.values()))
    fields = ["status: int"] if answer.carries_status else []
    if bodies:
        fields.append(f"body: {'Any' if 'Any' in bodies else ' | '.join(bodies)}")
    if choice := contents.choice(answer.media_types, tuple(views.values())):
        fields.append(f"media_type: {choice}" + ("" if choice == "str" else f" = {literal(answer.media_types[0])}"))
    fields += [_field(header) for header in sorted(answer.headers, key=lambda h: h.ambient or not h.header.required)]
    if not answer.carries_status:
        fields.append(f"status: ClassVar[Literal[{int(answer.status)}]] = {int(answer.status)}")
    return ClassView(
        answer.name,
        docstring(answer.response.description, 4) or docstring(f"Status {answer.status}."),
        tuple(fields),
        _wire(api, answer, shared, {media_type: view.source for media_type, view in views.items()}),
    )


def _field(field: HeaderField) -> str:
    if field.header.required and not field.ambient:
        fixed = field.header.type
        # One value is allowed: nobody needs to say it.
        only = f" = {literal(json.loads(fixed.values[0]))}" if isinstance(fixed, Enum) and len(fixed.values) == 1 else ""
        return f"{field.keyword}: {field.annotation}{only}"
    optional = (
        field.annotation if field.annotation == "Any" or field.annotation.endswith("None") else f"{field.annotation} | None"
    )
    return f"{field.keyword}: {optional} = None"


def _wire(api: Api, answer: Answer, shared: Shared, sources: Mapping[str, str]) -> str:
    parts = []
    if answer.headers:
        parts.append(f"headers=({', '.join(shared.source(header_source(api, field)) for field in answer.headers)},)")
    if sources:
        parts.append("contents={" + ", ".join(f"{literal(m)}: {source}" for m, source in sources.items()) + "}")
    return f"Wire({', '.join(parts)})"


def header_source(api: Api, field: HeaderField) -> str:
    """The source of the runtime `Header` of a field."""
    header = field.header
    text = contents.document_shape(header.media_type, header.type, api.types)
    parts = [
        f"name={literal(header.name)}",
        f"keyword={literal(field.keyword)}",
        f"value=Value({notation.validating(header.type)})",
    ]
    parts += [f"shape={text}"] if text != "Text()" else []
    parts += ["required=True"] if header.required else []
    parts += ["ambient=True"] if field.ambient else []
    parts += ["explode=True"] if header.explode else []
    parts += [f"media_type={literal(header.media_type)}"] if header.media_type is not None else []
    return f"Header({', '.join(parts)})"
