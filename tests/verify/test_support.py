"""The helpers of the tests of verify find what is wrong, and nothing where nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .support import contract, serving, verified

HEALTH = """
    openapi: 3.1.0
    info: {title: Health, version: '1'}
    paths:
      /health:
        get:
          operationId: health
          responses:
            '200':
              description: Well.
              content: {application/json: {schema: {type: object, required: [well], properties: {well: {type: boolean}}}}}
"""


@pytest.mark.parametrize("well", [True, "yes"])
def test_a_whole_verification(tmp_path: Path, well: object) -> None:
    def health(request: Request) -> Response:
        return JSONResponse({"well": well})

    with serving(Starlette(routes=[Route("/health", health)])) as url:
        made = verified(contract(tmp_path, HEALTH), url)
    assert made.incomplete == []
    assert made.requests
    assert (("body-schema", "health") in made.found("MUST")) == (well is not True), str(made)
    assert made.passed("body-schema") == (well is True), str(made)
