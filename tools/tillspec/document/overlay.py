"""OpenAPI Overlay 1.0: changes to a description that its owner does not let one touch."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tillspec.diagnostics import Report
from tillspec.document.bundle import Bundle
from tillspec.document.grammar import children, walk
from tillspec.document.load import open_file
from tillspec.pointer import Pointer, join
from tillspec.source import Source, Span

_VERSION = re.compile(r"1\.0\.\d+")
Origins = dict[Pointer, tuple[Source, Pointer]]


def overlay(bundle: Bundle, paths: Iterable[Path], report: Report) -> Bundle:
    """The bundle with overlays applied to it, one after the other (Overlay Specification 1.0.0, section 4).

    What an overlay brings in has its place in the overlay's file. A link to an operation that one removes goes with it. What is
    wrong with an overlay is reported.
    """
    sources = [source for path in paths if (source := open_file(path, report, "name an overlay with --overlay"))]
    if not sources:
        return bundle
    made = Bundle(copy.deepcopy(bundle.value), dict(bundle.origins), (*bundle.sources, *sources))
    for source in sources:
        for index, action in enumerate(_actions(source, report)):
            _apply(made, source, join("/actions", index), action, report)
    _remove_links(made.value, gone=_operations(bundle.value) - _operations(made.value))
    return made


def _operations(value: dict[str, Any]) -> set[str]:
    """The operations of a description: their ids, and their places as a link's `operationRef` has them."""
    found = set()
    paths = value.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for child in children("path-item", item, join("/paths", path)):
            if child.kind == "operation" and isinstance(child.value, dict):
                found |= {f"#{child.pointer}", str(child.value.get("operationId", ""))}
    return found - {""}


def _remove_links(value: dict[str, Any], gone: set[str]) -> None:
    """Take links away that lead to operations which are gone."""
    if not gone:
        return
    components = value.get("components")
    named = components.get("links") if isinstance(components, dict) else None
    holders = [
        child.value.get("links") for child in walk("openapi", value, "") if child.kind == "response" and _is_object(child.value)
    ]
    links = named if isinstance(named, dict) else {}
    lost = {name for name, link in links.items() if _is_object(link) and _leads_to(link, gone)}
    for held in (one for one in holders if isinstance(one, dict)):
        for name, link in list(held.items()):
            if _is_object(link) and (_leads_to(link, gone) or str(link.get("$ref")).removeprefix("#/components/links/") in lost):
                del held[name]
    for name in lost:
        del links[name]


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _leads_to(link: dict[str, Any], operations: set[str]) -> bool:
    return link.get("operationId") in operations or link.get("operationRef") in operations


def _actions(source: Source, report: Report) -> list[Any]:
    value = source.value if isinstance(source.value, dict) else {}
    if not _VERSION.fullmatch(str(value.get("overlay", ""))):
        hint = "an overlay begins with overlay: '1.0.0'"
        report.error("overlay", f"{source.name} is no Overlay 1.0", Span(source, ""), hint)
        return []
    actions = value.get("actions")
    if not isinstance(actions, list) or not actions:
        report.error(
            "overlay", "an overlay has a list of actions", Span(source, "/actions"), "see the Overlay Specification, 4.4.1"
        )
        return []
    return actions


def _apply(bundle: Bundle, source: Source, at: Pointer, action: Any, report: Report) -> None:
    from jsonpath_rfc9535 import JSONPathError, find

    target = action.get("target") if isinstance(action, dict) else None
    if not isinstance(target, str) or ("update" not in action and action.get("remove") is not True):
        hint = "an action has a target (a JSONPath), and update or remove: true"
        report.error("overlay", "this is no action", Span(source, at), hint)
        return
    place = Span(source, join(at, "target"))
    try:
        nodes = [(join("", *node.location), node.value, node.location) for node in find(target, bundle.value)]
    except JSONPathError as error:
        report.error("overlay", f"{target!r} is no JSONPath: {error}", place, "see RFC 9535")
        return
    if not nodes:
        report.warning("overlay-unused", f"{target!r} finds nothing in the description", place, "look at the path's spelling")
    for pointer, value, location in reversed(nodes):
        if action.get("remove") is True:
            _remove(bundle.value, location)
        elif isinstance(value, list):
            bundle.origins[join(pointer, len(value))] = (source, join(at, "update"))
            value.append(copy.deepcopy(action["update"]))
        elif isinstance(value, dict) and isinstance(action["update"], dict):
            _merge(value, action["update"], pointer, (source, join(at, "update")), bundle.origins)
        else:
            report.error(
                "overlay", f"{target!r} finds a value that is neither an object nor a list", place, "choose what holds it"
            )
            return


def _remove(root: Any, location: tuple[str | int, ...]) -> None:
    for key in location[:-1]:
        root = root[key]
    if location:
        del root[location[-1]]


def _merge(
    into: dict[str, Any], update: dict[str, Any], pointer: Pointer, origin: tuple[Source, Pointer], origins: Origins
) -> None:
    """Objects are merged, lists are appended, everything else is replaced (section 4.4.3.1)."""
    source, at = origin
    for key, value in update.items():
        below, there = into.get(key), (source, join(at, key))
        if isinstance(below, dict) and isinstance(value, dict):
            _merge(below, value, join(pointer, key), there, origins)
        elif isinstance(below, list) and isinstance(value, list):
            for index, item in enumerate(value):
                origins[join(pointer, key, len(below))] = (source, join(at, key, index))
                below.append(copy.deepcopy(item))
        else:
            into[key] = copy.deepcopy(value)
            origins[join(pointer, key)] = there
