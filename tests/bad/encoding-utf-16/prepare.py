"""A description that Notepad saved as "Unicode"."""

from pathlib import Path

Path("openapi.yaml").write_bytes("openapi: 3.1.0\ninfo:\n  title: Shop\n  version: 1.0.0\npaths: {}\n".encode("utf-16"))
