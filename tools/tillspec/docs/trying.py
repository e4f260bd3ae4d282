"""What the try-it panel needs to know of a request; the script of the site reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from tillspec.api.model import Operation
from tillspec.docs.samples.request import Basic, Environment, Fresh, Sample, is_json

_LONGEST = 6_000
"""How many characters an example has that can be chosen; a larger one would be carried by its page twice."""


def trial(sample: Sample, operation: Operation) -> dict[str, Any] | None:
    """The example request as plain values: parameters to fill in, credentials to type, and the body.

    None where a browser cannot send it: a multipart body has files, and a cookie is the browser's own.
    """
    payload = sample.payload
    if payload is not None and payload.kind == "multipart":
        return None
    fixed: dict[str, str] = {}
    credentials: list[dict[str, str]] = []
    for header in sample.headers:
        match header.value:
            case Environment(name=name):
                credentials.append({"name": name, "header": header.name, "before": header.before})
            case Basic():
                credentials.append({"name": "user", "header": header.name, "basic": "user"})
                credentials.append({"name": "password", "header": header.name, "basic": "password"})
            case Fresh():
                fixed[header.name] = "{fresh}"
            case text:
                fixed[header.name] = str(text)
    credentials += [{"name": key.name, "query": unquote(name)} for name, key in sample.query_keys]
    if any(one.get("header") == "Cookie" for one in credentials) or "Cookie" in fixed:
        return None
    return {
        "method": operation.method, "path": operation.path, "headers": fixed, "credentials": credentials,
        "parameters": [
            {"name": name, "in": place, "value": value if isinstance(value, str) else str(value)}
            for (place, name), value in sample.arguments.items() if place == "path"
        ],
        "examples": list(_examples(operation)) if payload is not None and payload.kind == "json" else [],
        "query": sample.target.partition("?")[2], "body": payload.text if payload is not None else None,
    }  # fmt: skip


def _examples(operation: Operation) -> Iterator[list[str]]:
    """The titles and texts of the examples of a JSON body, where there are several to choose from."""
    contents = operation.body.contents if operation.body else ()
    known = next((content.examples for content in contents if is_json(content.media_type)), ())
    if len(known) > 1:
        for one in known:
            text = json.dumps(one.value, ensure_ascii=False, indent=2)
            if len(text) <= _LONGEST:
                yield [one.summary or one.name, text]
