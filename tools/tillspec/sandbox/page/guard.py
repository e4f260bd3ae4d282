"""What keeps the page to its buyer: headers, a token in each form, and which URLs become links."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from tillspec.sandbox.state import State

CONTENT_SECURITY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src https: http: data:",  # the merchant says where the pictures of the goods are
        "form-action 'self'",  # the buyer is sent on from a page of ours, so no form needs to lead elsewhere
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "Referrer-Policy": "no-referrer",  # the address of the page is a secret
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Sent with every page."""


def token(state: State, session_id: str) -> str:
    """What a form of a session's page has to bring along."""
    return hmac.digest(state.secret, f"page {session_id}".encode(), hashlib.sha256).hex()


def is_ours(state: State, session_id: str, given: str, fetch_site: str | None) -> bool:
    """Whether a form comes from the session's page. `fetch_site` is `Sec-Fetch-Site`, where the browser sends it."""
    if fetch_site not in (None, "same-origin", "none"):
        return False
    return hmac.compare_digest(token(state, session_id).encode(), given.encode("utf-8", "replace"))


def web_url(url: str | None) -> str | None:
    """The URL if a browser may be sent there: an absolute one of http or https. Merchants' URLs come from outside."""
    if url is None or any(each <= " " or each == "\x7f" for each in url):
        return None
    try:
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None
