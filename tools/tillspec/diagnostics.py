"""What is wrong, where, and what to do about it: the records, the table of all codes, and the text that people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tillspec.source import Place, Position


class Severity(StrEnum):
    """An error stops the work, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


CODES: dict[str, str] = {
    # reading
    "file-missing": "A file that was named, or referred to, is not there or cannot be read.",
    "file-encoding": "A file is not UTF-8 text.",
    "syntax": "A file is neither JSON nor YAML.",
    "duplicate-key": "An object has one key twice; one of the two values would be lost.",
    "too-deep": "A document is nested deeper than 200 levels.",
    "too-large": "A document's aliases unfold to more than five million values.",
    "not-openapi": "A document is no OpenAPI description, or of a version that is not supported.",
    # references
    "ref-invalid": "A `$ref` is no reference, or of a form that is not supported.",
    "ref-missing": "A `$ref` points to nothing.",
    "ref-cycle": "A `$ref` leads back to itself and never to a value.",
    "ref-refused": "A `$ref` leads to the network or out of the contract's folder, and was not allowed by name.",
    # the standard
    "structure": "A document breaks the JSON Schema that OpenAPI publishes for its version.",
    "no-operations": "A document has no paths and no webhooks: there is nothing to generate.",
    "operation-id-duplicate": "Two operations have one operationId.",
    "path-duplicate": "Two paths are one: they differ in nothing but the names of their parameters.",
    "path-parameter": "A path template and its path parameters do not fit.",
    "security-unknown": "A security requirement names a scheme that is not declared.",
    "schema-invalid": "A schema is no JSON Schema, or contradicts itself.",
    # what cannot be expressed
    "unsupported": "Something that a document says cannot be expressed in what is generated.",
    "pattern": "A pattern that no regular-expression engine of the generated code can carry; it is in the bundle alone.",
    "name-clash": "Two things would get one name in the generated code.",
    "models": "No models could be made from the schemas.",
    # options
    "surface-unknown": "No operation belongs to the surface that was asked for.",
    "option": "An option has a value that cannot be used.",
    # writing
    "output-foreign": "The output folder holds files that were not generated.",
    "output-edited": "A generated file was changed by hand.",
    "output-unwritable": "The output folder cannot be written.",
    "output-broken": "What was generated does not compile or cannot be imported.",
    "lock-broken": "The lock file cannot be read.",
}
"""Every code, and what it means in a line."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong.

    Attributes:
        code: a key of `CODES`.
        message: what is wrong, in a sentence without its end.
        place: where; None where no text is at fault.
        hint: what to do next.
    """

    code: str
    message: str
    place: Place | None = None
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise KeyError(f"{self.code} stands in no table of codes")


@dataclass(slots=True)
class Report:
    """Collects diagnostics, so that all are told at once."""

    items: list[Diagnostic] = field(default_factory=list)

    def error(self, code: str, message: str, place: Place | None = None, hint: str = "") -> None:
        self.items.append(Diagnostic(code, message, place, hint))

    def warning(self, code: str, message: str, place: Place | None = None, hint: str = "") -> None:
        self.items.append(Diagnostic(code, message, place, hint, Severity.WARNING))

    @property
    def failed(self) -> bool:
        return any(item.severity is Severity.ERROR for item in self.items)

    def stop_on_error(self) -> None:
        """Go on only if nothing is wrong so far.

        Raises:
            Refused: at least one error was reported.
        """
        if self.failed:
            raise Refused(self.items)


class Refused(Exception):
    """The work was not done; `diagnostics` says why, sorted by place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = sort(diagnostics)
        super().__init__("\n".join(item.message for item in self.diagnostics))


def sort(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By file, line and column; what has no place comes first. The same finding at one place is told once."""
    rows = [(_order(item), item) for item in diagnostics]
    seen: dict[tuple[object, ...], Diagnostic] = {}
    for order, item in sorted(rows, key=lambda row: (row[0], row[1].code, row[1].message)):
        seen.setdefault((*order, item.code, item.message), item)
    return list(seen.values())


def _order(item: Diagnostic) -> tuple[str, Position]:
    return (item.place.source.name, item.place.position) if item.place else ("", Position(0, 0))


def text(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """Each diagnostic for people: severity and code, message, place, the line with a mark under it, the hint."""
    for item in diagnostics:
        rows = [f"{item.severity}[{item.code}]: {printable(item.message)}"]
        if item.place:
            line, column = item.place.position
            rows.append(f"  --> {printable(item.place.source.name)}:{line}:{column}")
            if item.place.pointer:
                rows.append(f"      at #{printable(item.place.pointer)}")
            rows += _frame(item.place, line, column)
        if item.hint:
            rows.append(f"  hint: {printable(item.hint)}")
        yield "\n".join(rows)


def printable(value: str) -> str:
    """Text from a document without what would move a terminal's cursor or turn the line around."""
    return "".join(char if char.isprintable() or char == "\n" else f"\\u{ord(char):04x}" for char in value)


def _frame(place: Place, line: int, column: int) -> list[str]:
    source = place.source.line(line).replace("\t", " ")
    if not source.strip():
        return []
    begin = max(0, column - 60) if len(source) > 100 else 0
    shown, gutter = printable(source[begin : begin + 100]), f"{line:5} | "
    return [f"{gutter}{shown}", f"{'':5} | {'':{len(printable(source[begin : column - 1]))}}^"]
