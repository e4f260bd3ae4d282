"""A run that was made up: a small contract, and whatever a test tells of it, as an outcome."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tillspec.verify.baseline import Baseline
from tillspec.verify.exchange import NOTHING, Answer, Call, Exchange
from tillspec.verify.profile import read as read_profile
from tillspec.verify.reports.outcome import Outcome, outcome
from tillspec.verify.run import Options, Run, Told
from tillspec.verify.verification import Verification
from tillspec.verify.wire import Origin, Wire

from .support import contract

NAMES = ("listThings", "createThing", "getThing", "updateThing", "deleteThing")
DOCUMENT = """
    openapi: 3.1.0
    info: {title: Things, version: 1.2.0}
    security: [{Key: []}]
    paths:
      /things:
        get: &operation
          operationId: listThings
          responses: {'200': {description: Done., headers: {X-Request-Id: {$ref: '#/components/headers/Id'}}}}
        post: {<<: *operation, operationId: createThing}
      /things/{id}:
        parameters: [{name: id, in: path, required: true, schema: {type: string}}]
        get: {<<: *operation, operationId: getThing}
        put: {<<: *operation, operationId: updateThing}
        delete: {<<: *operation, operationId: deleteThing}
    components:
      headers: {Id: {required: true, schema: {type: string}}}
      securitySchemes: {Key: {type: apiKey, in: header, name: X-Key}}
"""
SECRET = "sk_s3cr3t+of/the=run&42"
PROFILE = f"[tenants.first.credentials]\nKey = '{SECRET}'\n"


def run(folder: Path, url: str = "http://127.0.0.1:9", profile: str = PROFILE, **options: Any) -> Run:
    """A run of which nothing is told yet; its credentials are as if they had been used."""
    given = read_profile(profile, {})
    made = Run(contract(folder, DOCUMENT), given, Wire(Origin.of(url)), Options(**options))
    for scheme, credential in given.first.credentials.items():
        assert isinstance(credential, str)
        made.credentials.keep("first", "credentials", scheme, credential)
    return made


def exchange(
    method: str = "GET",
    target: str = "/things",
    *,
    body: bytes | None = None,
    answer: Any = NOTHING,
    status: int = 200,
    **call: Any,
) -> Exchange:
    """A call and its answer."""
    value = _json(body)
    content = b"" if answer is NOTHING else json.dumps(answer).encode()
    headers = () if answer is NOTHING else (("content-type", "application/json"),)
    sent = Call(call.pop("operation", "getThing"), method, target, body=body, value=value, **call)
    return Exchange(sent, Answer(status, headers, content))


def _json(body: bytes | None) -> Any:
    try:
        return json.loads(body or b"")
    except ValueError:
        return NOTHING


def tell(run: Run, operation: str, check: str, what: str = "is wrong", *steps: Exchange, **told: Any) -> None:
    """Enter a finding."""
    run.tell(run.contract.targets[operation], Told(check, what, **told), *(steps or (exchange(),)))


def done(
    run: Run, *, incomplete: Sequence[str] = (), baseline: Baseline | None = None, today: date = date(2026, 11, 27)
) -> Outcome:
    """What it came to."""
    made = Verification(run, 12.3, 4567, list(incomplete))
    return outcome(made, "openapi.yaml", baseline, today)
