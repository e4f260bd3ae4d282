"""A description that an old editor saved as Latin-1."""

from pathlib import Path

Path("openapi.yaml").write_bytes("openapi: 3.1.0\ninfo:\n  title: Café\n  version: 1.0.0\npaths: {}\n".encode("latin-1"))
