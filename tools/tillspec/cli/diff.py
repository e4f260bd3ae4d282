"""tillspec diff."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tillspec.cli import options
from tillspec.cli.compared import comparison, refusing, today

if TYPE_CHECKING:
    from tillspec.compat.approvals import Approvals
    from tillspec.compat.compare import Comparison

_FORMATS = ("text", "json", "markdown", "github", "sarif")
_SPEC = "spec/openapi.yaml"
_APPROVALS = Path("tillspec-approvals.toml")
_COLOURS = {"breaking": "red", "warning": "yellow", "info": "green"}
_NOT_COMPARED = "nothing was compared"


@click.command(
    short_help="Find what changed between two contracts, and whom it breaks.",
    epilog="""\b
Examples:
  tillspec diff git:main --fail-on breaking
  tillspec diff v1/openapi.yaml v2/openapi.yaml --format markdown
  tillspec diff git:v1.2.0:api/openapi.yaml api
  tillspec diff old.yaml new.yaml --write-approvals
  tillspec diff --explain response-enum-value-added
  tillspec diff --explain all

\b
OLD and NEW are files, folders with an openapi.yaml, git:REF for the other one's path in
that revision, or git:REF:path from the repository's root.

\b
Exit status: 0 nothing that fails; 1 a change as grave as --fail-on says that is not
approved, or an approval that has expired; 2 a contract or a file that cannot be read.
""",
)
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True, help="How changes are printed.")
@click.option("--fail-on", type=click.Choice(("breaking", "warning")), help="What makes the exit status 1.")
@click.option("--approvals", "file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help=f"The changes that are meant, with reasons and last days.  [default: {_APPROVALS}, if there]")  # fmt: skip
@click.option("--write-approvals", "writing", is_flag=True,
              help="Add an entry for each breaking change that has none; reason and day are yours to fill in.")  # fmt: skip
@click.option("--explain", metavar="RULE", help="Print what a rule means and what to do; all: list the rules.")
@options.allow
def diff(old: str | None, new: str | None, explain: str | None, file: Path | None, writing: bool, **given: Any) -> None:
    """Compare a contract OLD with NEW (spec/openapi.yaml), which takes its place: what a user of OLD would notice.

    A request that is held to more breaks callers, a response that is held to less breaks readers. Schemas are resolved and
    flattened first: to move, to split or to rename them is no change.
    """
    if explain:
        _explain(explain)
        return
    if old is None:
        raise click.UsageError("name the old contract: tillspec diff OLD [NEW]")
    new = new or _SPEC
    with refusing("diff", _NOT_COMPARED):
        found = comparison(old, new, given["allowed"])
        approvals = _approvals(file)
        if writing:
            _write(found, approvals, file or _APPROVALS)
            return
        _print(found, approvals, given["form"], new)
        status = _judge(found, approvals, given["fail_on"])
    sys.exit(status)


def _explain(name: str) -> None:
    from tillspec.compat.explain import page, summaries

    if name == "all":
        click.echo("\n".join(summaries()))
        return
    try:
        click.echo(page(name), nl=False)
    except KeyError:
        hint = "tillspec diff --explain all lists them"
        raise click.BadParameter(f"there is no rule {name!r}; {hint}", param_hint="--explain") from None


def _approvals(file: Path | None) -> Approvals:
    """The approvals in a file; none where none is named and none is there. Leaves with status 2 where they cannot be used."""
    from tillspec.compat.approvals import Approvals, read
    from tillspec.toml import Mistake

    path = file or _APPROVALS
    if file is None and not path.exists():
        return Approvals((), today())
    try:
        return read(path.read_text(encoding="utf-8"), today())
    except Mistake as error:
        _refuse(f"{path}:{error.line}:{error.column}: {error}", error.hint)
    except (OSError, UnicodeDecodeError) as error:
        hint = "write one with --write-approvals"
        _refuse(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}", hint)


def _refuse(message: str, hint: str) -> NoReturn:
    click.secho(f"error: {message}", fg="red", bold=True, err=True)
    click.echo(f"  hint: {hint}", err=True)
    click.secho(_NOT_COMPARED, fg="red", bold=True, err=True)
    sys.exit(2)


def _write(found: Comparison, approvals: Approvals, path: Path) -> None:
    """Add entries for what breaks and is not approved."""
    from tillspec.compat.approvals import failing, written
    from tillspec.compat.change import grouped
    from tillspec.compat.rules import Severity
    from tillspec.write.whole import put

    groups = grouped(failing(found.changes, approvals, Severity.BREAKING))
    if not groups:
        click.echo("nothing breaks that is not approved; nothing was written")
        return
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        put(path, written(groups, kept))
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from None
    click.echo(f"{path}: {len(groups)} entries to fill in: a reason, and the last day")


def _print(found: Comparison, approvals: Approvals, form: str, new: str) -> None:
    if form == "text":
        _print_text(found, approvals, new)
        return
    from tillspec.compat import machine
    from tillspec.compat.markdown import markdown

    if form == "json":
        click.echo(machine.as_json(found, approvals))
    elif form == "sarif":
        click.echo(machine.as_sarif(found, approvals))
    elif form == "markdown":
        click.echo(markdown(found, approvals), nl=False)
    else:
        for line in machine.as_github(found, approvals):
            click.echo(line)


def _print_text(found: Comparison, approvals: Approvals, new: str) -> None:
    from tillspec.compat.change import grouped
    from tillspec.compat.sections import counts
    from tillspec.compat.text import rows
    from tillspec.diagnostics import printable

    for row, severity in rows(found.changes, approvals):
        click.secho(row, fg=_COLOURS[severity] if severity else None, bold=severity is not None)
    held = sum(all(approvals.of_change(change) for change in group.changes) for group in grouped(found.changes))
    worst = min((change.severity for change in found.changes), key=list(_COLOURS).index, default="info")
    told = f"{printable(new)}: {counts(found.changes)}{f', {held} of them approved' if held else ''}"
    click.secho(told, fg=_COLOURS[worst], bold=True)


def _judge(found: Comparison, approvals: Approvals, fail_on: str | None) -> int:
    """The exit status; what is wrong with the approvals is said."""
    from tillspec.compat.approvals import failing
    from tillspec.compat.rules import Severity
    from tillspec.diagnostics import printable

    for entry in approvals.expired:
        names = ", ".join(entry.names)
        told = f"the approval of {names} (line {entry.line}) expired on {entry.until}: {printable(entry.reason)}"
        click.secho(f"error: {told}", fg="red", bold=True, err=True)
        click.echo("  hint: mend the contract, or give the approval a new day and say why", err=True)
    for entry, name in approvals.unused(found.changes):
        click.secho(
            f"warning: {name} (line {entry.line} of the approvals) approves nothing any more; remove it", fg="yellow", err=True
        )
    failed = fail_on is not None and bool(failing(found.changes, approvals, Severity(fail_on)))
    return int(failed or bool(approvals.expired))
