"""The scenarios of the contract, run as they are: Arazzo documents beside it, or those that are named."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from tillspec.verify.arazzo.documents import BadDocument, Document, Workflow, discovered, read
from tillspec.verify.arazzo.inputs import Inputs
from tillspec.verify.arazzo.runner import Clock, Failed, NotRun, Runner
from tillspec.verify.arazzo.values import Scope
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.control import NotDone
from tillspec.verify.exchange import Exchange
from tillspec.verify.findings import Finding, Severity
from tillspec.verify.judging.answers import is_telling
from tillspec.verify.run import Run, Told
from tillspec.verify.timeline import as_new
from tillspec.verify.world import World

CHECK = "scenario"
_QUICK = 0.5
"""Seconds that a workflow may take, so that nothing in it comes too late by the server's clock, which may run by itself."""


async def scenarios(run: Run, world: World, target: Target) -> None:
    """Run the scenarios that begin with an operation."""
    if world.scenarios is None:
        named = run.options.scenarios
        world.scenarios = read_all(run, discovered(run.contract) if named is None else named)
    for workflow in world.scenarios:
        if first_operation(run, workflow) is target:
            await carry_out(run, world, workflow, world.scenarios)


def read_all(run: Run, paths: Sequence[Path]) -> list[Workflow]:
    """The workflows of documents. What cannot be run against a server is told as not tested.

    Args:
        run: which enters what cannot be read.
        paths: of Arazzo documents.
    """
    found = []
    for path in paths:
        try:
            document = read(path)
        except BadDocument as error:
            run.ledger.skip(path.name, Kind.SCENARIOS, str(error))
            continue
        for workflow in document.workflows:
            reason = _impossible(run, document, workflow)
            if reason is None:
                found.append(workflow)
            elif reason and _is_asked_for(run, workflow):
                run.ledger.skip(workflow.id, Kind.SCENARIOS, reason)
    return found


def operations(run: Run) -> dict[str, Target]:
    """The operations of the contract by their ids, and as `METHOD path`."""
    targets = run.contract.targets.values()
    return {**{target.id: target for target in targets}, **{f"{target.method} {target.path}": target for target in targets}}


def first_operation(run: Run, workflow: Workflow) -> Target | None:
    """The operation that a workflow begins with."""
    targets = operations(run)
    return next((targets[step.operation] for step in workflow.steps if step.operation in targets), None)


def _is_asked_for(run: Run, workflow: Workflow) -> bool:
    """Whether a workflow is about what the user asked for: an operation that it calls is, or its surface, where it calls none."""
    targets = operations(run)
    called = [targets[step.operation] for step in workflow.steps if step.operation in targets]
    if called:
        return any(map(run.wants, called))
    surface, options = (workflow.words.get("x-behavior") or {}).get("surface"), run.options
    return not options.only and (not options.surfaces or surface in options.surfaces)


def _impossible(run: Run, document: Document, workflow: Workflow) -> str | None:
    """Why a workflow cannot be run against a server; empty where it is not asked for, None where it can."""
    targets, called = operations(run), [step.operation for step in workflow.steps if step.operation is not None]
    received = {operation.id for operation in run.contract.api.operations if operation.role != "path"}
    surface = (workflow.words.get("x-behavior") or {}).get("surface")
    sources = document.source.value.get("sourceDescriptions") or ()
    if any(one.get("type") == "arazzo" for one in sources if isinstance(one, dict)):
        return "workflows of other Arazzo documents are not followed"
    unknown = [name for name in called if name not in targets]
    if unknown and surface is not None and surface not in run.contract.surfaces:
        return ""
    if any(name in received for name in unknown):
        return "it is about deliveries, which the server itself sends"
    return f"the contract has no operation {unknown[0]}" if unknown else None if called else "it calls no operation"


# -- running -------------------------------------------------------------------------------------------------------------


async def carry_out(run: Run, world: World, workflow: Workflow, known: Sequence[Workflow]) -> None:
    """Run a workflow, and tell what came of it. One that moves the clock begins and leaves a server that is as new."""
    target = first_operation(run, workflow)
    assert target is not None
    first = run.profile.first.name
    lacking = run.credentials.missing(target, first)
    if lacking:
        run.skip(target, Kind.SCENARIOS, f"no credential for {', '.join(lacking)}", f"tenants.{first}.credentials.{lacking[0]}")
        return
    by_id = {one.id: one for one in known if one.document is workflow.document}
    moves = any("advance" in step.control for step in workflow.steps)
    clock: Clock | None = Clock()
    try:
        while clock is not None:
            async with AsyncExitStack() as stack:
                if moves:
                    await stack.enter_async_context(as_new(run, world))
                clock = await _try(run, workflow, target, by_id, clock)
    except NotRun as error:
        run.skip(target, Kind.SCENARIOS, f"{workflow.id}: {error}", error.fill)
    except NotDone as error:
        run.skip(target, Kind.SCENARIOS, f"{workflow.id}: {error}", "control.reset")
    except BadDocument as error:
        run.skip(target, Kind.SCENARIOS, f"{workflow.id}: {error}")


async def _try(run: Run, workflow: Workflow, target: Target, known: Mapping[str, Workflow], clock: Clock) -> Clock | None:
    """Run a workflow with one choice of objects from outside the API after the other, until it comes to its end. Where the server
    may have been too slow for its times, how the clock is to be moved on in another try.
    """
    targets = operations(run)
    choices = Inputs(run, workflow, targets).objects()
    furthest: tuple[Runner, Failed] | None = None
    for choice in choices:
        inputs = Inputs(run, workflow, targets)
        values = inputs.found(choice)
        lacking = [name for name in inputs.required if name not in values]
        if lacking:
            raise NotRun(f"its input {lacking[0]} is not known", f"inputs.{workflow.id}.{lacking[0]}")
        runner = Runner(
            run, workflow, targets, Scope(values), known, refreshed=lambda: inputs.found(choice),  # noqa: B023
            clock=replace(clock, moved=[]),
        )  # fmt: skip
        began = time.monotonic()
        try:
            for name in workflow.words.get("dependsOn") or ():
                other = known.get(str(name).rpartition(".")[2])
                await runner.before(str(name), Inputs(run, other, targets).found(choice) if other else {})
            await runner.carry_out()
        except Failed as failed:
            if runner.done and not is_telling(runner.done[-1].answer):
                raise NotRun(f"the server failed at its step {failed.step.id}") from None
            took = time.monotonic() - began
            if not clock.early and runner.clock.moved and took > _QUICK:
                return Clock(runner.clock.moved[-1], math.ceil(2 * took))
            if runner.done and _is_shut(run, failed.target or target, runner.done[-1]):
                raise NotRun(f"its step {failed.step.id} gets 401, as all requests to that operation do") from None
            if furthest is None or len(runner.done) > len(furthest[0].done):
                furthest = runner, failed
            continue
        for called in runner.called.values():
            run.tell(called, Told(CHECK))
        return None
    if furthest is not None:
        _tell(run, workflow, target, *furthest, Severity.INFO if any(choices) else Severity.MUST)
    for name in choices[0] if furthest is not None else ():
        use = workflow.needs[name].removeprefix("$inputs.")
        reason = f"{workflow.id} does not come to its end with any {name} of the profile; it may not be as the scenario wants it"
        run.skip(target, Kind.SCENARIOS, reason, f"inputs.{workflow.id}.{use}")
    return None


def _is_shut(run: Run, target: Target, exchange: Exchange) -> bool:
    """Whether an operation lets nobody in: its credentials do not work, and of that more is told elsewhere."""
    return exchange.answer.status == 401 and not run.ledger.passed[target.id, Kind.ACCEPTS]


def _tell(run: Run, workflow: Workflow, target: Target, runner: Runner, failed: Failed, severity: Severity) -> None:
    """A scenario that did not come to its end. Where its objects were chosen from the profile's, they may be why."""
    if CHECK in run.ignored:
        return
    run.ledger.add(
        Finding(
            CHECK, (failed.target or target).id, workflow.document.clause(failed.pointer),
            f"does not run as the scenario {workflow.id} says, at its step {failed.step.id}", failed.expected, failed.observed,
            tuple(runner.done), f"{workflow.id} {failed.step.id}", severity,
        )
    )  # fmt: skip
