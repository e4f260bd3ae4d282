"""Two contracts, on one screen: sides → servers → security → operations → examples → behaviour of the whole → version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tillspec.compat.behavior_schemas import promise
from tillspec.compat.change import Change, Finding, canonical
from tillspec.compat.collect import Collector
from tillspec.compat.examples import examples
from tillspec.compat.operations import operations
from tillspec.compat.security import Security
from tillspec.compat.servers import document_servers
from tillspec.compat.side import Side
from tillspec.compat.versions import version
from tillspec.compat.view import entries
from tillspec.document.bundle import Bundle
from tillspec.pointer import join
from tillspec.source import Span


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that changed from one contract to another.

    Attributes:
        changes: each of them, in the order of the documents.
        title: what the new contract calls itself.
        old: the version that the old contract gives itself.
        new: that of the new one.
        root: the new contract as a whole.
    """

    changes: tuple[Change, ...]
    title: str
    old: str
    new: str
    root: Span


def compare(old: Bundle, new: Bundle, today: date) -> Comparison:
    """What changed, and whom it breaks.

    Args:
        old: the contract that callers and readers keep to.
        new: the contract that takes its place.
        today: decides whether the sunset of what is gone has passed.
    """
    collector = Collector(Side(old), Side(new))
    document_servers(collector)
    security = Security(collector)
    security.schemes()
    operations(collector, security, today)
    examples(collector)
    _outside(collector)
    changes = collector.changes()
    infos = [entries(side.document.get("info")) for side in (collector.old, collector.new)]
    versions = [str(info.get("version", "")) for info in infos]
    for finding in version(versions[0], versions[1], changes):
        collector.tell(None, "info.version", finding)
    title = str(infos[1].get("title", ""))
    return Comparison(tuple(collector.changes()), title, versions[0], versions[1], new.span(""))


def _outside(collector: Collector) -> None:
    """The objects that are made outside the API."""
    both = [entries(entries(side.document.get("x-behavior")).get("objects")) for side in (collector.old, collector.new)]
    for name in dict.fromkeys([*both[0], *both[1]]):
        said = [{key: value for key, value in entries(one.get(name)).items() if key != "description"} if name in one else None
                for one in both]  # fmt: skip
        if canonical(said[0]) != canonical(said[1]):
            rule, words, detail = promise(name, said[0], said[1])
            at = [join("/x-behavior/objects", name) if name in one else None for one in both]
            collector.tell(None, "behaviour", Finding(rule, words, f"objects {name} {detail}", at[0], at[1]))
