"""The proof itself: instances of every subject, judged, and held against the generated types and the stub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tillspec.document.bundle import Bundle
from tillspec.pointer import Pointer, look_up
from tillspec.prove.dialects import Schemas
from tillspec.prove.judge import Judge
from tillspec.prove.package import Package, adapter
from tillspec.prove.prover import Prover
from tillspec.prove.reader import Subject, subjects
from tillspec.prove.report import Check, Failure, Proof, Result
from tillspec.prove.stub import Stub
from tillspec.prove.typed import Typed


def prove(bundle: Bundle, package: Package, most: int, progress: Callable[[str], None] = lambda _: None) -> Result:
    """Prove a package against its contract, with at most so many edits of each schema's instances.

    Nothing is left to chance: the same contract and package give the same result.
    """
    return asyncio.run(_prove(bundle, package, most, progress))


async def _prove(bundle: Bundle, package: Package, most: int, progress: Callable[[str], None]) -> Result:
    schemas = Schemas(bundle.value, bundle.version)
    judge, stub, result = Judge(schemas), Stub.of(package), Result(most)
    known: set[tuple[int, str, Pointer]] = set()
    for subject in subjects(bundle):
        if subject.kind != "component" and not package.operations:
            result.bodies_left += 1
            continue
        progress(subject.name)
        try:
            annotation = package.annotation(subject)
        except LookupError as error:
            result.proofs.append(_failed(subject, "missing", f"the package has no {error}"))
            continue
        if annotation is None or (subject.kind != "component" and package.content(subject).carrier == "multipart"):
            result.untyped += 1
            continue
        if subject.kind == "response":
            key = (id(annotation), subject.direction, _meant(bundle.value, subject))
            if key in known:
                continue
            known.add(key)
        proof = Proof(subject)
        try:
            typed = Typed(adapter(annotation), package.lenient)
        except Exception as error:  # whatever it raises, no value can be read by it
            result.proofs.append(_failed(subject, "crashed", f"making it whole: {type(error).__name__}: {error}"))
            continue
        prover = Prover(judge, typed, proof, most)
        prover.run()
        if stub.takes(subject):
            await prover.send(stub)
        result.proofs.append(proof)
    result.disagreements = list(judge.disagreements.values())
    result.unreadable = judge.unreadable
    return result


def _failed(subject: Subject, check: Check, said: str) -> Proof:
    """The proof of a subject of which there is no type, or none that works."""
    return Proof(subject, failures=[Failure(check, subject.name, "", check, subject.pointer, "", None, said)])


def _meant(document: dict[str, Any], subject: Subject) -> Pointer:
    """The pointer that a schema which is nothing but a reference leads to."""
    pointer = subject.pointer
    for _ in range(64):
        value: Any = look_up(document, pointer)
        if not isinstance(value, dict) or set(value) != {"$ref"}:
            break
        pointer = str(value["$ref"]).removeprefix("#")
    return pointer
