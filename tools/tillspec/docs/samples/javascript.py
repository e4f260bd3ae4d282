"""A request as a module of JavaScript, by `fetch` (Node.js 18 or newer)."""

from __future__ import annotations

import json
from typing import Any

from tillspec.docs.samples.quoting import javascript as quoted
from tillspec.docs.samples.request import Basic, Environment, Fresh, Header, Payload, Sample

_LARGEST = 2**53


def javascript(sample: Sample) -> str:
    """The request for `fetch`."""
    lines = ["const { env } = process;"]
    if sample.payload and sample.payload.kind == "multipart":
        lines += _multipart(sample.payload)
    options = [f"  method: {quoted(sample.operation.method)},"]
    if sample.headers:
        options += ["  headers: {", *(f"    {quoted(header.name)}: {_value(header)}," for header in sample.headers), "  },"]
    if sample.payload:
        options.append(f"  body: {_body(sample.payload)},")
    lines += [
        f"const response = await fetch({_address(sample)}, {{",
        *options,
        "});",
        "console.log(response.status, await response.text());",
    ]
    return "\n".join(lines)


def _address(sample: Sample) -> str:
    made = f"(env.API_URL ?? {quoted(sample.server)}) + {quoted(sample.target)}"
    mark = "&" if "?" in sample.target else "?"
    for name, key in sample.query_keys:
        made += f" + {quoted(f'{mark}{name}=')} + encodeURIComponent(env.{key.name})"
        mark = "&"
    return made


def _value(header: Header) -> str:
    match header.value:
        case Environment(name=name):
            return f"`{header.before}${{env.{name}}}`" if header.before else f"env.{name}"
        case Basic(user=user, password=password):
            return f"`Basic ${{btoa(`${{env.{user}}}:${{env.{password}}}`)}}`"
        case Fresh():
            return "crypto.randomUUID()"
        case text:
            return quoted(text)


def _body(payload: Payload) -> str:
    if payload.kind == "multipart":
        return "form"
    if payload.kind == "json" and isinstance(payload.value, dict | list) and _is_literal(payload.value):
        return f"JSON.stringify({quoted_json(payload.value)})"
    return quoted(payload.text)


def quoted_json(value: Any) -> str:
    """A JSON value as a literal, indented as what stands inside the options."""
    return (
        json.dumps(value, ensure_ascii=False, indent=2)
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
        .replace("\n", "\n  ")
    )


def _is_literal(value: Any) -> bool:
    """Whether a JSON value means the same as a literal of JavaScript: no number too large, no `__proto__`."""
    if isinstance(value, dict):
        return "__proto__" not in value and all(map(_is_literal, value.values()))
    if isinstance(value, list):
        return all(map(_is_literal, value))
    return not isinstance(value, int) or abs(value) < _LARGEST


def _multipart(payload: Payload) -> list[str]:
    lines = ["const form = new FormData();"]
    for part in payload.parts:
        value = quoted(part.value) if part.file is None else f"new Blob([{quoted(part.value)}]), {quoted(part.file)}"
        lines.append(f"form.append({quoted(part.name)}, {value});")
    return lines
