"""Conditional requests and content negotiation (RFC 9110, sections 12.5.1 and 13), where the contract speaks of them."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

from tillspec.api.model import Response
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.probes.bodies import mutants
from tillspec.verify.probes.negotiation import negotiation
from tillspec.verify.run import Run, Told, passed
from tillspec.verify.world import Made, Unavailable, World

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_OTHER = '"tillspec-other"'
_MOST_CHANGES = 4
_KEPT = ("cache-control", "content-location", "expires", "vary")
"""What a 304 has if the 200 has it (RFC 9110, section 15.4.5), beside the entity tag."""


async def conditional(run: Run, world: World, target: Target) -> None:
    """Ask under conditions, and for other media types."""
    success = next((target.response(status) for status in target.successes), None)
    asks = target.method == "GET" and success is not None
    if not asks and not target.declares(412):
        return
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.METHODS, standing.reason, standing.fill)
        return
    if asks and success is not None:
        await negotiation(run, target, standing.draft)
        if target.declares(304) or _declares_tag(success):
            await _Probe(run, target, standing.draft).not_modified()
            await _changed(run, world, target)
    elif not target.is_safe:
        await _precondition(run, world, target)


def _declares_tag(response: Response) -> bool:
    return any(header.name.lower() == "etag" for header in response.headers)


class _Probe:
    """Conditional requests of one operation."""

    def __init__(self, run: Run, target: Target, draft: Draft) -> None:
        self.run, self.target, self.draft = run, target, draft
        declared = target.operation.responses
        self.pointer = next((target.response_pointer(one) for one in declared if one.status == "304"), target.pointer)
        self.severity = Severity.MUST if target.declares(304) else Severity.SHOULD

    async def not_modified(self) -> None:
        """Entity tags in every form in which a client may send them."""
        first = await self.run.send(self.draft)
        tag = first.answer.header("etag")
        if not first.answer.succeeded or tag is None:
            self.run.skip(
                self.target, Kind.METHODS, "no answer has an entity tag, so that nothing can be asked under a condition"
            )
            return
        if not _TAG.fullmatch(tag):
            told = Told(
                "not-modified", "gives an ETag that is none", self.pointer, "a text in quotes, perhaps after W/", tag, "syntax"
            )
            self.run.tell(self.target, told, first)
            return
        second = await self.run.send(self.draft)
        if second.answer.header("etag") != tag:
            self._unstable(first, second)
            return
        opaque = tag.removeprefix("W/")
        for kind, condition in (
            ("its own entity tag", tag), ("its entity tag as a weak one", f"W/{opaque}"),
            ("its entity tag in a list", f'{_OTHER}, {tag}, W/"tillspec"'), ("any entity tag", "*"),
        ):  # fmt: skip
            await self._asked(kind, condition, first, modified=False)
        for kind, condition in (
            ("another entity tag", _OTHER), ("a list of other entity tags", f'{_OTHER}, W/"tillspec"'),
        ):  # fmt: skip
            await self._asked(kind, condition, first, modified=True)

    def _unstable(self, first: Exchange, second: Exchange) -> None:
        """A tag that changes: of the same bytes it should not."""
        if first.answer.body == second.answer.body:
            told = Told(
                "not-modified", "gives the same bytes another entity tag each time", self.pointer,
                str(first.answer.header("etag")), str(second.answer.header("etag")), "unstable", Severity.SHOULD,
            )  # fmt: skip
            self.run.tell(self.target, told, first, second)
        else:
            self.run.skip(self.target, Kind.METHODS, "every answer is another one, so that none is asked for under a condition")

    async def _asked(self, kind: str, condition: str, first: Exchange, *, modified: bool) -> None:
        exchange = await self.run.send(self.draft.header("If-None-Match", condition))
        answer, wanted = exchange.answer, first.answer.status if modified else 304
        if answer.fault is not None or answer.status in (401, 403, 429) or answer.status >= 500:
            return
        if answer.status != wanted:
            self.run.tell(
                self.target,
                Told(
                    "not-modified", f"answers If-None-Match with {kind} with {answer.status}", self.pointer, str(wanted),
                    f"{answer.status} for If-None-Match: {condition}", kind, self.severity,
                ),
                first, exchange,
            )  # fmt: skip
        else:
            self.run.tell(self.target, passed("not-modified"))
            if not modified:
                self._kept(first, exchange)

    def _kept(self, first: Exchange, exchange: Exchange) -> None:
        """What a 304 repeats of the answer that it stands for."""
        answer = exchange.answer
        for name in ("etag", *_KEPT):
            wanted, given = first.answer.header(name), answer.header(name)
            if wanted is None or given == wanted or (name == "expires" and given is not None):
                continue
            severity = self.severity if name == "etag" and given is not None else Severity.SHOULD
            told = Told(
                "not-modified", f"gives a 304 another {name} than the answer it stands for"
                if given is not None else f"gives a 304 no {name}",
                self.pointer, wanted, given or "it is not there", f"304 {name}", severity,
            )  # fmt: skip
            self.run.tell(self.target, told, first, exchange)


async def _changed(run: Run, world: World, target: Target) -> None:
    """After a change the old entity tag names nothing any more."""
    writer = _writer(run, target)
    if writer is None or writer.json_body is None:
        return
    made, change = await world.fresh(target, run.profile.first), await world.standing(writer, run.profile.first)
    if not isinstance(made, Made) or not isinstance(change, Made):
        return
    before = await run.send(made.draft)
    tag = before.answer.header("etag")
    if tag is None or not before.answer.succeeded:
        return
    draft = change.draft
    for (location, name), value in made.draft.parameters.items():
        if location == "path":
            draft = draft.parameter(location, name, value)
    edits = (mutant.body for mutant in mutants(run, writer, writer.json_body, draft.body) if mutant.valid)
    for body in islice(edits, _MOST_CHANGES):
        written = await run.send(draft.with_body(body))
        after = await run.send(made.draft)
        if written.answer.succeeded and after.answer.succeeded and after.answer.body != before.answer.body:
            await _asked_after(run, made.draft, before, written)
            return


async def _asked_after(run: Run, draft: Draft, before: Exchange, written: Exchange) -> None:
    target, tag = draft.target, before.answer.header("etag") or ""
    exchange = await run.send(draft.header("If-None-Match", tag))
    if exchange.answer.status == 304:
        told = Told("not-modified", "answers 304 after a change", target.pointer, "the new state", "304", "changed")
        run.tell(target, told, before, written, exchange)
    elif exchange.answer.succeeded:
        run.tell(target, passed("not-modified"))


def _writer(run: Run, target: Target) -> Target | None:
    """What changes the object that an operation reads."""
    for method in ("PATCH", "PUT"):
        for one in run.contract.targets.values():
            if one.method == method and one.path == target.path and not run.options.safe:
                return one
    return None


async def _precondition(run: Run, world: World, target: Target) -> None:
    """A write under a condition that does not hold (RFC 9110, section 13.1.1)."""
    made = await world.fresh(target, run.profile.first)
    if isinstance(made, Unavailable):
        return
    exchange = await run.send(replace(made.draft, further=()).header("If-Match", _OTHER))
    answer = exchange.answer
    if answer.succeeded:
        told = Told(
            "not-modified",
            "carries out a request whose If-Match does not hold",
            target.pointer,
            "412",
            str(answer.status),
            "if-match",
        )
        run.tell(target, told, *made.steps, exchange)
    elif answer.status == 412:
        run.tell(target, passed("not-modified"))
