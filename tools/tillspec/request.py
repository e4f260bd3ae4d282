"""What a run of the generator was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SERVERS = ("starlette", "fastapi")
"""The frameworks that a server is made for. FastAPI's comes beside Starlette's, which it is made of."""

OUTPUTS = ("bundle", "models", "server", "client")
"""What can be asked for with `--only`. A server or a client brings its models along."""


@dataclass(frozen=True, slots=True)
class Request:
    """A run of the generator.

    Attributes:
        spec: the root document.
        out: the folder that is written, and belongs to the generator whole.
        package: the import name of the generated package, dots allowed.
        only: some of `OUTPUTS`; empty for all.
        surfaces: the surfaces (a word of `x-behavior`) to keep; empty for all.
        allowed: folders, files and URLs outside the root document's folder that references may lead to.
        server: one of `SERVERS`.
        overlays: OpenAPI overlays that are applied to the contract, in this order.
        handlers: where the user's own handler files are scaffolded, if at all.
    """

    spec: Path
    out: Path
    package: str = "checkout_api"
    only: frozenset[str] = frozenset()
    surfaces: frozenset[str] = frozenset()
    allowed: tuple[str, ...] = ()
    overlays: tuple[Path, ...] = ()
    handlers: Path | None = None
    server: str = SERVERS[0]

    def wants(self, output: str) -> bool:
        """Whether an output was asked for."""
        return not self.only or output in self.only

    @property
    def configuration(self) -> dict[str, object]:
        """All of it that decides what comes out, as JSON; not where it is read or written."""
        return {
            "package": self.package,
            "only": sorted(self.only),
            "surfaces": sorted(self.surfaces),
            "server": self.server,
            "allowed": sorted(self.allowed),
            "overlays": [path.name for path in self.overlays],
        }

    @property
    def package_folder(self) -> str:
        """Where the package stands below `out`."""
        return "python/" + self.package.replace(".", "/")
