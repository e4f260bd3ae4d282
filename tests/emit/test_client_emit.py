"""The generated client: a package is made from a small contract, checked by mypy --strict, imported, and called both ways."""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from tillspec.api.build import build
from tillspec.api.model import Api
from tillspec.diagnostics import Report
from tillspec.document.bundle import bundle
from tillspec.document.load import load
from tillspec.emit.client import client
from tillspec.emit.errors import errors
from tillspec.emit.models import models
from tillspec.emit.operations import operations
from tillspec.emit.options import Options
from tillspec.emit.responses import responses
from tillspec.emit.runtime import runtime

PACKAGE = "small_client"
HOSTILE = "\"\"\"\n'''\\\nimport os; os.abort() # \u202e {{ 7 * 7 }} {% raw %}\\"

CONTRACT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": HOSTILE, "version": "1"},
    "servers": [
        {
            "url": "https://{env}.shop.example/v1",
            "description": HOSTILE,
            "variables": {"env": {"default": "test", "enum": ["test", "live", HOSTILE], "description": HOSTILE}},
        }
    ],
    "tags": [{"name": "Sessions", "description": HOSTILE}, {"name": "Client"}, {"name": "close"}],
    "security": [{"Key": []}, {"OAuth": ["write"], "Tls": []}],
    "paths": {
        "/sessions": {
            "post": {
                "operationId": "createSession",
                "tags": ["Sessions"],
                "summary": "Makes a session.",
                "description": HOSTILE,
                "parameters": [
                    {
                        "name": "Idempotency-Key",
                        "in": "header",
                        "required": True,
                        "schema": {"type": "string"},
                        "description": HOSTILE,
                    }
                ],
                "requestBody": {
                    "required": True,
                    "description": "What to pay.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                },
                "responses": {
                    "201": {
                        "description": "Made.",
                        "headers": {
                            "Location": {"required": True, "schema": {"type": "string"}},
                            "X-Count": {"schema": {"type": "integer"}},
                        },
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Session"}}},
                    },
                    "409": {"$ref": "#/components/responses/ApiError"},
                    "4XX": {"$ref": "#/components/responses/Refused"},
                    "default": {"description": HOSTILE},
                },
            }
        },
        "/sessions/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}],
            "get": {
                "operationId": "import",
                "tags": ["Sessions"],
                "deprecated": True,
                "security": [{"Basic": []}, {}],
                "parameters": [
                    {"name": "timeout", "in": "query", "schema": {"type": "integer"}},
                    {"name": "class", "in": "query", "required": True, "schema": {"enum": ["a", HOSTILE]}},
                    {"name": HOSTILE, "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                ],
                "responses": {
                    "200": {
                        "description": "It.",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Session"}}},
                    },
                    "304": {"description": "As before."},
                    "404": {"$ref": "#/components/responses/Refused"},
                },
            },
        },
        "/code": {
            "get": {
                "operationId": "getCode",
                "tags": ["Client"],
                "security": [],
                "responses": {"200": {"description": "Drawn.", "content": {"image/png": {}, "image/svg+xml": {}}}},
            },
            "put": {
                "operationId": "putCode",
                "tags": ["close"],
                "requestBody": {
                    "content": {
                        "image/png": {},
                        "text/plain": {"schema": {"type": "string"}},
                        "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Order"}},
                    }
                },
                "responses": {"204": {"description": "Kept."}, "404": {"$ref": "#/components/responses/Refused"}},
            },
        },
    },
    "components": {
        "schemas": {
            "Order": {
                "type": "object",
                "required": ["amount"],
                "properties": {
                    "amount": {"type": "integer", "minimum": 1},
                    "returnUrl": {"type": "string"},
                    "note": {"type": "string"},
                },
            },
            "Session": {"type": "object", "required": ["sessionId"], "properties": {"sessionId": {"type": "string"}}},
            "Fault": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
        },
        "responses": {
            "ApiError": {
                "description": HOSTILE,
                "headers": {"Retry-After": {"schema": {"type": "integer"}}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}},
            },
            "Refused": {
                "description": "No.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}},
            },
        },
        "securitySchemes": {
            "Key": {"type": "apiKey", "in": "header", "name": "X-Key", "description": HOSTILE},
            "OAuth": {"type": "oauth2", "flows": {}},
            "Tls": {"type": "mutualTLS"},
            "Basic": {"type": "http", "scheme": "basic"},
        },
    },
}

USE = """
from typing import assert_type
import uuid
import httpx
from small_client import errors, models, responses
from small_client.client import AsyncClient, Client, Credentials

credentials = Credentials(key="k", o_auth=lambda: "t", basic=("u", "p"), tls=True)

def use(client: Client, id: uuid.UUID) -> None:
    made = client.sessions.create_session(models.Order(amount=1))
    assert_type(made, responses.CreateSession201)
    assert_type(made.body, models.Session)
    assert_type(made.location, str)
    assert_type(made.x_count, int | None)
    read = client.sessions.import_(id=id, class_="a", timeout_2=3, timeout=httpx.Timeout(1.0))
    assert_type(read, responses.Import200 | responses.Import304)
    image = client.client_2.get_code(accept="image/svg+xml")
    assert_type(image.body, bytes)
    client.close_2.put_code(b"", media_type="image/png")
    try:
        client.sessions.create_session(models.Order(amount=1), idempotency_key="k")
    except errors.ApiError_2 as error:
        assert_type(error.body, models.Fault)
        assert_type(error.response.retry_after, int | None)
    except errors.Refused4XX as refused:
        assert_type(refused.response, responses.Refused4XX)
        assert_type(refused.response.status, int)
    except errors.ApiError:
        pass

async def use_async(client: AsyncClient) -> None:
    assert_type(await client.sessions.create_session(models.Order(amount=1)), responses.CreateSession201)
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


def files_of(document: dict[str, Any], folder: Path) -> dict[str, str]:
    api, report = api_of(document, folder)
    options = Options(package=PACKAGE, server=False)
    files = {"__init__.py": "", "py.typed": "", **models(api, options, report)}
    for emit in (responses, operations, runtime, errors, client):
        files |= emit(api, options)
    return files


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that holds the generated package; it can be imported while the fixture lives."""
    folder = tmp_path_factory.mktemp("generated")
    for name, text in files_of(CONTRACT, folder).items():
        path = folder / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def modules(package: Path) -> dict[str, ModuleType]:
    return {
        name: importlib.import_module(f"{PACKAGE}.{name}")
        for name in ("client", "errors", "models", "responses", "_runtime.retry")
    }


class Shop:
    """Answers in turn, and keeps the requests."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def call(modules: dict[str, ModuleType], shop: Shop, way: str, group: str, method: str, *args: Any, **kwargs: Any) -> Any:
    """One call, sync or async, that never sleeps."""

    async def asleep(seconds: float) -> None:
        pass

    made = modules["client"]
    retry = modules["_runtime.retry"].Retry(sleep=lambda seconds: None, async_sleep=asleep)
    options = {"credentials": made.Credentials(key="k", basic=("u", "p")), "retry": retry}
    transport = httpx.MockTransport(shop)
    if way == "sync":
        with made.Client("https://shop.example/v1", http=httpx.Client(transport=transport), **options) as sync:
            return getattr(getattr(sync, group), method)(*args, **kwargs)

    async def run() -> Any:
        async with made.AsyncClient("https://shop.example/v1", http=httpx.AsyncClient(transport=transport), **options) as other:
            return await getattr(getattr(other, group), method)(*args, **kwargs)

    return asyncio.run(run())


ways = pytest.mark.parametrize("way", ["sync", "async"])


def test_the_package_passes_mypy_strict(package: Path, tmp_path: Path) -> None:
    (package / "use.py").write_text(USE, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "-p", PACKAGE, "-m", "use"]
    done = subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@ways
def test_a_call(modules: dict[str, ModuleType], way: str) -> None:
    shop = Shop(httpx.Response(503), httpx.Response(201, json={"sessionId": "s"}, headers={"Location": "/s", "X-Count": "3"}))
    order = modules["models"].Order(amount=5, return_url="https://x.example/")
    result = call(modules, shop, way, "sessions", "create_session", order)
    assert result == modules["responses"].CreateSession201(
        body=modules["models"].Session(session_id="s"), location="/s", x_count=3
    )
    assert json.loads(shop.requests[0].content) == {"amount": 5, "returnUrl": "https://x.example/"}
    assert shop.requests[0].headers["x-key"] == "k"
    assert len({request.headers["idempotency-key"] for request in shop.requests}) == 1
    assert len(shop.requests) == 2


@ways
def test_declared_errors_are_raised_under_their_names(modules: dict[str, ModuleType], way: str) -> None:
    errors, order = modules["errors"], modules["models"].Order(amount=5)
    for status, kind in ((409, errors.ApiError_2), (404, errors.Refused4XX), (500, errors.CreateSessionDefault)):
        with pytest.raises(kind) as caught:
            call(modules, Shop(httpx.Response(status, json={"code": "c"})), way, "sessions", "create_session", order)
        assert caught.value.status == status
        assert isinstance(caught.value, errors.ErrorResponse)
        assert caught.value.body is None or caught.value.body.code == "c"


def test_arguments_are_kept_apart_from_the_clients_own(modules: dict[str, ModuleType]) -> None:
    shop = Shop(httpx.Response(304))
    arguments = {"id": uuid.uuid4(), "class_": "a", "timeout_2": 7, "timeout": 2.0}
    with pytest.warns(DeprecationWarning, match="deprecates import"):
        result = call(modules, shop, "sync", "sessions", "import_", **arguments)
    assert result == modules["responses"].Import304()
    assert shop.requests[0].url.query == b"timeout=7&class=a"
    assert shop.requests[0].extensions["timeout"]["read"] == 2.0
    assert shop.requests[0].headers["authorization"] == "Basic dTpw"


@ways
def test_raw_bytes_by_accept(modules: dict[str, ModuleType], way: str) -> None:
    shop = Shop(httpx.Response(200, content=b"<svg/>", headers={"Content-Type": "image/svg+xml"}))
    result = call(modules, shop, way, "client_2", "get_code", accept="image/svg+xml")
    assert (result.body, result.media_type) == (b"<svg/>", "image/svg+xml")
    assert shop.requests[0].headers["accept"] == "image/svg+xml"
    assert "x-key" not in shop.requests[0].headers


def test_bodies_by_media_type(modules: dict[str, ModuleType]) -> None:
    shop = Shop(httpx.Response(204))
    order = modules["models"].Order(amount=5, return_url="x y")
    for media_type, body, content in (
        ("image/png", b"\x89", b"\x89"),
        ("text/plain", "hi", b"hi"),
        ("application/x-www-form-urlencoded", order, b"amount=5&returnUrl=x%20y"),
    ):
        call(modules, shop, "sync", "close_2", "put_code", body, media_type=media_type)
        assert (shop.requests[-1].content, shop.requests[-1].headers["content-type"]) == (content, media_type)
    call(modules, shop, "sync", "close_2", "put_code")
    assert shop.requests[-1].content == b""


def test_missing_credentials_are_named(modules: dict[str, ModuleType]) -> None:
    missing = modules["errors"].MissingCredentials
    with modules["client"].Client("https://shop.example") as made, pytest.raises(missing, match="Key or OAuth with Tls"):
        made.sessions.create_session(modules["models"].Order(amount=5))


def test_credentials_and_servers(modules: dict[str, ModuleType]) -> None:
    assert repr(modules["client"].Credentials(key="s3cret", basic=("u", "s3cret"))) == "Credentials(key=***, basic=***)"
    assert modules["client"].SERVERS == ("https://test.shop.example/v1",)
    assert modules["client"].server_url(env="live") == "https://live.shop.example/v1"


def test_docstrings_tell_arguments_and_errors(modules: dict[str, ModuleType]) -> None:
    text = inspect.getdoc(modules["client"].Client("https://shop.example").sessions.create_session)
    assert text is not None
    assert "    body: What to pay." in text
    assert "    errors.Refused4XX: 4XX, No." in text
    assert "errors.ApiError_2: 409" in text


def test_hostile_text_stays_text(package: Path) -> None:
    others = [package / PACKAGE / name for name in ("errors.py", "servers.py")]
    for path in (*(package / PACKAGE / "client").glob("*.py"), *others):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert "os" not in names | imports
        assert "49" not in path.read_text(encoding="utf-8")


def test_the_same_contract_gives_the_same_text(tmp_path: Path) -> None:
    assert files_of(CONTRACT, tmp_path) == files_of(CONTRACT, tmp_path)


def test_without_paths_there_is_no_client(tmp_path: Path) -> None:
    hook = {"post": {"operationId": "hook", "responses": {"204": {"description": "d"}}}}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "webhooks": {"hook": hook}}
    api, _ = api_of(document, tmp_path)
    assert client(api, Options()) == {}


def test_without_security_schemes_there_are_no_credentials(tmp_path: Path) -> None:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/x": {"get": {"operationId": "x", "responses": {"204": {"description": "d"}}}}},
    }
    api, _ = api_of(document, tmp_path)
    text = client(api, Options())["client/__init__.py"]
    assert "SCHEMES: ClassVar[Mapping[str, str]] = {}" in text
    ast.parse(text)
