"""Regular expressions of ECMA-262, as JSON Schema wants them (core, section 6.4), and texts that match them."""

from __future__ import annotations

from functools import lru_cache

from regress import Regex, RegressError


class NoPattern(ValueError):
    """A text that is no regular expression of ECMA-262."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Regex:
    """The expression with the `u` flag, as core, section 6.4 asks; without it where it is none with it.

    Raises:
        NoPattern: it is none either way.
    """
    try:
        return Regex(pattern, "u")
    except RegressError:
        pass
    try:
        return Regex(pattern)
    except RegressError as error:
        raise NoPattern(f"{pattern!r} is no regular expression of ECMA-262: {error}") from None


@lru_cache(maxsize=65536)
def matches(pattern: str, text: str) -> bool:
    """Whether a text contains a match.

    Raises:
        NoPattern: as `compiled`.
    """
    return compiled(pattern).find(text) is not None
