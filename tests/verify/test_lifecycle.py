"""Lifecycles: a server that keeps its states, and servers that do not, each in one way."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .served import Verified, contract_of, verified

_SPEC = """
openapi: 3.1.0
info: {title: Jobs, version: '1'}
paths:
  /jobs:
    post:
      operationId: createJob
      x-behavior: {creates: Job, idempotency: none}
      responses: {'201': {$ref: '#/components/responses/job'}}
    get:
      operationId: listJobs
      x-behavior: {lists: {object: Job, at: /jobs}}
      responses:
        '200':
          description: jobs
          content:
            application/json:
              schema: {type: object, properties: {jobs: {type: array, items: {$ref: '#/components/schemas/Job'}}}}
  /jobs/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: readJob
      x-behavior: {reads: Job, identifies: $request.path.id, unknown: 404}
      responses: {'200': {$ref: '#/components/responses/job'}, 4XX: {$ref: '#/components/responses/refused'}}
    patch:
      operationId: renameJob
      x-behavior: {updates: Job, identifies: $request.path.id, unknown: 404}
      responses: {'200': {$ref: '#/components/responses/job'}, 4XX: {$ref: '#/components/responses/refused'}}
  /jobs/{id}/start:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    post:
      operationId: startJob
      x-behavior:
        updates: Job
        identifies: $request.path.id
        unknown: 404
        moves: {from: [new], to: started, refused: {done: {status: 409, code: over, at: /code}}, otherwise: 409}
      responses: {'200': {$ref: '#/components/responses/job'}, 4XX: {$ref: '#/components/responses/refused'}}
components:
  responses:
    job: {description: a job, content: {application/json: {schema: {$ref: '#/components/schemas/Job'}}}}
    refused:
      description: refused
      content: {application/json: {schema: {type: object, required: [code], properties: {code: {type: string}}}}}
  schemas:
    Job:
      type: object
      x-behavior:
        object: Job
        id: /id
        owner: nobody
        lifecycle: {field: /state, initial: new, moves: {new: [started, dropped], started: [done, failed]}}
      required: [id, state]
      properties: {id: {type: string}, state: {type: string, enum: [new, started, done, failed, dropped]}}
"""
CONTRACT = contract_of(_SPEC)
_PROFILE = """
[control.move.Job]
url = "/move/{id}"
json = {to = "{state}"}
states = {failed = "fail"}
"""
_MOVES = {("new", "started"), ("new", "dropped"), ("started", "done"), ("started", "failed")}


@dataclass
class Jobs:
    """Jobs that are started by an operation, and end by a hook."""

    faults: frozenset[str] = frozenset()
    states: dict[str, str] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    reads: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/jobs", self.make, methods=["POST"]),
                Route("/jobs", self.all),
                Route("/jobs/{id}", self.read),
                Route("/jobs/{id}", self.rename, methods=["PATCH"]),
                Route("/jobs/{id}/start", self.start, methods=["POST"]),
                Route("/move/{id}", self.move, methods=["POST"]),
            ]
        )

    def shown(self, name: str, status: int = 200) -> Response:
        return JSONResponse({"id": name, "state": self.states[name]}, status)

    async def make(self, request: Request) -> Response:
        name = str(next(self.numbers))
        self.states[name] = "started" if "begins started" in self.faults else "new"
        return self.shown(name, 201)

    async def all(self, request: Request) -> Response:
        listed = {name: "new" if "stale list" in self.faults else state for name, state in self.states.items()}
        return JSONResponse({"jobs": [{"id": name, "state": state} for name, state in listed.items()]})

    async def read(self, request: Request) -> Response:
        name = request.path_params["id"]
        if "flickers" in self.faults and next(self.reads) % 3 == 0:
            return JSONResponse({"id": name, "state": "new"})
        return self.shown(name) if name in self.states else JSONResponse({"code": "unknown"}, 404)

    async def rename(self, request: Request) -> Response:
        name = request.path_params["id"]
        if "renaming restarts" in self.faults:
            self.states[name] = "new"
        return self.shown(name)

    async def start(self, request: Request) -> Response:
        name = request.path_params["id"]
        state = self.states[name]
        if state != "new" and not (
            "starts anything" in self.faults or ("starts the dropped" in self.faults and state == "dropped")
        ):
            return JSONResponse({"code": "no" if "other code" in self.faults or state != "done" else "over"}, 409)
        if "never starts" in self.faults:
            return JSONResponse({"code": "no"}, 409)
        self.states[name] = "done" if "starts to done" in self.faults else "started"
        return self.shown(name)

    async def move(self, request: Request) -> Response:
        name, wanted = request.path_params["id"], (await request.json())["to"]
        state = {"fail": "failed"}.get(wanted, wanted)
        move = (self.states[name], state)
        allowed = move in _MOVES and not ("never fails" in self.faults and state == "failed")
        loose = ("ends again" in self.faults and move == ("done", "failed")) or "forces" in self.faults
        if not (allowed or loose):
            return JSONResponse({"code": "no"}, 409)
        self.states[name] = state
        return JSONResponse({})


def tried(faults: set[str], profile: str = _PROFILE) -> Verified:
    return verified(CONTRACT, Jobs(frozenset(faults)).app, {"lifecycle"}, profile)


def test_a_server_that_keeps_its_states_is_left_in_peace() -> None:
    found = tried(set())
    assert not found.told, found.ledger.found
    assert not found.incomplete
    assert not found.ledger.untested
    assert {"initial-state", "move-allowed", "move-refused", "state-kept"} <= found.made


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("begins started", "initial-state"),
        ("flickers", "state-kept"),
        ("stale list", "state-kept"),
        ("renaming restarts", "state-kept"),
        ("starts anything", "move-refused"),
        ("starts the dropped", "move-refused"),
        ("other code", "move-refused"),
        ("ends again", "move-refused"),
        ("never starts", "move-allowed"),
        ("starts to done", "move-allowed"),
    ],
)
def test_each_way_to_break_it_is_found(fault: str, check: str) -> None:
    found = tried({fault})
    assert check in found.broken, found.ledger.found
    assert found.of(check).steps


def test_a_hook_that_forces_any_state_says_little_of_the_server() -> None:
    found = tried({"forces"})
    assert not found.broken
    assert found.told == {"move-refused"}


def test_a_state_that_the_hook_does_not_know_is_not_tested() -> None:
    found = tried({"never fails"})
    assert not found.told
    assert "control.move.Job.states.failed" in {one.fill for one in found.ledger.untested.values()}


def test_without_a_hook_what_operations_do_is_tested_and_the_rest_is_not() -> None:
    found = tried(set(), "")
    assert not found.told
    assert {"initial-state", "move-allowed", "move-refused"} <= found.made | {"move-refused"}
    reasons = {one.reason for one in found.ledger.untested.values()}
    assert {"nothing leads a Job to done", "moves from outside the API cannot be made"} <= reasons
    assert "move-refused" in tried({"starts anything"}, "").broken
