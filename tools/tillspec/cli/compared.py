"""What `diff`, `changelog` and `release` have in common: reading two contracts, and leaving with status 2 where that fails."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from tillspec.cli.told import print_diagnostics, tell_missing

if TYPE_CHECKING:
    from tillspec.compat.compare import Comparison


def today() -> date:
    """The day that it is in UTC."""
    return datetime.now(UTC).date()


@contextmanager
def refusing(command: str, outcome: str) -> Iterator[None]:
    """Say why a contract cannot be read, and leave with status 2."""
    from tillspec.diagnostics import Refused

    gc.disable()  # as in generate
    try:
        yield
    except ModuleNotFoundError as error:
        tell_missing(error, command, outcome, status=2)
    except Refused as refused:
        print_diagnostics(refused.diagnostics)
        click.secho(outcome, fg="red", bold=True, err=True)
        sys.exit(2)
    finally:
        gc.enable()
        gc.freeze()


def comparison(old: str, new: str, allowed: tuple[str, ...]) -> Comparison:
    """What changed between two contracts that the user named.

    Raises:
        Refused: one of them cannot be read.
    """
    from tillspec.compat.compare import compare
    from tillspec.compat.contracts import contract

    return compare(contract(old, new, allowed), contract(new, old, allowed), today())
