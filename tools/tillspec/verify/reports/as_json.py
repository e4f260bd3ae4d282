"""The report as JSON. Keys are only ever added; what they mean stays.

- `tillspec`: the version that made it. `url`, `contract` (`title`, `version`, `file`), `seed`, `engines`, `seconds`, `requests`.
- `exit`: 0 conforms, 1 deviates, 2 incomplete; `verdict` says the same in a word; `incomplete` has the reasons, as texts.
- `findings`: one for each cause, the gravest first:
  - `id`, `check`, `kind`, `severity` (`MUST`, `SHOULD`, `INFO`), `operation` (the first), `operations` (all), and `what`
  - `clause`: `pointer` into the contract as one document; `file`, `line` and `column`, counted from 1, or null
  - `expected`, `observed`, and `curl` and `pytest`, which show it again
  - `seconds` until it was first seen, `seen` (how many exchanges showed it), `members` (the ids of all findings with this cause)
  - `accepted`: null, or what the baseline says: `reason`, `until` and `expired`
- `untested`: `operation`, `kind`, `reason`, and `fill`: what of the profile to fill in, or empty.
- `matrix`: by operation and kind, without those of which there is nothing to check: `state` (`failed`, `accepted`, `noted`,
  `not tested`, `passed`), `passed` (how often), `findings` (ids), `reasons`.
- `unfilled`: where the profile still has FILL_ME. `stale`: ids of the baseline that were not found.
- `coverage`: what the engines covered.
"""

from __future__ import annotations

import json
from typing import Any

from tillspec import __version__
from tillspec.verify.reports.outcome import Cell, Found, Outcome, State


def as_json(outcome: Outcome) -> str:
    """The whole report."""
    value = {
        "tillspec": __version__,
        "url": outcome.url,
        "contract": {"title": outcome.title, "version": outcome.version, "file": outcome.spec},
        "seed": outcome.options.seed,
        "engines": outcome.engines,
        "seconds": round(outcome.seconds, 3),
        "requests": outcome.requests,
        "exit": outcome.exit,
        "verdict": outcome.verdict,
        "incomplete": outcome.incomplete,
        "findings": [_finding(found) for found in outcome.found],
        "untested": [
            {"operation": item.operation, "kind": item.kind, "reason": item.reason, "fill": item.fill}
            for item in outcome.untested
        ],
        "matrix": _matrix(outcome),
        "unfilled": outcome.unfilled,
        "stale": [name for entry in outcome.stale for name in entry.names],
        "coverage": outcome.coverage,
    }
    return json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "replace").decode() + "\n"


def _finding(found: Found) -> dict[str, Any]:
    group, lead = found.group, found.group.lead
    entry = found.accepted or found.expired
    clause = lead.clause
    return {
        "id": group.id,
        "check": group.check,
        "kind": group.kind,
        "severity": group.severity,
        "operation": lead.operation,
        "operations": group.operations,
        "what": group.what,
        "clause": {"pointer": clause.pointer, "file": clause.file, "line": clause.line, "column": clause.column},
        "expected": lead.expected,
        "observed": lead.observed,
        "curl": found.reproduction.curl,
        "pytest": found.reproduction.pytest,
        "seconds": round(group.seconds, 3),
        "seen": group.seen,
        "members": [finding.id for finding in group.findings],
        "accepted": entry and {"reason": entry.reason, "until": entry.until.isoformat(), "expired": found.expired is not None},
    }


def _matrix(outcome: Outcome) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for (operation, kind), cell in outcome.cells.items():
        row = made.setdefault(operation, {})
        if cell.state is not State.NONE:
            row[kind] = _cell(cell)
    return made


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "state": cell.state,
        "passed": cell.passed,
        "findings": [found.group.id for found in cell.found],
        "reasons": list(dict.fromkeys(item.reason for item in cell.reasons)),
    }
