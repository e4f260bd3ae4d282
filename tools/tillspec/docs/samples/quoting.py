"""Texts as literals of each language, whatever stands in them."""

from __future__ import annotations

import json
import re

_CONTROL = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_SHELL = re.compile(r"[\w .:/=&?,;%+@~-]*", re.ASCII)
_PHP = re.compile(r"(['\\])")


def shell(text: str) -> str:
    """A word of a POSIX shell (XCU 2.2.2)."""
    return "'" + text.replace("\0", "").replace("'", "'\\''") + "'"


def shell_with(text: str, tail: str) -> str:
    """A word of a shell that ends in an expansion, which the shell does not split."""
    return f'"{text}{tail}"' if _SHELL.fullmatch(text) else f'{shell(text)}"{tail}"'


def shell_around(head: str, text: str) -> str:
    """A word of a shell that begins with an expansion, which the shell does not split."""
    return f'"{head}{text}"' if _SHELL.fullmatch(text) else f'"{head}"{shell(text)}'


def javascript(text: str) -> str:
    """A string of JavaScript; JSON's strings are, since ECMAScript 2019."""
    return _ascii_controls(json.dumps(text, ensure_ascii=False))


def java(text: str) -> str:
    """A string of Java. What is not ASCII is written as code units (JLS 3.3), so that no encoding matters."""
    # an early escape of a control character would end the line, so those are octal (JLS 3.10.7)
    return re.sub(r"\\u00([01][0-9a-f])", lambda found: f"\\{int(found[1], 16):03o}", json.dumps(text, ensure_ascii=True))


def java_block(text: str, indent: str) -> str:
    """A text of several lines as a text block of Java (JLS 3.10.6); as a string where its lines would lose anything in one."""
    if "\n" not in text or not all(char == "\n" or char.isprintable() for char in text):
        return java(text)
    core = text.rstrip('"')  # quotes at the end would run into those that end the block
    body = core.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') + '\\"' * (len(text) - len(core))
    lines = [re.sub(" +$", lambda found: "\\s" * len(found[0]), line) for line in body.split("\n")]
    safe = (re.sub(r"[^\x20-\x7e]", lambda found: _units(found[0], "\\u{:04x}"), line) for line in lines)
    return '"""\n' + "\n".join(f"{indent}{line}" for line in safe) + '"""'


def go(text: str) -> str:
    """A string of Go: raw where it has lines and nothing that a raw one cannot hold, else interpreted."""
    if "\n" in text and "`" not in text and all(char == "\n" or char.isprintable() for char in text):
        return f"`{text}`"
    return _ascii_controls(json.dumps(text, ensure_ascii=False))


def php(text: str) -> str:
    """A string of PHP in single quotes, in which nothing is special but the quote and the backslash."""
    return "'" + _PHP.sub(r"\\\1", text) + "'"


def python(text: str) -> str:
    """A string of Python."""
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if text.isprintable() else repr(text)


def _units(char: str, form: str) -> str:
    """A character as the UTF-16 code units that it is of."""
    data = char.encode("utf-16-be", "surrogatepass")
    return "".join(form.format(int.from_bytes(data[i : i + 2], "big")) for i in range(0, len(data), 2))


def _ascii_controls(literal: str) -> str:
    """A literal in which no character is invisible, or ends a line where none should end."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", literal)
