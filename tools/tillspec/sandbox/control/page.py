"""The page at `/_sandbox`: what happens, live, and what one may do about it. It works without JavaScript, and better with it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import compile_path

from tillspec.sandbox import money, outbox, templates, traffic
from tillspec.sandbox.control import ROOT, access, shown
from tillspec.sandbox.control.answers import Problem, body_of, read
from tillspec.sandbox.control.api import ACTIONS, Action
from tillspec.sandbox.control.desk import Desk
from tillspec.sandbox.faults import OPERATIONS, Kind

if TYPE_CHECKING:
    from jinja2 import Environment

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",  # with none at all, browsers would not say where forms come from
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Sent with every page."""

_STATIC: Final = Path(__file__).resolve().parent / "static"
_TYPES: Final = {"control.css": "text/css; charset=utf-8", "control.js": "text/javascript; charset=utf-8"}


class Page:
    """The pages of one worker."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, request: Request) -> Response:
        """The board; who is not signed in is asked for the secret."""
        state = await self._desk.sandbox.store.state()
        if not access.is_signed_in(request, state.secret):
            return await _page("sign_in", 401 if "live" in request.query_params else 200)
        return await self._board(request)

    async def _board(self, request: Request, status: int = 200, problem: Problem | None = None) -> Response:
        state = await self._desk.sandbox.store.state()
        board = await self._desk.read(lambda connection: shown.board(connection, state))
        base_url = self._desk.settings.base_url
        live = "live" in request.query_params and problem is None
        page = await _page(
            "live" if live else "board", status, board=board, base_url=base_url, problem=problem, operations=tuple(OPERATIONS),
            fault_kinds=get_args(Kind),
        )  # fmt: skip
        if not live:
            return page
        page.headers["ETag"] = tag = f'"{hashlib.sha256(bytes(page.body)).hexdigest()[:24]}"'
        return Response(status_code=304, headers={"ETag": tag}) if request.headers.get("if-none-match") == tag else page

    async def sign_in(self, request: Request) -> Response:
        """Signs a browser in that was told the secret."""
        state = await self._desk.sandbox.store.state()
        secret = (await _form(request)).get("secret", "").strip()
        if not access.is_secret(secret, state.secret):
            return await _page("sign_in", 403, wrong=True)
        value, seconds = access.signed_in(state.secret)
        answer = RedirectResponse(ROOT, 303, HEADERS)
        secure = self._desk.settings.base_url.startswith("https:")
        answer.set_cookie(
            access.cookie_name(request), value, max_age=seconds, path=ROOT, secure=secure, httponly=True, samesite="strict"
        )
        return answer

    async def sign_out(self, request: Request) -> Response:
        """Signs it out."""
        answer = RedirectResponse(ROOT, 303, HEADERS)
        answer.delete_cookie(access.cookie_name(request), path=ROOT, httponly=True, samesite="strict")
        return answer

    async def request(self, request: Request) -> Response:
        """A request and its answer."""
        number = min(request.path_params["number"], 1 << 62)
        found = await self._desk.read(lambda connection: traffic.one(connection, number))
        if found is None:
            raise Problem(404, "unknown_request", "No request that is kept has this number.", "It was too long ago.")
        curl = shown.curl(found, self._desk.settings.base_url)
        return await self._part(request, "request", f"{found['method']} {found['target']}", found=found, curl=curl)

    async def webhook(self, request: Request) -> Response:
        """A delivery, and what came of each try."""
        key = request.path_params["webhook"]
        found = await self._desk.read(lambda connection: outbox.find(connection, key))
        if found is None:
            raise Problem(404, "unknown_webhook", "No delivery has this id.", "It was too long ago.")
        delivery, body = shown.message(found)
        return await self._part(request, "webhook", delivery.operation, found=delivery, body=body)

    async def _part(self, request: Request, part: str, title: str, **what: Any) -> Response:
        """Some more of what the board shows: for its script the part alone, otherwise a page."""
        now = (await self._desk.sandbox.store.state()).now()
        if "part" in request.query_params:
            return await _page(f"_{part}", 200, now=now, **what)
        return await _page("detail", 200, now=now, part=f"_{part}.html.j2", title=title, **what)

    async def act(self, request: Request) -> Response:
        """Does what a form asks for: the board's script gets JSON, a browser without it the board again."""
        scripted = "application/json" in request.headers.get("accept", "")
        form = await _form(request)
        method = form.pop("_method", "POST")
        try:
            action, values = _action(method, "/" + request.path_params["path"])
            wanted = read(action.form, {name: value for name, value in form.items() if value != ""})
            await action.act(self._desk, wanted, **values)
        except Problem as problem:
            if scripted:
                raise
            return await self._board(request, problem.status, problem)
        return JSONResponse({"done": True}, headers=dict(HEADERS)) if scripted else RedirectResponse(ROOT, 303, HEADERS)

    async def static(self, request: Request) -> Response:
        """The page's style and script."""
        found = _file(request.path_params["name"])
        if found is None:
            raise Problem(404, "not_found", "There is no such file.", f"See {ROOT}.")
        kept = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(found[0], 200, kept, found[1])


def _action(method: str, path: str) -> tuple[Action, dict[str, str]]:
    for action in ACTIONS:
        if action.method == method and method != "GET" and (found := compile_path(action.path)[0].fullmatch(path)):
            return action, found.groupdict()
    raise Problem(404, "not_found", "There is nothing of this kind to do.", f"See {ROOT}.")


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, without those that are empty."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise Problem(415, "not_a_form", "A form is expected.", f"See {ROOT}.")
    text = (await body_of(request)).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(text, max_num_fields=50))
    except ValueError:
        raise Problem(400, "not_a_form", "A form has no more than 50 fields.", f"See {ROOT}.") from None


# -- templates and files ----------------------------------------------------------------------------------------------------


async def _page(name: str, status: int, **what: Any) -> Response:
    if not _environment.cache_info().currsize:
        await asyncio.to_thread(_environment)  # beside the event loop, so that nobody else waits
    html = _environment().get_template(f"{name}.html.j2").render(what)
    return Response(html, status, dict(HEADERS), "text/html")


@cache
def _environment() -> Environment:
    """The templates, which escape all that they print, with what each of them may use."""
    found = templates.environment("control")
    found.globals |= {"root": ROOT, "shown": shown, "file": _url}
    for each in found.list_templates():
        found.get_template(each)
    money.display(0, "EUR")  # reads the names of currencies
    return found


def _url(name: str) -> str:
    """The URL of one of the page's files, which changes with its content."""
    found = _file(name)
    assert found is not None, name
    return f"{ROOT}/static/{name}?v={found[2]}"


@cache
def _file(name: str) -> tuple[bytes, str, str] | None:
    kind = _TYPES.get(name)
    if kind is None:
        return None
    content = (_STATIC / name).read_bytes()
    return content, kind, hashlib.sha256(content).hexdigest()[:16]
