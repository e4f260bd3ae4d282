"""What an SVG says, read without carrying any of it out: its size, and what in it is active or leads elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

_NAMESPACE = "http://www.w3.org/2000/svg"
_FOREIGN = ("script", "foreignObject", "iframe", "embed", "object", "handler", "listener")
_ANIMATES = ("to", "from", "by", "values")
_URL = re.compile(r"url\(\s*['\"]?\s*([^'\")\s]*)|@import\s+['\"]([^'\"]*)", re.I)
_LENGTH = re.compile(r"\s*\+?(\d+(?:\.\d+)?)\s*(px)?\s*")
_SCRIPT = re.compile(r"[\x00-\x20]*(?:j\s*a\s*v\s*a|vb)\s*script\s*:", re.I)
_RASTER = re.compile(r"data:image/(?:png|jpeg|gif|webp)[;,]", re.I)
_MOST = 20


class NoSvg(ValueError):
    """A text that is no SVG."""


@dataclass(slots=True)
class Svg:
    """An SVG document. `width` and `height` are in pixels, None where it does not say; `ratio` is what is drawn's width by its
    height; `active` is what runs or may run, `outside` what is loaded from elsewhere, each in words with the part that says so.
    """

    width: float | None = None
    height: float | None = None
    ratio: float = 1.0
    active: list[tuple[str, str]] = field(default_factory=list)
    outside: list[tuple[str, str]] = field(default_factory=list)
    _depth: int = 0
    _style: list[str] | None = None

    @classmethod
    def of(cls, data: bytes) -> Svg:
        """Read a document. No entity is resolved, and nothing is loaded.

        Raises:
            NoSvg: it is no well-formed XML, or something else than an SVG.
        """
        made = cls()
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = made._begun, made._ended
        parser.CharacterDataHandler = made._text
        parser.EntityDeclHandler = made._entity
        parser.ProcessingInstructionHandler = made._instruction
        parser.buffer_text = True
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            if not made.active:
                raise NoSvg(f"no well-formed XML: {error}") from None
        except _EndedEarly:
            pass
        return made

    def _entity(self, name: str, *_: Any) -> None:
        self.active.append(("an entity of its own", name))
        raise _EndedEarly

    def _instruction(self, target: str, data: str) -> None:
        if target == "xml-stylesheet":
            self.outside.append(("a style sheet", data[:80]))

    def _begun(self, whole: str, attributes: dict[str, str]) -> None:
        namespace, _, name = whole.rpartition(" ")
        if not self._depth:
            if (namespace, name) != (_NAMESPACE, "svg"):
                raise NoSvg(f"the document is a {name!r} of {namespace or 'no namespace'}")
            self._sized(attributes)
        self._depth += 1
        if name in _FOREIGN or namespace == "http://www.w3.org/1999/xhtml":
            self.active.append((f"an element {name}", f"<{name}>"))
        if name == "style":
            self._style = []
        for key, value in attributes.items():
            self._attribute(name, key.rpartition(" ")[2], value)
        del self.active[_MOST:], self.outside[_MOST:]

    def _sized(self, attributes: dict[str, str]) -> None:
        self.width, self.height = _pixels(attributes.get("width", "")), _pixels(attributes.get("height", ""))
        box = re.split(r"[\s,]+", attributes.get("viewBox", "").strip())
        sides = [_pixels(side) for side in box[2:]] if len(box) == 4 else [self.width, self.height]
        if all(sides):
            self.ratio = (sides[0] or 1) / (sides[1] or 1)

    def _attribute(self, element: str, name: str, value: str) -> None:
        if name.lower().startswith("on"):
            self.active.append((f"an attribute {name}", f"{name}={value[:80]!r}"))
        elif _SCRIPT.match(value) and (name in ("href", "src", "action") or name in _ANIMATES):
            self.active.append(("a URL that is a script", f"{name}={value[:80]!r}"))
        elif name in ("href", "src") and element != "a":
            self._loads(value)
        else:
            self._css(value)

    def _loads(self, reference: str) -> None:
        reference = reference.strip()
        if reference and not reference.startswith("#") and not _RASTER.match(reference):
            self.outside.append(("a reference elsewhere", reference[:80]))

    def _css(self, text: str) -> None:
        for found in _URL.finditer(text):
            self._loads(found[1] or found[2] or "")

    def _text(self, text: str) -> None:
        if self._style is not None:
            self._style.append(text)

    def _ended(self, whole: str) -> None:
        self._depth -= 1
        if self._style is not None and whole.rpartition(" ")[2] == "style":
            self._css("".join(self._style))
            self._style = None


class _EndedEarly(Exception):
    """What was found is enough; nothing more is to be read."""


def _pixels(text: str) -> float | None:
    found = _LENGTH.fullmatch(text)
    return float(found[1]) if found else None
