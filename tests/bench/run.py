"""Runs the measurements that are named, all of them where none is: `python -m bench.run serving calling`.

Figures are for reading, not for asserting: they depend on the machine, the ratios less so.
"""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version

from . import calling, diffing, docs, flame, generating, importing, reading, sandboxing, serving

MEASUREMENTS = {
    "serving": serving.main,
    "reading": reading.main,
    "calling": calling.main,
    "importing": importing.main,
    "generating": generating.main,
    "sandboxing": sandboxing.main,
    "docs": docs.main,
    "diff": diffing.main,
    "flame": flame.main,
}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        sys.exit(f"no such measurement: {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}")
    packages = ("pydantic", "starlette", "fastapi", "uvicorn", "httptools", "uvloop", "msgspec", "httpx")
    print(f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in packages))
    for name in names or MEASUREMENTS:
        MEASUREMENTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
