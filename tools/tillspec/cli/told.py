"""What every command says in the same way: diagnostics, and a package that is not installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from tillspec.diagnostics import Diagnostic


def print_diagnostics(diagnostics: list[Diagnostic], *, err: bool = True) -> None:
    """Each with its place, and a line between."""
    from tillspec.diagnostics import text

    for item, shown in zip(diagnostics, text(diagnostics), strict=True):
        head, _, rest = shown.partition("\n")
        colour = "red" if item.severity == "error" else "yellow"
        click.echo(click.style(head, fg=colour, bold=True) + ("\n" + rest if rest else "") + "\n", err=err)


def tell_missing(
    error: ModuleNotFoundError, command: str, outcome: str, status: int = 1, *, extras: str = "generate"
) -> NoReturn:
    """Say which extra brings the package that is not installed, and leave with a status."""
    name = (error.name or "").partition(".")[0]
    if name in ("", "tillspec"):
        raise error
    click.secho(f"error: tillspec {command} needs {name}, which is not installed", fg="red", bold=True, err=True)
    extras = "generate,fastapi" if name == "fastapi" else extras
    click.echo(f"  hint: run: pip install 'tillspec[{extras}]'\n", err=True)
    click.secho(outcome, fg="red", bold=True, err=True)
    sys.exit(status)


@contextmanager
def watched() -> Iterator[Callable[[str], None]]:
    """Say what is being done, where somebody watches."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield lambda step: status.update(f"{step} …")
