"""`tillspec docs build`: a site is replaced whole or not at all, and a contract with errors has none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docs.checker import problems
from helpers import Tillspec
from tillspec.write import site as sites

PETS = """\
openapi: 3.1.0
info: {title: Pets, version: '%s'}
paths:
  /pets:
    get:
      operationId: listPets
      responses:
        '200':
          description: All pets.
          content: {application/json: {schema: {type: object, properties: {name: {type: string}%s}}}}
%s
"""
MORE = "  /pets/count:\n    get: {operationId: countPets, responses: {'200': {description: The number.}}}\n"


def contract(folder: Path, version: str = "1.0.0", fields: str = "", more: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "openapi.yaml"
    path.write_text(PETS % (version, fields, more))
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_plain_contract_has_a_site(tmp_path: Path, tillspec: Tillspec) -> None:
    contract(tmp_path / "spec")
    done = tillspec("docs", "build", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"site: \d+ files", done.stdout)
    assert list(problems(tmp_path / "site")) == []
    assert not (tmp_path / "site/errors.html").exists()


def test_the_same_contract_gives_the_same_bytes(tmp_path: Path, tillspec: Tillspec) -> None:
    contract(tmp_path / "spec")
    tillspec("docs", "build", "--out", "one", cwd=tmp_path)
    tillspec("docs", "build", "--out", "two", cwd=tmp_path)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_what_is_gone_from_the_contract_is_gone_from_the_site(tmp_path: Path, tillspec: Tillspec) -> None:
    contract(tmp_path / "spec", more=MORE)
    tillspec("docs", "build", cwd=tmp_path)
    assert (tmp_path / "site/operations/count-pets.html").is_file()
    contract(tmp_path / "spec")
    tillspec("docs", "build", cwd=tmp_path)
    assert not (tmp_path / "site/operations/count-pets.html").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "spec"]


def test_a_contract_with_errors_leaves_the_site_as_it_was(tmp_path: Path, tillspec: Tillspec) -> None:
    path = contract(tmp_path / "spec")
    tillspec("docs", "build", cwd=tmp_path)
    before = files(tmp_path / "site")
    path.write_text(path.read_text().replace("{type: string}", "{type: strin}"))
    done = tillspec("docs", "build", cwd=tmp_path)
    assert done.returncode == 1
    assert "error[" in done.stderr
    assert "openapi.yaml:10:" in done.stderr
    assert "nothing was written" in done.stderr
    assert files(tmp_path / "site") == before


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path, tillspec: Tillspec) -> None:
    contract(tmp_path / "spec")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/thesis.txt").write_text("years of work")
    done = tillspec("docs", "build", cwd=tmp_path)
    assert done.returncode == 1
    assert "thesis.txt" in done.stderr
    assert files(tmp_path / "site") == {"thesis.txt": b"years of work"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--out", "."],
        ["--sandbox", "javascript:alert(1)"],
        ["--sandbox", "http://a/b"],
        ["--sandbox", "http://a; script-src *"],
        ["--base-url", "x"],
    ],
)
def test_what_is_no_use_is_refused(arguments: list[str], tmp_path: Path, tillspec: Tillspec) -> None:
    contract(tmp_path / "spec")
    done = tillspec("docs", "build", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert arguments[0] in done.stderr


@pytest.mark.parametrize("option", ["--guide", "--figures", "--scenarios", "--changelog"])
def test_a_file_that_is_not_there_is_named(option: str, tmp_path: Path, tillspec: Tillspec) -> None:
    contract(tmp_path / "spec")
    done = tillspec("docs", "build", option, "nowhere.x", cwd=tmp_path)
    assert done.returncode == 1
    assert "nowhere.x" in done.stderr
    assert not (tmp_path / "site").exists()


def test_nothing_is_left_when_writing_fails(tmp_path: Path) -> None:
    def broken() -> object:
        yield "a.html", "a"
        raise RuntimeError("in the middle")

    sites.replace(tmp_path / "site", [("index.html", "old")])
    with pytest.raises(RuntimeError):
        sites.replace(tmp_path / "site", broken())  # type: ignore[arg-type]
    assert (tmp_path / "site/index.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", ""])
def test_no_file_is_written_out_of_the_site(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="leads out"):
        sites.replace(tmp_path / "in/site", [(name, "x")])
    assert files(tmp_path) == {}


# -- versions and changes ---------------------------------------------------------------------------------------------------


def test_released_versions_have_sites_and_what_came_later_has_a_badge(tmp_path: Path, tillspec: Tillspec) -> None:
    contract(tmp_path / "spec/released/1.0.0")
    contract(tmp_path / "spec/released/1.1.0", "1.1.0", ", age: {type: integer}")
    contract(tmp_path / "spec", "1.2.0", ", age: {type: integer}, kind: {type: string}", MORE)
    done = tillspec("docs", "build", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    site = tmp_path / "site"
    assert list(problems(site)) == []
    page = (site / "operations/list-pets.html").read_text()
    for name, version in (("age", "1.1.0"), ("kind", "1.2.0")):
        row = re.search(rf'<tr id="response-200.{name}">.*?</th>', page)
        assert row
        assert f"added in {version}" in row[0]
    assert "added in 1.2.0" in (site / "operations/count-pets.html").read_text()
    assert 'href="../versions/1-0-0/operations/list-pets.html"' in page
    old = (site / "versions/1-0-0/operations/list-pets.html").read_text()
    assert 'href="../../../operations/list-pets.html"' in old
    assert "response-200.age" not in old
    assert 'href="../versions/1-0-0/index.html"' in (site / "operations/count-pets.html").read_text()


def test_a_changelog_is_a_page_and_a_feed(tmp_path: Path, tillspec: Tillspec) -> None:
    contract(tmp_path / "spec", "1.1.0")
    entry = {"heading": "Added", "breaking": False, "severity": "info", "rule": "x", "sentence": "`GET /pets` <b>is</b> new.",
             "operations": ["GET /pets"], "fingerprint": "0"}  # fmt: skip
    told = [
        {"title": "Pets", "old": "1.0.0", "new": "1.1.0", "entries": [entry, entry | {"heading": "Removed", "breaking": True}]}
    ]
    (tmp_path / "changes.json").write_text(json.dumps(told))
    done = tillspec("docs", "build", "--changelog", "changes.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    site = tmp_path / "site"
    assert list(problems(site)) == []
    page = (site / "changelog.html").read_text()
    assert 'id="v1.1.0"' in page
    assert "breaking" in page
    assert "<b>" not in page
    assert 'href="operations/list-pets.html"' in page
    from xml.etree import ElementTree

    feed = ElementTree.parse(site / "feed.xml").getroot()
    names = {"a": "http://www.w3.org/2005/Atom"}
    assert [one.text for one in feed.findall("a:entry/a:title", names)] == ["Pets 1.1.0"]
    assert "<b>" not in (feed.findtext("a:entry/a:content", "", names))


def test_releases_tell_what_changed(tmp_path: Path, tillspec: Tillspec) -> None:
    contract(tmp_path / "spec")
    assert tillspec("release", "--date", "2026-01-31", cwd=tmp_path).returncode == 0
    contract(tmp_path / "spec", "1.1.0", ", age: {type: integer}", MORE)
    assert tillspec("release", "--date", "2026-02-28", cwd=tmp_path).returncode == 0
    contract(tmp_path / "spec", "2.0.0", more=MORE)
    done = tillspec("docs", "build", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    site = tmp_path / "site"
    assert list(problems(site)) == []
    page = (site / "changelog.html").read_text()
    assert page.index('id="v2.0.0"') < page.index('id="v1.1.0"')
    assert 'id="v1.0.0"' not in page
    assert "2026-02-28" in page
    assert 'href="operations/count-pets.html"' in page
    assert "age" in page
    assert (site / "feed.xml").is_file()
    assert 'href="../changelog.html">added in 1.1.0' in (site / "operations/count-pets.html").read_text()


@pytest.mark.parametrize("text", ["{}", "[1]", '{"entries": [{}], "new": "1"}', "nonsense: ["])
def test_a_broken_changelog_is_named(text: str, tmp_path: Path, tillspec: Tillspec) -> None:
    contract(tmp_path / "spec")
    (tmp_path / "changes.json").write_text(text)
    done = tillspec("docs", "build", "--changelog", "changes.json", cwd=tmp_path)
    assert done.returncode == 1
    assert "changes.json" in done.stderr


def test_a_base_url_gives_a_sitemap(tmp_path: Path, tillspec: Tillspec) -> None:
    contract(tmp_path / "spec")
    tillspec("docs", "build", "--base-url", "https://pets.example/api/", cwd=tmp_path)
    assert "<loc>https://pets.example/api/operations/list-pets.html</loc>" in (tmp_path / "site/sitemap.xml").read_text()
    assert "https://pets.example/api/operations/list-pets.md" in (tmp_path / "site/llms.txt").read_text()
