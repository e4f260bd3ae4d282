"""A bundle with some of its operations: those of one surface, what they need, and nothing that speaks of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from tillspec.diagnostics import Report
from tillspec.document.bundle import Bundle
from tillspec.document.grammar import COMPONENTS, METHODS, SECTIONS, Child, children, walk
from tillspec.pointer import Pointer, join, look_up

_NAMING = ("creates", "reads", "updates", "deletes", "object", "of")
"""The words of `x-behavior` whose text is the name of an object."""


def select(bundle: Bundle, surfaces: Iterable[str], report: Report) -> Bundle:
    """The bundle with the operations and webhooks of the given surfaces alone; all of it where none is given.

    What they need stays: components, security schemes, tags, and objects that their behaviour names. What leads to an operation
    that is left out goes: links to it. A reference into one is made a component.
    """
    wanted = set(surfaces)
    if not wanted:
        return bundle
    _report_unknown(bundle.value, wanted, report)
    return _Selection(bundle, wanted).run()


def surface_of(operation: dict[str, Any]) -> str | None:
    """The surface that an operation declares itself to belong to."""
    behavior = operation.get("x-behavior")
    surface = behavior.get("surface") if isinstance(behavior, dict) else None
    return surface if isinstance(surface, str) else None


def _report_unknown(value: dict[str, Any], wanted: set[str], report: Report) -> None:
    known = sorted({surface for _, operation in _top(value) if (surface := surface_of(operation))})
    all_known = f"there are: {', '.join(known)}" if known else "mark operations with x-behavior: {surface: NAME}"
    for name in sorted(wanted - set(known)):
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else all_known
        report.error("surface-unknown", f"no operation belongs to the surface {name!r}", hint=hint)


def _items(value: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """The path items of paths and webhooks: the section, the path or name, and the item."""
    for section in ("paths", "webhooks"):
        items = value.get(section)
        for path, item in items.items() if isinstance(items, dict) else ():
            yield section, path, item


def _top(value: dict[str, Any]) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """The operations of paths and webhooks, with their pointers."""
    for section, path, item in _items(value):
        for child in children("path-item", item, join("/" + section, path)):
            if child.kind == "operation" and isinstance(child.value, dict):
                yield child.pointer, child.value


@dataclass
class _Selection:
    bundle: Bundle
    wanted: set[str]
    gone: dict[Pointer, str] = field(default_factory=dict)  # the operations that are left out, with their ids
    out: set[Pointer] = field(default_factory=set)  # those, and the path items that have no other
    moved: dict[Pointer, str] = field(default_factory=dict)  # what was made a component, by where it stood
    components: dict[str, dict[str, Any]] = field(default_factory=dict)
    origins: dict[Pointer, Any] = field(default_factory=dict)

    def run(self) -> Bundle:
        whole = self.bundle.value
        for pointer, operation in _top(whole):
            if surface_of(operation) not in self.wanted:
                self.gone[pointer] = str(operation.get("operationId", ""))
        self.out = {
            *self.gone,
            *(join("/" + section, path) for section, path, item in _items(whole) if not self._left(section, path, item)),
        }
        declared = whole.get("components", {})
        self.components = {name: dict(entries) for name, entries in declared.items() if isinstance(entries, dict)}
        value = {key: item for key, item in whole.items() if key not in ("components", "paths", "webhooks")}
        for section in ("paths", "webhooks"):
            kept = {path: self._kept(section, path, item) for name, path, item in _items(whole) if name == section}
            kept = {path: item for path, item in kept.items() if item}
            if kept or (section == "paths" and section in whole):
                value[section] = kept
        value = {key: value[key] for key in whole if key in value}  # in the order of the document
        for section, name in [(section, name) for section, entries in self.components.items() for name in entries]:
            if section in COMPONENTS:
                self.components[section][name] = self._mended(COMPONENTS[section], self.components[section][name])
        components = _Needed(value, self.components).components()
        if components:
            value["components"] = components
        self._keep_tags(value)
        _keep_objects(value)
        return Bundle(value, {**self.bundle.origins, **self.origins}, self.bundle.sources)

    def _left(self, section: str, path: str, item: Any) -> list[Child]:
        """The operations of a path item that are kept."""
        found = children("path-item", item, join("/" + section, path))
        return [child for child in found if child.kind == "operation" and child.pointer not in self.gone]

    def _kept(self, section: str, path: str, item: Any) -> dict[str, Any] | None:
        """A path item with the operations that are kept; None where there is none."""
        left = self._left(section, path, item)
        if not left:
            return None
        rest = {name: value for name, value in item.items() if name not in (*METHODS, "additionalOperations")}
        rest |= {str(child.keys[0]): child.value for child in left if len(child.keys) == 1}
        more = {str(child.keys[1]): child.value for child in left if len(child.keys) > 1}
        rest |= {"additionalOperations": more} if more else {}
        made: dict[str, Any] = self._mended("path-item", {name: rest[name] for name in item if name in rest})
        return made

    def _mended(self, kind: str, value: Any) -> Any:
        """A value without links to what is left out, and with references that lead somewhere."""
        if not isinstance(value, dict):
            return value
        result = dict(value)
        if "$ref" in value and kind in SECTIONS:
            result["$ref"] = self._reference(kind, value["$ref"])
        if kind == "response" and isinstance(value.get("links"), dict):
            result["links"] = {name: link for name, link in value["links"].items() if not self._leads_nowhere(link)}
            if not result["links"]:
                del result["links"]
        fresh: set[str] = set()
        for child in children(kind, result, ""):
            made = self._mended(child.kind, child.value)
            first = str(child.keys[0])
            if len(child.keys) == 1:
                result[first] = made
                continue
            if first not in fresh:
                result[first] = list(result[first]) if isinstance(result[first], list) else dict(result[first])
                fresh.add(first)
            result[first][child.keys[1]] = made
        return result

    def _leads_nowhere(self, link: Any) -> bool:
        """Whether a link, or what it refers to, leads to an operation that is left out."""
        seen = 0
        while isinstance(link, dict) and isinstance(link.get("$ref"), str) and seen < len(self.components.get("links", {})) + 1:
            link, seen = self._at(link["$ref"]), seen + 1
        if not isinstance(link, dict):
            return False
        if "operationId" in link:
            return link["operationId"] in self.gone.values()
        reference = link.get("operationRef")
        return isinstance(reference, str) and reference.removeprefix("#") in self.gone

    def _reference(self, kind: str, reference: Any) -> Any:
        """A reference, or one to the component that was made of what it leads to, where that is left out."""
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return reference
        pointer = reference[1:]
        if not any(pointer.startswith(f"{above}/") for above in self.out):
            return reference
        section = SECTIONS[kind]
        if pointer not in self.moved:
            entries = self.components.setdefault(section, {})
            last = pointer.rpartition("/")[2]
            name, number = last, 2
            while name in entries:
                name, number = f"{last}_{number}", number + 1
            self.moved[pointer] = name
            entries[name] = None  # taken, while what it holds is looked at
            span = self.bundle.span(pointer)
            self.origins[join("/components", section, name)] = (span.source, span.pointer)
            entries[name] = self._mended(kind, self._at(reference))
        return f"#{join('/components', section, self.moved[pointer])}"

    def _at(self, reference: str) -> Any:
        try:
            return look_up(self.bundle.value, reference.removeprefix("#"))
        except (LookupError, ValueError):
            return None

    def _keep_tags(self, value: dict[str, Any]) -> None:
        """Leaves the tags that are used, with those that they stand below (`parent`, OpenAPI 3.2), in `x-tagGroups` too."""
        tags, groups = value.get("tags"), value.get("x-tagGroups")
        used = {tag for operation in _operations(value) for tag in operation.get("tags") or ()}
        if isinstance(tags, list):
            parents = {tag.get("name"): tag.get("parent") for tag in tags if isinstance(tag, dict)}
            for name in list(used):
                while (name := parents.get(name)) and name not in used:
                    used.add(name)
            kept = [(number, tag) for number, tag in enumerate(tags) if isinstance(tag, dict) and tag.get("name") in used]
            value["tags"] = [tag for _, tag in kept]
            span = self.bundle.span("/tags")
            self.origins |= {f"/tags/{new}": (span.source, f"{span.pointer}/{old}") for new, (old, _) in enumerate(kept)}
        if isinstance(groups, list):
            named = [
                (group, [tag for tag in group.get("tags") or () if tag in used]) for group in groups if isinstance(group, dict)
            ]
            value["x-tagGroups"] = [{**group, "tags": left} for group, left in named if left]


@dataclass
class _Needed:
    """What of the components a document needs."""

    value: dict[str, Any]
    declared: dict[str, dict[str, Any]]
    found: set[tuple[str, str]] = field(default_factory=set)

    def components(self) -> dict[str, dict[str, Any]]:
        """The components that the document refers to, directly or through others, in their order."""
        self._follow(self.value)
        self._follow_security()
        for name in sorted(_named(self.value, self._kept()) - _shown(self._kept()) - _outside(self.value).keys()):
            # An object that is named has schemas that say what it is, though none of them travels here.
            for schema, value in self.declared.get("schemas", {}).items():
                if name in _shown({"schemas": {schema: value}}):
                    self._need("schemas", schema)
        return self._kept()

    def _kept(self) -> dict[str, dict[str, Any]]:
        kept = {
            section: {name: entry for name, entry in entries.items() if (section, name) in self.found}
            for section, entries in self.declared.items()
        }
        return {section: entries for section, entries in kept.items() if entries}

    def _need(self, section: str, name: str) -> None:
        if (section, name) not in self.found and name in self.declared.get(section, {}):
            self.found.add((section, name))
            self._follow(self.declared[section][name])

    def _follow(self, value: Any) -> None:
        waiting = [value]
        while waiting:
            item = waiting.pop()
            if isinstance(item, dict):
                for section, name in _targets(item):
                    if (section, name) not in self.found and name in self.declared.get(section, {}):
                        self.found.add((section, name))
                        waiting.append(self.declared[section][name])
                waiting.extend(item.values())
            elif isinstance(item, list):
                waiting.extend(item)

    def _follow_security(self) -> None:
        """Keeps the schemes that operations ask for, and the document's own demands where an operation takes them over."""
        operations = list(_operations({**self.value, "components": self._kept()}))
        if all("security" in operation for operation in operations):
            self.value.pop("security", None)
        demands = [self.value.get("security"), *(operation.get("security") for operation in operations)]
        for demand in demands:
            for requirement in demand if isinstance(demand, list) else ():
                for name in requirement if isinstance(requirement, dict) else ():
                    self._need("securitySchemes", name)


def _operations(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All operations of a document, those of callbacks and of components too."""
    for child in walk("openapi", value, ""):
        if child.kind == "operation" and isinstance(child.value, dict):
            yield child.value


def _targets(item: dict[str, Any]) -> list[tuple[str, str]]:
    references = [item.get("$ref")]
    discriminator = item.get("discriminator")
    if isinstance(discriminator, dict):
        mapping = discriminator.get("mapping")
        named = [*(mapping.values() if isinstance(mapping, dict) else ()), discriminator.get("defaultMapping")]
        references += [f"#/components/schemas/{name}" if isinstance(name, str) and "/" not in name else name for name in named]
    found = []
    for reference in references:
        if isinstance(reference, str) and reference.startswith("#/components/") and reference.count("/") > 2:
            _, _, section, name, *_ = reference.split("/")
            found.append((section, name.replace("~1", "/").replace("~0", "~")))
    return found


# -- objects of x-behavior -------------------------------------------------------------------------------------------------


def _keep_objects(value: dict[str, Any]) -> None:
    """Leaves the objects from outside that something names."""
    outside = _outside(value)
    if not outside:
        return
    named = _named({key: item for key, item in value.items() if key != "x-behavior"}, {})
    behavior = {**value["x-behavior"], "objects": {name: item for name, item in outside.items() if name in named}}
    behavior = {key: item for key, item in behavior.items() if item or key != "objects"}
    value["x-behavior"] = behavior
    if not behavior:
        del value["x-behavior"]


def _outside(value: dict[str, Any]) -> dict[str, Any]:
    behavior = value.get("x-behavior")
    objects = behavior.get("objects") if isinstance(behavior, dict) else None
    return objects if isinstance(objects, dict) else {}


def _named(*parts: Any) -> set[str]:
    """The objects that behaviours in some parts of a document name."""
    return {text for behavior in _behaviors(parts) for text in _texts(behavior)}


def _shown(part: Any) -> set[str]:
    """The objects that schemas in a part of a document show."""
    found = (behavior.get("object") for behavior in _behaviors(part))
    return {name for name in found if isinstance(name, str)}


def _behaviors(part: Any) -> Iterator[dict[str, Any]]:
    waiting = [part]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if isinstance(item.get("x-behavior"), dict):
                yield item["x-behavior"]
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item)


def _texts(behavior: Any) -> Iterator[str]:
    for key, item in behavior.items() if isinstance(behavior, dict) else ():
        if key in _NAMING and isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from _texts(item)
