"""A key that was used: what its first request got, and whether another answer is a replay of that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tillspec.runtime.behavior import Idempotency
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.judging.answers import is_telling, told
from tillspec.verify.looks.views import made_id
from tillspec.verify.probes.keys.keyed import Keyed
from tillspec.verify.run import Told, passed


@dataclass(slots=True)
class UsedKey:
    """A key under which `draft` was sent first, and answered in `first`.

    `marked` is whether the mark of replays can be trusted, `compares` whether another body was found to be a mismatch.
    """

    keyed: Keyed
    draft: Draft
    key: str
    first: Exchange
    marked: bool = True
    compares: bool = True

    @property
    def words(self) -> Idempotency | None:
        """What is declared; None where a header alone says that there are keys."""
        return self.keyed.declared

    async def again(self) -> Exchange:
        """The same request once more."""
        return await self.keyed.send(self.draft, self.key)

    def tell(self, told: Told, *steps: Exchange) -> None:
        """Enter what a check came to. Its `pointer` is a word of the declaration; without one it is SHOULD."""
        if told.what:
            severity = Severity.MUST if self.words is not None else Severity.SHOULD
            told = replace(told, pointer=self.keyed.clause(told.pointer), severity=severity)
        self.keyed.run.tell(self.keyed.target, told, *steps)

    def identifier(self, exchange: Exchange) -> Any:
        """What names the object that an exchange made."""
        return made_id(self.keyed.run, self.keyed.target, exchange)

    def is_replay(self, exchange: Exchange) -> bool:
        """Whether an answer says that it is a replay, and can be trusted in that."""
        return self.marked and self._says_so(exchange)

    def _says_so(self, exchange: Exchange) -> bool:
        header = self.words.replayed if self.words else None
        return header is not None and (exchange.answer.header(header) or "").strip().lower() == "true"

    def replays(self, said: Told, *steps: Exchange) -> bool:
        """Whether the last exchange replays the first one; tells where it does not. `said.what` names the request."""
        first, again = steps[0], steps[-1]
        if not is_telling(again.answer):
            return True
        if self.words is None:
            return self._is_one(first, again)
        if (again.answer.status, again.answer.body) != (first.answer.status, first.answer.body):
            other = again.answer.succeeded and self.identifier(again) not in (NOTHING, self.identifier(first))
            what = f"carries {said.what} out again" if other else f"answers {said.what} otherwise than the first request"
            expected = f"{told(first.answer)}, byte for byte"
            self.tell(replace(said, what=what, expected=expected, observed=told(again.answer)), *steps)
            return False
        self.tell(Told(said.check))
        if self.words.replayed is not None and self.marked:
            self._marks(self.words.replayed, first, again)
        return True

    def _is_one(self, first: Exchange, again: Exchange) -> bool:
        """Whether two answers speak of one object, as far as can be seen."""
        one, other = self.identifier(first), self.identifier(again)
        if again.answer.succeeded and NOTHING not in (one, other) and one != other:
            what = "makes a second object of a repeated key"
            self.tell(Told("repeat-replayed", what, "", f"{one} again", str(other)), first, again)
            return False
        self.tell(passed("repeat-replayed"))
        return True

    def _marks(self, header: str, first: Exchange, again: Exchange) -> None:
        expected, check = f"{header}: true", "repeat-marked"
        self.marked = self._says_so(again) and not self._says_so(first)
        if not self._says_so(again):
            seen = f"{header}: {again.answer.header(header)}"
            self.tell(Told(check, "does not say that a replay is one", "replayed", expected, seen), first, again)
        elif self._says_so(first):
            what = "says that a first answer is a replay"
            self.tell(Told(check, what, "replayed", f"no {expected}", expected, "first"), first)
        else:
            self.tell(Told(check))
