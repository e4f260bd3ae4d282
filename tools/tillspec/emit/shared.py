"""Sources that occur more than once in a module, given a name there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tillspec.emit import names


class Shared:
    """Of pairs of a name to go by and a source, those whose source occurs twice or more become constants of the module."""

    def __init__(self, entries: Sequence[tuple[str, str]]) -> None:
        count = Counter(source for _, source in entries)
        wanted = {source: name for name, source in reversed(entries) if count[source] > 1}
        ordered = [source for source in dict.fromkeys(source for _, source in entries) if source in wanted]
        constants = names.unique([f"_{names.constant(wanted[source])}" for source in ordered])
        self._constants = dict(zip(ordered, constants, strict=True))

    @property
    def definitions(self) -> tuple[str, ...]:
        """The lines that define the constants."""
        return tuple(f"{constant} = {source}" for source, constant in self._constants.items())

    def source(self, source: str) -> str:
        """The constant for a source, or the source itself where it occurs once."""
        return self._constants.get(source, source)
