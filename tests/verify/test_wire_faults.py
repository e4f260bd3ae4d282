"""Messages that no client should send: bodies that are none, other media types, and framing that is wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from tillspec.verify.contract import Contract
from tillspec.verify.exchange import NOTHING
from tillspec.verify.probes.wire import wire
from tillspec.verify.probes.wire_documents import documents
from tillspec.verify.profile import Profile
from tillspec.verify.run import Run as Running
from tillspec.verify.wire import Origin, Wire

from .raw_server import Serve, connected
from .support import Verified, contract, serving, verified
from .things import CONTRACT, PROFILE, Things

Run = Callable[..., Verified]


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return contract(tmp_path_factory.mktemp("things"), CONTRACT)


@pytest.fixture
def run(things: Contract) -> Run:
    def of(*faults: str) -> Verified:
        with serving(Things.having(*faults)) as url:
            return verified(things, url, PROFILE, probes=(wire,))

    return of


def test_a_server_that_refuses_what_is_malformed_is_left_alone(run: Run) -> None:
    found = run()
    assert not found.found("MUST", "SHOULD"), str(found)
    assert not found.incomplete
    for check in ("malformed-refused", "media-type-refused", "http-accepted", "answers-still", "no-crash"):
        assert found.passed(check), check


@pytest.mark.parametrize(
    ("fault", "check", "what", "severity"),
    [
        ("any number", "malformed-refused", "NaN", "MUST"),
        ("any number", "invalid-body-refused", "huge number", "MUST"),
        ("reads the first document alone", "malformed-refused", "after its end", "SHOULD"),
        ("mends what is cut", "malformed-refused", "without its last character", "MUST"),
        ("empty accepted", "malformed-refused", "that is empty", "MUST"),
        ("any media type", "media-type-refused", "not declared", "MUST"),
        ("media type compared as text", "http-accepted", "charset=utf-8", "MUST"),
        ("fails at surrogates", "no-crash", "500", "MUST"),
        ("fails at depth", "no-crash", "500", "MUST"),
        ("stuck after malformed", "answers-still", "any more", "MUST"),
    ],
)
def test_a_server_that_takes_or_fails_at_them_is_told(run: Run, fault: str, check: str, what: str, severity: str) -> None:
    found = run(fault)
    assert any(what in one.what for one in found.of(check) if one.severity == severity), str(found)


@pytest.fixture(scope="module")
def strict_things(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """The contract of things, which now says how JSON is read."""
    text = CONTRACT.replace("\npaths:", "\nx-behavior: {json: strict}\npaths:", 1)
    return contract(tmp_path_factory.mktemp("strict"), text)


def strictly(made: Contract, *faults: str) -> Verified:
    with serving(Things.having(*faults)) as url:
        return verified(made, url, PROFILE, probes=(wire,))


def test_a_server_that_reads_json_strictly_is_left_alone(strict_things: Contract) -> None:
    found = strictly(strict_things, "no name twice")
    assert not found.found("MUST", "SHOULD"), str(found)
    assert found.passed("malformed-refused")


@pytest.mark.parametrize(
    ("faults", "what"),
    [
        ((), "with a member twice"),
        (("no name twice", "reads the first document alone"), "with another character after its end"),
    ],
)
def test_where_json_is_read_strictly_what_is_none_must_be_refused(
    strict_things: Contract, faults: tuple[str, ...], what: str
) -> None:
    found = strictly(strict_things, *faults)
    assert any(what in one.what for one in found.of("malformed-refused") if one.severity == "MUST"), str(found)


def test_documents_are_what_they_are_said_to_be(things: Contract) -> None:
    running = Running(things, Profile(), Wire(Origin.of("http://127.0.0.1:1")))
    form = things.targets["makeThing"].bodies[0]
    body = {"name": "a thing", "count": 5}
    found = list(documents(running, form, body, required=True))
    for document in found:
        if document.check == "malformed-refused":
            with pytest.raises(ValueError, match=r".*"):
                json.loads(document.content.decode("utf-8", "replace"), parse_constant=_no_constant)
        if document.value is not NOTHING and "nested" not in document.kind:
            assert json.loads(document.content) == document.value
    assert {document.kind for document in found if document.check == "invalid-body-refused"} >= {
        "with a huge number", "null in its place", "a list with the body in it in its place",
    }  # fmt: skip


def _no_constant(name: str) -> None:
    raise ValueError(name)


# -- framing -------------------------------------------------------------------------------------------------------------


def of_raw(things: Contract, serve: Serve, profile: str = "") -> Verified:
    with connected(serve) as url:
        return verified(things, url, PROFILE + profile, probes=(wire,), only=("makeThing",))


def lenient(*, waits: bool = True) -> Serve:
    """A server that reads what comes as well as it can, whatever the framing says."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        headers = _headers(await reader.readuntil(b"\r\n\r\n"))
        if headers.get("expect") == "100-continue" and waits:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        content, length = b"", headers.get("content-length", "")
        while not content.count(b"}") and not (length.isdigit() and len(content) >= int(length)):
            try:
                async with asyncio.timeout(0.1):
                    more = await reader.read(65536)
            except TimeoutError:
                break
            if not more:
                break
            content += more
        status, answer = _made(headers, content)
        writer.write(
            f"HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n".encode()
            + b"Connection: close\r\n\r\n" + answer
        )  # fmt: skip
        writer.close()

    return serve


def _made(headers: dict[str, str], content: bytes) -> tuple[int, bytes]:
    inner = content[content.find(b"{") : content.rfind(b"}") + 1]
    try:
        value = json.loads(inner)
        right = isinstance(value["name"], str) and value["name"] and type(value["count"]) is int and 1 <= value["count"] <= 9
    except (ValueError, TypeError, LookupError, RecursionError):
        right = False
    if not right or headers.get("content-type", "").partition(";")[0].lower() != "application/json":
        return 400, b'{"code": "invalid"}'
    return 201, json.dumps({"id": "0123abcd", **value}).encode()


@pytest.fixture(scope="module")
def leniently(things: Contract) -> Verified:
    return of_raw(things, lenient())


def test_a_server_that_reads_on_where_the_framing_is_wrong_is_told(leniently: Verified) -> None:
    found = leniently
    told = {one.aspect: str(one.severity) for one in found.of("framing-refused")}
    must = {
        "of which Content-Length is negative", "of which Content-Length is no number", "with two other Content-Lengths",
        "with a chunk whose size is no number", "with a chunk whose size is negative",
    }  # fmt: skip
    assert {kind for kind, severity in told.items() if severity == "MUST"} >= must, str(found)
    assert told["that ends before its Content-Length"] == "SHOULD"
    assert told["without Host"] == "INFO"
    assert {one.clause.pointer for one in found.of("framing-refused")} == {"/paths"}


def test_a_server_that_never_says_100_is_told(things: Contract, leniently: Verified) -> None:
    found = of_raw(things, lenient(waits=False), "[server]\ntimeout = 1\n")
    told = [one for one in found.of("http-accepted") if "waits for 100" in one.what]
    assert [str(one.severity) for one in told] == ["SHOULD"], str(found)
    assert not any("waits for 100" in one.what for one in leniently.findings)


def test_messages_at_which_a_server_hangs_are_few(things: Contract) -> None:
    hanging = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal hanging
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if not length.isdigit() or head.lower().count(b"content-length") > 1:
            hanging += 1
            await asyncio.sleep(30)
        content = await reader.readexactly(int(length))
        status, answer = _made(_headers(head), content)
        writer.write(
            f"HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n".encode()
            + b"Connection: close\r\n\r\n" + answer
        )  # fmt: skip

    found = of_raw(things, serve, "[server]\ntimeout = 0.5\n")
    assert 3 <= hanging <= 8
    assert not found.of("framing-refused") or {str(one.severity) for one in found.of("framing-refused")} <= {"SHOULD", "INFO"}


def _headers(head: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
    return {name.lower(): value.strip() for name, _, value in lines if name}
