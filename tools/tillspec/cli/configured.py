"""What `tillspec.toml` says, where no contract was named: options that were given win over it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from tillspec.cli.told import print_diagnostics

_FILE = Path("tillspec.toml")
READING = ("spec", "overlays", "allowed")
"""The parameters of every command that reads a contract."""

GENERATING = (*READING, "surfaces", "out", "package", "only", "server", "handlers", "role", "narrowing", "pin")
VERIFYING = (*READING, "surfaces", "url", "profile_file", "baseline_file")


def configured(
    context: click.Context, given: dict[str, Any], names: tuple[str, ...], outcome: str, status: int = 1
) -> dict[str, Any]:
    """A command's parameters, completed by the `tillspec.toml` of this folder where there is one and no contract was named.

    Leaves with a status, and says that `outcome` is all that came of it, where a file is broken.

    Args:
        context: the command's.
        given: its parameters.
        names: those that the file may decide; where `pin` is among them, the contract must have one.
        outcome: what is said where a file is broken.
        status: the exit status then.
    """
    if not _FILE.is_file() or _was_given(context, "spec"):
        return given
    from tillspec.diagnostics import Refused

    try:
        found = _found(context, "pin" in names)
    except Refused as refused:
        print_diagnostics(refused.diagnostics)
        click.secho(outcome, fg="red", bold=True, err=True)
        sys.exit(status)
    if "server" in names and given["only"] and "server" not in given["only"]:
        found["server"] = given["server"]  # which says what a server is for, and none is asked for
    return given | {name: found[name] for name in names if name in given and not _was_given(context, name)}


def _was_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) not in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)


def _found(context: click.Context, needs_pin: bool) -> dict[str, Any]:
    """The parameters of all commands, by their names."""
    from tillspec.downstream import contracts, pin, settings

    said, pinned = settings.read(_FILE), pin.read()
    if needs_pin:
        pin.check_source(pinned, said.source)
    return {
        "spec": context.with_resource(contracts.pinned(said.source, pinned, said.allowed)).root,
        "overlays": said.overlays,
        "allowed": said.allowed,
        "surfaces": tuple(sorted(said.surfaces)),
        "out": said.out,
        "package": said.package,
        "only": tuple(sorted(said.only)),
        "server": said.server,
        "handlers": said.handlers,
        "role": said.role,
        "narrowing": said.narrowing,
        "pin": pinned.pin if pinned else None,
        "url": said.url,
        "profile_file": said.profile,
        "baseline_file": said.baseline,
    }
