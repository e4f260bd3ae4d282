"""Ids for named types: a component's own name where that can be an identifier, and a readable one for what has none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_BREAK = re.compile(r"[^\w]+|_+", re.UNICODE)


def type_id(name: str) -> str:
    """A name in PascalCase that is an identifier: `account_link` → `AccountLink`, `3ds` → `Type3ds`, `URLError` as it is."""
    words = [word for word in _BREAK.split(unicodedata.normalize("NFKC", name)) if word]
    joined = "".join(word[0].upper() + word[1:] for word in words)
    joined = "".join(char for char in joined if ("_" + char).isidentifier())
    if not joined:
        return "Type"
    return joined if joined.isidentifier() else f"Type{joined}"


def singular(name: str) -> str:
    """What one item of a list so named is called: `CartItems` → `CartItem`, `Categories` → `Category`, `Address` + Item."""
    if re.search(r"[^aeiou]ies$", name):
        return name[:-3] + "y"
    if re.search(r"(ss|x|ch|sh)es$", name):
        return name[:-2]
    if re.search(r"[^su]s$", name):
        return name[:-1]
    return name + "Item"


class Ids:
    """Gives out ids, each once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = {name.casefold() for name in taken}

    def take(self, wanted: str) -> str:
        """The id, or the first of `wanted2`, `wanted3`, … that is free; ids differ by more than case."""
        number, name = 2, wanted
        while name.casefold() in self.taken:
            name, number = f"{wanted}{number}", number + 1
        self.taken.add(name.casefold())
        return name


def component_ids(names: Iterable[str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The id of each component, and the pairs of components that would get the same.

    Where two names differ in case alone (`Pet`, `pet`), the one that is not in PascalCase keeps its own spelling.
    """
    ids: dict[str, str] = {}
    owner: dict[str, str] = {}
    clashes = []
    for name in sorted(names, key=lambda name: (name != type_id(name), name)):
        wanted = type_id(name)
        if wanted in owner and name.isidentifier() and name.casefold() == owner[wanted].casefold() and name not in owner:
            wanted = name
        if wanted in owner:
            clashes.append((owner[wanted], name))
            continue
        owner[wanted] = name
        ids[name] = wanted
    return ids, clashes
