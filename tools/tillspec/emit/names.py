"""Python names out of an API's names: total (every text gives a legal name) and deterministic."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Sequence

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_USED = frozenset(
    {"str", "int", "float", "bool", "bytes", "list", "dict", "tuple", "object", "type", "print", "super", "property"}
)
"""Builtins that generated code itself writes: a method or field of that name would hide them from its neighbours."""

_MODELS_OWN = frozenset(
    {
        *("Annotated", "Any", "COMPONENTS", "ClassVar", "ConfigDict", "Conforms", "ContractModel", "Decimal", "DefaultedModel"),
        *(
            "Carries",
            "Distinct",
            "Enum",
            "Field",
            "FilePart",
            "Format",
            "Integer",
            "JsonInteger",
            "JsonNumber",
            "Literal",
            "MISSING",
            "Mapping",
            "Matches",
            "Number",
            "OBJECTS",
        ),
        *(
            "ObjectBehavior",
            "OneOf",
            "OpenEnum",
            "Rfc3339Date",
            "Rfc3339DateTime",
            "Rfc3339Duration",
            "Rfc9562Uuid",
            "RootModel",
            "SCHEMAS",
        ),
        *("Schemas", "StrictBool", "TypeAliasType", "Union", "UnknownValue"),
    }
)
"""What `models.py` says by its own names."""


def words(name: str) -> tuple[str, ...]:
    """The words of a name, in ASCII: `sessionId` is session, Id; letters that have no ASCII form become their code points."""
    ascii_text = "".join(map(_ascii, unicodedata.normalize("NFKD", name.replace("ETag", "Etag"))))
    return tuple(word for part in re.split(r"[^A-Za-z0-9]+", ascii_text) for word in _HUMPS.split(part) if word)


def snake(name: str, empty: str = "value") -> str:
    """`sessionId` and `Session-Id` -> `session_id`; `class` -> `class_`; `404` -> `n404`; nothing -> `empty`."""
    return _safe("_".join(words(name)).lower(), "n", empty)


def constant(name: str, empty: str = "VALUE") -> str:
    """`createSession` -> `CREATE_SESSION`."""
    return _safe("_".join(words(name)).upper(), "N", empty)


def pascal(name: str, empty: str = "Value") -> str:
    """`createSession` -> `CreateSession`, `QR codes` -> `QRCodes`: capitals that are there stay."""
    return _safe("".join(word[0].upper() + word[1:] for word in words(name)), "N", empty)


def class_name(identifier: str) -> str:
    """The class of a named type: its id, with `_` behind it where `models.py` means something else by that name."""
    return f"{identifier}_" if identifier in _MODELS_OWN or keyword.iskeyword(identifier) else identifier


def unique(names: Sequence[str], taken: Iterable[str] = ()) -> tuple[str, ...]:
    """The names kept apart from each other and from `taken`, in order: the first keeps its own, later ones get `_2`, `_3`."""
    used = set(taken)
    first = set(names) - used
    result = []
    for name in names:
        chosen, number = name, 1
        while chosen in used or (chosen != name and chosen in first):
            number += 1
            chosen = f"{name.rstrip('_')}_{number}"
        used.add(chosen)
        result.append(chosen)
    return tuple(result)


def _ascii(character: str) -> str:
    if character.isascii():
        return character
    if unicodedata.combining(character):
        return ""
    return f"_u{ord(character):x}_" if character.isalnum() else " "


def _safe(name: str, prefix: str, empty: str) -> str:
    if not name:
        return empty
    if name[0].isdigit():
        name = prefix + name
    return f"{name}_" if keyword.iskeyword(name) or name in _USED else name
