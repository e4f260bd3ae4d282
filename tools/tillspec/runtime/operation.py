"""What an operation looks like on the wire, as data: the generated tables are made of these; server and client read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Literal, TypeVar, dataclass_transform

from pydantic import TypeAdapter

from .building import built

ResultT_co = TypeVar("ResultT_co", covariant=True)

Location = Literal["path", "query", "header", "cookie", "querystring"]
Kind = Literal["string", "integer", "number", "boolean", "null"]
Carrier = Literal["json", "form", "multipart", "text", "bytes"]


@dataclass(frozen=True)
class Value:
    """A typed value: the annotation that describes it, and the pydantic adapter for it, made whole at first use."""

    annotation: Any

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        return built(self._adapter)

    def _adapter(self) -> TypeAdapter[Any]:
        adapter = TypeAdapter(self.annotation)
        # Models defer their building. An adapter would do it whenever somebody looks, by the frames that happen to be above.
        adapter.rebuild()
        return adapter


@dataclass(frozen=True, slots=True)
class Text:
    """A parameter's text that stands for one JSON scalar: the kinds that the schema allows, most specific first."""

    kinds: tuple[Kind, ...] = ("string",)


@dataclass(frozen=True, slots=True)
class Document:
    """A text that is a JSON document."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A part of a multipart body that is a file. One that tells no media type is sent as `media_type`."""

    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Items:
    """A parameter's text that stands for an array; in a form each item is a field of its own.

    `alone` is what a single text is read as where the schema allows a scalar beside the array.
    """

    item: Text | Document | Blob = Text()
    alone: Text | None = None


@dataclass(frozen=True, slots=True)
class Properties:
    """A parameter's text that stands for an object: its declared properties, and what all others are read as.

    `free` says that it has others: those that no other parameter of a query declares are its own. `alone` is what a single text
    is read as where the schema allows a scalar beside the object.
    """

    properties: Mapping[str, Shape]
    other: Shape = Text()
    free: bool = False
    alone: Text | None = None


Shape = Text | Document | Blob | Items | Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter: `name` is its name on the wire, `keyword` the argument that carries it in Python.

    `style` and `explode` are OpenAPI's (3.1, section 4.8.12.2); with `media_type` set the text is a document of that type, and
    `styles` are those of its fields where it is a form. `allow_empty` says that an empty text stands for none at all.
    `default` is the JSON text of what stands for an absent parameter, None where nothing does.
    """

    name: str
    keyword: str
    location: Location
    value: Value
    shape: Shape = Text()
    required: bool = False
    style: str = "form"
    explode: bool = True
    allow_reserved: bool = False
    allow_empty: bool = False
    media_type: str | None = None
    styles: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One media type of a body: how it is carried, and the typed value (None for text and bytes).

    `shape` says how the fields of a form are read; `styles` gives the style and explode of those that are not `form`, exploded.
    `media_types` gives the types that texts and documents in a multipart body are sent as, where they differ from the usual.
    """

    carrier: Carrier
    value: Value | None = None
    shape: Shape | None = None
    styles: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    media_types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBody:
    """What a request carries, by media type (lower case, without parameters; `image/*` and `*/*` are ranges)."""

    contents: Mapping[str, Content]
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A response header and the field of the response class that carries it.

    An `ambient` header stands on every response of its surface: a handler may leave it out, the surface fills it in. With
    `media_type` its text is a document of that type.
    """

    name: str
    keyword: str
    value: Value
    shape: Shape = Text()
    required: bool = False
    ambient: bool = False
    explode: bool = False
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How a response class is written and read: its headers, and its body by media type."""

    headers: tuple[Header, ...] = ()
    contents: Mapping[str, Content] = field(default_factory=dict)


class _MadeAtUse(type):
    """The class of classes that become dataclasses when somebody looks: a large API has hundreds, and uses few."""

    def __getattr__(cls, name: str) -> Any:
        if name == "__dataclass_fields__" and cls.__mro__[1] is not object:
            return getattr(whole(cls), name)
        raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Response(metaclass=_MadeAtUse):
    """The base of all declared responses.

    A generated response is a frozen dataclass. `status` is a class variable where the contract declares one status, and a field
    where it declares `4XX` or `default`. It has a field `body` where it has a body, a field `media_type` where it may have
    several, and one field for each header.
    """

    wire: ClassVar[Wire] = Wire()

    def __init_subclass__(cls) -> None:
        for base in cls.__mro__[1:]:
            if base is not Response and issubclass(base, Response):
                whole(base)

    if not TYPE_CHECKING:

        def __init__(self, **values: Any) -> None:
            whole(type(self)).__init__(self, **values)


_making: Final = RLock()
KindT = TypeVar("KindT", bound=type)


def whole(kind: KindT) -> KindT:
    """A response class with all that a dataclass has."""
    with _making:
        if "__dataclass_fields__" not in kind.__dict__:
            dataclass(frozen=True, kw_only=True)(kind)
    return kind


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityScheme:
    """How a credential travels: `kind` is `basic`, `bearer`, `api_key`, or `other` for what only the owner can read."""

    name: str
    kind: Literal["basic", "bearer", "api_key", "other"]
    location: Literal["query", "header", "cookie"] | None = None
    parameter: str | None = None


# No slots: with them, the `__setattr__` of a frozen class raises when typing marks what `Operation[X](...)` made.
@dataclass(frozen=True, kw_only=True)
class Operation(Generic[ResultT_co]):
    """An operation: what a request to it is made of, and what may answer it.

    `responses` goes from `"201"`, `"4XX"` or `"default"` to the response class. `security` lists alternatives, each the
    schemes that are asked for together with their scopes; an empty alternative means anonymous, an empty list that nothing is
    asked for. `surface` is the group of operations that shapes its errors together. `servers` are the URLs of the servers that it
    has in place of the document's, as the contract writes them.
    """

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    body: RequestBody | None = None
    responses: Mapping[str, type[Response]]
    security: tuple[Mapping[str, tuple[str, ...]], ...] = ()
    surface: str = ""
    servers: tuple[str, ...] = ()
