"""What becomes of sessions, by the kind of object: who shows and settles them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from checkout_api._runtime.behavior import Lifecycle
from tillspec.sandbox import sessions
from tillspec.sandbox.hosted import Checkout, Outcome
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.surfaces import diddo_checkout, vinr_checkout

OUTCOMES: Final[tuple[Outcome, ...]] = ("complete", "fail", "challenge", "cancel", "expire")


@dataclass(frozen=True, slots=True)
class Settled:
    """A kind of object whose sessions are settled: by whom, and which state each outcome comes to."""

    checkout: Checkout
    states: Mapping[Outcome, str]

    def allowed(self, session: Session, now: int) -> tuple[Outcome, ...]:
        """The outcomes that are still possible."""
        lifecycle = sessions.LIFECYCLES[session.kind]
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
    vinr_checkout.VinrCheckout.kind: Settled(vinr_checkout.VinrCheckout(), vinr_checkout.MOVES),
    diddo_checkout.DiddoCheckout.kind: Settled(diddo_checkout.DiddoCheckout(), diddo_checkout.MOVES),
}
"""By the contract's name of the object. What is not here has no outcome that anybody chooses."""
