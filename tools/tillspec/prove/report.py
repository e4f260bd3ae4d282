"""What a proof came to, as data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from tillspec.pointer import Pointer
from tillspec.prove.judge import Disagreement
from tillspec.prove.reader import Subject

Check = Literal[
    "refused", "changed", "accepted", "crashed", "missing", "refused leniently", "stub refused", "stub accepted", "stub crashed"
]
"""What is wrong: a valid instance is refused, or comes back changed; a mutant is accepted; generated code raises; there is no
type; a valid answer is refused by who reads it leniently; the stub refuses a valid body, accepts a mutant, or says nothing."""
Family = Literal["structural", "format"]


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which a type is not its schema: the smallest instance that shows it, and how many do.

    `pointer` leads to the keyword in the document, `at` to the place of the edit in the instance; `said` is what the model
    answered.
    """

    check: Check
    subject: str
    keyword: str
    kind: str
    pointer: Pointer
    at: Pointer
    instance: Any
    said: str
    count: int = 1

    def with_instance(self, instance: Any, said: str) -> Failure:
        """The same failure, shown by another instance."""
        return replace(self, instance=instance, said=said)


@dataclass(slots=True)
class Tally:
    """Counts of instances: valid ones and what became of them, mutants by family and those wrongly accepted."""

    valid: int = 0
    accepted: int = 0
    round_tripped: int = 0
    refused_by_rule: int = 0
    structural: int = 0
    structural_accepted: int = 0
    format: int = 0
    format_accepted: int = 0
    stub: int = 0
    stub_wrong: int = 0

    def __iadd__(self, other: Tally) -> Tally:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


@dataclass(slots=True)
class Proof:
    """What was found of one subject.

    `cut` counts the places of which not all edits were made, `branches_left` the branches without an instance of their own;
    `unmade` says that no valid instance was found at all.
    """

    subject: Subject
    tally: Tally = field(default_factory=Tally)
    failures: list[Failure] = field(default_factory=list)
    cut: int = 0
    branches_left: int = 0
    unmade: bool = False

    def as_json(self) -> dict[str, Any]:
        subject = self.subject
        return {
            "kind": subject.kind,
            "name": subject.name,
            "pointer": subject.pointer,
            "media_type": subject.media_type,
            **asdict(self.tally),
            "cut": self.cut,
            "branches_left": self.branches_left,
            "unmade": self.unmade,
            "failures": [asdict(failure) for failure in self.failures],
        }


@dataclass(slots=True)
class Result:
    """What was found of a whole contract, with at most `most` edits of each schema's instances.

    `untyped` counts the bodies that are texts, bytes or parts, `bodies_left` those of a package that was made without operations;
    `unreadable` goes from patterns that are none to the reason.
    """

    most: int
    proofs: list[Proof] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    untyped: int = 0
    bodies_left: int = 0

    @property
    def total(self) -> Tally:
        made = Tally()
        for proof in self.proofs:
            made += proof.tally
        return made

    @property
    def failures(self) -> list[Failure]:
        return [failure for proof in self.proofs for failure in proof.failures]

    def as_json(self) -> dict[str, Any]:
        return {
            "most": self.most,
            "total": asdict(self.total),
            "subjects": [proof.as_json() for proof in self.proofs],
            "disagreements": [asdict(case) for case in self.disagreements],
            "unreadable_patterns": self.unreadable,
            "untyped_bodies": self.untyped,
            "bodies_left": self.bodies_left,
        }


def size(value: Any) -> int:
    """How large an instance is: the length of its JSON text."""
    return len(json.dumps(value, ensure_ascii=False))


def grouped(failures: Iterable[Failure]) -> list[Failure]:
    """Failures of one kind at one keyword as one, with the smallest instance of them and their number."""
    found: dict[tuple[str, str, str], list[Failure]] = {}
    for failure in failures:
        found.setdefault((failure.check, failure.kind, failure.pointer), []).append(failure)
    made = []
    for same in found.values():
        smallest = min(same, key=lambda failure: size(failure.instance))
        made.append(replace(smallest, count=len(same)))
    return made
