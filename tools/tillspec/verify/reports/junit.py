"""The report as JUnit's XML, as CI systems read it.

Each operation is a suite; in it, each check that found something is a case, and each kind of check that found nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tillspec.verify.reports.outcome import Cell, Found, Outcome, State

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""
_WHOLE = "verification"


def as_junit(outcome: Outcome) -> str:
    """The whole report. A MUST that is broken is a failure, with a test for pytest as its output; what was not tested is skipped,
    with the reason.

    Why the whole is incomplete is told by errors of a suite of its own.
    """
    root = Element("testsuites", name="tillspec verify", time=f"{outcome.seconds:.3f}")
    for operation in outcome.operations:
        suite = SubElement(root, "testsuite", name=operation.id)
        for (name, _), cell in outcome.cells.items():
            if name == operation.id:
                _cases(suite, cell)
        _count(suite)
    suite = SubElement(root, "testsuite", name=_WHOLE)
    for reason in outcome.incomplete:
        case = SubElement(suite, "testcase", classname=_WHOLE, name=_legal(reason[:120]))
        SubElement(case, "error", message=_legal(reason), type="incomplete").text = _legal(reason)
    if not outcome.incomplete:
        SubElement(suite, "testcase", classname=_WHOLE, name="complete")
    _count(suite)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def _count(suite: Element) -> None:
    tags = [child.tag for child in suite.iter()]
    for key, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(tags.count(tag)))


def _cases(suite: Element, cell: Cell) -> None:
    if cell.state is State.NONE:
        return
    name = f"{cell.operation}.{cell.kind}"
    for found in cell.found:
        case = SubElement(suite, "testcase", classname=name, name=f"{found.group.check} {found.group.id.rpartition('-')[2]}")
        clause = found.group.lead.clause
        if clause.file is not None:
            case.set("file", _legal(clause.file))
            case.set("line", str(clause.line))
        text = _legal("\n".join(_told(found)))
        if found.counts:
            SubElement(case, "failure", message=_legal(found.group.what), type=found.group.severity).text = text
            SubElement(case, "system-out").text = _legal(found.reproduction.pytest)
        elif found.accepted:
            SubElement(case, "skipped", message=_legal(f"accepted until {found.accepted.until}: {found.accepted.reason}"))
        else:
            SubElement(case, "system-out").text = text
    if cell.passed or not cell.found:
        case = SubElement(suite, "testcase", classname=name, name=cell.kind)
        if not cell.passed:
            reasons = dict.fromkeys(f"{item.reason}; fill in {item.fill}" if item.fill else item.reason for item in cell.reasons)
            SubElement(case, "skipped", message=_legal("; ".join(reasons)))


def _told(found: Found) -> Iterator[str]:
    group, lead = found.group, found.group.lead
    yield f"{group.severity} {group.id}: {group.what}"
    yield f"operation {', '.join(group.operations)}"
    yield f"clause    {lead.clause}"
    yield f"pointer   #{lead.clause.pointer}"
    yield f"expected  {lead.expected}"
    yield f"observed  {lead.observed}"
    if found.expired:
        yield f"expired   accepted until {found.expired.until}: {found.expired.reason}"
    yield found.reproduction.curl
