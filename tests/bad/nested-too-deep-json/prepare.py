"""Ten thousand schemas in one another."""

from pathlib import Path

schema = '{"type": "array", "items": ' * 10_000 + "{}" + "}" * 10_000
Path("openapi.json").write_text(
    '{"openapi": "3.1.0", "info": {"title": "Deep", "version": "1"}, "paths": {}, "components": {"schemas": {"Deep": '
    + schema
    + "}}}"
)
