"""Parameters with one edit: every keyword of every schema broken, required ones left out, and texts that are no proper ones."""

from __future__ import annotations

import json
import secrets
from asyncio import TaskGroup
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.prove.mutate import Edit, Mutator
from tillspec.prove.places import Ground, at, replaced
from tillspec.prove.synthesise import Impossible
from tillspec.verify.checks import Kind
from tillspec.verify.contract import ParameterForm, Target
from tillspec.verify.draft import Unwritable, key_header, written
from tillspec.verify.exchange import NOTHING, Answer, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.judging.accepted import is_of_format
from tillspec.verify.judging.readings import readings
from tillspec.verify.judging.signature import Signature, signature
from tillspec.verify.probes.parameter_texts import faulty, odd_queries
from tillspec.verify.run import Run, Told, passed, shown
from tillspec.verify.world import Made, Unavailable, World

_EDGES = (
    "bound: on it", "minLength: on it", "maxLength: on it", "minItems: on it", "maxItems: on it", "enum: listed",
    "const: the value", "type: another null", "multipleOf: once",
)  # fmt: skip
"""Valid edits that a schema is explicit about; of others a server may have its own opinion."""
_PER_STREAM = 10
_PER_SHARED_STREAM = 5
"""Of a parameter that several operations share, one of them gets all edits."""
_MOST = 120
_IGNORED = frozenset({"accept", "content-type", "authorization"})
"""Header parameters that say nothing (OpenAPI 3.1, section 4.8.12.1)."""
_CONDITIONS = frozenset({"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"})
"""Headers of which RFC 9110 says itself what a malformed one gets: it is ignored (sections 13.1 and 14.2)."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A parameter with another value, and whether that is valid still. `empty` is one whose text is empty."""

    form: ParameterForm
    kind: str
    keyword: str
    pointer: Pointer
    value: Any
    text: str
    valid: bool

    @property
    def empty(self) -> bool:
        return not self.text.removeprefix(f"{self.form.name}=")


async def parameters(run: Run, world: World, target: Target) -> None:
    """Send every mutant of every parameter of an operation."""
    forms = [form for form in target.parameters if counts(run, form)]
    if not forms and target.parameters:
        return
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.PARAMETERS, standing.reason, standing.fill)
        return
    probe = _Probe(run, world, target, standing)
    await probe.plain()
    queue = (mutant for form in forms for mutant in probe.mutants(form))

    async def work() -> None:
        for mutant in queue:
            await probe.send(mutant)

    async with TaskGroup() as group:
        for _ in range(run.wire.workers):
            group.create_task(work())
    for form in forms:
        await probe.left_out(form)
        await probe.malformed(form)
    probe.conclude()


def counts(run: Run, form: ParameterForm) -> bool:
    """Whether a parameter is one that its schema speaks of: not a credential, and not what OpenAPI leaves to other words."""
    if form.location == "header" and form.name.lower() in _IGNORED:
        return False
    schemes = run.contract.api.security_schemes.values()
    return not any(scheme.location == form.location and scheme.parameter == form.name for scheme in schemes)


def mutants(run: Run, form: ParameterForm, base: Any, *, shared: bool = False) -> Iterator[Mutant]:
    """The mutants of a parameter that has a valid value, each text once. What a server may read as valid is none. Of one that is
    `shared` with an operation before, they are fewer.
    """
    judge = run.contract.judge
    ground = Ground(judge, form.schema, base)
    mutator = Mutator(run.contract.synthesiser)
    done = {_text(form, base)}
    most = _PER_SHARED_STREAM if shared else _PER_STREAM
    for place in ground.places:
        for stream in mutator.streams(place, at(base, place.path)):
            taken = 0
            for edit in islice(stream, 40):
                mutant = _mutant(run, form, base, edit, ground.allows(place, edit.path, edit.value))
                if mutant is None or mutant.text in done:
                    continue
                done.add(mutant.text)
                yield mutant
                taken += 1
                if taken == most or len(done) > _MOST:
                    break
    judge.forget()
    for kind, value in _spellings(base):
        edit = Edit("type", f"text: {kind}", join(schema_pointer(run, form), "type"), (), (), value)
        mutant = _mutant(run, form, base, edit, False)
        if mutant is not None and mutant.text not in done:
            done.add(mutant.text)
            yield mutant


def schema_pointer(run: Run, form: ParameterForm) -> Pointer:
    """Where the schema of a parameter stands."""
    return run.contract.schemas.pointer(form.schema) if isinstance(form.schema, dict) else form.pointer


def _spellings(base: Any) -> Iterator[tuple[str, str]]:
    """Texts that begin or look like a number, and are none."""
    if isinstance(base, bool) or not isinstance(base, int | float):
        return
    yield "a number and more", f"{base}abc"
    yield "two numbers", f"{base} {base}"
    yield "a list", f"{base},{base}"
    yield "two signs", f"--{base}"
    yield "a fraction of a fraction", f"{base}.0.0"
    yield "no number", "NaN"
    yield "without an end", "Infinity"
    yield "beyond all doubles", "1e400"
    yield "500 digits", "9" * 500
    yield "words", "twelve"


def _mutant(run: Run, form: ParameterForm, base: Any, edit: Edit, valid: bool) -> Mutant | None:
    value = replaced(base, edit.path, edit.value)
    text = _text(form, value)
    if text is None or (valid and not edit.kind.startswith(_EDGES)):
        return None
    if form.location in ("query", "querystring", "cookie") and (not text or not _is_alike(base, value)):
        return None  # which is a parameter that is not there, or another one
    keyword, pointer = edit.keyword, edit.pointer
    if not valid and form.model.media_type is None:
        found = list(readings(value, base))
        if not found or any(run.contract.judge.is_valid(form.schema, one) for one in found):
            return None
        keyword, pointer = _broken(run, form, edit, next((one for one in found if type(one) is type(base)), value))
    return Mutant(form, edit.kind, keyword, pointer, value, text, valid)


def _broken(run: Run, form: ParameterForm, edit: Edit, value: Any) -> tuple[str, Pointer]:
    """The keyword that a value breaks, and where it stands: that of the edit, unless the text breaks only another one."""
    broken = {keyword for keyword, place in run.contract.judge.broken(form.schema, value) if not place}
    schema = form.schema if isinstance(form.schema, dict) else {}
    others = sorted(keyword for keyword in broken if keyword in schema)
    if edit.path or edit.keyword in broken or not others:
        return edit.keyword, edit.pointer
    return others[0], join(schema_pointer(run, form), others[0])


def _is_alike(base: Any, value: Any) -> bool:
    """Whether two values are written under the same names: an object in a query may be spread over many."""
    return (not isinstance(base, dict) and not isinstance(value, dict)) or (isinstance(base, dict) and isinstance(value, dict))


def _text(form: ParameterForm, value: Any) -> str | None:
    try:
        return written(form, value)
    except (Unwritable, ValueError):
        return None


@dataclass(slots=True)
class _Probe:
    """Sends the mutants of one operation. Valid ones that were refused are judged at the end, by how invalid ones are refused."""

    run: Run
    world: World
    target: Target
    standing: Made
    refusals: Counter[Signature] = field(default_factory=Counter)
    doubtful: list[tuple[Mutant, Exchange]] = field(default_factory=list)

    def mutants(self, form: ParameterForm) -> Iterator[Mutant]:
        """The mutants of a parameter, and the parameter itself where it is left out otherwise."""
        base = self.base(form)
        if base is NOTHING:
            tenant = self.run.profile.first.name
            self.run.skip(
                self.target, Kind.PARAMETERS, f"no valid {form.name} can be made", f"tenants.{tenant}.parameters.{form.name}"
            )
            return
        text = _text(form, base)
        if text and (form.location, form.name) not in self.standing.draft.parameters:
            yield Mutant(form, "its own value", "", form.pointer, base, text, True)
        shared = self.run.contract.first_with(form) is not self.target
        for mutant in mutants(self.run, form, base, shared=shared):
            if not mutant.valid or self._can_be_any(form):
                yield mutant

    def base(self, form: ParameterForm) -> Any:
        """A valid value of a parameter: the one that it has, an example, or one that is made."""
        given = self.standing.draft.parameters.get((form.location, form.name), NOTHING)
        given = _retyped(self.run, form, given)
        if given is not NOTHING:
            return given
        try:
            return self.world.value(form)
        except Impossible:
            return NOTHING

    def _can_be_any(self, form: ParameterForm) -> bool:
        """Whether every valid value can be expected to do: not where it has to name something that is there."""
        behavior = self.target.operation.behavior
        said = behavior.parameters.get(form.name) if behavior else None
        schema = form.schema if isinstance(form.schema, dict) else {}
        return (said is None or said.among is None) and (form.location != "path" or "enum" in schema)

    # -- sending -----------------------------------------------------------------------------------------------------------

    async def send(self, mutant: Mutant) -> None:
        """Send a mutant: an invalid one about the object that stands, a valid one about one of its own if it may change it."""
        draft, value = self.standing.draft, mutant.value
        if mutant.valid:
            if not self.target.is_safe and self.target.creates is None:
                made = await self.world.fresh(self.target, self.run.profile.first)
                if isinstance(made, Unavailable):
                    return
                draft = made.draft
            if mutant.form.name == key_header(self.target):
                value = _unused(self.run, mutant)
        exchange = await self.run.send(draft.parameter(mutant.form.location, mutant.form.name, value))
        answer = exchange.answer
        if _is_unclear(answer) or (mutant.valid and answer.status in (404, 409)):
            return
        if _is_accepted(self.target, answer) == mutant.valid:
            self.run.tell(self.target, Told("valid-edit-accepted" if mutant.valid else "invalid-parameter-refused"))
            if not mutant.valid:
                self.refusals[signature(answer)] += 1
        elif mutant.valid:
            self.doubtful.append((mutant, exchange))
        else:
            self.run.tell(self.target, _accepted(mutant, exchange), exchange)

    async def left_out(self, form: ParameterForm) -> None:
        """Leave a required parameter out."""
        if not form.model.required or form.location == "path":
            return
        exchange = await self.run.send(self.standing.draft.without(form.location, form.name))
        if _is_unclear(exchange.answer):
            return
        if not _is_accepted(self.target, exchange.answer):
            self.run.tell(self.target, passed("invalid-parameter-refused"))
            return
        self.run.tell(
            self.target,
            Told(
                "invalid-parameter-refused", f"accepts a request without the required {form.location} parameter {form.name}",
                form.pointer, "it is refused with a 4xx", str(exchange.answer.status), f"{form.name} left out",
            ),
            exchange,
        )  # fmt: skip

    async def malformed(self, form: ParameterForm) -> None:
        """Send texts that are not even texts: they must not make the server fail, nor be taken where no reading is valid."""
        base = self.base(form)
        text = _text(form, base)
        if text is None or isinstance(base, dict | list):
            return
        for fault in faulty(self.run, form, self.standing.draft, text):
            exchange = await self.run.exchange(self.target, fault.call)
            answer = exchange.answer
            if not fault.invalid or answer.fault is not None or _is_unclear(answer):
                continue
            if not _is_accepted(self.target, answer):
                self.run.tell(self.target, passed("invalid-parameter-refused"))
                continue
            self.run.tell(
                self.target,
                Told(
                    "invalid-parameter-refused", f"accepts the {form.location} parameter {form.name} as no proper text",
                    form.pointer, f"{fault.kind} is refused with a 4xx", str(answer.status), f"{form.name} malformed",
                ),
                exchange,
            )  # fmt: skip

    async def plain(self) -> None:
        """Send queries that say nothing to the operation; the server must not fail at them."""
        if self.target.is_safe:
            for call in odd_queries(self.run, self.standing.draft):
                await self.run.exchange(self.target, call)

    def conclude(self) -> None:
        """A valid request that is refused as invalid ones are is refused for its form; else there may be a reason of its own."""
        for mutant, exchange in self.doubtful:
            alike = signature(exchange.answer) in self.refusals and not is_of_format(self.run.contract, mutant.pointer)
            self.run.tell(self.target, _refused(mutant, exchange, Severity.SHOULD if alike else Severity.INFO), exchange)


def _is_unclear(answer: Answer) -> bool:
    """Whether an answer says nothing of the parameter."""
    return answer.fault is not None or answer.status in (401, 403, 429) or answer.status >= 500


def _is_accepted(target: Target, answer: Answer) -> bool:
    return answer.succeeded or (300 <= answer.status < 400 and target.declares(answer.status))


def _retyped(run: Run, form: ParameterForm, given: Any) -> Any:
    """A value of the draft as its schema has it: a profile, or an answer, may have given a number as a text."""
    judge = run.contract.judge
    if given is NOTHING or judge.is_valid(form.schema, given):
        return given
    return next((one for one in readings(given, given) if judge.is_valid(form.schema, one)), NOTHING)


def _unused(run: Run, mutant: Mutant) -> Any:
    """An idempotency key as long as a mutant's, that was never used; the mutant's own where the schema asks for more."""
    value = mutant.value
    if not isinstance(value, str):
        return value
    made = secrets.token_hex((len(value) + 1) // 2)[: len(value)]
    return made if run.contract.judge.is_valid(mutant.form.schema, made) else value


def _accepted(mutant: Mutant, exchange: Exchange) -> Told:
    form = mutant.form
    lenient = mutant.empty and not form.model.required  # which some take for one that is not there
    weak = lenient or (form.location == "header" and form.name.lower() in _CONDITIONS)
    return Told(
        "invalid-parameter-refused",
        f"accepts the {form.location} parameter {form.name} when it breaks {mutant.keyword or 'its schema'}",
        mutant.pointer, f"{shown(mutant.text)} is refused with a 4xx ({mutant.kind})", str(exchange.answer.status),
        form.name + (" empty" if mutant.empty else ""), Severity.SHOULD if weak else Severity.MUST,
    )  # fmt: skip


def _refused(mutant: Mutant, exchange: Exchange, severity: Severity) -> Told:
    form = mutant.form
    return Told(
        "valid-edit-accepted", f"refuses what is allowed in the {form.location} parameter {form.name} ({mutant.kind})",
        mutant.pointer,
        f"{shown(json.dumps(mutant.value, ensure_ascii=False))} is accepted",
        f"{exchange.answer.status} {shown(exchange.answer.body[:200].decode('utf-8', 'replace'))}",
        f"{form.name} {mutant.kind}", severity,
    )  # fmt: skip
