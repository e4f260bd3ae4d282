"""From a contract to what is wrong with it, on one screen: load → resolve → overlay → check → the rules → suppress."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tillspec.api.build import build
from tillspec.diagnostics import Diagnostic, Report, sort
from tillspec.document.bundle import Bundle, bundle
from tillspec.document.load import load
from tillspec.document.overlay import overlay
from tillspec.rules import check, suppress
from tillspec.rules.context import Context
from tillspec.rules.table import LINT, Rule

_STANDARD = (
    "structure", "operation-id-duplicate", "path-duplicate", "path-parameter", "security-unknown", "ref-invalid", "ref-missing",
    "ref-cycle",
)  # fmt: skip
"""The codes of the builder that are about the standard; the rest is about what can be generated."""

_TOO_MUCH = ("too-deep", "too-large")
"""What no rule gets to the end of."""


def lint(spec: Path, allowed: tuple[str, ...] = (), overlays: tuple[Path, ...] = ()) -> list[Diagnostic]:
    """Everything that is found in a contract, sorted by file and place. What cannot be read is all that is told of it."""
    report = Report()
    try:
        whole = _read(spec, allowed, overlays, report)
        return sort(suppress.apply([*report.items, *_found(whole)], whole.sources, LINT) if whole else report.items)
    except ModuleNotFoundError:
        raise
    except Exception as error:  # whatever it is, it is ours, and a traceback says nothing to whom it is shown
        return sort([*report.items, _defect("reader", error)])


def _read(spec: Path, allowed: tuple[str, ...], overlays: tuple[Path, ...], report: Report) -> Bundle | None:
    """The contract as one document; None, with the reasons reported, where it cannot be read."""
    document = load(spec, allowed, report)
    whole = bundle(document, report) if document and not report.failed else None
    overlaid = overlay(whole, overlays, report) if whole else None
    return None if report.failed else overlaid


def _found(whole: Bundle) -> Iterator[Diagnostic]:
    """What the standard, the builder and every rule find."""
    broken = check(whole)
    yield from broken
    if any(found.code in _TOO_MUCH for found in broken):
        return
    context = Context(whole)
    for name, rule in {"standard": _standard, **LINT}.items():
        yield from _run(name, rule, context, is_broken=bool(broken))


def _standard(context: Context) -> Iterator[Diagnostic]:
    """What the builder of the API's model finds that breaks the standard."""
    report = Report()
    build(context.bundle, report)
    return (item for item in report.items if item.code in _STANDARD)


def _run(name: str, rule: Rule, context: Context, *, is_broken: bool) -> list[Diagnostic]:
    """What a rule finds. One that crashes over a document that breaks the standard has found that; else it is our defect."""
    found: list[Diagnostic] = []
    try:
        found.extend(rule(context))
    except ModuleNotFoundError:
        raise
    except Exception as error:  # whatever it is, the other rules go on
        if not is_broken:
            found.append(_defect(f"rule {name}", error))
    return found


def _defect(what: str, error: Exception) -> Diagnostic:
    hint = "this is a defect of tillspec; please report it, with the document if you may"
    return Diagnostic("defect", f"the {what} crashed: {type(error).__name__}: {error}", hint=hint)
