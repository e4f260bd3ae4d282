"""Our own site as files: every link and anchor holds, nothing comes from elsewhere, and the first page is light."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import yaml

from docs.checker import problems
from tillspec.api.model import Api

FIRST_PAGE = 30_000
"""Bytes that the first page has, compressed, with all that it loads."""


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    assert list(problems(site)) == []


def test_the_first_page_is_light(site: Path) -> None:
    loaded = ["index.html", "assets/site.css", "assets/site.js"]
    page = (site / "index.html").read_text()
    assert sorted(re.findall(r'(?:src|rel="stylesheet" href)="([^"?]+)', page)) == sorted(loaded[1:])
    size = sum(len(gzip.compress((site / name).read_bytes(), 6)) for name in loaded)
    assert size <= FIRST_PAGE


def test_no_page_is_heavy(site: Path) -> None:
    heavy = {path.name: size for path in site.rglob("*.html") if (size := len(gzip.compress(path.read_bytes(), 6))) > 25_000}
    assert heavy == {}


def test_every_page_has_a_policy_a_twin_and_one_heading(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 100
    for path in pages:
        text = path.read_text()
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
        assert policy
        assert "default-src &#39;none&#39;" in policy[1]
        assert "unsafe" not in policy[1]
        assert text.count("<h1") == 1, path
        assert path.with_suffix(".md").read_text().startswith("# "), path


def test_every_operation_has_its_page_and_every_error_its_address(site: Path, api: Api) -> None:
    pages = "".join(path.read_text() for path in (*site.glob("operations/*.html"), *site.glob("webhooks/*.html")))
    for operation in api.operations:
        assert operation.path.replace("&", "&amp;") in pages or operation.id in pages
    made = (site / "operations/create-vinr-session.html").read_text()
    anchors = (
        "body.amount", "body.cartItems.price", "header.Idempotency-Key", "response-201", "response-201.sessionId", "error-409",
        "response-201.header.Location", "error-409-idempotency_key_reused", "error-429-rate_limit_exceeded",
    )  # fmt: skip
    for anchor in anchors:
        assert f'id="{anchor}"' in made, anchor
    catalogue = (site / "errors.html").read_text()
    assert 'id="error-VinrConflict-idempotency_key_reused"' in catalogue
    assert 'href="operations/create-vinr-session.html#error-409"' in catalogue


def test_behaviour_is_told_and_drawn(site: Path) -> None:
    made = (site / "operations/create-vinr-session.html").read_text()
    assert "a repeated request is safe" in made
    assert "Kept for 1 day are the answers of requests that were accepted and carried out" in made
    assert "<code>/amount</code> = sum of" in (site / "schemas/vinr-session-request.html").read_text()
    assert "money in the minor unit of the currency at <code>/currency</code>" in made
    read = (site / "operations/get-vinr-session-result.html").read_text()
    assert "It ends by itself 5 minutes after it was made" in read
    assert "An id that is not known, and another credential&#39;s object alike" in read.replace("'", "&#39;")
    assert "<svg viewBox" in read
    assert ">authentication_required</text>" in read


def test_webhooks_say_how_to_verify_them(site: Path) -> None:
    page = (site / "webhooks/vinr-session-status-changed.html").read_text()
    assert "X-Vinr-Timestamp" in page
    assert "Compute HMAC-SHA-256" in page
    assert "webhooks.verify(&#34;vinrSessionStatusChanged&#34;" in page
    assert "after waits of 1 minute, 5 minutes, 30 minutes, 2 hours, 1 day" in page


def test_scenarios_are_walked_through(site: Path) -> None:
    page = (site / "scenarios/vinr-paid.html").read_text()
    assert page.count('<li id="step-') == 4
    assert "5 minutes pass" in page
    assert "<svg viewBox" in page


def test_the_guide_and_the_figures_stand_in_the_same_site(site: Path) -> None:
    assert "Two commands do all the set-up" in (site / "guide/tillspec.html").read_text()
    assert "structural" in (site / "figures/fidelity.html").read_text()
    assert "guide/tillspec.html" in (site / "index.html").read_text()


def test_downloads_and_pages_for_machines(site: Path, api: Api) -> None:
    as_json, as_yaml = json.loads((site / "openapi.json").read_text()), yaml.safe_load((site / "openapi.yaml").read_text())
    assert as_json == api.document
    assert as_yaml == api.document
    index = (site / "llms.txt").read_text()
    linked = re.findall(r"\]\(([^)]+)\)", index)
    assert len(linked) > 100
    assert [name for name in linked if not (site / name).is_file()] == []
    whole = (site / "llms-full.txt").read_text()
    for operation in api.operations:
        assert operation.path in whole


def test_the_index_of_the_search_leads_to_pages_and_anchors(site: Path) -> None:
    text = (site / "assets/search.js").read_text()
    rows = json.loads(text.removeprefix("window.tillspecIndex=").removesuffix(";\n"))
    assert len(rows) > 100
    pages = {path.relative_to(site).as_posix(): path.read_text() for path in site.rglob("*.html")}
    for _, _, path, _, fields in rows:
        page, _, anchor = path.partition("#")
        assert page in pages
        for name in [anchor, *fields.split()]:
            assert not name or f'id="{name}"' in pages[page], (page, name)
