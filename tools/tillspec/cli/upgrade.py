"""`tillspec upgrade`: a repo's pin, moved to a newer contract."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from tillspec.cli.generate import request_of, run_generator, tell_written
from tillspec.cli.told import print_diagnostics, tell_missing
from tillspec.request import Request

if TYPE_CHECKING:
    from tillspec.downstream.pin import Pinned
    from tillspec.downstream.settings import Settings
    from tillspec.downstream.upgrade import Move

_NOTHING = "nothing was changed"
_COLOURS = {"head": None, "breaks": "red"}


@click.command(
    short_help="Move the pin of a repo's contract, and generate.",
    epilog="""\b
Examples:
  tillspec upgrade --dry-run       what would change, and what of it breaks this repo
  tillspec upgrade                 the newest release; of a file or a ref, what it is now
  tillspec upgrade --to 1.4.0      a certain release

\b
Exit status: 0 done (or nothing to do), 1 refused, 2 wrong usage.
""",
)
@click.option("--to", "version", metavar="VERSION", help="The release of the package's contract; the newest, if none is named.")
@click.option("--dry-run", is_flag=True, help="Show what changes, and change nothing.")
def upgrade(version: str | None, dry_run: bool) -> None:
    """Bring the repo in this folder to a newer contract.

    Shows what changed and what of it breaks this repo, by its surfaces and its role; moves the pin, generates, and leaves a
    commit message. Your own files are not touched.
    """
    from tillspec.diagnostics import Refused

    try:
        _upgrade(version or "", dry_run=dry_run)
    except ModuleNotFoundError as error:
        tell_missing(error, "upgrade", _NOTHING)
    except Refused as refused:
        print_diagnostics(refused.diagnostics)
        _leave()


def _leave() -> NoReturn:
    click.secho(_NOTHING, fg="red", bold=True, err=True)
    sys.exit(1)


def _upgrade(version: str, *, dry_run: bool) -> None:
    from tillspec.diagnostics import Report
    from tillspec.downstream import pin, settings
    from tillspec.downstream.contracts import present
    from tillspec.downstream.upgrade import adapted, move
    from tillspec.pipeline import described, original

    said, old = settings.read(), pin.read()
    if version and said.source != settings.PACKAGED:
        message = f"it names a release of the package's contract; this repo's is {said.source}, as it is now"
        raise click.BadParameter(message, param_hint="--to")
    report = Report()
    with present(said.source, version=version, allowed=said.allowed) as opened:
        whole = original(opened.root, said.allowed, report)
        described(adapted(said, whole), said.surfaces, report)  # so that what is no contract is not compared
        new = pin.of(whole, said.source, opened.commit)
        request = _request(said, new, opened.root)
        if old == new:
            _tell_same(request)
            return
        made = move(said, old, new, whole)
        _tell(made, said)
        if not dry_run:
            _carry_out(made, said, request)


def _request(settings: Settings, pin: Pinned, root: Path) -> Request:
    """What `tillspec generate` is asked for once the pin is moved."""
    return request_of(
        spec=root, out=settings.out, package=settings.package, only=settings.only, surfaces=settings.surfaces,
        allowed=settings.allowed, overlays=settings.overlays, handlers=settings.handlers, server=settings.server,
        role=settings.role, narrowing=settings.narrowing, pin=pin.pin,
    )  # fmt: skip


def _tell_same(request: Request) -> None:
    from tillspec.diagnostics import printable
    from tillspec.write.lock import is_current

    version = printable(request.pin.version if request.pin else "")
    if is_current(request):
        click.secho(f"the pin is at {version}, and {request.out}/ is what it says: nothing to do", fg="green", bold=True)
    else:
        click.secho(f"the pin is at {version} already, and {request.out}/ is not what it says", bold=True)
        click.echo("Run: tillspec generate")


def _tell(move: Move, settings: Settings) -> None:
    from tillspec.downstream.upgrade import told

    for kind, line in told(move, settings):
        click.secho(line, fg=_COLOURS.get(kind), bold=bool(kind))
    click.echo()


def _carry_out(move: Move, settings: Settings, request: Request) -> None:
    """Generate, write the pin with it, and leave the message."""
    from tillspec.downstream import pin
    from tillspec.downstream.upgrade import message, message_file
    from tillspec.write.plan import Plan
    from tillspec.write.whole import put

    moved = pin.file(move.new)
    outcome = run_generator(request, beside=[Plan(Path(), (moved,), ())])
    click.echo(f"  {moved.status} {pin.NAME}")
    tell_written(outcome, request)
    text, file = message(move, settings), message_file(Path())
    try:
        put(file, text)
    except OSError as error:
        click.secho(f"error: {file} cannot be written: {error.strerror}; its text is below", fg="red", bold=True, err=True)
    shown = os.path.relpath(file)
    click.secho(f"\nA commit message is in {shown}:", bold=True)
    click.echo("".join(f"    {line}".rstrip() + "\n" for line in text.splitlines()))
    paths = [pin.NAME, str(settings.out), *([str(settings.handlers)] if settings.handlers and outcome.scaffolded else [])]
    click.echo(f"To commit it: {shlex.join(['git', 'add', '-A', '--', *paths])} && {shlex.join(['git', 'commit', '-F', shown])}")
