"""Filling a sandbox: when it is new, and when it is reset.

`--seed` makes the built-in merchants, and all ids that come later, the same in every run.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Connection

from tillspec.sandbox import clock, merchants, outside, schema, state
from tillspec.sandbox.built_in import built_in
from tillspec.sandbox.ids import derived
from tillspec.sandbox.seed_data import BadSeedData, SeedData, SeedMerchant, check_once, read_file

__all__ = [
    "BadSeedData", "SeedData", "SeedMerchant", "built_in", "check_once", "fill", "now_frozen", "plant", "read_file", "reset",
    "secret_of",
]  # fmt: skip


def plant(connection: Connection, data: SeedData | None, seed: str | None, switches: state.Switches, frozen: int | None) -> bool:
    """Fills an empty sandbox; one that holds something already stays as it is. Whether it was empty."""
    if connection.execute(schema.state.select()).first() is not None:
        return False
    secret = secret_of(seed)
    fill(connection, data, seed if seed is not None else secret)
    connection.execute(
        schema.state.insert(),
        {
            "one": 1, "version": schema.VERSION, "epoch": 1, "clock_offset": 0, "clock_frozen": frozen,
            "secret": secret, "seed": seed, "made": 0, "faults": 0, "switches": switches.written(),
        },
    )  # fmt: skip
    return True


def fill(connection: Connection, data: SeedData | None, seed: str | None) -> None:
    """Stores merchants and what is theirs: those of the data, or the built-in ones."""
    for position, merchant in enumerate((data or built_in(seed)).merchants):
        merchants.save(connection, merchant.alone(), position)
        for one in merchant.objects():
            outside.save(connection, merchant.id, one)


def reset(connection: Connection, data: SeedData | None, frozen: int | None = None) -> None:
    """Empties a sandbox and fills it anew; the built-in merchants have the same keys as before.

    The clock is set to the machine's; `frozen` is where it stands still from now on.
    """
    for table in reversed(schema.metadata.sorted_tables):
        if table is not schema.state:
            connection.execute(table.delete())
    now = state.read(connection)
    fill(connection, data, now.seed if now.seed is not None else now.secret.hex())
    state.change(connection, epoch=state.next_epoch, clock_offset=0, clock_frozen=frozen, made=0, faults=0)


def secret_of(seed: str | None) -> str:
    """What a sandbox signs for itself with, in hex."""
    return (derived(seed, "secret", 32) if seed is not None else secrets.token_bytes(32)).hex()


def now_frozen() -> int:
    """Where a clock is frozen that starts so: the present second."""
    return clock.real() // clock.SECOND * clock.SECOND
