"""Requests under an idempotency key: what an operation declares of it, keys, and bodies that are the same or are not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.prove.places import Path, at, replaced
from tillspec.runtime.behavior import Idempotency
from tillspec.verify.contract import ParameterForm, Target
from tillspec.verify.draft import Draft, key_header
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.profile import Tenant
from tillspec.verify.run import Run
from tillspec.verify.world import Unavailable, World, allowed

_MOST_CHANGES = 16
_MOST_TRIES = 6


@dataclass(slots=True)
class Keyed:
    """An operation that takes a key. `declared` is None where a header alone says so."""

    run: Run
    world: World
    target: Target
    header: str
    declared: Idempotency | None

    @classmethod
    def of(cls, run: Run, world: World, target: Target) -> Keyed | None:
        """None of an operation that takes no key."""
        header = key_header(target)
        behavior = target.operation.behavior
        words = behavior.idempotency if behavior else None
        if header is None or target.is_safe:
            return None
        return cls(run, world, target, header, words if isinstance(words, Idempotency) else None)

    @property
    def pointer(self) -> Pointer:
        """Where the contract says that there is a key."""
        if self.declared is not None:
            return join(self.target.pointer, "x-behavior", "idempotency")
        return self.form.pointer if self.form is not None else self.target.pointer

    def clause(self, word: str) -> Pointer:
        """Where a word of the declaration stands."""
        return join(self.pointer, word) if self.declared is not None else self.pointer

    @property
    def form(self) -> ParameterForm | None:
        """The parameter of the key, where it is declared."""
        wanted = self.header.lower()
        return next((one for one in self.target.parameters if one.location == "header" and one.name.lower() == wanted), None)

    async def draft(self, tenant: Tenant | None = None, *, body: Any = NOTHING) -> Draft | Unavailable:
        """A request with an object of its own, if it is about one."""
        made = await self.world.fresh(self.target, tenant or self.run.profile.first, body=body)
        return made if isinstance(made, Unavailable) else made.draft

    async def send(self, draft: Draft, key: str | None) -> Exchange:
        """Send a request under a key, or without one."""
        if key is not None:
            return await self.run.send(draft.header(self.header, key))
        placed = self.run.credentials.good(draft.target, draft.tenant)
        call = replace(draft, credentials=placed.headers, query=placed.query).call()
        headers = tuple(pair for pair in call.headers if pair[0].lower() != self.header.lower())
        return await self.run.exchange(self.target, replace(call, headers=headers))

    # -- keys --------------------------------------------------------------------------------------------------------------

    def key(self) -> str | None:
        """A key that was never used; None where the contract allows none of the forms that are known here."""
        drawn = uuid.uuid4()
        return next((key for key in (str(drawn), drawn.hex, drawn.hex[:16], str(drawn.int)[:15]) if self.takes(key)), None)

    def takes(self, key: str) -> bool:
        """Whether a key is valid by the contract."""
        return self.form is None or self.run.contract.judge.is_valid(self.form.schema, key)

    def pairs(self) -> Iterator[tuple[str, str, str]]:
        """Two keys that are nearly the same, and how they differ."""
        key = self.key()
        if key is None:
            return
        longest = self._longest()
        long = (key * (longest // len(key) + 1))[:longest]
        for word, one, other in (
            ("in case alone", f"a{key[1:]}", f"A{key[1:]}"),
            ("in its last character", long[:-1] + "1", long[:-1] + "2"),
            ("in characters beyond ASCII", f"ключ-{key[:8]}", f"ключи-{key[:8]}"),
            ("in punctuation", f"{key[:8]}:1", f"{key[:8]}.1"),
        ):
            if self.takes(one) and self.takes(other):
                yield word, one, other

    def _longest(self) -> int:
        """The length of the longest key that the contract allows, 255 at most."""
        length = 255
        key = "k" * 255
        while length > 36 and not self.takes(key[:length]):
            length -= 1
        return length


# -- bodies --------------------------------------------------------------------------------------------------------------


def spellings(body: Any) -> list[tuple[str, bytes]]:
    """The same JSON value in other bytes, each with how."""
    return [
        ("its members in another order", json.dumps(_reversed(body), ensure_ascii=False).encode()),
        ("other spaces and escapes", json.dumps(body, indent=2, ensure_ascii=True).encode()),
    ]


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


def variants(run: Run, pointer: Pointer, body: Any) -> Iterator[tuple[str, Any]]:
    """Valid bodies with one change, one for each member of the body, each with the place of the change."""
    if not isinstance(body, dict):
        return
    for name in list(body)[:_MOST_CHANGES]:
        leaves = sorted(_leaves(body[name], (name,)), key=lambda path: -len(path))[:_MOST_TRIES]
        changed = (replaced(body, path, value) for path in leaves for value in _changes(at(body, path)))
        found = next((one for one in changed if allowed(run, pointer, one)), None)
        if found is None:
            rest = {key: value for key, value in body.items() if key != name}
            found = rest if allowed(run, pointer, rest) else None
        if found is not None:
            yield join("", name), found


def _leaves(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    else:
        yield path


def _changes(value: Any) -> Iterator[Any]:
    match value:
        case bool():
            yield not value
        case int() | float():
            yield value + 1
            yield value - 1
        case str() if value:
            yield value + ("x" if value[-1] != "x" else "y")
            yield value[:-1] + ("a" if value[-1] != "a" else "b")
            yield value[:-1] + ("1" if value[-1] != "1" else "2")


def broken(run: Run, pointer: Pointer, body: Any) -> Any:
    """A body that is not valid: one without a required member, or of another type."""
    for name in body if isinstance(body, dict) else ():
        rest = {key: value for key, value in body.items() if key != name}
        if not run.contract.is_valid(pointer, "request", rest):
            return rest
    others: tuple[Any, ...] = ([], "", 0)
    return next((value for value in others if not run.contract.is_valid(pointer, "request", value)), NOTHING)
