"""What the contract declares of an answer (`404`, `success`, a status with a code), and how an answer differs from it."""

from __future__ import annotations

from tillspec.runtime.behavior import Answer as Expected
from tillspec.verify.exchange import NOTHING, Answer
from tillspec.verify.expressions import at
from tillspec.verify.run import shown


def is_telling(answer: Answer) -> bool:
    """Whether an answer says anything of the request: one that failed, or came to a limit, is told of elsewhere."""
    return answer.fault is None and answer.status < 500 and answer.status != 429


def keeps(expected: Expected, answer: Answer) -> bool:
    """Whether an answer is as declared: status, code, and the headers that it has for certain."""
    if expected.status is None:
        return answer.succeeded
    if answer.status != expected.status or any(answer.header(name) is None for name in expected.headers):
        return False
    return expected.code is None or expected.at is None or same(at(answer.value, expected.at), expected.code)


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
