"""What is wrong with a text that cannot be read: where, in plain words, and what to do about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import yaml

from tillspec.source import Position, Source

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|-?Infinity|NaN', re.DOTALL)
_ESCAPE = re.compile(r"\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\(u[dD][89a-fA-F]\w\w|.)", re.DOTALL)
_COLON = re.compile(r"[ \t\n]*:")
_YAML_HINTS = {
    "mapping values are not allowed": "put a text that holds ': ' into quotes, or look at the indentation",
    "found undefined alias": "an alias (*name) repeats an anchor (&name) that stands before it",
    "found unexpected end of stream": "a quote, a bracket or a brace is not closed",
    "found invalid Unicode": "write the character itself",
    "found unknown escape": "in double quotes a backslash is written twice; in single quotes, once",
}


def yaml_mistake(error: yaml.MarkedYAMLError, source: Source) -> tuple[str, Position, str]:
    """What a YAML parser complains about: message, place and hint."""
    mark = error.problem_mark or error.context_mark
    position = source.at(mark.index) if mark else Position(1, 1)
    problem = error.problem or error.context or "it cannot be parsed"
    if problem == "but found another document":
        return "a second document begins here", position, "keep one document in a file"
    hint = next((hint for begin, hint in _YAML_HINTS.items() if problem.startswith(begin)), "")
    if "\t" in source.line(position.line):
        hint = "indent with spaces; YAML allows no tabs"
    elif problem == "found character that cannot start any token":
        hint = "put a text that begins with such a character into quotes"
    return (
        f"this is no YAML: {problem}",
        position,
        hint or "look at the indentation, the quotes and the colons here and just before",
    )


def json_mistake(error: json.JSONDecodeError, source: Source) -> tuple[str, Position, str]:
    """What a JSON parser complains about: message, place and hint."""
    before = source.text[: error.pos].rstrip()
    problem = error.msg.removesuffix(" at").removesuffix(" starting").replace("Expecting", "expecting")
    hint = "look at the quotes, commas and braces here and just before"
    if before.endswith(",") and source.text[error.pos : error.pos + 1] in ("}", "]"):
        hint = "JSON allows no comma after the last entry"
    elif error.pos >= len(source.text.rstrip()) or error.msg.startswith("Unterminated"):
        hint = "the text ends too early, or a quote is not closed"
    elif error.msg.startswith("JSON has no"):
        hint = "leave it out, or write a number"
    return f"this is no JSON: {problem}", source.at(error.pos), hint


def json_keys_twice(text: str) -> Iterator[tuple[str, int, int]]:
    """In a text that is JSON: each key that an object has a second time, and where it stands the first and the second time."""
    open_objects: list[dict[str, int]] = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in "{[":
            open_objects.append({})
        elif token in "}]":
            open_objects.pop()
        elif token[0] == '"' and open_objects and _COLON.match(text, match.end()):
            key = json.loads(token, strict=False)
            first = open_objects[-1].setdefault(key, match.start())
            if first != match.start():
                yield key, first, match.start()


def json_word(text: str, word: str) -> int:
    """Where a word stands that is no string."""
    return next((match.start() for match in _TOKEN.finditer(text) if match[0] == word), 0)


def json_half_characters(text: str) -> Iterator[int]:
    """In a text that is JSON: where a half of a surrogate pair stands alone, which is no character."""
    return (match.start() for match in _ESCAPE.finditer(text) if match[1] and len(match[1]) > 1)


def too_deep(source: Source, most: int) -> Position:
    """Where a text opens more than so many objects and lists in one another."""
    return source.at(_deep_json(source.text, most) if source.is_json else _deep_yaml(source.text, most))


def _deep_json(text: str, most: int) -> int:
    depth = 0
    for match in _TOKEN.finditer(text):
        depth += (match[0] in "{[") - (match[0] in "}]")
        if depth > most:
            return match.start()
    return 0


def is_too_deep(error: yaml.MarkedYAMLError) -> bool:
    """Whether a YAML parser gave up on a text because it is nested so deeply."""
    return error.problem == "exceeded maximum nesting depth"


def _deep_yaml(text: str, most: int) -> int:
    depth = known = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            known = event.end_mark.index if event.end_mark else known
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > most:
                return event.start_mark.index if event.start_mark else 0
    except yaml.MarkedYAMLError:  # the scanner runs ahead of the events, and has a limit of its own
        for match in re.finditer(r"[\[{\]}]", text[known:]):
            depth += 1 if match[0] in "[{" else -1
            if depth > most:
                return known + match.start()
    return 0
