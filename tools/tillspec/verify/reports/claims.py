"""What a test asserts of the answers that show a finding: always something that those that were seen do not keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tillspec.verify.exchange import NOTHING, Answer
from tillspec.verify.expressions import at
from tillspec.verify.findings import Finding

_ACCEPTED = ("valid-", "move-allowed", "alive-until", "link-followed")
_REFUSED = re.compile(r"-refused$|-enforced$|-required$|-checked$|-location$|^among$|^unknown-path$|^key-mismatch$|^no-trace$")
_REPEATED = {"repeat-replayed", "key-raced", "method-idempotent", "repeat-inherent"}
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Claim:
    """An expression of Python over `answer`, `before` that one, and `shape`; and whether those that were seen keep it."""

    text: str
    kept: bool


def claim(finding: Finding) -> Claim | None:
    """What a server that keeps the contract keeps, and the one that was seen does not; None where it did not answer."""
    answers = [step.answer for step in finding.steps]
    if not answers or answers[-1].fault is not None:
        return None
    return next((one for one in _claims(finding, answers) if not one.kept), None) or _same(answers[-1])


def _claims(finding: Finding, answers: Sequence[Answer]) -> Iterator[Claim]:
    """Claims that fit, the most telling first."""
    answer, check = answers[-1], finding.check
    told = _CHECKS.get(check) or _OF_A_STATUS.get(check)
    for claim in told(finding, answer) if told is not None else ():
        yield claim if check in _CHECKS else Claim(f"answer.status_code != {answer.status} or {claim.text}", claim.kept)
    if _REFUSED.search(check):
        yield Claim("not 200 <= answer.status_code < 300", not answer.succeeded)
    if check.startswith(_ACCEPTED):
        yield Claim("200 <= answer.status_code < 300", answer.succeeded)
    expected = [int(text) for text in re.findall(r"(?<![\w.])[1-5]\d\d(?![\w.])", finding.expected)]
    if expected and finding.observed.startswith(str(answer.status)):
        yield Claim(f"answer.status_code in {tuple(expected)!r}", answer.status in expected)
    if check in _REPEATED and len(answers) > 1 and finding.steps[-1].call.raw is None:
        yield Claim("answer.content == before.content", answer.body == answers[-2].body)


def _same(answer: Answer) -> Claim:
    """That a server answers otherwise than it did."""
    if answer.value is NOTHING:
        return Claim(f"answer.status_code != {answer.status}", False)
    return Claim(f"shape(answer) != {shape(answer.body.decode('utf-8', 'replace'))!r}", False)


def shape(text: str) -> str:
    """JSON without the texts that have digits in them, such as ids and times, which differ each time."""
    return _TEXT.sub(lambda found: '""' if any(map(str.isdigit, found[0])) else found[0], text)


# -- claims of single checks ---------------------------------------------------------------------------------------------


def _not_stored(_: Finding, answer: Answer) -> Iterator[Claim]:
    kept = "no-store" in (answer.header("cache-control") or "")
    yield Claim('"no-store" in answer.headers.get("cache-control", "")', kept)


def _challenge(_: Finding, answer: Answer) -> Iterator[Claim]:
    yield Claim('"www-authenticate" in answer.headers', answer.header("www-authenticate") is not None)


def _crash(_: Finding, answer: Answer) -> Iterator[Claim]:
    yield Claim("answer.status_code < 500", answer.status < 500)


def _declared(finding: Finding, answer: Answer) -> Iterator[Claim]:
    said = re.split(r", | or ", finding.expected.removeprefix("one of "))
    if all(re.fullmatch(r"[1-5]\d\d", text) for text in said):
        yield Claim(f"answer.status_code in {{{', '.join(said)}}}", str(answer.status) in said)
    yield Claim(f"answer.status_code != {answer.status}", False)


def _media_type(_: Finding, answer: Answer) -> Iterator[Claim]:
    yield Claim(f"answer.headers.get('content-type') != {answer.header('content-type')!r}", False)


def _json(_: Finding, answer: Answer) -> Iterator[Claim]:
    yield Claim("answer.json() is not None", answer.value is not NOTHING)


def _body(_: Finding, answer: Answer) -> Iterator[Claim]:
    yield Claim("not answer.content" if answer.body else "answer.content", False)


def _header(finding: Finding, answer: Answer) -> Iterator[Claim]:
    found = re.search(r"the header ([\w-]+) is", finding.what)
    if found is None:
        return
    value = answer.header(found[1])
    if value is None:
        yield Claim(f"{found[1]!r} in answer.headers", False)
    else:
        yield Claim(f"answer.headers.get({found[1]!r}) != {value!r}", False)


def _required(finding: Finding, answer: Answer) -> Iterator[Claim]:
    yield from (_not_stored if finding.aspect == "no-store" else _header)(finding, answer)


def _schema(finding: Finding, answer: Answer) -> Iterator[Claim]:
    """The value that breaks a keyword is another one."""
    found = re.fullmatch(r"(\S+) holds at (.+)", finding.expected)
    place = "" if found is None or found[2] == "the root" else found[2]
    value = at(answer.value, place) if found is not None and answer.value is not NOTHING else NOTHING
    if found is None or value is NOTHING:
        return
    path = "".join(f"[{key if key.isdigit() else repr(key)}]" for key in _keys(place))
    yield Claim(_differs(f"answer.json(){path}", found[1], value), False)


def _differs(where: str, keyword: str, value: Any) -> str:
    """That a value is not broken as it was: of another type, with other keys, or another one."""
    if keyword == "type":
        return f"type({where}) is not {type(value).__name__}" if value is not None else f"{where} is not None"
    if isinstance(value, dict):
        return f"sorted({where}) != {sorted(value)!r}"
    return f"{where} != {value!r}"


def _keys(place: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in place.split("/")[1:]]


_CHECKS: dict[str, Callable[[Finding, Answer], Iterator[Claim]]] = {
    "challenge": _challenge,
    "no-crash": _crash,
    "status-declared": _declared,
}
_OF_A_STATUS: dict[str, Callable[[Finding, Answer], Iterator[Claim]]] = {
    "media-type-declared": _media_type,
    "body-json": _json,
    "body-expected": _body,
    "header-required": _required,
    "header-schema": _header,
    "body-schema": _schema,
}
"""What is declared of an answer of one status, so that a server which answers with another has mended it as well."""
