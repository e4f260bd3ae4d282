"""Wheel, sdist, editable install and bare checkout: each has all it needs, in a clean environment."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from helpers import snapshot

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = re.compile(r"name resolution|Name or service not known|NewConnectionError|Network is unreachable|No route to host")

CHECKOUT = {"PYTHONPATH": f"{ROOT / 'tools'}{os.pathsep}{ROOT / 'generated' / 'python'}"}


@dataclass(frozen=True)
class Clean:
    """An environment of its own. Its packages come by the pip of the tests, hence out of pip's own cache."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def pip(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode and OFFLINE.search(done.stdout + done.stderr):
            pytest.skip("no package index can be reached; connect to the network")
        assert done.returncode == 0, done.stdout + done.stderr

    def run(self, *command: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, with nothing of the tests' own about it."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
        program = str(self.folder / "bin" / command[0])
        return subprocess.run([program, *command[1:]], cwd=cwd, env=inherited | more, capture_output=True, text=True, check=False)

    def told(self, expression: str, cwd: Path, **more: str) -> str:
        """What a Python expression comes to, as text."""
        done = self.run("python", "-c", f"import checkout_api, tillspec.resources; print({expression})", cwd=cwd, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def _build(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "build", "--no-isolation", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    _build("--sdist", "--outdir", folder, ROOT)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _build("--wheel", "--outdir", folder, ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Clean:
    """An environment without any package. The tests below fill it, in their order."""
    clean = Clean(tmp_path_factory.mktemp("environment"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(clean.folder)], check=True)
    return clean


@pytest.fixture(scope="module")
def based(environment: Clean, wheel: Path) -> Clean:
    """The wheel, without extras."""
    environment.pip("install", str(wheel))
    return environment


@pytest.fixture(scope="module")
def generating(based: Clean, wheel: Path) -> Clean:
    """The wheel, with the extra that generates."""
    based.pip("install", f"{wheel}[generate]")
    return based


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes | None]:
    """What the checkout generates with the packages of the tests."""
    out = tmp_path_factory.mktemp("expected") / "generated"
    command = [sys.executable, "-m", "tillspec", "generate", "--spec", str(ROOT / "spec" / "openapi.yaml"), "--out", str(out)]
    subprocess.run(command, cwd=ROOT, env=os.environ | CHECKOUT, capture_output=True, check=True)
    return snapshot(out)


def _unlike(found: Mapping[str, object], wanted: Mapping[str, object]) -> list[str]:
    """The names of what is missing, too much or different."""
    return sorted(name for name in found.keys() | wanted.keys() if found.get(name, ...) != wanted.get(name, ...))


def _files(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _sources(folder: Path, pattern: str = "*") -> dict[str, bytes]:
    """The files of a folder of the checkout that are no cache."""
    found = [path for path in folder.rglob(pattern) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in found
        if not any(part == "__pycache__" or part.endswith("_cache") for part in path.relative_to(folder).parts)
    }


def test_a_wheel_holds_what_it_needs_and_nothing_else(wheel: Path) -> None:
    files = _files(wheel)
    info = wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info/"
    wanted = {f"tillspec/{name}": data for name, data in _sources(ROOT / "tools" / "tillspec").items()}
    wanted |= {f"tillspec/templates/{name}": data for name, data in _sources(ROOT / "templates").items()}
    wanted |= {f"tillspec/spec/{name}": data for name, data in _sources(ROOT / "spec").items()}
    wanted |= {f"checkout_api/{name}": data for name, data in _sources(ROOT / "generated" / "python" / "checkout_api").items()}
    assert _unlike({name: data for name, data in files.items() if not name.startswith(info)}, wanted) == []
    assert {"tillspec/py.typed", "checkout_api/py.typed", "checkout_api/openapi.json"} <= files.keys()
    assert {"tillspec/templates/python/checkout_api/responses.py.j2", "tillspec/spec/openapi.yaml"} <= files.keys()
    assert {"tillspec/runtime/server.py", "checkout_api/_runtime/server.py", "checkout_api/_runtime/client.py"} <= files.keys()
    assert info + "licenses/LICENSE" in files


def test_the_base_install_is_light(wheel: Path) -> None:
    metadata = next(data.decode() for name, data in _files(wheel).items() if name.endswith(".dist-info/METADATA"))
    required = re.findall(r"^Requires-Dist: ([\w.-]+).*?(?:extra == '(\w+)')?$", metadata, re.MULTILINE)
    assert [name for name, extra in required if not extra] == ["click"]
    assert {"generate", "server", "client"} <= {extra for _, extra in required}


def test_an_sdist_makes_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
        archive.extractall(tmp_path, filter="data")
    assert [name for name in names if "node_modules" in name or "_cache" in name or "__pycache__" in name] == []
    unpacked = next(path for path in tmp_path.iterdir() if path.is_dir())
    _build("--wheel", "--outdir", tmp_path, unpacked)
    assert _unlike(_files(next(tmp_path.glob("*.whl"))), _files(wheel)) == []


def test_a_base_install_says_what_generating_needs(based: Clean, tmp_path: Path) -> None:
    assert based.run("tillspec", "--version", cwd=tmp_path).stdout == f"tillspec {based.told('tillspec.__version__', tmp_path)}\n"
    assert based.run("tillspec", "--help", cwd=tmp_path).returncode == 0
    assert based.run("tillspec", "completion", "bash", cwd=tmp_path).returncode == 0
    done = based.run("tillspec", "generate", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install 'tillspec[generate]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_base_install_says_what_the_sandbox_needs(based: Clean, tmp_path: Path) -> None:
    done = based.run("tillspec", "sandbox", cwd=tmp_path)
    assert done.returncode == 1
    assert "pip install 'tillspec[sandbox]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_base_install_says_what_a_site_needs(based: Clean, tmp_path: Path) -> None:
    done = based.run("tillspec", "docs", "build", cwd=tmp_path)
    assert done.returncode == 1
    assert "pip install 'tillspec[docs]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_installed_wheel_serves(wheel: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    """The extra of the sandbox alone: its pages and their files come with the wheel."""
    clean = Clean(tmp_path_factory.mktemp("serving"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(clean.folder)], check=True)
    clean.pip("install", f"{wheel}[sandbox]")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    command = [str(clean.folder / "bin" / "tillspec"), "sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, env=inherited, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        told = "".join(iter(running.stdout.readline, "Ctrl-C ends it.\n"))
        try:
            _is_served(told)
        finally:
            running.send_signal(signal.SIGINT)
            ended = running.stdout.read()
    assert "The sandbox has ended" in ended
    assert running.returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tillspec-sandbox.db"]


def _is_served(told: str) -> None:
    """What the sandbox printed at its start is true."""
    url, key = re.search(r"http://127\.0\.0\.1:\d+", told), re.search(r"sk_test_\w+", told)
    assert url, told
    assert key, told
    body = {"amount": 5000, "currency": "EUR", "successUrl": "https://shop.example/s", "cancelUrl": "https://shop.example/c"}
    with httpx.Client(base_url=url[0]) as http:
        for _ in range(200):
            with contextlib.suppress(httpx.TransportError):
                if http.get("/readyz").status_code == 200:
                    break
            time.sleep(0.05)
        made = http.post("/checkout/session", json=body, headers={"X-Api-Key": key[0]})
        assert made.status_code == 201, made.text
        page = http.get(made.json()["checkoutUrl"])
        assert "€50.00" in page.text
        control = http.get("/_sandbox", follow_redirects=True)
        for shown in (page, control):
            files = re.findall(r'(?:href|src)="([^"]+\.(?:css|js)[^"]*)"', shown.text)
            assert files, shown.text
            assert {http.get(str(shown.url.join(file))).status_code for file in files} == {200}


def test_an_installed_wheel_generates(generating: Clean, tmp_path: Path, expected: dict[str, bytes | None]) -> None:
    spec = generating.told("tillspec.resources.spec() / 'openapi.yaml'", tmp_path)
    assert Path(spec).is_relative_to(generating.folder)
    done = generating.run("tillspec", "generate", "--spec", spec, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert _unlike(snapshot(tmp_path / "generated"), expected) == []
    assert generating.run("tillspec", "generate", "--check", "--spec", spec, cwd=tmp_path).returncode == 0


def test_the_package_of_a_wheel_is_imported(generating: Clean, tmp_path: Path) -> None:
    assert Path(generating.told("checkout_api.__file__", tmp_path)).is_relative_to(generating.folder)
    code = "import checkout_api.client, checkout_api.server, checkout_api.webhooks, checkout_api.models"
    done = generating.run("python", "-W", "error", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_what_was_generated_is_imported_in_place_of_the_wheels_own(generating: Clean, tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(
        "openapi: 3.1.0\n"
        "info: {title: Small, version: '1'}\n"
        "paths:\n"
        "  /ping: {get: {operationId: ping, responses: {'204': {description: Pong.}}}}\n"
    )
    done = generating.run("tillspec", "generate", "--spec", "api.yaml", "--out", "out", "--package", "small", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    code = "import small.client, small.server; print(small.operations.PING.path)"
    done = generating.run("python", "-c", code, cwd=tmp_path, PYTHONPATH=str(tmp_path / "out" / "python"))
    assert (done.stdout, done.stderr) == ("/ping\n", "")


def test_an_editable_install_reads_the_checkout(generating: Clean, tmp_path: Path, expected: dict[str, bytes | None]) -> None:
    generating.pip("install", "--no-deps", "--editable", str(ROOT))
    assert generating.told("tillspec.resources.templates()", tmp_path) == str(ROOT / "templates")
    assert generating.told("checkout_api.__file__", tmp_path) == str(ROOT / "generated/python/checkout_api/__init__.py")
    spec = generating.told("tillspec.resources.spec() / 'openapi.yaml'", tmp_path)
    assert spec == str(ROOT / "spec" / "openapi.yaml")
    done = generating.run("tillspec", "generate", "--spec", spec, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert _unlike(snapshot(tmp_path / "generated"), expected) == []


def test_a_bare_checkout_needs_no_install(generating: Clean, tmp_path: Path, expected: dict[str, bytes | None]) -> None:
    generating.pip("uninstall", "--yes", "tillspec")
    assert generating.run("python", "-c", "import tillspec", cwd=tmp_path).returncode == 1
    assert generating.told("tillspec.resources.templates()", tmp_path, **CHECKOUT) == str(ROOT / "templates")
    spec = str(ROOT / "spec" / "openapi.yaml")
    done = generating.run("python", "-m", "tillspec", "generate", "--spec", spec, cwd=tmp_path, **CHECKOUT)
    assert done.returncode == 0, done.stderr
    assert _unlike(snapshot(tmp_path / "generated"), expected) == []
