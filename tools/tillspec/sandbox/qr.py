"""QR codes (ISO/IEC 18004) as images of an exact size, which stay sharp: a module is a whole number of pixels.

Such a code seldom fills a square of so many pixels, so what is left over is added to the quiet zone, which is four modules at
least. Stretching the modules over it instead would make some of them wider than others, and blur their edges.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal

Format = Literal["png", "svg"]

_QUIET: Final = 4
"""The width of the quiet zone in modules (ISO/IEC 18004, section 6.3.8)."""

_FORM: Final = 1
"""To be raised with each change of what is drawn: whoever holds an older image is told so."""


class TooSmall(ValueError):
    """An image of so few pixels cannot hold the text; `least` pixels can."""

    def __init__(self, least: int) -> None:
        super().__init__(f"must be at least {least} for what this code says")
        self.least = least


def entity_tag(text: str, kind: Format, size: int) -> str:
    """Names the bytes of an image (RFC 9110, section 8.8.3), without drawing it."""
    import segno

    drawn = "\0".join((str(_FORM), segno.__version__, zlib.ZLIB_RUNTIME_VERSION, text))
    return f'"qr-{hashlib.sha256(drawn.encode()).hexdigest()[:16]}-{kind}-{size}"'


@lru_cache(maxsize=128)
def image(text: str, kind: Format, size: int) -> bytes:
    """A code that says a text, as a PNG or an SVG of `size` by `size` pixels, the quiet zone included. The latest are kept.

    Raises:
        TooSmall: the code has more modules than the image has pixels.
    """
    modules = _modules(text)
    count = len(modules) + 2 * _QUIET
    if size < count:
        raise TooSmall(count)
    scale = size // count
    before = (size - len(modules) * scale) // 2
    return _png(modules, size, scale, before) if kind == "png" else _svg(modules, size, scale, before)


def _modules(text: str) -> Sequence[Sequence[int]]:
    """Rows of modules, 1 for dark. Error correction is M at least: 15 % of a code that hangs on a wall may be lost."""
    import segno

    found: Sequence[Sequence[int]] = segno.make_qr(text, error="m").matrix
    return found


def _png(modules: Sequence[Sequence[int]], size: int, scale: int, before: int) -> bytes:
    """One bit a pixel, in which 1 is white (PNG, third edition)."""
    white = _scanline("1" * size)
    after = size - before - len(modules) * scale
    rows = [white * before]
    for row in modules:
        middle = "".join(("0" if dark else "1") * scale for dark in row)
        rows.append(_scanline("1" * before + middle + "1" * after) * scale)
    rows.append(white * after)
    header = struct.pack(">2I5B", size, size, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _scanline(bits: str) -> bytes:
    """A row of pixels, unfiltered."""
    width = -(-len(bits) // 8)
    return b"\0" + int(bits.ljust(width * 8, "0"), 2).to_bytes(width)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _svg(modules: Sequence[Sequence[int]], size: int, scale: int, before: int) -> bytes:
    """Two shapes and nothing else: no script, no style, no reference to anything."""
    dark = "".join(f"M{x} {y}h{width}v1h-{width}z" for x, y, width in _runs(modules))
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {size} {size}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path transform="translate({before} {before}) scale({scale})" d="{dark}"/></svg>\n'
    )
    return drawn.encode("ascii")


def _runs(modules: Sequence[Sequence[int]]) -> Iterator[tuple[int, int, int]]:
    """Dark modules side by side: the first one's column and row, and how many they are."""
    for y, row in enumerate(modules):
        start = None
        for x, dark in enumerate((*row, 0)):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                yield start, y, x - start
                start = None
