"""What the edits of all keywords have in common."""

from __future__ import annotations

from typing import Any

Made = tuple[str, Any, tuple[str | int, ...]]
"""A kind of edit, the new value, and the keys from there to what changed."""

WRONG: tuple[tuple[str, Any], ...] = (
    ("null", None), ("true", True), ("5.5", 5.5), ('"5"', "5"), ("0", 0), ("[]", []), ("{}", {}), ("false", False), ("1", 1),
    ("5.0", 5.0), ('"yes"', "yes"), ('"true"', "true"), ('""', ""), ("-7", -7), ("1e3", 1000.0),
)  # fmt: skip
"""Values of every type, and such as are easily taken for one of another."""

ARABIC = {ord("0") + digit: 0x660 + digit for digit in range(10)}
"""Digits of another script, for `str.translate`."""
