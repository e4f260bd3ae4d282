"""tillspec prove."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from tillspec.cli import options
from tillspec.cli.told import print_diagnostics, tell_missing

if TYPE_CHECKING:
    from tillspec.prove.report import Result


@click.command(short_help="Prove that generated models are exactly the contract.")
@click.argument("spec", type=click.Path(path_type=Path), default=Path("spec/openapi.yaml"))
@click.option("--package", metavar="P", help="An importable package that was generated from the contract, or its folder.")
@click.option(
    "--json", "out", type=click.File("w", encoding="utf-8"), metavar="F", help="Write all that was found as JSON; - is stdout."
)
@click.option("--most", type=click.IntRange(1), default=600, show_default=True, help="Edits of each schema's instances.")
@options.allow
@options.overlay
def prove(
    spec: Path, package: str | None, out: TextIO | None, most: int, allowed: tuple[str, ...], overlays: tuple[Path, ...]
) -> None:
    """Hold generated models against the contract (spec/openapi.yaml, or SPEC)."""
    from tillspec.diagnostics import Refused

    try:
        result = _run(spec, package, most, allowed, overlays)
    except ModuleNotFoundError as error:
        tell_missing(error, "prove", "nothing was proved")
    except Refused as refused:
        print_diagnostics(refused.diagnostics)
        sys.exit(2)
    if out is not None:
        json.dump(result.as_json(), out, ensure_ascii=False, indent=1)
        out.write("\n")
    click.echo(str(result.total))
    for failure in result.failures:
        click.echo(f"{failure.check} {failure.count} {failure.kind} {failure.pointer} {failure.said[:200]}")
    sys.exit(bool(result.failures))


def _run(spec: Path, package: str | None, most: int, allowed: tuple[str, ...], overlays: tuple[Path, ...]) -> Result:
    import tempfile

    from tillspec.diagnostics import Report
    from tillspec.document.bundle import bundle
    from tillspec.document.load import load
    from tillspec.pipeline import generate
    from tillspec.prove.package import Package, importing
    from tillspec.prove.run import prove as run
    from tillspec.request import Request

    report = Report()
    document = load(spec, allowed, report)
    report.stop_on_error()
    assert document
    whole = bundle(document, report)
    report.stop_on_error()
    assert whole
    if package is not None:
        with importing(Path(package).resolve().parent, Path(package).name):
            return run(whole, Package.of(Path(package).name), most)
    with tempfile.TemporaryDirectory(prefix="tillspec-") as name:
        generate(Request(spec, Path(name) / "out", "proved_api", allowed=allowed, overlays=overlays))
        with importing(Path(name) / "out" / "python", "proved_api"):
            return run(whole, Package.of("proved_api"), most)
