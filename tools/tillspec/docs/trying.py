"""What the try-it panel needs to know of a request; the script of the site reads it."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from tillspec.api.model import Operation
from tillspec.docs.samples.request import Basic, Environment, Fresh, Sample


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
        "query": sample.target.partition("?")[2], "body": payload.text if payload is not None else None,
    }  # fmt: skip
