"""Parameters: what is written in a style is read back as it was; what a style cannot carry is refused; nothing is coerced."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from tillspec.runtime.formats import Distinct, Matches, Rfc3339Date, Rfc3339DateTime, Rfc9562Uuid
from tillspec.runtime.intake import Invalid, ParameterReader, raw_request
from tillspec.runtime.operation import Content, Header, Items, Operation, Parameter, Properties, Response, Shape, Text, Value
from tillspec.runtime.parameters import (
    Raw,
    decode,
    decode_form,
    decode_header,
    encode,
    encode_form,
    encode_header,
    validated,
)
from tillspec.runtime.scalars import JsonInteger

STYLES = [
    *(("path", style, explode) for style in ("simple", "label", "matrix") for explode in (False, True)),
    *(("query", style, explode) for style in ("form", "spaceDelimited", "pipeDelimited") for explode in (False, True)),
    ("query", "deepObject", True),
    ("header", "simple", False),
    ("header", "simple", True),
    ("cookie", "form", False),
    ("cookie", "form", True),
]
LIST = Items()
POINT = Properties({"R": Text(("integer",)), "G": Text(), "B": Text(("boolean",))})


def parameter(location: Any, style: str, explode: bool, shape: Shape, **more: Any) -> Parameter:
    return Parameter(
        name="color", keyword="color", location=location, style=style, explode=explode, shape=shape, value=Value(Any), **more
    )


def request(headers: list[tuple[bytes, bytes]], query: bytes, path: dict[str, str]) -> Raw:
    return raw_request(headers, query, path, {name: name.decode() for name, _ in headers})


def received(given: Parameter, text: str) -> Raw:
    """The request that carries a written parameter."""
    match given.location:
        case "path":
            return request([], b"", {given.name: text})
        case "header":
            return request([(given.name.lower().encode(), text.encode())], b"", {})
        case "cookie":
            return request([(b"cookie", b"other=1; " + text.encode())], b"", {})
        case _:
            return request([], text.encode(), {})


@pytest.mark.parametrize(
    ("location", "style", "explode", "array", "object_"),
    [
        ("path", "simple", False, "blue,black", "R,100,G,x,B,true"),
        ("path", "simple", True, "blue,black", "R=100,G=x,B=true"),
        ("path", "label", False, ".blue,black", ".R,100,G,x,B,true"),
        ("path", "label", True, ".blue.black", ".R=100.G=x.B=true"),
        ("path", "matrix", False, ";color=blue,black", ";color=R,100,G,x,B,true"),
        ("path", "matrix", True, ";color=blue;color=black", ";R=100;G=x;B=true"),
        ("query", "form", False, "color=blue,black", "color=R,100,G,x,B,true"),
        ("query", "form", True, "color=blue&color=black", "R=100&G=x&B=true"),
        ("query", "spaceDelimited", False, "color=blue%20black", "color=R%20100%20G%20x%20B%20true"),
        ("query", "pipeDelimited", False, "color=blue%7Cblack", "color=R%7C100%7CG%7Cx%7CB%7Ctrue"),
        ("query", "deepObject", True, None, "color%5BR%5D=100&color%5BG%5D=x&color%5BB%5D=true"),
        ("header", "simple", False, "blue,black", "R,100,G,x,B,true"),
        ("header", "simple", True, "blue,black", "R=100,G=x,B=true"),
        ("cookie", "form", False, "color=blue,black", "color=R,100,G,x,B,true"),
        ("cookie", "form", True, "color=blue&color=black", "R=100&G=x&B=true"),
    ],
)
def test_examples_of_the_specification(location: Any, style: str, explode: bool, array: str | None, object_: str) -> None:
    """The table of OpenAPI 3.1.1, section 4.8.12.6, both ways."""
    point = {"R": 100, "G": "x", "B": True}
    assert encode(parameter(location, style, explode, POINT), point) == object_
    assert (
        decode(parameter(location, style, explode, POINT), received(parameter(location, style, explode, POINT), object_)) == point
    )
    if array is not None:
        listed = parameter(location, style, explode, LIST)
        assert encode(listed, ["blue", "black"]) == array
        assert decode(listed, received(listed, array)) == ["blue", "black"]


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["a,b", "a b", "a|b", "a.b", ".", "..", "a=b", "a&b", "a;b", "%2F", "/", "+", "null", "true", "5", "ü€😀", '"q"', "[x]"]
)
SCALARS: list[tuple[Text, st.SearchStrategy[Any]]] = [
    (Text(), TEXTS),
    (Text(("integer",)), st.integers()),
    (Text(("boolean",)), st.booleans()),
    (Text(("null", "integer")), st.none() | st.integers()),
    (Text(("number",)), st.floats(allow_nan=False, allow_infinity=False)),
]


@st.composite
def carried(draw: st.DrawFn) -> tuple[Parameter, Any]:
    location, style, explode = draw(st.sampled_from(STYLES))
    scalar, values = draw(st.sampled_from(SCALARS))
    shape: Shape
    kind = draw(st.sampled_from(["scalar", "array", "object"]))
    if kind == "scalar":
        shape, value = scalar, draw(values)
    elif kind == "array":
        shape, value = Items(scalar), draw(st.lists(values, max_size=4))
    else:
        names = draw(st.lists(TEXTS.filter(bool), unique=True, max_size=3))
        shape, value = Properties(dict.fromkeys(names, scalar)), {name: draw(values) for name in names}
    return parameter(location, style, explode, shape, allow_reserved=draw(st.booleans())), value


@given(carried())
@settings(max_examples=150, deadline=None, database=None)
def test_what_is_written_is_read_back(case: tuple[Parameter, Any]) -> None:
    given_parameter, value = case
    try:
        text = encode(given_parameter, value)
    except ValueError:
        assume(False)
        return
    text.encode("ascii" if given_parameter.location != "header" else "utf-8")
    if text == "" and given_parameter.location in ("query", "cookie"):
        assert value == []  # exploded, an empty array is nothing at all
        return
    assert decode(given_parameter, received(given_parameter, text)) == value


@given(TEXTS)
@settings(max_examples=100, deadline=None, database=None)
def test_a_text_in_a_path_never_changes_the_path(text: str) -> None:
    try:
        written = encode(parameter("path", "simple", False, Text()), text)
    except ValueError:
        assert text in ("", ".", "..")
        return
    assert "/" not in written and "?" not in written and "#" not in written and written not in (".", "..")
    assert unquote(written) == text


@pytest.mark.parametrize(
    ("location", "style", "explode", "value"),
    [
        ("header", "simple", False, ["a,b"]),
        ("header", "simple", False, "a\r\nSet-Cookie: x"),
        ("header", "simple", False, " a"),
        ("header", "simple", True, {"a": "b,c"}),
        ("query", "spaceDelimited", False, ["a b"]),
        ("query", "pipeDelimited", False, ["a|b"]),
        ("query", "form", True, {}),
        ("query", "form", False, [[1]]),
        ("query", "deepObject", True, {"a": []}),
        ("query", "deepObject", True, {"a[b": 1}),
        ("query", "form", False, [""]),
        ("path", "simple", False, ""),
        ("path", "simple", False, ".."),
        ("query", "form", True, "\ud800"),
    ],
)
def test_what_a_style_cannot_carry_is_refused(location: Any, style: str, explode: bool, value: Any) -> None:
    with pytest.raises(ValueError):
        encode(parameter(location, style, explode, Text()), value)


@pytest.mark.parametrize("text", ["05", " 5", "+5", "5.5", "5 ", "0x5", "5e", "٥", "", "1" * 5000, "true", "1e400", "5.", ".0"])
def test_a_text_is_an_integer_by_the_grammar_of_json_alone(text: str) -> None:
    with pytest.raises(ValidationError):
        validated(Value(JsonInteger), decode_scalar(Text(("integer",)), text))
    assert validated(Value(JsonInteger), decode_scalar(Text(("integer",)), "-5")) == -5


@pytest.mark.parametrize(("text", "value"), [("5.0", 5), ("-5e0", -5), ("1E2", 100), ("-0", 0)])
def test_an_integer_is_one_by_its_value(text: str, value: int) -> None:
    """JSON Schema core, section 4.2.3: in a text as in a body."""
    found = validated(Value(JsonInteger), decode_scalar(Text(("integer",)), text))
    assert (found, type(found)) == (value, int)
    assert decode_scalar(Text(("integer", "string")), "5.0") == "5.0"


@pytest.mark.parametrize("text", ["True", "TRUE", "1", "0", "yes", "on", "", "t"])
def test_only_true_and_false_are_booleans(text: str) -> None:
    with pytest.raises(ValidationError):
        validated(Value(bool), decode_scalar(Text(("boolean",)), text))


def decode_scalar(kinds: Text, text: str) -> Any:
    return decode(
        Parameter(name="q", keyword="q", location="path", style="simple", value=Value(Any), shape=kinds), raw_path(text)
    )


def raw_path(text: str) -> Raw:
    return Raw({"q": text}, "", (), {}, ())


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (
            Rfc3339DateTime,
            ["2026-01-01T10:00:00Z", "2026-01-01t10:00:00.5+01:00"],
            ["2026-01-01 10:00:00Z", "1700000000", "2026-01-01"],
        ),
        (Rfc3339Date, ["2026-02-28"], ["2026-02-30", "1700000000", "2026-01-01T00:00:00"]),
        (Rfc9562Uuid, ["6f9619ff-8b86-d011-b42d-00c04fc964ff"], ["6f9619ff8b86d011b42d00c04fc964ff", "urn:uuid:6f9619ff"]),
        (Annotated[str, Matches(r"\A(?!x).*\Z")], ["abc"], ["xbc"]),
        (Literal["a", "b"], ["a"], ["A", ""]),
    ],
)
def test_formats(annotation: Any, good: list[str], bad: list[str]) -> None:
    for text in good:
        validated(Value(annotation), text)
    for text in bad:
        with pytest.raises(ValidationError):
            validated(Value(annotation), text)


def test_typed_values_are_written_as_json_has_them() -> None:
    def one(annotation: Any, value: Any) -> str:
        return encode(Parameter(name="q", keyword="q", location="query", value=Value(annotation)), value)

    assert one(Rfc3339DateTime, datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)) == "q=2026-01-01T00%3A00%3A00Z"
    assert one(Rfc3339Date, datetime.date(2026, 1, 1)) == "q=2026-01-01"
    assert one(Rfc9562Uuid, uuid.UUID(int=1)) == "q=00000000-0000-0000-0000-000000000001"
    assert one(bool, True) == "q=true"


def test_distinct_items() -> None:
    value = Value(Annotated[list[int], Distinct()])
    assert validated(value, [1, 2]) == [1, 2]
    with pytest.raises(ValidationError):
        validated(value, [1, 1])


def test_response_headers() -> None:
    header = Header(name="X-Tags", keyword="x_tags", value=Value(list[str]), shape=Items())
    assert encode_header(header, ["a", "b"]) == "a,b"
    assert decode_header(header, "a, b") == ["a", "b"]


def test_documents_as_parameters() -> None:
    given_parameter = parameter("query", "form", True, Text(), media_type="application/json")
    text = encode(given_parameter, {"a": [1, "ü&"]})
    assert decode(given_parameter, received(given_parameter, text)) == {"a": [1, "ü&"]}
    with pytest.raises(ValueError):
        decode(given_parameter, received(given_parameter, "color=%7B"))


def test_a_whole_query() -> None:
    as_json = parameter("querystring", "form", True, Text(), media_type="application/json")
    assert decode(as_json, received(as_json, encode(as_json, {"a": 1}))) == {"a": 1}
    as_form = parameter("querystring", "form", True, POINT, media_type="application/x-www-form-urlencoded")
    assert decode(as_form, received(as_form, encode(as_form, {"R": 1, "G": "x y"}))) == {"R": 1, "G": "x y"}


FORM = Content(
    carrier="form",
    value=Value(Any),
    shape=Properties({"n": Text(("integer",)), "tags": Items(), "deep": Properties({"on": Text(("boolean",)), "l": Items()})}),
    styles={"deep": ("deepObject", True)},
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "n": st.integers(),
            "tags": st.lists(TEXTS, min_size=1),
            "deep": st.fixed_dictionaries({"on": st.booleans()}, optional={"l": st.lists(TEXTS, min_size=1)}),
            "text": TEXTS,
        },
    )
)
@settings(max_examples=100, deadline=None, database=None)
def test_forms_round_trip(value: dict[str, Any]) -> None:
    assert decode_form(FORM, encode_form(FORM, value)) == value


def test_forms_by_style() -> None:
    content = Content(carrier="form", value=Value(Any), shape=Properties({"a": Items()}), styles={"a": ("form", False)})
    assert encode_form(content, {"a": ["x", "y,z"]}) == "a=x,y%2Cz"
    assert decode_form(content, "a=x,y%2Cz") == {"a": ["x", "y,z"]}
    deep = Content(carrier="form", value=Value(Any), shape=Properties({"a": Items()}), styles={"a": ("deepObject", True)})
    assert encode_form(deep, {"a": ["x"]}) == "a%5B%5D=x"
    assert decode_form(deep, "a[1]=y&a[0]=x") == {"a": ["x", "y"]}


@pytest.mark.parametrize(
    "text", ["n=1&n=2", "deep=1&deep[on]=true", "%ff=1", "n=%ff", "deep" + "[b]" * 40 + "=1", "deep[l][x]=1"]
)
def test_malformed_forms(text: str) -> None:
    with pytest.raises(ValueError):
        decode_form(FORM, text)


def reader(*parameters: Parameter) -> ParameterReader:
    return ParameterReader(Operation(id="o", method="GET", path="/", parameters=parameters, responses={"200": Response}))


def test_violations_point_at_parameters() -> None:
    limit = Parameter(
        name="limit",
        keyword="limit",
        location="query",
        value=Value(Annotated[int, Field(ge=1)]),
        shape=Text(("integer",)),
        default="10",
    )
    name = Parameter(name="X-Name", keyword="x_name", location="header", value=Value(str), style="simple", required=True)
    keywords: dict[str, Any] = {}
    found = reader(limit, name).read(request([], b"limit=0", {}), keywords)
    assert [(v.location, v.pointer, v.type) for v in found] == [
        ("query", "/limit", "greater_than_equal"),
        ("header", "/X-Name", "missing"),
    ]
    keywords = {}
    assert reader(limit, name).read(request([(b"x-name", b"n")], b"", {}), keywords) == []
    assert keywords == {"limit": 10, "x_name": "n"}
    assert reader(limit).read(request([], b"limit=1&limit=2", {}), keywords)[0].message == "given more than once"


def test_a_text_of_several_kinds_falls_back_to_the_text() -> None:
    union = Parameter(
        name="q",
        keyword="q",
        location="query",
        value=Value(Annotated[int, Field(le=10)] | str),
        shape=Text(("integer", "string")),
    )
    keywords: dict[str, Any] = {}
    assert reader(union).read(request([], b"q=5", {}), keywords) == [] and keywords == {"q": 5}
    assert reader(union).read(request([], b"q=50", {}), keywords) == [] and keywords == {"q": "50"}


def test_queries_that_are_not_utf_8() -> None:
    with pytest.raises(Invalid):
        request([], b"%ff=1", {})
    text = Parameter(name="q", keyword="q", location="query", value=Value(str))
    assert reader(text).read(request([], b"q=%ff", {}), {})[0].message == "not UTF-8"
