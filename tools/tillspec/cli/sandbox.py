"""`tillspec sandbox`: the contract, running."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8787, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
@click.option(
    "--database",
    default="tillspec-sandbox.db",
    show_default=True,
    help="A file for SQLite, or postgresql://user:password@host/name.",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option("--seed", default=None)
@click.option("--seed-data", type=click.Path(path_type=Path), default=None)
@click.option(
    "--request-timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="How many seconds a client has to send a request.",
)
def sandbox(
    host: str, port: int, database: str, workers: int, seed: str | None, seed_data: Path | None, request_timeout: float
) -> None:
    """Run the contract: a stateful checkout to integrate against."""
    from tillspec.sandbox.serving import Options, make_ready, serve

    options = Options(
        host=host, port=port, database=database, workers=workers, seed=seed, seed_data=seed_data, request_timeout=request_timeout
    )
    ready = make_ready(options)
    click.echo(f"Tillspec sandbox at {ready.base_url}")
    for held in ready.held:
        click.echo(held.merchant.vinr.keys[0].key if held.merchant.vinr else "")
    serve(ready, options)
