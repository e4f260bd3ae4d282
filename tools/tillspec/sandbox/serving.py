"""Running the sandbox: its database is made ready once, then its workers share a socket."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import Connection, make_url
from uvicorn.supervisors import Multiprocess

from tillspec.sandbox import seed, spans, state
from tillspec.sandbox.control import access
from tillspec.sandbox.control.desk import instant
from tillspec.sandbox.control.merchants import told
from tillspec.sandbox.settings import Settings
from tillspec.sandbox.state import State, Switches
from tillspec.sandbox.store import open_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What one may choose.

    A client has `request_timeout` seconds to send a request. With `seed`, ids are the same in every run; with `freeze` a new
    sandbox's clock stands still. Pages of `origins` may ask from a browser.
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
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A sandbox that can be served: where it is, what opens its control plane, and what it holds.

    `database` is without a password. `merchants` are as the control plane tells them. `made` says that its database was empty
    before. `frozen` is where its clock stands still, `limit` its rate limit.
    """

    base_url: str
    socket: socket.socket
    secret: str
    database: str
    merchants: list[dict[str, Any]]
    made: bool
    frozen: str | None
    limit: str | None


class OtherSandbox(Exception):
    """The database holds a sandbox that was started otherwise."""


def make_ready(options: Options) -> Ready:
    """Opens the database, fills it if it is empty, and takes the port.

    What is chosen of the clock, of limits and of webhooks holds for a sandbox that was there before as well.

    Raises:
        BadDatabase, NewerDatabase, Unavailable: see `open_store`.
        BadSeedData: see `seed.read_file`.
        OtherSandbox: the database holds one with another seed.
        OSError: the port is taken.
    """
    data = seed.read_file(options.seed_data) if options.seed_data is not None else None
    taken = _take(options)
    base_url = options.base_url or _url_of(options.host, taken)
    try:
        made, now, held = asyncio.run(_fill(options, data))
    except BaseException:
        taken.close()
        raise
    limit = now.switches.rate_limit
    return Ready(
        base_url=base_url.rstrip("/"),
        socket=taken,
        secret=access.secret_of(now.secret),
        database=_named(options.database),
        merchants=held,
        made=made,
        frozen=instant(now.frozen),
        limit=f"{limit.requests} requests per {spans.shown(limit.per)}" if limit is not None else None,
    )


def serve(ready: Ready, options: Options) -> None:
    """Serves until it is told to end (SIGINT or SIGTERM)."""
    Settings(
        database=options.database, base_url=ready.base_url, request_timeout=options.request_timeout,
        control_from_anywhere=options.control_from_anywhere, origins=options.origins,
        freeze=options.freeze, switches=options.switches.written(),
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


def _named(database: str) -> str:
    """The database as one may show it."""
    return make_url(database).render_as_string(hide_password=True) if "://" in database else database


async def _fill(options: Options, data: seed.SeedData | None) -> tuple[bool, State, list[dict[str, Any]]]:
    store = await open_store(options.database)
    frozen = seed.now_frozen() if options.freeze else None

    def filled(connection: Connection) -> tuple[bool, State, list[dict[str, Any]]]:
        made = seed.plant(connection, data, options.seed, options.switches, frozen)
        if not made:
            _go_on(connection, options, frozen)
        return made, state.read(connection), told(connection)

    try:
        return await store.write(filled)
    finally:
        await store.close()


def _go_on(connection: Connection, options: Options, frozen: int | None) -> None:
    """Takes a sandbox as it was left, with what was chosen anew."""
    now = state.read(connection)
    if options.seed is not None and options.seed != now.seed:
        raise OtherSandbox(
            f"{_named(options.database)} holds a sandbox that was started with another --seed, or with none; "
            "name another --database, or remove this one"
        )
    limit, private = options.switches.rate_limit or now.switches.rate_limit, options.switches.private or now.switches.private
    switches = replace(now.switches, rate_limit=limit, private=private)
    if switches != now.switches:
        state.change(connection, switches=switches.written(), epoch=state.next_epoch)
    if frozen is not None and now.frozen is None:
        state.change(connection, clock_frozen=max(now.now(), frozen))
