"""Text of a contract: Markdown (CommonMark with tables) that becomes HTML or stays Markdown, and never markup of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_PLAIN = re.compile(r"[\w ,.;'’()–-]+")
"""Text in which nothing can be markup; a list or a heading would begin with a sign, or with a digit."""
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_SCHEMES = ("http", "https", "mailto")
_CODE = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`+[^`\n]*`+)", re.DOTALL)
_TAG = re.compile(r"<(?=[a-zA-Z/!?])")
_MARK = re.compile(r"([\\`*_\[\]<>#|~])")
_SENTENCE = re.compile(r"(?<=[.!?])\s")


def clean(text: str) -> str:
    """A text without control characters and without what turns the direction of a line around."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text) if _CONTROL.search(text) else text


@lru_cache(maxsize=20_000)
def html(markdown: str) -> Markup:
    """Markdown as HTML. Raw HTML in it stays text; links go to http, https or mailto; images are links."""
    markdown = clean(markdown).strip()
    if _PLAIN.fullmatch(markdown) and not markdown[0].isdigit():
        return Markup(f"<p>{escape(markdown)}</p>")  # noqa: S704 - escaped
    return Markup(_markdown().render(markdown))  # noqa: S704 - markdown-it escapes all text, and raw HTML is off


@lru_cache(maxsize=20_000)
def inline(markdown: str) -> Markup:
    """One line of Markdown as HTML without a paragraph around it; what stands on further lines is joined."""
    markdown = " ".join(clean(markdown).split())
    if not markdown or _PLAIN.fullmatch(markdown):
        return escape(markdown)
    return Markup(_markdown().renderInline(markdown))  # noqa: S704 - as above


@lru_cache(maxsize=20_000)
def plain(markdown: str) -> str:
    """The words of a text of Markdown, without its marks, in one line."""
    tokens = _markdown().parse(clean(markdown)) if not _PLAIN.fullmatch(markdown) else None
    if tokens is None:
        return " ".join(markdown.split())
    words = (_words(token.children) if token.type == "inline" else token.content for token in tokens)
    return " ".join(" ".join(words).split())


def _words(tokens: Sequence[Token] | None) -> str:
    return "".join(" " if token.type in ("softbreak", "hardbreak") else token.content for token in tokens or ())


def sentence(markdown: str, most: int = 160) -> str:
    """The first sentence of a text in plain words, cut at `most` characters."""
    first = _SENTENCE.split(plain(markdown), maxsplit=1)[0]
    return first if len(first) <= most else first[: most - 1].rsplit(" ", 1)[0] + "…"


def twin(markdown: str) -> str:
    """Markdown of a contract for a Markdown page: what could be a tag is escaped, outside of code."""
    markdown = clean(markdown).strip()
    if not _TAG.search(markdown):
        return markdown
    parts = _CODE.split(markdown)
    made = "".join(part if index % 2 else _TAG.sub(r"\\<", part) for index, part in enumerate(parts))
    # what looks like code may be none to a reader of Markdown: then nothing is taken for code
    return made if not _has_tags(made) else _TAG.sub(r"\\<", markdown.replace("\\", "\\\\"))


def _has_tags(markdown: str) -> bool:
    """Whether a reader with raw HTML on would see a tag."""
    tokens = _with_tags().parse(markdown)
    return any(token.type in ("html_block", "html_inline") for one in tokens for token in (one, *(one.children or ())))


@cache
def _with_tags() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table")


def cell(markdown: str) -> str:
    """Markdown for the cell of a table: one line, no bars."""
    return " ".join(twin(markdown).split()).replace("|", "\\|")


def literal(text: str) -> str:
    """Plain text as Markdown that shows it as it is."""
    return _MARK.sub(r"\\\1", " ".join(clean(text).split()))


def code(text: str) -> str:
    """A code span of Markdown that holds a text, whatever stands in it (CommonMark, section 6.1)."""
    text = " ".join(clean(text).split()) or " "
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def fenced(text: str, language: str = "") -> str:
    """A fenced code block of Markdown that holds a text, whatever stands in it."""
    fence = "`" * max(3, max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language}\n{clean(text)}\n{fence}"


def document(markdown: str, links: Mapping[str, str]) -> Markup:
    """A whole document of Markdown as HTML: headings keep their level and have anchors; relative links go where `links` says.

    A relative link that leads to nothing of the site is left out, and its words stay.
    """
    return Markup(_markdown().render(clean(markdown), {"links": links, "taken": set()}))  # noqa: S704 - as above


def without_title(markdown: str) -> str:
    """A document without the heading that says its name again."""
    first, _, rest = markdown.lstrip().partition("\n")
    return rest if first.startswith("# ") else markdown


def is_safe_link(url: str) -> bool:
    """Whether a link may become one: it is of http, https or mailto, or relative."""
    if not _SCHEME.match(url):
        return True
    try:
        return urlsplit(url).scheme.lower() in _SCHEMES
    except ValueError:
        return False


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")
    made.validateLink = is_safe_link  # type: ignore[method-assign]  # how markdown-it has it replaced
    made.add_render_rule("heading_open", _heading)
    made.add_render_rule("heading_close", _heading)
    made.add_render_rule("link_open", _link)
    made.add_render_rule("image", _image)
    made.add_render_rule("th_open", _cell)
    made.add_render_rule("td_open", _cell)
    made.add_render_rule("fence", _code)
    made.add_render_rule("code_block", _code)
    made.add_render_rule("table_open", lambda *_: '<div class="wide" role="region" aria-label="Table" tabindex="0"><table>\n')
    made.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return made


def _heading(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A heading of a description stands below the headings of the page; one of a document keeps its level and gets an anchor."""
    token = tokens[index]
    level = int(token.tag[1])
    if "links" not in env:
        level = min(level + 2, 6)
        return f"<h{level}>" if token.nesting == 1 else f"</h{level}>\n"
    if token.nesting != 1:
        return f"</h{max(level, 2)}>\n"
    anchor = re.sub(r"[^\w-]+", "-", _words(tokens[index + 1].children).lower()).strip("-") or "section"
    while anchor in env["taken"]:
        anchor += "-"
    env["taken"].add(anchor)
    return f'<h{max(level, 2)} id="{escape(anchor)}">'


def _link(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A link out of the site gives away nothing of where it stood. A path of a contract leads nowhere here, so it stays text."""
    token = tokens[index]
    target = str(token.attrs.get("href", ""))
    if _SCHEME.match(target) or target.startswith("//"):
        token.attrs["rel"] = "noopener noreferrer"
    elif "links" not in env:
        token.attrs = {}
    elif not target.startswith("#"):
        path, mark, rest = target.partition("#")
        token.attrs = {"href": env["links"][path] + mark + rest} if path in env["links"] else {}
    return self.renderToken(tokens, index, options, env)


def _code(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A block of code, which a keyboard can scroll."""
    return f'<pre tabindex="0"><code>{escape(tokens[index].content)}</code></pre>\n'


def _cell(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A cell, aligned by a class: the policy of a page allows no style of an element's own."""
    token = tokens[index]
    style = str(token.attrs.get("style", ""))
    return f'<{token.tag} class="{style.removeprefix("text-align:")}">' if style else f"<{token.tag}>"


def _image(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """An image would be loaded from elsewhere, so it is a link; a path of a contract leads nowhere here."""
    token = tokens[index]
    words = escape(_words(token.children) or "image")
    source = str(token.attrs["src"])
    if not _SCHEME.match(source):
        return str(words)
    return f'<a href="{escape(source)}" rel="noopener noreferrer">{words}</a>'
