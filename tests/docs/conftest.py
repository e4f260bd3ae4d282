"""What the tests of sites share: our own site, built once, and a sandbox that lets its pages ask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tillspec import resources
from tillspec.api.model import Api
from tillspec.diagnostics import Report
from tillspec.pipeline import read
from tillspec.publish import Wanted, publish

ROOT = Path(__file__).resolve().parents[2]
SPEC = resources.spec() / "openapi.yaml"


@pytest.fixture(scope="session")
def checkout_sandbox_options() -> Sequence[str]:
    return ("--seed", "docs", "--allow-origin", "*")


@pytest.fixture(scope="session")
def api() -> Api:
    """Our own contract."""
    return read(SPEC, frozenset(), (), Report())[1]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of our own contract, with the guide."""
    out = tmp_path_factory.mktemp("docs") / "site"
    publish(
        Wanted(
            spec=SPEC, out=out, guide=(ROOT / "README.md", SPEC.parent / "README.md"), figures=(ROOT / "tests/prove/README.md",)
        )
    )
    return out
