"""A document against the JSON Schema that OpenAPI publishes for its version, and its schemas against their meta-schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs

from tillspec.diagnostics import Diagnostic, Severity, printable
from tillspec.document.bundle import Bundle
from tillspec.document.grammar import children
from tillspec.pointer import Pointer, join
from tillspec.rules.wording import Finding, Standard, about_schema

_MOST = 20
_SHOWN = 300
_UNCHECKED = ("uri", "uri-reference", "email")


def structure(bundle: Bundle) -> Iterator[Diagnostic]:
    """Each place at which the document breaks the standard's own schema (the published schemas for 3.0, 3.1 and 3.2)."""
    validator, standard = _published(bundle.version)
    for finding in standard.findings(list(islice(validator.iter_errors(bundle.value), _MOST))):
        yield _diagnostic(bundle, "structure", "", finding)
    if bundle.version == "3.0":
        return
    for pointer, schema in _schemas("openapi", bundle.value, ""):
        for error in _meta_validator().iter_errors(schema):
            yield _diagnostic(bundle, "schema-invalid", pointer, about_schema(error))


def _diagnostic(bundle: Bundle, code: str, above: Pointer, finding: Finding) -> Diagnostic:
    message = printable(finding.message)
    short = message if len(message) < _SHOWN else message[:_SHOWN] + " …"
    place = bundle.span(above + join("", *finding.path), key=finding.key)
    # What is said about a document changes nothing in what is made from it, as long as it is an object.
    harmless = finding.path[:1] == ("info",) and (finding.key or len(finding.path) > 1)
    return Diagnostic(code, short, place, finding.hint, Severity.WARNING if harmless else Severity.ERROR)


def _schemas(kind: str, value: Any, pointer: Pointer) -> Iterator[tuple[Pointer, Any]]:
    """The outermost schemas of a document."""
    if isinstance(value, dict) and "$ref" in value and kind != "schema":
        return
    if kind == "schema":
        yield pointer, value
        return
    for child in children(kind, value, pointer):
        yield from _schemas(child.kind, child.value, child.pointer)


@cache
def _published(version: str) -> tuple[Any, Standard]:
    found = find_spec("openapi_spec_validator")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("openapi-spec-validator is not installed; install tillspec again")
    folder = Path(next(iter(found.submodule_search_locations))) / "resources" / "schemas" / f"v{version}"
    schema = json.loads((folder / "schema.json").read_bytes())
    return _validator_for(schema), Standard(schema)


@cache
def _meta_validator() -> Any:
    return _validator_for({"$ref": "https://json-schema.org/draft/2020-12/schema"})


def _validator_for(schema: dict[str, Any]) -> Any:
    """Formats are checked as well, but for those of which documents in use are full: a URL with a variable in it is one."""
    formats = {**dict.fromkeys(_UNCHECKED, lambda _: True), "regex": _is_pattern}
    return jsonschema_rs.validator_for(schema, mask="this", validate_formats=True, formats=formats)


def _is_pattern(text: str) -> bool:
    """Whether a text is a regular expression; also one that ECMA-262 allows only for the sake of old programs (annex B)."""
    try:
        return _STRICT.is_valid(text) or bool(re.compile(text))
    except (re.error, OverflowError, RecursionError):
        return False


_STRICT = jsonschema_rs.validator_for({"format": "regex"}, validate_formats=True)
