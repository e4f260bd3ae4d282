"""tillspec prove."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from tillspec.cli import options
from tillspec.cli.configured import READING, configured
from tillspec.cli.told import print_diagnostics, tell_missing, watched

if TYPE_CHECKING:
    from tillspec.prove.package import Package
    from tillspec.prove.report import Result

_MADE = "proved_api"


@click.command(
    short_help="Prove that generated models are exactly the contract.",
    epilog="""\b
Examples:
  tillspec prove
  tillspec prove api/openapi.json --most 1000 --json proof.json
  tillspec prove api/openapi.json --package src/generated/python/shop_api

\b
Exit status: 0 nothing is wrong, 1 something is, 2 the proof could not be made.
""",
)
@click.argument("spec", type=click.Path(path_type=Path), default=Path("spec/openapi.yaml"))
@click.option(
    "--package", "given", metavar="P", help="Prove this generated package (an import name, or its folder), and generate none."
)
@click.option("--json", "out", type=click.File("w", encoding="utf-8"), metavar="FILE", help="Write all that was found as JSON.")
@click.option(
    "--most",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    metavar="N",
    help="Make no more than so many edits of the instances of each schema.",
)
@click.option("--brief", is_flag=True, help="Print what is wrong and the last line alone.")
@options.allow
@options.overlay
@click.pass_context
def prove(context: click.Context, /, given: str | None, out: TextIO | None, brief: bool, most: int, **reading: Any) -> None:
    """Hold generated models, and the server's reading of bodies, against the contract (spec/openapi.yaml, or SPEC).

    Every component and JSON body: the contract's own examples, instances made for each branch and bound, and mutants by one edit
    of each keyword. A validator of its own judges them; the models must accept what is valid, give it back as it was, and refuse
    the rest.
    """
    from tillspec.diagnostics import Refused

    gc.disable()  # as in generate
    try:
        reading = configured(context, reading, READING, "nothing was proved", status=2)
        spec: Path = reading.pop("spec")
        result = _run(given, spec, most, **reading)
    except ModuleNotFoundError as error:
        tell_missing(error, "prove", "nothing was proved", status=2)
    except Refused as refused:
        print_diagnostics(refused.diagnostics)
        click.secho("nothing was proved", fg="red", bold=True, err=True)
        sys.exit(2)
    finally:
        gc.enable()
        gc.freeze()
    if out is not None:
        json.dump(result.as_json(), out, ensure_ascii=False, indent=1)
        out.write("\n")
    _tell(result, spec, brief)
    sys.exit(bool(result.failures))


def _run(given: str | None, spec: Path, most: int, allowed: tuple[str, ...], overlays: tuple[Path, ...]) -> Result:
    from tillspec.diagnostics import Report
    from tillspec.pipeline import contract
    from tillspec.prove.package import NotGenerated
    from tillspec.prove.run import prove as run

    with watched() as progress:
        progress("reading the contract")
        whole = contract(spec, allowed, Report(), overlays)
        try:
            with _package(given, spec, allowed, overlays) as package:
                return run(whole, package, most, lambda name: progress(f"proving {name}"))
        except NotGenerated as error:
            raise click.BadParameter(str(error), param_hint="--package") from None


@contextmanager
def _package(given: str | None, spec: Path, allowed: tuple[str, ...], overlays: tuple[Path, ...]) -> Iterator[Package]:
    """The package to prove, imported: the one that was named, or one that is generated for the purpose."""
    from tillspec.pipeline import generate
    from tillspec.prove.package import Package, importing
    from tillspec.request import Request
    from tillspec.write.whole import scratch

    if given is not None and Path(given).is_dir():
        folder = Path(given).resolve()
        with importing(folder.parent, folder.name):
            yield Package.of(folder.name)
    elif given is not None:
        yield Package.of(given)
    else:
        with scratch() as folder:
            generate(Request(spec, folder / "out", _MADE, allowed=allowed, overlays=overlays))
            with importing(folder / "out" / "python", _MADE):
                yield Package.of(_MADE)


def _tell(result: Result, spec: Path, brief: bool) -> None:
    from tillspec.prove import table

    if not brief:
        click.echo("\n".join(table.table(result)))
    wrong = "\n".join(table.failures(result))
    if wrong:
        click.echo(wrong if brief else f"\n{wrong}")
    if not brief:
        left = "\n".join(table.left_out(result))
        click.echo(f"\n{left}" if left else "")
    click.secho(f"{spec}: {table.verdict(result)}", fg="red" if wrong else "green", bold=True)
