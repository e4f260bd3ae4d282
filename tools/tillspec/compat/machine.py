"""Changes for machines: JSON, annotations of GitHub's workflows, and SARIF 2.1.0."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tillspec import __version__, formats
from tillspec.compat.approvals import Approvals
from tillspec.compat.change import Change, Group, grouped
from tillspec.compat.compare import Comparison
from tillspec.compat.rules import RULES, Severity
from tillspec.diagnostics import printable
from tillspec.source import Span

_LEVELS = {Severity.BREAKING: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_COMMANDS = {**_LEVELS, Severity.INFO: "notice"}


def as_json(comparison: Comparison, approvals: Approvals) -> str:
    """One object: the versions, the counts, and each change of each message. Line and column count from 1."""
    numbers = Counter(change.severity for change in comparison.changes)
    value = {
        "tillspec": __version__,
        "old": comparison.old,
        "new": comparison.new,
        **{str(severity): numbers[severity] for severity in Severity},
        "changes": [_plain(change, approvals) for change in comparison.changes],
        "expired": [{"fingerprints": entry.names, "until": str(entry.until)} for entry in approvals.expired],
        "unused": [name for _, name in approvals.unused(comparison.changes)],
    }
    return json.dumps(value, ensure_ascii=False, indent=2)


def _plain(change: Change, approvals: Approvals) -> dict[str, Any]:
    approval = approvals.of_change(change)
    return {
        "rule": change.rule,
        "severity": str(change.severity),
        "operation": change.operation,
        "place": change.place,
        "words": change.words,
        "fingerprint": change.fingerprint,
        "old": _where(change.old),
        "new": _where(change.new),
        "approved": {"reason": approval.reason, "until": str(approval.until)} if approval else None,
    }


def _where(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    line, column = span.position
    return {"file": span.source.name, "line": line, "column": column, "pointer": span.pointer}


def as_github(comparison: Comparison, approvals: Approvals) -> Iterator[str]:
    """A workflow command for each change, which GitHub shows beside the changed lines; what is approved is a notice."""
    for group in grouped(comparison.changes):
        first = group.first
        level = "notice" if _approved(group, approvals) else _COMMANDS[first.severity]
        yield formats.annotation(level, first.rule, _sentence(group), _position(_spot(first, comparison)))


def as_sarif(comparison: Comparison, approvals: Approvals) -> str:
    """A log of one run, with the rules that found something; what is approved is suppressed, with its reason."""
    groups = grouped(comparison.changes)
    names = sorted({group.first.rule for group in groups})
    rules = [
        {
            "id": name,
            "shortDescription": {"text": RULES[name].summary},
            "help": {"text": f"tillspec diff --explain {name}"},
            "defaultConfiguration": {"level": _LEVELS[RULES[name].severity]},
        }
        for name in names
    ]
    results = [_result(group, names.index(group.first.rule), _spot(group.first, comparison)) for group in groups]
    for group, result in zip(groups, results, strict=True):
        approval = approvals.of_change(group.first) if _approved(group, approvals) else None
        if approval is not None:
            reason = f"until {approval.until}: {approval.reason}"
            result["suppressions"] = [{"kind": "external", "justification": reason}]
    return formats.sarif(rules, results)


def _spot(change: Change, comparison: Comparison) -> Span:
    """Where to point; at the new contract as a whole, where something is gone that stood in a revision of git."""
    span = change.span
    return comparison.root if span is None or (change.new is None and span.source.name.startswith("git:")) else span


def _result(group: Group, index: int, spot: Span) -> dict[str, Any]:
    first = group.first
    return {
        "ruleId": first.rule,
        "ruleIndex": index,
        "level": _LEVELS[first.severity],
        "message": {"text": _sentence(group)},
        "partialFingerprints": {"tillspec/v1": first.fingerprint},
        "locations": [formats.location(_position(spot), spot.pointer)],
    }


def _approved(group: Group, approvals: Approvals) -> bool:
    return all(approvals.of_change(change) is not None for change in group.changes)


def _sentence(group: Group) -> str:
    first = group.first
    more = len(group.changes) - 1
    where = printable(", ".join(part for part in (first.operation, first.place) if part).replace("\n", " "))
    also = f" (and {more} more place{'s' * (more > 1)})" if more else ""
    return f"{where}{also}: {first.words}" if where else first.words


def _position(span: Span) -> formats.Position:
    return (span.source.name, *span.position)
