"""Images are opened, SVGs are read for what is active, and QR codes say what is declared of them, in every form and size."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import segno
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillspec.verify.contract import Contract
from tillspec.verify.decoding import pictures
from tillspec.verify.decoding.pictures import BadImage, of_data_uri, seen
from tillspec.verify.decoding.svg import NoSvg, Svg
from tillspec.verify.probes.images import images

from . import support

KEY = "key-3fe99b14-22e6"
ID = "019bb153-8740-d8f1-91b7-584a2265b1f5"
ULID = "01KERN71T0V3RS3DTR98H6BCFN"
CARTS = f"""
    openapi: 3.1.0
    info: {{title: Carts, version: '1'}}
    security: [{{Key: []}}]
    paths:
      /carts/{{id}}/qr:
        parameters: [{{name: id, in: path, required: true, schema: {{type: string}}, example: {ID}}}]
        get:
          operationId: getQr
          x-behavior: {{reads: Cart, identifies: $request.path.id}}
          parameters:
            - name: size
              in: query
              description: The side in pixels.
              schema: {{type: integer, minimum: 100, maximum: 400, default: 200}}
          responses:
            '200':
              description: The code.
              content:
                image/png:
                  schema: {{}}
                  x-behavior: {{encodes: {{as: qr, pattern: '^https://', contains: [$request.path.id]}}}}
                image/svg+xml:
                  schema: {{type: string}}
                  x-behavior: {{encodes: {{as: qr, pattern: '^https://', contains: [$request.path.id]}}}}
      /carts/{{id}}:
        parameters: [{{name: id, in: path, required: true, schema: {{type: string}}, example: {ID}}}]
        get:
          operationId: getCart
          responses:
            '200':
              description: The cart.
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      url: {{type: string}}
                      logo: {{type: string}}
                      code: {{type: string, x-behavior: {{encodes: {{as: qr, text: $response.body#/url}}}}}}
    components:
      securitySchemes: {{Key: {{type: apiKey, in: header, name: X-Api-Key, x-behavior: {{secret: {{}}}}}}}}
      schemas:
        Cart:
          type: object
          x-behavior: {{object: Cart, id: /id, owner: credential}}
          properties: {{id: {{type: string}}}}
"""
PROFILE = f'tenants.first.credentials.Key = "{KEY}"'


def png(text: str, size: int = 200) -> bytes:
    """A code as a PNG of an exact size, on white."""
    from PIL import Image

    out = io.BytesIO()
    code = segno.make_qr(text)
    code.save(out, kind="png", scale=max(size // code.symbol_size()[0], 1), border=4)
    with Image.open(io.BytesIO(out.getvalue())) as drawn:
        whole = Image.new("L", (size, size), 255)
        whole.paste(drawn.convert("L"), (0, 0))
    out = io.BytesIO()
    whole.save(out, "PNG")
    return out.getvalue()


def svg(text: str, size: int = 200, inside: str = "", before: str = "", attributes: str = "") -> bytes:
    out = io.BytesIO()
    code = segno.make_qr(text)
    side = code.symbol_size()[0]
    code.save(out, kind="svg", xmldecl=False, svgns=False, nl=False, omitsize=True, light="#fff")
    inner = out.getvalue().decode().partition(">")[2].removesuffix("</svg>")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {side} {side}" {attributes}>'
    return f"{before}{head}{inner}{inside}</svg>".encode()


def uri(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


Drawn = Callable[[str, str, int], bytes]
"""Media type, id and size, to an image."""


def good(media_type: str, identifier: str, size: int) -> bytes:
    text = f"https://pay.example/?cart={identifier}"
    return svg(text, size) if media_type == "image/svg+xml" else png(text, size)


def app(draw: Drawn = good, cart: dict[str, Any] | None = None) -> Starlette:
    def code(request: Request) -> Response:
        media_type = "image/svg+xml" if "svg" in request.headers.get("accept", "") else "image/png"
        size = int(request.query_params.get("size", "200"))
        return Response(draw(media_type, request.path_params["id"], size), media_type=media_type)

    def whole(request: Request) -> Response:
        url = "https://pay.example/c/1"
        return JSONResponse(cart if cart is not None else {"url": url, "code": uri(png(url))})

    return Starlette(routes=[Route("/carts/{id}/qr", code), Route("/carts/{id}", whole)])


@pytest.fixture(scope="module")
def carts(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return support.contract(tmp_path_factory.mktemp("carts"), CARTS)


def found(contract: Contract, server: Starlette) -> support.Verified:
    with support.serving(server) as url:
        return support.verified(contract, url, PROFILE, probes=(images,))


def test_a_server_that_keeps_it_has_no_findings(carts: Contract) -> None:
    made = found(carts, app())
    assert made.findings == [], str(made)
    for check in ("image-valid", "image-encodes", "image-same", "svg-inert", "image-size"):
        assert made.passed(check), f"{check}\n{made}"


def _of(media_type: str, draw: Drawn) -> Drawn:
    """A server that is wrong in one media type alone."""
    return lambda kind, identifier, size: draw(kind, identifier, size) if kind == media_type else good(kind, identifier, size)


PNG, SVG = "image/png", "image/svg+xml"
URL = "https://pay.example/?cart="


@pytest.mark.parametrize(
    ("draw", "check", "what"),
    [
        (_of(PNG, lambda *_: b'{"code": "none"}'), "image-valid", "no image/png: it begins with"),
        (_of(PNG, lambda _, one, size: good(PNG, one, size)[:-60]), "image-valid", "broken"),
        (_of(PNG, lambda _, one, size: good(SVG, one, size)), "image-valid", "no image/png"),
        (_of(PNG, lambda _, one, size: png(f"{URL}other", size)), "image-encodes", "https://pay.example/?cart=other"),
        (_of(PNG, lambda _, one, size: png(f"http://pay.example/?cart={one}", size)), "image-encodes", "http://"),
        (_of(PNG, lambda _, one, size: png(f"{URL}{one}&key={KEY}", size)), "image-encodes", "FIRST_KEY"),
        (_of(PNG, lambda _, one, size: png(f"{URL}{one}#t=eyJhbGciOiJub25lIn0.eyJhIjoxfQ.x", size)), "image-encodes", "Token"),
        (_of(SVG, lambda _, one, size: svg(f"{URL}{one}&svg=1", size)), "image-same", "svg=1"),
        (_of(PNG, lambda _, one, size: good(PNG, one, 256)), "image-size", "256 x 256"),
        (_of(SVG, lambda _, one, size: good(SVG, one, 33)), "image-size", "33 x 33"),
        (_of(SVG, lambda _, one, size: b"<svg><path/></svg>"), "image-valid", "no namespace"),
        (_of(SVG, lambda _, one, size: good(SVG, one, size)[:-10]), "image-valid", "no well-formed XML"),
        (_of(SVG, lambda _, one, size: svg(URL + one, size, "<script>alert(1)</script>")), "svg-inert", "<script>"),
        (_of(SVG, lambda _, one, size: svg(URL + one, size, attributes='onload="x()"')), "svg-inert", "onload"),
        (_of(SVG, lambda _, one, size: svg(URL + one, size, '<image href="https://spy.example/a.png"/>')), "svg-inert", "spy"),
    ],
)
def test_one_broken_thing_is_found(carts: Contract, draw: Drawn, check: str, what: str) -> None:
    made = found(carts, app(draw))
    told = [one for one in made.findings if one.operation == "getQr"]
    assert {one.check for one in told} == {check}, str(made)
    assert {one.severity for one in told if one.check == check} == {"MUST"}, str(made)
    assert any(what in one.observed for one in told if one.check == check), str(made)


def test_an_image_without_a_code_is_found(carts: Contract) -> None:
    from PIL import Image

    def blank(media_type: str, identifier: str, size: int) -> bytes:
        out = io.BytesIO()
        Image.new("L", (size, size), 255).save(out, "PNG")
        return out.getvalue()

    (finding,) = found(carts, app(_of(PNG, blank))).of("image-encodes")
    assert finding.what == "no QR code can be read"


def test_an_id_in_another_notation_is_the_same(carts: Contract) -> None:
    def draw(media_type: str, identifier: str, size: int) -> bytes:
        assert identifier == ID
        return good(media_type, ULID, size)

    assert found(carts, app(draw)).findings == []


CODE = uri(png("https://pay.example/c/1"))


@pytest.mark.parametrize(
    ("cart", "check"),
    [
        ({"url": "https://pay.example/c/2", "code": CODE}, "image-encodes"),
        ({"url": "https://pay.example/c/1", "code": "https://pay.example/c/1"}, "image-valid"),
        ({"url": "https://pay.example/c/1", "code": CODE[:-200]}, "image-valid"),
        ({"logo": uri(b"no image")}, "image-valid"),
        ({"logo": "data:image/png;base64,%%%"}, "image-valid"),
        ({"logo": uri(svg("a", inside='<a href="javascript:x()"/>'), SVG)}, "svg-inert"),
    ],
)
def test_images_in_json_are_looked_at(carts: Contract, cart: dict[str, Any], check: str) -> None:
    assert {one.check for one in found(carts, app(cart=cart)).findings} == {check}


@pytest.mark.parametrize(
    "code",
    [
        uri(svg("https://pay.example/c/1"), SVG),
        svg("https://pay.example/c/1").decode(),
        base64.b64encode(png("https://pay.example/c/1")).decode(),
    ],
)
def test_a_code_in_json_may_come_in_several_forms(carts: Contract, code: str) -> None:
    made = found(carts, app(cart={"url": "https://pay.example/c/1", "code": code, "logo": uri(png("x"))}))
    assert made.findings == [], str(made)
    assert made.passed("image-encodes")


def test_without_a_library_images_are_not_tested(carts: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures.missing.cache_clear()
    monkeypatch.setattr(pictures, "LIBRARIES", (("no_such_module", "zxing-cpp"),))
    try:
        made = found(carts, app())
    finally:
        pictures.missing.cache_clear()
    assert made.findings == []
    (reason,) = {(one.reason, one.fill) for one in made.untested if one.operation == "getQr"}
    assert reason == ("zxing-cpp is not installed, without which images cannot be looked at", "pip install 'tillspec[verify]'")


GUESSED = """
    openapi: 3.1.0
    info: {title: Codes, version: '1'}
    paths:
      /qr-code:
        get:
          operationId: code
          parameters: [{name: width, in: query, schema: {type: integer, minimum: 100, maximum: 300}}]
          responses: {'200': {description: It., content: {image/png: {schema: {}}}}}
      /logo:
        get: {operationId: logo, responses: {'200': {description: It., content: {image/png: {schema: {}}}}}}
"""


def test_what_no_contract_declares_is_only_a_hint(tmp_path: Path) -> None:
    def blank(request: Request) -> Response:
        from PIL import Image

        out = io.BytesIO()
        Image.new("L", (120, 120), 255).save(out, "PNG")
        return Response(out.getvalue(), media_type="image/png")

    made = found(support.contract(tmp_path, GUESSED), Starlette(routes=[Route("/qr-code", blank), Route("/logo", blank)]))
    assert made.found("MUST") == set(), str(made)
    assert made.found("SHOULD") == {("image-encodes", "code"), ("image-size", "code")}, str(made)


# -- SVG -----------------------------------------------------------------------------------------------------------------

BOMB = (
    '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<svg xmlns="http://www.w3.org/2000/svg"><text>&b;</text></svg>'
)
OUTSIDE = '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&a;</text></svg>'


def _svg(inside: str, attributes: str = "") -> bytes:
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {spaces} {attributes}>{inside}</svg>".encode()


@pytest.mark.parametrize(
    "data",
    [
        BOMB.encode(),
        OUTSIDE.encode(),
        _svg("<script/>"),
        _svg('<script xlink:href="a.js"/>'),
        _svg('<rect onclick="x()"/>'),
        _svg('<rect ONMOUSEOVER="x()"/>'),
        _svg("<foreignObject/>"),
        _svg('<iframe xmlns="http://www.w3.org/1999/xhtml"/>'),
        _svg('<a xlink:href="javascript:x()"/>'),
        _svg('<a href=" java&#10;script:x()"/>'),
        _svg('<a><set attributeName="href" to="javascript:x()"/></a>'),
    ],
)
def test_what_runs_in_an_svg_is_found(data: bytes) -> None:
    assert Svg.of(data).active


@pytest.mark.parametrize(
    "data",
    [
        _svg('<image href="https://spy.example/a.png"/>'),
        _svg('<image xlink:href="//spy.example/a.png"/>'),
        _svg('<image href="file:///etc/passwd"/>'),
        _svg('<use href="other.svg#a"/>'),
        _svg('<use href="data:image/svg+xml,x#a"/>'),
        _svg('<rect style="fill:url(https://spy.example/a)"/>'),
        _svg('<rect fill="url(&quot;//spy.example/a&quot;)"/>'),
        _svg("<style>@import 'https://spy.example/a.css';</style>"),
        _svg("<style>rect { background: URL( https://spy.example/a ) }</style>"),
        b'<?xml-stylesheet href="https://spy.example/a.css"?>' + _svg(""),
    ],
)
def test_what_an_svg_loads_from_elsewhere_is_found(data: bytes) -> None:
    found = Svg.of(data)
    assert found.outside and not found.active


@pytest.mark.parametrize(
    "data",
    [
        _svg('<defs><linearGradient id="g"/></defs><rect fill="url(#g)"/><use xlink:href="#g"/>'),
        _svg('<a href="https://pay.example/"><text>Pay online</text></a>'),
        _svg(f'<image href="{uri(b"x")}"/>'),
        _svg("<style>rect { fill: #fff }</style><title>on it</title>"),
        b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
        + _svg(""),
    ],
)
def test_what_only_shows_is_not_found(data: bytes) -> None:
    found = Svg.of(data)
    assert not found.active and not found.outside


@pytest.mark.parametrize("data", [b"", b"<svg>", b"<html xmlns='http://www.w3.org/1999/xhtml'/>", b"<svg/>", b"\x89PNG"])
def test_what_is_no_svg_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(NoSvg):
        Svg.of(data)


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)


def test_images_that_nobody_needs_are_not_opened() -> None:
    wide = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 100000"><path d="M0 0h1"/></svg>'
    with pytest.raises(BadImage, match="times as wide as high"):
        seen("image/svg+xml", wide.encode())
    side = (100_000).to_bytes(4)
    huge = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", side + side + bytes([1, 0, 0, 0, 0])) + _chunk(b"IDAT", b"")
    with pytest.raises(BadImage, match="pixels"):
        seen("image/png", huge)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data:image/png;base64,AAE=", ("image/png", b"\0\1")),
        ("data:image/svg+xml;charset=utf-8,%3Csvg/%3E", ("image/svg+xml", b"<svg/>")),
        ("data:image/svg+xml;utf8,<svg/>", ("image/svg+xml", b"<svg/>")),
    ],
)
def test_data_uris(text: str, expected: tuple[str, bytes]) -> None:
    assert of_data_uri(text) == expected


@pytest.mark.parametrize("text", ["image/png;base64,AA==", "data:image/png;base64", "data:image/png;base64,*"])
def test_bad_data_uris(text: str) -> None:
    with pytest.raises(BadImage):
        of_data_uri(text)
