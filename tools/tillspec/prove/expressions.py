"""Texts that match a regular expression of ECMA-262, from its grammar (ECMA-262, section 22.2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from tillspec.prove.patterns import NoPattern, matches

Ranges = tuple[tuple[int, int], ...]

_DIGIT: Ranges = ((48, 57),)
_WORD: Ranges = ((97, 122), (65, 90), (48, 57), (95, 95))
_SPACE: Ranges = ((32, 32), (9, 13), (160, 160), (0x2028, 0x2029))
_LETTER: Ranges = ((97, 122), (65, 90), (0xE0, 0xF6))
_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "0": 0}
_PROPERTIES = {
    "L": _LETTER, "Letter": _LETTER, "Lu": ((65, 90),), "Ll": ((97, 122),), "N": _DIGIT, "Nd": _DIGIT, "P": ((33, 35),),
    "Z": ((32, 32),), "Zs": ((32, 32),), "S": ((43, 43),), "M": ((0x300, 0x301),),
}  # fmt: skip
"""Some characters of some general categories; of any other, letters."""
_MOST = 400
_LAST = 0x10FFFF


@dataclass(frozen=True, slots=True)
class _Set:
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    options: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: _Node
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class _Group:
    part: _Node
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Back:
    key: str


_Node = _Set | _Sequence | _Choice | _Repeat | _Group | _Back
_NOTHING = _Sequence(())


def _complement(ranges: Ranges) -> Ranges:
    found, at = [], 0
    for low, high in sorted(ranges):
        if low > at:
            found.append((at, low - 1))
        at = max(at, high + 1)
    return (*found, (at, _LAST)) if at <= _LAST else tuple(found)


@dataclass(slots=True)
class _Parser:
    text: str
    at: int = 0
    groups: int = 0

    def choice(self) -> _Node:
        options = [self.sequence()]
        while self._take("|"):
            options.append(self.sequence())
        return options[0] if len(options) == 1 else _Choice(tuple(options))

    def sequence(self) -> _Node:
        parts: list[_Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            parts.append(self._repeated(self._atom()))
        return _Sequence(tuple(parts))

    def _take(self, token: str) -> bool:
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def _next(self) -> str:
        if self.at >= len(self.text):
            raise NoPattern(self.text)
        self.at += 1
        return self.text[self.at - 1]

    def _repeated(self, part: _Node) -> _Node:
        least, most = self._quantifier()
        if (least, most) == (1, 1):
            return part
        self._take("?")
        return _Repeat(part, least, most)

    def _quantifier(self) -> tuple[int, int]:
        for token, found in (("*", (0, _MOST)), ("+", (1, _MOST)), ("?", (0, 1))):
            if self._take(token):
                return found
        end = self.text.find("}", self.at)
        if not self.text.startswith("{", self.at) or end < 0:
            return 1, 1
        low, comma, high = self.text[self.at + 1 : end].partition(",")
        if not low.isdigit() or not (high.isdigit() or not high):
            return 1, 1
        self.at = end + 1
        return int(low), int(high) if high else _MOST if comma else int(low)

    def _atom(self) -> _Node:
        character = self._next()
        match character:
            case "^" | "$":
                return _NOTHING
            case ".":
                return _Set(_complement(((10, 10), (13, 13), (0x2028, 0x2029))))
            case "(":
                return self._group()
            case "[":
                return self._set()
            case "\\":
                return self._escape()
            case _:
                return _Set(((ord(character), ord(character)),))

    def _group(self) -> _Node:
        keys: tuple[str, ...] = ()
        skipped = False
        if self._take("?:"):
            pass
        elif any(self._take(token) for token in ("?=", "?!", "?<=", "?<!")):
            skipped = True
        else:
            self.groups += 1
            keys = (str(self.groups),)
            if self._take("?<"):
                end = self.text.index(">", self.at)
                keys = (*keys, self.text[self.at : end])
                self.at = end + 1
        part = self.choice()
        if not self._take(")"):
            raise NoPattern(self.text)
        return _NOTHING if skipped else _Group(part, keys)

    def _escape(self) -> _Node:
        character = self._next()
        if character in "bB":
            return _NOTHING
        if character == "k" and self._take("<"):
            end = self.text.index(">", self.at)
            name, self.at = self.text[self.at : end], end + 1
            return _Back(name)
        if character in "123456789":
            while self.at < len(self.text) and self.text[self.at].isdigit():
                character += self._next()
            return _Back(character)
        return _Set(self._ranges(character))

    def _ranges(self, character: str) -> Ranges:
        """What an escape stands for, inside a class and outside."""
        if character.lower() in _CLASSES:
            found = _CLASSES[character.lower()]
            return found if character.islower() else _complement(found)
        if character in "pP" and self._take("{"):
            end = self.text.index("}", self.at)
            name, self.at = self.text[self.at : end].rpartition("=")[2], end + 1
            found = _PROPERTIES.get(name, _LETTER)
            return found if character == "p" else _complement(found)
        if character in _CONTROLS:
            return ((_CONTROLS[character],) * 2,)
        if character == "c":
            code = ord(self._next()) % 32
            return ((code, code),)
        if character in "xu":
            digits = self._hex(character)
            if digits:
                return ((int(digits, 16),) * 2,)
        return ((ord(character),) * 2,)

    def _hex(self, character: str) -> str:
        if character == "u" and self._take("{"):
            end = self.text.index("}", self.at)
            digits, self.at = self.text[self.at : end], end + 1
            return digits
        digits = self.text[self.at : self.at + (2 if character == "x" else 4)]
        self.at += len(digits)
        return digits

    def _set(self) -> _Node:
        negated = self._take("^")
        found: list[tuple[int, int]] = []
        while not self._take("]"):
            low = self._member()
            if len(low) == 1 and self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
                self.at += 1
                high = self._member()
                found.append((low[0][0], max(low[0][0], high[0][1])))
            else:
                found += low
        return _Set(_complement(tuple(found)) if negated else tuple(found))

    def _member(self) -> Ranges:
        character = self._next()
        if character != "\\":
            return ((ord(character),) * 2,)
        character = self._next()
        return ((8, 8),) if character == "b" else self._ranges(character)


@dataclass(slots=True)
class _Writer:
    """Writes one text: `budget` repetitions more than need be, `pick` chooses among characters and options."""

    budget: int
    pick: int
    known: dict[str, str] = field(default_factory=dict)

    def write(self, node: _Node) -> str:
        match node:
            case _Set(ranges):
                return self._character(ranges)
            case _Sequence(parts):
                return "".join(map(self.write, parts))
            case _Choice(options):
                return self.write(options[self.pick % len(options)])
            case _Group(part, keys):
                text = self.write(part)
                self.known.update(dict.fromkeys(keys, text))
                return text
            case _Back(key):
                return self.known.get(key, "")
            case _Repeat(part, least, most):
                more = min(self.budget, most - least)
                self.budget -= more
                return "".join(self.write(part) for _ in range(least + more))

    def _character(self, ranges: Ranges) -> str:
        found = _samples(ranges)
        return found[self.pick % len(found)] if found else ""


@lru_cache(maxsize=4096)
def _samples(ranges: Ranges) -> str:
    """Some of a class's characters: letters and digits first, then what is printed, then any."""

    def rank(code: int) -> int:
        character = chr(code)
        return 0 if character.isascii() and character.isalnum() else 1 if 33 <= code < 127 else 2

    codes = [code for low, high in ranges for code in range(low, min(high, low + 200) + 1) if not 0xD800 <= code <= 0xDFFF]
    return "".join(map(chr, sorted(codes, key=rank)[:80]))


@lru_cache(maxsize=4096)
def _parsed(pattern: str) -> _Node:
    try:
        parser = _Parser(pattern)
        node = parser.choice()
    except (IndexError, ValueError):
        raise NoPattern(pattern) from None
    if parser.at < len(pattern):
        raise NoPattern(pattern)
    return node


def texts(pattern: str, least: int = 0, most: int = 10_000, pick: int = 0) -> Iterator[str]:
    """Texts that match, from short to long, of a length between two bounds; none where none was found."""
    try:
        node = _parsed(pattern)
    except NoPattern:
        return
    last = None
    for budget in range(min(max(least, most if most < 300 else 0, 12), _MOST) + 1):
        text = _Writer(budget, pick).write(node)
        if text == last:
            break
        last = text
        if len(text) > most:
            break
        if len(text) < least:
            text += text[-1:] * (least - len(text)) if text else ""
        if least <= len(text) <= most and matches(pattern, text):
            yield text
