"""Pages of origins that were named may call the contract's operations; nobody else may, and nobody the control plane."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from click import BadParameter
from starlette.responses import PlainTextResponse

from tillspec.cli.sandbox import origins
from tillspec.sandbox.cross_origin import CrossOrigin

PAGE = "http://127.0.0.1:8788"


def ask(method: str, path: str, **headers: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=CrossOrigin(PlainTextResponse("an answer", 201), (PAGE, "null")))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
            return await http.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return asyncio.run(asked())


@pytest.mark.parametrize("origin", [PAGE, "null"])
def test_a_page_that_was_named_may_ask(origin: str) -> None:
    before = ask("OPTIONS", "/a", origin=origin, access_control_request_method="PUT", access_control_request_headers="x-api-key")
    assert before.headers["access-control-allow-origin"] == origin
    assert "PUT" in before.headers["access-control-allow-methods"]
    assert before.headers["access-control-allow-headers"] == "x-api-key"
    answer = ask("POST", "/a", origin=origin)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (201, origin)
    assert answer.headers["access-control-expose-headers"] == "*"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/a", {"origin": "https://elsewhere.example"}),
        ("/a", {}),
        ("/_sandbox/state", {"origin": PAGE}),
        ("/_sandbox", {"origin": PAGE}),
    ],
)
def test_nobody_else_may(path: str, headers: dict[str, Any]) -> None:
    assert "access-control-allow-origin" not in ask("GET", path, **headers).headers


def test_origins_are_written_as_browsers_write_them() -> None:
    assert origins((PAGE, "null", "*")) == (PAGE, "null", "*")
    for wrong in ("127.0.0.1:8788", "http://a/", "file:///x", ""):
        with pytest.raises(BadParameter):
            origins((wrong,))
