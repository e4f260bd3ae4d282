"""What is there to download, and what machines read: the contract, `llms.txt`, a sitemap, a feed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

import yaml

from tillspec.api.model import Api
from tillspec.docs import text
from tillspec.docs.options import Options

_NO_DATE = "1970-01-01T00:00:00Z"


def contract(api: Api) -> Iterator[tuple[str, str]]:
    """The contract as one document, as JSON and as YAML."""
    yield "openapi.json", json.dumps(api.document, ensure_ascii=False, indent=1) + "\n"
    yield "openapi.yaml", yaml.dump(_plain(api.document), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)


class _Dumper(yaml.CSafeDumper):
    """Writes values that several places share at each of them: a contract has no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _plain(value: object) -> object:
    return dict(value) if not isinstance(value, dict) else value  # type: ignore[call-overload]


def llms(api: Api, pages: Sequence[tuple[str, str, str]], options: Options) -> str:
    """An index of the pages in Markdown for language models (llmstxt.org); links are relative where no address is given."""
    base = f"{options.base_url}/" if options.base_url else ""
    lines = [
        f"# {text.literal(api.title)} {text.literal(api.version)}",
        "",
        f"> {text.literal(text.sentence(api.description or api.title))}",
        "",
    ]
    sections = {
        "operations": "Operations",
        "webhooks": "Webhooks",
        "scenarios": "Scenarios",
        "guide": "Guide",
        "schemas": "Schemas",
    }
    by_section: dict[str, list[str]] = {"": []}
    for path, title, about in pages:
        folder = path.partition("/")[0] if "/" in path else ""
        named = f"- [{text.literal(title)}]({base}{quote(path)})" + (f": {text.literal(about)}" if about != title else "")
        by_section.setdefault(folder if folder in sections else "", []).append(named)
    for folder, name in {"": "Start", **sections}.items():
        if by_section.get(folder):
            lines += [f"## {name}", "", *by_section[folder], ""]
    lines += ["## Contract", "", f"- [OpenAPI, JSON]({base}openapi.json)", f"- [OpenAPI, YAML]({base}openapi.yaml)"]
    return "\n".join([*lines, f"- [All pages in one]({base}llms-full.txt)", ""])


def sitemap(pages: Sequence[str], base_url: str) -> str:
    """A map of the site for search engines (sitemaps.org)."""
    rows = "".join(f"<url><loc>{escape(base_url)}/{escape(quote(page))}</loc></url>\n" for page in pages)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'
    )


def feed(api: Api, options: Options) -> str:
    """The changelog as a feed (Atom, RFC 4287), one entry for each version."""
    title, base = escape(text.clean(api.title)), escape(options.base_url or "")
    home = f"{base}/changelog.html" if base else "changelog.html"
    rows = []
    dates = {entry.version: entry.date for entry in options.entries}
    for version, date in dates.items():
        told = "\n".join(f"<li>{text.inline(one.text)}</li>" for one in options.entries if one.version == version)
        name = escape(text.clean(version))
        rows.append(
            f"<entry><id>urn:tillspec:{quote(api.title)}:{quote(version)}</id><title>{title} {name}</title>"
            f'<link href="{home}#v{escape(quote(version))}"/><updated>{_date(date)}</updated>'
            f'<content type="html">{escape(f"<ul>{told}</ul>")}</content></entry>\n'
        )
    newest = max((_date(one) for one in dates.values()), default=_NO_DATE)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:tillspec:{quote(api.title)}</id>'
        f"<title>{title}: changelog</title><updated>{newest}</updated><author><name>{title}</name></author>"
        f'<link href="{home}"/>\n'
        f"{''.join(rows)}</feed>\n"
    )


def _date(text_: str) -> str:
    """A date as RFC 3339 has it; what is none is the beginning of time."""
    try:
        found = datetime.fromisoformat(text_)
    except ValueError:
        return _NO_DATE
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat().replace("+00:00", "Z")
