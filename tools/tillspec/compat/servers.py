"""Where an API is: the URLs of its servers, and their variables."""

from __future__ import annotations

from typing import Any

from tillspec.compat.calls import Call
from tillspec.compat.change import Finding, quoted, shown
from tillspec.compat.collect import Collector
from tillspec.compat.view import entries
from tillspec.pointer import Pointer, join


def document_servers(collector: Collector) -> None:
    """The servers that a contract has as a whole."""
    _compare(collector, None, "/servers", "/servers")


def operation_servers(collector: Collector, old: Call, new: Call) -> None:
    """The servers of an operation, where it or its path has any of its own."""
    at = [_own(call) for call in (old, new)]
    if at != [None, None]:
        _compare(collector, new, at[0] or "/servers", at[1] or "/servers")


def _own(call: Call) -> Pointer | None:
    for pointer in (call.pointer, call.item):
        if entries(call.side.at(pointer)).get("servers"):
            return join(pointer, "servers")
    return None


def _compare(collector: Collector, call: Call | None, old: Pointer, new: Pointer) -> None:
    before, after = _urls(collector.old.at(old), old), _urls(collector.new.at(new), new)
    for url, pointer in before.items():
        if url in after:
            _variables(collector, call, url, (pointer, after[url]))
        else:
            words = f"the server {quoted(url)} is gone"
            collector.tell(call, "servers", Finding("server-removed", words, url, pointer if pointer != "" else None, None))
    for url, pointer in after.items():
        if url not in before:
            words = f"the server {quoted(url)} is new"
            collector.tell(call, "servers", Finding("server-added", words, url, None, pointer if pointer != "" else None))


def _urls(listed: Any, pointer: Pointer) -> dict[str, Pointer]:
    """Each URL, whether it ends in a slash or not; without any, the root of where the document stands."""
    servers = [(number, one) for number, one in enumerate(listed) if isinstance(one, dict)] if isinstance(listed, list) else []
    return {_url(one): join(pointer, number) for number, one in servers} or {"/": ""}


def _url(server: dict[str, Any]) -> str:
    return str(server.get("url", "")).rstrip("/") or "/"


def _variables(collector: Collector, call: Call | None, url: str, where: tuple[Pointer, Pointer]) -> None:
    both = [entries(entries(side.at(pointer)).get("variables"))
            for side, pointer in zip((collector.old, collector.new), where, strict=True)]  # fmt: skip
    for name in sorted(both[0].keys() & both[1].keys()):
        before, after = entries(both[0][name]), entries(both[1][name])
        at = [join(pointer, "variables", name) for pointer in where]
        allowed = after.get("enum")
        values = before["enum"] if isinstance(before.get("enum"), list) else [before.get("default")]
        taken = allowed if isinstance(allowed, list) else values
        for value in values:
            if value not in taken and value is not None:
                words = f"{quoted(name)} of {quoted(url)} no longer takes {shown(value)}"
                rule, detail = "server-variable-value-removed", f"{url} {name} {value}"
                collector.tell(call, "servers", Finding(rule, words, detail, *at))
        if before.get("default") != after.get("default"):
            words = f"{quoted(name)} of {quoted(url)} is {shown(after.get('default'))} where it is not said"
            rule, detail = "server-variable-default-changed", f"{url} {name} {before.get('default')} {after.get('default')}"
            collector.tell(call, "servers", Finding(rule, words, detail, *at))
