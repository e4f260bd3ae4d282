"""Text to values: JSON as RFC 8259 has it, YAML by the core schema of YAML 1.2 (`NO` and `on` are strings)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import yaml

from tillspec.diagnostics import Report
from tillspec.document import mistakes
from tillspec.source import Mark, Position, Source

MAX_DEPTH = 200
MAX_VALUES = 5_000_000
MAX_JSON = 32_000_000
MAX_YAML = 16_000_000
MAX_NODES = 1_200_000

_INT = re.compile(r"[-+]?[0-9]+")
_OCT = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_STRING, _MERGE, _PLAIN = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge", "plain"


def read(name: str, uri: str, data: bytes, report: Report) -> Source | None:
    """A source from the bytes of a file; None, with the reason reported, where it cannot be read.

    A text that begins like JSON is read as JSON; a file whose name ends in `.json` in no other way.
    """
    most = MAX_JSON if name.endswith(".json") else MAX_YAML
    if len(data) > most:
        empty = Source(name, uri, "", is_json=most == MAX_JSON)
        _too_large(empty, f"the file has {len(data) / 1e6:.0f} MB; up to {most / 1e6:.0f} MB are read", report)
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        known = data[: error.start].decode("utf-8", "replace")
        place = Mark(Source(name, uri, known), Source(name, uri, known).at(len(known)))
        report.error("file-encoding", f"byte 0x{data[error.start]:02x} is no UTF-8", place, "save the file as UTF-8")
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    looks_like_json = text.lstrip()[:1] in ("{", "[")
    if name.endswith(".json") or looks_like_json:
        source = _read_json(Source(name, uri, text, is_json=True, data=data), report if name.endswith(".json") else Report())
        if source or name.endswith(".json"):
            return source
    return _read_yaml(Source(name, uri, text, data=data), report)


def _read_json(source: Source, report: Report) -> Source | None:
    if sum(map(source.text.count, "{[,")) > MAX_VALUES:
        _too_large(source, f"the file has more than {MAX_VALUES:,} values", report)
        return None
    twice = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        value = dict(items)
        twice |= len(value) != len(items)
        return value

    def refuse_constant(word: str) -> Any:
        raise json.JSONDecodeError(f"JSON has no {word}", source.text, mistakes.json_word(source.text, word))

    try:
        value = json.loads(source.text, object_pairs_hook=pairs, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        message, position, hint = mistakes.json_mistake(error, source)
        report.error("syntax", message, Mark(source, position), hint)
        return None
    except RecursionError:
        _too_deep(source, report)
        return None
    except ValueError as error:
        report.error("syntax", f"this is no JSON: {error}", Mark(source, Position(1, 1)), "write a smaller number")
        return None
    if twice:
        for key, first, second in mistakes.json_keys_twice(source.text):
            _refuse_key(key, source.at(first), Mark(source, source.at(second)), report)
        return None
    half = next(mistakes.json_half_characters(source.text), None)
    if half is not None:
        place = Mark(source, source.at(half))
        report.error("syntax", "this is half of a character", place, "write the character itself, or both halves")
        return None
    if _depth(value) > MAX_DEPTH:
        _too_deep(source, report)
        return None
    return replace(source, value=value)


def _refuse_key(key: str, first: Position, place: Mark, report: Report) -> None:
    message = f"the key {key!r} stands here a second time, first in line {first.line}"
    report.error("duplicate-key", message, place, "remove or rename one of them")


def _too_deep(source: Source, report: Report) -> None:
    place = Mark(source, mistakes.too_deep(source, MAX_DEPTH))
    report.error("too-deep", f"this is nested deeper than {MAX_DEPTH} levels", place, "split it into named components")


def _too_large(source: Source, message: str, report: Report) -> None:
    hint = "split it into several files, and refer from one to the other by $ref"
    if not source.is_json:
        hint += f"; or save it as JSON, of which up to {MAX_JSON / 1e6:.0f} MB are read"
    report.error("too-large", message, Mark(source, Position(1, 1)), hint)


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list))
        ]
    return depth


def _read_yaml(source: Source, report: Report) -> Source | None:
    try:
        loader = _Loader(source.text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
        value = _Construct(source, report).value(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        if mistakes.is_too_deep(error):
            _too_deep(source, report)
            return None
        message, position, hint = mistakes.yaml_mistake(error, source)
        report.error("syntax", message, Mark(source, position), hint)
        return None
    except yaml.YAMLError as error:
        hint = "remove the characters that cannot be seen"
        report.error("syntax", f"this is no YAML: {str(error).splitlines()[0]}", Mark(source, Position(1, 1)), hint)
        return None
    except RecursionError:
        _too_deep(source, report)
        return None
    except _TooManyNodes:
        _too_large(source, f"the file has more than {MAX_NODES:,} values", report)
        return None
    return None if report.failed else replace(source, value=value)


class _TooManyNodes(Exception):
    """Half a gigabyte of nodes was made, and there are more."""


class _Loader(yaml.CSafeLoader):
    """Composes nodes without PyYAML's words of YAML 1.1; a plain scalar without a tag gets a tag of our own.

    The composer is C and looks neither at its stack nor at the memory; what is nested too deeply, or too much, is stopped here.
    """

    depth = nodes = 0

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH + 2:  # a level more than `_Construct` goes, and the scalar on it
            raise RecursionError
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _TooManyNodes

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode:
            return _STRING if not implicit[0] else _MERGE if value == "<<" else _PLAIN
        return "tag:yaml.org,2002:map" if kind is yaml.MappingNode else "tag:yaml.org,2002:seq"


class _Construct:
    """Nodes to values. A node that an alias repeats gives the same value again, and counts each time."""

    def __init__(self, source: Source, report: Report) -> None:
        self.source = source
        self.report = report
        self.made: dict[int, tuple[Any, int]] = {}
        self.open: set[int] = set()

    def value(self, node: yaml.Node) -> Any:
        return self._make(node, 0)[0]

    def _make(self, node: yaml.Node, depth: int) -> tuple[Any, int]:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node), 1
        if id(node) in self.made:
            return self.made[id(node)]
        if id(node) in self.open:
            self._refuse("syntax", node, "this repeats itself by an alias, without an end", "refer to it by $ref")
            return None, 1
        if depth > MAX_DEPTH:
            raise RecursionError
        self.open.add(id(node))
        made: tuple[Any, int] = self._mapping(node, depth) if isinstance(node, yaml.MappingNode) else self._sequence(node, depth)
        self.open.discard(id(node))
        if made[1] > MAX_VALUES:
            hint = "name what occurs often once, under components, and refer to it by $ref"
            self._refuse("too-large", node, f"aliases unfold to more than {MAX_VALUES:,} values here", hint)
            made = None, 1
        self.made[id(node)] = made
        return made

    def _sequence(self, node: yaml.Node, depth: int) -> tuple[list[Any], int]:
        rows = [self._make(child, depth + 1) for child in node.value]
        return [value for value, _ in rows], 1 + sum(size for _, size in rows)

    def _mapping(self, node: yaml.Node, depth: int) -> tuple[dict[str, Any], int]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        total = 1
        for name, child in node.value:
            value, size = self._make(child, depth + 1)
            total += size
            if not isinstance(name, yaml.ScalarNode):
                self._refuse("syntax", name, "a key must be a text", "put it into quotes")
            elif name.tag == _MERGE:
                for part in value if isinstance(value, list) else [value]:
                    merged = {**part, **merged} if isinstance(part, dict) else merged
            elif name.value in result:
                first = next(other for other, _ in node.value if other.value == name.value)
                _refuse_key(name.value, self._mark(first).position, self._mark(name), self.report)
            else:
                result[name.value] = value
        return ({**merged, **result} if merged else result), total

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text: str = node.value
        if node.tag != _PLAIN:
            return _tagged(node.tag, text)
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in "0123456789+-.":
            return text
        return _number(text)

    def _refuse(self, code: str, node: yaml.Node, message: str, hint: str) -> None:
        self.report.error(code, message, self._mark(node), hint)

    def _mark(self, node: yaml.Node) -> Mark:
        return Mark(self.source, self.source.at(node.start_mark.index))


def _tagged(tag: str, text: str) -> Any:
    if tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
        return _number(text)
    if tag in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"):
        return _WORDS.get(text, text)
    return text


def _number(text: str) -> Any:
    if _INT.fullmatch(text):
        return int(text) if len(text) < 4000 else text
    if _OCT.fullmatch(text):
        return int(text[2:], 8)
    if _HEX.fullmatch(text):
        return int(text[2:], 16)
    return float(text) if _FLOAT.fullmatch(text) else text
