"""The sandbox with one fault: `python -m faults.serve --port 0 --fault ID`, or `--list`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from faults.all import FAULTS


def main() -> None:
    parser = argparse.ArgumentParser(prog="faults.serve", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port; 0 takes a free one")
    parser.add_argument("--fault", choices=FAULTS, metavar="ID", help="the fault; without it the sandbox is right")
    parser.add_argument("--list", action="store_true", help="list all faults")
    given = parser.parse_args()
    if given.list:
        for fault in FAULTS.values():
            print(f"{fault.id}\t{fault.kind}\t{' '.join(fault.operations) or '(all)'}\t{fault.what}")
        return
    serve(given.port, given.fault)


def serve(port: int, fault: str | None) -> None:
    """Serves until it is told to end."""
    from faults.serving import prepared

    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        ready, layer, server = prepared(Path(folder), port)
        layer.switch(fault)
        print(f"Tillspec sandbox with {fault or 'no fault'} at {ready.base_url}")
        print(f"  control   {ready.base_url}/_sandbox#{ready.secret}", flush=True)
        server.run(sockets=[ready.socket])


if __name__ == "__main__":
    main()
