"""Secrets that an operation makes: drawn many times, none like another, and of enough entropy."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.decoding.entropy import LEAST, most
from tillspec.verify.decoding.tokens import looks_like_token
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, passed
from tillspec.verify.world import Unavailable, World

_FEW = 3
_NAMED = re.compile(r"(?:^|[a-z_-])(?:token|secret)$", re.I)
_USUAL_BITS = 64
"""The entropy of a session identifier at least (OWASP ASVS 4.0, 3.2.2), where the contract declares none."""


@dataclass(slots=True)
class _Drawn:
    """The values of one secret. `bits` is the entropy that it is to have, `declared` whether the contract calls it a secret."""

    bits: int | None
    declared: bool
    values: dict[str, Exchange] = field(default_factory=dict)
    again: tuple[Exchange, Exchange] | None = None


async def secrets(run: Run, world: World, target: Target) -> None:
    """Draw the secrets that an operation makes."""
    if target.method != "POST" or not _may_make(run, target):
        return
    standing = await world.fresh(target, run.profile.first)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.SECRETS, standing.reason, standing.fill)
        return
    drawn: dict[Pointer, _Drawn] = {}
    for number in range(LEAST + 2):
        exchange = await run.send(standing.draft)
        if not exchange.answer.succeeded:
            break
        _draw(run, target, exchange, drawn)
        if number + 1 >= _FEW and not any(one.bits for one in drawn.values()):
            break
    for pointer, one in drawn.items():
        _judge(run, target, pointer, one)


def _may_make(run: Run, target: Target) -> bool:
    """Whether a success of an operation may show a secret that it makes."""
    for response in target.operation.responses:
        for content in response.contents if response.status[:1] == "2" else ():
            pointer = run.contract.response_schema(target, response, content.media_type)
            if pointer is None:
                continue
            if run.declared.reaches(pointer, "secret") or any(_NAMED.search(name) for name in run.relations.properties(pointer)):
                return True
    return False


def _draw(run: Run, target: Target, exchange: Exchange, drawn: dict[Pointer, _Drawn]) -> None:
    for pointer, value, bits, declared in _secrets(run, target, exchange):
        one = drawn.setdefault(pointer, _Drawn(bits, declared))
        if value in one.values:
            one.again = one.again or (one.values[value], exchange)
        one.values.setdefault(value, exchange)


def _secrets(run: Run, target: Target, exchange: Exchange) -> list[tuple[Pointer, str, int | None, bool]]:
    """The secrets of an answer: clause, value, bits, and whether the contract calls it one."""
    answer = exchange.answer
    response = target.response(answer.status)
    pointer = run.contract.response_schema(target, response, answer.header("content-type") or "") if response else None
    if pointer is None or answer.value is NOTHING:
        return []
    found: list[tuple[Pointer, str, int | None, bool]] = [
        (join(part.pointer, "x-behavior", "secret"), part.value, part.property.secret.bits, True)
        for part in run.declared.parts(pointer, "response", answer.value)
        if part.property is not None and part.property.secret is not None and isinstance(part.value, str)
    ]
    if found or not isinstance(answer.value, dict):
        return found
    known = run.declared.names_of_requests()
    for name, value in answer.value.items():
        if _NAMED.search(name) and isinstance(value, str) and name not in known and not _is_word(value):
            found.append((pointer, value, None if looks_like_token(value) else _USUAL_BITS, False))
    return found[:1]


def _is_word(value: Any) -> bool:
    return bool(re.fullmatch(r"[A-Za-z][a-z]*", value))


def _judge(run: Run, target: Target, pointer: Pointer, one: _Drawn) -> None:
    severity = Severity.MUST if one.declared and (one.bits or target.creates) else Severity.SHOULD
    if one.again is not None:
        told = Told("secret-entropy", "a secret is given twice", pointer, "another one each time", "the same", "again", severity)
        run.tell(target, told, *one.again)
        return
    if len(one.values) > 1:
        run.tell(target, passed("secret-entropy"))
    if one.bits is None:
        return
    if len(one.values) < LEAST:
        run.skip(target, Kind.SECRETS, f"{len(one.values)} values of a secret are too few to judge its entropy")
        return
    bits, shown = most(list(one.values)), list(one.values.values())[-2:]
    if bits < one.bits:
        told = Told(
            "secret-entropy", "a secret has less entropy than it is to have", join(pointer, "bits") if one.declared else pointer,
            f"{one.bits} bits", f"about {bits:.0f} bits at most, by {len(one.values)} values", "bits", severity,
        )  # fmt: skip
        run.tell(target, told, *shown)
    else:
        run.tell(target, passed("secret-entropy"))
