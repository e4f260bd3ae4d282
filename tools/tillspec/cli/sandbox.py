"""`tillspec sandbox`: the contract, running; and what is said to one that runs."""

from __future__ import annotations

import contextlib
import errno
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tillspec.cli import sandbox_control
from tillspec.cli.sandbox_run import run
from tillspec.cli.sandbox_told import curl, fail, merchant, printable
from tillspec.cli.told import tell_missing

if TYPE_CHECKING:
    from tillspec.sandbox.serving import Options, Ready
    from tillspec.sandbox.state import RateLimit

DATABASE = "tillspec-sandbox.db"


@click.group(
    invoke_without_command=True,
    subcommand_metavar="[COMMAND]",
    short_help="Run the contract: a stateful checkout to integrate against.",
    epilog="""\b
Examples:
  tillspec sandbox                          start it, on port 8787
  tillspec sandbox --port 0 --seed 1        on a free port, with ids that are the same in every run
  tillspec sandbox advance 5m               say something to the one that runs
  tillspec sandbox outcome cs_2Vd… complete
""",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8787, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
@click.option(
    "--database",
    default=DATABASE,
    show_default=True,
    help="A file for SQLite, or postgresql://user:password@host/name.",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="How many processes serve.")
@click.option("--seed-data", type=click.Path(path_type=Path), metavar="FILE", help="Merchants of your own, as TOML or JSON.")
@click.option("--freeze-clock", is_flag=True, help="The clock stands still until it is moved on.")
@click.option("--seed", metavar="TEXT", help="The same seed gives the same keys and ids in every run.")
@click.option("--base-url", metavar="URL", help="Where browsers reach it, if not at host and port.")
@click.option("--rate-limit", metavar="N/SPAN", help="Limit requests, such as 100/1m; without it, nothing is limited.")
@click.option("--allow-private-webhooks", is_flag=True, help="Send webhooks to private addresses; loopback is allowed anyway.")
@click.option("--allow-origin", "origins", multiple=True, metavar="ORIGIN", callback=lambda _, __, given: origins(given),
              help="Let a page of this origin ask from a browser; null is a page from a disk (may be repeated).")  # fmt: skip
@click.option("--control-from-anywhere", is_flag=True, help="Let other machines use the control plane, if they know its secret.")
@click.option(
    "--request-timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="How many seconds a client has to send a request.",
)
@click.pass_context
def sandbox(context: click.Context, /, **given: Any) -> None:
    """Run the contract: a stateful checkout to integrate against. With a COMMAND, say something to one that runs."""
    if context.invoked_subcommand is not None:
        _only_for_the_start(context, given)
        return
    try:
        options = _options(**given)
        ready = _make_ready(options)
    except ModuleNotFoundError as error:
        tell_missing(error, "sandbox", "no sandbox was started", extras="sandbox")
    _tell(ready, options)
    _serve(ready, options)


for _command in sandbox_control.COMMANDS:
    sandbox.add_command(_command)
sandbox.add_command(run)


def _only_for_the_start(context: click.Context, given: dict[str, Any]) -> None:
    """That nothing was said before a command that would have no effect on it."""
    said = [name for name in given if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT]
    if said:
        option = f"--{said[0].replace('_', '-')}"
        where = f"; after the command, {option} says whose secret to take" if said[0] == "database" else ""
        raise click.UsageError(
            f"{option} is for starting a sandbox, and {context.invoked_subcommand} speaks to one that runs{where}."
        )


def _options(*, freeze_clock: bool, rate_limit: str | None, allow_private_webhooks: bool, **given: Any) -> Options:
    from tillspec.sandbox.serving import Options
    from tillspec.sandbox.state import Switches

    base_url = given["base_url"]
    if base_url is not None and not base_url.startswith(("http://", "https://")):
        raise click.BadParameter("write it as https://sandbox.example", param_hint="--base-url")
    switches = Switches(rate_limit=limit(rate_limit) if rate_limit is not None else None, private=allow_private_webhooks)
    return Options(freeze=freeze_clock, switches=switches, **given)


def origins(given: tuple[str, ...]) -> tuple[str, ...]:
    """Origins as browsers write them.

    Raises:
        click.BadParameter: one is none.
    """
    for origin in given:
        if origin not in ("*", "null") and not re.fullmatch(r"https?://[a-z0-9.\-\[\]:]+", origin):
            raise click.BadParameter("write it as http://127.0.0.1:8788, without a path; null or *", param_hint="--allow-origin")
    return given


def limit(text: str) -> RateLimit:
    """A rate limit, as it is written.

    Raises:
        click.BadParameter: it is not `100/1m`, or out of all proportion.
    """
    from tillspec.sandbox.state import RateLimit

    requests, per = sandbox_control.limit_of(text)
    return RateLimit(requests=requests, per=per)


def _make_ready(options: Options) -> Ready:
    from tillspec.sandbox.schema import NewerDatabase
    from tillspec.sandbox.seed import BadSeedData
    from tillspec.sandbox.serving import OtherSandbox, make_ready
    from tillspec.sandbox.store import BadDatabase, Unavailable

    try:
        return make_ready(options)
    except BadSeedData as error:
        fail(f"the seed data cannot be used\n{error}", "Nothing was started.")
    except (BadDatabase, NewerDatabase, OtherSandbox) as error:
        fail(str(error), "")
    except Unavailable as error:
        fail(f"the database cannot be opened: {error}", "Name another with --database.")
    except OSError as error:
        where = f"port {options.port} of {options.host}"
        if error.errno == errno.EADDRINUSE:
            fail(f"{where} is taken", "Take a free one with --port 0, or end what listens there.")
        fail(f"{where} cannot be listened on: {error.strerror or error}", "Name others with --host and --port.")


def _tell(ready: Ready, options: Options) -> None:
    """Where it is, what it holds, and what to try."""
    click.echo(click.style("Tillspec sandbox", bold=True) + f" at {ready.base_url}")
    click.echo(f"  control   {ready.base_url}/_sandbox#{ready.secret}")
    click.echo(f"  database  {printable(ready.database)}" + ("" if ready.made else ", as it was left"))
    if ready.frozen is not None:
        click.echo(f"  clock     stands still at {ready.frozen}")
    if ready.limit is not None:
        click.echo(f"  limits    {ready.limit}")
    if not ready.made and options.seed_data is not None:
        click.echo("  The seed data is read again by: tillspec sandbox reset")
    for found in ready.merchants:
        click.echo("\n" + merchant(found))
    if example := next(filter(None, (curl(ready.base_url, found) for found in ready.merchants)), ""):
        click.echo(f"\nTry:\n{example}")
    if (ready.base_url, options.database) != (sandbox_control.URL, DATABASE):
        click.echo(f"\nFor its commands, in another shell:\nexport {sandbox_control.URL_VARIABLE}={ready.base_url}")
        click.echo(f"export {sandbox_control.SECRET_VARIABLE}={ready.secret}")
    click.echo("\nCtrl-C ends it.")


def _serve(ready: Ready, options: Options) -> None:
    from tillspec.sandbox.serving import serve

    with contextlib.suppress(KeyboardInterrupt):
        serve(ready, options)
    click.echo(f"\nThe sandbox has ended; its state is in {printable(ready.database)}.")
