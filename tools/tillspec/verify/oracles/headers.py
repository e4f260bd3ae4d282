"""The headers of an answer, as its response declares them (OpenAPI 3.1, Header Object)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tillspec.api.model import Header, Response
from tillspec.pointer import Pointer, join
from tillspec.runtime.encoding import is_json
from tillspec.verify.contract import Target
from tillspec.verify.exchange import Answer
from tillspec.verify.oracles.readings import Json, Unreadable, readings
from tillspec.verify.run import Run, Told, passed, shown


def headers(run: Run, target: Target, declared: Response, answer: Answer) -> Iterator[Told]:
    """Every header that the response declares; `Content-Type` is said by the media types, and ignored here."""
    for header in declared.headers:
        if header.name.lower() == "content-type":
            continue
        pointer = run.contract.header_schema(target, declared, header)
        texts = _texts(answer, header.name)
        if texts:
            yield passed("header-required")
            yield next(
                (told for told in (_value(run, header, pointer, text) for text in texts) if told.what), passed("header-schema")
            )
        elif header.required:
            yield Told(
                "header-required", f"the header {header.name} is missing", pointer, f"{header.name} on {answer.status}",
                "it is not there",
            )  # fmt: skip


def _texts(answer: Answer, name: str) -> list[str]:
    """The values of a header: its lines as one list (RFC 9110, section 5.3), but for cookies, of which each is one."""
    lines = list(answer.all(name))
    return lines if name.lower() == "set-cookie" or not lines else [", ".join(lines)]


def _value(run: Run, header: Header, pointer: Pointer, text: str) -> Told:
    schema = join(pointer, "schema")
    given: list[Any] | None = None
    if header.media_type is not None:
        schema = join(pointer, "content", header.media_type, "schema")
        if is_json(header.media_type):
            try:
                given = [Json.of(text.encode("latin-1")).value]
            except Unreadable as error:
                what = f"the header {header.name} is no {header.media_type}"
                return Told("header-schema", what, pointer, header.media_type, f"{error}: {shown(text)}")
    if run.contract.look_up(schema) is None:
        return passed("header-schema")
    if any(run.contract.is_valid(schema, "response", value) for value in given or readings(text)):
        return passed("header-schema")
    found = [run.contract.faults(schema, "response", value) for value in given or readings(text)]
    nearest = min(found, key=lambda one: (any(fault.keyword == "type" for fault in one), len(one)))
    keyword, at = (nearest[0].keyword, nearest[0].pointer) if nearest else ("its schema", schema)
    said = f"{keyword}: {shown(repr(run.contract.look_up(at)))}" if at else keyword
    return Told("header-schema", f"the header {header.name} is not valid by its schema", at or schema, said, shown(text), keyword)
