"""A contract's text is Markdown at most: whatever stands in it, no markup of its own, no script and no path comes out."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tillspec.docs import text

ALLOWED = {
    "p", "a", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "br", "h3", "h4", "h5", "h6", "div", "table",
    "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
PIECES = st.sampled_from([
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!--", "-->", "</p>", "<svg/onload=1>",
    "[x](javascript:alert(1))", "[x](JaVaScRiPt:1)", "[x](data:text/html,1)", "[x](file:///etc/passwd)", "[x](../../etc/passwd)",
    "![x](https://e.example/x.png)", "![x](//e.example/x)", "[x](https://e.example/)", "<https://e.example/>", "`", "```", "|",
    "\n", "\n\n", "# ", "- ", "> ", "1. ", "&lt;", "&#106;", "\\", "*", "_", '"', "'", " onclick=1 ", "\u202e", "\x00",
    "\x1b[31m", "a", "ß", "|---|---|\n|a|b|\n",
])  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=14).map("".join)


class _Parts(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    for tag, attributes in _Parts(html).found:
        assert tag in ALLOWED
        assert attributes.keys() <= {"href", "title", "rel", "class", "start", "tabindex", "role", "aria-label"}
        if "href" in attributes:
            assert str(attributes["href"]).lower().startswith(("http://", "https://", "mailto:"))
    assert not any(char in html for char in "\u202e\x00\x1b")


@given(TEXTS)
def test_markdown_comes_out_harmless(markdown: str) -> None:
    assert_harmless(text.html(markdown))
    assert_harmless(text.inline(markdown))
    assert "\x00" not in text.plain(markdown)


@given(TEXTS)
def test_a_code_span_holds_any_text(value: str) -> None:
    (paragraph,) = [token for token in MarkdownIt().parse(f"x{text.code(value)}x") if token.type == "inline"]
    code = [child for child in paragraph.children or () if child.type == "code_inline"]
    assert len(code) == 1
    assert code[0].content.strip() == " ".join(text.clean(value).split())


@given(TEXTS)
def test_a_fence_holds_any_text(value: str) -> None:
    tokens = [token for token in MarkdownIt().parse(text.fenced(value, "json")) if token.type == "fence"]
    assert len(tokens) == 1
    assert tokens[0].content.rstrip("\n") == text.clean(value).replace("\r", "\n").rstrip("\n")


@given(TEXTS)
def test_what_is_meant_literally_stays_so(value: str) -> None:
    html = MarkdownIt("commonmark", {"html": True}).renderInline(text.literal(value))
    assert not _Parts(html).found


@given(TEXTS)
def test_a_twin_has_no_tags_though_raw_html_were_on(markdown: str) -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).parse(text.twin(markdown))
    parts = [part for token in tokens for part in (token, *(token.children or ()))]
    assert not [part for part in parts if part.type in ("html_block", "html_inline")]


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("plain words", "<p>plain words</p>"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>\n"),
        ("# Title", "<h3>Title</h3>\n"),
        ("[x](https://e.example/a)", '<p><a href="https://e.example/a" rel="noopener noreferrer">x</a></p>\n'),
        ("[x](/etc/passwd)", "<p><a>x</a></p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("![a cat](https://e.example/c.png)", '<p><a href="https://e.example/c.png" rel="noopener noreferrer">a cat</a></p>\n'),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"),
        ("| a |\n|--:|\n| 1 |", None),
    ],
)
def test_markdown(markdown: str, expected: str | None) -> None:
    html = text.html(markdown)
    assert html == expected if expected else 'class="right"' in html


def test_a_document_links_to_pages_of_the_site_and_to_nothing_else_that_is_relative() -> None:
    html = text.document("# A\n\n[b](b.md#c) [d](d.md) [e](#a)\n\n## A", {"b.md": "b.html"})
    assert '<a href="b.html#c">' in html
    assert "<a>d</a>" in html
    assert '<a href="#a">' in html
    assert '<h2 id="a">' in html
    assert '<h2 id="a-">' in html


def test_a_sentence() -> None:
    assert text.sentence("Makes **one**. Then `two`.") == "Makes one."
    assert text.sentence("a " * 200).endswith("…")
    assert len(text.sentence("a " * 200)) <= 160
