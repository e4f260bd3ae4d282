"""The wheel, alone in a fresh environment, and the example repos as strangers would use it there.

`make downstream` runs this; what it needs of time goes into installing. The tests run in their order: each goes on where the one
before it left the repo.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from downstream.node import FRONTEND, node_modules
from helpers import snapshot
from tillspec import resources
from tillspec.compat.released import files
from tillspec.diagnostics import Report
from tillspec.document.bundle import Bundle
from tillspec.pipeline import original

ROOT = Path(__file__).resolve().parent.parent.parent
OFFLINE = re.compile(r"name resolution|Name or service not known|NewConnectionError|Network is unreachable|No route to host")
OLDER = "0.0.9"


@dataclass(frozen=True)
class Stranger:
    """Somebody who has the wheel and nothing else of ours."""

    environment: Path

    def run(self, *command: str, cwd: Path, status: int = 0) -> str:
        """What a command prints, in a repo of theirs; it must end with the status."""
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "TILLSPEC", "PYTEST"))
        }
        path = os.pathsep.join([str(self.environment / "bin"), kept.get("PATH", "")])
        done = subprocess.run(command, cwd=cwd, env=kept | {"PATH": path}, capture_output=True, text=True, check=False)
        told = done.stdout + done.stderr
        assert done.returncode == status, told
        assert "Traceback" not in told, told
        return told

    @property
    def released(self) -> Path:
        """Where the installed package keeps its releases."""
        (package,) = self.environment.glob("lib/python*/site-packages/tillspec")
        return package / "spec" / "released"

    def install(self, whole: Bundle, day: date) -> None:
        """Have the installed package know a release, as a newer one of its own would."""
        for name, text in files(whole, day).items():
            (self.released / name).parent.mkdir(parents=True, exist_ok=True)
            (self.released / name).write_text(text, encoding="utf-8")


def _done(command: list[str], **given: Any) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **given)
    if done.returncode and OFFLINE.search(done.stdout + done.stderr):
        pytest.skip("no package index can be reached; connect to the network")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    """The wheel in an environment of its own, with what the examples ask for beside it."""
    folder = tmp_path_factory.mktemp("stranger")
    _done([sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)])
    (wheel,) = folder.glob("*.whl")
    _done([sys.executable, "-m", "venv", "--without-pip", str(folder / "environment")])
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "environment" / "bin" / "python"), "--disable-pip-version-check"]
    _done([*pip, "install", "--quiet", "--no-compile", f"{wheel}[generate,sandbox,verify,fastapi]", "pytest>=9"])
    made = Stranger(folder / "environment")
    shutil.rmtree(made.released, ignore_errors=True)
    made.install(_older(), date(2026, 1, 1))
    return made


def _today() -> Bundle:
    return original(resources.spec() / "openapi.yaml", (), Report())


def _older() -> Bundle:
    """A made-up release before today's: of an answer a field could be missing, and of the other surfaces an operation is."""
    today = _today()
    value: dict[str, Any] = json.loads(json.dumps(today.value))
    value["info"]["version"] = OLDER
    value["components"]["schemas"]["VinrSessionResult"]["required"].remove("currency")
    value["paths"].pop("/checkout/cst")
    return Bundle(value, today.origins, today.sources)


def _copy(name: str, folder: Path) -> Path:
    """An example, as its owner has it: nothing generated, nothing set up."""
    shutil.copytree(
        ROOT / "tests" / "downstream" / name, folder / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__")
    )
    return folder / name


# -- a merchant ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def merchant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _copy("merchant", tmp_path_factory.mktemp("repos"))


def test_a_merchant_sets_up_and_generates(stranger: Stranger, merchant: Path) -> None:
    own = snapshot(merchant)
    told = stranger.run("tillspec", "init", "--surface", "vinr", cwd=merchant)
    assert OLDER in told
    stranger.run("make", "generate", cwd=merchant)
    assert "are what the contract says" in stranger.run("make", "check", cwd=merchant)
    assert {path: data for path, data in snapshot(merchant).items() if path in own} == own


def test_a_generated_file_that_was_edited_is_named(stranger: Stranger, merchant: Path) -> None:
    models = merchant / "generated" / "python" / "checkout_client" / "models.py"
    text = models.read_text(encoding="utf-8")
    models.write_text(text.replace("class VinrSession(", "class OurSession("), encoding="utf-8")
    told = stranger.run("make", "check", cwd=merchant, status=2)
    assert "edited by hand: generated/python/checkout_client/models.py" in told
    assert "tillspec generate --force" in told
    models.write_text(text, encoding="utf-8")
    stranger.run("make", "check", cwd=merchant)


def test_a_merchants_tests_pass_against_a_sandbox(stranger: Stranger, merchant: Path) -> None:
    assert re.search(r"= \d+ passed in", stranger.run("make", "verify", cwd=merchant))


# -- an implementer --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def implementer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _copy("implementer", tmp_path_factory.mktemp("repos"))


def test_an_implementer_starts_from_the_stub(stranger: Stranger, implementer: Path) -> None:
    own = snapshot(implementer)
    stranger.run("tillspec", "init", "--surface", "vinr", "--role", "server", cwd=implementer)
    assert 'profile = "verify.toml"' in (implementer / "tillspec.toml").read_text(), "it was there"
    told = stranger.run("make", "generate", cwd=implementer)
    assert "yours from now on: server/app.py" in told, "what was not there is scaffolded"
    assert {path: data for path, data in snapshot(implementer).items() if path in own} == own, "and what was is not touched"
    stranger.run("make", "check", cwd=implementer)


def test_an_upgrade_tells_a_server_what_is_new_for_it_and_leaves_its_handlers(stranger: Stranger, implementer: Path) -> None:
    stranger.install(_today(), date(2026, 2, 1))
    server = snapshot(implementer / "server")
    told = stranger.run("tillspec", "upgrade", "--dry-run", cwd=implementer)
    breaks = told.partition("Other changes:")[0]
    assert "Breaks this repo, a server of vinr:" in breaks
    assert "/currency" in breaks
    assert "response-property-became-required" in breaks
    assert "1 more change in other surfaces." in told
    stranger.run("make", "check", cwd=implementer)

    told = stranger.run("tillspec", "upgrade", cwd=implementer)
    assert f"Move the contract from {OLDER} to " in told
    assert (implementer / "tillspec-upgrade.txt").read_text(encoding="utf-8").startswith(f"Move the contract from {OLDER}")
    assert snapshot(implementer / "server") == server
    stranger.run("make", "check", cwd=implementer)


def test_a_merchant_is_not_broken_by_what_a_server_must_add(stranger: Stranger, merchant: Path) -> None:
    assert "Nothing breaks this repo, a client of vinr." in stranger.run("tillspec", "upgrade", cwd=merchant)
    stranger.run("make", "check", cwd=merchant)


OVERLAY = """\
overlay: 1.0.0
info: {title: The shop's own, version: '1'}
actions:
  - target: $
    update: {servers: [{url: 'https://checkout.shop.example', description: Our own.}]}
  - target: $.components.schemas.VinrSession.properties
    update: {shop: {type: string, description: Which of our shops it is.}}
  - target: $.paths['/checkout/session/{sessionId}/result']
    remove: true
"""
PROMISE = """\
  - target: $.components.schemas.VinrSession
    update: {required: [expiresAt]}
"""


def test_a_merchant_adapts_the_contract_by_an_overlay(stranger: Stranger, merchant: Path) -> None:
    settings, package = merchant / "tillspec.toml", merchant / "generated" / "python" / "checkout_client"
    settings.write_text(settings.read_text().replace("# overlay = ", "overlay = "))
    (merchant / "overlay.yaml").write_text(OVERLAY)
    told = stranger.run("make", "generate", cwd=merchant)
    assert "Changes of the contract by the overlay:" in told
    assert {"operation-removed", "server-added", "response-property-added"} <= set(told.split())
    assert "shop: str | MISSING = MISSING" in (package / "models.py").read_text()
    assert "get_vinr_session_result" not in (package / "client" / "sessions.py").read_text()
    (merchant / "overlay.yaml").write_text(OVERLAY + PROMISE)
    told = stranger.run("make", "generate", cwd=merchant, status=2)
    assert "error[overlay-narrows]" in told
    assert "leave it out of overlay.yaml" in told, "a client must not rely on what a server need not send"


def test_an_implementer_keeps_the_contract(stranger: Stranger, implementer: Path, free_url: str) -> None:
    settings = implementer / "tillspec.toml"
    settings.write_text(settings.read_text().replace("http://127.0.0.1:8000", free_url))
    serve = f"SERVE=PYTHONPATH=generated/python python -m uvicorn app:app --app-dir server --port {free_url.rpartition(':')[2]}"
    told = stranger.run("make", "verify", serve, cwd=implementer)
    assert re.search(r"^conforms: ", told, re.MULTILINE), told
    assert int(re.search(r"^([\d,]+) requests to 2 operations", told, re.MULTILINE)[1].replace(",", "")) > 500  # type: ignore[index]


@pytest.fixture
def free_url() -> str:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as found:
        return f"http://127.0.0.1:{found.getsockname()[1]}"


# -- a front end -----------------------------------------------------------------------------------------------------------------


def test_a_front_end_is_typed_by_the_contract(stranger: Stranger, tmp_path: Path, require_engine: Callable[..., str]) -> None:
    modules = node_modules(require_engine)
    folder = _copy(FRONTEND.name, tmp_path)
    (folder / "node_modules").symlink_to(modules)
    stranger.run("tillspec", "init", cwd=folder)
    stranger.run("make", "generate", cwd=folder)
    stranger.run("make", "check", cwd=folder)
    stranger.run("make", "verify", cwd=folder)
    made = folder / "generated" / "typescript" / "checkout_api.d.ts"
    made.write_text(made.read_text(encoding="utf-8").replace("shipping_address", "shiping_address"), encoding="utf-8")
    assert "edited by hand: generated/typescript/checkout_api.d.ts" in stranger.run("make", "check", cwd=folder, status=2)
    assert "shipping_address" in stranger.run("make", "verify", cwd=folder, status=2)
