"""What comes of a random case beside what the oracles say: whether something invalid was accepted."""

from __future__ import annotations

import json
from typing import Any

from tillspec.runtime.encoding import is_json
from tillspec.verify.contract import Target
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.judging.accepted import accepted, only_fault
from tillspec.verify.run import Run


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
    fault = only_fault(run.contract, form, value)
    if fault is not None:  # which of several is let through cannot be told
        run.tell(target, accepted(run.contract, form, fault, value, exchange), exchange)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return NOTHING
