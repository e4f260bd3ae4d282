"""A generated file that somebody changed by hand, and a contract that changed since."""

from pathlib import Path

from tillspec.pipeline import generate
from tillspec.request import Request

generate(Request(Path("openapi.yaml"), Path("out"), only=frozenset({"bundle"})))

bundle = Path("out/openapi.json")
bundle.write_text(bundle.read_text().replace("Pet shop", "My pet shop"))
