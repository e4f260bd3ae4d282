"""A variant, until it is told to end: `python -m faults.variants.serve --variant ID --port 0`, or `--list`."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from faults.variants.registry import VARIANTS


def main() -> None:
    parser = argparse.ArgumentParser(prog="faults.variants.serve", description=__doc__)
    parser.add_argument("--variant", choices=VARIANTS, metavar="ID", help="the variant")
    parser.add_argument("--port", type=int, default=0, help="the port; 0 takes a free one")
    parser.add_argument(
        "--profile", type=Path, metavar="FILE", help="write the profile for tillspec verify there; it has secrets"
    )
    parser.add_argument("--list", action="store_true", help="list all variants")
    given = parser.parse_args()
    if given.list or given.variant is None:
        for name, variant in VARIANTS.items():
            print(f"{name}\t{' '.join(variant.surfaces) or '(all)'}\t{variant.what}")
        return
    _serve(given.variant, given.port, given.profile)


def _serve(name: str, port: int, profile: Path | None) -> None:
    from faults.variants.serving import served

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with served(name, port) as found:
        if profile is not None:
            profile.touch(0o600)
            profile.write_text(found.profile, encoding="utf-8")
        print(f"{name} at {found.url}", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
