"""The body of an answer by its media type and its schema: JSON, text, and forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tillspec.api.model import Response
from tillspec.pointer import Pointer, join, split
from tillspec.prove.faults import Fault
from tillspec.prove.places import Ground
from tillspec.runtime.encoding import is_json
from tillspec.verify.contract import Target
from tillspec.verify.exchange import NOTHING, Answer
from tillspec.verify.expressions import at
from tillspec.verify.findings import Severity
from tillspec.verify.oracles.readings import Json, Unreadable, form, is_text, readings, text_of
from tillspec.verify.run import Run, Told, passed, shown

_FIRST = ("type", "const", "enum", "required", "minLength", "maxLength", "minimum", "maximum", "pattern", "format")
"""Of several keywords that one value breaks, the one that tells most."""
_MOST = 8
_FORM = "application/x-www-form-urlencoded"


def body(run: Run, target: Target, declared: Response, answer: Answer) -> Iterator[Told]:
    """Hold a body of a declared media type against what is declared of it."""
    pointer = run.contract.response_schema(target, declared, answer.header("content-type") or "")
    at_response = run.contract.resolved(target.response_pointer(declared))[0]
    if is_json(answer.media_type):
        yield from _json(run, answer, pointer, at_response)
    elif pointer is not None and (is_text(answer.media_type) or answer.media_type == _FORM):
        yield from _text(run, answer, pointer, at_response)


def _json(run: Run, answer: Answer, pointer: Pointer | None, at_response: Pointer) -> Iterator[Told]:
    try:
        found = Json.of(answer.body)
    except Unreadable as error:
        observed = f"{error}: {shown(answer.body[:120].decode('utf-8', 'replace'))}"
        yield Told("body-json", f"the body of a {answer.status} is not JSON", at_response, "JSON (RFC 8259)", observed)
        return
    if found.repeated:
        yield Told(
            "body-json", f"the body of a {answer.status} has a name twice in one object", at_response,
            "names that are unique (RFC 8259, section 4)", found.repeated[0], "unique", Severity.SHOULD,
        )  # fmt: skip
    else:
        yield passed("body-json")
    if pointer is not None:
        yield from _value(run, pointer, found.value)


def _text(run: Run, answer: Answer, pointer: Pointer, at_response: Pointer) -> Iterator[Told]:
    try:
        text = text_of(answer)
    except Unreadable as error:
        what = f"the body of a {answer.status} is not in the charset that it says"
        yield Told("body-schema", what, at_response, answer.header("content-type") or "text", str(error), "charset")
        return
    if answer.media_type == _FORM:
        values: list[Any] = [form(run.contract, text, _schemas(run, pointer))]
    else:
        values = list(readings(text))[:2]
        if not _speaks_of_text(run, pointer):
            return
    valid = [value for value in values if run.contract.is_valid(pointer, "response", value)]
    yield from _value(run, pointer, (valid or values)[0])


def _speaks_of_text(run: Run, pointer: Pointer) -> bool:
    """Whether a schema is of a string, or a number that text can write; one of an object describes something like XML."""
    schema = run.contract.resolved(pointer)[1]
    said = schema.get("type") if isinstance(schema, dict) else None
    return not {"object", "array"} & set([said] if isinstance(said, str) else said or ())


def _value(run: Run, pointer: Pointer, value: Any) -> Iterator[Told]:
    if run.contract.is_valid(pointer, "response", value):
        hidden = list(_write_only(run, pointer, value))
        yield from (_told(value, fault) for fault in hidden[:_MOST])
        if not hidden:
            yield passed("body-schema")
        return
    for fault in telling(run.contract.faults(pointer, "response", value))[:_MOST]:
        yield _told(value, fault)


def telling(faults: list[Fault]) -> list[Fault]:
    """One keyword for each value that is wrong: what is missing before what is too much, a type before what depends on it."""
    ranked = sorted(faults, key=lambda fault: _FIRST.index(fault.keyword) if fault.keyword in _FIRST else len(_FIRST))
    first: dict[Pointer, str] = {}
    return [fault for fault in ranked if first.setdefault(fault.place, fault.keyword) == fault.keyword]


def _told(value: Any, fault: Fault) -> Told:
    """What is wrong, with the keyword's own place as the clause: a component that many operations share is told of once."""
    keyword, name = fault.keyword, fault.name
    where = next((f"`{token}`" for token in reversed(split(fault.place)) if not token.isdigit()), "the body")
    what, aspect = f"{where} breaks {keyword}", keyword
    if keyword == "required" and name is not None:
        what, aspect = f"the required property `{name}` is missing", f"required {name}"
    elif keyword == "writeOnly":
        what = f"the property `{name}`, which is write-only, is in an answer"
    elif keyword in ("additionalProperties", "unevaluatedProperties") and name is not None:
        what = "an object that is closed has a property that is not declared"
    seen = at(value, fault.place)
    observed = shown(json.dumps(None if seen is NOTHING else seen, ensure_ascii=False))
    observed = f"{name!r} in {observed}" if keyword in ("additionalProperties", "unevaluatedProperties") and name else observed
    return Told("body-schema", what, fault.pointer, f"{keyword} holds at {fault.place or 'the root'}", observed, aspect)


# -- directions ----------------------------------------------------------------------------------------------------------


def _write_only(run: Run, pointer: Pointer, value: Any) -> Iterator[Fault]:
    """The properties of a valid value that only requests have (JSON Schema validation, section 9.4; OpenAPI 3.0, 4.7.24.2)."""
    if not run.declared.reaches(pointer, "writeOnly"):
        return
    schemas = run.contract.schemas
    ground = Ground(run.contract.judge, schemas.at(pointer, "response"), value)
    run.contract.judge.forget()
    found: dict[tuple[str | int, ...], Fault] = {}
    for place in ground.places:
        here = schemas.pointer(place.schema)
        schema = run.contract.look_up(here) if here else None
        ignored = schemas.version == "3.0" and "$ref" in place.schema
        if place.path and isinstance(schema, dict) and schema.get("writeOnly") is True and not ignored:
            found.setdefault(place.path, Fault("writeOnly", join("", *place.path), join(here, "writeOnly"), str(place.path[-1])))
    yield from found.values()


def _schemas(run: Run, pointer: Pointer) -> dict[str, Any]:
    """The schemas of an object's properties, by name."""
    return {name: run.contract.look_up(at) for name, at in run.relations.properties(pointer).items()}
