"""Imports go one way, and each thing is done in the one room that it belongs to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tillspec import resources
from tillspec.api.model import Api
from tillspec.diagnostics import Report
from tillspec.emit.all import emit, own_files
from tillspec.pipeline import read
from tillspec.request import Request

PACKAGE = Path(resources.__file__).resolve().parent

# the ladder: cli → pipeline → write | emit → api.build → rules → document → diagnostics → source → pointer
_TEXT = {"pointer", "source", "diagnostics"}
LADDER: dict[str, set[str]] = {
    "pointer": set(),
    "source": {"pointer"},
    "diagnostics": {"pointer", "source"},
    "document": _TEXT,
    "rules": {*_TEXT, "document", "resources", "runtime"},
    "api": {*_TEXT, "document", "runtime"},
    "api.model": {"source", "runtime"},
    "request": set(),
    "resources": set(),
    "toml": set(),
    "acceptances": {"toml"},
    "runtime": set(),
    "emit": {*_TEXT, "api", "request", "resources", "runtime"},
    "write": {*_TEXT, "request", "resources", "version"},
    "formats": {*_TEXT, "version"},
    "lint": {*_TEXT, "document", "rules", "api"},
    "prove": {*_TEXT, "document"},
    "docs": {*_TEXT, "api", "document", "emit", "resources", "runtime", "version"},
    "publish": {*_TEXT, "api", "compat", "document", "docs", "pipeline", "write"},
    "downstream": {*_TEXT, "toml", "request", "document", "resources", "compat", "write", "version"},
    "pipeline": {*_TEXT, "request", "document", "rules", "api", "emit", "write", "downstream"},
    "verify": {*_TEXT, "toml", "acceptances", "document", "api", "formats", "prove", "resources", "runtime", "version"},
    "verify.testing": {*_TEXT, "pipeline", "verify"},
    "sandbox": {"resources"},
    "compat": {*_TEXT, "toml", "acceptances", "document", "rules", "api", "formats", "version"},
    "cli": {
        *_TEXT,
        "toml",
        "request",
        "write",
        "rules",
        "formats",
        "lint",
        "prove",
        "document",
        "downstream",
        "pipeline",
        "verify",
        "sandbox",
        "compat",
        "docs",
        "publish",
        "version",
    },
    "__main__": {"cli"},
    "version": set(),
}
"""What each room may import. `version` is `tillspec/__init__.py`; a room with a dot is one module with a rule of its own."""

IMPLEMENTATIONS = {"sandbox"}
"""What stands on the generated code, as others' programs do."""

WRITERS = {"write"}
PRINTERS = {"cli"}
READERS = {
    "document.load": "the contract",
    "write.lock": "the output folder",
    "write.plan": "the output folder",
    "write.stage": "its own temporary folder",
    "write.typescript": "the version of the package that is installed, and its own temporary folder",
    "downstream.settings": "the settings of the repo",
    "downstream.pin": "the repo's pin",
    "downstream.setup": "what the repo has already",
    "downstream.upgrade": "what was generated before",
    "emit.runtime": "the files that are copied",
    "runtime.schemas": "the schemas that generated models bring along",
    "rules.structure": "the published schemas",
    "rules.behavior_invalid": "the schema of the vocabulary",
    "rules.explain": "the pages of the rules",
    "cli.verify": "the profile that is named",
    "cli.diff": "the approvals that are named",
    "compat.explain": "the pages of the rules",
    "compat.released": "the released contracts",
    "verify.testing": "the profile that is named",
    "docs.render": "the site's style and script",
    "docs.sources": "the pages, figures and changelogs that are named",
    "sandbox.seed_data": "the file of seed data that is named",
    "sandbox.page.assets": "the page's style and script",
    "sandbox.control.page": "the style and the script of the control page",
    "sandbox.starting": "what a sandbox says when it starts",
}
STARTERS = {
    "compat.revisions": "git, which is asked for the files of a revision",
    "sandbox.starting": "the sandbox that a test or a command asks for",
    "cli.sandbox_run": "the command that is run beside a sandbox",
}
"""What starts other programs, beside what writes."""

_WRITING = {"write_text", "write_bytes", "mkdir", "unlink", "rmdir", "touch", "chmod", "symlink_to", "rename", "makedirs"}
_WRITING_TOO = ("os.remove", "os.replace", "shutil.", "tempfile.", "subprocess.")
_READING = {"read_text", "read_bytes"}
_ENDING = {"sys.exit", "os._exit", "exit", "quit", "SystemExit"}
_TERMINALS = {"click", "rich", "typer"}

_MODEL_KNOWS, _BEHAVIOR = {"tillspec.source.Span"}, "tillspec.runtime.behavior."

PER_TAG = {
    "python/checkout_api/server/tag.py": "one module for each tag, named after it",
    "python/checkout_api/client/tag.py": "one module for each tag, named after it",
    "scaffold/handlers.py": "one module for each tag, named after it, in handlers/",
}
"""Templates that print more than one file, and so cannot bear its path."""


def violations(package: Path) -> list[str]:
    """Everything in a package's folder that breaks the house rules, each as `file:line: what`."""
    found = []
    for path in sorted(package.rglob("*.py")):
        module = _module(path.relative_to(package))
        for line, what in _broken(module, ast.parse(path.read_text(encoding="utf-8"))):
            found.append(f"{path.relative_to(package).as_posix()}:{line}: {what}")
    return found


def _module(path: Path) -> str:
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    return "version" if name == "__init__" else name


def _room(module: str) -> str:
    return module if module in LADDER else module.partition(".")[0]


def _broken(module: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    room = _room(module)
    if room not in LADDER:
        yield 1, f"{room} is a room that the ladder does not know"
        return
    for line, target in _imports(module, tree):
        yield from ((line, what) for what in _wrong_import(module, room, target))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from ((node.lineno, what) for what in _wrong_call(module, room, ast.unparse(node.func)))


def _imports(module: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every import, wherever it stands, as an absolute name with what is taken from it: `tillspec.source.Span`."""
    package = f"tillspec.{module}".split(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = [*package[: len(package) - node.level], node.module or ""] if node.level else [node.module or ""]
            base = ".".join(part for part in above if part)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def _wrong_import(module: str, room: str, target: str) -> Iterator[str]:
    top, _, inside = target.partition(".")
    if top == "checkout_api" and room not in IMPLEMENTATIONS:
        yield f"{room} imports generated code: {target}"
    elif top in _TERMINALS and room not in PRINTERS:
        yield f"{room} imports {top}; only the command line speaks to people"
    elif top == "tillspec":
        other = "version" if not inside or inside == "__version__" else inside.partition(".")[0]
        if room == "runtime" and not inside.startswith("runtime."):
            yield f"runtime imports {target}, which is not copied with it"
        if other != room.partition(".")[0] and other not in LADDER[room]:
            yield f"{room} imports {other}: the ladder goes the other way"
    if module == "api.model" and top == "tillspec" and target not in _MODEL_KNOWS and not target.startswith(_BEHAVIOR):
        yield f"api.model imports {target}; it knows nothing of ours but Span, and the records of behaviour"


def _wrong_call(module: str, room: str, function: str) -> Iterator[str]:
    last = function.rpartition(".")[2]
    if (function in ("print", "breakpoint") or function in _ENDING) and room not in PRINTERS:
        yield f"{function}() outside the command line"
    starts = function.startswith("subprocess.") and module in STARTERS
    if (last in _WRITING or function.startswith(_WRITING_TOO)) and room not in WRITERS and not starts:
        yield f"{function}() outside write/"
    if (last in _READING or function == "open") and module not in READERS:
        yield f"{function}() in a module that has no files to read"


def test_the_package_keeps_the_house_rules() -> None:
    assert violations(PACKAGE) == []


@pytest.mark.parametrize(
    ("room", "above"),
    [("store", {"surfaces", "page", "control"}), ("surfaces", {"page", "control"}), ("page", {"control"}), ("control", {"page"})],
)
def test_rooms_of_the_sandbox_do_not_know_those_above_them(room: str, above: set[str]) -> None:
    files = sorted((PACKAGE / "sandbox" / room).rglob("*.py"))
    assert files
    wrong = [
        f"{file.name}:{line}: {target}"
        for file in files
        for line, target in _imports(_module(file.relative_to(PACKAGE)), ast.parse(file.read_text(encoding="utf-8")))
        if target.startswith(tuple(f"tillspec.sandbox.{other}." for other in above))
    ]
    assert wrong == []


def test_runtime_imports_itself_relatively() -> None:
    absolute = [
        f"{path.name}:{node.lineno}"
        for path in (PACKAGE / "runtime").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith("tillspec")
    ]
    assert absolute == []


def test_the_ladder_has_no_circle() -> None:
    standing: list[str] = []
    while len(standing) < len(LADDER):
        free = [room for room, below in LADDER.items() if room not in standing and below <= set(standing)]
        assert free, f"a circle among {sorted(LADDER.keys() - set(standing))}"
        standing += free


@pytest.mark.parametrize(
    ("path", "source", "told"),
    [
        ("emit/server.py", "from tillspec.document.load import load", "emit imports document: the ladder goes the other way"),
        ("emit/server.py", "def f():\n    import tillspec.document.load", "emit imports document"),
        ("emit/server.py", "if TYPE_CHECKING:\n    from ..write.plan import Plan", "emit imports write"),
        ("document/load.py", "from tillspec import pipeline", "document imports pipeline"),
        ("document/load.py", "from ..rules import check", "document imports rules"),
        ("source.py", "from tillspec.diagnostics import Report", "source imports diagnostics"),
        ("api/model.py", "from tillspec.source import Source", "api.model imports tillspec.source.Source"),
        ("api/model.py", "from tillspec.api.names import type_id", "api.model imports tillspec.api.names.type_id"),
        ("runtime/server.py", "from ..emit import emit", "runtime imports tillspec.emit.emit, which is not copied with it"),
        ("rules/structure.py", "from tillspec.api.model import Api", "rules imports api: the ladder goes the other way"),
        ("write/plan.py", "import click", "write imports click"),
        ("pipeline.py", "from rich.console import Console", "pipeline imports rich"),
        ("emit/models.py", "print('done')", "print() outside the command line"),
        ("pipeline.py", "def f():\n    sys.exit(1)", "sys.exit() outside the command line"),
        ("pipeline.py", "raise SystemExit(1)", "SystemExit() outside the command line"),
        ("emit/models.py", "Path('x').write_text('')", "outside write/"),
        ("document/load.py", "subprocess.run(['curl'])", "subprocess.run() outside write/"),
        ("api/build.py", "open('/etc/passwd')", "open() in a module that has no files to read"),
        ("emit/models.py", "import checkout_api.models", "emit imports generated code"),
        ("sandbox/app.py", "from tillspec.api import model", "sandbox imports api: the ladder goes the other way"),
        ("sandbox/app.py", "from ..runtime import server", "sandbox imports runtime: the ladder goes the other way"),
        ("surprise/new.py", "", "surprise is a room that the ladder does not know"),
    ],
)
def test_what_breaks_a_rule_is_caught(tmp_path: Path, path: str, source: str, told: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source)
    found = violations(tmp_path)
    assert any(told in one for one in found), found


def test_what_keeps_the_rules_is_let_pass(tmp_path: Path) -> None:
    (tmp_path / "emit").mkdir()
    (tmp_path / "emit" / "annotations.py").write_text("from tillspec.runtime.operation import Kind\nfrom . import names\n")
    assert violations(tmp_path) == []


# -- templates and contract -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", [resources.templates(), resources.spec()], ids=["templates", "spec"])
def test_no_python_beside_templates_and_contract(folder: Path) -> None:
    assert [path for path in folder.rglob("*") if path.suffix in (".py", ".pyc")] == []


PAGES = ("docs/", "sandbox/", "verify/", "downstream/")
"""Templates of pages, and of what a repo is set up with: nothing of the generator's output."""


def test_a_template_bears_the_path_of_the_file_that_it_prints() -> None:
    request = Request(resources.spec() / "openapi.yaml", Path("out"), server="fastapi")
    report = Report()
    api: Api = read(request.spec, request.surfaces, request.allowed, report)[1]
    printed = {*emit(api, request, report), *(f"scaffold/{path}" for path in own_files(api, request))}
    folder = resources.templates()
    templates = {path.relative_to(folder).as_posix().removesuffix(".j2") for path in folder.rglob("*") if path.is_file()}
    assert {path for path in templates if not (folder / f"{path}.j2").is_file()} == set(), "templates/ holds only *.j2"
    assert {path for path in templates if not path.startswith(PAGES)} - printed == PER_TAG.keys()
