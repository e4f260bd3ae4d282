"""What a run of the generator was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SERVERS = ("starlette", "fastapi")
"""The frameworks that a server is made for. FastAPI's comes beside Starlette's, which it is made of."""

PARTS = {
    "client": ("bundle", "models", "client"),
    "server": ("bundle", "models", "server"),
    "both": ("bundle", "models", "server", "client"),
}
"""What each role that a repo may have to its contract has use for: it calls the API, serves it, or does both."""

ROLES = tuple(PARTS)
OUTPUTS = (*PARTS["both"], "typescript")
"""What can be asked for with `--only`. A server or a client brings its models along; TypeScript, which needs Node.js, is
made only where it is asked for."""


@dataclass(frozen=True, slots=True)
class Pin:
    """The contract that a repo was brought to: its `info.version`, and the digest (SHA-256, as hex) of it as one document."""

    version: str
    digest: str


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
        role: one of `ROLES`, for which overlays must not narrow the contract; empty where it is not known.
        narrowing: ids of rules, or fingerprints of changes, by which overlays may narrow it all the same.
        pin: what the contract must be; None for whatever it is.
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
    role: str = ""
    narrowing: tuple[str, ...] = ()
    pin: Pin | None = None

    def wants(self, output: str) -> bool:
        """Whether an output was asked for."""
        return output in (self.only or PARTS["both"])

    @property
    def configuration(self) -> dict[str, object]:
        """All of it that decides what comes out, as JSON; not where it is read or written."""
        own = {"role": self.role, "narrowing": sorted(self.narrowing)} if self.role and self.overlays else {}
        pin = {"pin": self.pin.digest} if self.pin else {}
        return {
            "package": self.package,
            "only": sorted(self.only),
            "surfaces": sorted(self.surfaces),
            "server": self.server,
            "allowed": sorted(self.allowed),
            "overlays": [path.name for path in self.overlays],
            **own,
            **pin,
        }

    @property
    def package_folder(self) -> str:
        """Where the package stands below `out`."""
        return "python/" + self.package.replace(".", "/")

    @property
    def declarations(self) -> str:
        """Where TypeScript's declarations stand below `out`."""
        return "typescript/" + self.package.replace(".", "/") + ".d.ts"
