"""Many clients at once, each a thread with a connection of its own."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

BODY = json.dumps(
    {"amount": 5000, "currency": "EUR", "successUrl": "https://shop.example/s", "cancelUrl": "https://shop.example/c"}
)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection, kept open."""

    def __init__(self, url: str, key: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        self._headers = {"X-Api-Key": key, "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        self._connection.request(method, path, body, self._headers | headers)
        response = self._connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())

    def close(self) -> None:
        self._connection.close()


def at_once(count: int, ask: Callable[[int], Answer]) -> list[Answer]:
    """What `count` threads get that ask in the same moment."""
    barrier, answers = threading.Barrier(count), [Answer(0, {}, b"")] * count

    def one(number: int) -> None:
        barrier.wait()
        answers[number] = ask(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


@dataclass
class Load:
    """Clients that make sessions until they are told to stop, or the server goes away; `made` were acknowledged.

    With `settle`, the control plane's `Authorization`, one more client completes them; `completed` were acknowledged as such.
    """

    url: str
    key: str
    clients: int = 8
    settle: str | None = None
    made: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    refused: list[Answer] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self._threads = [threading.Thread(target=self._run) for _ in range(self.clients)]
        if self.settle is not None:
            self._threads.append(threading.Thread(target=self._complete, args=(self.settle,)))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def wait_for(self, count: int, seconds: float = 20) -> None:
        until = time.monotonic() + seconds
        while (len(self.made) < count or (self.settle and not self.completed)) and time.monotonic() < until:
            time.sleep(0.002)

    def _complete(self, authorization: str) -> None:
        client = Client(self.url, self.key)
        done = 0
        try:
            while not self._stop.is_set():
                if done == len(self.made):
                    time.sleep(0.001)
                    continue
                session = self.made[done]
                path, body = f"/_sandbox/sessions/{session}/outcome", json.dumps({"outcome": "complete"})
                if client.ask("POST", path, body, Authorization=authorization).status == 200:
                    self.completed.append(session)
                done += 1
        except (OSError, http.client.HTTPException, ValueError):
            pass  # it was killed
        finally:
            client.close()

    def _run(self) -> None:
        client = Client(self.url, self.key)
        try:
            while not self._stop.is_set():
                answer = client.ask("POST", "/checkout/session", BODY)
                if answer.status == 201:
                    self.made.append(answer.json()["sessionId"])
                else:
                    self.refused.append(answer)
        except (OSError, http.client.HTTPException, ValueError):
            pass  # it was killed
        finally:
            client.close()
