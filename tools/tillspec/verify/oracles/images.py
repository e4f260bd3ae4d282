"""Any answer with images: they are what they are said to be, do nothing but show, and hold the codes that are declared."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any
from urllib.parse import unquote

from tillspec.api.behavior import encoding
from tillspec.pointer import Pointer, join
from tillspec.prove.patterns import NoPattern, matches
from tillspec.runtime import media
from tillspec.runtime.behavior import Encodes
from tillspec.runtime.texts import write
from tillspec.verify.checks import Kind
from tillspec.verify.contract import ParameterForm, Target
from tillspec.verify.decoding import pictures
from tillspec.verify.decoding.pictures import BadImage, Picture
from tillspec.verify.decoding.svg import Svg
from tillspec.verify.exchange import NOTHING, Answer, Exchange
from tillspec.verify.expressions import evaluate
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, passed, shown

_DATA = "data:image/"
_QR = re.compile(r"(?<![a-z])qr(?![a-z])|qr[-_ ]?code", re.I)
_PIXELS = re.compile(r"\b(?:pixels?|px)\b", re.I)
_SIDES = {
    **dict.fromkeys(("size", "side", "px", "pixels"), "side"),
    "width": "width",
    "w": "width",
    "height": "height",
    "h": "height",
}
_TOKEN = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHORTEST = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """An image in an answer: its bytes, the clause that it is about, and what it is to encode. `guessed` is whether the contract
    only names it a QR code, and declares nothing.
    """

    media_type: str
    data: bytes
    pointer: Pointer
    encodes: Encodes | None = None
    guessed: bool = False

    @property
    def severity(self) -> Severity:
        return Severity.SHOULD if self.guessed else Severity.MUST


def images(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    """Look at every image of an answer."""
    for one in shown_in(run, target, exchange):
        if isinstance(one, Told):
            yield one
        elif (package := pictures.missing()) is not None:
            reason = f"{package} is not installed, without which images cannot be looked at"
            run.skip(target, Kind.IMAGES, reason, "pip install 'tillspec[verify]'")
            return
        elif pictures.is_known(one.media_type):
            yield from _looked_at(run, target, exchange, one)


def shown_in(run: Run, target: Target, exchange: Exchange) -> Iterator[Shown | Told]:
    """The images of a success; where a value is declared to be one and is none, a finding."""
    answer, call = exchange.answer, exchange.call
    declared = target.response(answer.status)
    if not answer.succeeded or call.raw is not None or call.method != target.method or declared is None:
        return
    if answer.media_type.startswith("image/"):
        at, response = run.contract.resolved(target.response_pointer(declared))
        found = media.find(response.get("content") or {}, answer.header("content-type") or "")
        if found is not None:
            at = join(at, "content", found[0])
            encodes = encoding(run.contract.resolved(at)[1].get("x-behavior"))
            yield _shown(answer.media_type, answer.body, at, encodes, guessed=names_code(target))
        return
    pointer = run.contract.response_schema(target, declared, answer.header("content-type") or "")
    if pointer is not None and answer.value is not NOTHING:
        if run.declared.reaches(pointer, "encodes"):
            yield from _declared(run, pointer, answer)
        if _DATA.encode() in answer.body:
            yield from _others(run, pointer, answer)


def names_code(target: Target) -> bool:
    """Whether a reader takes what an operation answers for a QR code."""
    operation = target.operation
    return any(
        _QR.search(text or "") for text in (target.path, re.sub(r"(?<=[a-z])(?=[A-Z])", " ", target.id), operation.summary)
    )


def _shown(media_type: str, data: bytes, pointer: Pointer, encodes: Encodes | None, *, guessed: bool) -> Shown:
    if encodes is not None:
        return Shown(media_type, data, join(pointer, "x-behavior", "encodes"), encodes)
    return Shown(media_type, data, pointer, Encodes(carrier="qr", secret=True) if guessed else None, guessed)


# -- in JSON -------------------------------------------------------------------------------------------------------------


def _declared(run: Run, pointer: Pointer, answer: Answer) -> Iterator[Shown | Told]:
    """The values that are declared to be codes."""
    for part in run.declared.parts(pointer, "response", answer.value):
        encodes = part.property.encodes if part.property else None
        if encodes is None or encodes.carrier != "qr" or not isinstance(part.value, str):
            continue
        try:
            yield Shown(*_of_text(part.value), join(part.pointer, "x-behavior", "encodes"), encodes)
        except BadImage as error:
            what = "a value that is to be a code is no image"
            yield Told("image-valid", what, part.pointer, "a data URI, an SVG, or base64", str(error), "value")


def _others(run: Run, pointer: Pointer, answer: Answer) -> Iterator[Shown | Told]:
    """Data URIs of which nothing is declared; but for those that the answer may repeat from a request."""
    known = run.declared.names_of_requests()
    for path, text in _data_uris(answer.value, ()):
        if not any(str(key) in known for key in path):
            try:
                yield Shown(*pictures.of_data_uri(text), pointer)
            except BadImage as error:
                yield Told("image-valid", "a data URI of an image cannot be read", pointer, "RFC 2397", str(error), "value")


def _data_uris(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str) and value.startswith(_DATA):
        yield path, value
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _data_uris(item, (*path, key))


def _of_text(text: str) -> tuple[str, bytes]:
    """An image that a JSON string holds."""
    if text.startswith("data:"):
        return pictures.of_data_uri(text)
    if text.lstrip().startswith("<"):
        return pictures.SVG, text.encode()
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise BadImage(shown(text, 60)) from None
    return ("image/png" if data.startswith(b"\x89PNG") else "image/jpeg"), data


# -- looking -------------------------------------------------------------------------------------------------------------


def _looked_at(run: Run, target: Target, exchange: Exchange, one: Shown) -> Iterator[Told]:
    try:
        picture = pictures.seen(one.media_type, one.data)
    except BadImage as error:
        yield Told("image-valid", f"an image is no {one.media_type}", one.pointer, one.media_type, str(error), one.media_type)
        return
    yield passed("image-valid")
    yield from _size(run, target, exchange, one, picture)
    if one.media_type == pictures.SVG:
        document = Svg.of(one.data)
        yield from _inert(one, document)
        if document.active or document.outside:
            return
    if one.encodes is not None:
        yield from _code(run, exchange, one, picture)


def _inert(one: Shown, document: Svg) -> Iterator[Told]:
    """Nothing in an SVG runs; where it is a code, nothing is loaded from elsewhere either."""
    for what, part in document.active[:1]:
        yield Told("svg-inert", f"an SVG has {what}", one.pointer, "shapes alone", part, "active")
    for what, part in document.outside[:1]:
        severity = Severity.MUST if one.encodes is not None and not one.guessed else Severity.SHOULD
        yield Told("svg-inert", f"an SVG has {what}", one.pointer, "nothing from elsewhere", part, "outside", severity)
    if not document.active and not document.outside:
        yield passed("svg-inert")


def _code(run: Run, exchange: Exchange, one: Shown, picture: Picture) -> Iterator[Told]:
    texts = sorted(set(picture.codes))
    if len(texts) != 1:
        what = "no QR code can be read" if not texts else "there is more than one QR code"
        severity = one.severity if picture.can_hold_code else Severity.SHOULD
        yield Told("image-encodes", what, one.pointer, "one QR code", shown(texts), what, severity)
        return
    wrong = list(_wrong(run, exchange, one, texts[0]))
    yield from wrong or [passed("image-encodes")]


def _wrong(run: Run, exchange: Exchange, one: Shown, text: str) -> Iterator[Told]:
    """What a code says and should not, or should and does not say."""
    encodes = one.encodes
    assert encodes is not None
    wanted = evaluate(encodes.text, exchange) if encodes.text is not None else NOTHING
    if wanted is not NOTHING and text != wanted:
        yield Told("image-encodes", "a QR code says another text", join(one.pointer, "text"), shown(wanted), shown(text), "text")
    if encodes.pattern is not None and not _matches(encodes.pattern, text):
        what, pointer = "the text of a QR code matches not its pattern", join(one.pointer, "pattern")
        yield Told("image-encodes", what, pointer, encodes.pattern, shown(text), "pattern")
    for index, expression in enumerate(encodes.contains):
        value = evaluate(expression, exchange)
        if value is not NOTHING and not _holds(f"{text}\n{unquote(text)}", _written(value)):
            pointer = join(one.pointer, "contains", index)
            yield Told("image-encodes", f"a QR code has no {expression} in it", pointer, shown(value), shown(text), expression)
    if not encodes.secret and (name := _secret_in(run, text)) is not None:
        yield Told("image-encodes", "a QR code has a secret in it", one.pointer, "nothing secret", name, "secret")


def _holds(text: str, value: str) -> bool:
    """Whether a value stands in a text; of an identifier that has several notations, in any of them."""
    if value in text:
        return True
    number = _number(value)
    return number is not None and any(_number(word) == number for word in re.findall(r"[0-9A-Za-z-]{26,36}", text))


def _number(text: str) -> int | None:
    """The number that a UUID (RFC 9562) or an ULID stands for."""
    plain = text.replace("-", "").upper()
    if re.fullmatch(r"[0-9A-F]{32}", plain):
        return int(plain, 16)
    if re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", plain):
        return reduce(lambda whole, char: whole * 32 + _CROCKFORD.index(char), plain, 0)
    return None


def _written(value: Any) -> str:
    return value if isinstance(value, str) else write(value)


def _matches(pattern: str, text: str) -> bool:
    try:
        return matches(pattern, text)
    except NoPattern:
        return True


def _secret_in(run: Run, text: str) -> str | None:
    plain = f"{text}\n{unquote(text)}"
    found = next((name for secret, name in run.credentials.secrets.items() if len(secret) >= _SHORTEST and secret in plain), None)
    return found or ("a JSON Web Token" if _TOKEN.search(plain) else None)


# -- sizes ---------------------------------------------------------------------------------------------------------------


def size_parameters(target: Target) -> Iterator[tuple[ParameterForm, str]]:
    """The parameters that ask for a size in pixels, each with the side that it is about."""
    for form in target.parameters:
        side = _SIDES.get(form.name.lower())
        if (
            side is not None
            and form.location == "query"
            and isinstance(form.schema, dict)
            and form.schema.get("type") == "integer"
        ):
            yield form, side


def _size(run: Run, target: Target, exchange: Exchange, one: Shown, picture: Picture) -> Iterator[Told]:
    """An image has the size that was asked for, or the default one."""
    for form, side in size_parameters(target):
        text = evaluate(f"$request.query.{form.name}", exchange)
        assert isinstance(form.schema, dict)
        asked = form.schema.get("default") if text is NOTHING else int(text) if re.fullmatch(r"\d{1,6}", str(text)) else None
        if not isinstance(asked, int) or not run.contract.judge.is_valid(form.schema, asked):
            continue
        sides = {"width": picture.width, "height": picture.height, "side": max(picture.width or 0, picture.height or 0) or None}
        if (got := sides[side]) is None:
            continue
        if got == asked:
            yield passed("image-size")
            continue
        severity = Severity.MUST if _PIXELS.search(form.model.description) else Severity.SHOULD
        yield Told(
            "image-size", f"an image is not as large as {form.name} says", form.pointer, f"{asked} pixels",
            f"{picture.width:g} x {picture.height or 0:g}", one.media_type, severity,
        )  # fmt: skip
