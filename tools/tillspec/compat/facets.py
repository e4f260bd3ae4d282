"""What a schema restricts a value by, each a pair of rules for either direction: stricter, and looser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to restrict a value. A looser response is `gentle` where readers hardly rely on the old one."""

    name: str
    what: str
    gentle: bool = False

    def lines(self) -> Iterator[str]:
        """The lines of the table of rules: a stricter request breaks who sends, a looser response who reads."""
        loose = "?" if self.gentle else "!"
        yield f"!* request-{self.name}-tightened | What is sent is held to a stricter {self.what}."
        yield f" * request-{self.name}-loosened | What is sent is held to a looser {self.what}, or to none."
        yield f" * response-{self.name}-tightened | What is read keeps a stricter {self.what}."
        yield f"{loose}* response-{self.name}-loosened | What is read keeps a looser {self.what}, or none."


FACETS = (
    Facet("type", "type: fewer or more JSON types"),
    Facet("nullability", "rule on null"),
    Facet("enum", "list of values", gentle=True),
    Facet("format", "format"),
    Facet("pattern", "pattern", gentle=True),
    Facet("minimum", "least number"),
    Facet("maximum", "greatest number"),
    Facet("multiple-of", "step between numbers"),
    Facet("min-length", "least length"),
    Facet("max-length", "greatest length"),
    Facet("min-items", "least number of items"),
    Facet("max-items", "greatest number of items"),
    Facet("unique-items", "demand that items differ"),
    Facet("min-properties", "least number of properties"),
    Facet("max-properties", "greatest number of properties"),
    Facet("constraint", "condition (not, if, contains, dependentRequired, …)", gentle=True),
)
