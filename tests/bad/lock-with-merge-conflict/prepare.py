"""A lock file with the marks of a merge conflict."""

from pathlib import Path

from tillspec.pipeline import generate
from tillspec.request import Request

generate(Request(Path("openapi.yaml"), Path("out"), only=frozenset({"bundle"})))

lock = Path("out/tillspec.lock")
lock.write_text("<<<<<<< HEAD\n" + lock.read_text() + "=======\n{}\n>>>>>>> main\n")
