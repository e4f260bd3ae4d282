"""Every style that OpenAPI defines, in every place and for every kind of value: from a client's arguments to a server's handler.

The texts on the wire are those of the standard's own table (OpenAPI 3.1.1, section 4.8.12.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tillspec.runtime.client import AsyncCaller, Settings
from tillspec.runtime.endpoint import Binding
from tillspec.runtime.operation import Items, Operation, Parameter, Properties, Response, Shape, Text, Value, Wire
from tillspec.runtime.outgoing import Arguments
from tillspec.runtime.parameters import Raw, decode, encode
from tillspec.runtime.request import Request
from tillspec.runtime.retry import Retry
from tillspec.runtime.scalars import JsonInteger, JsonNumber
from tillspec.runtime.server import make_router

COLORS = ["blue", "black", "brown"]
POINT = {"R": 100, "G": 200, "B": 150}
NUMBERS = Properties(dict.fromkeys("RGB", Text(("integer",))))

# location, style, explode: the texts of "", "blue", the colours and the point; None where the standard defines nothing
TABLE: list[tuple[str, str, bool, str | None, str | None, str | None, str | None]] = [
    ("path", "matrix", False, ";color", ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"),
    ("path", "matrix", True, ";color", ";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"),
    ("path", "label", False, ".", ".blue", ".blue,black,brown", ".R,100,G,200,B,150"),
    ("path", "label", True, ".", ".blue", ".blue.black.brown", ".R=100.G=200.B=150"),
    ("path", "simple", False, None, "blue", "blue,black,brown", "R,100,G,200,B,150"),
    ("path", "simple", True, None, "blue", "blue,black,brown", "R=100,G=200,B=150"),
    ("header", "simple", False, "", "blue", "blue,black,brown", "R,100,G,200,B,150"),
    ("header", "simple", True, "", "blue", "blue,black,brown", "R=100,G=200,B=150"),
    ("query", "form", False, "color=", "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
    ("query", "form", True, "color=", "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
    ("query", "spaceDelimited", False, None, None, "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150"),
    ("query", "pipeDelimited", False, None, None, "color=blue%7Cblack%7Cbrown", "color=R%7C100%7CG%7C200%7CB%7C150"),
    ("query", "deepObject", True, None, None, None, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
    ("cookie", "form", False, "color=", "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
    ("cookie", "form", True, "color=", "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
    ("cookie", "cookie", False, "color=", "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
    ("cookie", "cookie", True, "color=", "color=blue", "color=blue; color=black; color=brown", "R=100; G=200; B=150"),
]
KINDS: Mapping[str, tuple[Shape, Any, Any]] = {
    "empty": (Text(), str, ""),
    "text": (Text(), str, "blue"),
    "array": (Items(), list[str], COLORS),
    "object": (NUMBERS, dict[str, JsonInteger], POINT),
}
EXAMPLES = [
    pytest.param(location, style, explode, kind, text, id=f"{location}-{style}-{'exploded' if explode else 'whole'}-{kind}")
    for location, style, explode, *texts in TABLE
    for kind, text in zip(KINDS, texts, strict=True)
    if text is not None
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Response):
    status: ClassVar[Literal[204]] = 204
    wire: ClassVar[Wire] = Wire()


def parameter(location: Any, style: str, explode: bool, shape: Shape, annotation: Any, **more: Any) -> Parameter:
    value = Value(annotation)
    return Parameter(
        name="color", keyword="color", location=location, required=True, style=style, explode=explode, shape=shape, value=value,
        **more,
    )  # fmt: skip


PATHS = {"label": "/a{color}", "matrix": "/a{color}"}
"""A dot alone would be no segment of a path."""


class Wired:
    """A client and a server with one operation between them; `seen` is the target and the headers of the last request."""

    def __init__(self, *parameters: Parameter) -> None:
        self.operation: Operation[Taken] = Operation(
            id="o",
            method="GET",
            path=PATHS.get(parameters[0].style, "/a/{color}" if parameters[0].location == "path" else "/a"),
            parameters=parameters,
            responses={"204": Taken},
        )
        self.got: dict[str, Any] = {}
        self.seen: tuple[bytes, httpx.Headers] = (b"", httpx.Headers())
        settings_ = Settings(
            base_url="http://api.example", credentials={}, timeout=5, retry=Retry(), headers=None, schemes={}, errors={}
        )
        transport = httpx.ASGITransport(app=make_router([Binding(self.operation, "handle", self)], {}))
        http = httpx.AsyncClient(transport=transport, event_hooks={"request": [self.look]})
        self.caller = AsyncCaller(settings_, http)

    async def look(self, request: httpx.Request) -> None:
        self.seen = (request.url.raw_path, request.headers)

    async def handle(self, request: Request, **arguments: Any) -> Taken:
        self.got = arguments
        return Taken()

    def send(self, **arguments: Any) -> Any:
        """What the handler gets of what the client is given."""
        asyncio.run(self.caller.call(self.operation, Arguments(arguments)))
        return self.got["color"]


@pytest.mark.parametrize(("location", "style", "explode", "kind", "text"), EXAMPLES)
def test_the_table_of_the_standard(location: str, style: str, explode: bool, kind: str, text: str) -> None:
    shape, annotation, value = KINDS[kind]
    wired = Wired(parameter(location, style, explode, shape, annotation))
    assert wired.send(color=value) == value
    target, headers = wired.seen
    match location:
        case "path":
            assert target == (f"/a/{text}" if style == "simple" else f"/a{text}").encode()
        case "query":
            assert target == f"/a?{text}".encode()
        case "header":
            assert headers["color"] == text
        case _:
            assert headers["cookie"] == text


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8) | st.sampled_from(
    ["a,b", "a b", "a|b", "a.b", ".", "..", "a=b", "a&b", "a;b", "%2F", "/", "+", "null", "true", "5", "ü€😀", '"q"', "[x]", ""]
)
WORDS = st.text("abcdefghijklmnopqrstuvwxyz-_", min_size=1, max_size=5)
SCALARS: list[tuple[Text, Any, st.SearchStrategy[Any]]] = [
    (Text(), str, TEXTS),
    (Text(("integer",)), JsonInteger, st.integers()),
    (Text(("integer", "number")), JsonNumber, st.floats(allow_nan=False, allow_infinity=False) | st.integers()),
    (Text(("boolean",)), bool, st.booleans()),
]


@st.composite
def sent(draw: st.DrawFn) -> tuple[Shape, Any, Any]:
    scalar, annotation, values = draw(st.sampled_from(SCALARS))
    match draw(st.sampled_from(["scalar", "array", "object"])):
        case "scalar":
            return scalar, annotation, draw(values)
        case "array":
            return Items(scalar), list[annotation], draw(st.lists(values, max_size=4))
        case _:
            names = draw(st.lists(WORDS, unique=True, max_size=3))
            return Properties(dict.fromkeys(names, scalar)), dict[str, annotation], {name: draw(values) for name in names}


@pytest.mark.parametrize(("location", "style", "explode"), [row[:3] for row in TABLE])
@given(case=sent(), reserved=st.booleans())
@settings(max_examples=25, deadline=None, database=None)
def test_a_server_reads_what_a_client_writes(
    location: str, style: str, explode: bool, case: tuple[Shape, Any, Any], reserved: bool
) -> None:
    """Or the client refuses to write it; nothing arrives as something else, but for an empty array, which may be nothing."""
    shape, annotation, value = case
    wired = Wired(parameter(location, style, explode, shape, annotation, allow_reserved=reserved))
    try:
        encode(wired.operation.parameters[0], value)
    except ValueError:
        return
    try:
        assert wired.send(color=value) == value
    except ValueError as refused:
        # A path that would lose a segment.
        assert location == "path" and "path" in str(refused)
    except Exception as error:
        assert value == [] and location in ("query", "cookie"), error


@pytest.mark.parametrize(
    ("location", "style", "value"),
    [
        ("cookie", "cookie", "a;b"),
        ("cookie", "cookie", "a b"),
        ("cookie", "cookie", "ü"),
        ("cookie", "cookie", ["a,b"]),
        ("cookie", "cookie", {}),
        ("path", "label", [""]),
        ("path", "matrix", [""]),
        ("path", "simple", [""]),
    ],
)
def test_what_a_style_cannot_say(location: str, style: str, value: Any) -> None:
    with pytest.raises(ValueError):
        encode(parameter(location, style, False, Text(), Any), value)


# -- one parameter beside others ---------------------------------------------------------------------------------------------


def raw(query: str) -> Raw:
    from tillspec.runtime.intake import raw_request

    return raw_request([], query.encode(), {}, {})


def test_reserved_characters() -> None:
    one = parameter("query", "form", True, Text(), str, allow_reserved=True)
    assert encode(one, "/a:b?c@d!$'()*,;e") == "color=/a:b?c@d!$'()*,;e"
    # What would end the value, or is not allowed in a query, is escaped all the same.
    assert encode(one, "a&b=c+d#[e]%20 ") == "color=a%26b%3Dc%2Bd%23%5Be%5D%2520%20"
    several = parameter("query", "form", False, Items(), list[str], allow_reserved=True)
    assert encode(several, ["a,b", "/c"]) == "color=a%2Cb,/c"


def test_an_empty_text_for_none() -> None:
    """`allowEmptyValue`: the parameter counts as unused, and its default stands."""
    from tillspec.runtime.intake import ParameterReader

    number = Value(JsonInteger)
    limit = Parameter(
        name="limit", keyword="limit", location="query", value=number, shape=Text(("integer",)), default="10", allow_empty=True
    )
    reader = ParameterReader(Operation(id="o", method="GET", path="/", parameters=(limit,), responses={"200": Response}))
    for query, value in (("", 10), ("limit=", 10), ("limit", 10), ("limit=5", 5), ("limit=&limit=5", 5)):
        keywords: dict[str, Any] = {}
        assert reader.read(raw(query), keywords) == []
        assert keywords == {"limit": value}
    assert reader.read(raw("limit=x"), {}) != []


def test_nested_objects() -> None:
    shape = Properties({"a": Properties({"b": Items(Text(("integer",)))}), "c": Text(("boolean",))}, Text())
    deep = parameter("query", "deepObject", True, shape, dict[str, Any])
    value = {"a": {"b": [1, 2]}, "c": True, "free": "x"}
    text = encode(deep, value)
    assert text == "color%5Ba%5D%5Bb%5D%5B%5D=1&color%5Ba%5D%5Bb%5D%5B%5D=2&color%5Bc%5D=true&color%5Bfree%5D=x"
    assert decode(deep, raw(text)) == decode(deep, raw("color[a][b][1]=2&color[a][b][0]=1&color[c]=true&color[free]=x")) == value


def test_a_scalar_or_an_array() -> None:
    shape = Items(Text(), alone=Text(("integer",)))
    either = parameter("query", "form", True, shape, JsonInteger | Annotated[list[str], "array"])
    assert decode(either, raw("color=5")) == 5
    assert decode(either, raw("color=5&color=6")) == ["5", "6"]
    wired = Wired(either)
    assert wired.send(color=5) == 5
    assert wired.send(color=["a", "b"]) == ["a", "b"]
    assert wired.send(color=["a"]) == ["a"]  # no integer, so the array that it may be as well


def test_a_scalar_or_an_object() -> None:
    shape = Properties({"n": Text(("integer",))}, Text(), alone=Text())
    for style, explode, scalar, whole in (
        ("deepObject", True, "color=", "color%5Bn%5D=1"),
        ("form", False, "color=", "color=n,1"),
    ):
        either = parameter("query", style, explode, shape, dict[str, Any] | Literal[""])
        assert encode(either, "") == scalar and encode(either, {"n": 1}) == whole
        wired = Wired(either)
        assert wired.send(color="") == "" and wired.send(color={"n": 1}) == {"n": 1}
        with pytest.raises(ValueError):
            decode(either, raw("color=&color[n]=1" if style == "deepObject" else "color=a,b,c"))


def test_an_object_with_others_beside_its_own() -> None:
    shape = Properties({"R": Text(("integer",))}, Text(("boolean",)), free=True)
    point = parameter("query", "form", True, shape, dict[str, Any])
    other = Parameter(name="page", keyword="page", location="query", value=Value(str))
    wired = Wired(point, other)
    assert wired.send(color={"R": 1, "x": True}, page="2") == {"R": 1, "x": True}
    assert wired.got["page"] == "2"
