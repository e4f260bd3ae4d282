"""Who may use the control plane: whoever knows its secret, from this machine alone unless it was started otherwise.

A page of another site, open in a browser of this machine, is on this machine as well. It is kept out by the `Host` and the
`Origin` that browsers send: a name that somebody else has pointed at this address (DNS rebinding) is not one of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import time
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope

from tillspec.sandbox.control.answers import Problem
from tillspec.sandbox.ids import base62

_SIGNED_IN: Final = 12 * 3600
"""How many seconds of the machine's clock a browser stays signed in."""

_SAFE: Final = ("GET", "HEAD")


def secret_of(root: bytes) -> str:
    """The control secret of a sandbox, from what the sandbox signs with (`State.secret`)."""
    return "ctl_sandbox_" + base62(hmac.digest(root, b"control plane", hashlib.sha256)[:16])


def is_secret(said: str, root: bytes) -> bool:
    """Whether somebody knows the secret; the time that it takes does not tell how much of it was right."""
    return hmac.compare_digest(said.encode("utf-8", "surrogatepass"), secret_of(root).encode())


class Entrance:
    """Which requests are heard at all."""

    def __init__(self, base_url: str, *, from_anywhere: bool) -> None:
        self._own = urlsplit(base_url).hostname or ""
        self._from_anywhere = from_anywhere

    def check(self, scope: Scope) -> None:
        """Lets a request pass, whoever sent it.

        Raises:
            Problem: it comes from another machine, by a name that is not ours, or from another site's page.
        """
        client = scope.get("client")
        if not self._from_anywhere and not (client and _is_loopback(client[0])):
            raise Problem(
                403, "not_from_here", "The control plane answers this machine alone.",
                "Start the sandbox with --control-from-anywhere if others are to use it.",
            )  # fmt: skip
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            raise Problem(
                421, "foreign_host", "The control plane is not known by this name.",
                "Call it by its address, by localhost, or by the host of --base-url.",
            )  # fmt: skip
        origin = headers.get("origin")
        if origin is not None and not _is_same(origin, host):
            raise Problem(
                403, "foreign_origin", "A page of another site may not use the control plane.",
                "Call it from a program, or from its own page.",
            )  # fmt: skip

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name == "localhost" or name.endswith(".localhost") or (name != "" and name == self._own) or _is_address(name)


def _is_same(origin: str, host: str) -> bool:
    found = urlsplit(origin)
    return found.scheme in ("http", "https") and found.netloc.lower() == host.lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(client: str) -> bool:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


# -- credentials -----------------------------------------------------------------------------------------------------------


def require(request: Request, root: bytes) -> None:
    """That a request brings the secret, or comes from the page that was signed in.

    Raises:
        Problem: neither.
    """
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() == "bearer" and is_secret(said.strip(), root):
            return
        raise _unknown("This is not the control secret of this sandbox.")
    if not is_signed_in(request, root):
        raise _unknown("The control plane wants its secret.")
    # Cookies do not tell ports apart: another program of this machine may have served the page that sends this.
    if request.method not in _SAFE and not _of_own_page(request):
        raise Problem(
            403, "foreign_origin", "A page that is not the sandbox's own may not use the control plane.",
            "Send the secret as Authorization: Bearer instead.",
        )  # fmt: skip


def _unknown(message: str) -> Problem:
    hint = "Send it as Authorization: Bearer …; the sandbox prints it when it starts."
    return Problem(401, "secret_required", message, hint, {"WWW-Authenticate": 'Bearer realm="tillspec sandbox"'})


def _of_own_page(request: Request) -> bool:
    return "origin" in request.headers or request.headers.get("sec-fetch-site") == "same-origin"


def cookie_name(request: Request) -> str:
    """The name of the cookie; cookies do not tell ports apart, so the name does."""
    return f"tillspec_sandbox_{request.url.port or 'default'}"


def signed_in(root: bytes) -> tuple[str, int]:
    """What a browser keeps to show that it was told the secret, and for how many seconds."""
    until = str(int(time.time()) + _SIGNED_IN)
    return f"{until}.{_seal(until, root)}", _SIGNED_IN


def is_signed_in(request: Request, root: bytes) -> bool:
    """Whether a browser was told the secret, not too long ago."""
    until, _, seal = request.cookies.get(cookie_name(request), "").partition(".")
    if not (until.isascii() and until.isdigit() and len(until) < 16):
        return False
    genuine = hmac.compare_digest(seal.encode("utf-8", "surrogatepass"), _seal(until, root).encode())
    return genuine and int(until) > time.time()


def _seal(until: str, root: bytes) -> str:
    return hmac.new(root, f"signed in until {until}".encode(), hashlib.sha256).hexdigest()
