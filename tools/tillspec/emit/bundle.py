"""openapi.json: the whole contract as one document."""

from __future__ import annotations

from functools import lru_cache

from pydantic_core import to_json

from tillspec.api.model import Api


@lru_cache(maxsize=2)
def bundle(api: Api) -> dict[str, str]:
    """`openapi.json`, self-contained, in the order that it was written in."""
    return {"openapi.json": to_json(api.document, indent=2).decode() + "\n"}
