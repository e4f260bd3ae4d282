"""The report as one page of HTML that loads nothing: the matrix, findings that unfold, and what was not tested."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from tillspec import __version__, resources
from tillspec.verify.findings import Untested
from tillspec.verify.reports.outcome import Cell, Found, Outcome, State
from tillspec.verify.reports.people import clean

if TYPE_CHECKING:
    from jinja2 import Environment

_TONES = {state: state.value for state in State} | {State.UNTESTED: "untested", State.NONE: "none"}
_MARKS = {State.FAILED: "✕", State.ACCEPTED: "≈", State.NOTED: "!", State.UNTESTED: "?", State.PASSED: "✓", State.NONE: "·"}
_WORDS, _SEGMENTS = re.compile(r"[^A-Z]+|[A-Z]+[^A-Z]*"), re.compile(r"/?[^/]*(?=/|$)|/")
"""Where a name and a path may be broken."""
_SAYS = {
    State.FAILED: "deviates (MUST)",
    State.ACCEPTED: "deviates, accepted by the baseline",
    State.NOTED: "noted (SHOULD, INFO)",
    State.UNTESTED: "not tested, or not in full",
    State.PASSED: "passed",
    State.NONE: "nothing to check",
}


def as_html(outcome: Outcome) -> str:
    """The page. All that comes from the contract and the server is text in it, and its policy lets no other script run."""
    environment = _environment()
    hashes = {kind: _hash(environment.get_template(f"report.{kind}.j2").render()) for kind in ("css", "js")}
    gaps = list(_gaps(outcome))
    anchors = {item: gap["anchor"] for gap in gaps for item in gap["items"]}
    text = environment.get_template("report.html.j2").render(
        outcome=outcome, figures=list(_figures(outcome)), rows=list(_rows(outcome, anchors)), legend=list(_legend()), gaps=gaps,
        findings=[_finding(found, index) for index, found in enumerate(outcome.found)], filters=list(_filters(outcome)),
        hashes=hashes, tillspec=__version__,
    )  # fmt: skip
    return text.encode("utf-8", "replace").decode()


@cache
def _environment() -> Environment:
    """The templates. They escape all that they print; the style and the script, which are templates too, print nothing."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(resources.templates() / "verify"), finalize=_shown, autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip


def _shown(value: Any) -> Any:
    """A text without control characters, of which HTML has no way to write some."""
    if type(value) is not str:
        return value
    return "\n".join(clean(line) for line in value.split("\n"))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _figures(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """The numbers at the head, those of findings and gaps with a link to them."""
    deviations, noted, accepted = map(outcome.count, (State.FAILED, State.NOTED, State.ACCEPTED))
    yield _figure("deviations", deviations, "bad", "findings")
    if accepted:
        yield _figure("accepted", accepted, "", "findings")
    yield _figure("notes", noted, "warn", "findings")
    yield _figure("not tested", outcome.gaps, "warn", "gaps")
    yield _figure("operations", len(outcome.operations))
    yield _figure("requests", outcome.requests)
    yield {**_figure("seconds", 0), "value": f"{outcome.seconds:.1f}"}


def _figure(name: str, value: int, tone: str = "", link: str = "") -> dict[str, Any]:
    return {"name": name, "value": f"{value:,}", "tone": tone if value else "", "link": link if value else ""}


# -- the matrix ----------------------------------------------------------------------------------------------------------


def _rows(outcome: Outcome, anchors: dict[Untested, str]) -> Iterator[dict[str, Any]]:
    places = {id(found): f"f-{index}" for index, found in enumerate(outcome.found)}
    for one in outcome.operations:
        cells = [_cell(outcome.cells[one.id, kind], places, anchors) for kind in outcome.kinds]
        yield {"name": _WORDS.findall(one.id), "method": one.method, "path": _SEGMENTS.findall(one.path), "cells": cells}


def _cell(cell: Cell, places: dict[int, str], anchors: dict[Untested, str]) -> dict[str, Any]:
    state = cell.state
    link = ""
    if cell.found:
        link = places[id(next(found for found in cell.found if found.state is state))] if state in _OF_FINDINGS else ""
    if not link and cell.reasons:
        link = anchors[cell.reasons[0]]
    number = sum(found.state is state for found in cell.found) if state in _OF_FINDINGS else cell.passed
    return {
        "tag": "a" if link else "span",
        "tone": _TONES[state],
        "link": link,
        "title": "; ".join(_why(cell)),
        "mark": f"{_MARKS[state]} {number}" if number else _MARKS[state],
        "says": ", ".join(_said(cell)),
    }


_OF_FINDINGS = (State.FAILED, State.ACCEPTED, State.NOTED)


def _said(cell: Cell) -> Iterator[str]:
    """A cell in words."""
    for state in _OF_FINDINGS:
        number = sum(found.state is state for found in cell.found)
        if number:
            yield f"{number} {state}"
    if cell.passed:
        yield f"{cell.passed} passed"
    if cell.reasons:
        yield "not tested: " + "; ".join(dict.fromkeys(item.reason for item in cell.reasons))
    if cell.state is State.NONE:
        yield "nothing to check"


def _why(cell: Cell) -> Iterator[str]:
    yield from (found.group.what for found in cell.found)
    yield from (f"not tested: {reason}" for reason in dict.fromkeys(item.reason for item in cell.reasons))


def _legend() -> Iterator[dict[str, str]]:
    for state in State:
        yield {"tone": _TONES[state], "mark": _MARKS[state], "says": _SAYS[state]}


# -- findings ------------------------------------------------------------------------------------------------------------


def _finding(found: Found, index: int) -> dict[str, Any]:
    group, lead = found.group, found.group.lead
    facts = [("clause", str(lead.clause)), ("expected", lead.expected), ("observed", lead.observed)]
    facts.insert(1, ("pointer", f"#{lead.clause.pointer}"))
    if len(group.operations) > 1:
        facts.append(("operations", ", ".join(group.operations)))
    if len(group.findings) > 1:
        facts.append(
            ("one cause", f"{len(group.findings)} findings: {'; '.join(dict.fromkeys(one.what for one in group.findings))}")
        )
    if found.accepted:
        facts.append(("accepted", f"until {found.accepted.until}: {found.accepted.reason}"))
    if found.expired:
        facts.append(("expired", f"was accepted until {found.expired.until}: {found.expired.reason}"))
    first, *others = group.operations
    return {
        "anchor": f"f-{index}",
        "id": group.id,
        "label": _label(found),
        "tone": _TONES[found.state],
        "kind": group.kind,
        "operations": group.operations,
        "what": group.what,
        "where": f"{first} and {len(others)} more" if others else first,
        "facts": facts,
        "curl": found.reproduction.curl,
        "pytest": found.reproduction.pytest,
        "open": index == 0,
    }


def _label(found: Found) -> str:
    return "accepted" if found.accepted else str(found.group.severity)


def _filters(outcome: Outcome) -> Iterator[dict[str, Any]]:
    yield {"name": "state", "label": "Severity", "options": list(dict.fromkeys(map(_label, outcome.found)))}
    yield {"name": "kind", "label": "Kind", "options": sorted({str(found.group.kind) for found in outcome.found})}
    names = sorted({name for found in outcome.found for name in found.group.operations})
    yield {"name": "operation", "label": "Operation", "options": names}


def _gaps(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """What was not tested, by its reason."""
    alike: dict[tuple[str, str], list[Untested]] = defaultdict(list)
    for item in outcome.untested:
        alike[item.reason, item.fill].append(item)
    for index, ((reason, fill), items) in enumerate(alike.items()):
        yield {
            "anchor": f"u-{index}",
            "kinds": ", ".join(dict.fromkeys(str(item.kind) for item in items)),
            "reason": reason,
            "fill": fill,
            "operations": ", ".join(dict.fromkeys(item.operation for item in items)),
            "items": items,
        }
