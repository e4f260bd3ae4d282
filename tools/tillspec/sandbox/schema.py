"""The tables, and how an older database is brought to today's form.

Times are integers: microseconds since 1970-01-01T00:00:00Z, by the sandbox's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    select,
    text,
)

VERSION: Final = 1
"""The form of the tables that this program reads and writes."""

metadata: Final = MetaData()

state: Final = Table(
    "state",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),  # grows when merchants, faults or limits change: what workers remember ends
    Column("clock_offset", BigInteger, nullable=False),
    Column("clock_frozen", BigInteger),  # where the clock stands still
    Column("secret", String(64), nullable=False),  # hex; what tokens and cookies are signed with
    Column("seed", String(200)),  # with one, ids come out the same in every run
    Column("made", BigInteger, nullable=False),  # how many ids a seed has given
    Column("faults", Integer, nullable=False),  # how many are still to happen
    Column("switches", Text, nullable=False),
)
"""One row."""

merchants: Final = Table(
    "merchants",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("data", Text, nullable=False),
)
"""The tenants, with their credentials and addresses."""

objects: Final = Table(
    "objects",
    metadata,
    Column("kind", String(64), primary_key=True),
    Column("merchant", String(64), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("data", Text, nullable=False),
)
"""What operations name and no operation makes: orders, template carts, accounts (`checkout_api.behavior.OUTSIDE`)."""

sessions: Final = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("merchant", String(64), nullable=False),
    Column("parent", String(255)),
    Column("status", String(32), nullable=False),
    Column("amount", BigInteger),
    Column("currency", String(3)),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("ends_at", BigInteger),
    Column("request", Text, nullable=False),
    Column("data", Text, nullable=False),
    Index("sessions_of_parent", "parent", "created_at"),
    Index("sessions_made", "created_at").ddl_if(dialect="postgresql"),  # in SQLite rows lie in this order
    Index("sessions_ends", "ends_at", sqlite_where=text("ends_at IS NOT NULL"), postgresql_where=text("ends_at IS NOT NULL")),
)
"""What operations make, `kind` being the contract's name of the object. `request` is the body that made it, as it was sent;
`data` is what came after. `ends_at` is `expires_at` as long as somebody has to be told when that comes."""

idempotency: Final = Table(
    "idempotency",
    metadata,
    Column("scope", String(255), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("answer", Text),  # empty while the first request runs
    Column("lease_until", BigInteger),
    Column("kept_until", BigInteger, nullable=False),
    Index("idempotency_kept", "kept_until"),
)
"""Keys that were used, and the answers that they bring again."""

deliveries: Final = Table(
    "deliveries",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),  # the order in which they were made
    Column("id", String(64), nullable=False, unique=True),
    Column("merchant", String(64), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("session", String(64), nullable=False),
    Column("event", String(64), nullable=False),
    Column("method", String(8), nullable=False),
    Column("url", Text, nullable=False),
    Column("receiver", String(255), nullable=False),  # scheme, host and port of the URL
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),  # since it was made, or sent anew by hand
    Column("attempts", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("lease_until", BigInteger),  # by the machine's clock: so long it belongs to the worker that sends it
    Column("waits_for", String(64)),  # the delivery that has to be tried before this one
    Index("deliveries_due", "due_at", "number"),
    Index(
        "deliveries_waiting",
        "waits_for",
        sqlite_where=text("waits_for IS NOT NULL"),
        postgresql_where=text("waits_for IS NOT NULL"),
    ),
)
"""Webhooks and callbacks, sent and to be sent. `due_at` is empty when there is nothing more to send."""

holds: Final = Table("holds", metadata, Column("merchant", String(64), primary_key=True))
"""Merchants whose deliveries are kept back."""

faults: Final = Table(
    "faults",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fault", String(16), nullable=False),
    Column("operation", String(64)),
    Column("merchant", String(64)),
    Column("remaining", Integer, nullable=False),
    Column("data", Text, nullable=False),
)
"""What is to go wrong next."""

limits: Final = Table(
    "limits",
    metadata,
    Column("scope", String(255), primary_key=True),
    Column("window", BigInteger, primary_key=True),
    Column("used", Integer, nullable=False),
)
"""Requests counted, by window."""

requests: Final = Table(
    "requests",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("merchant", String(64)),
    Column("data", Text, nullable=False),
)
"""The latest requests and their answers, secrets masked."""

Migration = Callable[[Connection], None]

MIGRATIONS: Final[Mapping[int, Migration]] = {}
"""By the version that they start from: each leaves the tables in the form of the next."""


class NewerDatabase(Exception):
    """The database was written by a newer program."""


def version_of(connection: Connection) -> int | None:
    """The version of the tables; None where there are none."""
    if not inspect(connection).has_table(state.name):
        return None
    return connection.execute(select(state.c.version)).scalar_one_or_none()


def migrate(connection: Connection) -> None:
    """Makes the tables, or brings them to today's form. To be called within a transaction that nobody shares.

    Raises:
        NewerDatabase: they are of a form that this program does not know.
    """
    found = version_of(connection)
    if found is None:
        metadata.create_all(connection)
        return
    if found > VERSION:
        raise NewerDatabase(
            f"the database has tables of version {found}, and this program knows versions up to {VERSION}; "
            "use a newer tillspec, or another --database"
        )
    for version in range(found, VERSION):
        MIGRATIONS[version](connection)
        connection.execute(state.update().values(version=version + 1))
