"""The ways of shipping that a merchant offers for an address: asked for while the buyer waits, once."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from pydantic_core import from_json

from checkout_api import models
from tillspec.sandbox import outgoing
from tillspec.sandbox.outgoing import Letter, Outcome, Patience
from tillspec.sandbox.state import Switches
from tillspec.sandbox.surfaces.dintero_sessions import Plain

ANSWER_WITHIN: Final = timedelta(seconds=60)
"""How long the merchant has to answer (`express.shipping_address_callback_url` of the contract)."""

_log: Final = logging.getLogger("tillspec.sandbox")


class NoOffers(Exception):
    """The merchant has not said what is on offer; the text says why."""


async def ask(merchant: str, url: str, session: models.DinteroSessionView, switches: Switches) -> list[Plain] | None:
    """The ways of shipping that a merchant answers when a session is posted to them; None where no such answer comes.

    Why none came is written to the log.
    """
    body = session.model_dump_json(by_alias=True, exclude_unset=True).encode()
    letter = Letter(method="POST", url=url, headers={"Content-Type": "application/json"}, body=body)
    patience = Patience(total=switches.answer_within or ANSWER_WITHIN)
    try:
        return offers_of(await outgoing.send(letter, switches, patience))
    except NoOffers as why:
        _log.warning("%s was asked for ways of shipping, and the offer stays as it was: %s", merchant, why)
        return None


def offers_of(outcome: Outcome) -> list[Plain]:
    """The ways of shipping in an answer, `{shipping_options, order?}`.

    Raises:
        NoOffers: no answer came in time, or it is not 200 with such a body.
    """
    if outcome.status is None:
        raise NoOffers(outcome.error or "no answer")
    if outcome.status != 200:
        raise NoOffers(f"the answer is {outcome.status}, and not 200")
    if not outcome.complete:
        raise NoOffers(f"the answer is longer than {outgoing.MOST} bytes")
    try:
        plain = from_json(outcome.text)
    except ValueError:
        raise NoOffers("the answer is not JSON") from None
    if not isinstance(plain, dict) or not isinstance(plain.get("order", {}), dict):
        raise NoOffers("the answer is not {shipping_options, order?}")
    try:
        found = models.DinteroExpress.model_validate({name: plain[name] for name in plain if name == "shipping_options"})
    except ValueError as error:
        raise NoOffers(f"the answer's shipping_options are not of the contract's form: {_first(error)}") from None
    offers: list[Plain] = found.model_dump(mode="json", by_alias=True, exclude_unset=True)["shipping_options"]
    return offers


def _first(error: ValueError) -> str:
    """Where the first mistake is, and which, without what was sent."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return "it cannot be read"
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"/{'/'.join(map(str, first['loc']))}: {first['msg']}"
