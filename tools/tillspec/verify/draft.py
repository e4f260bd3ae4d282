"""A request while it is put together: an operation with the values of its parameters and its body, written when it is sent."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from tillspec.runtime.encoding import encode, encode_form, is_json
from tillspec.runtime.media import essence
from tillspec.runtime.operation import Content, Parameter, Properties, Value
from tillspec.verify.contract import ParameterForm, Target
from tillspec.verify.exchange import NOTHING, Call, Headers
from tillspec.verify.expressions import at, put
from tillspec.verify.relations import Place

_ANYTHING = Value(Any)

Name = tuple[str, str]
"""Location and name of a parameter."""


@dataclass(frozen=True, slots=True)
class Text:
    """A parameter's text as it goes on the wire, whatever its schema says."""

    text: str


class Unwritable(ValueError):
    """A value that the parameter's style, or the header, cannot carry."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A request to an operation. `content` replaces what `body` would be written as; `further` are other headers, and win.

    `credentials` are headers and query pairs; a fresh idempotency key is put in where the operation takes one and none is given,
    unless its parameter is `NOTHING`. `appended` is raw text at the end of the query.
    """

    target: Target
    tenant: str
    parameters: Mapping[Name, Any] = field(default_factory=dict)
    body: Any = NOTHING
    media_type: str | None = None
    content: bytes | None = None
    further: Headers = ()
    credentials: Headers = ()
    query: Headers = ()
    appended: str = ""

    def parameter(self, location: str, name: str, value: Any) -> Draft:
        """The same with another value of a parameter; `NOTHING` leaves it out."""
        parameters = {key: item for key, item in self.parameters.items() if key != (location, name)}
        return replace(self, parameters=parameters if value is NOTHING else {**parameters, (location, name): value})

    def without(self, location: str, name: str) -> Draft:
        """The same without a parameter, an idempotency key too."""
        return replace(self, parameters={**self.parameters, (location, name): NOTHING})

    def at(self, place: Place) -> Any:
        """What stands at a place of the request."""
        source, _, pointer = place.partition("#")
        if source == "$request.body":
            return at(self.body, pointer)
        _, location, name = source.split(".", 2)
        return self.parameters.get((location, name), NOTHING)

    def put(self, place: Place, value: Any) -> Draft:
        """The same with another value at a place."""
        source, _, pointer = place.partition("#")
        if source == "$request.body":
            return replace(self, body=put(self.body, pointer, value))
        _, location, name = source.split(".", 2)
        return self.parameter(location, name, value)

    def with_body(self, value: Any) -> Draft:
        return replace(self, body=value, content=None)

    def with_content(self, content: bytes | None, media_type: str | None = None) -> Draft:
        return replace(self, content=content, body=NOTHING, media_type=media_type or self.media_type)

    def header(self, name: str, value: str) -> Draft:
        """The same with another header beside those of parameters."""
        kept = tuple(pair for pair in self.further if pair[0].lower() != name.lower())
        return replace(self, further=(*kept, (name, value)))

    def call(self, *, key: str | None = None) -> Call:
        """The request as it is sent.

        Raises:
            Unwritable: a value cannot be written.
        """
        path, values = self.target.path, []
        pairs = [f"{quote(name)}={quote(value, safe='')}" for name, value in self.query]
        headers: list[tuple[str, str]] = []
        cookies = []
        for form in self.target.parameters:
            value = self.parameters.get((form.location, form.name), NOTHING)
            if value is NOTHING:
                continue
            text = written(form, value)
            if form.location == "path":
                path = path.replace(f"{{{form.name}}}", text)
                values.append((form.name, value if isinstance(value, str) else text))
            elif form.location in ("query", "querystring"):
                pairs += [text] if text else []
            elif form.location == "header":
                headers.append((form.name, text))
            elif form.location == "cookie":
                cookies.append(text)
        headers += [("Cookie", "; ".join(cookies))] if cookies else []
        content = self._content()
        if content is not None and self.media_type:
            headers.append(("Content-Type", self.media_type))
        present = {name.lower() for name, _ in (*headers, *self.further)}
        name = key_header(self.target)
        if name is not None and name.lower() not in present and ("header", name) not in self.parameters:
            headers.append((name, key or str(uuid.uuid4())))
        taken = {name.lower() for name, _ in self.further}
        headers = [pair for pair in (*headers, *self.credentials) if pair[0].lower() not in taken]
        pairs += [self.appended] if self.appended else []
        target = path + ("?" + "&".join(pairs) if pairs else "")
        return Call(
            self.target.id, self.target.method, target, (*headers, *self.further), content,
            path=tuple(values), value=self.body if self.content is None else _read(self.content), tenant=self.tenant,
        )  # fmt: skip

    def _content(self) -> bytes | None:
        if self.content is not None or self.body is NOTHING:
            return self.content
        media_type = self.media_type or "application/json"
        if essence(media_type) == "application/x-www-form-urlencoded" and isinstance(self.body, dict):
            return encode_form(Content(carrier="form", value=None, shape=Properties({})), self.body).encode()
        if isinstance(self.body, str) and not is_json(media_type):
            return self.body.encode("utf-8", "surrogatepass")
        return json.dumps(self.body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _read(content: bytes) -> Any:
    """The JSON value of a body that was written by hand; `NOTHING` where it is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return NOTHING


def key_header(target: Target) -> str | None:
    """The header of an operation that takes an idempotency key: as declared, or as the IETF draft names it."""
    behavior = target.operation.behavior
    declared = behavior.idempotency if behavior else None
    if declared is not None and not isinstance(declared, str):
        return declared.header
    names = (form.name for form in target.parameters if form.location == "header")
    return next((name for name in names if name.lower().replace("x-", "") == "idempotency-key"), None)


def written(form: ParameterForm, value: Any) -> str:
    """A parameter's text on the wire.

    Raises:
        Unwritable: its style cannot carry the value.
    """
    if isinstance(value, Text):
        return value.text
    model = form.model
    parameter = Parameter(
        name=model.name, keyword="value", location=model.location, value=_ANYTHING, shape=_shape(value),
        style=model.style, explode=model.explode, allow_reserved=model.allow_reserved, media_type=model.media_type,
    )  # fmt: skip
    try:
        text = encode(parameter, value)
    except ValueError as error:
        raise Unwritable(str(error)) from None
    if form.location == "header" and not all(32 <= ord(char) < 127 or char == "\t" for char in text):
        raise Unwritable("a header's value is ASCII here")
    if form.location == "header" and text != text.strip():
        raise Unwritable("spaces around a header's value are not part of it")
    if form.location == "path" and text in ("", ".", ".."):
        raise Unwritable("a path has no such segment")
    return text


def _shape(value: Any) -> Any:
    from tillspec.runtime.operation import Items, Text

    match value:
        case dict():
            return Properties({})
        case list():
            return Items()
    return Text()
