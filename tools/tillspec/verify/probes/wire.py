"""Bodies that are no text of their media type, media types that are not declared, and messages whose framing is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tillspec.runtime.media import essence
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Call, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told
from tillspec.verify.world import Made, Unavailable, World

_DEEP = 20_000
_LONG = 1 << 20


@dataclass(frozen=True, slots=True)
class Broken:
    """A body that is not in order. `severity` is None where a receiver may accept it, as long as it does not fail."""

    what: str
    content: bytes
    check: str = "malformed-refused"
    media_type: str | None = None
    severity: Severity | None = Severity.MUST


async def wire(run: Run, world: World, target: Target) -> None:
    """Send bodies and messages that are not in order."""
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.WIRE, standing.reason, standing.fill)
        return
    form = target.json_body
    if form is not None and isinstance(standing.draft.body, dict):
        good = json.dumps(standing.draft.body, ensure_ascii=False).encode()
        for case in (*malformed(good, standing.draft.body), *_media_types(target, good)):
            await _send(run, target, standing, case)
        required = target.operation.body is not None and target.operation.body.required
        await _send(run, target, standing, Broken("that is empty", b"", severity=Severity.MUST if required else None))
    for what, call, severity in framings(run, standing.draft):
        await _framed(run, target, what, call, severity)
    await _still_there(run, world, target)


def malformed(good: bytes, body: dict[str, Any]) -> Iterator[Broken]:
    """Texts that are no JSON, or JSON that no receiver should be led astray by (RFC 8259, RFC 7493)."""
    key, _ = next(iter(body.items()), ("a", 1))
    name, rest = json.dumps(key).encode(), good[1:]
    comma = b"," if body else b""
    yield Broken("that ends too early", good[:-1])
    yield Broken("that ends half-way", good[: len(good) // 2])
    yield Broken("with a comma too many", good[:-1] + b",}")
    yield Broken("with something behind it", good + b"x")
    yield Broken("that is two documents", good + good)
    yield Broken("with a comment", b"/* */" + good)
    yield Broken("with single quotes", good.replace(b'"', b"'"))
    yield Broken("with NaN", b"{" + name + b":NaN" + comma + rest, severity=Severity.MUST)
    yield Broken("with a bare word", b"{" + name + b":undefined" + comma + rest)
    yield Broken("that is no UTF-8", b'{"\xff\xfe":1' + comma + rest)
    yield Broken("with a raw control character", b'{"a\x01b":1' + comma + rest)
    yield Broken("of spaces alone", b"  \n")
    yield Broken("that is null", b"null")
    yield Broken("that is a list", b"[" + good + b"]")
    yield Broken("that is a text", json.dumps(good.decode()).encode())
    yield Broken("that is a number", b"7")
    yield Broken("with a property twice", good[:-1] + comma + name + b':{"tillspec":"twice"}}')
    yield Broken("with a byte order mark", b"\xef\xbb\xbf" + good, severity=None)
    yield Broken("in UTF-16", good.decode().encode("utf-16"), severity=None)
    yield Broken("with half a surrogate pair", b'{"tillspec":"\\ud800"' + comma + rest, severity=None)
    yield Broken("with a NUL in a text", b'{"tillspec":"\\u0000"' + comma + rest, severity=None)
    yield Broken("with a number beyond all bounds", b'{"tillspec":1e99999' + comma + rest, severity=None)
    yield Broken("with a number of 5,000 digits", b'{"tillspec":' + b"9" * 5000 + comma + rest, severity=None)
    yield Broken("that is nested deep", b'{"tillspec":' + b"[" * _DEEP + b"]" * _DEEP + comma + rest, severity=None)
    yield Broken("with a text of a megabyte", b'{"tillspec":"' + b"a" * _LONG + b'"' + comma + rest, severity=None)
    yield Broken("with a property __proto__", b'{"__proto__":{"a":1}' + comma + rest, severity=None)


def _media_types(target: Target, good: bytes) -> Iterator[Broken]:
    """Media types that the operation does not declare."""
    declared = {essence(body.media_type) for body in target.bodies}
    if any("*" in one for one in declared):
        return
    for media_type in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "application/octet-stream"):
        if media_type not in declared:
            yield Broken(f"said to be {media_type}", good, "media-type-refused", media_type)
    yield Broken("of a media type that is none", good, "media-type-refused", "tillspec")
    yield Broken("without a media type", good, "media-type-refused", "", severity=Severity.SHOULD)
    yield Broken(
        "in a character set that is not its own", good, "media-type-refused", "application/json; charset=utf-7", severity=None
    )


async def _send(run: Run, target: Target, standing: Made, case: Broken) -> None:
    draft = replace(standing.draft, content=case.content, body=standing.draft.body)
    if case.media_type is not None:
        draft = replace(draft, media_type=case.media_type or None)
    call = draft.call()
    exchange = await run.exchange(target, replace(call, value=None))
    answer = exchange.answer
    if answer.fault is not None or answer.status >= 500 or case.severity is None:
        return
    if answer.succeeded:
        run.tell(target, _accepted(target, case, exchange), exchange)
    elif answer.status not in (401, 403, 429):
        run.tell(target, Told(case.check))


def _accepted(target: Target, case: Broken, exchange: Exchange) -> Told:
    assert case.severity is not None
    pointer = f"{target.pointer}/requestBody"
    return Told(
        case.check, f"accepts a body {case.what}", pointer, "a 4xx", str(exchange.answer.status), case.what, case.severity
    )


# -- framing -------------------------------------------------------------------------------------------------------------


def framings(run: Run, draft: Draft) -> Iterator[tuple[str, Call, Severity | None]]:
    """Messages whose framing is wrong, or that are odd and in order; the severity is None where success is right."""
    call = _placed(run, draft)
    body = call.body or b""
    lines = [f"{name}: {value}" for name, value in call.headers if name.lower() != "content-length"]

    def raw(first: str, headers: list[str], content: bytes) -> Call:
        head = "\r\n".join([first, f"Host: {run.wire.origin.authority}", *lines, *headers, "Connection: close", "", ""])
        return replace(call, raw=head.encode("utf-8", "surrogateescape") + content)

    first = f"{call.method} {run.wire.origin.base}{call.target} HTTP/1.1"
    size = len(body)
    if body:
        yield "two different lengths", raw(first, [f"Content-Length: {size}", f"Content-Length: {size + 1}"], body), Severity.MUST
        yield "a length that is no number", raw(first, ["Content-Length: ten"], body), Severity.MUST
        yield "a negative length", raw(first, ["Content-Length: -1"], body), Severity.MUST
        yield (
            "a chunk whose size is no number",
            raw(first, ["Transfer-Encoding: chunked"], b"zz\r\n" + body + b"\r\n0\r\n\r\n"),
            Severity.MUST,
        )
        chunk = f"{size:x}".encode() + b"\r\n" + body + b"\r\n0\r\n\r\n"
        yield "a length beside chunks", raw(first, ["Transfer-Encoding: chunked", f"Content-Length: {len(chunk)}"], chunk), None
        yield "a content coding that it has not", raw(first, [f"Content-Length: {size}", "Content-Encoding: gzip"], body), None
    yield (
        "a header without a colon",
        raw(first, [*([f"Content-Length: {size}"] if body else []), "Tillspec"], body),
        Severity.SHOULD,
    )
    yield (
        "a header with a space before its colon",
        raw(first, [*([f"Content-Length: {size}"] if body else []), "X-Tillspec : 1"], body),
        None,
    )
    yield "a version of HTTP that there is not", raw(first[:-1] + "9", [f"Content-Length: {size}"] if body else [], body), None
    yield (
        "300 headers",
        raw(first, [*([f"Content-Length: {size}"] if body else []), *(f"X-T{n}: {n}" for n in range(300))], body),
        None,
    )
    yield (
        "a header of 60,000 bytes",
        raw(first, [*([f"Content-Length: {size}"] if body else []), "X-T: " + "a" * 60_000], body),
        None,
    )


def _placed(run: Run, draft: Draft) -> Call:
    placed = run.credentials.good(draft.target, draft.tenant)
    return replace(draft, credentials=placed.headers, query=(*draft.query, *placed.query)).call()


async def _framed(run: Run, target: Target, what: str, call: Call, severity: Severity | None) -> None:
    exchange = await run.exchange(target, call)
    answer = exchange.answer
    if answer.fault is not None:
        run.tell(target, Told("framing-refused"))  # closing is a refusal
        return
    if answer.status >= 500 or severity is None:
        return
    if answer.succeeded:
        told = Told(
            "framing-refused", f"accepts a message with {what}", target.pointer, "a 400, or a connection that is closed",
            str(answer.status), what, severity,
        )  # fmt: skip
        run.tell(target, told, exchange)
    else:
        run.tell(target, Told("framing-refused"))


async def _still_there(run: Run, world: World, target: Target) -> None:
    """After all of that, the server answers as before."""
    made = await world.fresh(target, run.profile.first)
    if isinstance(made, Made):
        await run.send(made.draft)
