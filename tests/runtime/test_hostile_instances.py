"""Instances that were built to hurt: a generated stub answers 400, soon, and never 500; and none is taken for another value."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import to_jsonable_python
from starlette.types import ASGIApp

from checkout_api import operations as own_operations
from checkout_api._runtime import server as own_server
from checkout_api._runtime.operation import Operation
from tillspec.pipeline import generate
from tillspec.request import Request
from tillspec.runtime.effort import MOST_STEPS, SMALL, steps
from tillspec.runtime.paths import Template
from tillspec.runtime.strict_json import parsed

STRING: dict[str, Any] = {"type": "string"}
SPLIT = r"^(?=a)(a|a)*b(?!x)"
"""A pattern that only an engine that backtracks carries, and that takes 2^n steps."""


def operation(identifier: str, schema: Any = None, media_type: str = "application/json", **more: Any) -> dict[str, Any]:
    body = {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}} if schema is not None else {}
    answer = {"200": {"description": "What was read.", "content": {"application/json": {"schema": {}}}}}
    return {"operationId": identifier, "responses": answer, **body, **more}


def parameter(name: str, location: str, schema: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": location, "schema": schema, **more}


THING = {
    "type": "object",
    "properties": {
        "n": {"type": "integer"}, "x": {"type": "number"}, "s": STRING, "m": {"type": "number", "multipleOf": 0.01},
        "when": {"type": "string", "format": "date-time"}, "l": {"type": "array", "uniqueItems": True, "items": {}},
        "next": {"$ref": "#/components/schemas/Thing"},
    },
}  # fmt: skip
PATTERNS = {
    "type": "object",
    "properties": {
        "linear": {"type": "string", "pattern": "^(a+)+$"}, "words": {"type": "string", "pattern": r"^(\w+\s?)*$"},
        "bounded": {"type": "array", "items": {"type": "string", "pattern": SPLIT}},
        "quadratic": {"type": "string", "pattern": r"(?=.*\d)x"}, "back": {"type": "string", "pattern": r"(a*)*\1b"},
        "huge": {"type": "string", "pattern": "(((a{100}){100}){100})"},
    },
}  # fmt: skip
JUDGED = {
    "type": "object",
    "patternProperties": {r"^x-(?!y)(a|a)*$": {"type": "integer"}},
    "propertyNames": {"pattern": "^(?!q)"},
    "properties": {
        "not": {"not": {"pattern": SPLIT}}, "any": {"anyOf": [{"type": "string", "pattern": SPLIT}, {"type": "integer"}]},
    },
}  # fmt: skip
FORM = {
    "type": "object",
    "properties": {
        "n": {"type": "integer"}, "l": {"type": "array", "items": STRING},
        "a": {"type": "object", "properties": {"b": {"type": "object", "additionalProperties": STRING}}},
    },
}  # fmt: skip
QUERY = [
    parameter("n", "query", {"type": "integer"}), parameter("x", "query", {"type": "number"}),
    parameter("s", "query", {"type": "string", "pattern": SPLIT}),
    parameter("l", "query", {"type": "array", "items": {"type": "integer"}}),
    parameter("d", "query", {"type": "object", "additionalProperties": STRING}, style="deepObject"),
    {"name": "j", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
    parameter("X-N", "header", {"type": "integer"}), parameter("X-S", "header", {"type": "string", "pattern": SPLIT}),
    parameter("c", "cookie", {"type": "integer"}),
]  # fmt: skip
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Hostile", "version": "1"},
    "paths": {
        "/thing": {"post": operation("postThing", {"$ref": "#/components/schemas/Thing"})},
        "/any": {"post": operation("postAny", {})},
        "/patterns": {"post": operation("postPatterns", {"$ref": "#/components/schemas/Patterns"})},
        "/judged": {"post": operation("postJudged", {"$ref": "#/components/schemas/Judged"})},
        "/form": {"post": operation("postForm", FORM, "application/x-www-form-urlencoded")},
        "/text": {"post": operation("postText", STRING, "text/plain")},
        "/query": {"get": operation("getQuery", parameters=QUERY)},
        "/one/{a}": {"get": operation("getOne", parameters=[parameter("a", "path", STRING, required=True)])},
        "/at/{a}-{b}-{c}/end": {
            "get": operation("getAt", parameters=[parameter(name, "path", STRING, required=True) for name in "abc"])
        },
    },
    "components": {"schemas": {"Thing": THING, "Patterns": PATTERNS, "Judged": JUDGED}},
}


class Echo:
    """Answers with what was read."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    async def handle(self, request: Any, **given: Any) -> Any:
        return self.kind(body=to_jsonable_python(given.get("body", given), by_alias=True, fallback=str))


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ASGIApp]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "openapi.json").write_text(json.dumps(CONTRACT))
    generate(Request(folder / "openapi.json", folder / "out", "hostile_api"))
    sys.path.insert(0, str(folder / "out" / "python"))
    operations, server = import_module("hostile_api.operations"), import_module("hostile_api._runtime.server")
    found = _operations(operations, import_module("hostile_api._runtime.operation").Operation)
    bindings = [server.Binding(one, "handle", Echo(one.responses["200"])) for one in found]
    yield server.make_app(server.make_router(bindings, operations.SCHEMES), b"{}")
    sys.path.remove(str(folder / "out" / "python"))


def _operations(module: ModuleType, kind: type[Any]) -> list[Any]:
    return [value for value in vars(module).values() if isinstance(value, kind)]


def call(
    app: ASGIApp,
    method: str,
    raw: bytes,
    *,
    query: bytes = b"",
    headers: list[tuple[bytes, bytes]] | None = None,
    body: bytes = b"",
) -> tuple[int, bytes]:
    """A request as a server hands it on, with whatever bytes."""
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote_to_bytes(raw).decode("utf-8", "replace"), "raw_path": raw, "query_string": query, "root_path": "",
        "headers": headers or [], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    told: list[Any] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        told.append(message)

    asyncio.run(app(scope, receive, send))
    return told[0]["status"], b"".join(message.get("body", b"") for message in told[1:])


def post(app: ASGIApp, path: str, body: bytes, content_type: bytes = b"application/json") -> tuple[int, bytes]:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    return call(app, "POST", path.encode(), headers=headers, body=body)


# -- bodies of JSON ---------------------------------------------------------------------------------------------------------

N = 100_000
NO_JSON: dict[str, bytes] = {
    "lists": b'{"z":' + b"[" * N + b"]" * N + b"}", "objects": b'{"z":' * N + b"1" + b"}" * N, "not closed": b'{"z":' * N,
    "a megabyte of brackets": b"[" * 1_048_576, "300 levels": b"[" * 300 + b"]" * 300,
    "digits": b'{"z":' + b"9" * N + b"}", "1e400": b'{"z":1e400}', "-1E+400": b'[[-1E+400]]', "1e400 typed": b'{"x":1e400}',
    "exponent": b'{"z":1e' + b"9" * N + b"}", "309 digits and a fraction": b'{"z":' + b"9" * 309 + b".5}",
    "NaN": b'{"z":NaN}', "Infinity": b'{"z":[Infinity]}', "-Infinity": b'{"z":-Infinity}', "nan": b'{"z":nan}',
    "a name twice": b'{"z":1,"z":1}', "a name twice, deep": b'{"z":{"y":[{"a":1,"a":2}]}}',
    "a name twice, escaped": b'{"z":1,"\\u007a":2}', "a name twice, with spaces": b'{"z" : 1, "z"\n:2}',
    "a declared name twice": b'{"s":"a","s":"a"}', "the empty name twice": b'{"":1,"":1}',
    "a name twice, far apart": b'{"z":1,' + b"".join(b'"k%d":1,' % i for i in range(20_000)) + b'"z":1}',
    "half a character": b'{"z":"\\ud800"}', "the other half": b'{"z":"\\udc00"}', "half a name": b'{"\\ud800":1}',
    "halves turned round": b'{"z":"\\udc00\\ud800"}', "half a character, raw": b'{"z":"\xed\xa0\x80"}',
    "no UTF-8": b'{"z":"\xff"}', "overlong": b'{"z":"\xc0\xaf"}', "UTF-16": '{"z":1}'.encode("utf-16"),
    "UTF-32": '{"z":1}'.encode("utf-32"), "byte order mark": b'\xef\xbb\xbf{"z":1}', "nul": b'{"z":1}\x00',
    "nul in a text": b'{"z":"\x00"}', "empty": b"", "blank": b" \r\n\t", "cut off": b'{"z":1', "garbage": b'{"z":1} x',
    "two": b'{"z":1}{"z":1}', "comma": b'{"z":1,}', "comment": b'{"z":1/**/}', "quotes": b"{'z':1}", "plus": b'{"z":+1}',
    "leading zero": b'{"z":01}', "no fraction": b'{"z":1.}', "no integer": b'{"z":.5}', "hexadecimal": b'{"z":0x10}',
    "tab in a text": b'{"z":"a\tb"}', "escape": b'{"z":"\\x41"}',
}  # fmt: skip


@pytest.mark.parametrize("name", NO_JSON)
@pytest.mark.parametrize("path", ["/thing", "/any", "/patterns", "/judged"])
def test_what_is_no_json_is_a_400(path: str, name: str, stub: ASGIApp) -> None:
    status, answer = post(stub, path, NO_JSON[name])
    assert status == 400, answer[:300]
    assert len(answer) < 3_000


JSON: dict[str, bytes] = {
    "199 levels": b'{"z":' + b"[" * 199 + b"]" * 199 + b"}", "small": b'{"z":1e-400}',
    "as a text": b'{"z":"NaN, -Infinity, 1e999"}',
    "names in objects beside each other": b'{"z":{"a":1},"y":[{"a":1},{"a":1}]}', "a quoted colon": b'{"z":"\\":1,\\"z\\":"}',
    "both halves": b'{"z":"\\ud83d\\ude00"}', "nul, escaped": b'{"z":"\\u0000"}', "300 digits": b'{"z":' + b"9" * 300 + b"}",
    "many names": b"{" + b",".join(b'"k%d":%d' % (i, i) for i in range(50_000)) + b"}",
    "a long name": b'{"' + b"k" * 1_000_000 + b'":1}', "many numbers": b'{"z":[' + b"1," * 300_000 + b"1]}",
}  # fmt: skip


@pytest.mark.parametrize("name", JSON)
@pytest.mark.parametrize("path", ["/thing", "/any", "/patterns", "/judged"])
def test_odd_json_comes_back_as_it_was(path: str, name: str, stub: ASGIApp) -> None:
    status, answer = post(stub, path, JSON[name])
    assert status == 200, answer[:300]
    assert json.loads(answer) == json.loads(JSON[name])


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"n":5.0}', 200), ('{"n":-0}', 200), ('{"n":1E2}', 200), ('{"n":1e300}', 200), ('{"n":5.5}', 400), ('{"n":"5"}', 400),
        ('{"n":true}', 400), ('{"m":0.07}', 200), ('{"m":1e-300}', 400), ('{"l":[1,1.0]}', 400), ('{"l":[1,true]}', 200),
        ('{"l":[{"a":[1]},{"a":[1.0]}]}', 400), ('{"when":"' + "9" * N + '"}', 400), ('{"when":"2026-02-30T00:00:00Z"}', 400),
        ('{"next":' * 190 + "{}" + "}" * 190, 200), ('{"next":' * 254 + "{}" + "}" * 254, 400),
        ('{"l":[' + ",".join(map(str, range(N))) + "]}", 200),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_values_are_judged_exactly(text: str, status: int, stub: ASGIApp) -> None:
    assert post(stub, "/thing", text.encode())[0] == status


def test_names_that_a_caller_chose_are_not_said_a_hundred_times(stub: ASGIApp) -> None:
    body = {"next": {"k" * 20_000: 1, "l": [1, 1]} | {"x": "no"}}
    deep = json.dumps({"next": {"next": body, "n": "no"}, "n": "no"}).encode()
    status, answer = post(stub, "/thing", deep)
    assert status == 400 and len(answer) < 100_000
    status, answer = post(stub, "/judged", json.dumps({f"q{'k' * 1_000}{i}": 1 for i in range(900)}).encode())
    assert status == 400 and len(answer) < 100_000


@pytest.mark.parametrize(
    "content_type", [b"application/json;" + b" " * 60_000 + b"x", b"application/json" + b';a="' * 10_000, b"\xff"]
)
def test_media_types_are_read_soon(content_type: bytes, stub: ASGIApp) -> None:
    assert post(stub, "/any", b"{}", content_type)[0] in (200, 415)


@pytest.mark.parametrize("length", [b"1", b"999999999999999999999", b"-5", b"abc", "٥".encode(), b"1, 1", b"0"])
def test_a_length_that_lies(length: bytes, stub: ASGIApp) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    assert call(stub, "POST", b"/thing", headers=headers, body=b'{"z":1}')[0] in (200, 400, 413, 415)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text("az\\\"':{}"),
        lambda inner: st.lists(inner) | st.lists(st.tuples(st.text('ab"', max_size=2), inner)),
    )
)
def test_a_name_twice_is_found_wherever_it_stands(value: Any) -> None:
    """Lists of pairs are written as objects, names twice and all."""
    twice = False

    def written(part: Any) -> str:
        nonlocal twice
        if isinstance(part, list) and part and all(isinstance(item, tuple) for item in part):
            twice |= len({name for name, _ in part}) < len(part)
            return "{" + ",".join(f"{json.dumps(name)} : {written(inner)}" for name, inner in part) + "}"
        return f"[{','.join(map(written, part))}]" if isinstance(part, list) else json.dumps(part)

    text = written(value).encode()
    try:
        assert parsed(text) == json.loads(text) and not twice
    except ValueError:
        assert twice


# -- patterns ---------------------------------------------------------------------------------------------------------------

EFFORT = "takes too many steps"


@pytest.mark.parametrize(
    ("path", "value", "status", "told"),
    [
        ("/patterns", {"linear": "a" * N + "b"}, 400, "pattern"), ("/patterns", {"linear": "a" * N}, 200, ""),
        ("/patterns", {"words": "a" * N + "!"}, 400, "pattern"), ("/patterns", {"words": "a " * N}, 200, ""),
        ("/patterns", {"bounded": ["a" * N]}, 400, EFFORT), ("/patterns", {"bounded": ["aab"]}, 200, ""),
        ("/patterns", {"bounded": ["ac"]}, 400, "does not match"),
        ("/patterns", {"bounded": ["a" * 15] * 50_000}, 400, "pattern"),
        ("/patterns", {"quadratic": "a" * N}, 400, EFFORT), ("/patterns", {"quadratic": "a" * 900_000}, 400, EFFORT),
        ("/patterns", {"quadratic": "ax1"}, 200, ""), ("/patterns", {"back": "a" * N}, 400, EFFORT),
        ("/patterns", {"huge": "whatever"}, 200, ""),
        ("/judged", {"x-" + "a" * N + "b": 1}, 200, ""), ("/judged", {"x-a": 1}, 200, ""), ("/judged", {"x-a": "b"}, 400, ""),
        ("/judged", {"q": 1}, 400, "does not match"), ("/judged", {"not": "a" * N}, 400, EFFORT),
        ("/judged", {"not": "ab"}, 400, ""),
        ("/judged", {"not": "c"}, 200, ""), ("/judged", {"any": "a" * N}, 400, EFFORT), ("/judged", {"any": 1}, 200, ""),
        ("/judged", {"any": "ab"}, 200, ""), ("/judged", {f"x-{'a' * 12}b{i}": 1 for i in range(30_000)}, 200, ""),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_a_pattern_ends(path: str, value: Any, status: int, told: str, stub: ASGIApp) -> None:
    """One that gives up refuses, inside `not` too: it never makes a value valid."""
    found, answer = post(stub, path, json.dumps(value).encode())
    assert found == status, answer[:300]
    assert told in answer.decode()
    assert status == 200 or len(answer) < 20_000


def test_steps_shrink_as_texts_grow() -> None:
    assert steps(0) == steps(SMALL) == MOST_STEPS
    assert all(steps(size) * size <= MOST_STEPS * SMALL * 1.01 for size in range(SMALL, 2_000_000, 9_999))


# -- everything else --------------------------------------------------------------------------------------------------------

FORMS: dict[bytes, int] = {
    b"n=5": 200, b"n=05": 400, b"n=1&n=2": 400, b"%ff=1": 400, b"n=%ff": 400, b"n=%": 400, b"\xff=1": 400,
    b"l=+&l=%2B": 200, b"&" * N: 200, b"x=%ED%A0%80": 400, b"n=" + b"9" * N: 400, b"l=a&" * N: 200,
    # A bracket in a name means something under deepObject alone.
    b"a" + b"[b]" * 1_000 + b"=1": 200, b"a" + b"[b]" * N + b"=1": 200, b"a[b][c]=1&a[b]=2": 200, b"a[b][c]=1": 200,
    b"a[b][%00]=1": 200, b"a[b]=1": 200, b"n[x]=1": 200, b"l[" + b"9" * 5_000 + b"]=a": 200, b"l[-1]=a": 200,
}  # fmt: skip


@pytest.mark.parametrize("body", FORMS, ids=lambda body: body[:30].decode("latin-1"))
def test_forms(body: bytes, stub: ASGIApp) -> None:
    status, answer = post(stub, "/form", body, b"application/x-www-form-urlencoded")
    assert status == FORMS[body], answer[:300]


@pytest.mark.parametrize(("body", "status"), [(b"\xff", 400), (b"\xed\xa0\x80", 400), (b"\x00", 200)])
def test_texts(body: bytes, status: int, stub: ASGIApp) -> None:
    assert post(stub, "/text", body, b"text/plain")[0] == status


QUERIES: dict[bytes, int] = {
    b"n=5": 200, b"n=5.0": 200, b"n=5.5": 400, b"n=": 400, b"n=+5": 400, b"n=" + b"9" * 60_000: 400, b"x=1e400": 400,
    b"x=NaN": 400,
    b"x=Infinity": 400, b"n=%ff": 400, b"%ff=1": 400, b"n=%00": 400, b"s=" + b"a" * 60_000: 400, b"s=aab": 200, b"l=1,2": 400,
    b"l=1&" * 10_000: 200, b"d[a]=1": 200, b"d" + b"[a]" * 20_000 + b"=1": 400, b"d[a]=1&d[a]=2": 400, b"d[%ff]=1": 400,
    b"j={}": 200, b"j={": 400, b"j=NaN": 400, b'j={"a":1e400}': 400, b'j={"a":1,"a":1}': 400, b"j=" + b"[" * 30_000: 400,
    b'j={"a":"%5Cud800"}': 400, b'j={"a":"%00"}': 400, b"n=\xff": 400, b"&&&=&": 200, b"a=1&" * 15_000: 200,
}  # fmt: skip


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:30].decode("latin-1"))
def test_queries(query: bytes, stub: ASGIApp) -> None:
    status, answer = call(stub, "GET", b"/query", query=query)
    assert status == QUERIES[query], answer[:300]


HEADERS: list[tuple[bytes, bytes, int]] = [
    (b"x-n", b"5", 200), (b"x-n", b"\xff", 400), (b"x-n", "٥".encode(), 400), (b"x-s", b"a" * 60_000, 400),
    (b"x-s", b"\xe9", 400),
    (b"cookie", b"c=5", 200), (b"cookie", b"c", 400), (b"cookie", b";;;=;=x;\xff=\xfe", 200), (b"cookie", b'c="', 400),
    (b"cookie", b"c=%ff", 400), (b"cookie", b"c=%00", 400), (b"cookie", b"a=b;" * 15_000, 200), (b"accept", b"," * 60_000, 200),
    (b"accept", b";q=", 200), (b"\xff", b"1", 200),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "status"), HEADERS, ids=lambda value: str(value)[:20])
def test_headers(name: bytes, value: bytes, status: int, stub: ASGIApp) -> None:
    found, answer = call(stub, "GET", b"/query", headers=[(name, value)])
    assert found == status, answer[:300]


PATHS: dict[bytes, int] = {
    b"/one/a%2Fb": 200, b"/one/%2e%2e": 200, b"/one/%00": 200, b"/one/%ff": 400, b"/one/%ED%A0%80": 400, b"/one/%": 200,
    b"/one/" + b"a" * 60_000: 200, b"/one/": 404, b"/one/a/b": 404, b"/at/a-b-c/end": 200, b"/at/a-b/end": 404,
    b"/at/" + b"-" * 60_000: 404, b"/at/" + b"-" * 60_000 + b"/end": 200, b"/at/" + b"a" * 60_000 + b"/end": 404,
    b"/at/" + b"-" * 60_000 + b"/no": 404, b"/" * 60_000: 404,
}  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:20].decode())
def test_paths(path: bytes, stub: ASGIApp) -> None:
    status, answer = call(stub, "GET", path)
    assert status == PATHS[path], answer[:300]


@given(st.lists(st.text("ab-", max_size=3), min_size=2, max_size=4), st.text("ab-", max_size=9))
def test_several_expressions_of_a_segment_match_as_an_engine_has_them(texts: list[str], segment: str) -> None:
    names = (f"{{{name}}}" for name in "pqr")
    template = "".join(text + (next(names) if index < len(texts) - 1 else "") for index, text in enumerate(texts))
    expected = re.fullmatch("([^/]+)".join(map(re.escape, texts)), segment)

    found = Template(f"/{template}").values(f"/{segment}")
    assert found == (expected and expected.groups())


# -- over a socket ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def port(stub: ASGIApp) -> Iterator[int]:
    server = uvicorn.Server(uvicorn.Config(stub, host="127.0.0.1", port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def sent(port: int, data: bytes, *, close: bool = True) -> bytes:
    """The first line of the answer to bytes that are sent as they are."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(data)
        if close:
            connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").readline()


def request_of(body: bytes, path: bytes = b"/any", more: bytes = b"") -> bytes:
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n"
    return head % (path, len(body), more) + body


@pytest.mark.parametrize(
    "name", ["lists", "a megabyte of brackets", "1e400", "NaN", "a name twice", "half a character", "no UTF-8", "empty"]
)
def test_what_is_no_json_is_a_400_over_a_socket(name: str, port: int) -> None:
    assert sent(port, request_of(NO_JSON[name])).startswith(b"HTTP/1.1 400 ")


def test_a_server_lives_on_after_all_that(port: int) -> None:
    for data in (
        b"\x00" * 100_000, b"GET / HTTP/9.9\r\n\r\n", b"POST /any HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{}",
        b"POST /any HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /one/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        request_of(b"{}", more=b"X-N: \xff\xfe\r\n"), request_of(b"{}", more=b"Cookie: \x80=\x81\r\n"),
        request_of(b"{}", path=b"/one/%00%ff%2e%2e%2f"),
    ):  # fmt: skip
        assert b" 500 " not in sent(port, data)
    assert sent(port, request_of(b'{"z":1}'), close=False).startswith(b"HTTP/1.1 200 ")


# -- our own contract -------------------------------------------------------------------------------------------------------


class NotHere:
    async def handle(self, request: Any, **given: Any) -> Any:
        raise NotImplementedError


OWN = [one for one in _operations(own_operations, Operation) if one.method in ("POST", "PUT", "PATCH", "GET", "DELETE")]
OWN_APPS: dict[str, ASGIApp] = {
    one.id: own_server.make_app(
        own_server.make_router([own_server.Binding(one, "handle", NotHere())], own_operations.SCHEMES), b"{}"
    )
    for one in OWN
}
CREDENTIALS = [
    (b"authorization", b"Bearer secret-4711"), (b"x-api-key", b"secret-4711"),
    (b"idempotency-key", b"0b5a5f3e-8a0c-4ad9-9d3d-0f5d3e9f7c11"),
]  # fmt: skip
FRAGMENTS = st.sampled_from(
    [b"{", b"}", b"[", b"]", b":", b",", b'"', b'"a"', b"\\ud800", b"1e999", b"-", b"0", b"NaN", b"null", b"true", b"\xff", b" "]
)
BODIES = st.binary(max_size=200) | st.lists(FRAGMENTS, max_size=30).map(b"".join)


@pytest.mark.parametrize("one", OWN, ids=lambda one: one.id)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=BODIES, query=st.binary(max_size=40), value=st.binary(min_size=1, max_size=20))
def test_no_bytes_are_a_failure_of_the_server(one: Operation[Any], body: bytes, query: bytes, value: bytes) -> None:
    """Whatever is sent to an operation of our own contract: 501, for nobody implements it here, or an error of the caller's."""
    content_type = next(iter(one.body.contents), "application/json") if one.body else "application/json"
    path = re.sub(rb"\{[^}]*\}", lambda _: value.replace(b"/", b"_").replace(b"?", b"_"), one.path.encode())
    headers = [*CREDENTIALS, (b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    status, answer = call(OWN_APPS[one.id], one.method, path, query=query, headers=headers, body=body)
    assert status == 501 or 400 <= status < 500, (status, answer[:300])
    assert b"secret-4711" not in answer
