"""How an API behaves, as its contract declares it (`x-behavior`): what an implementation reads its own rules from.

Times are `timedelta`s, pointers are JSON Pointers (RFC 6901) in which `*` stands for each item, and values elsewhere are named by
runtime expressions (OpenAPI 3.1, section 4.8.20.3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

Rounding = Literal["half-up", "half-even", "down"]
Owner = Literal["credential", "bearer", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request gets: an error status, with the `code` that the error body has at `at`; a success where `status` is None.

    `headers` are those that the answer has for certain, though the response declares them as optional.
    """

    status: int | None = None
    code: str | int | None = None
    at: str | None = None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """A request that is repeated with the same key is the same request.

    `keeps` says which answers are kept: successes, all of requests that were carried out, or everything. `replayed` is the
    response header that is `true` on a replay.
    """

    header: str
    scope: tuple[str, ...]
    compare: Literal["json", "bytes"] = "json"
    replayed: str | None = None
    mismatch: Answer
    running: Answer
    keeps: Literal["success", "carried-out", "everything"]
    retention: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A move of a lifecycle: from one of some states (any, where `sources` is None) to another.

    In other states `otherwise` is answered, or what `refused` says of the state. Where `to` is one of `sources`, the object
    stays.
    """

    to: str
    sources: tuple[str, ...] | None = None
    otherwise: Answer | None = None
    refused: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """The states of an object, shown by the property `field`. A state without moves is terminal."""

    field: str
    initial: str
    moves: Mapping[str, tuple[str, ...]]

    @property
    def states(self) -> tuple[str, ...]:
        """All states, the initial one first."""
        targets = (target for state in self.moves.values() for target in state)
        return tuple(dict.fromkeys((self.initial, *self.moves, *targets)))

    def is_terminal(self, state: str) -> bool:
        return not self.moves.get(state)

    def allows(self, before: str, after: str) -> bool:
        """Whether an object may go from one state to another in one move."""
        return after in self.moves.get(before, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """When an object ends by itself: a time after it was made, shown at `at`. `after_value` names a number of seconds.

    Then it moves to `state`, and is kept for `kept` more; for ever with `kept_forever`.
    """

    after: timedelta | None = None
    after_value: str | None = None
    at: str | None = None
    state: str | None = None
    kept: timedelta | None = None
    kept_forever: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A condition across the fields of an object: a CEL expression over `self` that is true (cel.dev, with `sum(list)` added)."""

    rule: str
    message: str
    at: str | None = None
    status: int | None = None
    code: str | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """An amount in a sum, multiplied by the quantity at `times`."""

    amount: str
    times: str | None = None
    sign: Literal["+", "-"] = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """An amount that is the sum of others, where the CEL condition `when` is true."""

    total: str
    terms: tuple[Term, ...]
    when: str | None = None
    rounding: Rounding | None = None
    status: int | None = None
    code: str | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Whoever holds the value may act: `bits` of entropy at least, never cached, never logged."""

    bits: int | None = None
    lifetime: timedelta | None = None
    single_use: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Encodes:
    """What a code or a token carries: a text (a runtime expression, or a template of them), or claims.

    The text matches `pattern`, and holds the values that the runtime expressions in `contains` name.
    """

    carrier: Literal["qr", "jwt"]
    text: str | None = None
    pattern: str | None = None
    contains: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Percent:
    """A percentage of the amount at `of`."""

    of: str
    rounding: Rounding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """A value that an object has at `at`, or that names such an object; any other value gets `otherwise`."""

    object: str
    otherwise: Answer
    at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyBehavior:
    """What is declared of one property.

    Money is in the currency at `currency`, or that of the object `currency_of`. The value equals `same_as`, perhaps only at first
    (`initially`).
    """

    currency: str | None = None
    currency_of: str | None = None
    percent: Percent | None = None
    same_as: str | None = None
    initially: bool = False
    among: Among | None = None
    secret: Secret | None = None
    encodes: Encodes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectBehavior:
    """What is declared of an object as one schema shows it; `properties` goes by the property's name on the wire.

    `holds` is true of a JSON value that keeps all rules and totals; where it is not, or raises, they have to be asked one by one.
    """

    object: str | None = None
    id: str | None = None
    owner: Owner | None = None
    lifecycle: Lifecycle | None = None
    expires: Expiry | None = None
    totals: tuple[Total, ...] = ()
    rules: tuple[Rule, ...] = ()
    properties: Mapping[str, PropertyBehavior] = field(default_factory=dict)
    holds: Callable[[Any], Any] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideObject:
    """An object that operations name and no schema shows, because it is made outside the API."""

    description: str
    owner: Owner | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """How many requests are allowed, and the response headers that tell; `reset_unit` says what the number at `reset` counts."""

    scope: Literal["credential", "object", "address"]
    limit: str | None = None
    remaining: str | None = None
    reset: str | None = None
    reset_unit: Literal["epoch-seconds", "seconds"] | None = None
    exceeded: Answer = Answer(status=429)
    requests: int | None = None
    per: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which objects an answer lists: at which pointer, in which order, and of whom."""

    object: str
    at: str | None = None
    order: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Which object a webhook tells of, and when."""

    object: str
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """When a delivery was signed: in a header of its own, or in the part of the signature's header that begins with `prefix`."""

    header: str | None = None
    prefix: str | None = None
    unit: Literal["epoch-seconds", "epoch-milliseconds"] = "epoch-seconds"
    tolerance: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """How the text of a secret becomes the key of an HMAC, without its `prefix`."""

    form: Literal["text", "hex", "base64"] = "text"
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How a webhook's delivery is signed: an HMAC over the template `over`, written in a header.

    The header's parts are told apart by `separator` (None: it is one), and signatures are those that begin with `prefix`. `given`
    are the names in `over` that the receiver knows by itself, with what they mean.
    """

    header: str
    scheme: Literal["hmac-sha1", "hmac-sha256", "hmac-sha512"]
    encoding: Literal["hex", "base64"]
    over: str
    separator: str | None = None
    prefix: str = ""
    timestamp: Timestamp | None = None
    key: Key = Key()
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> frozenset[str]:
        """The headers that it stands in, in lower case: the signature's own, and the timestamp's."""
        stamped = self.timestamp.header if self.timestamp is not None else None
        return frozenset(name.lower() for name in (self.header, stamped) if name is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a webhook or a callback is delivered, and tried again until it is.

    Attributes:
        timeout: how long the receiver has to answer.
        retries: the wait before each further try, counted from the end of the try before it; empty where there is one try alone.
        delivered: the answers that count as delivered, each a status (`204`) or a class of them (`2XX`).
        ends: the answers after which it is given up at once, in the same form.
        event_id: the runtime expression of the value that repetitions of a delivery share, if there is one.
    """

    timeout: timedelta
    retries: tuple[timedelta, ...]
    delivered: tuple[str, ...] = ("2XX",)
    ends: tuple[str, ...] = ()
    event_id: str | None = None

    def outcome(self, status: int | None) -> Literal["delivered", "again", "ended"]:
        """What a try comes to; a status goes before its class, as in OpenAPI's responses.

        Args:
            status: what was answered; None where nothing was in time, or there was no connection.

        Returns:
            Whether it is delivered, is to be tried `again` as long as there are further tries, or is given up.
        """
        if status is not None:
            for form in (str(status), f"{status // 100}XX"):
                if form in self.delivered:
                    return "delivered"
                if form in self.ends:
                    return "ended"
        return "again"

    def wait(self, tries: int) -> timedelta | None:
        """How long to wait before the next try, from the end of the last one; None where that was the last of all.

        Args:
            tries: how many there were so far.

        Raises:
            ValueError: there was none yet; the first try waits for nothing.
        """
        if tries < 1:
            raise ValueError(f"a wait follows a try, and there were {tries}")
        return self.retries[tries - 1] if tries <= len(self.retries) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiation:
    """The media type where `Accept` leaves it open, and the media type or status where it allows none."""

    preferred: str
    otherwise: str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationBehavior:
    """What is declared of an operation: which object it makes, reads, changes or ends, and what it answers when it cannot.

    `encodes` goes by media type, `parameters` and `headers` (of answers) by name.
    """

    surface: str | None = None
    creates: str | None = None
    reads: str | None = None
    lists: Listing | None = None
    updates: str | None = None
    deletes: str | None = None
    tells: Telling | None = None
    signature: Signature | None = None
    delivery: Delivery | None = None
    identifies: str | None = None
    owner: Owner | None = None
    merge: Literal["shallow", "deep"] | None = None
    moves: Transition | None = None
    idempotency: Idempotency | Literal["none", "inherent"] | None = None
    negotiation: Negotiation | None = None
    expired: Answer | None = None
    gone: Answer | None = None
    foreign: Answer | None = None
    unknown: Answer | None = None
    rate_limit: RateLimit | None = None
    encodes: Mapping[str, Encodes] = field(default_factory=dict)
    parameters: Mapping[str, PropertyBehavior] = field(default_factory=dict)
    headers: Mapping[str, PropertyBehavior] = field(default_factory=dict)
