"""How a finding is shown again: its requests in order, what each takes from answers before it, and variables for secrets."""

from __future__ import annotations

import base64
import binascii
import json
import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from tillspec.pointer import Pointer, split
from tillspec.verify.exchange import Answer, Call, Exchange
from tillspec.verify.findings import Finding
from tillspec.verify.origins import Origins, named, path_of
from tillspec.verify.reports.claims import claim
from tillspec.verify.reports.secrets import TOKEN, Origin, Part, Secrets, Spelling, Variable, pieces, spelled

LARGE = 4096
"""Bytes of a body from which on it is shown packed."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SECRET_NAME = re.compile(r"token|secret|password|credential|signature|(^|[-_])key$", re.IGNORECASE)
_MOST_BEFORE = 6
_AT_ONCE = {"key-raced"}
_TAKEN = {"answer", "before", "http", "mail", "path", "prompt", "status", "url"}
"""Names that mean something to a shell, or to the test."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Pieces that stand there in Base64, as credentials of HTTP's Basic scheme do; `is_user` where they are user and password."""

    parts: tuple[Part, ...]
    is_user: bool


Pieces = tuple[Part | Encoded, ...]


@dataclass(frozen=True, slots=True)
class Capture:
    """A value that a step's answer gives to later ones. `value` is what it was; a secret one is not shown."""

    name: str
    pointer: Pointer
    value: str = field(repr=False)

    @property
    def is_secret(self) -> bool:
        return bool(_SECRET_NAME.search(split(self.pointer)[-1]) or TOKEN.search(self.value))


@dataclass(frozen=True, slots=True)
class Step:
    """A request, in pieces; `body` is bytes where it is no plain text. `raw` replaces all, as head and body."""

    call: Call
    answer: Answer
    target: Pieces
    headers: tuple[tuple[str, Pieces], ...]
    body: Pieces | bytes | None
    raw: tuple[Pieces, bytes] | None = None
    captures: tuple[Capture, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that it takes to show a finding again.

    Attributes:
        url: the base URL of the server.
        finding: what is shown, its texts masked.
        steps: the requests, in their order.
        notes: what a person must know of a variable, by its name.
        claim: what a server that keeps the contract keeps, as an expression of Python over `answer` and `before`; empty for none.
        at_once: how many of the last steps are sent at once; 1 for none.
    """

    url: str
    finding: Finding
    steps: tuple[Step, ...]
    notes: dict[str, str]
    claim: str = ""
    at_once: int = 1

    def variables(self, origin: Origin) -> list[str]:
        """The variables of an origin, in the order in which they are used."""
        return list(dict.fromkeys(variable.name for step in self.steps for variable in _used(step) if variable.origin is origin))


def recipe(finding: Finding, url: str, secrets: Secrets, origins: Origins) -> Recipe:
    """How to show a finding again.

    Args:
        finding: what is to be shown.
        url: the base URL of the server.
        secrets: the texts that are not to be shown.
        origins: the exchanges that gave ids.
    """
    exchanges = _whole(finding.steps, origins, secrets)
    maker = _Maker(secrets, origins)
    steps = tuple(maker.step(exchange, exchanges[index + 1 :]) for index, exchange in enumerate(exchanges))
    found = claim(finding)
    return Recipe(
        url, masked(finding, secrets), steps, maker.notes, secrets.masked(found.text) if found else "", _at_once(finding)
    )


def masked(finding: Finding, secrets: Secrets) -> Finding:
    """A finding without secrets in its texts."""
    what, expected, observed = map(secrets.masked, (finding.what, finding.expected, finding.observed))
    return replace(finding, what=what, expected=expected, observed=observed)


def _at_once(finding: Finding) -> int:
    """How many of the last requests are one race: those that are alike."""
    if finding.check not in _AT_ONCE or not finding.steps:
        return 1
    last = finding.steps[-1].call
    alike = 0
    for step in reversed(finding.steps):
        if (step.call.method, step.call.target) != (last.method, last.target):
            break
        alike += 1
    return max(alike, 1)


def _whole(steps: tuple[Exchange, ...], origins: Origins, secrets: Secrets) -> list[Exchange]:
    """The steps, and in front of each whatever gave the ids in it, where no step did."""
    found: list[Exchange] = []
    known = {id(step) for step in steps}

    def put(exchange: Exchange, depth: int) -> None:
        for needed in origins.before(exchange.call) if depth < _MOST_BEFORE else ():
            gives_credential = any(value in secrets.names for _, value in origins.given(needed))
            if id(needed) not in known and not gives_credential:
                known.add(id(needed))
                put(needed, depth + 1)
        found.append(exchange)

    for step in steps:
        put(step, 0)
    return found


@dataclass(slots=True)
class _Maker:
    """Puts variables for what is secret, what an answer gave, and what must be new each time."""

    secrets: Secrets
    origins: Origins
    notes: dict[str, str] = field(default_factory=dict)
    _captured: dict[str, Variable] = field(default_factory=dict)
    _in_paths: dict[tuple[str, str], Variable] = field(default_factory=dict)
    _fresh: dict[str, Variable] = field(default_factory=dict)
    _tokens: dict[str, Variable] = field(default_factory=dict)

    def step(self, exchange: Exchange, later: list[Exchange]) -> Step:
        call = exchange.call
        if call.raw is not None:
            head, separator, body = call.raw.partition(b"\r\n\r\n")
            raw = self._pieces((head + separator).decode("latin-1")), body
            return Step(call, exchange.answer, (), (), None, raw)
        headers = tuple((name, self._header(name, value)) for name, value in call.headers)
        made = Step(call, exchange.answer, self._target(call.target), headers, self._body(call.body))
        return replace(made, captures=tuple(self._captures(exchange, later)))

    def _captures(self, exchange: Exchange, later: list[Exchange]) -> Iterator[Capture]:
        """What an answer gives to later requests: what it made up, wherever that stands, and ids in paths below its own."""
        sent = [_wire(one.call) for one in later]
        for pointer, value in self.origins.given(exchange):
            new = value not in self._captured and value not in self.secrets.names
            if new and any(value in text or spelled(value, Spelling.URL) in text for text in sent):
                made = self._captured[value] = Variable(self._name(pointer), Origin.ANSWER)
                yield Capture(made.name, pointer, value)
        path = path_of(exchange.call)
        for pointer, value in named(exchange):
            used = any(_in_path(path, value).search(one.call.target) for one in later)
            if used and value not in self._captured and (path, value) not in self._in_paths:
                made = self._in_paths[path, value] = Variable(self._name(pointer), Origin.ANSWER)
                yield Capture(made.name, pointer, value)

    def _target(self, target: str) -> Pieces:
        """A path with the ids in it that earlier answers gave."""
        for (path, value), variable in self._in_paths.items():
            found = _in_path(path, value).search(target)
            if found is not None:
                rest = self._pieces(target[found.end() :])
                spelling = Spelling.PLAIN if spelled(value, Spelling.URL) == value else Spelling.URL
                return (*self._pieces(target[: found.start()]), replace(variable, spelling=spelling), *rest)
        return self._pieces(target)

    def _name(self, pointer: Pointer) -> str:
        """A name for a captured value, one of its own."""
        said = split(pointer)[-1] if pointer else "value"
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", said)
        base = re.sub(r"\W+", "_", words, flags=re.ASCII).strip("_").lower() or "value"
        base = f"value_{base}" if base[0].isdigit() or base in _TAKEN or keyword.iskeyword(base) else base
        taken = {variable.name for variable in (*self._captured.values(), *self._in_paths.values())}
        return next(name for name in (base, *(f"{base}_{number}" for number in range(2, 10_000))) if name not in taken)

    def _header(self, name: str, value: str) -> Pieces:
        if "idempotency-key" in name.lower() and _UUID.fullmatch(value):
            number = len(self._fresh) + 1
            return (self._fresh.setdefault(value, Variable("KEY" if number == 1 else f"KEY_{number}", Origin.FRESH)),)
        scheme, _, text = value.partition(" ")
        plain = _decoded(text) if scheme.lower() == "basic" else ""
        inner = self.secrets.split(plain)
        if any(isinstance(part, Variable) for part in inner):
            return (f"{scheme} ", Encoded(inner, ":" in plain))
        return self._pieces(value)

    def _body(self, body: bytes | None) -> Pieces | bytes | None:
        if body is None:
            return None
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return self._without(body)
        plain = len(body) <= LARGE and all(char.isprintable() or char == "\n" for char in text)
        return self._pieces(text) if plain else self._without(body)

    def _without(self, body: bytes) -> bytes:
        """Bytes that are shown as such, without secrets."""
        for text in self.secrets.names:
            body = body.replace(text.encode(), b"***") if len(text) >= 8 else body
        return body

    def _pieces(self, text: str) -> Pieces:
        parts = self.secrets.split(text)
        for value, variable in self._captured.items():
            for spelling in (Spelling.PLAIN, Spelling.URL):
                parts = pieces(parts, spelled(value, spelling), replace(variable, spelling=spelling))
        for token in [found for part in parts if isinstance(part, str) for found in TOKEN.findall(part)]:
            parts = pieces(parts, token, self._token(token))
        return parts

    def _token(self, token: str) -> Variable:
        """A variable for a token that is made anew in each run."""
        number = len(self._tokens) + 1
        made = self._tokens.setdefault(token, Variable("TOKEN" if number == 1 else f"TOKEN_{number}"))
        header, claims = ((_json(part) or "…") for part in token.split(".")[:2])
        self.notes[made.name] = f"a token with the header {header} and the claims {claims}"
        return made


def _in_path(path: str, value: str) -> re.Pattern[str]:
    """Where an id stands in a target, right below a path."""
    return re.compile(f"(?<={re.escape(path)}/){re.escape(spelled(value, Spelling.URL))}(?=[/?]|$)")


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (ValueError, binascii.Error):
        return ""


def _json(part: str) -> str:
    try:
        return json.dumps(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))), ensure_ascii=True)
    except (ValueError, RecursionError):
        return ""


def _wire(call: Call) -> str:
    """All of a call in which a value may stand."""
    body = call.body.decode("utf-8", "replace") if call.body is not None and len(call.body) <= LARGE else ""
    raw = call.raw.decode("latin-1") if call.raw is not None else ""
    return "\n".join((call.target, *(value for _, value in call.headers), body, raw))


def _used(step: Step) -> Iterator[Variable]:
    """The variables of a step."""
    every: Iterable[Pieces] = (step.target, *(value for _, value in step.headers))
    every = (*every, *([step.body] if isinstance(step.body, tuple) else []), *([step.raw[0]] if step.raw else []))
    for each in every:
        for part in each:
            if isinstance(part, Encoded):
                yield from (one for one in part.parts if isinstance(one, Variable))
            elif isinstance(part, Variable):
                yield part
