"""What comes of a random case beside what the oracles say: whether something invalid was accepted."""

from __future__ import annotations

import json
from typing import Any

from tillspec.pointer import Pointer, join, split
from tillspec.runtime.encoding import is_json
from tillspec.verify.contract import Contract, Target
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import at
from tillspec.verify.run import Run, Told, shown


def judge(run: Run, target: Target, exchange: Exchange) -> None:
    """Tell an invalid body that was accepted, with the same identity as the deterministic engine gives it."""
    call, form = exchange.call, target.json_body
    if not exchange.answer.succeeded or call.method != target.method or form is None or not call.body:
        return
    if not is_json(call.header("content-type") or ""):
        return
    value = _read(call.body)
    if value is NOTHING or run.contract.is_valid(form.pointer, "request", value):
        return
    broken = run.contract.broken(form.pointer, "request", value)
    if len(broken) != 1:
        return  # which of several is let through cannot be told
    keyword, place = broken[0]
    general = "/".join("*" if token.isdigit() else token for token in place.split("/"))
    pointer = keyword_pointer(run.contract, form.pointer, place, keyword)
    told = Told(
        "invalid-body-refused", f"accepts a body that breaks {keyword} at {general or 'the root'}", pointer,
        f"{shown(json.dumps(_shown(value, place), ensure_ascii=False))} at {place or 'the root'} is refused with a 4xx",
        str(exchange.answer.status), general,
    )  # fmt: skip
    run.tell(target, told, exchange)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return NOTHING


def _shown(value: Any, place: Pointer) -> Any:
    found = at(value, place)
    return None if found is NOTHING else found


def keyword_pointer(contract: Contract, pointer: Pointer, place: Pointer, keyword: str) -> Pointer:
    """Where the keyword stands that applies at a place of a value; the schema of the whole, where it is not found."""
    waiting = [(pointer, split(place))]
    for _ in range(400):
        if not waiting:
            break
        where, tokens = waiting.pop(0)
        schema = contract.look_up(where)
        if not isinstance(schema, dict):
            continue
        if not tokens and keyword in schema:
            return join(where, keyword)
        if isinstance(schema.get("$ref"), str):
            waiting.append((schema["$ref"].removeprefix("#"), tokens))
        for word in ("allOf", "anyOf", "oneOf"):
            waiting += [(join(where, word, index), tokens) for index in range(len(schema.get(word) or ()))]
        if tokens:
            waiting += (
                [(join(where, "properties", tokens[0]), tokens[1:])] if tokens[0] in (schema.get("properties") or {}) else []
            )
            waiting += [(join(where, word), tokens[1:]) for word in ("items", "additionalProperties") if word in schema]
    return pointer
