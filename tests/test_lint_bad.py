"""Bad input to lint: a diagnostic with a place, soon, in little memory, and never a traceback."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers import Tillspec, measured

CASES = Path(__file__).with_name("bad")
OF_GENERATING = ("usage-", "out-", "lock-", "surface-")
"""Folders in which the contract itself is well."""

ABOUT_GENERATING = {"no-operations", "unsupported", "name-clash", "models", "pattern", "components-one-class"}
"""Codes that say what cannot be generated; lint does not mind."""

HEAD = "openapi: 3.1.0\ninfo: {title: Shop, version: 1.0.0}\npaths: {}\n"
SECONDS, MEGABYTES = 60, 1024
"""What a process may take: so many seconds of the processor, then it is ended; the aim is 10."""

_CODE = re.compile(r"^(?:error|warning)\[([a-z0-9-]+)\]", re.MULTILINE)
_SPEC = re.compile(r"--spec (\S+)")


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir() if not path.name.startswith(OF_GENERATING)))
def test_what_generate_refuses_is_told(case: str, tmp_path: Path, tillspec: Tillspec, monkeypatch: pytest.MonkeyPatch) -> None:
    import runpy

    folder = tmp_path / "project"
    shutil.copytree(CASES / case, folder, ignore=shutil.ignore_patterns("expect.txt", "prepare.py", "args.txt"))
    prepare, arguments = CASES / case / "prepare.py", CASES / case / "args.txt"
    if prepare.exists():
        monkeypatch.chdir(folder)
        runpy.run_path(str(prepare))
    named = _SPEC.search(arguments.read_text()) if arguments.exists() else None
    spec = named[1] if named else "spec/openapi.yaml" if arguments.exists() else "openapi.yaml"

    done = tillspec("lint", spec, cwd=folder)

    expected = set(_CODE.findall((CASES / case / "expect.txt").read_text())) - ABOUT_GENERATING
    assert expected <= set(_CODE.findall(done.stdout)), done.stdout
    assert "defect" not in _CODE.findall(done.stdout), done.stdout
    assert done.returncode == (1 if expected else 0) or "error[" in done.stdout
    for block in re.split(r"\n\n(?=error|warning)", done.stdout):
        assert "  --> " in block or "cannot be read" in block or block.endswith(" found\n"), block
    assert "Traceback" not in done.stdout + done.stderr


def _nested(opening: str, closing: str, levels: int) -> str:
    return f"{HEAD}x-deep: {opening * levels}1{closing * levels}\n"


def _blocks(levels: int) -> Iterator[str]:
    yield f"{HEAD}x-deep:\n"
    yield from (f"{' ' * level}a:\n" for level in range(1, levels + 1))


def _schemas(count: int) -> str:
    properties = {f"p{index}": {"type": "string", "maxLength": index} for index in range(20)}
    schemas = {f"S{index}": {"type": "object", "properties": properties} for index in range(count)}
    document = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {}, "components": {"schemas": schemas}}
    return json.dumps(document)


LARGE: dict[str, tuple[str, Callable[[], str]]] = {
    "yaml-lists-10000-deep.yaml": ("too-deep", lambda: _nested("[", "]", 10_000)),
    "yaml-lists-100000-deep.yaml": ("too-deep", lambda: _nested("[", "]", 100_000)),
    "yaml-lists-100000-deep-not-closed.yaml": ("too-deep", lambda: _nested("[", "", 100_000)),
    "yaml-objects-100000-deep.yaml": ("too-deep", lambda: _nested("{a: ", "}", 100_000)),
    "yaml-dashes-100000-deep.yaml": ("too-deep", lambda: f"{HEAD}x-deep:\n{'- ' * 100_000}1\n"),
    "yaml-blocks-5000-deep.yaml": ("too-deep", lambda: "".join(_blocks(5_000))),
    "yaml-blocks-10000-deep.yaml": ("too-large", lambda: "".join(_blocks(10_000))),
    "json-10000-deep.json": ("too-deep", lambda: '{"a":' * 10_000 + "1" + "}" * 10_000),
    "json-100000-deep.json": ("too-deep", lambda: '{"a":' * 100_000 + "1" + "}" * 100_000),
    "json-100000-deep-not-closed.json": ("too-deep", lambda: "[" * 100_000),
    "json-of-50-MB.json": ("too-large", lambda: _schemas(55_000)),
    "json-in-yaml-of-50-MB.yaml": ("too-large", lambda: _schemas(55_000)),
    "yaml-of-50-MB.yaml": ("too-large", lambda: HEAD + "x-many:\n" + "- type: string\n" * 3_400_000),
    "yaml-of-15-MB-in-small-pieces.yaml": ("too-large", lambda: f"{HEAD}x-many: [{'1,' * 7_500_000}1]\n"),
    "json-of-30-MB-in-small-pieces.json": ("too-large", lambda: f'{{"x-many": [{"{}," * 9_999_000}1]}}'),
    "one-line-of-15-MB.yaml": ("not-openapi", lambda: "x" * 15_000_000),
    "one-key-of-many.json": ("not-openapi", lambda: json.dumps({f"k{index}": index for index in range(1_000_000)})),
    "nothing-but-tabs.yaml": ("syntax", lambda: "\t" * 1_000_000),
    "nothing-but-newlines.yaml": ("not-openapi", lambda: "\n" * 15_000_000),
    "nothing-but-aliases.yaml": ("syntax", lambda: "*a " * 100_000),
    "nothing-but-quotes.yaml": ("syntax", lambda: '"' * 1_000_001),
    "merged-again-and-again.yaml": (
        "too-large",
        lambda: "a0: &a0 {k: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}], k{i}: 1}}\n" for i in range(1, 150)),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_large_and_deep(name: str, tmp_path: Path) -> None:
    code, text = LARGE[name]
    (tmp_path / name).write_text(text())
    _check(tmp_path, name, code)


def test_a_schema_that_explodes(tmp_path: Path) -> None:
    """Forty schemas, each combined of the next one twice: a validator would look at a value in 2^40 ways."""
    reference = "{{$ref: '#/components/schemas/S{0}'}}"
    twice = "    S{0}: {{allOf: [{1}, {1}]}}\n"
    rows = [twice.format(index, reference.format(index + 1)) for index in range(40)]
    schemas = f"components:\n  schemas:\n{''.join(rows)}    S40: {{type: string, example: x}}\n"
    (tmp_path / "openapi.yaml").write_text(HEAD.replace("paths: {}\n", "") + schemas)
    _check(tmp_path, "openapi.yaml", "too-large")


def test_a_circle_of_many_files(tmp_path: Path, tillspec: Tillspec) -> None:
    for index in range(1500):
        (tmp_path / f"s{index}.yaml").write_text(f"properties: {{next: {{$ref: s{(index + 1) % 1500}.yaml}}}}\n")
    content = "{application/json: {schema: {$ref: s0.yaml}, example: {next: {next: {}}}}}"
    operation = f"{{operationId: list, responses: {{'200': {{description: All., content: {content}}}}}}}"
    (tmp_path / "openapi.yaml").write_text(HEAD.replace("{}", f"{{/x: {{get: {operation}}}}}"))
    done = tillspec("lint", "openapi.yaml", cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("openapi.yaml: nothing found\n", 0)


def _check(folder: Path, name: str, code: str) -> None:
    """Lint a file in a process of its own: what it tells, and how much memory it takes."""
    status, memory, text = measured([sys.executable, "-m", "tillspec", "lint", name], folder, SECONDS)
    assert status == 1, text[-2000:]
    assert code in _CODE.findall(text), text[:2000]
    assert re.search(r"^  --> \S+:\d+:\d+$", text, re.MULTILINE), text[:2000]
    assert len(text) < 5_000
    assert memory < MEGABYTES
