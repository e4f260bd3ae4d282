"""What the commands of the sandbox print: merchants with their keys, and what went wrong."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import click

Merchant = Mapping[str, Any]
"""A merchant as the control plane tells it, with `objects` by their kind."""


def fail(message: str, hint: str, status: int = 1) -> NoReturn:
    """Says what is wrong and what to do about it, and leaves."""
    click.secho(f"error: {message}", fg="red", bold=True, err=True)
    if hint:
        click.echo(f"  hint: {hint}", err=True)
    sys.exit(status)


def merchant(found: Merchant) -> str:
    """A merchant, with all that one needs to call each surface."""
    lines = [click.style(printable(f"{found['name']} ({found['id']})"), bold=True)]
    for surface, told in (("VINR", _vinr), ("Gr4vy", _gr4vy), ("Dintero", _dintero), ("Diddo", _diddo)):
        part = found.get(surface.lower())
        if part:
            label = surface
            for name, value in told(found["id"], part, found["objects"]):
                lines.append(printable(f"  {label:<9}{name:<9}{value}"))
                label = ""
    return "\n".join(lines)


def printable(text: str) -> str:
    """A text from elsewhere, without what a terminal would take for a command."""
    return "".join(char if char.isprintable() else "�" for char in text)


Lines = Iterator[tuple[str, str]]


def _vinr(merchant: str, part: Merchant, objects: Merchant) -> Lines:
    yield from _keys(part)
    yield from _webhook(part)


def _diddo(merchant: str, part: Merchant, objects: Merchant) -> Lines:
    yield from _keys(part)
    yield from _webhook(part)
    for cart in objects["DiddoTemplateCart"]:
        yield "cart", f"{cart['id']}  {cart['currency']}"


def _gr4vy(merchant: str, part: Merchant, objects: Merchant) -> Lines:
    if part.get("issuer"):
        yield "issuer", part["issuer"]
    for key in part["keys"]:
        yield "kid", key["kid"]
    yield "token", f"tillspec sandbox token {merchant} gr4vy"


def _dintero(merchant: str, part: Merchant, objects: Merchant) -> Lines:
    yield "account", part["account"]
    for client in part["clients"]:
        yield "client", client["id"]
        yield "secret", f"{client['secret']}  {' '.join(client['scopes'])}"
    for order in objects["DinteroOrder"]:
        yield "order", f"{order['id']}  {order['currency']}"


def _keys(part: Merchant) -> Lines:
    for key in part["keys"]:
        note = "  has expired" if key["expired"] else "  may only read" if key["access"] == "read" else ""
        yield "key", key["key"] + note


def _webhook(part: Merchant) -> Lines:
    if part["webhook"].get("url"):
        yield "webhook", part["webhook"]["url"]


def curl(base_url: str, found: Merchant) -> str:
    """A request to try, as one pastes it into a shell; empty where the merchant is not at VINR."""
    keys = found.get("vinr", {}).get("keys", ())
    key = next((one["key"] for one in keys if one["access"] == "full" and not one["expired"]), None)
    if key is None:
        return ""
    return f"""curl {shlex.quote(base_url + "/checkout/session")} \\
  -H {shlex.quote(f"X-Api-Key: {key}")} \\
  -H 'Content-Type: application/json' \\
  -d '{{"amount": 5000, "currency": "EUR",
       "successUrl": "https://shop.example/success",
       "cancelUrl": "https://shop.example/cancel"}}'"""
