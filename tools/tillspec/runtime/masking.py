"""What of an answer may stand in an error's message: short, one line, and without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

LONGEST_TEXT = 200
_LONGEST_READ = 65_536
_DEEPEST = 6

_SECRET_NAME = re.compile(
    r"pass(word|wd|code|phrase)|secret|token|credential|authori[sz]ation|cookie|signature|session|api[-_]?key|private[-_]?key"
    r"|(^|[-_])(key|pan|cvv|cvc|cst|jwt|iban|pin|otp)($|[-_])|(card|account)[-_]?(number|no)",
    re.IGNORECASE,
)
_HARMLESS_NAME = re.compile(r"(type|code|status|expires|expires_in|message)$", re.IGNORECASE)
# JWTs, values of an Authorization header, card numbers and keys of the form sk_live_... wherever they stand in a text.
_SECRET_TEXT = re.compile(
    r"eyJ[\w-]{8,}\.[\w.-]*"
    r"|\b(?:bearer|basic)\s+[\w.~+/=-]{6,}"
    r"|\b(?:\d[ -]?){13,19}\b"
    r"|\b[a-z]{2,8}_(?:live|test|prod|sandbox)_\w{6,}",
    re.IGNORECASE,
)
_REQUEST_ID = ("x-request-id", "request-id", "x-correlation-id", "correlation-id", "x-trace-id", "x-amzn-requestid")


def request_id(headers: Mapping[str, str], secrets: Sequence[str] = ()) -> str | None:
    """The id under which the server knows the request, if it says one in a usual header; `secrets` in it are masked."""
    for name in _REQUEST_ID:
        if value := headers.get(name):
            return _one_line(_without(value, secrets))[:128]
    return None


def excerpt(content: bytes, media_type: str, secrets: Sequence[str] = ()) -> str:
    """A short text about a body for a message: secrets masked, control characters gone; `""` for an empty body.

    `secrets` are the credentials that were sent: a server may well repeat one in its answer.
    """
    if not content:
        return ""
    if not (media_type.startswith("text/") or "json" in media_type or "xml" in media_type or not media_type):
        return f"{len(content)} bytes of {_one_line(media_type)[:60]}"
    text = content[:_LONGEST_READ].decode("utf-8", "replace")
    if "json" in media_type or text[:1] in "{[":
        text = _masked_json(text, secrets)
    return shorten(text, secrets)


def shorten(text: str, secrets: Sequence[str] = ()) -> str:
    """`text` on one line, without secrets, at most `LONGEST_TEXT` characters."""
    text = _one_line(_SECRET_TEXT.sub("***", _without(text[:_LONGEST_READ], secrets)))
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."


def _masked_json(text: str, secrets: Sequence[str]) -> str:
    try:
        return json.dumps(_masked(json.loads(text), secrets, 0), ensure_ascii=False)
    except (ValueError, RecursionError):  # cut off, not JSON, or nested without end: the text rules alone apply
        return text


def _masked(value: object, secrets: Sequence[str], depth: int) -> object:
    if depth == _DEEPEST:
        return "..."
    if isinstance(value, dict):
        return {key: "***" if _is_secret(key) else _masked(each, secrets, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, secrets, depth + 1) for each in value[:10]]
    # Here and not in the text alone: JSON writes a quote or a backslash of a secret in another way.
    return _without(value, secrets) if isinstance(value, str) else value


def _without(text: str, secrets: Sequence[str]) -> str:
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text


def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None and _HARMLESS_NAME.search(name) is None


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text[:_LONGEST_READ]).split())
