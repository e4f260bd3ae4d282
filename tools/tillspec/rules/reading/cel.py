"""The Common Expression Language: its expressions carried out, with what is wrong with them told.

`cel` carries an expression out; it has no types, so that a misspelt field behind `has(...)` is never seen. The tree is for that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from tillspec.runtime.cel_syntax import Expr, SyntaxFault, parse

__all__ = ["EvaluationFault", "Expr", "SyntaxFault", "compiles", "evaluate", "literal_type", "parse"]


class EvaluationFault(Exception):
    """An expression cannot be carried out. `kind` is `field` where something is not there, `type`, or `other`."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


def literal_type(text: str) -> str:
    """The JSON type of a literal."""
    if text in ("true", "false"):
        return "boolean"
    if text == "null":
        return "null"
    if text[0].isdigit() or text[0] == ".":
        return "number"
    return "string"


@cache
def _program(text: str) -> Any:
    import cel

    parse(text)  # first, for its messages are shorter
    try:
        return cel.compile(text)
    except ValueError as error:
        raise SyntaxFault(str(error).partition("ERROR:")[2].partition("\n")[0].strip() or "it does not compile") from None


def compiles(text: str) -> None:
    """Nothing, if a text is an expression.

    Raises:
        SyntaxFault: it is none.
    """
    _program(text)


def evaluate(text: str, value: Any) -> Any:
    """What an expression comes to for a value, which it calls `self`.

    Raises:
        SyntaxFault: it is no expression.
        EvaluationFault: it cannot be carried out.
    """
    import cel

    failed: list[str] = []
    context = cel.Context()
    context.add_function("sum", _sum(failed))
    context.add_variable("self", value)
    program = _program(text)
    try:
        result = program.execute(context)
    except KeyError as error:
        raise EvaluationFault("field", f"there is no {error.args[0]!r}") from None
    except TypeError as error:
        raise EvaluationFault("type", str(error).partition(". ")[0]) from None
    except (RuntimeError, IndexError, ValueError, OverflowError) as error:
        raise EvaluationFault("other", str(error).partition(". ")[0]) from None
    if failed:
        raise EvaluationFault("type", failed[0])
    return result


def _sum(failed: list[str]) -> Callable[[Any], Any]:
    def total(items: Any) -> Any:
        # an exception would be logged on its way through the library
        if isinstance(items, list) and all(isinstance(item, int | float) and not isinstance(item, bool) for item in items):
            return sum(items)
        failed.append("sum() takes a list of numbers")
        return 0

    return total
