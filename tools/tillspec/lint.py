"""From a contract to what is wrong with it, on one screen: load → resolve → check → build → the rules → suppress."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tillspec.api.build import build
from tillspec.diagnostics import Diagnostic, Report, sort
from tillspec.document.bundle import Bundle, bundle
from tillspec.document.load import load
from tillspec.rules import check, suppress
from tillspec.rules.context import Context
from tillspec.rules.table import LINT, Rule

_STANDARD = ("operation-id-duplicate", "path-duplicate", "path-parameter", "security-unknown")
"""What the builder finds that breaks the standard; the rest of what it finds is about what can be generated."""


def lint(spec: Path, allowed: tuple[str, ...] = ()) -> list[Diagnostic]:
    """Everything that is found in a contract, sorted by file and place. What cannot be read is all that is told of it."""
    report = Report()
    document = load(spec, allowed, report)
    whole = bundle(document, report) if document and not report.failed else None
    if whole is None or report.failed:
        return sort(report.items)
    broken = check(whole)
    report.items += broken
    if not any(item.severity == "error" for item in broken):
        report.items += _built(whole)
    context = Context(whole)
    for code, rule in LINT.items():
        report.items += _run(code, rule, context, is_broken=bool(broken))
    return sort(suppress.apply(report.items, whole.sources, LINT))


def _built(whole: Bundle) -> Iterator[Diagnostic]:
    report = Report()
    build(whole, report)
    return (item for item in report.items if item.code in _STANDARD)


def _run(code: str, rule: Rule, context: Context, *, is_broken: bool) -> list[Diagnostic]:
    """What a rule finds. One that crashes over a document that breaks the standard has found that; else it is our defect."""
    found: list[Diagnostic] = []
    try:
        found.extend(rule(context))
    except ModuleNotFoundError:
        raise
    except Exception as error:  # whatever it is, the other rules go on
        if not is_broken:
            hint = "please report it, with the document if you may; the other rules are not affected"
            found.append(Diagnostic("defect", f"the rule {code} crashed: {type(error).__name__}: {error}", hint=hint))
    return found
