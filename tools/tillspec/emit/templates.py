"""Printing a view-model with a template: templates print, view-models decide."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tillspec import resources
from tillspec.emit.docstring import docstring, literal

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def render(template_name: str, view: DataclassInstance) -> str:
    """The text that a template prints for a view-model: the fields of the view are the names that the template knows.

    `template_name` is the path inside the templates folder, for instance `python/checkout_api/responses.py.j2`.

    Raises:
        jinja2.UndefinedError: the template names something that the view does not have.
    """
    return _environment().get_template(template_name).render({f.name: getattr(view, f.name) for f in dataclasses.fields(view)})


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(resources.templates()),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - prints Python; texts of a document come as literals and docstrings
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"literal": literal, "docstring": docstring}
    return environment
