"""Every rule of lint: a document that it finds something in, one that it does not, and a page.

`rules/<code>/fail/` and `pass/` are folders that a user could have written; `fail/expect.txt` is all that is printed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from helpers import Tillspec
from tillspec.diagnostics import CODES
from tillspec.lint import lint
from tillspec.rules import explain
from tillspec.rules.table import LINT

CASES = Path(__file__).with_name("rules")
SUPPRESSIONS = {"suppression-unused", "suppression-unknown", "suppression-reason"}
TOLD = sorted(LINT.keys() | SUPPRESSIONS)
"""The codes that lint has beyond those that are told while a document is read (those stand in `bad/`)."""

_HEAD = re.compile(r"^(?:error|warning)\[([a-z0-9-]+)\]: ", re.MULTILINE)
_BLOCK = re.compile(r"```yaml\n(.*?)\n```", re.DOTALL)


@pytest.mark.parametrize("code", TOLD)
def test_what_breaks_a_rule_is_found(code: str, tillspec: Tillspec, accept: bool) -> None:
    folder = CASES / code / "fail"
    done = tillspec("lint", "openapi.yaml", cwd=folder)

    told = f"exit {done.returncode}\n{done.stdout}"
    if accept:
        (folder / "expect.txt").write_text(told)
    assert told == (folder / "expect.txt").read_text()
    assert done.stderr == ""
    assert code in _HEAD.findall(told)
    for block in re.split(r"\n\n(?=error|warning)", told.partition("\n")[2].rpartition("\n\n")[0]):
        assert re.search(r"^  --> \S+:\d+:\d+$", block, re.MULTILINE), block
        assert "\n  hint: " in block, block


@pytest.mark.parametrize("code", TOLD)
def test_what_keeps_a_rule_is_let_pass(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / code / "pass")
    assert [item.message for item in lint(Path("openapi.yaml"))] == []


@pytest.mark.parametrize("code", TOLD)
def test_every_rule_has_a_page(code: str) -> None:
    page = explain.page(code)
    assert page.startswith(f"# {code} ({CODES[code].severity})\n\n{CODES[code].summary}\n")
    for heading in ("## Fails", "## Passes", "## What to do"):
        assert heading in page
    blocks = _BLOCK.findall(page)
    assert all(yaml.safe_load(block) for block in blocks)
    if code in LINT:
        assert yaml.safe_load(blocks[-1]).keys() == {"x-lint-ignore"}
        assert yaml.safe_load(blocks[-1])["x-lint-ignore"].keys() == {code}


def test_the_folders_and_pages_are_those_of_the_rules() -> None:
    assert sorted(path.name for path in CASES.iterdir()) == TOLD
    assert {path.stem for path in (Path(explain.__file__).parent / "pages").iterdir()} == {*TOLD, "defect"}


def test_a_rule_is_a_function_in_a_file_of_its_own() -> None:
    for code, rule in LINT.items():
        name = code.replace("-", "_")
        assert (rule.__name__, rule.__module__) == (name, f"tillspec.rules.{name}")
        assert rule.__doc__
        assert code in CODES
