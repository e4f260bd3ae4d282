"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

allow = click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="WHERE",
    help="A URL or folder outside the contract's own that references may lead to (may be repeated).",
)
overlay = click.option(
    "--overlay",
    "overlays",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="An OpenAPI Overlay 1.0 to apply to the contract (may be repeated, in order).",
)
