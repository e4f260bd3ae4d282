"""Where the templates and the contract are: inside the installed package, or at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def templates() -> Path:
    """The folder of the templates.

    Raises:
        FileNotFoundError: neither an installed package nor a checkout.
    """
    return _find("templates")


def spec() -> Path:
    """The folder of Tillspec's own contract; its root document is `openapi.yaml`."""
    return _find("spec")


def runtime() -> Path:
    """The folder of the files that are copied into every generated package."""
    return _PACKAGE / "runtime"


def _find(name: str) -> Path:
    for folder in (_PACKAGE / name, _PACKAGE.parent.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"{name}/ is neither in {_PACKAGE} nor at the root of a checkout; install tillspec again")
