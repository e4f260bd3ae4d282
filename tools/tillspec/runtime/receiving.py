"""Webhooks and callbacks as they come: verified, and read into typed values. It needs no web framework."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from .behavior import Signature
from .events import Tags
from .intake import MISSING_BODY, BodyReader, Invalid, ParameterReader, Unsupported, header_names, raw_request
from .operation import Operation, Parameter
from .scalars import LENIENT
from .signatures import Delivery, check_secrets, sign, verify
from .violations import Violation


class InvalidDelivery(Exception):
    """A delivery that is not what the contract declares. No message quotes it.

    Attributes:
        operation: the operation that it was read as.
        violations: what is wrong with it.
    """

    operation: str
    violations: tuple[Violation, ...]

    def __init__(self, operation: str, violations: Sequence[Violation]) -> None:
        first = violations[0]
        super().__init__(f"{operation}: {first.location} {first.pointer}: {first.message}")
        self.operation = operation
        self.violations = tuple(violations)

    def __reduce__(self) -> tuple[type[InvalidDelivery], tuple[str, tuple[Violation, ...]]]:
        return type(self), (self.operation, self.violations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What was received: headers (names in any case), the raw body, and where it is needed the URL that was called.

    `given` is what the receiver knows by itself, and the signature is over.
    """

    headers: Mapping[str, str]
    body: bytes
    url: str | None = None
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a router verifies the deliveries of an operation with.

    Any of the `secrets` will do. `given` is what the signature is over and no delivery carries. `base_url` is what the sender
    called, up to the path, where that is not what the server sees: behind a proxy. `tolerance` replaces that of the contract,
    `clock` (seconds since 1970) the system's.
    """

    secrets: Sequence[str] = field(repr=False)
    given: Mapping[str, str] = field(default_factory=dict)
    base_url: str | None = None
    tolerance: timedelta | None = None
    clock: Callable[[], float] = field(default=time.time, repr=False)


class Receiver:
    """The deliveries of one operation: how they are signed, and what they carry."""

    def __init__(self, operation: Operation[Any], signature: Signature | None = None, tags: Tags | None = None) -> None:
        self.operation = operation
        self.signature = signature
        self.tags = tags

    def verify(
        self, message: Message, secrets: Sequence[str], now: float | None = None, tolerance: timedelta | None = None
    ) -> None:
        """See `signatures.verify`.

        Raises:
            InvalidSignature: do not trust it.
            ValueError: the contract declares no signature; or as there.
        """
        verify(self._declared(), self._delivery(message), secrets, now=now, tolerance=tolerance)

    def sign(self, message: Message, secret: str, now: float | None = None) -> dict[str, str]:
        """See `signatures.sign`."""
        return sign(self._declared(), self._delivery(message), secret, now=now)

    def check(self, verification: Verification) -> None:
        """Tell what is wrong with a verification now, and not to the first who sends something.

        Raises:
            ValueError: no secret, or one that is not of the declared form; no signature; or something is not given.
        """
        signature = self._declared()
        check_secrets(signature, verification.secrets)
        for name in signature.given:
            if name not in verification.given:
                raise ValueError(f"the signature of {self.operation.id} is over {name!r}, which is not given")

    def read(self, message: Message) -> dict[str, Any]:
        """The typed values, by keyword: parameters, and `body` where there may be one. Enums may have grown.

        What stands in the path is not among them, for that is the receiver's own choice; nor is the signature with its timestamp.

        Raises:
            InvalidDelivery: it is not what the contract declares.
        """
        keywords: dict[str, Any] = {}
        try:
            headers = [(name.lower().encode("latin-1"), _bytes(text)) for name, text in message.headers.items()]
            query = urlsplit(message.url).query if message.url is not None else ""
            raw = raw_request(headers, _bytes(query), {}, header_names(self.operation.parameters, ()))
            found = self._parameters.read(raw, keywords)
            if self._body is not None:
                found += self._read_body(self._body, message.body, raw.headers.get("content-type"), keywords)
        except Invalid as error:
            found = list(error.found)
        if found:
            raise InvalidDelivery(self.operation.id, found)
        return keywords

    @staticmethod
    def _read_body(reader: BodyReader, body: bytes, content_type: str | None, keywords: dict[str, Any]) -> list[Violation]:
        keywords["body"] = None
        if reader.chooses:
            keywords["media_type"] = None
        if not body:
            return [MISSING_BODY] if reader.required else []
        try:
            media_type, read = reader.choose(content_type or reader.only)
            keywords["body"] = read(body)
        except Invalid as error:
            return list(error.found)
        except Unsupported as error:
            return [Violation("header", "/Content-Type", str(error), "media_type")]
        if reader.chooses:
            keywords["media_type"] = media_type
        return []

    @cached_property
    def _parameters(self) -> ParameterReader:
        here = tuple(each for each in self.operation.parameters if each.location != "path" and not self._proves(each))
        return ParameterReader(replace(self.operation, parameters=here), LENIENT)

    @cached_property
    def _body(self) -> BodyReader | None:
        return BodyReader(self.operation.body, LENIENT, self.tags) if self.operation.body else None

    def _proves(self, parameter: Parameter) -> bool:
        """Whether a parameter is the signature, or its timestamp."""
        proof = self.signature.headers if self.signature is not None else ()
        return parameter.location == "header" and parameter.name.lower() in proof

    def _declared(self) -> Signature:
        if self.signature is None:
            raise ValueError(f"the contract declares no signature of {self.operation.id}")
        return self.signature

    def _delivery(self, message: Message) -> Delivery:
        return Delivery(
            method=self.operation.method, headers=message.headers, body=message.body, url=message.url, given=message.given
        )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
