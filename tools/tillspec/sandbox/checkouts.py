"""What becomes of sessions, by the kind of object: who shows and settles them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tillspec.sandbox import sessions
from tillspec.sandbox.hosted import Checkout, Outcome
from tillspec.sandbox.sessions import Session

OUTCOMES: Final[tuple[Outcome, ...]] = ("complete", "fail", "challenge", "cancel", "expire")


@dataclass(frozen=True, slots=True)
class Settled:
    """A kind of object whose sessions are settled: by whom, and which state each outcome moves them to."""

    checkout: Checkout
    states: Mapping[Outcome, str]

    def allowed(self, session: Session, now: int) -> tuple[Outcome, ...]:
        """The outcomes that are still possible."""
        lifecycle = sessions.LIFECYCLES[session.kind]
        status = session.status_at(now)
        return tuple(each for each in OUTCOMES if each in self.states and lifecycle.allows(status, self.states[each]))


KINDS: Final[Mapping[str, Settled]] = {}
"""By the contract's name of the object. What is not here has no outcome that anybody chooses."""
