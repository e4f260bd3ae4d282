"""A bundle to an `Api`: the only place that knows how OpenAPI spells things."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from tillspec.api import forms, names
from tillspec.api.behavior import (
    KEY,
    credential,
    encoding,
    operation_behavior,
    outside_objects,
    property_behavior,
    reads_strictly,
)
from tillspec.api.model import (
    Api,
    Body,
    Content,
    Example,
    Header,
    Link,
    Operation,
    Parameter,
    Part,
    Requirement,
    Response,
    SecurityScheme,
    Tag,
)
from tillspec.api.place import Place
from tillspec.api.schemas import Schemas
from tillspec.api.servers import servers
from tillspec.api.size import check_components, check_size
from tillspec.api.told_apart import check_ids, check_paths
from tillspec.api.views import Direction
from tillspec.diagnostics import Report
from tillspec.document.bundle import Bundle
from tillspec.document.grammar import METHODS
from tillspec.document.select import surface_of
from tillspec.pointer import join, look_up, split
from tillspec.runtime.behavior import Encodes, OperationBehavior, PropertyBehavior
from tillspec.runtime.paths import expressions

_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple", "querystring": "form"}
_DIRECTIONS: tuple[tuple[Direction, Direction], ...] = (("request", "response"), ("response", "request"))
"""What a body and its answer are: for a webhook or a callback the other way round, there the owner of the contract sends."""
_STATUS = re.compile(r"[1-5](\d\d|XX)")
_IGNORED_HEADERS = ("accept", "content-type", "authorization")


def build(bundle: Bundle, report: Report) -> Api:
    """The API that a bundle describes. What cannot be expressed is reported, with its place."""
    return _Builder(bundle, report).api()


class _Builder:
    def __init__(self, bundle: Bundle, report: Report) -> None:
        self.bundle = bundle
        self.report = report
        self.schemas = Schemas(bundle, report)
        self.forms = forms.Forms(self.schemas)
        self.root = Place(bundle.value, "")
        self.operations: list[Operation] = []
        self.made_ids: set[str] = set()
        self.security_schemes = {
            name: self._scheme(name, at) for name, at in self.root.get("components", "securitySchemes").items()
        }

    def api(self) -> Api:
        self.schemas.check_dialect(self.bundle.value.get("jsonSchemaDialect"), "/jsonSchemaDialect")
        if check_components(len(self.schemas.ids), self.report):
            self._read()
        check_ids(self.operations, self.made_ids, self.report)
        check_paths(self.operations, self.report)
        info = self.root.get("info")
        return Api(
            title=info.text("title") or "API",
            version=str((info.value or {}).get("version", "0")),
            description=info.text("description"),
            tags=tuple(self._tags()),
            operations=tuple(self.operations),
            types=self.schemas.types,
            security_schemes=self.security_schemes,
            servers=servers(self.root.get("servers")),
            outside=outside_objects(self.bundle.value),
            strict_json=reads_strictly(self.bundle.value),
            document=self.bundle.value,
        )

    # -- operations -----------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Read all types and operations, as long as they are not too much."""
        self.schemas.read_components()
        if check_size(self.schemas.types, (), self.report):
            self._read_operations()
            if check_size(self.schemas.types, self.operations, self.report):
                self.schemas.finish()

    def _read_operations(self) -> None:
        for path, item in self.root.get("paths").items():
            self._path_item(path, item, "path", "")
        for name, item in self.root.get("webhooks").items():
            self._path_item(name, item, "webhook", "")
        if not self.operations:
            hint = "add a path with an operation; if there is one, look at how the file is indented"
            place = next((f"/{name}" for name in ("paths", "webhooks") if name in self.root.value), "")
            self.report.error("no-operations", "this document describes no operation", self.bundle.span(place, key=True), hint)

    def _path_item(self, path: str, item: Place, role: Any, prefix: str) -> None:
        item = self._deref(item)
        for method, at in item.items():
            if method in METHODS and isinstance(at.value, dict):
                self._operation(path, method.upper(), item, at, role, prefix)
        for method, at in item.get("additionalOperations").items():
            if isinstance(at.value, dict):
                self._operation(path, method, item, at, role, prefix)

    def _operation(self, path: str, method: str, item: Place, at: Place, role: Any, prefix: str) -> None:
        identifier = at.text("operationId")
        if not identifier:
            identifier = prefix + method.capitalize() if prefix else _made_id(method, path, role)
            self.made_ids.add(identifier)
        parameters = self._parameters(identifier, path, item, at, role)
        own = next((here for here in (at, item) if here.get("servers").value), self.root).get("servers")
        tags = [tag for tag in at.get("tags").value or () if isinstance(tag, str)]
        sent, answered = _DIRECTIONS[role != "path"]
        body = self._body(identifier, at.get("requestBody"), sent)
        responses = tuple(self._responses(identifier, at.get("responses"), answered))
        operation = Operation(
            id=identifier,
            method=method,
            path=path,
            role=role,
            tag=tags[0] if tags else "Default" if role == "path" else "Webhooks",
            parameters=parameters,
            body=body,
            responses=responses,
            security=self._security(at),
            servers=servers(own),
            surface=surface_of(at.value),
            behavior=self._behavior(at, parameters, responses),
            summary=at.text("summary") or item.text("summary"),
            description=at.text("description") or item.text("description"),
            deprecated=at.flag("deprecated"),
            span=self.bundle.span(at.pointer),
        )
        self.operations.append(operation)
        for name, callback in at.get("callbacks").items():
            for expression, below in self._deref(callback).items():
                self._path_item(expression, below, "callback", identifier + names.type_id(name))

    def _behavior(
        self, at: Place, parameters: tuple[Parameter, ...], responses: tuple[Response, ...]
    ) -> OperationBehavior | None:
        """What an operation declares, with what its parameters, its answers' headers and their media types do."""
        headers = {header.name: header.schema for response in responses for header in response.headers}
        made = replace(
            operation_behavior(at.get(KEY).value),
            encodes=self._encodes(at.get("responses")),
            parameters=_of_values({parameter.name: parameter.schema for parameter in parameters}),
            headers=_of_values(headers),
        )
        return made if made != OperationBehavior() else None

    def _encodes(self, at: Place) -> dict[str, Encodes]:
        """What the answers of an operation encode, by media type."""
        found: dict[str, Encodes] = {}
        for response in (self._deref(place) for _, place in at.items()):
            for media_type, content in response.get("content").items():
                if made := encoding(self._deref(content).get(KEY).value):
                    found[media_type] = made
        return found

    def _parameters(self, owner: str, path: str, item: Place, at: Place, role: str) -> tuple[Parameter, ...]:
        found: dict[tuple[str, str], Parameter] = {}
        for places in (item.get("parameters").each(), at.get("parameters").each()):
            own: dict[tuple[str, str], Parameter] = {}
            for place in places:
                parameter = self._parameter(owner, self._deref(place))
                if parameter is None or (parameter.location == "header" and parameter.name.lower() in _IGNORED_HEADERS):
                    continue
                if (parameter.location, parameter.name) in own:
                    message = f"the {parameter.location} parameter {parameter.name!r} stands here a second time"
                    self.report.error("structure", message, self.bundle.span(place.pointer), "remove or rename one of them")
                own[parameter.location, parameter.name] = parameter
            found |= own
        if role == "path":
            self._check_path(
                path, {parameter.name: parameter for parameter in found.values() if parameter.location == "path"}, at
            )
        return tuple(found.values())

    def _check_path(self, path: str, declared: dict[str, Parameter], at: Place) -> None:
        template = expressions(path)
        place = self.bundle.span(at.pointer, key=True)
        for name in template:
            if name not in declared:
                hint = f"add a parameter with name: {name}, in: path, required: true"
                self.report.error("path-parameter", f"{{{name}}} in {path} is not declared as a path parameter", place, hint)
        for name, parameter in declared.items():
            if name not in template:
                close = get_close_matches(name, [one for one in template if one not in declared], n=1)
                hint = f"did you mean {close[0]}?" if close else f"write {{{name}}} into the path, or remove the parameter"
                self.report.error("path-parameter", f"the path parameter {name!r} does not stand in {path}", parameter.span, hint)
        for name in {name for name in template if template.count(name) > 1}:
            self.report.error("path-parameter", f"{{{name}}} stands twice in {path}", place, "rename one of them")

    def _parameter(self, owner: str, at: Place) -> Parameter | None:
        if at.value == {}:
            return None  # a reference that led nowhere, which was told
        location = at.value.get("in") if isinstance(at.value, dict) else None
        if location not in _STYLES or not isinstance(at.value.get("name"), str):
            self.report.error(
                "structure", "a parameter has a name, and in: path, query, header or cookie", self.bundle.span(at.pointer)
            )
            return None
        name = at.value["name"]
        media_type, schema_at = self._carried(at)
        encoding = at.get("content", media_type or "", "encoding").value
        parts, declared = self._form(media_type or "", schema_at.value, encoding)
        type_, schema = self.schemas.read(declared, schema_at.pointer, names.type_id(f"{owner}_{name}"))
        style = at.text("style") or _STYLES[location]
        if location == "querystring" and not _is_query(media_type):
            hint = "give it content of application/x-www-form-urlencoded or of application/json"
            message = f"a parameter in: querystring of the type {media_type} is not supported"
            self.report.error("unsupported", message, self.bundle.span(at.pointer), hint)
        return Parameter(
            name=name,
            location=location,
            required=at.flag("required") or location == "path",
            type=type_,
            schema=schema,
            style=style,
            explode=at.value.get("explode", style in ("form", "cookie")) is True,
            allow_reserved=at.flag("allowReserved"),
            allow_empty=location == "query" and at.flag("allowEmptyValue"),
            media_type=media_type,
            parts=parts,
            default=_default(schema),
            description=at.text("description"),
            deprecated=at.flag("deprecated"),
            span=self.bundle.span(at.pointer),
        )

    def _carried(self, at: Place) -> tuple[str | None, Place]:
        """The schema of a parameter or header, and its media type where it has `content`."""
        for media_type, content in at.get("content").items():
            return media_type, self._deref(content).get("schema")
        schema = at.get("schema")
        return None, schema if schema.value is not None else Place(True, at.pointer)

    def _body(self, owner: str, at: Place, direction: Direction) -> Body | None:
        if not isinstance(at.value, dict):
            return None
        at = self._deref(at)
        name = names.type_id(owner) if not at.pointer.startswith("/components/") else names.type_id(split(at.pointer)[-1])
        return Body(
            required=at.flag("required"),
            contents=self._contents(name if name.endswith("Body") else f"{name}Body", at.get("content"), direction),
            description=at.text("description"),
            span=self.bundle.span(at.pointer),
        )

    def _contents(self, name: str, at: Place, direction: Direction) -> tuple[Content, ...]:
        found: list[Content] = []
        seen: list[tuple[Any, Any]] = []
        for media_type, place in at.items():
            content = self._deref(place)
            schema_at = content.get("schema")
            encoding = content.get("encoding").value
            parts, declared = self._form(media_type, schema_at.value, encoding)
            made = next((made for value, made in seen if value == declared), None)
            if made is None and declared is not None:
                wanted = name if not found else name + names.type_id(media_type.partition("/")[2])
                made = self.schemas.read(declared, schema_at.pointer, wanted, direction)
                seen.append((declared, made))
            type_, schema = made or (None, None)
            examples = tuple(self._examples(content))
            found.append(Content(media_type, type_, schema, encoding, parts, examples, span=self.bundle.span(content.pointer)))
        return tuple(found)

    def _form(self, media_type: str, schema: Any, encoding: Any) -> tuple[tuple[Part, ...], Any]:
        """How the properties of a form travel, and its schema with its files; nothing, and the schema, of what is no form."""
        if not forms.is_form(media_type):
            return (), schema
        return self.forms.read(schema, encoding, multipart=forms.is_multipart(media_type))

    def _examples(self, at: Place) -> Iterator[Example]:
        if isinstance(at.value, dict) and "example" in at.value:
            yield Example("example", at.value["example"], span=self.bundle.span(at.get("example").pointer))
        for name, place in at.get("examples").items():
            example = self._deref(place)
            if isinstance(example.value, dict) and "value" in example.value:
                span = self.bundle.span(example.get("value").pointer)
                yield Example(name, example.value["value"], example.text("summary"), example.text("description"), span=span)

    def _responses(self, owner: str, at: Place, direction: Direction) -> Iterator[Response]:
        for key, place in at.items():
            found = self._deref(place)
            status = key.upper() if key != "default" else key
            if not isinstance(found.value, dict) or not (status == "default" or _STATUS.fullmatch(status)):
                hint = "a status is '200', '4XX' or default"
                self.report.error(
                    "structure", f"{status!r} is no response status", self.bundle.span(place.pointer, key=True), hint
                )
                continue
            shared = found.pointer.startswith("/components/responses/")
            component = split(found.pointer)[-1] if shared else None
            own = f"{names.type_id(owner)}{'Default' if status == 'default' else status}"
            name = names.type_id(component) if component else own
            yield Response(
                status=status,
                contents=self._contents(f"{name}Body", found.get("content"), direction),
                headers=tuple(self._headers(name, found.get("headers"))),
                links=tuple(self._links(found.get("links"))),
                component=component,
                description=found.text("description"),
                span=self.bundle.span(found.pointer),
            )

    def _headers(self, owner: str, at: Place) -> Iterator[Header]:
        for name, place in at.items():
            if name.lower() == "content-type":
                continue
            found = self._deref(place)
            media_type, schema_at = self._carried(found)
            type_, schema = self.schemas.read(schema_at.value, schema_at.pointer, names.type_id(f"{owner}_{name}"))
            yield Header(
                name=name,
                required=found.flag("required"),
                type=type_,
                schema=schema,
                explode=found.flag("explode"),
                examples=tuple(self._examples(found)),
                media_type=media_type,
                description=found.text("description"),
                span=self.bundle.span(found.pointer),
            )

    def _links(self, at: Place) -> Iterator[Link]:
        for name, place in at.items():
            found = self._deref(place)
            target = found.text("operationId")
            reference = found.text("operationRef")
            if not target and reference.startswith("#/"):
                try:
                    operation = look_up(self.bundle.value, reference[1:])
                    target = operation.get("operationId", "") if isinstance(operation, dict) else ""
                except LookupError:
                    self.report.error("ref-missing", f"{reference!r} leads to nothing", self.bundle.span(found.pointer))
            parameters = tuple((key, value.value) for key, value in found.get("parameters").items())
            yield Link(name, target or None, parameters, found.text("description"), span=self.bundle.span(found.pointer))

    # -- the rest -------------------------------------------------------------------------------------------------------

    def _security(self, at: Place) -> tuple[Requirement, ...]:
        place = at.get("security") if "security" in at.value else self.root.get("security")
        found = []
        for requirement in place.each():
            schemes = requirement.value if isinstance(requirement.value, dict) else {}
            for name in schemes:
                if name not in self.security_schemes:
                    hint = "declare it under components.securitySchemes"
                    where = self.bundle.span(join(requirement.pointer, name), key=True)
                    self.report.error("security-unknown", f"the security scheme {name!r} is not declared", where, hint)
            found.append(Requirement(tuple((name, tuple(scopes or ())) for name, scopes in schemes.items())))
        return tuple(found)

    def _scheme(self, name: str, at: Place) -> SecurityScheme:
        at = self._deref(at)
        return SecurityScheme(
            name=name,
            kind=at.value.get("type"),
            scheme=at.text("scheme").lower() or None,
            location=at.value.get("in"),
            parameter=at.text("name") or None,
            description=at.text("description"),
            secret=credential(at.value),
            span=self.bundle.span(at.pointer),
        )

    def _tags(self) -> Iterator[Tag]:
        told = {tag.text("name"): tag.text("description") for tag in self.root.get("tags").each()}
        for name in dict.fromkeys((*told, *(operation.tag for operation in self.operations))):
            yield Tag(name, told.get(name, ""))

    def _deref(self, at: Place) -> Place:
        """Follow references until there is a value."""
        seen: set[str] = set()
        while isinstance(at.value, dict) and isinstance(at.value.get("$ref"), str):
            reference = at.value["$ref"]
            if reference in seen:
                hint = "one of them must be a value, in place of a $ref"
                self.report.error("ref-cycle", f"{reference!r} leads back to itself", self.bundle.span(at.pointer), hint)
                return Place({}, at.pointer)
            seen.add(reference)
            siblings = {key: value for key, value in at.value.items() if key in ("summary", "description")}
            try:
                value = look_up(self.bundle.value, reference[1:])
            except (LookupError, ValueError):
                self.report.error("ref-missing", f"{reference!r} leads to nothing", self.bundle.span(at.pointer))
                return Place({}, at.pointer)
            at = Place({**value, **siblings} if siblings and isinstance(value, dict) else value, reference[1:])
        return at


def _made_id(method: str, path: str, role: str) -> str:
    """The id of an operation that has none: a webhook's name, or method and path as in `getPetsByPetId`."""
    if role == "webhook":
        return path
    words = [word for part in path.split("/") for word in ([f"by_{part[1:-1]}"] if part.startswith("{") else [part]) if word]
    made = names.type_id("_".join([method.lower(), *words]))
    return made[0].lower() + made[1:]


def _is_query(media_type: str | None) -> bool:
    """Whether a whole query may be a document of a media type."""
    essence = (media_type or "").partition(";")[0].strip().lower()
    return essence in ("application/x-www-form-urlencoded", "application/json") or essence.endswith("+json")


def _of_values(schemas: dict[str, Any]) -> dict[str, PropertyBehavior]:
    return {name: made for name, schema in schemas.items() if (made := property_behavior(schema))}


def _default(schema: Any) -> str | None:
    return json.dumps(schema["default"], ensure_ascii=False) if isinstance(schema, dict) and "default" in schema else None
