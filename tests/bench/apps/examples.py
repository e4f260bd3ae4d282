"""The contract's own VINR examples, as JSON: what the requests carry, and what all applications answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_CONTRACT = json.loads((Path(__file__).resolve().parents[3] / "generated" / "openapi.json").read_bytes())


def _example(name: str) -> Any:
    return _CONTRACT["components"]["examples"][name]["value"]


REQUEST = json.dumps(_example("VinrSessionRequestFull"), ensure_ascii=False, separators=(",", ":")).encode()
SESSION = json.dumps(_example("VinrSessionCreated"), separators=(",", ":")).encode()
RESULT = json.dumps(_example("VinrResultCompleted"), separators=(",", ":")).encode()
ID: str = _example("VinrSessionCreated")["sessionId"]
RESULT_PATH = f"/checkout/session/{ID}/result"
KEY = "sk_test_4kTq9ZbW2mXv7LhR"
