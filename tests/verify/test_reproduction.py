"""What is told to reproduce a finding does so: the same bytes arrive, and secrets come from the environment."""

from __future__ import annotations

import base64
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h11
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tillspec.verify.exchange import Answer, Call, Exchange
from tillspec.verify.findings import Clause, Finding
from tillspec.verify.origins import Origins
from tillspec.verify.reports.as_pytest import as_pytest
from tillspec.verify.reports.curl import curl
from tillspec.verify.reports.recipe import Recipe, recipe
from tillspec.verify.reports.secrets import Secrets, Spelling, Variable, spelled

Answering = Callable[[str, str, bytes], tuple[int, bytes]]


class Recording:
    """A server that writes down what arrives: method, target, headers and body; or the bytes, where they are no HTTP."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.raw: list[bytes] = []
        self.answering: Answering = lambda method, target, body: (200, b"{}")

    def serve(self, connection: socket.socket) -> None:
        state, raw, body = h11.Connection(h11.SERVER), b"", b""
        request: Any = None
        with connection:
            connection.settimeout(5)
            try:
                while True:
                    event = state.next_event()
                    if event is h11.NEED_DATA:
                        data = connection.recv(65536)
                        raw += data
                        state.receive_data(data)
                        if request and request.headers and state.they_are_waiting_for_100_continue:
                            connection.sendall(state.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
                    elif isinstance(event, h11.Request):
                        request = event
                    elif isinstance(event, h11.Data):
                        body += event.data
                    elif isinstance(event, h11.EndOfMessage):
                        self._answer(connection, request, body)
                        return
                    else:
                        return
            except h11.RemoteProtocolError:
                self.raw.append(raw)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                connection.shutdown(socket.SHUT_WR)
                connection.recv(65536)
            except OSError:
                return

    def _answer(self, connection: socket.socket, request: h11.Request, body: bytes) -> None:
        method, target = request.method.decode(), request.target.decode("latin-1")
        headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
        self.seen.append((method, target, headers, body))
        status, content = self.answering(method, target, body)
        length = f"Content-Length: {len(content)}"
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{length}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + (content if method != "HEAD" else b""))


@contextmanager
def recording() -> Iterator[tuple[str, Recording]]:
    server, ended = Recording(), threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def work() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=server.serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", server
    finally:
        ended.set()
        thread.join()
        listener.close()


@pytest.fixture(scope="module")
def recorder() -> Iterator[tuple[str, Recording]]:
    with recording() as made:
        yield made


def made(
    url: str, *steps: Exchange, names: dict[str, str] | None = None, check: str = "invalid-body-refused", **told: str
) -> Recipe:
    """The recipe of a finding; `names` are secrets by their text."""
    words = {"what": "accepts what it must not", "expected": "a 4xx", "observed": "200", **told}
    origins = Origins()
    for step in steps:
        origins.note(step)
    return recipe(Finding(check, "makeThing", Clause("/paths"), **words, steps=steps), url, Secrets(names or {}), origins)


def shell(script: str, **environment: str) -> str:
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, f"{script}\n{done.stderr}"
    return done.stdout


def execute(text: str, monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    """Run the test in a file's text, in this process."""
    with monkeypatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        namespace: dict[str, Any] = {}
        exec(compile(text, "reproduction.py", "exec"), namespace)
        (test,) = [value for name, value in namespace.items() if name.startswith("test_")]
        test()


def call(method: str = "POST", target: str = "/things", body: bytes | None = b"{}", **given: Any) -> Call:
    headers = given.pop("headers", (("Content-Type", "application/json"),))
    return Call("makeThing", method, target, headers, body, **given)


ACCEPTED = Answer(200, (("content-type", "application/json"),), b"{}")

HOSTILE = [
    "'; touch /tmp/tillspec-owned; '",
    '$(touch /tmp/tillspec-owned) `id` ${HOME} "quoted" \\ back',
    "!! !$ {a,b} [x-z] * ? ~ # & | > <",
    "@/etc/passwd",
    "--help",
    "%s %n \\n \\x41 %",
    "a\nb\n\n",
    "tab\there\r\nand \x00 and \x1b[31mred\x7f",
    "ümläut \u202e\u2066 \U0001f600",
    "",
]


@pytest.mark.parametrize(
    "body", [*(text.encode() for text in HOSTILE), b"\xff\xfe%s\\-", b"-n", b"[" * 100_000, bytes(range(256)) * 40]
)
def test_every_body_arrives_as_it_was(
    body: bytes, recorder: tuple[str, Recording], require_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_engine("curl", install="apt-get install curl")
    url, server = recorder
    server.seen.clear()
    shown = made(url, Exchange(call(body=body), ACCEPTED))
    line = curl(shown)
    assert all(char.isprintable() or char == "\n" for char in line)
    shell(line)
    with pytest.raises(AssertionError):
        execute(as_pytest(shown), monkeypatch)
    assert [(method, target, content) for method, target, _, content in server.seen] == [("POST", "/things", body)] * 2
    assert not Path("/tmp/tillspec-owned").exists()


TARGETS = [
    "/a/../b",
    "/a//b?x=[1]&y={2}",
    "/%2e%2e/%00?q=%27%3B",
    "/a?b=$(id)&c='`x`",
    "/caf%C3%A9/%zz",
    "/a/./b/",
    "/?a=b+c%20d",
    "/a;b=1,2",
]


@pytest.mark.parametrize(
    ("method", "target"), [*(("GET", target) for target in TARGETS), *((method, "/a") for method in ("DELETE", "PATCH", "QUERY"))]
)
def test_every_target_arrives_as_it_was(
    method: str, target: str, recorder: tuple[str, Recording], require_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_engine("curl", install="apt-get install curl")
    url, server = recorder
    server.seen.clear()
    shown = made(f"{url}/base", Exchange(call(method, target, None, headers=(("X-A", "1"),)), ACCEPTED))
    shell(curl(shown))
    with pytest.raises(AssertionError):
        execute(as_pytest(shown), monkeypatch)
    assert [(one[0], one[1]) for one in server.seen] == [(method, f"/base{target}")] * 2


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["X-One", "X-Two", "Accept"]), st.text(st.characters(min_codepoint=32, max_codepoint=126)))
    )
)
def test_every_header_arrives_as_it_was(
    recorder: tuple[str, Recording], require_engine: Any, headers: list[tuple[str, str]]
) -> None:
    require_engine("curl", install="apt-get install curl")
    url, server = recorder
    server.seen.clear()
    kept = tuple({name: (name, value.strip()) for name, value in headers}.values())
    shown = made(url, Exchange(call("GET", "/", None, headers=kept), ACCEPTED))
    shell(curl(shown))
    with pytest.raises(AssertionError):
        execute(as_pytest(shown), pytest.MonkeyPatch())
    for _, _, seen, _ in server.seen:
        assert [(name, seen[name.lower()]) for name, _ in kept] == list(kept)


def test_no_content_type_is_none(recorder: tuple[str, Recording]) -> None:
    url, server = recorder
    server.seen.clear()
    shell(curl(made(url, Exchange(call(headers=()), ACCEPTED))))
    assert "content-type" not in server.seen[0][2]


# -- secrets -------------------------------------------------------------------------------------------------------------

KEY = "sk_live_aB3$x'yZ9\"+/=Qw"
USER = "client-7:p4ss:w0rd & more"


def basic(text: str) -> tuple[str, str]:
    return "Authorization", "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        ("X-Key", KEY),
        ("Authorization", f"Bearer {KEY}"),
        ("Authorization", f"Bearer {KEY}x"),
        ("Authorization", f"Bearer {KEY[:-1]}"),
        ("Authorization", f"Bearer {KEY[:12]}"),
        ("Authorization", f"Bearer A{KEY[1:]}"),
        ("Authorization", f"Bearer {KEY.swapcase()}"),
        ("Authorization", f"Bearer {KEY.upper()}"),
        basic(USER),
        basic(USER[:-1]),
        basic(USER + "A"),
        basic(USER.swapcase()),
        basic(f"{USER.partition(':')[0]}:{KEY}"),
        basic(KEY),
    ],
)
def test_a_secret_comes_from_the_environment(
    header: tuple[str, str], recorder: tuple[str, Recording], require_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_engine("curl", install="apt-get install curl")
    url, server = recorder
    server.seen.clear()
    shown = made(url, Exchange(call("GET", "/", None, headers=(header,)), ACCEPTED), names={KEY: "KEY_A", USER: "USER_A"})
    line, test = curl(shown), as_pytest(shown)
    for text in (KEY, USER, header[1]):
        for at in range(len(text) - 11):
            assert text[at : at + 12] not in line.replace("Authorization", "")
            assert text[at : at + 12] not in test.replace("Authorization", "")
    shell(line, KEY_A=KEY, USER_A=USER)
    with pytest.raises(AssertionError):
        execute(test, monkeypatch, KEY_A=KEY, USER_A=USER)
    assert [one[2][header[0].lower()] for one in server.seen] == [header[1]] * 2


def test_a_secret_in_the_query_is_spelled_for_it(recorder: tuple[str, Recording], monkeypatch: pytest.MonkeyPatch) -> None:
    url, server = recorder
    server.seen.clear()
    target = f"/?key={spelled(KEY, Spelling.URL)}"
    shown = made(url, Exchange(call("GET", target, None), ACCEPTED), names={KEY: "KEY_A"})
    shell(curl(shown), KEY_A=KEY)
    with pytest.raises(AssertionError):
        execute(as_pytest(shown), monkeypatch, KEY_A=KEY)
    assert [one[1] for one in server.seen] == [target] * 2


@given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20), st.sampled_from(Spelling))
def test_pieces_are_the_whole(secret: str, before: str, after: str, spelling: Spelling) -> None:
    """Nothing is lost and nothing added, and no whole secret is left."""
    try:
        text = before + spelled(secret, spelling) + after
    except UnicodeEncodeError:
        return
    parts = Secrets({secret: "NAME"}).split(text)

    def back(part: str | Variable) -> str:
        return part if isinstance(part, str) else spelled(secret, part.spelling)[part.start : part.end]

    assert "".join(map(back, parts)) == text
    assert not any(secret in part for part in parts if isinstance(part, str))


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=16, max_size=60), st.data())
def test_half_of_a_secret_is_not_left_either(secret: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(secret) // 2))
    part = secret[start : start + len(secret) // 2]
    left = Secrets({secret: "NAME"}).split(f"key {part} end")
    assert not any(part in piece for piece in left if isinstance(piece, str))
    assert any(isinstance(piece, Variable) for piece in left)


def test_a_token_that_is_not_known_is_not_shown(recorder: tuple[str, Recording]) -> None:
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
    shown = made(recorder[0], Exchange(call("GET", "/", None, headers=(("Authorization", f"Bearer {token}"),)), ACCEPTED))
    for text in (curl(shown), as_pytest(shown)):
        assert token not in text
        assert '{"sub": "ada"}' in text
    masked = made("http://x", Exchange(call(), ACCEPTED), observed=f"401 {token} Bearer abcdef0123456789").finding.observed
    assert masked == "401 *** Bearer ***"


# -- several requests ----------------------------------------------------------------------------------------------------


def stateful() -> Answering:
    """A server that makes an object, and lets it be read by an id that is another one each time."""
    known: set[str] = set()

    def answer(method: str, target: str, body: bytes) -> tuple[int, bytes]:
        if method == "POST":
            identifier = f"thing-{int(time.monotonic_ns())}"
            known.add(identifier)
            return 201, f'{{"data": [{{"id": "{identifier}"}}]}}'.encode()
        found = target.rpartition("/")[2] in known
        return (200, b'{"state": "open"}') if found else (404, b'{"error": "there is no such thing"}')

    return answer


def test_an_id_is_taken_from_the_answer_that_gave_it(
    recorder: tuple[str, Recording], require_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_engine("curl", install="apt-get install curl")
    url, server = recorder
    server.answering = stateful()
    server.seen.clear()
    old = "thing-0001234567"
    first = Exchange(call(), Answer(201, (("content-type", "application/json"),), f'{{"data": [{{"id": "{old}"}}]}}'.encode()))
    second = Exchange(
        call("GET", f"/things/{old}", None, path=(("id", old),)),
        Answer(200, (("content-type", "application/json"),), b'{"state": "open"}'),
    )
    shown = made(url, first, second, check="initial-state", expected="closed", observed="open")
    test = as_pytest(shown)
    with pytest.raises(AssertionError):
        execute(test, monkeypatch)
    assert server.seen[-1][1] != f"/things/{old}"
    line = curl(shown)
    assert f"id={old}  # put in what the answer to 1 has at /data/0/id" in line
    assert '/things/$id"' in line
    assert '"state": "open"' in shell(line.replace(f"id={old}", f"id={server.seen[-1][1].rpartition('/')[2]}"))
    server.answering = lambda method, target, body: (201, b'{"data": [{"id": "thing-0007654321"}], "state": "closed"}')
    execute(test, monkeypatch)  # the server was mended
    server.answering = Recording().answering


def test_what_gave_an_id_is_put_in_front() -> None:
    """Objects that stand were made by requests that no step of the finding shows."""
    number = Answer(201, (("content-type", "application/json"),), b'{"id": 7}')
    giving = Exchange(call(), number)
    reading = Exchange(call("GET", "/things/7?x=7", None, path=(("id", "7"),)), ACCEPTED)
    origins = Origins()
    origins.note(giving)
    shown = recipe(Finding("no-crash", "getThing", Clause(""), "x", "x", "x", (reading,)), "http://x", Secrets({}), origins)
    assert [step.call for step in shown.steps] == [giving.call, reading.call]
    assert 'curl -i "http://x/things/$id?x=7"' in curl(shown)
    assert "id = str(before.json()" in as_pytest(shown)


def test_text_of_the_contract_is_no_id() -> None:
    answer = Answer(201, (("content-type", "application/json"),), b'{"id": "example-0001", "at": "2026-01-01T00:00:00Z"}')
    origins = Origins(frozenset({"example-0001"}))
    assert list(origins.given(Exchange(call(), answer))) == []


def test_keys_are_new_each_time_and_shared_where_they_were(
    recorder: tuple[str, Recording], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, server = recorder
    server.seen.clear()
    keys = ["5d1f3c3e-8f57-4a39-9a3b-0c6a0d9c1f01", "5d1f3c3e-8f57-4a39-9a3b-0c6a0d9c1f02"]
    steps = [Exchange(call(headers=(("Idempotency-Key", key),)), ACCEPTED) for key in (keys[0], keys[0], keys[1])]
    shown = made(url, *steps)
    shell(curl(shown))
    with pytest.raises(AssertionError):
        execute(as_pytest(shown), monkeypatch)
    sent = [one[2]["idempotency-key"] for one in server.seen]
    assert [sent[0] == sent[1], sent[1] == sent[2], sent[3] == sent[4], sent[4] == sent[5]] == [True, False, True, False]
    assert not set(sent) & set(keys)
    assert len(set(sent)) == 4


def test_a_race_is_run_as_one(recorder: tuple[str, Recording], monkeypatch: pytest.MonkeyPatch) -> None:
    url, server = recorder
    together = threading.Barrier(3, timeout=10)

    def answer(method: str, target: str, body: bytes) -> tuple[int, bytes]:
        together.wait()
        return 201, b'{"id": %d}' % time.monotonic_ns()

    server.answering = answer
    shown = made(url, *[Exchange(call(), ACCEPTED)] * 3, check="key-raced")
    assert curl(shown).count(" &\n") == 3
    shell(curl(shown))
    with pytest.raises(AssertionError):
        execute(as_pytest(shown), monkeypatch)
    server.answering = Recording().answering


# -- what no client would write ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"{}", b"\x00\xff%d\\" * 3, b"a" * 20_000], ids=["small", "bytes", "large"])
def test_raw_bytes_arrive_as_they_were(
    body: bytes, recorder: tuple[str, Recording], require_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_engine("curl", install="apt-get install curl")
    url, server = recorder
    server.raw.clear()
    head = f"POST /things HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Key: {KEY}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"
    sent = head.encode() + body
    shown = made(url, Exchange(call(raw=sent), ACCEPTED), names={KEY: "KEY_A"}, check="framing-refused")
    line, test = curl(shown), as_pytest(shown)
    assert KEY not in line + test
    assert shell(line, KEY_A=KEY).startswith("HTTP/1.1 400")
    execute(test, monkeypatch, KEY_A=KEY)  # this server refuses it, as it should
    assert all(sent.startswith(seen[:400]) for seen in server.raw)
    assert len(server.raw) == 2
    server.raw.clear()


# -- the test as a file --------------------------------------------------------------------------------------------------


def test_the_file_is_run_by_pytest(recorder: tuple[str, Recording], tmp_path: Path) -> None:
    url, server = recorder
    hostile = '"""\nimport os; os.abort()\n\\"""\x1b[31m {x} '
    shown = made(url, Exchange(call(), ACCEPTED), what=hostile, observed=hostile, expected="404", check="unknown-refused")
    (tmp_path / "test_it.py").write_text(as_pytest(shown))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "test_it.py"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    failing = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert failing.returncode == 1, failing.stdout + failing.stderr
    assert re.search(r"assert not 200 <= .*\n", failing.stdout)
    server.answering = lambda method, target, body: (404, b"{}")
    passing = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert passing.returncode == 0, passing.stdout + passing.stderr
    server.answering = Recording().answering


def answered(status: int = 200, body: bytes = b"{}", *headers: tuple[str, str]) -> Answer:
    return Answer(status, headers or (("content-type", "application/json"),), body)


@pytest.mark.parametrize(
    ("check", "told", "answer", "claim"),
    [
        ("no-crash", {}, answered(500), "answer.status_code < 500"),
        ("status-declared", {"expected": "one of 200, 404"}, answered(418), "answer.status_code in {200, 404}"),
        (
            "header-required",
            {"what": "the header X-Id is missing"},
            answered(),
            "answer.status_code != 200 or 'X-Id' in answer.headers",
        ),
        ("body-json", {}, answered(200, b"{"), "answer.status_code != 200 or answer.json() is not None"),
        ("body-expected", {}, answered(204, b"x"), "answer.status_code != 204 or not answer.content"),
        (
            "body-schema",
            {"expected": "type holds at /a/0"},
            answered(200, b'{"a": ["1"]}'),
            "answer.status_code != 200 or type(answer.json()['a'][0]) is not str",
        ),
        (
            "body-schema",
            {"expected": "required holds at the root"},
            answered(),
            "answer.status_code != 200 or sorted(answer.json()) != []",
        ),
        ("valid-accepted", {}, answered(400), "200 <= answer.status_code < 300"),
        ("foreign-hidden", {"expected": "404", "observed": "403 no"}, answered(403), "answer.status_code in (404,)"),
        (
            "header-required",
            {"aspect": "no-store"},
            answered(),
            'answer.status_code != 200 or "no-store" in answer.headers.get("cache-control", "")',
        ),
        (
            "total-kept",
            {},
            answered(200, b'{"sum": 7, "id": "a1"}'),
            """shape(answer) != '{"sum": 7, "id": ""}'""",
        ),
    ],
)
def test_what_a_test_asserts(check: str, told: dict[str, str], answer: Answer, claim: str) -> None:
    shown = made("http://x", Exchange(call(), answer), check=check, **told)
    assert shown.claim == claim
    assert f"    assert {claim}\n" in as_pytest(shown)
