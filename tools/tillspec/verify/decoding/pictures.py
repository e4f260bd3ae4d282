"""Images as they are seen: opened, drawn, and the codes on them read. The libraries for it come with `tillspec[verify]`."""

from __future__ import annotations

import base64
import binascii
import importlib.util
import io
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from tillspec.runtime.media import essence, parameter
from tillspec.verify.decoding.svg import NoSvg, Svg

if TYPE_CHECKING:
    from PIL.Image import Image

SVG = "image/svg+xml"
LIBRARIES = (("PIL", "pillow"), ("resvg_py", "resvg-py"), ("zxingcpp", "zxing-cpp"))
_FORMATS = {
    "image/png": "PNG", "image/apng": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP", "image/bmp": "BMP",
    "image/tiff": "TIFF",
}  # fmt: skip
_ENCODING = re.compile(rb"""^[^>]*\sencoding=["']([\w.-]+)""")
_MOST_STRETCHED = 20
_MOST_PIXELS = 40_000_000
_DRAWN = 600
"""The width in pixels that an SVG is drawn with, and that small images are brought to, before codes are looked for."""
_LEAST_WITH_CODE = 29
"""The least width in pixels of a QR code with its quiet zone (ISO/IEC 18004, version 1)."""


class BadImage(ValueError):
    """Bytes that are no image of their media type."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image: its size in pixels, None where it does not say, and the texts of the QR codes on it."""

    width: float | None
    height: float | None
    codes: tuple[str, ...] = ()

    @property
    def can_hold_code(self) -> bool:
        """Whether there is room for a QR code at all."""
        return self.width is None or self.width >= _LEAST_WITH_CODE


@cache
def missing() -> str | None:
    """The package of a library that is not installed; None where all are."""
    return next((package for module, package in LIBRARIES if importlib.util.find_spec(module) is None), None)


def is_known(media_type: str) -> bool:
    """Whether images of a media type can be opened here."""
    return media_type == SVG or media_type in _FORMATS


@lru_cache(maxsize=256)
def seen(media_type: str, data: bytes) -> Picture:
    """An image as it is seen.

    Args:
        media_type: one that `is_known`, without parameters.
        data: its bytes. An SVG that loads something from elsewhere is not drawn, and so has no codes.

    Raises:
        BadImage: it is none of that type, is broken, or of more pixels than anybody needs.
    """
    if media_type == SVG:
        return _seen_svg(data)
    from PIL import Image

    Image.init()
    try:
        with Image.open(io.BytesIO(data), formats=[_FORMATS[media_type]]) as whole:
            if whole.width * whole.height > _MOST_PIXELS:
                raise BadImage(f"{whole.width} x {whole.height} pixels")
            whole.load()
            width, height = whole.size
            return Picture(width, height, _codes(_grey(whole)))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadImage(_told(error, media_type, data)) from None


def _told(error: Exception, media_type: str, data: bytes) -> str:
    if isinstance(error, BadImage):
        return str(error)
    if type(error).__name__ == "UnidentifiedImageError":
        return f"no {media_type}: it begins with {data[:12]!r}"
    return f"broken: {error}"


def _seen_svg(data: bytes) -> Picture:
    import resvg_py
    from PIL import Image

    try:
        document = Svg.of(data)
    except NoSvg as error:
        raise BadImage(str(error)) from None
    if document.active or document.outside:
        return Picture(document.width, document.height)
    if not 1 / _MOST_STRETCHED < document.ratio < _MOST_STRETCHED:
        raise BadImage(f"{document.ratio:g} times as wide as high")
    try:
        text = _text(data)
        drawn = resvg_py.svg_to_bytes(svg_string=text, width=_DRAWN, background="#ffffff", skip_system_fonts=True)
    except (ValueError, LookupError) as error:
        raise BadImage(f"cannot be drawn: {error}") from None
    with Image.open(io.BytesIO(drawn)) as whole:
        return Picture(document.width, document.height, _codes(whole.convert("L")))


def _text(data: bytes) -> str:
    """The text of an XML document, in the encoding that it declares (UTF-8 where it declares none)."""
    found = _ENCODING.search(data[:200])
    return data.decode(found[1].decode() if found else "utf-8-sig").removeprefix("\ufeff")


def _grey(image: Image) -> Image:
    """An image in shades of grey, on white, large enough for its codes to be read."""
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        shown = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown)
    grey = image.convert("L")
    times = -(-_DRAWN // 2 // max(grey.width, 1))
    return grey if times <= 1 else grey.resize((grey.width * times, grey.height * times), Image.Resampling.NEAREST)


def _codes(image: Image) -> tuple[str, ...]:
    import zxingcpp

    found = zxingcpp.read_barcodes(
        image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode), text_mode=zxingcpp.TextMode.Plain
    )
    return tuple(code.text for code in found)


def of_data_uri(text: str) -> tuple[str, bytes]:
    """Media type and bytes of a `data:` URI (RFC 2397).

    Raises:
        BadImage: it is none.
    """
    head, comma, data = text.removeprefix("data:").partition(",")
    if not text.startswith("data:") or not comma:
        raise BadImage("no data URI")
    plain = unquote_to_bytes(data)
    if head.rpartition(";")[2].strip().lower() == "base64":
        try:
            plain = base64.b64decode(plain, validate=True)
        except binascii.Error as error:
            raise BadImage(f"its base64 is broken: {error}") from None
    charset = parameter(head, "charset")
    if charset is not None and charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise BadImage(f"its charset is {charset}")
    return essence(head), plain
