"""What handlers share: the store, the merchants, and what they need of a request."""

from __future__ import annotations

import asyncio
from typing import Final

from checkout_api.server import Request
from tillspec.sandbox import merchants, outbox
from tillspec.sandbox.state import State
from tillspec.sandbox.store import Store, T, Unavailable, Work

STATE: Final = "tillspec.state"
REQUEST_ID: Final = "tillspec.request_id"
MERCHANT: Final = "tillspec.merchant"
FAULT: Final = "tillspec.fault"
LATE: Final = "tillspec.late"
"""In a request's state: the seconds that its answer is to be late, by a fault that a test has chosen."""


class Sandbox:
    """One worker. `base_url` is where the pages are, as browsers reach them, without a slash at its end.

    `read` is the store's. `stirred` is set when this worker has stored something that is to be sent.
    """

    def __init__(self, store: Store, base_url: str) -> None:
        self.store = store
        self.base_url = base_url
        self.read = store.read
        self.stirred = asyncio.Event()
        self._directory: merchants.Directory | None = None
        self._epoch = 0

    async def directory(self, state: State) -> merchants.Directory:
        """All merchants; read again only when the epoch has changed.

        Raises:
            Unavailable: the database cannot be used now.
        """
        if self._directory is None or self._epoch != state.epoch:
            self._directory, self._epoch = await self.store.read(merchants.read), state.epoch
        return self._directory

    async def write(self, work: Work[T]) -> T:
        """See `Store.write`."""
        before = outbox.made()
        result = await self.store.write(work)
        if outbox.made() != before:
            self.stirred.set()
        return result


def state_of(request: Request) -> State:
    """The shared row, as it was when the request came.

    Raises:
        Unavailable: it could not be read.
    """
    found = request.state[STATE]
    if isinstance(found, Unavailable):
        raise found
    assert isinstance(found, State)
    return found


def request_id_of(request: Request) -> str:
    """The id of a request, which its answer carries."""
    return str(request.state[REQUEST_ID])


def comes_from(request: Request, merchant: merchants.Merchant) -> None:
    """Notes whose request it is, for the log."""
    request.state[MERCHANT] = merchant.id


def late_of(request: Request) -> float:
    """The seconds that this request is to take longer; who asks waits, and nobody else does."""
    return float(request.state.pop(LATE, 0.0))
