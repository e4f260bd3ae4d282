"""What tests of Dintero share: clients with tokens, sessions of orders, and what becomes of them."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from sqlalchemy import Connection

from tillspec.sandbox import outbox, sessions, state
from tillspec.sandbox.hosted import Outcome, View
from tillspec.sandbox.merchants import Dintero
from tillspec.sandbox.outbox import Delivery
from tillspec.sandbox.seed import SeedMerchant
from tillspec.sandbox.surfaces.dintero_checkout import DinteroCheckout
from tillspec.sandbox.surfaces.dintero_sessions import SESSION

from .conftest import Running

Json = dict[str, Any]

URLS: Json = {"return_url": "https://shop.invalid/accept", "callback_url": "https://shop.invalid/callback"}
KARI: Json = {
    "first_name": "Kari",
    "last_name": "Nordmann",
    "address_line": "Gaustadalléen 21",
    "postal_code": "0349",
    "postal_place": "Oslo",
    "country": "NO",
    "phone_number": "+4799999999",
    "email": "kari.nordmann@example.com",
}
POST: Json = {
    "id": "post", "line_id": "post-1", "amount": 3900, "title": "Standard", "operator": "Bring", "countries": ["NO"],
    "vat": 25, "vat_amount": 780, "splits": [{"payout_destination_id": "seller-1", "amount": 3900}],
    "fee_split": {"type": "proportional", "destinations": ["seller-1"]},
}  # fmt: skip
HOME: Json = {"id": "home", "line_id": "home-1", "amount": 9900, "title": "Home", "operator": "Porter", "countries": ["NO", "SE"]}
SHOP: Json = {
    "id": "shop", "line_id": "shop-1", "amount": 0, "title": "In our shop", "operator": "Shop", "delivery_method": "pick_up",
    "pay_in_store": {"type": "full"},
}  # fmt: skip
EXPRESS: Json = {"shipping_options": [POST, HOME, SHOP]}
CHECKOUT = DinteroCheckout()


def at(merchant: SeedMerchant) -> Dintero:
    assert merchant.dintero is not None
    return merchant.dintero


def ask(http: httpx.Client, merchant: SeedMerchant, **change: Any) -> httpx.Response:
    """The token call, as a merchant's client makes it."""
    account = at(merchant).account
    body = {"grant_type": "client_credentials", "audience": f"https://api.dintero.com/v1/accounts/{account}"}
    return http.post(f"/accounts/{account}/auth/token", json=body | change)


def bearer(sandbox: Running, merchant: SeedMerchant | None = None, client: int = 0) -> httpx.Client:
    """A client with an access token."""
    merchant = merchant or sandbox.mine
    with sandbox.dintero_basic(merchant, client) as http:
        answer = ask(http, merchant)
    assert answer.status_code == 200, answer.text
    return sandbox.client(authorization=f"Bearer {answer.json()['access_token']}")


def path(merchant: SeedMerchant, order: str | None = None) -> str:
    return f"/accounts/{at(merchant).account}/shopping/orders/{order or merchant.orders[0].id}/sessions"


def order_session(**change: Any) -> Json:
    """A request for a session of both lines."""
    return {"items": [{"line_id": "1"}, {"line_id": "2"}], "profile_id": "default", "url": URLS} | change


def make(http: httpx.Client, merchant: SeedMerchant, order: str | None = None, **change: Any) -> Json:
    answer = http.post(path(merchant, order), json=order_session(**change))
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def express(sandbox: Running, **change: Any) -> str:
    """The id of a new Express session."""
    with bearer(sandbox) as http:
        return str(make(http, sandbox.mine, express=EXPRESS | change)["id"])


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def at_fault(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(one["path"], one["code"]) for one in answer.json()["error"]["errors"]]


def on_page(sandbox: Running, session_id: str, do: Any) -> Any:
    """Does something to a session as the page and the control plane do."""

    def work(connection: Connection) -> Any:
        now, session = state.read(connection), sessions.take(connection, SESSION, session_id)
        assert session is not None
        return do(connection, now, sandbox.mine.alone(), session)

    return sandbox.work(work)


def settle(sandbox: Running, session_id: str, outcome: Outcome, reason: str = "") -> None:
    on_page(sandbox, session_id, lambda *found: CHECKOUT.settle(*found, outcome, reason=reason))


def view(sandbox: Running, session_id: str) -> View:
    found: View = on_page(sandbox, session_id, CHECKOUT.view)
    return found


def deliveries(sandbox: Running, session_id: str) -> list[Delivery]:
    return sandbox.work(lambda connection: outbox.listed(connection, session=session_id))


class Shop:
    """A merchant who is asked what is on offer: it answers each request with the next of `answers`, or with the last one."""

    def __init__(self) -> None:
        self.asked: list[Json] = []
        self.answers: list[tuple[int, bytes]] = []
        self.gates: list[threading.Event] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                number = len(shop.asked)
                shop.asked.append({"path": self.path, "type": self.headers["Content-Type"], "body": json.loads(body)})
                if number < len(shop.gates):
                    shop.gates[number].wait(20)
                status, text = shop.answers[min(number, len(shop.answers) - 1)]
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[assignment]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/order/17/address_updated"

    def offers(self, *offers: Json, **others: Any) -> None:
        self.answers.append((200, json.dumps({"shipping_options": offers, **others}).encode()))

    def close(self) -> None:
        for gate in self.gates:
            gate.set()
        self._server.shutdown()
        self._server.server_close()
