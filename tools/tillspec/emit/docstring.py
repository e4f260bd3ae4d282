"""Text of a document as Python source that can do nothing: docstrings and literals."""

from __future__ import annotations

import math
import re
import textwrap
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_WIDTH = 130
_QUOTES = re.compile(r'"{3,}|"+\Z')
_MARK = re.compile(r"(?:[-*+]|\d+\.)\s+")


@lru_cache(maxsize=4096)
def docstring(text: str, indent: int = 0) -> str:
    r"""The source of a docstring, from the opening to the closing quotes; lines after the first carry `indent` spaces.

    Backslashes and quotes are escaped; control and format characters (bidirectional overrides among them) are left out;
    paragraphs and list items are filled, while tables, code and indented lines stay as they are. Text without content gives an
    empty string.
    """
    lines = [_clean(line).rstrip() for line in re.split(r"\r\n?|[\n\v\f\x1c-\x1e\x85\u2028\u2029]", text)]
    body = "\n".join(filled for block in _blocks(lines) for filled in _fill(block, _WIDTH - indent - 3))
    body = re.sub(r"\n{3,}", "\n\n", body).strip()
    if not body:
        return ""
    body = _QUOTES.sub(lambda quotes: '\\"' * len(quotes.group()), body.replace("\\", "\\\\"))
    margin = " " * indent
    source = "\n".join(margin + line if line and number else line for number, line in enumerate(body.split("\n")))
    return f'"""{source}\n{margin}"""' if "\n" in body else f'"""{source}"""'


def literal(value: object) -> str:
    """The source of a literal that is `value`: None, booleans, numbers, texts, and tuples, lists and dicts of them.

    Raises:
        TypeError: a value that has no literal.
    """
    match value:
        case None | bool() | int() | str():
            return repr(value)
        case float():
            return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
        case tuple():
            return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case dict():
            return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
        case _:
            raise TypeError(f"{type(value).__name__} has no literal")


def _clean(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(c for c in line.expandtabs(4) if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))


def _blocks(lines: list[str]) -> Iterator[str]:
    """The lines of Markdown with the ones of a paragraph, or of a list item, joined."""
    block, fenced = "", False
    for line in lines:
        text = line.strip()
        fence = text.startswith(("```", "~~~"))
        item = _MARK.match(text) is not None
        joins = bool(block) and bool(text) and not (fenced or fence or item or text[0] in "|#>" or block.lstrip()[0] in "|#")
        if joins and (not line.startswith("    ") or _MARK.match(block.lstrip())) and not block.startswith("    "):
            block += " " + text
            continue
        if block:
            yield block
        block = ""
        fenced ^= fence
        if not text or fenced or fence:
            yield line
        else:
            block = line
    if block:
        yield block


def _fill(line: str, width: int) -> list[str]:
    if len(line) <= width or line.lstrip().startswith("|"):
        return [line]
    indent = line[: len(line) - len(line.lstrip())][: width // 2]
    mark = _MARK.match(line.lstrip())
    hang = indent + " " * (len(mark.group()) if mark else 4 if indent else 0)
    return textwrap.wrap(
        line.strip(), width, initial_indent=indent, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
    )
