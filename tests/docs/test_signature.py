"""Recipes for verifying a webhook: what the page says is what the package does, and what runs in Node.js accepts no more."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from checkout_api import webhooks
from tillspec.api.model import Api
from tillspec.docs.signature import recipe
from tillspec.runtime.behavior import Key, Signature, Timestamp
from tillspec.runtime.signatures import Delivery, sign

BODY, SECRET, NOW = b'{"id": "evt_1", "text": "\xc3\xa9"}', "whsec_MDEyMzQ1Njc4OQ==", 1_770_000_000
MINUTES = timedelta(minutes=5)
SIGNATURES = {
    "plain": Signature(header="X-Sign", scheme="hmac-sha256", encoding="hex", over="{$request.body}"),
    "stamped": Signature(header="X-Sign", scheme="hmac-sha512", encoding="base64", over="{timestamp}.{$request.body}",
                         timestamp=Timestamp(header="X-Time", tolerance=MINUTES)),
    "in parts": Signature(header="Shop-Signature", scheme="hmac-sha256", encoding="hex", over="{timestamp}.{$request.body}",
                          separator=",", prefix="v1=", timestamp=Timestamp(prefix="t=", tolerance=MINUTES)),
    "standard": Signature(header="webhook-signature", scheme="hmac-sha256", encoding="base64", separator=" ", prefix="v1,",
                          over="{$request.header.webhook-id}.{timestamp}.{$request.body}",
                          key=Key(form="base64", prefix="whsec_"),
                          timestamp=Timestamp(header="webhook-timestamp", tolerance=MINUTES)),
    "milliseconds": Signature(header="X-Sign", scheme="hmac-sha1", encoding="hex", over="{timestamp}{$request.body}",
                              timestamp=Timestamp(header="X-Time", unit="epoch-milliseconds", tolerance=MINUTES)),
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNATURES)
def test_javascript_accepts_what_is_signed_and_nothing_else(
    name: str, tmp_path: Path, require_engine: Callable[..., str]
) -> None:
    node = require_engine("node", install="apt-get install nodejs")
    signed = SIGNATURES[name]
    given = {"webhook-id": "msg_1"}
    delivery = Delivery(method="POST", headers=given, body=BODY)
    headers = _lower({**given, **sign(signed, delivery, SECRET, now=NOW)})
    other = _lower(sign(signed, delivery, "whsec_b3RoZXI=", now=NOW))
    stamped = signed.timestamp is not None
    cases: list[tuple[dict[str, str], bytes, int, bool]] = [
        (headers, BODY, NOW, True),
        (headers, BODY + b" ", NOW, False),
        (headers | other, BODY, NOW, False),
        ({}, BODY, NOW, False),
        (headers | {signed.header.lower(): ""}, BODY, NOW, False),
        (headers, BODY, NOW + 299, True),
        (headers, BODY, NOW + 301, not stamped),
        (headers, BODY, NOW - 301, not stamped),
    ]
    lines = [recipe("x", signed, "checkout_api").javascript, "const told = [];"]
    for sent, body, now, _ in cases:
        raw = f"Buffer.from({json.dumps(body.hex())}, 'hex')"
        lines.append(f"told.push(isGenuine({json.dumps(sent)}, {raw}, {json.dumps(SECRET)}, {now * 1000}));")
    (tmp_path / "verify.mjs").write_text("\n".join([*lines, "console.log(JSON.stringify(told));"]))
    done = subprocess.run([node, "verify.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [expected for *_, expected in cases]


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_python_answers_as_the_page_says(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", "s")
    shown = 0
    for operation in api.operations:
        signed = operation.behavior.signature if operation.behavior else None
        if signed is None:
            continue
        made = recipe(operation.id, signed, "checkout_api")
        assert all(made.steps)
        space: dict[str, Any] = {}
        exec(compile(made.python.replace("…", '"known"'), operation.id, "exec"), space)
        url, known = "https://shop.example/hook?b=2&a=1", dict.fromkeys(signed.given, "known")
        headers = webhooks.sign(operation.id, BODY, secret="s", url=url, given=known)
        further = [url] if "url" in space["receive"].__code__.co_varnames else []
        assert space["receive"](headers, BODY, *further) == 200
        forged = headers | {signed.header: headers[signed.header][:-1] + ("1" if headers[signed.header][-1] == "0" else "0")}
        assert space["receive"](forged, BODY, *further) == 401
        if "{$request.body}" in signed.over:
            assert space["receive"](headers, BODY + b" ", *further) == 401
        shown += 1
    assert shown >= 3
