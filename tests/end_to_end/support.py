"""What the end-to-end tests share: the contract as data, a real server on a loopback port, and a client that is sync or async."""

from __future__ import annotations

import asyncio
import copy
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

import checkout_api
from checkout_api import operations
from checkout_api._runtime.operation import Operation
from checkout_api.client import AsyncClient, Client, Credentials, Retry

CONTRACT_BYTES = (Path(checkout_api.__file__).parent / "openapi.json").read_bytes()
CONTRACT: dict[str, Any] = json.loads(CONTRACT_BYTES)
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}

OPERATIONS: dict[str, Operation[Any]] = {value.id: value for value in vars(operations).values() if isinstance(value, Operation)}
"""The operations of the generated table, webhooks too, by id."""

FLAVOURS = ("sync", "async")


def resolved(node: Any) -> Any:
    """What a node of the contract refers to; itself where it is no reference."""
    while isinstance(node, dict) and "$ref" in node:
        found: Any = CONTRACT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


@dataclass(frozen=True)
class Described:
    """An operation as the contract itself describes it; its parameters are those of the path as well."""

    id: str
    path: str
    method: str
    surface: str
    secured: bool
    parameters: list[dict[str, Any]]
    body: dict[str, Any]
    responses: dict[str, dict[str, Any]]

    def request(self, url: str, **keywords: Any) -> httpx.Request:
        """A good request but for its credential, made of the contract's examples; `keywords` replace what httpx is given."""
        path, headers = self.path, {}
        for parameter in self.parameters:
            text = str(next(iter(examples(parameter).values())))
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", text)
            elif parameter.get("required"):
                headers[parameter["name"]] = text
        if self.body and not {"json", "content", "data"} & keywords.keys():
            keywords["json"] = next(iter(examples(self.body["content"]["application/json"]).values()))
        keywords["headers"] = headers | keywords.get("headers", {})
        return httpx.Request(self.method, url + path, **keywords)


def _described(section: str) -> dict[str, Described]:
    found = {}
    for path, item in CONTRACT[section].items():
        for method in sorted(METHODS & resolved(item).keys()):
            operation = item[method]
            found[operation["operationId"]] = Described(
                id=operation["operationId"],
                path=path,
                method=method.upper(),
                surface=operation["x-behavior"]["surface"],
                secured=bool(operation["security"]),
                parameters=[resolved(each) for each in [*item.get("parameters", []), *operation.get("parameters", [])]],
                body=resolved(operation.get("requestBody", {})),
                responses={status: resolved(response) for status, response in operation["responses"].items()},
            )
    return found


DESCRIBED = _described("paths")
"""The operations below `paths`, by id."""

WEBHOOKS = _described("webhooks")
"""The operations below `webhooks`, by id."""


def examples(node: dict[str, Any]) -> dict[str, Any]:
    """The values of the examples of a media type, a parameter or a header, by name."""
    if "example" in node:
        return {"example": node["example"]}
    return {name: resolved(each)["value"] for name, each in node.get("examples", {}).items()}


def example(name: str) -> Any:
    """The value of one of the contract's examples, by its own name."""
    return copy.deepcopy(CONTRACT["components"]["examples"][name]["value"])


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The application behind a real HTTP server on a free loopback port; gives its URL."""
    # Said to be TCP, for asyncio turns Nagle's algorithm off on such sockets alone; it costs 40 ms a request.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started:
            assert thread.is_alive(), "the server ended before it started"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive(), "the server did not end"


class _Group:
    """One tag of a client, its coroutines awaited; notes which methods were called."""

    def __init__(self, group: Any, runner: asyncio.Runner | None, made: set[str]) -> None:
        self._group, self._runner, self._made = group, runner, made

    def method(self, operation: str) -> Any:
        """The method of an operation by its id, None where the group has none."""
        names = [name for name in dir(self._group) if name.replace("_", "") == operation.lower()]
        return getattr(self, names[0]) if names else None

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._group, name)

        def call(*arguments: Any, **keywords: Any) -> Any:
            self._made.add(name)
            given = method(*arguments, **keywords)
            return given if self._runner is None else self._runner.run(given)

        return call


class Calls:
    """The generated client, sync or async, called in one way; `made` names the methods that were called."""

    def __init__(self, client: Client | AsyncClient, runner: asyncio.Runner | None) -> None:
        self.made: set[str] = set()
        groups = ("sessions", "results", "shipping", "qr_codes", "tokens")
        self.sessions, self.results, self.shipping, self.qr_codes, self.tokens = (
            _Group(getattr(client, group), runner, self.made) for group in groups
        )


@contextmanager
def connected(
    flavour: str,
    url: str,
    credentials: Credentials | None = None,
    retry: Retry | None = None,
    headers: dict[str, str] | None = None,
    servers: Any = None,
) -> Iterator[Calls]:
    """A client of the flavour; it does not retry unless told to."""
    retry = retry or Retry(attempts=1)
    if flavour == "sync":
        with Client(url, credentials=credentials, retry=retry, headers=headers, servers=servers) as client:
            yield Calls(client, None)
        return
    with asyncio.Runner() as runner:
        asynchronous = AsyncClient(url, credentials=credentials, retry=retry, headers=headers, servers=servers)
        try:
            yield Calls(asynchronous, runner)
        finally:
            runner.run(asynchronous.aclose())
