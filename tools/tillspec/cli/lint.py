"""tillspec lint."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tillspec.cli import options
from tillspec.cli.configured import READING, configured
from tillspec.cli.told import print_diagnostics, tell_missing

if TYPE_CHECKING:
    from tillspec.diagnostics import Diagnostic

_FORMATS = ("text", "json", "github", "sarif")


@click.command(
    short_help="Find what makes a contract untrustworthy.",
    epilog="""\b
Examples:
  tillspec lint
  tillspec lint api/openapi.yaml --format github
  tillspec lint vendor.json --overlay ours.overlay.yaml
  tillspec lint --explain example-invalid
  tillspec lint --explain all
  tillspec lint --fix

\b
A finding that is right where it stands is suppressed there, with a reason:
  x-lint-ignore: {id-without-404: an unknown id makes a new cart}

\b
Exit status: 0 nothing found, or warnings alone; 1 errors; 2 wrong usage.
""",
)
@click.argument("spec", type=click.Path(path_type=Path), default=Path("spec/openapi.yaml"))
@click.option(
    "--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True, help="How findings are printed."
)
@click.option("--explain", metavar="CODE", help="Print what a code means and what to do; all: list the codes.")
@click.option("--fix", "fixing", is_flag=True, help="Mend what can be mended without changing what anything means.")
@options.allow
@options.overlay
@click.pass_context
def lint(context: click.Context, /, form: str, explain: str | None, fixing: bool, **given: Any) -> None:
    """Hold a contract (spec/openapi.yaml, or SPEC) to the standard, to itself, and to what makes it trustworthy."""
    try:
        if explain:
            _explain(explain)
            return
        given = configured(context, given, READING, "nothing was checked")
        spec: Path = given.pop("spec")
        findings = _run(fixing, spec, **given)
    except ModuleNotFoundError as error:
        tell_missing(error, "lint", "nothing was checked")
    _print(findings, form, spec)
    sys.exit(any(item.severity == "error" for item in findings))


def _run(fixing: bool, spec: Path, allowed: tuple[str, ...], overlays: tuple[Path, ...]) -> list[Diagnostic]:
    from tillspec.lint import lint as run

    gc.disable()  # there is little garbage in cycles, and looking for it would cost an eighth of the time
    try:
        findings = run(spec, allowed, overlays)
        if fixing and _fix(findings):
            findings = run(spec, allowed, overlays)
    finally:
        gc.enable()
        gc.freeze()
    return findings


def _fix(findings: list[Diagnostic]) -> bool:
    """Carry out all edits, and say what they changed."""
    from tillspec.write.fix import fix

    mended = [item for item in findings if item.edits]
    try:
        fix(edit for item in mended for edit in item.edits)
    except OSError as error:
        raise click.FileError(str(error.filename), error.strerror) from None
    for item in mended:
        click.echo(f"fixed[{item.code}]: {item.place}: {item.message}", err=True)
    return bool(mended)


def _explain(code: str) -> None:
    from tillspec.rules.explain import page, summaries

    if code == "all":
        click.echo("\n".join(summaries()))
        return
    try:
        click.echo(page(code), nl=False)
    except KeyError:
        raise click.BadParameter(
            f"there is no code {code!r}; tillspec lint --explain all lists them", param_hint="--explain"
        ) from None


def _print(findings: list[Diagnostic], form: str, spec: Path) -> None:
    from tillspec import formats

    if form == "json":
        click.echo(formats.as_json(findings))
    elif form == "sarif":
        click.echo(formats.as_sarif(findings))
    elif form == "github":
        for line in formats.as_github(findings):
            click.echo(line)
    else:
        print_diagnostics(findings, err=False)
        failed = any(item.severity == "error" for item in findings)
        click.secho(
            f"{spec}: {formats.counts(findings)} found", fg="red" if failed else "yellow" if findings else "green", bold=True
        )
