"""A text that some readers take for true or false stands in quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from tillspec.diagnostics import CODES, Diagnostic, Edit
from tillspec.pointer import Pointer, join
from tillspec.rules.context import Context
from tillspec.source import Source, Span

_WORDS = "yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF"
_CANDIDATE = re.compile(rf"(^|[\s:\[,{{-])({_WORDS})(?=\s*([,\]}}:#]|$))", re.MULTILINE)
_WORD = re.compile(_WORDS)


def yaml_boolean(context: Context) -> Iterator[Diagnostic]:
    """Each bare word of YAML files that YAML 1.1, which many programs read, takes for true or false: keys and values."""
    for source in context.bundle.sources:
        if source.is_json or not _CANDIDATE.search(source.text):
            continue
        for span, node in _scalars(source, source.root, "", set()):
            begin, end = node.start_mark.index, node.end_mark.index
            if _WORD.fullmatch(node.value) and source.text[begin:end] == node.value:
                truth = "true" if node.value.lower() in ("yes", "on") else "false"
                message = f"{node.value} is {truth} to programs that read YAML 1.1"
                edit = Edit(source, begin, end, f"'{node.value}'")
                hint = f"put it into quotes: '{node.value}' (--fix does)"
                yield Diagnostic("yaml-boolean", message, span, hint, CODES["yaml-boolean"].severity, (edit,))


def _scalars(source: Source, node: yaml.Node | None, pointer: Pointer, seen: set[int]) -> Iterator[tuple[Span, yaml.ScalarNode]]:
    """Each scalar with its place; what aliases repeat, at the first of its places."""
    if isinstance(node, yaml.ScalarNode):
        yield Span(source, pointer), node
    elif isinstance(node, yaml.MappingNode) and id(node) not in seen:
        seen.add(id(node))
        for name, value in node.value:
            if isinstance(name, yaml.ScalarNode):
                yield Span(source, join(pointer, name.value), key=True), name
                yield from _scalars(source, value, join(pointer, name.value), seen)
    elif isinstance(node, yaml.SequenceNode) and id(node) not in seen:
        seen.add(id(node))
        for index, value in enumerate(node.value):
            yield from _scalars(source, value, join(pointer, index), seen)
