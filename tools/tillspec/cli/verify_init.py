"""`tillspec verify init`: a profile to fill in."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tillspec.cli import options
from tillspec.cli.configured import VERIFYING, configured
from tillspec.cli.told import print_diagnostics, tell_missing
from tillspec.cli.verify import NOT_VERIFIED, origin_of

if TYPE_CHECKING:
    from tillspec.verify.init import Probed


_SPEC = Path("spec/openapi.yaml")


@click.command("init")
@click.option("--url", required=True, metavar="URL", help="Where the server is; it is asked a few things that change nothing.")
@click.option("--spec", type=click.Path(path_type=Path), default=_SPEC, show_default=True, help="The contract.")
@click.option("--surface", "surfaces", multiple=True, metavar="NAME", help="Only this surface (may be repeated).")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("verify.toml"), show_default=True,
              help="The file to write; - for standard output.")  # fmt: skip
@options.allow
@options.overlay
@click.pass_context
def init(context: click.Context, /, out: Path, **given: Any) -> None:
    """Write a profile for the server at URL, with FILL_ME where only you know: credentials, ids, and its test hooks.

    What stays FILL_ME is left out, and verify tells what it could not test for that. {env = "NAME"} stands for the value of an
    environment variable, so that the file can be kept without secrets.
    """
    from tillspec.diagnostics import Refused
    from tillspec.write.whole import put

    if str(out) != "-" and out.exists():
        click.secho(f"error: {out} is there already", fg="red", bold=True, err=True)
        click.echo("  hint: name another with --out, or - to print it", err=True)
        sys.exit(2)
    try:
        asked = configured(context, given, VERIFYING, NOT_VERIFIED, status=2)
        text, probed = _written(**asked)
    except ModuleNotFoundError as error:
        tell_missing(error, "verify", NOT_VERIFIED, status=2, extras="verify")
    except Refused as refused:
        print_diagnostics(refused.diagnostics)
        sys.exit(2)
    if str(out) == "-":
        click.echo(text, nl=False)
        return
    put(out, text, private=True)
    click.echo(f"{out}: {text.count('FILL_ME') - 1} places to fill in")
    if not probed.reached:
        click.secho(f"{given['url']} did not answer, so nothing is known of it; start it for a fuller profile", fg="yellow")
    spec = [] if given["spec"] == _SPEC else ["--spec", str(given["spec"])]
    click.echo(f"Then: {shlex.join(['tillspec', 'verify', '--url', given['url'], *spec, '--profile', str(out)])}")


def _written(
    *, url: str, spec: Path, surfaces: tuple[str, ...], allowed: tuple[str, ...], overlays: tuple[Path, ...]
) -> tuple[str, Probed]:
    from tillspec.diagnostics import Report
    from tillspec.pipeline import read
    from tillspec.verify.contract import Contract
    from tillspec.verify.init import Writer, probe
    from tillspec.verify.profile import Profile
    from tillspec.verify.run import Options, Run
    from tillspec.verify.wire import Wire

    origin = origin_of(url)
    bundle, api = read(spec, frozenset(), allowed, Report(), overlays)
    run = Run(Contract(bundle, api), Profile(), Wire(origin, timeout=5), Options(surfaces=surfaces))

    async def asked() -> Probed:
        try:
            return await probe(run)
        finally:
            await run.wire.close()

    return Writer(run, probed := asyncio.run(asked())).text(), probed
