"""Which requests may be refused before any operation sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillspec.runtime.paths import SAFE
from tillspec.verify.exchange import Call
from tillspec.verify.oracles.refusable import may_be_refused

from .served import contract_of

TARGET = contract_of("""
openapi: 3.1.0
info: {title: Things, version: '1'}
paths:
  /things/{id}:
    get:
      operationId: getThing
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: It.}}
""").targets["getThing"]


@pytest.mark.parametrize(
    "path",
    [
        "/things/%", "/things/a%zz", "/things/%FF", "/things/%ED%A0%80", "/things/a%00", "/things/a%0A", "/things/%C2%85",
        "/things/a%2Fb", "/things/a%5Cb", "/things/a%25", "/things/..", "/things/%2e%2E", "/things/.", "/things/", "/things//a",
        "/things/a?b=%", "/things/a?b=%FF", "/things/a?b=%00",
    ],
)  # fmt: skip
def test_a_path_that_no_route_need_match(path: str) -> None:
    assert may_be_refused(TARGET, Call("getThing", "GET", path))


@pytest.mark.parametrize(
    "path",
    [
        "/things/a", "/things/a%20b", "/things/%C3%A9", "/things/a.", "/things/..a", "/things/a%3Fb", "/things/~a;b=c,d",
        "/things/a?b=%2F%25", "/things/a?b=/../c//", "/things/a?b",
    ],
)  # fmt: skip
def test_a_path_that_every_route_matches(path: str) -> None:
    assert not may_be_refused(TARGET, Call("getThing", "GET", path))


@given(st.text(sorted(set(SAFE) - {"/", "."} | set("abcXYZ019")), min_size=1))
def test_what_needs_no_encoding_is_found(text: str) -> None:
    assert not may_be_refused(TARGET, Call("getThing", "GET", f"/things/{text}"))


@pytest.mark.parametrize(("value", "refusable"), [("a\x01", True), ("\xe9", True), ("\x7f", True), ("a\tb ~", False)])
def test_a_header_that_is_no_plain_text(value: str, refusable: bool) -> None:
    assert may_be_refused(TARGET, Call("getThing", "GET", "/things/a", (("X-A", value),))) is refusable
