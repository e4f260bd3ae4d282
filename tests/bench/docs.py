"""The built site beside viewers of the same document: what is transferred, and when its first text is seen."""

from __future__ import annotations

import json
import math
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .browsing import CAP, LINE, SLOWER, Pages, Visit, chromium, serving, visit
from .measure import ROOT, STRIPE, TILLSPEC, Cost, heading, process, ratio
from .viewers import VIEWERS, install, lay_out

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROUNDS = 3
TARGET = "a tenth of the bytes of Swagger UI and of Redoc, less than any; first text in half the time of the best of them"


@dataclass(frozen=True)
class Contract:
    """A contract, the one document that viewers read, and an operation whose page is visited."""

    name: str
    spec: Path
    document: Path
    operation: str


CONTRACTS = (
    Contract("our contract", ROOT / "spec" / "openapi.yaml", ROOT / "generated" / "openapi.json", "createVinrSession"),
    Contract("Stripe's document", STRIPE, STRIPE, "PostCheckoutSessions"),
)


@dataclass(frozen=True)
class Stop:
    """What is visited: its name in the table, its address on the server, and the texts of which one must be seen."""

    name: str
    path: str
    texts: Sequence[str]


def build(spec: Path, out: Path) -> Cost:
    """What `tillspec docs build` costs, from cold."""
    return process([TILLSPEC / "tillspec", "docs", "build", "--spec", str(spec), "--out", str(out)])


def stops(contract: Contract, folder: Path) -> list[Stop]:
    """Builds the site and lays out the viewers in a folder; the site's two pages come first."""
    build(contract.spec, folder / "site")
    document = json.loads(contract.document.read_text())
    title: str = document["info"]["title"]
    names: dict[str, str] = {}
    for item in document["paths"].values():
        names |= {each["operationId"]: each.get("summary") or each["operationId"] for each in operations(item)}
    page = next(each for each in (folder / "site" / "operations").glob("*.html") if same(each.stem, contract.operation))
    found = [
        Stop("tillspec, start page", "/site/index.html", [title]),
        Stop("tillspec, an operation", f"/site/operations/{page.name}", [names[contract.operation]]),
    ]
    for number, viewer in enumerate(VIEWERS):
        lay_out(viewer, contract.document, folder / str(number))
        found.append(Stop(viewer.name, f"/{number}/index.html", [title, *names.values()]))
    return found


def operations(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in item.values() if isinstance(each, dict) and "operationId" in each]


def same(address: str, operation: str) -> bool:
    return address.replace("-", "") == operation.lower()


def measure(browser: Browser, pages: Pages, visited: list[Stop]) -> dict[str, list[Visit]]:
    """Three rounds in which all take their turn. What was given up once is not visited again."""
    found: dict[str, list[Visit]] = {stop.name: [] for stop in visited}
    visit(browser, pages, visited[0].path, visited[0].texts)
    for _ in range(ROUNDS):
        for stop in visited:
            before = found[stop.name]
            again = not before or before[-1].seconds < math.inf
            before.append(visit(browser, pages, stop.path, stop.texts) if again else before[-1])
    return found


def report(found: dict[str, list[Visit]]) -> None:
    names = list(found)
    sent = {name: [each.sent for each in visits] for name, visits in found.items()}
    seconds = {name: [each.seconds for each in visits] for name, visits in found.items()}
    print(f"  {'':<24} {'kB':>7}  first text   start page / this   operation / this   (bytes, time)")
    for name in names:
        late = statistics.median(seconds[name])
        told = "crashed" if found[name][-1].crashed else f"{late:.2f} s" if late < math.inf else f"> {CAP} s"
        beside = ""
        if name not in names[:2]:
            parts = [f"{ratio(sent[one], sent[name]):.3f}, {ratio(seconds[one], seconds[name]):.2f}" for one in names[:2]]
            beside = f"{parts[0]:>20} {parts[1]:>18}"
        print(f"  {name:<24} {statistics.median(sent[name]) / 1000:7.1f} {told:>11}{beside}", flush=True)
    for name, visits in found.items():
        foreign = frozenset[str]().union(*(each.foreign for each in visits))
        if foreign:
            print(f"  {name} asked beyond loopback, and was refused: {', '.join(sorted(foreign))}")


def main() -> None:
    program = shutil.which("chromium")
    missing = next(filter(None, map(install, VIEWERS)), None) if program else "chromium not found; apt-get install chromium"
    if missing or program is None:
        print(f"\nThe docs are left out: {missing}")
        return
    line = f"{LINE['downloadThroughput'] * 8 / 1e6:.1f} Mbit/s, {LINE['latency']} ms, processor {SLOWER} times slower"
    for contract in CONTRACTS:
        if not contract.spec.exists():
            print(f"\n{contract.name} is left out: {contract.spec} is not there")
            continue
        with tempfile.TemporaryDirectory() as name, chromium(program) as browser:
            visited = stops(contract, Path(name))
            with serving(Path(name)) as pages:
                heading(f"Docs of {contract.name}, Chromium {browser.version}, {line}, gzip", TARGET)
                report(measure(browser, pages, visited))
