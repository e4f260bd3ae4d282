"""The only way out of the sandbox: one request to one URL that a merchant gave.

A URL may point anywhere, also into the network that the sandbox runs in. So its host is resolved once, every address is held
against what the switches allow, and the connection goes to an address that was checked: a name that changes its mind gains
nothing. No redirect is followed, nothing is taken from the environment but the certificates that it trusts (`SSL_CERT_FILE`),
and no answer is read beyond a limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from tillspec.sandbox.state import Switches

if TYPE_CHECKING:
    import httpx

MOST: Final = 64 * 1024
"""How many bytes of an answer are read."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")  # RFC 4291, section 2.4, and the registry of IANA that it names
_CARRYING: Final = {
    ipaddress.ip_network("::ffff:0:0/96"): "an IPv4-mapped",  # RFC 4291, section 2.5.5.2
    ipaddress.ip_network("64:ff9b::/96"): "a NAT64",  # RFC 6052
    ipaddress.ip_network("64:ff9b:1::/48"): "a NAT64",  # RFC 8215
    ipaddress.ip_network("2001::/32"): "a Teredo",  # RFC 4380
    ipaddress.ip_network("2002::/16"): "a 6to4",  # RFC 3056
}
"""IPv6 addresses that hold an IPv4 address, which somebody on the way may unpack."""


class Refused(ValueError):
    """The sandbox does not send there; the text says why."""


class _NoHost(Exception):
    """The host's name has no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an exchange may take in all, from looking up the host to the end of the answer.

    `connect` bounds each try to reach an address, `read` each wait for more of the answer; None: as `total`.
    """

    total: timedelta
    connect: timedelta | None = None
    read: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is to be sent."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it: a `status` with the answer, or an `error` in words, such as `timeout` or `refused: …`.

    `text` is the beginning of the answer's body; `complete` says that there was no more of it.
    """

    status: int | None = None
    text: str = field(default="", repr=False)
    content_type: str = ""
    complete: bool = True
    error: str | None = None


def agent() -> str:
    """The `User-Agent` of all that the sandbox sends."""
    return _agent()


@cache
def _agent() -> str:
    try:
        return f"tillspec-sandbox/{version('tillspec')}"
    except PackageNotFoundError:  # run from a bare checkout
        return "tillspec-sandbox"


# -- where to --------------------------------------------------------------------------------------------------------------


def as_sent(url: str) -> str:
    """A URL in the form in which it is called: punycode, percent-encoded, without dot segments and without a fragment.

    Raises:
        Refused: nothing can be sent there, whatever the switches say.
    """
    return str(_checked(url))


def _checked(url: str) -> httpx.URL:
    import httpx

    try:
        found = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise Refused(f"not a URL: {error}") from None
    if found.scheme not in ("http", "https"):
        raise Refused("neither an http nor an https URL")
    if not found.raw_host:
        raise Refused("the URL has no host")
    if found.userinfo:
        raise Refused("the URL holds credentials")
    if found.port is not None and not 0 < found.port < 65536:
        raise Refused(f"{found.port} is not a port")
    return found.copy_with(fragment=None)


def check_address(address: Address, switches: Switches) -> None:
    """That the switches allow to send to an address.

    Raises:
        Refused: they do not.
    """
    kind = kind_of(address)
    if kind is not None and not (switches.loopback if kind == "a loopback" else switches.private):
        switch = "loopback" if kind == "a loopback" else "private"
        raise Refused(f"{address} is {kind} address, and the switch `{switch}` is off")


def kind_of(address: Address) -> str | None:
    """What sets an address apart, with its article: `a private`; None for those that the whole internet can reach.

    The kinds are those of IANA's registries of special-purpose addresses (RFC 6890), as `ipaddress` knows them.
    """
    if isinstance(address, ipaddress.IPv6Address):
        carrying = next((kind for network, kind in _CARRYING.items() if address in network), None)
        if carrying is not None:
            return carrying
    told = {
        "a loopback": address.is_loopback,
        "an unspecified": address.is_unspecified,
        "a multicast": address.is_multicast,
        "a link-local": address.is_link_local,
        "a private": not address.is_global or getattr(address, "is_site_local", False),
        "a reserved": address.is_reserved or (address.version == 6 and address not in _GLOBAL_UNICAST),
    }
    return next((kind for kind, is_so in told.items() if is_so), None)


async def _addresses(host: str, switches: Switches) -> list[Address]:
    """The addresses of a host, each of them allowed.

    Raises:
        Refused: one of them is not.
        _NoHost: there are none.
    """
    try:
        found: Sequence[Address] = [ipaddress.ip_address(host)]
    except ValueError:
        found = await _resolve(host)
    for address in found:
        check_address(address, switches)
    return list(found)


async def _resolve(host: str) -> list[Address]:
    """What the system's resolver says.

    Each look-up has a thread of its own that nobody waits for: in a pool, names whose servers do not answer would hold up others,
    and the end of the program as well.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Address]] = loop.create_future()

    def tell(found: list[Address] | None) -> None:
        if answer.done():
            return
        if found:
            answer.set_result(found)
        else:
            answer.set_exception(_NoHost(host))

    def ask() -> None:
        try:
            told = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(ipaddress.ip_address(one[4][0]) for one in told))
        except (OSError, ValueError):
            found = None
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    return await answer


# -- sending ---------------------------------------------------------------------------------------------------------------


async def ready() -> None:
    """Loads what sending needs, once, and in a thread: it takes so long that requests would wait for it.

    Raises:
        OSError: the certificates to trust cannot be read.
    """
    if not _context.cache_info().currsize:
        await asyncio.to_thread(_context)


async def send(letter: Letter, switches: Switches, patience: Patience) -> Outcome:
    """Sends a request and reads its answer. Whatever goes wrong is an outcome, not an exception."""
    import httpx

    try:
        await ready()
    except OSError as error:
        return Outcome(error=f"not sent: the certificates to trust cannot be read: {error.strerror or error}")
    try:
        async with asyncio.timeout(patience.total.total_seconds()):
            url = _checked(letter.url)
            host = url.raw_host.decode("ascii")
            return await _to_one_of(await _addresses(host, switches), url, letter, patience)
    except Refused as error:
        return Outcome(error=f"refused: {error}")
    except _NoHost as error:
        return Outcome(error=f"no connection: no host is named {error}")
    except (TimeoutError, httpx.TimeoutException):
        return Outcome(error="timeout")
    except httpx.ConnectError as error:
        return Outcome(error=_why_no_connection(error))
    except httpx.HTTPError as error:
        return Outcome(error=f"no answer: {str(error) or type(error).__name__}")


async def _to_one_of(addresses: Sequence[Address], url: httpx.URL, letter: Letter, patience: Patience) -> Outcome:
    """Sends to the first address that takes the connection."""
    import httpx

    total = patience.total.total_seconds()
    connect = (patience.connect or patience.total).total_seconds()
    each = httpx.Timeout(
        total,
        connect=min(connect, total / len(addresses)),  # the last of them shall have its turn as well
        read=(patience.read or patience.total).total_seconds(),
    )
    async with httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(verify=_context(), trust_env=False), trust_env=False, timeout=each
    ) as client:
        for address in addresses[:-1]:
            with contextlib.suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await _to(client, address, url, letter)
        return await _to(client, addresses[-1], url, letter)


async def _to(client: httpx.AsyncClient, address: Address, url: httpx.URL, letter: Letter) -> Outcome:
    """Sends to an address what is for the URL's host."""
    import httpx

    host = url.raw_host.decode("ascii")
    named = {"sni_hostname": host.rstrip(".")} if str(address) != host else {}
    headers = httpx.Headers({"User-Agent": agent(), "Accept": "*/*"})
    headers.update(letter.headers)
    headers.update({"Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity", "Connection": "close"})
    asked = client.build_request(
        letter.method, url.copy_with(host=str(address)), headers=headers, content=letter.body or None, extensions=named
    )
    answer = await client.send(asked, stream=True, follow_redirects=False)
    try:
        body, complete = await _beginning(answer)
    finally:
        await answer.aclose()
    content_type = answer.headers.get("content-type", "")
    text = body.decode("utf-8", "replace")
    return Outcome(status=answer.status_code, text=text, content_type=content_type, complete=complete)


async def _beginning(answer: httpx.Response) -> tuple[bytes, bool]:
    """What is read of a body, as it came: unpacking it could make much of little."""
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > MOST:
            return bytes(body[:MOST]), False
    return bytes(body), True


@cache
def _context() -> ssl.SSLContext:
    """Whom it trusts."""
    import httpx

    return httpx.create_ssl_context()


def _why_no_connection(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"no connection: the certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"no connection: TLS failed: {cause.reason or cause}"
        if isinstance(cause, OSError) and cause.errno:
            return f"no connection: {os.strerror(cause.errno).lower()}"
        cause = cause.__cause__ or cause.__context__
    return "no connection"
