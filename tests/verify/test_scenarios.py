"""Scenarios: Arazzo documents that are run against a server, conditions and values, and what they come to."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillspec.diagnostics import Report
from tillspec.pipeline import read as read_contract
from tillspec.verify import profile as profiles
from tillspec.verify.arazzo.conditions import Condition, compare, holds
from tillspec.verify.arazzo.documents import BadDocument, discovered, read
from tillspec.verify.arazzo.values import Scope, missing
from tillspec.verify.contract import Contract
from tillspec.verify.engine import Engine
from tillspec.verify.exchange import NOTHING, Answer, Call, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.run import Options, Run
from tillspec.verify.wire import Origin, Wire

from .conftest import SPEC, Sandbox
from .served import Verified, contract_of, verified

# -- values and conditions -----------------------------------------------------------------------------------------------

_BODY = b'{"name": "Ann", "n": 3, "ok": true, "none": null, "list": [{"a": 1}]}'
EXCHANGE = Exchange(
    Call("op", "GET", "/a?x=1", path=(("id", "7"),)),
    Answer(200, (("Content-Type", "application/json"), ("X-Left", "12")), _BODY),
)  # fmt: skip
SCOPE = Scope({"key": "k", "deep": {"a": [1, 2]}}, {"first": {"id": "i-1", "list": [{"a": 5}]}}, exchange=EXCHANGE)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$statusCode", 200),
        ("$method", "GET"),
        ("$inputs.key", "k"),
        ("$inputs.deep#/a/1", 2),
        ("$inputs.deep.a[0]", 1),
        ("$inputs.none", NOTHING),
        ("$steps.first.outputs.id", "i-1"),
        ("$steps.first.outputs.list[0].a", 5),
        ("$steps.other.outputs.id", NOTHING),
        ("$response.body#/list/0/a", 1),
        ("$response.header.x-left", "12"),
        ("$request.path.id", "7"),
        ("$request.query.x", "1"),
        ("to {$inputs.key} and {$steps.first.outputs.id}", "to k and i-1"),
        ({"a": ["$inputs.key", 1]}, {"a": ["k", 1]}),
    ],
)
def test_an_expression_has_its_value(expression: Any, value: Any) -> None:
    assert SCOPE.value(expression) == value


def test_what_leads_nowhere_is_missing() -> None:
    assert missing(SCOPE.value({"a": [1, "$inputs.none"]}))
    assert not missing(SCOPE.value({"a": [None, ""]}))


@pytest.mark.parametrize(
    ("condition", "true"),
    [
        ("$statusCode == 200", True),
        ("$statusCode == 201 || $statusCode == 200", True),
        ("$statusCode == 200 && $response.body#/n < 3", False),
        ("$response.body#/n >= 3 && ($response.body#/ok == true)", True),
        ("!($response.body#/ok == false) && !$response.body#/none", True),
        ("$response.body#/name == 'ANN'", True),
        ("$response.body#/name != 'Bob'", True),
        ("$response.body#/name == 'it''s'", False),
        ("$response.body#/none == null", True),
        ("$response.body#/absent == null", True),
        ("$response.header.X-Left > 11.5", True),
        ("$response.header.X-Left > 'a'", False),
        ("$response.body#/ok == 1", False),
        ("$response.body#/ok", True),
        ("false || false && true", False),
        ("true || true && false", True),
    ],
)
def test_a_condition_is_true_or_not(condition: str, true: bool) -> None:
    assert Condition(condition, SCOPE).holds() is true


@pytest.mark.parametrize(
    "condition", ["", "$statusCode ==", "(1 == 1", "1 == 1)", "a == 1", "1 == 1 2", "== 1", "'open", "(" * 99]
)
def test_what_is_no_condition_is_refused(condition: str) -> None:
    with pytest.raises(BadDocument):
        Condition(condition, SCOPE).holds()


@pytest.mark.parametrize(
    ("criterion", "true"),
    [
        ({"type": "regex", "context": "$response.body#/name", "condition": "^A.n$"}, True),
        ({"type": "regex", "context": "$response.body#/absent", "condition": ".*"}, False),
        ({"type": "jsonpath", "context": "$response.body", "condition": "$.list[?@.a == 1]"}, True),
        ({"type": "jsonpath", "context": "$response.body", "condition": "$.list[?@.a > 1]"}, False),
        ({"type": {"type": "jsonpath", "version": "rfc9535"}, "context": "$response.body", "condition": "$.n"}, True),
    ],
)  # fmt: skip
def test_a_criterion_is_met_or_not(criterion: dict[str, Any], true: bool) -> None:
    assert holds(criterion, SCOPE) is true


@pytest.mark.parametrize(("kind", "condition"), [("regex", "("), ("jsonpath", "$["), ("xpath", "/a")])
def test_what_is_no_criterion_is_refused(kind: str, condition: str) -> None:
    with pytest.raises(BadDocument):
        holds({"type": kind, "context": "$response.body", "condition": condition}, SCOPE)


_SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=3)


@given(_SCALARS, _SCALARS)
def test_comparisons_agree_with_each_other(left: Any, right: Any) -> None:
    assert compare("==", left, right) is not compare("!=", left, right)
    assert compare("==", left, right) is compare("==", right, left)
    assert compare("<", left, right) is compare(">", right, left)
    assert not (compare("<", left, right) and compare(">", left, right))


@given(st.booleans(), st.booleans(), st.booleans())
def test_operators_bind_as_usual(a: bool, b: bool, c: bool) -> None:
    words = [str(value).lower() for value in (a, b, c)]
    assert Condition(f"{words[0]} || {words[1]} && !{words[2]}", Scope()).holds() is (a or (b and not c))
    assert Condition(f"({words[0]} || {words[1]}) && {words[2]}", Scope()).holds() is ((a or b) and c)


# -- documents and runs --------------------------------------------------------------------------------------------------

_SPEC = """
openapi: 3.1.0
info: {title: Jobs, version: '1'}
security: [{Key: []}]
paths:
  /jobs:
    post:
      operationId: createJob
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {name: {type: string}, size: {type: integer}}}
      responses: {'201': {$ref: '#/components/responses/job'}, 4XX: {description: refused}}
  /jobs/{jobId}:
    parameters: [{name: jobId, in: path, required: true, schema: {type: string}}]
    get: {operationId: readJob, responses: {'200': {$ref: '#/components/responses/job'}, 4XX: {description: refused}}}
webhooks:
  told: {post: {operationId: jobTold, responses: {'204': {description: heard}}}}
components:
  securitySchemes: {Key: {type: http, scheme: bearer}}
  responses:
    job:
      description: a job
      content:
        application/json:
          schema:
            type: object
            required: [id, state]
            properties: {id: {type: string}, state: {type: string}, by: {type: string}}
"""
CONTRACT = contract_of(_SPEC)
PROFILE = '[tenants.first.credentials]\nKey = "one"\n[tenants.second.credentials]\nKey = "two"\n'

_DOCUMENT = """
arazzo: 1.0.1
info: {title: Jobs, version: '1'}
sourceDescriptions: [{name: jobs, url: ./openapi.yaml, type: openapi}]
workflows:
WORKFLOWS
components:
  inputs:
    key: {type: object, required: [key], properties: {key: {type: string}, size: {type: integer, default: 4}}}
  parameters:
    key: {name: Authorization, in: header, value: 'Bearer {$inputs.key}'}
  failureActions:
    again: {name: again, type: retry, retryAfter: 0.01, retryLimit: 5}
"""
MAKE = """
  - workflowId: make
    inputs: {$ref: '#/components/inputs/key'}
    parameters: [{reference: $components.parameters.key}]
    steps:
      - stepId: make
        operationId: $sourceDescriptions.jobs.createJob
        requestBody:
          contentType: application/json
          payload: '{"name": "job of {$inputs.key}", "size": 1}'
          replacements: [{target: /size, value: $inputs.size}]
        successCriteria:
          - condition: $statusCode == 201
          - {context: $response.body, type: jsonpath, condition: "$[?@ == 'new']"}
        outputs: {id: $response.body#/id}
    outputs: {job: $steps.make.outputs.id}
"""
WAIT = """
  - workflowId: wait
    dependsOn: [make]
    inputs: {$ref: '#/components/inputs/key'}
    parameters: [{reference: $components.parameters.key}]
    steps:
      - stepId: nested
        workflowId: make
        outputs: {id: $outputs.job}
      - stepId: done
        operationPath: '{$sourceDescriptions.jobs.url}#/paths/~1jobs~1{jobId}/get'
        parameters: [{name: jobId, in: path, value: $steps.nested.outputs.id}]
        successCriteria: [{condition: $response.body#/state == 'done'}]
        onFailure: [{reference: $components.failureActions.again}]
        onSuccess: [{name: first, type: goto, stepId: last, criteria: [{condition: $statusCode == 200}]}]
      - stepId: never
        operationId: readJob
        parameters: [{name: jobId, in: path, value: nothing}]
        successCriteria: [{condition: $statusCode == 299}]
      - stepId: last
        operationId: readJob
        parameters: [{name: jobId, in: path, value: $workflows.make.outputs.job}]
        onSuccess: [{name: over, type: end}]
      - stepId: neither
        operationId: readJob
        parameters: [{name: jobId, in: path, value: nothing}]
"""
FOREIGN = """
  - workflowId: foreign
    inputs: {type: object, required: [mine, theirs], properties: {mine: {type: string}, theirs: {type: string}}}
    steps:
      - stepId: make
        operationId: createJob
        parameters: [{name: Authorization, in: header, value: 'Bearer {$inputs.mine}'}]
        requestBody: {payload: {name: mine}}
        successCriteria: [{condition: $response.body#/by == 'one'}]
        outputs: {id: $response.body#/id}
      - stepId: read
        operationId: readJob
        parameters:
          - {name: Authorization, in: header, value: 'Bearer {$inputs.theirs}'}
          - {name: jobId, in: path, value: $steps.make.outputs.id}
        successCriteria: [{condition: $statusCode == 404}]
"""
OUTSIDE = """
  - workflowId: outside
    steps:
      - {stepId: make, operationId: createJob, requestBody: {payload: {}}, outputs: {id: $response.body#/id}}
      - stepId: later
        x-behavior: {control: {advance: PT5M}}
        operationId: readJob
        parameters: [{name: jobId, in: path, value: $steps.make.outputs.id}]
"""


class Jobs:
    """Jobs that are done at the third look."""

    def __init__(self, *faults: str) -> None:
        self.faults, self.jobs, self.bodies = faults, {}, []  # type: tuple[str, ...], dict[str, dict[str, Any]], list[Any]

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/jobs", self.make, methods=["POST"]), Route("/jobs/{id}", self.read)])

    def caller(self, request: Request) -> str:
        return request.headers.get("authorization", "").removeprefix("Bearer ")

    async def make(self, request: Request) -> Response:
        if self.caller(request) not in ("one", "two"):
            return Response(status_code=401)
        self.bodies.append(await request.json())
        if "crashes" in self.faults and "size" in self.bodies[-1] and self.bodies[-1]["size"] == 4:
            return Response(status_code=500)
        name = str(len(self.bodies))
        self.jobs[name] = {"id": name, "state": "old" if "old" in self.faults else "new", "by": self.caller(request), "looks": 0}
        return self.shown(name, 201)

    async def read(self, request: Request) -> Response:
        job = self.jobs.get(request.path_params["id"])
        if job is None or (job["by"] != self.caller(request) and "open" not in self.faults):
            return Response(status_code=404)
        job["looks"] += 1
        if job["looks"] > 2 and "never done" not in self.faults:
            job["state"] = "done"
        return self.shown(job["id"])

    def shown(self, name: str, status: int = 200) -> Response:
        return JSONResponse({key: value for key, value in self.jobs[name].items() if key != "looks"}, status)


def tried(tmp_path: Path, workflows: str, *faults: str, profile: str = PROFILE) -> tuple[Verified, Jobs]:
    path, jobs = tmp_path / "jobs.arazzo.yaml", Jobs(*faults)
    path.write_text(_DOCUMENT.replace("WORKFLOWS", workflows.strip("\n")))
    return verified(CONTRACT, jobs.app, {"scenarios"}, profile, scenarios=(path,)), jobs


@pytest.mark.parametrize("workflows", [MAKE, MAKE + WAIT, FOREIGN])
def test_a_scenario_runs_to_its_end(tmp_path: Path, workflows: str) -> None:
    found, _ = tried(tmp_path, workflows)
    assert not found.told, found.ledger.found
    assert not found.ledger.untested
    assert not found.incomplete
    assert "scenario" in found.made


def test_a_payload_is_filled_and_replaced(tmp_path: Path) -> None:
    _, jobs = tried(tmp_path, MAKE)
    assert {"name": "job of one", "size": 4} in jobs.bodies
    _, jobs = tried(tmp_path, MAKE, profile=PROFILE + "[inputs]\nsize = 9\n[inputs.make]\nkey = 'two'\n")
    assert {"name": "job of two", "size": 9} in jobs.bodies


@pytest.mark.parametrize(
    ("workflows", "fault", "place"),
    [
        (MAKE, "old", "/workflows/0/steps/0/successCriteria/1"),
        (MAKE + WAIT, "never done", "/workflows/1/steps/1/successCriteria/0"),
        (FOREIGN, "open", "/workflows/0/steps/1/successCriteria/0"),
    ],
)
def test_a_criterion_that_is_not_met_is_a_finding(tmp_path: Path, workflows: str, fault: str, place: str) -> None:
    found, _ = tried(tmp_path, workflows, fault)
    finding = found.of("scenario")
    assert finding.severity is Severity.MUST
    assert finding.clause.pointer == place
    assert finding.clause.file is not None
    assert finding.clause.file.endswith("jobs.arazzo.yaml")
    assert finding.clause.line is not None
    text = (tmp_path / "jobs.arazzo.yaml").read_text().splitlines()[finding.clause.line - 1]
    assert finding.expected in text.replace('"', "")
    assert finding.steps


def test_a_server_that_fails_is_not_told_of_twice(tmp_path: Path) -> None:
    found, _ = tried(tmp_path, MAKE, "crashes")
    assert "scenario" not in found.told
    assert any("the server failed at its step make" in one.reason for one in found.ledger.untested.values())


def test_what_an_input_lacks_is_said(tmp_path: Path) -> None:
    found, _ = tried(tmp_path, FOREIGN, profile='[tenants.first.credentials]\nKey = "one"')
    assert not found.told
    assert [one.fill for one in found.ledger.untested.values()] == ["inputs.foreign.theirs"]


def test_a_scenario_runs_up_to_what_somebody_outside_does(tmp_path: Path) -> None:
    found, jobs = tried(tmp_path, OUTSIDE)
    assert {} in jobs.bodies
    assert not found.told
    (left,) = found.ledger.untested.values()
    assert left.fill == "control.advance"
    assert "from later on" in left.reason


@pytest.mark.parametrize(
    ("workflows", "reason"),
    [
        ("  - {workflowId: heard, steps: [{stepId: a, operationId: jobTold}]}", "the server itself sends"),
        ("  - {workflowId: none, steps: []}", "calls no operation"),
        ("  - {workflowId: typo, steps: [{stepId: a, operationId: creatJob}]}", "no operation creatJob"),
        (MAKE.replace("$statusCode == 201", "$statusCode is 201"), "is no condition"),
        (MAKE.replace("$components.parameters.key", "$components.parameters.no"), "leads nowhere"),
        (MAKE.replace("'#/components/inputs/key'", "'#/components/inputs/no'"), "leads nowhere"),
    ],
)
def test_what_cannot_be_run_is_said(tmp_path: Path, workflows: str, reason: str) -> None:
    found, _ = tried(tmp_path, workflows)
    assert not found.told
    assert not found.incomplete
    assert any(reason in one.reason for one in found.ledger.untested.values()), found.ledger.untested


@pytest.mark.parametrize("text", ["", "a: [", "openapi: 3.1.0", "arazzo: 2.0.0"])
def test_what_is_no_document_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.arazzo.yaml"
    path.write_text(text)
    with pytest.raises(BadDocument):
        read(path)
    found = verified(CONTRACT, Jobs().app, {"scenarios"}, PROFILE, scenarios=(path, tmp_path / "none.arazzo.yaml"))
    assert {one.operation for one in found.ledger.untested.values()} == {"bad.arazzo.yaml", "none.arazzo.yaml"}


def test_a_scenario_without_end_is_ended(tmp_path: Path) -> None:
    round_ = OUTSIDE.replace("x-behavior: {control: {advance: PT5M}}", "onSuccess: [{name: back, type: goto, stepId: make}]")
    found, jobs = tried(tmp_path, round_)
    assert len(jobs.bodies) < 150
    assert any("no end" in one.reason for one in found.ledger.untested.values())


ENDING = """
  - workflowId: ending
    steps:
      - {stepId: make, operationId: createJob, requestBody: {payload: {}}, outputs: {id: $response.body#/id}}
      - stepId: before
        x-behavior: {control: {advance: PT4M59S}}
        operationId: readJob
        parameters: [{name: jobId, in: path, value: $steps.make.outputs.id}]
      - stepId: after
        x-behavior: {control: {advance: PT1S}}
        operationId: readJob
        parameters: [{name: jobId, in: path, value: $steps.make.outputs.id}]
        successCriteria: [{condition: $statusCode == 404}]
"""
MOVING = PROFILE + "[control]\nadvance = {method = 'POST', url = '/clock', json = {seconds = '{seconds}'}}\n"


class EndingJobs(Jobs):
    """Jobs that end. For each request the server's clock goes on by `slow` seconds by itself."""

    def __init__(self, lifetime: float, slow: float) -> None:
        super().__init__()
        self.lifetime, self.slow, self.time, self.made = lifetime, slow, 0.0, 0.0

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[*super().app.routes, Route("/clock", self.move, methods=["POST"])])

    async def move(self, request: Request) -> Response:
        self.time += self.slow + (await request.json())["seconds"]
        return Response()

    async def make(self, request: Request) -> Response:
        self.time += self.slow
        self.made = self.time
        return await super().make(request)

    async def read(self, request: Request) -> Response:
        self.time += self.slow
        return Response(status_code=404) if self.time - self.made >= self.lifetime else await super().read(request)


@pytest.mark.parametrize(
    ("lifetime", "slow", "told"), [(300, 0, set()), (300, 0.6, set()), (297, 0.6, {"before"}), (303, 0, {"after"})]
)
def test_a_slow_server_is_asked_a_little_sooner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lifetime: float, slow: float, told: set[str]
) -> None:
    """Its clock may run by itself, so that a step that is timed to the second comes too late; what is made up for after it."""
    monkeypatch.setattr("tillspec.verify.scenarios._QUICK", -1.0)
    path, jobs = tmp_path / "jobs.arazzo.yaml", EndingJobs(lifetime, slow)
    path.write_text(_DOCUMENT.replace("WORKFLOWS", ENDING.strip("\n")))
    found = verified(CONTRACT, jobs.app, {"scenarios"}, MOVING, scenarios=(path,))
    assert {one.what.rpartition(" ")[2] for one in found.ledger.found.values() if one.check == "scenario"} == told
    assert not found.ledger.untested


# -- our own -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own() -> Contract:
    """The contract of the project."""
    return Contract(*read_contract(SPEC, frozenset(), (), Report()))


def test_documents_are_found_beside_the_contract(own: Contract) -> None:
    names = {path.name for path in discovered(own)}
    assert names == {f"{name}.arazzo.yaml" for name in ("vinr", "gr4vy", "dintero", "diddo", "webhooks")}


def test_every_scenario_of_the_contract_runs_on_the_sandbox(own: Contract, running_sandbox: Sandbox) -> None:
    begin = {"createVinrSession", "createGr4vySession", "createDinteroToken", "mintDiddoCustomerToken", "getDiddoQr"}
    profile = profiles.read(running_sandbox.profile.read_text())

    async def verifying() -> Run:
        run = Run(own, profile, Wire(Origin.of(running_sandbox.url)), Options())
        engine = Engine(run)
        units = [unit for unit in engine.units() if unit.probe.__name__ == "scenarios"]
        await engine.carry_out_alone([unit for unit in units if unit.target.id in begin])
        await run.wire.close()
        return run

    ledger = asyncio.run(verifying()).ledger
    assert not [one for one in ledger.found.values() if one.check == "scenario"]
    assert {one.operation for one in ledger.untested.values()} <= {"vinrTold", "dinteroTold", "diddoTold"}
    assert ledger.by_check["scenario"] > 30
