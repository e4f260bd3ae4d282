"""What `tillspec verify` says of a server that runs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run came to: findings and what was not tested as the report has them, and what the command exited with."""

    status: int
    findings: list[dict[str, Any]]
    untested: list[dict[str, Any]]
    incomplete: list[str]
    requests: int
    seconds: float

    @property
    def alarms(self) -> list[str]:
        """What a correct server must not get: each as severity, check, operation and text."""
        told = [one for one in self.findings if one["severity"] != "INFO"]
        return [
            f"{one['severity']} {one['check']} {one['operation']}: {one['what']} ({one['observed']})" for one in told
        ] + self.incomplete


def verdict(url: str, profile: str, contract: Path, options: Sequence[str] = ()) -> Verdict:
    """Runs the command in a folder of its own.

    Raises:
        RuntimeError: it wrote no report.
    """
    with tempfile.TemporaryDirectory(prefix="verdict-") as folder:
        Path(folder, "profile.toml").write_text(profile, encoding="utf-8")
        given = ["--url", url, "--spec", str(contract), "--profile", "profile.toml", "--json", "report.json", *options]
        done = subprocess.run(  # no shell
            [sys.executable, "-m", "tillspec", "verify", *given], cwd=folder, capture_output=True, text=True, check=False
        )
        report = Path(folder, "report.json")
        if not report.exists():
            raise RuntimeError(f"no report: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        value = json.loads(report.read_text(encoding="utf-8"))
    return Verdict(
        value["exit"], value["findings"], value["untested"], value["incomplete"], value["requests"], value["seconds"]
    )  # fmt: skip
