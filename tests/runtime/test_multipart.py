"""Multipart bodies: what is written is read back, by any reader; and what is no such body is refused, never a crash."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tillspec.runtime.files import FilePart
from tillspec.runtime.multipart import MAX_PARTS, read_multipart, split, write_multipart
from tillspec.runtime.operation import Blob, Content, Document, Items, Properties, Text, Value
from tillspec.runtime.parameters import Malformed

FORM = Content(
    carrier="multipart",
    value=Value(dict[str, Any]),
    shape=Properties(
        {
            "text": Text(),
            "number": Text(("integer",)),
            "texts": Items(),
            "document": Document(),
            "documents": Items(Document()),
            "file": Blob("image/png"),
            "files": Items(Blob()),
            "joined": Items(),
            "bars": Items(),
            "deep": Properties({"n": Text(("integer",))}),
            "spread": Properties({"R": Text(("integer",)), "G": Text()}),
        }
    ),
    styles={
        "joined": ("form", False),
        "bars": ("pipeDelimited", False),
        "deep": ("deepObject", True),
        "spread": ("form", True),
    },
    media_types={"text": "text/markdown"},
)
WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["\r\n--", '"', "\\", "a;b=c", "%22", "½"]
)
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8) | st.sampled_from(['a"b', "a\\", "ü;x=y"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
)
FILES = st.builds(
    FilePart,
    st.binary(max_size=40) | st.sampled_from([b"\r\n--", b"\r\n\r\n", b"--\r\n"]),
    NAMES,
    st.sampled_from(["image/png", "text/plain; charset=x", "application/octet-stream"]),
    st.dictionaries(st.sampled_from(["x-a", "content-id"]), st.sampled_from(["1", "a b"]), max_size=2),
)
ITEMS = st.lists(st.text("ab ½&=%", min_size=1, max_size=4), min_size=1, max_size=3)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "text": WORDS,
            "number": st.integers(),
            "texts": st.lists(WORDS, min_size=1, max_size=3),
            "document": JSON,
            "documents": st.lists(JSON, min_size=1, max_size=3),
            "file": FILES,
            "files": st.lists(FILES, min_size=1, max_size=3),
            "joined": ITEMS,
            "bars": ITEMS,
            "deep": st.fixed_dictionaries({"n": st.integers()}),
            "spread": st.fixed_dictionaries({"R": st.integers(), "G": WORDS}),
            'undeclared "½"': WORDS | FILES,
        },
    )
)
@settings(max_examples=150, deadline=None, database=None)
def test_what_is_written_is_read_back(body: dict[str, Any]) -> None:
    boundary, data = write_multipart(FORM, body)
    assert read_multipart(FORM, f"multipart/form-data; boundary={boundary}", data) == body


def test_what_is_written_is_what_other_readers_read() -> None:
    file = FilePart(b"\0\r\n--x", 'a "b" \\ c.png', None, {"X-Pages": "2"})
    boundary, data = write_multipart(
        FORM, {"text": "# ½", "number": 5, "file": file, "document": {"a": 1}, "joined": ["a", "b c"]}
    )
    head = f"Content-Type: multipart/form-data; boundary={boundary}\r\n\r\n".encode()
    message = BytesParser(EmailMessage, policy=policy.HTTP).parsebytes(head + data)
    told = [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get("content-type"),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]
    assert told == [
        ("text", None, "text/markdown", "# ½".encode()),
        ("number", None, None, b"5"),
        ("file", 'a "b" \\ c.png', "image/png", b"\0\r\n--x"),
        ("document", None, "application/json", b'{"a":1}'),
        ("joined", None, None, b"a,b c"),
    ]
    assert [part["X-Pages"] for part in message.iter_parts()][2] == "2"


@pytest.mark.parametrize(
    "body",
    [
        {"joined": ["a,b"]},
        {"bars": ["a|b"]},
        {"deep": {}},
        {"file": FilePart(b"", "a\nb")},
        {"file": FilePart(b"", "a", "text/plain\r\nX: y")},
        {"file": FilePart(b"", "a", None, {"X": "a\0"})},
        {"file": FilePart(b"", "a", None, {"Content-Type": "x/y"})},
        {"a\r\nb": "c"},
    ],
)
def test_what_a_part_cannot_carry_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        write_multipart(FORM, body)


def part(head: bytes, content: bytes = b"x") -> bytes:
    return b"--b\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


NAMED = b'Content-Disposition: form-data; name="%s"'
END = b"--b--\r\n"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", None),
        (b"anything", None),
        (part(NAMED % b"text"), None),
        (part(b"Content-Type: text/plain") + END, None),
        (part(b"Content-Disposition form-data") + END, None),
        (part(NAMED % b"text" + b"\r\n" + NAMED % b"text") + END, None),
        (part(NAMED % b"\xff") + END, None),
        (part(b"X: " + b"y" * 5_000) + END, None),
        (part(NAMED % b"text") * (MAX_PARTS + 1) + END, None),
        (part(NAMED % b"text", b"\xff") + END, "text"),
        (part(NAMED % b"text" + b"\r\nContent-Type: text/plain; charset=utf-16") + END, "text"),
        (part(NAMED % b"text") * 2 + END, "text"),
        (part(NAMED % b"document", b"{") + END, "document"),
        (part(NAMED % b"document", b"NaN") + END, "document"),
        (part(NAMED % b"document", b"[" * 1_000) + END, "document"),
        (part(NAMED % b"joined", b"\xff") + END, "joined"),
        (part(NAMED % b"deep", b"1") + END, "deep"),
    ],
)
def test_bad_bodies(body: bytes, field: str | None) -> None:
    with pytest.raises(Malformed) as refused:
        read_multipart(FORM, "multipart/form-data; boundary=b", body)
    assert refused.value.field == field


@given(
    st.binary(max_size=60)
    | st.lists(st.sampled_from([b"--b", b"--", b"\r\n", b":", b" ", b'name="a"', b"X", b"\xff"]), max_size=12).map(b"".join)
)
@settings(max_examples=300, deadline=None, database=None)
def test_any_bytes_are_parts_or_refused(body: bytes) -> None:
    for content_type in ("multipart/form-data; boundary=b", 'multipart/form-data; boundary="ü"', "multipart/form-data"):
        try:
            split(body, content_type)
        except Malformed:
            continue
