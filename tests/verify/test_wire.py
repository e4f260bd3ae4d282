"""The wire: what a server sends, byte by byte, and what is made of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tillspec.verify.exchange import Answer, Call
from tillspec.verify.wire import BadOrigin, Origin, Wire

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Handler = Callable[[Reader, Writer], Awaitable[None]]
GET = Call("read", "GET", "/things")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def request(reader: Reader) -> bytes:
    """A request as it came, its head and as much of a body as it announces; empty at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
    return head + await reader.readexactly(int(length.partition(b":")[2]))


class Server:
    """A server that answers each request of a connection with the next of its texts, and closes where there is none.

    `requests` are those that came, by connection.
    """

    def __init__(self, *texts: bytes, then: Handler | None = None) -> None:
        self.texts, self.then = texts, then
        self.requests: list[list[bytes]] = []

    async def __call__(self, reader: Reader, writer: Writer) -> None:
        mine: list[bytes] = []
        self.requests.append(mine)
        for text in self.texts:
            one = await request(reader)
            if not one:
                break
            mine.append(one)
            writer.write(text)
            await writer.drain()
        if self.then is not None:
            await self.then(reader, writer)


@asynccontextmanager
async def listening(server: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server as long as the block lasts; its connections are over afterwards."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await server(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    found = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with found:
        yield found.sockets[0].getsockname()[1]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def answers(server: Handler, *calls: Call, timeout: float = 5.0, scheme: str = "http", context: ssl.SSLContext | None = None,
            pause: float = 0.0, base: str = "") -> list[Answer]:  # fmt: skip
    """What calls get, sent one after the other over one wire."""

    async def work() -> list[Answer]:
        async with listening(server, context) as port:
            wire = Wire(Origin.of(f"{scheme}://127.0.0.1:{port}{base}"), timeout=timeout)
            found = []
            try:
                for call in calls:
                    found.append(await wire.send(call))
                    await asyncio.sleep(pause)
            finally:
                await wire.close()
            return found

    return asyncio.run(work())


# -- where requests go ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "origin", "authority"),
    [
        ("http://localhost", Origin("http", "localhost", 80), "localhost"),
        ("https://localhost/", Origin("https", "localhost", 443), "localhost"),
        ("https://localhost:80/v1/", Origin("https", "localhost", 80, "/v1"), "localhost:80"),
        ("http://[::1]:8787/a b", Origin("http", "::1", 8787, "/a%20b"), "[::1]:8787"),
        ("http://BÜCHER.example:0", Origin("http", "xn--bcher-kva.example", 0), "xn--bcher-kva.example:0"),
    ],
)
def test_an_origin_is_read(url: str, origin: Origin, authority: str) -> None:
    made = Origin.of(url)
    assert (made, made.authority) == (origin, authority)
    assert Origin.of(str(made)) == made


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("localhost:8787", "is no http(s) URL"),
        ("ftp://localhost", "is no http(s) URL"),
        ("http://", "is no http(s) URL"),
        ("http://localhost:99999", "is no URL"),
        ("http://localhost:http", "is no URL"),
        ("http://[::1", "is no URL"),
        ("http://a..b/", "is no URL"),
        (f"http://{'a' * 64}.example", "is no URL"),
        ("http://ada:secret@localhost", "credentials belong into the profile"),
        ("http://localhost/?a=b", "has a query or a fragment"),
        ("http://localhost/#a", "has a query or a fragment"),
    ],
)
def test_what_is_no_origin_is_refused(url: str, told: str) -> None:
    with pytest.raises(BadOrigin) as error:
        Origin.of(url)
    assert told in str(error.value)
    assert "secret" not in str(error.value)


# -- requests ------------------------------------------------------------------------------------------------------------


def test_a_request_is_written_as_it_is() -> None:
    server = Server(OK, OK, OK)
    call = Call("write", "POST", "/things?a=b%20c", (("X-Name", "Ünïcode"), ("x-name", "again")), b"\x00\xff")
    answers(server, call, Call("write", "PUT", "/"), Call("read", "DELETE", "/", (("Host", "elsewhere"),)), base="/v1")
    (first, second, third), = server.requests  # fmt: skip
    assert first.startswith(b"POST /v1/things?a=b%20c HTTP/1.1\r\nHost: 127.0.0.1:")
    assert "X-Name: Ünïcode\r\nx-name: again\r\n".encode() in first
    assert first.endswith(b"\r\n\r\n\x00\xff")
    assert b"Content-Length: 0\r\n" in second
    assert (b"Host: elsewhere\r\n" in third, b"127.0.0.1" in third, b"Content-Length" in third) == (True, False, False)


@pytest.mark.parametrize(
    "call",
    [
        Call("read", "GET", "/things\r\nX: y"),
        Call("read", "GET", "/thíngs"),
        Call("read", "GE T", "/things"),
        Call("read", "GET", "/things", (("X", "a\r\nY: b"),)),
        Call("read", "GET", "/things", (("X Y", "a"),)),
        Call("read", "GET", "/things", (("Ü", "a"),)),
    ],
)
def test_what_cannot_be_written_is_not_sent(call: Call) -> None:
    server = Server(OK)
    with pytest.raises(ValueError, match=r"cannot be written|ascii"):
        answers(server, call)
    assert server.requests in ([], [[]])


def test_raw_bytes_go_as_they_are_over_a_connection_of_their_own() -> None:
    server = Server(OK, OK)
    raw = b"GET /x HTTP/1.1\r\nhost:a\r\nContent-Length : 0\r\n\r\n"
    before, between, after = answers(server, GET, Call("read", "GET", "/x", raw=raw), GET)
    assert (before.fault, between.fault, between.body, after.fault) == (None, None, b"ok", None)
    assert [len(one) for one in server.requests] == [2, 1]
    assert server.requests[1] == [raw]


# -- answers -------------------------------------------------------------------------------------------------------------


def test_a_connection_is_kept_open() -> None:
    server = Server(*[OK] * 9)
    assert [(one.status, one.body, one.fault) for one in answers(server, *[GET] * 9)] == [(200, b"ok", None)] * 9
    assert [len(one) for one in server.requests] == [9]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", id="it-says-that-it-closes"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nok", id="its-end-is-the-end"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", id="HTTP-1.0"),
        pytest.param(OK, id="it-closes-without-a-word"),
    ],
)
@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_a_server_may_close_between_requests(text: bytes, pause: float) -> None:
    server = Server(text)
    assert [(one.status, one.body, one.fault) for one in answers(server, *[GET] * 3, pause=pause)] == [(200, b"ok", None)] * 3
    assert [len(one) for one in server.requests if one] == [1, 1, 1]


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param([CHUNKED + b"1\r\no\r\n", b"1;a=b\r\nk\r\n0\r\nX: y\r\n\r\n"], id="chunks"),
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", OK], id="informational"),
        pytest.param([OK[:9], OK[9:30], OK[30:]], id="pieces"),
    ],
)  # fmt: skip
def test_an_answer_may_come_in_pieces(texts: list[bytes]) -> None:
    async def server(reader: Reader, writer: Writer) -> None:
        while await request(reader):
            for text in texts:
                writer.write(text)
                await writer.drain()
                await asyncio.sleep(0.01)

    assert [(one.status, one.body, one.fault) for one in answers(server, GET, GET)] == [(200, b"ok", None)] * 2


def test_headers_are_told_as_they_are() -> None:
    lines = [b"HTTP/1.1 201 Made", b"Set-Cookie: a=b", b"set-cookie: c=d", b"X-Odd: \xe9", b"Content-Type: Text/HTML; charset=x"]
    (answer,) = answers(Server(b"\r\n".join([*lines, b"Content-Length: 0", b"", b""])), GET)
    assert answer.headers[:3] == (("Set-Cookie", "a=b"), ("set-cookie", "c=d"), ("X-Odd", "é"))
    assert (list(answer.all("SET-COOKIE")), answer.media_type, answer.succeeded) == (["a=b", "c=d"], "text/html", True)


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body(status: int) -> None:
    text = f"HTTP/1.1 {status} X\r\n\r\n".encode()
    assert [(one.status, one.body, one.fault) for one in answers(Server(text, text), GET, GET)] == [(status, b"", None)] * 2


def test_an_answer_to_head_has_no_body() -> None:
    head, get = answers(Server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", OK), Call("read", "HEAD", "/things"), GET)
    assert [(head.status, head.body, head.fault), (get.body, get.fault)] == [(200, b"", None), (b"ok", None)]


def test_no_redirect_is_followed() -> None:
    server = Server(b"HTTP/1.1 307 Elsewhere\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", OK)
    (answer,) = answers(server, GET)
    assert (answer.status, answer.header("location")) == (307, "/elsewhere")
    assert [len(one) for one in server.requests] == [1]


def test_an_answer_may_come_before_the_request_is_read() -> None:
    async def server(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.2)

    (answer,) = answers(server, Call("write", "POST", "/things", (), b"x" * (20 << 20)))
    assert (answer.status, answer.fault) == (413, None)


def test_what_comes_after_an_informational_response() -> None:
    async def server(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        said = await reader.readexactly(3)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + said)
        await writer.drain()

    raw = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    (answer,) = answers(server, Call("write", "POST", "/", raw=raw, later=b"abc"))
    assert (answer.status, answer.body) == (200, b"abc")


# -- what goes wrong -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", "closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "closed the connection half-way through its answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "closed the connection half-way through its answer"),
        (CHUNKED + b"2\r\nok\r\n", "closed the connection half-way through its answer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", "answered what is no HTTP"),
        (b"HTTP/2 200\r\n\r\n", "answered what is no HTTP"),
        (b"\x00\x01\x02\r\n\r\n", "answered what is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok", "answered what is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok", "answered what is no HTTP"),
        (CHUNKED + b"zz\r\n", "answered what is no HTTP"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "answered what is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * (1 << 19) + b"\r\n\r\n", "answered what is no HTTP"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_a_fault(text: bytes, fault: str) -> None:
    for answer in answers(Server(text), GET, GET):
        assert (answer.fault or "").startswith(fault), answer
        assert not answer.succeeded


def test_a_reset_is_a_fault() -> None:
    async def server(reader: Reader, writer: Writer) -> None:
        await request(reader)
        writer.transport.abort()

    (answer,) = answers(server, GET)
    assert answer.fault == "closed the connection without an answer"


@pytest.mark.parametrize("text", [b"", OK[:-1]])
def test_a_server_that_hangs_is_not_waited_for_any_longer(text: bytes) -> None:
    async def then(reader: Reader, writer: Writer) -> None:
        await reader.read(1)  # until the client goes away

    (answer,) = answers(Server(text, then=then), GET, timeout=0.1)
    assert answer.fault == "gives no complete answer within 0.1 s"


def test_an_endless_answer_is_cut() -> None:
    async def server(reader: Reader, writer: Writer) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(bytes(1 << 20))
                await writer.drain()
        except ConnectionError:
            return

    (answer,) = answers(server, GET, timeout=20.0)
    assert answer.fault == "answers more than 32 MiB"
    assert 32 << 20 < len(answer.body) < 34 << 20


def test_nobody_there() -> None:
    async def work() -> Answer:
        async with listening(Server()) as port:
            pass
        return await Wire(Origin("http", "127.0.0.1", port)).send(GET)

    assert (asyncio.run(work()).fault or "").startswith("cannot be reached: ")


@pytest.mark.parametrize("more", [b"more", OK, b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"])
def test_more_than_the_headers_say_is_a_fault_of_that_answer_alone(more: bytes) -> None:
    async def server(reader: Reader, writer: Writer) -> None:
        while one := await request(reader):
            writer.write(OK + (more if b"/long" in one else b""))

    first, long, last = answers(server, GET, Call("read", "GET", "/long"), GET)
    assert (long.status, long.body, long.fault) == (200, b"ok", "sends more than its headers say")
    assert [(one.status, one.body, one.fault) for one in (first, last)] == [(200, b"ok", None)] * 2


def test_what_comes_late_is_not_the_next_answer() -> None:
    async def server(reader: Reader, writer: Writer) -> None:
        while await request(reader):
            writer.write(OK)
            await asyncio.sleep(0.02)
            writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")

    assert [(one.status, one.fault) for one in answers(server, *[GET] * 3, pause=0.05)] == [(200, None)] * 3


def test_at_most_so_many_at_once() -> None:
    now = most = 0

    async def server(reader: Reader, writer: Writer) -> None:
        nonlocal now, most
        while await request(reader):
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.005)
            now -= 1
            writer.write(OK)

    async def work() -> list[Answer]:
        async with listening(server) as port:
            wire = Wire(Origin("http", "127.0.0.1", port), workers=3)
            found = await asyncio.gather(*[wire.send(GET) for _ in range(20)])
            await wire.close()
            return found

    assert {one.status for one in asyncio.run(work())} == {200}
    assert most == 3


# -- TLS -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that only itself vouches for, and its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    (folder / "key.pem").write_bytes(private)
    return folder / "certificate.pem", folder / "key.pem"


@pytest.mark.parametrize("trusted", [True, False])
def test_tls(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, *, trusted: bool) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    server = Server(OK, OK)
    first, second = answers(server, GET, GET, scheme="https", context=context)
    if trusted:
        assert [(one.status, one.body, one.fault) for one in (first, second)] == [(200, b"ok", None)] * 2
        assert [len(one) for one in server.requests] == [2]
    else:
        assert (first.fault or "").startswith("TLS failed: ")
        assert server.requests == []


def test_tls_where_plain_http_is_spoken() -> None:
    async def server(reader: Reader, writer: Writer) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    (answer,) = answers(server, GET, scheme="https")
    assert (answer.fault or "").startswith("TLS failed: ")
