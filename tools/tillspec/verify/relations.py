"""Which operation gives what another one needs: by declared behaviour, by links, and by how paths are built."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.verify.contract import Contract, Target
from tillspec.verify.declared import Declared
from tillspec.verify.exchange import Exchange

Place = str
"""A place in a request, as a runtime expression: `$request.path.id`, `$request.body#/cart_id`."""

_LAST_PARAMETER = re.compile(r"^(?P<collection>/.*)/\{(?P<name>[^{}/]+)\}(?P<rest>[/:].*)?$")
"""The last parameter of a path; what follows it may be a custom method (`/things/{id}:cancel`)."""


_NAMES = re.compile(r"\{([^{}]+)\}")
_WRAPS = ("data", "result", "item", "resource")
"""What answers wrap an object in, beside its own name."""


@dataclass(frozen=True, slots=True)
class Relation:
    """An operation whose success gives another one its object: values by their places, as expressions of the exchange."""

    giver: str
    values: Mapping[Place, str]
    object: str | None = None
    source: str = "paths"
    pointer: str = ""

    def does_as(self, other: Relation) -> bool:
        """Whether it gives what another one gives."""
        return (self.giver, dict(self.values)) == (other.giver, dict(other.values))


@dataclass
class Relations:
    """All relations of a contract, the most trustworthy first."""

    contract: Contract
    declared: Declared
    links: dict[str, list[Relation]] = field(default_factory=dict)
    _known: dict[str, list[Relation]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for target in self.contract.targets.values():
            for follower, relation in self._links(target):
                self.links.setdefault(follower, []).append(relation)

    def of(self, target: Target) -> list[Relation]:
        """The relations by which an operation gets the object that it is about; none where it needs none, or nobody gives it."""
        if target.id not in self._known:
            found = [*self._by_behavior(target), *self.links.get(target.id, ()), *self._by_path(target)]
            found = [self._completed(target, relation) for relation in found if relation.giver != target.id]
            found = [one for number, one in enumerate(found) if not any(one.does_as(other) for other in found[:number])]
            self._known[target.id] = sorted(found, key=lambda relation: not self._leads(relation, target))
        return self._known[target.id]

    def object_of(self, target: Target) -> str | None:
        """The object that an operation is about: one that the contract declares, or `/things/{id}` for what a path names."""
        behavior = target.operation.behavior
        declared = behavior and (behavior.reads or behavior.updates or behavior.deletes)
        if declared:
            return declared
        found = _LAST_PARAMETER.match(target.path)
        if found is None:
            return None
        path = f"{found['collection']}/{{{found['name']}}}"
        return self._declared_at.get(path, path)

    @cached_property
    def _declared_at(self) -> dict[str, str]:
        """The objects that the contract says are at a path."""
        found = {}
        for target in self.contract.targets.values():
            behavior = target.operation.behavior
            if behavior is not None and (behavior.reads or behavior.updates) and behavior.identifies is not None:
                found[target.path] = behavior.reads or behavior.updates or ""
        return found

    def place_of(self, target: Target) -> Place | None:
        """Where a request names the object that it is about."""
        behavior = target.operation.behavior
        if behavior is not None and behavior.identifies is not None:
            return behavior.identifies
        found = _LAST_PARAMETER.match(target.path)
        return None if found is None else f"$request.path.{found['name']}"

    # -- where relations come from -----------------------------------------------------------------------------------------

    def _by_behavior(self, target: Target) -> Iterator[Relation]:
        behavior, place, name = target.operation.behavior, self.place_of(target), self.object_of(target)
        if behavior is None or place is None or name is None or behavior.identifies is None:
            return
        at = self.declared.id_pointer(name)
        for giver in self.contract.targets.values():
            if giver.creates == name and at is not None:
                yield Relation(giver.id, {place: f"$response.body#{at}"}, name, "x-behavior")

    def _links(self, giver: Target) -> Iterator[tuple[str, Relation]]:
        for response in giver.operation.responses:
            if response.status[:1] != "2":
                continue
            at, _ = self.contract.resolved(giver.response_pointer(response))
            for link in response.links:
                follower = self.contract.targets.get(link.operation_id or "")
                if follower is None:
                    continue
                pointer, words = self.contract.resolved(join(at, "links", link.name))
                values = {self._place(follower, name): value for name, value in link.parameters if isinstance(value, str)}
                values.update(_of_body(words.get("requestBody") if isinstance(words, dict) else None))
                yield follower.id, Relation(giver.id, values, self.object_of(follower), "link", pointer)

    def _place(self, target: Target, name: str) -> Place:
        """`id` or `path.id` of a link's parameters as a place."""
        location, _, rest = name.partition(".")
        if rest and location in ("path", "query", "header", "cookie"):
            return f"$request.{location}.{rest}"
        where = next((one.location for one in target.parameters if one.name == name), "query")
        return f"$request.{where}.{name}"

    def _by_path(self, target: Target) -> Iterator[Relation]:
        """`POST /things` gives what `/things/{id}` is about: the property that is called as the parameter, or `id`."""
        found = _LAST_PARAMETER.match(target.path)
        if found is None:
            return
        for giver in self.contract.targets.values():
            if giver.method == "POST" and _shape(giver.path.rstrip("/")) == _shape(found["collection"]):
                expression = self._id_expression(giver, found["name"])
                if expression is not None:
                    above = zip(_NAMES.findall(found["collection"]), _NAMES.findall(giver.path), strict=True)
                    values = {f"$request.path.{own}": f"$request.path.{its}" for own, its in above}
                    yield Relation(giver.id, {f"$request.path.{found['name']}": expression, **values}, self.object_of(target))

    def _id_expression(self, giver: Target, name: str) -> str | None:
        """Where the answer of what makes a thing has its id."""
        single = _singular(giver.path.rstrip("/").rpartition("/")[2])
        wanted = (_plain(name), "id", f"{single}id", "uuid", "number", "code")
        for response in giver.operation.responses:
            if response.status[:1] != "2":
                continue
            for content in response.contents:
                pointer = self.contract.response_schema(giver, response, content.media_type)
                found = self._id_in(pointer, wanted, single) if pointer else None
                if found is not None:
                    return f"$response.body#{found}"
            if any(header.name.lower() == "location" for header in response.headers):
                return "$response.header.Location"
        return None

    def _id_in(self, pointer: Pointer, wanted: tuple[str, ...], single: str) -> Pointer | None:
        """The property that is the id, at the top of a body or in what it is wrapped in."""
        names = self.properties(pointer)
        for above in (None, *(key for key in names if _plain(key) in (single, *_WRAPS))):
            found = {_plain(key): key for key in (names if above is None else self.properties(names[above]))}
            key = next((found[one] for one in wanted if one in found), None)
            if key is not None:
                return join("", key) if above is None else join("", above, key)
        return None

    def properties(self, pointer: str) -> dict[str, Pointer]:
        """Where the properties that a schema declares stand, those of what it is put together from among them."""
        found: dict[str, Pointer] = {}
        waiting = [pointer]
        for _ in range(50):
            if not waiting:
                break
            at, schema = self.contract.resolved(waiting.pop())
            if isinstance(schema, dict):
                found.update({name: join(at, "properties", name) for name in schema.get("properties") or {}})
                for word in ("allOf", "oneOf", "anyOf"):
                    waiting += [join(at, word, index) for index in range(len(schema.get(word) or []))]
        return found

    # -- what answers show of objects --------------------------------------------------------------------------------------

    def answered(self, target: Target, exchange: Exchange) -> frozenset[str]:
        """The properties that the contract has in an answer; what a server says beyond them is its own matter."""
        response = target.response(exchange.answer.status)
        pointer = response and self.contract.response_schema(target, response, exchange.answer.header("content-type") or "")
        return frozenset(self.properties(pointer)) if pointer else frozenset()

    def is_declared(self, target: Target) -> bool:
        """Whether the contract itself says which object an operation is about, rather than its path alone."""
        behavior = target.operation.behavior
        return behavior is not None and bool(behavior.reads or behavior.updates or behavior.deletes)

    def derived(self, target: Target) -> frozenset[str]:
        """The properties of an operation's object that change by themselves: its state, when it ends, when it was changed, what
        it adds up to.
        """
        found = {"updated", "updatedAt", "updated_at", "modified", "modifiedAt", "modified_at", "version", "etag"}
        for pointer, behavior in self.declared.views(self.object_of(target) or ""):
            pointers = [behavior.lifecycle.field] if behavior.lifecycle is not None else []
            pointers += [behavior.expires.at] if behavior.expires is not None and behavior.expires.at is not None else []
            pointers += [total.total for total in behavior.totals]
            found |= {one.split("/")[1] for one in pointers}
            found |= {name for name in self.properties(pointer) if "updated" in name.lower() or "modified" in name.lower()}
        return frozenset(found)

    # -- which is best -----------------------------------------------------------------------------------------------------

    def _completed(self, target: Target, relation: Relation) -> Relation:
        """A relation with the path parameters that both operations have."""
        giver = self.contract.targets[relation.giver]
        shared = {one.name for one in giver.parameters if one.location == "path"}
        values = dict(relation.values)
        for parameter in target.parameters:
            place = f"$request.path.{parameter.name}"
            if parameter.location == "path" and parameter.name in shared and place not in values:
                values[place] = place
        return Relation(relation.giver, values, relation.object, relation.source, relation.pointer)

    def _leads(self, relation: Relation, target: Target) -> bool:
        """Whether what gives the object leaves it in a state from which the operation may be called."""
        behavior = target.operation.behavior
        moves = behavior.moves if behavior else None
        giver = self.contract.targets[relation.giver].operation.behavior
        if moves is None or moves.sources is None or giver is None or relation.object is None:
            return True
        state = giver.moves.to if giver.moves else self.initial(relation.object)
        return state is None or (state in moves.sources and (moves.sources[0] == state or giver.moves is not None))

    def initial(self, name: str) -> str | None:
        """The state that a new object is in."""
        for _, behavior in self.declared.views(name):
            if behavior.lifecycle is not None:
                return behavior.lifecycle.initial
        return None


def _shape(path: str) -> str:
    """A path without the names of its parameters."""
    return _NAMES.sub("{}", path)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _singular(name: str) -> str:
    """The name of one of several things: `categories` are each a `category`."""
    plain = _plain(name)
    for ending, one in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("ss", "ss"), ("s", "")):
        if plain.endswith(ending):
            return plain.removesuffix(ending) + one
    return plain


def _of_body(value: Any, at: str = "") -> Iterator[tuple[Place, str]]:
    """The expressions in a link's request body, by the places that they fill."""
    if isinstance(value, str) and value.startswith("$"):
        yield f"$request.body#{at}", value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _of_body(inner, join(at, key))
