"""Ten thousand lists in one another."""

from pathlib import Path

Path("openapi.yaml").write_text("openapi: 3.1.0\nx-deep: " + "[" * 10_000 + "]" * 10_000 + "\n")
