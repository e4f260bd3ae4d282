"""`tillspec release`: contracts as they were released, and never changed again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from conftest import ROOT
from helpers import Tillspec, snapshot
from tillspec.compat.released import problems, releases

SPEC = """openapi: 3.1.0
info: {title: Shop, version: 1.0.0}
paths:
  /orders:
    get:
      responses: {'200': {description: Fine.}}
"""
MORE = SPEC + "  /more:\n    get:\n      responses: {'200': {description: Fine.}}\n"
LESS = SPEC.replace("/orders", "/other")


@pytest.fixture
def project(tmp_path: Path, tillspec: Tillspec) -> Path:
    """A contract that is released as 1.0.0."""
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "openapi.yaml").write_text(SPEC)
    done = tillspec("release", "--date", "2026-01-01", cwd=tmp_path)
    assert done.stdout == "spec/released/1.0.0/openapi.json was written\n"
    return tmp_path


def check(tillspec: Tillspec, folder: Path) -> tuple[int, str]:
    done = tillspec("release", "--check", cwd=folder)
    return done.returncode, done.stderr


def test_a_release(project: Path, tillspec: Tillspec) -> None:
    folder = project / "spec" / "released" / "1.0.0"
    record = json.loads((folder / "release.json").read_text())
    assert (record["version"], record["day"], len(record["sha256"])) == ("1.0.0", "2026-01-01", 64)
    assert json.loads((folder / "openapi.json").read_text())["paths"].keys() == {"/orders"}
    assert check(tillspec, project) == (0, "")


def test_a_release_is_never_written_again(project: Path, tillspec: Tillspec) -> None:
    before = snapshot(project)
    assert "is there already" in tillspec("release", cwd=project).stdout
    assert snapshot(project) == before


@pytest.mark.parametrize(
    ("version", "text", "status"),
    [
        ("1.0.0", SPEC.replace("Fine.", "Good."), 0),
        ("1.0.0", MORE, 1),
        ("1.0.1", MORE, 1),
        ("1.1.0", MORE, 0),
        ("1.1.0", LESS, 1),
        ("2.0.0", LESS, 0),
        ("0.9.0", SPEC, 1),
    ],
)
def test_a_change_asks_for_a_version(version: str, text: str, status: int, project: Path, tillspec: Tillspec) -> None:
    (project / "spec" / "openapi.yaml").write_text(text.replace("1.0.0", version))
    found, told = check(tillspec, project)
    assert found == status
    assert ("move info.version in spec/openapi.yaml" in told) == bool(status)
    before = snapshot(project)
    done = tillspec("release", cwd=project)
    assert done.returncode == status
    assert (snapshot(project) == before) == bool(status or version == "1.0.0")


def spoil(folder: Path, what: str) -> None:
    contract, record = folder / "openapi.json", folder / "release.json"
    if what == "a byte":
        contract.write_bytes(contract.read_bytes() + b"\n")
    elif what == "a word":
        contract.write_text(contract.read_text().replace("Fine.", "Bad."))
    elif what == "no contract":
        contract.unlink()
    elif what == "no record":
        record.unlink()
    elif what == "a broken record":
        record.write_text("{")
    elif what == "a record of something else":
        record.write_text("[]")
    elif what == "another version":
        record.write_text(record.read_text().replace("1.0.0", "1.0.1"))
    elif what == "a file more":
        (folder / "more.json").write_text("{}")
    else:
        shutil.move(folder, folder.with_name("3.0.0"))


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("a byte", "openapi.json was changed after its release"),
        ("a word", "openapi.json was changed after its release"),
        ("no contract", "openapi.json is missing"),
        ("no record", "release.json cannot be read"),
        ("a broken record", "release.json is no record of a release"),
        ("a record of something else", "release.json is no record of a release"),
        ("another version", "is the record of 1.0.1, and lies in 1.0.0"),
        ("a file more", "more.json is no part of the release"),
        ("another name", "is the record of 1.0.0, and lies in 3.0.0"),
    ],
)
def test_a_release_that_was_changed(what: str, told: str, project: Path, tillspec: Tillspec) -> None:
    spoil(project / "spec" / "released" / "1.0.0", what)
    status, said = check(tillspec, project)
    assert status == 1
    assert told in said
    assert "\n  hint: " in said
    assert tillspec("release", cwd=project).returncode == 1


@pytest.mark.parametrize("version", ["../1.0.0", "", "1/2", ".", "..", "1 0", "\u202e1"])
def test_a_version_that_is_no_name(version: str, tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "openapi.yaml").write_text(SPEC.replace("1.0.0", json.dumps(version)))
    done = tillspec("release", "openapi.yaml", "--out", "released", cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot name a folder" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["openapi.yaml"]


def test_a_contract_that_refers_to_another_folder(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "spec").mkdir()
    (tmp_path / "shared.yaml").write_text("get: {responses: {'200': {description: Fine.}}}\n")
    spec = SPEC.partition("    get:")[0] + "    $ref: ../shared.yaml\n"
    (tmp_path / "spec" / "openapi.yaml").write_text(spec)
    refused = tillspec("release", cwd=tmp_path)
    assert (refused.returncode, "--allow" in refused.stderr) == (2, True)
    assert tillspec("release", "--allow", ".", cwd=tmp_path).returncode == 0
    released = json.loads((tmp_path / "spec" / "released" / "1.0.0" / "openapi.json").read_text())
    assert released["paths"]["/orders"]["get"]["responses"] == {"200": {"description": "Fine."}}


def test_releases_by_their_days(project: Path, tillspec: Tillspec) -> None:
    for version, day in (("1.10.0", "2026-03-01"), ("1.9.0", "2026-02-01"), ("1.9.1", "2026-02-01")):
        (project / "spec" / "openapi.yaml").write_text(SPEC.replace("1.0.0", version))
        folder = project / "spec" / "released"
        others = project / "others"
        assert tillspec("release", "--out", "others", "--date", day, cwd=project).returncode in (0, 1)
        if (others / version).is_dir():
            shutil.move(others / version, folder / version)
    assert [release.version for release in releases(project / "spec" / "released")] == ["1.0.0", "1.9.0", "1.9.1", "1.10.0"]


def test_our_own_releases(tillspec: Tillspec) -> None:
    """What we released is as it was, and the contract of today fits the newest, or has moved its version."""
    assert releases(ROOT / "spec" / "released")
    assert list(problems(ROOT / "spec" / "released")) == []
    done = tillspec("release", "--check", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
