"""Where all state is kept: SQLite for one machine, PostgreSQL for many.

Work on it is a plain function of a SQLAlchemy connection. It is one transaction: all of it is kept, or nothing. It may run more
than once, so it changes nothing but the database.
"""

from tillspec.sandbox.store.base import RETRY_AFTER, Store, T, Unavailable, Work
from tillspec.sandbox.store.opening import BadDatabase, open_store
from tillspec.sandbox.store.peeking import NoSandbox, secret_in

__all__ = ["RETRY_AFTER", "BadDatabase", "NoSandbox", "Store", "T", "Unavailable", "Work", "open_store", "secret_in"]
