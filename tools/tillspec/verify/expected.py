"""Answers that the contract declares for a certain case: held against what came."""

from __future__ import annotations

from tillspec.pointer import join
from tillspec.runtime.behavior import Answer as Declared
from tillspec.verify.answers import same
from tillspec.verify.contract import Target
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import at
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, statuses


def declared(check: str, what: str, target: Target, word: str, answer: Declared, exchange: Exchange) -> Told:
    """Whether an answer is the declared one: its status, and the code that it has.

    Args:
        check: the check that it is about.
        what: what was asked, as in "another tenant's object".
        target: the operation.
        word: the word of `x-behavior` that declares it, for the clause.
        answer: what is declared; a status of None is any success.
        exchange: what came.
    """
    got, pointer = exchange.answer, join(target.pointer, "x-behavior", *word.split("/"))
    wanted = "a success" if answer.status is None else str(answer.status)
    right = got.succeeded if answer.status is None else got.status == answer.status
    if not right:
        return Told(check, f"{what} does not get {wanted}", pointer, wanted, str(got.status), what)
    if answer.code is not None and answer.at is not None:
        found = at(got.value, answer.at)
        if not same(found, answer.code):
            shown = "nothing" if found is NOTHING else repr(found)
            return Told(check, f"{what} gets another code", pointer, f"{answer.code!r} at {answer.at}", shown, f"{what} code")
    missing = [name for name in answer.headers if got.header(name) is None]
    if missing:
        return Told(
            check, f"{what} gets an answer without {missing[0]}", pointer, missing[0], "it is not there", f"{what} header"
        )
    return Told(check)


def usual(run: Run, check: str, what: str, target: Target, policy: str, usually: tuple[int, ...], exchange: Exchange) -> Told:
    """Whether an answer is one of the usual ones, where the contract declares none; a success is none."""
    given = run.profile.policy.get(policy)
    wanted = tuple(given if isinstance(given, list) else [given]) if given is not None else usually
    got = exchange.answer
    if got.status in wanted:
        return Told(check)
    severity = Severity.MUST if given is not None else Severity.SHOULD
    return Told(check, f"{what} gets no refusal that is usual", target.pointer, statuses(wanted), str(got.status), what, severity)
