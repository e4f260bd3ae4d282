"""Texts as literals: what a language reads is what was meant, whatever it is."""

from __future__ import annotations

import ast
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from tillspec.docs.samples import quoting

TEXTS = [
    "", "a", "it's", '"', "'", "\\", "\\n", "\\u0041", "a\nb", "a\r\nb\tc", "`$(x)`", "${x}", "$x", "%s", "%", "*/", "//", "#",
    "?>", "<?php", '"""', "\'\'\' \"\"\"", " trailing  \n  spaces \t\n", "é ß 漢 𝒳 😀", "\u2028\u2029\u202e\ufeff",
    "\x01\x1f\x7f\x85", "</script>", "JSON;", '\\"', "\n",
]  # fmt: skip


def test_python() -> None:
    assert [ast.literal_eval(quoting.python(text)) for text in TEXTS] == TEXTS


def test_shell() -> None:
    words = " ".join(quoting.shell(text) for text in TEXTS)
    tails = " ".join(quoting.shell_with(text, "$TAIL") for text in TEXTS)
    heads = " ".join(quoting.shell_around("${TAIL}", text) for text in TEXTS)
    script = f"exec python3 -c 'import sys, json; print(json.dumps(sys.argv[1:]))' {words} {tails} {heads}"
    done = subprocess.run(
        ["sh", "-c", script], env={"PATH": "/usr/bin:/bin", "TAIL": "a  b*"}, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [*TEXTS, *(f"{text}a  b*" for text in TEXTS), *(f"a  b*{text}" for text in TEXTS)]


def test_javascript(require_engine: Callable[..., str]) -> None:
    node = require_engine("node", install="apt-get install nodejs")
    script = f"console.log(JSON.stringify([{', '.join(map(quoting.javascript, TEXTS))}]))"
    assert json.loads(subprocess.run([node, "-e", script], capture_output=True, text=True, check=True).stdout) == TEXTS


def test_java(require_engine: Callable[..., str], tmp_path: Path) -> None:
    java = require_engine("java", install="apt-get install default-jdk-headless")
    blocks = [*TEXTS, 'a\n"', '{\n  "a": "b\\n\u00e9"\n}', 'x\n\\"""\\', "a \nb"]
    values = [*map(quoting.java, TEXTS), *(quoting.java_block(text, " " * 8) for text in blocks)]
    prints = "\n".join(f"        print({value});" for value in values)
    (tmp_path / "Quoted.java").write_text(
        "public class Quoted {\n    static void print(String text) {\n        var hex = new StringBuilder();\n"
        "        for (var unit : text.toCharArray()) hex.append(String.format(\"%04x\", (int) unit));\n"
        "        System.out.println(hex);\n    }\n    public static void main(String[] arguments) {\n" + prints + "\n    }\n}\n",
        encoding="ascii",
    )  # fmt: skip
    done = subprocess.run([java, str(tmp_path / "Quoted.java")], capture_output=True, text=True, check=True)
    assert [bytes.fromhex(line).decode("utf-16-be") for line in done.stdout.split("\n")[:-1]] == [*TEXTS, *blocks]


def test_php(require_engine: Callable[..., str]) -> None:
    php = require_engine("php", install="apt-get install php-cli php-curl")
    script = f"echo json_encode([{', '.join(map(quoting.php, TEXTS))}]);"
    assert json.loads(subprocess.run([php, "-r", script], capture_output=True, text=True, check=True).stdout) == TEXTS


def test_go(require_engine: Callable[..., str], tmp_path: Path) -> None:
    go = require_engine("go", install="apt-get install golang-go")
    values = "".join(f"\t\t{quoting.go(text)},\n" for text in TEXTS)
    imports, body = 'import ("encoding/json"; "os")', f"json.NewEncoder(os.Stdout).Encode([]string{{\n{values}\t}})"
    source = f"package main\n{imports}\nfunc main() {{\n\t{body}\n}}\n"
    (tmp_path / "main.go").write_text(source)
    done = subprocess.run([go, "run", "main.go"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == TEXTS
