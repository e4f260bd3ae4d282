"""Conditional requests, and the media type that is asked for."""

from __future__ import annotations

from tillspec.runtime import media
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, shown
from tillspec.verify.world import Unavailable, World


async def conditional(run: Run, world: World, target: Target) -> None:
    """Ask only for what changed, and for one media type or another."""
    if not target.is_safe:
        return
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.METHODS, standing.reason, standing.fill)
        return
    draft = standing.draft.parameter("header", "If-None-Match", NOTHING)
    await _not_modified(run, target, draft)
    await _negotiated(run, target, draft)


async def _not_modified(run: Run, target: Target, draft: Draft) -> None:
    first = await run.send(draft)
    tag = first.answer.header("etag")
    if not first.answer.succeeded or tag is None or target.response(304) is None:
        return
    pointer = f"{target.pointer}/responses/304"
    weak = f"W/{tag.removeprefix('W/')}"
    for value, what in (
        (tag, "its own ETag"),
        ("*", "any"),
        (f'"a", {tag}', "its own ETag among others"),
        (weak, "its weak ETag"),
    ):
        exchange = await run.send(draft.header("If-None-Match", value))
        if exchange.answer.fault is not None or exchange.answer.status >= 500:
            continue
        if exchange.answer.status == 304:
            run.tell(target, Told("not-modified"))
        else:
            told = Told(
                "not-modified", f"If-None-Match with {what} gets no 304", pointer, "304", str(exchange.answer.status), what
            )
            run.tell(target, told, first, exchange)
    other = await run.send(draft.header("If-None-Match", '"tillspec-has-another"'))
    if other.answer.status == 304:
        told = Told("not-modified", "If-None-Match with another ETag gets a 304", pointer, "200", "304", "other")
        run.tell(target, told, first, other)
    elif other.answer.succeeded:
        run.tell(target, Told("not-modified"))
        again = other.answer.header("etag")
        if again != tag and other.answer.body == first.answer.body:
            told = Told("not-modified", "the ETag differs though the answer is the same", pointer, tag, shown(again), "unstable")
            run.tell(target, told, first, other)


async def _negotiated(run: Run, target: Target, draft: Draft) -> None:
    """`Accept` decides among the declared media types."""
    successes = [response for response in target.operation.responses if response.status[:1] == "2"]
    offers = [content.media_type for response in successes for content in response.contents]
    behavior = target.operation.behavior
    declared = behavior.negotiation if behavior else None
    if len(set(offers)) < 2 and declared is None:
        return
    pointer = f"{target.pointer}/x-behavior/negotiation" if declared else f"{target.pointer}/responses"
    for offer in dict.fromkeys(offers):
        others = "".join(f", {one};q=0.1" for one in offers if one != offer)
        for accept in (offer, f"{offer};q=0.9{others}"):
            await _accepts(run, target, draft, (accept, offer, pointer))
    if declared is not None:
        anything: tuple[str | None, ...] = ("*/*", None)
        for wanted in anything:
            await _accepts(run, target, draft, (wanted, declared.preferred, pointer))
        otherwise = declared.otherwise
        exchange = await run.send(draft.header("Accept", "application/tillspec"))
        got = exchange.answer
        right = (
            got.status == otherwise
            if isinstance(otherwise, int)
            else got.succeeded and got.media_type == media.essence(otherwise)
        )
        if right:
            run.tell(target, Told("negotiated"))
        elif got.fault is None and got.status < 500:
            told = Told("negotiated", "an Accept that nothing meets gets another answer", pointer, str(otherwise),
                        f"{got.status} {got.media_type}", "otherwise")  # fmt: skip
            run.tell(target, told, exchange)


async def _accepts(run: Run, target: Target, draft: Draft, case: tuple[str | None, str, str]) -> None:
    accept, wanted, pointer = case
    exchange = await run.send(draft.header("Accept", accept) if accept is not None else draft)
    got = exchange.answer
    if not got.succeeded:
        return
    if got.media_type == media.essence(wanted):
        run.tell(target, Told("negotiated"))
        return
    declared = pointer.endswith("negotiation")
    told = Told("negotiated", "Accept is not kept", pointer, f"{wanted} for {accept or 'no Accept'}", got.media_type, wanted,
                Severity.MUST if declared else Severity.SHOULD)  # fmt: skip
    run.tell(target, told, exchange)
