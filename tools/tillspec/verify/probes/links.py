"""Links of the contract, followed: what a success leads to succeeds."""

from __future__ import annotations

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.run import Run, Told, passed, shown
from tillspec.verify.world import Unavailable, World


async def links(run: Run, world: World, target: Target) -> None:
    """Follow every link of an operation's successes."""
    for follower in run.contract.targets.values():
        for relation in run.relations.links.get(follower.id, ()):
            if relation.giver != target.id or (run.options.safe and not follower.is_safe):
                continue
            bare = world.bare(follower, run.profile.first)
            if isinstance(bare, Unavailable) or run.credentials.missing(follower, run.profile.first.name):
                run.skip(target, Kind.OBJECTS, f"{follower.id}, which a link leads to, cannot be called")
                continue
            complete = next((one for one in run.relations.of(follower) if one.pointer == relation.pointer), relation)
            made = await world.related(complete, follower, run.profile.first, bare)
            if isinstance(made, Unavailable):
                run.skip(target, Kind.OBJECTS, made.reason, made.fill)
                continue
            exchange = await run.send(made.draft)
            answer = exchange.answer
            if answer.fault is not None or answer.status >= 500:
                continue
            # a body is the tester's own: one that does not suit the object says nothing of the link
            if answer.succeeded or (follower.bodies and answer.status not in (404, 410)):
                run.tell(target, passed("link-followed"))
            else:
                told = f"{answer.status} {shown(answer.body[:120].decode('utf-8', 'replace'))}"
                run.tell(target, Told("link-followed", f"the link to {follower.id} leads nowhere", relation.pointer,
                                      "a success", told, follower.id), *made.steps, exchange)  # fmt: skip
