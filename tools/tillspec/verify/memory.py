"""What requests gave to objects: the last body that made or changed each, by its id."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tillspec.pointer import Pointer, join
from tillspec.verify.contract import Target
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import evaluate

if TYPE_CHECKING:
    from tillspec.verify.run import Run

_MOST = 20_000
_OF_A_COMPONENT = 3


@dataclass(frozen=True, slots=True)
class Echo:
    """A declaration `same-as`: the expression, the schema that declares it, and whether it holds only at first."""

    expression: str
    pointer: Pointer
    initially: bool = False


@dataclass(slots=True)
class Memory:
    """The requests that made and changed objects, by object and id, the newest last. `moved` are ids that something outside the
    API has changed, of which what holds only at first is not asked any more.
    """

    written: OrderedDict[tuple[str, str], list[Exchange]] = field(default_factory=OrderedDict)
    moved: set[str] = field(default_factory=set)
    _types: dict[str, set[Pointer]] = field(default_factory=dict)
    _shows: dict[tuple[str, Pointer], bool] = field(default_factory=dict)

    def forget(self) -> None:
        """Forget everything: the server was made as new, and may give the same ids again."""
        self.written.clear()
        self.moved.clear()

    def key(self, run: Run, target: Target, exchange: Exchange) -> tuple[str, str] | None:
        """The object that an exchange is about, and its id."""
        words = target.operation.behavior
        name = words and (words.creates or words.updates or words.reads)
        if words is None or not name:
            return None
        if words.creates:
            pointer = run.declared.id_pointer(name)
            found = evaluate(f"$response.body#{pointer}", exchange) if pointer is not None else NOTHING
        else:
            found = evaluate(words.identifies or "", exchange)
        return None if found is NOTHING else (name, str(found))

    def writes(self, run: Run, target: Target, exchange: Exchange) -> None:
        """Remember a request that made or changed an object, or may have."""
        key = self.key(run, target, exchange)
        if key is None:
            return
        known = self.written.setdefault(key, [])
        if exchange not in known[-1:]:
            known.append(exchange)
        while len(self.written) > _MOST:
            self.written.popitem(last=False)

    def given(self, run: Run, target: Target, exchange: Exchange, echo: Echo) -> Any:
        """The value that the last request gave that had it; `NOTHING` where none had, or it is not known who was last."""
        key = self.key(run, target, exchange)
        if key is None:
            return NOTHING
        if echo.initially and key[1] in self.moved:
            return NOTHING
        for write in reversed(self.written.get(key, ())):
            if not self._means(run, write, echo.pointer):
                continue
            if not _is_known(write):
                return NOTHING
            value = evaluate(echo.expression, write)
            if value is not NOTHING:
                return value
            if self._is_of_its_type(run, write, echo.expression):
                return NOTHING
        return NOTHING

    def _is_of_its_type(self, run: Run, write: Exchange, expression: str) -> bool:
        """Whether a request's whole body is of the type of the value that other requests give in theirs: it may have given it."""
        form = run.contract.targets[write.call.operation].json_body
        if form is None:
            return False
        if expression not in self._types:
            self._types[expression] = set().union(*(_components(run, pointer) for pointer in _places(run, expression)))
        return bool(_components(run, form.pointer) & self._types[expression])

    def _means(self, run: Run, write: Exchange, pointer: Pointer) -> bool:
        """Whether a request means what the declaration at a pointer is about: it makes the object, or its own answer shows it.

        The same name may be another thing in the body of an operation that changes a part.
        """
        operation = write.call.operation
        target = run.contract.targets[operation]
        if target.creates is not None:
            return True
        if (operation, pointer) not in self._shows:
            shown = (
                schema
                for response in target.operation.responses
                if response.status[:1] == "2"
                for content in response.contents
                if (schema := run.contract.response_schema(target, response, content.media_type)) is not None
            )
            self._shows[operation, pointer] = any(pointer in run.contract.reached(schema) for schema in shown)
        return self._shows[operation, pointer]


def _is_known(write: Exchange) -> bool:
    """Whether it is known what a server made of a request: not of one that failed, no usual message, and no JSON."""
    call = write.call
    return write.answer.succeeded and call.raw is None and not (call.value is NOTHING and call.body)


def _places(run: Run, expression: str) -> Iterator[Pointer]:
    """Where the bodies of requests declare the value that an expression takes out of them."""
    _, _, path = expression.partition("$request.body#/")
    for target in run.contract.targets.values():
        pointer = target.json_body and target.json_body.pointer
        for name in path.split("/") if path else ():
            pointer = pointer and run.relations.properties(pointer).get(name)
        if path and pointer:
            yield pointer


def _components(run: Run, pointer: Pointer) -> set[Pointer]:
    """The components of objects that a schema is, or is put together from."""
    found, waiting = set[Pointer](), [pointer]
    while waiting:
        at, schema = run.contract.resolved(waiting.pop())
        if at in found or not isinstance(schema, dict):
            continue
        found.add(at)
        waiting += [join(at, "allOf", index) for index in range(len(schema.get("allOf") or ()))]
    return {at for at in found if at.startswith("/components/schemas/") and at.count("/") == _OF_A_COMPONENT}
