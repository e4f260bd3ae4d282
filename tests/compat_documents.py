"""Documents that the tests of compatibility are made of."""

from __future__ import annotations

from datetime import date
from typing import Any

from tillspec.compat.change import Change
from tillspec.compat.compare import compare
from tillspec.diagnostics import Report
from tillspec.document.bundle import Bundle, bundle
from tillspec.document.load import Document
from tillspec.source import Source

TODAY = date(2026, 11, 27)


def bundled(value: Any) -> Bundle:
    """A document that stands in no file."""
    report = Report()
    whole = bundle(Document(Source("api.json", "/api.json", "", value)), report)
    assert whole, report.items
    return whole


def changes(old: Any, new: Any) -> list[Change]:
    """All that is found from one document to another."""
    return list(compare(bundled(old), bundled(new), TODAY).changes)


SENT = ("request", "parameter", "reply")
READ = ("response", "header", "event")


def with_value(schema: Any, where: str, version: str = "3.1.0") -> dict[str, Any]:
    """A document with a schema of a property of something that is sent to the API, or of something that is read from it."""
    content = {"content": {"application/json": {"schema": {"type": "object", "properties": {"x": schema}}}}}
    fine = {"description": "Fine."}
    plain = {"responses": {"200": fine}}
    operation = {
        "request": {**plain, "requestBody": content},
        "response": {"responses": {"200": {**fine, **content}}},
        "parameter": {**plain, "parameters": [{"name": "p", "in": "query", **content}]},
        "header": {"responses": {"200": {**fine, "headers": {"X-H": content}}}},
        "event": {**plain, "requestBody": content},
        "reply": {"responses": {"200": {**fine, **content}}},
    }[where]
    thing = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
    trees = {
        name: {"type": "object", "properties": {"below": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}}}
        for name in ("Tree", "Tree2")
    }
    section, name = ("webhooks", "x") if where in ("event", "reply") else ("paths", "/x")
    return {
        "openapi": version,
        "info": {"title": "Value", "version": "1.0.0"},
        section: {name: {"post": operation}},
        "components": {"schemas": {"Thing": thing, **trees}},
    }
