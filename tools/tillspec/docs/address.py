"""Where things are: names of pages and anchors, stable from one version of a contract to the next. All links are relative."""

from __future__ import annotations

import hashlib
import posixpath
import re
import unicodedata
from collections.abc import Iterable

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OUTSIDE = re.compile(r"[^A-Za-z0-9]+")
_NO_FRAGMENT = re.compile(r"[^\w.*()\[\]$@+~:-]+")
_LONGEST = 80
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d|index")
"""Names that Windows, or this site, keeps for something else."""


def slug(name: str) -> str:
    """The name of a page: `createVinrSession` -> `create-vinr-session`. Never empty, never a path, in lower case."""
    ascii_text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    made = "-".join(_OUTSIDE.sub(" ", _HUMPS.sub(" ", ascii_text)).split()).lower()
    if not made or len(made) > _LONGEST or _RESERVED.fullmatch(made):
        return f"{made[:_LONGEST]}-{_digest(name)}".lstrip("-")
    return made


def slugs(names: Iterable[str]) -> dict[str, str]:
    """The pages of some names. Of names that would share one the first keeps it, the others get a part of their digest."""
    made: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        wanted = slug(name)
        made[name] = f"{wanted}-{_digest(name)}" if wanted in taken else wanted
        taken.add(made[name])
    return made


def fragment(anchor: str) -> str:
    """An anchor without what an id, or a link to it, cannot have."""
    return _NO_FRAGMENT.sub("_", anchor)


def relative(page: str, target: str) -> str:
    """The link from one page of the site to another, both as paths from its root; the target may have a fragment."""
    path, mark, rest = target.partition("#")
    if path == page:
        return mark + rest or posixpath.basename(page)
    return posixpath.relpath(path, posixpath.dirname(page) or ".") + mark + rest


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:6]
