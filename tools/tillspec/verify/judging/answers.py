"""What the contract declares of an answer (`404`, `success`, a status with a code), and how an answer differs from it."""

from __future__ import annotations

from dataclasses import dataclass

from tillspec.pointer import join
from tillspec.runtime.behavior import Answer as Expected
from tillspec.verify.contract import Target
from tillspec.verify.exchange import NOTHING, Answer, Exchange
from tillspec.verify.expressions import at
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, shown, statuses


def is_telling(answer: Answer) -> bool:
    """Whether an answer says anything of the request: one that failed, or came to a limit, is told of elsewhere."""
    return answer.fault is None and answer.status < 500 and answer.status != 429


@dataclass(frozen=True, slots=True)
class Deviation:
    """How an answer differs from a declared one. `part` is what of it: nothing for the status, `code`, or `header`."""

    what: str
    expected: str
    observed: str
    part: str = ""


def deviation(expected: Expected, answer: Answer) -> Deviation | None:
    """How an answer differs from the declared one: by its status, its code, or a header that it has for certain; a status of None
    is any success.
    """
    wanted = "a success" if expected.status is None else str(expected.status)
    if not (answer.succeeded if expected.status is None else answer.status == expected.status):
        return Deviation(f"does not get {wanted}", wanted, str(answer.status))
    if expected.code is not None and expected.at is not None:
        found = at(answer.value, expected.at)
        if not same(found, expected.code):
            seen = "nothing" if found is NOTHING else repr(found)
            return Deviation("gets another code", f"{expected.code!r} at {expected.at}", seen, "code")
    missing = next((name for name in expected.headers if answer.header(name) is None), None)
    if missing is not None:
        return Deviation(f"gets an answer without {missing}", missing, "it is not there", "header")
    return None


def keeps(expected: Expected, answer: Answer) -> bool:
    """Whether an answer is as declared."""
    return deviation(expected, answer) is None


def declared(check: str, what: str, target: Target, word: str, expected: Expected, exchange: Exchange) -> Told:
    """Whether an answer is as declared, as a check tells it.

    Args:
        check: the check that it is about.
        what: what was asked, as in "another tenant's object".
        target: the operation.
        word: the word of `x-behavior` that declares it, for the clause.
        expected: what is declared.
        exchange: what came.
    """
    found = deviation(expected, exchange.answer)
    if found is None:
        return Told(check)
    pointer = join(target.pointer, "x-behavior", *word.split("/"))
    return Told(check, f"{what} {found.what}", pointer, found.expected, found.observed, f"{what} {found.part}".rstrip())


def same(found: object, expected: object) -> bool:
    """Whether two JSON scalars are one; true is not 1."""
    return found == expected and isinstance(found, bool) == isinstance(expected, bool)


def words(expected: Expected) -> str:
    """A declared answer in words."""
    if expected.status is None:
        return "a success"
    code = f" with {expected.code} at {expected.at or 'the error code'}" if expected.code is not None else ""
    headers = f" and {', '.join(expected.headers)}" if expected.headers else ""
    return f"{expected.status}{code}{headers}"


def told(answer: Answer) -> str:
    """An answer in words: its status, and how its body begins."""
    if answer.fault is not None:
        return answer.fault
    body = answer.body[:200].decode("utf-8", "replace") if answer.value is not NOTHING or answer.media_type[:5] == "text/" else ""
    return f"{answer.status} {shown(body)}".rstrip()


def usual(run: Run, check: str, what: str, target: Target, policy: str, usually: tuple[int, ...], exchange: Exchange) -> Told:
    """Whether an answer is one of the usual ones, where the contract declares none; a success is none."""
    given = run.profile.policy.get(policy)
    wanted = tuple(given if isinstance(given, list) else [given]) if given is not None else usually
    got = exchange.answer
    if got.status in wanted:
        return Told(check)
    severity = Severity.MUST if given is not None else Severity.SHOULD
    return Told(check, f"{what} gets no refusal that is usual", target.pointer, statuses(wanted), str(got.status), what, severity)
