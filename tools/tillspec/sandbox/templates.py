"""The templates of pages: they escape all that they print, and print nothing that they were not given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tillspec import resources

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(folder: str) -> Environment:
    """Those of a folder below `templates/sandbox/`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(resources.templates() / "sandbox" / folder),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
