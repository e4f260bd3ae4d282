"""Texts that a person wrote, and the places in them.

A value is read without its places, which keeps reading fast; a place is looked up by JSON Pointer when somebody asks for it,
which is when something is wrong.
"""

from __future__ import annotations

import json
import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from json.decoder import scanstring  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tillspec.pointer import Pointer, split

_LINE_END = re.compile("\n")
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(strict=False)


class Position(NamedTuple):
    """A place in a text; both count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, eq=False)
class Source:
    """One file, or one answer from the network.

    Attributes:
        name: how it is shown to people: a path from the working directory, or a URL.
        uri: what references resolve against: an absolute path, or a URL.
        text: all of it.
        value: the JSON value that it was read to.
        is_json: whether it was read as JSON, and not as YAML.
        data: the bytes that it was read from.
    """

    name: str
    uri: str
    text: str = field(repr=False)
    value: Any = field(repr=False, default=None)
    is_json: bool = False
    data: bytes = field(repr=False, default=b"")

    def relative_to(self, folder: Path) -> str:
        """The URI as a path from a folder, with `/`; a URL as it is."""
        return self.uri if "://" in self.uri else Path(os.path.relpath(self.uri, folder)).as_posix()

    def position(self, pointer: Pointer, *, key: bool = False) -> Position:
        """Where the value at `pointer` begins, or its key with `key`; where the text ends its way, the last place on it."""
        try:
            offset = self._json_offset(pointer, key) if self.is_json else self._yaml_offset(pointer, key)
        except (ValueError, RecursionError, yaml.YAMLError):
            offset = 0
        return self.at(offset)

    def at(self, offset: int) -> Position:
        """The place of a character, counted from 0."""
        number = bisect_right(self._begins, offset)
        return Position(number, offset - self._begins[number - 1] + 1)

    def line(self, number: int) -> str:
        """A line of the text, counted from 1, without its end."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    @property
    def root(self) -> yaml.Node | None:
        """The nodes that YAML text is made of; None of JSON, and of an empty text."""
        return None if self.is_json else self._nodes

    @cached_property
    def _begins(self) -> list[int]:
        """Where each line begins."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def _json_children(self) -> dict[int, dict[str, tuple[int, int]]]:
        """What stands directly in an object or a list, by the offset of its bracket; filled as places are asked for."""
        return {}

    @cached_property
    def _nodes(self) -> yaml.Node | None:
        node: yaml.Node | None = yaml.compose(self.text, Loader=yaml.CSafeLoader)
        return node

    def _yaml_offset(self, pointer: Pointer, key: bool) -> int:
        node = self._nodes
        offset = node.start_mark.index if node is not None else 0
        for token in split(pointer):
            found = _yaml_child(node, token)
            if found is None:
                break
            name, node = found
            offset = name.start_mark.index if key and name is not None else node.start_mark.index
        return offset

    def _json_offset(self, pointer: Pointer, key: bool) -> int:
        offset, tokens = _skip(self.text, 0), split(pointer)
        for depth, token in enumerate(tokens, 1):
            if offset not in self._json_children:
                self._json_children[offset] = dict(_json_children(self.text, offset))
            found = self._json_children[offset].get(token)
            if found is None:
                break
            name, value = found
            offset = name if key and name >= 0 and depth == len(tokens) else value
        return offset


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """A value in a source, by its pointer; `key` means the key that it stands under."""

    source: Source
    pointer: Pointer
    key: bool = False

    @property
    def position(self) -> Position:
        return self.source.position(self.pointer, key=self.key)

    def __str__(self) -> str:
        line, column = self.position
        return f"{self.source.name}:{line}:{column}"


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A place that no pointer names, as in a text that could not be read."""

    source: Source
    position: Position
    pointer: Pointer = ""

    def __str__(self) -> str:
        return f"{self.source.name}:{self.position.line}:{self.position.column}"


Place = Span | Mark


def _yaml_child(node: yaml.Node | None, token: str) -> tuple[yaml.Node | None, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == token:
                return name, value
        for name, value in node.value:
            if name.tag == "tag:yaml.org,2002:merge":
                for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    found = _yaml_child(merged, token)
                    if found is not None:
                        return found
    elif isinstance(node, yaml.SequenceNode) and token.isdigit() and int(token) < len(node.value):
        return None, node.value[int(token)]
    return None


def _json_children(text: str, offset: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each child with where its key (-1 in a list) and its value begin; values are skipped by the C scanner."""
    opening = text[offset : offset + 1]
    if opening not in ("{", "[") or not opening:
        return
    offset, index = _skip(text, offset + 1), 0
    while text[offset : offset + 1] not in ("}", "]", ""):
        name, here = -1, str(index)
        if opening == "{":
            name = offset
            here, offset = scanstring(text, offset + 1, False)
            offset = _skip(text, _skip(text, offset) + 1)
        yield here, (name, offset)
        _, offset = _DECODER.raw_decode(text, offset)
        offset, index = _skip(text, offset), index + 1
        if text[offset : offset + 1] == ",":
            offset = _skip(text, offset + 1)


def _skip(text: str, offset: int) -> int:
    match = _SPACE.match(text, offset)
    return match.end() if match else offset
