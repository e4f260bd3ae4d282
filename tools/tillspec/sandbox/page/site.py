"""The pages at `/pay`: what is asked for, and what is answered."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from tillspec.sandbox import clock
from tillspec.sandbox.context import REQUEST_ID, STATE, Sandbox
from tillspec.sandbox.hosted import Refused, View
from tillspec.sandbox.merchants import Directory
from tillspec.sandbox.page import actions, assets, form, guard, present, render
from tillspec.sandbox.page.actions import Outcome
from tillspec.sandbox.page.form import BadForm, Form
from tillspec.sandbox.sessions import NotAllowed
from tillspec.sandbox.state import State
from tillspec.sandbox.store import RETRY_AFTER, Unavailable
from tillspec.sandbox.surfaces import dintero_checkout
from tillspec.sandbox.surfaces.diddo_checkout import NotPurchasable

PREFIX: Final = "/pay"
_SESSION_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LATER: Final = "The checkout cannot be reached just now. Nothing was charged. Try again in a moment."
_STATUS: Final = {"expired": 410}
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))
_PAUSE: Final = 2
"""How many seconds a buyer can read that all is well before being sent on."""


class Page:
    """The pages of one worker."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request whose path is `PREFIX` or below it."""
        request = Request(scope, receive)
        try:
            answer = await self._answered(request)
        except ClientDisconnect:
            return
        except BadForm as error:
            answer = _message(error.status, "This did not work", str(error), connection="close")  # the rest is not read
        except Unavailable:
            answer = _message(503, "One moment, please", _LATER, retry_after=str(RETRY_AFTER))
        answer.headers["x-request-id"] = str(scope["state"][REQUEST_ID])
        await answer(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        await render.ready()
        rest = request.scope["path"].removeprefix(PREFIX).strip("/").split("/")
        reading = request.method in ("GET", "HEAD")
        if len(rest) == 2 and rest[0] == "static" and reading:
            return _file(rest[1])
        found = request.scope["state"][STATE]
        if isinstance(found, Unavailable):
            raise found
        if rest == [""] and reading:
            return await self._cart(request, found)
        if len(rest) != 1 or not _SESSION_ID.fullmatch(rest[0]):
            return _unknown()
        if reading:
            return await self._show(found, rest[0])
        if request.method == "POST":
            return await self._act(request, found, rest[0])
        return _message(405, "This did not work", "A checkout is opened, or its form is sent.", allow="GET, HEAD, POST")

    async def _cart(self, request: Request, state: State) -> Response:
        """`/pay?cart_id=`: the page of a live cart, or of one that is begun of a template."""
        cart_id = request.query_params.get("cart_id", "")
        live = await self._sandbox.read(lambda connection: actions.live_cart(connection, cart_id))
        if live is None and request.method == "GET":
            directory, base_url = await self._sandbox.directory(state), self._sandbox.base_url
            try:
                live = await self._sandbox.write(
                    lambda connection: actions.begin(connection, state, directory, cart_id, base_url)
                )
            except NotPurchasable as error:
                return _message(409, "This cart cannot be bought", str(error))
        return _redirect(live) if live is not None else _unknown()

    async def _show(self, state: State, session_id: str) -> Response:
        directory = await self._sandbox.directory(state)
        view = await self._sandbox.read(lambda connection: actions.show(connection, state, directory, session_id))
        return _unknown() if view is None else _shown(state, Outcome(view))

    async def _act(self, request: Request, state: State, session_id: str) -> Response:
        sent = await form.read(request)
        if not guard.is_ours(state, session_id, sent.token, request.headers.get("sec-fetch-site")):
            return _message(403, "Please open the checkout again", "This form did not come from the page of this checkout.")
        outcome = await self._done(state, session_id, sent)
        if outcome is None:
            return _unknown()
        if outcome.view.status == "expired" or (outcome.problems and outcome.view.status == "open"):
            return _shown(state, outcome, sent)
        return _redirect(session_id)

    async def _done(self, state: State, session_id: str, sent: Form) -> Outcome | None:
        directory = await self._sandbox.directory(state)
        if sent.deed in ("update", "remove", "pay"):
            await self._consult(state, directory, session_id, sent)
        try:
            return await self._sandbox.write(lambda connection: actions.act(connection, state, directory, session_id, sent))
        except Refused as error:
            why = error
            return await self._sandbox.read(
                lambda connection: actions.refused(connection, state, directory, session_id, sent, why)
            )
        except NotAllowed:  # it has ended between one look at the clock and the next
            view = await self._sandbox.read(lambda connection: actions.show(connection, state, directory, session_id))
            return Outcome(view) if view is not None else None

    async def _consult(self, state: State, directory: Directory, session_id: str, sent: Form) -> None:
        """Has a merchant asked what is on offer for a new address, who wants to be; that must not be in a transaction."""
        found = await self._sandbox.read(lambda connection: actions.find(connection, directory, session_id))
        if found is None or found.checkout.kind != dintero_checkout.DinteroCheckout.kind:
            return
        view = await self._sandbox.read(lambda connection: found.view(connection, state))
        choices = sent.choices(view)
        if choices is not None and choices.address is not None:
            await dintero_checkout.consult(self._sandbox, state, session_id, choices.address)


# -- answers ---------------------------------------------------------------------------------------------------------------


def _page(status: int, name: str, **shown: Any) -> Response:
    return Response(render.page(name, **shown), status, dict(guard.HEADERS), "text/html; charset=utf-8")


def _message(status: int, title: str, text: str, **headers: str) -> Response:
    answer = _page(status, "message", title=title, text=text)
    answer.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return answer


def _unknown() -> Response:
    return _message(404, "There is no such checkout", "The link is wrong, or the checkout is not there any more.")


def _redirect(session_id: str) -> Response:
    return RedirectResponse(f"{PREFIX}/{quote(session_id)}", 303, dict(guard.HEADERS))


def _shown(state: State, outcome: Outcome, sent: Form | None = None) -> Response:
    """The page of a session as it stands."""
    view = outcome.view
    token = guard.token(state, view.id)
    if view.status == "open":
        shown = present.checkout(view, outcome.problems, sent)
        status = 422 if outcome.problems else 200
        return _page(status, "checkout", page=shown, token=token, seconds=_seconds(state, view))
    if view.status == "challenge":
        return _page(200, "challenge", page=present.checkout(view), token=token, seconds=_seconds(state, view))
    end = present.end(view)
    answer = _page(_STATUS.get(view.status, 200), "end", end=end, merchant=view.merchant)
    if end.onward and end.next_url is not None:
        answer.headers["refresh"] = f"{_PAUSE};url={quote(end.next_url, safe=_ASCII)}"
    return answer


def _seconds(state: State, view: View) -> int | None:
    """How long the page is good for; None while the clock stands still, or where it has no end."""
    if state.frozen is not None or view.expires_at is None:
        return None
    return max(0, -(-(view.expires_at - state.now()) // clock.SECOND))


def _file(name: str) -> Response:
    found = assets.static(name)
    if found is None:
        return _unknown()
    headers = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
    return Response(found.content, 200, headers, found.media_type)
