"""What a JSON Schema validator finds, in the words of the person who wrote the document: what is wrong, and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

_KINDS = {
    "object": "an object", "array": "a list", "string": "a string", "number": "a number",
    "integer": "an integer", "boolean": "true or false", "null": "null",
}  # fmt: skip
_META_SCHEMA = "https://json-schema.org/draft/2020-12/json-schema-validation"
_WORD_BREAK = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST = 300
_UNKNOWN_FIELDS = ("unevaluatedProperties", "additionalProperties")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `path` leads to it; `key` means that the key there is at fault, and not the value."""

    path: tuple[str | int, ...]
    key: bool
    message: str
    hint: str


class Standard:
    """A published schema, and the vocabulary that it knows: what its parts are called, and which fields they have."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema
        self.fields = frozenset(_fields(schema))

    def findings(self, errors: list[Any]) -> Iterator[Finding]:
        """All errors, each once. What is but a consequence of another error at the same place is left out."""
        found = [deepest(error) for error in errors]
        strange = {tuple(error.instance_path): self._strange(error) for error in found if error.kind.name in _UNKNOWN_FIELDS}
        for error in found:
            path = tuple(error.instance_path)
            if error.kind.name in _UNKNOWN_FIELDS:
                for name in strange[path]:
                    yield Finding((*path, name), True, f"the field {name!r} is not known here", self._about_field(error, name))
            elif not (strange.get(path) and "then" in error.schema_path):
                message, hint = _told(error)
                yield Finding(path, error.kind.name == "required", message, hint or self._see(error))

    def _strange(self, error: Any) -> list[str]:
        """The fields that nobody knows; a validator also names those that it could not judge, as another error came first."""
        part = self._part(error)
        known = set(_fields(part))
        return [name for name in error.kind.as_dict()["unexpected"] if name not in known]

    def _part(self, error: Any) -> dict[str, Any]:
        path = list(error.schema_path)
        part = self.schema.get(path[0], {}).get(path[1]) if len(path) > 1 and path[0] in ("$defs", "definitions") else None
        return part if isinstance(part, dict) else {**self.schema, "$defs": {}, "definitions": {}}

    def _see(self, error: Any) -> str:
        """Where the standard says it."""
        comment = self._part(error).get("$comment", "")
        if comment.startswith("http"):
            return f"see {comment}"
        home = str(self.schema.get("description", "")).rpartition(" ")[2]
        part = list(error.schema_path)[1] if error.schema_path[0] == "definitions" else ""
        return f"see {home}" + (f"#{_WORD_BREAK.sub('-', part).lower()}-object" if part else "")

    def _about_field(self, error: Any, name: str) -> str:
        part = next(iter(error.schema_path[1:2]), "")
        if name.startswith("/"):
            return "a path stands below paths; look at the indentation"
        if part in ("paths", "Paths"):
            return f"a path begins with a slash: /{name}"
        if part in ("responses", "Responses"):
            return "a status is '200', '4XX' or default"
        close = get_close_matches(name, self.fields, n=1)
        return f"did you mean {close[0]}?" if close else "look at its indentation; fields of your own begin with x-"


def about_schema(error: Any) -> Finding:
    """An error of a schema against the meta-schema of draft 2020-12."""
    error = deepest(error)
    path = tuple(error.instance_path)
    message, hint = _told(error)
    if path[-1:] == ("required",) and isinstance(error.instance, bool):
        hint = "list what is required beside properties, not in each of them: required: [id, name]"
    elif error.kind.name == "type" and isinstance(error.instance, str) and error.instance in _KINDS:
        hint = f"write it below: type: {error.instance}"
    return Finding(path, False, message, hint or f"see {_META_SCHEMA}")


def about_values(errors: Iterable[Any], but: Callable[[Any], bool] = lambda _: False) -> Iterator[Finding]:
    """The errors of an example, or of another value, against its schema, but for some; what one object lacks is told as one."""
    found = [deepest(error) for error in errors]
    lacking: dict[tuple[str | int, ...], list[str]] = {}
    for error in found:
        path = tuple(error.instance_path)
        others = [one for one in found if one is not error and tuple(one.instance_path)[: len(path)] == path]
        if error.kind.name == "required":
            lacking.setdefault(path, []).append(error.kind.as_dict()["property"])
        elif error.kind.name == "unevaluatedProperties" and others:
            continue  # what another error spoiled counts as not evaluated
        elif but(error):
            continue
        elif error.kind.name in _UNKNOWN_FIELDS:
            for name in error.kind.as_dict()["unexpected"]:
                yield Finding((*path, name), True, f"the field {name!r} is not known here", "")
        else:
            message, hint = _told(error)
            yield Finding(path, False, message if len(message) <= _LONGEST else message[:_LONGEST] + " …", hint)
    for path, names in lacking.items():
        told = ", ".join(map(repr, names))
        yield Finding(path, True, f"the field{'s' * (len(names) > 1)} {told} {'are' if len(names) > 1 else 'is'} missing", "")


def _told(error: Any) -> tuple[str, str]:
    """The message and, where one is at hand, the hint."""
    kind, facts = error.kind.name, error.kind.as_dict()
    match kind:
        case "required":
            return f"the field {facts['property']!r} is missing", ""
        case "type":
            wanted = " or ".join(_KINDS[name] for name in facts["types"])
            return f"this must be {wanted}, and is {_called(error.instance)}", ""
        case "enum":
            close = get_close_matches(str(error.instance), [str(one) for one in facts["options"]], n=1)
            options = ", ".join(map(_json, facts["options"]))
            return f"{_json(error.instance)} is none of {options}", f"did you mean {close[0]}?" if close else ""
        case "const":
            return f"this must be {_json(facts['expected_value'])}, and is {_called(error.instance)}", ""
        case "not" if set(facts["schema"]) == {"required"}:
            return f"of the fields {' and '.join(facts['schema']['required'])} only one may be here", ""
        case "anyOf" | "oneOf" if _asks_for_one_field(error):
            names = [branch[0].kind.as_dict()["property"] for branch in error.kind.context]
            return f"one of the fields {', '.join(names)} must be here", ""
        case "format" if facts["format"] == "regex":
            return f"{_json(error.instance)} is no regular expression", "patterns are written as in JavaScript (ECMA-262)"
        case "oneOf" if not all(facts["context"]):
            return "this fits more than one of the alternatives, and oneOf allows one", ""
        case "anyOf" | "oneOf":
            return "this fits none of the alternatives", ""
        case "falseSchema" | "not":
            return "this is not allowed here", ""
        case _:
            return str(error.message), ""


def deepest(error: Any) -> Any:
    """Of a failed choice, the failure that its author meant: in the one branch for such a value, or else the deepest."""
    branches = getattr(error.kind, "context", None)
    if not branches or _asks_for_one_field(error) or not all(branches):
        return error
    here = error.instance_path
    fitting = [branch for branch in branches if not any(one.kind.name == "type" and one.instance_path == here for one in branch)]
    inner = [deepest(one) for branch in (fitting if len(fitting) == 1 else branches) for one in branch]
    candidates = inner if len(fitting) == 1 else [error, *inner]
    return max(candidates, key=lambda one: len(one.instance_path))


def _asks_for_one_field(error: Any) -> bool:
    branches = getattr(error.kind, "context", None) or ()
    return bool(branches) and all(
        len(branch) == 1 and branch[0].kind.name == "required" and branch[0].instance_path == error.instance_path
        for branch in branches
    )


def _fields(schema: Any) -> Iterator[str]:
    """The names of all fields that a schema, or anything in it, declares."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for value in schema.values():
            yield from _fields(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _fields(value)


def _called(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool() | int() | float():
            return _json(value)
        case str():
            return f"the string {_json(value)}"
        case list():
            return "a list"
        case _:
            return "an object"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
