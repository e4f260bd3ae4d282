"""All strangers: how each is started, and which faults it can have."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from strangers.bookshop.server import FAULTS as OF_BOOKSHOP
from strangers.giftcards.server import FAULTS as OF_GIFTCARDS
from strangers.kassa.server import FAULTS as OF_KASSA
from strangers.labels.server import FAULTS as OF_LABELS

HERE = Path(__file__).resolve().parent
_OF_NODE = re.compile(r"^  '?([a-z0-9-]+)'?: '([^']+)',$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A server with a contract of its own.

    Attributes:
        name: that of its folder.
        what: what it does, in a line.
        program: how it is started; `--port` and `--fault` are added.
        faults: what may be wrong with it, by id.
    """

    name: str
    what: str
    program: tuple[str, ...]
    faults: Mapping[str, str]

    @property
    def contract(self) -> Path:
        return HERE / self.name / "openapi.yaml"

    @property
    def profile(self) -> Path:
        """The profile for `tillspec verify`, with credentials of two tenants."""
        return HERE / self.name / "profile.toml"


def _python(name: str, what: str, faults: Mapping[str, str]) -> Stranger:
    return Stranger(name=name, what=what, program=(sys.executable, "-m", f"strangers.{name}.server"), faults=faults)


def _faults_of_node(text: str) -> dict[str, str]:
    whole = text.partition("FAULTS = {")[2].partition("};")[0]
    return dict(_OF_NODE.findall(whole))


_PARCELS = HERE / "parcels" / "server.mjs"
STRANGERS: dict[str, Stranger] = {
    one.name: one
    for one in (
        _python("bookshop", "books with CRUD, paging and bearer keys, by OpenAPI 3.0", OF_BOOKSHOP),
        Stranger(
            name="parcels", what="a parcel tracker on Node, with many query parameters and a key among them",
            program=("node", str(_PARCELS)), faults=_faults_of_node(_PARCELS.read_text(encoding="utf-8")),
        ),
        _python("giftcards", "gift cards with Basic credentials and a key for retries, told in prose", OF_GIFTCARDS),
        _python("labels", "labels with QR codes as PNG and SVG", OF_LABELS),
        _python("kassa", "a till whose contract declares behaviour", OF_KASSA),
    )
}  # fmt: skip
"""By their name."""


@contextmanager
def running(stranger: Stranger, fault: str | None = None) -> Iterator[str]:
    """A stranger on a free port of loopback, right or with a fault; its URL.

    Raises:
        RuntimeError: it did not start.
    """
    options = ["--fault", fault] if fault else []
    paths = [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen([*stranger.program, "--port", "0", *options], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        if "http://" not in said:
            raise RuntimeError(f"{stranger.name} did not start: {said}")
        yield said.split()[-1]
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
