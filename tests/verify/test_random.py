"""The random engine: what it finds, how much it covers, and what it leaves alone."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Contract
from tillspec.verify.engine import Engine
from tillspec.verify.findings import Severity
from tillspec.verify.learn import learn
from tillspec.verify.probes.bodies import bodies
from tillspec.verify.profile import read
from tillspec.verify.random.cases import Dresser
from tillspec.verify.random.coverage import Coverage
from tillspec.verify.random.engine import MISSING, Random, _schema
from tillspec.verify.run import Options, Run
from tillspec.verify.wire import Origin, Wire

from .served import contract_of
from .support import serving

TOKEN = "token-of-the-first-tenant"
PROFILE = f"[tenants.first.credentials]\nBearer = '{TOKEN}'\n"
CONTRACT = """
openapi: 3.1.0
info: {title: Things, version: '1'}
security: [{Bearer: []}]
paths:
  /things:
    post:
      operationId: make
      parameters: [{name: Idempotency-Key, in: header, schema: {type: string, maxLength: 64}}]
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/New'}}}}
      responses:
        '201':
          description: made
          content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}
          links:
            read: {operationId: read, parameters: {id: $response.body#/id}}
            rename: {operationId: rename, parameters: {id: $response.body#/id}}
        4XX: {$ref: '#/components/responses/Refused'}
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, minLength: 4, maxLength: 12}}]
    get:
      operationId: read
      parameters: [{name: view, in: query, schema: {enum: [short, long]}}, {name: theme, in: cookie, schema: {type: string}}]
      responses:
        '200': {description: it, content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
        4XX: {$ref: '#/components/responses/Refused'}
    put:
      operationId: rename
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/New'}}}}
      responses:
        '200': {description: it, content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
        4XX: {$ref: '#/components/responses/Refused'}
components:
  securitySchemes: {Bearer: {type: http, scheme: bearer}}
  responses:
    Refused:
      description: refused
      content: {application/json: {schema: {type: object, required: [code], properties: {code: {type: string}}}}}
  schemas:
    New:
      type: object
      required: [name]
      properties: {name: {type: string, minLength: 1, maxLength: 20}, amount: {type: integer, minimum: 0, maximum: 100}}
    Thing:
      type: object
      required: [id, name]
      properties: {id: {type: string}, name: {type: string}, amount: {type: integer}}
"""


@pytest.fixture(autouse=True, scope="module")
def fewer() -> Iterator[None]:
    """Fewer cases, so that the tests are quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tillspec.verify.random.engine._MOST_FUZZED", 15)
        patch.setattr("tillspec.verify.random.engine._MOST_STORIES", 5)
        yield


@pytest.fixture(scope="module")
def made() -> Contract:
    return contract_of(CONTRACT)


@dataclass
class Shop:
    """A server that keeps the contract, unless `lax` about a keyword; it remembers what it was sent."""

    lax: str = ""
    slow: float = 0.0
    refuses: int = 0
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    things: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        response = await self.serve(Request(scope, receive))
        await response(scope, receive, send)

    @property
    def validator(self) -> Draft202012Validator:
        amount = {"type": "integer", "minimum": 0, "maximum": 100}
        name = {"type": "string", "minLength": 1, "maxLength": 20}
        kept = {key: said for key, said in amount.items() if key != self.lax}
        return Draft202012Validator({"type": "object", "required": ["name"], "properties": {"name": name, "amount": kept}})

    async def serve(self, request: Request) -> Response:
        body = await request.body()
        self.asked.append((request.method, str(request.url).split("/", 3)[3], dict(request.headers), body))
        if self.refuses:
            self.refuses -= 1
            return JSONResponse({"code": "slow-down"}, 429, {"Retry-After": "0"})
        response = self.answer(request, body)
        self.statuses[request.method][response.status_code] += 1
        if request.method == "GET" and self.slow:
            await asyncio.sleep(self.slow)
        return response

    def answer(self, request: Request, body: bytes) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"code": "unauthorized"}, 401)
        parts = request.url.path.strip("/").split("/")
        if (
            parts[0] != "things"
            or (request.method == "POST") != (len(parts) == 1)
            or request.method not in ("GET", "POST", "PUT")
        ):
            return JSONResponse({"code": "unknown"}, 405 if parts[0] == "things" else 404)
        if request.method != "POST" and parts[1] not in self.things:
            return JSONResponse({"code": "unknown"}, 404)
        if request.method == "GET":
            if request.query_params.get("view", "short") not in ("short", "long") or len(request.query_params.multi_items()) > 1:
                return JSONResponse({"code": "invalid"}, 400)
            return JSONResponse(self.things[parts[1]])
        return self.write(parts[1] if request.method == "PUT" else f"thing{len(self.things)}", request, body)

    def write(self, identifier: str, request: Request, body: bytes) -> Response:
        if "json" not in request.headers.get("content-type", ""):
            return JSONResponse({"code": "media-type"}, 415)
        try:
            value = json.loads(body, parse_constant=lambda text: {}[text])
        except (ValueError, KeyError):
            return JSONResponse({"code": "no-json"}, 400)
        if not self.validator.is_valid(value) or len(request.headers.get("idempotency-key", "")) > 64:
            return JSONResponse({"code": "invalid"}, 400)
        self.things[identifier] = {"id": identifier, "name": value["name"], "amount": 1}
        return JSONResponse(self.things[identifier], 201 if request.method == "POST" else 200)


@dataclass
class Done:
    """What a run came to."""

    run: Run
    coverage: dict[str, Coverage]

    @property
    def told(self) -> list[str]:
        """The findings that are more than a note."""
        return [
            f"{one.severity} {one.check} {one.operation} {one.what}: {one.observed} {one.steps[-1].call}"
            for one in self.run.ledger.found.values()
            if one.severity is not Severity.INFO
        ]


def randomly(
    made: Contract, url: str, profile: str = PROFILE, *, seconds: float = 60.0, probes: bool = False, **options: Any
) -> Done:
    """Run the random engine; after the probe of bodies, where `probes` says so."""

    async def work() -> Done:
        engine = Engine(Run(made, read(profile, {}), Wire(Origin.of(url)), Options(**options)))
        run, world = engine.run, engine.world
        try:
            await engine.prepare()
            for target in run.targets:
                await learn(run, world, target)
            if probes:
                await engine.carry_out([unit for unit in engine.units() if unit.probe is bodies])
            random = Random(run, world, seconds)
            await random.carry_out([one for one in run.targets if run.ledger.passed[one.id, Kind.ACCEPTS]])
            return Done(run, random.coverage)
        finally:
            await run.wire.close()

    return asyncio.run(work())


@pytest.fixture(scope="module")
def whole(made: Contract, fewer: None) -> Iterator[tuple[Shop, Done]]:
    """What comes of a server that keeps the contract."""
    shop = Shop()
    with serving(shop) as url:
        yield shop, randomly(made, url)


# -- what it does --------------------------------------------------------------------------------------------------------


def test_a_server_that_keeps_the_contract_is_silent(whole: tuple[Shop, Done]) -> None:
    _, done = whole
    assert done.told == []
    assert {one.reason for one in done.run.ledger.untested.values()} == set()
    assert {name for (name, kind), number in done.run.ledger.passed.items() if kind is Kind.RANDOM and number} == {
        "make", "read", "rename",
    }  # fmt: skip


def test_all_phases_of_each_operation_are_covered(whole: tuple[Shop, Done]) -> None:
    _, done = whole
    for name, one in done.coverage.items():
        assert (one.cut, one.reason) == ([], ""), name
        assert {"coverage", "fuzzing", "stateful"} <= one.phases.keys(), name
        assert one.modes["positive"] > 10, name
        assert one.modes["negative"] > 10, name
        assert sum(one.statuses.values()) == one.cases == one.as_json()["cases"]


def test_cases_are_about_what_exists(whole: tuple[Shop, Done]) -> None:
    shop, done = whole
    for name, method in (("read", "GET"), ("rename", "PUT")):
        assert done.coverage[name].statuses[404] < done.coverage[name].cases / 2
        assert shop.statuses[method][200] > 10


def test_stories_go_on_with_what_an_answer_gave(whole: tuple[Shop, Done]) -> None:
    shop, _ = whole
    asked = {target.split("?")[0].rpartition("/")[2] for method, target, _, _ in shop.asked if method != "POST"}
    assert len(asked & shop.things.keys()) > 3


def test_every_case_has_the_credential_and_a_key_of_its_own(whole: tuple[Shop, Done]) -> None:
    shop, _ = whole
    assert {headers.get("authorization") for _, _, headers, _ in shop.asked} == {f"Bearer {TOKEN}"}
    keys = [headers["idempotency-key"] for method, target, headers, _ in shop.asked
            if (method, target) == ("POST", "things") and "idempotency-key" in headers]  # fmt: skip
    assert len(keys) > 40
    assert max(Counter(key for key in keys if len(key) == 36).values()) == 1


def test_cookies_are_sent(whole: tuple[Shop, Done]) -> None:
    shop, _ = whole
    assert any(headers.get("cookie", "").startswith("theme=") for _, _, headers, _ in shop.asked)


def test_nothing_is_sent_that_is_no_part_of_a_case(whole: tuple[Shop, Done]) -> None:
    shop, _ = whole
    names = {name for _, _, headers, _ in shop.asked for name in headers}
    assert not names & {"x-schemathesis-testcaseid", "connection"}
    assert {headers["user-agent"] for _, _, headers, _ in shop.asked} == {"tillspec-verify"}


def test_a_header_that_http_has_not_is_not_sent(made: Contract) -> None:
    """A control character in a field's value is none of HTTP (RFC 9110, section 5.5); a server may drop the connection."""
    dresser = Dresser(Run(made, read(PROFILE, {}), Wire(Origin.of("http://127.0.0.1:9"))), made.targets["read"], None)
    case = _schema(dresser.run)["/things/{id}"]["GET"].Case(path_parameters={"id": "abcd"})
    for value in ("a\x01b", "\x7f", "a\x0bb"):
        case.headers = {"X-Note": value}
        with pytest.raises(ValueError, match=r"control characters|Invalid"):
            dresser.call(case)
    case.headers = {"X-Note": "a\tb"}
    assert dresser.call(case).header("X-Note") == "a\tb"


@dataclass
class Routed(Shop):
    """The same behind a router of its own, which finds no route for a path with an encoded separator, or with no text in it."""

    lost: int = 0

    async def serve(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode("latin-1")
        if re.search(r"%2F|%5C|%25|%[01][0-9A-F]|%7F|//|/$", path):
            self.lost += 1
            return Response("<h1>Not Found</h1>", 404 if "%2" in path else 400, media_type="text/html")
        return await super().serve(request)


def test_a_path_that_no_route_matches_is_answered_by_the_router(made: Contract) -> None:
    shop = Routed()
    with serving(shop) as url:
        done = randomly(made, url, only=("read",))
    assert shop.lost > 3
    assert done.told == []


# -- the same seed -------------------------------------------------------------------------------------------------------


def _cases(shop: Shop) -> list[tuple[Any, ...]]:
    return [
        (method, target, {name: value for name, value in headers.items() if name not in ("host", "idempotency-key")}, body)
        for method, target, headers, body in shop.asked
    ]


def test_the_same_seed_sends_the_same_cases_with_other_keys(made: Contract) -> None:
    one, again, other = Shop(), Shop(), Shop()
    for shop, seed in ((one, 0), (again, 0), (other, 1)):
        with serving(shop) as url:
            randomly(made, url, seed=seed, only=("make",))
    assert _cases(again) == _cases(one)
    assert _cases(other) != _cases(one)
    keys = [{headers.get("idempotency-key", "") for *_, headers, _ in shop.asked} for shop in (one, again)]
    assert not {key for key in keys[0] & keys[1] if len(key) == 36}


# -- what it finds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lax", ["maximum", "type"])
def test_both_engines_tell_one_thing_once(made: Contract, lax: str) -> None:
    found = []
    for probes in (False, True):
        shop = Shop(lax)
        with serving(shop) as url:
            done = randomly(made, url, probes=probes, only=("make",))
        found.append({one.id for one in done.run.ledger.found.values() if one.check == "invalid-body-refused"})
        assert {one.clause.pointer for one in done.run.ledger.found.values() if one.check == "invalid-body-refused"} == {
            f"/components/schemas/New/properties/amount/{lax}"
        }, done.told
    assert found[0] == found[1]
    assert len(found[0]) == 1


def test_a_failure_is_told(made: Contract) -> None:
    class Fails(Shop):
        def write(self, identifier: str, request: Request, body: bytes) -> Response:
            if body in (b"[]", b"{}", b"null"):
                return Response("failed", 500, media_type="text/plain")
            return super().write(identifier, request, body)

    shop = Fails()
    with serving(shop) as url:
        done = randomly(made, url, only=("make",))
    assert {one.check for one in done.run.ledger.found.values() if one.severity is Severity.MUST} >= {"no-crash"}


# -- traps ---------------------------------------------------------------------------------------------------------------


def test_without_credentials_nothing_is_green(made: Contract) -> None:
    shop = Shop()
    with serving(shop) as url:
        done = randomly(made, url, profile="")
    assert shop.asked == []
    assert done.coverage == {}
    assert {(one.operation, one.fill) for one in done.run.ledger.untested.values()} == {
        (name, "tenants.first.credentials.Bearer") for name in ("make", "read", "rename")
    }
    assert not any(kind is Kind.RANDOM for (_, kind), number in done.run.ledger.passed.items() if number)


def test_a_slow_operation_does_not_take_the_time_of_others(made: Contract) -> None:
    shop = Shop(slow=0.4)
    with serving(shop) as url:
        done = randomly(made, url, seconds=3.0)
    assert done.coverage["read"].cut
    assert done.coverage["read"].cases < 10
    for name in ("make", "rename"):
        assert done.coverage[name].cases > 20


def test_what_was_cut_is_told(made: Contract) -> None:
    shop = Shop()
    with serving(shop) as url:
        done = randomly(made, url, seconds=0.0)
    assert {name: one.cut for name, one in done.coverage.items()} == {
        name: ["fuzzing", "coverage"] for name in ("make", "read", "rename")
    }


def test_nothing_is_read_from_folders_above_and_nothing_is_left_behind(
    made: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    below = tmp_path / "project" / "below"
    below.mkdir(parents=True)
    (tmp_path / "schemathesis.toml").write_text("this is no TOML")
    (tmp_path / "project" / "pyproject.toml").write_text("[tool.schemathesis]\nbase-url = 'http://127.0.0.1:9'\nseed = 4\n")
    monkeypatch.chdir(below)
    handlers = list(logging.getLogger().handlers)
    shop = Shop()
    with serving(shop) as url:
        done = randomly(made, url, only=("make",))
    assert done.coverage["make"].cases > 40
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "project", "project/below", "project/pyproject.toml", "schemathesis.toml",
    ]  # fmt: skip
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers == handlers


def test_no_hook_stays_registered(whole: tuple[Shop, Done]) -> None:
    from schemathesis.auths import GLOBAL_AUTH_STORAGE
    from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER

    assert not GLOBAL_AUTH_STORAGE.is_defined
    assert not any(GLOBAL_HOOK_DISPATCHER._hooks.values())


def test_no_redirect_is_followed(made: Contract) -> None:
    elsewhere = Shop()

    class Moves(Shop):
        def answer(self, request: Request, body: bytes) -> Response:
            found = super().answer(request, body)
            if found.status_code == 200:
                return Response(status_code=307, headers={"Location": f"{other}/things/{request.url.path[8:]}"})
            return found

    shop = Moves()
    with serving(elsewhere) as other, serving(shop) as url:
        randomly(made, url, seconds=3.0)
    assert elsewhere.asked == []
    assert len(shop.asked) > 3


def test_a_server_that_asks_to_slow_down_is_asked_again(made: Contract) -> None:
    shop = Shop(refuses=2)
    with serving(shop) as url:
        done = randomly(made, url, only=("make",))
    assert 429 not in done.coverage["make"].statuses
    assert shop.asked[0] == shop.asked[1] == shop.asked[2]


def test_the_libraries_are_loaded_when_they_are_needed() -> None:
    code = "import sys, tillspec.verify.verification\nprint([m for m in ('schemathesis', 'hypothesis') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n"


def test_without_the_library_it_is_said_how_to_get_it(made: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "schemathesis", None)
    shop = Shop()
    with serving(shop) as url:
        done = randomly(made, url)
    assert {(one.operation, one.kind, one.reason) for one in done.run.ledger.untested.values()} == {
        (name, Kind.RANDOM, MISSING) for name in ("make", "read", "rename")
    }
    assert "pip install" in MISSING


def test_what_the_library_cannot_read_is_told(made: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(run: Run) -> Any:
        raise LookupError("a version of tomorrow")

    monkeypatch.setattr("tillspec.verify.random.engine._schema", refuse)
    shop = Shop()
    with serving(shop) as url:
        done = randomly(made, url)
    reason = "schemathesis cannot read the contract: LookupError: a version of tomorrow"
    assert {one.reason for one in done.coverage.values()} == {one.reason for one in done.run.ledger.untested.values()} == {reason}
