"""Variants that write bodies otherwise, and say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

from starlette.types import Scope

from faults.variants.answers import Answer, each_object, edited

_MAPS = frozenset({"metadata", "ctx"})
"""Members whose own members are the merchant's, or are all of one type."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
_MADE = frozenset({"expiresAt", "expires_at", "created_at", "updated_at"})
_ZONE = timezone(timedelta(hours=5, minutes=30))


def _json(change: Callable[[Any], Any]) -> Callable[[Scope, Answer], None]:
    """An edit of every JSON body, by its value."""

    def edit(scope: Scope, answer: Answer) -> None:
        if answer.is_json:
            _write(answer, change(json.loads(answer.body)))

    return edit


def _write(answer: Answer, value: Any, **forms: Any) -> None:
    answer.body = json.dumps(value, **(forms or {"ensure_ascii": False})).encode()
    answer.put("content-length", str(len(answer.body)))


# -- 422 for rules -----------------------------------------------------------------------------------------------------------

_RULES = re.compile(r'"code": ?"amount_mismatch"')
_BROKEN = (
    "maxQuantity is at least quantity", "a shipping method's currency is", "min is at most max", "enabled delivery has at least",
    "no two shipping methods share", "no two pickup locations share", "amount is ",
)  # fmt: skip


def _rules_422(scope: Scope, answer: Answer) -> None:
    if answer.status == 400 and answer.is_json:
        error = json.loads(answer.body).get("error", {})
        if error.get("code") == "amount_mismatch" or str(error.get("message")).startswith(_BROKEN):
            answer.status = 422


rules_422 = edited(_rules_422)


# -- more than is declared ---------------------------------------------------------------------------------------------------


def _more(value: dict[str, Any]) -> None:
    value["x_trace"] = {"region": "eu-north-1", "hops": [1, 2], "at": None}
    value["x_hints"] = []


def _more_members(scope: Scope, answer: Answer) -> None:
    if answer.is_json:
        value = json.loads(answer.body)
        each_object(value, _more, leave=_MAPS | {"input"})
        _write(answer, value)
    answer.headers += [("x-served-by", "pod-7"), ("server-timing", "db;dur=5"), ("x-content-type-options", "nosniff")]


more_members = edited(_more_members)


# -- other forms of the same -------------------------------------------------------------------------------------------------


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reversed(inner) for name, inner in reversed(value.items())}
    return [_reversed(inner) for inner in value] if isinstance(value, list) else value


def _other_json(scope: Scope, answer: Answer) -> None:
    if answer.is_json:
        text = json.dumps(_reversed(json.loads(answer.body)), ensure_ascii=True, indent=3, separators=(" ,", "\t: "))
        answer.body = b"\r\n" + text.replace("/", "\\/").encode() + b"\n\n"
        answer.put("content-length", str(len(answer.body)))


other_json = edited(_other_json)


def _moved(value: dict[str, Any]) -> None:
    """Writes the times that the server itself has made in another form."""
    for name in _MADE & value.keys():
        if isinstance(value[name], str) and _TIME.fullmatch(value[name]):
            value[name] = datetime.fromisoformat(value[name]).astimezone(_ZONE).isoformat(timespec="microseconds")


def _other_times(scope: Scope, answer: Answer) -> None:
    now = datetime.now(UTC)
    answer.put("expires", "Thu, 01 Jan 1970 00:00:00 GMT")
    if answer.status in (200, 304) and "/qr" in scope["path"]:
        answer.put("last-modified", format_datetime(now.replace(year=now.year - 1, day=1), usegmt=True))
    if answer.is_json:
        value = json.loads(answer.body)
        each_object(value, _moved, leave=_MAPS | {"input", "airline"})
        _write(answer, value)


other_times = edited(_other_times)


# -- errors that explain themselves --------------------------------------------------------------------------------------------

_LONG = (
    "Ungültige Anfrage – 無効な要求 🙅 (طلب غير صالح): \"{}\" at line 1, column 1; expected 'a value' <such as> & not this one. "
    "See https://docs.example.com/errors?topic=requests#what-went-wrong, select your case from the table there, "
    "and update the request where it is needed. "
)


def _explained(value: Any) -> Any:
    def change(found: dict[str, Any]) -> None:
        for name in ("message", "msg"):
            if isinstance(found.get(name), str):
                found[name] = _LONG.format(found[name]) * 3

    each_object(value, change, leave=_MAPS | {"input"})
    return value


def _error_texts(scope: Scope, answer: Answer) -> None:
    if answer.status >= 400:
        _json(_explained)(scope, answer)


error_texts = edited(_error_texts)
