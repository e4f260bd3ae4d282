"""Messages whose framing is wrong, or only unusual (RFC 9110, RFC 9112), and what a server may make of each."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tillspec.verify.exchange import Call
from tillspec.verify.findings import Severity
from tillspec.verify.message import Message

Expected = Literal["refused", "accepted", ""]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A message, what a server makes of it, and where that is said; nothing where it must only not fail."""

    kind: str
    call: Call
    expected: Expected = ""
    severity: Severity = Severity.MUST
    source: str = ""


def of_any(message: Message) -> Iterator[Attempt]:
    """Messages that say nothing of a body. Many servers are not strict about `Host` where they have one name alone."""
    should = Severity.SHOULD
    yield Attempt("without Host", message.without("Host").sent(), "refused", Severity.INFO, "RFC 9112, section 3.2")
    two = message.plus(("Host", "tillspec.invalid"))
    yield Attempt("with two Host headers", two.sent(), "refused", Severity.INFO, "RFC 9112, section 3.2")
    lower = Message(message.call, message.method.lower(), message.target, message.headers, message.body)
    yield Attempt("with its method in lower case", lower.sent(), "refused", should, "RFC 9110, section 9.1")
    spaced = message.plus(("X-Tillspec ", "1"))
    yield Attempt("with a space before a colon", spaced.sent(), "refused", should, "RFC 9112, section 5.1")
    for version in ("HTTP/9.9", "tillspec"):
        other = Message(message.call, message.method, message.target, message.headers, message.body, version)
        yield Attempt("of a version that there is not", other.sent())
    yield Attempt("with a header of 80 kB", message.plus(("X-Tillspec", "a" * 80_000)).sent())
    yield Attempt("with 1,000 headers", message.plus(*((f"X-Tillspec-{number}", "1") for number in range(1000))).sent())
    yield Attempt("with bytes that no header may have", message.plus(("X-Tillspec", "a\x00b\x7f\udcff")).sent())
    yield Attempt("with an expectation that there is not", message.plus(("Expect", "tillspec")).sent())
    longer = Message(message.call, message.method, message.target.partition("?")[0] + "a" * 80_000, message.headers)
    yield Attempt("with a path of 80 kB", longer.sent())


def unusual(message: Message) -> Iterator[Attempt]:
    """Messages that HTTP allows, so that they are to be accepted."""
    names = tuple((name.swapcase(), value) for name, value in message.headers)
    swapped = Message(message.call, message.method, message.target, names, message.body)
    yield Attempt("with header names in other case", swapped.sent(), "accepted", source="RFC 9110, section 5.1")
    old = Message(message.call, message.method, message.target, message.headers, message.body, "HTTP/1.0")
    yield Attempt("of HTTP/1.0", old.sent(), "accepted", Severity.SHOULD, "RFC 9110, section 2.5")


def unusual_bodies(message: Message) -> Iterator[Attempt]:
    """Messages with a body that HTTP allows, so that they are to be accepted."""
    bare, body = message.without("Content-Length").plus(("Transfer-Encoding", "chunked")), message.body
    cut = len(body) // 2
    chunks = _chunk(body[:cut]) + _chunk(body[cut:], b";tillspec=1") + b"0\r\n\r\n"
    yield Attempt("whose body comes in chunks", _with(bare, chunks).sent(), "accepted", Severity.SHOULD, "RFC 9112, section 7.1")
    waiting = _with(message.plus(("Expect", "100-continue")), b"")
    yield Attempt(
        "that waits for 100 before its body", waiting.sent(later=body), "accepted", Severity.SHOULD, "RFC 9110, section 10.1.1"
    )


def broken_bodies(message: Message) -> Iterator[Attempt]:
    """Messages whose body has a length that is wrong (RFC 9112, section 6.3)."""
    size, should = len(message.body), Severity.SHOULD
    lengths = (
        ("of which Content-Length is negative", "-1"),
        ("of which Content-Length is no number", "tillspec"),
        ("of which Content-Length has a sign", f"+{size}"),
        ("of which Content-Length is beyond all numbers", "9" * 40),
    )
    for kind, length in lengths:
        yield Attempt(kind, message.having("Content-Length", length).sent(ends=True), "refused", source="RFC 9112, section 6.3")
    yield Attempt(
        "with two other Content-Lengths", message.plus(("Content-Length", str(size + 1))).sent(ends=True), "refused",
        source="RFC 9112, section 6.3",
    )  # fmt: skip
    if size > 8:
        shorter = message.having("Content-Length", str(size - 5))
        yield Attempt("of which Content-Length is too small", shorter.sent(), "refused", source="RFC 9112, section 6.2")
    longer = message.having("Content-Length", str(size + 64))
    yield Attempt("that ends before its Content-Length", longer.sent(ends=True), "refused", should, "RFC 9112, section 8")
    yield from _broken_chunks(message)
    for coding, body in (("gzip", message.body), ("gzip", gzip.compress(message.body, mtime=0)), ("tillspec", message.body)):
        coded = _with(message, body).having("Content-Length", str(len(body))).plus(("Content-Encoding", coding))
        yield Attempt("with a Content-Encoding", coded.sent())


def _broken_chunks(message: Message) -> Iterator[Attempt]:
    """Chunks that are none (RFC 9112, sections 6.1 and 7.1)."""
    bare, body = message.without("Content-Length"), message.body
    chunked = bare.plus(("Transfer-Encoding", "chunked"))
    for kind, size in (("no number", b"zz"), ("negative", b"-5"), ("beyond all numbers", b"F" * 40)):
        text = size + b"\r\n" + body + b"\r\n0\r\n\r\n"
        yield Attempt(
            f"with a chunk whose size is {kind}", _with(chunked, text).sent(ends=True), "refused",
            source="RFC 9112, section 7.1",
        )  # fmt: skip
    yield Attempt(
        "that ends before its last chunk", _with(chunked, _chunk(body)).sent(ends=True), "refused", Severity.SHOULD,
        "RFC 9112, section 8",
    )  # fmt: skip
    unknown = bare.plus(("Transfer-Encoding", "tillspec"))
    yield Attempt(
        "with a Transfer-Encoding that there is not", unknown.sent(ends=True), "refused", Severity.SHOULD, "RFC 9112, section 6.3"
    )
    both = _with(message.plus(("Transfer-Encoding", "chunked")), _chunk(body) + b"0\r\n\r\n")
    yield Attempt("with both Content-Length and Transfer-Encoding", both.sent(ends=True))


def with_content(message: Message) -> Attempt:
    """A message of a method that takes no body, with one (RFC 9110, section 9.3.1)."""
    body = b'{"tillspec": true}'
    coded = _with(message, body).plus(("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    return Attempt("with a body that says nothing", coded.sent())


def _with(message: Message, body: bytes) -> Message:
    return Message(message.call, message.method, message.target, message.headers, body, message.version)


def _chunk(data: bytes, extension: bytes = b"") -> bytes:
    return f"{len(data):x}".encode() + extension + b"\r\n" + data + b"\r\n"
