"""Events of kinds that the contract does not know: a sender may add some, and a receiver must not lose them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """An event of a kind that the contract does not know (yet). Acknowledge it, or the sender sends it again and again.

    `kind` is the value that tells events apart, `value` the whole event as it came.
    """

    kind: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tags:
    """What tells events apart: the property that names an event's kind, and the kinds that are known."""

    property: str
    known: tuple[str, ...]

    def unknown(self, body: bytes) -> UnknownEvent | None:
        """The event in a JSON body, where it is of a kind that is not known."""
        try:
            value = json.loads(body)
        except ValueError:
            return None
        kind = value.get(self.property) if isinstance(value, dict) else None
        return UnknownEvent(kind, value) if isinstance(kind, str) and kind not in self.known else None
