"""Operations: which are new or gone, and what is compared of those that both contracts have."""

from __future__ import annotations

from datetime import date

from tillspec.compat.behavior_operations import operation_behavior
from tillspec.compat.bodies import request_body
from tillspec.compat.calls import Call, calls
from tillspec.compat.change import Finding, quoted
from tillspec.compat.collect import Collector
from tillspec.compat.deprecation import SUNSET, deprecation, sunset
from tillspec.compat.fields import parameters
from tillspec.compat.responses import responses
from tillspec.compat.security import Security
from tillspec.compat.servers import operation_servers
from tillspec.compat.view import entries
from tillspec.pointer import join


def operations(collector: Collector, security: Security, today: date) -> None:
    """All operations of two contracts; `today` decides whether a sunset has passed."""
    before, after = calls(collector.old), calls(collector.new)
    moved = _moved_callbacks(before, after)
    for key, old in before.items():
        new = after.get(moved.get(key, key))
        if new is not None:
            _both(collector, security, old, new)
        else:
            collector.tell(old, "", _removed(old, today))
    for key, new in after.items():
        if key not in before and key not in moved.values():
            rule = {"path": "operation-added", "webhook": "webhook-added", "callback": "callback-added"}[new.kind]
            collector.tell(new, "", Finding(rule, f"the {_kind(new)} is new", "", None, new.pointer))


def _moved_callbacks(
    before: dict[tuple[str, ...], Call], after: dict[tuple[str, ...], Call]
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Callbacks that have another expression, and nothing else in their keys that differs."""
    moved = {}
    gone = [call for key, call in before.items() if call.kind == "callback" and key not in after]
    fresh = [call for key, call in after.items() if call.kind == "callback" and key not in before]
    for old in gone:
        alike = [new for new in fresh if (*new.key[:-2], new.key[-1]) == (*old.key[:-2], old.key[-1])]
        if len(alike) == 1:
            moved[old.key] = alike[0].key
    return moved


def _kind(call: Call) -> str:
    return "operation" if call.kind == "path" else call.kind


def _removed(old: Call, today: date) -> Finding:
    if old.kind != "path":
        return Finding(f"{old.kind}-removed", f"the {old.kind} is gone", "", old.pointer, None)
    if old.value.get("deprecated") is not True:
        return Finding("operation-removed", "the operation is gone, and was not deprecated", "", old.pointer, None)
    day = sunset(old.value[SUNSET]) if SUNSET in old.value else None
    if day is None:
        words = "the operation is gone; it was deprecated, and nothing said until when it works"
        return Finding("operation-removed-deprecated", words, "", old.pointer, None)
    rule = "operation-removed-before-sunset" if today < day else "operation-removed-after-sunset"
    return Finding(rule, f"the operation is gone; it was to work until {day}", str(day), old.pointer, None)


def _both(collector: Collector, security: Security, old: Call, new: Call) -> None:
    if old.path != new.path and old.kind == "callback":
        words = f"it is sent to {quoted(new.path)}, and not to {quoted(old.path)}"
        collector.tell(new, "", Finding("callback-url-changed", words, f"{old.path} {new.path}", old.pointer, new.pointer))
    security.operation(old, new)
    operation_servers(collector, old, new)
    same = collector.schemas.sameness.of_values
    shared = [entries(call.side.at(call.item)).get("parameters") for call in (old, new)]
    if same(old.value, new.value) and same(shared[0], shared[1]) and old.path == new.path:
        return
    for rule, words, detail in deprecation(old.value, new.value, whole=True):
        collector.tell(new, "", Finding(rule, f"the {_kind(new)} {words}", detail, old.pointer, new.pointer))
    _names(collector, old, new)
    said = old.value.get("x-behavior"), new.value.get("x-behavior")
    for word, (rule, words, detail) in operation_behavior(*said):
        where = [join(call.pointer, "x-behavior", *([word] if word in entries(value) else []))
                 for call, value in zip((old, new), said, strict=True)]  # fmt: skip
        collector.tell(new, "behaviour", Finding(rule, words, f"{word} {detail}", *where))
    parameters(collector, old, new)
    request_body(collector, old, new)
    responses(collector, old, new)


def _names(collector: Collector, old: Call, new: Call) -> None:
    """What operations are called in generated code and in docs."""
    before, after = (call.value.get("operationId") for call in (old, new))
    if before != after:
        rule = "operation-id-added" if before is None else "operation-id-changed"
        said = [quoted(str(name)) if name is not None else "none" for name in (before, after)]
        words, detail = f"operationId went from {said[0]} to {said[1]}", f"{before} {after}"
        collector.tell(new, "", Finding(rule, words, detail, old.pointer, new.pointer))
    tags = [{str(tag) for tag in listed} if isinstance(listed := call.value.get("tags"), list) else set() for call in (old, new)]
    for tag in sorted(tags[0] - tags[1]):
        collector.tell(new, "", Finding("operation-tag-removed", f"the tag {quoted(tag)} is gone", tag, old.pointer, new.pointer))
    for tag in sorted(tags[1] - tags[0]):
        collector.tell(new, "", Finding("operation-tag-added", f"the tag {quoted(tag)} is new", tag, old.pointer, new.pointer))
