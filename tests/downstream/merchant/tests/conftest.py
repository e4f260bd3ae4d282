"""The shop, on loopback, with a sandbox as its checkout."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence

import httpx
import pytest
import uvicorn
from shop import Settings, create_app

from tillspec.sandbox.testing import CheckoutSandbox


@pytest.fixture(scope="session")
def checkout_sandbox_options() -> Sequence[str]:
    """The shop listens on loopback, so that is where webhooks must go."""
    return ("--seed", "shop", "--allow-private-webhooks")


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Where the shop listens."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def secret(url: str, checkout_sandbox: CheckoutSandbox) -> str:
    """What the sandbox signs its webhooks with, which go to the shop."""
    return checkout_sandbox.send_webhooks(f"{url}/webhooks/vinr")


@pytest.fixture
def shop(listening: socket.socket, url: str, secret: str, checkout_sandbox: CheckoutSandbox) -> Iterator[httpx.Client]:
    """The shop as it runs."""
    app = create_app(Settings(checkout_sandbox.url, checkout_sandbox.key("vinr"), secret))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    with httpx.Client(base_url=url) as client:
        yield client
    server.should_exit = True
    thread.join()
