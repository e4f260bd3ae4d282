"""Descriptions hold text, and not the part of the document that came after them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context

_CODE = re.compile(r"```.*?(```|\Z)|`[^`\n]*`", re.DOTALL)
_BLOCK = re.compile(r"\b(description|summary|title|example|examples|value|schema|pattern):\s*[|>][-+]?(\s|$)")
_FIELD = re.compile(
    r"^\s*(?:- )?(operationId|responses|requestBody|parameters|schema|properties|additionalProperties|readOnly|nullable|content"
    r"|\$ref)\s*:(\s|$)",
    re.MULTILINE,
)


def description_yaml(context: Context) -> Iterator[Diagnostic]:
    """Each description with a block scalar in it (`description: |`), or with two fields of OpenAPI on lines of their own."""
    for child in context.objects:
        text = child.value.get("description") if isinstance(child.value, dict) else None
        if not isinstance(text, str) or ":" not in text:
            continue
        plain = _CODE.sub("", text)
        block, fields = _BLOCK.search(plain), {match[1] for match in _FIELD.finditer(plain)}
        if block or len(fields) > 1:
            what = block[0].strip() if block else " and ".join(sorted(fields))
            message = f"YAML has leaked into this description: {what!r}"
            hint = "look at the indentation after it; put YAML that is meant to be read between ```"
            yield context.found("description-yaml", message, f"{child.pointer}/description", hint)
