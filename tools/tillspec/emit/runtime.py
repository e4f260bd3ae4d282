"""_runtime/: the files that generated code needs at run time, copied as they are."""

from __future__ import annotations

import re

from tillspec import resources
from tillspec.api.model import Api
from tillspec.emit.options import Options

_FROM_MODULE = re.compile(r"^ *from \.(\w+) import ", re.MULTILINE)
_FROM_PACKAGE = re.compile(r"^ *from \. import ([\w, ]+)", re.MULTILINE)
_ALWAYS = ("operation", "model", "formats", "files", "credentials")
_CLIENT = ("client", "errors", "servers", "hooks", "mock")


def runtime(api: Api, options: Options) -> dict[str, str]:
    """The runtime of the sides that are wanted: their modules, and what those import."""
    wanted = [*_ALWAYS, *(["server"] if options.server else []), *(_CLIENT if options.client else ())]
    wanted += ["fastapi"] if options.fastapi else []
    roles = {operation.role for operation in api.operations}
    wanted += ["sender"] if options.client and roles & {"webhook", "callback"} else []
    wanted += ["expressions"] if options.client and options.server and "callback" in roles else []
    if roles & {"webhook", "callback"}:
        wanted += ["receiving", *(["guard"] if options.server else [])]
    folder = resources.runtime()
    texts: dict[str, str] = {}
    while wanted:
        name = wanted.pop()
        path = folder / f"{name}.py"
        if name in texts or not path.is_file():
            continue
        texts[name] = path.read_text(encoding="utf-8")
        wanted += _imported(texts[name])
    texts["__init__"] = (folder / "__init__.py").read_text(encoding="utf-8")
    return {f"_runtime/{name}.py": texts[name] for name in sorted(texts)}


def _imported(text: str) -> list[str]:
    return _FROM_MODULE.findall(text) + [name.strip() for names in _FROM_PACKAGE.findall(text) for name in names.split(",")]
