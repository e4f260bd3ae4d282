"""Answers are held against what is declared of them, each broken thing is told once, and what is allowed is not told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tillspec.verify import profile as profiles
from tillspec.verify.contract import Contract
from tillspec.verify.exchange import Answer, Call, Exchange
from tillspec.verify.findings import Finding
from tillspec.verify.oracles.responses import responses
from tillspec.verify.run import Run
from tillspec.verify.wire import Origin, Wire

from . import support

THINGS = """
    openapi: 3.1.0
    info: {title: Things, version: '1'}
    paths:
      /things:
        get:
          operationId: listThings
          responses:
            '200':
              description: All.
              content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Thing'}}}}
      /things/{id}:
        get:
          operationId: getThing
          parameters: [{name: id, in: path, required: true, schema: {type: string}}]
          responses:
            '200':
              description: One.
              headers:
                X-Count: {required: true, schema: {type: integer, minimum: 1}}
                X-Tags: {schema: {type: array, items: {type: integer}}}
                X-Shape: {schema: {type: object, required: [w], properties: {w: {type: integer}}, additionalProperties: false}}
                X-Json: {content: {application/json: {schema: {type: object, required: [a]}}}}
                Set-Cookie: {schema: {type: string, pattern: '^session=[a-z]+; Secure$'}}
                Content-Type: {schema: {type: integer}}
              content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}
            '204': {description: None.}
            4XX:
              description: Not so.
              content:
                application/problem+json: {schema: {type: object, required: [title], properties: {title: {type: string}}}}
      /safe/{id}:
        get:
          operationId: getSafe
          security: [{Key: []}]
          parameters: [{name: id, in: path, required: true, schema: {type: string}}]
          responses: {'200': {description: It.}}
      /text:
        get:
          operationId: getText
          responses:
            '200':
              description: Text.
              content:
                text/plain; charset=utf-8: {schema: {type: string, format: date}}
                text/csv: {schema: {type: string, minLength: 3}}
                application/octet-stream: {schema: {type: string, format: binary}}
                application/x-www-form-urlencoded:
                  schema:
                    type: object
                    required: [amount]
                    properties: {amount: {type: integer}, tags: {type: array, items: {type: integer}}}
                application/xml: {schema: {type: object, required: [a]}}
            default: {description: Anything else.}
    components:
      securitySchemes: {Key: {type: apiKey, in: header, name: X-Key}}
      schemas:
        Thing:
          type: object
          required: [id, amount]
          additionalProperties: false
          properties:
            id: {type: string, format: uuid, minLength: 36}
            amount: {type: integer, minimum: 0}
            note: {type: string}
            password: {type: string, writeOnly: true}
            kind:
              oneOf:
                - {type: object, required: [type, number], properties: {type: {const: card}, number: {type: string}}}
                - {type: object, required: [type, iban], properties: {type: {const: bank}, iban: {type: string}}}
"""
ID = "7d3fe99b-1422-42e6-bbb3-932d95ae5f79"
GOOD = f'{{"id": "{ID}", "amount": 3}}'
COUNT = (("X-Count", "1"),)


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return support.contract(tmp_path_factory.mktemp("things"), THINGS)


def told(
    contract: Contract, operation: str, status: int, body: bytes | str, media_type: str | None = "application/json",
    headers: tuple[tuple[str, str], ...] = (), policy: str = "", call: Call | None = None,
) -> list[Finding]:  # fmt: skip
    """The findings in one answer, to a plain request where no other is given."""
    run = Run(contract, profiles.read(policy, {}), Wire(Origin.of("http://127.0.0.1:9")))
    run.oracles = (responses,)
    data = body.encode() if isinstance(body, str) else body
    sent = (("Content-Type", media_type), *headers) if media_type is not None else headers
    target = contract.targets[operation]
    call = call or Call(operation, target.method, target.path.replace("{id}", ID))
    run.judge(target, Exchange(call, Answer(status, sent, data)))
    return list(run.ledger.found.values())


def checks(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.severity.value, one.check) for one in found]


def thing(contract: Contract, body: bytes | str, **more: Any) -> list[Finding]:
    return told(contract, "getThing", 200, body, headers=COUNT, **more)


# -- statuses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (201, [("MUST", "status-declared")]),
        (302, [("MUST", "status-declared")]),
        (304, [("SHOULD", "status-declared")]),
        (500, [("MUST", "no-crash")]),
        (503, [("MUST", "no-crash")]),
        (404, []),
        (418, []),
    ],
)
def test_a_status_is_declared_itself_or_by_its_class(things: Contract, status: int, expected: list[Any]) -> None:
    body, media_type = ('{"title": "no"}', "application/problem+json") if status < 500 else ("oops", "text/plain")
    assert checks(told(things, "getThing", status, body, media_type)) == expected


def test_a_default_declares_every_status_but_a_crash(things: Contract) -> None:
    assert checks(told(things, "getText", 418, "")) == []
    assert checks(told(things, "getText", 500, "")) == [("MUST", "no-crash")]


def test_a_status_that_the_profile_allows_is_no_finding(things: Contract) -> None:
    assert told(things, "listThings", 403, "", policy="policy.undeclared-statuses = [403]") == []
    assert checks(told(things, "listThings", 403, "")) == [("MUST", "status-declared")]


@pytest.mark.parametrize("status", [405, 406, 408, 411, 413, 414, 415, 417, 426, 429, 431])
def test_what_http_says_of_every_message_need_not_be_declared(things: Contract, status: int) -> None:
    """The Responses Object need not have what may be answered to anything (OpenAPI 3.1): that it has it not is noted."""
    assert checks(told(things, "listThings", status, "")) == [("INFO", "status-declared")]


@pytest.mark.parametrize(
    ("operation", "status", "expected"),
    [
        ("getSafe", 401, "INFO"), ("listThings", 401, "SHOULD"), ("getSafe", 404, "INFO"), ("listThings", 404, "SHOULD"),
        ("getSafe", 403, "MUST"), ("getSafe", 409, "MUST"), ("getSafe", 400, "SHOULD"), ("getSafe", 422, "SHOULD"),
    ],
)  # fmt: skip
def test_who_asks_for_credentials_and_ids_may_know_neither(things: Contract, operation: str, status: int, expected: str) -> None:
    assert checks(told(things, operation, status, "")) == [(expected, "status-declared")]


@pytest.mark.parametrize("status", [408, 413, 414, 431])
def test_what_stands_before_a_server_has_words_of_its_own_for_what_is_too_much(things: Contract, status: int) -> None:
    assert told(things, "getThing", status, "<h1>Too much</h1>", "text/html") == []
    assert checks(told(things, "getThing", 409, "<h1>Conflict</h1>", "text/html")) == [("MUST", "media-type-declared")]


@pytest.mark.parametrize("status", [307, 400, 404])
def test_a_path_that_no_route_need_match_is_answered_by_the_framework(things: Contract, status: int) -> None:
    call = Call("getThing", "GET", "/things/a%2Fb")
    assert told(things, "getThing", status, "<h1>Not here</h1>", "text/html", call=call) == []
    assert checks(told(things, "getThing", 500, "", call=call)) == [("MUST", "no-crash")]
    assert set(checks(told(things, "getThing", 200, "{}", headers=COUNT, call=call))) == {("MUST", "body-schema")}


# -- bodies of JSON ------------------------------------------------------------------------------------------------------


def test_a_good_answer_has_no_findings(things: Contract) -> None:
    assert thing(things, GOOD) == []
    assert thing(things, GOOD, media_type="Application/JSON; charset=utf-8") == []
    assert told(things, "listThings", 200, "[]") == []


@pytest.mark.parametrize(
    ("body", "observed"),
    [
        (b"{", "Expecting"),
        (GOOD.encode() + b"x", "Extra data"),
        (GOOD.replace("3", "NaN").encode(), "NaN is no number"),
        (GOOD.replace("3", "-Infinity").encode(), "-Infinity is no number"),
        (b'{"note": "\xff"}', "not UTF-8 at byte 10"),
        (GOOD.encode("utf-16"), "not UTF-8"),
        (b"\xef\xbb\xbf" + GOOD.encode(), "byte order mark"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_json_is_read_to_the_letter(things: Contract, body: bytes, observed: str) -> None:
    (finding,) = thing(things, body)
    assert (finding.check, finding.severity) == ("body-json", "MUST")
    assert observed in finding.observed


def test_a_name_that_stands_twice_should_not(things: Contract) -> None:
    (finding,) = thing(things, f'{{"id": "{ID}", "amount": 2, "amount": 3}}')
    assert (finding.check, finding.severity, finding.observed) == ("body-json", "SHOULD", "amount")


def test_what_no_validator_reads_is_judged_all_the_same(things: Contract) -> None:
    assert thing(things, f'{{"id": "{ID}", "amount": 3, "note": "\\ud800"}}') == []
    assert thing(things, f'{{"id": "{ID}", "amount": {10**400}}}') == []


THING = "/components/schemas/Thing"


@pytest.mark.parametrize(
    ("body", "clause", "what"),
    [
        (f'{{"id": "{ID}"}}', f"{THING}/required", "the required property `amount` is missing"),
        (f'{{"id": "{ID}", "amount": -1}}', f"{THING}/properties/amount/minimum", "`amount` breaks minimum"),
        (f'{{"id": "{ID}", "amount": "3"}}', f"{THING}/properties/amount/type", "`amount` breaks type"),
        ('{"id": "", "amount": 3}', f"{THING}/properties/id/minLength", "`id` breaks minLength"),
        (f'{{"id": "{ID}", "total": 3}}', f"{THING}/required", "the required property `amount` is missing"),
        (GOOD.replace("}", ', "x": 1}'), f"{THING}/additionalProperties",
         "an object that is closed has a property that is not declared"),
        (GOOD.replace("}", ', "password": "p"}'), f"{THING}/properties/password/writeOnly",
         "the property `password`, which is write-only, is in an answer"),
        (GOOD.replace("}", ', "kind": {"type": "bank", "number": "1"}}'), f"{THING}/properties/kind/oneOf/1/required",
         "the required property `iban` is missing"),
        (GOOD.replace("}", ', "kind": {"type": "cash"}}'), f"{THING}/properties/kind/oneOf", "`kind` breaks oneOf"),
        ("[]", f"{THING}/type", "the body breaks type"),
    ],
)  # fmt: skip
def test_one_broken_thing_is_one_finding_with_its_own_clause(things: Contract, body: str, clause: str, what: str) -> None:
    (finding,) = thing(things, body)
    assert (finding.check, finding.severity, finding.clause.pointer, finding.what) == ("body-schema", "MUST", clause, what)
    assert finding.clause.line is not None


def test_a_component_that_operations_share_is_told_of_as_one_cause(things: Contract) -> None:
    (one,), (other,) = thing(things, '{"amount": 1}'), told(things, "listThings", 200, '[{"amount": 1}]')
    assert one.cause == other.cause


def test_a_property_of_requests_is_told_in_3_0_too(tmp_path: Path) -> None:
    older = THINGS.replace("3.1.0", "3.0.3").replace("{const: card}", "{type: string}").replace("{const: bank}", "{type: string}")
    contract = support.contract(tmp_path, older)
    assert [one.what for one in thing(contract, GOOD.replace("}", ', "password": "p"}'))] == [
        "the property `password`, which is write-only, is in an answer"
    ]


# -- other bodies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("media_type", "body", "expected"),
    [
        ("text/plain", b"2026-03-02", []),
        ("text/plain; charset=utf-8", b"March", [("MUST", "body-schema")]),
        ("text/csv; charset=iso-8859-1", b"a;\xe4", []),
        ("text/csv", b"a;\xe4", [("MUST", "body-schema")]),
        ("text/csv; charset=klingon", b"a;b", [("MUST", "body-schema")]),
        ("text/csv", b"", [("MUST", "body-schema")]),
        ("application/octet-stream", b"\xff\x00", []),
        ("application/octet-stream", b"", []),
        ("application/x-www-form-urlencoded", b"amount=3&tags=1&tags=2", []),
        ("application/x-www-form-urlencoded", b"amount=x", [("MUST", "body-schema")]),
        ("application/x-www-form-urlencoded", b"tags=1", [("MUST", "body-schema")]),
        ("application/xml", b"<a/>", []),
        ("text/html", b"<p>", [("MUST", "media-type-declared")]),
        (None, b"a;b", [("MUST", "media-type-declared")]),
    ],
)
def test_other_bodies_are_read_by_their_media_type(
    things: Contract, media_type: str | None, body: bytes, expected: list[Any]
) -> None:
    assert checks(told(things, "getText", 200, body, media_type)) == expected


def test_a_body_is_there_where_it_is_declared_and_only_there(things: Contract) -> None:
    assert checks(thing(things, "")) == [("MUST", "body-expected")]
    assert checks(told(things, "getText", 404, "x", "text/plain")) == [("SHOULD", "body-expected")]
    assert told(things, "getThing", 204, "", None) == []


@pytest.mark.parametrize(
    ("header", "severity"),
    [(("Content-Length", "5"), "MUST"), (("Content-Length", "0"), "SHOULD"), (("Transfer-Encoding", "chunked"), "MUST")],
)
def test_a_204_says_nothing_of_a_body(things: Contract, header: tuple[str, str], severity: str) -> None:
    assert checks(told(things, "getThing", 204, "", None, (header,))) == [(severity, "body-expected")]


# -- headers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Count": ["2"]}, []),
        ({}, ["header-required"]),
        ({"X-Count": ["0"]}, ["header-schema"]),
        ({"X-Count": ["many"]}, ["header-schema"]),
        ({"X-Count": ["NaN"]}, ["header-schema"]),
        ({"X-Count": ["1", "1"]}, ["header-schema"]),
        ({"X-Count": ["1"], "X-Tags": ["1, 2", "3"]}, []),
        ({"X-Count": ["1"], "X-Tags": [""]}, []),
        ({"X-Count": ["1"], "X-Tags": ["1, x"]}, ["header-schema"]),
        ({"X-Count": ["1"], "X-Shape": ["w,3"]}, []),
        ({"X-Count": ["1"], "X-Shape": ["w=3"]}, []),
        ({"X-Count": ["1"], "X-Shape": ["h,3"]}, ["header-schema"]),
        ({"X-Count": ["1"], "X-Json": ['{"a": 1}']}, []),
        ({"X-Count": ["1"], "X-Json": ["{}"]}, ["header-schema"]),
        ({"X-Count": ["1"], "X-Json": ["a"]}, ["header-schema"]),
        ({"X-Count": ["1"], "Set-Cookie": ["session=a; Secure", "session=b; Secure"]}, []),
        ({"X-Count": ["1"], "Set-Cookie": ["session=a; Secure", "session=b"]}, ["header-schema"]),
    ],
)
def test_headers_are_read_by_their_schemas(things: Contract, headers: Mapping[str, list[str]], expected: list[str]) -> None:
    sent = tuple((name, value) for name, values in headers.items() for value in values)
    assert [one.check for one in told(things, "getThing", 200, GOOD, headers=sent)] == expected


def test_the_clause_of_a_header_is_the_keyword(things: Contract) -> None:
    (finding,) = told(things, "getThing", 200, GOOD, headers=(("X-Count", "0"),))
    assert finding.clause.pointer.endswith("/responses/200/headers/X-Count/schema/minimum")


# -- on the wire ---------------------------------------------------------------------------------------------------------


async def _app(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    body = GOOD if scope["path"].startswith("/things/") else "[]"
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"application/json"), (b"x-count", b"1")],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body.encode()})


def test_a_server_that_keeps_it_is_found_to_do_so(things: Contract) -> None:
    with support.serving(_app) as url:
        made = support.verified(things, url, only=("listThings",))
    assert made.passed("body-schema"), str(made)
    assert made.passed("status-declared")


def _broken(data: bytes) -> Iterator[Any]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()
        writer.close()

    yield answer


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]",
    ],
)
def test_an_answer_that_is_not_whole_is_told(things: Contract, data: bytes) -> None:
    async def one() -> list[Finding]:
        (answer,) = _broken(data)
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            wire = Wire(Origin.of(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"), timeout=5)
            run = Run(things, profiles.read("", {}), wire)
            run.oracles = (responses,)
            await run.exchange(things.targets["listThings"], Call("listThings", "GET", "/things"))
            await wire.close()
        return list(run.ledger.found.values())

    (finding,) = asyncio.run(one())
    assert (finding.check, finding.severity) == ("answers", "MUST")
