"""What is wrong, where, and what to do about it: the records, the table of all codes, and the text that people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tillspec.source import Place, Position, Source

_LONGEST = 2_000


class Severity(StrEnum):
    """An error stops the work, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means, in a line, and how grave it is as a rule."""

    summary: str
    severity: Severity = Severity.ERROR


def _warning(summary: str) -> Code:
    return Code(summary, Severity.WARNING)


CODES: dict[str, Code] = {
    # reading
    "file-missing": Code("A file that was named, or referred to, is not there or cannot be read."),
    "file-encoding": Code("A file is not UTF-8 text."),
    "syntax": Code("A file is neither JSON nor YAML."),
    "duplicate-key": Code("An object has one key twice; one of the two values would be lost."),
    "too-deep": Code("A document is nested deeper than 200 levels, or so are its schemas, references followed."),
    "too-large": Code("A file is larger than what is read, or unfolds to more than can be looked at, or makes too much."),
    "not-openapi": Code("A document is no OpenAPI description, or of a version that is not supported."),
    # references
    "ref-invalid": Code("A `$ref` is no reference, or of a form that is not supported."),
    "ref-missing": Code("A `$ref` points to nothing."),
    "ref-cycle": Code("A `$ref` leads back to itself and never to a value."),
    "ref-refused": Code("A `$ref` leads to the network or out of the contract's folder, and was not allowed by name."),
    "overlay": Code("An overlay is not of the published form, or cannot be applied."),
    "overlay-unused": _warning("An action of an overlay finds nothing that it could change."),
    # the standard
    "structure": Code("A document breaks the JSON Schema that OpenAPI publishes for its version."),
    "no-operations": Code("A document has no paths and no webhooks: there is nothing to generate."),
    "operation-id-duplicate": Code("Two operations have one operationId."),
    "path-duplicate": Code("Two paths are one: they differ in nothing but the names of their parameters."),
    "path-parameter": Code("A path template and its path parameters do not fit."),
    "security-unknown": Code("A security requirement names a scheme that is not declared."),
    "schema-invalid": Code("A schema is no JSON Schema, or contradicts itself."),
    # what cannot be expressed
    "unsupported": Code("Something that a document says cannot be expressed in what is generated."),
    "dialect": _warning("A schema names another dialect of JSON Schema than draft 2020-12, by which it is read."),
    "pattern": _warning("A pattern that no engine of the generated code can carry; it is in the bundle alone."),
    "default": _warning("A default that a model cannot carry: an object's, a time's, or one that its own schema refuses."),
    "name-clash": Code("Two things would get one name in the generated code."),
    "models": Code("No models could be made from the schemas."),
    # options
    "surface-unknown": Code("No operation belongs to the surface that was asked for."),
    # a repo that uses a contract
    "settings": Code("tillspec.toml cannot be read, or says what is not known."),
    "pin-broken": Code("The pin of the contract, tillspec-contract.lock, cannot be read."),
    "pin-differs": Code("The contract that is read is not the one that is pinned."),
    "overlay-narrows": Code("An overlay takes from what the contract promises, to a repo that has to keep it."),
    "typescript": Code("TypeScript's declarations cannot be made: Node.js or openapi-typescript is missing, or another version."),
    # writing
    "output-foreign": Code("The output folder holds files that were not generated."),
    "output-edited": Code("A generated file was changed by hand."),
    "output-unwritable": Code("The output folder cannot be written."),
    "output-broken": Code("What was generated does not compile or cannot be imported."),
    "lock-broken": Code("The lock file cannot be read."),
    # what lint looks at in examples
    "example-invalid": Code("An example does not fit its schema."),
    "example-direction": Code("An example of a request has what is readOnly, or one of a response what is writeOnly."),
    "example-on-bounds": _warning("An example sits on every bound of its schema: it shows limits, and nothing that occurs."),
    "example-total": Code("An example's total is not the sum that it is declared to be."),
    "example-rule": Code("An example breaks a rule of its schema."),
    "default-invalid": Code("A default does not fit its schema."),
    # what lint looks at in requests and answers
    "error-without-schema": _warning("An error has no body schema: nobody can read it by a program."),
    "id-without-404": _warning("A path names an object by its id, and no answer says that there is none."),
    "security-without-401": _warning("An operation asks for a credential, and no answer says that it is missing or wrong."),
    "create-without-idempotency": _warning("An operation makes an object, and a repeated request makes a second one."),
    "get-with-idempotency": _warning("An operation that changes nothing takes an idempotency key."),
    "parameter-schemas-differ": _warning("One parameter has several schemas."),
    "money-not-integer": _warning("An amount of money is a binary fraction, and not an integer in the minor unit."),
    "money-without-currency": _warning("An amount of money has no currency beside it or above it."),
    "binary-media-type": _warning("Raw bytes are declared as JSON, or as anything at all."),
    "response-closed": _warning("A response object refuses new fields: none can ever be added without breaking clients."),
    # what lint looks at in behaviour
    "behavior-invalid": Code("An x-behavior breaks the vocabulary's schema."),
    "behavior-nowhere": Code("A word of x-behavior points to something that is not there."),
    "behavior-contradicts": Code("A word of x-behavior contradicts the schema that it stands at."),
    "state-unknown": Code("A state is named that the lifecycle does not have."),
    "state-unreachable": Code("No way leads from the initial state to a state."),
    "states-differ": Code("The lifecycle's states and the values of its field are not the same."),
    "move-undeclared": Code("An operation makes a move that the lifecycle does not have."),
    "expired-ambiguous": _warning("What has expired is both a state and an error, and nothing says when it is which."),
    "rule-syntax": Code("A rule is no CEL expression."),
    "rule-field": Code("A rule names a field that the schema does not have."),
    "rule-type": Code("A rule compares or computes what does not fit, or does not come to true or false."),
    # what lint looks at in text and names
    "description-yaml": _warning("A description has swallowed YAML that was meant to be part of the document."),
    "yaml-boolean": _warning("A bare word is a text to YAML 1.2, and true or false to YAML 1.1."),
    "component-unused": _warning("A component is used by nothing."),
    "operation-id-missing": _warning("An operation has no operationId: its name in generated code follows from its path."),
    "operation-id-unusable": _warning("An operationId has characters that no programming language allows in a name."),
    "link-parameter": Code("A link gives what its target does not take, or leaves out what it needs."),
    "link-expression": Code("A link's expression cannot yield what its target takes."),
    "tag-duplicate": _warning("A tag is declared, or given to an operation, twice."),
    "tag-undeclared": _warning("An operation has a tag that is not declared, in a document that declares tags."),
    # what lint looks at in suppressions
    "suppression-unused": _warning("A suppression suppresses nothing."),
    "suppression-unknown": Code("A suppression names no rule of lint."),
    "suppression-reason": Code("A suppression gives no reason."),
    "defect": Code("A rule of Tillspec's own crashed."),
}
"""Every code. An error is a contradiction, or stops the work; a warning is something that is left open."""


@dataclass(frozen=True, slots=True)
class Edit:
    """New text in place of what stands in a source between two offsets."""

    source: Source
    begin: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong.

    Attributes:
        code: a key of `CODES`.
        message: what is wrong, in a sentence without its end.
        place: where; None where no text is at fault.
        hint: what to do next.
        edits: what mends it without changing what anything means.
    """

    code: str
    message: str
    place: Place | None = None
    hint: str = ""
    severity: Severity = Severity.ERROR
    edits: tuple[Edit, ...] = ()

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
        rows = [f"{item.severity}[{item.code}]: {_shown(item.message)}"]
        if item.place:
            line, column = item.place.position
            rows.append(f"  --> {printable(item.place.source.name)}:{line}:{column}")
            if item.place.pointer:
                rows.append(f"      at #{_shown(item.place.pointer)}")
            rows += _frame(item.place, line, column)
        if item.hint:
            rows.append(f"  hint: {_shown(item.hint)}")
        yield "\n".join(rows)


def _shown(value: str) -> str:
    """A text for people: what is quoted from a document may be as long as a document."""
    return printable(value if len(value) <= _LONGEST else f"{value[:_LONGEST]} …")


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
