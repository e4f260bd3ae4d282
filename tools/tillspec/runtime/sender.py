"""The sending side of webhooks and callbacks: what the generated senders are made of.

A sender goes to the URLs that it is given and nowhere else. Whoever takes URLs from others decides which of them may be called:
see OWASP on server-side request forgery.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import httpx

from .authorization import CredentialSource
from .client import AsyncCaller, Settings, SyncCaller, Timeout
from .operation import SecurityScheme
from .retry import Retry

Signed = str | Callable[[bytes], str]
"""A text, or a function that makes it of the bytes of the body: a signature."""


def sender_settings(
    schemes: Mapping[str, SecurityScheme],
    credentials: Mapping[str, CredentialSource] | None,
    timeout: Timeout,
    retry: Retry,
    headers: Mapping[str, str] | None,
) -> Settings:
    """The settings of a caller that has no base URL."""
    return Settings(
        base_url=None, credentials=credentials or {}, timeout=timeout, retry=retry, headers=headers, schemes=schemes, errors={}
    )


class SenderBase:
    """The base of a generated `Sender`: it closes what it opened."""

    def __init__(self, settings: Settings, http: httpx.Client | None) -> None:
        self._caller = SyncCaller(settings, http)

    def close(self) -> None:
        """Close the connections, unless they belong to an `http` that the sender was given."""
        self._caller.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()


class AsyncSenderBase:
    """The base of a generated `AsyncSender`: it closes what it opened."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient | None) -> None:
        self._caller = AsyncCaller(settings, http)

    async def aclose(self) -> None:
        """Close the connections, unless they belong to an `http` that the sender was given."""
        await self._caller.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
