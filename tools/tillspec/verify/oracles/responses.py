"""Any answer: its status, media type, headers and body as the operation declares them."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.api.model import Response
from tillspec.pointer import join
from tillspec.runtime import media
from tillspec.verify.contract import Target
from tillspec.verify.exchange import Answer, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.oracles.bodies import body
from tillspec.verify.oracles.headers import headers
from tillspec.verify.oracles.refusable import may_be_refused
from tillspec.verify.run import Run, Told, passed, shown

PROTOCOL = {304, 400, 401, 404, 405, 406, 408, 411, 413, 414, 415, 417, 421, 422, 426, 429, 431, 501, 503, 505}
"""Statuses with which a server, its framework, or what stands before it may answer a message before any operation sees it."""
_OF_HTTP = {405, 406, 408, 411, 413, 414, 415, 417, 421, 426, 429, 431, 501, 505}
"""Of those, the ones that say of the message what HTTP says itself (RFC 9110, section 15; RFC 6585), so that a contract may well
leave them out (OpenAPI 3.1, Responses Object).
"""
_OF_SIZES = (408, 413, 414, 431)
_CRASHES = (500, 502, 504)
_WITHOUT_CONTENT = (204, 205, 304)


def responses(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    """Hold an answer to what its operation declares of it."""
    answer, call = exchange.answer, exchange.call
    if answer.fault is not None:
        if call.raw is None:
            yield _faulty(target, answer.fault)
        return
    yield passed("answers")
    odd = call.raw is not None or call.method != target.method
    if _crashed(target, answer):
        if not (odd and answer.status in (501, 505)):
            yield Told(
                "no-crash", f"answers {answer.status}", target.pointer, "a request never makes the server fail",
                f"{answer.status} {shown(answer.body[:200].decode('utf-8', 'replace'))}",
            )  # fmt: skip
        return
    yield passed("no-crash")
    if odd or (300 <= answer.status < 500 and may_be_refused(target, call)):
        return
    declared = target.response(answer.status)
    if declared is not None and answer.status in _OF_SIZES and not declared.status.isdigit():
        return  # 4XX and default speak of the operation's own refusals
    if declared is None:
        yield _undeclared(run, target, answer)
        return
    yield passed("status-declared")
    yield from headers(run, target, declared, answer)
    yield from _content(run, target, declared, answer)


def _faulty(target: Target, fault: str) -> Told:
    return Told(
        "answers", f"the server {fault.partition(':')[0]}", target.pointer, "a response", fault, fault[:12],
    )  # fmt: skip


def _crashed(target: Target, answer: Answer) -> bool:
    """A failure of the server: a 500 is one even where it is declared, 503 and others only where they are not."""
    return answer.status in _CRASHES or (answer.status >= 500 and not target.declares(answer.status))


def _undeclared(run: Run, target: Target, answer: Answer) -> Told:
    if answer.status in run.profile.policy.get("undeclared-statuses", ()):
        return passed("status-declared")
    listed = [response.status for response in target.operation.responses]
    return Told(
        "status-declared", f"answers {answer.status}, which is not declared", join(target.pointer, "responses"),
        f"one of {', '.join(listed)}", str(answer.status), str(answer.status),
        _binding(target, answer.status),
    )  # fmt: skip


def _binding(target: Target, status: int) -> Severity:
    """How binding it is that a status is declared: what HTTP has for every message, for whom it does not know, and for what there
    is not, is usual.
    """
    usual = status in _OF_HTTP or (status == 401 and not target.anonymous) or (status == 404 and "{" in target.path)
    return Severity.INFO if usual else Severity.SHOULD if status in PROTOCOL else Severity.MUST


def _content(run: Run, target: Target, declared: Response, answer: Answer) -> Iterator[Told]:
    """Whether there is a body where there is to be one, of a media type that is declared; and the body itself."""
    at = run.contract.resolved(target.response_pointer(declared))[0]
    if target.method == "HEAD" or answer.status in _WITHOUT_CONTENT:
        yield _without(answer, at)
        return
    contents = {content.media_type: content for content in declared.contents}
    if not contents:
        if answer.body:
            yield Told(
                "body-expected", f"a {answer.status} has a body that is not declared", at, "no body",
                f"{len(answer.body)} bytes of {answer.media_type or 'no media type'}", severity=Severity.SHOULD,
            )  # fmt: skip
        return
    said = answer.header("content-type") or ""
    if not answer.body and all("json" in media.essence(name) for name in contents):
        yield Told("body-expected", f"a {answer.status} has no body", at, f"a body of {' or '.join(contents)}", "none")
        return
    yield passed("body-expected")
    if media.find(contents, said) is None:
        if answer.body or said:
            yield Told(
                "media-type-declared", f"a {answer.status} has a media type that is not declared", join(at, "content"),
                " or ".join(contents), said or "no Content-Type",
            )  # fmt: skip
        return
    yield passed("media-type-declared")
    yield from body(run, target, declared, answer)


def _without(answer: Answer, at: str) -> Told:
    """An answer that has no content says so (RFC 9110, sections 8.6 and 15.3.5; RFC 9112, section 6.1)."""
    if answer.body:
        return Told("body-expected", f"a {answer.status} has a body", at, "no body", f"{len(answer.body)} bytes")
    length = answer.header("content-length")
    if answer.status == 204 and (length is not None or answer.header("transfer-encoding") is not None):
        severity = Severity.SHOULD if length == "0" else Severity.MUST
        observed = f"Content-Length: {length}" if length is not None else "Transfer-Encoding"
        return Told("body-expected", "a 204 says that it has a body", at, "no Content-Length", observed, "said", severity)
    return passed("body-expected")
