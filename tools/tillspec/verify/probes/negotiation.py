"""Content negotiation: the media type that `Accept` prefers (RFC 9110, section 12.5.1; x-behavior: negotiation)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from tillspec.api.model import Response
from tillspec.pointer import join
from tillspec.runtime.media import essence
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.message import Message
from tillspec.verify.run import Run, Told, passed

_NONE = "application/x-tillspec"
_MALFORMED = (";;q=x,/,*", "*/*;q=2", "image/", ",", "\udcff", "a/b;q=" + "1" * 4000)
_MOST = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """An `Accept`, and what is to be given for it: media types, or statuses; and what gets neither is told as `kind`."""

    kind: str
    accept: str | None
    types: tuple[str, ...]
    statuses: tuple[int, ...] = ()


async def negotiation(run: Run, target: Target, draft: Draft) -> None:
    """Ask for each declared media type, for several by weight, and for none of them."""
    plain = await run.send(draft)
    success = target.response(plain.answer.status)
    if not plain.answer.succeeded or success is None:
        return
    offers = tuple(essence(content.media_type) for content in success.contents if "*" not in content.media_type)
    if not offers or len(offers) != len(success.contents):
        return
    tags: dict[str, Exchange] = {}
    for asked in _asked(target, offers):
        exchange = await run.send(draft if asked.accept is None else draft.header("Accept", asked.accept))
        _judge(run, target, success, asked, exchange)
        tag = exchange.answer.header("etag") or ""
        if exchange.answer.succeeded and tag.startswith('"'):
            _unique(run, target, success, tags.setdefault(tag, exchange), exchange)
    for accept in _MALFORMED:
        message = Message.of(run.call(draft), run.wire.origin).having("Accept", accept)
        await run.exchange(target, message.sent())


def _asked(target: Target, offers: tuple[str, ...]) -> Iterator[Asked]:
    declared = target.operation.behavior.negotiation if target.operation.behavior else None
    for offer in offers:
        yield Asked("one declared media type", offer, (offer,))
    yield Asked("a media type in other case", offers[0].upper(), (offers[0],))
    preferred = (essence(declared.preferred),) if declared else offers
    yield Asked("no Accept", None, preferred)
    yield Asked("any media type", "*/*", preferred)
    if declared is not None and isinstance(declared.otherwise, int):
        yield Asked("no declared media type", _NONE, (), (declared.otherwise,))
    else:
        otherwise = (essence(declared.otherwise),) if declared is not None and isinstance(declared.otherwise, str) else offers
        yield Asked("no declared media type", _NONE, otherwise, () if declared else (406,))
    for one, other in permutations(offers[:_MOST], 2):
        yield Asked("two media types by weight", f"{one};q=0.2, {other};q=0.9", (other,))
        yield Asked("a media type that is not wanted", f"{one};q=0, {other};q=0.1", (other,))
        yield Asked("a media type before all others", f"*/*;q=0.1, {one}", (one,))


def _judge(run: Run, target: Target, success: Response, asked: Asked, exchange: Exchange) -> None:
    answer = exchange.answer
    if answer.fault is not None or answer.status in (401, 403, 429) or answer.status >= 500:
        return
    given = answer.media_type if answer.succeeded else str(answer.status)
    if (answer.succeeded and answer.media_type in asked.types) or answer.status in asked.statuses:
        run.tell(target, passed("negotiated"))
        return
    declared = target.operation.behavior is not None and target.operation.behavior.negotiation is not None
    wanted = " or ".join([*asked.types, *map(str, asked.statuses)])
    run.tell(
        target,
        Told(
            "negotiated", f"gives another answer than the one that is asked for, to {asked.kind}",
            join(target.response_pointer(success), "content"), f"{wanted} for Accept: {asked.accept or 'none'}", given,
            asked.kind, Severity.MUST if declared else Severity.SHOULD,
        ),
        exchange,
    )  # fmt: skip


def _unique(run: Run, target: Target, success: Response, first: Exchange, second: Exchange) -> None:
    """Two representations never have one strong entity tag (RFC 9110, section 8.8.1)."""
    if first.answer.media_type == second.answer.media_type:
        return
    run.tell(
        target,
        Told(
            "not-modified", "gives two representations one entity tag", join(target.response_pointer(success), "headers"),
            f"another one for {second.answer.media_type} than for {first.answer.media_type}",
            str(second.answer.header("etag")), "shared",
        ),
        first, second,
    )  # fmt: skip
