"""Scenarios (Arazzo 1.0.1) as walk-throughs: each step in words, and a drawing of who says what to whom."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tillspec.api.durations import duration
from tillspec.api.model import Api, Operation
from tillspec.docs import words
from tillspec.docs.address import fragment
from tillspec.docs.text import code

_LANE, _LEFT, _STEP, _HEAD, _LONGEST = 220.0, 90.0, 56.0, 62.0, 60
_PER_CHARACTER = 6.9
_RECEIVED = ("webhook", "callback")


@dataclass(frozen=True, slots=True)
class Message:
    """An arrow of a sequence: from `x1` to `x2` at height `y`, its text above it; `kind` is `call`, `answer` or `outside`."""

    x1: float
    x2: float
    y: float
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """A drawing of a sequence: the lanes with their names, the arrows, and the words for who does not see it."""

    id: str
    title: str
    description: str
    width: float
    height: float
    lanes: tuple[tuple[str, float], ...]
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a walk-through. `before` says what somebody outside the API does first."""

    name: str
    anchor: str
    description: str
    before: str
    operation: Operation | None
    calls: str
    given: tuple[str, ...]
    payload: str
    expected: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A walk-through."""

    id: str
    title: str
    description: str
    needs: tuple[str, ...]
    steps: tuple[Step, ...]
    sequence: Sequence


def scenarios(api: Api, documents: tuple[dict[str, object], ...]) -> Iterator[Scenario]:
    """The workflows of documents that call operations of this API, in their order."""
    operations = {operation.id: operation for operation in api.operations}
    for document in documents:
        for workflow in _dicts(document.get("workflows")):
            steps = tuple(_step(step, operations) for step in _dicts(workflow.get("steps")))
            if any(step.operation for step in steps):
                yield _scenario(workflow, steps)


def _scenario(workflow: Mapping[str, Any], steps: tuple[Step, ...]) -> Scenario:
    identifier = str(workflow.get("workflowId") or "scenario")
    title = str(workflow.get("summary") or identifier)
    needs = _behavior(workflow).get("needs")
    told = (
        tuple(f"{words.value(name)}, named by {code(str(given))}" for name, given in needs.items())
        if isinstance(needs, dict)
        else ()
    )
    return Scenario(
        identifier, title, str(workflow.get("description") or ""), told, steps, _sequence(fragment(identifier), title, steps)
    )


def _step(step: Mapping[str, Any], operations: Mapping[str, Operation]) -> Step:
    name = str(step.get("stepId") or "step")
    called = step.get("operationId")
    operation = operations.get(called.rpartition(".")[2]) if isinstance(called, str) else None
    body = step.get("requestBody") if isinstance(step.get("requestBody"), dict) else {}
    payload = body.get("payload") if isinstance(body, dict) else None
    given = [one for one in _dicts(step.get("parameters")) if "name" in one]
    outputs = step.get("outputs") if isinstance(step.get("outputs"), dict) else {}
    return Step(
        name=name,
        anchor=fragment(f"step-{name}"),
        description=str(step.get("description") or ""),
        before=_before(_behavior(step).get("control")),
        operation=operation,
        calls=_called(operation) if operation else str(called or step.get("operationPath") or step.get("workflowId") or ""),
        given=tuple(f"{code(str(one['name']))} is {words.value(one.get('value'))}" for one in given),
        payload=payload
        if isinstance(payload, str)
        else json.dumps(payload, ensure_ascii=False, indent=2)
        if payload is not None
        else "",
        expected=tuple(map(_criterion, _dicts(step.get("successCriteria")))),
        kept=tuple(f"{code(str(name))} is {code(str(value))}" for name, value in (outputs or {}).items()),
    )


def _called(operation: Operation) -> str:
    return f"{operation.method} {operation.path}" if operation.role == "path" else operation.id


def _criterion(criterion: Mapping[str, Any]) -> str:
    condition, context = code(str(criterion.get("condition", ""))), criterion.get("context")
    kind = criterion.get("type")
    if not isinstance(context, str):
        return condition
    return f"{code(context)} matches {condition}" if kind == "regex" else f"{code(context)} has {condition}"


def _before(control: Any) -> str:
    """What somebody outside the API does, as a sentence."""
    if not isinstance(control, dict):
        return ""
    if "advance" in control:
        time = duration(control["advance"])
        return f"{words.duration(time)} pass." if time is not None else f"The clock goes on by {words.value(control['advance'])}."
    move = control.get("move")
    if isinstance(move, dict):
        chosen = move.get("with")
        told = (
            f", with {words.listed([f'{code(str(name))} {words.value(one)}' for name, one in chosen.items()])}"
            if isinstance(chosen, dict) and chosen
            else ""
        )
        return f"The {code(str(move.get('object')))} is moved to {code(str(move.get('to')))} from outside the API{told}."
    return ""


def _behavior(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    found = holder.get("x-behavior")
    return found if isinstance(found, dict) else {}


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


# -- the drawing ---------------------------------------------------------------------------------------------------------


def _sequence(identifier: str, title: str, steps: tuple[Step, ...]) -> Sequence:
    outside = any(step.before for step in steps)
    said = [len(_cut(text)) for step in steps for text in (step.calls or step.name, _short(step.before))]
    apart = max(_LANE, max(said, default=0) * _PER_CHARACTER + 24)
    lanes = [("Your server", _LEFT), ("The API", _LEFT + apart)]
    lanes = lanes if not outside else [*lanes, ("Outside", _LEFT + 2 * apart)]
    messages: list[Message] = []
    y = _HEAD + 34
    for step in steps:
        if step.before:
            messages.append(Message(lanes[-1][1], lanes[1][1], y, _cut(_short(step.before)), "outside"))
            y += _STEP
        received = step.operation is not None and step.operation.role in _RECEIVED
        mine, theirs = lanes[0][1], lanes[1][1]
        begin, end = (theirs, mine) if received else (mine, theirs)
        messages.append(Message(begin, end, y, _cut(step.calls or step.name), "call"))
        status = _status(step)
        y += _STEP * 0.62
        if status:
            messages.append(Message(end, begin, y, status, "answer"))
            y += _STEP * 0.62
        y += _STEP * 0.3
    description = " Then: ".join(f"{_short(step.before)} {step.calls} {_status(step)}".strip() for step in steps)
    return Sequence(identifier, title, description, lanes[-1][1] + _LEFT, y, tuple(lanes), tuple(messages))


def _status(step: Step) -> str:
    for told in step.expected:
        text = told.strip("`")
        if text.startswith("$statusCode == "):
            return text.removeprefix("$statusCode == ")
    return ""


def _short(sentence: str) -> str:
    return sentence.replace("`", "").replace(" from outside the API", "").partition(", with ")[0].rstrip(".")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
