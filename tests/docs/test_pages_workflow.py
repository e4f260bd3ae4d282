"""The workflow that publishes a site: what it runs is what the command knows."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import yaml

from docs.test_build import contract
from helpers import Tillspec

WORKFLOW = Path(__file__).resolve().parents[2] / ".ci/pages/docs.yml"


def test_its_build_step_builds_a_site(tmp_path: Path, tillspec: Tillspec) -> None:
    workflow: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text())
    job = workflow["jobs"]["publish"]
    (build,) = (step for step in job["steps"] if step.get("name") == "Build")
    (line,) = (line for line in build["run"].splitlines() if line.startswith("tillspec "))
    values = job["env"] | {"TILLSPEC_BASE_URL": "https://shop.example/api"}
    for name, value in values.items():
        line = line.replace(f"${name}", value)
    assert "$" not in line
    contract(tmp_path / "spec")
    done = tillspec(*shlex.split(line)[1:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (upload,) = (step for step in job["steps"] if "upload-pages-artifact" in step.get("uses", ""))
    assert (tmp_path / upload["with"]["path"] / "index.html").is_file()
    assert "https://shop.example/api/index.html" in (tmp_path / "site/sitemap.xml").read_text()


def test_no_expression_stands_in_a_script_and_permissions_are_few() -> None:
    workflow: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text())
    for step in workflow["jobs"]["publish"]["steps"]:
        assert "${{" not in step.get("run", "")
    assert workflow["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
