"""Messages that no client should send: bodies that are none, media types that are not declared, framing that is wrong."""

from __future__ import annotations

import asyncio
from asyncio import TaskGroup
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from tillspec.pointer import join
from tillspec.runtime import media
from tillspec.runtime.encoding import is_json
from tillspec.verify.checks import Kind
from tillspec.verify.contract import BodyForm, Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Answer, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.message import Message
from tillspec.verify.probes.wire_documents import Document, documents, large
from tillspec.verify.probes.wire_messages import Attempt, broken_bodies, of_any, unusual, unusual_bodies, with_content
from tillspec.verify.run import Run, Told, passed, shown
from tillspec.verify.world import Made, Unavailable, World

_WRONG = (
    "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=tillspec",
    "application/octet-stream", "application/jsontillspec", "tillspec",
)  # fmt: skip
_MALFORMED = ("", "/", ";", "application/", "application/json;charset", "application/json; charset=tillspec", "\udcff/\udcfe")
_LARGE = 16 << 20
_EVERYWHERE = "/paths"
"""What is wrong with how messages are read is one thing for all operations."""
_MOST_HANGING = 3


async def wire(run: Run, world: World, target: Target) -> None:
    """Send an operation what is no message of its kind. Afterwards it must answer a normal request as it did before."""
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.WIRE, standing.reason, standing.fill)
        return
    probe = _Probe(run, world, target, standing)
    before = await probe.good()
    if target.bodies:
        await probe.bodies()
        await probe.media_types(accepted=before)
    await probe.messages(accepted=before)
    if before:
        await probe.answers_still()


@dataclass(slots=True)
class _Probe:
    run: Run
    world: World
    target: Target
    standing: Made
    hanging: int = 0
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))

    @property
    def form(self) -> BodyForm:
        """The body that the draft has."""
        draft = self.standing.draft
        return next((one for one in self.target.bodies if one.media_type == draft.media_type), self.target.bodies[0])

    async def fresh(self) -> Draft | None:
        """A draft whose request may be carried out."""
        if self.target.is_safe or self.target.creates is not None:
            return self.standing.draft
        made = await self.world.fresh(self.target, self.run.profile.first)
        return made.draft if isinstance(made, Made) else None

    async def good(self) -> bool:
        """Whether a normal request is accepted."""
        draft = await self.fresh()
        return draft is not None and (await self.run.send(draft)).answer.succeeded

    async def answers_still(self) -> None:
        """A normal request, after all that."""
        draft = await self.fresh()
        if draft is None:
            return
        exchange = await self.run.send(draft)
        answer = exchange.answer
        if answer.succeeded or answer.status in (401, 403, 429):
            self.run.tell(self.target, passed("answers-still"))
            return
        self.run.tell(
            self.target,
            Told(
                "answers-still", "does not accept a normal request any more after malformed ones", self.target.pointer,
                "it is accepted, as it was before", answer.fault or f"{answer.status} {_shown(answer)}",
            ),
            exchange,
        )  # fmt: skip

    # -- bodies ------------------------------------------------------------------------------------------------------------

    async def bodies(self) -> None:
        """Documents that are none."""
        draft, form = self.standing.draft, self.form
        if draft.body is NOTHING or not is_json(form.media_type):
            return
        required = self.target.operation.body is not None and self.target.operation.body.required
        found = list(documents(self.run, form, draft.body, required=required))
        await self._each(self._document(one) for one in found if one.check)
        for document in found if self._stands_for(self.target) is self.target else ():
            if not document.check:  # it may be carried out, and the next must not come between it and its answer
                await self._document(document)
        first = next((one for one in self.run.targets if one.json_body is not None), None)
        if self.target is first:  # what limits a body's size stands before all operations
            await self._document(large(draft.body, _LARGE))

    async def _document(self, document: Document) -> None:
        draft = replace(self.standing.draft, content=document.content, body=document.value)
        if document.odd:
            call = Message.of(self.run.call(draft), self.run.wire.origin).sent()
            exchange = await self.run.exchange(self.target, replace(call, patience=None))
        else:
            exchange = await self.run.send(draft)
        if document.check:
            self._must_refuse(
                exchange, Told(
                    document.check, f"accepts a body {document.kind}", self.form.pointer, "it is refused with a 4xx",
                    aspect=document.kind, severity=document.severity,
                ),
            )  # fmt: skip

    # -- media types -------------------------------------------------------------------------------------------------------

    async def media_types(self, *, accepted: bool) -> None:
        """The same body as what it is not, and as what it is in another spelling."""
        draft, declared = self.standing.draft, {body.media_type: body for body in self.target.bodies}
        content = draft.call().body
        if content is None or draft.media_type is None:
            return
        wrong = (name for name in _WRONG if media.find(declared, name) is None)
        await self._each(self._wrong_type(replace(draft, content=content, media_type=name), name) for name in wrong)
        for name in _MALFORMED if is_json(draft.media_type) else ():
            spelled = Message.of(self.run.call(draft), self.run.wire.origin).having("Content-Type", name)
            await self.run.exchange(self.target, spelled.sent())
        await self.run.send(replace(draft, content=content, media_type=None))
        spellings = [draft.media_type.swapcase()]
        spellings += (
            [f"{draft.media_type}; charset=utf-8", f"{draft.media_type};charset=UTF-8"] if is_json(draft.media_type) else []
        )
        for name in spellings if accepted and "multipart" not in draft.media_type else ():
            fresh = await self.fresh()
            if fresh is not None:
                exchange = await self.run.send(replace(fresh, media_type=name))
                attempt = Attempt(f"of the media type {name}", exchange.call, "accepted", source="RFC 9110, section 8.3.1")
                self._judge(attempt, exchange)

    async def _wrong_type(self, draft: Draft, name: str) -> None:
        exchange = await self.run.send(draft)
        declared = self.target.declares(415)
        self._must_refuse(
            exchange, Told(
                "media-type-refused", "accepts a body of a media type that is not declared",
                join(self.target.pointer, "requestBody"), f"{name} is refused with 415, or another 4xx",
                severity=Severity.MUST if declared else Severity.SHOULD,
            ),
        )  # fmt: skip

    # -- messages ----------------------------------------------------------------------------------------------------------

    async def messages(self, *, accepted: bool) -> None:
        """Messages whose framing is wrong, and such as are only unusual."""
        await self._each(self._attempt(one) for one in self._broken(self._message(self.standing.draft)))
        if not accepted or self._stands_for(self.target) is not self.target:
            return
        async with self._fresh_message() as first:
            kinds = len(list(self._unusual(first))) if first is not None else 0
        for number in range(kinds):
            async with self._fresh_message() as found:
                if found is not None:
                    await self._attempt([*self._unusual(found)][number])

    def _broken(self, message: Message) -> Iterator[Attempt]:
        targets = self.run.targets
        first = next((one for one in targets if one.is_safe), targets[0])
        for attempt in of_any(message) if self.target is first else ():  # what reads the head stands before all operations
            if not (self.run.options.safe and attempt.call.method.islower()):
                yield attempt
        if self.target.bodies and message.body:
            if self._stands_for(self.target) is self.target:
                yield from broken_bodies(message)
        elif not self.target.bodies:
            yield with_content(message)

    def _stands_for(self, target: Target) -> Target:
        """The first operation whose messages the same part of a server reads: what frames a message knows of no operation."""
        alike = (one for one in self.run.targets if _reader(one) == _reader(target))
        return next(alike)

    def _unusual(self, message: Message) -> Iterator[Attempt]:
        yield from unusual(message)
        if message.body:
            yield from unusual_bodies(message)

    @asynccontextmanager
    async def _fresh_message(self) -> AsyncIterator[Message | None]:
        draft = await self.fresh()
        yield None if draft is None else self._message(draft)

    def _message(self, draft: Draft) -> Message:
        return Message.of(self.run.call(draft), self.run.wire.origin)

    async def _attempt(self, attempt: Attempt) -> None:
        if self.hanging >= _MOST_HANGING:
            return
        call = replace(attempt.call, patience=None) if attempt.expected == "accepted" else attempt.call
        exchange = await self.run.exchange(self.target, call)
        if (exchange.answer.fault or "").startswith("gives no complete answer"):
            self.hanging += 1
        self._judge(attempt, exchange)

    def _judge(self, attempt: Attempt, exchange: Exchange) -> None:
        if attempt.expected == "refused":
            self._must_refuse(
                exchange, Told(
                    "framing-refused", f"accepts a message {attempt.kind}", _EVERYWHERE,
                    f"it is refused, or the connection closed ({attempt.source})", aspect=attempt.kind,
                    severity=attempt.severity,
                ),
            )  # fmt: skip
        elif attempt.expected == "accepted":
            self._must_accept(attempt, exchange)

    # -- judging -----------------------------------------------------------------------------------------------------------

    def _must_refuse(self, exchange: Exchange, told: Told) -> None:
        """Tell where a request was accepted; a connection that was closed refused it too."""
        answer = exchange.answer
        if answer.succeeded:
            self.run.tell(self.target, replace(told, observed=str(answer.status)), exchange)
        elif answer.fault is not None or 400 <= answer.status < 500:
            self.run.tell(self.target, Told(told.check))

    def _must_accept(self, attempt: Attempt, exchange: Exchange) -> None:
        answer = exchange.answer
        if answer.succeeded or answer.status in _EXCUSED:
            self.run.tell(self.target, passed("http-accepted"))
        elif answer.status < 500:
            self.run.tell(
                self.target,
                Told(
                    "http-accepted", f"refuses a message {attempt.kind}", _EVERYWHERE,
                    f"it is accepted as any other ({attempt.source})", answer.fault or f"{answer.status} {_shown(answer)}",
                    attempt.kind, attempt.severity,
                ),
                exchange,
            )  # fmt: skip

    async def _each(self, waiting: Iterable[object]) -> None:
        """Carry out several at once."""
        queue = iter(waiting)

        async def work() -> None:
            for one in queue:
                await one  # type: ignore[misc]

        async with TaskGroup() as group:
            for _ in range(4):
                group.create_task(work())


def _reader(target: Target) -> tuple[str | None, str | None, str, bool]:
    operation = target.operation
    return operation.surface, operation.tag, target.method, bool(target.bodies)


_EXCUSED = frozenset({401, 403, 411, 417, 426, 429})
"""What a server may answer to a message that is only unusual: it asks for a length, a newer version, or patience."""


def _shown(answer: Answer) -> str:
    return shown(answer.body[:200].decode("utf-8", "replace"))
