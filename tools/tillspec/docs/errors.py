"""What can go wrong: the error answers of operations, each of their codes with an address, and all of them in one catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tillspec.api.model import Operation, Response
from tillspec.docs.address import fragment
from tillspec.pointer import look_up
from tillspec.runtime.behavior import Answer, Idempotency, OperationBehavior

_USUAL = ("/error/code", "/code", "/error/type", "/type", "/error", "/error_code", "/errors/0/code", "/name")
"""Where bodies of errors say which it is, where no behaviour says it."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code that an error has: when it comes, and an example of its body where there is one."""

    code: str
    anchor: str
    when: tuple[str, ...]
    example: Any = None


@dataclass(slots=True)
class Failure:
    """An error answer: `page` of the catalogue has it at `entry`."""

    status: str
    title: str
    anchor: str
    entry: str
    response: Response
    codes: list[Code]


@dataclass(slots=True)
class Entry:
    """An error of the catalogue, with the operations that answer it."""

    anchor: str
    failure: Failure
    codes: dict[str, Code] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)


def is_error(response: Response) -> bool:
    """Whether an answer is one that says what went wrong."""
    return response.status[0] in "45"


def title(status: str) -> str:
    """What a status means: `409 Conflict`, `4XX any client error`, `default any other answer`."""
    if status == "default":
        return "any other answer"
    if status.endswith("XX"):
        kind = {"1": "informational answer", "2": "success", "3": "redirection", "4": "client error", "5": "server error"}
        return f"any {kind[status[0]]}"
    try:
        return HTTPStatus(int(status)).phrase
    except ValueError:
        return "unregistered status"


def failures(operation: Operation) -> list[Failure]:
    """The error answers of an operation, in the order of the document."""
    told = list(_declared(operation.behavior)) if operation.behavior else []
    found = []
    for response in operation.responses:
        if is_error(response):
            anchor = f"error-{response.status}"
            codes = list(_codes(response, anchor, [one for one in told if str(one[0].status) == response.status]))
            found.append(Failure(response.status, title(response.status), anchor, _entry(response), response, codes))
    return found


def catalogue(operations: tuple[Operation, ...], known: dict[str, list[Failure]]) -> list[Entry]:
    """All errors of some operations: answers that the document shares stand once."""
    entries: dict[str, Entry] = {}
    for operation in operations:
        for failure in known[operation.id]:
            entry = entries.setdefault(failure.entry, Entry(failure.entry, failure))
            entry.operations.append(operation)
            for code in failure.codes:
                at = fragment(f"{entry.anchor}-{code.code}")
                before = entry.codes.get(code.code)
                when = tuple(dict.fromkeys((*(before.when if before else ()), *code.when)))
                entry.codes[code.code] = Code(code.code, at, when, before.example if before and before.example else code.example)
    return sorted(entries.values(), key=lambda entry: (entry.failure.status, entry.anchor))


def _entry(response: Response) -> str:
    """The anchor of an error in the catalogue: the name that the document shares it by, else its status and its body's type."""
    if response.component:
        return fragment(f"error-{response.component}")
    of_body = next((getattr(content.type, "id", None) for content in response.contents if content.type is not None), None)
    return fragment(f"error-{response.status}" + (f"-{of_body}" if of_body else ""))


def _codes(response: Response, anchor: str, told: list[tuple[Answer, str]]) -> Iterator[Code]:
    found: dict[str, tuple[list[str], Any]] = {}
    places = [answer.at for answer, _ in told if answer.at]
    for content in response.contents:
        for example in content.examples:
            code = _code_of(example.value, (*places, *_USUAL))
            if code is not None:
                when, _ = found.setdefault(code, ([], example.value))
                when.append(example.summary)
    for answer, case in told:
        if answer.code is not None:
            when, _ = found.setdefault(str(answer.code), ([], None))
            if not any(when):
                when.append(case)
    for code, (when, value) in found.items():
        yield Code(code, fragment(f"{anchor}-{code}"), tuple(dict.fromkeys(filter(None, when))), value)


def _code_of(body: Any, places: tuple[str, ...]) -> str | None:
    for place in places:
        try:
            found = look_up(body, place)
        except (LookupError, ValueError, TypeError):
            continue
        if isinstance(found, str | int) and not isinstance(found, bool) and len(str(found)) <= 80:
            return str(found)
    return None


def _declared(behavior: OperationBehavior) -> Iterator[tuple[Answer, str]]:
    """The answers that a behaviour names, each with its case."""
    cases: list[tuple[Answer | None, str]] = [
        (behavior.unknown, "The id is not known"), (behavior.foreign, "The object is another credential's"),
        (behavior.expired, "The object has expired"), (behavior.gone, "The object is no longer kept"),
    ]  # fmt: skip
    if isinstance(behavior.idempotency, Idempotency):
        cases.append((behavior.idempotency.mismatch, "The key was used with another body"))
        cases.append((behavior.idempotency.running, "The first request with this key is still running"))
    if behavior.moves is not None:
        cases.append((behavior.moves.otherwise, "The object's state does not allow it"))
        cases += [(answer, f"The object is {state}") for state, answer in behavior.moves.refused.items()]
    if behavior.rate_limit is not None:
        cases.append((behavior.rate_limit.exceeded, "Too many requests"))
    yield from ((answer, case) for answer, case in cases if answer is not None and answer.status is not None)
