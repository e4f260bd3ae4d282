"""A changelog: what changed, in sentences for those who use the API; as Markdown, as JSON, and as a feed (Atom, RFC 4287)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tillspec.compat.change import Group, grouped, quoted
from tillspec.compat.compare import Comparison
from tillspec.compat.rules import RULES, Kind, Severity
from tillspec.compat.sections import WHOLE, few

_ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TITLES = {
    Kind.REMOVED: "Removed",
    Kind.CHANGED: "Changed",
    Kind.BEHAVIOR: "Behaviour",
    Kind.DEPRECATED: "Deprecated",
    Kind.ADDED: "Added",
}
_SKIPPED = ("version-not-moved", "version-moved-too-little", "version-went-back")


@dataclass(frozen=True, slots=True)
class Entry:
    """One sentence of a changelog, in which texts of the contract stand in backquotes."""

    kind: Kind
    severity: Severity
    rule: str
    sentence: str
    operations: tuple[str, ...]
    fingerprint: str


def entries(comparison: Comparison) -> list[Entry]:
    """What a reader is told, what breaks first; what is said of the version is for whoever writes the contract."""
    groups = [group for group in grouped(comparison.changes) if group.first.rule not in _SKIPPED]
    return [
        Entry(RULES[group.first.rule].kind, group.first.severity, group.first.rule, _sentence(group), group.operations,
              group.first.fingerprint)
        for group in groups
    ]  # fmt: skip


def _sentence(group: Group) -> str:
    names, more = few(tuple(quoted(name) if name else WHOLE for name in group.operations))
    where = ", ".join(names) + (f" and {more} more operations" if more else "")
    places, others = few(tuple(quoted(place) for place in group.places if place))
    at = f", {', '.join(places)}{f' and {others} more places' if others else ''}" if places else ""
    return f"{where[0].upper() + where[1:]}{at}: {group.first.words}."


def as_markdown(comparison: Comparison) -> str:
    """A section for one version: what breaks is marked."""
    lines = [f"## {quoted(comparison.new)}, after {quoted(comparison.old)}"]
    listed = entries(comparison)
    if not listed:
        lines += ["", "Nothing that a user of the API would notice has changed."]
    for kind, title in _TITLES.items():
        chosen = [entry for entry in listed if entry.kind is kind]
        if chosen:
            lines += ["", f"### {title}", ""]
            lines += [f"- {'**Breaking.** ' if entry.severity is Severity.BREAKING else ''}{entry.sentence}" for entry in chosen]
    return "\n".join(lines) + "\n"


def as_json(comparison: Comparison) -> str:
    """One object: title, versions, and the entries under their headings."""
    value = {
        "title": comparison.title,
        "old": comparison.old,
        "new": comparison.new,
        "entries": [
            {
                "heading": _TITLES[entry.kind],
                "breaking": entry.severity is Severity.BREAKING,
                "severity": str(entry.severity),
                "rule": entry.rule,
                "sentence": entry.sentence,
                "operations": list(entry.operations),
                "fingerprint": entry.fingerprint,
            }
            for entry in entries(comparison)
        ],
    }
    return json.dumps(value, ensure_ascii=False, indent=2)


def as_atom(comparisons: Iterable[tuple[Comparison, date]], title: str) -> str:
    """A feed with an entry for each version, each with the day on which it came.

    Ids follow from title and version alone, so that a reader's program knows what it has seen.
    """
    versions = sorted(comparisons, key=lambda one: one[1], reverse=True)
    feed = Element("feed", {"xmlns": _ATOM})
    _add(feed, "title", f"Changes of {title}")
    _add(feed, "id", _identity(title))
    _add(feed, "updated", _time(versions[0][1]) if versions else _time(date(1970, 1, 1)))
    _add(SubElement(feed, "author"), "name", title)
    for comparison, day in versions:
        entry = SubElement(feed, "entry")
        _add(entry, "title", f"{title} {comparison.new}")
        _add(entry, "id", _identity(title, comparison.new))
        _add(entry, "updated", _time(day))
        _add(entry, "content", "\n".join(_plain(comparison)), type="text")
    indent(feed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(feed, encoding="unicode") + "\n"


def _plain(comparison: Comparison) -> Iterator[str]:
    listed = entries(comparison)
    for kind, title in _TITLES.items():
        chosen = [entry for entry in listed if entry.kind is kind]
        if chosen:
            yield f"{title}:"
            yield from (f"- {'Breaking. ' if entry.severity is Severity.BREAKING else ''}{entry.sentence}" for entry in chosen)
    if not listed:
        yield "Nothing that a user of the API would notice has changed."


def _add(above: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(above, name, attributes).text = _NOT_XML.sub("\ufffd", text)


def _identity(*parts: str) -> str:
    """A URN that follows from its parts (RFC 9562, section 5.5)."""
    return uuid5(NAMESPACE_URL, json.dumps(["tillspec changelog", *parts])).urn


def _time(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
