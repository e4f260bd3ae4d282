"""Samples as programs: all of one language in one process, since a compiler for each would take the time of a hundred."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

RequireEngine = Callable[..., str]
ROOT = Path(__file__).resolve().parents[2]
MARK = "##"
"""Stands before what each sample prints."""

INSTALL = {
    "curl": ("curl", "curl"), "python": (sys.executable, ""), "javascript": ("node", "nodejs"), "go": ("go", "golang-go"),
    "php": ("php", "php-cli php-curl"), "java": ("javac", "default-jdk-headless"),
}  # fmt: skip


def run(
    language: str, scripts: Mapping[str, str], folder: Path, env: Mapping[str, str], require: RequireEngine
) -> subprocess.CompletedProcess[str]:
    """Run samples in a row; a line with the mark stands before what each prints. A test without its engine is left out."""
    program, package = INSTALL[language]
    engine = program if program == sys.executable else require(program, install=f"apt-get install {package}")
    command = {"curl": _curl, "python": _python, "javascript": _javascript, "go": _go, "php": _php, "java": _java}[language](
        engine, list(scripts.values()), folder
    )
    path = os.pathsep.join([str(ROOT / "generated/python"), os.environ.get("PYTHONPATH", "")])
    whole = os.environ | {"PYTHONPATH": path} | dict(env)
    return subprocess.run(command, cwd=folder, env=whole, capture_output=True, text=True, errors="replace", check=False)


def _curl(engine: str, scripts: list[str], folder: Path) -> list[str]:
    lines = [f"echo '{MARK}'\n{text} --silent --show-error --write-out '\\n%{{http_code}}'\n" for text in scripts]
    (folder / "all.sh").write_text("\n".join(lines))
    return ["sh", "all.sh"]


def _python(engine: str, scripts: list[str], folder: Path) -> list[str]:
    (folder / "samples.json").write_text(json.dumps(scripts))
    lines = (
        "import json",
        "for text in json.load(open('samples.json')):",
        f"    print('{MARK}')",
        "    exec(compile(text, text, 'exec'), {})",
    )
    return [engine, "-c", "\n".join(lines)]


def _javascript(engine: str, scripts: list[str], folder: Path) -> list[str]:
    lines = []
    for number, text in enumerate(scripts):
        (folder / f"sample{number}.mjs").write_text(text)
        lines.append(f'console.log("{MARK}"); await import("./sample{number}.mjs");')
    (folder / "all.mjs").write_text("\n".join(lines))
    return [engine, "all.mjs"]


def _go(engine: str, scripts: list[str], folder: Path) -> list[str]:
    lines = []
    for number, text in enumerate(scripts):
        assert text.startswith("package main\n")
        assert text.count("func main() {") == 1
        (folder / f"sample{number}.go").write_text(text.replace("func main() {", f"func sample{number}() {{"))
        lines.append(f'fmt.Println("{MARK}"); sample{number}()')
    body = "\n".join(lines)
    (folder / "all.go").write_text(f'package main\nimport "fmt"\nfunc main() {{\n{body}\n}}\n')
    (folder / "go.mod").write_text("module samples\n")
    return [engine, "run", "."]


def _php(engine: str, scripts: list[str], folder: Path) -> list[str]:
    lines = []
    for number, text in enumerate(scripts):
        (folder / f"sample{number}.php").write_text(text)
        lines.append(f'echo "{MARK}\\n"; require "sample{number}.php";')
    (folder / "all.php").write_text("<?php\n" + "\n".join(lines))
    return [engine, "all.php"]


def _java(engine: str, scripts: list[str], folder: Path) -> list[str]:
    lines = []
    for number, text in enumerate(scripts):
        assert "public class Sample {" in text
        (folder / f"Sample{number}.java").write_text(text.replace("public class Sample {", f"public class Sample{number} {{"))
        lines.append(f'System.out.println("{MARK}"); Sample{number}.main(arguments);')
    body = "\n".join(lines)
    (folder / "All.java").write_text(
        f"class All {{ public static void main(String[] arguments) throws Exception {{\n{body}\n}} }}"
    )
    files = " ".join(sorted(path.name for path in folder.glob("*.java")))
    return ["sh", "-c", f"'{engine}' -encoding UTF-8 {files} && exec java -cp . All"]
