"""Any answer: its status, media type, headers and body as the operation declares them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tillspec.api.model import Header, Response
from tillspec.pointer import join
from tillspec.runtime import media
from tillspec.runtime.encoding import is_json
from tillspec.verify.contract import Target
from tillspec.verify.exchange import NOTHING, Answer, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, shown

PROTOCOL = {400, 401, 404, 405, 406, 408, 411, 413, 414, 415, 417, 421, 426, 429, 431, 501, 503, 505}
"""Statuses with which a server, or what stands before it, may refuse a message before any operation sees it."""
_CRASHES = (500, 502, 504)


def responses(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    """Hold an answer to what its operation declares of it."""
    answer, call = exchange.answer, exchange.call
    if answer.fault is not None:
        if call.raw is None:
            yield Told(
                "answers",
                f"the server {_without_values(answer.fault)}",
                target.pointer,
                "a response",
                answer.fault,
                answer.fault[:12],
            )
        return
    yield Told("answers")
    odd = call.raw is not None or call.method != target.method
    yield from _crash(target, answer, odd=odd)
    if odd:
        return
    declared = target.response(answer.status)
    if declared is None:
        yield from _undeclared(run, target, answer)
        return
    yield Told("status-declared")
    at = target.response_pointer(declared)
    yield from _headers(run, target, declared, answer)
    yield from _body(run, target, declared, answer, at)


def _without_values(fault: str) -> str:
    return fault.partition(":")[0]


def _crash(target: Target, answer: Answer, *, odd: bool) -> Iterator[Told]:
    """A failure of the server. One that the contract declares is no proof of a defect when nothing was odd about the request."""
    if answer.status not in _CRASHES and not (answer.status >= 500 and not target.declares(answer.status)):
        yield Told("no-crash")
    elif not (odd and answer.status in (501, 505)):
        yield Told(
            "no-crash", f"answers {answer.status}", target.pointer, "a request never makes the server fail",
            f"{answer.status} {shown(answer.body[:200].decode('utf-8', 'replace'))}",
        )  # fmt: skip


def _undeclared(run: Run, target: Target, answer: Answer) -> Iterator[Told]:
    if answer.status in run.profile.policy.get("undeclared-statuses", ()):
        yield Told("status-declared")
        return
    listed = [response.status for response in target.operation.responses]
    yield Told(
        "status-declared", f"answers {answer.status}, which is not declared", join(target.pointer, "responses"),
        f"one of {', '.join(listed)}", str(answer.status), str(answer.status),
        Severity.SHOULD if answer.status in PROTOCOL else Severity.MUST,
    )  # fmt: skip


# -- headers -------------------------------------------------------------------------------------------------------------


def _headers(run: Run, target: Target, declared: Response, answer: Answer) -> Iterator[Told]:
    for header in declared.headers:
        pointer = run.contract.header_schema(target, declared, header)
        text = answer.header(header.name)
        if text is None:
            if header.required and header.name.lower() != "content-type":
                yield Told(
                    "header-required", f"the header {header.name} is missing", pointer, f"{header.name} on {answer.status}",
                    "it is not there",
                )  # fmt: skip
            continue
        yield Told("header-required")
        yield _header(run, header, pointer, text)


def _header(run: Run, header: Header, pointer: str, text: str) -> Told:
    schema = join(pointer, "schema")
    if header.media_type is not None or run.contract.look_up(schema) is None:
        return Told("header-schema")
    if any(run.contract.is_valid(schema, "response", value) for value in readings(text, header.schema)):
        return Told("header-schema")
    said = json.dumps(run.contract.resolved(schema)[1], ensure_ascii=False)
    return Told("header-schema", f"the header {header.name} is not valid by its schema", schema, shown(said), shown(text))


def readings(text: str, schema: Any) -> Iterator[Any]:
    """What a text may stand for: itself, a JSON scalar, or a list of either."""
    yield text
    yield from _scalars(text)
    parts = [part.strip() for part in text.split(",")]
    yield parts
    yield [next(_scalars(part), part) for part in parts]


def _scalars(text: str) -> Iterator[Any]:
    if text in ("true", "false", "null"):
        yield json.loads(text)
        return
    try:
        value = json.loads(text)
    except ValueError:
        return
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield value


# -- bodies --------------------------------------------------------------------------------------------------------------


def _body(run: Run, target: Target, declared: Response, answer: Answer, at: str) -> Iterator[Told]:
    contents = {content.media_type: content for content in declared.contents}
    empty = not answer.body
    if target.method == "HEAD" or answer.status in (204, 304):
        if not empty:
            yield Told("body-expected", f"a {answer.status} has a body", at, "no body", f"{len(answer.body)} bytes")
        return
    if not contents:
        if not empty and answer.status != 304:
            yield Told(
                "body-expected", f"a {answer.status} has a body that is not declared", at, "no body",
                f"{len(answer.body)} bytes of {answer.media_type or 'no media type'}", severity=Severity.SHOULD,
            )  # fmt: skip
        return
    if empty:
        yield Told("body-expected", f"a {answer.status} has no body", at, f"a body of {' or '.join(contents)}", "none")
        return
    yield Told("body-expected")
    found = media.find(contents, answer.header("content-type") or "")
    if found is None:
        yield Told(
            "media-type-declared", f"a {answer.status} has a media type that is not declared", join(at, "content"),
            " or ".join(contents), answer.header("content-type") or "no Content-Type",
        )  # fmt: skip
        return
    yield Told("media-type-declared")
    if is_json(answer.media_type):
        yield from _json(run, target, declared, answer, at)


def _json(run: Run, target: Target, declared: Response, answer: Answer, at: str) -> Iterator[Told]:
    if answer.value is NOTHING:
        yield Told(
            "body-json", f"the body of a {answer.status} is not JSON", at, "JSON (RFC 8259)",
            shown(answer.body[:200].decode("utf-8", "replace")),
        )  # fmt: skip
        return
    yield Told("body-json")
    pointer = run.contract.response_schema(target, declared, answer.header("content-type") or "")
    if pointer is None:
        return
    if run.contract.is_valid(pointer, "response", answer.value):
        yield Told("body-schema")
        return
    for keyword, place in run.contract.broken(pointer, "response", answer.value)[:5]:
        general = "/".join("*" if token.isdigit() else token for token in place.split("/"))
        yield Told(
            "body-schema", f"the body of a {answer.status} breaks {keyword} at {general or 'its root'}", pointer,
            f"{keyword} holds at {place or 'the root'}", shown(json.dumps(_at(answer.value, place), ensure_ascii=False)),
            f"{general} {keyword}",
        )  # fmt: skip


def _at(value: Any, place: str) -> Any:
    from tillspec.verify.expressions import at

    found = at(value, place)
    return None if found is NOTHING else found
