"""The mock of the contract: every declared answer, read by the client itself."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

import checkout_api
from checkout_api import errors, models
from checkout_api._runtime.errors import Target
from checkout_api._runtime.incoming import ResponsePlan
from checkout_api.client import AsyncClient, Backoff, Client, Credentials, Retry, mock
from end_to_end.support import DESCRIBED, examples, resolved

KEYS = Credentials(vinr_api_key="k", gr4vy_bearer="k", dintero_bearer="k", diddo_bearer="k")
ORDER = models.VinrSessionRequest(
    amount=5000, currency="EUR", success_url="https://shop.example/done", cancel_url="https://shop.example/cart"
)  # fmt: skip


def shown(operation: str, status: str) -> dict[str, Any]:
    """The examples of an answer, by media type and name."""
    response = DESCRIBED[operation].responses[status]
    return {name: examples(resolved(media_type)) for name, media_type in response.get("content", {}).items()}


CASES = [
    (operation, int(status), media_type, example)
    for operation, described in DESCRIBED.items()
    for status in described.responses
    for media_type, named in (shown(operation, status) or {"": {}}).items()
    for example in (named or {"": None})
]


def test_everything_is_mocked() -> None:
    assert mock.OPERATIONS.keys() == DESCRIBED.keys()
    assert len(CASES) > 250


@pytest.mark.parametrize(("operation", "status", "media_type", "example"), CASES)
def test_every_example_is_answered_and_read(operation: str, status: int, media_type: str, example: str) -> None:
    choice: mock.Choice = (status, example) if example else status
    known = mock.OPERATIONS[operation]
    with httpx.Client(transport=mock.transport({operation: choice})) as http:
        answer = http.send(DESCRIBED[operation].request("http://mock", headers={"Accept": media_type or "*/*"}))
    assert answer.status_code == status
    assert answer.headers.get("content-type", "") == media_type
    if "json" in media_type:
        assert answer.json() == shown(operation, str(status))[media_type][example]
    plan = ResponsePlan(known, errors.ERRORS, Target(operation, known.method, known.path))
    try:
        read: Any = plan.read(answer, ())
    except errors.ErrorResponse as error:
        read = error.response
    assert isinstance(read, known.responses[str(status)])
    assert read.x_request_id == "req_01JD8Z6W3QK5T9V7"  # type: ignore[attr-defined]


def test_a_story_sync() -> None:
    transport = mock.transport({"getVinrSessionResult": ["pending", "authenticationRequired", "completed"]})
    waits: list[float] = []
    retry = Retry(sleep=waits.append, monotonic=lambda: sum(waits))
    with Client("http://mock", credentials=KEYS, retry=retry, http=httpx.Client(transport=transport)) as client:
        made = client.sessions.create_vinr_session(ORDER)
        assert made.location == f"/checkout/session/{made.body.session_id}/result"
        result = client.results.poll_vinr_session_result(session_id=made.body.session_id, deadline=60, backoff=Backoff(jitter=0))
        assert (result.body.status, waits) == ("completed", [1.0, 1.5])
        assert client.qr_codes.get_diddo_qr(cart_id="01KERN71T0V3RS3DTR98H6BCFN").body.startswith(b"\x89PNG")
        svg = client.qr_codes.get_diddo_qr(cart_id="01KERN71T0V3RS3DTR98H6BCFN", accept="image/svg+xml")
        assert svg.body.startswith(b"<svg")


def test_a_story_async() -> None:
    async def run() -> None:
        http = httpx.AsyncClient(transport=mock.transport({"createVinrSession": (409, "running")}))
        async with AsyncClient("http://mock/v1", credentials=KEYS, retry=Retry(attempts=1), http=http) as client:
            with pytest.raises(errors.ErrorResponse) as caught:
                await client.sessions.create_vinr_session(ORDER)
            assert (caught.value.status, caught.value.body.error.code) == (409, "idempotency_key_in_use")
            assert (await client.results.get_vinr_session_result(session_id="x")).body.status == "completed"
        await http.aclose()

    asyncio.run(run())


def test_a_client_may_prefer_an_answer() -> None:
    http = httpx.Client(transport=mock.transport())
    with Client("http://mock", credentials=KEYS, http=http, headers={"Prefer": "code=410"}) as client:
        with pytest.raises(errors.VinrGone):
            client.results.get_vinr_session_result(session_id="x")
        with pytest.raises(mock.MockError, match="createVinrSession declares no answer 410"):
            client.sessions.create_vinr_session(ORDER)


def test_who_does_not_use_them_does_not_pay_for_hooks_mock_or_webhooks() -> None:
    code = (
        "import sys, checkout_api.client\n"
        "print(*(name for name in sys.modules if name.startswith(('checkout_api', 'starlette', 'hmac'))))"
    )
    folder = Path(checkout_api.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "checkout_api.client" in loaded
    late = {f"checkout_api._runtime.{name}" for name in ("hooks", "mock", "paths", "signatures", "receiving", "guard", "intake")}
    assert not loaded & {*late, "checkout_api.webhooks", "checkout_api.client.hooks", "checkout_api.client.mock", "starlette"}
