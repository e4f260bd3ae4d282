"""How much of each operation the random engine covered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Coverage:
    """What was sent to one operation.

    Attributes:
        phases: cases by the phase that made them.
        modes: cases by whether they keep the contract (`positive`) or break it (`negative`).
        statuses: answers by their status.
        accepted: cases that got past the checks of form: anything but a 4xx.
        unwritable: cases that no request can be made of, such as a header with a line break.
        cut: the phases that were not carried out to their end, because the time of the operation was over.
        reason: why nothing was sent, or not all.
    """

    operation: str
    phases: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    accepted: int = 0
    unwritable: int = 0
    cut: list[str] = field(default_factory=list)
    reason: str = ""

    @property
    def cases(self) -> int:
        return sum(self.phases.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "operation": self.operation, "cases": self.cases, "cut": self.cut,
            "phases": dict(self.phases), "modes": dict(self.modes),
            "statuses": {str(status): number for status, number in sorted(self.statuses.items())}, "accepted": self.accepted,
            "unwritable": self.unwritable, "reason": self.reason,
        }  # fmt: skip
