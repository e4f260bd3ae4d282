"""What all tests share: the import path of a bare checkout, switches, and an honest last line about what was left out.

- `--accept` takes what comes out now as what is expected.
- A test that needs something that is not there (an engine, the corpus) is skipped by `require_engine` or `shared`. The last line
  of a run says what was left out and how to get it; with `CI=true` leaving anything out is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

from helpers import Tillspec

pytest_plugins = ["engines"]

ROOT = Path(__file__).resolve().parent.parent

for _package, _folder in (("tillspec", "tools"), ("checkout_api", "generated/python")):
    if find_spec(_package) is None:
        sys.path.insert(0, str(ROOT / _folder))


settings.register_profile("tests", deadline=None)  # how fast a machine is says nothing about a law
settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="take what comes out now as what is expected, and write it down")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than a few seconds; leave out with -m 'not slow'")


@pytest.fixture(scope="session")
def accept(pytestconfig: pytest.Config) -> bool:
    """Whether the expected output is to be written anew."""
    return bool(pytestconfig.getoption("accept"))


@pytest.fixture(scope="session")
def require_engine() -> Callable[..., str]:
    """`require_engine("node", install="apt-get install nodejs npm")`: the program's path, or the test is left out.

    `beyond_path` names more folders to look in.
    """

    def require(name: str, *, install: str, beyond_path: Sequence[Path] = ()) -> str:
        found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, beyond_path)))
        if found is None:
            pytest.skip(f"{name} is not there; install it with: {install}")
        return found

    return require


@pytest.fixture(scope="session")
def shared() -> Path:
    """The corpus of other people's contracts, beside the checkout."""
    folder = ROOT.parent / "shared" / "corpus"
    if not folder.is_dir():
        pytest.skip("../shared/corpus is not there; put the corpus beside the checkout")
    return folder


@pytest.fixture
def tillspec(monkeypatch: pytest.MonkeyPatch) -> Tillspec:
    """`tillspec("generate", "--out", "x", cwd=folder)`: the command line as a user runs it, but without a new process."""
    from click.testing import CliRunner

    from tillspec.cli import main

    def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patch:
            patch.chdir(cwd)
            patch.setattr(sys, "argv", ["tillspec", *arguments])
            done = CliRunner(env={"COLUMNS": "100"}).invoke(main, arguments, prog_name="tillspec")
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def tillspec_process() -> Tillspec:
    """`tillspec`, in a process of its own; named arguments go into its environment."""
    from tillspec import __file__ as package

    path = [str(Path(package).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
    base = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}

    def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tillspec", *arguments]
        return subprocess.run(command, cwd=cwd, env=base | environment, capture_output=True, text=True, check=False)

    return run


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Print the last line, after all that pytest prints itself."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.config.option.collectonly:
        return
    reasons = dict.fromkeys(_reason(report.longrepr) for report in reporter.stats.get("skipped", ()))
    if reasons and os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    reporter.write_line("left out: " + " | ".join(reasons) if reasons else "nothing was left out")


def _reason(longrepr: object) -> str:
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return str(text).removeprefix("Skipped: ")
