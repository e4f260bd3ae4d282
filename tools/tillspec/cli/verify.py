"""`tillspec verify`: a live server, held to its contract."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tillspec.cli import options
from tillspec.cli.configured import VERIFYING, configured
from tillspec.cli.told import print_diagnostics, tell_missing

if TYPE_CHECKING:
    from tillspec.verify.baseline import Baseline
    from tillspec.verify.profile import Profile
    from tillspec.verify.reports.outcome import Outcome
    from tillspec.verify.run import Run
    from tillspec.verify.verification import Verification
    from tillspec.verify.wire import Origin

NOT_VERIFIED = "nothing was verified"
_FILE = click.Path(path_type=Path, dir_okay=False)
_NARROWEST, _ENDLESS = 80, 10_000
_FORMATS = ("junit", "sarif", "json", "html")
_STYLES: dict[str, dict[str, Any]] = {
    "bad": {"fg": "red", "bold": True}, "warn": {"fg": "yellow"}, "good": {"fg": "green", "bold": True}, "dim": {"dim": True},
    "strong": {"bold": True},
}  # fmt: skip


class _Shard(click.ParamType):  # type: ignore[type-arg]  # older releases of click have no parameter
    name = "i/n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        number, _, of = str(value).partition("/")
        if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
            self.fail(f"{value!r} is no shard; the second of three is 2/3", param, ctx)
        return int(number), int(of)


@click.group(
    invoke_without_command=True,
    subcommand_metavar="[init]",
    short_help="Prove a live server against its contract.",
    epilog="""\b
Examples:
  tillspec verify init --url http://127.0.0.1:8080       write a profile to fill in
  tillspec verify --url http://127.0.0.1:8080 --profile verify.toml
  tillspec verify --url https://api.example --safe       only what reads, for production
  tillspec verify --url … --junit verify.xml --html verify.html

\b
Exit status:
  0  the server conforms: no MUST is broken that no baseline accepts
  1  it deviates: a MUST is broken
  2  it could not be said: no server, no credentials, no time, a file is broken
""",
)
@click.option("--url", metavar="URL", envvar="TILLSPEC_VERIFY_URL", show_envvar=True,
              help="Where the server is, with the path that the API is below.")  # fmt: skip
@click.option(
    "--spec", type=click.Path(path_type=Path), default=Path("spec/openapi.yaml"), show_default=True, help="The contract."
)
@click.option("--profile", "profile_file", type=_FILE, metavar="FILE",
              help="Credentials, ids, and whatever else the contract cannot say; verify init writes one.")  # fmt: skip
@click.option("--surface", "surfaces", multiple=True, metavar="NAME", help="Only this surface (may be repeated).")
@click.option("--only", multiple=True, metavar="NAME", help="Only this operation: its id, path, or tag (may be repeated).")
@click.option("--max-time", type=click.FloatRange(min=1), metavar="SECONDS",
              help="Stop after so many seconds; what is left is told, with exit status 2.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="The same seed sends the same requests.")
@click.option("--workers", type=click.IntRange(1, 64), default=8, show_default=True, metavar="N",
              help="How many requests at once.")  # fmt: skip
@click.option("--shard", type=_Shard(), default="1/1", metavar="I/N",
              help="Only the Ith of N parts, to spread a run over machines.")  # fmt: skip
@click.option("--safe", is_flag=True, help="Send only what reads: GET, HEAD and OPTIONS.")
@click.option("--baseline", "baseline_file", type=_FILE, metavar="FILE",
              help="Findings that are accepted for a while, each with a reason.")  # fmt: skip
@click.option("--write-baseline", type=_FILE, metavar="FILE", help="Write a baseline of every MUST that was found, to fill in.")
@click.option("--junit", type=_FILE, metavar="FILE", help="Write JUnit's XML.")
@click.option("--sarif", type=_FILE, metavar="FILE", help="Write SARIF 2.1.0.")
@click.option("--json", type=_FILE, metavar="FILE", help="Write all as JSON.")
@click.option("--html", type=_FILE, metavar="FILE", help="Write one page of HTML, with the coverage matrix.")
@click.option("--github", is_flag=True, help="Print annotations for GitHub's workflows as well.")
@click.option("--verbose", "-v", is_flag=True, help="Print findings of INFO in full as well, and not in a line each.")
@click.option("--no-random", is_flag=True, help="Leave the random engine out, to be done sooner.")
@options.allow
@options.overlay
@click.pass_context
def verify(context: click.Context, /, **given: Any) -> None:
    """Prove the server at URL against its contract, whatever it is written in.

    Two engines send requests that the contract allows, and requests that it forbids, and hold every answer to the contract: one
    that derives them from each clause, and one that makes them at random. What could not be tested is told, with the reason.
    Nothing is sent but to the URL. The server's data is changed, so give a test system, or --safe.

    A finding is a MUST, with which the server deviates, a SHOULD, or INFO, which a person should look at.
    """
    if context.invoked_subcommand is not None:
        return
    from tillspec.diagnostics import Refused

    try:
        given = configured(context, given, VERIFYING, NOT_VERIFIED, status=2)
    except ModuleNotFoundError as error:
        tell_missing(error, "verify", NOT_VERIFIED, status=2, extras="verify")
    if given["url"] is None:
        raise click.UsageError("name the server with --url, such as --url http://127.0.0.1:8080")
    files = {name: path for name in _FORMATS if (path := given.pop(name)) is not None}
    given["spec"] = spec = near(given["spec"])
    written = given.pop("write_baseline")
    github, verbose = given.pop("github"), given.pop("verbose")
    baseline = _baseline_of(given.pop("baseline_file"))
    gc.disable()  # what is read stays, and is large
    try:
        made = _outcome(_verified(**given), str(spec), baseline)
    except ModuleNotFoundError as error:
        tell_missing(error, "verify", NOT_VERIFIED, status=2, extras="verify")
    except Refused as refused:
        print_diagnostics(refused.diagnostics)
        click.secho(NOT_VERIFIED, fg="red", bold=True, err=True)
        sys.exit(2)
    except ValueError as error:
        _refuse_name(error)
    finally:
        gc.enable()
    _write(made, files, written, baseline)
    _tell(made, github=github, verbose=verbose)
    sys.exit(made.exit)


def _verified(
    *, url: str, spec: Path, profile_file: Path | None, allowed: tuple[str, ...], overlays: tuple[Path, ...], **given: Any
) -> Verification:
    from tillspec.diagnostics import Report
    from tillspec.pipeline import read
    from tillspec.verify.advice import unknown_names
    from tillspec.verify.run import Options
    from tillspec.verify.verification import verify as run

    origin, profile = origin_of(url), profile_of(profile_file)
    with _watched() as progress:
        report = Report()
        bundle, api = read(spec, frozenset(), allowed, report, tuple(map(near, overlays)))
        for told in unknown_names(profile, api):
            click.secho(f"warning: {profile_file}: {told}", fg="yellow", err=True)
        asked = Options(deadline=given.pop("max_time"), random=not given.pop("no_random"), **given)
        return run(bundle, api, origin, profile, asked, progress)


def near(path: Path) -> Path:
    """A path from here, where it leads below: what reads SARIF and annotations finds files in a checkout, whatever its place."""
    return path.relative_to(Path.cwd()) if path.is_absolute() and path.is_relative_to(Path.cwd()) else path


def origin_of(url: str) -> Origin:
    """The origin that a URL names.

    Raises:
        click.BadParameter: it is none.
    """
    from tillspec.verify.wire import BadOrigin, Origin

    try:
        return Origin.of(url)
    except BadOrigin as error:
        raise click.BadParameter(str(error), param_hint="--url") from None


def profile_of(path: Path | None) -> Profile:
    """The profile in a file; an empty one without a file. Leaves with status 2 where it cannot be used."""
    from tillspec.verify.profile import BadProfile, Profile, read

    if path is None:
        return Profile()
    try:
        return read(path.read_text(encoding="utf-8"))
    except BadProfile as error:
        _refuse(path, error, error.hint)
    except (OSError, UnicodeDecodeError) as error:
        _refuse(path, error, "write one with tillspec verify init --url URL")


@contextmanager
def _watched() -> Iterator[Callable[[str, Run], None]]:
    """Say what is being done: on a terminal in one line that changes, else every few seconds."""
    import time

    if sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True).status("reading the contract") as status:
            yield lambda step, run: status.update(_progress(step, run))
        return
    said = time.monotonic()

    def told(step: str, run: Run) -> None:
        nonlocal said
        if time.monotonic() - said > 5:
            said = time.monotonic()
            click.echo(_progress(step, run), err=True)

    yield told


def _progress(step: str, run: Run) -> str:
    found = len(run.ledger.found)
    return f"{run.wire.sent} requests, {found} finding{'s' * (found != 1)}: {step}"


def _baseline_of(path: Path | None) -> Baseline | None:
    """The baseline in a file. Leaves with status 2 where it cannot be used."""
    from tillspec.toml import Mistake
    from tillspec.verify.baseline import read

    try:
        return read(path.read_text(encoding="utf-8")) if path is not None else None
    except Mistake as error:
        _refuse(path, error, error.hint)
    except (OSError, UnicodeDecodeError) as error:
        _refuse(path, error, "write one with --write-baseline")


def _refuse(path: Path | None, error: Exception, hint: str) -> NoReturn:
    """Say what is wrong with a file, and where, and leave."""
    if isinstance(error, OSError | UnicodeError):
        told = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
    else:
        place = [getattr(error, name, None) for name in ("line", "column")]
        told = ":".join([str(path), *(str(number) for number in place if number)]) + f": {error}"
    click.secho(f"error: {told}", fg="red", bold=True, err=True)
    if hint:
        click.echo(f"  hint: {hint}", err=True)
    click.secho(NOT_VERIFIED, fg="red", bold=True, err=True)
    sys.exit(2)


def _refuse_name(error: ValueError) -> NoReturn:
    """Say that what was asked for is not there, and leave."""
    from tillspec.verify.run import UnknownName

    if not isinstance(error, UnknownName):
        raise error
    click.secho(f"error: {error}", fg="red", bold=True, err=True)
    click.echo(f"  hint: {error.hint}", err=True)
    click.secho(NOT_VERIFIED, fg="red", bold=True, err=True)
    sys.exit(2)


def _outcome(made: Verification, spec: str, baseline: Baseline | None) -> Outcome:
    from tillspec.verify.reports.outcome import outcome

    return outcome(made, spec, baseline)


def _write(made: Outcome, files: dict[str, Path], written: Path | None, baseline: Baseline | None) -> None:
    """Write what was asked for. Leaves with status 2 where a file cannot be written."""
    from tillspec.verify.baseline import Baseline
    from tillspec.verify.baseline import written as baseline_text
    from tillspec.verify.reports.annotations import as_sarif
    from tillspec.verify.reports.as_json import as_json
    from tillspec.verify.reports.junit import as_junit
    from tillspec.verify.reports.page import as_html
    from tillspec.write.whole import put

    makers = {"junit": as_junit, "sarif": as_sarif, "json": as_json, "html": as_html}
    try:
        for name, path in files.items():
            put(path, makers[name](made))
        if written is not None:
            put(written, baseline_text([found.group for found in made.found], baseline or Baseline()))
    except OSError as error:
        click.secho(f"error: {error.filename} cannot be written: {error.strerror}", fg="red", bold=True, err=True)
        sys.exit(2)


def _tell(made: Outcome, *, github: bool, verbose: bool) -> None:
    """Print what was found. What goes to no terminal keeps to lines that can be searched, however long they are."""
    from tillspec.verify.reports.annotations import as_github
    from tillspec.verify.reports.people import lines

    for line in as_github(made) if github else ():
        click.echo(line)
    width = max(_NARROWEST, get_terminal_size(fallback=(_ENDLESS, 24)).columns)
    for spans in lines(made, verbose=verbose, width=width):
        click.echo("".join(click.style(text, **_STYLES[style]) if style else text for style, text in spans))
