"""A bundle with some of its operations: those of one surface, and the components that they need."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from tillspec.diagnostics import Report
from tillspec.document.bundle import Bundle
from tillspec.document.grammar import METHODS


def select(bundle: Bundle, surfaces: Iterable[str], report: Report) -> Bundle:
    """The bundle with the operations and webhooks of the given surfaces alone; all of it where none is given.

    Security schemes that are used stay; so does every component that something kept refers to.
    """
    wanted = set(surfaces)
    if not wanted:
        return bundle
    known = sorted(_surfaces(bundle.value))
    all_known = f"there are: {', '.join(known)}" if known else "mark operations with x-behavior: {surface: NAME}"
    for name in sorted(wanted - set(known)):
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else all_known
        report.error("surface-unknown", f"no operation belongs to the surface {name!r}", hint=hint)
    value = {key: item for key, item in bundle.value.items() if key != "components"}
    for section in ("paths", "webhooks"):
        if section in value:
            value[section] = _kept(value[section], wanted)
    declared = bundle.value.get("components", {})
    components = _reachable(value, declared, bundle.value)
    if components:
        value["components"] = components
    used = {tag for operation in _operations(value) for tag in operation.get("tags") or ()}
    if isinstance(value.get("tags"), list):
        value["tags"] = [tag for tag in value["tags"] if tag.get("name") in used]
    return Bundle(value, bundle.origins, bundle.sources)


def surface_of(operation: dict[str, Any]) -> str | None:
    """The surface that an operation declares itself to belong to."""
    behavior = operation.get("x-behavior")
    surface = behavior.get("surface") if isinstance(behavior, dict) else None
    return surface if isinstance(surface, str) else None


def _operations(value: dict[str, Any]) -> list[dict[str, Any]]:
    items = [*value.get("paths", {}).values(), *value.get("webhooks", {}).values()]
    return [item[method] for item in items if isinstance(item, dict) for method in METHODS if isinstance(item.get(method), dict)]


def _surfaces(value: dict[str, Any]) -> set[str]:
    return {surface for operation in _operations(value) if (surface := surface_of(operation))}


def _kept(items: dict[str, Any], wanted: set[str]) -> dict[str, Any]:
    result = {}
    for path, item in items.items():
        if not isinstance(item, dict):
            continue
        dropped = {name for name in METHODS if isinstance(item.get(name), dict) and surface_of(item[name]) not in wanted}
        rest = {name: value for name, value in item.items() if name not in dropped}
        if any(name in rest for name in METHODS):
            result[path] = rest
    return result


def _reachable(value: dict[str, Any], declared: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """The components that `value` refers to, directly or through others, in the order of the document."""
    found: set[tuple[str, str]] = set()
    waiting: list[Any] = [value]
    schemes = {name for requirement in whole.get("security", []) for name in requirement}
    schemes |= {name for operation in _operations(value) for requirement in operation.get("security", []) for name in requirement}
    found |= {("securitySchemes", name) for name in schemes}
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            for target in _targets(item):
                if target not in found and target[1] in declared.get(target[0], {}):
                    found.add(target)
                    waiting.append(declared[target[0]][target[1]])
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    kept = {
        section: {name: entry for name, entry in entries.items() if (section, name) in found}
        for section, entries in declared.items()
        if isinstance(entries, dict)
    }
    return {section: entries for section, entries in kept.items() if entries}


def _targets(item: dict[str, Any]) -> list[tuple[str, str]]:
    references = [item.get("$ref")]
    discriminator = item.get("discriminator")
    if isinstance(discriminator, dict) and isinstance(discriminator.get("mapping"), dict):
        references += discriminator["mapping"].values()
    found = []
    for reference in references:
        if isinstance(reference, str) and reference.startswith("#/components/"):
            _, _, section, name, *_ = reference.split("/")
            found.append((section, name.replace("~1", "/").replace("~0", "~")))
    return found
