"""Single constructs of JSON Schema and OpenAPI, with instances written by hand: how `constructs/` is read and judged.

A file is a list of constructs. Each has a `name`, what it is `about`, the `clause` of the standard, a `schema` (or `schemas`,
several components of which the first is meant), and two texts, `valid` and `invalid`, with one instance a line, as it is on the
wire; what stands behind two spaces and a `#` is a remark. Where the directions differ, `request` and `response` hold these texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import jsonschema_rs
import yaml
from openapi_schema_validator import OAS30Validator, OAS31Validator, oas30_format_checker, oas31_format_checker

FOLDER = Path(__file__).with_name("constructs")
PREFIX = "#/components/schemas/"
Direction = Literal["request", "response"]
_KEYS = {
    "name", "about", "clause", "openapi", "schema", "schemas", "valid", "invalid", "request", "response", "judges", "because",
}  # fmt: skip
_NOT_JUDGED = "not judged: "


@dataclass(frozen=True)
class Instance:
    """A JSON text. `judged` says whether the libraries are asked too; where they are not, the remark says why."""

    text: str
    remark: str = ""

    @property
    def judged(self) -> bool:
        return not self.remark.startswith(_NOT_JUDGED)


@dataclass(frozen=True, eq=False)
class Construct:
    """A construct: its components, of which the first is meant, and what is valid by it and what is not.

    `judges` are the libraries that confirm each verdict, `because` says why where it is not all of them.
    """

    file: str
    name: str
    about: str
    clause: str
    openapi: str
    schemas: Mapping[str, Any]
    valid: tuple[Instance, ...]
    invalid: tuple[Instance, ...]
    judges: tuple[str, ...]
    because: str
    direction: Direction | None = None

    @property
    def subject(self) -> str:
        """The name of the component that is meant."""
        return next(iter(self.schemas))

    @property
    def id(self) -> str:
        return f"{self.file}: {self.name}" + (f" ({self.direction})" if self.direction else "")

    @cached_property
    def verdicts(self) -> tuple[tuple[Instance, bool], ...]:
        """Every instance with whether it is valid."""
        return (*((one, True) for one in self.valid), *((one, False) for one in self.invalid))


# -- reading ---------------------------------------------------------------------------------------------------------------


def read_all() -> list[Construct]:
    """All constructs, in the order of the files' names and of what stands in them."""
    return [construct for path in sorted(FOLDER.glob("*.yaml")) for construct in _read(path)]


def _read(path: Path) -> Iterator[Construct]:
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        assert entry.keys() <= _KEYS, f"{path.name}, {entry.get('name')}: {sorted(entry.keys() - _KEYS)}"
        openapi = entry.get("openapi", "3.1.1")
        every = ("jsonschema", "jsonschema-rs") if openapi.startswith("3.1") else ("openapi-schema-validator",)
        judges = tuple(entry.get("judges", every))
        assert (judges == every) == ("because" not in entry), f"{path.name}, {entry['name']}: a judge less needs a reason"
        for direction in ("request", "response") if "request" in entry else (None,):
            texts = entry[direction] if direction else entry
            yield Construct(
                path.stem,
                entry["name"],
                entry["about"],
                entry["clause"],
                openapi,
                entry.get("schemas") or {component_name(entry["name"]): entry["schema"]},
                tuple(_instances(texts["valid"])),
                tuple(_instances(texts["invalid"])),
                judges,
                entry.get("because", ""),
                direction,  # type: ignore[arg-type]
            )


def component_name(name: str) -> str:
    """What a component is called after the name of its construct."""
    return "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", name))


def _instances(text: str) -> Iterator[Instance]:
    for line in filter(None, map(str.strip, text.split("\n"))):
        value, _, remark = line.partition("  # ")
        yield Instance(value.rstrip(), remark)


def document(constructs: list[Construct]) -> dict[str, Any]:
    """The contract of constructs of one file and version: their components, and an operation for each that has directions."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {"/health": {"get": {"operationId": "health", "responses": {"204": {"description": "Well."}}}}}
    for construct in constructs:
        for name, schema in construct.schemas.items():
            assert schemas.get(name, schema) is schema, f"{construct.id}: there is another component {name}"
            schemas[name] = schema
        if construct.direction:
            content = {"application/json": {"schema": {"$ref": PREFIX + construct.subject}}}
            paths[f"/{construct.subject}"] = {
                "post": {
                    "operationId": construct.subject,
                    "requestBody": {"required": True, "content": content},
                    "responses": {"200": {"description": "Well.", "content": content}},
                }
            }
    facts = {"title": constructs[0].file, "version": "1"}
    return {"openapi": constructs[0].openapi, "info": facts, "paths": paths, "components": {"schemas": schemas}}


# -- judging ---------------------------------------------------------------------------------------------------------------


def misjudged(construct: Construct) -> list[str]:
    """Where a library says otherwise than the hand that wrote the verdicts."""
    found = []
    for judge in construct.judges:
        is_valid = _JUDGES[judge](construct)
        for instance, valid in construct.verdicts:
            if instance.judged and is_valid(json.loads(instance.text)) != valid:
                found.append(f"{judge} says {'invalid' if valid else 'valid'} of {instance.text}")
    return found


def _root(construct: Construct) -> dict[str, Any]:
    return {"$ref": PREFIX + construct.subject, "components": {"schemas": construct.schemas}}


def _jsonschema(construct: Construct) -> Callable[[Any], bool]:
    return OAS31Validator(_root(construct), format_checker=oas31_format_checker).is_valid  # type: ignore[no-any-return]


def _jsonschema_rs(construct: Construct) -> Callable[[Any], bool]:
    # Left to itself, the library takes `Ann <ann@shop.example>` for an e-mail, which is no mailbox of RFC 5321.
    mailbox = jsonschema_rs.EmailOptions(allow_display_text=False)
    return jsonschema_rs.Draft202012Validator(_root(construct), validate_formats=True, email_options=mailbox).is_valid


def _openapi_3_0(construct: Construct) -> Callable[[Any], bool]:
    return OAS30Validator(_root(construct), format_checker=oas30_format_checker).is_valid  # type: ignore[no-any-return]


_JUDGES: Mapping[str, Callable[[Construct], Callable[[Any], bool]]] = {
    "jsonschema": _jsonschema,
    "jsonschema-rs": _jsonschema_rs,
    "openapi-schema-validator": _openapi_3_0,
}


def comes_back(sent: Any, back: Any) -> bool:
    """Whether a value that was read and written again is the same: an integer has to stay one, 5.0 may become 5."""
    match sent:
        case bool() | None | str():
            return type(sent) is type(back) and sent == back
        case int():
            return type(back) is int and sent == back
        case float():
            return type(back) in (int, float) and sent == back
        case list():
            return isinstance(back, list) and len(sent) == len(back) and all(map(comes_back, sent, back))
        case dict():
            return isinstance(back, dict) and sent.keys() == back.keys() and all(comes_back(sent[key], back[key]) for key in sent)
        case _:
            raise TypeError(type(sent).__name__)


# -- the table -------------------------------------------------------------------------------------------------------------

_INTRODUCTION = """\
# Single constructs

Each line is one construct of JSON Schema or OpenAPI. Its instances were written by hand, from the clause that is named. Models
are generated, they read every instance as the body of a request is read, and write what is valid again. A construct is right
where every instance is: each valid one is read and comes back equal as JSON, each invalid one is refused.

The verdicts themselves are confirmed by other libraries, jsonschema and jsonschema-rs, for OpenAPI 3.0 openapi-schema-validator;
a note says where one of them is left out, and why. _Core_ and _Validation_ are the two parts of JSON Schema draft 2020-12, _OAS_
is OpenAPI.

This file is written by `pytest tests/test_constructs.py --accept`, and compared in every other run.
"""


def table(constructs: list[Construct], wrong: Mapping[str, list[str]]) -> str:
    """The published table; `wrong` are the faults by the id of a construct."""
    right = sum(not wrong[one.id] for one in constructs)
    instances = [instance for one in constructs for instance in (*one.valid, *one.invalid)]
    valid = sum(len(one.valid) for one in constructs)
    counted = (
        f"{len(constructs)} constructs, {right} of them right; {valid} valid and {len(instances) - valid} invalid instances."
    )
    parts = [_INTRODUCTION, counted + "\n"]
    notes: list[str] = []
    for file in dict.fromkeys(one.file for one in constructs):
        rows = [_row(one, bool(wrong[one.id]), notes) for one in constructs if one.file == file]
        head = "| construct | what it is about | clause | valid | invalid | |\n|---|---|---|--:|--:|---|\n"
        parts.append(f"## {file.replace('_', ' ')}\n\n{head}{''.join(rows)}")
    told = "".join(f"{number}. {note}\n" for number, note in enumerate(notes, 1))
    return "\n".join([*parts, f"## Notes\n\n{told}"])


def _row(one: Construct, is_wrong: bool, notes: list[str]) -> str:
    name = one.name + (f" ({one.direction})" if one.direction else "")
    mark = ""
    if one.because:
        judges = f"judged by {' and '.join(one.judges)} alone" if one.judges else "judged by no library"
        note = f"{judges}: {one.because}"
        if note not in notes:
            notes.append(note)
        mark = f" <sup>{notes.index(note) + 1}</sup>"
    cells = (name + mark, one.about, one.clause, str(len(one.valid)), str(len(one.invalid)), "**wrong**" if is_wrong else "right")
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"
