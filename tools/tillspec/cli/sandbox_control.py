"""What is said to a sandbox that runs: each command asks its control plane."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from urllib.parse import quote

import click

from tillspec.cli.sandbox_told import fail, merchant, printable
from tillspec.cli.told import tell_missing

if TYPE_CHECKING:
    from tillspec.sandbox.control.client import ControlClient

COMMANDS: list[click.Command] = []
URL = "http://127.0.0.1:8787"
URL_VARIABLE = "TILLSPEC_SANDBOX_URL"
SECRET_VARIABLE = "TILLSPEC_SANDBOX_SECRET"
_DATABASE = "tillspec-sandbox.db"

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def _command(name: str, group: click.Group | None = None) -> Callable[[CommandT], click.Command]:
    """A command that is handed the control plane, and whose answer is printed: its text, or with `--json` all of it."""

    def decorate(work: CommandT) -> click.Command:
        @click.option("--url", default=URL, show_default=True, envvar=URL_VARIABLE, show_envvar=True, help="Where it is.")
        @click.option(
            "--secret",
            envvar=SECRET_VARIABLE,
            show_envvar=True,
            help="The control secret, as the sandbox printed it. Without it, it is read from the database.",
        )
        @click.option("--database", default=_DATABASE, show_default=True, help="The sandbox's database, for its secret.")
        @click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
        @wraps(work)
        def run(*, url: str, secret: str | None, database: str, as_json: bool, **given: Any) -> None:
            try:
                _run(work, (url, secret, database), as_json=as_json, **given)
            except ModuleNotFoundError as error:
                tell_missing(error, "sandbox", "nothing was done", extras="sandbox")

        made: click.Command = click.command(name)(run)
        if group is None:
            COMMANDS.append(made)
        else:
            group.add_command(made)
        return made

    return decorate


def _run(work: Callable[..., Any], where: tuple[str, str | None, str], *, as_json: bool, **given: Any) -> None:
    from tillspec.sandbox.control.client import ControlClient, NotDone, find_secret

    url, secret, database = where
    try:
        with ControlClient(url, secret or find_secret(database)) as control:
            told, text = work(control, **given)
    except NotDone as error:
        hint = error.hint
        if error.code == "secret_required":
            hint = f"Name it with --secret, or the database of the sandbox at {url} with --database."
        fail(printable(str(error).rstrip(".")), printable(hint), status=1)
    click.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else text)


Told = tuple[Any, str]
"""The answer, and what is said of it."""


# -- the clock -------------------------------------------------------------------------------------------------------------


def _clock(told: dict[str, Any]) -> Told:
    return told, f"The clock {'stands still at' if told['frozen'] else 'runs; it is'} {told['now']}"


@_command("clock")
@click.argument("time", required=False)
def clock(control: ControlClient, time: str | None) -> Told:
    """Tell the time, or set it to a TIME to come such as 2030-01-01T00:00:00Z."""
    return _clock(control.call("PUT", "/clock", {"now": time}) if time else control.call("GET", "/clock"))


@_command("advance")
@click.argument("span")
def advance(control: ControlClient, span: str) -> Told:
    """Move the clock on by a SPAN, such as 5m, 1h30m or PT5M."""
    return _clock(control.call("POST", "/clock/advance", {"by": span}))


@_command("freeze")
@click.option("--at", metavar="TIME", help="A time to come, such as 2030-01-01T00:00:00Z.")
def freeze(control: ControlClient, at: str | None) -> Told:
    """Stop the clock."""
    return _clock(control.call("POST", "/clock/freeze", {"at": at}))


@_command("unfreeze")
def unfreeze(control: ControlClient) -> Told:
    """Let the clock run on from where it stands."""
    return _clock(control.call("POST", "/clock/unfreeze", {}))


# -- sessions --------------------------------------------------------------------------------------------------------------


def _session(told: dict[str, Any]) -> str:
    amount = f"{told['amount']} {told['currency']}" if told["amount"] is not None else "-"
    return printable(f"{told['id']:<38} {told['kind']:<20} {told['merchant']:<10} {amount:>14}  {told['status']}")


@_command("sessions")
@click.option("--merchant", help="Of this merchant alone.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, the newest first.")
def sessions(control: ControlClient, merchant: str | None, limit: int) -> Told:
    """List sessions."""
    told = control.call("GET", "/sessions", merchant=merchant, limit=limit)
    return told, "\n".join(map(_session, told["sessions"])) or "There are no sessions."


@_command("outcome")
@click.argument("session")
@click.argument("outcome", type=click.Choice(["complete", "fail", "challenge", "cancel", "expire"]))
@click.option("--reason", default="", help="The code of why it failed.")
@click.option("--option", metavar="ID", help="The way of delivery that the buyer chooses before.")
@click.option("--promo-code", metavar="CODE", help="The promo code that the buyer enters before.")
@click.option("--currency", metavar="CODE", help="The currency that the buyer chooses before.")
def outcome(control: ControlClient, session: str, outcome: str, reason: str, **chosen: str | None) -> Told:
    """Decide what becomes of a SESSION. A challenge is one of 3-D Secure."""
    path = f"/sessions/{quote(session, safe='')}/outcome"
    choices = {name: value for name, value in chosen.items() if value is not None} or None
    told = control.call("POST", path, {"outcome": outcome, "reason": reason, "choices": choices})
    return told, printable(f"{told['id']} is {told['status']}")


# -- faults and limits -----------------------------------------------------------------------------------------------------


def _fault(told: dict[str, Any]) -> str:
    where = told["operation"] or "any operation"
    whose = f" of {told['merchant']}" if told["merchant"] else ""
    span = f", {told['span']}" if told["span"] else ""
    after = ", after it was carried out" if told["carried_out"] else ""
    return printable(f"{told['id']:>3}  {told['fault']}{span}{after}: {where}{whose}, {told['remaining']} times more")


@_command("fault")
@click.argument("kind", type=click.Choice(["429", "500", "502", "503", "504", "timeout", "disconnect", "slow"]))
@click.option("--operation", metavar="ID", help="For this operation alone, such as createVinrSession.")
@click.option("--merchant", help="For this merchant alone.")
@click.option("--times", type=click.IntRange(1, 1_000_000), default=1, show_default=True, help="How often.")
@click.option("--span", help="How late (slow), for how long (timeout), or what Retry-After says (429, 503); real time.")
@click.option("--carried-out", is_flag=True, help="The operation does its work, and its answer is lost (timeout, disconnect).")
def fault(control: ControlClient, kind: str, **given: Any) -> Told:
    """Have the next request fail in this way."""
    told = control.call("POST", "/faults", {"fault": kind, **given})
    return told, _fault(told)


@_command("faults")
@click.option("--clear", is_flag=True, help="Take all of them back.")
def faults(control: ControlClient, clear: bool) -> Told:
    """List faults that are still to happen."""
    if clear:
        told = control.call("DELETE", "/faults")
        return told, f"{told['removed']} taken back."
    told = control.call("GET", "/faults")
    return told, "\n".join(map(_fault, told["faults"])) or "Nothing is to go wrong."


def limit_of(text: str) -> tuple[int, timedelta]:
    """How many requests, and in which window, as it is written.

    Raises:
        click.BadParameter: it is not `100/1m`, or out of all proportion.
    """
    from tillspec.sandbox.spans import BadSpan, exact

    count, _, span = text.partition("/")
    try:
        per = exact(span)
    except BadSpan:
        per = timedelta()
    if not (count.isascii() and count.isdigit() and 1 <= int(count[:9]) <= 1_000_000 and len(count) <= 7):
        per = timedelta()
    if not timedelta(seconds=1) <= per <= timedelta(days=1):
        raise click.BadParameter(f"{text!r} is not of the form 100/1m; windows last from 1s to 1d", param_hint="limit")
    return int(count), per


@_command("limit")
@click.argument("limit", required=False)
def limit(control: ControlClient, limit: str | None) -> Told:
    """Tell the rate limit, or set it to a LIMIT such as 100/1m, or switch it off."""
    if limit == "off":
        told = control.call("DELETE", "/rate-limit")
    elif limit is not None:
        told = control.call("PUT", "/rate-limit", {"requests": limit_of(limit)[0], "per": limit.partition("/")[2]})
    else:
        told = control.call("GET", "/rate-limit")
    return told, f"{told['requests']} requests per {told['per']}" if told["on"] else "Nothing is limited."


# -- webhooks --------------------------------------------------------------------------------------------------------------


@click.group("webhooks", invoke_without_command=True, subcommand_metavar="[COMMAND]")
@click.pass_context
def webhooks(context: click.Context, /) -> None:
    """List what merchants are told, or send it again, twice, later, in another order, or never."""
    if context.invoked_subcommand is None:
        list_webhooks.invoke(list_webhooks.make_context("list", [], parent=context))


def _webhook(told: dict[str, Any]) -> str:
    last = told["status"] or told["error"] or ""
    what = f"{told['id']:<27} {told['operation']:<26} {told['session']:<27} {told['state']:<9}"
    return printable(f"{what} {told['tries']} tries  {last}".rstrip())


@_command("list", webhooks)
@click.option("--merchant", help="Of this merchant alone.")
@click.option("--session", help="About this session alone.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, the newest first.")
def list_webhooks(control: ControlClient, **wanted: Any) -> Told:
    """List deliveries."""
    told = control.call("GET", "/webhooks", **wanted)
    held = [f"What is for {one} is kept back." for one in told["held"]]
    return told, "\n".join([*map(_webhook, told["webhooks"]), *map(printable, held)]) or "Nobody was told anything."


def _acting(name: str, says: str, help_text: str) -> None:
    """A command that does one thing to a delivery."""

    @_command(name, webhooks)
    @click.argument("webhook")
    def act(control: ControlClient, webhook: str) -> Told:
        told = control.call("POST", f"/webhooks/{quote(webhook, safe='')}/{name}", {})
        return told, printable(f"{told['id']} {says}")

    act.help = help_text


_acting("resend", "is sent now", "Send a delivery now, whatever became of it.")
_acting("duplicate", "tells the same once more", "Send the same event a second time.")
_acting("drop", "is not sent any more", "Never send a delivery, or not again.")


@_command("delay", webhooks)
@click.argument("webhook")
@click.argument("span")
def delay(control: ControlClient, webhook: str, span: str) -> Told:
    """Put the next try of a delivery off by a SPAN of the sandbox's clock."""
    told = control.call("POST", f"/webhooks/{quote(webhook, safe='')}/delay", {"by": span})
    return told, printable(f"{told['id']} is sent at {told['due_at']}")


@_command("reorder", webhooks)
@click.argument("ids", nargs=-1, required=True)
def reorder(control: ControlClient, ids: tuple[str, ...]) -> Told:
    """Send deliveries in the order of these IDS; hold them back before."""
    told = control.call("POST", "/webhooks/reorder", {"ids": list(ids)})
    return told, "\n".join(map(_webhook, told["webhooks"]))


@_command("hold", webhooks)
@click.argument("merchant")
def hold(control: ControlClient, merchant: str) -> Told:
    """Keep back all that is for a MERCHANT."""
    told = control.call("POST", f"/merchants/{quote(merchant, safe='')}/hold", {})
    return told, printable(f"What is for {merchant} is kept back.")


@_command("release", webhooks)
@click.argument("merchant")
def release(control: ControlClient, merchant: str) -> Told:
    """Send what was kept back for a MERCHANT."""
    told = control.call("POST", f"/merchants/{quote(merchant, safe='')}/release", {})
    return told, printable(f"{merchant} is told again.")


@_command("address", webhooks)
@click.argument("merchant")
@click.argument("surface", type=click.Choice(["vinr", "diddo"]))
@click.argument("to", metavar="URL")
@click.option("--signing-secret", help="What deliveries are signed with; without it, it stays the same.")
def address(control: ControlClient, merchant: str, surface: str, to: str, signing_secret: str | None) -> Told:
    """Tell a MERCHANT at a URL from now on; off: nowhere."""
    asked = {"surface": surface, "url": None if to == "off" else to, "secret": signing_secret}
    told = control.call("PUT", f"/merchants/{quote(merchant, safe='')}/webhook", asked)
    where = f"at {told['url']}, signed with {told['secret']}" if told["url"] else "nowhere"
    return told, printable(f"{merchant} is told {where}")


COMMANDS.append(webhooks)


# -- the whole -------------------------------------------------------------------------------------------------------------


@_command("reset")
@click.option("--seed-data", type=click.File("rb"), metavar="FILE", help="JSON of merchants, in place of those of the start.")
@click.option("--freeze-clock/--run-clock", default=None, help="Whether the clock stands still from now on.")
def reset(control: ControlClient, seed_data: BinaryIO | None, freeze_clock: bool | None) -> Told:
    """Empty it; it holds then what it was started with."""
    data = _json_of(seed_data) if seed_data is not None else None
    told = control.call("POST", "/reset", {"seed_data": data, "freeze": freeze_clock})
    return told, f"The sandbox is as new, with the merchants {printable(', '.join(told['merchants']))}."


@_command("export")
@click.argument("file", type=click.Path())
def export(control: ControlClient, file: str) -> Told:
    """Write all that it holds to a FILE (- for standard output). The keys of its merchants are in it."""
    told = control.call("GET", "/state")
    with click.open_file(file, "w", encoding="utf-8", atomic=file != "-") as opened:
        opened.write(json.dumps(told, ensure_ascii=False) + "\n")
    rows = sum(len(found) for found in told["tables"].values())
    return {"rows": rows}, f"{rows} rows were written to {printable(file)}." if file != "-" else ""


@_command("import")
@click.argument("file", type=click.File("rb"))
def import_(control: ControlClient, file: BinaryIO) -> Told:
    """Put what was exported to a FILE (- for standard input) in place of all that it holds."""
    told = control.call("PUT", "/state", _json_of(file))
    return told, f"{sum(told['imported'].values())} rows were imported."


def _json_of(file: BinaryIO) -> Any:
    try:
        found = json.loads(file.read())
    except (ValueError, RecursionError) as error:
        fail(f"{printable(file.name)} is no JSON: {error}", "Nothing was changed.")
    if not isinstance(found, dict):
        fail(f"{printable(file.name)} holds no JSON object", "Nothing was changed.")
    return found


# -- merchants -------------------------------------------------------------------------------------------------------------


@_command("keys")
def keys(control: ControlClient) -> Told:
    """Print the merchants, with their keys, orders and carts."""
    told = control.call("GET", "/merchants")
    return told, "\n\n".join(map(merchant, told["merchants"]))


@_command("token")
@click.argument("merchant")
@click.argument("surface", type=click.Choice(["gr4vy", "dintero"]))
@click.option("--scope", "scopes", multiple=True, help="Gr4vy: what it may do; all, if nothing is said.")
@click.option("--lasts", metavar="SPAN", help="Gr4vy: for how long, by the sandbox's clock; 1h, if nothing is said.")
def token(control: ControlClient, merchant: str, surface: str, scopes: tuple[str, ...], lasts: str | None) -> Told:
    """Print a bearer token of a MERCHANT for a SURFACE."""
    if surface == "gr4vy":
        asked = {"merchant": merchant, "scopes": list(scopes) or None, "lasts": lasts or "1h"}
        told = control.call("POST", "/tokens", asked)
        return told, str(told["token"])
    if scopes or lasts is not None:
        raise click.UsageError("--scope and --lasts are for gr4vy; what a token of Dintero may do follows from its client.")
    found = [one for one in control.call("GET", "/merchants")["merchants"] if one["id"] == merchant]
    if not found:
        fail(f"no merchant is called {printable(merchant)}", "See: tillspec sandbox keys")
    made = control.dintero_token(found[0])
    return {"token": made}, made


@_command("profile")
def profile(control: ControlClient) -> Told:
    """Print the profile with which tillspec verify proves this sandbox. It has secrets in it."""
    from tillspec.sandbox.verify_profile import profile as text

    told = control.call("GET", "/merchants")
    made = text(told["merchants"], control.secret)
    return {"profile": made}, made
