"""The generated webhooks.py: without a server, with names that get in each other's way, with text that wants out."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tillspec.pipeline import generate
from tillspec.request import Request

PARCELS = Path(__file__).resolve().parents[1] / "cases" / "parcels" / "openapi.yaml"
HOSTILE = "\"\"\"\n'''\\\nimport os; os.abort() # {{ 7 * 7 }}"


def header(name: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}


def contract() -> dict[str, Any]:
    signature = {
        "header": "X-Sign",
        "scheme": "hmac-sha256",
        "encoding": "hex",
        "separator": HOSTILE,
        "prefix": "'\"\\=",
        "over": f"{HOSTILE.replace('{{ 7 * 7 }}', '')}{{class}}{{secrets}}{{message}}{{$request.body}}",
        "given": {"class": HOSTILE, "secrets": "Not those that sign.", "message": "Another."},
    }
    hook = {
        "operationId": "hook",
        "summary": HOSTILE,
        "x-behavior": {"tells": {"object": "Thing"}, "signature": signature},
        "parameters": [header("X-Sign")],
        "requestBody": {"content": {"text/plain": {"schema": {"type": "string"}}, "application/json": {"schema": {}}}},
        "responses": {"204": {"description": "Yes."}},
    }
    other = {
        "operationId": "hookTwo",
        "parameters": [header("datetime"), {"name": "at", "in": "query", "schema": {"type": "string", "format": "date-time"}}],
        "responses": {"204": {"description": "Yes."}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "webhooks": {"hook": {"post": hook}, "other": {"get": other}},
    }


def checked(folder: Path, package: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), "-p", package]
    return subprocess.run(command, cwd=folder / "python", capture_output=True, text=True, check=False)


def test_a_client_alone_receives_webhooks_without_a_web_framework(tmp_path: Path) -> None:
    generate(Request(PARCELS, tmp_path, "alone_api", only=frozenset({"client"})))
    texts = {path: path.read_text() for path in tmp_path.rglob("*.py")}
    assert [path for path, text in texts.items() if "starlette" in text] == []
    assert "create_webhook_router" not in texts[tmp_path / "python" / "alone_api" / "webhooks.py"]
    done = checked(tmp_path, "alone_api")
    assert done.returncode == 0, done.stdout
    code = "from alone_api import webhooks; print(*webhooks.__all__)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "python", capture_output=True, text=True, check=False)
    assert {"parse_parcel_event", "sign", "verify", "UnknownEvent"} <= set(ran.stdout.split()), ran.stderr


def test_names_are_kept_apart_and_text_stays_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "contract.json").write_text(json.dumps(contract()))
    generate(Request(tmp_path / "contract.json", tmp_path / "out", "apart_api"))
    done = checked(tmp_path / "out", "apart_api")
    assert done.returncode == 0, done.stdout
    monkeypatch.syspath_prepend(tmp_path / "out" / "python")
    webhooks = importlib.import_module("apart_api.webhooks")
    given = {"class": "c", "secrets": "s", "message": "m"}
    headers = {**webhooks.sign("hook", b"hi", secret="k", given=given), "Content-Type": "text/plain; charset=utf-8"}
    arguments = {"class_": "c", "secrets_2": "s", "message_2": "m"}
    assert webhooks.parse_hook(headers, b"hi", secrets=["k"], **arguments) == "hi"
    assert (
        webhooks.parse_hook(headers | webhooks.sign("hook", b"", secret="k", given=given), b"", secrets=["k"], **arguments)
        is None
    )
    with pytest.raises(webhooks.InvalidSignature):
        webhooks.parse_hook(headers, b"ho", secrets=["k"], **arguments)
    with pytest.raises(webhooks.InvalidDelivery, match="media type"):
        webhooks.parse_hook({**headers, "Content-Type": "image/png"}, b"hi", secrets=["k"], **arguments)
    other = webhooks.parse_hook_two({"DateTime": "x"}, b"", url="https://a.example/?at=2026-11-22T09:00:00Z")
    assert (other.datetime_2, other.at.year) == ("x", 2026)
