"""`tillspec docs serve`: the site on loopback, built anew when the contract changes; one with errors leaves the last site."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

import httpx
import pytest

from docs.test_build import MORE, contract
from tillspec.docs import serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, IO[str]]]:
    contract(tmp_path / "spec")
    command = [sys.executable, "-m", "tillspec", "docs", "serve", "--port", "0"]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # what runs in the background may have it ignored
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heard,  # noqa: PLW1509  # no thread is running here
    ) as process:
        assert process.stdout
        found = re.match(r"(http://127\.0\.0\.1:\d+)/index\.html", process.stdout.readline())
        assert found
        yield found[1], process.stdout
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def until(url: str, wanted: bool) -> None:
    for _ in range(200):
        if httpx.get(url).is_success is wanted:
            return
        time.sleep(0.05)
    pytest.fail(f"{url} never was {'there' if wanted else 'gone'}")


def test_a_change_of_the_contract_is_a_change_of_the_site(served: tuple[str, IO[str]], tmp_path: Path) -> None:
    base, told = served
    page = f"{base}/operations/count-pets.html"
    assert httpx.get(f"{base}/index.html").headers["cache-control"] == "no-store"
    assert httpx.get(f"{base}/operations/").status_code == 404
    until(page, False)
    contract(tmp_path / "spec", more=MORE)
    until(page, True)
    broken = contract(tmp_path / "spec", more=MORE)
    broken.write_text("openapi: 3.1.0\n")
    assert any("nothing was written" in line for line in iter(told.readline, ""))
    until(page, True)
    contract(tmp_path / "spec")
    until(page, False)


def test_nothing_outside_of_the_site_is_given_out(tmp_path: Path) -> None:
    import threading

    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("hello")
    server = serving.server(tmp_path / "site", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        base = f"http://127.0.0.1:{server.server_address[1]}"
        assert httpx.get(f"{base}/index.html").text == "hello"
        for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt"):
            assert httpx.get(base + path).status_code == 404
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
