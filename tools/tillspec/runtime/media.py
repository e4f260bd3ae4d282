"""Media types: which declared one a text names (RFC 9110, section 8.3), and which one an `Accept` prefers (section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

_PARAMETER: Final = re.compile(r";\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(\"(?:[^\"\\]|\\.)*\"|[^;\s]*)")


def essence(media_type: str) -> str:
    """A media type without its parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def parameter(media_type: str, name: str) -> str | None:
    """A parameter of a media type, without quotes; None where it is not given."""
    for key, value in _PARAMETER.findall(media_type):
        if key.lower() == name:
            return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else str(value)
    return None


def find(declared: Mapping[str, T], media_type: str) -> tuple[str, T] | None:
    """The declared media type that covers one on the wire, and what it stands for: itself first, then `image/*`, then `*/*`."""
    name = essence(media_type)
    wanted = (media_type.strip(), name, f"{name.partition('/')[0]}/*", "*/*")
    for candidate in wanted:
        if candidate in declared:
            return candidate, declared[candidate]
    # A contract may declare a parameter (`application/json; charset=utf-8`) that the wire leaves out.
    return next(((key, value) for key, value in declared.items() if essence(key) == name), None)


def is_open(declared: str, carrier: str) -> bool:
    """Whether the whole text on the wire matters: a range (`image/*`), or raw bytes of a type whose boundary is needed."""
    return "*" in declared or (carrier == "bytes" and declared.startswith("multipart/"))


def negotiate(accept: str | None, offers: Sequence[str]) -> str:
    """The offer that an `Accept` prefers: by quality, then by how exactly it is named, then in the order of the offers.

    The first offer where nothing matches: an answer in another type serves better than none (RFC 9110, section 15.5.7).
    """
    if not accept:
        return offers[0]
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    best, best_rank = offers[0], (0.0, 0)
    for offer in offers:
        name = essence(offer)
        matches = [
            (specific, quality) for text, specific, quality in ranges if text in (name, f"{name.partition('/')[0]}/*", "*/*")
        ]
        specific, quality = max(matches, default=(0, 0.0))
        if quality > 0 and (quality, specific) > best_rank:
            best, best_rank = offer, (quality, specific)
    return best


def _range(text: str) -> tuple[str, int, float]:
    name = essence(text)
    quality = parameter(text, "q")
    try:
        q = min(max(float(quality), 0.0), 1.0) if quality is not None else 1.0
    except ValueError:
        q = 0.0
    return name, 1 if name == "*/*" else 2 if name.endswith("/*") else 3, q
