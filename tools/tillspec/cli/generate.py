"""tillspec generate."""

from __future__ import annotations

import gc
import shlex
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tillspec.cli import options
from tillspec.cli.configured import GENERATING, configured
from tillspec.cli.told import print_diagnostics, tell_missing, watched
from tillspec.request import OUTPUTS, SERVERS, Request
from tillspec.write.lock import is_current

if TYPE_CHECKING:
    from tillspec.pipeline import Outcome
    from tillspec.write.plan import Plan

NOTHING = "nothing was written"
_MOST_DIFFS = 3
_TAKEN = ("tillspec", "pydantic", "pydantic_core", "starlette", "fastapi", "httpx", "anyio")
_MOST_FILES = 4
_MOST_ROWS = 24


@click.command(
    short_help="Make models, a server and a client from a contract.",
    epilog="""\b
Examples:
  tillspec generate
  tillspec generate --spec api/openapi.json --out src/generated --package shop_api
  tillspec generate --only models --only client
  tillspec generate --surface vinr --handlers src/handlers
  tillspec generate --server fastapi
  tillspec generate --only typescript        by openapi-typescript, which npm installed
  tillspec generate --check

\b
Exit status: 0 done (or nothing to do), 1 refused (or, with --check, out of date), 2 wrong usage.
""",
)
@click.option(
    "--spec",
    type=click.Path(path_type=Path),
    default=Path("spec/openapi.yaml"),
    show_default=True,
    help="The root document, YAML or JSON.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("generated"),
    show_default=True,
    help="The folder to write; it is Tillspec's own.",
)
@click.option("--package", default="checkout_api", show_default=True, help="The import name of the generated package.")
@click.option("--only", multiple=True, type=click.Choice(OUTPUTS), help="Make this alone (may be repeated).")
@click.option(
    "--server",
    type=click.Choice(SERVERS),
    default=SERVERS[0],
    show_default=True,
    help="What the server is for; fastapi adds a module of FastAPI routers beside the default.",
)
@click.option(
    "--surface", "surfaces", multiple=True, metavar="NAME", help="Keep the operations of this surface alone (may be repeated)."
)
@click.option(
    "--handlers",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Scaffold your own handler files here, once; what is there is never touched.",
)
@options.allow
@options.overlay
@click.option("--check", "check_only", is_flag=True, help="Change nothing; fail if a run would.")
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand, or whose lock is broken.")
@click.pass_context
def generate(context: click.Context, /, check_only: bool, force: bool, **given: Any) -> None:
    """Generate models, a server, a client and the bundled contract from an OpenAPI document.

    In a folder with a tillspec.toml (tillspec init writes it), what it says holds where no option says otherwise.
    """
    beyond = {"role": "", "narrowing": (), "pin": None}
    request = request_of(**configured(context, given | beyond, GENERATING, NOTHING))
    if not check_only and not request.handlers and is_current(request):
        click.echo(f"{request.out}: up to date")
        return
    started = time.monotonic()
    try:
        outcome = run_generator(request, check_only=check_only, force=force)
    except ModuleNotFoundError as error:
        tell_missing(error, "generate", NOTHING)
    seconds = time.monotonic() - started
    if check_only:
        _tell_check(outcome.plan)
    else:
        _tell_overlaid(outcome)
        tell_written(outcome, request, f" ({seconds:.1f} s)")


def request_of(only: Iterable[str], surfaces: Iterable[str], **given: Any) -> Request:
    """What is asked for.

    Raises:
        click.BadParameter: a part of it cannot be, or contradicts another.
    """
    request = Request(only=frozenset(only), surfaces=frozenset(surfaces), **given)
    check_package(request.package)
    if request.server != SERVERS[0] and not request.wants("server"):
        raise click.BadParameter("no server was asked for; add --only server, or leave --server out", param_hint="--server")
    out = request.out.resolve()
    if out in (request.spec.resolve(), *request.spec.resolve().parents):
        raise click.BadParameter(f"{request.out} holds the contract; choose a folder of its own", param_hint="--out")
    if request.handlers and out in (request.handlers.resolve(), *request.handlers.resolve().parents):
        message = f"{request.handlers} lies in {request.out}, which holds generated files alone"
        raise click.BadParameter(message, param_hint="--handlers")
    return request


def check_package(package: str) -> None:
    """Hold an import name to what Python takes, and to what is taken.

    Raises:
        click.BadParameter: it cannot be one.
    """
    import keyword

    parts = package.split(".")
    if not all(part.isidentifier() and not keyword.iskeyword(part) and part.isascii() for part in parts):
        message = f"{package!r} is no import name; use letters, digits and _, as in shop_api"
        raise click.BadParameter(message, param_hint="--package")
    if parts[0] in sys.stdlib_module_names or parts[0] in _TAKEN:
        message = f"{package!r} would hide a package that Python or the generated code needs"
        raise click.BadParameter(message, param_hint="--package")


def run_generator(request: Request, *, check_only: bool = False, force: bool = False, beside: Sequence[Plan] = ()) -> Outcome:
    """Generate, and print warnings. Leaves with status 1 where that is refused."""
    from tillspec.diagnostics import Refused
    from tillspec.pipeline import generate as run

    gc.disable()  # a run leaves little garbage in cycles, and looking for it would cost an eighth of its time
    try:
        with watched() as progress:
            outcome = run(request, check_only=check_only, force=force, progress=progress, beside=beside)
    except Refused as refused:
        print_diagnostics(refused.diagnostics)
        errors = sum(item.severity == "error" for item in refused.diagnostics)
        click.secho(f"{errors} error{'s' * (errors != 1)}; nothing was written", fg="red", bold=True, err=True)
        sys.exit(1)
    finally:
        gc.enable()
        gc.freeze()  # nor is there anything to find at the end
    print_diagnostics(outcome.warnings)
    return outcome


def _tell_overlaid(outcome: Outcome) -> None:
    """What overlays changed of the contract, in short."""
    if not outcome.overlaid:
        return
    from tillspec.downstream.concerns import lines

    rows = list(lines(one.change for one in outcome.overlaid))
    click.secho(f"Changes of the contract by the overlay: {len(outcome.overlaid)}", bold=True)
    click.echo("\n".join(rows[:_MOST_ROWS]))
    if len(rows) > _MOST_ROWS:
        click.echo(f"  … and {len(rows) - _MOST_ROWS} more lines")


def tell_written(outcome: Outcome, request: Request, took: str = "") -> None:
    """What a run did to the output folder."""
    plan = outcome.plan
    for (status, folder), files in groupby(plan.changes, key=lambda file: (file.status, (plan.folder / file.path).parent)):
        paths = [plan.folder / file.path for file in files]
        shown = [str(path) for path in paths] if len(paths) <= _MOST_FILES else [f"{folder}/ ({len(paths)} files)"]
        for path in shown:
            click.echo(f"  {_word(status)} {path}")
    words = {"created": "created", "updated": "updated", "same": "unchanged", "stale": "removed"}
    counts = {word: sum(file.status == status for file in plan.files) for status, word in words.items()}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    click.secho(f"{plan.folder}: {told}{took}", fg="green", bold=True)
    for name in outcome.scaffolded:
        click.echo(f"  yours from now on: {(request.handlers or Path()) / name}")


def _word(status: str) -> str:
    colours = {"created": "green", "updated": "yellow", "stale": "red"}
    return click.style("removed" if status == "stale" else status, fg=colours.get(status))


def _tell_check(plan: Plan) -> None:
    """Say what is not as it should be, and leave with status 1; say that all is well, and return."""
    from tillspec.diagnostics import printable

    compared = sum(file.before is not None for file in plan.files)
    wrong = plan.changes
    for file in wrong:
        reason = {"created": "missing", "stale": "stale: nothing makes it any more"}.get(file.status, "out of date")
        if file.edited:
            reason = "edited by hand"
        click.echo(f"{click.style(reason, fg='red')}: {plan.folder / file.path}")
    for file in [file for file in wrong if file.before is not None and file.after is not None and file.path != "tillspec.lock"][
        :_MOST_DIFFS
    ]:
        click.echo("\n" + printable(file.diff()))
    for path in plan.foreign:
        click.echo(f"{click.style('foreign', fg='red')}: {plan.folder / path} was not generated; move it away")
    if wrong or plan.foreign or not compared:
        if not compared:
            click.secho(f"{plan.folder}: nothing to compare with", fg="red", bold=True, err=True)
        if wrong:
            command = shlex.join(["tillspec", *(word for word in sys.argv[1:] if word != "--check")])
            force = " --force" if any(file.edited for file in wrong) else ""
            click.secho(f"\nTo mend it, run: {command}{force}", bold=True, err=True)
        sys.exit(1)
    click.secho(f"{plan.folder}: {compared} files are what the contract says", fg="green", bold=True)
