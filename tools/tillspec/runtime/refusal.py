"""What the stub refuses by itself, and how a surface shapes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

from .request import Request
from .violations import Violation

BodyT_co = TypeVar("BodyT_co", covariant=True)

Kind = Literal[
    "invalid_request",
    "unauthorized",
    "method_not_allowed",
    "payload_too_large",
    "unsupported_media_type",
    "server_error",
    "not_implemented",
]

STATUSES: Final[Mapping[Kind, int]] = {
    "invalid_request": 400,
    "unauthorized": 401,
    "method_not_allowed": 405,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "server_error": 500,
    "not_implemented": 501,
}


class OperationNotImplemented(Exception):
    """An operation that its owner leaves out; it answers 501 (RFC 9110, section 15.6.2)."""


def status_of(kind: Kind, violations: Sequence[Violation]) -> int:
    """The status of a refusal: what its violations agree on, where the contract says it of all, or that of its kind."""
    declared = {violation.status for violation in violations}
    return next(iter(declared)) or STATUSES[kind] if len(declared) == 1 else STATUSES[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that the stub answers by itself.

    `message` says why, in words that may be shown to the caller. `challenge` is the `WWW-Authenticate` of a 401, which is sent
    with the answer in any case.
    """

    kind: Kind
    status: int
    message: str
    request: Request
    operation_id: str | None = None
    violations: tuple[Violation, ...] = ()
    challenge: str | None = None


@dataclass(frozen=True, slots=True)
class Problem(Generic[BodyT_co]):
    """A surface's answer to a refusal: a JSON body, a status (the refusal's own where None), and headers."""

    body: BodyT_co
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Surface(Protocol):
    """What the runtime asks of a surface; the generated surfaces say which bodies they may give."""

    def refuse(self, refusal: Refusal) -> Problem[Any]: ...
