"""Faults to inject: said, seen and taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import Connection

from tillspec.sandbox import faults, merchants, spans
from tillspec.sandbox.control.answers import Asked, Problem
from tillspec.sandbox.control.desk import Desk, Nothing
from tillspec.sandbox.faults import Fault, Kind


class Inject(Asked):
    """What is to go wrong, `times` times. `span` is how late, how long, or what `Retry-After` says; a span of real time."""

    fault: Kind
    operation: str | None = None
    merchant: str | None = None
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    span: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] | None = None
    carried_out: bool = False


def view(fault: Fault) -> dict[str, Any]:
    """A fault that is still to happen."""
    return {
        "id": fault.id, "fault": fault.fault, "operation": fault.operation, "merchant": fault.merchant,
        "remaining": fault.remaining, "span": spans.shown(fault.span) if fault.span else None, "carried_out": fault.carried_out,
    }  # fmt: skip


async def listed(desk: Desk, asked: Nothing) -> dict[str, Any]:
    """What is still to happen, the next first."""
    found = await desk.read(faults.listed)
    return {"faults": [view(fault) for fault in found]}


async def inject(desk: Desk, asked: Inject) -> dict[str, Any]:
    """Has something go wrong."""
    fault = Fault(
        fault=asked.fault, operation=asked.operation, merchant=asked.merchant, remaining=asked.times, span=_span(asked),
        carried_out=asked.carried_out,
    )  # fmt: skip
    try:
        faults.check(fault)
    except faults.BadFault as error:
        operations = ", ".join(faults.OPERATIONS)
        if error.unknown:
            raise Problem(404, "unknown_operation", f"{error}.", f"Operations: {operations}.") from None
        raise Problem(422, "impossible_fault", f"{error}.", "See the answers that the contract declares.") from None

    def added(connection: Connection) -> Fault:
        if fault.merchant is not None:
            known = merchants.read(connection)
            if known.get(fault.merchant) is None:
                names = ", ".join(one.id for one in known.merchants)
                raise Problem(404, "unknown_merchant", "merchant: no merchant has this id.", f"Merchants: {names}.")
        return faults.add(connection, fault)

    return view(await desk.write(added))


def _span(asked: Inject) -> timedelta:
    if asked.span is None:
        return faults.USUAL.get(asked.fault, timedelta())
    if asked.fault not in faults.USUAL:
        raise Problem(
            422, "impossible_fault", f"span: a {asked.fault} has no span.", f"These have one: {', '.join(faults.USUAL)}."
        )
    try:
        return spans.exact(asked.span)
    except spans.BadSpan as error:
        raise Problem(422, "invalid_span", f"span: {error}", f"For a span, {spans.FORMS}.") from None


async def clear(desk: Desk, asked: Nothing) -> dict[str, Any]:
    """Takes all of them back."""
    return {"removed": await desk.write(faults.remove)}


async def remove(desk: Desk, asked: Nothing, fault: str) -> dict[str, Any]:
    """Takes one back."""
    number = int(fault) if fault.isascii() and fault.isdigit() and len(fault) < 10 else 0
    removed = await desk.write(lambda connection: faults.remove(connection, number))
    if not removed:
        raise Problem(404, "unknown_fault", "No fault that is still to happen has this id.", "GET /_sandbox/faults lists them.")
    return {"removed": removed}
