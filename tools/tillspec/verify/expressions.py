"""Runtime expressions (OpenAPI 3.1, section 4.8.20.4) of an exchange, and templates of them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tillspec.pointer import join, split
from tillspec.runtime.texts import write
from tillspec.verify.exchange import NOTHING, Exchange

_EMBEDDED = re.compile(r"\{(\$[^{}]+)\}")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def evaluate(expression: str, exchange: Exchange) -> Any:
    """The value of an expression, or the text of a template with expressions in braces; `NOTHING` where one leads nowhere."""
    if expression.startswith("$"):
        return _value(expression, exchange)
    parts = []
    for number, part in enumerate(_EMBEDDED.split(expression)):
        value = _value(part, exchange) if number % 2 else part
        if value is NOTHING or value is None or isinstance(value, dict | list):
            return NOTHING
        parts.append(value if isinstance(value, str) else write(value))
    return "".join(parts)


def _value(expression: str, exchange: Exchange) -> Any:
    call, answer = exchange.call, exchange.answer
    source, _, pointer = expression.partition("#")
    match source.split(".", 2):
        case ["$method"]:
            return call.method
        case ["$url"]:
            return call.target
        case ["$statusCode"]:
            return answer.status
        case ["$request", "header", name]:
            return _or_nothing(call.header(name))
        case ["$request", "path", name]:
            return dict(call.path).get(name, NOTHING)
        case ["$request", "query", name]:
            return dict(reversed(parse_qsl(urlsplit(call.target).query, keep_blank_values=True))).get(name, NOTHING)
        case ["$request", "body"]:
            return at(call.value, pointer)
        case ["$response", "header", name]:
            return _or_nothing(answer.header(name))
        case ["$response", "body"]:
            return at(answer.value, pointer)
    return NOTHING


def _or_nothing(text: str | None) -> Any:
    return NOTHING if text is None else text


def at(value: Any, pointer: str) -> Any:
    """What a JSON Pointer (RFC 6901) leads to; `NOTHING` where nothing stands there, and of a text that is no pointer."""
    if pointer and not pointer.startswith("/"):
        return NOTHING
    for token in split(pointer):
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and _INDEX.fullmatch(token) and int(token) < len(value):
            value = value[int(token)]
        else:
            return NOTHING
    return value


def put(value: Any, pointer: str, item: Any) -> Any:
    """A value with another one at a JSON Pointer. What is on the way and has no such place becomes an object that has it; a list
    has a place after its last item.
    """
    tokens = split(pointer)
    if not tokens:
        return item
    key, rest = tokens[0], join("", *tokens[1:])
    if isinstance(value, list) and _INDEX.fullmatch(key) and int(key) <= len(value):
        index = int(key)
        return [*value[:index], put(value[index] if index < len(value) else None, rest, item), *value[index + 1 :]]
    inner = value if isinstance(value, dict) else {}
    return {**inner, key: put(inner.get(key), rest, item)}
