"""The fidelity table: what `tillspec prove` finds on our contract and on all of the corpus, written to README.md beside it.

Run it as `python tests/prove/fidelity.py [N]`, with N edits of each schema (100); for contracts of more than 1 MB a tenth.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
TABLE = Path(__file__).with_name("README.md")
COLUMNS = (
    "valid",
    "accepted",
    "round_tripped",
    "structural",
    "structural_accepted",
    "format",
    "format_accepted",
    "stub",
    "stub_wrong",
)

HEAD = """\
# Fidelity

What `tillspec prove` finds when the models of a contract are generated and held against it: instances that are valid, how many of
them the models accept and give back as they were; mutants by one edit that are not valid, and how many get through (structural
ones, and those that break a format alone); bodies sent to the server stub, and how many it judges wrongly. The judge shares no
code with what is generated. At most {most} edits of each schema, a tenth of that for contracts of more than 1 MB; written by
`python tests/prove/fidelity.py {most}`.

| contract | valid | accepted | came back | structural | let through | format | let through | to the stub | wrong |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
"""


def measured(spec: Path, most: int) -> dict[str, int] | None:
    """The counts of a contract; None where nothing can be generated from it."""
    few = most if spec.stat().st_size < 1_000_000 else max(most // 10, 1)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "proof.json"
        options = ["--most", str(few), "--brief", "--json", str(out)]
        command = [sys.executable, "-m", "tillspec", "prove", str(spec), *options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode == 2:
            return None
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return {column: found["total"][column] for column in COLUMNS}


def rows(most: int) -> Iterator[tuple[str, dict[str, int] | None]]:
    yield "ours", measured(ROOT / "spec" / "openapi.yaml", most)
    for spec in sorted(CORPUS.glob("*.json"), key=lambda path: path.stat().st_size):
        yield spec.stem, measured(spec, most)


def main(most: int) -> None:
    table = HEAD.format(most=most)
    total = dict.fromkeys(COLUMNS, 0)
    for name, counts in rows(most):
        if counts is None:
            table += f"| {name} | refused: nothing can be generated from it |||||||||\n"
            continue
        total = {column: total[column] + counts[column] for column in COLUMNS}
        table += _row(name, counts)
        print(_row(name, counts), end="", flush=True)
    TABLE.write_text(table + _row("**all**", total), encoding="utf-8")


def _row(name: str, counts: dict[str, int]) -> str:
    return f"| {name} | " + " | ".join(f"{counts[column]:,}" for column in COLUMNS) + " |\n"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
