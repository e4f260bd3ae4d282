"""What the merchant is told of a payment, and where the buyer is sent afterwards.

The query of the merchant's own callback URL steers how it is told (`DinteroSessionUrls` of the contract). It is kept as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import Connection

from checkout_api import models
from tillspec.sandbox import clock, ids, outbox
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces import dintero_express as express
from tillspec.sandbox.surfaces import dintero_sessions as orders
from tillspec.sandbox.surfaces.dintero_sessions import Plain

Failure = Literal["cancelled", "authorization", "failed"]
"""Why a payment came to nothing (`DinteroPaymentFailure` of the contract)."""

_OPERATIONS: Final = {"GET": "dinteroCallback", "POST": "dinteroCallbackPost"}
_LONGEST_DELAY: Final = 60


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a callback URL wants to be called. `delay` is in seconds."""

    method: Literal["GET", "POST"]
    errors: bool
    delay: int
    session: bool
    session_name: str


def wishes_of(url: str) -> Wishes:
    """What the query of a callback URL says. What is not of the contract's form counts as not there."""
    query = parse_qsl(url.partition("#")[0].partition("?")[2], keep_blank_values=True)
    said = dict(reversed(query))  # of several values the first
    delay = said.get("delay_callback", "")
    name = said.get("sid_parameter_name")
    return Wishes(
        method="POST" if said.get("method") == "POST" else "GET",
        errors=said.get("report_error") == "true",
        delay=min(int(delay), _LONGEST_DELAY) if delay.isascii() and delay.isdecimal() and len(delay) < 10 else 0,
        session=("includes", "session") in query,
        session_name="sid" if name == "sid" else "session_id",
    )


def with_query(url: str, fields: dict[str, str]) -> str:
    """A URL whose query has gained fields. Its own stays as it was written, and it may be of any scheme."""
    before, hash_, fragment = url.partition("#")
    joint = "" if before.endswith(("?", "&")) else "&" if "?" in before else "?"
    return f"{before}{joint}{urlencode(fields)}{hash_}{fragment}"


def return_url(session: Session, failure: Failure | None) -> str:
    """Where the buyer is sent, with what became of the payment."""
    fields = {"merchant_reference": orders.reference(session)} | _transaction_id(session)
    return with_query(orders.request_of(session)["url"]["return_url"], fields | ({"error": failure} if failure else {}))


def _transaction_id(session: Session) -> dict[str, str]:
    transaction = session.data["transaction"]
    return {"transaction_id": transaction["id"]} if transaction is not None else {}


def tell(connection: Connection, state: State, session: Session, failure: Failure | None) -> None:
    """Puts the callback for a payment's outcome into the outbox, if the merchant wants to be told of it."""
    url = orders.request_of(session)["url"].get("callback_url")
    if url is None:
        return
    wishes, now, transaction = wishes_of(url), state.now(), session.data["transaction"]
    if failure is not None and not wishes.errors:
        return
    fields = _transaction_id(session) | {
        wishes.session_name: session.id,
        "merchant_reference": orders.reference(session),
        "time": orders.rfc3339(transaction["created_at"] if transaction is not None else now),
    }
    delivery = str(ids.uuid4(connection, state))
    headers, body = {"event-delivery": delivery}, b""
    if wishes.method == "POST" and transaction is not None:
        headers["Content-Type"] = "application/json"
        body = _transaction(session, wishes).model_dump_json(by_alias=True, exclude_unset=True).encode()
    message = outbox.Message(
        merchant=session.merchant, operation=_OPERATIONS[wishes.method], session=session.id, event=delivery,
        url=with_query(url, fields | ({"error": failure} if failure else {})), method=wishes.method, headers=headers, body=body,
    )  # fmt: skip
    outbox.add(connection, state, message, due_at=now + wishes.delay * clock.SECOND)


def _transaction(session: Session, wishes: Wishes) -> models.DinteroTransaction:
    """The transaction of a session, as a callback tells it."""
    transaction, data = session.data["transaction"], session.data
    plain: Plain = {
        "id": transaction["id"], "session_id": session.id, "merchant_reference": orders.reference(session),
        "amount": orders.due(session), "currency": session.currency, "status": transaction["status"],
        "created_at": orders.rfc3339(transaction["created_at"]),
    }  # fmt: skip
    if plain["amount"]:
        plain |= {"payment_product": "payex", "payment_product_type": "payex.creditcard"}  # cards, as the contract's examples
    plain |= {name: data[name] for name in ("shipping_address", "billing_address") if data[name] is not None}
    if data["option"] is not None:
        plain["shipping_option"] = express.shown_option(data["option"])
    metadata = orders.request_of(session).get("metadata")
    plain |= {"metadata": metadata} if metadata is not None else {}
    if wishes.session:
        plain["session"] = orders.shown(session).model_dump(mode="json", by_alias=True, exclude_unset=True)
    return models.DinteroTransaction.model_validate(plain)
