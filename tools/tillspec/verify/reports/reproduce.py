"""How to see a finding for oneself: as lines for a shell, and as a test."""

from __future__ import annotations

from dataclasses import dataclass

from tillspec.verify.findings import Finding
from tillspec.verify.reports.as_pytest import as_pytest
from tillspec.verify.reports.curl import curl
from tillspec.verify.reports.recipe import recipe
from tillspec.verify.reports.secrets import Secrets
from tillspec.verify.run import Run


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The shortest ways to show a finding: `curl` for a POSIX shell, `pytest` for a file that needs httpx alone."""

    curl: str
    pytest: str


def reproduction(finding: Finding, run: Run, secrets: Secrets) -> Reproduction:
    """How to show a finding again. Both are empty where it has no requests that show it."""
    if not finding.steps:
        return Reproduction("", "")
    made = recipe(finding, str(run.wire.origin), secrets, run.origins)
    return Reproduction(curl(made), as_pytest(made))
