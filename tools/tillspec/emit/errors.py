"""errors.py: an exception for every declared response that is an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tillspec.api.model import Api
from tillspec.emit import contents, names
from tillspec.emit.calls import Call, calls
from tillspec.emit.docstring import docstring
from tillspec.emit.imports import import_lines
from tillspec.emit.options import Options
from tillspec.emit.responses import Answer
from tillspec.emit.templates import render

_RUNTIME = ("ApiError", "ErrorResponse", "MissingCredentials", "PollTimedOut", "TimedOut", "TransportError", "UnexpectedResponse")
_TAKEN = (*_RUNTIME, "Any", "ERRORS", "Mapping", "Response", "datetime", "models", "property", "responses", "uuid")


@dataclass(frozen=True, slots=True)
class ErrorView:
    """An exception: the response class that it carries, and the annotation of its body (None where there is no body)."""

    name: str
    response: str
    body: str | None
    docstring: str


@dataclass(frozen=True, slots=True)
class ErrorsView:
    """The module of the exceptions; `table` are the entries of `ERRORS`."""

    imports: str
    public: tuple[str, ...]
    classes: tuple[ErrorView, ...]
    table: tuple[str, ...]


def errors(api: Api, options: Options) -> dict[str, str]:
    """errors.py of the package."""
    found = failures(api)
    named = error_names(api)
    classes = tuple(_view(api, answer, named[name]) for name, answer in found.items())
    used = [source for view in classes for source in (view.response, view.body or "")]
    known = import_lines([*used, "Any", "Mapping", "Response"])
    # After `_runtime.formats` and before `_runtime.operation`, which is the last line: where isort wants it.
    *lines, last = known.split("\n")
    imports = "\n".join([*lines, f"from ._runtime.errors import {', '.join(_RUNTIME)}", last])
    public = ("ERRORS", *sorted((*_RUNTIME, *(view.name for view in classes))))
    table = tuple(f"{view.response}: {view.name}" for view in classes)
    return {"errors.py": render("python/checkout_api/errors.py.j2", ErrorsView(imports, public, classes, table))}


@lru_cache(maxsize=4)
def failures(api: Api) -> Mapping[str, Answer]:
    """The answers that a client raises, by the name of their class."""
    return {answer.name: answer for call in calls(api) if call.operation.role == "path" for answer in raised(call)}


def raised(call: Call) -> tuple[Answer, ...]:
    """The answers of one call that are errors: from 400 on, and `default` unless it is all that is declared."""
    return tuple(answer for answer in call.answers if answer not in call.successes)


@lru_cache(maxsize=4)
def error_names(api: Api) -> Mapping[str, str]:
    """The exceptions' names, by the names of the response classes: the same, kept apart from the runtime's own."""
    found = tuple(failures(api))
    return dict(zip(found, names.unique(found, _TAKEN), strict=True))


def _view(api: Api, answer: Answer, name: str) -> ErrorView:
    bodies = dict.fromkeys(contents.view(declared, api.types).signature for declared in answer.response.contents)
    body = ("Any" if "Any" in bodies else " | ".join(bodies)) or None
    about = f"{answer.status}: {answer.response.description}" if answer.response.description else f"Status {answer.status}."
    return ErrorView(name, f"responses.{answer.name}", body, docstring(about, 4))
