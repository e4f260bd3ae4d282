"""QR: codes that say something else, leak, are active, or are not what was asked for."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

from faults.callers import Callers, merchant
from faults.exchange import Answer, Ask, Asked
from faults.registry import Kind, around, patches

QR = Kind.QR
_ALL = "getDiddoQr getDiddoQrPng getDiddoQrSvg"
_SVG = "getDiddoQrSvg"


def decoded(answer: Any) -> str:
    """What the PNG of an answer says."""
    import zxingcpp
    from PIL import Image

    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.content)).convert("L"))
    return found[0].text if found else ""


def _says(callers: Callers, **given: Any) -> str:
    return decoded(callers.send("getDiddoQrPng", query={"size": 400}, **given))


def _redrawn(text: Callable[[str], str], *kinds: str) -> Any:
    """`image` with another text, in images of these kinds."""

    def image(before: Any, said: str, kind: str, size: int) -> bytes:
        return before(text(said) if kind in kinds else said, kind, size)

    return image


_IMAGE = "tillspec.sandbox.qr:image"


def says(name: str, what: str, text: Callable[[str], str], *, shows: Callable[[str], Any], kinds: str = "png svg") -> None:
    """Registers a fault: a code says another text."""
    of = {"png svg": _ALL, "svg": "getDiddoQr getDiddoQrSvg", "png": "getDiddoQr getDiddoQrPng"}[kinds]
    proof = _svg_differs if kinds == "svg" else lambda callers: bool(shows(_says(callers)))
    patches(name, QR, of, what, _IMAGE, shows=proof)(_redrawn(text, *kinds.split()))


def _svg_differs(callers: Callers) -> bool:
    import resvg_py

    svg = callers.send(_SVG, query={"size": 400}).text
    drawn = resvg_py.svg_to_bytes(svg_string=svg)
    return decoded(type("Drawn", (), {"content": bytes(drawn)})) != _says(callers)


says(
    "diddo-code-of-another-page",
    "A code leads to another site.",
    lambda text: text.replace("/pay?", "/start?").replace("cart_id", "c"),
    shows=lambda text: "cart_id" not in text,
)
says(
    "diddo-code-of-another-cart",
    "A code is that of another cart.",
    lambda text: re.sub("cart_id=.*", "cart_id=" + merchant(0).template_carts[1].id, text),
    shows=lambda text: merchant(0).template_carts[0].id not in text,
)
says("diddo-code-in-lower-case", "The cart's id in a code is in lower case.", lambda text: text.lower(), shows=str.islower)
says(
    "diddo-code-with-a-key",
    "A code has the merchant's key in it.",
    lambda text: f"{text}#{merchant(0).diddo.keys[0].key}",
    shows=lambda text: "dk_test" in text,
)
says(
    "diddo-svg-says-something-else",
    "The SVG of a code says something else than the PNG.",
    lambda text: text.replace("cart_id=", "ref=svg&cart_id="),
    shows=lambda text: "ref" in text,
    kinds="svg",
)
says(
    "diddo-code-of-the-id-alone",
    "The PNG of a code is the cart's id alone, and no URL.",
    lambda text: text.partition("cart_id=")[2],
    shows=lambda text: "://" not in text,
    kinds="png",
)


# -- images ------------------------------------------------------------------------------------------------------------------


def image(name: str, operations: str, what: str, change: Callable[[Answer], None], *, shows: Callable[[Callers], bool]) -> None:
    """Registers a fault: an image that was given is changed."""

    @around(name, QR, operations, what, shows=shows)
    async def changed(asked: Asked, ask: Ask) -> Answer:
        answer = await ask(asked)
        if answer.status == 200 and answer.body:
            change(answer)
        return answer


def _svg(pattern: str, instead: str) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        if b"<svg" in answer.body:
            answer.body = re.sub(pattern, instead, answer.body.decode()).encode()

    return change


def _in_svg(text: str) -> Callable[[Callers], bool]:
    return lambda callers: text in callers.send(_SVG).text


image(
    "diddo-svg-with-a-script",
    _SVG,
    "An SVG has a script in it.",
    _svg("</svg>", "<script>fetch('/')</script></svg>"),
    shows=_in_svg("<script>"),
)
image(
    "diddo-svg-with-a-handler",
    "getDiddoQr getDiddoQrSvg",
    "An SVG has an event handler.",
    _svg("<svg ", '<svg onload="top.location=1" '),
    shows=_in_svg("onload"),
)
image(
    "diddo-svg-with-a-link-outside",
    _SVG,
    "An SVG loads an image of somebody else's.",
    _svg("</svg>", '<image href="https://cdn.example/logo.png" width="9" height="9"/></svg>'),
    shows=_in_svg("cdn.example"),
)
image(
    "diddo-svg-in-a-foreign-object",
    _SVG,
    "An SVG has HTML in it.",
    _svg(
        "</svg>",
        '<foreignObject width="9" height="9"><body xmlns="http://www.w3.org/1999/xhtml">Scan me</body></foreignObject></svg>',
    ),
    shows=_in_svg("foreignObject"),
)


def _cut(answer: Answer) -> None:
    answer.body = answer.body[: len(answer.body) // 2]


image(
    "diddo-png-cut-off",
    "getDiddoQrPng",
    "A PNG ends half-way.",
    _cut,
    shows=lambda callers: b"IEND" not in callers.send("getDiddoQrPng").content,
)


def _resized(by: Callable[[int], int], paint: Callable[[Any], Any] = lambda picture: picture) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        from PIL import Image

        if not answer.body.startswith(b"\x89PNG"):
            return
        picture = paint(Image.open(io.BytesIO(answer.body)).convert("L"))
        size, out = by(picture.width), io.BytesIO()
        picture.resize((size, size), Image.Resampling.NEAREST).save(out, "PNG")
        answer.body = out.getvalue()

    return change


def _width(answer: Any) -> int:
    return int.from_bytes(answer.content[16:20])


image(
    "diddo-png-a-pixel-too-wide",
    "getDiddoQr getDiddoQrPng",
    "A PNG is a pixel wider than was asked for.",
    _resized(lambda width: width + 1),
    shows=lambda callers: _width(callers.send("getDiddoQrPng", query={"size": 200})) == 201,
)
image(
    "diddo-png-unreadable",
    "getDiddoQrPng",
    "A code is dark grey on black, so that no reader makes it out.",
    _resized(lambda width: width, lambda picture: picture.point(lambda value: 0)),
    shows=lambda callers: not _says(callers),
)


def _jpeg(answer: Answer) -> None:
    from PIL import Image

    out = io.BytesIO()
    Image.open(io.BytesIO(answer.body)).convert("L").save(out, "JPEG")
    answer.body = out.getvalue()


image(
    "diddo-png-is-a-jpeg",
    "getDiddoQrPng",
    "What is said to be a PNG is a JPEG.",
    _jpeg,
    shows=lambda callers: callers.send("getDiddoQrPng").content.startswith(b"\xff\xd8"),
)
image(
    "diddo-svg-is-said-to-be-xml",
    _SVG,
    "An SVG is said to be text/xml.",
    lambda answer: answer.put("content-type", "text/xml"),
    shows=lambda callers: callers.send(_SVG).headers["content-type"] == "text/xml",
)


@around(
    "diddo-size-ignored",
    QR,
    "getDiddoQrPng",
    "A code is 300 pixels wide, whatever is asked for.",
    shows=lambda callers: _width(callers.send("getDiddoQrPng", query={"size": 512})) == 300,
)
async def _size(asked: Asked, ask: Ask) -> Answer:
    if re.fullmatch(rb"size=\d+", asked.query) and 128 <= int(asked.query[5:]) <= 1024:
        asked.query = b""
    return await ask(asked)


# -- negotiation and conditions ----------------------------------------------------------------------------------------------


def _accept(callers: Callers, accept: str) -> str:
    return callers.send("getDiddoQr", headers={"Accept": accept}).headers["content-type"]


@around(
    "diddo-accept-ignored",
    QR,
    "getDiddoQr",
    "A code is a PNG, whatever Accept says.",
    shows=lambda callers: _accept(callers, "image/svg+xml") == "image/png",
)
async def _png(asked: Asked, ask: Ask) -> Answer:
    asked.put("accept", "image/png")
    return await ask(asked)


@around(
    "diddo-svg-is-preferred",
    QR,
    "getDiddoQr",
    "A code is an SVG where Accept leaves it open.",
    shows=lambda callers: "svg" in _accept(callers, "*/*"),
)
async def _prefers_svg(asked: Asked, ask: Ask) -> Answer:
    if (asked.header("accept") or "*/*").strip() in ("*/*", "image/*"):
        asked.put("accept", "image/svg+xml")
    return await ask(asked)


@around(
    "diddo-weights-ignored",
    QR,
    "getDiddoQr",
    "The first type in Accept counts, and not the one with the highest weight.",
    shows=lambda callers: _accept(callers, "image/png;q=0.1, image/svg+xml") == "image/png",
)
async def _first(asked: Asked, ask: Ask) -> Answer:
    said = asked.header("accept")
    if said is not None and "image/" in said:
        asked.put("accept", said.partition(",")[0].partition(";")[0])
    return await ask(asked)


def _again(callers: Callers, operation: str, **given: Any) -> Any:
    tag = callers.send(operation).headers.get("etag", "")
    return callers.send(operation, headers={"If-None-Match": tag}, **given)


@around(
    "diddo-never-not-modified",
    QR,
    "getDiddoQrPng getDiddoQrSvg",
    "If-None-Match is ignored.",
    shows=lambda callers: _again(callers, "getDiddoQrPng").status_code == 200,
)
async def _never(asked: Asked, ask: Ask) -> Answer:
    asked.drop("if-none-match")
    return await ask(asked)


@around(
    "diddo-always-not-modified",
    QR,
    "getDiddoQr",
    "Any If-None-Match gets 304.",
    shows=lambda callers: callers.send("getDiddoQr", headers={"If-None-Match": '"other"'}).status_code == 304,
)
async def _always(asked: Asked, ask: Ask) -> Answer:
    if asked.header("if-none-match") is not None:
        asked.put("if-none-match", "*")
    return await ask(asked)


@patches(
    "diddo-tag-of-the-cart-alone",
    QR,
    _ALL,
    "The ETag is the same for every size and format of a code.",
    "tillspec.sandbox.qr:entity_tag",
    shows=lambda callers: _again(callers, "getDiddoQrPng", query={"size": 512}).status_code == 304,
)
def _tag(before: Any, text: str, kind: str, size: int) -> str:
    return before(text, "png", 300)


@around(
    "diddo-tag-without-quotes",
    QR,
    _SVG,
    "The ETag has no quotes.",
    shows=lambda callers: not callers.send(_SVG).headers["etag"].startswith('"'),
)
async def _unquoted(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.header("etag"):
        answer.put("etag", (answer.header("etag") or "").strip('"'))
    return answer


@around(
    "diddo-not-modified-without-its-tag",
    QR,
    "getDiddoQrPng",
    "A 304 has no ETag.",
    shows=lambda callers: "etag" not in _again(callers, "getDiddoQrPng").headers,
)
async def _untagged(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 304:
        answer.drop("etag")
    return answer


@around(
    "diddo-code-without-vary",
    QR,
    "getDiddoQr",
    "The answer does not say that it depends on Accept.",
    shows=lambda callers: "vary" not in callers.send("getDiddoQr").headers,
)
async def _vary(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    answer.drop("vary")
    return answer
