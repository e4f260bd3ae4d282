"""What every view of an object shows, and what differs between two looks at it beyond what is of the moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tillspec.pointer import Pointer
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Exchange
from tillspec.verify.looks.differences import Difference, differences
from tillspec.verify.looks.views import alike
from tillspec.verify.run import Run
from tillspec.verify.world import Made, World


@dataclass(slots=True)
class Looks:
    """The requests that read one object. What differs between two looks in a row is `volatile`."""

    run: Run
    drafts: Sequence[Draft]
    volatile: set[tuple[str, Pointer]] = field(default_factory=set)

    @classmethod
    async def at(cls, run: Run, world: World, made: Made) -> Looks:
        """The operations that read the object which a request is about."""
        name, drafts = run.relations.object_of(made.draft.target), []
        for target in run.contract.targets.values():
            same = target.path == made.draft.target.path or (name is not None and run.relations.object_of(target) == name)
            if target.method == "GET" and same:
                draft = await alike(run, world, target, made)
                if isinstance(draft, Draft):
                    drafts.append(draft)
        return cls(run, drafts)

    async def look(self) -> list[Exchange]:
        """Read the object by every operation that can."""
        return [await self.run.send(draft) for draft in self.drafts]

    async def steady(self) -> list[Exchange]:
        """Read it twice, and remember what is of the moment."""
        first, second = await self.look(), await self.look()
        for one, other in zip(first, second, strict=True):
            self.volatile |= {(one.call.operation, found.place) for found in differences(one.answer.value, other.answer.value)}
        return second

    def changed(self, before: Sequence[Exchange], after: Sequence[Exchange]) -> Iterator[tuple[Exchange, Difference]]:
        """What differs between two looks, beyond times, revisions, and what is of the moment."""
        for one, other in zip(before, after, strict=True):
            if one.answer.succeeded != other.answer.succeeded and other.answer.fault is None and other.answer.status < 500:
                yield other, Difference("", one.answer.status, other.answer.status)
            elif one.answer.succeeded:
                for found in differences(one.answer.value, other.answer.value):
                    if (one.call.operation, found.place) not in self.volatile and not found.is_of_the_moment:
                        yield other, found
