"""What becomes of sessions, by the kind of object: who shows and settles them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from checkout_api._runtime.behavior import Lifecycle
from tillspec.sandbox import sessions
from tillspec.sandbox.hosted import Checkout, Outcome
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.surfaces import diddo_checkout, dintero_checkout, dintero_sessions, vinr, vinr_checkout

OUTCOMES: Final[tuple[Outcome, ...]] = ("complete", "fail", "challenge", "cancel", "expire")


@dataclass(frozen=True, slots=True)
class Settled:
    """A kind of object whose sessions are settled: by whom, and which state each outcome comes to.

    `url` gives the hosted page of a session, out of where the pages are and its id. Where the contract declares no lifecycle,
    `lifecycle` is there, and `cause` tells the status.
    """

    checkout: Checkout
    states: Mapping[Outcome, str]
    url: Callable[[str, str], str]
    lifecycle: Lifecycle | None = None
    cause: Callable[[Session, int], str | None] | None = None

    def allowed(self, session: Session, now: int) -> tuple[Outcome, ...]:
        """The outcomes that are still possible."""
        lifecycle = self.lifecycle or sessions.LIFECYCLES[session.kind]
        status = session.status_at(now)
        if session.is_over(now) or lifecycle.is_terminal(status):
            return ()
        return tuple(each for each in OUTCOMES if self._comes(lifecycle, session, status, self.states[each]))

    def _comes(self, lifecycle: Lifecycle, session: Session, status: str, to: str) -> bool:
        if to == status:  # a challenge that has no state of its own
            return session.data.get("challenge") is False
        return to not in lifecycle.states or _leads(lifecycle, status, to)


def _leads(lifecycle: Lifecycle, status: str, to: str) -> bool:
    """Whether moves lead from one state to another."""
    found: set[str] = set()
    new = [status]
    while new:
        new = [each for state in new for each in lifecycle.moves.get(state, ()) if each not in found]
        found.update(new)
    return to in found


KINDS: Final[Mapping[str, Settled]] = {
    found.checkout.kind: found
    for found in (
        Settled(vinr_checkout.VinrCheckout(), vinr_checkout.MOVES, vinr.url_of),
        Settled(
            dintero_checkout.DinteroCheckout(),
            dintero_checkout.MOVES,
            vinr.url_of,
            dintero_checkout.LIFECYCLE,
            dintero_sessions.cause,
        ),
        Settled(diddo_checkout.DiddoCheckout(), diddo_checkout.MOVES, diddo_checkout.url_of),
    )
}
"""By the contract's name of the object. What is not here has no outcome that anybody chooses."""


def status_of(session: Session, now: int) -> str:
    """Where a session stands, also where the contract has no word for it."""
    settled = KINDS.get(session.kind)
    if settled is not None and settled.cause is not None:
        return settled.cause(session, now) or session.status
    status = session.status_at(now)
    return "expired" if status == session.status and session.is_over(now) else status
