"""Verifying a delivery in a router, before a handler is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .receiving import Message, Receiver, Verification
from .request import Request

Guard = Callable[[Request], None]
"""Raises `InvalidSignature` where a request is not to be trusted."""

Secrets = Mapping[str, Sequence[str] | Verification | None]


def guards(receivers: Mapping[str, Receiver], operations: Sequence[str], secrets: Secrets | None) -> Mapping[str, Guard]:
    """The guard of each operation that is verified: of none, where `secrets` is None.

    Raises:
        ValueError: an operation that is signed has no entry, or one that is not signed or not received has one; or an entry lacks
            something.
    """
    if secrets is None:
        return {}
    for operation in operations:
        if receivers[operation].signature is not None and operation not in secrets:
            raise ValueError(f"{operation} is signed, and secrets has nothing for it; None leaves it unverified")
    found = {}
    for operation, given in secrets.items():
        if operation not in operations:
            raise ValueError(f"secrets has {operation}, which is not received here")
        if given is not None:
            verification = given if isinstance(given, Verification) else Verification(secrets=given)
            found[operation] = _guard(receivers[operation], verification)
    return found


def _guard(receiver: Receiver, verification: Verification) -> Guard:
    receiver.check(verification)

    def guard(request: Request) -> None:
        url = _url(request, verification.base_url)
        message = Message(headers=request.headers, body=request.body, url=url, given=verification.given)
        receiver.verify(message, verification.secrets, verification.clock(), verification.tolerance)

    return guard


def _url(request: Request, base_url: str | None) -> str:
    """The URL as it was called."""
    scope = request.scope
    raw: bytes = scope.get("raw_path") or request.path.encode()
    path = raw.partition(b"?")[0].decode("utf-8", "surrogateescape")
    query = scope["query_string"].decode("utf-8", "surrogateescape")
    base = base_url.rstrip("/") if base_url is not None else f"{scope.get('scheme', 'http')}://{request.headers.get('host', '')}"
    return f"{base}{path}?{query}" if query else base + path
