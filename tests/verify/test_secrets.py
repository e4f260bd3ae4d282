"""No answer shows a credential, a secret that it was sent, or how the server is made; what has a secret is not to be stored."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from tillspec.verify import profile as profiles
from tillspec.verify.contract import Contract
from tillspec.verify.exchange import NOTHING, Answer, Call, Exchange
from tillspec.verify.findings import Finding
from tillspec.verify.oracles.secrets import secrets
from tillspec.verify.run import Run
from tillspec.verify.wire import Origin, Wire

from . import support

KEY, PASSWORD = "key/7d3fe99b+14", "battery-staple-9"
CARDS = """
    openapi: 3.1.0
    info: {title: Cards, version: '1'}
    security: [{Key: []}]
    paths:
      /cards:
        post:
          operationId: createCard
          requestBody:
            content:
              application/json:
                schema: {type: object, properties: {number: {type: string, x-behavior: {secret: {}}}, name: {type: string}}}
          responses: &answers
            '200':
              description: It.
              content:
                application/json:
                  schema: {type: object, properties: {token: {type: string, x-behavior: {secret: {}}}, name: {type: string}}}
        get: {operationId: getCard, responses: *answers}
    components:
      securitySchemes:
        Key: {type: apiKey, in: header, name: X-Api-Key, x-behavior: {secret: {}}}
        Basic: {type: http, scheme: basic, x-behavior: {secret: {}}}
"""
PROFILE = f"""
[tenants.first.credentials]
Key = "{KEY}"
Basic = {{username = "ann", password = "{PASSWORD}"}}
"""


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return support.contract(tmp_path_factory.mktemp("cards"), CARDS)


def told(
    contract: Contract, answer: str | bytes, status: int = 200, sent: Any = NOTHING, headers: tuple[tuple[str, str], ...] = (),
    operation: str = "createCard",
) -> list[Finding]:  # fmt: skip
    """The findings in one answer."""
    run = Run(contract, profiles.read(PROFILE, {}), Wire(Origin.of("http://127.0.0.1:9")))
    run.oracles = (secrets,)
    for scheme, text in (("Key", KEY), ("Basic", f"ann:{PASSWORD}")):
        run.credentials.keep("first", "credentials", scheme, text)
    target = contract.targets[operation]
    data = answer.encode() if isinstance(answer, str) else answer
    call = Call(operation, target.method, "/cards", body=None if sent is NOTHING else json.dumps(sent).encode(), value=sent)
    run.judge(target, Exchange(call, Answer(status, (("Content-Type", "application/json"), *headers), data)))
    return list(run.ledger.found.values())


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        quote(KEY, safe=""),
        base64.b64encode(KEY.encode()).decode(),
        PASSWORD,
        f"ann:{PASSWORD}",
        base64.b64encode(f"ann:{PASSWORD}".encode()).decode(),
    ],
)
def test_a_credential_in_an_answer_is_found_however_it_is_written(cards: Contract, text: str) -> None:
    for found in (told(cards, json.dumps({"name": f"as {text}"})), told(cards, "{}", headers=(("X-Debug", text),))):
        assert [(one.check, one.severity) for one in found] == [("no-credential-echoed", "MUST")]
        assert text not in found[0].observed


INTERNALS = [
    'Traceback (most recent call last):\n  File "/srv/shop/app.py", line 3, in pay\n    x()\nKeyError: 1',
    "AttributeError: 'NoneType' object has no attribute 'id'",
    "java.lang.NullPointerException: null\n\tat com.shop.Pay.run(Pay.java:12)",
    "org.postgresql.util.PSQLException: ERROR",
    "TypeError: Cannot read properties of undefined (reading 'id')\n    at pay (/srv/shop/pay.js:3:5)",
    "Error: no\n    at Object.<anonymous> (file:///srv/shop/pay.mjs:3:5)",
    "PHP Fatal error: Uncaught Error in /var/www/html/pay.php on line 3",
    "#0 /var/www/html/index.php(12): pay()",
    "panic: runtime error: index out of range\n\ngoroutine 1 [running]:",
    "System.NullReferenceException: Object reference not set\n   at Shop.Pay(Int32 a) in C:\\shop\\Pay.cs:line 3",
    "/srv/shop/pay.rb:3:in `pay': undefined method `id' for nil:NilClass (NoMethodError)",
    "SQLSTATE[23505]: Unique violation",
    'duplicate key value violates unique constraint "cards_pkey"',
    "UNIQUE constraint failed: cards.id",
    'relation "cards" does not exist',
    "near: SELECT id, name FROM cards WHERE id = 'x'",
    "INSERT INTO cards (id) VALUES (1)",
    "cannot open /srv/shop/config/secret.env",
    "cannot open C:\\Users\\shop\\app.config",
    "<title>Werkzeug Debugger</title>",
]


@pytest.mark.parametrize("text", INTERNALS)
def test_what_tells_how_the_server_is_made_is_found(cards: Contract, text: str) -> None:
    for body in (json.dumps({"detail": text}), json.dumps({"detail": text}).replace("/", "\\/"), text):
        assert [(one.check, one.severity) for one in told(cards, body, 400)] == [("no-internals", "MUST")], body


@pytest.mark.parametrize("text", [text for text in INTERNALS if "\n" not in text])
def test_what_was_sent_may_be_repeated(cards: Contract, text: str) -> None:
    sent = {"name": text}
    assert told(cards, json.dumps({"detail": f"{text} is no name"}), 400, sent) == []


@pytest.mark.parametrize(
    "text",
    [
        "An Exception applies: select one item from the list, and update it.",
        "Error: the card does not exist",
        "see https://shop.example/app/docs/errors.php?id=3 and /v1/app/docs",
        "Delete from cart",
        "The file is at /home/page",
        "at 12:30 (in the afternoon)",
        "Fatal error in your card's number",
        "ValidationError: name must be a string",
        "com.shop.cart is no valid name",
        "SQL is not a currency",
        "undefined method of payment",
    ],
)
def test_ordinary_texts_are_not_found(cards: Contract, text: str) -> None:
    assert told(cards, json.dumps({"detail": text}), 400) == []


def test_an_error_repeats_no_secret_of_the_request(cards: Contract) -> None:
    sent = {"number": "4242424242424242", "name": "Ann"}
    (finding,) = told(cards, '{"detail": "4242424242424242 is no card"}', 400, sent)
    assert (finding.check, finding.severity) == ("secret-in-errors", "MUST")
    assert told(cards, '{"detail": "************4242 is no card, Ann"}', 400, sent) == []


@pytest.mark.parametrize(
    ("headers", "operation", "expected"),
    [
        ((("Cache-Control", "no-store"),), "getCard", []),
        ((("Cache-Control", "private"), ("Cache-Control", "No-Store")), "getCard", []),
        ((), "getCard", ["MUST"]),
        ((("Cache-Control", "max-age=60"),), "getCard", ["MUST"]),
        ((("Cache-Control", "private, no-cache"),), "getCard", ["SHOULD"]),
        ((), "createCard", ["SHOULD"]),
    ],
)
def test_an_answer_with_a_secret_is_not_to_be_stored(
    cards: Contract, headers: tuple[tuple[str, str], ...], operation: str, expected: list[str]
) -> None:
    found = told(cards, '{"token": "a"}', headers=headers, operation=operation)
    assert [one.severity for one in found] == expected
    assert {one.check for one in found} <= {"header-required"}
    assert told(cards, '{"name": "a"}', headers=headers, operation=operation) == []
