"""Documents that were built to hurt, measured: how long each takes to be generated or refused, and how much memory.

The aim is 10 seconds and 1 GiB for each; what is above is marked. Figures are for reading: seconds depend on the machine.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hostile_documents import DOCUMENTS, Hostile

SECONDS, MEGABYTES = 10, 1024
_CODE = re.compile(r"^error\[([a-z-]+)\]", re.MULTILINE)


def measure(case: Hostile) -> tuple[float, float, float, str]:
    """Seconds, seconds of the processor, MB, and what became of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / case.name).write_text(case.text(), encoding="utf-8", newline="")
        command = [str(Path(sys.executable).parent / "tillspec"), "generate", "--spec", case.name, "--out", "out"]
        started = time.monotonic()
        with (folder / "told.txt").open("wb+") as told:
            with subprocess.Popen(command, cwd=folder, stdout=told, stderr=subprocess.STDOUT) as process:
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - started
            told.seek(0)
            codes = _CODE.findall(told.read().decode())
        outcome = "generated" if process.returncode == 0 else f"refused: {codes[0]}" if codes else f"status {process.returncode}"
        return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, outcome


def main() -> None:
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    print(f"Documents built to hurt (aim: {SECONDS} s and {MEGABYTES} MB each)")
    for name, case in DOCUMENTS.items():
        if re.search(wanted, name):
            seconds, processor, memory, outcome = measure(case)
            mark = "  <- above the aim" if seconds > SECONDS or memory > MEGABYTES else ""
            print(f"  {name:<46}{seconds:7.1f} s {processor:7.1f} CPU s {memory:6.0f} MB  {outcome}{mark}", flush=True)


if __name__ == "__main__":
    main()
