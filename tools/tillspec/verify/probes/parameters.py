"""Parameters with one edit: each keyword broken, required ones left out, and texts that are none of the parameter's."""

from __future__ import annotations

import json
from asyncio import TaskGroup
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tillspec.pointer import Pointer
from tillspec.prove.mutate import Mutator
from tillspec.prove.places import Ground, at, replaced
from tillspec.verify.checks import Kind
from tillspec.verify.contract import ParameterForm, Target
from tillspec.verify.draft import Draft, Text, Unwritable, key_header, written
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, shown
from tillspec.verify.signature import Signature, signature
from tillspec.verify.world import Unavailable, World

_EDGES = ("bound: on it", "minLength: on it", "maxLength: on it", "enum: listed", "const: the value", "multipleOf: once")
_PER_KEYWORD = 12
_RAW = (("%zz", "a broken escape"), ("%C0%AF", "overlong UTF-8"), ("%00", "a NUL"), ("a" * 4000, "4,000 characters"))


@dataclass(frozen=True, slots=True)
class Case:
    """A value of a parameter, whether it is valid, and what it is about; without a pointer it is about no keyword."""

    value: Any
    valid: bool
    kind: str
    pointer: Pointer
    keyword: str = ""


async def parameters(run: Run, world: World, target: Target) -> None:
    """Send every parameter of an operation with other values."""
    if not target.parameters:
        return
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.PARAMETERS, standing.reason, standing.fill)
        return
    probe = _Probe(run, world, target, standing.draft)
    waiting = [(form, case) for form in target.parameters for case in _cases(run, target, form, standing.draft)]

    async def work() -> None:
        while waiting:
            await probe.send(*waiting.pop(0))

    async with TaskGroup() as group:
        for _ in range(run.wire.workers):
            group.create_task(work())
    probe.conclude()


def _cases(run: Run, target: Target, form: ParameterForm, draft: Draft) -> Iterator[Case]:
    if form.model.required and form.location != "path":
        yield Case(NOTHING, False, "absent", form.pointer, "required")
    known = draft.parameters.get((form.location, form.name), NOTHING)
    base = _base(run, form, known)
    if base is not NOTHING:
        yield from _mutants(run, form, base)
    if form.location in ("query", "path"):
        for text, kind in _RAW:
            yield Case(Text(f"{form.name}={text}" if form.location == "query" else text), True, kind, "")


def _base(run: Run, form: ParameterForm, known: Any) -> Any:
    """A valid value to start from."""
    judge = run.contract.judge
    if known is not NOTHING and judge.is_valid(form.schema, known):
        return known
    made = next((one for one in form.examples if judge.is_valid(form.schema, one)), NOTHING)
    if made is NOTHING:
        candidates = run.contract.synthesiser.candidates([form.schema], {}, False, 0, 0)
        made = next((one for one in islice(candidates, 20) if judge.is_valid(form.schema, one)), NOTHING)
    return made


def _mutants(run: Run, form: ParameterForm, base: Any) -> Iterator[Case]:
    """One edit of each keyword. What another reading of the same text makes valid is no mutant."""
    judge, mutator = run.contract.judge, Mutator(run.contract.synthesiser)
    ground = Ground(judge, form.schema, base)
    done = {_text(form, base)}
    for place in ground.places:
        for stream in mutator.streams(place, at(base, place.path)):
            for edit in islice(stream, _PER_KEYWORD):
                value = replaced(base, edit.path, edit.value)
                text = _text(form, value)
                if text is None or text in done or (not text and form.location in ("query", "querystring", "cookie")):
                    continue  # an empty text there is none at all
                done.add(text)
                valid = any(judge.is_valid(form.schema, one) for one in _readings(form, value))
                if not valid or edit.kind.startswith(_EDGES):
                    yield Case(value, valid, edit.kind, edit.pointer, edit.keyword)
    judge.forget()


def _text(form: ParameterForm, value: Any) -> str | None:
    try:
        return written(form, value)
    except Unwritable:
        return None


def _readings(form: ParameterForm, value: Any) -> Iterator[Any]:
    """What the text of a value may be read as: a text, a number, a truth value, null, one item or several."""
    yield value
    plain = value if isinstance(value, str) else json.dumps(value) if not isinstance(value, dict | list) else None
    if plain is not None:
        yield from _scalars(plain)
        if "," in plain or not plain:
            parts = plain.split(",") if plain else []
            yield parts
            yield [next(iter(list(_scalars(part))[1:]), part) for part in parts]
        yield [plain]
        yield from ([one] for one in _scalars(plain))
    elif isinstance(value, list) and all(not isinstance(item, dict | list) for item in value):
        texts = [item if isinstance(item, str) else json.dumps(item) for item in value]
        yield texts
        yield from ([next(iter(list(_scalars(text))[1:]), text) for text in texts],)
        yield ",".join(texts)
        if len(texts) == 1:
            yield from _scalars(texts[0])


def _scalars(text: str) -> Iterator[Any]:
    yield text
    try:
        value = json.loads(text.strip())
    except ValueError:
        value = NOTHING
    if not isinstance(value, dict | list | str) and value is not NOTHING:
        yield value
        if isinstance(value, float) and value.is_integer():
            yield int(value)
    elif text.lower() in ("true", "false"):
        yield text.lower() == "true"


class _Probe:
    """Sends the cases of one operation."""

    def __init__(self, run: Run, world: World, target: Target, draft: Draft) -> None:
        self.run, self.world, self.target, self.draft = run, world, target, draft
        self.refusals: Counter[Signature] = Counter()
        self.doubtful: list[tuple[ParameterForm, Case, Exchange]] = []

    async def send(self, form: ParameterForm, case: Case) -> None:
        run, target = self.run, self.target
        draft = self.draft
        if not target.is_safe and case.valid:
            made = await self.world.fresh(target, run.profile.first)
            if isinstance(made, Unavailable):
                return
            draft = made.draft
        try:
            exchange = await run.send(draft.parameter(form.location, form.name, case.value))
        except (Unwritable, ValueError):
            return
        answer = exchange.answer
        if answer.fault is not None or answer.status >= 500 or answer.status in (401, 403, 429) or not case.keyword:
            return
        if not case.valid:
            check = (
                "required-parameter-refused"
                if case.keyword == "required" and case.value is NOTHING
                else "invalid-parameter-refused"
            )
            if answer.succeeded or answer.status == 304:
                run.tell(target, _accepted(form, case, check, exchange), exchange)
            else:
                self.refusals[signature(answer)] += 1
                run.tell(target, Told(check))
        elif answer.succeeded or answer.status == 304:
            run.tell(target, Told("valid-edit-accepted"))
        elif form.location != "path" and form.name != key_header(target):
            self.doubtful.append((form, case, exchange))

    def conclude(self) -> None:
        """A valid value that is refused as invalid ones are is refused for its form."""
        for form, case, exchange in self.doubtful:
            alike = signature(exchange.answer) in self.refusals
            told = Told(
                "valid-edit-accepted", f"refuses {case.kind} in the {form.location} parameter {form.name}", case.pointer,
                f"{shown(case.value)} is accepted",
                f"{exchange.answer.status} {shown(exchange.answer.body[:200].decode('utf-8', 'replace'))}",
                f"{form.name} {case.kind}", Severity.SHOULD if alike else Severity.INFO,
            )  # fmt: skip
            self.run.tell(self.target, told, exchange)


def _accepted(form: ParameterForm, case: Case, check: str, exchange: Exchange) -> Told:
    if case.value is NOTHING:
        return Told(check, f"accepts a request without the {form.location} parameter {form.name}", form.pointer,
                    "a 4xx", str(exchange.answer.status), form.name)  # fmt: skip
    return Told(
        check, f"accepts a value that breaks {case.keyword} of the {form.location} parameter {form.name}",
        case.pointer or form.pointer,
        f"{shown(case.value)} is refused with a 4xx ({case.kind})", str(exchange.answer.status), form.name,
    )  # fmt: skip
