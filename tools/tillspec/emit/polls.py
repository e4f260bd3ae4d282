"""What can be polled: a GET whose success shows an object with a lifecycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tillspec.api.model import Api, Object, Ref, Type
from tillspec.emit import names
from tillspec.emit.behavior import object_behaviors, object_constants
from tillspec.emit.calls import Call, Group
from tillspec.runtime.behavior import Lifecycle

OWN = ("deadline", "backoff")
"""What a poll method is given besides the operation's own arguments."""


@dataclass(frozen=True, slots=True)
class Poll:
    """How an operation is polled.

    `method` is the poll's name, `deadline` and `backoff` those of its own arguments; `lifecycle` is what is declared and
    `constant` its name in `behavior.py`.
    """

    method: str
    deadline: str
    backoff: str
    lifecycle: Lifecycle
    constant: str

    @property
    def terminal(self) -> tuple[str, ...]:
        """The states that end it, in the contract's order."""
        return tuple(state for state in self.lifecycle.states if self.lifecycle.is_terminal(state))


def polls(api: Api, group: Group) -> Mapping[str, Poll]:
    """The polls of a group, by operation id."""
    found = {call.operation.id: (call, id_) for call in group.calls if (id_ := _shown(api, call)) is not None}
    plain = [f"poll_{call.method.removeprefix('get_')}" for call, _ in found.values()]
    apart = names.unique(plain, [call.method for call in group.calls])
    return {
        operation: _poll(api, call, method, id_)
        for (operation, (call, id_)), method in zip(found.items(), apart, strict=True)
    }  # fmt: skip


def _poll(api: Api, call: Call, method: str, id_: str) -> Poll:
    lifecycle = object_behaviors(api)[id_].lifecycle
    assert lifecycle is not None, "only what has one is polled"
    deadline, backoff = names.unique(OWN, [argument.keyword for argument in call.arguments])
    return Poll(method, deadline, backoff, lifecycle, f"{object_constants(api)[id_]}_LIFECYCLE")


def _shown(api: Api, call: Call) -> str | None:
    """The type of the object whose lifecycle a success shows; None where there is none that ends."""
    if call.operation.method.upper() != "GET":
        return None
    for answer in call.successes:
        for content in answer.response.contents:
            id_ = _object(api, content.type)
            lifecycle = object_behaviors(api)[id_].lifecycle if id_ is not None else None
            if lifecycle is not None and any(map(lifecycle.is_terminal, lifecycle.states)):
                return id_
    return None


def _object(api: Api, shown: Type | None) -> str | None:
    """The id of the object that a type is, behind however many names."""
    seen: set[str] = set()
    while isinstance(shown, Ref) and shown.id in api.types and shown.id not in seen:
        seen.add(shown.id)
        if isinstance(api.types[shown.id].type, Object):
            return shown.id
        shown = api.types[shown.id].type
    return None
