"""The action, the template and the hooks: their scripts run here, and what is given to them is never part of a script."""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tillspec.cli import main

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / ".ci" / "action" / "action.yml"
TEMPLATE = ROOT / ".ci" / "gitlab" / "verify.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"

HOSTILE = ["'; touch owned; '", "$(touch owned)", "`touch owned`", "a b  c", "*", "--help", '" && touch owned; "', "\\"]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.fixture
def stub(tmp_path: Path) -> dict[str, str]:
    """An environment in which `tillspec` writes down its arguments, and ends as it is told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "tillspec"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "open('arguments.json', 'w').write(json.dumps(sys.argv[1:]))\nsys.exit(int(os.environ.get('STATUS', '0')))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(tmp_path)}


def carried_out(
    script: str, folder: Path, environment: dict[str, str], *, shell: str = "bash"
) -> subprocess.CompletedProcess[str]:
    """Run a script as runners do: GitHub's with bash, GitLab's with the shell of the image."""
    flags = ["--noprofile", "--norc", "-eo", "pipefail"] if shell == "bash" else ["-e"]
    return subprocess.run(
        [shell, *flags, "-c", script], check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=30
    )


def arguments(folder: Path) -> list[str]:
    found: list[str] = json.loads((folder / "arguments.json").read_text())
    return found


def given(step: dict[str, Any], inputs: dict[str, str]) -> dict[str, str]:
    """The environment of a step of the action, as GitHub fills it in."""
    declared = read(ACTION)["inputs"]
    values = {name: inputs.get(name, one.get("default", "")) for name, one in declared.items()}
    return {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: values[found[1]], text) for name, text in step["env"].items()
    }


# -- GitHub --------------------------------------------------------------------------------------------------------------


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(ACTION)["runs"]["steps"]
    return found


def known(options: set[str]) -> bool:
    """Whether the command has all these options."""
    declared = {name for parameter in main.commands["verify"].params for name in parameter.opts}
    return {option.partition("=")[0] for option in options} <= declared


def verify(tmp_path: Path, stub: dict[str, str], status: int = 0, **inputs: str) -> tuple[int, str]:
    (step,) = [one for one in steps() if one["name"] == "Verify"]
    environment = {**stub, **given(step, inputs), "GITHUB_OUTPUT": str(tmp_path / "output"), "STATUS": str(status)}
    done = carried_out(step["run"], tmp_path, environment)
    return done.returncode, (tmp_path / "output").read_text()


def test_nothing_that_is_given_is_part_of_a_script() -> None:
    for step in steps():
        assert "${{" not in step.get("run", "")
        assert "github.event" not in json.dumps(step)


def test_every_input_is_used() -> None:
    text = ACTION.read_text()
    for name in read(ACTION)["inputs"]:
        assert f"${{{{ inputs.{name} }}}}" in text, name


def test_by_default_there_are_junit_and_a_page(tmp_path: Path, stub: dict[str, str]) -> None:
    assert verify(tmp_path, stub, url="http://127.0.0.1:1") == (0, "verdict=conforms\n")
    assert arguments(tmp_path) == [
        "verify",
        "--github",
        "--url=http://127.0.0.1:1",
        "--spec=spec/openapi.yaml",
        "--junit=tillspec-verify.xml",
        "--html=tillspec-verify.html",
    ]


@pytest.mark.parametrize(("status", "verdict"), [(0, "conforms"), (1, "deviates"), (2, "incomplete"), (70, "incomplete")])
def test_the_step_ends_as_the_command_does(tmp_path: Path, stub: dict[str, str], status: int, verdict: str) -> None:
    assert verify(tmp_path, stub, status, url="http://x") == (status, f"verdict={verdict}\n")


def test_all_inputs_become_options(tmp_path: Path, stub: dict[str, str]) -> None:
    inputs = {"profile": "p.toml", "baseline": "b.toml", "shard": "1/3", "seed": "7", "workers": "4", "max-time": "60"}
    inputs |= {"junit": "j.xml", "html": "h.html", "json": "r.json", "sarif": "r.sarif", "spec": "api.yaml"}
    verify(tmp_path, stub, url="http://x", surface="vinr\n\ndiddo\n", only="a\nb c", safe="true", **inputs)
    expected = {f"--{name}={value}" for name, value in inputs.items()}
    expected |= {"--url=http://x", "--surface=vinr", "--surface=diddo", "--only=a", "--only=b c", "--safe", "--github"}
    assert set(arguments(tmp_path)[1:]) == expected
    assert known(expected)


@pytest.mark.parametrize("text", HOSTILE)
def test_an_input_is_a_value_whatever_is_in_it(tmp_path: Path, stub: dict[str, str], text: str) -> None:
    verify(tmp_path, stub, url=text, profile=text, only=text, seed=text)
    assert {f"--{name}={text}" for name in ("url", "profile", "only", "seed")} <= set(arguments(tmp_path))
    assert not (tmp_path / "owned").exists()


def test_what_the_action_installs_is_the_checkout_that_it_is_in(tmp_path: Path) -> None:
    (step,) = [one for one in steps() if one["name"] == "Install Tillspec"]
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\nmkdir -p "$3/bin"\nprintf \'#!/bin/sh\\nprintf "%%s\\\\n" "$@" >"$RUNNER_TEMP/pip"\\n\' >"$3/bin/python"\n'
        'chmod +x "$3/bin/python"\n'
    )
    python.chmod(0o755)
    environment = {
        "PATH": os.environ["PATH"],
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_PATH": str(tmp_path / "path"),
        "GITHUB_ACTION_PATH": str(ACTION.parent),
        **given(step, {"python": str(python)}),
    }
    done = carried_out(step["run"], tmp_path, environment)
    assert done.returncode == 0, done.stderr
    installed = (tmp_path / "pip").read_text().splitlines()[-1]
    folder, _, extra = installed.partition("[")
    assert (Path(folder).resolve(), extra) == (ROOT, "verify]")
    assert (tmp_path / "path").read_text() == f"{tmp_path}/tillspec/bin\n"


# -- GitLab --------------------------------------------------------------------------------------------------------------


def job(tmp_path: Path, stub: dict[str, str], status: int = 0, **variables: str) -> int:
    job = read(TEMPLATE)[".tillspec-verify"]
    environment = {**stub, **job["variables"], **variables, "STATUS": str(status)}
    (script,) = job["script"]
    return carried_out(script, tmp_path, environment, shell="sh").returncode


def test_the_job_by_default(tmp_path: Path, stub: dict[str, str]) -> None:
    assert job(tmp_path, stub, TILLSPEC_VERIFY_URL="http://server:8080") == 0
    assert arguments(tmp_path) == [
        "verify",
        "--url=http://server:8080",
        "--spec=spec/openapi.yaml",
        "--junit=tillspec-verify.xml",
        "--html=tillspec-verify.html",
    ]
    assert [job(tmp_path, stub, status) for status in (1, 2)] == [1, 2]


def test_all_variables_become_options(tmp_path: Path, stub: dict[str, str]) -> None:
    names = ("PROFILE", "BASELINE", "SEED", "WORKERS", "MAX_TIME", "JUNIT", "HTML", "JSON", "SARIF", "SPEC")
    variables = {f"TILLSPEC_{name}": f"of {name}" for name in names}
    parallel = {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "3"}
    lists = {"TILLSPEC_SURFACE": "vinr\ndiddo", "TILLSPEC_ONLY": "a\nb c\n", "TILLSPEC_SAFE": "true"}
    job(tmp_path, stub, TILLSPEC_VERIFY_URL="http://x", **variables, **parallel, **lists)
    expected = {f"--{name.lower().replace('_', '-')}=of {name}" for name in names}
    expected |= {"--url=http://x", "--surface=vinr", "--surface=diddo", "--only=a", "--only=b c", "--safe", "--shard=2/3"}
    assert set(arguments(tmp_path)[1:]) == expected
    assert known(expected)
    declared = {name for name in read(TEMPLATE)[".tillspec-verify"]["variables"] if name != "TILLSPEC_PACKAGE"}
    assert declared == {*variables, *lists, "TILLSPEC_VERIFY_URL"}


@pytest.mark.parametrize("text", [*HOSTILE, "END"])
def test_a_variable_is_a_value_whatever_is_in_it(tmp_path: Path, stub: dict[str, str], text: str) -> None:
    job(tmp_path, stub, TILLSPEC_VERIFY_URL=text, TILLSPEC_PROFILE=text, TILLSPEC_ONLY=text)
    assert {f"--{name}={text}" for name in ("url", "profile", "only")} <= set(arguments(tmp_path))
    assert not (tmp_path / "owned").exists()


# -- pre-commit ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", read(HOOKS), ids=lambda hook: hook["id"])
def test_a_hook_runs_a_command_that_there_is(tmp_path: Path, stub: dict[str, str], hook: dict[str, Any]) -> None:
    assert {"id", "name", "description", "entry", "language", "additional_dependencies", "pass_filenames"} <= hook.keys()
    program, command, *options = shlex.split(hook["entry"])
    assert program == "tillspec"
    assert command in main.commands
    assert set(options) <= {name for parameter in main.commands[command].params for name in parameter.opts}
    done = subprocess.run(shlex.split(hook["entry"]), check=False, cwd=tmp_path, env=stub, capture_output=True)
    assert done.returncode == 0
    assert arguments(tmp_path) == [command, *options]
