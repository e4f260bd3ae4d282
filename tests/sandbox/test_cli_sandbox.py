"""`tillspec sandbox` as people type it: the start, what is wrong with one, and the commands for one that runs."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tillspec.cli import main

from . import dintero
from .conftest import ROOT, SEED, Running, built_in, wait_until_ready
from .test_vinr import create

COMMAND = [sys.executable, "-m", "tillspec", "sandbox"]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "tools"), str(ROOT / "generated/python")])}


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(main, ["sandbox", *arguments])


@pytest.fixture
def told(sandbox: Running) -> Any:
    """Gives a command to the sandbox, and what it printed."""
    with sandbox.control() as control:
        secret = control.headers["authorization"].removeprefix("Bearer ")

    def tell(*arguments: str, code: int = 0) -> str:
        result = run(*arguments, TILLSPEC_SANDBOX_URL=sandbox.url, TILLSPEC_SANDBOX_SECRET=secret)
        assert result.exit_code == code, result.output
        return result.output

    return tell


# -- the start -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def started(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A sandbox that was started in a folder of its own."""
    command = [*COMMAND, "--port", "0", "--seed", SEED, "--freeze-clock"]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env=ENVIRONMENT, cwd=tmp_path, **pipes) as process:
        yield process
        process.kill()


def test_what_is_printed_can_be_pasted_and_ctrl_c_ends_it(started: subprocess.Popen[str], tmp_path: Path) -> None:
    assert started.stdout is not None
    said = ""
    while "Ctrl-C" not in said:
        said += started.stdout.readline()
    url = re.findall(r"http://[\d.:]+", said)[0]
    wait_until_ready(Running(url=url, database="", process=started))
    for merchant in built_in().merchants:
        vinr, gr4vy, dintero, diddo = merchant.vinr, merchant.gr4vy, merchant.dintero, merchant.diddo
        assert vinr and gr4vy and dintero and diddo
        secrets = vinr.keys[0].key, diddo.keys[0].key, dintero.clients[0].secret
        for text in (merchant.name, *secrets, gr4vy.keys[0].kid, merchant.orders[0].id, merchant.template_carts[0].id):
            assert text in said
    assert "stands still" in said
    assert max(map(len, said.splitlines())) <= 80
    curl = said.partition("Try:\n")[2].partition("\n\n")[0]
    made = subprocess.run(["sh", "-c", curl], capture_output=True, text=True, check=True)
    assert json.loads(made.stdout)["checkoutUrl"].startswith(url)
    # the secret is found in the database of the folder
    advance = [*COMMAND, "advance", "5m", "--url", url]
    clock = subprocess.run(advance, capture_output=True, text=True, env=ENVIRONMENT, cwd=tmp_path, check=True)
    assert "stands still" in clock.stdout
    started.send_signal(signal.SIGINT)
    rest = started.stdout.read()
    assert started.wait(10) == 0
    assert rest.strip() == "The sandbox has ended; its state is in tillspec-sandbox.db."


def test_a_start_that_cannot_be(tmp_path: Path) -> None:
    database = str(tmp_path / "sandbox.db")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = run("--database", database, "--port", port)
        assert (result.exit_code, f"port {port} of 127.0.0.1 is taken" in result.output, "--port 0" in result.output) == (
            1,
            True,
            True,
        )
    seeds = tmp_path / "seeds.toml"
    seeds.write_text('[[merchants]]\nid = "a"\nname = "A"\n[merchants.vinr]\nkeys = [{key = "short"}]\n')
    newer = tmp_path / "newer.db"
    with sqlite3.connect(newer) as connection:
        connection.execute("CREATE TABLE state (one INTEGER, version INTEGER)")
        connection.execute("INSERT INTO state VALUES (1, 999)")
    connection.close()
    cases = [
        (("--seed-data", str(seeds)), 1, "merchants[0].vinr.keys[0].key"),
        (("--seed-data", str(tmp_path / "none.toml")), 1, "No such file"),
        (("--database", str(tmp_path / "none" / "sandbox.db")), 1, "unable to open database file"),
        (("--database", str(newer)), 1, "use a newer tillspec"),
        (("--database", "mysql://a:secret1@b/c"), 1, "mysql is not known"),
        (("--database", "postgresql://a:secret1@127.0.0.1:1/c"), 1, "the database cannot be opened"),
        (("--rate-limit", "many"), 2, "100/1m"),
        (("--rate-limit", "5/1ms"), 2, "100/1m"),
        (("--base-url", "sandbox.example"), 2, "https://sandbox.example"),
        (("--host", "no.such.host.invalid"), 1, "cannot be listened on"),
        (("--workers", "2", "advance", "5m"), 2, "--workers is for starting a sandbox"),
    ]
    for arguments, code, text in cases:
        result = run("--port", "0", "--database", database, *arguments) if "advance" not in arguments else run(*arguments)
        assert result.exit_code == code, result.output
        assert text in result.output
        assert "secret1" not in result.output
        assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_sandbox_goes_on_with_what_is_chosen_anew(tmp_path: Path) -> None:
    from tillspec.sandbox.serving import Options, OtherSandbox, make_ready
    from tillspec.sandbox.state import RateLimit, Switches

    def ready(**options: Any) -> Any:
        made = make_ready(Options(port=0, database=str(tmp_path / "sandbox.db"), **options))
        made.socket.close()
        return made

    first = ready(seed="1")
    assert (first.made, first.frozen, first.limit) == (True, None, None)
    from datetime import timedelta

    limit = RateLimit(requests=5, per=timedelta(minutes=1))
    second = ready(freeze=True, switches=Switches(rate_limit=limit))
    assert (second.made, second.limit, second.secret) == (False, "5 requests per 1m", first.secret)
    assert second.frozen is not None
    assert ready(seed="1").limit == "5 requests per 1m"
    with pytest.raises(OtherSandbox, match="another --seed"):
        ready(seed="2")


# -- the commands ----------------------------------------------------------------------------------------------------------


def test_the_clock_by_commands(told: Any) -> None:
    assert "stands still at" in told("freeze")
    before = json.loads(told("clock", "--json"))["now"]
    assert json.loads(told("advance", "5m", "--json"))["now"] > before
    assert "2199-01-01T00:00:00" in told("clock", "2199-01-01T00:00:00Z")
    assert "runs" in told("unfreeze")
    refused = told("clock", "2020-01-01T00:00:00Z", code=1)
    assert "error: The clock stands at" in refused
    assert "hint: " in refused


def test_faults_and_limits_by_commands(told: Any, sandbox: Running) -> None:
    assert "429, 3s: createVinrSession of harbor, 2 times more" in told(
        "fault", "429", "--operation", "createVinrSession", "--merchant", "harbor", "--times", "2", "--span", "3s"
    )
    with sandbox.vinr() as http:
        assert create(http).headers["retry-after"] == "3"
    assert "1 times more" in told("faults")
    assert told("faults", "--clear") == "1 taken back.\n"
    assert told("faults") == "Nothing is to go wrong.\n"
    assert "unknown" not in told("fault", "502", code=1)
    assert told("limit") == "Nothing is limited.\n"
    assert told("limit", "1/1h") == "1 requests per 1h\n"
    with sandbox.vinr() as http:
        assert [create(http).status_code for _ in range(2)] == [201, 429]
    assert told("limit", "off") == "Nothing is limited.\n"
    assert "100/1m" in told("limit", "x/y", code=2)


def test_all_of_it_by_commands(told: Any, sandbox: Running, tmp_path: Path) -> None:
    with sandbox.vinr() as http:
        made = create(http).json()["sessionId"]
    assert re.search(rf"{made}\s+VinrSession\s+harbor\s+5000 EUR\s+pending", told("sessions"))
    file = str(tmp_path / "state.json")
    assert "rows were written" in told("export", file)
    assert told("reset") == "The sandbox is as new, with the merchants harbor, meadow.\n"
    assert told("sessions") == "There are no sessions.\n"
    assert "rows were imported" in told("import", file)
    assert made in told("sessions", "--merchant", "harbor")
    assert json.loads(told("export", "-"))["tillspec_sandbox"] == 1
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    assert "is no JSON" in told("import", str(broken), code=1)
    seeds = tmp_path / "seeds.json"
    seeds.write_text(json.dumps({"merchants": [{"id": "own", "name": "Own \x1b[31m"}]}))
    assert "own" in told("reset", "--seed-data", str(seeds))
    assert "\x1b[31m" not in told("keys")
    assert "No session has this id" in told("outcome", made, "complete", code=1)


def test_keys_and_tokens_by_commands(told: Any, sandbox: Running) -> None:
    assert sandbox.mine.vinr is not None
    assert sandbox.mine.vinr.keys[0].key in told("keys")
    import jwt

    assert sandbox.mine.gr4vy is not None
    token = told("token", "harbor", "gr4vy", "--scope", "checkout-sessions.read").strip()
    claims = jwt.decode(token, sandbox.mine.gr4vy.keys[0].public, algorithms=["ES512"])
    assert claims["scopes"] == ["checkout-sessions.read"]
    assert {"nbf", "exp", "jti"} < claims.keys()
    with sandbox.client(authorization=f"Bearer {told('token', 'harbor', 'dintero').strip()}") as http:
        assert http.get(dintero.path(sandbox.mine)).status_code == 200
    assert "no merchant" in told("token", "nobody", "dintero", code=1)
    assert "No merchant" in told("token", "nobody", "gr4vy", code=1)
    assert "--scope and --lasts are for gr4vy" in told("token", "harbor", "dintero", "--lasts", "1h", code=2)


def test_a_sandbox_that_is_not_there_or_another_one(sandbox: Running, tmp_path: Path) -> None:
    nowhere = run("clock", "--url", "http://127.0.0.1:1", "--secret", "ctl_sandbox_x")
    assert (nowhere.exit_code, "no sandbox answers at http://127.0.0.1:1" in nowhere.output) == (1, True)
    wrong = run("clock", "--url", sandbox.url, "--secret", "ctl_sandbox_x")
    assert (wrong.exit_code, "--secret" in wrong.output, "ctl_sandbox_x" in wrong.output) == (1, True, False)
    file = tmp_path / "none.db"
    unknown = run("clock", "--url", sandbox.url, "--database", str(file))
    assert (unknown.exit_code, "there is no file" in unknown.output, file.exists()) == (1, True, False)
    assert run("clock", "--url", sandbox.url, "--database", sandbox.database).exit_code == 0
    file.write_bytes(b"")
    assert "no sandbox has been started" in run("clock", "--url", sandbox.url, "--database", str(file)).output
    other = run("clock", "--url", "http://127.0.0.1:x", "--secret", "a")
    assert (other.exit_code, "Traceback" in other.output) == (1, False)


def test_webhooks_by_commands(told: Any, sandbox: Running) -> None:
    assert told("webhooks") == "Nobody was told anything.\n"
    assert "harbor is told at http://127.0.0.1:9/hook, signed with whsec_" in told(
        "webhooks", "address", "harbor", "vinr", "http://127.0.0.1:9/hook"
    )
    assert "is kept back" in told("webhooks", "hold", "harbor")
    with sandbox.vinr() as http:
        made = [create(http).json()["sessionId"] for _ in range(2)]
    for session in made:
        assert told("outcome", session, "complete") == f"{session} is completed\n"
    listed = json.loads(told("webhooks", "list", "--json"))["webhooks"]
    assert [one["session"] for one in listed] == made[::-1]
    assert "vinrSessionStatusChanged" in told("webhooks")
    first, second = listed[1]["id"], listed[0]["id"]
    assert second in told("webhooks", "reorder", second, first)
    assert "is sent at" in told("webhooks", "delay", first, "5m")
    assert told("webhooks", "drop", first) == f"{first} is not sent any more\n"
    assert "nothing of it is to come" in told("webhooks", "drop", first, code=1)
    assert "tells the same once more" in told("webhooks", "duplicate", second)
    assert told("webhooks", "release", "harbor") == "harbor is told again.\n"
    assert "is sent now" in told("webhooks", "resend", first)
    assert "is told nowhere" in told("webhooks", "address", "harbor", "vinr", "off")
