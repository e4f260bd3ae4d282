"""`pytest --tillspec-url`: each kind of probe of each operation is a test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

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


WITH_A_KEY = """
openapi: 3.1.0
info: {title: Sessions, version: '1'}
security: [{VinrApiKey: []}]
paths:
  /checkout/session:
    post:
      operationId: createVinrSession
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, properties: {amount: {type: integer}}, additionalProperties: true}
            example: {amount: 2490, currency: EUR, successUrl: 'https://a.example/b', cancelUrl: 'https://a.example/c'}
      responses:
        default:
          description: Another answer than the sandbox's.
          headers: {X-Never: {required: true, schema: {type: string}}}
          content: {application/json: {schema: {type: object}}}
components:
  securitySchemes:
    VinrApiKey: {type: apiKey, in: header, name: X-Api-Key}
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_failure_shows_how_to_see_it_again(tmp_path: Path, running_sandbox: Sandbox, workers: tuple[str, ...]) -> None:
    contract, profile = tmp_path / "contract.yaml", tmp_path / "profile.toml"
    contract.write_text(WITH_A_KEY)
    text = running_sandbox.profile.read_text()
    key = re.search(r'VinrApiKey = "(\w+)"', text)
    assert key is not None
    profile.write_text(f'[tenants.first.credentials]\nVinrApiKey = "{key[1]}"\n')
    asked = ("--tillspec-spec", contract, "--tillspec-url", running_sandbox.url, "--tillspec-profile", profile)
    made = pytest_run(tmp_path, *asked, "-k", "credentials", *workers)
    assert made.returncode == 1, made.stdout
    assert re.search(r"^MUST header-required-[0-9a-f]{8}$", made.stdout, re.MULTILINE)
    for line in ("  clause    contract.yaml:", "  pointer   #/paths/", "  expected  X-Never on ", "  observed  ", "  try       "):
        assert line in made.stdout.replace(str(tmp_path) + "/", "")
    assert f"curl -i {running_sandbox.url}/checkout/session" in made.stdout
    assert "$FIRST_VINRAPIKEY" in made.stdout
    assert key[1] not in made.stdout + made.stderr


def test_what_cannot_be_used_is_told(tmp_path: Path, running_sandbox: Sandbox) -> None:
    (tmp_path / "bad.toml").write_text("[server]\nrat = 1\n")
    made = pytest_run(tmp_path, "--tillspec-url", running_sandbox.url, "--tillspec-profile", "bad.toml")
    assert (made.returncode, "bad.toml:2:1: " in made.stderr) == (4, True), made.stderr
    made = pytest_run(tmp_path, "--tillspec-url", "nowhere")
    assert (made.returncode, "no http(s) URL" in made.stderr) == (4, True), made.stderr
