"""One subject, proved: its instances against its type, and against the stub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from tillspec.pointer import Pointer, join, look_up
from tillspec.prove.dialects import Schema
from tillspec.prove.edits.made import WRONG
from tillspec.prove.equality import difference
from tillspec.prove.grounds import Grounds
from tillspec.prove.judge import Judge
from tillspec.prove.mutate import Edit, Mutator
from tillspec.prove.places import Ground, Path, Place, at, replaced
from tillspec.prove.report import Check, Failure, Proof, grouped
from tillspec.prove.shrink import mended, shrunk
from tillspec.prove.stub import Stub
from tillspec.prove.synthesise import Synthesiser
from tillspec.prove.typed import Typed

_Stream = tuple[Ground, Place, Iterator[Edit]]

_SHRUNK = 40
_GROUNDS = 20
_UNMADE = 20
_FAR = 100
"""With so many edits and more, instances are filled two references away; with fewer it would not be worth the time."""


@dataclass(frozen=True, slots=True)
class _Case:
    """An instance, what the judge says of it, and how it came to be."""

    value: Any
    text: str
    valid: bool
    edit: Edit


@dataclass(slots=True)
class Prover:
    """Proves one subject, with at most so many edits; what it finds goes into `proof`."""

    judge: Judge
    typed: Typed
    proof: Proof
    most: int
    schema: Schema = field(init=False)
    failures: list[Failure] = field(default_factory=list)
    cases: list[_Case] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    tried: int = 0

    def __post_init__(self) -> None:
        subject = self.proof.subject
        self.schema = self.judge.schemas.at(subject.pointer, subject.direction)

    def run(self) -> None:
        """Hold everything against the type."""
        subject = self.proof.subject
        synthesiser = Synthesiser(self.judge, 2 if self.most >= _FAR else 1)
        grounds = Grounds(synthesiser, self.schema, max(_GROUNDS, self.most // 4))
        for example in subject.examples:
            if self._try(example.value, "example", example.pointer):
                grounds.add(example.value)
        grounds.grow()
        for ground in grounds.found:
            self._try(ground.value, "instance", subject.pointer)
        self.proof.branches_left = grounds.left
        if not grounds.found:
            self.proof.unmade = True
            for value in islice(synthesiser.candidates([self.schema], {}, True, 0, 0), _UNMADE):
                self._try(value, "nearly an instance", subject.pointer)
        self._edits(self._standing(grounds.found), Mutator(synthesiser))
        for kind, wrong in WRONG:
            self._try(wrong, f"another value: {kind}", subject.pointer)
        self.judge.forget()
        self._conclude()

    async def send(self, stub: Stub) -> None:
        """Send what was held against the type to the stub as well."""
        self.failures = []
        for case in self.cases:
            answer = await stub.send(self.proof.subject, case.text)
            self.proof.tally.stub += 1
            if answer == ("accepted" if case.valid else "refused"):
                continue
            if case.valid and answer == "refused" and self.typed.read(case.text).word == "rule":
                continue
            if answer == "accepted" and stub.receives(self.proof.subject) and self._may_have_grown(case.value):
                continue
            self.proof.tally.stub_wrong += 1
            check: Check = "stub refused" if case.valid else "stub accepted"
            self._fail(check if answer in ("accepted", "refused") else "stub crashed", case, f"the stub: {answer}")
        self.proof.failures += grouped(self.failures)

    def _may_have_grown(self, value: Any) -> bool:
        """Whether an instance breaks nothing but lists of texts, which may have grown on the side that sends it."""
        broken = self.judge.broken(self.schema, value)
        return all(word in ("enum", "const") and isinstance(look_up(value, place), str) for word, place in broken)

    # -- instances ---------------------------------------------------------------------------------------------------------

    def _standing(self, grounds: list[Ground]) -> list[Ground]:
        """The grounds that the type accepts; in place of one that it does not, the same without what it refuses.

        An edit of what is refused as it is would show nothing.
        """
        standing = []
        for ground in grounds:
            if self._takes(ground.value):
                standing.append(ground)
                continue
            value = mended(ground.value, lambda value: self.judge.is_valid(self.schema, value) and self._takes(value))
            if value is not None:
                standing.append(Ground(self.judge, self.schema, value))
        return standing or grounds

    def _edits(self, grounds: list[Ground], mutator: Mutator) -> None:
        """Edits of every place, each keyword in its turn.

        Half of them begin with what crosses the fewest references: the rest has schemas, and proofs, of its own. The other half
        is for all places alike, as a type may be another one where it is used.
        """
        seen: set[tuple[Pointer, Path]] = set()
        levels: dict[int, list[_Stream]] = {}
        for ground in grounds:
            for place in ground.places:
                path = tuple("*" if isinstance(key, int) else key for key in place.path)
                general = (self.judge.schemas.pointer(place.schema), path)
                if general not in seen:
                    seen.add(general)
                    made = mutator.streams(place, at(ground.value, place.path))
                    levels.setdefault(place.depth, []).extend((ground, place, stream) for stream in made)
        left: list[_Stream] = []
        for _, streams in sorted(levels.items()):
            left += self._taken(streams, self.most // 2)
        self.proof.cut = len(self._taken(left, self.most))

    def _taken(self, streams: list[_Stream], most: int) -> list[_Stream]:
        """Takes one edit of each stream after the other, until so many were made in all; the streams that have more."""
        while streams and self.tried < most:
            streams = [one for one in streams if self.tried >= most or self._step(*one)]
        return streams

    def _step(self, ground: Ground, place: Place, edits: Iterator[Edit]) -> bool:
        """One more edit of a keyword; False where there are no more."""
        edit = next(edits, None)
        if edit is None:
            return False
        value = replaced(ground.value, edit.path, edit.value)
        text = json.dumps(value, ensure_ascii=False)
        if text not in self.done:
            self.tried += 1
            self.done.add(text)
            self._hold(_Case(value, text, ground.allows(place, edit.path, edit.value), edit))
        return True

    def _try(self, value: Any, kind: str, pointer: Pointer) -> bool:
        """Judge a whole instance and hold it against the type; whether it is valid."""
        valid = self.judge.is_valid(self.schema, value)
        text = json.dumps(value, ensure_ascii=False)
        if text not in self.done:
            self.done.add(text)
            self._hold(_Case(value, text, valid, Edit("", kind, pointer, (), (), value)))
        return valid

    # -- one instance ------------------------------------------------------------------------------------------------------

    def _hold(self, case: _Case) -> None:
        """Hold an instance against the type, and count what comes of it."""
        self.cases.append(case)
        tally, outcome = self.proof.tally, self.typed.read(case.text)
        if not case.valid:
            self._count_mutant(case, accepted=self._takes(case.value))
        elif outcome.word == "rule":
            tally.refused_by_rule += 1
            self._read_leniently(case)
            return
        else:
            tally.valid += 1
        if outcome.word == "crashed":
            self._fail("crashed", case, outcome.said)
        elif case.valid and outcome.word == "refused":
            self._fail("refused", case, outcome.said)
        elif case.valid:
            tally.accepted += 1
            tally.round_tripped += self._comes_back(outcome.value, case)
            if self.proof.subject.kind == "response":
                self._read_leniently(case)

    def _count_mutant(self, case: _Case, *, accepted: bool) -> None:
        broken = {("format", "")} if case.edit.keyword == "format" else {("", "")}
        if accepted:
            broken = self.judge.broken(self.schema, case.value)
            self._fail("accepted", case, _named(broken))
        tally = self.proof.tally
        if {word for word, _ in broken} == {"format"}:
            tally.format += 1
            tally.format_accepted += accepted
        else:
            tally.structural += 1
            tally.structural_accepted += accepted

    def _takes(self, value: Any) -> bool:
        """Whether the types let an instance through, whatever rules across fields say.

        A rule may be asked before the schema that is run beside the types, so what a rule refuses is read once more without
        rules. Enums are open then, so that one which breaks nothing else shows nothing.
        """
        text = json.dumps(value, ensure_ascii=False)
        word = self.typed.read(text).word
        if word != "rule" or {word for word, _ in self.judge.broken(self.schema, value)} == {"enum"}:
            return word == "accepted"
        return self.typed.read(text, leniently=True).word == "accepted"

    def _read_leniently(self, case: _Case) -> None:
        """As a client reads an answer, which holds no rule against it: what is valid must be accepted, and come back."""
        outcome = self.typed.read(case.text, leniently=True)
        if outcome.word == "accepted":
            self._comes_back(outcome.value, case)
        else:
            self._fail("crashed" if outcome.word == "crashed" else "refused leniently", case, outcome.said)

    def _comes_back(self, made: Any, case: _Case) -> bool:
        back = self.typed.written(made)
        found = difference(case.value, back.value) if back.word == "accepted" else None
        if back.word == "crashed":
            self._fail("crashed", case, back.said)
        elif found is not None:
            changed = Edit("", found.kind, self._pointer_at(case.value, found.path), (), found.path, case.value)
            self._fail("changed", replace(case, edit=changed), f"came back as {json.dumps(back.value, ensure_ascii=False)}")
        return back.word == "accepted" and found is None

    def _pointer_at(self, value: Any, path: Path) -> Pointer:
        """The schema of a place in a valid instance, the one that is nearest to it."""
        places = Ground(self.judge, self.schema, value).places
        nearest = max((place.path for place in places if place.path == path[: len(place.path)]), key=len)
        return self.judge.schemas.pointer([place for place in places if place.path == nearest][-1].schema)

    # -- what was found ----------------------------------------------------------------------------------------------------

    def _fail(self, check: Check, case: _Case, said: str) -> None:
        edit = case.edit
        changed = join("", *edit.changed)
        self.failures.append(
            Failure(check, self.proof.subject.name, edit.keyword, edit.kind, edit.pointer, changed, case.value, said[:1000])
        )

    def _conclude(self) -> None:
        """One failure of each kind, its instance as small as can be."""
        found = grouped(self.failures)
        self.proof.failures = [self._smaller(failure) for failure in found[:_SHRUNK]] + found[_SHRUNK:]

    def _smaller(self, failure: Failure) -> Failure:
        """The same failure with the smallest instance that shows it."""
        broken = self.judge.broken(self.schema, failure.instance)
        words = {word for word, _ in broken}

        def shows(value: Any) -> bool:
            if self.judge.is_valid(self.schema, value) == bool(broken):
                return False
            if failure.check == "accepted":
                return self._takes(value) and {word for word, _ in self.judge.broken(self.schema, value)} == words
            outcome = self.typed.read(json.dumps(value, ensure_ascii=False))
            if failure.check == "changed" and outcome.word == "accepted":
                found = difference(value, self.typed.written(outcome.value).value)
                return found is not None and found.kind == failure.kind
            return failure.check == outcome.word

        instance = shrunk(failure.instance, shows)
        broken = self.judge.broken(self.schema, instance)
        return failure.with_instance(instance, _named(broken) if failure.check == "accepted" else failure.said)


def _named(broken: set[tuple[str, Pointer]]) -> str:
    places = sorted(f"{word} at {where or 'the root'}" for word, where in broken)
    return f"broken: {', '.join(places)}"
