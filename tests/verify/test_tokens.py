"""Secrets have the entropy that is declared, none is given twice; tokens are signed, have their claims, and end when they say."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import random
import secrets as randomness
import string
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillspec.verify.contract import Contract
from tillspec.verify.decoding import entropy
from tillspec.verify.decoding.tokens import NoToken, Token
from tillspec.verify.probes.secrets import secrets

from . import support

API_KEY = "key-7d3fe99b"
SESSIONS = """
    openapi: 3.1.0
    info: {title: Sessions, version: '1'}
    security: [{Key: []}]
    paths:
      /sessions:
        post:
          operationId: createSession
          x-behavior: {creates: Session, idempotency: none}
          responses: {'201': {description: Made., content: {application/json: {schema: {$ref: '#/components/schemas/Session'}}}}}
      /tokens:
        post:
          operationId: createToken
          responses: {'200': {description: Made., content: {application/json: {schema: {$ref: '#/components/schemas/Token'}}}}}
      /logins:
        post:
          operationId: logIn
          responses:
            '200':
              description: In.
              content: {application/json: {schema: {type: object, properties: {session_token: {type: string}}}}}
    components:
      securitySchemes: {Key: {type: apiKey, in: header, name: X-Api-Key, x-behavior: {secret: {}}}}
      schemas:
        Session:
          type: object
          x-behavior: {object: Session, id: /id, owner: credential}
          required: [id]
          properties: {id: {type: string, x-behavior: {secret: {bits: 122}}}}
        Token:
          type: object
          x-behavior: {object: Token, owner: bearer, expires: {after: $response.body#/expires_in, at: /expires_at}}
          properties:
            token: {type: string, x-behavior: {secret: {lifetime: PT24H}, encodes: {as: jwt, claims: [exp, sub]}}}
            expires_in: {type: integer}
            expires_at: {type: string, format: date-time}
"""
PROFILE = f'tenants.first.credentials.Key = "{API_KEY}"'
STRONG = randomness.token_hex(32)
NUMBERS = itertools.count(1)


def token(key: str = STRONG, algorithm: str = "HS256", lasts: float = 3600, **claims: Any) -> str:
    now = int(time.time())
    given = {"sub": "a", "iat": now, "exp": now + int(lasts), "jti": str(uuid.uuid4()), **claims}
    return jwt.encode({name: value for name, value in given.items() if value is not None}, key, algorithm)


def body(text: str, *, lasts: int = 3600, ends: int | None = None) -> dict[str, Any]:
    moment = time.time() + (lasts if ends is None else ends)
    return {"token": text, "expires_in": lasts, "expires_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))}


def app(
    session: Callable[[], str] = lambda: str(uuid.uuid4()),
    given: Callable[[], dict[str, Any]] = lambda: body(token()),
    login: Callable[[], str] = lambda: randomness.token_urlsafe(24),
) -> Starlette:
    def create(request: Request) -> Response:
        return JSONResponse({"id": session()}, 201)

    def make(request: Request) -> Response:
        return JSONResponse(given())

    def enter(request: Request) -> Response:
        return JSONResponse({"session_token": login()})

    return Starlette(
        routes=[
            Route("/sessions", create, methods=["POST"]),
            Route("/tokens", make, methods=["POST"]),
            Route("/logins", enter, methods=["POST"]),
        ]
    )


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return support.contract(tmp_path_factory.mktemp("sessions"), SESSIONS)


def found(contract: Contract, server: Starlette, *checks: str) -> set[tuple[str, str, str]]:
    """Severity, check and operation of each finding of some checks; all of those that are tried here, where none is given."""
    with support.serving(server) as url:
        made = support.verified(contract, url, PROFILE, probes=(secrets,))
    assert made.incomplete == []
    wanted = checks or ("secret-entropy", "token-claims", "token-lifetime")
    return {(one.severity.value, one.check, one.operation) for one in made.findings if one.check in wanted}


def test_a_server_that_keeps_it_has_no_findings(sessions: Contract) -> None:
    with support.serving(app()) as url:
        made = support.verified(sessions, url, PROFILE, probes=(secrets,))
    assert [one for one in made.findings if one.check != "header-required"] == [], str(made)
    for check in ("secret-entropy", "token-claims", "token-lifetime"):
        assert made.passed(check), f"{check}\n{made}"


def _counted() -> str:
    return f"{next(NUMBERS):032x}"


WEAK: list[Callable[[], str]] = [
    _counted,
    lambda: f"cs_{int(time.time() * 1000)}{random.randrange(1000):03}",
    lambda: randomness.token_hex(8),
    lambda: str(uuid.uuid1()),
    lambda: f"{random.randrange(10**6):06}",
    lambda: str(uuid.UUID(int=next(NUMBERS))),
]


@pytest.mark.parametrize("weak", WEAK)
def test_a_secret_of_little_entropy_is_found(sessions: Contract, weak: Callable[[], str]) -> None:
    assert found(sessions, app(session=weak)) == {("MUST", "secret-entropy", "createSession")}


def test_a_secret_that_is_given_twice_is_found(sessions: Contract) -> None:
    same = str(uuid.uuid4())
    assert found(sessions, app(session=lambda: same)) == {("MUST", "secret-entropy", "createSession")}


def test_what_no_contract_calls_a_secret_is_only_a_hint(sessions: Contract) -> None:
    assert found(sessions, app(login=lambda: f"{next(NUMBERS):08}")) == {("SHOULD", "secret-entropy", "logIn")}
    assert found(sessions, app(login=lambda: "a-fixed-one")) == {("SHOULD", "secret-entropy", "logIn")}


def _unsigned() -> str:
    return jwt.encode({"sub": "a", "exp": int(time.time()) + 3600, "jti": str(uuid.uuid4())}, None, "none")


@pytest.mark.parametrize(
    "text",
    [
        lambda: str(uuid.uuid4()),
        _unsigned,
        lambda: token().rpartition(".")[0] + ".",
        lambda: token("secret"),
        lambda: token("your-256-bit-secret", "HS512"),
        lambda: token(exp=None),
        lambda: token(sub=None),
        lambda: token(key=STRONG, api_key=API_KEY),
    ],
)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_token_that_anybody_could_have_made_or_that_says_too_little_is_found(
    sessions: Contract, text: Callable[[], str]
) -> None:
    assert found(sessions, app(given=lambda: body(text()))) == {("MUST", "token-claims", "createToken")}


@pytest.mark.parametrize(
    "given",
    [
        lambda: body(token(lasts=3 * 86_400), lasts=3 * 86_400),
        lambda: body(token(lasts=-5), lasts=-5),
        lambda: body(token(lasts=7200), ends=7200),
        lambda: body(token(), ends=7200),
    ],
)
def test_a_token_that_lives_otherwise_than_it_says_is_found(sessions: Contract, given: Callable[[], dict[str, Any]]) -> None:
    assert found(sessions, app(given=given)) == {("MUST", "token-lifetime", "createToken")}


def test_a_short_life_and_one_without_a_beginning_are_allowed(sessions: Contract) -> None:
    assert found(sessions, app(given=lambda: body(token(lasts=60), lasts=60))) == set()
    assert found(sessions, app(given=lambda: body(token(iat=None)))) == set()


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_token_that_no_contract_declares_is_looked_at_too(sessions: Contract) -> None:
    assert found(sessions, app(login=lambda: token("secret"))) == {("SHOULD", "token-claims", "logIn")}
    assert found(sessions, app(login=token)) == set()


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c.d.e", "ä.b.c", "bm8.bm8.bm8", f"{base64.b64encode(b'[]').decode()}.e30.x"])
def test_what_is_no_token_is_said_to_be_none(text: str) -> None:
    with pytest.raises(NoToken):
        Token.of(text)


# -- entropy -------------------------------------------------------------------------------------------------------------


def ulid(moment: int, source: random.Random) -> str:
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = moment << 80 | source.getrandbits(80)
    return "".join(letters[number >> 5 * place & 31] for place in reversed(range(26)))


def uuid7(moment: int, source: random.Random) -> str:
    number = moment << 80 | 7 << 76 | source.getrandbits(12) << 64 | 2 << 62 | source.getrandbits(62)
    return str(uuid.UUID(int=number))


def _moments(source: random.Random) -> Iterator[int]:
    """Milliseconds, some of them the same, as of a server that is asked again and again."""
    moment, step = 1_772_618_561_000, source.choice((0, 1, 4, 30, 900))
    while True:
        yield moment
        moment += source.randint(0, 2 * step)


GOOD: dict[str, tuple[float, Callable[[random.Random, int], str]]] = {
    "UUID": (122, lambda source, _: str(uuid.UUID(int=source.getrandbits(128), version=4))),
    "UUID 7": (74, lambda source, moment: uuid7(moment, source)),
    "ULID": (80, lambda source, moment: ulid(moment, source)),
    "hexadecimal": (128, lambda source, _: source.randbytes(16).hex()),
    "base64url": (192, lambda source, _: base64.urlsafe_b64encode(source.randbytes(24)).decode()),
    "base32": (160, lambda source, _: base64.b32encode(source.randbytes(20)).decode()),
    "with a prefix": (131, lambda source, _: "cs_live_" + "".join(source.choices(string.ascii_letters + string.digits, k=22))),
    "digits": (66, lambda source, _: f"{source.randrange(10**20):020}"),
    "numbers of any length": (63, lambda source, _: str(source.getrandbits(64))),
}


@pytest.mark.parametrize("name", GOOD)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_good_generator_is_never_blamed(name: str, seed: int) -> None:
    bits, make = GOOD[name]
    source = random.Random(seed)
    moments = _moments(source)
    values = [make(source, next(moments)) for _ in range(entropy.LEAST)]
    assert entropy.most(values) >= bits


@pytest.mark.parametrize(
    ("bits", "make"),
    [
        (0, lambda number, _: f"id-{number:08}"),
        (0, lambda number, _: f"{number + 0xABCDEF00:x}"),
        (21, lambda number, source: f"{1_772_618_561_000 + number}-{source.randrange(10**6):06}"),
        (64, lambda _, source: f"{source.getrandbits(64):016x}"),
        (32, lambda _, source: f"constant-{source.getrandbits(32):08x}-constant"),
    ],
)
def test_what_carries_little_is_estimated_as_little(bits: float, make: Callable[[int, random.Random], str]) -> None:
    source = random.Random(1)
    assert entropy.most([make(number, source) for number in range(100, 140)]) <= bits + 8


def test_a_hash_of_a_counter_cannot_be_told_from_chance() -> None:
    values = [hashlib.sha256(json.dumps(number).encode()).hexdigest() for number in range(40)]
    assert entropy.most(values) == 256
