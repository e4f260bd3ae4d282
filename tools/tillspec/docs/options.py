"""What a site is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Document:
    """A text that becomes a page: its name (which becomes the page's), its Markdown, and the path by which others link to it."""

    name: str
    text: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What changed in a version, in a text of Markdown: `kind` is the heading that it belongs under, `date` as ISO 8601 has it.

    `operations` are those concerned, by id, or as `POST /orders`.
    """

    version: str
    text: str
    kind: str = "Changed"
    breaking: bool = False
    operations: tuple[str, ...] = ()
    date: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the contract: its name, the folder of its site from the root of the whole, and the pages that it has."""

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
        added: the version that an operation (by id, with an empty anchor) or a field of it (by its anchor) came with.
        scalar: the script of Scalar's viewer, for one further page; empty where none is wanted.
        versions: all versions of the contract that have a site.
        version: the name of this one among them; empty for the first.
    """

    package: str = "checkout_api"
    sandbox: str = ""
    base_url: str = ""
    guide: tuple[Document, ...] = ()
    scenarios: tuple[dict[str, object], ...] = ()
    figures: tuple[Document, ...] = ()
    entries: tuple[Entry, ...] = ()
    scalar: str = ""
    added: Mapping[tuple[str, str], str] = field(default_factory=dict)
    versions: tuple[Version, ...] = ()
    version: str = ""
