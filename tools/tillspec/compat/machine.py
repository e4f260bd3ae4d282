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
        "expired": [{"fingerprints": entry.fingerprints, "until": str(entry.until)} for entry in approvals.expired],
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
        yield formats.annotation(level, first.rule, _sentence(group), _position(first.span))


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
    return formats.sarif(rules, [_result(group, names.index(group.first.rule), approvals) for group in groups])


def _result(group: Group, index: int, approvals: Approvals) -> dict[str, Any]:
    first = group.first
    made: dict[str, Any] = {
        "ruleId": first.rule,
        "ruleIndex": index,
        "level": _LEVELS[first.severity],
        "message": {"text": _sentence(group)},
        "partialFingerprints": {"tillspec/v1": first.fingerprint},
    }
    if first.span is not None:
        made["locations"] = [formats.location(_position(first.span), first.span.pointer)]
    approval = approvals.of_change(first) if _approved(group, approvals) else None
    if approval is not None:
        made["suppressions"] = [{"kind": "external", "justification": f"until {approval.until}: {approval.reason}"}]
    return made


def _approved(group: Group, approvals: Approvals) -> bool:
    return all(approvals.of_change(change) is not None for change in group.changes)


def _sentence(group: Group) -> str:
    first = group.first
    more = len(group.changes) - 1
    where = printable(", ".join(part for part in (first.operation, first.place) if part).replace("\n", " "))
    also = f" (and {more} more place{'s' * (more > 1)})" if more else ""
    return f"{where}{also}: {first.words}" if where else first.words


def _position(span: Span | None) -> formats.Position:
    return (span.source.name, *span.position) if span else (None, None, None)
