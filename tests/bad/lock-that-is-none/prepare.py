"""A lock file that something else wrote."""

from pathlib import Path

from tillspec.pipeline import generate
from tillspec.request import Request

generate(Request(Path("openapi.yaml"), Path("out"), only=frozenset({"bundle"})))

Path("out/tillspec.lock").write_text('{"version": 3}\n')
