"""`tillspec changelog`: sentences for those who use an API, one object, and a feed."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from helpers import Tillspec

SHOP = Path(__file__).with_name("cases") / "shop.openapi.yaml"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    value = yaml.safe_load(SHOP.read_text())
    (tmp_path / "old.yaml").write_text(yaml.safe_dump(value))
    value["info"]["version"] = "2.0.0"
    value["paths"]["/refunds"] = {"get": {"responses": {"200": {"description": "All."}}}}
    value["paths"]["/orders/{id}"]["get"] |= {"deprecated": True, "x-sunset": "2031-01-31"}
    value["components"]["schemas"]["Order"]["x-behavior"]["expires"]["after"] = "PT5M"
    value["components"]["schemas"]["NewOrder"]["properties"]["note"]["maxLength"] = 50
    del value["paths"]["/health"]
    (tmp_path / "new.yaml").write_text(yaml.safe_dump(value))
    return tmp_path


def test_prose(project: Path, tillspec: Tillspec) -> None:
    assert tillspec("changelog", "old.yaml", "new.yaml", cwd=project).stdout == (
        "## `2.0.0`, after `1.0.0`\n"
        "\n"
        "### Removed\n"
        "\n"
        "- **Breaking.** `GET /health`: the operation is gone, and was not deprecated.\n"
        "\n"
        "### Changed\n"
        "\n"
        "- **Breaking.** `POST /orders`, `request body /note`: maxLength went from 100 to 50.\n"
        "\n"
        "### Behaviour\n"
        "\n"
        "- **Breaking.** `POST /orders`, `GET /orders/{id}`, `response 201 body`, `response 200 body`: "
        "`after` went from `PT30M` to `PT5M`.\n"
        "\n"
        "### Deprecated\n"
        "\n"
        "- `GET /orders/{id}`: the operation is deprecated.\n"
        "- `GET /orders/{id}`: the operation ends on 2031-01-31.\n"
        "\n"
        "### Added\n"
        "\n"
        "- `GET /refunds`: the operation is new.\n"
    )


def test_nothing_has_changed(project: Path, tillspec: Tillspec) -> None:
    told = tillspec("changelog", "old.yaml", "old.yaml", cwd=project).stdout
    assert told == "## `1.0.0`, after `1.0.0`\n\nNothing that a user of the API would notice has changed.\n"


def test_json(project: Path, tillspec: Tillspec) -> None:
    (told,) = json.loads(tillspec("changelog", "old.yaml", "new.yaml", "--format", "json", cwd=project).stdout)
    assert (told["title"], told["old"], told["new"]) == ("Shop", "1.0.0", "2.0.0")
    assert [entry["heading"] for entry in told["entries"]].count("Behaviour") == 1
    assert {entry["heading"] for entry in told["entries"] if entry["breaking"]} == {"Removed", "Changed", "Behaviour"}


def test_feed(project: Path, tillspec: Tillspec) -> None:
    done = tillspec("changelog", "old.yaml", "new.yaml", "--format", "atom", "--date", "2026-11-27", cwd=project)
    feed = ET.fromstring(done.stdout)
    assert feed.tag == f"{ATOM}feed"
    for element in (feed, *feed.findall(f"{ATOM}entry")):  # what RFC 4287 asks for, in sections 4.1.1 and 4.1.2
        for name in ("id", "title", "updated"):
            assert element.findtext(f"{ATOM}{name}"), name
    (entry,) = feed.findall(f"{ATOM}entry")
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    assert entry.findtext(f"{ATOM}title") == "Shop 2.0.0"
    assert entry.findtext(f"{ATOM}updated") == "2026-11-27T00:00:00Z"
    assert "- Breaking. `GET /health`: the operation is gone" in (entry.findtext(f"{ATOM}content") or "")
    again = tillspec("changelog", "old.yaml", "new.yaml", "--format", "atom", "--date", "2026-11-28", cwd=project)
    assert ET.fromstring(again.stdout).findtext(f"{ATOM}entry/{ATOM}id") == entry.findtext(f"{ATOM}id")


def test_text_stays_text_in_a_feed(project: Path, tillspec: Tillspec) -> None:
    text = (project / "new.yaml").read_text()
    (project / "new.yaml").write_text(
        text.replace("title: Shop", r'title: "<b>&x;]]>\x00\x1b</title>"').replace("/refunds", "</content>")
    )
    done = tillspec("changelog", "old.yaml", "new.yaml", "--format", "atom", cwd=project)
    feed = ET.fromstring(done.stdout)
    assert "<b>&x;]]>" in (feed.findtext(f"{ATOM}title") or "")
    assert len(feed.findall(f"{ATOM}entry")) == 1


def test_all_releases(project: Path, tillspec: Tillspec) -> None:
    for name, day in (("old.yaml", "2026-01-01"), ("new.yaml", "2026-02-01")):
        assert tillspec("release", name, "--date", day, cwd=project).returncode == 0
    told = tillspec("changelog", cwd=project).stdout
    assert told.startswith("## `2.0.0`, after `1.0.0`\n")
    feed = ET.fromstring(tillspec("changelog", "--format", "atom", cwd=project).stdout)
    assert feed.findtext(f"{ATOM}entry/{ATOM}updated") == "2026-02-01T00:00:00Z"


@pytest.mark.parametrize("arguments", [[], ["old.yaml"], ["old.yaml", "nowhere.yaml"]])
def test_what_cannot_be_told(arguments: list[str], project: Path, tillspec: Tillspec) -> None:
    done = tillspec("changelog", *arguments, cwd=project)
    assert done.returncode == 2
    assert done.stdout == ""
