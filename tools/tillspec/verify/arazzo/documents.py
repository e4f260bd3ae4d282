"""Arazzo documents: read with their places, references to components followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tillspec.diagnostics import Report
from tillspec.document.load import open_file
from tillspec.pointer import Pointer, look_up
from tillspec.source import Source
from tillspec.verify.contract import Contract
from tillspec.verify.findings import Clause

_HINT = "name an Arazzo document, such as spec/scenarios/checkout.arazzo.yaml"
_PATTERNS = tuple(f"{folder}*.arazzo.{ending}" for folder in ("", "scenarios/") for ending in ("yaml", "yml", "json"))


class BadDocument(ValueError):
    """A file that is no Arazzo document, or that cannot be followed."""


@dataclass(frozen=True, slots=True)
class Document:
    """An Arazzo document."""

    source: Source = field(repr=False)

    @property
    def name(self) -> str:
        """How it is shown to people."""
        return self.source.name

    @property
    def workflows(self) -> list[Workflow]:
        """Its workflows, in their order."""
        listed = self.source.value.get("workflows")
        found = enumerate(listed if isinstance(listed, list) else [])
        return [Workflow(self, f"/workflows/{number}", words) for number, words in found if isinstance(words, dict)]

    def clause(self, pointer: Pointer) -> Clause:
        """A place in it to point at."""
        line, column = self.source.position(pointer)
        return Clause(pointer, self.source.name, line, column)

    def component(self, reference: str, section: str) -> Mapping[str, Any]:
        """What `$components.parameters.key` leads to.

        Raises:
            BadDocument: it leads nowhere.
        """
        parts = reference.split(".", 2)
        words = self.source.value.get("components", {})
        found = words.get(section, {}).get(parts[2]) if parts[:2] == ["$components", section] and len(parts) == 3 else None
        if not isinstance(found, dict):
            raise BadDocument(f"{reference} leads nowhere in {self.name}")
        return found

    def followed(self, words: Any) -> Any:
        """What a `$ref` within the document leads to.

        Raises:
            BadDocument: it leads nowhere.
        """
        if not isinstance(words, dict) or not isinstance(words.get("$ref"), str):
            return words
        try:
            return look_up(self.source.value, words["$ref"].removeprefix("#"))
        except (LookupError, ValueError):
            raise BadDocument(f"{words['$ref']} leads nowhere in {self.name}") from None


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow, and where it stands in its document."""

    document: Document = field(repr=False)
    pointer: Pointer
    words: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        return str(self.words.get("workflowId", ""))

    @property
    def steps(self) -> list[Step]:
        """Its steps, in their order."""
        listed = self.words.get("steps")
        found = enumerate(listed if isinstance(listed, list) else [])
        return [Step(f"{self.pointer}/steps/{number}", words) for number, words in found if isinstance(words, dict)]

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The schema of its inputs."""
        found = self.document.followed(self.words.get("inputs"))
        return found if isinstance(found, dict) else {}

    @property
    def needs(self) -> Mapping[str, str]:
        """The objects from outside the API that must be there (`x-behavior: needs`), each with the input that names it."""
        found = (self.words.get("x-behavior") or {}).get("needs")
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}

    def parameters(self, words: Sequence[Any] | None) -> Iterator[Mapping[str, Any]]:
        """Parameters, each with the component that it refers to; a value beside the reference wins."""
        for given in words or ():
            if isinstance(given, dict) and "reference" in given:
                found = self.document.component(str(given["reference"]), "parameters")
                yield {**found, **({"value": given["value"]} if "value" in given else {})}
            elif isinstance(given, dict):
                yield given

    def actions(self, words: Sequence[Any] | None, section: str) -> Iterator[Mapping[str, Any]]:
        """Actions, each with the component that it refers to."""
        for given in words or ():
            if isinstance(given, dict):
                yield self.document.component(str(given["reference"]), section) if "reference" in given else given


@dataclass(frozen=True, slots=True)
class Step:
    """A step, and where it stands in its document."""

    pointer: Pointer
    words: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        return str(self.words.get("stepId", ""))

    @property
    def control(self) -> Mapping[str, Any]:
        """What somebody outside the API does before the request is sent (`x-behavior: control`)."""
        found = (self.words.get("x-behavior") or {}).get("control")
        return found if isinstance(found, dict) else {}

    @property
    def operation(self) -> str | None:
        """The operation that is called: its id, or `METHOD path`; None where another workflow is called."""
        if isinstance(self.words.get("operationId"), str):
            return str(self.words["operationId"]).rpartition(".")[2]
        pointer = str(self.words.get("operationPath", "")).partition("#")[2]
        tokens = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")]
        return f"{tokens[3].upper()} {tokens[2]}" if len(tokens) == 4 and tokens[1] == "paths" else None


def discovered(contract: Contract) -> list[Path]:
    """The documents beside the contract's root file, or in `scenarios/` there."""
    root = contract.bundle.span("").source.uri
    if "://" in root:
        return []
    return sorted({path for pattern in _PATTERNS for path in Path(root).parent.glob(pattern)})


def read(path: Path) -> Document:
    """Read a document.

    Raises:
        BadDocument: it cannot be read, or is none of Arazzo 1.0.
    """
    report = Report()
    source = open_file(path, report, _HINT)
    if source is None or report.failed:
        reason = report.items[0].message if report.items else "it cannot be read"
        raise BadDocument(f"{path.name}: {reason}")
    version = source.value.get("arazzo") if isinstance(source.value, dict) else None
    if not isinstance(version, str) or not version.startswith("1.0."):
        raise BadDocument(f"{source.name} is no document of Arazzo 1.0: arazzo is {version!r}")
    return Document(source)
