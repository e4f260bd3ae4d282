"""Requests that what stands before an operation may refuse in its own words: the parser of HTTP, a router, a gateway."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from tillspec.verify.contract import Target
from tillspec.verify.exchange import Call

_MALFORMED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SEPARATING = re.compile(r"%(?:2[Ff5]|5[Cc])")
"""An encoded slash, backslash or percent sign: routers take it for a separator, or decode it twice, or refuse it for fear of that
(RFC 3986, sections 2.4 and 7.3).
"""
_DOTS = re.compile(r"/(?:\.|%2[Ee]){1,2}(?=/|$)")
_EMPTY = re.compile(r"//|/$")
_FIELD = re.compile(r"[\t\x20-\x7e]*")


def may_be_refused(target: Target, call: Call) -> bool:
    """Whether a request may never come to its operation, though its method and its path are those of it: its path is one that a
    router need not find, its target or a header is none that every server takes (RFC 3986, sections 2.1 and 3.3; RFC 9110,
    section 5.5).
    """
    path, _, query = call.target.partition("?")
    if any(_is_spoiled(text) for text in (path, query)) or not all(_FIELD.fullmatch(value) for _, value in call.headers):
        return True
    return bool(_SEPARATING.search(path) or _DOTS.search(path) or (_EMPTY.search(path) and not _EMPTY.search(target.path)))


def _is_spoiled(text: str) -> bool:
    """Whether a text is none in percent-encoding, is no UTF-8, or has control characters in it."""
    if _MALFORMED.search(text):
        return True
    try:
        return _CONTROL.search(unquote_to_bytes(text).decode()) is not None
    except UnicodeError:
        return True
