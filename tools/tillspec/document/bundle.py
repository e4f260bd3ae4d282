"""Many files to one self-contained document: what stands elsewhere becomes a component, and knows where it came from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

from tillspec.diagnostics import Report
from tillspec.document.grammar import COMPONENTS, SECTIONS, children
from tillspec.document.load import Document, is_url
from tillspec.pointer import Pointer, join, look_up
from tillspec.source import Source, Span

_VERSION = re.compile(r"3\.[012]\.\d+(-.+)?")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_NAMES = 8
_MOST_AT_ONCE = 20
_SCHEMA_REFERENCES_WITH_SIBLINGS = ("3.1", "3.2")


@dataclass(frozen=True, slots=True)
class Bundle:
    """One self-contained document: every `$ref` in it is `#/…` and leads to a value.

    `origins` says for the pointers at which something was brought in from elsewhere which source and pointer it has there.
    """

    value: dict[str, Any]
    origins: dict[Pointer, tuple[Source, Pointer]]
    sources: tuple[Source, ...]

    @property
    def version(self) -> str:
        """The version of OpenAPI: `3.0`, `3.1` or `3.2`."""
        return str(self.value["openapi"])[:3]

    def span(self, pointer: Pointer, *, key: bool = False) -> Span:
        """Where a person wrote what stands at a pointer of the bundle."""
        above = pointer
        while above not in self.origins:
            above = above.rpartition("/")[0]
        source, origin = self.origins[above]
        return Span(source, origin + pointer[len(above) :], key)


def bundle(document: Document, report: Report) -> Bundle | None:
    """Resolve every reference of a document; None, with the reasons reported, where one leads nowhere."""
    root = document.root
    if not isinstance(root.value, dict) or not _VERSION.fullmatch(str(root.value.get("openapi", ""))):
        _refuse_version(root, report)
        return None
    bundler = _Bundler(document, report)
    value = bundler.run()
    sources = tuple(source for source in document.sources.values() if source)
    return None if report.failed else Bundle(value, bundler.origins, sources)


def _refuse_version(root: Source, report: Report) -> None:
    value = root.value if isinstance(root.value, dict) else {}
    version = value.get("openapi")
    if "swagger" in value:
        hint = "convert it to OpenAPI 3.1 first, for instance with swagger2openapi"
        report.error("not-openapi", f"Swagger {value['swagger']} is not supported", Span(root, "/swagger"), hint)
    elif isinstance(version, int | float):
        message, hint = (
            f"the version is the number {version}, and must be a string",
            f"put it into quotes, in full: '{version}.0'",
        )
        report.error("not-openapi", message, Span(root, "/openapi"), hint)
    elif "openapi" in value:
        hint = f"write it in full: '{version}.0'" if version in ("3.0", "3.1", "3.2") else "3.0, 3.1 and 3.2 are, as in '3.1.0'"
        report.error("not-openapi", f"OpenAPI {version!r} is not supported", Span(root, "/openapi"), hint)
    else:
        hint = "an OpenAPI description is an object that begins with openapi: '3.1.0'"
        what = f"{root.name} is empty" if root.value is None else f"{root.name} has no field openapi"
        report.error("not-openapi", what, Span(root, ""), hint)


@dataclass
class _Bundler:
    document: Document
    report: Report
    origins: dict[Pointer, tuple[Source, Pointer]] = field(default_factory=dict)
    names: dict[tuple[str, Pointer, str], str] = field(default_factory=dict)
    components: dict[str, dict[str, Any]] = field(default_factory=dict)
    inlining: list[tuple[str, Pointer]] = field(default_factory=list)
    importing: list[Pointer] = field(default_factory=list)
    later: list[tuple[str, str, Source, Pointer, Any]] = field(default_factory=list)

    def run(self) -> dict[str, Any]:
        root = self.document.root
        self.origins[""] = (root, "")
        declared = root.value.get("components")
        self.components = {
            section: dict(entries)
            for section, entries in (declared.items() if isinstance(declared, dict) else ())
            if section in COMPONENTS and isinstance(entries, dict)
        }
        self._name_aliases(root)
        value: dict[str, Any] = self._copy("openapi", root.value, root, "", "")
        while self.later:
            kind, name, found, fragment, there = self.later.pop()
            out = join("/components", SECTIONS[kind], name)
            self.components[SECTIONS[kind]][name] = self._copy(kind, there, found, fragment, out)
        if self.components:
            value["components"] = {**value.get("components", {}), **self.components}
        return value

    def _name_aliases(self, root: Source) -> None:
        """A component that is nothing but a reference to another file is that file's name."""
        for section, entries in self.components.items():
            for name, entry in entries.items():
                reference = entry.get("$ref") if isinstance(entry, dict) and len(entry) == 1 else None
                if isinstance(reference, str) and not reference.startswith("#"):
                    place = Span(root, join("/components", section, name, "$ref"))
                    target = self._target(reference, root, place)
                    if target and target[0] is not root:
                        self.names.setdefault((target[0].uri, target[1], COMPONENTS[section]), name)

    def _copy(self, kind: str, value: Any, source: Source, pointer: Pointer, out: Pointer) -> Any:
        """A value as it stands in the bundle at `out`, with what stands below it."""
        if not isinstance(value, dict):
            return value
        if "$ref" in value and kind in SECTIONS:
            return self._refer(kind, value, Span(source, join(pointer, "$ref")), out)
        result = dict(value)
        copied: dict[str, Any] = {}
        for child in children(kind, value, pointer):
            below = join(out, *child.keys)
            made = self._copy(child.kind, child.value, source, child.pointer, below)
            if made is child.value:
                continue
            if kind == "components":
                self.components[str(child.keys[0])][str(child.keys[1])] = made
                continue
            self._place(result, copied, child.keys, made)
        if kind == "schema":
            self._mapping(result, source, pointer)
        return result if copied or kind in ("schema", "openapi", "components") else value

    def _place(self, result: dict[str, Any], copied: dict[str, Any], keys: tuple[str | int, ...], made: Any) -> None:
        first = str(keys[0])
        if len(keys) == 1:
            result[first] = copied[first] = made
            return
        if first not in copied:
            inner = result[first]
            result[first] = copied[first] = list(inner) if isinstance(inner, list) else dict(inner)
        copied[first][keys[1]] = made

    def _refer(self, kind: str, value: dict[str, Any], place: Span, out: Pointer) -> Any:
        """What stands in the bundle at `out` for an object with a `$ref`, which stands at `place`."""
        reference, source = value["$ref"], place.source
        if not isinstance(reference, str):
            hint = "write it as $ref: '#/components/schemas/Name'"
            self.report.error("ref-invalid", "a $ref must be a string", place, hint)
            return value
        target = self._target(reference, source, place)
        if target is None:
            return value
        found, fragment, there = target
        siblings = {name: item for name, item in value.items() if name != "$ref"}
        if kind == "schema" and siblings:
            whole = self._copy_siblings(siblings, source, place.pointer.rpartition("/")[0], out)
        else:
            whole = siblings
        if found is self.document.root and fragment.startswith("/components/"):
            return {"$ref": f"#{fragment}", **whole}
        if (kind in ("path-item", "security-scheme", "callback") and found is not self.document.root) or kind == "path-item":
            return self._inline(kind, (found, fragment, there), whole, place, out)
        if found is self.document.root:
            return {"$ref": f"#{fragment}", **whole}
        if self._is_own_alias(kind, found, fragment, out):
            return self._inline(kind, (found, fragment, there), whole, place, out)
        return {"$ref": f"#/components/{SECTIONS[kind]}/{self._import(kind, found, fragment, there)}", **whole}

    def _copy_siblings(self, siblings: dict[str, Any], source: Source, pointer: Pointer, out: Pointer) -> dict[str, Any]:
        if str(self.document.root.value["openapi"])[:3] not in _SCHEMA_REFERENCES_WITH_SIBLINGS:
            return siblings
        copy: dict[str, Any] = self._copy("schema", siblings, source, pointer, out)
        return copy

    def _is_own_alias(self, kind: str, found: Source, fragment: Pointer, out: Pointer) -> bool:
        name = self.names.get((found.uri, fragment, kind))
        return name is not None and out == join("/components", SECTIONS[kind], name)

    def _inline(self, kind: str, target: tuple[Source, Pointer, Any], siblings: dict[str, Any], place: Span, out: Pointer) -> Any:
        found, fragment, there = target
        if (found.uri, fragment) in self.inlining:
            what = kind.replace("-", " ")
            self.report.error(
                "ref-cycle", f"this {what} leads back to itself", place, f"one of them must be a {what}, in place of a $ref"
            )
            return {}
        self.inlining.append((found.uri, fragment))
        self.origins[out] = (found, fragment)
        made = self._copy(kind, there, found, fragment, out)
        self.inlining.pop()
        return {**made, **siblings} if siblings and isinstance(made, dict) else made

    def _import(self, kind: str, found: Source, fragment: Pointer, there: Any) -> str:
        known = self.names.get((found.uri, fragment, kind))
        if known is not None and known in self.components.get(SECTIONS[kind], {}):
            return known
        section = self.components.setdefault(SECTIONS[kind], {})
        name = known or _free_name(_suggested_name(found, fragment), section)
        self.names[(found.uri, fragment, kind)] = name
        out = join("/components", SECTIONS[kind], name)
        self.origins[out] = (found, fragment)
        section[name] = there
        if len(self.importing) < _MOST_AT_ONCE:
            self.importing.append(out)
            section[name] = self._copy(kind, there, found, fragment, out)
            self.importing.pop()
        else:  # a chain of a thousand files is not to be a thousand calls deep
            self.later.append((kind, name, found, fragment, there))
        return name

    def _target(self, reference: str, source: Source, place: Span) -> tuple[Source, Pointer, Any] | None:
        """The source, pointer and value that a reference leads to; None where that was reported as wrong."""
        uri, fragment = urldefrag(reference)
        fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            hint = "name the place by a JSON Pointer, such as #/components/schemas/Name"
            self.report.error("ref-invalid", f"{reference!r} names an anchor; anchors are not supported", place, hint)
            return None
        found = self.document.follow(source, uri, place, self.report)
        if found is None:
            return None
        try:
            return found, fragment, look_up(found.value, fragment)
        except (LookupError, ValueError):
            hint = _similar(found.value, fragment)
            self.report.error("ref-missing", f"{reference!r} leads to nothing in {found.name}", place, hint)
            return None

    def _mapping(self, schema: dict[str, Any], source: Source, pointer: Pointer) -> None:
        """A discriminator's mapping names schemas as `$ref` does, or by component name."""
        discriminator = schema.get("discriminator")
        mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else None
        if not isinstance(mapping, dict) or not isinstance(discriminator, dict):
            return
        rewritten = {}
        for key, named in mapping.items():
            reference = named
            place = Span(source, join(pointer, "discriminator", "mapping", key))
            is_name = isinstance(reference, str) and reference in self.components.get("schemas", {})
            if isinstance(reference, str) and not is_name and ("#" in reference or "/" in reference or "." in reference):
                made = self._refer("schema", {"$ref": reference}, place, place.pointer)
                reference = made.get("$ref", reference) if isinstance(made, dict) else reference
            rewritten[key] = reference
        schema["discriminator"] = {**discriminator, "mapping": rewritten}


def _suggested_name(source: Source, fragment: Pointer) -> str:
    path = PurePosixPath(urlsplit(source.uri).path if is_url(source.uri) else source.uri.replace("\\", "/"))
    last = fragment.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    return _UNSAFE.sub("_", last or path.stem).strip("_") or "Component"


def _free_name(name: str, taken: dict[str, Any]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def _similar(value: Any, fragment: Pointer) -> str:
    above, _, last = fragment.rpartition("/")
    try:
        beside = look_up(value, above)
    except (LookupError, ValueError):
        beside = None
    if not isinstance(beside, dict) or not beside:
        return f"there is no #{above} either" if above else "name a place in it by a JSON Pointer, such as #/Name"
    close = get_close_matches(last, [str(name) for name in beside], n=1)
    names = ", ".join(list(beside)[:_MOST_NAMES]) + (", …" if len(beside) > _MOST_NAMES else "")
    return f"did you mean #{join(above, close[0])}?" if close else f"there are: {names}"
