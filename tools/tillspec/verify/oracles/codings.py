"""A body that is said to be compressed is (RFC 9110, section 8.4)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator

from tillspec.runtime.encoding import is_json
from tillspec.verify.contract import Target
from tillspec.verify.exchange import Answer, Exchange
from tillspec.verify.run import Run, Told, passed, shown

_GZIP, _ZLIB, _BARE = 31, 15, -15
_MOST = 1 << 20
"""How many bytes are undone at most: enough to know the coding, and no bomb."""
_OF_ZSTD = b"\x28\xb5\x2f\xfd"


def codings(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    """Hold a body to the last coding that `Content-Encoding` names; what a client would undo first."""
    answer = exchange.answer
    names = [name.strip().lower() for text in answer.all("content-encoding") for name in text.split(",")]
    if answer.fault is not None or not answer.body or not names or names[-1] in ("", "identity"):
        return
    if _is_coded(answer, names[-1]):
        yield passed("content-coded")
        return
    yield Told(
        "content-coded", f"says that the body of a {answer.status} is {names[-1]}, which it is not", target.pointer,
        f"a body of the coding {names[-1]}, or no Content-Encoding (RFC 9110, section 8.4)",
        shown(answer.body[:120].decode("utf-8", "replace")),
    )  # fmt: skip


def _is_coded(answer: Answer, coding: str) -> bool:
    """Whether a body is of a coding. Of one that cannot be undone here it is only asked whether it was left out."""
    match coding:
        case "gzip" | "x-gzip":
            return _inflates(answer.body, _GZIP)
        case "deflate":
            return _inflates(answer.body, _ZLIB) or _inflates(answer.body, _BARE)  # the latter is what many send
        case "zstd":
            return answer.body.startswith(_OF_ZSTD)
    return not (is_json(answer.media_type) and _is_plain(answer.body))


def _inflates(data: bytes, window: int) -> bool:
    made = zlib.decompressobj(window)
    try:
        return len(made.decompress(data, _MOST)) == _MOST or made.eof
    except zlib.error:
        return False


def _is_plain(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
