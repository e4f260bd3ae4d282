"""tillspec release."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tillspec.cli import options
from tillspec.cli.compared import refusing, today

if TYPE_CHECKING:
    from tillspec.compat.contracts import Contract

_SPEC, _FOLDER = Path("spec/openapi.yaml"), Path("spec/released")


@click.command(
    short_help="Keep a contract as it is released, for ever.",
    epilog="""\b
Examples:
  tillspec release              keep spec/openapi.yaml in spec/released/<version>/
  tillspec release --check      fail if a released contract was changed, or if the contract
                                has changed and its version has not

\b
Exit status: 0 all is well; 1 it is not; 2 a contract cannot be read.
""",
)
@click.argument("spec", type=click.Path(path_type=Path), default=_SPEC)
@click.option("--out", "folder", type=click.Path(path_type=Path, file_okay=False), default=_FOLDER, show_default=True,
              help="Where released contracts are kept.")  # fmt: skip
@click.option("--check", "checking", is_flag=True, help="Write nothing.")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day of the release.  [default: today]")
@options.allow
def release(spec: Path, folder: Path, checking: bool, day: datetime | None, allowed: tuple[str, ...]) -> None:
    """Keep a contract (spec/openapi.yaml, or SPEC) as one file with its digest; what is released is never changed again."""
    from tillspec.compat.contracts import contract
    from tillspec.compat.released import problems

    with refusing("release", "nothing was released"):
        wrong = [(problem.message, problem.hint) for problem in problems(folder)]
        whole = contract(str(spec), allowed=allowed) if not wrong else None
        if whole is not None:
            wrong = _unmoved(whole, spec, folder)
        if whole is not None and not wrong and not checking:
            wrong = _write(whole, folder, day)
    for message, hint in wrong:
        click.secho(f"error: {message}", fg="red", bold=True, err=True)
        click.echo(f"  hint: {hint}", err=True)
    if checking and not wrong:
        click.secho(f"{folder}: all releases are as they were, and {spec} fits the newest", fg="green", bold=True)
    sys.exit(bool(wrong))


def _unmoved(whole: Contract, spec: Path, folder: Path) -> list[tuple[str, str]]:
    """What is wrong with the version, given what changed since the newest release."""
    from tillspec.compat.released import VERSION_RULES, since

    found = since(folder, whole, today())
    wrong = [change for change in found.changes if change.rule in VERSION_RULES] if found else []
    hint = f"move info.version in {spec}; tillspec diff {folder / found.old if found else folder} {spec} tells what changed"
    return [(change.words, hint) for change in wrong]


def _write(whole: Contract, folder: Path, day: datetime | None) -> list[tuple[str, str]]:
    """Write the release; what is there already stays."""
    from tillspec.compat.released import files
    from tillspec.write.whole import put

    try:
        made = files(whole, day.date() if day else today())
    except ValueError as error:
        return [(str(error), "give info.version a version such as 1.2.0, or a date such as 2026-11-27")]
    name = next(iter(made))
    if (folder / name).exists():
        click.echo(f"{folder / name} is there already; nothing was written")
        return []
    for path, text in made.items():
        put(folder / path, text)
    click.echo(f"{folder / name} was written")
    return []
