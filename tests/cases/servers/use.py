"""Base URLs out of the servers of a contract, and operations that have servers of their own."""

from __future__ import annotations

from typing import assert_type

import httpx
from servers_api.client import SERVERS, Client, OwnServer, server_url

DOCUMENT = "https://docs.archive.example/api/openapi.json"

# All of them with their defaults, as the contract has them.
assert SERVERS == (
    "https://eu.archive.example:443/v2",
    "/v2",
    "http://127.0.0.1:8787",
    "https://upload-shared.archive.example",
    "log",
)

# A server is named as the contract writes it; its variables are typed.
SERVICE = "https://{region}.archive.example:{port}/{version}"
assert server_url("https://{region}.archive.example:{port}/{version}") == SERVERS[0]
assert (
    server_url("https://{region}.archive.example:{port}/{version}", region="us", port="8443")
    == "https://us.archive.example:8443/v2"
)
assert server_url("{endpoint}", endpoint="https://files.corp.example/archive") == "https://files.corp.example/archive"

# A relative one needs the URL that the document was got from.
assert server_url("/v2", base=DOCUMENT) == "https://docs.archive.example/v2"
assert server_url("log", base=DOCUMENT) == "https://docs.archive.example/api/log"
assert server_url("{endpoint}", endpoint="../other", base=DOCUMENT) == "https://docs.archive.example/other"
assert_type(server_url("/v2", base=DOCUMENT), str)

# What the types refuse is refused at run time, too.
for wrong, told in (
    (lambda: server_url("https://{region}.archive.example:{port}/{version}", region="mars"), "one of 'eu', 'us'"),  # type: ignore[call-overload]
    (lambda: server_url("https://{region}.archive.example:{port}/{version}", port="1/evil"), "beyond its part"),
    (lambda: server_url("https://upload-{tenant}.archive.example", tenant="x@evil.example/"), "beyond its part"),
    (lambda: server_url("/v2", base="docs/openapi.json"), "is relative: give the URL of the document"),
    (lambda: Client("/v2"), "must be an absolute http or https URL"),
    (lambda: Client("https://a.example", servers={"https://b.example": "x"}), "there are: 'https://upload"),  # type: ignore[dict-item]
):
    try:
        wrong()
    except ValueError as error:
        assert told in str(error), error
    else:
        raise AssertionError(told)

# By default every call goes to the base URL of the client, whatever the contract says of an operation.
sent: list[str] = []


def answer(request: httpx.Request) -> httpx.Response:
    sent.append(f"{request.method} {request.url}")
    return httpx.Response(204) if request.method == "PUT" else httpx.Response(200, text="hello")


def call_all(servers: dict[OwnServer, str]) -> list[str]:
    sent.clear()
    with Client("http://127.0.0.1:8787", servers=servers, http=httpx.Client(transport=httpx.MockTransport(answer))) as client:
        assert client.files.get_file(name="a").body == "hello"
        client.files.put_file("text", name="a")
        client.files.get_log()
    return sent


assert call_all({}) == [
    "GET http://127.0.0.1:8787/files/a",
    "PUT http://127.0.0.1:8787/files/a",
    "GET http://127.0.0.1:8787/log",
]
# Those that have servers of their own go there once the client is told so.
assert call_all(
    {
        "https://upload-{tenant}.archive.example": server_url("https://upload-{tenant}.archive.example", tenant="north"),
        "log": server_url("log", base=DOCUMENT),
    }
) == [
    "GET http://127.0.0.1:8787/files/a",
    "PUT https://upload-north.archive.example/files/a",
    "GET https://docs.archive.example/api/log/log",
]
