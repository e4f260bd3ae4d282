"""How long an idempotency key is kept."""

from __future__ import annotations

from dataclasses import dataclass

from tillspec.verify.exchange import NOTHING
from tillspec.verify.findings import Severity
from tillspec.verify.judging.answers import is_telling, told
from tillspec.verify.probes.keys.idempotency import first_use
from tillspec.verify.probes.keys.keyed import Keyed
from tillspec.verify.probes.keys.used_key import UsedKey
from tillspec.verify.run import Told, passed
from tillspec.verify.timeline import Boundary, Moment, Timeline


async def key_retention(keyed: Keyed, time: Timeline) -> list[Boundary]:
    """The end of a key that is used now; none where a key has no effect at all, which is told elsewhere."""
    began = time.now()
    used = await first_use(keyed)
    if used is None or keyed.declared is None:
        return []
    again = (await used.again()).answer
    if (again.status, again.body) != (used.first.answer.status, used.first.answer.body):
        return []
    used.marked = not used.is_replay(used.first)
    kept = _Kept(used, time, began, keyed.declared.retention.total_seconds())
    return [Boundary(kept.seconds, began, time.now(), kept.before, kept.after)]


@dataclass(slots=True)
class _Kept:
    """A key that was used at a moment."""

    used: UsedKey
    time: Timeline
    began: Moment
    seconds: float
    lost: bool = False

    async def before(self) -> None:
        """It is kept until the end."""
        again = await self.used.again()
        if self.time.most(self.began) < self.seconds:
            said = Told("key-retention", "a repeat within the retention", "retention")
            self.lost = not self.used.replays(said, self.used.first, again)

    async def after(self) -> None:
        """It is free afterwards. That it is kept for longer harms less than that it is kept too short."""
        used, again = self.used, await self.used.again()
        if self.lost or not is_telling(again.answer):
            return
        one, other = used.identifier(used.first), used.identifier(again)
        if used.is_replay(again) or (NOTHING not in (one, other) and one == other):
            what, expected = "keeps a key for longer than it says", f"another request after {self.seconds:g} s"
            pointer = used.keyed.clause("retention")
            said = Told("key-retention", what, pointer, expected, told(again.answer), "longer", Severity.SHOULD)
            used.keyed.run.tell(used.keyed.target, said, used.first, again)
        else:
            used.tell(passed("key-retention"))
