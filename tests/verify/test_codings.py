"""Bodies that are said to be compressed: servers that compress them, and servers that only say so."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest
from starlette.responses import Response

from tillspec.verify.contract import Contract
from tillspec.verify.exchange import Answer, Call, Exchange
from tillspec.verify.oracles.codings import codings
from tillspec.verify.profile import Profile
from tillspec.verify.run import Run
from tillspec.verify.wire import Origin, Wire

from .served import contract_of, verified

_SPEC = """
openapi: 3.1.0
info: {title: Words, version: '1'}
paths:
  /words:
    get:
      operationId: words
      responses: {'200': {description: Words., content: {application/json: {schema: {type: array}}}}}
"""
WORDS = b'["a", "b"]'


@pytest.fixture(scope="module")
def contract() -> Contract:
    return contract_of(_SPEC)


def _bare(data: bytes) -> bytes:
    made = zlib.compressobj(wbits=-15)
    return made.compress(data) + made.flush()


@pytest.mark.parametrize(
    ("coding", "body", "expected"),
    [
        ("gzip", gzip.compress(WORDS, mtime=0), [True]),
        ("gzip", WORDS, [False]),
        ("X-GZip", gzip.compress(WORDS, mtime=0), [True]),
        ("deflate", zlib.compress(WORDS), [True]),
        ("deflate", _bare(WORDS), [True]),
        ("deflate", WORDS, [False]),
        ("zstd", b"\x28\xb5\x2f\xfd\x04\x00", [True]),
        ("zstd", WORDS, [False]),
        ("br", b"\x0b\x04\x80" + b"words" + b"\x03", [True]),
        ("br", WORDS, [False]),
        ("br, gzip", gzip.compress(b"\x0b\x04\x80words\x03", mtime=0), [True]),
        ("gzip, br", WORDS, [False]),
        ("identity", WORDS, []),
        ("gzip", b"", []),
    ],
)
def test_a_body_is_held_to_the_coding_that_is_undone_first(
    contract: Contract, coding: str, body: bytes, expected: list[bool]
) -> None:
    running = Run(contract, Profile(), Wire(Origin.of("http://127.0.0.1:1")))
    answer = Answer(200, (("Content-Type", "application/json"), ("Content-Encoding", coding)), body)
    found = list(codings(running, contract.targets["words"], Exchange(Call("words", "GET", "/words"), answer)))
    assert [not one.what for one in found] == expected


@pytest.mark.parametrize("said", [None, "gzip"])
def test_a_server_that_only_says_so_is_told(contract: Contract, said: str | None) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = {"Content-Encoding": said} if said else {}
        known = scope["path"] == "/words" and scope["method"] in ("GET", "HEAD")
        answer = Response(WORDS, 200, headers, "application/json") if known else Response(status_code=404)
        await answer(scope, receive, send)

    found = verified(contract, app, {"methods"})
    assert found.broken == ({"content-coded"} if said else set()), found.ledger.found
