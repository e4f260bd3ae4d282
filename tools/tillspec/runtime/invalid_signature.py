"""What a delivery is refused with that cannot be trusted; apart, for a server catches it that verifies none."""

from __future__ import annotations

from typing import Literal

Reason = Literal["missing", "malformed", "wrong", "too old", "too new"]


class InvalidSignature(Exception):
    """A delivery that its sender did not sign, or not just now. Do not trust it. The message holds no secret.

    Attributes:
        reason: `missing` (no signature or timestamp), `malformed` (not of the declared form), `wrong` (made with none of the
            secrets, or over something else), `too old` (perhaps a replay) or `too new`.
    """

    reason: Reason

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type[InvalidSignature], tuple[Reason, str]]:
        return type(self), (self.reason, str(self))
