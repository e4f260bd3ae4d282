"""Where a callback goes: runtime expressions, by the examples of the standard (OpenAPI 3.1, section 4.8.20.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from starlette.datastructures import Headers

from tillspec.runtime.expressions import Exchanged, callback_url
from tillspec.runtime.operation import Header, Response, Value, Wire
from tillspec.runtime.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Created(Response):
    body: dict[str, Any]
    server: str | None = None
    status: int = 201
    wire: ClassVar[Wire] = Wire(headers=(Header(name="Server", keyword="server", value=Value(str)),))


def exchanged(body: bytes = b"", content_type: str = "application/json", response: Response | None = None) -> Exchanged:
    headers = Headers({"host": "example.org", "content-type": content_type, "x-id": "7"})
    scope = {
        "type": "http",
        "scheme": "https",
        "path": "/subscribe/my event",
        "raw_path": b"/subscribe/my%20event",
        "query_string": b"queryUrl=https://clientdomain.com/stillrunning&queryUrl=second&empty=",
    }
    request = Request(operation="o", method="POST", path="/subscribe/my event", headers=headers, scope=scope, body=body)
    return Exchanged(request=request, response=response, path={"eventType": "my event"})


BODY = b'{"failedUrl": "https://clientdomain.com/failed", "successUrls": ["https://clientdomain.com/fast", "x"], "a/b": {"n": 5}}'
ANSWER = Created(body={"id": "a b", "none": None}, server="s&1")


@pytest.mark.parametrize(
    ("expression", "url"),
    [
        (
            "$url",
            "https://example.org/subscribe/my%20event?queryUrl=https://clientdomain.com/stillrunning&queryUrl=second&empty=",
        ),
        ("$method", "POST"),
        ("$statusCode", "201"),
        ("$request.path.eventType", "my event"),
        ("$request.query.queryUrl", "https://clientdomain.com/stillrunning"),
        ("$request.header.content-Type", "application/json"),
        ("$request.body#/failedUrl", "https://clientdomain.com/failed"),
        ("{$request.body#/successUrls/1}", "x"),
        ("$request.body#/a~1b/n", "5"),
        ("$response.header.SERVER", "s&1"),
        (
            "{$request.body#/successUrls/0}/{$response.body#/id}?s={$response.header.Server}",
            "https://clientdomain.com/fast/a%20b?s=s%261",
        ),
        ("https://hooks.example/{$request.header.x-id}/{$request.query.empty}", "https://hooks.example/7/"),
        ("https://hooks.example/fixed", "https://hooks.example/fixed"),
    ],
)
def test_expressions(expression: str, url: str) -> None:
    assert callback_url(expression, exchanged(BODY, response=ANSWER)) == url


def test_a_form_is_a_body_too() -> None:
    form = exchanged(b"callback=https%3A%2F%2Fa.example%2Fb", "application/x-www-form-urlencoded")
    assert callback_url("$request.body#/callback", form) == "https://a.example/b"


@pytest.mark.parametrize(
    "expression",
    [
        "$request.body#/nothing", "$request.body#/successUrls", "$request.body", "$request.body#/successUrls/9",
        "$request.body#/successUrls/-", "$request.query.none", "$request.header.none", "$request.path.none",
        "$response.body#/none", "$response.header.none", "$request.trailer.x", "$nonsense", "a/{$request}",
    ],
)  # fmt: skip
def test_what_leads_to_nothing_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"leads to no text|no runtime expression"):
        callback_url(expression, exchanged(BODY, response=ANSWER))


@pytest.mark.parametrize("expression", ["$statusCode", "$response.body#/id", "$response.header.Server", "$request.body#/a"])
def test_without_a_response_or_a_json_body(expression: str) -> None:
    with pytest.raises(ValueError, match="leads to no text"):
        callback_url(expression, exchanged(b"\xff"))
