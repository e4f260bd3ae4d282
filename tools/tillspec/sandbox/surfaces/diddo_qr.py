"""QR codes of template carts: what they say, in which format, and whether the caller holds it already."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final, Literal

from checkout_api import behavior, responses
from checkout_api.server import Bearer, Request
from tillspec.sandbox import outside, qr
from tillspec.sandbox.context import Sandbox, state_of
from tillspec.sandbox.merchants import Holder
from tillspec.sandbox.surfaces.declared import available, code_of
from tillspec.sandbox.surfaces.diddo_carts import ulid
from tillspec.sandbox.surfaces.diddo_checkout import url_of
from tillspec.sandbox.surfaces.diddo_errors import error, holder_of, invalid, unavailable

_UNKNOWN: Final = code_of(behavior.GET_DIDDO_QR.unknown)
_CACHED: Final = "private, max-age=3600"
"""The call needs a key, so only the caller's own cache may keep the answer; the contract's example says for how long."""

_FORMATS: Final[dict[str, qr.Format]] = {"image/png": "png", "image/svg+xml": "svg"}
_TAGS: Final = re.compile(r'(?:W/)?("[^"]*")')

Refusal = (
    responses.DiddoUnauthorized
    | responses.DiddoForbidden
    | responses.DiddoNotFound
    | responses.DiddoBadRequest
    | responses.DiddoServiceUnavailable
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which image, and what the caller holds of it."""

    cart_id: str
    kind: qr.Format
    size: int
    if_none_match: str | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """An image with its tag; None where the caller holds it."""

    tag: str
    image: bytes | None


def holds(if_none_match: str | None, tag: str) -> bool:
    """Whether `If-None-Match` names a tag, or any (RFC 9110, section 13.1.2): weak and strong are the same here."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag in _TAGS.findall(if_none_match)


class QrHandlers:
    """The three QR codes of a cart."""

    _sandbox: Sandbox

    @available(unavailable)
    async def get_diddo_qr(
        self, request: Request, *, credentials: Bearer, accept: Literal["image/png", "image/svg+xml"], cart_id: str, size: int,
        if_none_match: str | None,
    ) -> responses.GetDiddoQr200 | responses.DiddoQrNotModified | Refusal:  # fmt: skip
        asked = Asked(cart_id=cart_id, kind=_FORMATS[accept], size=size, if_none_match=if_none_match)
        found = await self._drawn(request, credentials, asked)
        if not isinstance(found, Drawn):
            return found
        if found.image is None:
            return responses.DiddoQrNotModified(etag=found.tag, cache_control=_CACHED, vary="Accept")
        return responses.GetDiddoQr200(
            body=found.image, media_type=accept, etag=found.tag, cache_control=_CACHED, vary="Accept"
        )  # fmt: skip

    @available(unavailable)
    async def get_diddo_qr_png(
        self, request: Request, *, credentials: Bearer, cart_id: str, size: int, if_none_match: str | None
    ) -> responses.GetDiddoQrPng200 | responses.DiddoQrFileNotModified | Refusal:
        asked = Asked(cart_id=cart_id, kind="png", size=size, if_none_match=if_none_match)
        found = await self._drawn(request, credentials, asked)
        if not isinstance(found, Drawn):
            return found
        if found.image is None:
            return responses.DiddoQrFileNotModified(etag=found.tag, cache_control=_CACHED)
        return responses.GetDiddoQrPng200(body=found.image, etag=found.tag, cache_control=_CACHED)

    @available(unavailable)
    async def get_diddo_qr_svg(
        self, request: Request, *, credentials: Bearer, cart_id: str, size: int, if_none_match: str | None
    ) -> responses.GetDiddoQrSvg200 | responses.DiddoQrFileNotModified | Refusal:
        asked = Asked(cart_id=cart_id, kind="svg", size=size, if_none_match=if_none_match)
        found = await self._drawn(request, credentials, asked)
        if not isinstance(found, Drawn):
            return found
        if found.image is None:
            return responses.DiddoQrFileNotModified(etag=found.tag, cache_control=_CACHED)
        return responses.GetDiddoQrSvg200(body=found.image, etag=found.tag, cache_control=_CACHED)

    async def _drawn(self, request: Request, credentials: Bearer, asked: Asked) -> Drawn | Refusal:
        holder = await holder_of(self._sandbox, request, state_of(request), credentials, writes=False)
        if not isinstance(holder, Holder):
            return holder
        merchant, key = holder.merchant.id, ulid(asked.cart_id)
        found = await self._sandbox.read(
            lambda connection: outside.find(connection, outside.DiddoTemplateCart, merchant, key)
        )  # fmt: skip
        if found is None:
            return responses.DiddoNotFound(body=error(_UNKNOWN, "No cart has this id."))
        text = url_of(self._sandbox.base_url, found.id)
        try:
            return await asyncio.to_thread(_draw, text, asked)  # it takes some milliseconds, where it was not drawn before
        except qr.TooSmall as small:
            return responses.DiddoBadRequest(body=invalid(("size", str(small))))


def _draw(text: str, asked: Asked) -> Drawn:
    tag = qr.entity_tag(text, asked.kind, asked.size)
    held = holds(asked.if_none_match, tag)
    return Drawn(tag, None if held else qr.image(text, asked.kind, asked.size))
