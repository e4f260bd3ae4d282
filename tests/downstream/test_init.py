"""`tillspec init`: what it writes, what it asks, and that it is all or nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers import Tillspec, snapshot
from tillspec import __version__, resources

WRITTEN = {
    ".github/workflows/tillspec.yml",
    ".pre-commit-config.yaml",
    "Makefile",
    "tillspec-contract.lock",
    "tillspec.mk",
    "tillspec.toml",
}


CONTRACT = """\
openapi: 3.1.0
info: {title: Small, version: 1.0.0}
paths:
  /session: {get: {operationId: a, x-behavior: {surface: vinr}, responses: {'204': {description: None.}}}}
  /cart: {get: {operationId: b, x-behavior: {surface: diddo}, responses: {'204': {description: None.}}}}
"""


@pytest.fixture(autouse=True)
def packaged(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A small contract in place of the packaged one, which takes its time to be read."""
    folder = tmp_path_factory.mktemp("spec")
    (folder / "openapi.yaml").write_text(CONTRACT)
    shutil.copy(resources.spec() / "behavior.schema.json", folder)
    monkeypatch.setattr(resources, "spec", lambda: folder)


def files(folder: Path) -> set[str]:
    return {path for path, data in snapshot(folder).items() if data is not None}


def recipes(folder: Path, target: str) -> str:
    """What make would run for a target."""
    command = ["make", "--no-print-directory", "--dry-run", target]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_an_empty_repo_gets_all_it_needs(tmp_path: Path, tillspec: Tillspec) -> None:
    done = tillspec("init", "--surface", "vinr", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert files(tmp_path) == WRITTEN
    said = tomllib.loads((tmp_path / "tillspec.toml").read_text())
    assert said["generate"] == {"role": "client", "surfaces": ["vinr"], "out": "generated", "package": "checkout_client"}
    assert said["contract"] == {"source": "tillspec"}
    assert "1. make generate" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    written = snapshot(tmp_path)
    again = tillspec("init", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, "nothing to do: this repo is set up\n")
    assert snapshot(tmp_path) == written


def test_texts_are_for_80_columns(tmp_path: Path, tillspec: Tillspec) -> None:
    tillspec("init", "--role", "both", cwd=tmp_path)
    for path in files(tmp_path) - {"tillspec-contract.lock"}:
        for line in (tmp_path / path).read_text().splitlines():
            assert len(line) <= 80, (path, line)


@pytest.mark.parametrize("role", ["client", "server", "both"])
def test_a_makefile_has_what_the_role_needs(tmp_path: Path, tillspec: Tillspec, role: str) -> None:
    tillspec("init", "--role", role, cwd=tmp_path)
    assert recipes(tmp_path, "generate") == "tillspec generate\n"
    assert recipes(tmp_path, "check") == "tillspec generate --check\n"
    verified = recipes(tmp_path, "verify")
    assert ("python3 -m pytest" in verified, "tillspec verify" in verified) == (role != "server", role != "client")
    assert ("--app-dir server --port 8000" in verified) == (role != "client")


@pytest.mark.parametrize("ci", ["github", "gitlab", "none"])
@pytest.mark.parametrize("role", ["client", "server"])
def test_ci_installs_this_version_and_runs_the_targets(tmp_path: Path, tillspec: Tillspec, ci: str, role: str) -> None:
    tillspec("init", "--ci", ci, "--role", role, cwd=tmp_path)
    paths = {"github": ".github/workflows/tillspec.yml", "gitlab": ".gitlab/tillspec.yml"}
    assert {path for path in paths.values() if (tmp_path / path).exists()} == ({paths[ci]} if ci in paths else set())
    if ci == "none":
        return
    value: Any = yaml.safe_load((tmp_path / paths[ci]).read_text())
    job = value["jobs"]["contract"] if ci == "github" else value["tillspec"]
    commands = [step.get("run") for step in job["steps"]] if ci == "github" else [*job["before_script"], *job["script"]]
    assert commands[-2:] == ["make check", "make verify"]
    extra = "sandbox" if role == "client" else "verify"
    assert any(f"'tillspec[generate,{extra}]=={__version__}'" in str(command) for command in commands)
    assert (tmp_path / ".gitlab-ci.yml").exists() == (ci == "gitlab")


def test_a_surface_that_is_unknown_is_refused_with_those_there_are(tmp_path: Path, tillspec: Tillspec) -> None:
    done = tillspec("init", "--surface", "vinrr", cwd=tmp_path)
    assert done.returncode == 1
    assert "did you mean vinr?" in done.stderr
    assert files(tmp_path) == set()


@pytest.mark.parametrize("package", ["not-a-name", "json", "tillspec"])
def test_a_package_that_cannot_be_imported_is_refused(tmp_path: Path, tillspec: Tillspec, package: str) -> None:
    assert tillspec("init", "--package", package, cwd=tmp_path).returncode == 2
    assert files(tmp_path) == set()


# -- what is there already -----------------------------------------------------------------------------------------------------

MAKEFILE = "all:\n\techo all\n"
HOOKS = """\
repos:
  - repo: https://example.org/hooks   # ours
    rev: v1
    hooks:
      - id: tidy

# at the end
ci: {autofix_prs: false}
"""


def test_what_is_there_is_not_touched_unasked(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / ".pre-commit-config.yaml").write_text(HOOKS)
    done = tillspec("init", cwd=tmp_path)
    assert done.returncode == 1
    assert "+include tillspec.mk" in done.stdout
    assert "--yes" in done.stderr
    assert files(tmp_path) == {"Makefile", ".pre-commit-config.yaml"}
    assert (tmp_path / "Makefile").read_text() == MAKEFILE

    assert tillspec("init", "--yes", cwd=tmp_path).returncode == 0
    assert (tmp_path / "Makefile").read_text() == MAKEFILE + "include tillspec.mk\n"
    assert recipes(tmp_path, "all") == "echo all\n"
    text = (tmp_path / ".pre-commit-config.yaml").read_text()
    assert text.startswith(HOOKS[: HOOKS.index("\n# at the end")])
    assert text.endswith("\n# at the end\nci: {autofix_prs: false}\n")
    value = yaml.safe_load(text)
    assert [repo["repo"] for repo in value["repos"]] == ["https://example.org/hooks", "local"]
    assert value["repos"][1]["hooks"][0]["entry"] == "tillspec generate --check"
    assert tillspec("init", cwd=tmp_path).stdout == "nothing to do: this repo is set up\n"


@pytest.mark.parametrize(("answer", "status"), [("n", 1), ("y", 0)])
def test_somebody_at_a_terminal_is_asked(tmp_path: Path, answer: str, status: int) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "tillspec", "init"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        told = b""
        with contextlib.suppress(OSError):  # which is how a terminal ends
            while part := os.read(ours, 4096):
                told += part
    os.close(ours)
    assert b"Change them? [y/N]" in told
    assert running.returncode == status
    assert files(tmp_path) == (WRITTEN if status == 0 else {"Makefile"})


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("Makefile", "check:\n\techo mine\n", "include tillspec.mk"),
        (".pre-commit-config.yaml", "repos: [{repo: local, hooks: []}]\n", "tillspec generate --check"),
        (".pre-commit-config.yaml", "repos: [broken\n", "tillspec generate --check"),
        (".gitlab-ci.yml", "include: other.yml\n", "- local: .gitlab/tillspec.yml"),
        ("Makefile", "# caf\xe9\n", "include tillspec.mk"),
    ],
)
def test_what_cannot_be_added_to_is_left_and_told(tmp_path: Path, tillspec: Tillspec, path: str, text: str, told: str) -> None:
    (tmp_path / path).write_text(text, encoding="latin-1")
    done = tillspec("init", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / path).read_text(encoding="latin-1") == text
    assert told in done.stdout.split(f"{path} has something of its own")[1]


@pytest.mark.parametrize(
    "text",
    [
        "repos:\n- repo: a\n  rev: v1\n  hooks: [{id: x}]\n",
        "repos:\n    - repo: a\n      rev: v1\n      hooks:\n      - id: x",
        "ci: {}\nrepos:\n  - repo: a\n    rev: v1\n    hooks: [{id: x}]\n    # the last word\n",
    ],
)
def test_a_hook_is_added_whatever_the_indent(tmp_path: Path, tillspec: Tillspec, text: str) -> None:
    (tmp_path / ".pre-commit-config.yaml").write_text(text)
    assert tillspec("init", "--yes", cwd=tmp_path).returncode == 0
    value = yaml.safe_load((tmp_path / ".pre-commit-config.yaml").read_text())
    assert [repo["repo"] for repo in value["repos"]] == ["a", "local"]
    assert {key: value[key] for key in value if key != "repos"} == {
        key: found for key, found in yaml.safe_load(text).items() if key != "repos"
    }


def test_gitlabs_file_is_found_by_itself(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text("build: {script: [make]}\n")
    assert tillspec("init", "--yes", cwd=tmp_path).returncode == 0
    value = yaml.safe_load((tmp_path / ".gitlab-ci.yml").read_text())
    assert value == {"build": {"script": ["make"]}, "include": [{"local": ".gitlab/tillspec.yml"}]}
    assert not (tmp_path / ".github").exists()


def test_settings_of_ones_own_stay_as_they_are(tmp_path: Path, tillspec: Tillspec) -> None:
    text = '# mine\n[generate]\nrole = "server"\nsurfaces = ["diddo"]\npackage = "mine_api"\n'
    (tmp_path / "tillspec.toml").write_text(text)
    assert tillspec("init", cwd=tmp_path).returncode == 0
    assert (tmp_path / "tillspec.toml").read_text() == text
    assert files(tmp_path) == WRITTEN
    done = tillspec("init", "--role", "client", cwd=tmp_path)
    assert (done.returncode, '-role = "server"' in done.stdout) == (1, True)
    assert (tmp_path / "tillspec.toml").read_text() == text


def test_the_server_is_started_where_the_settings_look_for_it(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "tillspec.toml").write_text('[generate]\nrole = "server"\n[verify]\nurl = "http://127.0.0.1:9123/"\n')
    assert tillspec("init", cwd=tmp_path).returncode == 0
    assert "--app-dir . --port 9123" in recipes(tmp_path, "verify")


def test_all_is_written_or_nothing(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "tillspec.toml").mkdir()
    done = tillspec("init", cwd=tmp_path)
    assert done.returncode == 1
    assert "nothing was" in done.stderr
    assert files(tmp_path) == set()


def test_a_broken_contract_sets_nothing_up(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "api.yaml").write_text("openapi: 3.1.0\n")
    done = tillspec("init", "--source", "api.yaml", cwd=tmp_path)
    assert (done.returncode, "error[" in done.stderr, files(tmp_path)) == (1, True, {"api.yaml"})
    done = tillspec("init", "--source", "none.yaml", cwd=tmp_path)
    assert (done.returncode, "none.yaml cannot be read" in done.stderr, files(tmp_path)) == (1, True, {"api.yaml"})
