"""The report where code is reviewed: SARIF 2.1.0, and annotations of GitHub's workflows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tillspec import formats
from tillspec.verify.checks import CHECKS
from tillspec.verify.findings import Clause, Severity
from tillspec.verify.reports.outcome import Found, Outcome

_SARIF = {Severity.MUST: "error", Severity.SHOULD: "warning", Severity.INFO: "note"}
_OF_GITHUB = "primaryLocationLineHash"
"""The one fingerprint that GitHub's code scanning looks at; without it, two findings at one line would be one."""
_GITHUB = {Severity.MUST: "error", Severity.SHOULD: "warning", Severity.INFO: "notice"}


_LONGEST = 4_000
"""Characters of curl that an annotation may have; longer ones are in the other reports."""


def as_github(outcome: Outcome) -> Iterator[str]:
    """A workflow command for each finding that no baseline accepts, and for each reason why the whole is incomplete."""
    for found in outcome.found:
        if found.accepted is None:
            lead = found.group.lead
            text = f"{', '.join(found.group.operations)}: {found.group.what}\nexpected {lead.expected}\nobserved {lead.observed}"
            if not found.is_information and 0 < len(found.reproduction.curl) <= _LONGEST:
                text += f"\n{found.reproduction.curl}"
            yield formats.annotation(_GITHUB[found.group.severity], found.group.id, text, _position(lead.clause))
    for reason in outcome.incomplete:
        yield formats.annotation("error", "incomplete", reason, (None, None, None))


def _position(clause: Clause) -> formats.Position:
    return (clause.file, clause.line, clause.column) if clause.file is not None else (None, None, None)


def as_sarif(outcome: Outcome) -> str:
    """A log of one run: findings at their clauses, accepted ones suppressed with the reason."""
    checks = sorted({found.group.check for found in outcome.found})
    rules = [
        {"id": check, "shortDescription": {"text": CHECKS[check].summary}, "help": {"text": f"Source: {CHECKS[check].source}"}}
        for check in checks
    ]
    results = [_result(found, checks.index(found.group.check)) for found in outcome.found]
    notes = [{"level": "error", "message": {"text": reason}} for reason in outcome.incomplete]
    invocation = {
        "executionSuccessful": not outcome.incomplete, "exitCode": outcome.exit, "toolExecutionNotifications": notes,
    }  # fmt: skip
    text = formats.sarif(rules, results, invocations=[invocation])
    return text.encode("utf-8", "replace").decode()


def _result(found: Found, index: int) -> dict[str, Any]:
    group, lead = found.group, found.group.lead
    text = f"{', '.join(group.operations)}: {group.what}. Expected: {lead.expected}. Observed: {lead.observed}."
    result: dict[str, Any] = {
        "ruleId": group.check,
        "ruleIndex": index,
        "level": _SARIF[group.severity],
        "message": {"text": text},
        "locations": [formats.location(_position(lead.clause), lead.clause.pointer)],
        "partialFingerprints": {"tillspecFinding/v1": group.id, _OF_GITHUB: group.id},
        "occurrenceCount": max(group.seen, 1),
        "properties": {
            "id": group.id,
            "severity": group.severity,
            "kind": group.kind,
            "operations": list(group.operations),
            "expected": lead.expected,
            "observed": lead.observed,
            "curl": found.reproduction.curl,
            "pytest": found.reproduction.pytest,
        },
    }
    if found.accepted:
        reason = f"{found.accepted.reason} (until {found.accepted.until})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return result
