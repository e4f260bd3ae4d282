"""One subject, proved: its instances against its type, and against the stub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tillspec.pointer import Pointer, join
from tillspec.prove.dialects import Schema
from tillspec.prove.equality import written_alike
from tillspec.prove.grounds import Grounds
from tillspec.prove.judge import Judge
from tillspec.prove.mutate import WRONG, Edit, Mutator
from tillspec.prove.package import Package
from tillspec.prove.places import Ground, Path, Place, at, replaced
from tillspec.prove.report import Check, Failure, Proof, grouped
from tillspec.prove.shrink import shrunk
from tillspec.prove.stub import Stub
from tillspec.prove.synthesise import Synthesiser

_Stream = tuple[Ground, Place, Iterator[Edit]]

_SHRUNK = 40
_GROUNDS = 20


@dataclass(frozen=True, slots=True)
class _Case:
    """An instance, what the judge says of it, and how it came to be."""

    value: Any
    text: str
    valid: bool
    edit: Edit


@dataclass(slots=True)
class Prover:
    """Proves one subject; what it finds goes into `proof`."""

    judge: Judge
    package: Package
    proof: Proof
    adapter: TypeAdapter[Any]
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
        synthesiser = Synthesiser(self.judge)
        grounds = Grounds(synthesiser, self.schema, max(_GROUNDS, self.most // 4))
        for example in subject.examples:
            if self._try(example.value, Edit("example", "example", example.pointer, (), (), example.value)):
                grounds.add(example.value)
        grounds.grow()
        for ground in grounds.found:
            self._try(ground.value, Edit("instance", "instance", subject.pointer, (), (), ground.value))
        for kind, wrong in WRONG:
            self._try(wrong, Edit("type", f"another value: {kind}", subject.pointer, (), (), wrong))
        if not grounds.found:
            self.proof.unmade = True
            for value in islice(synthesiser.candidates([self.schema], {}, True, 0, 0), 20):
                self._try(value, Edit("instance", "instance", subject.pointer, (), (), value))
        self._edits(grounds.found, Mutator(synthesiser))
        self.proof.branches_left = grounds.left
        self.judge.forget()
        self._conclude()

    async def send(self, stub: Stub) -> None:
        """Send what was held against the type to the stub as well."""
        self.failures = []
        for case in self.cases:
            answer = await stub.send(self.proof.subject, case.text)
            self.proof.tally.stub += 1
            if answer == ("accepted" if case.valid else "refused") or (case.valid and self._breaks_a_rule(case.value)):
                continue
            self.proof.tally.stub_wrong += 1
            check: Check = "stub refused" if case.valid else "stub accepted"
            self._fail(check if answer in ("accepted", "refused") else "stub crashed", case, f"the stub: {answer}")
        self.proof.failures += grouped(self.failures)

    def _edits(self, grounds: list[Ground], mutator: Mutator) -> None:
        """Edits of every place: those that cross fewer references first, and each keyword in its turn."""
        seen: set[tuple[Pointer, Path]] = set()
        levels: dict[int, list[_Stream]] = {}
        for ground in grounds:
            for place in ground.places:
                path = tuple("*" if isinstance(key, int) else key for key in place.path)
                general = (self.judge.schemas.pointer(place.schema), path)
                if general not in seen:
                    seen.add(general)
                    streams = mutator.streams(place, at(ground.value, place.path))
                    levels.setdefault(place.depth, []).extend((ground, place, stream) for stream in streams)
        for _, level in sorted(levels.items()):
            while level and self.tried < self.most:
                level = [one for one in level if self._step(*one)]
            self.proof.cut += len(level)

    def _step(self, ground: Ground, place: Place, edits: Iterator[Edit]) -> bool:
        """One more edit of a keyword; False where there are no more."""
        if self.tried >= self.most:
            return True
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

    # -- one instance ------------------------------------------------------------------------------------------------------

    def _try(self, value: Any, edit: Edit) -> bool:
        """Judge a whole instance and hold it against the type; whether it is valid."""
        valid = self.judge.is_valid(self.schema, value)
        text = json.dumps(value, ensure_ascii=False)
        if text not in self.done:
            self.done.add(text)
            self._hold(_Case(value, text, valid, edit))
        return valid

    def _hold(self, case: _Case) -> None:
        self.cases.append(case)
        tally = self.proof.tally
        try:
            made = self.adapter.validate_json(case.text, strict=True)
        except ValidationError as error:
            by_rule = _is_by_rule(error)
            if case.valid and by_rule:
                tally.refused_by_rule += 1
                self._read_leniently(case)
            elif case.valid:
                tally.valid += 1
                self._fail("refused", case, _said(error))
            else:
                self._count_mutant(case, accepted=by_rule and self._passes_but_for_rules(case.value))
        except Exception as error:  # whatever else generated code raises is a defect
            tally.valid += case.valid
            self._fail("crashed", case, f"{type(error).__name__}: {error}")
        else:
            if case.valid:
                tally.valid += 1
                tally.accepted += 1
                tally.round_tripped += self._comes_back(made, case)
                if self.proof.subject.kind == "response":
                    self._read_leniently(case)
            else:
                self._count_mutant(case, accepted=True)

    def _count_mutant(self, case: _Case, *, accepted: bool) -> None:
        family = "format" if case.edit.keyword == "format" else "structural"
        if accepted:
            broken = self.judge.broken(self.schema, case.value)
            family = "format" if {word for word, _ in broken} == {"format"} else "structural"
            places = sorted(f"{word} at {where or 'the root'}" for word, where in broken)
            self._fail("accepted", case, f"broken: {', '.join(places)}")
        tally = self.proof.tally
        if family == "format":
            tally.format += 1
            tally.format_accepted += accepted
        else:
            tally.structural += 1
            tally.structural_accepted += accepted

    def _comes_back(self, made: Any, case: _Case) -> bool:
        try:
            back = json.loads(self.adapter.dump_json(made, warnings=False))
        except Exception as error:  # whatever it raises, nothing was written
            self._fail("crashed", case, f"writing it: {type(error).__name__}: {error}")
            return False
        if not written_alike(case.value, back):
            self._fail("changed", case, f"came back as {json.dumps(back, ensure_ascii=False)}")
            return False
        return True

    def _read_leniently(self, case: _Case) -> None:
        """As a client reads an answer, which holds no rule against it: what is valid must be accepted, and come back."""
        try:
            made = self.adapter.validate_json(case.text, context=self.package.lenient)
        except ValidationError as error:
            self._fail("refused leniently", case, _said(error))
        except Exception as error:  # as above
            self._fail("crashed", case, f"reading it leniently: {type(error).__name__}: {error}")
        else:
            self._comes_back(made, case)

    def _breaks_a_rule(self, value: Any) -> bool:
        try:
            self.adapter.validate_json(json.dumps(value, ensure_ascii=False), strict=True)
        except ValidationError as error:
            return _is_by_rule(error)
        return False

    def _passes_but_for_rules(self, value: Any) -> bool:
        """Whether a mutant that a rule refuses, and nothing else, is let through where no rules are held.

        Enums are read leniently there as well, so one that breaks nothing else shows nothing.
        """
        if {word for word, _ in self.judge.broken(self.schema, value)} == {"enum"}:
            return False
        try:
            self.adapter.validate_json(json.dumps(value, ensure_ascii=False), context=self.package.lenient)
        except ValidationError:
            return False
        return True

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
        wanted = self.judge.broken(self.schema, failure.instance)
        words = {word for word, _ in wanted}

        def shows(value: Any) -> bool:
            valid = self.judge.is_valid(self.schema, value)
            if failure.check == "accepted":
                return not valid and self._takes(value) and {word for word, _ in self.judge.broken(self.schema, value)} == words
            if failure.check == "refused":
                return valid and not self._takes(value) and not self._breaks_a_rule(value)
            return failure.check == "changed" and valid and self._takes(value) and not self._same(value)

        instance = shrunk(failure.instance, shows)
        if instance is failure.instance:
            return failure
        said = failure.said
        if failure.check == "accepted":
            broken = sorted(f"{word} at {where or 'the root'}" for word, where in self.judge.broken(self.schema, instance))
            said = f"broken: {', '.join(broken)}"
        return failure.with_instance(instance, said)

    def _takes(self, value: Any) -> bool:
        try:
            self.adapter.validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            return _is_by_rule(error) and self._passes_but_for_rules(value)
        return True

    def _same(self, value: Any) -> bool:
        made = self.adapter.validate_json(json.dumps(value), context=self.package.lenient)
        return written_alike(value, json.loads(self.adapter.dump_json(made, warnings=False)))


def _is_by_rule(error: ValidationError) -> bool:
    """Whether nothing but a rule across fields refuses a value."""
    return {one["type"] for one in error.errors(include_url=False, include_context=False, include_input=False)} == {"rule"}


def _said(error: ValidationError) -> str:
    """What a model found wrong: where, and the kind of each error."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{join('', *one['loc']) or 'the root'}: {one['type']}: {one['msg']}" for one in found[:5])
