"""A contract that tries to be HTML, script, a link, a path or code, everywhere at once: it stays text."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from docs.checker import problems
from engines import PageLog
from tillspec.publish import Wanted, publish

if TYPE_CHECKING:
    from playwright.sync_api import Page

TAGS = "<script>alert(1)</script><img src=x onerror=alert(2)>"
BAD = TAGS + "\"'`${7*7}{{7*7}}{%x%}]]>*/\\ $(touch pwned) javascript:alert(3) ../../x"
LINKS = f"[a](javascript:alert(1)) [b](data:text/html,{TAGS}) ![c](https://elsewhere.example/x.png) <https://e.example>"
SENT = {BAD: BAD, "../../etc/passwd": BAD}
HEADER = "a\"'$(x)`y`"


def hostile() -> dict[str, Any]:
    """A document in which every text is an attempt."""
    text = {"type": "string", "description": BAD}
    schema = {
        "type": "object",
        "title": BAD,
        "description": f"{BAD}\n\n{LINKS}",
        "required": [BAD],
        "properties": {
            BAD: text | {"enum": [BAD, "</code></pre><b>"], "default": BAD, "examples": [BAD]},
            "../../etc/passwd": {"type": "string", "format": BAD, "const": BAD},
            "x y": {"$ref": "#/components/schemas/Inner"},
        },
    }
    operation = {
        "operationId": "../../../x<script>",
        "summary": BAD,
        "description": f"{BAD}\n\n{LINKS}",
        "tags": [BAD],
        "parameters": [
            {"name": "q", "in": "query", "required": True, "description": BAD, "schema": text, "example": BAD},
            {"name": "X-Bad", "in": "header", "required": True, "schema": text, "example": HEADER},
        ],
        "requestBody": {"content": {"application/json": {"schema": schema, "examples": {BAD: {"summary": BAD, "value": SENT}}}}},
        "responses": {
            "200": {"description": BAD, "headers": {"X-H": {"description": BAD, "schema": text}}},
            "400": {"description": BAD, "content": {"application/json": {"schema": {}, "example": {"code": BAD[:70]}}}},
        },
        "security": [{"Key": []}],
    }
    key = {"type": "apiKey", "in": "header", "name": "X-Key", "description": BAD}
    return {
        "openapi": "3.1.0",
        "info": {"title": BAD, "version": f"</title>{TAGS}", "description": f"{BAD}\n\n{LINKS}"},
        "servers": [{"url": "https://api.example/</script>", "description": BAD}],
        "tags": [{"name": BAD, "description": BAD}],
        "paths": {"/a/<script>alert(1)</script>/'\"`$(touch pwned)`/b": {"post": operation}},
        "components": {"schemas": {"Inner": {"type": "object", "properties": {"a": text}}}, "securitySchemes": {"Key": key}},
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "api.json").write_text(json.dumps(hostile()))
    publish(Wanted(spec=folder / "api.json", out=folder / "site"))
    assert sorted(path.name for path in folder.iterdir()) == ["api.json", "site"]
    return folder / "site"


def test_its_pages_hold_nothing_but_our_markup(site: Path) -> None:
    assert list(problems(site)) == []
    assert len(list(site.glob("operations/*.html"))) == 1


def test_a_browser_runs_none_of_it(site: Path, page: Page, page_log: PageLog) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        page.locator("#search-field").click()
        page.keyboard.type("script")
        page.locator("#search-results li").first.wait_for()
        assert page.locator("img, iframe").count() == 0
    page_log.foreign[:] = [url for url in page_log.foreign if not url.startswith("file:")]
    assert page_log.errors == []


def test_its_samples_are_requests_and_nothing_else(site: Path, tmp_path: Path, require_engine: Callable[..., str]) -> None:
    from html import unescape

    (page,) = site.glob("operations/*.html")
    shown = re.findall(r'data-language="(\w+)".*?<code>(.*?)</code>', page.read_text(), re.DOTALL)
    samples = {language: unescape(text) for language, text in shown}
    assert set(samples) == {"curl", "python", "javascript", "go", "php", "java"}
    compile(samples["python"], "sample", "exec")
    argument = "import sys, json; print(json.dumps(sys.argv[1:]))"
    script = f"curl() {{ python3 -c '{argument}' \"$@\"; }}\n{samples['curl']}"
    env = {"PATH": "/usr/bin:/bin", "KEY": "k"}
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    arguments = json.loads(done.stdout)
    assert json.loads(arguments[arguments.index("--data-raw") + 1]) == SENT
    assert f"X-Bad: {HEADER}" in arguments
    assert list(tmp_path.iterdir()) == []
    node = require_engine("node", install="apt-get install nodejs")
    told = "globalThis.fetch = (...given) => { console.log(JSON.stringify(given)); process.exit(0); };\n"
    (tmp_path / "sample.mjs").write_text(told + samples["javascript"])
    done = subprocess.run([node, "sample.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    url, options = json.loads(done.stdout)
    assert json.loads(options["body"]) == SENT
    assert url.startswith("https://api.example")
