"""The operations of a contract, each under a name that both contracts have for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tillspec.compat.side import Side
from tillspec.compat.view import entries
from tillspec.document.grammar import METHODS
from tillspec.pointer import Pointer, join
from tillspec.rules.reading.nodes import Direction

_VARIABLE = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True)
class Call:
    """One operation of one contract.

    Attributes:
        side: the contract.
        kind: `path`, `webhook` or `callback`; the latter two are called by the API, and not on it.
        key: what names it in both contracts: names of path parameters are left open.
        name: how it is called in what is told.
        path: the path template; the name of a webhook; the runtime expression of a callback.
        pointer: where it stands.
        item: where its path item stands.
        above: the operation whose callback it is.
    """

    side: Side
    kind: str
    key: tuple[str, ...]
    name: str
    path: str
    pointer: Pointer
    item: Pointer
    above: Call | None = None

    @property
    def value(self) -> dict[str, Any]:
        return entries(self.side.at(self.pointer))

    @property
    def is_incoming(self) -> bool:
        return self.kind == "path"

    @property
    def request(self) -> Direction:
        """The direction of what it is called with."""
        return Direction.REQUEST if self.is_incoming else Direction.RESPONSE

    @property
    def stable(self) -> str:
        """Its name, whatever its path parameters are called."""
        return " ".join(self.key)

    @cached_property
    def parameters(self) -> dict[tuple[str, str], Pointer]:
        """Where its parameters stand, its path item's among them, by where they are sent and their names.

        Of a path parameter its number counts, of a header's name the case does not.
        """
        numbers = {name[1:-1]: str(number) for number, name in enumerate(_VARIABLE.findall(self.path))}
        found: dict[tuple[str, str], Pointer] = {}
        for above in (self.item, self.pointer):
            listed = entries(self.side.at(above)).get("parameters")
            for number in range(len(listed) if isinstance(listed, list) else 0):
                pointer = self.side.follow(join(above, "parameters", number))
                value = entries(self.side.at(pointer))
                where, name = str(value.get("in")), str(value.get("name"))
                if where == "header" and name.lower() in _NOT_PARAMETERS:
                    continue
                name = numbers.get(name, name) if where == "path" else name.lower() if where == "header" else name
                found[where, name] = pointer
        return found


_NOT_PARAMETERS = ("accept", "content-type", "authorization")
"""Headers that a parameter says nothing of (OpenAPI 3.1, section 4.8.12.2.1)."""


def calls(side: Side) -> dict[tuple[str, ...], Call]:
    """All operations, by their keys, in the order of the document."""
    found: dict[tuple[str, ...], Call] = {}
    for section, kind in (("paths", "path"), ("webhooks", "webhook")):
        for path in entries(side.document.get(section)):
            if not path.startswith("x-"):
                for call in _of_item(side, kind, path, join(f"/{section}", path)):
                    found.setdefault(call.key, call)
    return found


def _of_item(side: Side, kind: str, path: str, pointer: Pointer, above: Call | None = None, name: str = "") -> Iterator[Call]:
    item = side.follow(pointer)
    value = entries(side.at(item))
    methods = [(method, join(item, method)) for method in value if method in METHODS]
    methods += [(method, join(item, "additionalOperations", method)) for method in entries(value.get("additionalOperations"))]
    for method, at in methods:
        if not isinstance(side.at(at), dict):
            continue
        upper = method.upper()
        if kind == "path":
            call = Call(side, kind, (upper, _VARIABLE.sub("{}", path)), f"{upper} {path}", path, at, item)
        elif above is None:
            call = Call(side, kind, ("webhook", path, upper), f"webhook {path} ({upper})", path, at, item)
        else:
            key = (*above.key, "callback", name, path, upper)
            call = Call(side, kind, key, f"{above.name}, callback {name} ({upper})", path, at, item, above)
        yield call
        for named in entries(call.value.get("callbacks")) if above is None else ():
            callback = side.follow(join(at, "callbacks", named))
            for expression in entries(side.at(callback)):
                if not expression.startswith("x-"):
                    yield from _of_item(side, "callback", expression, join(callback, expression), call, named)
