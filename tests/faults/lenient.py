"""Servers that accept what they should refuse. What is accepted is taken for the nearest value that is allowed, as a coercion, a
truncated column or a default has it; so all that comes later is in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from faults.callers import GONE, Callers
from faults.exchange import Answer, Ask, Asked
from faults.registry import Fault, Kind, Proof, add

Broken = Callable[[Any], bool]


def accepts(
    name: str, operation: str, pointer: str, broken: Broken, instead: Any, what: str, *, sent: Any, also: str = ""
) -> None:
    """Registers a fault: at a place of the body, what is `broken` is accepted.

    `instead` is what it is taken for, a value or a function of what was sent. `sent` is a broken value for the proof, or a
    function of the good one. `also` names further operations with the same fault.
    """
    path = pointer.split("/")[1:]

    async def around(asked: Asked, ask: Ask) -> Answer:
        body = asked.json
        if body is not None:
            holder = {"": body}
            if _mend(holder, ["", *path], broken, instead):
                asked.write(holder[""])
        return await ask(asked)

    def shows(callers: Callers) -> bool:
        return callers.send(operation, at=pointer, to=sent).is_success

    add(Fault(name, Kind.VALIDATION, (operation, *also.split()), what, shows, around=around))


def _mend(value: Any, path: list[str], broken: Broken, instead: Any) -> bool:
    """Whether something was broken below a value, and has been mended."""
    part, *rest = path
    found = False
    for key in list(_keys(value, part)):
        if rest:
            found |= _mend(value[key], rest, broken, instead)
        elif broken(value[key]):
            found = True
            made = instead(value[key]) if callable(instead) else instead
            if made is GONE:
                del value[key]
            else:
                value[key] = made
    return found


def _keys(value: Any, part: str) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from (value if part == "*" else [part] if part in value else [])
    elif isinstance(value, list):
        yield from (range(len(value)) if part == "*" else [int(part)] if part.isdigit() and int(part) < len(value) else [])


def reads(
    name: str, operations: str, change: Callable[[Asked], None], what: str, *, shows: Proof, kind: Kind = Kind.VALIDATION
) -> None:
    """Registers a fault: a request is read otherwise than it was meant."""

    async def around(asked: Asked, ask: Ask) -> Answer:
        change(asked)
        return await ask(asked)

    add(Fault(name, kind, tuple(operations.split()), what, shows, around=around))


# -- what is broken ----------------------------------------------------------------------------------------------------------


def longer(most: int) -> Broken:
    return lambda value: isinstance(value, str) and len(value) == most + 1


def text(value: Any) -> bool:
    return isinstance(value, str)


def null(value: Any) -> bool:
    return value is None


def is_(wanted: Any) -> Broken:
    return lambda value: type(value) is type(wanted) and value == wanted


def without(key: str) -> Broken:
    return lambda value: isinstance(value, dict) and key not in value


def beyond(*known: str) -> Broken:
    """An object with keys that it should not have."""
    return lambda value: isinstance(value, dict) and not set(value) <= set(known)


def only(*known: str) -> Callable[[Any], Any]:
    return lambda value: {key: one for key, one in value.items() if key in known}


def plus(**more: Any) -> Callable[[Any], Any]:
    return lambda value: {**value, **more}


def minus(key: str) -> Callable[[Any], Any]:
    return lambda value: {name: one for name, one in value.items() if name != key}


def unlike(pattern: Callable[[str], bool]) -> Broken:
    """A text that a pattern does not allow, whatever it is."""
    return lambda value: isinstance(value, str) and not pattern(value)


def cut(most: int) -> Callable[[Any], Any]:
    return lambda value: value[:most]


def no_email(value: Any) -> bool:
    return isinstance(value, str) and not re.fullmatch(r"[^@\s]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", value)


def twice(key: str) -> Broken:
    """A list of objects of which two have the same at a key."""
    return lambda value: isinstance(value, list) and len(once(key)(value)) < len(value)


def once(key: str) -> Callable[[Any], Any]:
    """The same without the later ones of each key; what is no object stays."""

    def kept(value: list[Any]) -> list[Any]:
        known = [one.get(key, n) if isinstance(one, dict) else n for n, one in enumerate(value)]
        return [one for n, one in enumerate(value) if known.index(known[n]) == n]

    return kept
