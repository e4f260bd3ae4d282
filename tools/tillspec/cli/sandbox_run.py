"""`tillspec sandbox run`: a command beside a sandbox that lives as long as it."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from tillspec.cli.sandbox_told import fail
from tillspec.cli.told import tell_missing

PROFILE_VARIABLE = "TILLSPEC_SANDBOX_PROFILE"


@click.command(
    "run",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="""\b
Examples:
  tillspec sandbox run -- npm test
  tillspec sandbox run --seed 1 -- sh -c 'tillspec verify --url "$TILLSPEC_SANDBOX_URL" --profile "$TILLSPEC_SANDBOX_PROFILE"'
""",
)
@click.option("--seed", metavar="TEXT", help="The same seed gives the same keys and ids in every run.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(seed: str | None, command: tuple[str, ...]) -> None:
    """Start a sandbox on a free port, run COMMAND, and end the sandbox again.

    The command finds its URL in TILLSPEC_SANDBOX_URL, the secret of its control plane in TILLSPEC_SANDBOX_SECRET, and in
    TILLSPEC_SANDBOX_PROFILE the file of a profile for tillspec verify. Exits with the command's status.
    """
    try:
        status = _run(seed, command)
    except ModuleNotFoundError as error:
        tell_missing(error, "sandbox", "nothing was run", extras="sandbox")
    sys.exit(status)


def _run(seed: str | None, command: tuple[str, ...]) -> int:
    from tillspec.cli.sandbox_control import SECRET_VARIABLE, URL_VARIABLE
    from tillspec.sandbox.control.client import ControlClient
    from tillspec.sandbox.starting import NotStarted, started
    from tillspec.sandbox.verify_profile import profile
    from tillspec.write.whole import put, scratch

    with scratch() as folder:
        try:
            with started(folder, ("--seed", seed) if seed else ()) as (url, secret):
                with ControlClient(url, secret) as control:
                    text = profile(control.call("GET", "/merchants")["merchants"], secret)
                variables = {URL_VARIABLE: url, SECRET_VARIABLE: secret, PROFILE_VARIABLE: str(folder / "profile.toml")}
                put(folder / "profile.toml", text, private=True)
                return subprocess.run(command, env=os.environ | variables, check=False).returncode  # noqa: S603  # as it was given
        except NotStarted as error:
            fail(str(error), "Nothing was run.")
        except OSError as error:
            fail(f"{command[0]} cannot be run: {error.strerror or error}", "Nothing was run.")
