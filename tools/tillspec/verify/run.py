"""A run: what every probe works with. It sends requests at the profile's pace, and holds every answer against the contract."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Contract, Target
from tillspec.verify.credentials import Credentials
from tillspec.verify.declared import Declared
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Answer, Call, Exchange
from tillspec.verify.findings import Clause, Finding, Ledger, Severity
from tillspec.verify.memory import Memory
from tillspec.verify.origins import Origins, leaves
from tillspec.verify.pace import Pace
from tillspec.verify.profile import Profile
from tillspec.verify.relations import Relations
from tillspec.verify.wire import Wire

_MOST_SILENT = 24
_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for. `only` and `surfaces` are empty for all; `deadline` is in seconds from the start. `scenarios` are
    Arazzo documents; None for those beside the contract.
    """

    seed: int = 0
    safe: bool = False
    only: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()
    deadline: float | None = None
    shard: tuple[int, int] = (1, 1)
    random: bool = True
    workers: int = 8
    scenarios: tuple[Path, ...] | None = None


class NotSafe(Exception):
    """With `--safe`, something that does not only read was to be sent."""


class Unreachable(Exception):
    """No server can be reached, or it is gone."""


Oracle = Callable[["Run", Target, Exchange], Iterable["Told"]]


@dataclass(frozen=True, slots=True)
class Told:
    """What an oracle says of an exchange: a check that it passed, or, with `what`, one that it did not."""

    check: str
    what: str = ""
    pointer: str = ""
    expected: str = ""
    observed: str = ""
    aspect: str = ""
    severity: Severity = Severity.MUST


@cache
def passed(check: str) -> Told:
    """That a check was passed."""
    return Told(check)


@dataclass(slots=True)
class Run:
    """One run against one server. `statuses` counts its answers, with 0 for none, and `redirected` is where one of them led."""

    contract: Contract
    profile: Profile
    wire: Wire
    options: Options = Options()
    ledger: Ledger = field(default_factory=Ledger)
    memory: Memory = field(default_factory=Memory)
    oracles: tuple[Oracle, ...] = ()
    declared: Declared = field(init=False)
    relations: Relations = field(init=False)
    credentials: Credentials = field(init=False)
    progress: Callable[[str], None] = lambda _: None
    origins: Origins = field(init=False)
    pace: Pace = field(init=False)
    statuses: Counter[int] = field(default_factory=Counter)
    redirected: str = ""
    _silent: int = 0

    def __post_init__(self) -> None:
        self.declared = Declared(self.contract)
        self.relations = Relations(self.contract, self.declared)
        self.origins = Origins(frozenset(str(value) for _, value in leaves(self.contract.bundle.value)))
        self.credentials = Credentials(self.contract, self.profile)
        self.pace = Pace(self.profile.rate)

    # -- what there is to do -----------------------------------------------------------------------------------------------

    @property
    def targets(self) -> list[Target]:
        """The operations that the user asked for."""
        return [target for target in self.contract.targets.values() if self.wants(target)]

    def wants(self, target: Target) -> bool:
        surfaces, only = self.options.surfaces, self.options.only
        if surfaces and target.operation.surface not in surfaces:
            return False
        if self.options.safe and not target.is_safe:
            return False
        return not only or not set(only).isdisjoint(names_of(target))

    # -- sending -----------------------------------------------------------------------------------------------------------

    async def send(self, draft: Draft, *, key: str | None = None) -> Exchange:
        """Send a request, and hold its answer against the contract.

        Raises:
            OutOfTime: the run is over, or the server limits the rate too much (`Limited`).
            draft.Unwritable: the request cannot be written.
        """
        return await self.exchange(draft.target, self.call(draft, key=key))

    def call(self, draft: Draft, *, key: str | None = None) -> Call:
        """A request as it would be sent, with the tenant's own credentials where the draft has none.

        Raises:
            draft.Unwritable: the request cannot be written.
        """
        if draft.credentials == () and draft.query == ():
            placed = self.credentials.good(draft.target, draft.tenant)
            draft = replace(draft, credentials=placed.headers, query=placed.query)
        return draft.call(key=key)

    async def exchange(self, target: Target | None, call: Call) -> Exchange:
        """Send a call as it stands; with a target, its answer is held against the contract."""
        exchange = Exchange(call, await self._answer(target, call))
        self.origins.note(exchange)
        if target is not None:
            self.judge(target, exchange)
        return exchange

    def judge(self, target: Target, exchange: Exchange) -> None:
        """Hold an answer against everything that holds for any answer of an operation."""
        for oracle in self.oracles:
            for told in oracle(self, target, exchange):
                self.tell(target, told, exchange)

    async def _answer(self, target: Target | None, call: Call) -> Answer:
        """The answer to a call; a 429 is judged, waited for, and asked again."""
        self._only_safe(call)
        self.pace.ends = self._ends()
        refusals = self.pace.begin()
        while True:
            await self.pace.turn(call.operation)
            answer = await self.wire.send(call)
            self._notice(call, answer)
            if answer.status != 429:
                self.pace.goes_through()
                return answer
            if self.pace.is_final(call.operation, refusals, answer):
                return answer
            if target is not None:
                self.judge(target, Exchange(call, answer))

    def _ends(self) -> float | None:
        """When the run is over, by the monotonic clock; None for never."""
        if self.options.deadline is None:
            return None
        return time.monotonic() + self.ledger.began + self.options.deadline - time.perf_counter()

    def _only_safe(self, call: Call) -> None:
        method = call.raw.split(b" ", 1)[0].decode("latin-1") if call.raw is not None else call.method
        if self.options.safe and method not in _SAFE:
            raise NotSafe(method)

    def _notice(self, call: Call, answer: Answer) -> None:
        """Count an answer, and give up when nothing is answered any more, one after the other."""
        self.statuses[answer.status if answer.fault is None else 0] += 1
        if 300 <= answer.status < 400:
            self.redirected = shown(answer.header("location") or "")
        if answer.fault is None or answer.status:
            self._silent = 0
        elif call.raw is None:
            self._silent += 1
            if self._silent >= _MOST_SILENT:
                raise Unreachable(f"{self.wire.origin} {answer.fault}, {_MOST_SILENT} times in a row")

    # -- telling -----------------------------------------------------------------------------------------------------------

    def tell(self, target: Target, told: Told, *steps: Exchange) -> None:
        """Enter what a check came to."""
        if told.check in self.ignored:
            return
        if not told.what:
            self.ledger.passes(told.check, target.id)
            return
        clause = self.contract.clause(told.pointer or target.pointer)
        self.ledger.add(
            Finding(
                told.check, target.id, clause, told.what, told.expected, told.observed, steps, told.aspect, told.severity,
            )
        )  # fmt: skip

    @property
    def ignored(self) -> frozenset[str]:
        """The checks that the profile switches off."""
        return frozenset(self.profile.policy.get("ignore", ()))

    def skip(self, target: Target, kind: Kind, reason: str, fill: str = "") -> None:
        """Enter what could not be tested."""
        self.ledger.skip(target.id, kind, reason, fill)

    def clause(self, pointer: str) -> Clause:
        return self.contract.clause(pointer)


class UnknownName(ValueError):
    """What was asked for is not in the contract. `hint` says what is."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def check_names(contract: Contract, options: Options) -> None:
    """Look whether all that was asked for by name is in a contract: left out, it would not be missed.

    Raises:
        UnknownName: something is not.
    """
    targets = contract.targets.values()
    names = [name for one in targets for name in names_of(one)]
    for option, given, known in (("--only", options.only, names), ("--surface", options.surfaces, list(contract.surfaces))):
        for name in given:
            if name not in known:
                close = get_close_matches(name, known, n=1) or list(dict.fromkeys(known))[:4]
                hint = f"there is {' or '.join(close)}" if close else "the contract has none"
                raise UnknownName(f"{option} {name}: the contract has nothing of that name", hint)


def names_of(target: Target) -> tuple[str, ...]:
    """The names that an operation may be asked for by: its id, its path, with the method as well, and its tag."""
    tag = target.operation.tag
    return target.id, target.path, f"{target.method} {target.path}", *((tag,) if tag else ())


def shown(value: object, longest: int = 160) -> str:
    """A value in a sentence, on one line and not too long."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def statuses(values: Iterable[int]) -> str:
    """Statuses in words: `200, 201 or 204`."""
    texts: Iterator[str] = map(str, sorted(set(values)))
    listed = list(texts)
    return listed[0] if len(listed) == 1 else ", ".join(listed[:-1]) + " or " + listed[-1] if listed else "none"
