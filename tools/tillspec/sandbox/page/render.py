"""Pages out of templates, which escape all that they print."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tillspec.sandbox import money, places, templates
from tillspec.sandbox.page.assets import static
from tillspec.sandbox.page.present import TEST_CARDS

if TYPE_CHECKING:
    from jinja2 import Environment

_PAGES: Final = ("checkout", "challenge", "end", "message")


@cache
def environment() -> Environment:
    """The templates, with what each of them may use."""
    found = templates.environment("page")
    found.globals["test_cards"] = TEST_CARDS
    found.globals["file"] = _file
    return found


def _file(name: str) -> str:
    """The URL of one of the page's files, which changes with its content."""
    found = static(name)
    assert found is not None, name
    return f"/pay/static/{name}?v={found.version}"


def page(name: str, **shown: Any) -> bytes:
    """The HTML of a page, in UTF-8."""
    return environment().get_template(f"{name}.html.j2").render(shown).encode()


@cache
def _warm() -> None:
    for name in _PAGES:
        environment().get_template(f"{name}.html.j2")
    places.load()
    money.display(0, "EUR")


async def ready() -> None:
    """Reads templates and lists beside the event loop, so that nobody else waits while the first page is made."""
    if not _warm.cache_info().currsize:
        await asyncio.to_thread(_warm)
