"""Documents that are no JSON, or JSON at its limits (RFC 8259), and what a server may make of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from tillspec.prove.places import Path, at, replaced
from tillspec.verify.contract import BodyForm
from tillspec.verify.exchange import NOTHING
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run

_HERE = "tillspec-here"
_BROKEN, _INVALID = "malformed-refused", "invalid-body-refused"
_DEEP, _DEEPER = 10_000, 100_000
_LONG = 1 << 20


@dataclass(frozen=True, slots=True)
class Document:
    """A body. `check` is what accepting it breaks; empty where it may be accepted, and must only not make the server fail.

    One that is `odd` may be refused by what stands before the operation, which knows nothing of the contract, or may be read in
    more than one way. `value` is what any other is read as.
    """

    kind: str
    content: bytes
    check: str = ""
    severity: Severity = Severity.MUST
    odd: bool = False
    value: Any = field(default=NOTHING, repr=False)


def documents(run: Run, form: BodyForm, body: Any, *, required: bool) -> Iterator[Document]:
    """Documents in place of a body that is accepted; `required` says that there must be one. Where the contract declares that
    JSON is read strictly, what parsers may take besides is to be refused as well.
    """
    strict = run.contract.api.strict_json
    yield from _no_documents(body, required=required)
    for document in chain(_extensions(body), _numbers(run, form, body), _texts(run, form, body)):
        yield replace(document, severity=Severity.MUST) if strict and document.check == _BROKEN else document
    yield from _names(body, strict=strict)
    yield from _limits(run, form, body)
    for kind, value in (("null", None), ("a list with the body in it", [body])):
        if not run.contract.is_valid(form.pointer, "request", value):
            yield Document(f"{kind} in its place", _written(value), _INVALID)


def _no_documents(body: Any, *, required: bool) -> Iterator[Document]:
    """What no grammar of JSON has (RFC 8259, section 2)."""
    text = _written(body)
    if isinstance(body, dict | list) and body:
        yield Document("cut in half", text[: len(text) // 2], _BROKEN)
        yield Document("without its last character", text[:-1], _BROKEN)
    yield Document("that is a bare word", b"tillspec", _BROKEN)
    yield Document("of NUL bytes", bytes(16), _BROKEN)
    yield Document("of brackets that are not closed", b"[" * 64, _BROKEN)
    if required:
        yield Document("that is empty", b"", _BROKEN)
        yield Document("of white space alone", b" \r\n\t ", _BROKEN)


def _extensions(body: Any) -> Iterator[Document]:
    """What is no JSON, though some parsers take it, which RFC 8259, section 9, allows them."""
    text = _written(body)
    if not isinstance(body, dict) or not body:
        return
    # Jackson and Go's decoder read the first document, and leave what follows.
    yield Document("with another character after its end", text + b"x", _BROKEN, Severity.SHOULD)
    yield Document("with another document after its end", text + text, _BROKEN, Severity.SHOULD)
    name = _written(next(iter(body)))
    found = {
        "with a comma after its last member": text[:-1] + b",}",
        "with a comment": b"{/* tillspec */" + text[1:],
        "with a comment to the end of a line": b"{// tillspec\n" + text[1:],
        "with a name in single quotes": text.replace(name, b"'" + name[1:-1] + b"'", 1),
        "with a name without quotes": text.replace(name, name[1:-1], 1),
        "with NUL after its first brace": b"{\x00" + text[1:],
    }
    for kind, content in found.items():
        yield Document(kind, content, _BROKEN, Severity.SHOULD)


def _numbers(run: Run, form: BodyForm, body: Any) -> Iterator[Document]:
    """Numbers that JSON has not, and numbers beyond what is usual (RFC 8259, section 6)."""
    path = next((path for path, value in leaves(body) if isinstance(value, int | float) and not isinstance(value, bool)), None)
    if path is None:
        return
    for spelling in ("NaN", "Infinity", "-Infinity"):
        yield Document(f"with {spelling} for a number", _with(body, path, spelling.encode()), _BROKEN)
    value = at(body, path)
    for kind, digits in (
        ("a number with a zero before it", f"0{abs(value)}"),
        ("a hexadecimal number", f"0x{int(abs(value)):x}"),
    ):
        yield Document(f"with {kind}", _with(body, path, digits.encode()), _BROKEN, Severity.SHOULD)
    for number, spelling in ((10**400, "1e400"), (-(10**400), "-1e400"), (10**500 - 1, "9" * 500), (2**63, str(2**63))):
        valid = run.contract.judge.is_valid(form.schema, replaced(body, path, number))
        yield Document("with a huge number", _with(body, path, spelling.encode()), "" if valid else _INVALID, odd=valid)
    yield Document("with a tiny number", _with(body, path, b"1e-400"), odd=True)


def _texts(run: Run, form: BodyForm, body: Any) -> Iterator[Document]:
    """Texts at the limits of Unicode: all are to be refused or kept, none is to make the server fail (section 8)."""
    path = _free_text(run, form, body)
    if path is None:
        return
    for kind, spelling, severity in (
        ("a line break in a text, not escaped", b'"a\nb"', Severity.SHOULD),
        ("an escape that there is not", rb'"\x41"', Severity.SHOULD),
    ):
        yield Document(f"with {kind}", _with(body, path, spelling), _BROKEN, severity)
    no_text = _BROKEN if run.contract.api.strict_json else ""  # many decoders put U+FFFD in its place
    for kind, spelling, check in (
        ("an escaped lone surrogate", rb'"a\ud800b"', ""),
        ("a lone surrogate in UTF-8", b'"a\xed\xa0\x80b"', no_text),
        ("bytes that are no UTF-8", b'"a\xff\xfeb"', no_text),
        ("UTF-8 that is too long for its character", b'"a\xc0\xafb"', no_text),
        ("a text of 1 MiB", b'"' + b"a" * _LONG + b'"', ""),
    ):
        yield Document(f"with {kind}", _with(body, path, spelling), check, odd=True)
    for kind, spelling, text in (
        ("an escaped NUL", rb'"a\u0000b"', "a\x00b"),
        ("a character beyond the basic plane", '"a\U0001f600b"'.encode(), "a\U0001f600b"),
        ("a noncharacter and a change of direction", '"\ufffe\u202eb"'.encode(), "\ufffe\u202eb"),
    ):
        yield Document(f"with {kind}", _with(body, path, spelling), value=replaced(body, path, text))
    yield Document("that begins with a byte order mark", b"\xef\xbb\xbf" + _written(body), odd=True)
    yield Document("in UTF-16", json.dumps(body).encode("utf-16"), odd=True)


def _names(body: Any, *, strict: bool) -> Iterator[Document]:
    """Names that stand twice, or mean something to a language (RFC 8259, section 4)."""
    if not isinstance(body, dict):
        return
    text = _written(body)
    if body:
        name, value = next(iter(body.items()))
        yield Document("with a name twice", text[:-1] + b"," + _written(name) + b":null}", odd=True)
        if strict:  # the same value twice, so that it is valid whichever is read
            again = text[:-1] + b"," + _written(name) + b":" + _written(value) + b"}"
            yield Document("with a member twice", again, _BROKEN)
    for other in ("__proto__", "constructor", "", "$ref", "a\u0000b"):
        value = {**body, other: {"tillspec": True}}
        yield Document("with a name that means something elsewhere", _written(value), value=value)


def _limits(run: Run, form: BodyForm, body: Any) -> Iterator[Document]:
    """Documents that are deep, wide or large (RFC 8259, section 9)."""
    check = "" if run.contract.is_valid(form.pointer, "request", [[]]) else _INVALID
    for depth, odd in ((_DEEP, False), (_DEEPER, True)):
        lists = b"[" * depth + b"]" * depth
        yield Document("of lists in lists alone", lists, "" if odd else check, odd=odd)
        if isinstance(body, dict):
            further = _written({**body, "tillspec": _HERE})
            yield Document("that is nested deeply", further.replace(_token(), lists), odd=odd, value=body)
    if isinstance(body, dict):
        objects = b'{"a":' * _DEEP + b"1" + b"}" * _DEEP
        yield Document("that is nested deeply", further.replace(_token(), objects), value=body)
        many = {**body, **{f"tillspec{number}": number for number in range(_DEEP)}}
        yield Document("with very many members", _written(many), odd=True)


def large(body: Any, size: int) -> Document:
    """A body of so many bytes."""
    text = _written({**body, "tillspec": "a" * size}) if isinstance(body, dict) else _written(["a" * size])
    return Document("of very many bytes", text, odd=True)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar of a value, with its path."""
    match value:
        case dict():
            for key, item in value.items():
                yield from leaves(item, (*path, key))
        case list():
            for index, item in enumerate(value):
                yield from leaves(item, (*path, index))
        case _:
            yield path, value


def _free_text(run: Run, form: BodyForm, body: Any) -> Path | None:
    """A text that may be another one; any text where there is none that may."""
    texts = [path for path, value in leaves(body) if isinstance(value, str)]
    free = (path for path in texts if run.contract.is_valid(form.pointer, "request", replaced(body, path, "a\U0001f600b")))
    return next(free, texts[0] if texts else None)


def _with(body: Any, path: Path, spelling: bytes) -> bytes:
    return _written(replaced(body, path, _HERE)).replace(_token(), spelling, 1)


def _token() -> bytes:
    return _written(_HERE)


def _written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
