"""What happens when a buyer opens the page or sends a form of it: each is one transaction.

Whoever comes too late (a second click, a second tab, a page of before) changes nothing, and gets to see where the session stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from tillspec.sandbox import cards, hosted, outside, sessions
from tillspec.sandbox.checkouts import KINDS
from tillspec.sandbox.hosted import Checkout, Refused, View
from tillspec.sandbox.merchants import Directory, Merchant
from tillspec.sandbox.page import required
from tillspec.sandbox.page.form import Form, Problem, judge
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces import diddo_carts, diddo_checkout

CHECKOUTS: Final[tuple[Checkout, ...]] = tuple(settled.checkout for settled in KINDS.values())
"""Whose sessions have a page."""

_OUTCOMES: Final[Mapping[cards.Outcome, hosted.Outcome]] = {"approve": "complete", "decline": "fail", "challenge": "challenge"}

NOT_AUTHENTICATED: Final = "authentication_failed"
"""Why a payment failed whose 3-D Secure challenge the buyer did not pass."""

_CART_ID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@dataclass(frozen=True, slots=True)
class Found:
    """A session with a page, and how it is acted on."""

    checkout: Checkout
    merchant: Merchant
    session: Session

    def view(self, connection: Connection, state: State) -> View:
        return self.checkout.view(connection, state, self.merchant, self.session)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a session stands after a form was sent, and what was wrong with the form. With problems, nobody has paid."""

    view: View
    problems: tuple[Problem, ...] = ()


def find(connection: Connection, directory: Directory, session_id: str, *, to_change: bool = False) -> Found | None:
    """The session of an id, whatever its surface; with `to_change`, nobody else changes it before the transaction ends."""
    look = sessions.take if to_change else sessions.find
    for checkout in CHECKOUTS:
        session = look(connection, checkout.kind, session_id)
        merchant = directory.get(session.merchant) if session is not None else None
        if session is not None and merchant is not None:
            return Found(checkout, merchant, session)
    return None


def show(connection: Connection, state: State, directory: Directory, session_id: str) -> View | None:
    """What a session's page shows; None where there is no such session."""
    found = find(connection, directory, session_id)
    return found.view(connection, state) if found is not None else None


def act(connection: Connection, state: State, directory: Directory, session_id: str, form: Form) -> Outcome | None:
    """Does what a form says; None where there is no such session.

    Raises:
        Refused: a choice cannot be taken. The transaction is to be undone.
    """
    found = find(connection, directory, session_id, to_change=True)
    if found is None:
        return None
    view = found.view(connection, state)
    if view.status == "challenge":
        _answer(connection, state, found, form)
    elif view.status != "open":
        return Outcome(view)
    elif form.deed == "cancel":
        found.checkout.settle(connection, state, found.merchant, found.session, "cancel")
    elif form.deed in ("update", "remove", "pay"):
        return _choose(connection, state, found, form, view)
    return Outcome(found.view(connection, state))


def _answer(connection: Connection, state: State, found: Found, form: Form) -> None:
    """What the buyer says to a challenge."""
    if form.deed == "approve":
        found.checkout.settle(connection, state, found.merchant, found.session, "complete")
    elif form.deed == "decline":
        found.checkout.settle(connection, state, found.merchant, found.session, "fail", reason=NOT_AUTHENTICATED)


def _choose(connection: Connection, state: State, found: Found, form: Form, view: View) -> Outcome:
    """Takes what is chosen, and pays if that is what the buyer wants, and nothing is missing."""
    problems, choices = form.problems(view), form.choices(view)
    if choices is not None:
        found.checkout.choose(connection, state, found.merchant, found.session, choices)
        view = found.view(connection, state)
    if form.deed == "pay":
        problems += required.missing(view, view.address)
        if form.seen != required.seen(view):
            problems.append(required.changed(view))
        problems += _pay(connection, state, found, form, view, ready=not problems)
        view = found.view(connection, state)
    return Outcome(view, tuple(problems))


def _pay(connection: Connection, state: State, found: Found, form: Form, view: View, *, ready: bool) -> list[Problem]:
    """Pays with the form's card if all else is ready, and says what is wrong with the card."""
    if view.total == 0:
        if ready:
            found.checkout.settle(connection, state, found.merchant, found.session, "complete")
        return []
    verdict = judge(form.card, state.now())
    if isinstance(verdict, list):
        return verdict
    if ready:
        outcome = _OUTCOMES[verdict.outcome]
        found.checkout.settle(connection, state, found.merchant, found.session, outcome, reason=verdict.code)
    return []


def refused(
    connection: Connection, state: State, directory: Directory, session_id: str, form: Form, why: Refused
) -> Outcome | None:
    """What is wrong with a form of which a choice was refused. Nothing of it was taken."""
    view = show(connection, state, directory, session_id)
    if view is None or view.status != "open":
        return Outcome(view) if view is not None else None
    problems = [*form.problems(view), Problem(_field(view, why.field), str(why))]
    if form.deed == "pay":
        known = {problem.field for problem in problems}
        problems += [one for one in required.missing(view, form.address(view)) if one.field not in known]
        verdict = judge(form.card, state.now()) if view.total else []
        problems += verdict if isinstance(verdict, list) else []
    return Outcome(view, tuple(problems))


def _field(view: View, name: str) -> str:
    """The form's field that a refusal is about."""
    if name != "quantities":
        return name
    return next((f"quantity-{number}" for number, line in enumerate(view.lines) if line.most is not None), "")


# -- carts -----------------------------------------------------------------------------------------------------------------


def live_cart(connection: Connection, cart_id: str) -> str | None:
    """The id of a live cart as it is stored, of an id in any of the forms that the contract takes."""
    key = _cart_key(cart_id)
    return key if key is not None and sessions.find(connection, diddo_carts.LIVE_CART, key) is not None else None


def begin(connection: Connection, state: State, directory: Directory, cart_id: str, base_url: str) -> str | None:
    """Begins a live cart of a template; its id, or None where there is no such template.

    Raises:
        NotPurchasable: it cannot be bought.
    """
    key = _cart_key(cart_id)
    for merchant in directory.merchants if key is not None else ():
        template = outside.find(connection, outside.DiddoTemplateCart, merchant.id, key or "")
        if template is not None:
            return diddo_checkout.begin(connection, state, merchant, template, base_url).id
    return None


def _cart_key(cart_id: str) -> str | None:
    return diddo_carts.ulid(cart_id) if _CART_ID.fullmatch(cart_id) else None
