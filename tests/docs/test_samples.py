"""Requests of every kind in every language: what arrives is the same, whoever sends it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from docs.running import RequireEngine, run
from tillspec.api.model import Api
from tillspec.diagnostics import Report
from tillspec.docs.samples.all import LANGUAGES, Samples
from tillspec.pipeline import read

TRICKY = 'it\'s "quoted" `x` $HOME ${x} \\ %s é 漢 😀\n</script>'
TEXT = {"type": "string"}
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


def operation(name: str, **words: Any) -> dict[str, Any]:
    return {"operationId": name, "responses": {"200": {"description": "Done."}}, **words}


def body(media_type: str, value: Any, schema: Any = None, **words: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {media_type: {"schema": schema or {}, "example": value, **words}}}}


def parameter(name: str, place: str, example: Any, schema: Any = None, **words: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "required": True, "schema": schema or TEXT, "example": example, **words}


DEEP = {"type": "object", "properties": {"deep": {"type": "object"}, "list": {"type": "array", "items": TEXT}}}
FILE = {"type": "object", "properties": {"note": TEXT, "file": {"type": "string", "contentMediaType": "text/plain"}, "raw": {}}}
TEXTS = {"text": TRICKY, "n": [1, 2.5, True, None], "o": {}}
LARGE = {"n": 12345678901234567890, "__proto__": {"a": 1}, "1": "x"}
ITEM = [
    parameter("id", "path", "a/b c?é"),
    parameter("q", "query", "x&y=é"),
    parameter("X-Note", "header", "it's $5"),
    parameter("many", "query", ["a", "b"], {"type": "array", "items": TEXT}),
]
OPERATIONS = {
    "/json": ("post", operation("json", **body("application/json", TEXTS), security=[{"Header": []}])),
    "/large": ("post", operation("large", **body("application/json", LARGE))),
    "/form": ("post", operation("form", **body(
        FORM, {"a b": TRICKY, "list": ["x", "y"], "deep": {"k": {"l": "v"}}}, DEEP,
        encoding={"deep": {"style": "deepObject", "explode": True}}), security=[{"Bearer": []}])),
    "/multi": ("post", operation("multi", **body(
        MULTIPART, {"note": "a=b; c", "file": "some text", "raw": "bytes\n"}, FILE,
        encoding={"raw": {"contentType": "application/octet-stream"}}))),
    "/text": ("put", operation("text", **body("text/plain", TRICKY, TEXT), security=[{"Basic": []}])),
    "/items/{id}": ("get", operation("item", parameters=ITEM, security=[{"Query": []}])),
    "/cookie": ("delete", operation("cookie", security=[{"Cookie": []}])),
}  # fmt: skip
SCHEMES = {
    "Query": {"type": "apiKey", "in": "query", "name": "api key"},
    "Cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "Header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "Bearer": {"type": "http", "scheme": "bearer"},
    "Basic": {"type": "http", "scheme": "basic"},
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Samples", "version": "1"},
    "servers": [{"url": "https://api.example/v1"}],
    "components": {"securitySchemes": SCHEMES},
    "paths": {path: {method: declared} for path, (method, declared) in OPERATIONS.items()},
}
ENVIRONMENT = {"QUERY": "k&1", "COOKIE": "s1", "HEADER": "h1", "BEARER": "b1", "BASIC_USER": "me", "BASIC_PASSWORD": "p:w"}


class Received(BaseHTTPRequestHandler):
    """Keeps what arrives."""

    log: list[dict[str, Any]]

    def handle_any(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length") or 0))
        kind = self.headers.get_content_type() if self.headers.get("content-type") else ""
        path, _, query = self.path.partition("?")
        names = ("x-key", "x-note", "authorization", "cookie")
        headers = {name: self.headers[name] for name in names if name in self.headers}
        parsed = self._parsed(kind, data)
        self.log.append(
            {"method": self.command, "path": path, "query": parse_qsl(query), "kind": kind, "headers": headers, "body": parsed}
        )
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _parsed(self, kind: str, data: bytes) -> Any:
        if kind == "application/json":
            return json.loads(data)
        if kind == FORM:
            return parse_qsl(data.decode(), keep_blank_values=True)
        if kind == MULTIPART:
            head = b"Content-Type: " + self.headers["content-type"].encode() + b"\r\n\r\n"
            parts = message_from_bytes(head + data, policy=HTTP).iter_parts()
            named = ((str(one.get_param("name", header="content-disposition")), one.get_payload(decode=True)) for one in parts)
            return sorted(named)
        return data.decode()

    def log_message(self, *_: Any) -> None:
        pass

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    log: list[dict[str, Any]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Kept", (Received,), {"log": log}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1", log
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> tuple[Api, Samples]:
    path = tmp_path_factory.mktemp("samples") / "api.json"
    path.write_text(json.dumps(DOCUMENT))
    api = read(path, frozenset(), (), Report())[1]
    return api, Samples(api, "no_client_api")


EXPECTED: list[dict[str, Any]] = [
    {"method": "POST", "path": "/v1/json", "kind": "application/json", "headers": {"x-key": "h1"},
     "body": {"text": TRICKY, "n": [1, 2.5, True, None], "o": {}}},
    {"method": "POST", "path": "/v1/large", "kind": "application/json",
     "body": {"n": 12345678901234567890, "__proto__": {"a": 1}, "1": "x"}},
    {"method": "POST", "path": "/v1/form", "kind": FORM, "headers": {"authorization": "Bearer b1"},
     "body": [("a b", TRICKY), ("list", "x"), ("list", "y"), ("deep[k][l]", "v")]},
    {"method": "POST", "path": "/v1/multi", "kind": MULTIPART,
     "body": [("file", b"some text"), ("note", b"a=b; c"), ("raw", b"bytes\n")]},
    {"method": "PUT", "path": "/v1/text", "kind": "text/plain", "headers": {"authorization": "Basic bWU6cDp3"}, "body": TRICKY},
    {"method": "GET", "path": "/v1/items/a%2Fb%20c%3F%C3%A9",
     "query": [("q", "x&y=é"), ("many", "a"), ("many", "b"), ("api key", "k&1")],
     "headers": {"x-note": "it's $5"}},
    {"method": "DELETE", "path": "/v1/cookie", "headers": {"cookie": "sid=s1"}},
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_arrives_is_the_same(
    language: str,
    receiver: tuple[str, list[dict[str, Any]]],
    samples: tuple[Api, Samples],
    tmp_path: Path,
    require_engine: RequireEngine,
) -> None:
    url, log = receiver
    api, made = samples
    scripts = {one.id: dict(made.all(made.request(one)))[language] for one in api.operations}
    if language == "python":  # there is no such client to import: these are the samples without one
        scripts = {name: text for name, text in scripts.items() if "import httpx" in text}
        assert {"json", "large", "form", "multi", "text"} <= scripts.keys()
    if language == "curl":
        (tmp_path / "example.txt").write_text("bytes\n")
    env = ENVIRONMENT | {"API_URL": url}
    if language == "curl":
        env = {**env, "QUERY": "k%261"}  # a shell has no encoding of its own
    done = run(language, scripts, tmp_path, env, require_engine)
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = [one for one in EXPECTED if re.match(r"/v1/(\w+)", one["path"])[1].replace("items", "item") in scripts]  # type: ignore[index]
    assert log == [{"query": [], "kind": "", "headers": {}, "body": "", **one} for one in wanted]
