"""Methods and paths that are not declared, and HEAD, OPTIONS and TRACE, which HTTP itself speaks of (RFC 9110, section 9)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from tillspec.runtime.paths import Template
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Answer, Call, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.probes.head import head
from tillspec.verify.probes.paths import spelled, undeclared
from tillspec.verify.run import Run, Told, passed, shown
from tillspec.verify.world import Unavailable, World

_COMMON = ("GET", "POST", "PUT", "PATCH", "DELETE")
_UNKNOWN = "TILLSPEC"
_NO_METHOD = (404, 405, 501)
_OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
_BY_OVERRIDE = ("PUT", "PATCH", "GET", "DELETE")
"""The methods that a POST may be made by a header; DELETE last, since it leaves nothing."""
_ALWAYS = frozenset({"HEAD", "OPTIONS", "TRACE"})
"""Methods that a server may have for any path by itself."""


async def methods(run: Run, world: World, target: Target) -> None:
    """Ask a path for what it does not have. What may change something is asked about an object of its own."""
    is_first = next(one for one in run.targets if one.path == target.path) is target
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.METHODS, standing.reason, standing.fill)
        return
    if is_first:
        made = await world.fresh(target, run.profile.first) if not target.is_safe or target.creates else standing
        draft = standing.draft if isinstance(made, Unavailable) else made.draft
        probe = _Probe.of(run, target, draft)
        await probe.undeclared_methods()
        await probe.options()
        await probe.trace()
        await undeclared(run, target, standing.draft)
    if target.method == "GET":
        await head(run, target, standing.draft)
        await spelled(run, target, standing.draft)


@dataclass(frozen=True, slots=True)
class _Probe:
    """The methods of one path: `own` are those that its template declares, `known` those of all templates that match it."""

    run: Run
    target: Target
    call: Call
    own: frozenset[str]
    known: frozenset[str]

    @classmethod
    def of(cls, run: Run, target: Target, draft: Draft) -> _Probe:
        call = run.call(draft)
        path = call.target.partition("?")[0]
        every = [one for one in run.contract.targets.values() if Template(one.path).values(path) is not None]
        own = frozenset(one.method for one in run.contract.targets.values() if one.path == target.path)
        return cls(run, target, call, own, own | {one.method for one in every})

    async def undeclared_methods(self) -> None:
        """Methods that the path does not declare, and one that nobody has."""
        for method in (*_COMMON, _UNKNOWN):
            if method in self.known or (self.run.options.safe and method != "GET"):
                continue
            exchange = await self.run.exchange(self.target, self._asking(method))
            self._refused(method, exchange)
            if method == "POST" and exchange.answer.status in _NO_METHOD:
                await self._overridden(exchange)

    async def _overridden(self, refused: Exchange) -> None:
        """A POST that is refused, with headers that name a method: who follows them serves what a proxy takes for refused."""
        method = next((one for one in _BY_OVERRIDE if one in self.own), None)
        if method is None:
            return
        call = self._asking("POST")
        call = replace(call, headers=(*call.headers, *((name, method) for name in _OVERRIDES)))
        exchange = await self.run.exchange(self.target, call)
        answer = exchange.answer
        if answer.status in _NO_METHOD:
            self._tell(passed("method-refused"))
        elif not _is_unclear(answer):
            what = "takes a POST, which is not declared, for the method that a header names"
            item, seen = self.target.pointer.rpartition("/")[0], f"{answer.status} {_shown(answer)}"
            told = Told("method-refused", what, item, f"{refused.answer.status}, as without {_OVERRIDES[0]}", seen, "override")
            self._tell(told, refused, exchange)

    def _asking(self, method: str) -> Call:
        """The call with another method; with an empty object where the method is one that has a body."""
        kept = tuple(pair for pair in self.call.headers if pair[0].lower() != "content-type")
        if method in ("POST", "PUT", "PATCH"):
            return replace(self.call, method=method, headers=(*kept, ("Content-Type", "application/json")), body=b"{}")
        return replace(self.call, method=method, headers=kept, body=None)

    def _refused(self, method: str, exchange: Exchange) -> None:
        answer = exchange.answer
        if _is_unclear(answer):
            return
        if answer.status == 405:
            self._allow(method, exchange)
        if answer.status in _NO_METHOD or (method == _UNKNOWN and 400 <= answer.status < 500):
            self._tell(passed("method-refused"))
            return
        self._tell(
            Told(
                "method-refused", f"serves {method}, which is not declared"
                if answer.succeeded else f"answers {method}, which is not declared, with neither 405, 404 nor 501",
                self.target.pointer.rpartition("/")[0], "405, 404 or 501", f"{answer.status} {_shown(answer)}", method,
                Severity.MUST if answer.succeeded else Severity.SHOULD,
            ),
            exchange,
        )  # fmt: skip

    def _allow(self, method: str, exchange: Exchange) -> None:
        """What a 405 says of the methods that there are."""
        text = ", ".join(exchange.answer.all("allow"))
        item = self.target.pointer.rpartition("/")[0]
        if exchange.answer.header("allow") is None:
            expected = f"Allow: {', '.join(sorted(self.own))}"
            told = Told("allow-header", "answers 405 without Allow", item, expected, "there is no Allow", "missing")
            self._tell(told, exchange)
        elif method in _listed(text):
            expected = f"{method} is not among them"
            told = Told("allow-header", "names a method in Allow that it refuses", item, expected, text, "refused")
            self._tell(told, exchange)
        else:
            self._agrees("allow-header", exchange, text)

    def _agrees(self, check: str, exchange: Exchange, text: str) -> None:
        """Whether the methods that are listed are those that the path declares."""
        listed, item = _listed(text), self.target.pointer.rpartition("/")[0]
        missing, other = self.own - listed, listed - self.known - _ALWAYS
        expected = ", ".join(sorted(self.own))
        if missing:
            told = Told(check, "lists not all methods in Allow", item, expected, text, "incomplete", Severity.SHOULD)
            self._tell(told, exchange)
        if other:
            told = Told(check, "lists methods in Allow that are not declared", item, expected, text, "more", Severity.SHOULD)
            self._tell(told, exchange)
        if not missing and not other:
            self._tell(Told(check))

    async def options(self) -> None:
        """OPTIONS, and what it says that there is."""
        if "OPTIONS" in self.known:
            return
        exchange = await self.run.exchange(self.target, self._asking("OPTIONS"))
        answer = exchange.answer
        if _is_unclear(answer):
            return
        if answer.succeeded and answer.header("allow") is not None:
            self._agrees("options-allowed", exchange, ", ".join(answer.all("allow")))
        else:
            self._tell(passed("options-allowed"))
        if answer.status == 405:
            self._allow("OPTIONS", exchange)

    async def trace(self) -> None:
        """TRACE, without a credential, for it may be sent back."""
        if "TRACE" in self.known or self.run.options.safe:
            return
        mark = secrets.token_hex(8)
        call = replace(self._asking("TRACE"), headers=(("X-Tillspec", mark),))
        exchange = await self.run.exchange(self.target, call)
        answer = exchange.answer
        if _is_unclear(answer):
            return
        if not answer.succeeded:
            self._tell(passed("no-trace"))
            return
        self._tell(
            Told(
                "no-trace", "serves TRACE", "/paths", "405, 404 or 501",
                f"{answer.status}{', with the request in it' if mark.encode() in answer.body else ''}", "trace",
            ),
            exchange,
        )  # fmt: skip

    def _tell(self, told: Told, *steps: Exchange) -> None:
        self.run.tell(self.target, told, *steps)


def _listed(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def _is_unclear(answer: Answer) -> bool:
    """Whether an answer says nothing of the method: there was none, a credential is missing, or the server failed at it."""
    return answer.fault is not None or answer.status in (401, 403, 429) or (answer.status >= 500 and answer.status != 501)


def _shown(answer: Answer) -> str:
    return shown(answer.body[:200].decode("utf-8", "replace"))
