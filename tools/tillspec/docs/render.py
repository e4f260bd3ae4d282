"""Printing pages: templates print, views decide. One environment escapes for HTML, the other leaves Markdown alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tillspec import resources
from tillspec.docs import text

_STATIC = Path(__file__).with_name("static")
_THEME = 'try{var t=localStorage.getItem("theme");if(t)document.documentElement.dataset.theme=t}catch(e){}'
"""Before the first paint: the colours that the reader chose. It is the one script in a page, and the policy knows its hash."""
_FENCE = re.compile("`{3,}")
_LOOPBACK = "http://127.0.0.1:* http://localhost:*"


def page(template: str, context: dict[str, Any]) -> str:
    """A page of HTML, from `templates/docs/`."""
    return _environment(escapes=True).get_template(f"{template}.html.j2").render(context)


def twin(template: str, context: dict[str, Any]) -> str:
    """A page of Markdown, from `templates/docs/`, without rows of empty lines outside of code."""
    kept: list[str] = []
    fence = ""
    for line in _environment(escapes=False).get_template(f"{template}.md.j2").render(context).split("\n"):
        opens = _FENCE.match(line)
        if opens and not fence:
            fence = opens[0]
        elif opens and line.strip() == fence:
            fence = ""
        elif not fence and not line.strip() and (not kept or not kept[-1]):
            continue
        kept.append(line if fence else line.rstrip())
    return "\n".join(kept).strip() + "\n"


@cache
def asset(name: str) -> str:
    """The site's style (`site.css`) or script (`site.js`)."""
    return (_STATIC / name).read_text(encoding="utf-8")


@cache
def version_of(name: str) -> str:
    """A short digest of an asset, so that a browser does not keep an old one."""
    return hashlib.sha256(asset(name).encode()).hexdigest()[:8]


@cache
def theme() -> str:
    """The script that stands in every page."""
    return _THEME


@cache
def policy(sandbox: str) -> str:
    """The content security policy: nothing from elsewhere. Requests go to the sandbox that is given, or to loopback.

    `file:` stands beside `'self'` for browsers to which a page on a disk has no origin of its own.
    """
    digest = base64.b64encode(hashlib.sha256(_THEME.encode()).digest()).decode()
    return "; ".join((
        "default-src 'none'", "style-src 'self' file:", f"script-src 'self' file: 'sha256-{digest}'", "img-src 'self' data:",
        f"connect-src {sandbox + ' ' if sandbox else ''}{_LOOPBACK}", "base-uri 'none'", "form-action 'none'",
    ))  # fmt: skip


@cache
def viewer_policy(sandbox: str) -> str:
    """The policy of the page with a viewer of others in it: it styles itself, and still asks nobody else."""
    return "; ".join((
        "default-src 'none'", "style-src 'self' 'unsafe-inline' file:", "script-src 'self' file:", "img-src 'self' data: blob:",
        "font-src data:", f"connect-src {sandbox + ' ' if sandbox else ''}{_LOOPBACK}", "base-uri 'none'", "form-action 'none'",
    ))  # fmt: skip


@cache
def _environment(*, escapes: bool) -> Environment:
    made = Environment(
        loader=FileSystemLoader(resources.templates() / "docs"),
        undefined=StrictUndefined,
        autoescape=escapes,  # noqa: S701 - Markdown is no HTML; its filters escape what could be a tag
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,
    )
    made.filters |= {
        "md": text.html, "inline": text.inline, "twin": text.twin, "cell": text.cell, "literal": text.literal, "code": text.code,
        "fenced": text.fenced, "as_json": as_json, "pretty": _pretty, "body_of": text.without_title,
    }  # fmt: skip
    return made


def as_json(value: Any) -> str:
    """JSON in one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _clean(value: Any) -> Any:
    """A text without control characters, of which HTML has no way to write some."""
    return text.clean(value) if type(value) is str else value
