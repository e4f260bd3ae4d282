"""From a contract to files, on one screen: load → resolve → overlay → check → select → build → emit → stage → plan.

Each step is a function of what the step before gave. Only `apply` at the very end changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tillspec.api.build import build
from tillspec.api.model import Api
from tillspec.diagnostics import Diagnostic, Report
from tillspec.document.bundle import Bundle
from tillspec.document.overlay import overlay
from tillspec.document.select import select
from tillspec.document.whole import read_whole
from tillspec.downstream import pin
from tillspec.downstream.concerns import Concern, check_overlay
from tillspec.emit.all import emit, own_files
from tillspec.emit.bundle import bundle as bundle_of
from tillspec.request import Request
from tillspec.rules import check, check_behavior
from tillspec.write import lock
from tillspec.write.plan import Plan, apply, check_owned, missing, plan
from tillspec.write.stage import formatted, stage
from tillspec.write.typescript import declarations

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: the plan, the warnings, which of the user's own files were made, and what overlays changed."""

    plan: Plan
    warnings: list[Diagnostic]
    scaffolded: list[str]
    overlaid: list[Concern]


def original(spec: Path, allowed: tuple[str, ...], report: Report) -> Bundle:
    """The contract as one document, as its owner wrote it.

    Raises:
        Refused: it cannot be read or resolved; all reasons are told.
    """
    return read_whole(spec, allowed, report)


def contract(spec: Path, allowed: tuple[str, ...], report: Report, overlays: tuple[Path, ...] = ()) -> Bundle:
    """The contract as one document, overlays applied.

    Raises:
        Refused: it cannot be read or resolved; all reasons are told.
    """
    overlaid = overlay(original(spec, allowed, report), overlays, report)
    report.stop_on_error()
    return overlaid


def read(
    spec: Path, surfaces: frozenset[str], allowed: tuple[str, ...], report: Report, overlays: tuple[Path, ...] = ()
) -> tuple[Bundle, Api]:
    """The contract as one document, and the API that it describes.

    Raises:
        Refused: it cannot be read, resolved or expressed; all reasons are told.
    """
    return described(contract(spec, allowed, report, overlays), surfaces, report)


def described(overlaid: Bundle, surfaces: frozenset[str], report: Report) -> tuple[Bundle, Api]:
    """Of a contract as one document the part with the surfaces, and the API that it describes.

    Raises:
        Refused: it breaks the standard, or cannot be expressed; all reasons are told.
    """
    report.items += check(overlaid)
    report.stop_on_error()
    chosen = select(overlaid, surfaces, report)
    report.stop_on_error()
    report.items += check_behavior(chosen)
    api = build(chosen, report)
    report.stop_on_error()
    return chosen, api


def generate(
    request: Request,
    *,
    check_only: bool = False,
    force: bool = False,
    progress: Progress = lambda _: None,
    beside: Sequence[Plan] = (),
) -> Outcome:
    """Make everything that was asked for, and write it unless `check_only`: all of it, with what `beside` plans, or nothing.

    Raises:
        Refused: something is wrong; nothing was written.
    """
    report = Report()
    progress("reading the contract")
    whole = original(request.spec, request.allowed, report)
    pin.check(whole, request.pin, report)
    report.stop_on_error()
    adapted = overlay(whole, request.overlays, report)
    report.stop_on_error()
    chosen, api = described(adapted, request.surfaces, report)
    changed = check_overlay(whole, adapted, request, report)
    report.stop_on_error()
    progress(f"generating {len(api.types)} types and {len(api.operations)} operations")
    files = emit(api, request, report)
    report.stop_on_error()
    progress("formatting and importing")
    outputs = stage(files, request.package, report)
    report.stop_on_error()
    if request.wants("typescript"):
        progress("asking openapi-typescript")
        outputs |= _typescript(api, request, report)
        report.stop_on_error()
    planned = plan(request, outputs, _contract(chosen, request.spec), report, force=force)
    report.stop_on_error()
    own = missing(request.handlers, formatted(own_files(api, request), report)) if request.handlers else None
    if not check_only:
        check_owned(planned, report, force=force)
        report.stop_on_error()
        apply([planned, *([own] if own else []), *beside], report)
        report.stop_on_error()
    return Outcome(planned, report.items, [file.path for file in own.files] if own else [], changed)


def _typescript(api: Api, request: Request, report: Report) -> dict[str, bytes]:
    made = declarations(bundle_of(api)["openapi.json"], (Path(), request.out), report)
    return {request.declarations: made} if made is not None else {}


def _contract(chosen: Bundle, spec: Path) -> dict[str, str]:
    """The digest of every file that the contract was read from, by its path from the root document's folder."""
    folder = spec.resolve().parent
    return {source.relative_to(folder): lock.digest(source.data) for source in chosen.sources}
