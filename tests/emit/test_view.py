"""What all emitters share: names, docstrings and literals that can do no harm, patterns, annotations, imports."""

from __future__ import annotations

import ast
import keyword
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from pydantic_core import SchemaValidator, ValidationError, core_schema

from tillspec.api.model import Any as AnyType
from tillspec.api.model import Array, Enum, Field, Map, NamedType, Object, Presence, Ref, Scalar, Type, Union
from tillspec.emit import names
from tillspec.emit.annotations import shape, signature, validating
from tillspec.emit.contents import ContentView, carrier, choice, media_type
from tillspec.emit.docstring import docstring, literal
from tillspec.emit.imports import import_lines
from tillspec.emit.patterns import engine
from tillspec.source import Source, Span

QUICK = settings(max_examples=150, deadline=None, database=None)
HOSTILE = (
    st.sampled_from(['"""', 'a"', 'a""', '""""', "a\\", 'a\\"', '\\"""'])
    | st.text(st.sampled_from("\"'\\\n\r\t\0 a#{}%\u2028\u202e\x85é日\ud800"))
    | st.text()
)


@given(HOSTILE)
@QUICK
def test_every_text_has_a_name(text: str) -> None:
    for name in (names.snake(text), names.constant(text), names.pascal(text)):
        assert name.isidentifier()
        assert name.isascii()
        assert not keyword.iskeyword(name)


@pytest.mark.parametrize(
    ("text", "snake", "constant", "pascal"),
    [
        ("sessionId", "session_id", "SESSION_ID", "SessionId"),
        ("Idempotency-Key", "idempotency_key", "IDEMPOTENCY_KEY", "IdempotencyKey"),
        ("class", "class_", "CLASS", "Class"),
        ("404", "n404", "N404", "N404"),
        ("QR codes", "qr_codes", "QR_CODES", "QRCodes"),
        ("ETag", "etag", "ETAG", "Etag"),
        ("list", "list_", "LIST", "List"),
        ("", "value", "VALUE", "Value"),
        ("naïve", "naive", "NAIVE", "Naive"),
        ("日本", "u65e5_u672c", "U65E5_U672C", "U65e5U672c"),
    ],
)
def test_names(text: str, snake: str, constant: str, pascal: str) -> None:
    assert (names.snake(text), names.constant(text), names.pascal(text)) == (snake, constant, pascal)


@given(st.lists(st.sampled_from(["a", "a_2", "a_3", "b", "id"])))
@QUICK
def test_names_are_kept_apart(given_names: list[str]) -> None:
    result = names.unique(given_names, ["id"])
    assert len(set(result)) == len(given_names)
    assert "id" not in result
    for name in set(given_names) - {"id"}:
        assert result[given_names.index(name)] == name  # the first keeps its own


@given(HOSTILE, st.integers(0, 12))
@QUICK
def test_a_docstring_is_nothing_but_a_docstring(text: str, indent: int) -> None:
    source = docstring(text, indent)
    if not source:
        return
    margin = " " * indent
    body = ast.parse(f"class A:\n{margin or ' '}{source if indent else docstring(text, 1)}\n").body[0]
    assert isinstance(body, ast.ClassDef)
    assert len(body.body) == 1
    assert isinstance(body.body[0], ast.Expr)
    assert isinstance(body.body[0].value, ast.Constant)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800]", source)


def test_docstrings_are_filled() -> None:
    text = "One\ntwo.\n\n- item\n  goes on\n- " + "word " * 40 + "\n\n    code  stays\n\n| a |\n| b |\n\n```\nx\ny\n```"
    lines = docstring(text, 4).split("\n")
    assert lines[0] == '"""One two.'
    assert lines[2] == "    - item goes on"
    assert lines[4].startswith("      word")
    assert "        code  stays" in lines
    assert "    | a |" in lines
    assert lines[-5:] == ["    ```", "    x", "    y", "    ```", '    """']


@given(st.recursive(HOSTILE | st.integers() | st.none() | st.booleans() | st.floats(allow_nan=False), st.lists))
@QUICK
def test_literals_are_what_they_stand_for(value: Any) -> None:
    source = literal(value)
    source.encode("utf-8")
    assert eval(source) == value


@pytest.mark.parametrize(
    ("pattern", "kind", "good", "bad"),
    [
        (r"^\d+$", "linear", ["12"], ["١", "1\n", ""]),
        (r"^[\w-]+$", "linear", ["a-b"], ["é", ""]),
        (r"^(?!x)a", "bounded", ["ab"], ["xa"]),
        (r"^(a)\1$", "bounded", ["aa"], ["ab", "aa\n"]),
        (r"^(?<year>\d{4})\/x$", "linear", ["2026/x"], ["26/x"]),
        (r"^[[]$", "linear", ["["], ["]"]),
        (r"^\u00e9$", "linear", ["é"], ["e"]),
        (r"^\p{L}$", "linear", ["é"], ["1"]),
        (r"^\s$", "linear", [" ", "\ufeff"], ["\x85", "x"]),
        (r"^[\Sx]$", "linear", ["x", "\x85"], [" ", "\ufeff"]),
        (r"^.$", "linear", ["x", "\x85"], ["\n", "\u2028"]),
        (r"^(?!x).\s$", "bounded", ["a "], ["x ", "\u2028 "]),
        (r"\bfoo\b", "linear", ["éfoo"], ["afoo"]),
        (r"^[a&&b]$", "linear", ["&", "a"], ["c"]),
    ],
)
def test_patterns(pattern: str, kind: str, good: list[str], bad: list[str]) -> None:
    found = engine(pattern)
    assert found is not None
    assert found[0] == kind
    matches = Draft202012Validator({"pattern": found[1]}).is_valid if kind == "bounded" else _linear(found[1])
    assert all(matches(text) for text in good)
    assert not any(matches(text) for text in bad)


def _linear(pattern: str) -> Any:
    validator = SchemaValidator(core_schema.str_schema(pattern=pattern))

    def matches(text: str) -> bool:
        try:
            validator.validate_python(text)
        except ValidationError:
            return False
        return True

    return matches


@pytest.mark.parametrize("pattern", ["(", "[", "*", "(?<=a+)b(", "a{99999999999}"])
def test_patterns_that_no_engine_carries(pattern: str) -> None:
    assert engine(pattern) is None


@given(HOSTILE)
@QUICK
def test_patterns_never_fail(pattern: str) -> None:
    engine(pattern)


INTEGER = Scalar("integer")
TEXT = Scalar("string")
SPAN = Span(Source("t", "t", "", None, True), ())


def named(identifier: str, type_: Type) -> NamedType:
    return NamedType(identifier, type_, {}, span=SPAN)


def field(name: str, type_: Type) -> Field:
    return Field(name, type_, Presence.OPTIONAL, span=SPAN)


@pytest.mark.parametrize(
    ("type_", "plain", "checked"),
    [
        (Scalar("integer", format="int32"), "int", "Annotated[int, Integer(ge=-2147483648, le=2147483647)]"),
        (Scalar("integer", minimum=1, exclusive_maximum=5), "int", "Annotated[int, Integer(ge=1, le=4)]"),
        (Scalar("number"), "float", "JsonNumber"),
        (Scalar("string", format="date-time", nullable=True), "datetime.datetime | None", "Rfc3339DateTime | None"),
        (Scalar("string", pattern="^(?!a)"), "str", "Annotated[str, Matches('^(?!a)')]"),
        (
            Enum(('"a | b"', "1"), nullable=True),
            "Literal['a | b', 1] | None",
            """Annotated[Literal['a | b', 1], OneOf('["a | b", 1]')] | None""",
        ),
        (Enum(("1.5",)), "float", "Annotated[float, OneOf('[1.5]')]"),
        (Enum(("{}",)), "Any", "Annotated[Any, OneOf('[{}]')]"),
        (Array(INTEGER, 1, unique=True), "list[int]", "Annotated[list[JsonInteger], Field(min_length=1), Distinct()]"),
        (Map(Ref("X", nullable=True)), "dict[str, models.X | None]", "dict[str, models.X | None]"),
        (Union((TEXT, INTEGER, TEXT, Scalar("null"))), "str | int | None", "str | JsonInteger | None"),
        (Union((TEXT, AnyType())), "Any", "Any"),
    ],
)
def test_annotations(type_: Type, plain: str, checked: str) -> None:
    assert signature(type_) == plain
    assert validating(type_) == checked


def test_shapes() -> None:
    types = {
        "Tags": named("Tags", Array(Ref("Tag"))),
        "Tag": named("Tag", TEXT),
        "Base": named("Base", Object((field("n", INTEGER),))),
        "Filter": named("Filter", Object((field("tags", Ref("Tags")), field("self", Ref("Filter"))), (Ref("Base"),))),
        "Loop": named("Loop", Ref("Loop")),
    }
    assert shape(Ref("Tags"), types) == "Items(Text())"
    assert shape(Union((INTEGER, TEXT), nullable=True), types) == "Text(('null', 'integer', 'string'))"
    found = shape(Ref("Filter"), types)
    assert found.startswith("Properties({'n': Text(('integer',)), 'tags': Items(Text()), 'self': Properties({")
    assert shape(Map(INTEGER), types) == "Properties({}, Text(('integer',)))"
    anything = "Text(('string', 'null', 'boolean', 'integer', 'number'))"
    assert shape(Ref("Loop"), types) == shape(Ref("Missing"), types) == anything
    assert shape(Union((TEXT, Array(INTEGER))), types) == "Items(Text(('integer',)), alone=Text())"
    mixed = Object((field("n", INTEGER),), additional=TEXT)
    assert shape(mixed, types) == "Properties({'n': Text(('integer',))}, Text(), free=True)"
    either = Union((Object((field("a", INTEGER),)), Object((field("a", TEXT), field("b", TEXT)))))
    assert shape(either, types) == "Properties({'a': Text(('integer', 'string')), 'b': Text()})"


@pytest.mark.parametrize(
    ("name", "type_", "how"),
    [
        ("application/json", None, "json"),
        ("Application/Problem+JSON; charset=utf-8", TEXT, "json"),
        ("text/plain", TEXT, "text"),
        ("text/plain", None, "bytes"),
        ("text/csv", AnyType(), "text"),
        ("text/plain", INTEGER, "text"),
        ("application/x-www-form-urlencoded", Object(()), "form"),
        ("application/x-www-form-urlencoded", None, "bytes"),
        ("multipart/form-data", Object(()), "multipart"),
        ("multipart/form-data", TEXT, "bytes"),
        ("multipart/related", Object(()), "bytes"),
        ("application/xml", Object(()), "bytes"),
        ("*/*", TEXT, "bytes"),
    ],
)
def test_carriers(name: str, type_: Type | None, how: str) -> None:
    assert carrier(name, type_, {}) == how


def test_media_types() -> None:
    assert media_type('Text/Plain; x="Y"') == 'text/plain; x="Y"'
    plain, whole = ContentView("bytes", "", False), ContentView("bytes", "", True)
    assert choice(["a/b"], [plain]) is None
    assert choice(["a/b", "c/d"], [plain, plain]) == "Literal['a/b', 'c/d']"
    assert choice(["image/*"], [whole]) == choice(["multipart/mixed", "a/b"], [whole, plain]) == "str"


def test_imports_are_those_that_are_used() -> None:
    lines = import_lines(["Annotated[datetime.datetime, Field(ge=1)]", "models.Literal", "Literal['uuid']", "Matches('')"], "..")
    assert lines.split("\n") == [
        "import datetime",
        "from typing import Annotated, Literal",
        "",
        "from pydantic import Field",
        "",
        "from .. import models",
        "from .._runtime.formats import Matches",
    ]
    assert import_lines([]) == ""
