"""What is told of an invalid body that was accepted: the keyword that it breaks, the same whichever engine made it."""

from __future__ import annotations

import json
from typing import Any

from tillspec.pointer import Pointer, escape, join
from tillspec.prove import formats
from tillspec.prove.faults import Fault
from tillspec.verify.contract import BodyForm, Contract
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import at
from tillspec.verify.run import Told, shown

_NAMING = ("required", "dependentRequired")
"""Keywords of which each name is a demand of its own."""


def only_fault(contract: Contract, form: BodyForm, value: Any) -> Fault | None:
    """The one keyword that an invalid body breaks; None where it breaks several."""
    faults = contract.faults(form.pointer, "request", value)
    return faults[0] if len({(one.pointer, general(contract, form, _named(one))) for one in faults}) == 1 else None


def accepted(contract: Contract, form: BodyForm, fault: Fault, body: Any, exchange: Exchange, kind: str = "") -> Told:
    """What is told where a body that breaks a keyword was accepted.

    Args:
        contract: the contract.
        form: the body's form.
        fault: the keyword, with its place in the body and in the contract.
        body: its value.
        exchange: the request and its answer.
        kind: how the value was made, in words.
    """
    place, found = _named(fault), at(body, fault.place)
    where = general(contract, form, place)
    seen = "absence" if place != fault.place else shown(json.dumps(None if found is NOTHING else found, ensure_ascii=False))
    return Told(
        "invalid-body-refused", f"accepts a body that breaks {fault.keyword or 'its schema'} at {where or 'the root'}",
        fault.pointer or form.pointer, f"{seen} at {place or 'the root'} is refused with a 4xx{kind and f' ({kind})'}",
        str(exchange.answer.status), where,
    )  # fmt: skip


def is_of_format(contract: Contract, pointer: Pointer) -> bool:
    """Whether a keyword stands beside a format: of what is as long as may be, or as short, parsers of a format think otherwise
    than its standard does.
    """
    schema = contract.look_up(pointer.rpartition("/")[0])
    return isinstance(schema, dict) and schema.get("format") in formats.TEXTS and pointer.endswith(("/minLength", "/maxLength"))


def _named(fault: Fault) -> Pointer:
    """The place of a fault; that of the property that is missing, where one is."""
    return join(fault.place, fault.name) if fault.name is not None and fault.keyword in _NAMING else fault.place


def general(contract: Contract, form: BodyForm, place: Pointer) -> Pointer:
    """A place of a body with what is not declared by name left open: positions, and names that are made up."""
    schemas = [contract.look_up(pointer) for pointer in contract.reached(form.pointer)]
    declared = {escape(name) for schema in schemas if isinstance(schema, dict) for name in schema.get("properties") or ()}
    return "/".join(token if token in declared or not token else "*" for token in place.split("/"))
