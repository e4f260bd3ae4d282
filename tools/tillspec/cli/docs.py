"""`tillspec docs`: a static site from a contract, and a server to look at it while it is written."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tillspec.cli import options
from tillspec.cli.told import print_diagnostics, tell_missing, watched

if TYPE_CHECKING:
    from tillspec.publish import Published, Wanted

F = TypeVar("F", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)


@click.group(short_help="Make a static site from a contract.")
def docs() -> None:
    """Make a static site from any OpenAPI document: readable without JavaScript, loading nothing from elsewhere."""


def _common(command: F) -> F:
    """What both commands ask for."""
    for option in reversed((
        click.option("--spec", type=_PATH, default=Path("spec/openapi.yaml"), show_default=True, help="The contract."),
        click.option("--surface", "surfaces", multiple=True, metavar="NAME", help="Keep this surface alone (may be repeated)."),
        click.option("--package", default="checkout_api", show_default=True, help="The generated client that samples call."),
        click.option("--sandbox", metavar="URL", default="", help="Where try-it sends; without it, the reader names a sandbox."),
        click.option("--base-url", metavar="URL", default="", help="Where the site will be; makes a sitemap."),
        click.option("--guide", type=_PATH, multiple=True, help="A page of Markdown, or a folder of them (may be repeated)."),
        click.option("--scenarios", type=_PATH, multiple=True, help="An Arazzo document; else scenarios/ beside the contract."),
        click.option("--figures", type=_PATH, multiple=True, help="A page of Markdown with what was measured (may be repeated)."),
        click.option("--changelog", type=_PATH, help="What tillspec changelog --format json printed; else that of released/."),
        click.option("--scalar", type=_PATH, help="Scalar's standalone.js, for one further page with its viewer."),
        click.option("--released", type=_PATH, help="Released versions; by itself, released/ beside the contract."),
        options.allow,
        options.overlay,
    )):  # fmt: skip
        command = option(command)
    return command


@docs.command(
    short_help="Write the site into a folder.",
    epilog="""\b
Examples:
  tillspec docs build
  tillspec docs build --spec api.json --out public --sandbox http://127.0.0.1:8787
  tillspec docs build --guide README.md --base-url https://shop.example/api

\b
The folder is replaced whole, or not at all. Open its index.html, or put it on any web server, under any path.

\b
Exit status: 0 done, 1 refused (nothing was written), 2 wrong usage.
""",
)
@_common
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("site"), show_default=True, help="The folder."
)
def build(**given: Any) -> None:
    """Write the site of a contract into a folder, which is replaced whole."""
    started = time.monotonic()
    try:
        wanted = _wanted(**given)
        published = _publish(wanted)
    except ModuleNotFoundError as error:
        tell_missing(error, "docs", "nothing was written", extras="docs")
    if published is None:
        sys.exit(1)
    seconds = time.monotonic() - started
    click.secho(f"{wanted.out}: {published.files} files ({seconds:.1f} s)", fg="green", bold=True)


@docs.command(
    short_help="Look at the site while you write the contract.",
    epilog="""\b
Examples:
  tillspec docs serve
  tillspec docs serve --spec api.json --port 0 --sandbox http://127.0.0.1:8787
""",
)
@_common
@click.option("--port", default=8788, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
def serve(port: int, **given: Any) -> None:
    """Serve the site on loopback, and build it anew whenever the contract changes."""
    from tillspec.write.whole import scratch

    with scratch() as folder:
        try:
            wanted = _wanted(out=folder / "site", **given)
            published = _publish(wanted)
        except ModuleNotFoundError as error:
            tell_missing(error, "docs", "nothing is served", extras="docs")
        if published is None:
            sys.exit(1)
        _serve(wanted, published, port)


def _serve(wanted: Wanted, published: Published, port: int) -> None:
    from tillspec.docs import serving

    try:
        server = serving.server(wanted.out, port)
    except OSError as error:
        click.secho(f"error: port {port} cannot be listened on: {error.strerror or error}", fg="red", bold=True, err=True)
        click.echo("  hint: take a free one with --port 0", err=True)
        sys.exit(1)
    known, ended = [published.sources], threading.Event()

    def changed() -> None:
        again = _publish(wanted)
        if again is not None:
            known[0] = again.sources
            click.echo(f"built anew: {again.files} files")

    watcher = threading.Thread(target=serving.watch, args=(lambda: known[0], changed, ended), daemon=True)
    watcher.start()
    click.secho(f"http://127.0.0.1:{server.server_address[1]}/index.html", bold=True)
    click.echo("It is built anew whenever a file changes. Ctrl-C ends it.")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("")
    finally:
        ended.set()
        watcher.join()
        server.server_close()


def _wanted(surfaces: tuple[str, ...], sandbox: str, base_url: str, **given: Any) -> Wanted:
    from tillspec.publish import Wanted

    out = given["out"].resolve()
    if out in (given["spec"].resolve(), *given["spec"].resolve().parents):
        raise click.BadParameter(f"{given['out']} holds the contract; choose a folder of its own", param_hint="--out")
    return Wanted(
        surfaces=frozenset(surfaces),
        sandbox=_origin(sandbox, "--sandbox", path=False),
        base_url=_origin(base_url, "--base-url", path=True),
        **given,
    )


def _origin(url: str, option: str, *, path: bool) -> str:
    """A URL without a slash at its end, that can stand in a policy and in a page."""
    from urllib.parse import urlsplit

    if not url:
        return ""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or any(char in url for char in " ;,'\"<>?#\\") or not url.isascii():
        raise click.BadParameter("write it as https://sandbox.example", param_hint=option)
    if not path and parts.path.strip("/"):
        raise click.BadParameter("name the sandbox without a path, as in http://127.0.0.1:8787", param_hint=option)
    return url.rstrip("/")


def _publish(wanted: Wanted) -> Published | None:
    """Make the site; say why it was not made, and give None, where the contract has errors."""
    from tillspec.diagnostics import Refused
    from tillspec.publish import publish
    from tillspec.write.site import NotOurs

    gc.disable()  # a run leaves little garbage in cycles, and looking for it would cost an eighth of its time
    try:
        with watched() as progress:
            published = publish(wanted, progress=progress)
    except Refused as refused:
        print_diagnostics(refused.diagnostics)
        errors = sum(item.severity == "error" for item in refused.diagnostics)
        click.secho(f"{errors} error{'s' * (errors != 1)}; nothing was written", fg="red", bold=True, err=True)
        return None
    except NotOurs as error:
        click.secho(f"error: {error}", fg="red", bold=True, err=True)
        click.echo("  hint: name a folder of its own with --out", err=True)
        click.secho("nothing was written", fg="red", bold=True, err=True)
        return None
    finally:
        gc.enable()
    print_diagnostics(published.warnings)
    return published
