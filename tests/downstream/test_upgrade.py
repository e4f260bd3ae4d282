"""`tillspec upgrade`: the pin, the change list, what is generated, and the commit message; from the package, a file and git."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from helpers import Tillspec, snapshot
from tillspec import resources
from tillspec.compat.released import files
from tillspec.diagnostics import Report
from tillspec.downstream import pin
from tillspec.pipeline import original

OLD = """\
openapi: 3.1.0
info: {title: Pets, version: 1.0.0}
paths:
  /pets:
    post:
      operationId: addPet
      tags: [pets]
      x-behavior: {surface: shop}
      requestBody: {required: true, content: {application/json: {schema: {$ref: 'schemas.yaml#/Pet'}}}}
      responses: {'201': {description: Made.}}
  /carts:
    get:
      operationId: listCarts
      tags: [carts]
      x-behavior: {surface: till}
      responses: {'204': {description: None.}}
"""
SCHEMAS = "Pet: {type: object, required: [name], properties: {name: {type: string}, kind: {type: string}}}\n"
NEWER = SCHEMAS.replace("[name]", "[name, kind]")


def newer(text: str) -> str:
    """The next version, of which an operation elsewhere has changed as well."""
    return text.replace("version: 1.0.0", "version: 2.0.0").replace("{'204'", "{'200': {description: Some.}, '204'")


def put(folder: Path, contract: str, schemas: str) -> None:
    (folder / "contract.yaml").write_text(contract)
    (folder / "schemas.yaml").write_text(schemas)


@pytest.fixture
def folder(tmp_path: Path, tillspec: Tillspec) -> Path:
    """A repo that is set up and generated."""
    put(tmp_path, OLD, SCHEMAS)
    command = ("init", "--source", "contract.yaml", "--surface", "shop", "--package", "pets_api", "--role", "server")
    assert tillspec(*command, cwd=tmp_path).returncode == 0
    assert tillspec("generate", cwd=tmp_path).returncode == 0
    return tmp_path


def moved(folder: Path, source: str = "contract.yaml") -> bool:
    """Whether the pin is what the contract is."""
    found = pin.read(folder / pin.NAME)
    assert found
    return found == pin.of(original(folder / "contract.yaml", (), Report()), source, found.commit)


def test_nothing_to_do_is_said(folder: Path, tillspec: Tillspec) -> None:
    before = snapshot(folder)
    done = tillspec("upgrade", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "the pin is at 1.0.0, and generated/ is what it says: nothing to do\n")
    assert snapshot(folder) == before
    shutil.rmtree(folder / "generated")
    assert tillspec("upgrade", cwd=folder).stdout.endswith("generated/ is not what it says\nRun: tillspec generate\n")


def test_a_dry_run_shows_all_and_changes_nothing(folder: Path, tillspec: Tillspec) -> None:
    put(folder, newer(OLD), NEWER)
    before = snapshot(folder)
    done = tillspec("upgrade", "--dry-run", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Pets: 1.0.0 -> 2.0.0" in done.stdout
    assert "request-property-became-required" in done.stdout
    assert "/carts" not in done.stdout, "another surface is none of this repo's business"
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    ("role", "told"), [("client", "Breaks this repo, a client of shop:"), ("server", "Nothing breaks this repo")]
)
def test_what_breaks_goes_by_the_role(folder: Path, tillspec: Tillspec, role: str, told: str) -> None:
    settings = (folder / "tillspec.toml").read_text()
    if role == "client":
        settings = settings.replace('role = "server"', 'role = "client"').replace("handlers =", "# handlers =")
        (folder / "tillspec.toml").write_text(settings)
    put(folder, newer(OLD), NEWER)
    assert told in tillspec("upgrade", "--dry-run", cwd=folder).stdout


def test_an_upgrade_moves_the_pin_and_generates_and_leaves_a_message(folder: Path, tillspec: Tillspec) -> None:
    own = folder / "server" / "handlers" / "pets.py"
    own.write_text(own.read_text() + "# mine\n")
    handlers = snapshot(folder / "server")
    put(folder, newer(OLD), NEWER)
    assert tillspec("generate", cwd=folder).returncode == 1
    done = tillspec("upgrade", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert moved(folder)
    assert snapshot(folder / "server") == handlers
    assert tillspec("generate", "--check", cwd=folder).returncode == 0
    schema = json.loads((folder / "generated" / "openapi.json").read_text())["components"]["schemas"]["Pet"]
    assert schema["required"] == ["name", "kind"]
    text = (folder / "tillspec-upgrade.txt").read_text()
    assert text.startswith("Move the contract from 1.0.0 to 2.0.0\n\nPets, sha256")
    assert "request-property-became-required" in text
    assert all(line.strip() in done.stdout for line in text.splitlines())
    assert "git add -A -- tillspec-contract.lock generated && git commit -F tillspec-upgrade.txt" in done.stdout


def test_the_message_is_kept_out_of_what_is_committed(folder: Path, tillspec: Tillspec) -> None:
    git(folder, "init", "--quiet")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "before")
    put(folder, newer(OLD), NEWER)
    done = tillspec("upgrade", cwd=folder)
    command = done.stdout.splitlines()[-1].removeprefix("To commit it: ")
    assert "git commit -F .git/TILLSPEC_UPGRADE" in command
    as_somebody = command.replace("git commit", "git -c user.name=x -c user.email=x@example.org commit")
    subprocess.run(["sh", "-c", as_somebody], cwd=folder, check=True, capture_output=True)
    assert git(folder, "log", "-1", "--format=%s") == "Move the contract from 1.0.0 to 2.0.0\n"
    assert git(folder, "status", "--porcelain") == " M contract.yaml\n M schemas.yaml\n"


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_an_upgrade_that_cannot_be_generated_moves_nothing(folder: Path, tillspec: Tillspec) -> None:
    put(folder, newer(OLD), NEWER)
    (folder / "generated" / "mine.txt").write_text("mine")
    before = snapshot(folder)
    done = tillspec("upgrade", cwd=folder)
    assert (done.returncode, "output-foreign" in done.stderr) == (1, True)
    assert snapshot(folder) == before
    put(folder, newer(OLD).replace("'201'", "'2x1'"), NEWER)
    before = snapshot(folder)
    done = tillspec("upgrade", cwd=folder)
    assert (done.returncode, "error[structure]" in done.stderr, "request-property" in done.stdout) == (1, True, False)
    assert snapshot(folder) == before


def test_an_old_contract_that_is_gone_is_told(folder: Path, tillspec: Tillspec) -> None:
    shutil.rmtree(folder / "generated")
    put(folder, newer(OLD), NEWER)
    done = tillspec("upgrade", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "What changed cannot be told" in done.stdout
    assert moved(folder)


def test_a_pin_that_is_not_there_is_made_and_a_broken_one_is_named(folder: Path, tillspec: Tillspec) -> None:
    (folder / pin.NAME).write_text("{")
    done = tillspec("upgrade", cwd=folder)
    assert (done.returncode, "--> tillspec-contract.lock:1:2" in done.stderr) == (1, True)
    (folder / pin.NAME).unlink()
    assert tillspec("upgrade", cwd=folder).returncode == 0
    assert moved(folder)


def test_a_release_is_for_the_package_alone(folder: Path, tillspec: Tillspec) -> None:
    done = tillspec("upgrade", "--to", "2.0.0", cwd=folder)
    assert (done.returncode, "this repo's is contract.yaml" in done.stderr) == (2, True)


def test_without_settings_it_is_said_how_to_begin(tmp_path: Path, tillspec: Tillspec) -> None:
    done = tillspec("upgrade", cwd=tmp_path)
    assert (done.returncode, "run: tillspec init" in done.stderr) == (1, True)


# -- a contract of git ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path, require_engine: Callable[..., str]) -> Path:
    """A repository with a contract on a branch, and none in its working tree."""
    require_engine("git", install="apt-get install git")
    git(tmp_path, "init", "--quiet", "--initial-branch", "contract")
    (tmp_path / "api").mkdir()
    put(tmp_path / "api", OLD, SCHEMAS)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "--quiet", "-m", "1.0.0")
    git(tmp_path, "tag", "v1")
    put(tmp_path / "api", newer(OLD), NEWER)
    git(tmp_path, "commit", "--quiet", "-a", "-m", "2.0.0")
    git(tmp_path, "switch", "--quiet", "--orphan", "main")
    assert not (tmp_path / "api").exists()
    return tmp_path


def test_a_contract_of_git_is_pinned_by_its_commit(repository: Path, tillspec: Tillspec) -> None:
    git(repository, "branch", "released", "v1")
    command = ("init", "--source", "git:released:api/contract.yaml", "--surface", "shop", "--package", "pets_api")
    done = tillspec(*command, cwd=repository)
    assert done.returncode == 0, done.stderr
    found = pin.read(repository / pin.NAME)
    assert found
    assert (found.version, found.commit) == ("1.0.0", git(repository, "rev-parse", "v1").strip())
    assert tillspec("generate", cwd=repository).returncode == 0
    git(repository, "branch", "--force", "released", "contract")
    assert tillspec("generate", "--check", cwd=repository).returncode == 0, "the branch has moved, the pin has not"
    done = tillspec("upgrade", cwd=repository)
    assert done.returncode == 0, done.stderr
    assert "Pets: 1.0.0 -> 2.0.0" in done.stdout
    assert "request-property-became-required" in done.stdout
    assert "1 more change in other surfaces." in done.stdout
    assert tillspec("generate", "--check", cwd=repository).returncode == 0
    assert tillspec("lint", cwd=repository).returncode == 0


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("git:nope:api/contract.yaml", "git knows no revision"),
        ("git:v1", "git:REF:path"),
        ("git:v1:nothing.yaml", "cannot be read"),
    ],
)
def test_a_contract_that_git_has_not_is_refused(repository: Path, tillspec: Tillspec, source: str, told: str) -> None:
    before = snapshot(repository)
    done = tillspec("init", "--source", source, cwd=repository)
    assert (done.returncode, told in done.stderr) == (1, True)
    assert {path for path in snapshot(repository) if not path.startswith(".git")} == {
        p for p in before if not p.startswith(".git")
    }


# -- the package's contract ----------------------------------------------------------------------------------------------------


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with two releases of a contract, of which the newer one comes first in the alphabet, and a third to come."""
    spec = tmp_path / "package"
    for day, version in enumerate(("1.9.0", "1.10.0"), 1):
        put(tmp_path, OLD.replace("1.0.0", version), SCHEMAS if version == "1.9.0" else NEWER)
        for path, text in files(original(tmp_path / "contract.yaml", (), Report()), date(2026, 1, day)).items():
            (spec / "released" / path).parent.mkdir(parents=True, exist_ok=True)
            (spec / "released" / path).write_text(text)
    (spec / "openapi.yaml").write_text(OLD.replace("1.0.0", "1.11.0-dev").replace("schemas.yaml", "../schemas.yaml"))
    shutil.copy(resources.spec() / "behavior.schema.json", spec)
    monkeypatch.setattr(resources, "spec", lambda: spec)
    folder = tmp_path / "repo"
    folder.mkdir()
    return folder


def test_the_package_keeps_its_releases(released: Path, tillspec: Tillspec) -> None:
    assert tillspec("init", "--surface", "shop", "--package", "pets_api", cwd=released).returncode == 0
    assert "1.10.0" in (released / pin.NAME).read_text()
    done = tillspec("upgrade", "--to", "1.9.0", cwd=released)
    assert done.returncode == 0, done.stderr
    assert "Pets: 1.10.0 -> 1.9.0" in done.stdout
    assert tillspec("generate", "--check", cwd=released).returncode == 0, "a newer release is there, and an older one is pinned"
    done = tillspec("upgrade", cwd=released)
    assert "Pets: 1.9.0 -> 1.10.0" in done.stdout
    assert "request-property-became-required" in done.stdout
    done = tillspec("upgrade", "--to", "1.8.0", cwd=released)
    assert (done.returncode, "1.9.0, 1.10.0" in done.stderr or "did you mean" in done.stderr) == (1, True)


def test_a_release_is_the_contract_that_it_was_made_of(tmp_path: Path) -> None:
    whole = original(resources.spec() / "openapi.yaml", (), Report())
    for path, text in files(whole, date(2026, 1, 1)).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    again = original(tmp_path / pin.version_of(whole) / "openapi.json", (), Report())
    assert pin.of(again, "tillspec") == pin.of(whole, "tillspec")
