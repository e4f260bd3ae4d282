"""HEAD is GET without its body (RFC 9110, section 9.3.2)."""

from __future__ import annotations

from dataclasses import replace

from tillspec.runtime.media import essence
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Answer
from tillspec.verify.findings import Severity
from tillspec.verify.ids import unknown
from tillspec.verify.message import Message
from tillspec.verify.relations import Place
from tillspec.verify.run import Run, Told, passed

_REFUSALS = (404, 405, 501)
_SAME = ("content-type", "etag", "last-modified", "cache-control", "vary", "location")


async def head(run: Run, target: Target, draft: Draft) -> None:
    """Compare HEAD with GET. What differs from one GET to the next is not compared."""
    if any(one.method == "HEAD" and one.path == target.path for one in run.contract.targets.values()):
        return  # it is declared, and so is what it answers
    got = await run.send(draft)
    if not got.answer.succeeded:
        return
    call = replace(Message.of(run.call(draft), run.wire.origin), method="HEAD").sent()
    exchange = await run.exchange(target, call)
    answer = exchange.answer
    if answer.status in (401, 403, 429, 500, 502, 503, 504):
        return
    again = await run.send(draft)
    found = list(_differences(target, got.answer, answer, again.answer))
    for told in found:
        run.tell(target, told, got, exchange)
    if not found:
        run.tell(target, passed("head-like-get"))
    place = run.relations.place_of(target)
    if answer.status == got.answer.status and place is not None:
        await _of_nothing(run, target, draft, place)


async def _of_nothing(run: Run, target: Target, draft: Draft, place: Place) -> None:
    """HEAD of what there is not is no success where GET is none."""
    value = unknown(run, draft, place)
    if value is NOTHING:
        return
    draft = draft.put(place, value)
    got = await run.send(draft)
    if got.answer.fault is not None or not 400 <= got.answer.status < 500:
        return
    exchange = await run.exchange(target, replace(Message.of(run.call(draft), run.wire.origin), method="HEAD").sent())
    if exchange.answer.succeeded:
        what = "answers HEAD with a success where GET is refused"
        told = _told(target, what, str(got.answer.status), str(exchange.answer.status), "refused")
        run.tell(target, told, got, exchange)
    else:
        run.tell(target, passed("head-like-get"))


def _differences(target: Target, got: Answer, answer: Answer, again: Answer) -> list[Told]:
    if answer.fault is not None:
        return [_told(target, "answers GET, and not HEAD", "an answer without a body", answer.fault, "none")]
    if answer.body:
        return [_told(target, "answers HEAD with a body", "no body", f"{len(answer.body)} bytes", "body")]
    if answer.status in _REFUSALS:
        return []
    if answer.status != got.status:
        found = _told(target, "answers HEAD with another status than GET", str(got.status), str(answer.status), "status")
        return [found]
    return [*_headers(target, got, answer, again), *_length(target, got, answer, again)]


def _headers(target: Target, got: Answer, answer: Answer, again: Answer) -> list[Told]:
    declared = target.response(got.status)
    required = {header.name.lower() for header in declared.headers if header.required} if declared else set()
    found = []
    for name in sorted({*_SAME, *required}):
        wanted, given = got.header(name), answer.header(name)
        if wanted is None or wanted == given:
            continue
        if given is None:
            found.append(
                _told(target, f"leaves {name} out of its answer to HEAD", wanted, "it is not there", name, Severity.SHOULD)
            )
        elif name == "vary" and _names(wanted) == _names(given):
            continue
        elif name in _SAME and wanted == again.header(name) and not _is_same_type(name, wanted, given):
            found.append(_told(target, f"gives another {name} for HEAD than for GET", wanted, given, name))
    return found


def _names(text: str) -> set[str]:
    return {part.strip().lower() for part in text.split(",")}


def _length(target: Target, got: Answer, answer: Answer, again: Answer) -> list[Told]:
    """Content-Length of HEAD is that of GET (RFC 9110, section 8.6)."""
    length = answer.header("content-length")
    if length is None or length == str(len(got.body)) or len(got.body) != len(again.body):
        return []
    return [_told(target, "gives another Content-Length for HEAD than for GET", str(len(got.body)), length, "content-length")]


def _is_same_type(name: str, wanted: str, given: str) -> bool:
    return name == "content-type" and essence(wanted) == essence(given)


def _told(target: Target, what: str, expected: str, observed: str, aspect: str, severity: Severity = Severity.MUST) -> Told:
    return Told("head-like-get", what, target.pointer, expected, observed, aspect, severity)
