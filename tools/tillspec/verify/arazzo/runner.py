"""Runs a workflow of Arazzo 1.0.1, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from tillspec.api.durations import duration
from tillspec.verify import control
from tillspec.verify.arazzo.conditions import holds
from tillspec.verify.arazzo.documents import BadDocument, Step, Workflow
from tillspec.verify.arazzo.requests import request
from tillspec.verify.arazzo.values import Scope, missing
from tillspec.verify.contract import Target
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.judging.answers import told
from tillspec.verify.run import Run, shown

_MOST_STEPS = 200
_DEEPEST = 8
_LONGEST_WAIT = 5.0


class NotRun(Exception):
    """A workflow cannot be run, or no further. `fill` is what to fill in."""

    def __init__(self, reason: str, fill: str = "") -> None:
        super().__init__(reason)
        self.fill = fill


class Failed(Exception):
    """A step did not come out as the scenario says; `pointer` is where that stands."""

    def __init__(self, step: Step, target: Target | None, pointer: str, expected: str, observed: str) -> None:
        super().__init__(f"{step.id}: {expected}")
        self.step, self.target, self.pointer, self.expected, self.observed = step, target, pointer, expected, observed


@dataclass(slots=True)
class Clock:
    """How the clock is moved on in a workflow: `moved` are the steps that have done it.

    The server's clock may run by itself too, so that what a slow server is asked just before an end comes after it. Before one
    step, `early`, it is therefore moved on by `spare` seconds less, which the next move makes up for.
    """

    early: str = ""
    spare: int = 0
    moved: list[str] = field(default_factory=list)
    _owed: int = 0

    def span(self, step: Step, said: timedelta) -> timedelta:
        """By how much the clock is moved on before a step that says by how much."""
        self.moved.append(step.id)
        owed, self._owed = self._owed, 0
        if step.id == self.early and said > timedelta(seconds=self.spare):
            self._owed = self.spare
        return said + timedelta(seconds=owed - self._owed)


@dataclass(slots=True)
class Runner:
    """Runs one workflow, and those that it needs. `done` are the exchanges so far, `called` the operations."""

    run: Run
    workflow: Workflow
    targets: Mapping[str, Target]
    scope: Scope
    known: Mapping[str, Workflow]
    depth: int = 0
    done: list[Exchange] = field(default_factory=list)
    called: dict[str, Target] = field(default_factory=dict)
    refreshed: Any = None
    clock: Clock = field(default_factory=Clock)

    async def carry_out(self) -> None:
        """Run it to its end.

        Raises:
            NotRun: something is missing that it takes.
            Failed: the server did otherwise than the scenario says.
            BadDocument: the scenario is wrong.
        """
        steps = self.workflow.steps
        places = {step.id: number for number, step in enumerate(steps)}
        number, tries = 0, 0
        for _ in range(_MOST_STEPS):
            if number >= len(steps):
                break
            following, tries = await self._step(steps[number], places, tries)
            if following is None:
                break
            number = following if following >= 0 else number + 1
        else:
            raise BadDocument(f"{self.workflow.id} comes to no end within {_MOST_STEPS} steps")
        self.scope.outputs = {name: self.scope.value(text) for name, text in (self.workflow.words.get("outputs") or {}).items()}

    async def _step(self, step: Step, places: Mapping[str, int], tries: int) -> tuple[int | None, int]:
        """Run a step. Returns the number of the next one (-1 for the one that follows, None for the end), and how often this one
        was tried again.
        """
        await self._control(step)
        if "workflowId" in step.words:
            await self._other(str(step.words["workflowId"]), step)
            return -1, 0
        target = self.targets.get(step.operation or "")
        if target is None:
            raise NotRun(f"the contract has no operation {step.operation}")
        exchange = await self._send(step, target)
        failed = self._unmet(step, target, exchange)
        if failed is None:
            outputs = step.words.get("outputs") or {}
            self.scope.steps[step.id] = {name: self.scope.value(text) for name, text in outputs.items()}
            return await self._next(step, "onSuccess", places, tries) or (-1, 0)
        following = await self._next(step, "onFailure", places, tries)
        if following is None or following[0] is None:
            raise failed
        return following

    # -- a step ------------------------------------------------------------------------------------------------------------

    async def _control(self, step: Step) -> None:
        """What somebody outside the API does before the request is sent."""
        words = self.scope.value(dict(step.control))
        try:
            if "advance" in words:
                span = duration(words["advance"])
                if span is None:
                    raise BadDocument(f"{words['advance']!r} is no duration")
                await control.advance(self.run, self.clock.span(step, span))
                if self.refreshed is not None:
                    self.scope.inputs.update(self.refreshed())
            if "move" in words:
                move = words["move"]
                self.done.append(await control.move(self.run, move["object"], str(move["id"]), move["to"], move.get("with")))
        except control.NotDone as error:
            name = "advance" if "advance" in words else f"move.{words['move']['object']}"
            raise NotRun(f"from {step.id} on it takes somebody outside the API: {error}", f"control.{name}") from None

    async def _send(self, step: Step, target: Target) -> Exchange:
        self.called[target.id] = target
        call, lost = request(self.run, self.workflow, step, target, self.scope)
        if lost is not None:
            observed = told(self.done[-1].answer) if self.done else "nothing was answered yet"
            raise Failed(step, target, step.pointer, f"a value for {lost}", observed)
        exchange = await self.run.exchange(target, call)
        self.done.append(exchange)
        self.scope.exchange = exchange
        return exchange

    def _unmet(self, step: Step, target: Target, exchange: Exchange) -> Failed | None:
        """The first criterion that is not met; without any, the answer is a success."""
        criteria = step.words.get("successCriteria")
        if exchange.answer.fault is not None or (not criteria and exchange.answer.status >= 400):
            return Failed(step, target, step.pointer, "a success", told(exchange.answer))
        for number, criterion in enumerate(criteria or ()):
            if not holds(criterion, self.scope):
                pointer = f"{step.pointer}/successCriteria/{number}"
                return Failed(step, target, pointer, str(criterion.get("condition")), self._observed(criterion, exchange))
        return None

    def _observed(self, criterion: Mapping[str, Any], exchange: Exchange) -> str:
        """An answer, and the values that a criterion speaks of."""
        names = [word for word in f"{criterion.get('context', '')} {criterion.get('condition', '')}".split() if word[:1] == "$"]
        values = [f"{name} is {shown(self.scope.known(name), 60)}" for name in names if self.scope.known(name) is not NOTHING]
        return "; ".join([told(exchange.answer), *values])

    # -- what comes next ---------------------------------------------------------------------------------------------------

    async def _next(self, step: Step, word: str, places: Mapping[str, int], tries: int) -> tuple[int | None, int] | None:
        """What the first action says whose criteria are met; None where no action is."""
        for action in self._actions(step, word):
            if not all(holds(criterion, self.scope) for criterion in action.get("criteria") or ()):
                continue
            match action.get("type"):
                case "end":
                    return None, 0
                case "goto" if "workflowId" in action:
                    await self._other(str(action["workflowId"]), step)
                    return None, 0
                case "goto" if action.get("stepId") in places:
                    return places[str(action["stepId"])], 0
                case "retry" if word == "onFailure":
                    if tries < int(action.get("retryLimit", 1)):
                        await asyncio.sleep(self._pause(action))
                        return places[str(action.get("stepId", step.id))], tries + 1
                    continue
            raise BadDocument(f"{action.get('name')} is no action that {step.id} can take")
        return None

    def _actions(self, step: Step, word: str) -> Iterator[Mapping[str, Any]]:
        """The actions of a step, and those of the workflow after them."""
        section = "successActions" if word == "onSuccess" else "failureActions"
        yield from self.workflow.actions(step.words.get(word), section)
        yield from self.workflow.actions(self.workflow.words.get(section), section)

    def _pause(self, action: Mapping[str, Any]) -> float:
        exchange = self.scope.exchange
        header = exchange.answer.header("retry-after") if exchange is not None else None
        seconds = float(header) if header is not None and header.isdigit() else float(action.get("retryAfter", 0))
        return min(seconds, _LONGEST_WAIT)

    # -- other workflows ---------------------------------------------------------------------------------------------------

    async def _other(self, name: str, step: Step) -> None:
        """Run another workflow as a step; its parameters are that one's inputs, its outputs are the step's."""
        given = {
            str(one.get("name")): self.scope.value(one.get("value"))
            for one in self.workflow.parameters(step.words.get("parameters"))
        }
        if missing(given):
            raise Failed(step, None, step.pointer, f"values for the inputs of {name}", "one of them leads nowhere")
        outputs = await self.before(name, given)
        chosen = step.words.get("outputs")
        own = replace(self.scope, outputs=outputs, exchange=None)
        self.scope.steps[step.id] = {key: own.value(text) for key, text in chosen.items()} if chosen else outputs

    async def before(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Run another workflow with inputs, and give its outputs."""
        workflow = self.known.get(name.rpartition(".")[2])
        if workflow is None or self.depth >= _DEEPEST:
            raise NotRun(f"there is no workflow {name}" if workflow is None else f"{name} goes too deep")
        inputs = {**self.scope.inputs, **given}
        other = Runner(
            self.run, workflow, self.targets, Scope(inputs, workflows=self.scope.workflows), self.known, self.depth + 1,
            self.done, self.called, clock=self.clock,
        )  # fmt: skip
        await other.carry_out()
        self.scope.workflows[workflow.id] = {"inputs": inputs, "outputs": other.scope.outputs}
        return other.scope.outputs
