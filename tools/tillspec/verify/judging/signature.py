"""What kind of refusal an answer is: its status, and the codes that it tells, without words and values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tillspec.verify.exchange import Answer

Signature = tuple[int, tuple[str, ...]]

_CODES = ("code", "type", "error", "reason", "cause", "title", "status")
_LONGEST = 60
_DEEPEST = 3


def signature(answer: Answer) -> Signature:
    """Status and codes of an answer: the same for two refusals of one kind."""
    return answer.status, tuple(_codes(answer.value, 0))


def _codes(value: Any, depth: int) -> Iterator[str]:
    if not isinstance(value, dict) or depth > _DEEPEST:
        return
    for key in sorted(value):
        item = value[key]
        if isinstance(item, dict):
            yield from _codes(item, depth + 1)
        elif key in _CODES and isinstance(item, str | int) and len(str(item)) <= _LONGEST and " " not in str(item):
            yield f"{key}={item}"
