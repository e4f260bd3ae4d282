"""Running the sandbox: its database is made ready once, then its workers share a socket."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from uvicorn.supervisors import Multiprocess

from tillspec.sandbox import merchants, outside, seed
from tillspec.sandbox.settings import Settings
from tillspec.sandbox.state import Switches
from tillspec.sandbox.store import open_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What one may choose.

    A client has `request_timeout` seconds to send a request. With `seed`, ids are the same in every run; with `freeze` a new
    sandbox's clock stands still.
    """

    host: str = "127.0.0.1"
    port: int = 8787
    database: str = "tillspec-sandbox.db"
    workers: int = 1
    seed_data: Path | None = None
    seed: str | None = None
    freeze: bool = False
    base_url: str | None = None
    request_timeout: float = 30.0
    switches: Switches = Switches()
    control_from_anywhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A merchant of a sandbox, and the orders and carts that can be named."""

    merchant: merchants.Merchant
    orders: tuple[outside.DinteroOrder, ...]
    template_carts: tuple[outside.DiddoTemplateCart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A sandbox that can be served: where it is, and what it holds. `made` says that its database was empty before."""

    base_url: str
    socket: socket.socket
    held: tuple[Held, ...]
    made: bool


def make_ready(options: Options) -> Ready:
    """Opens the database, fills it if it is empty, and takes the port.

    Raises:
        BadDatabase, NewerDatabase, Unavailable: see `open_store`.
        BadSeedData: see `seed.read_file`.
        OSError: the port is taken.
    """
    data = seed.read_file(options.seed_data) if options.seed_data is not None else None
    taken = _take(options)
    base_url = options.base_url or _url_of(options.host, taken)
    made, held = asyncio.run(_fill(options, data))
    return Ready(base_url=base_url.rstrip("/"), socket=taken, held=held, made=made)


def serve(ready: Ready, options: Options) -> None:
    """Serves until it is told to end (SIGINT or SIGTERM)."""
    Settings(
        database=options.database, base_url=ready.base_url, request_timeout=options.request_timeout,
        control_from_anywhere=options.control_from_anywhere, freeze=options.freeze, switches=options.switches.written(),
        seed_data=str(options.seed_data.resolve()) if options.seed_data is not None else None,
    ).hand_over()  # fmt: skip
    config = uvicorn.Config(
        "tillspec.sandbox.app:create", factory=True, workers=options.workers, log_level="warning", access_log=False,
        server_header=False, timeout_graceful_shutdown=5, limit_concurrency=4096,
    )  # fmt: skip
    if options.workers > 1:
        Multiprocess(config, sockets=[ready.socket]).run()
    else:
        uvicorn.Server(config).run(sockets=[ready.socket])


def _take(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((options.host, options.port))
    except OSError:
        taken.close()
        raise
    taken.set_inheritable(True)
    return taken


def _url_of(host: str, taken: socket.socket) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host) or (f"[{host}]" if ":" in host else host)  # noqa: S104  # compared
    return f"http://{shown}:{taken.getsockname()[1]}"


async def _fill(options: Options, data: seed.SeedData | None) -> tuple[bool, tuple[Held, ...]]:
    store = await open_store(options.database)
    frozen = seed.now_frozen() if options.freeze else None
    try:
        made = await store.write(lambda connection: seed.plant(connection, data, options.seed, options.switches, frozen))
        directory = await store.read(merchants.read)
        held = []
        for merchant in directory.merchants:
            orders = await store.read(lambda connection, of=merchant.id: outside.listed(connection, outside.DinteroOrder, of))  # type: ignore[misc]
            carts = await store.read(lambda connection, of=merchant.id: outside.listed(connection, outside.DiddoTemplateCart, of))  # type: ignore[misc]
            held.append(Held(merchant=merchant, orders=tuple(orders), template_carts=tuple(carts)))
        return made, tuple(held)
    finally:
        await store.close()
