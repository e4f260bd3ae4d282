"""What a run may choose about the code that it emits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`package` is the import name of the generated package; `server` and `client` say which sides of it are wanted,
    and `fastapi` whether the server is for FastAPI too.
    """

    package: str = "checkout_api"
    server: bool = True
    client: bool = True
    fastapi: bool = False
