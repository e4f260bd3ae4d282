"""The Common Expression Language: an expression as a tree. Grammar: the CEL specification, section "Syntax"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_TOKEN = re.compile(
    r"""\s*(?://[^\n]*\s*)*(?:
        (?P<string>[rRbB]{0,2}(?:\"\"\".*?\"\"\"|'''.*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
      | (?P<number>0x[0-9a-fA-F]+u?|(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?[uU]?)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>\|\||&&|[<>=!]=|[-+*/%<>!?:.,()\[\]{}])
    )""",
    re.VERBOSE | re.DOTALL,
)
_LEVELS = (("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))
_DEEPEST = 40
_LONGEST = 80
"""So many signs, or names behind dots, may stand in a row: each is a level of the tree."""


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "`": "`", "?": "?"}


class SyntaxFault(Exception):
    """A text is no expression."""


class NotPlain(Exception):
    """A literal is of a form that is rare, and read by a library of CEL alone."""


@dataclass(frozen=True, slots=True)
class Expr:
    """A part of an expression.

    `kind` is one of `literal`, `name`, `select`, `index`, `call`, `method`, `sign`, `list`, `map` and `choice`; `text` is the
    literal, the name, the field, the function or the sign; `parts` is what it is made of.
    """

    kind: str
    text: str
    parts: tuple[Expr, ...] = ()


def literal(text: str) -> bool | int | float | str | None:
    """The value of a literal: null, true and false, a number, or a text in single quotation marks or double ones.

    Raises:
        NotPlain: it has another form, such as a raw text, bytes or an unsigned number.
    """
    if text in ("true", "false"):
        return text == "true"
    if text == "null":
        return None
    if text[0] in "\"'":
        return _text(text)
    if text.isascii() and text.isdigit() and len(text) < 20:
        return int(text)
    if text[0].isdigit() and text[-1].isdigit() and not text.startswith("0x") and not text.isdigit():
        return float(text)
    raise NotPlain


def _text(text: str) -> str:
    plain, *escaped = text[1:-1].split("\\")
    # A backslash before a backslash is rare, and split in two here.
    if text.startswith(('"""', "'''")) or not all(part and part[0] in _ESCAPES for part in escaped):
        raise NotPlain
    return plain + "".join(_ESCAPES[part[0]] + part[1:] for part in escaped)


@cache
def parse(text: str) -> Expr:
    """The tree of an expression.

    Raises:
        SyntaxFault: it is none.
    """
    parser = _Parser(text)
    found = parser.choice(0)
    if parser.peek != "":
        raise SyntaxFault(f"{parser.peek!r} is one too many")
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise SyntaxFault(f"{text[position : position + 10]!r} is not understood")
            position = match.end()
            self.tokens.append((str(match.lastgroup), str(match[str(match.lastgroup)])))
        self.next = 0

    @property
    def peek(self) -> str:
        return self.tokens[self.next][1] if self.next < len(self.tokens) else ""

    def take(self, *signs: str) -> str:
        """The next token if it is one of the signs, or else nothing."""
        kind, text = self.tokens[self.next] if self.next < len(self.tokens) else ("", "")
        if text in signs and kind != "string":
            self.next += 1
            return text
        return ""

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise SyntaxFault(f"{sign!r} is missing" + (f" before {self.peek!r}" if self.peek else " at the end"))

    def choice(self, deep: int) -> Expr:
        if deep > _DEEPEST:
            raise SyntaxFault("it is nested too deeply")
        condition = self.level(0, deep)
        if not self.take("?"):
            return condition
        then = self.level(0, deep)
        self.expect(":")
        return Expr("choice", "?", (condition, then, self.choice(deep + 1)))

    def level(self, number: int, deep: int) -> Expr:
        if number == len(_LEVELS):
            return self.unary(deep)
        left, row = self.level(number + 1, deep), 0
        while sign := self.take(*_LEVELS[number]):
            row = self.longer(row)
            left = Expr("sign", sign, (left, self.level(number + 1, deep)))
        return left

    def longer(self, row: int) -> int:
        """A row with one more in it."""
        if row == _LONGEST:
            raise SyntaxFault(f"more than {_LONGEST} parts stand in a row; put some of them into brackets")
        return row + 1

    def unary(self, deep: int) -> Expr:
        signs = 0
        while sign := self.take("!", "-"):
            last, signs = sign, signs + 1
        found = self.member(deep)
        return Expr("sign", last, (found,)) if signs else found

    def member(self, deep: int) -> Expr:
        found, row = self.primary(deep), 0
        while sign := self.take(".", "["):
            row = self.longer(row)
            self.take("?")
            if sign == "[":
                found = Expr("index", "", (found, self.choice(deep + 1)))
                self.expect("]")
                continue
            name = self.name()
            found = Expr("method", name, (found, *self.list(")", deep))) if self.take("(") else Expr("select", name, (found,))
        return found

    def name(self) -> str:
        kind, text = self.tokens[self.next] if self.next < len(self.tokens) else ("", "")
        if kind != "name":
            raise SyntaxFault(f"a name is missing before {text!r}" if text else "a name is missing at the end")
        self.next += 1
        return text

    def list(self, end: str, deep: int) -> list[Expr]:
        found: list[Expr] = []
        while not self.take(end):
            if found:
                self.expect(",")
                if self.take(end):
                    break
            found.append(self.choice(deep + 1))
            if end == "}":
                self.expect(":")
                found.append(self.choice(deep + 1))
        return found

    def primary(self, deep: int) -> Expr:
        if self.take("("):
            found = self.choice(deep + 1)
            self.expect(")")
            return found
        if self.take("["):
            return Expr("list", "", tuple(self.list("]", deep)))
        if self.take("{"):
            return Expr("map", "", tuple(self.list("}", deep)))
        kind, text = self.tokens[self.next] if self.next < len(self.tokens) else ("", "")
        if kind in ("string", "number") or text in ("true", "false", "null"):
            self.next += 1
            return Expr("literal", text)
        self.take(".")
        name = self.name()
        return Expr("call", name, tuple(self.list(")", deep))) if self.take("(") else Expr("name", name)
