"""From a server of a contract to a base URL: its variables filled in, a relative one resolved (OpenAPI 3.1, section 4.8.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_AUTHORITY: Final = re.compile(r"[A-Za-z0-9._~:\[\]-]+")
_OTHERWISE: Final = re.compile(r"[^\s?#\\\x00-\x1f\x7f]*")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a server's URL: the argument that gives it, its default, and what it may be (empty: anything)."""

    keyword: str
    default: str | None = None
    values: tuple[str, ...] = ()


def fill(template: str, variables: Mapping[str, Variable], base: str | None, given: Mapping[str, str]) -> str:
    """The base URL that a server's URL stands for. `given` goes by keyword; `base` is what a relative URL is relative to.

    A variable stays inside its part of the URL: in the host it may not begin a path, and nowhere a query or a fragment.

    Raises:
        ValueError: a value is not one that the contract lists, or would reach beyond its part of the URL; or the URL is relative,
            and there is no absolute `base`.
        TypeError: a variable is missing, or is none of this server's.
    """
    unknown = given.keys() - {variable.keyword for variable in variables.values()}
    if unknown:
        raise TypeError(f"the server {template!r} has no variable {sorted(unknown)[0]!r}")

    def value(found: re.Match[str]) -> str:
        variable = variables[found[1]]
        text = given.get(variable.keyword, variable.default)
        if text is None:
            raise TypeError(f"the server {template!r} needs {variable.keyword}")
        if variable.values and text not in variable.values:
            raise ValueError(f"{variable.keyword} must be one of {', '.join(map(repr, variable.values))}, not {text!r}")
        if not _part(template, found).fullmatch(text):
            raise ValueError(f"{variable.keyword} cannot be {text!r}: it would reach beyond its part of {template!r}")
        return text

    url = _VARIABLE.sub(value, template)
    if urlsplit(url).scheme and urlsplit(url).netloc:
        return url
    if base is None or not (urlsplit(base).scheme and urlsplit(base).netloc):
        raise ValueError(f"{url!r} is relative: give the URL of the document as base, such as https://api.example/openapi.json")
    return urljoin(base, url)


def _part(template: str, found: re.Match[str]) -> re.Pattern[str]:
    """What a variable may hold by where it stands: a scheme, a part of the host, or else anything but a query."""
    before, after = template[: found.start()], template[found.end() :]
    if after.startswith("://") and not before:
        return _SCHEME
    authority = before.partition("//")[2] if "//" in before else None
    return _AUTHORITY if authority is not None and "/" not in authority else _OTHERWISE
