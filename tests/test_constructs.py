"""Every construct of `constructs/`: what is valid is read and comes back equal as JSON, what is not is refused."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from construct_suite import FOLDER, Construct, comes_back, document, misjudged, read_all, table
from tillspec.pipeline import generate
from tillspec.request import Request

CONSTRUCTS = read_all()
Faults = Callable[[Construct], list[str]]


@pytest.fixture(scope="session")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    """What the generated models get wrong of a construct; one package is made for each file and version of OpenAPI."""
    folder = tmp_path_factory.mktemp("constructs")
    (folder / "python").mkdir()
    sys.path.insert(0, str(folder / "python"))

    @cache
    def package(file: str, openapi: str) -> str:
        together = [one for one in CONSTRUCTS if (one.file, one.openapi) == (file, openapi)]
        name = f"constructs_{file}_{openapi.replace('.', '_')}"
        spec = folder / f"{name}.json"
        spec.write_text(json.dumps(document(together)), encoding="utf-8")
        generate(Request(spec, folder / name, name))
        (folder / name / "python" / name).rename(folder / "python" / name)
        return name

    @cache
    def found(construct: Construct) -> list[str]:
        made = package(construct.file, construct.openapi)
        try:
            return list(wrong(construct, made))
        except Exception as error:  # no models for it, or they cannot read an instance, is a fault of this construct alone
            return [f"{type(error).__name__}: {error}"]

    yield found
    sys.path.remove(str(folder / "python"))


def wrong(construct: Construct, package: str) -> Iterator[str]:
    """The instances of which the models of a package say otherwise than was written by hand."""
    module = importlib.import_module
    content = content_of(construct, package)
    intake = module(f"{package}._runtime.intake")
    body = module(f"{package}._runtime.operation").RequestBody(contents={"application/json": content}, required=True)
    _, read = intake.BodyReader(body).choose("application/json")
    for instance, valid in construct.verdicts:
        try:
            value = read(instance.text.encode())
        except intake.Invalid as refused:
            if valid:
                told = "; ".join(f"{one.pointer or 'the root'}: {one.message}" for one in refused.found)
                yield f"refused, though valid: {instance.text} ({told})"
            continue
        if not valid:
            yield f"read, though invalid: {instance.text} (as {value!r})"
            continue
        back = content.value.adapter.serializer.to_json(value, by_alias=True, exclude_unset=True, warnings="error")
        if not comes_back(json.loads(instance.text), json.loads(back)):
            yield f"comes back otherwise: {instance.text} as {back.decode()}"


def content_of(construct: Construct, package: str) -> Any:
    """The typed JSON content of a construct: its component's, or what the operation has that is named like it."""
    operation = importlib.import_module(f"{package}._runtime.operation")
    if construct.direction is None:
        components = importlib.import_module(f"{package}.models").COMPONENTS
        return operation.Content(carrier="json", value=operation.Value(components[construct.subject]))
    table = vars(importlib.import_module(f"{package}.operations")).values()
    found = next(one for one in table if isinstance(one, operation.Operation) and one.id == construct.subject)
    contents = found.body.contents if construct.direction == "request" else found.responses["200"].wire.contents
    return contents["application/json"]


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda one: one.id)
def test_the_models_are_right(construct: Construct, faults: Faults) -> None:
    assert faults(construct) == []


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda one: one.id)
def test_other_libraries_confirm_the_verdicts(construct: Construct) -> None:
    assert misjudged(construct) == []


def test_no_instance_is_written_twice_and_each_construct_has_both_kinds() -> None:
    for construct in CONSTRUCTS:
        texts = [instance.text for instance, _ in construct.verdicts]
        assert len(set(texts)) == len(texts), construct.id
        assert construct.valid, construct.id
    assert len({one.id for one in CONSTRUCTS}) == len(CONSTRUCTS)


def test_the_table_is_published(faults: Faults, accept: bool) -> None:
    made = table(CONSTRUCTS, {one.id: faults(one) for one in CONSTRUCTS})
    published = FOLDER / "README.md"
    if accept:
        published.write_text(made, encoding="utf-8")
    assert published.read_text(encoding="utf-8") == made
