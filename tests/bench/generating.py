"""Generating: whole runs of the tools, from cold."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from .measure import RIVALS, ROOT, STRIPE, TILLSPEC, Cost, heading, in_turn, process, ratio

Command = Callable[[Path], list[str]]


def tillspec(spec: Path, out: str | None = None) -> Command:
    return lambda folder: [str(TILLSPEC / "tillspec"), "generate", "--spec", str(spec), "--out", out or str(folder / "ours")]


def datamodel_codegen(spec: Path) -> Command:
    options = ["--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel"]
    return lambda folder: [
        str(TILLSPEC / "datamodel-codegen"), "--input", str(spec), "--output", str(folder / "models"), *options
    ]  # fmt: skip


def openapi_python_client(spec: Path) -> Command:
    tool = str(RIVALS / "openapi-python-client")
    return lambda folder: [tool, "generate", "--path", str(spec), "--output-path", str(folder / "client"), "--meta", "none"]


def compare(title: str, commands: dict[str, Command], rounds: int, target: str) -> None:
    """Runs all commands in turn, each in a folder of its own, and prints medians, and ratios of the first to the others."""

    def run(command: Command) -> Cost:
        with tempfile.TemporaryDirectory() as name:
            return process(command(Path(name)))

    heading(title, target)
    costs = in_turn(rounds, {name: lambda command=command: run(command) for name, command in commands.items()})
    ours = [cost.cpu for cost in next(iter(costs.values()))]
    for number, (name, each) in enumerate(costs.items()):
        cpu = [cost.cpu for cost in each]
        beside = f"   tillspec / this = {ratio(ours, cpu):.2f}" if number else ""
        print(f"  {name:<44} {statistics.median(cpu):7.2f} CPU s {max(cost.memory for cost in each):6.0f} MB{beside}")


def main() -> None:
    spec, bundle = ROOT / "spec" / "openapi.yaml", ROOT / "generated" / "openapi.json"
    compare(
        "Generating from our contract",
        {
            "tillspec generate, everything": tillspec(spec),
            "datamodel-codegen, models alone": datamodel_codegen(bundle),
            "openapi-python-client, client and models": openapi_python_client(bundle),
        },
        5,
        "at most 2 times datamodel-codegen",
    )
    nothing = {"tillspec generate": tillspec(spec, str(ROOT / "generated"))}
    compare("Generating from our contract, with nothing to do", nothing, 9, "at most 0.15 CPU s")
    if not STRIPE.exists():
        print(f"\nStripe's document is left out: {STRIPE} is not there")
        return
    compare(
        "Generating from Stripe's document",
        {
            "tillspec generate, everything": tillspec(STRIPE),
            "datamodel-codegen, models alone": datamodel_codegen(STRIPE),
        },
        3,
        "at most 0.7 times datamodel-codegen, and 500 MB",
    )
