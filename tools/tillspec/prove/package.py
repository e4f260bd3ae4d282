"""A generated package as a stranger sees it: imported, its types and tables looked up by the contract's own names."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter

from tillspec.prove.reader import Subject


class NotGenerated(Exception):
    """A package that is not what Tillspec generates, or not from this contract."""


@dataclass(frozen=True, slots=True)
class Package:
    """An imported package."""

    name: str
    models: ModuleType
    operations: Mapping[str, Any]
    lenient: Any

    @property
    def schemes(self) -> Mapping[str, Any]:
        """The ways to authenticate, by name."""
        found: Mapping[str, Any] = self.operations["SCHEMES"]
        return found

    @classmethod
    def of(cls, name: str) -> Package:
        """Import a package.

        Raises:
            NotGenerated: it cannot be imported, or has no table of components.
        """
        try:
            models = importlib.import_module(f"{name}.models")
            scalars = importlib.import_module(f"{name}._runtime.scalars")
        except Exception as error:  # whatever a stranger's package raises
            raise NotGenerated(f"{name} cannot be imported: {type(error).__name__}: {error}") from None
        if not hasattr(models, "COMPONENTS"):
            raise NotGenerated(f"{name}.models has no COMPONENTS; generate it anew")
        # A package that was made of models alone has no operations; then there are no bodies to prove.
        has_operations = importlib.util.find_spec(f"{name}.operations") is not None
        operations = vars(importlib.import_module(f"{name}.operations")) if has_operations else {}
        return cls(name, models, operations, scalars.LENIENT)

    def annotation(self, subject: Subject) -> Any:
        """The type of a subject; None for a body that is carried as text or bytes.

        Raises:
            LookupError: the package has none of that name.
        """
        if subject.kind == "component":
            return self.models.COMPONENTS[subject.name]
        content = self.content(subject)
        return content.value.annotation if content.value is not None else None

    def content(self, subject: Subject) -> Any:
        """The table's row for the media type of a body.

        Raises:
            LookupError: there is none.
        """
        operation = self.operation(subject)
        if subject.kind == "request":
            contents = operation.body.contents if operation.body is not None else {}
        else:
            contents = operation.responses[subject.status].wire.contents
        return contents[_key(subject.media_type, contents)]

    def operation(self, subject: Subject) -> Any:
        """The table's row for a subject's operation.

        Raises:
            LookupError: there is none.
        """
        method, path = subject.operation
        found = [one for one in self._table() if (one.method.upper(), one.path) == (method, path)]
        if subject.ordinal >= len(found):
            raise LookupError(f"{method} {path}")
        return found[subject.ordinal]

    def _table(self) -> Iterator[Any]:
        for value in self.operations.values():
            if type(value).__name__ == "Operation" and type(value).__module__ == f"{self.name}._runtime.operation":
                yield value


def _key(media_type: str, contents: Mapping[str, Any]) -> str:
    plain = media_type.partition(";")[0].strip().lower()
    return plain if plain in contents else media_type


def adapter(annotation: Any) -> TypeAdapter[Any]:
    """An adapter of a generated type, made whole: models put off building themselves."""
    made = TypeAdapter(annotation)
    made.rebuild()
    return made


@contextmanager
def importing(folder: Path, name: str) -> Iterator[None]:
    """Import a package from a folder, and leave nothing of it behind."""
    top = name.partition(".")[0]

    def modules() -> list[str]:
        return [known for known in sys.modules if known == top or known.startswith(f"{top}.")]

    kept = {known: sys.modules.pop(known) for known in modules()}
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = before
        for known in modules():
            del sys.modules[known]
        sys.modules.update(kept)
