"""The table of all faults, and how one is planted.

A fault stands around the sandbox's application (`around`), or in the place of one of its functions (`patches`). Each has a proof
of its own, `shows`: true where the fault is there, false at the sandbox without it.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from faults.exchange import Around, all_operations

if TYPE_CHECKING:
    from faults.callers import Callers

Proof = Callable[["Callers"], bool]


class Kind(StrEnum):
    """The classes of faults."""

    SHAPE = "response shape and headers"
    VALIDATION = "input validation"
    CRASHES = "crashes"
    AUTHENTICATION = "authentication"
    TENANCY = "tenancy"
    IDEMPOTENCY = "idempotency"
    STATE = "session state and expiry"
    QR = "QR"
    MONEY = "shipping and money"
    TOKENS = "tokens"
    HTTP = "HTTP"


@dataclass(frozen=True, slots=True)
class Patch:
    """What stands in the place of something of the sandbox: `target` is `module:name` or `module:Class.name`."""

    target: str
    instead: Callable[[Any], Any]

    @contextmanager
    def applied(self) -> Iterator[None]:
        module, _, path = self.target.partition(":")
        owner: Any = importlib.import_module(module)
        *parents, name = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        before = inspect.getattr_static(owner, name)
        setattr(owner, name, self.instead(before))
        try:
            yield
        finally:
            setattr(owner, name, before)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault. `operations` are those that it is seen at, empty where it is at all of them; `what` says it as a user would.

    `budget` is in how many seconds every answer is to come, where that is what is broken: a machine with much else to do does not
    keep one.
    """

    id: str
    kind: Kind
    operations: tuple[str, ...]
    what: str
    shows: Proof
    around: Around | None = None
    patches: tuple[Patch, ...] = ()
    anything: bool = False
    budget: float | None = None


FAULTS: dict[str, Fault] = {}
"""All faults by their ids."""


def add(fault: Fault) -> None:
    """Adds one to the table."""
    unknown = set(fault.operations) - set(all_operations())
    assert fault.id not in FAULTS, f"two faults are called {fault.id}"
    assert not unknown, f"{fault.id} is at operations that there are not: {unknown}"
    FAULTS[fault.id] = fault


def _names(operations: str) -> tuple[str, ...]:
    return tuple(operations.split())


def around(
    name: str,
    kind: Kind,
    operations: str,
    what: str,
    *,
    shows: Proof,
    anything: bool = False,
    budget: float | None = None,
) -> Callable[[Around], Around]:
    """Registers a function that stands around the application: `await ask(asked)` is what the sandbox answers.

    It sees the requests of `operations` (ids, with spaces between), or of all operations where there is none; with `anything`,
    also those of methods and paths that no operation has. `budget` is as the fault has it.
    """

    def decorate(function: Around) -> Around:
        add(Fault(name, kind, _names(operations), what, shows, around=function, anything=anything, budget=budget))
        return function

    return decorate


def patches(
    name: str, kind: Kind, operations: str, what: str, *targets: str, shows: Proof
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function that stands in the place of others; it is given what was there before, and then the arguments."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def instead(before: Any) -> Any:
            def called(*arguments: Any, **named: Any) -> Any:
                return function(before, *arguments, **named)

            return called

        add(Fault(name, kind, _names(operations), what, shows, patches=tuple(Patch(target, instead) for target in targets)))
        return function

    return decorate


def sets(name: str, kind: Kind, operations: str, what: str, target: str, value: Any, *, shows: Proof) -> None:
    """Registers a constant in the place of another."""
    add(Fault(name, kind, _names(operations), what, shows, patches=(Patch(target, lambda before: value),)))
