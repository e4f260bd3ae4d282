"""The parts that a schema is made of: references followed, `allOf` opened, `oneOf` and `anyOf` where they are no choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tillspec.compat.view import ANNOTATIONS, Key, Part, Union, declared_types
from tillspec.pointer import Pointer, join

COMBINED = ("allOf", "anyOf", "oneOf", "$ref")
_CHOICES = ("anyOf", "oneOf")
_LISTING = frozenset({"const", "enum", "type"})
_NULLS: tuple[Any, ...] = ({"type": "null"}, {"enum": [None]}, {"const": None})


class Flattening:
    """Looks at one schema.

    Attributes:
        parts: all that holds of a value, each part by itself.
        unions: the choices between forms.
        never: whether no value is allowed.
        null_too: whether null is allowed whatever the parts say, because a choice around all of them says so.
    """

    def __init__(self, at: Callable[[Pointer], Any], follow: Callable[[Pointer], Pointer], is_3_0: bool) -> None:
        self._at, self._follow, self._is_3_0 = at, follow, is_3_0
        self.parts: list[Part] = []
        self.unions: list[Union] = []
        self.never = self.null_too = False

    def run(self, key: Key) -> Flattening:
        """Look at the schemas at some pointers, which all hold."""
        waiting = [(pointer, len(key) == 1) for pointer in reversed(key)]
        seen: set[Pointer] = set()
        while waiting:
            pointer, is_whole = waiting.pop()
            value = self._at(pointer)
            if pointer in seen or value is True:
                continue
            seen.add(pointer)
            if isinstance(value, dict):
                waiting += reversed(self._look(pointer, value, is_whole))
            else:
                self.never |= value is False
        return self

    def _look(self, pointer: Pointer, value: dict[str, Any], is_whole: bool) -> list[tuple[Pointer, bool]]:
        """Take a schema's own part; what else holds, and whether that is all that is said (then its null is the whole's)."""
        words = _words(value)
        target = target_of(value)
        if target is not None and (self._is_3_0 or len(value) == 1):
            return [(target, is_whole)]
        below = [(target, is_whole and words == {"$ref"})] if target is not None else []
        if not any(word in value for word in COMBINED):
            self.parts.append((pointer, value))
            return below
        self.null_too |= is_whole and value.get("nullable") is True and "type" not in value
        part = {word: item for word, item in value.items() if word not in COMBINED}
        listed = [join(pointer, "allOf", number) for number in range(len(_list(value, "allOf")))]
        below += [(one, is_whole and len(listed) == 1 and words <= {"allOf", "nullable"}) for one in listed]
        for word in _CHOICES:
            below += self._choice(word, (pointer, part), value, is_whole and words <= {word, "nullable"})
        self.parts.append((pointer, part))
        return below

    def _choice(self, word: str, part: Part, value: dict[str, Any], is_whole: bool) -> list[tuple[Pointer, bool]]:
        """Take a choice; what else holds where there is none. Null beside one that is all of the schema is the whole's."""
        pointer, own = part
        branches = [join(pointer, word, number) for number in range(len(_list(value, word)))]
        kept = [one for one in branches if self._at(one) not in _NULLS] if is_whole else branches
        if branches and not kept:
            own["type"] = "null"
            return []
        self.null_too |= len(kept) < len(branches)
        if len(kept) == 1:
            return [(kept[0], is_whole)]
        if kept and not self._is_list(own, kept, word):
            discriminator = value.get("discriminator")
            found = discriminator if isinstance(discriminator, dict) else None
            self.unions.append(Union(word, tuple(kept), found, join(pointer, word)))
        return []

    def _is_list(self, part: dict[str, Any], branches: list[Pointer], word: str) -> bool:
        """Whether branches only list values, or only types, and of `oneOf` each once; then the schema itself does."""
        values = [self._at(self._follow(pointer)) for pointer in branches]
        if not all(isinstance(value, dict) for value in values):
            return False
        words = [_words(value) for value in values]
        if all(one <= _LISTING and one & {"const", "enum"} for one in words) and not {"enum", "const"} & set(part):
            part["enum"] = [item for value in values for item in ([value["const"]] if "const" in value else _list(value, "enum"))]
            return True
        if all(one == {"type"} for one in words) and "type" not in part:
            names = [name for value in values for name in declared_types(value) or ()]
            if word == "oneOf" and len(set(names)) < len(names):
                return False
            part["type"] = sorted(set(names))
            return True
        return False


def target_of(value: Any) -> Pointer | None:
    """Where the reference of a schema leads, if it has one."""
    reference = value.get("$ref") if isinstance(value, dict) else None
    return reference[1:] if isinstance(reference, str) and reference.startswith("#") else None


def _words(value: dict[str, Any]) -> set[str]:
    """The keywords of a schema that constrain something."""
    return {word for word in value if word not in ANNOTATIONS and not word.startswith("x-")}


def _list(value: dict[str, Any], word: str) -> list[Any]:
    found = value.get(word)
    return found if isinstance(found, list) else []
