"""Secrets of requests and answers, masked before anybody sees them or they are stored.

What is secret is known in three ways: by what the contract declares (`checkout_api.behavior`), by its name, and by its form. The
masking of error messages in `checkout_api._runtime.masking` is not used here: it makes one short line, and takes the ids of all
sessions for secrets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote_plus

from checkout_api import behavior, operations
from checkout_api._runtime.operation import Operation

HIDDEN: Final = "***"

_NAMES: Final = re.compile(
    r"pass(word|wd|code|phrase)|secret|token|authori[sz]ation|cookie|signature|api[-_]?key|private[-_]?key|security[-_]?code"
    r"|(^|[-_])(key|pan|cvv|cvc|cst|jwt|iban|pin|otp)($|[-_])|card[-_]?(number|no)$",
    re.IGNORECASE,
)
_HARMLESS: Final = re.compile(r"^idempotency[-_]?key$|[-_](type|expires_in|tag)$", re.IGNORECASE)
_FORMS: Final = re.compile(
    r"eyJ[\w-]{8,}\.[\w.-]*"
    r"|\b(?P<scheme>bearer|basic)\s+[\w.~+/=-]{6,}"
    r"|\b(?P<prefix>(?:[a-z]{2,8}_(?:live|test|prod|sandbox)|whsec)_)\w{6,}"
    r"|\b\d(?:[ -]?\d){12,18}\b",
    re.IGNORECASE,
)
_CUT_OFF: Final = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:\s*"((?:[^"\\]|\\.)*)"?')
_SHORTEST: Final = 6
"""A secret that is shorter is not looked for elsewhere: it would be found everywhere."""


def _declared() -> tuple[frozenset[str], frozenset[str]]:
    """The names of properties that the contract declares as secret, and the objects whose id is."""
    names, objects = set(), set()
    for shown in behavior.OBJECTS.values():
        for name, found in shown.properties.items():
            if found.secret is None:
                continue
            if shown.object is not None and shown.id == f"/{name}":
                objects.add(shown.object)
            else:
                names.add(name)
    for told in behavior.OPERATIONS.values():
        names |= {name for name, found in told.parameters.items() if found.secret is not None}
    return frozenset(names), frozenset(objects)


_SECRET, SECRET_IDS = _declared()
"""What is secret by its name, and the objects whose id is a secret."""

_CREDENTIALS: Final = frozenset(
    (operations.SCHEMES[name].parameter or "Authorization").lower() for name in behavior.CREDENTIALS if name in operations.SCHEMES
)


def is_secret(name: str) -> bool:
    """Whether what has this name is not to be seen."""
    return name in _SECRET or (_NAMES.search(name) is not None and _HARMLESS.search(name) is None)


class Mask:
    """Masks one request and its answer: a secret that was found in one place is masked in all others."""

    def __init__(self, operation: Operation[Any] | None) -> None:
        self._found: set[str] = set()
        self._masked: list[tuple[str, str]] | None = None
        self._ids: frozenset[str] = frozenset()
        self._list = ""
        if operation is not None:
            told = behavior.OPERATIONS[operation.id]
            self._list = told.lists.at or "" if told.lists is not None else ""
            objects = {told.creates, told.reads, told.updates, told.lists.object if told.lists is not None else None}
            shown = [one for one in behavior.OBJECTS.values() if one.object in objects & SECRET_IDS]
            self._ids = frozenset(one.id[1:] for one in shown if one.id is not None)

    def values(self, values: Iterable[tuple[str, str]]) -> None:
        """Looks for secrets among the values of a path."""
        for name, value in values:
            if is_secret(name):
                self._note(value)

    def header(self, name: str, value: str) -> str:
        """A header's value."""
        if name.lower() not in _CREDENTIALS and not is_secret(name):
            return value
        scheme, _, rest = value.partition(" ")
        self._note(rest or value)
        return f"{scheme} {HIDDEN}" if rest and len(scheme) < 10 else _hidden(value)

    def query(self, text: str) -> str:
        """A query string, as it was sent."""
        parts = []
        for part in text.split("&"):
            name, equals, value = part.partition("=")
            if equals and is_secret(unquote_plus(name)):
                self._note(unquote_plus(value))
                parts.append(f"{name}={HIDDEN}")
            else:
                parts.append(part)
        return "&".join(parts)

    def body(self, text: str, *, json_like: bool) -> str:
        """A body, cut off perhaps; JSON comes back without spaces."""
        if not json_like:
            return text
        try:
            return json.dumps(self._json(json.loads(text), root=True), ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError):
            return _CUT_OFF.sub(self._cut_off, text)

    def text(self, text: str) -> str:
        """Any text: what was found to be secret, and what looks so. To be asked when all else has been looked at."""
        if self._masked is None:
            self._masked = [(secret, _hidden(secret)) for secret in sorted(self._found, key=len, reverse=True)]
        for secret, hidden in self._masked:
            if secret in text:
                text = text.replace(secret, hidden)
        return _FORMS.sub(_form, text)

    def _json(self, value: Any, *, root: bool = False) -> Any:
        if isinstance(value, dict):
            return {name: self._member(name, each, root=root) for name, each in value.items()}
        if isinstance(value, list):
            return [self._json(each, root=root) for each in value]
        return value

    def _member(self, name: str, value: Any, *, root: bool) -> Any:
        secret = is_secret(name) or (name in self._ids and root)
        if not secret or isinstance(value, dict | list | bool) or value is None:
            return self._json(value, root=root and f"/{name}" == self._list)
        self._note(str(value))
        return _hidden(str(value))

    def _cut_off(self, found: re.Match[str]) -> str:
        name, value = found.groups()
        if not is_secret(name) and name not in self._ids:
            return found[0]
        self._note(value)
        return f'"{name}":"{HIDDEN}"'

    def _note(self, value: str) -> None:
        if len(value) >= _SHORTEST:
            self._found.add(value)
            self._masked = None


def _hidden(value: str) -> str:
    """What is shown in place of a secret: of an id or a key its beginning, so that it can be told from others."""
    found = _FORMS.fullmatch(value)
    if found is not None:
        return _form(found)
    return f"{value[:6]}…{HIDDEN}" if re.fullmatch(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}", value) else HIDDEN


def _form(found: re.Match[str]) -> str:
    if found["scheme"]:
        return f"{found['scheme']} {HIDDEN}"
    if found["prefix"]:
        return found["prefix"] + HIDDEN
    digits = [int(each) for each in found[0] if each.isdigit()]
    return found[0] if found[0][0].isdigit() and not _is_card(digits) else HIDDEN


def _is_card(digits: list[int]) -> bool:
    """Whether it ends in a right check digit (ISO/IEC 7812-1, annex B)."""
    doubled = [digit if place % 2 == 0 else digit * 2 - 9 * (digit > 4) for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0
