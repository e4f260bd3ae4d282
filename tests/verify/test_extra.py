"""What `tillspec[verify]` brings is enough to verify: nothing else is imported."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import tillspec.verify

FOLDER = Path(tillspec.verify.__file__).parent
BLOCKED = """
import sys
from importlib.abc import MetaPathFinder

class Nothing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"{{name}} is not installed", name=name)

sys.meta_path.insert(0, Nothing())
import tillspec.pipeline, tillspec.cli.verify, tillspec.verify.verification, tillspec.verify.reports.page
"""


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def brought(extra: str) -> set[str]:
    """The distributions that an extra of ours brings, and those that they bring."""
    waiting, seen = [("tillspec", extra), ("tillspec", "")], set[tuple[str, str]]()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        for line in lines:
            found = re.match(r"([\w.-]+)(?:\[([\w,-]+)\])?", line)
            marker = re.search(r"extra == ['\"](\w+)['\"]", line)
            if found is not None and (marker[1] if marker else "") == wanted:
                names = [one.strip() for one in (found[2] or "").split(",")]
                waiting += [(_plain(found[1]), one) for one in {*names, ""}]
    return {name for name, _ in seen}


def test_every_library_that_is_imported_is_brought() -> None:
    known, have = packages_distributions(), brought("verify")
    assert {"h11", "schemathesis", "jsonschema-rs", "pyjwt", "zxing-cpp", "pillow", "resvg-py"} <= have
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            for name in {one.partition(".")[0] for one in names} - set(sys.stdlib_module_names) - {"tillspec", "pytest"}:
                assert {_plain(one) for one in known[name]} & have, f"{path} imports {name}"


def test_nothing_else_is_needed() -> None:
    have = brought("verify")
    others = {name for name, made in packages_distributions().items() if not {_plain(one) for one in made} & have}
    assert {"datamodel_code_generator", "segno", "sqlalchemy", "fastapi"} <= others
    done = subprocess.run([sys.executable, "-c", BLOCKED.format(blocked=others)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
