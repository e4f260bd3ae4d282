"""openapi.json: the whole contract as one document."""

from __future__ import annotations

import json

from tillspec.api.model import Api


def bundle(api: Api) -> dict[str, str]:
    """`openapi.json`, self-contained, in the order that it was written in."""
    return {"openapi.json": json.dumps(api.document, ensure_ascii=False, indent=2) + "\n"}
