"""What the control page shows, in the words and forms of people."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection

from tillspec.sandbox import clock, faults, masks, merchants, money, outbox, sessions, spans, traffic
from tillspec.sandbox import delivery_overrides as overrides
from tillspec.sandbox.checkouts import KINDS, status_of
from tillspec.sandbox.faults import Fault
from tillspec.sandbox.outbox import Delivery
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.state import State

if TYPE_CHECKING:
    from markupsafe import Markup

SESSIONS: Final = 50
REQUESTS: Final = 100
WEBHOOKS: Final = 50

_TONES: Final[Mapping[str, str]] = {
    "completed": "good", "succeeded": "good", "delivered": "good", "failed": "bad", "ended": "bad", "expired": "off",
    "canceled": "off", "cancelled": "off", "dropped": "off", "authentication_required": "wait", "sending": "wait",
    "authorized": "good", "declined": "bad", "payment_initiated": "wait",
}  # fmt: skip
_SURFACES: Final = {"Vinr": "VINR", "Gr4vy": "Gr4vy", "Dintero": "Dintero", "Diddo": "Diddo"}
_TOKEN: Final = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b')


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All that is shown at once, as it is at one time (microseconds)."""

    now: int
    frozen: bool
    limit: str | None
    sessions: list[Session]
    requests: list[dict[str, Any]]
    webhooks: list[Delivery]
    faults: list[Fault]
    merchants: tuple[merchants.Merchant, ...]
    held: frozenset[str]


def board(connection: Connection, state: State) -> Board:
    """Reads it."""
    limit = state.switches.rate_limit
    return Board(
        now=state.now(),
        frozen=state.frozen is not None,
        limit=f"{limit.requests}/{spans.shown(limit.per)}" if limit is not None else None,
        sessions=sessions.newest(connection, SESSIONS),
        requests=traffic.newest(connection, REQUESTS),
        webhooks=outbox.listed(connection, most=WEBHOOKS),
        faults=faults.listed(connection),
        merchants=merchants.read(connection).merchants,
        held=frozenset(overrides.held(connection)),
    )


# -- what templates ask for -------------------------------------------------------------------------------------------------


def tone(status: str | int | None) -> str:
    """How a status looks: of a session, a delivery, or an answer."""
    if isinstance(status, int):
        return "good" if status < 300 else "off" if status < 400 else "warn" if status < 500 else "bad"
    return "bad" if status is None else _TONES.get(status.lower(), "open")


def words(status: str) -> str:
    """A state as people say it."""
    return status.replace("_", " ").lower()


def status(session: Session, now: int) -> str:
    """Where a session stands."""
    return status_of(session, now)


def surface(kind: str) -> str:
    """The surface of a kind of object."""
    return next((name for start, name in _SURFACES.items() if kind.startswith(start)), kind)


def amount(session: Session) -> str:
    """The amount of a session."""
    if session.amount is None or session.currency is None:
        return ""
    return money.display(session.amount, session.currency)


def name(session: Session) -> str:
    """The id of a session; of one whose id is a secret, its beginning."""
    return f"{session.id[:8]}…" if session.kind in masks.SECRET_IDS else session.id


def outcomes(session: Session, now: int) -> tuple[str, ...]:
    """What may still become of it."""
    settled = KINDS.get(session.kind)
    return settled.allowed(session, now) if settled is not None else ()


def checkout_url(session: Session, base_url: str, now: int) -> str | None:
    """Where its hosted page is, as long as it has one."""
    settled = KINDS.get(session.kind)
    return settled.url(base_url, session.id) if settled is not None and not session.is_gone(now) else None


def time(at: int | None, now: int) -> str:
    """A time of day, in UTC; with the day where it is another one."""
    if at is None:
        return ""
    moment = clock.moment(at)
    return moment.strftime("%H:%M:%S" if moment.date() == clock.moment(now).date() else "%Y-%m-%d %H:%M:%S")


def stamp(at: int | None) -> str:
    """A time in full."""
    return clock.moment(at).strftime("%Y-%m-%d %H:%M:%S.%f UTC") if at is not None else ""


def left(at: int | None, now: int) -> str:
    """How long it is until a time."""
    if at is None or at <= now:
        return ""
    minutes, seconds = divmod((at - now) // clock.SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def duration(micros: int) -> str:
    """How long something took."""
    if micros < 10_000:
        return f"{micros / 1000:.1f} ms"
    return f"{micros // 1000} ms" if micros < 10_000_000 else f"{micros / 1_000_000:.1f} s"


def pretty(text: str | None) -> Markup:
    """A body as one reads it: JSON on lines of its own, its parts told apart by colour."""
    from markupsafe import Markup, escape

    try:
        plain = json.dumps(json.loads(text or ""), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return escape(text or "")
    parts, end = [], 0
    for found in _TOKEN.finditer(plain):
        kind = "key" if found[2] else "text" if found[1] else "number" if found[3] else "word"
        value = found[1] or found[3] or found[4]
        parts.append(escape(plain[end : found.start()]) + Markup('<span class="j-{}">{}</span>').format(kind, value))
        parts.append(escape(found[2] or ""))
        end = found.end()
    return Markup("").join([*parts, escape(plain[end:])])


_NOT_SENT: Final = ("host", "content-length", "connection", "accept-encoding", "user-agent", "accept")


def curl(found: Mapping[str, Any], base_url: str) -> str:
    """A request as one pastes it into a shell. Secrets in it are masked, and have to be put in again."""
    parts = [f"curl {shlex.quote(base_url + found['target'])}"]
    if found["method"] not in ("GET", "POST") or (found["method"] == "POST" and not found["request"]["body"]):
        parts.append(f"-X {shlex.quote(found['method'])}")
    for header, value in found["request"]["headers"]:
        if header.lower() not in _NOT_SENT:
            parts.append(f"-H {shlex.quote(f'{header}: {value}')}")
    if found["request"]["body"]:
        parts.append(f"--data-raw {shlex.quote(found['request']['body'])}")
    return " \\\n  ".join(parts)


def message(delivery: Delivery) -> tuple[Delivery, str]:
    """A delivery and its body, secrets masked."""
    mask = masks.Mask(None)
    body = mask.body(delivery.body.decode("utf-8", "replace"), json_like=True)
    headers = {each: mask.header(each, value) for each, value in delivery.headers.items()}
    return replace(delivery, headers=headers), mask.text(body)
