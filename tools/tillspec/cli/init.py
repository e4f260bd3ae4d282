"""`tillspec init`: a repo that generates from a contract."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tillspec.cli.told import print_diagnostics, tell_missing
from tillspec.request import OUTPUTS, ROLES, SERVERS

if TYPE_CHECKING:
    from tillspec.downstream.pin import Pinned
    from tillspec.downstream.settings import Settings
    from tillspec.downstream.setup import Setup

_NOTHING = "nothing was written"
_PROFILE = Path("verify.toml")
_CI = ("github", "gitlab", "none")
_PACKAGES = {"client": "checkout_client", "server": "checkout_server", "both": "checkout"}
_STARTS = (
    "starts your server and holds it to the contract;\n     pip install uvicorn, or say in the Makefile what starts it: SERVE = …"
)


@click.command(
    short_help="Set up a repo that generates from a contract.",
    epilog="""\b
Examples:
  tillspec init --surface vinr                     a shop that calls the API
  tillspec init --surface vinr --role server       somebody who serves it
  tillspec init --source contract/openapi.yaml --package shop_api
  tillspec init --source git:v1.4.0:spec/openapi.yaml

\b
Exit status: 0 done (or nothing to do), 1 refused, 2 wrong usage.
""",
)
@click.option("--surface", "surfaces", multiple=True, metavar="NAME", help="Use this surface alone (may be repeated).")
@click.option("--role", type=click.Choice(ROLES), help="Whether the repo calls the API, serves it, or both.  [default: client]")
@click.option("--source", metavar="WHERE",
              help="The contract: a path, or git:REF:path.  [default: the installed package's]")  # fmt: skip
@click.option("--package", metavar="NAME", help="The import name of the generated package.  [default: by the role]")
@click.option("--ci", type=click.Choice(_CI), help="Whose CI gets a file.  [default: gitlab where there is a .gitlab-ci.yml]")
@click.option("--yes", is_flag=True, help="Change files that are there without asking.")
def init(ci: str | None, yes: bool, **given: Any) -> None:
    """Set up the repo in this folder: tillspec.toml, the pin of the contract, a Makefile, CI, and a pre-commit hook.

    What is there already is never changed unasked, and all is written or nothing. Run it again at any time: it adds what is
    missing.
    """
    from tillspec.diagnostics import Refused

    ci = ci or ("gitlab" if Path(".gitlab-ci.yml").is_file() else "github")
    try:
        settings, found, rewrite = _settings(**given)
        fresh = found is None or found.source != settings.source
        pin, title = _pinned(settings) if fresh else (None, "")
        from tillspec.downstream.setup import setup

        made = setup(Path(), settings, pin, ci, rewrite=rewrite)
        if made.changes:
            _ask(made, yes=yes)
            _write(made)
    except ModuleNotFoundError as error:
        tell_missing(error, "init", _NOTHING)
    except Refused as refused:
        print_diagnostics(refused.diagnostics)
        _leave()
    except OSError as error:
        click.secho(f"error: {error.filename} cannot be read: {error.strerror}", fg="red", bold=True, err=True)
        _leave()
    _tell(made, settings, pin, title)


def _leave() -> NoReturn:
    click.secho(_NOTHING, fg="red", bold=True, err=True)
    sys.exit(1)


def _settings(
    surfaces: tuple[str, ...], role: str | None, source: str | None, package: str | None
) -> tuple[Settings, Pinned | None, bool]:
    """What the repo's settings say or are to say, its pin, and whether the settings must be written."""
    from tillspec.cli.generate import check_package
    from tillspec.downstream import pin, settings

    known = settings.read() if Path(settings.NAME).is_file() else None
    base = known or settings.Settings(role="client", package="")
    made = dataclasses.replace(
        base,
        surfaces=frozenset(surfaces) or base.surfaces,
        role=role or base.role,
        source=source or base.source,
        package=package or base.package,
    )
    if not made.package:
        made = dataclasses.replace(made, package=_PACKAGES[made.role])
    if known is None and made.is_server:
        made = dataclasses.replace(made, handlers=Path("server"), profile=_PROFILE if _PROFILE.is_file() else None)
    if not made.is_server:
        made = dataclasses.replace(made, handlers=None, server=SERVERS[0])
    check_package(made.package)
    return made, pin.read(), made != known


def _pinned(settings: Settings) -> tuple[Pinned, str]:
    """The pin of the contract as it is now, and its title; the surfaces are looked for in it."""
    from tillspec.diagnostics import Report
    from tillspec.document.overlay import overlay
    from tillspec.downstream import pin
    from tillspec.downstream.contracts import present
    from tillspec.pipeline import described, original

    report = Report()
    with present(settings.source, allowed=settings.allowed) as opened:
        whole = original(opened.root, settings.allowed, report)
        adapted = overlay(whole, settings.overlays, report)
        report.stop_on_error()
        api = described(adapted, settings.surfaces, report)[1]
    return pin.of(whole, settings.source, opened.commit), api.title


def _ask(made: Setup, *, yes: bool) -> None:
    """Ask before anything that is there is changed. Leaves with status 1 where that is not wanted, or nobody can be asked."""
    from tillspec.diagnostics import printable

    if not made.touched or yes:
        return
    click.echo("There already, and would be changed:\n")
    for file in made.touched:
        click.echo(printable(file.diff().expandtabs(4)) + "\n")
    new = [file.path for file in made.changes if file.before is None]
    if new:
        click.echo(click.wrap_text(f"Not there yet, and would be made: {', '.join(new)}", 80) + "\n")
    if not sys.stdin.isatty():
        click.secho("error: nobody can be asked here, for this is no terminal", fg="red", bold=True, err=True)
        click.echo("  hint: look at the changes above; to make them, add --yes", err=True)
        _leave()
    if not click.confirm("Change them?"):
        _leave()


def _write(made: Setup) -> None:
    from tillspec.diagnostics import Report
    from tillspec.write.plan import Plan, apply

    report = Report()
    apply([Plan(Path(), made.files, ())], report)
    report.stop_on_error()


def _tell(made: Setup, settings: Settings, pin: Pinned | None, title: str) -> None:
    from tillspec.diagnostics import printable

    for file in made.changes:
        click.echo(
            f"  {click.style('created', fg='green') if file.before is None else click.style('changed', fg='yellow')} {file.path}"
        )
    for path, lines in made.by_hand.items():
        click.echo(f"\n{path} has something of its own there; put this into it yourself:\n")
        click.echo("".join(f"    {line}\n" for line in lines.splitlines()), nl=False)
    if not made.changes:
        click.secho("nothing to do: this repo is set up", fg="green", bold=True)
        return
    if pin is not None:
        click.secho(f"\nPinned: {printable(title)} {printable(pin.version)}", bold=True)
        click.echo(f"  sha256 {pin.digest}")
    click.echo("\nNext:")
    for number, step in enumerate(_next(settings), 1):
        click.echo(f"  {number}. {step}")


def _next(settings: Settings) -> list[str]:
    """What to do next, in order."""
    parts = [part for part in OUTPUTS if part in settings.only and part != "bundle"]
    steps = [f"make generate    makes {', '.join(parts)} below {settings.out}/"]
    if "models" in parts:
        python = shlex.quote((settings.out / "python").as_posix())
        steps.append(f"Put {python} on your PYTHONPATH, and import {settings.package}.")
    if settings.is_server:
        folder = f"{settings.handlers}/" if settings.handlers else "your handlers"
        steps.append(f"Write the handlers in {folder}; they are yours from then on.")
        if settings.profile is None:
            url = shlex.quote(settings.url or "http://127.0.0.1:8000")
            steps.append(f"tillspec verify init --url {url}; fill in what it writes,")
            steps[-1] += f'\n     and name it in tillspec.toml: profile = "{_PROFILE}"'
    steps += [
        "make verify      " + (_STARTS if settings.is_server else "runs your tests, by pytest"),
        f"Commit it all, {settings.out}/ as well; CI runs make check.",
        "tillspec upgrade moves the pin when the contract has a new release.",
    ]
    return steps
