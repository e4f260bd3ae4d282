"""client/mock.py and client/examples.json: the contract's examples, and a transport that answers with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tillspec.api.model import Api, Content, Enum, Header, Json, Response
from tillspec.emit.calls import calls
from tillspec.emit.contents import media_type
from tillspec.emit.docstring import literal
from tillspec.emit.options import Options
from tillspec.emit.templates import render

_PREFIX = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class MockView:
    """The module of the mock; `entries` are those of its table of operations."""

    entries: tuple[str, ...]


@dataclass(slots=True)
class _Values:
    """JSON values, each once, by their place in a list."""

    texts: dict[str, int] = field(default_factory=dict)

    def place(self, value: Json) -> int:
        return self.texts.setdefault(json.dumps(value, ensure_ascii=False), len(self.texts))


def mock(api: Api, options: Options) -> dict[str, str]:
    """The mock of a client; nothing where an API has no paths."""
    own = [call for call in calls(api) if call.operation.role == "path"]
    if not own:
        return {}
    values = _Values()
    table = {call.operation.id: _responses(api, call.operation.responses, values) for call in own}
    shown = {name: kept for name, found in table.items() if (kept := {key: entry for key, entry in found.items() if entry})}
    rows = ",\n".join(f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(found)}" for name, found in shown.items())
    text = '{"values": [\n' + ",\n".join(f"  {text}" for text in values.texts) + '\n], "operations": {\n' + rows + "\n}}\n"
    entries = tuple(f"{literal(call.operation.id)}: operations.{call.constant}" for call in own)
    module = render("python/checkout_api/client/mock.py.j2", MockView(entries))
    return {"client/mock.py": module, "client/examples.json": text}


def _responses(api: Api, responses: tuple[Response, ...], values: _Values) -> dict[str, dict[str, Any]]:
    found = {}
    for response in responses:
        contents: dict[str, dict[str, int]] = {}
        for content in response.contents:
            shown = {name: values.place(value) for name, value in _of_content(api, content)}
            if shown:
                contents.setdefault(media_type(content.media_type), {}).update(shown)
        headers = {header.name: values.place(value) for header in response.headers for value in _of_header(api, header)}
        found[response.status] = {key: made for key, made in (("contents", contents), ("headers", headers)) if made}
    return found


def _of_content(api: Api, content: Content) -> Iterator[tuple[str, Json]]:
    """The examples of a body by name: its own, or else its schema's."""
    for example in content.examples:
        yield example.name, example.value
    if not content.examples:
        for number, value in enumerate(_of_schema(api, content.schema)):
            yield "example" if number == 0 else f"example_{number + 1}", value


def _of_schema(api: Api, schema: Json) -> list[Json]:
    seen: set[str] = set()
    while isinstance(schema, dict) and isinstance(reference := schema.get("$ref"), str) and reference not in seen:
        if "examples" in schema or "example" in schema:
            break
        seen.add(reference)
        named = api.types.get(reference.removeprefix(_PREFIX))
        schema = named.schema if named else None
    if not isinstance(schema, dict):
        return []
    listed = schema.get("examples")
    return list(listed) if isinstance(listed, list) else [schema["example"]] if "example" in schema else []


def _of_header(api: Api, header: Header) -> list[Json]:
    """One value of a header that is required: its example, its schema's, or the only one that there is."""
    if not header.required:
        return []
    if header.examples:
        return [header.examples[0].value]
    found = _of_schema(api, header.schema)
    if not found and isinstance(header.type, Enum):
        found = [json.loads(header.type.values[0])]
    if not found and isinstance(header.schema, dict) and "default" in header.schema:
        found = [header.schema["default"]]
    return found[:1]
