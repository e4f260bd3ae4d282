"""The proof itself: instances of every subject, judged, and held against the generated types."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tillspec.document.bundle import Bundle
from tillspec.pointer import Pointer, join, look_up
from tillspec.prove import reader
from tillspec.prove.dialects import Schema, Schemas
from tillspec.prove.equality import written_alike
from tillspec.prove.judge import Judge
from tillspec.prove.mutate import Edit, Mutator
from tillspec.prove.package import Package, adapter
from tillspec.prove.places import Ground, Path, Place, at, replaced
from tillspec.prove.report import Failure, Proof, Result, grouped
from tillspec.prove.shapes import Choice
from tillspec.prove.synthesise import Impossible, Synthesiser

_MOST_GROUNDS = 40


def prove(bundle: Bundle, package: Package, most: int, progress: Callable[[str], None] = lambda _: None) -> Result:
    """Prove a package against its contract, with at most so many edits of each schema's instances."""
    schemas = Schemas(bundle.value, bundle.version)
    judge = Judge(schemas)
    result = Result()
    known: set[tuple[int, str, Pointer]] = set()
    for subject in reader.subjects(bundle):
        progress(subject.name)
        proof = Proof(subject)
        try:
            annotation = package.annotation(subject)
        except (LookupError, AttributeError) as error:
            proof.failures.append(Failure("missing", subject.name, "", "", subject.pointer, "", None, f"{type(error).__name__}: {error}"))
            result.proofs.append(proof)
            continue
        if annotation is None:
            result.untyped += 1
            continue
        key = (id(annotation), subject.direction, _meant(bundle.value, subject.pointer))
        if subject.kind == "response" and key in known:
            continue
        known.add(key)
        _Prover(judge, schemas, package, proof, adapter(annotation), most).run()
        result.proofs.append(proof)
    result.disagreements = list(judge.disagreements.values())
    result.unreadable = judge.unreadable
    return result


def _meant(document: dict[str, Any], pointer: Pointer) -> Pointer:
    """The pointer that a schema which is nothing but a reference leads to."""
    for _ in range(64):
        value: Any = look_up(document, pointer)
        if not isinstance(value, dict) or set(value) != {"$ref"}:
            break
        pointer = str(value["$ref"]).removeprefix("#")
    return pointer


@dataclass(slots=True)
class _Prover:
    """Proves one subject."""

    judge: Judge
    schemas: Schemas
    package: Package
    proof: Proof
    adapter: TypeAdapter[Any]
    most: int
    schema: Schema = True
    failures: list[Failure] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    tried: int = 0

    def run(self) -> None:
        subject = self.proof.subject
        self.schema = self.schemas.at(subject.pointer, subject.direction)
        synthesiser = Synthesiser(self.judge)
        mutator = Mutator(synthesiser)
        grounds = _Grounds(self.judge, synthesiser, self.schema)
        for example in subject.examples:
            valid = self.judge.is_valid(self.schema, example.value)
            self._try(example.value, valid, Edit("example", "example", example.pointer, (), (), example.value))
            if valid:
                grounds.add(example.value)
        grounds.grow()
        if not grounds.found:
            self.proof.unmade = "no instance was found that is valid"
        for ground in grounds.found:
            self._try(ground.value, True, Edit("instance", "instance", subject.pointer, (), (), ground.value))
        seen: set[tuple[Pointer, Path]] = set()
        for ground in grounds.found:
            self._edits(ground, mutator, seen)
        self.proof.failures = grouped(self.failures)

    def _edits(self, ground: Ground, mutator: Mutator, seen: set[tuple[Pointer, Path]]) -> None:
        fresh = []
        for place in sorted(ground.places, key=lambda place: place.depth):
            general = (self.schemas.pointer(place.schema), tuple("*" if isinstance(key, int) else key for key in place.path))
            if general not in seen:
                seen.add(general)
                fresh.append(place)
        streams = [(place, mutator.edits(place, at(ground.value, place.path))) for place in fresh]
        while streams and self.tried < self.most:
            streams = [one for one in streams if self._step(ground, *one)]
        self.proof.cut += len(streams)

    def _step(self, ground: Ground, place: Place, edits: Iterator[Edit]) -> bool:
        if self.tried >= self.most:
            return True
        edit = next(edits, None)
        if edit is None:
            return False
        value = replaced(ground.value, edit.path, edit.value)
        text = json.dumps(value, ensure_ascii=False)
        if text not in self.done:
            self.tried += 1
            self._try(value, ground.allows(place, edit.path, edit.value), edit)
        return True

    # -- one instance ------------------------------------------------------------------------------------------------------

    def _try(self, value: Any, valid: bool, edit: Edit) -> None:
        text = json.dumps(value, ensure_ascii=False)
        if text in self.done:
            return
        self.done.add(text)
        tally = self.proof.tally
        try:
            made = self.adapter.validate_json(text, strict=True)
        except ValidationError as error:
            if not valid:
                self._count_mutant(edit, value, accepted=False)
            elif {one["type"] for one in error.errors(include_url=False, include_context=False)} == {"rule"}:
                tally.refused_by_rule += 1
            else:
                tally.valid += 1
                self._fail("refused", edit, value, _said(error))
            return
        except Exception as error:  # whatever else the generated code raises is a defect
            self._fail("crashed", edit, value, f"{type(error).__name__}: {error}")
            tally.valid += valid
            return
        if not valid:
            self._count_mutant(edit, value, accepted=True)
            return
        tally.valid += 1
        tally.accepted += 1
        self._check_back(made, edit, value)
        if self.proof.subject.kind == "response":
            self._check_lenient(text, edit, value)

    def _count_mutant(self, edit: Edit, value: Any, *, accepted: bool) -> None:
        family = "format" if edit.keyword == "format" else "structural"
        if accepted:
            broken = self.judge.broken(self.schema, value)
            family = "format" if {word for word, _ in broken} == {"format"} else "structural"
            self._fail("accepted", edit, value, "broken: " + ", ".join(sorted(f"{word} at {where or '/'}" for word, where in broken))[:300])
        tally = self.proof.tally
        if family == "format":
            tally.format += 1
            tally.format_accepted += accepted
        else:
            tally.structural += 1
            tally.structural_accepted += accepted

    def _check_back(self, made: Any, edit: Edit, value: Any) -> None:
        try:
            back = json.loads(self.adapter.dump_json(made, warnings=False))
        except Exception as error:  # whatever it raises, it was not written
            self._fail("crashed", edit, value, f"writing: {type(error).__name__}: {error}")
            return
        if written_alike(value, back):
            self.proof.tally.round_tripped += 1
        else:
            self._fail("changed", edit, value, json.dumps(back, ensure_ascii=False)[:2000])

    def _check_lenient(self, text: str, edit: Edit, value: Any) -> None:
        try:
            self.adapter.validate_json(text, context=self.package.lenient)
        except ValidationError as error:
            self._fail("refused leniently", edit, value, _said(error))

    def _fail(self, check: Any, edit: Edit, value: Any, said: str) -> None:
        pointer = join("", *edit.changed)
        self.failures.append(Failure(check, self.proof.subject.name, edit.keyword, edit.kind, edit.pointer, pointer, value, said))


@dataclass(slots=True)
class _Grounds:
    """Valid instances to start from: examples, the largest, the smallest, and one for every branch met on the way."""

    judge: Judge
    synthesiser: Synthesiser
    schema: Schema
    found: list[Ground] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)

    def add(self, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
        if text not in self.texts and len(self.found) < _MOST_GROUNDS:
            self.texts.add(text)
            self.found.append(Ground(self.judge, self.schema, value))

    def grow(self) -> None:
        for wide in (True, False):
            try:
                self.add(self.synthesiser.make([self.schema], wide=wide))
            except Impossible:
                continue
        taken: set[tuple[Choice, int]] = set()
        index = 0
        while index < len(self.found) and len(self.found) < _MOST_GROUNDS:
            ground = self.found[index]
            index += 1
            for place in ground.places:
                if place.depth <= 2:
                    self._branch(ground, place, taken)

    def _branch(self, ground: Ground, place: Place, taken: set[tuple[Choice, int]]) -> None:
        """An instance for each branch of a place that no other has taken yet."""
        for keyword in ("anyOf", "oneOf", "if", "type"):
            said = place.schema.get(keyword)
            if said is None or isinstance(said, str):
                continue
            for number in range(2 if keyword == "if" else len(said)):
                choice = Choice(id(place.schema), keyword)
                if (choice, number) in taken:
                    continue
                taken.add((choice, number))
                try:
                    value = self.synthesiser.choose(place.schema, choice, number)
                except Impossible:
                    continue
                if ground.allows(place, place.path, value):
                    self.add(replaced(ground.value, place.path, value))


def _said(error: ValidationError) -> str:
    """What a model found wrong: where, and the kind of each error."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{join('', *one['loc']) or '/'}: {one['type']}: {one['msg']}" for one in found[:5])[:1000]
