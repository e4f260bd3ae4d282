"""Arazzo's criteria (Arazzo 1.0.1, section 4.6.13): simple conditions, regular expressions and JSONPath."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonpath_rfc9535 import JSONPathError
from jsonpath_rfc9535 import find as find_by_path
from regress import Regex, RegressError

from tillspec.verify.arazzo.documents import BadDocument
from tillspec.verify.arazzo.values import Scope
from tillspec.verify.exchange import NOTHING

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<operator><=|>=|==|!=|&&|\|\||[<>!()])|(?P<word>\$[^\s<>=!&|()]+|[^\s<>=!&|()']+))"
)
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_DEEPEST = 50


def holds(criterion: Mapping[str, Any], scope: Scope) -> bool:
    """Whether a criterion is met.

    Raises:
        BadDocument: it is none, or of a kind that is not known here.
    """
    condition = str(criterion.get("condition", ""))
    given = criterion.get("type", "simple")
    kind = given.get("type") if isinstance(given, dict) else given
    if kind == "simple":
        return Condition(condition, scope).holds()
    context = scope.known(str(criterion.get("context", "")))
    if kind == "regex":
        try:
            return context is not NOTHING and Regex(condition).find(_text(context)) is not None
        except RegressError as error:
            raise BadDocument(f"{condition!r} is no regular expression: {error}") from None
    if kind == "jsonpath":
        try:
            return context is not NOTHING and len(find_by_path(condition, context)) > 0
        except JSONPathError as error:
            raise BadDocument(f"{condition!r} is no JSONPath of RFC 9535: {error}") from None
    raise BadDocument(f"criteria of type {kind!r} are not known here")


def _text(value: Any) -> str:
    return (
        value
        if isinstance(value, str)
        else ""
        if value is None
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


@dataclass(slots=True)
class Condition:
    """A simple condition: `||` binds least, then `&&`, `!`, comparisons; parentheses group."""

    text: str
    scope: Scope
    tokens: list[tuple[str, str]] = field(default_factory=list)
    depth: int = 0

    def __post_init__(self) -> None:
        self.tokens = list(self._read())

    def _read(self) -> Iterator[tuple[str, str]]:
        position, end = 0, len(self.text.rstrip())
        while position < end:
            found = _TOKEN.match(self.text, position)
            if found is None:
                raise self._bad(f"at {self.text[position:].strip()[:20]!r}")
            yield found.lastgroup or "", found[found.lastgroup or 0]
            position = found.end()

    def holds(self) -> bool:
        """Whether it is true.

        Raises:
            BadDocument: it is no condition.
        """
        value = self._any()
        if self.tokens:
            raise self._bad(f"at {self.tokens[0][1]!r}")
        return _is_true(value)

    def _any(self) -> Any:
        value = self._all()
        while self._takes("||"):
            other = self._all()
            value = _is_true(value) or _is_true(other)
        return value

    def _all(self) -> Any:
        value = self._comparison()
        while self._takes("&&"):
            other = self._comparison()
            value = _is_true(value) and _is_true(other)
        return value

    def _comparison(self) -> Any:
        left = self._operand()
        for operator in ("==", "!=", "<=", ">=", "<", ">"):
            if self._takes(operator):
                return compare(operator, left, self._operand())
        return left

    def _operand(self) -> Any:
        self.depth += 1
        if self.depth > _DEEPEST or not self.tokens:
            raise self._bad("at its end" if not self.tokens else "it is too deep")
        if self._takes("!"):
            value: Any = not _is_true(self._operand())
        elif self._takes("("):
            value = self._any()
            if not self._takes(")"):
                raise self._bad("a parenthesis is not closed")
        else:
            value = self._literal(*self.tokens.pop(0))
        self.depth -= 1
        return value

    def _literal(self, kind: str, token: str) -> Any:
        if kind == "text":
            return token[1:-1].replace("''", "'")
        if kind == "operator":
            raise self._bad(f"at {token!r}")
        if token.startswith("$"):
            return self.scope.known(token)
        if token in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[token]
        if _NUMBER.fullmatch(token):
            return float(token) if any(mark in token for mark in ".eE") else int(token)
        raise self._bad(f"{token!r} is neither an expression nor a literal; texts stand in single quotes")

    def _takes(self, operator: str) -> bool:
        if self.tokens and self.tokens[0] == ("operator", operator):
            self.tokens.pop(0)
            return True
        return False

    def _bad(self, reason: str) -> BadDocument:
        return BadDocument(f"{self.text!r} is no condition: {reason}")


def _is_true(value: Any) -> bool:
    return value is not NOTHING and (value.lower() == "true" if isinstance(value, str) else bool(value))


def compare(operator: str, left: Any, right: Any) -> bool:
    """A comparison. Texts are compared without regard to case, and with a number or a truth value as what they stand for; what is
    not there is null.
    """
    left, right = _alike(left, right), _alike(right, left)
    if operator in ("==", "!="):
        same = left == right and isinstance(left, bool) == isinstance(right, bool)
        return same if operator == "==" else not same
    if not _comparable(left, right):
        return False
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])


def _comparable(left: Any, right: Any) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (left, right))
    return numbers or (isinstance(left, str) and isinstance(right, str))


def _alike(value: Any, other: Any) -> Any:
    """A value as it is compared with another one; headers are texts."""
    if value is NOTHING:
        return None
    if not isinstance(value, str):
        return value
    if isinstance(other, bool) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(other, int | float) and not isinstance(other, bool) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    return value.lower()
