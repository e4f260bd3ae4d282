"""A request as a script of PHP 8, by its curl extension."""

from __future__ import annotations

import json
from typing import Any

from tillspec.docs.samples.quoting import php as quoted
from tillspec.docs.samples.request import Basic, Environment, Fresh, Header, Payload, Sample


def php(sample: Sample) -> str:
    """The request for PHP's curl."""
    options = ["    CURLOPT_RETURNTRANSFER => true,", f"    CURLOPT_CUSTOMREQUEST => {quoted(sample.operation.method)},"]
    if sample.operation.method == "HEAD":
        options.append("    CURLOPT_NOBODY => true,")
    headers = [header for header in sample.headers if not isinstance(header.value, Basic)]
    options += [
        f"    CURLOPT_USERPWD => getenv({quoted(each.user)}) . ':' . getenv({quoted(each.password)}),"
        for header in sample.headers
        if isinstance(each := header.value, Basic)
    ]
    if headers:
        options += ["    CURLOPT_HTTPHEADER => [", *(f"        {_header(header)}," for header in headers), "    ],"]
    if sample.payload:
        options.append(f"    CURLOPT_POSTFIELDS => {_body(sample.payload)},")
    lines = ["<?php", f"$request = curl_init({_address(sample)});", "curl_setopt_array($request, [", *options, "]);"]
    lines += ["$answer = curl_exec($request);", "if ($answer === false) {", "    exit(curl_error($request));", "}"]
    return "\n".join([*lines, "echo curl_getinfo($request, CURLINFO_RESPONSE_CODE), ' ', $answer, PHP_EOL;"])


def _address(sample: Sample) -> str:
    made = f"(getenv('API_URL') ?: {quoted(sample.server)}) . {quoted(sample.target)}"
    mark = "&" if "?" in sample.target else "?"
    for name, key in sample.query_keys:
        made += f" . {quoted(f'{mark}{name}=')} . rawurlencode(getenv({quoted(key.name)}))"
        mark = "&"
    return made


def _header(header: Header) -> str:
    match header.value:
        case Environment(name=name):
            return f"{quoted(f'{header.name}: {header.before}')} . getenv({quoted(name)})"
        case Fresh():
            return f"{quoted(f'{header.name}: ')} . bin2hex(random_bytes(16))"
        case text:
            return quoted(f"{header.name}: {text}")


def _body(payload: Payload) -> str:
    if payload.kind == "multipart":
        parts = [f"        {quoted(part.name)} => {_part(part.value, part.file)}," for part in payload.parts]
        return "\n".join(["[", *parts, "    ]"])
    if payload.kind == "json" and _is_literal(payload.value):
        return f"json_encode({_literal(payload.value, '    ')})"
    return quoted(payload.text)


def _part(value: str, file: str | None) -> str:
    return quoted(value) if file is None else f"new CURLStringFile({quoted(value)}, {quoted(file)})"


def _is_literal(value: Any) -> bool:
    """Whether an array of PHP becomes the same JSON again: no empty object, no fraction, no key that is a number."""
    if isinstance(value, dict):
        return bool(value) and all(not key.lstrip("-").isdigit() and _is_literal(one) for key, one in value.items())
    return all(map(_is_literal, value)) if isinstance(value, list) else not isinstance(value, float) and _is_small(value)


def _is_small(value: Any) -> bool:
    return not isinstance(value, int) or abs(value) < 2**63


def _literal(value: Any, indent: str) -> str:
    if isinstance(value, dict | list):
        inner = indent + "    "
        items = value.items() if isinstance(value, dict) else ((None, one) for one in value)
        rows = [inner + (f"{quoted(key)} => " if key is not None else "") + _literal(one, inner) for key, one in items]
        return "\n".join(["[", *(f"{row}," for row in rows), f"{indent}]"]) if rows else "[]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)
