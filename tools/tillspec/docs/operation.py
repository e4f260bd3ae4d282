"""The page of an operation, a webhook or a callback: what its template prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tillspec.api.model import Api, Content, Example, Header, Operation, Parameter, Requirement, Response, SecurityScheme
from tillspec.docs import behavior, errors, signature, words
from tillspec.docs.address import fragment
from tillspec.docs.diagram import Diagram, states
from tillspec.docs.errors import Failure
from tillspec.docs.samples.request import variable
from tillspec.docs.shape import Row, Shapes
from tillspec.docs.text import code
from tillspec.runtime.behavior import ObjectBehavior

_PLACES = {
    "path": "Path", "query": "Query", "querystring": "The whole query", "header": "Headers", "cookie": "Cookies",
}  # fmt: skip
_LONGEST_EXAMPLE = 12_000


@dataclass(frozen=True, slots=True)
class Shown:
    """An example as text."""

    title: str
    text: str
    description: str = ""
    language: str = "json"


@dataclass(frozen=True, slots=True)
class Form:
    """One media type of a body, with its table and its examples; all but the first have an anchor of their own."""

    media_type: str
    table: Row | None
    examples: tuple[Shown, ...] = ()
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Leads:
    """Where an answer leads: the operation that takes something out of it."""

    name: str
    operation: str | None
    takes: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A declared answer that is no error."""

    status: str
    title: str
    anchor: str
    description: str
    headers: tuple[Row, ...]
    forms: tuple[Form, ...]
    links: tuple[Leads, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """What is declared of an object that the operation works on: its rules in words, and its lifecycle, drawn and told."""

    name: str
    anchor: str
    matters: tuple[behavior.Told, ...]
    lifecycle: tuple[str, ...]
    diagram: Diagram | None


@dataclass(frozen=True, slots=True)
class View:
    """What the page of an operation says."""

    operation: Operation
    title: str
    parameters: tuple[tuple[str, tuple[Row, ...]], ...]
    body: tuple[Form, ...]
    answers: tuple[Answer, ...]
    failures: tuple[tuple[Failure, tuple[Row, ...], tuple[Form, ...]], ...]
    security: tuple[str, ...]
    matters: tuple[behavior.Told, ...]
    things: tuple[Thing, ...]
    deliveries: tuple[str, ...]
    verifying: signature.Recipe | None

    @property
    def contents(self) -> tuple[tuple[str, str], ...]:
        """The sections that the page has: their anchors and names."""
        is_call = self.operation.role == "path"
        sections = (
            ("samples", "Samples", is_call), ("authorization", "Authorization", is_call and self.security),
            ("parameters", "Parameters", self.parameters), ("body", "Body", self.body), ("responses", "Answers", self.answers),
            ("errors", "Errors", self.failures), ("behavior", "Behaviour", self.matters or self.things),
            ("delivery", "Deliveries", self.deliveries), ("verify", "Signature", self.verifying),
        )  # fmt: skip
        return tuple((anchor, name) for anchor, name, is_there in sections if is_there)

    @property
    def rows(self) -> Iterator[Row]:
        """All rows of its tables."""
        for _, rows in self.parameters:
            yield from rows
        for form in (*self.body, *(form for answer in self.answers for form in answer.forms)):
            if form.table is not None:
                yield from (row for row in form.table.walk() if row.name)
        for answer in self.answers:
            yield from answer.headers


class Operations:
    """Makes the views of operations.

    Args:
        api: the API.
        shapes: makes the tables of its schemas.
        package: the import name of the generated package, for what a receiver of webhooks writes.
    """

    def __init__(self, api: Api, shapes: Shapes, package: str) -> None:
        self.api = api
        self.shapes = shapes
        self.package = package
        self.failures = {operation.id: errors.failures(operation) for operation in api.operations}
        self.objects = _objects(api)

    def view(self, operation: Operation) -> View:
        """The view of an operation."""
        declared = operation.behavior
        body = operation.body.contents if operation.body else ()
        answers = [response for response in operation.responses if not errors.is_error(response)]
        signed = declared.signature if declared else None
        return View(
            operation=operation,
            title=operation.summary or operation.id,
            parameters=tuple(self._parameters(operation)),
            body=self._forms(body, "body"),
            answers=tuple(self._answer(response) for response in answers),
            failures=tuple(self._failure(failure) for failure in self.failures[operation.id]),
            security=tuple(_security(self.api, operation)),
            matters=tuple(behavior.of_operation(declared)) if declared else (),
            things=tuple(self._things(operation)),
            deliveries=behavior.deliveries(declared.delivery) if declared and declared.delivery else (),
            verifying=signature.recipe(operation.id, signed, self.package) if signed else None,
        )

    def _parameters(self, operation: Operation) -> Iterator[tuple[str, tuple[Row, ...]]]:
        for place, name in _PLACES.items():
            found = [one for one in operation.parameters if one.location == place]
            if found:
                yield name, tuple(self._parameter(one) for one in found)

    def _parameter(self, parameter: Parameter) -> Row:
        row = self.shapes.table(parameter.schema, f"{parameter.location}.{parameter.name}", most=20)
        row.name, row.required = parameter.name, parameter.required
        flags = (
            (*row.facts.flags, "deprecated") if parameter.deprecated and "deprecated" not in row.facts.flags else row.facts.flags
        )
        limits, text = (*row.facts.limits, *_written(parameter)), parameter.description or row.facts.text
        shown = next((words.value(one.value) for one in parameter.examples), row.facts.example)
        row.facts = replace(row.facts, text=text, flags=flags, limits=limits, example=shown)
        return row

    def _header(self, header: Header, anchor: str) -> Row:
        row = self.shapes.table(header.schema, f"{anchor}.header.{header.name}", most=20)
        row.name, row.required = header.name, header.required
        row.facts = replace(row.facts, text=header.description or row.facts.text)
        return row

    def _forms(self, contents: tuple[Content, ...], anchor: str) -> tuple[Form, ...]:
        """All media types of a body; the anchors of the first begin with that of the body."""
        return tuple(
            self._form(one, anchor if not index else f"{anchor}-{index + 1}", index) for index, one in enumerate(contents)
        )

    def _form(self, content: Content, anchor: str, index: int) -> Form:
        table = self.shapes.table(content.schema, anchor) if content.schema is not None else None
        examples = tuple(_shown(one, content.media_type) for one in content.examples)
        return Form(content.media_type, table, examples, anchor if index else "")

    def _answer(self, response: Response) -> Answer:
        anchor = f"response-{response.status}"
        return Answer(
            status=response.status,
            title=errors.title(response.status),
            anchor=anchor,
            description=response.description,
            headers=tuple(self._header(header, anchor) for header in response.headers),
            forms=self._forms(response.contents, anchor),
            links=tuple(
                Leads(link.name, link.operation_id, tuple(_takes(link.parameters)), link.description) for link in response.links
            ),
        )

    def _failure(self, failure: Failure) -> tuple[Failure, tuple[Row, ...], tuple[Form, ...]]:
        headers = tuple(self._header(header, failure.anchor) for header in failure.response.headers)
        return failure, headers, tuple(Form(content.media_type, self._top(content)) for content in failure.response.contents)

    def _top(self, content: Content) -> Row | None:
        """The body of an error in a line; its fields stand on the page of its type."""
        return self.shapes.table(content.schema, "", most=0) if content.schema is not None else None

    def _things(self, operation: Operation) -> Iterator[Thing]:
        declared = operation.behavior
        if declared is None:
            return
        names = (declared.creates, declared.reads, declared.updates, declared.deletes)
        told = declared.tells.object if declared.tells else declared.lists.object if declared.lists else None
        for name in dict.fromkeys(name for name in (*names, told) if name):
            if name in self.objects:
                yield thing(name, self.objects[name])


def thing(name: str, declared: ObjectBehavior) -> Thing:
    """What is declared of an object."""
    moves = declared.lifecycle
    anchor = fragment(f"lifecycle-{name}")
    return Thing(
        name=name,
        anchor=anchor,
        matters=tuple(behavior.of_object(declared)),
        lifecycle=behavior.lifecycle(moves) if moves else (),
        diagram=states(moves, f"{anchor}-drawn", f"The states of {name}") if moves else None,
    )


def _objects(api: Api) -> Mapping[str, ObjectBehavior]:
    """What the schemas that show an object declare of it, taken together; the first that says something goes before."""
    found: dict[str, ObjectBehavior] = {}
    for named in api.types.values():
        declared = named.behavior
        if declared is not None and declared.object:
            before = found.get(declared.object, ObjectBehavior(object=declared.object))
            found[declared.object] = ObjectBehavior(
                object=declared.object, id=before.id or declared.id, owner=before.owner or declared.owner,
                lifecycle=before.lifecycle or declared.lifecycle, expires=before.expires or declared.expires,
                totals=tuple(dict.fromkeys((*before.totals, *declared.totals))),
                rules=tuple(dict.fromkeys((*before.rules, *declared.rules))),
            )  # fmt: skip
    return found


def _written(parameter: Parameter) -> Iterator[str]:
    """How a parameter is written, where that is not the usual way."""
    usual = {"query": "form", "cookie": "form"}.get(parameter.location, "simple")
    if parameter.media_type is not None:
        yield f"written as {code(parameter.media_type)}"
    elif parameter.style != usual:
        yield f"written in the style {code(parameter.style)}"
    elif "list" in parameter.type.__class__.__name__.lower() and not parameter.explode:
        yield "items are separated by commas"


def _takes(parameters: tuple[tuple[str, Any], ...]) -> Iterator[str]:
    for name, value in parameters:
        yield f"{code(name)} is {code(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))}"


def _shown(example: Example, media_type: str) -> Shown:
    value = example.value
    text = value if isinstance(value, str) and "json" not in media_type else json.dumps(value, ensure_ascii=False, indent=2)
    if len(text) > _LONGEST_EXAMPLE:
        text = text[:_LONGEST_EXAMPLE] + "\n…"
    return Shown(example.summary or example.name, text, example.description, "json" if "json" in media_type else "")


def _security(api: Api, operation: Operation) -> Iterator[str]:
    """How to prove who calls, each alternative in a sentence."""
    if not operation.security and operation.role == "path":
        yield "No credential is asked for."
    for requirement in operation.security:
        yield _requirement(api, requirement)


def _requirement(api: Api, requirement: Requirement) -> str:
    told = []
    for name, scopes in requirement.schemes:
        scheme = api.security_schemes.get(name)
        scope = f" with the scope {words.listed([code(one) for one in scopes])}" if scopes else ""
        told.append((_scheme(scheme) if scheme else code(name)) + scope)
    return f"{words.listed(told)}." if told else "Or no credential at all."


def _scheme(scheme: SecurityScheme) -> str:
    about = f" ({code(scheme.name)}; in the samples {code(f'${variable(scheme)}')})"
    match scheme.kind:
        case "apiKey":
            place = {"header": "the header", "query": "the query's parameter", "cookie": "the cookie"}[
                scheme.location or "header"
            ]
            return f"An API key in {place} {code(scheme.parameter or scheme.name)}{about}"
        case "http" if scheme.scheme == "basic":
            return f"User and password by HTTP Basic{about}"
        case "http":
            return f"The header {code('Authorization')} with {code((scheme.scheme or '').title())} and a token{about}"
        case "oauth2":
            return f"An access token of OAuth 2.0{about}"
        case "openIdConnect":
            return f"A token of OpenID Connect{about}"
        case _:
            return f"A client certificate (mutual TLS){about}"
