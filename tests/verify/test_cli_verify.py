"""The command: what it prints, and how it ends, whatever the server does."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from .conftest import SPEC, Command, Sandbox

ONLY = ("--only", "getVinrSessionResult", "--no-random")


def test_a_server_that_conforms(tillspec: Command, running_sandbox: Sandbox) -> None:
    asked = ("--url", running_sandbox.url, "--spec", SPEC, "--profile", running_sandbox.profile)
    made = tillspec("verify", *asked, "--only", "createVinrSession", "--no-random")
    assert made.returncode == 0, made.stdout + made.stderr
    assert "MUST" not in made.stdout
    assert running_sandbox.secret not in made.stdout + made.stderr


def test_without_a_profile_nothing_is_green(tillspec: Command, running_sandbox: Sandbox) -> None:
    made = tillspec("verify", "--url", running_sandbox.url, "--spec", SPEC, "--only", "createVinrSession", "--no-random")
    assert made.returncode == 2, made.stdout
    assert "no credential for VinrApiKey" in made.stdout
    assert "tenants.first.credentials.VinrApiKey" in made.stdout


def test_with_safe_nothing_is_changed(tillspec: Command, running_sandbox: Sandbox) -> None:
    from tillspec.sandbox.control.client import ControlClient

    with ControlClient(running_sandbox.url, running_sandbox.secret) as control:
        control.call("POST", "/reset", {})
        tillspec(
            "verify", "--url", running_sandbox.url, "--spec", SPEC, "--profile", running_sandbox.profile, "--safe", "--no-random"
        )
        assert control.call("GET", "/sessions")["sessions"] == []
        methods = {one["method"] for one in control.call("GET", "/requests", limit=1000)["requests"]}
        assert methods <= {"GET", "HEAD", "OPTIONS"}


def test_a_profile_to_fill_in(tillspec: Command, running_sandbox: Sandbox, tmp_path: Path) -> None:
    made = tillspec("verify", "init", "--url", running_sandbox.url, "--spec", SPEC)
    assert made.returncode == 0, made.stderr
    assert "places to fill in" in made.stdout
    assert f"Then: tillspec verify --url {running_sandbox.url} --spec {SPEC} --profile verify.toml" in made.stdout
    text = (tmp_path / "verify.toml").read_text()
    value = tomllib.loads(text)
    assert value["tenants"]["first"]["credentials"]["VinrApiKey"] == "FILL_ME"
    assert value["tenants"]["first"]["credentials"]["DinteroBearer"]["operation"] == "createDinteroToken"
    assert value["tenants"]["first"]["objects"].keys() >= {"DinteroOrder", "DiddoTemplateCart"}
    assert value["policy"]["unknown-paths"] == [404]
    used = tillspec("verify", "--url", running_sandbox.url, "--spec", SPEC, "--profile", "verify.toml", *ONLY)
    assert used.returncode == 2
    again = tillspec("verify", "init", "--url", running_sandbox.url, "--spec", SPEC)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    assert (tmp_path / "verify.toml").read_text() == text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name the server with --url"),
        (("--url", "ftp://x"), "looks like http://127.0.0.1:8787"),
        (("--url", "http://user:secret@x"), "credentials belong into the profile"),
        (("--url", "http://127.0.0.1:1", "--shard", "3/2"), "the second of three is 2/3"),
        (("--url", "http://127.0.0.1:1", "--profile", "none.toml"), "none.toml cannot be read"),
        (("--url", "http://127.0.0.1:1", "--spec", "none.yaml"), "none.yaml"),
        (("--url", "http://127.0.0.1:1", "--only", "createVinrSesion"), "there is createVinrSession"),
        (("--url", "http://127.0.0.1:1", "--surface", "venr"), "there is vinr"),
    ],
)
def test_what_cannot_be_asked_for(tillspec: Command, arguments: tuple[str, ...], told: str) -> None:
    spec = () if "--spec" in arguments else ("--spec", SPEC)
    made = tillspec("verify", *spec, *arguments)
    assert (made.returncode, told in made.stderr) == (2, True), made.stderr
    assert "Traceback" not in made.stderr


def test_a_profile_with_a_mistake_is_told_with_its_line(tillspec: Command, tmp_path: Path) -> None:
    (tmp_path / "verify.toml").write_text("[server]\nrat = 5\n")
    made = tillspec("verify", "--url", "http://127.0.0.1:1", "--spec", SPEC, "--profile", "verify.toml")
    assert made.returncode == 2
    assert "verify.toml:2:1:" in made.stderr


def test_where_nothing_is_left_to_verify_nothing_is_green(tillspec: Command, running_sandbox: Sandbox) -> None:
    asked = ("--url", running_sandbox.url, "--spec", SPEC, "--profile", running_sandbox.profile)
    made = tillspec("verify", *asked, "--only", "createVinrSession", "--safe", "--no-random")
    assert (made.returncode, "there is no operation to verify that only reads" in made.stdout) == (2, True), made.stdout


def test_a_credential_that_does_not_work_is_no_deviation(tillspec: Command, running_sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "verify.toml").write_text('[tenants.first.credentials]\nVinrApiKey = "sk_test_of_somebody_else"\n')
    asked = ("--url", running_sandbox.url, "--spec", SPEC, "--profile", "verify.toml")
    made = tillspec("verify", *asked, "--only", "createVinrSession", "--no-random")
    assert (made.returncode, "MUST" in made.stdout) == (2, False), made.stdout
    assert "no valid request is accepted: 401" in made.stdout
    assert "fill in   tenants.first.credentials.VinrApiKey" in made.stdout
    assert "sk_test_of_somebody_else" not in made.stdout + made.stderr


def test_a_name_that_the_contract_has_not_is_told(tillspec: Command, running_sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "verify.toml").write_text(
        '[tenants.first.credentials]\nVinrKey = "sk_1"\n[tenants.first.bodies]\ncreateVinrSesion = {amount = 1}\n'
    )
    asked = ("--url", running_sandbox.url, "--spec", SPEC, "--profile", "verify.toml")
    made = tillspec("verify", *asked, "--only", "createVinrSession", "--no-random")
    assert "verify.toml: tenants.first.credentials.VinrKey names no security scheme of the contract" in made.stderr
    assert "verify.toml: tenants.first.bodies.createVinrSesion names no operation of the contract" in made.stderr
    good = tillspec("verify", *asked[:4], "--profile", running_sandbox.profile, "--only", "getDiddoQr", "--no-random")
    assert "warning" not in good.stderr


def test_what_was_not_tested_is_about_what_was_asked_for(tillspec: Command, running_sandbox: Sandbox) -> None:
    asked = ("--url", running_sandbox.url, "--spec", SPEC, "--profile", running_sandbox.profile, "--no-random")
    assert "NOT TESTED" not in tillspec("verify", *asked, "--only", "getDiddoQr").stdout
    assert re.findall(r"in +(\w+Told.*)", tillspec("verify", *asked, "--surface", "vinr").stdout) == ["vinrTold"]


def test_a_contract_below_the_folder_is_told_of_as_from_there(
    tillspec: Command, running_sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "api").mkdir()
    contract = tmp_path / "api" / "openapi.yaml"
    contract.write_text(
        "openapi: 3.1.0\ninfo: {title: Health, version: '1'}\npaths:\n  /healthz:\n    get:\n      operationId: health\n"
        "      responses: {'204': {description: Another answer than the sandbox's.}}\n"
    )
    made = tillspec("verify", "--url", running_sandbox.url, "--spec", contract, "--no-random", "--sarif", "verify.sarif")
    assert made.returncode == 1, made.stdout + made.stderr
    (result, *_) = json.loads((tmp_path / "verify.sarif").read_text())["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "api/openapi.yaml"


# -- servers that are none --


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does this with each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    ended = threading.Event()

    def serve() -> None:
        held = []
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            held.append(connection)
            with suppress(OSError):
                answer(connection)
        for connection in held:
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        thread.join()
        listener.close()


def says(data: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)
        connection.close()

    return answer


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


BROKEN: dict[str, Callable[[socket.socket], None]] = {
    "hangs": lambda connection: None,
    "closes": lambda connection: connection.close(),
    "resets": resets,
    "garbage": says(b"\x16\x03\x01 SSH-2.0\r\n\r\n" * 9),
    "half-way": says(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"),
    "headers without end": says(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 400_000),
    "redirects": says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/else\r\nContent-Length: 0\r\n\r\n"),
    "says yes": says(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nOK"),
    "says no": says(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
}


NO_SERVER = "look whether an HTTP server is at that port"
ADVICE = dict.fromkeys(("hangs", "closes", "resets", "garbage", "half-way", "headers without end"), NO_SERVER) | {
    "redirects": "with 302 to http://127.0.0.1:9/else, and nothing is sent elsewhere: give --url the place",
    "says no": "with 403: look whether the credentials of the profile are the server's",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_server_that_is_none_never_conforms(tillspec: Command, running_sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    text = running_sandbox.profile.read_text()
    (tmp_path / "verify.toml").write_text(text + "\n[server]\ntimeout = 0.2\nwait = 1\n")
    with serving(BROKEN[kind]) as url:
        made = tillspec("verify", "--url", url, "--spec", SPEC, "--profile", "verify.toml", "--max-time", "20", *ONLY)
    assert made.returncode in (1, 2), made.stdout
    assert "Traceback" not in made.stdout + made.stderr
    assert ADVICE.get(kind, "") in " ".join(made.stdout.split())


def test_a_server_that_is_down(tillspec: Command, tmp_path: Path) -> None:
    (tmp_path / "verify.toml").write_text("[server]\nwait = 0.3\n")
    made = tillspec("verify", "--url", "http://127.0.0.1:1", "--spec", SPEC, "--profile", "verify.toml")
    assert made.returncode == 2
    told = " ".join(made.stdout.split())
    assert "http://127.0.0.1:1 cannot be reached within 0.3 s: connection refused; start the server, or mend --url" in told
    assert told.endswith("incomplete: nothing was sent")


def test_a_server_that_is_slow_to_start_is_waited_for(tillspec: Command, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "verify.toml").write_text("[server]\nwait = 20\n")

    def late() -> None:
        time.sleep(1.5)
        with socket.create_server(("127.0.0.1", port)) as listener:
            listener.settimeout(4)
            for _ in range(2):
                try:
                    connection, _ = listener.accept()
                    says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")(connection)
                except OSError:
                    return

    thread = threading.Thread(target=late)
    thread.start()
    made = tillspec("verify", "--url", f"http://127.0.0.1:{port}", "--spec", SPEC, "--profile", "verify.toml", *ONLY)
    thread.join()
    assert made.returncode == 2
    assert "cannot be reached" not in made.stdout
