"""Methods, paths, HEAD, conditions, negotiation, rate limits and latency."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tillspec.verify.contract import Contract
from tillspec.verify.exchange import Answer, Call, Exchange
from tillspec.verify.oracles.http import http
from tillspec.verify.probes.conditional import conditional
from tillspec.verify.probes.methods import methods
from tillspec.verify.profile import Profile
from tillspec.verify.run import Run as Running
from tillspec.verify.wire import Origin, Wire

from .raw_server import connected
from .support import Verified, contract, serving, verified
from .things import CONTRACT, PROFILE, Things

Run = Callable[..., Verified]


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return contract(tmp_path_factory.mktemp("things"), CONTRACT)


@pytest.fixture
def run(things: Contract) -> Run:
    def of(*faults: str, profile: str = "", **options: Any) -> Verified:
        with serving(Things.having(*faults)) as url:
            return verified(things, url, PROFILE + profile, probes=(methods, conditional), **options)

    return of


def test_a_server_that_does_as_http_says_is_left_alone(run: Run) -> None:
    found = run()
    assert not found.findings, str(found)
    assert not found.incomplete
    for check in (
        "method-refused", "allow-header", "head-like-get", "options-allowed", "no-trace", "unknown-path", "not-modified",
        "negotiated", "rate-limit-told", "credentials-required",
    ):  # fmt: skip
        assert found.passed(check), check


@pytest.mark.parametrize(
    ("fault", "check", "severity"),
    [
        ("undeclared method", "method-refused", "MUST"),
        ("method named by a header", "method-refused", "MUST"),
        ("no Allow", "allow-header", "MUST"),
        ("Allow lies", "allow-header", "MUST"),
        ("Allow incomplete", "allow-header", "SHOULD"),
        ("head status", "head-like-get", "MUST"),
        ("head length", "head-like-get", "MUST"),
        ("head type", "head-like-get", "MUST"),
        ("trace", "no-trace", "MUST"),
        ("prefix routing", "unknown-path", "MUST"),
        ("open spelling", "credentials-required", "MUST"),
        ("never 304", "not-modified", "MUST"),
        ("always 304", "not-modified", "MUST"),
        ("only strong", "not-modified", "MUST"),
        ("304 with another tag", "not-modified", "MUST"),
        ("304 after a change", "not-modified", "MUST"),
        ("one tag for both", "not-modified", "MUST"),
        ("If-Match ignored", "not-modified", "MUST"),
        ("Accept ignored", "negotiated", "SHOULD"),
        ("q ignored", "negotiated", "SHOULD"),
        ("more left than there are", "rate-limit-told", "MUST"),
        ("reset in milliseconds", "rate-limit-told", "MUST"),
    ],
)
def test_a_server_that_does_otherwise_is_told(run: Run, fault: str, check: str, severity: str) -> None:
    found = run(fault)
    assert severity in {str(one.severity) for one in found.of(check)}, str(found)
    assert {name for name, _ in found.found("MUST")} <= {check, "unknown-path"}, str(found)


@pytest.mark.parametrize("fault", ["Retry-After is a word", "another code"])
def test_every_429_is_looked_at_though_it_is_waited_for(run: Run, fault: str) -> None:
    assert run("limited", only=("listThings",)).passed("rate-limit-told")
    found = run("limited", fault, only=("listThings",))
    assert found.of("rate-limit-told"), str(found)


def test_what_is_allowed_for_unknown_paths_is_the_policy(run: Run) -> None:
    assert not run("prefix routing", profile="[policy]\nunknown-paths = [200, 404, 304, 400]").of("unknown-path")
    found = run(profile="[policy]\nunknown-paths = [410]")
    assert {str(one.severity) for one in found.of("unknown-path")} == {"SHOULD"}


def test_with_safe_nothing_is_sent_but_what_reads(things: Contract) -> None:
    class Watched(Things):
        seen: set[str] = set()

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            self.seen.add(scope["method"])
            await super().__call__(scope, receive, send)

    app = Watched(kept={"0123abcd": {"id": "0123abcd", "name": "a", "count": 1}})
    profile = PROFILE + '[tenants.first.parameters]\nid = "0123abcd"\n'
    with serving(app) as url:
        found = verified(things, url, profile, probes=(methods, conditional), safe=True)
    assert found.passed("head-like-get"), str(found)
    assert app.seen <= {"GET", "HEAD", "OPTIONS"}


def test_a_body_in_an_answer_to_head_is_seen(things: Contract) -> None:
    body = b'{"id": "0123abcd", "name": "a", "count": 1}'

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            while (await reader.readline()).strip():
                pass
            path = line.split(b" ")[1]
            status = b"200 OK" if path == b"/things/0123abcd" else b"404 Not Found"
            writer.write(
                b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\nETag: \"a\"\r\n"
                + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
            )  # fmt: skip
        writer.close()

    with connected(serve) as url:
        profile = PROFILE + '[tenants.first.parameters]\nid = "0123abcd"\n'
        found = verified(things, url, profile, probes=(methods,), only=("readThing",))
    assert [one.aspect for one in found.of("head-like-get")] == ["body"], str(found)


@pytest.mark.parametrize(("seconds", "told"), [(0.4, False), (0.6, True)])
def test_the_latency_budget_is_the_profiles(things: Contract, seconds: float, told: bool) -> None:
    running = Running(things, Profile(latency=0.5), Wire(Origin.of("http://127.0.0.1:1")))
    target = things.targets["listThings"]
    exchange = Exchange(Call("listThings", "GET", "/things"), Answer(200, (), b"[]", seconds))
    found = [one for one in http(running, target, exchange) if one.check == "latency"]
    assert [bool(one.what) for one in found] == [told]
