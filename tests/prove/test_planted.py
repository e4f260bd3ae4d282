"""Faults planted in a generated package: the proof finds each, says where it is, and what it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from helpers import Tillspec
from prove.conftest import HERE
from tillspec.diagnostics import Report
from tillspec.pipeline import contract
from tillspec.prove.package import Package, importing
from tillspec.prove.report import Failure, Result
from tillspec.prove.run import prove

SPEC = HERE / "planted.yaml"
ORDER = "/components/schemas/Order/properties"
BODY = "/paths/~1orders/post/requestBody/content/application~1json/schema"


@dataclass(frozen=True)
class Fault:
    """An edit of a generated file, and the failure that it must lead to."""

    name: str
    file: str
    before: str
    after: str
    check: str
    pointer: str
    kind: str
    shown: Any
    """The smallest instance that shows it, or what it has to hold."""


COERCED = "Annotated[int, Field(ge=1, le=9), __import__('pydantic').BeforeValidator(int)]"
FAULTS = [
    Fault("an integer is coerced", "models.py", "count: Annotated[int, Integer(ge=1, le=9)]", f"count: {COERCED}",
          "accepted", f"{ORDER}/count/type", 'type: "5"', {"name": "abcde", "count": "5"}),
    Fault("5.0 is no integer", "models.py", "Annotated[int, Integer(ge=1, le=9)]", "Annotated[int, Field(ge=1, le=9)]",
          "refused", f"{ORDER}/count/type", "type: 5.0", {"name": "abcde", "count": 5.0}),
    Fault("a bound is one off", "models.py", "Integer(ge=1, le=9)", "Integer(ge=0, le=9)",
          "accepted", f"{ORDER}/count/minimum", "bound: 1 below", {"name": "abcde", "count": 0}),
    Fault("a pattern is dropped", "models.py", 'Annotated[str, Field(pattern="^[A-Z]{2}$")]', "str",
          "accepted", f"{ORDER}/code/pattern", "pattern: line break after", {"code": "AA\n"}),
    Fault("null is taken for absent", "models.py", "note: str | MISSING", "note: str | None | MISSING",
          "accepted", f"{ORDER}/note/type", "type: null", {"note": None}),
    Fault("a number becomes a float", "models.py", "amount: JsonNumber", "amount: float",
          "changed", f"{ORDER}/amount", "integer as number", {"amount": 0}),
    Fault("an enum is any text", "models.py", 'Annotated[Literal["open", "closed"] | UnknownValue, OpenEnum()]', "str",
          "accepted", f"{ORDER}/state/enum", "enum: unknown", {"state": "openx"}),
    Fault("a format is dropped", "models.py", "when: Rfc3339DateTime", "when: str",
          "accepted", f"{ORDER}/when/format", "format date-time: nearly", {}),
    Fault("a date-time is written anew", "models.py", "when: Rfc3339DateTime", "when: __import__('datetime').datetime",
          "changed", f"{ORDER}/when", "text as text", {}),
    Fault("items may be equal", "models.py", "Annotated[list[str], Distinct()]", "list[str]",
          "accepted", f"{ORDER}/tags/uniqueItems", "uniqueItems: one twice", {"tags": ["abcde", "abcde"]}),
    Fault("what is closed is open", "models.py", 'model_config = ConfigDict(extra="forbid")', "",
          "accepted", "/components/schemas/Address/additionalProperties", "additionalProperties: null", {"undeclared": None}),
    Fault("what is open drops what it does not know", "_runtime/model.py", 'extra="allow"', 'extra="ignore"',
          "changed", "/components/schemas/Order", "null as nothing", {"undeclared": None}),
    Fault("oneOf is anyOf", "models.py", 'Conforms(SCHEMAS, "Score")', '"nothing"',
          "accepted", "/components/schemas/Score/oneOf", "oneOf: two branches", 0),
    Fault("what is required may be absent", "models.py", "    name: str\n", '    name: str = ""\n',
          "accepted", "/components/schemas/Order/required", "required: missing", {"count": 1}),
    Fault("a length is not held", "models.py", "Annotated[str, Field(max_length=5)]", "str",
          "accepted", "/components/schemas/Address/properties/street/maxLength", "maxLength: 1 longer", {"street": "abcdee"}),
    Fault("a model raises", "_runtime/formats.py", "return WireDateTime.parse(value)", "return WireDateTime.parse(value).x",
          "crashed", "/components/schemas/Order", "instance", {"name": "abcde", "count": 1, "when": "2026-03-04T05:06:07Z"}),
    Fault("a type cannot be made whole", "models.py", "amount: JsonNumber", "amount: Nowhere",
          "crashed", "/components/schemas/Order", "crashed", None),
    Fault("a component has no type", "models.py", '    "Address": Address,\n', "",
          "missing", "/components/schemas/Address", "missing", None),
    Fault("the stub takes any body", "_runtime/intake.py", "                return validate(plain, context=how)",
          "                return plain", "stub accepted", f"{ORDER}/count/minimum", "bound: 1 below", {"count": 0}),
    Fault("the stub refuses every body", "_runtime/intake.py", "                return validate(plain, context=how)",
          "                raise Invalid(MISSING_BODY)", "stub refused", BODY, "instance", {"count": 1}),
    Fault("the stub fails", "_runtime/intake.py", "                return validate(plain, context=how)",
          "                raise KeyError", "stub crashed", BODY, "instance", {"count": 1}),
]  # fmt: skip


def planted(package: Path, fault: Fault, folder: Path) -> Path:
    """A copy of a package with the fault in it."""
    copy = folder / package.name
    shutil.copytree(package, copy)
    file = copy / fault.file
    source = file.read_text(encoding="utf-8")
    assert fault.before in source
    file.write_text(source.replace(fault.before, fault.after), encoding="utf-8")
    return copy


def proved(package: Path, most: int = 400) -> Result:
    whole = contract(SPEC, (), Report())
    with importing(package.parent, package.name):
        return prove(whole, Package.of(package.name), most)


def holds(instance: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(instance, dict):
        return all(name in instance and holds(instance[name], value) for name, value in wanted.items())
    return bool(instance == wanted)


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
@pytest.mark.filterwarnings("ignore::pydantic.json_schema.PydanticJsonSchemaWarning")
def test_a_planted_fault_is_found(fault: Fault, generated: Callable[[Path], Path], tmp_path: Path) -> None:
    result = proved(planted(generated(SPEC), fault, tmp_path))
    found: list[Failure] = [
        failure
        for failure in result.failures
        if (failure.check, failure.pointer, failure.kind) == (fault.check, fault.pointer, fault.kind)
    ]
    assert found, [(failure.check, failure.pointer, failure.kind) for failure in result.failures]
    assert any(holds(failure.instance, fault.shown) for failure in found), [failure.instance for failure in found]
    assert all(failure.count >= 1 and failure.said for failure in found)


def test_a_fault_shows_in_the_counts(generated: Callable[[Path], Path], tmp_path: Path) -> None:
    sound = proved(generated(SPEC)).total
    assert sound.valid == sound.accepted == sound.round_tripped > 100
    assert (sound.structural_accepted, sound.format_accepted, sound.stub_wrong) == (0, 0, 0)

    by_name = {fault.name: fault for fault in FAULTS}
    formats = proved(planted(generated(SPEC), by_name["a format is dropped"], tmp_path / "formats")).total
    assert formats.structural_accepted == 0
    assert 0 < formats.format_accepted == formats.format
    floats = proved(planted(generated(SPEC), by_name["a number becomes a float"], tmp_path / "floats")).total
    assert floats.round_tripped < floats.accepted


def test_the_command_tells_a_fault_and_exits_1(generated: Callable[[Path], Path], tmp_path: Path, tillspec: Tillspec) -> None:
    fault = next(fault for fault in FAULTS if fault.name == "oneOf is anyOf")
    package = planted(generated(SPEC), fault, tmp_path)
    done = tillspec("prove", str(SPEC), "--package", str(package), "--json", "proof.json", cwd=tmp_path)
    assert done.returncode == 1
    assert "#/components/schemas/Score/oneOf" in done.stdout
    assert "  accepts what is not valid: Score" in done.stdout
    assert "not proved: " in done.stdout.splitlines()[-1]
    written = json.loads((tmp_path / "proof.json").read_text())
    score = next(one for one in written["subjects"] if one["name"] == "Score")
    assert score["structural_accepted"] >= 1
    assert {"check", "pointer", "kind", "at", "instance", "said", "count"} <= score["failures"][0].keys()
