"""The generated server: a package is made from a small, partly hostile contract, checked by mypy --strict, and served."""

from __future__ import annotations

import ast
import asyncio
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from tillspec.api.build import build
from tillspec.api.model import Api
from tillspec.diagnostics import Report
from tillspec.document.bundle import bundle
from tillspec.document.load import load
from tillspec.emit.models import models
from tillspec.emit.options import Options
from tillspec.emit.package import package

PACKAGE = "small_server"
HOSTILE = "\"\"\"\n'''\\\nimport os; os.abort() # \u202e {{ 7 * 7 }} {% raw %}\\"
FAULT = {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}}
ID = {"X-Request-Id": {"required": True, "schema": {"type": "string", "minLength": 1}}}

CONTRACT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": HOSTILE, "version": "1", "description": HOSTILE},
    "tags": [{"name": "Sessions", "description": HOSTILE}, {"name": "shop"}, {"name": "class"}],
    "security": [{"Key": []}],
    "paths": {
        "/sessions": {
            "post": {
                "operationId": "createSession",
                "tags": ["Sessions"],
                "x-behavior": {"surface": "shop"},
                "summary": "Makes a session.",
                "description": HOSTILE,
                "parameters": [
                    {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}, "description": HOSTILE},
                    {"name": "size", "in": "query", "schema": {"type": "integer", "format": "int32", "minimum": 1, "default": 7}},
                    {"name": "Accept", "in": "header", "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                },
                "responses": {
                    "201": {
                        "description": "Made.",
                        "headers": ID
                        | {
                            "Location": {"required": True, "schema": {"type": "string"}},
                            "Cache-Control": {"required": True, "schema": {"const": "no-store"}},
                            "Expires-At": {"schema": {"type": "string", "format": "date-time"}},
                        },
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Session"}}},
                    },
                    "404": {"$ref": "#/components/responses/NotFound"},
                    "4XX": {"$ref": "#/components/responses/Refused"},
                },
            }
        },
        "/sessions/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}],
            "get": {
                "operationId": "import",
                "tags": ["Sessions"],
                "x-behavior": {"surface": "shop"},
                "deprecated": True,
                "security": [{"Key": [], "Bearer": []}, {"Basic": []}, {}],
                "parameters": [
                    {"name": "class", "in": "query", "required": True, "schema": {"enum": ["a", HOSTILE, "b | c"]}},
                    {"name": "request", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
                    {"name": HOSTILE, "in": "query", "schema": {"type": "string", "pattern": "^(?!x)\\d*\"'''$"}},
                ],
                "responses": {"200": {"description": "", "headers": ID, "content": {"image/png": {}, "image/svg+xml": {}}}},
            },
        },
        "/loose/{class}/{request}": {
            "get": {
                "operationId": "getLoose",
                "tags": ["class"],
                "security": [],
                "parameters": [
                    {"name": "class", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "request", "in": "path", "required": True, "schema": {"type": "integer"}},
                ],
                "responses": {"200": {"description": "A text.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
            }
        },
        "/files": {
            "put": {
                "operationId": "putFile",
                "tags": ["shop"],
                "security": [],
                "requestBody": {
                    "content": {
                        "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Order"}},
                        "image/*": {},
                    }
                },
                "responses": {"default": {"description": "Whatever.", "content": {"*/*": {}}}},
            },
        },
    },
    "webhooks": {
        HOSTILE: {
            "post": {
                "operationId": "sessionChanged",
                "security": [],
                "parameters": [{"name": "X-Signature", "in": "header", "required": True, "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Session"}}}},
                "responses": {"204": {"description": "Heard."}},
            }
        }
    },
    "components": {
        "schemas": {
            "Order": {
                "type": "object",
                "additionalProperties": False,
                "required": ["amount"],
                "properties": {"amount": {"type": "integer", "minimum": 1}, "returnUrl": {"type": "string"}},
            },
            "Session": {"type": "object", "required": ["sessionId"], "properties": {"sessionId": {"type": "string"}}},
            "Fault": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
        },
        "responses": {
            "NotFound": {"description": HOSTILE, "headers": ID, "content": FAULT},
            "Refused": {"description": "No.", "headers": ID, "content": FAULT},
        },
        "securitySchemes": {
            "Key": {"type": "apiKey", "in": "header", "name": "X-Key", "description": HOSTILE},
            "Bearer": {"type": "http", "scheme": "bearer"},
            "Basic": {"type": "http", "scheme": "basic"},
        },
    },
}

IMPLEMENTATION = """
import uuid
from typing import Literal
from fastapi import FastAPI
from small_server import fastapi, models, responses
from small_server.server import ApiKey, Basic, Bearer, Problem, Refusal, Request, Sessions, ShopHeaders, ShopSurface, create_app
from small_server.server.class_ import Class
from small_server.server.shop import Shop
from small_server.webhooks import Webhooks, create_webhook_router


class Surface(ShopSurface):
    def refuse(self, refusal: Refusal) -> Problem[models.Fault]:
        return Problem(models.Fault(code=refusal.kind))

    def headers(self, request: Request) -> ShopHeaders:
        return ShopHeaders(x_request_id="r1")


class MySessions(Sessions):
    async def create_session(
        self, request: Request, *, body: models.Order, credentials: ApiKey, idempotency_key: str | None, size: int
    ) -> responses.CreateSession201 | responses.NotFound | responses.Refused:
        if body.amount == 404:
            return responses.NotFound(body=models.Fault(code="none"), x_request_id="own")
        if body.amount == 418:
            return responses.Refused(status=418, body=models.Fault(code="teapot"))
        session = models.Session(session_id=f"{credentials.key} {size} {idempotency_key}")
        return responses.CreateSession201(body=session, location="/sessions/1")

    async def import_(
        self,
        request: Request,
        *,
        credentials: tuple[ApiKey, Bearer] | Basic | None,
        accept: Literal["image/png", "image/svg+xml"],
        id: uuid.UUID,
        class_: str,
        request_2: list[int] | None,
        import_os_os_abort_7_7_raw: str | None,
    ) -> responses.Import200:
        return responses.Import200(body=f"{type(credentials).__name__} {id} {request_2}".encode(), media_type=accept)


class MyClass(Class):
    async def get_loose(self, request: Request, *, class_: str, request_2: int) -> responses.GetLoose200:
        return responses.GetLoose200(body=f"{class_} {request_2}")


class Receiver(Webhooks):
    async def session_changed(
        self, request: Request, *, body: models.Session | None, x_signature: str
    ) -> responses.SessionChanged204:
        return responses.SessionChanged204()


app = create_app(shop_surface=Surface(), sessions=MySessions(), class_=MyClass())
hooks = create_webhook_router(Receiver(), paths={"sessionChanged": "/hooks"})
fastapi_app = fastapi.create_app(shop_surface=Surface(), sessions=MySessions(), class_=MyClass())
fastapi_hooks = FastAPI()
fastapi_hooks.include_router(fastapi.create_webhook_router(Receiver(), paths={"sessionChanged": "/hooks"}))
"""

WRONG = """
from small_server import models, responses
from small_server.server import ApiKey, Request, Sessions


class Wrong(Sessions):
    async def create_session(
        self, request: Request, *, body: models.Order, credentials: ApiKey, idempotency_key: str | None, size: int
    ) -> responses.CreateSession201 | responses.NotFound | responses.Refused:
        return responses.Import200(body=b"")  # not declared


responses.CreateSession201(body=models.Session(session_id="s"))  # without its Location
"""


def api_of(document: dict[str, Any], folder: Path) -> tuple[Api, Report]:
    path = folder / "contract.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    report = Report()
    source = load(path, (), report)
    assert source is not None
    bundled = bundle(source, report)
    assert bundled is not None, report.items
    api = build(bundled, report)
    assert not report.failed, report.items
    return api, report


def write(files: dict[str, str], folder: Path) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated package, the scaffold, and a small implementation."""
    folder = tmp_path_factory.mktemp("server")
    # Not above: once the module is loaded, `tillspec.emit.scaffold` is no longer the function that others import.
    from tillspec.emit.scaffold import scaffold

    api, report = api_of(CONTRACT, folder)
    options = Options(package=PACKAGE, client=False, fastapi=True)
    files = package(api, options) | models(api, options, report)
    assert not report.failed, report.items
    write({f"{PACKAGE}/{name}": text for name, text in files.items()}, folder)
    write(scaffold(api, options), folder)
    write({"implementation.py": IMPLEMENTATION, "wrong.py": WRONG}, folder)
    return folder


@pytest.fixture(scope="module")
def imported(made: Path) -> Iterator[None]:
    before = set(sys.modules)
    sys.path.insert(0, str(made))
    yield
    sys.path.remove(str(made))
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in (PACKAGE, "implementation", "app", "handlers", "surfaces"):
            del sys.modules[name]


@pytest.fixture(scope="module", params=["app", "fastapi_app"])
def app(imported: None, request: pytest.FixtureRequest) -> ASGIApp:
    return getattr(importlib.import_module("implementation"), request.param)  # type: ignore[no-any-return]


def call(app: ASGIApp, method: str, url: str, **more: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client:
            return await client.request(method, url, **more)

    return asyncio.run(run())


def mypy(folder: Path, *targets: str) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--config-file=",
        "--cache-dir",
        str(folder / ".mypy"),
    ]
    done = subprocess.run([*command, *targets], cwd=folder, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()


def test_mypy_has_nothing_to_say(made: Path) -> None:
    assert mypy(made, PACKAGE, "implementation.py", "app.py", "surfaces.py", "handlers") == []


def test_an_undeclared_answer_is_a_type_error(made: Path) -> None:
    errors = [line for line in mypy(made, "wrong.py") if ": error: " in line]
    assert len(errors) == 2, errors
    assert "[return-value]" in errors[0] and 'Missing named argument "location"' in errors[1]


def test_nothing_of_tillspec_is_imported(made: Path) -> None:
    for path in (made / PACKAGE).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert not any(name.startswith("tillspec") for name in names), path


def test_hostile_texts_stay_texts(made: Path) -> None:
    for path in made.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "\u202e" not in text, path
        calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Attribute) and n.attr == "abort"]
        assert not calls, path


def test_emitting_again_gives_the_same(made: Path, tmp_path: Path) -> None:
    api, _ = api_of(CONTRACT, tmp_path)
    for name, text in package(api, Options(package=PACKAGE, client=False, fastapi=True)).items():
        assert (made / PACKAGE / name).read_text(encoding="utf-8") == text


def test_a_post(app: ASGIApp) -> None:
    answer = call(app, "POST", "/sessions?size=3", json={"amount": 5}, headers={"X-Key": "k", "Idempotency-Key": "i"})
    assert answer.status_code == 201 and answer.json() == {"sessionId": "k 3 i"}
    assert answer.headers["x-request-id"] == "r1" and answer.headers["cache-control"] == "no-store"
    assert call(app, "POST", "/sessions", json={"amount": 5}, headers={"X-Key": "k"}).json() == {"sessionId": "k 7 None"}


def test_errors_of_a_handler(app: ASGIApp) -> None:
    answer = call(app, "POST", "/sessions", json={"amount": 404}, headers={"X-Key": "k"})
    assert answer.status_code == 404 and answer.json() == {"code": "none"} and answer.headers["x-request-id"] == "own"
    answer = call(app, "POST", "/sessions", json={"amount": 418}, headers={"X-Key": "k"})
    assert answer.status_code == 418 and answer.json() == {"code": "teapot"} and answer.headers["x-request-id"] == "r1"


@pytest.mark.parametrize(
    ("method", "url", "more", "status", "code"),
    [
        ("POST", "/sessions", {"json": {"amount": 5}}, 401, "unauthorized"),
        ("POST", "/sessions", {"content": b"x", "headers": {"X-Key": "k"}}, 415, "unsupported_media_type"),
        ("POST", "/sessions", {"json": {"amount": 0}, "headers": {"X-Key": "k"}}, 400, "invalid_request"),
        ("POST", "/sessions", {"json": {"amount": 1, "more": 1}, "headers": {"X-Key": "k"}}, 400, "invalid_request"),
        ("POST", "/sessions?size=2147483648", {"json": {"amount": 1}, "headers": {"X-Key": "k"}}, 400, "invalid_request"),
        ("PATCH", "/sessions", {}, 405, "method_not_allowed"),
        ("GET", "/sessions/not-a-uuid?class=a", {}, 400, "invalid_request"),
        ("GET", "/sessions/6f9619ff-8b86-d011-b42d-00c04fc964ff", {}, 400, "invalid_request"),
    ],
)
def test_refusals(app: ASGIApp, method: str, url: str, more: dict[str, Any], status: int, code: str) -> None:
    answer = call(app, method, url, **more)
    assert (answer.status_code, answer.json()) == (status, {"code": code})
    assert answer.headers["x-request-id"] == "r1"


def test_a_get_with_a_choice(app: ASGIApp) -> None:
    url = "/sessions/6f9619ff-8b86-d011-b42d-00c04fc964ff?class=b+%7C+c&request=1&request=2"
    answer = call(app, "GET", url, headers={"Accept": "image/svg+xml"}, auth=("me", "pw"))
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text == "Basic 6f9619ff-8b86-d011-b42d-00c04fc964ff [1, 2]"
    assert call(app, "GET", url).text.startswith("NoneType")
    headers = {"X-Key": "k", "Authorization": "Bearer t"}
    assert call(app, "GET", url, headers=headers).text.startswith("tuple")
    assert call(app, "HEAD", url).content == b""
    assert call(app, "OPTIONS", "/sessions").headers["allow"] == "POST, OPTIONS"


def test_the_rest(app: ASGIApp) -> None:
    assert call(app, "GET", "/loose/a%2Fb/5").text == "a/b 5"
    assert call(app, "PUT", "/files").status_code == 501
    assert call(app, "GET", "/nothing").status_code == 404
    assert call(app, "GET", "/openapi.json").json()["info"]["title"] == HOSTILE


@pytest.mark.parametrize(("name", "module"), [("hooks", "webhooks"), ("fastapi_hooks", "fastapi")])
def test_webhooks(name: str, module: str, imported: None) -> None:
    hooks = getattr(importlib.import_module("implementation"), name)
    good = call(hooks, "POST", "/hooks", json={"sessionId": "s"}, headers={"X-Signature": "x"})
    assert good.status_code == 204
    assert call(hooks, "POST", "/hooks", json={}, headers={"X-Signature": "x"}).status_code == 400
    assert call(hooks, "POST", "/hooks").status_code == 400
    with pytest.raises(KeyError):
        importlib.import_module(f"{PACKAGE}.{module}").create_webhook_router(None, paths={"unknown": "/"})


def test_the_scaffold_runs(imported: None) -> None:
    scaffolded = importlib.import_module("app").app
    answer = call(scaffolded, "POST", "/sessions", json={"amount": 5}, headers={"X-Key": "k"})
    assert answer.status_code == 501 and answer.headers["content-type"] == "application/problem+json"
    assert len(answer.headers["x-request-id"]) == 32
