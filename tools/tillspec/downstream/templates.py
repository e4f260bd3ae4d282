"""The texts that a repo is set up with, printed from their templates."""

from __future__ import annotations

import shlex
from functools import cache
from typing import TYPE_CHECKING, Any

from tillspec import resources, toml

if TYPE_CHECKING:
    from jinja2 import Environment


def render(name: str, **view: Any) -> str:
    """The text that a template of `downstream/` prints for a view.

    Raises:
        jinja2.UndefinedError: the template names something that the view does not have.
    """
    return _environment().get_template(f"{name}.j2").render(view)


def in_make(text: str) -> str:
    """A word of a command, as a Makefile has it."""
    return shlex.quote(text).replace("$", "$$").replace("#", "\\#")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(resources.templates() / "downstream"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - prints TOML, make and YAML; what comes from people is escaped by toml and in_make
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"toml": toml.written}
    return environment
