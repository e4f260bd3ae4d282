"""Behaviour is declared in the words that there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from tillspec import resources
from tillspec.diagnostics import Diagnostic
from tillspec.pointer import join
from tillspec.rules.context import Context
from tillspec.rules.reading.behavior import PLACES, Declared
from tillspec.rules.wording import about_values


def behavior_invalid(context: Context) -> Iterator[Diagnostic]:
    """Each thing in an x-behavior that the vocabulary of its place does not allow."""
    for one in context.behaviors.everything:
        if not one.place:
            message = "x-behavior has no words for this place"
            hint = f"it stands on these: {', '.join(PLACES.values())}; see spec/README.md"
            yield context.found("behavior-invalid", message, one.node.pointer, hint, key=True)
            continue
        for finding in about_values(_validator(_definition(one)).iter_errors(one.node.value)):
            pointer = one.node.pointer + join("", *finding.path)
            hint = finding.hint or _form(finding.message) or "see the word in tillspec's spec/behavior.schema.json"
            yield context.found("behavior-invalid", f"x-behavior: {finding.message}", pointer, hint, key=finding.key)


def _form(message: str) -> str:
    """What the vocabulary says of a form that a text does not have."""
    forms = [part for part in _vocabulary()["$defs"].values() if "pattern" in part and "description" in part]
    return next((f"see the vocabulary: {part['description']}" for part in forms if f'"{part["pattern"]}"' in message), "")


def _definition(one: Declared) -> str:
    """Of a schema, which of its two sets of words is meant: that with more of the words that are used."""
    if one.place != "schema":
        return one.place
    used = set(one.node.value) if isinstance(one.node.value, dict) else set()
    defs = _vocabulary()["$defs"]
    return max("object", "property", key=lambda name: len(used & set(defs[name]["properties"])))


@cache
def _vocabulary() -> dict[str, Any]:
    vocabulary: dict[str, Any] = json.loads((resources.spec() / "behavior.schema.json").read_bytes())
    return vocabulary


@cache
def _validator(name: str) -> Any:
    schema = {**_vocabulary(), "$ref": f"#/$defs/{name}"}
    schema.pop("anyOf", None)
    return jsonschema_rs.validator_for(schema, validate_formats=True, mask="this")
