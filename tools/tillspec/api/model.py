"""The model of an API: frozen records that every emitter, check and page reads.

Nothing in here knows a target language, and nothing spells OpenAPI: `tillspec.api.build` reads the document, the emitters
read this. Schemas occur twice, on purpose: as a `Type`, which says what a signature or a page needs, and as the JSON Schema
(draft 2020-12, its references pointing at type ids) that it was read from, which says all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from tillspec.runtime.behavior import ObjectBehavior, OperationBehavior, OutsideObject, PropertyBehavior, Secret
from tillspec.source import Span

type_id = str
"""The id of a named type: a component's own name, or the name made for an inline schema."""

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""A JSON value. Values inside an `Api` are shared and must not be changed."""


def span_field() -> Span:
    """A span that takes no part in equality: two equal things may stand in two places."""
    return field(compare=False, repr=False, kw_only=True)  # type: ignore[no-any-return]


# -- types ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scalar:
    """A JSON string, integer, number, boolean or null, with its bounds."""

    kind: Literal["string", "integer", "number", "boolean", "null"]
    format: str | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    exclusive_minimum: int | float | None = None
    exclusive_maximum: int | float | None = None
    multiple_of: int | float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Enum:
    """A closed list of JSON values (`enum`, or `const` with one); values are kept as canonical JSON texts."""

    values: tuple[str, ...]
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Array:
    """A list of which all items have one type; where positions differ (`prefixItems`), items are `Any`."""

    items: Type
    min_items: int | None = None
    max_items: int | None = None
    unique: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Map:
    """An object of which only the values' type is declared."""

    values: Type
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Object:
    """An object with declared fields; `bases` are the named types that it takes further fields from (`allOf`).

    `required` names what this object asks for and does not declare itself: fields of its bases, or of what takes from it;
    `additional` is what undeclared fields are, None where that is not said.
    """

    fields: tuple[Field, ...]
    bases: tuple[Ref, ...] = ()
    closed: bool = False
    required: tuple[str, ...] = ()
    additional: Type | None = None
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Union:
    """One of several (`oneOf`), or some of several (`anyOf`)."""

    options: tuple[Type, ...]
    exclusive: bool = False
    discriminator: Discriminator | None = None
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Ref:
    """A named type, by its id in `Api.types`; so recursion is ordinary."""

    id: type_id
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Any:
    """Whatever JSON: nothing is declared, or something that only the JSON Schema says."""

    nullable: bool = True


@dataclass(frozen=True, slots=True)
class File:
    """A part of a multipart body that is raw bytes: its media types (`image/*` is a range, none allows any), and its length in
    octets.
    """

    media_types: tuple[str, ...] = ()
    min_length: int | None = None
    max_length: int | None = None
    nullable: bool = False


Type = Scalar | Enum | Array | Map | Object | Union | Ref | File | Any

FILE = "x-tillspec-file"
"""The keyword that marks a schema as that of a `File`; its value has `mediaTypes`, `minLength` and `maxLength`."""


@dataclass(frozen=True, slots=True)
class Discriminator:
    """The property that tells a union's options apart; `mapping` goes from its value to a type id."""

    property: str
    mapping: tuple[tuple[str, type_id], ...] = ()


class Presence(StrEnum):
    """Whether a property must be there. What it is worth when absent is its default; whether it may be null is its type's."""

    REQUIRED = "required"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Field:
    """A property of an object. `default` is canonical JSON text, None where there is none."""

    name: str
    type: Type
    presence: Presence
    default: str | None = None
    description: str = ""
    read_only: bool = False
    write_only: bool = False
    deprecated: bool = False
    span: Span = span_field()


@dataclass(frozen=True, slots=True)
class NamedType:
    """A schema with a name: a component, or an inline schema that was given one.

    What is declared of an object is its `behavior`, what is declared of a value its `value_behavior`.

    `schema` is the whole JSON Schema, draft 2020-12; its `$ref`s read `#/components/schemas/<id>`. `component` is the name under
    which the document has it, None where it stands inline.

    A type is `exact` where it says all that its schema says; else the schema has to be run beside it. A `loose` object is one
    whose schema says nothing of values that are no objects, so that they are valid.
    """

    id: type_id
    type: Type
    schema: Json = field(compare=False, repr=False)
    description: str = ""
    component: str | None = None
    exact: bool = True
    loose: bool = False
    deprecated: bool = False
    behavior: ObjectBehavior | None = field(default=None, compare=False)
    value_behavior: PropertyBehavior | None = field(default=None, compare=False)
    span: Span = span_field()

    @property
    def inline(self) -> bool:
        """Whether the document gives it no name of its own."""
        return self.component is None


# -- operations ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Content:
    """One media type of a body. `type` and `schema` are None where the document declares no schema.

    `encoding` is OpenAPI's encoding object per property; `parts` is what follows from it, for forms: how each property travels.
    """

    media_type: str
    type: Type | None
    schema: Json = field(compare=False, repr=False)
    encoding: Json = field(default=None, compare=False, repr=False)
    parts: tuple[Part, ...] = ()
    examples: tuple[Example, ...] = ()
    span: Span = span_field()


@dataclass(frozen=True, slots=True)
class Part:
    """How a property of a form travels; the name "" stands for all that are not declared.

    `media_types` are those that it may come as, where the document names any. `style` is set where the property is written like a
    parameter of a query.
    """

    name: str
    carrier: Literal["text", "json", "file"]
    media_types: tuple[str, ...] = ()
    style: str | None = None
    explode: bool = True


@dataclass(frozen=True, slots=True)
class Example:
    """A value that a document gives as an example of a body or a header."""

    name: str
    value: Json = field(compare=False, repr=False)
    summary: str = ""
    description: str = ""
    span: Span = span_field()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation, read out of (or written into) text by `style` and `explode`.

    `media_type` is set where the parameter has `content` in place of a schema: its text is then a document of that type; `parts`
    says how the properties of a form travel. `allow_empty` lets an empty text stand for none at all.
    """

    name: str
    location: Literal["path", "query", "header", "cookie", "querystring"]
    required: bool
    type: Type
    schema: Json = field(compare=False, repr=False)
    style: str = "form"
    explode: bool = True
    allow_reserved: bool = False
    allow_empty: bool = False
    media_type: str | None = None
    parts: tuple[Part, ...] = ()
    default: str | None = None
    description: str = ""
    deprecated: bool = False
    span: Span = span_field()


@dataclass(frozen=True, slots=True)
class Header:
    """A header of a response; with `media_type` its text is a document of that type."""

    name: str
    required: bool
    type: Type
    schema: Json = field(compare=False, repr=False)
    explode: bool = False
    examples: tuple[Example, ...] = ()
    media_type: str | None = None
    description: str = ""
    span: Span = span_field()


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carries."""

    required: bool
    contents: tuple[Content, ...]
    description: str = ""
    span: Span = span_field()


@dataclass(frozen=True, slots=True)
class Link:
    """What a response leads to: `parameters` and `request_body` are runtime expressions (OpenAPI 3.1, section 4.8.20.3)."""

    name: str
    operation_id: str | None
    parameters: tuple[tuple[str, Json], ...] = ()
    description: str = ""
    span: Span = span_field()


@dataclass(frozen=True, slots=True)
class Response:
    """One declared answer. `status` is `"200"`, `"4XX"` or `"default"`.

    `component` is the name under which the document shares it (`components/responses`), None where it stands inline.
    """

    status: str
    contents: tuple[Content, ...]
    headers: tuple[Header, ...] = ()
    links: tuple[Link, ...] = ()
    component: str | None = None
    description: str = ""
    span: Span = span_field()


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """`kind` is OpenAPI's type; `scheme` is the HTTP scheme in lower case (`basic`, `bearer`, …).

    For an API key, `location` and `parameter` say where it stands.
    """

    name: str
    kind: Literal["apiKey", "http", "oauth2", "openIdConnect", "mutualTLS"]
    scheme: str | None = None
    location: Literal["query", "header", "cookie"] | None = None
    parameter: str | None = None
    description: str = ""
    secret: Secret | None = field(default=None, compare=False)
    span: Span = span_field()


@dataclass(frozen=True, slots=True)
class Requirement:
    """Schemes that are asked for together, each with its scopes; no scheme at all means anonymous."""

    schemes: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class ServerVariable:
    """A variable of a server's URL; `values` is what it may be, empty for anything. One without a default is not declared."""

    name: str
    default: str | None
    values: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """A base URL, absolute or relative to the document; `variables` are those that stand in it in braces, in their order."""

    url: str
    description: str = ""
    variables: tuple[ServerVariable, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a path, a webhook or a callback.

    `path` is the path template; for a webhook its name, for a callback its runtime expression. `security` lists alternatives;
    empty means that nothing is asked for.
    """

    id: str
    method: str
    path: str
    role: Literal["path", "webhook", "callback"]
    tag: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: tuple[Response, ...]
    security: tuple[Requirement, ...] = ()
    servers: tuple[Server, ...] = ()
    surface: str | None = None
    behavior: OperationBehavior | None = field(default=None, compare=False)
    summary: str = ""
    description: str = ""
    deprecated: bool = False
    span: Span = span_field()


@dataclass(frozen=True, slots=True)
class Tag:
    """A group of operations."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Api:
    """A whole API. `document` is the bundle that it was read from; `types` is in the order of the document. `strict_json` says
    that bodies with what is no JSON, or with a name twice, are refused.

    An API equals itself alone, so that what follows from it can be kept by it.
    """

    title: str
    version: str
    description: str
    tags: tuple[Tag, ...]
    operations: tuple[Operation, ...]
    types: Mapping[type_id, NamedType]
    security_schemes: Mapping[str, SecurityScheme]
    servers: tuple[Server, ...]
    document: Mapping[str, Json] = field(compare=False, repr=False)
    outside: Mapping[str, OutsideObject] = field(default_factory=dict)
    strict_json: bool = False
