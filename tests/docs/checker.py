"""What can be wrong with a site, found by reading its files: links, anchors, what a page loads, markup that nobody meant."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_ELEMENTS = """
html head meta title link script body a header strong span div main footer nav h1 h2 h3 h4 h5 h6 ul ol li p code pre table thead
tbody tr th td details summary section aside small em br hr blockquote svg desc defs marker path rect text
"""
ELEMENTS = frozenset(_ELEMENTS.split())
"""All that a template, or Markdown, prints. Anything else came out of a contract's text."""
VOID = frozenset(("meta", "link", "br", "hr", "img", "input"))


class Page(HTMLParser):
    """The ids, the links and the elements of a page, and whether they are well nested."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        found = dict(attrs)
        self.attributes |= found.keys()
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "a" and "href" in found:
            self.links.append(str(found["href"]))
        elif tag in ("script", "img", "iframe") and found.get("src"):
            self.loads.append(str(found["src"]))
        elif tag == "link" and found.get("href") != "data:,":
            self.loads.append(str(found["href"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.crossed.append(f"</{tag}> in {self.open[-3:]}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()


def problems(site: Path, every: int = 1) -> Iterator[str]:
    """Everything that is wrong with the pages in a folder, or with one of so many."""

    @cache
    def page_of(name: str) -> Page:
        return Page((site / name).read_text(encoding="utf-8"))

    for path in sorted(site.rglob("*.html"))[::every]:
        name = path.relative_to(site).as_posix()
        page = page_of(name)
        yield from (f"{name}: {what}" for what in _of_page(page))
        for link in {*page.links, *page.loads}:
            if what := _wrong(site, name, link, page_of, is_loaded=link in page.loads):
                yield f"{name}: {link}: {what}"


def _of_page(page: Page) -> Iterator[str]:
    if strange := page.elements - ELEMENTS:
        yield f"elements {sorted(strange)}"
    if handlers := [one for one in page.attributes if one.startswith("on") or one == "style"]:
        yield f"attributes {sorted(handlers)}"
    if twice := {one for one in page.ids if page.ids.count(one) > 1}:
        yield f"ids twice: {sorted(twice)[:5]}"
    if page.crossed or page.open:
        yield f"badly nested: {page.crossed[:3]} {page.open[:3]}"


def _wrong(site: Path, page: str, link: str, page_of: Callable[[str], Page], *, is_loaded: bool) -> str:
    """What is wrong with a link; empty where nothing is."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        allowed = parts.scheme in ("http", "https", "mailto")
        return "is loaded from elsewhere" if is_loaded else "" if allowed else "has another scheme"
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), parts.path)) if parts.path else page
    if parts.path.startswith("/") or target.startswith(".."):
        return "leads out of the site"
    if not (site / target).is_file():
        return "leads to nothing"
    if parts.fragment and target.endswith(".html") and not {unquote(parts.fragment), parts.fragment} & set(page_of(target).ids):
        return "has no such anchor"
    return ""
