"""What a site is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Document:
    """A text that becomes a page: its name (which becomes the page's), and its Markdown."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What changed in a version: `kind` says what it is, `operation` and `field` where, `text` (Markdown) what is new.

    An addition names in `field` the anchor that it is at on the operation's page, or nothing where the operation itself is new.
    """

    version: str
    text: str
    kind: Literal["added", "changed", "deprecated", "removed"] = "changed"
    breaking: bool = False
    operation: str | None = None
    field: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """Another version of the contract: its name, and the folder of its site from the root of this one."""

    name: str
    path: str
    pages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Options:
    """How a site is built.

    Attributes:
        package: the import name of the generated client that the samples of Python use.
        sandbox: the base URL that the try-it panel sends to, without a slash at the end; empty where there is none.
        base_url: where the site will be, for the sitemap and the feed; empty where that is not known.
        guide: further pages of Markdown.
        scenarios: Arazzo documents, as plain values.
        figures: tables of what was measured, as pages of Markdown.
        entries: what changed, the newest version first.
        versions: other versions of the same contract, this one among them.
    """

    package: str = "checkout_api"
    sandbox: str = ""
    base_url: str = ""
    guide: tuple[Document, ...] = ()
    scenarios: tuple[dict[str, object], ...] = ()
    figures: tuple[Document, ...] = ()
    entries: tuple[Entry, ...] = ()
    versions: tuple[Version, ...] = field(default=())
