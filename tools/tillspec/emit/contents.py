"""Bodies as Python source: how each media type is carried, typed, and told to the runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tillspec.emit.annotations as notation
from tillspec.api import model
from tillspec.api.model import Part, Type
from tillspec.emit.annotations import Types
from tillspec.emit.docstring import literal
from tillspec.runtime.operation import Carrier

_OCTETS = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class ContentView:
    """A body of one media type: the annotation of its Python value, and the source of its runtime `Content`.

    `open` says that the whole text of its media type matters: a range (`image/*`), or raw bytes of a type with a boundary.
    """

    signature: str
    source: str
    open: bool


def media_type(text: str) -> str:
    """A media type as the tables have it: type and subtype in lower case, parameters as they are (RFC 9110, section 8.3.1)."""
    name, semicolon, parameters = text.partition(";")
    return name.strip().lower() + semicolon + parameters


def carrier(media_type: str, type_: Type | None, types: Types) -> Carrier:
    """How a body of a media type is carried: typed as JSON, form, multipart form or text, or as raw bytes."""
    essence = media_type.partition(";")[0].strip().lower()
    if essence in ("application/json", "text/json") or essence.endswith("+json"):
        return "json"
    if type_ is None:
        return "bytes"
    if essence == "application/x-www-form-urlencoded":
        return "form"
    if essence in ("multipart/form-data", "multipart/mixed") and notation.is_object(type_, types):
        return "multipart"
    if essence.startswith("text/") and not essence.endswith("*") and notation.is_scalar(type_, types):
        return "text"
    return "bytes"


def view(declared: model.Content, types: Types) -> ContentView:
    """How a declared body is typed and carried: `bytes` where only its owner can read it."""
    how = carrier(declared.media_type, declared.type, types)
    is_range = "*" in declared.media_type
    if how == "bytes":
        boundary = declared.media_type.strip().lower().startswith("multipart/")
        return ContentView("bytes", "Content(carrier='bytes')", is_range or boundary)
    if how == "text":
        return _text(declared.type, types)
    if declared.type is None:
        return ContentView("Any", f"Content(carrier={literal(how)}, value=Value(Any))", is_range)
    more = [*form(declared.parts, declared.type, types), *_sent(declared)] if how in ("form", "multipart") else []
    arguments = [f"carrier={literal(how)}", f"value=Value({notation.validating(declared.type)})", *more]
    return ContentView(notation.signature(declared.type), f"Content({', '.join(arguments)})", is_range)


def choice(media_types: Sequence[str], views: Sequence[ContentView]) -> str | None:
    """The annotation of a `media_type`: None without a choice, `str` where the whole text of one matters."""
    if any(each.open for each in views):
        return "str"
    return f"Literal[{', '.join(map(literal, media_types))}]" if len(media_types) > 1 else None


def _text(type_: Type | None, types: Types) -> ContentView:
    """A text is read like a parameter; one of which nothing is said is any."""
    if type_ is None or isinstance(type_, model.Any) or type_ == model.Scalar("string"):
        return ContentView("str", "Content(carrier='text')", False)
    shape = notation.text_shape(type_, types)
    told = f", shape={shape}" if shape != "Text()" else ""
    return ContentView(
        notation.signature(type_), f'Content(carrier="text", value=Value({notation.validating(type_)}){told})', False
    )


def document_shape(media_type: str | None, type_: Type, types: Types) -> str:
    """The source of the `Shape` of a parameter or a header, whose text may be a document; JSON needs no telling."""
    if media_type is None:
        return notation.shape(type_, types)
    return "Text()" if carrier(media_type, type_, types) == "json" else notation.text_shape(type_, types)


def form(parts: Sequence[Part], type_: Type, types: Types) -> list[str]:
    """The arguments of a `Content` or a `Parameter` that say how each property of a form is read and written."""
    by_name = {part.name: part for part in parts}
    fields, others = notation.properties_of(type_, types)
    shapes = {name: _shape(by_name.get(name), of, types) for name, of in fields.items()}
    more = _shape(by_name.get(""), others, types) if others is not None else "Text()"
    inside = "{" + ", ".join(f"{literal(name)}: {source}" for name, source in shapes.items()) + "}"
    arguments = [f"shape=Properties({inside}{f', {more}' if more != 'Text()' else ''})"]
    styles = {part.name: (part.style, part.explode) for part in parts if part.style}
    styles = {name: chosen for name, chosen in styles.items() if chosen != ("form", True) or _is_object(fields.get(name), types)}
    return [*arguments, f"styles={literal(styles)}"] if styles else arguments


def _sent(declared: model.Content) -> list[str]:
    """The media types of the texts and documents of a multipart body, where the document names any."""
    if not declared.media_type.strip().lower().startswith("multipart/"):
        return []
    named = {part.name: _sent_as(part) for part in declared.parts if part.carrier != "file" and part.style is None}
    named = {name: text for name, text in named.items() if text}
    return [f"media_types={literal(named)}"] if named else []


def _is_object(type_: Type | None, types: Types) -> bool:
    return type_ is not None and notation.is_object(type_, types)


def _shape(part: Part | None, type_: Type, types: Types) -> str:
    if part is None or part.carrier == "text":
        return notation.shape(type_, types)
    sent = _sent_as(part)
    one = "Document()" if part.carrier == "json" else f"Blob({literal(sent)})" if sent and sent != _OCTETS else "Blob()"
    return f"Items({one})" if notation.array_of(type_, types) else one


def _sent_as(part: Part) -> str | None:
    """The media type that a part is sent as: the first that is no range."""
    return next((name for name in part.media_types if "*" not in name), None)
