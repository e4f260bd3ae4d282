"""What verifying an application by a contract of its own comes to, in sets of checks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tillspec.verify.contract import Contract
from tillspec.verify.engine import ALONE, PROBES
from tillspec.verify.findings import Finding, Ledger, Severity

from . import support


def contract_of(text: str) -> Contract:
    """The contract that a text holds."""
    with TemporaryDirectory() as folder:
        return support.contract(Path(folder), text)


@dataclass(frozen=True)
class Verified:
    """What verifying came to."""

    ledger: Ledger
    incomplete: list[str]

    @property
    def broken(self) -> set[str]:
        """The checks that found something that must not be."""
        return {one.check for one in self.ledger.found.values() if one.severity is Severity.MUST}

    @property
    def told(self) -> set[str]:
        """The checks that found something that should not be, or must not."""
        return {one.check for one in self.ledger.found.values() if one.severity is not Severity.INFO}

    @property
    def made(self) -> set[str]:
        """The checks that were made."""
        return set(self.ledger.by_check)

    def of(self, check: str) -> Finding:
        """The finding of a check."""
        return next(one for one in self.ledger.found.values() if one.check == check)


def verified(contract: Contract, app: Any, probes: set[str], profile: str = "", **options: Any) -> Verified:
    """Serve an application, and carry out some probes of it, by their names."""
    chosen = [probe for probe in (*PROBES, *ALONE) if probe.__name__ in probes]
    assert len(chosen) == len(probes)
    with support.serving(app) as url:
        found = support.verified(contract, url, profile, probes=chosen, **options)
    return Verified(found.ledger, found.incomplete)
