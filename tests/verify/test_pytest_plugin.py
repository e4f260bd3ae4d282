"""`pytest --tillspec-url`: each kind of probe of each operation is a test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from .conftest import SPEC, Sandbox


def pytest_run(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tillspec-spec", *map(str, (SPEC, *arguments))]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False, timeout=120)


def test_without_a_url_there_is_nothing(tmp_path: Path) -> None:
    assert "no tests ran" in pytest_run(tmp_path).stdout


def test_every_unit_is_a_test(tmp_path: Path, running_sandbox: Sandbox) -> None:
    asked = ("--tillspec-url", running_sandbox.url, "--tillspec-profile", running_sandbox.profile)
    listed = pytest_run(tmp_path, *asked, "--collect-only").stdout
    assert "tillspec::createVinrSession[bodies]" in listed
    names = re.findall(r"^tillspec::\S+", listed, re.MULTILINE)
    assert len(names) == len(set(names))
    made = pytest_run(tmp_path, *asked, "-k", "createVinrSession and links", "-n", "2")
    assert (made.returncode, "1 passed" in made.stdout) == (0, True), made.stdout


def test_what_could_not_be_tested_is_skipped_with_the_reason(tmp_path: Path, running_sandbox: Sandbox) -> None:
    made = pytest_run(tmp_path, "--tillspec-url", running_sandbox.url, "-k", "createVinrSession and bodies", "-rs")
    assert "1 skipped" in made.stdout
    assert "no credential for VinrApiKey; fill in tenants.first.credentials.VinrApiKey" in made.stdout


def test_what_the_contract_forbids_fails_without_a_traceback(tmp_path: Path, running_sandbox: Sandbox) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(
        """
openapi: 3.1.0
info: {title: Health, version: '1'}
paths:
  /healthz:
    get:
      operationId: health
      responses:
        '200':
          description: Another answer than the sandbox's.
          headers: {X-Health: {required: true, schema: {type: string}}}
          content: {application/health+json: {schema: {type: object}}}
"""
    )
    made = pytest_run(tmp_path, "--tillspec-spec", contract, "--tillspec-url", running_sandbox.url)
    assert made.returncode == 1
    assert "the header X-Health is missing" in made.stdout
    assert "contract.yaml:" in made.stdout
    assert "Traceback" not in made.stdout


def test_what_cannot_be_used_is_told(tmp_path: Path, running_sandbox: Sandbox) -> None:
    (tmp_path / "bad.toml").write_text("[server]\nrat = 1\n")
    made = pytest_run(tmp_path, "--tillspec-url", running_sandbox.url, "--tillspec-profile", "bad.toml")
    assert (made.returncode, "bad.toml:2: " in made.stderr) == (4, True), made.stderr
    made = pytest_run(tmp_path, "--tillspec-url", "nowhere")
    assert (made.returncode, "no http(s) URL" in made.stderr) == (4, True), made.stderr
