"""The way out of the sandbox: where it goes, where it does not, and what it bears from the other side."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from tillspec.sandbox import outgoing
from tillspec.sandbox.outgoing import Letter, Outcome, Patience, Refused
from tillspec.sandbox.state import Switches

PATIENCE = Patience(total=timedelta(seconds=5))


def send(url: str, switches: Switches | None = None, patience: Patience = PATIENCE, **letter: Any) -> Outcome:
    one = Letter(**{"method": "POST", "url": url, "body": b"{}", **letter})
    return asyncio.run(outgoing.send(one, switches or Switches(), patience))


class Handler(BaseHTTPRequestHandler):
    """Says what it got, or behaves as its path says."""

    def do_POST(self) -> None:
        self.server.seen.append((self.path, dict(self.headers.items())))  # type: ignore[attr-defined]
        match self.path.partition("?")[0]:
            case "/redirect":
                self.send_response(307)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/endless":
                self.send_response(200)
                self.end_headers()
                self.pour(b"x" * 10_000)
            case "/drip":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.pour(b"x", pause=0.05)
            case "/garbage":
                self.wfile.write(b"SSH-2.0-whatever\r\n\r\n")
            case _:
                self.send_response(200)
                self.send_header("Set-Cookie", "a=b")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

    do_GET = do_POST

    def pour(self, data: bytes, pause: float = 0) -> None:
        try:
            for _ in range(1000):
                self.wfile.write(data)
                self.server.over.wait(pause)  # type: ignore[attr-defined]
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), Handler)
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.over = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        pass


def serving(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    yield from serving(Server())


# -- which addresses ---------------------------------------------------------------------------------------------------------

SPECIAL = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "192.0.2.1",
    "192.168.1.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1",
    "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
    "ff02::1", "ff0e::1", "4000::1",
]  # fmt: skip
addresses = st.one_of(
    st.ip_addresses(), st.sampled_from(SPECIAL).map(ipaddress.ip_address), st.ip_addresses(network="::/8"),
    st.ip_addresses(network="2000::/3"), st.ip_addresses(network="2001::/16"),
)  # fmt: skip


def allowed(address: outgoing.Address, **switches: bool) -> bool:
    try:
        outgoing.check_address(address, Switches(**switches))  # type: ignore[arg-type]
    except Refused:
        return False
    return True


@given(addresses)
def test_only_what_the_internet_reaches_is_allowed_without_switches(address: outgoing.Address) -> None:
    if allowed(address, loopback=False):
        assert address.is_global
        assert not (address.is_private or address.is_multicast or address.is_loopback or address.is_link_local)
        assert not (address.is_reserved or address.is_unspecified)
        inner = [getattr(address, name, None) for name in ("ipv4_mapped", "sixtofour", "teredo")]
        assert inner in ([None] * 3, [])
    if address.version == 4 and address.is_global and not address.is_multicast:
        assert allowed(address, loopback=False)


@given(addresses)
def test_each_switch_opens_its_own(address: outgoing.Address) -> None:
    plain = allowed(address, loopback=False)
    assert allowed(address) == (plain or address.is_loopback)
    assert allowed(address, loopback=False, private=True) == (not address.is_loopback)


@pytest.mark.parametrize("address", SPECIAL)
def test_special_addresses_are_not_public(address: str) -> None:
    assert outgoing.kind_of(ipaddress.ip_address(address)) is not None


@pytest.mark.parametrize("address", ["8.8.8.8", "192.88.98.1", "2606:4700:4700::1111", "2a00:1450:4001::1"])
def test_public_addresses_are(address: str) -> None:
    assert outgoing.kind_of(ipaddress.ip_address(address)) is None


# -- which URLs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.com/", "neither an http nor an https URL"),
        ("file:///etc/passwd", "neither an http nor an https URL"),
        ("http:///x", "no host"),
        ("http://me:secret@example.com/", "holds credentials"),
        ("http://example.com:99999/", "99999 is not a port"),
        ("http://a\r\nHost: b/", "not a URL"),
        ("http://10.1.2.3/", "10.1.2.3 is a private address, and the switch `private` is off"),
        ("http://169.254.169.254/latest/meta-data/", "link-local"),
        ("http://[::ffff:169.254.169.254]/", "IPv4-mapped"),
        ("http://0/", "unspecified"),
        ("http://[fd00::1]:8080/", "private"),
    ],
)
def test_it_does_not_go_there(url: str, why: str) -> None:
    outcome = send(url)
    assert outcome.status is None
    assert (outcome.error or "").startswith("refused: ")
    assert why in (outcome.error or "")
    assert "secret" not in (outcome.error or "")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433"])
def test_loopback_by_any_name_is_one_switch(server: Server, host: str) -> None:
    url = f"http://{host}:{server.port}/"
    assert send(url).status == 200
    refused = send(url, Switches(loopback=False))
    assert "is a loopback address, and the switch `loopback` is off" in (refused.error or "")
    assert len(server.seen) == 1


def resolver(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Stands for the system's resolver: each look-up gets the next answer. The names that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        if not isinstance(host, str) or not host.endswith(".example"):
            return real(host, *rest, **options)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_that_changes_its_mind_gains_nothing(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    asked = resolver(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    assert send(f"http://rebinds.example:{server.port}/a").status == 200
    assert asked == ["rebinds.example"]
    assert server.seen[0][1]["Host"] == f"rebinds.example:{server.port}"


def test_one_bad_address_among_good_ones_is_enough(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    resolver(monkeypatch, ["127.0.0.1", "10.0.0.1"])
    assert "10.0.0.1 is a private address" in (send(f"http://mixed.example:{server.port}/").error or "")
    assert server.seen == []


def test_the_next_address_is_tried_if_one_takes_no_connection(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    resolver(monkeypatch, ["127.0.0.2", "127.0.0.1"])  # it listens on the second alone
    assert send(f"http://two.example:{server.port}/").status == 200


def test_a_resolver_that_does_not_answer_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(20) and [])
    assert send("http://slow.example/", patience=Patience(total=timedelta(seconds=0.2))).error == "timeout"
    over.set()


def test_the_form_that_is_called() -> None:
    assert outgoing.as_sent("HTTP://Bücher.example/a/../é?q=a b#x") == "http://xn--bcher-kva.example/%C3%A9?q=a%20b"


# -- what comes back -----------------------------------------------------------------------------------------------------------


def test_what_is_sent_and_what_comes_back(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/hook?a=1"
    outcome = send(url, headers={"X-Own": "1", "host": "other.example"})
    send(url)
    assert (outcome.status, outcome.text, outcome.complete, outcome.error) == (200, "ok", True, None)
    (path, headers), (_, later) = server.seen
    assert path == "/hook?a=1"
    assert headers["User-Agent"].startswith("tillspec-sandbox")
    assert (headers["X-Own"], headers["Host"]) == ("1", f"127.0.0.1:{server.port}")
    assert "Cookie" not in later


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch, server: Server, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(f"http://127.0.0.1:{server.port}/").status == 200
    assert "Authorization" not in server.seen[0][1]


def test_a_redirect_is_an_answer_and_is_not_followed(server: Server) -> None:
    assert send(f"http://127.0.0.1:{server.port}/redirect").status == 307
    assert [path for path, _ in server.seen] == ["/redirect"]


def test_of_an_endless_answer_only_the_beginning_is_read(server: Server) -> None:
    outcome = send(f"http://127.0.0.1:{server.port}/endless")
    assert (outcome.status, len(outcome.text), outcome.complete) == (200, outgoing.MOST, False)


def test_the_time_in_all_is_bounded(server: Server) -> None:
    outcome = send(f"http://127.0.0.1:{server.port}/drip", patience=Patience(total=timedelta(seconds=0.3)))
    assert (outcome.status, outcome.error) == (None, "timeout")


def test_what_is_no_answer(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    assert (send(f"http://127.0.0.1:{server.port}/garbage").error or "").startswith("no answer: ")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert send(f"http://127.0.0.1:{port}/").error == "no connection: connection refused"
    resolver(monkeypatch, [])
    assert send("http://nobody.example/").error == "no connection: no host is named nobody.example"


# -- TLS -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server with a certificate for `shop.example`, from an authority that `SSL_CERT_FILE` names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    server = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    outgoing._context.cache_clear()
    yield from serving(server)
    outgoing._context.cache_clear()


def test_the_certificate_is_held_against_the_name_that_was_given(monkeypatch: pytest.MonkeyPatch, secure: Server) -> None:
    resolver(monkeypatch, ["127.0.0.1"])
    assert send(f"https://shop.example:{secure.port}/").status == 200
    assert secure.seen[0][1]["Host"] == f"shop.example:{secure.port}"
    for other in ("other.example", "127.0.0.1"):
        error = send(f"https://{other}:{secure.port}/").error or ""
        assert error.startswith("no connection: the certificate is not trusted: "), error


def test_certificates_that_cannot_be_read_are_told(monkeypatch: pytest.MonkeyPatch, secure: Server, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    outgoing._context.cache_clear()
    error = send(f"https://127.0.0.1:{secure.port}/").error or ""
    assert error.startswith("not sent: the certificates to trust cannot be read: ")


def test_a_certificate_of_nobody_is_refused(monkeypatch: pytest.MonkeyPatch, secure: Server) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    outgoing._context.cache_clear()
    resolver(monkeypatch, ["127.0.0.1"])
    assert "not trusted" in (send(f"https://shop.example:{secure.port}/").error or "")
    assert secure.seen == []
