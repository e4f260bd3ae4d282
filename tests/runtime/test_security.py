"""Security schemes together, as alternatives, and optional, in every combination: from a client's credentials to a handler."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import httpx
import pytest

from tillspec.runtime.authorization import CredentialSource
from tillspec.runtime.client import AsyncCaller, Settings
from tillspec.runtime.credentials import ApiKey, Basic, Bearer, Credential, Other
from tillspec.runtime.endpoint import Binding
from tillspec.runtime.errors import MissingCredentials
from tillspec.runtime.operation import Operation, Response, SecurityScheme
from tillspec.runtime.outgoing import Arguments
from tillspec.runtime.request import Request
from tillspec.runtime.retry import Retry
from tillspec.runtime.server import make_router

SCHEMES = {
    "header": SecurityScheme(name="header", kind="api_key", location="header", parameter="X-Key"),
    "query": SecurityScheme(name="query", kind="api_key", location="query", parameter="key"),
    "cookie": SecurityScheme(name="cookie", kind="api_key", location="cookie", parameter="sid"),
    "basic": SecurityScheme(name="basic", kind="basic"),
    "bearer": SecurityScheme(name="bearer", kind="bearer"),
    "tls": SecurityScheme(name="tls", kind="other"),
}
GIVEN: Mapping[str, CredentialSource] = {
    "header": "k 1", "query": "k&2", "cookie": "k;3", "basic": ("me", "a:b"), "bearer": lambda: "t4", "tls": True,
}  # fmt: skip
READ: Mapping[str, Credential] = {
    "header": ApiKey("k 1", "header", ("header:scope",)),
    "query": ApiKey("k&2", "query", ("query:scope",)),
    "cookie": ApiKey("k;3", "cookie", ("cookie:scope",)),
    "basic": Basic("me", "a:b", "basic", ("basic:scope",)),
    "bearer": Bearer("t4", "bearer", ("bearer:scope",)),
    "tls": Other("tls", ("tls:scope",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Response):
    status: int


Alternatives = tuple[tuple[str, ...], ...]


def all_alternatives() -> Iterator[Alternatives]:
    """Every scheme by itself, every two together, every choice between two of these, and each of them optional."""
    whole = [(name,) for name in SCHEMES] + [pair for pair in combinations(SCHEMES, 2) if pair != ("basic", "bearer")]
    for one in whole:
        yield (one,)
        yield (one, ())
        yield ((), one)
    for first in whole[:6]:
        for second in whole:
            if first != second:
                yield (first, second)
                yield (first, second, ())


class Guarded:
    """An operation with alternatives, on a server; `got` is what its handler was given."""

    def __init__(self, alternatives: Alternatives) -> None:
        security = tuple({name: (f"{name}:scope",) for name in names} for names in alternatives)
        self.operation: Operation[Response] = Operation(
            id="o", method="GET", path="/a", responses={"2XX": Done}, security=security
        )
        self.got: Any = "nothing"
        self.transport = httpx.ASGITransport(app=make_router([Binding(self.operation, "handle", self)], SCHEMES))

    async def handle(self, request: Request, *, credentials: Any) -> Response:
        self.got = credentials
        return Done(status=204)

    async def call(self, given: Mapping[str, CredentialSource]) -> Any:
        settings = Settings(
            base_url="http://api.example", credentials=given, timeout=5, retry=Retry(), headers=None, schemes=SCHEMES, errors={}
        )
        await AsyncCaller(settings, httpx.AsyncClient(transport=self.transport)).call(self.operation, Arguments())
        return self.got


def expected(alternatives: Alternatives, given: set[str]) -> Any:
    """What the handler is to be given, by the words of the standard alone; "missing" where nothing can be sent."""
    for names in alternatives:
        if names and set(names) <= given:
            read = tuple(READ[name] for name in names)
            return read if len(read) > 1 else read[0]
    return None if () in alternatives else "missing"


def test_every_combination() -> None:
    seen = set()

    async def run() -> None:
        for alternatives in all_alternatives():
            guarded = Guarded(alternatives)
            names = {name for one in alternatives for name in one}
            for given in [set(), *({name} for name in names), *map(set, combinations(names, 2)), names]:
                wanted = expected(alternatives, given)
                try:
                    got = await guarded.call({name: GIVEN[name] for name in given})
                except MissingCredentials:
                    got = "missing"
                # What only the handler can see counts as there: the server cannot tell whether it was given.
                if "tls" in names - given and got != wanted:
                    assert any(set(one) <= {*given, "tls"} and "tls" in one for one in alternatives), (alternatives, given, got)
                    continue
                assert got == wanted, (alternatives, given)
                seen.add(type(got))

    asyncio.run(run())
    assert seen == {str, type(None), tuple, ApiKey, Basic, Bearer, Other}


@pytest.mark.parametrize("alternatives", [alternatives for alternatives in all_alternatives() if () not in alternatives][:40])
def test_nothing_is_a_401_unless_only_the_handler_can_tell(alternatives: Alternatives) -> None:
    guarded = Guarded(alternatives)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=guarded.transport) as http:
            return await http.get("http://api.example/a")

    answer = asyncio.run(ask())
    assert answer.status_code == (204 if ("tls",) in alternatives else 401)


def test_two_credentials_for_one_header_are_refused() -> None:
    with pytest.raises(ValueError, match="basic, bearer would go into one header"):
        asyncio.run(Guarded((("basic", "bearer"),)).call(GIVEN))
