"""What differs between two JSON values, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.verify.exchange import NOTHING

_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
_REVISION = re.compile(r"version|^rev|etag|sequence|updated|modified|accessed|seen|history|log$|audit|events", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Difference:
    """A place at which a later look at an object shows another value."""

    place: Pointer
    before: Any
    after: Any

    @property
    def is_hard(self) -> bool:
        """Whether it is a number, a truth value, or that something is there at all; a text may be of the moment."""
        return not (isinstance(self.before, str) and isinstance(self.after, str))

    @property
    def is_of_the_moment(self) -> bool:
        """Whether it is a time, or counts changes."""
        texts = [value for value in (self.before, self.after) if isinstance(value, str)]
        last = self.place.rpartition("/")[2]
        return bool(_REVISION.search(last)) or (bool(texts) and all(_TIME.fullmatch(text) for text in texts))


def differences(before: Any, after: Any, place: Pointer = "") -> Iterator[Difference]:
    """The places at which two JSON values differ, the deepest that there are."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from differences(before.get(key, NOTHING), after.get(key, NOTHING), join(place, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, join(place, index))
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield Difference(place, before, after)


def general(place: Pointer) -> Pointer:
    """A place with its positions left open."""
    return "/".join("*" if token.isdigit() else token for token in place.split("/"))
