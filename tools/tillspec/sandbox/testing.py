"""A checkout for the tests of your own project: the fixture `checkout_sandbox`.

pytest finds it by itself wherever `tillspec[sandbox]` is installed. A sandbox runs in a process of its own, on a free port of
loopback and with a database in a temporary folder; it is started by the first test that asks for it, and each test finds it as
new.

    def test_an_order_is_paid(checkout_sandbox):
        session = my_shop.check_out(api=checkout_sandbox.url, key=checkout_sandbox.key("vinr"))
        checkout_sandbox.outcome(session.id, "complete")
        assert my_shop.order(session.order).paid

To start it otherwise, override the fixture `checkout_sandbox_options` in your `conftest.py`; it gives the options of
`tillspec sandbox`:

    @pytest.fixture(scope="session")
    def checkout_sandbox_options():
        return ("--seed-data", "tests/merchants.toml", "--freeze-clock")

This module is loaded in every run of pytest, so it imports nothing that takes time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from tillspec.sandbox.control.client import ControlClient

Surface = Literal["vinr", "gr4vy", "dintero", "diddo"]
Outcome = Literal["complete", "fail", "challenge", "cancel", "expire"]


class CheckoutSandbox:
    """A sandbox that runs, and what a test may do with it.

    All methods raise `tillspec.sandbox.control.client.NotDone` where something cannot be done; nothing is passed over. Merchants
    are named by their id; without one it is the first.

    Attributes:
        url: where the API and the hosted page are, without a slash at the end.
        control: its control plane, for what has no method here.
    """

    def __init__(self, url: str, control: ControlClient) -> None:
        self.url = url
        self.control = control

    # -- merchants and their credentials --

    def merchants(self) -> list[dict[str, Any]]:
        """All merchants, with their keys; `objects` are their orders, carts and the like, by kind."""
        found: list[dict[str, Any]] = self.control.call("GET", "/merchants")["merchants"]
        return found

    def merchant(self, merchant: str | None = None) -> dict[str, Any]:
        """One merchant.

        Raises:
            LookupError: there is none of this id.
        """
        for found in self.merchants():
            if merchant in (None, found["id"]):
                return found
        raise LookupError(f"no merchant has the id {merchant!r}")

    def key(self, surface: Literal["vinr", "diddo"], merchant: str | None = None) -> str:
        """An API key that may do everything.

        Raises:
            LookupError: the merchant has none at this surface.
        """
        keys = self.merchant(merchant).get(surface, {}).get("keys", ())
        for key in keys:
            if key["access"] == "full" and not key["expired"]:
                return str(key["key"])
        raise LookupError(f"the merchant has no such key at {surface}")

    def token(self, surface: Literal["gr4vy", "dintero"], merchant: str | None = None) -> str:
        """A bearer token: of Gr4vy one that the merchant signs, of Dintero one that its first client is given."""
        found = self.merchant(merchant)
        if surface == "dintero":
            return self.control.dintero_token(found)
        return str(self.control.call("POST", "/tokens", {"merchant": found["id"]})["token"])

    def headers(self, surface: Surface, merchant: str | None = None) -> dict[str, str]:
        """The header that proves who calls a surface."""
        match surface:
            case "vinr":
                return {"X-Api-Key": self.key("vinr", merchant)}
            case "diddo":
                return {"Authorization": f"Bearer {self.key('diddo', merchant)}"}
            case _:
                return {"Authorization": f"Bearer {self.token(surface, merchant)}"}

    # -- the clock --

    def now(self) -> datetime:
        """What its clock says, in UTC."""
        return _time(self.control.call("GET", "/clock"))

    def advance(self, by: str | timedelta) -> datetime:
        """Moves its clock on by a span such as `5m`, `PT5M` or a `timedelta`; what it says then."""
        return _time(self.control.call("POST", "/clock/advance", {"by": _span(by)}))

    def freeze(self, at: datetime | None = None) -> datetime:
        """Stops its clock, where it is or at a time to come that has a time zone; what it says then."""
        return _time(self.control.call("POST", "/clock/freeze", {"at": at.isoformat() if at is not None else None}))

    def unfreeze(self) -> datetime:
        """Lets its clock run on; what it says then."""
        return _time(self.control.call("POST", "/clock/unfreeze", {}))

    # -- sessions --

    def sessions(self, merchant: str | None = None) -> list[dict[str, Any]]:
        """The newest sessions, of all merchants or of one."""
        found: list[dict[str, Any]] = self.control.call("GET", "/sessions", merchant=merchant)["sessions"]
        return found

    def session(self, session: str) -> dict[str, Any]:
        """A session, whatever its surface, with the `request` that made it and the `outcomes` that are possible."""
        return self.control.call("GET", f"/sessions/{_quoted(session)}")

    def outcome(
        self, session: str, outcome: Outcome, reason: str = "", choices: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Decides what becomes of a session; the merchant is told as if the buyer had done it.

        Args:
            session: its id.
            outcome: `challenge` is one of 3-D Secure, which the buyer has yet to answer.
            reason: the surface's code of why it failed.
            choices: what the buyer chooses on the page before: `option` (a way of delivery), `promo_code`, `currency`,
                `quantities` (by line) and `address`.

        Returns:
            The session as it is then.
        """
        asked = {"outcome": outcome, "reason": reason, "choices": dict(choices) if choices is not None else None}
        return self.control.call("POST", f"/sessions/{_quoted(session)}/outcome", asked)

    # -- what goes wrong --

    def fault(
        self,
        fault: Literal["429", "500", "502", "503", "504", "timeout", "disconnect", "slow"],
        *,
        operation: str | None = None,
        merchant: str | None = None,
        times: int = 1,
        span: str | timedelta | None = None,
        carried_out: bool = False,
    ) -> dict[str, Any]:
        """Has the next requests fail.

        Args:
            fault: the status that is answered; `timeout`: no answer comes; `disconnect`: the connection is closed at once;
                `slow`: the answer comes late.
            operation: the operation that fails, by its id such as `createVinrSession`; any, if none is named.
            merchant: the merchant for whom it fails; any, if none is named.
            times: how often.
            span: real time: how late, for how long, or what `Retry-After` says.
            carried_out: `timeout` and `disconnect` alone: the operation does its work, and its answer is lost.

        Returns:
            The fault as it stands, with its `id`.
        """
        asked = {
            "fault": fault, "operation": operation, "merchant": merchant, "times": times,
            "span": _span(span) if span is not None else None, "carried_out": carried_out,
        }  # fmt: skip
        return self.control.call("POST", "/faults", asked)

    def faults(self) -> list[dict[str, Any]]:
        """What is still to go wrong."""
        found: list[dict[str, Any]] = self.control.call("GET", "/faults")["faults"]
        return found

    def rate_limit(self, requests: int | None, per: str | timedelta = "1m") -> None:
        """Limits requests, by windows of its clock; None: no more."""
        if requests is None:
            self.control.call("DELETE", "/rate-limit")
        else:
            self.control.call("PUT", "/rate-limit", {"requests": requests, "per": _span(per)})

    # -- webhooks --

    def send_webhooks(self, url: str | None, surface: Literal["vinr", "diddo"] = "vinr", merchant: str | None = None) -> str:
        """Sends a merchant's webhooks to a URL from now on (None: nowhere); the secret that they are signed with."""
        path = f"/merchants/{_quoted(self.merchant(merchant)['id'])}/webhook"
        return str(self.control.call("PUT", path, {"surface": surface, "url": url})["secret"])

    def webhooks(self, session: str | None = None, merchant: str | None = None) -> list[dict[str, Any]]:
        """Deliveries, the newest first: all, about a session, or of a merchant."""
        found: list[dict[str, Any]] = self.control.call("GET", "/webhooks", session=session, merchant=merchant)["webhooks"]
        return found

    def webhook(self, webhook: str) -> dict[str, Any]:
        """A delivery, with its body and what came of each try."""
        return self.control.call("GET", f"/webhooks/{_quoted(webhook)}")

    def resend(self, webhook: str) -> dict[str, Any]:
        """Sends a delivery now, whatever became of it."""
        return self.control.call("POST", f"/webhooks/{_quoted(webhook)}/resend", {})

    def duplicate(self, webhook: str) -> dict[str, Any]:
        """Sends the same event a second time; the new delivery."""
        return self.control.call("POST", f"/webhooks/{_quoted(webhook)}/duplicate", {})

    def drop(self, webhook: str) -> dict[str, Any]:
        """Never sends a delivery, or not again."""
        return self.control.call("POST", f"/webhooks/{_quoted(webhook)}/drop", {})

    def delay(self, webhook: str, by: str | timedelta) -> dict[str, Any]:
        """Puts the next try of a delivery off, by its clock."""
        return self.control.call("POST", f"/webhooks/{_quoted(webhook)}/delay", {"by": _span(by)})

    # -- the whole --

    def requests(self, limit: int = 100) -> list[dict[str, Any]]:
        """The newest requests and their answers, secrets masked; each is here a quarter of a second after its answer."""
        found: list[dict[str, Any]] = self.control.call("GET", "/requests", limit=limit)["requests"]
        return found

    def reset(self, seed_data: dict[str, Any] | None = None) -> None:
        """Makes it as new, with the merchants that it was started with or those of the seed data."""
        self.control.call("POST", "/reset", {"seed_data": seed_data})

    def export(self) -> dict[str, Any]:
        """All that it holds, for `restore`."""
        return self.control.call("GET", "/state")

    def restore(self, state: dict[str, Any]) -> None:
        """Puts what was exported in place of all that it holds."""
        self.control.call("PUT", "/state", state)


def _time(told: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(told["now"])


def _span(span: str | timedelta) -> str:
    if isinstance(span, str):
        return span
    from tillspec.sandbox.spans import shown

    return shown(span)


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


# -- the fixtures ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def checkout_sandbox_options() -> Sequence[str]:
    """The options of `tillspec sandbox` that it is started with, besides its port and its database. To be overridden."""
    return ("--seed", "checkout_sandbox")


@pytest.fixture(scope="session")
def _checkout_sandbox(
    checkout_sandbox_options: Sequence[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CheckoutSandbox]:
    from tillspec.sandbox.control.client import ControlClient
    from tillspec.sandbox.starting import NotStarted, started

    try:
        with (
            started(tmp_path_factory.mktemp("checkout_sandbox"), checkout_sandbox_options) as (url, secret),
            ControlClient(url, secret) as control,
        ):
            yield CheckoutSandbox(url, control)
    except NotStarted as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def checkout_sandbox(_checkout_sandbox: CheckoutSandbox) -> CheckoutSandbox:
    """A stateful checkout to test against, as new; see `tillspec.sandbox.testing.CheckoutSandbox`."""
    _checkout_sandbox.reset()
    return _checkout_sandbox
