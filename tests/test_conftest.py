"""The last line of a run is honest about what was left out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NEEDS_AN_ENGINE = """
def test_plain():
    pass

def test_with_engine(require_engine):
    require_engine("surely-not-installed", install="apt-get install surely")
"""
NEEDS_NOTHING = """
def test_engine(require_engine):
    assert require_engine("{python}", install="")
"""
NEEDS_POSTGRES = """
import pathlib, postgres

postgres.DEBIAN = pathlib.Path("nowhere")

def test_with_a_database(postgres_url):
    assert postgres_url
"""
NEEDS_A_BROWSER = """
def test_with_a_page(page):
    assert page
"""


def run(folder: Path, source: str, **environment: str) -> tuple[int, str]:
    """The exit status and the last line of a run of pytest over one file, with this project's conftest."""
    for name in ("conftest.py", "engines.py", "helpers.py", "postgres.py"):
        shutil.copy(Path(__file__).with_name(name), folder / "tests" / name)
    (folder / "tests" / "test_it.py").write_text(source.replace("{python}", sys.executable.replace("\\", "/")))
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder / "tests")],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()[-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    return tmp_path


def test_what_was_left_out_is_the_last_line(folder: Path) -> None:
    told = "left out: surely-not-installed is not there; install it with: apt-get install surely"
    assert run(folder, NEEDS_AN_ENGINE) == (0, told)


def test_leaving_out_is_a_failure_in_ci(folder: Path) -> None:
    status, _ = run(folder, NEEDS_AN_ENGINE, CI="true")
    assert status == 1


@pytest.mark.parametrize(
    ("source", "name", "package"),
    [
        pytest.param(NEEDS_POSTGRES, "postgres", "postgresql", id="postgres"),
        pytest.param(NEEDS_A_BROWSER, "chromium", "chromium", id="chromium"),
    ],
)
def test_a_server_or_a_browser_that_is_not_there(folder: Path, source: str, name: str, package: str) -> None:
    told = f"left out: {name} is not there; install it with: apt-get install {package}"
    assert run(folder, source, PATH=str(folder)) == (0, told)


def test_nothing_left_out(folder: Path) -> None:
    assert run(folder, NEEDS_NOTHING, CI="true") == (0, "nothing was left out")
