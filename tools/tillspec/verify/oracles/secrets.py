"""Any answer: no credential, no secret of the request and nothing of the server's inside in it, and no secret to be stored."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import quote

from tillspec.pointer import join
from tillspec.verify.contract import Target
from tillspec.verify.exchange import NOTHING, Answer, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, passed

_SHORTEST = 8
_INTERNALS = tuple(
    (what, re.compile(pattern))
    for what, pattern in (
        ("a stack trace of Python", r"Traceback \(most recent call last\)|File \"[^\"\n]+\", line \d+, in |"
                                    r"'NoneType' object |'\w+' object has no attribute '"),
        ("a stack trace of Java", r"(?m)^\s*at [\w.$]+\([\w]+\.(?:java|kt|scala):\d+\)|Exception in thread \"|"
                                  r"\b(?:java|javax|jakarta|kotlin|org\.\w+|com\.\w+)\.(?:\w+\.)*[A-Z]\w*(?:Exception|Error)\b"),
        ("a stack trace of Node", r"(?m)^\s*at (?:[\w.<>\[\] ]+ \()?(?:file://|node:|/)[^\s()]+\.[cm]?[jt]s:\d+:\d+\)?|"
                                  r"Cannot read propert(?:y|ies) (?:'\w+' )?of (?:undefined|null)"),
        ("a stack trace of PHP", r"(?:Fatal error|Warning|Notice): .{1,200} in /\S+\.php(?: on |:)|#\d+ /\S+\.php\(\d+\)"),
        ("a stack trace of Go", r"goroutine \d+ \[running\]|panic: runtime error|invalid memory address or nil pointer"),
        ("a stack trace of .NET", r"(?m)^\s*at [\w.`<>]+\(.*\) in .+\.cs:line \d+|System\.\w+Exception\b"),
        ("a stack trace of Ruby", r"\S+\.rb:\d+:in [`']|undefined method [`']\w+' for nil"),
        ("an error of a database", r"SQLSTATE\[|sqlalchemy\.exc\.|psycopg2?\.errors|ORA-\d{5}:|sqlite3\.\w*Error|SQLITE_[A-Z]+:|"
                                   r"You have an error in your SQL syntax|duplicate key value violates unique constraint|"
                                   r"UNIQUE constraint failed: |relation \"\w+\" does not exist|E11000 duplicate key"),
        ("a query", r"\b(?:SELECT\s.{1,200}\sFROM\s|INSERT\s+INTO\s+\w+\s*\(|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\b)"),
        ("a page for debugging", r"Werkzeug Debugger|Whoops, looks like something went wrong|DEBUG = True|Django Version:"),
        ("a path of the server", r"(?<![\w./:-])/(?:home|root|usr|var|srv|opt|app|Users)/[\w.-]+/[\w./-]+"
                                 r"\.(?:py|js|ts|rb|php|java|go|cs|rs|conf|env|db)\b|"
                                 r"\b[A-Z]:\\{1,2}(?:Users|inetpub|Program Files|app|src)\\"),
    )
)  # fmt: skip
_SIGNS = (
    "Traceback", "File ", ".java:", ".kt:", ".scala:", "js:", "ts:", ".php", "goroutine", "panic:", ".cs:line", "Exception",
    ".rb:", "SQL", "sqlite3.", "sqlalchemy", "ORA-", "psycopg", "SELECT", "INSERT", "UPDATE", "DELETE", "duplicate key", "UNIQUE",
    "Error", "NoneType", "has no attribute", "Cannot read", "nil pointer", "undefined method", "does not exist", ":\\",
    "Werkzeug", "Whoops", "DEBUG", "Django", "/home/", "/root/", "/usr/", "/var/", "/srv/", "/opt/", "/app/", "/Users/",
)  # fmt: skip
"""Without any of these, there is nothing to look for more closely."""


def secrets(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    """Look through an answer for what must not be in it."""
    answer = exchange.answer
    if answer.fault is not None:
        return
    text = answer.body[: 1 << 18].decode("utf-8", "replace") if _is_text(answer) else ""
    whole = text + "\n".join(f"{name}: {value}" for name, value in answer.headers)
    yield from _credentials(run, target, exchange, whole)
    yield from _internals(target, exchange, text)
    yield from _repeated(run, target, exchange, text)
    yield from _stored(run, target, answer)


def _is_text(answer: Answer) -> bool:
    kind = answer.media_type
    return not kind or kind.startswith("text/") or any(word in kind for word in ("json", "xml", "svg", "form", "javascript"))


def _credentials(run: Run, target: Target, exchange: Exchange, whole: str) -> Iterator[Told]:
    """No credential is in an answer, however it is written; but for that which the operation is there to give."""
    for secret, name in run.credentials.secrets.items():
        if len(secret) < _SHORTEST or run.credentials.given_by(target.id, secret):
            continue
        if any(form in whole for form in _forms(secret)):
            pointer = join("/components/securitySchemes", run.credentials.scheme_of(secret) or "")
            yield Told("no-credential-echoed", "a credential is in an answer", pointer, "no credential", f"the one of {name}")
            return
    yield passed("no-credential-echoed")


@cache
def _forms(secret: str) -> tuple[str, ...]:
    """The ways in which a secret may be written."""
    return tuple(dict.fromkeys((secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("="))))


def _internals(target: Target, exchange: Exchange, text: str) -> Iterator[Told]:
    """Nothing of how the server is made; what the request itself said may be repeated."""
    text = _plain(text)
    if not any(sign in text for sign in _SIGNS):
        yield passed("no-internals")
        return
    sent = _plain((exchange.call.body or b"").decode("utf-8", "replace")) + exchange.call.target
    for what, pattern in _INTERNALS:
        found = pattern.search(text)
        if found is not None and found[0] not in sent:
            yield Told("no-internals", f"an answer has {what} in it", target.pointer, "none", found[0][:120], what)
            return
    yield passed("no-internals")


def _plain(text: str) -> str:
    """A text with what JSON escapes as it was."""
    if "\\" not in text:
        return text
    return text.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"').replace("\\/", "/")


def _repeated(run: Run, target: Target, exchange: Exchange, text: str) -> Iterator[Told]:
    """No secret of the request's body is repeated by an error."""
    form, body = target.json_body, exchange.call.value
    if exchange.answer.succeeded or form is None or not isinstance(body, dict):
        return
    if not run.declared.reaches(form.pointer, "secret"):
        return
    for part in run.declared.parts(form.pointer, "request", body, loosely=True):
        if part.property is None or part.property.secret is None or not isinstance(part.value, str):
            continue
        if len(part.value) >= _SHORTEST and part.value in text:
            pointer = join(part.pointer, "x-behavior", "secret")
            yield Told("secret-in-errors", f"an error repeats {part.path[-1]}", pointer, "no secret", "it is in the answer")
            return
        yield passed("secret-in-errors")


def _stored(run: Run, target: Target, answer: Answer) -> Iterator[Told]:
    """An answer with a secret says that it is not to be stored."""
    declared = target.response(answer.status)
    if not answer.succeeded or declared is None or answer.value is NOTHING:
        return
    pointer = run.contract.response_schema(target, declared, answer.header("content-type") or "")
    if pointer is None or not run.declared.reaches(pointer, "secret"):
        return
    found = [part for part in run.declared.parts(pointer, "response", answer.value) if part.property and part.property.secret]
    if not found:
        return
    control = {part.strip().lower() for value in answer.all("cache-control") for part in value.split(",")}
    if "no-store" in control:
        yield passed("header-required")
        return
    severity = Severity.SHOULD if {"private", "no-cache"} & control or not target.is_safe else Severity.MUST
    yield Told(
        "header-required", "an answer with a secret may be stored", run.contract.resolved(target.response_pointer(declared))[0],
        "Cache-Control: no-store", json.dumps(", ".join(sorted(control)) or "no Cache-Control"), "no-store", severity,
    )  # fmt: skip
