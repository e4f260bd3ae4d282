"""HTTP/1.1 connections to one origin, kept open: h11 reads and writes, what no client would write goes as raw bytes."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import h11

from tillspec.verify.exchange import Answer, Call, Headers

_LARGEST = 32 << 20
_AHEAD = 1 << 20
_HEADERS = 1 << 18
_SURPLUS = 0.3
_OF_A_PATH = "/%:@!$&'()*+,;=~"


class BadOrigin(ValueError):
    """A URL that names no origin to send requests to."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port, and the path that every request begins with."""

    scheme: str
    host: str
    port: int
    base: str = ""

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of a base URL.

        Raises:
            BadOrigin: it is no http(s) URL with a host, or it has a user, a query or a fragment.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
            host = (parts.hostname or "").encode("idna").decode()
        except ValueError as error:
            raise BadOrigin(f"{url!r} is no URL: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadOrigin(f"{url!r} is no http(s) URL; it looks like http://127.0.0.1:8787")
        if parts.username or parts.password:
            raise BadOrigin("the URL has a user in it; credentials belong into the profile")
        if parts.query or parts.fragment:
            raise BadOrigin(f"{url!r} is no base URL: it has a query or a fragment")
        usual = {"http": 80, "https": 443}[parts.scheme]
        base = quote(parts.path.rstrip("/"), safe=_OF_A_PATH)
        return cls(parts.scheme, host, usual if port is None else port, base)

    @property
    def authority(self) -> str:
        """Host and port as the `Host` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.base}"


class _Stream(asyncio.Protocol):
    """What comes over a connection, kept until it is read, though the connection be lost meanwhile."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._came = bytearray()
        self._ended = False
        self._lost: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        if len(self._came) >= _AHEAD:
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._lost = True, exc
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def read(self) -> bytes:
        """What came since it was read last; nothing at the end.

        Raises:
            OSError: the connection was lost.
        """
        if self.is_quiet:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        if self._came:
            data = bytes(self._came)
            self._came.clear()
            self.transport.resume_reading()
            return data
        if self._lost is not None:
            raise self._lost
        return b""

    @property
    def is_quiet(self) -> bool:
        """Whether nothing came that was not read, its end neither."""
        return not self._came and not self._ended


@dataclass(slots=True)
class _Connection:
    stream: _Stream
    state: h11.Connection
    used: bool = False

    @property
    def transport(self) -> asyncio.Transport:
        return self.stream.transport

    def close(self) -> None:
        self.transport.abort()  # nothing that is still to be sent matters


class _Closed(Exception):
    """The connection was closed, or reset, before an answer was complete. `begun` says whether any byte of it had come."""

    def __init__(self, begun: bool) -> None:
        self.begun = begun


@dataclass(slots=True)
class Wire:
    """Sends calls, at most so many at once; an answer may take `timeout` seconds. Redirects are never followed."""

    origin: Origin
    workers: int = 8
    timeout: float = 10.0
    sent: int = 0
    _idle: list[_Connection] = field(default_factory=list)
    _free: asyncio.Semaphore | None = None
    _tls: ssl.SSLContext | None = None

    async def send(self, call: Call) -> Answer:
        """The answer to a call; where the connection fails, an answer with its `fault`."""
        if self._free is None:
            self._free = asyncio.Semaphore(self.workers)
        async with self._free:
            self.sent += 1
            began, patience = time.perf_counter(), min(self.timeout, call.patience or self.timeout)
            try:
                async with asyncio.timeout(patience):
                    return await self._exchanged(call, began)
            except TimeoutError:
                return _faulty(f"gives no complete answer within {patience:g} s", began)
            except _Closed as closed:
                when = "half-way through its answer" if closed.begun else "without an answer"
                return _faulty(f"closed the connection {when}", began)
            except h11.RemoteProtocolError as error:
                return _faulty(f"answered what is no HTTP: {error}", began)
            except ssl.SSLError as error:
                return _faulty(f"TLS failed: {error.reason or error}", began)
            except OSError as error:
                return _faulty(f"cannot be reached: {error.strerror or type(error).__name__}", began)

    async def _exchanged(self, call: Call, began: float) -> Answer:
        """One exchange. A connection that was kept open may have been closed meanwhile; then another one is tried, once."""
        for fresh in (False, True):
            async with self._connection(fresh=fresh or call.raw is not None) as connection:
                try:
                    return await _exchange(connection, call, self.origin, began)
                except (_Closed, ConnectionError) as error:
                    if not connection.used or (isinstance(error, _Closed) and error.begun):
                        raise error if isinstance(error, _Closed) else _Closed(False) from None
        raise _Closed(False)

    @asynccontextmanager
    async def _connection(self, *, fresh: bool) -> AsyncIterator[_Connection]:
        connection = None if fresh else self._kept_open()
        connection = connection or await self._opened()
        kept = False
        try:
            yield connection
            state = connection.state
            kept = state.our_state is h11.DONE and state.their_state is h11.DONE and not state.trailing_data[0]
            if kept:
                state.start_next_cycle()
                connection.used = True
        finally:
            if kept:
                self._idle.append(connection)
            else:
                connection.close()

    def _kept_open(self) -> _Connection | None:
        """A connection that is open still, and of which nothing came after its last answer, which the next call would get."""
        while self._idle:
            connection = self._idle.pop()
            if connection.stream.is_quiet:
                return connection
            connection.close()
        return None

    async def _opened(self) -> _Connection:
        if self.origin.scheme == "https" and self._tls is None:
            self._tls = ssl.create_default_context()
        loop = asyncio.get_running_loop()
        _, stream = await loop.create_connection(_Stream, self.origin.host, self.origin.port, ssl=self._tls)
        return _Connection(stream, h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEADERS))

    async def close(self) -> None:
        """Close what is open."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # in which what was closed is let go


async def _exchange(connection: _Connection, call: Call, origin: Origin, began: float) -> Answer:
    _write(connection, call, origin)
    status, body, later = 0, bytearray(), call.later
    headers: Headers = ()
    async for event in _events(connection):
        if isinstance(event, h11.InformationalResponse):
            if event.status_code == 100 and later is not None:
                connection.transport.write(later)
                later = None
        elif isinstance(event, h11.Response):
            status = event.status_code
            headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers.raw_items())
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _LARGEST:
                return Answer(status, headers, bytes(body), time.perf_counter() - began, "answers more than 32 MiB")
        elif isinstance(event, h11.EndOfMessage):
            seconds = time.perf_counter() - began
            if call.raw is not None and call.method == "HEAD":
                body += await _surplus(connection)
            more = call.raw is None and connection.state.trailing_data[0]
            return Answer(status, headers, bytes(body), seconds, "sends more than its headers say" if more else None)
    raise _Closed(bool(status))


async def _events(connection: _Connection) -> AsyncIterator[h11.Event]:
    """What comes, as h11 reads it, until the connection ends. What was written goes out meanwhile, as fast as it is taken: a
    server may answer before it has read all, and close.
    """
    begun, ended = False, False
    while True:
        try:
            event = connection.state.next_event()
        except h11.RemoteProtocolError:
            if ended:
                raise _Closed(True) from None
            raise
        if event is h11.NEED_DATA:
            try:
                data = await connection.stream.read()
            except ConnectionError:
                raise _Closed(begun or bool(connection.state.trailing_data[0])) from None
            ended = not data
            if ended and connection.state.their_state is h11.SEND_RESPONSE:
                raise _Closed(bool(connection.state.trailing_data[0]))
            connection.state.receive_data(data)
        elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            return
        else:
            begun = begun or isinstance(event, h11.Response)
            assert isinstance(event, h11.Event)
            yield event


async def _surplus(connection: _Connection) -> bytes:
    """What follows an answer to HEAD, which ends with its headers: a body that should not be there."""
    surplus = connection.state.trailing_data[0]
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(_SURPLUS):
            surplus += await connection.stream.read()
    return surplus


def _write(connection: _Connection, call: Call, origin: Origin) -> None:
    """A request on the wire. Of a raw one, h11 is told the method alone, which is what reading its answer takes."""
    state = connection.state
    if call.raw is not None:
        method = call.raw.split(b" ", 1)[0].decode("latin-1")
        told = method if method.isascii() and method.isalpha() else "GET"
        state.send(h11.Request(method=told, target="/", headers=[("Host", origin.authority), ("Connection", "close")]))
        state.send(h11.EndOfMessage())
        connection.transport.write(call.raw)
        if call.ends and connection.transport.can_write_eof():
            connection.transport.write_eof()
        return
    names = {name.lower() for name, _ in call.headers}
    headers = [] if "host" in names else [("Host", origin.authority)]
    headers += call.headers
    if "content-length" not in names and (call.body is not None or call.method in ("POST", "PUT", "PATCH")):
        headers.append(("Content-Length", str(len(call.body or b""))))
    if "user-agent" not in names:
        headers.append(("User-Agent", "tillspec-verify"))
    if "accept-encoding" not in names:
        headers.append(("Accept-Encoding", "identity"))  # without it, any coding would be right (RFC 9110, section 12.5.3)
    try:
        begin = state.send(
            h11.Request(
                method=call.method.encode(),
                target=(origin.base + call.target).encode("ascii", "surrogateescape"),
                headers=[(name.encode("ascii"), value.encode("utf-8", "surrogateescape")) for name, value in headers],
            )
        )
        data = state.send(h11.Data(call.body)) if call.body else b""
        end = state.send(h11.EndOfMessage())
    except h11.LocalProtocolError as error:
        raise ValueError(f"{call.method} {call.target[:80]} cannot be written: {error}") from error
    connection.transport.write((begin or b"") + (data or b"") + (end or b""))


def _faulty(fault: str, began: float) -> Answer:
    return Answer(seconds=time.perf_counter() - began, fault=fault)
