"""Deliveries of the contract's webhooks, signed as it declares: read by hand, and received by a real server on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

import checkout_api
from checkout_api import responses, webhooks
from checkout_api._runtime.scalars import UnknownValue
from end_to_end.support import WEBHOOKS, examples, served

SECRET = "whsec-4711"
NOW = 1_772_618_561.0
BODIES = ("vinrSessionStatusChanged", "diddoCheckoutEvent")
PARSERS: dict[str, Any] = {
    "vinrSessionStatusChanged": webhooks.parse_vinr_session_status_changed,
    "diddoCheckoutEvent": webhooks.parse_diddo_checkout_event,
}
QUERY = (
    "merchant_reference=order+1&time=2026-03-02T10:21:28Z&transaction_id=T12345678.x"
    "&session_id=bd04c959-d159-49b4-a096-2d84e014a8da"
)
DINTERO = {"given": {"account": "T12345678"}}


def headers_of(operation: str, body: bytes, secret: str = SECRET, now: float | None = None, **more: Any) -> dict[str, str]:
    return {"Content-Type": "application/json"} | webhooks.sign(operation, body, secret=secret, now=now, **more)


def events(operation: str) -> list[Any]:
    return list(examples(WEBHOOKS[operation].body["content"]["application/json"]).values())


# By hand


@pytest.mark.parametrize("operation", BODIES)
def test_every_event_of_the_examples_is_verified_and_parsed(operation: str) -> None:
    for event in events(operation):
        body = json.dumps(event).encode()
        parsed = PARSERS[operation](headers_of(operation, body, now=NOW), body, secrets=["old", SECRET], now=NOW + 300)
        assert parsed.model_dump(mode="json", by_alias=True, exclude_unset=True) == event


@pytest.mark.parametrize("operation", BODIES)
def test_an_event_of_a_type_that_is_not_known_yet_is_kept(operation: str) -> None:
    event = {**events(operation)[0], "type": "checkout.session.disputed", "more": {"a": 1}}
    body = json.dumps(event).encode()
    parsed = PARSERS[operation](headers_of(operation, body), body, secrets=[SECRET])
    assert isinstance(parsed.type, UnknownValue)
    assert parsed.type == "checkout.session.disputed"
    assert parsed.more == {"a": 1}


@pytest.mark.parametrize("operation", BODIES)
def test_a_body_that_was_parsed_and_written_again_is_refused(operation: str) -> None:
    body = json.dumps(events(operation)[0]).encode()
    again = json.dumps(json.loads(body), separators=(",", ":")).encode()
    with pytest.raises(webhooks.InvalidSignature) as caught:
        PARSERS[operation](headers_of(operation, body), again, secrets=[SECRET])
    assert caught.value.reason == "wrong"


def test_a_signed_event_that_is_not_one_is_an_invalid_delivery() -> None:
    with pytest.raises(webhooks.InvalidDelivery, match="vinrSessionStatusChanged: body /id: Field required") as caught:
        webhooks.parse_vinr_session_status_changed(headers_of(BODIES[0], b"{}"), b"{}", secrets=[SECRET])
    assert {violation.pointer for violation in caught.value.violations} == {"/id", "/type", "/createdAt", "/data"}


def test_dinteros_published_signature() -> None:
    headers = {
        "dintero-signature": "t=1582236537,v0-hmac-sha256=6bed2ab1b919d460ef7465a20dc6c97260dca73fab6647106ca525f0908df64a"
    }
    url = "https://example.com/callback?B=123&A=992"
    given = {"account": "P00000000"}
    webhooks.verify("dinteroCallback", headers, b"", secrets=["123"], url=url, given=given, now=1582236537 + 300)
    for change in ({"url": url + "&C=1"}, {"given": {"account": "P00000001"}}, {"secrets": ["124"]}, {"now": 1582236537 + 301}):
        keywords: dict[str, Any] = {"secrets": ["123"], "url": url, "given": given, "now": 1582236537, **change}
        with pytest.raises(webhooks.InvalidSignature):
            webhooks.verify("dinteroCallback", headers, b"", **keywords)


def test_a_callback_carries_its_query() -> None:
    url = f"https://shop.example/callback?{QUERY}&event=CHARGEBACK&own=1"
    headers = webhooks.sign("dinteroCallback", b"", secret=SECRET, url=url, given={"account": "T12345678"})
    callback = webhooks.parse_dintero_callback(headers, b"", secrets=[SECRET], url=url, account="T12345678")
    assert (callback.transaction_id, callback.merchant_reference, callback.sid) == ("T12345678.x", "order 1", None)
    assert callback.event == "CHARGEBACK"


def test_webhooks_need_no_web_framework() -> None:
    code = (
        "import sys; sys.modules.update(starlette=None, httpx=None); from checkout_api import webhooks\n"
        "headers = webhooks.sign('diddoCheckoutEvent', b'{}', secret='s')\n"
        "webhooks.verify('diddoCheckoutEvent', headers, b'{}', secrets=['s'])"
    )
    folder = Path(checkout_api.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# By a router


@dataclass
class Inbox:
    """Takes all that is let through to it."""

    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def vinr_session_status_changed(self, request: Any, **given: Any) -> responses.VinrSessionStatusChanged204:
        self.seen.append(("vinr", given))
        return responses.VinrSessionStatusChanged204()

    async def diddo_checkout_event(self, request: Any, **given: Any) -> responses.DiddoCheckoutEvent204:
        self.seen.append(("diddo", given))
        return responses.DiddoCheckoutEvent204()

    async def dintero_callback(self, request: Any, **given: Any) -> responses.DinteroCallback204:
        self.seen.append(("dintero", given))
        return responses.DinteroCallback204()

    async def dintero_callback_post(self, request: Any, **given: Any) -> responses.DinteroCallbackPost204:
        self.seen.append(("dintero post", given))
        return responses.DinteroCallbackPost204()


@pytest.fixture(scope="module")
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def url(inbox: Inbox) -> Iterator[str]:
    paths = {
        BODIES[0]: "/vinr",
        BODIES[1]: "/diddo",
        "dinteroCallback": "/dintero/{shop}",
        "dinteroCallbackPost": "/dintero/{shop}",
    }
    dintero = webhooks.Verification(secrets=[SECRET], given={"account": "T12345678"})
    secrets = {BODIES[0]: ["old", SECRET], BODIES[1]: [SECRET], "dinteroCallback": dintero, "dinteroCallbackPost": dintero}
    router = webhooks.create_webhook_router(inbox, paths=paths, secrets=secrets)  # type: ignore[arg-type]
    with served(router) as url:
        yield url


@pytest.fixture
def seen(inbox: Inbox) -> list[tuple[str, dict[str, Any]]]:
    inbox.seen.clear()
    return inbox.seen


@pytest.mark.parametrize(("operation", "path"), list(zip(BODIES, ("/vinr", "/diddo"), strict=True)))
def test_only_signed_deliveries_reach_a_handler(operation: str, path: str, url: str, seen: list[Any]) -> None:
    body = json.dumps(events(operation)[0]).encode()
    header = "X-Vinr-Signature" if path == "/vinr" else "X-Diddo-Signature"
    good = headers_of(operation, body)
    assert httpx.post(url + path, content=body, headers=good).status_code == 204
    unknown = json.dumps({**events(operation)[0], "type": "checkout.session.disputed"}).encode()
    assert httpx.post(url + path, content=unknown, headers=headers_of(operation, unknown)).status_code == 204
    assert [given["body"].type for _, given in seen][1] == "checkout.session.disputed"
    refused = [
        (401, body + b" ", good),
        (401, body, headers_of(operation, body, "another")),
        (401, body, headers_of(operation, body, now=time.time() - 360)),
        (401, body, headers_of(operation, body, now=time.time() + 360)),
        (401, body, {"Content-Type": "application/json"}),
        (400, body, {**good, header: "v1"}),
        (400, b"{}", headers_of(operation, b"{}")),
    ]
    for status, sent, headers in refused:
        answer = httpx.post(url + path, content=sent, headers=headers)
        assert answer.status_code == status, answer.text
        assert ("www-authenticate" in answer.headers) == (status == 401)
        assert SECRET not in answer.text
    assert len(seen) == 2


def test_a_callback_is_verified_by_its_url(url: str, seen: list[Any]) -> None:
    called = f"{url}/dintero/a%20b?{QUERY}&own=%2A"
    headers = webhooks.sign("dinteroCallback", b"", secret=SECRET, url=called, **DINTERO)
    assert httpx.get(called, headers=headers).status_code == 204
    assert httpx.get(called + "&error=failed", headers=headers).status_code == 401
    assert httpx.get(called.replace("a%20b", "b"), headers=headers).status_code == 401
    called += "&method=POST"
    body = b'{"id": "T1.x", "amount": 1, "currency": "NOK", "status": "LOST"}'
    headers = headers_of("dinteroCallbackPost", body, url=called, **DINTERO)
    assert httpx.post(called, content=body, headers=headers).status_code == 204
    assert httpx.get(called, headers=headers).status_code == 401
    assert [name for name, _ in seen] == ["dintero", "dintero post"]
    assert seen[1][1]["body"].status == "LOST"
