"""Scalar as a further page: its script is taken as npm has it, shows our contract, and asks nobody for anything."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from docs.conftest import ROOT, SPEC
from tillspec.publish import Wanted, publish

if TYPE_CHECKING:
    from playwright.sync_api import Page

PACKAGE, DIGEST = "@scalar/api-reference@1.76.0", "dcb027152bf20bf2f6dcd66e8f9fb073c1a9e274cf0b94b939a7d99ab8947060"
CACHE = ROOT / ".cache/scalar"


@pytest.fixture(scope="session")
def script(require_engine: Callable[..., str]) -> Path:
    """Scalar's script, fetched once; its dependencies are in it."""
    npm = require_engine("npm", install="apt-get install nodejs npm")
    found = CACHE / "package/dist/browser/standalone.js"
    if not found.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([npm, "pack", PACKAGE, "--silent"], cwd=CACHE, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        (archive,) = CACHE.glob("*.tgz")
        with tarfile.open(archive) as opened:
            opened.extract("package/dist/browser/standalone.js", CACHE, filter="data")
    assert hashlib.sha256(found.read_bytes()).hexdigest() == DIGEST
    return found


def test_the_viewer_shows_the_contract_and_asks_nobody(script: Path, reader: Page, tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(Wanted(spec=SPEC, out=out, scalar=script))
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto(f"{out.as_uri()}/index.html")
    reader.get_by_role("link", name="Scalar").click()
    reader.get_by_role("heading", name="Hosted checkout contract").wait_for()
    reader.get_by_text("Create a checkout session").first.wait_for()
    reader.wait_for_timeout(500)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert (out / "index.html").stat().st_size < 40_000
