"""What shows that a server keeps the contract: answers held against it, and bodies with one edit, valid or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from faults.variants.serving import CONTRACT
from tillspec.diagnostics import Report
from tillspec.pipeline import read
from tillspec.prove.mutate import Mutator
from tillspec.prove.places import Ground, at, replaced
from tillspec.verify.contract import Contract


@cache
def document() -> dict[str, Any]:
    """The bundled contract."""
    value: dict[str, Any] = json.loads(CONTRACT.read_text(encoding="utf-8"))
    return value


@cache
def contract() -> Contract:
    bundle, api = read(CONTRACT, frozenset(), (), Report())
    return Contract(bundle, api)


def _at(value: Any) -> Any:
    while isinstance(value, dict) and "$ref" in value:
        place: Any = document()
        for part in value["$ref"].removeprefix("#/").split("/"):
            place = place[part.replace("~1", "/").replace("~0", "~")]
        value = place
    return value


def held(operation: str, response: httpx.Response) -> httpx.Response:
    """Asserts that an answer is one that an operation declares: status, headers, media type and body."""
    target = contract().targets[operation]
    declared = document()["paths"][target.path][target.method.lower()]["responses"]
    assert str(response.status_code) in declared, (operation, response.status_code, response.text)
    answer = _at(declared[str(response.status_code)])
    for name, header in answer.get("headers", {}).items():
        told = _at(header)
        assert name in response.headers or not told.get("required"), (operation, name)
        if name in response.headers and told["schema"].get("type") == "string":
            _validated(told["schema"], response.headers[name])
    content = answer.get("content")
    if content is None:
        assert response.content == b""
        return response
    kind = response.headers["content-type"].partition(";")[0].strip().lower()
    assert kind in content, (operation, kind)
    if kind == "application/json":
        _validated(content[kind]["schema"], response.json())
    return response


def _validated(schema: Any, value: Any) -> None:
    whole = {"components": document()["components"], "allOf": [schema]}
    wrong = next(Draft202012Validator(whole).iter_errors(value), None)
    assert wrong is None, (wrong, value)


def bodies(operation: str, every: int, most: int) -> Iterator[tuple[Any, bool]]:
    """Bodies with one edit, each with whether the schema allows it: every so many-th of all, and at most so many."""
    form = contract().targets[operation].json_body
    assert form is not None
    judge, mutator = contract().judge, Mutator(contract().synthesiser)
    base = max(form.examples, key=lambda example: len(str(example)))
    places = Ground(judge, form.schema, base).places
    edits = (edit for place in places for stream in mutator.streams(place, at(base, place.path)) for edit in stream)
    for edit in islice(edits, 0, every * most, every):
        value = replaced(base, edit.path, edit.value)
        try:
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except ValueError:
            continue
        yield value, judge.is_valid(form.schema, value)
    judge.forget()
