"""Raw bytes say which bytes they are."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context


def binary_media_type(context: Context) -> Iterator[Diagnostic]:
    """Each answer of raw bytes (format binary) that is declared as JSON, or as anything."""
    for operation in context.operations:
        for status, response in operation.responses.items():
            for name, media in response.get("content").items():
                kind = name.partition(";")[0].strip().lower()
                is_vague = kind.startswith("*/") or kind == "application/json" or kind.endswith("+json")
                if is_vague and "binary" in context.schemas.says(media.get("schema"), "format"):
                    message = f"the answer {status} of {operation.name} is raw bytes, and is declared as {name}"
                    hint = "name the media type that is sent, such as image/png"
                    yield context.found("binary-media-type", message, media.pointer, hint, key=True)
