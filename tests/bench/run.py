"""Generation, measured: CPU seconds and peak memory of whole processes, side by side in one run.

Each row is the median of several runs, the rivals' in turn with ours. Figures are for reading, not for asserting: they depend on
the machine; the ratios less so.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
RIVALS = ROOT / ".venv" / "rivals" / "bin"
STRIPE = ROOT.parent / "shared" / "corpus" / "stripe.json"


@dataclass(frozen=True)
class Cost:
    cpu: float
    memory: float


def measure(command: list[str], cwd: Path) -> Cost:
    """CPU seconds (user and system, children included) and peak memory (MB, of the largest process) of one run."""
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed with {process.returncode}:\n{said.decode()[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


@dataclass(frozen=True)
class Row:
    name: str
    command: Callable[[Path], list[str]]


def tillspec(spec: Path, out: str | None = None) -> Callable[[Path], list[str]]:
    return lambda folder: [str(BIN / "tillspec"), "generate", "--spec", str(spec), "--out", out or str(folder / "ours")]


def datamodel_codegen(spec: Path) -> Callable[[Path], list[str]]:
    options = ["--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel"]
    return lambda folder: [str(BIN / "datamodel-codegen"), "--input", str(spec), "--output", str(folder / "models"), *options]


def openapi_python_client(spec: Path) -> Callable[[Path], list[str]]:
    tool = str(RIVALS / "openapi-python-client")
    return lambda folder: [tool, "generate", "--path", str(spec), "--output-path", str(folder / "client"), "--meta", "none"]


def compare(title: str, rows: list[Row], runs: int, target: str) -> None:
    """Run all commands in turn, each in a folder of its own, and print the medians and the ratios to the first rival."""
    costs: dict[str, list[Cost]] = {row.name: [] for row in rows}
    for number in range(runs + 1):
        for row in rows:
            with tempfile.TemporaryDirectory() as name:
                cost = measure(row.command(Path(name)), ROOT)
            if number:  # the first round warms the disk's cache
                costs[row.name].append(cost)
    print(f"\n{title}  (median of {runs}; target: {target})")
    for row in rows:
        cpu = statistics.median(cost.cpu for cost in costs[row.name])
        memory = max(cost.memory for cost in costs[row.name])
        pairs = [ours.cpu / theirs.cpu for ours, theirs in zip(costs[rows[0].name], costs[row.name], strict=True)]
        ratio = "" if row is rows[0] else f"   tillspec / this = {statistics.median(pairs):.2f}"
        print(f"  {row.name:<44} {cpu:7.2f} CPU s {memory:6.0f} MB{ratio}")


def main() -> None:
    spec = ROOT / "spec" / "openapi.yaml"
    bundle = ROOT / "generated" / "openapi.json"
    rivals = (RIVALS / "openapi-python-client").exists()
    rows = [
        Row("tillspec generate, from cold, everything", tillspec(spec)),
        Row("datamodel-codegen, models alone", datamodel_codegen(bundle)),
    ]
    if rivals:
        rows.append(Row("openapi-python-client, client and models", openapi_python_client(bundle)))
    compare("Our contract", rows, 5, "at most 2 times datamodel-codegen")
    compare("Our contract, nothing to do", [Row("tillspec generate", tillspec(spec, "generated"))], 9, "at most 0.15 s")
    if STRIPE.exists():
        rows = [
            Row("tillspec generate, everything", tillspec(STRIPE)),
            Row("datamodel-codegen, models alone", datamodel_codegen(STRIPE)),
        ]
        compare("Stripe's document", rows, 3, "at most 0.7 times datamodel-codegen, and 500 MB")
    else:
        print(f"\nStripe's document is left out: {STRIPE} is not there")


if __name__ == "__main__":
    main()
