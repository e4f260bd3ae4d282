"""QR codes, read back by a real decoder."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET

import pytest
import resvg_py
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tillspec.sandbox import qr

URL = "http://127.0.0.1:8787/pay?cart_id=01KERN71T0V3RS3DTR98H6BCF0"
SVG = "{http://www.w3.org/2000/svg}"


def opened(drawn: bytes) -> Image.Image:
    """An image in shades of grey; an SVG is drawn as large as it says."""
    data = resvg_py.svg_to_bytes(svg_string=drawn.decode(), background="#808080") if drawn.startswith(b"<svg") else drawn
    return Image.open(io.BytesIO(data)).convert("L")


def decoded(drawn: bytes) -> str:
    (found,) = zxingcpp.read_barcodes(opened(drawn), formats=zxingcpp.BarcodeFormat.QRCode)
    text: str = found.text
    return text


@pytest.mark.parametrize("size", [128, 129, 299, 300, 512, 1023, 1024])
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_an_image_has_its_size_and_says_its_text(kind: qr.Format, size: int) -> None:
    drawn = qr.image(URL, kind, size)
    picture = opened(drawn)
    assert picture.size == (size, size)
    assert set(picture.tobytes()) == {0, 255}, "black and white, with nothing between"
    assert decoded(drawn) == URL


def test_both_formats_are_the_same_picture() -> None:
    assert opened(qr.image(URL, "svg", 301)).tobytes() == opened(qr.image(URL, "png", 301)).tobytes()


@given(st.integers(128, 1024), st.text("abcdefghijklmnopqrstuvwxyz0123456789.-/", min_size=1, max_size=200))
@settings(max_examples=25, deadline=None)
def test_a_module_is_whole_and_the_quiet_zone_four_of_them(size: int, path: str) -> None:
    text = f"https://shop.example/{path}?cart_id=01KERN71T0V3RS3DTR98H6BCF0"
    drawn = qr.image(text, "png", size)
    picture = opened(drawn)
    left, top, right, bottom = picture.point(lambda shade: 255 - shade).getbbox() or (0, 0, 0, 0)
    row = picture.crop((left, top, right, top + 1)).tobytes()
    changes = [x for x in range(1, len(row)) if row[x] != row[x - 1]]
    module = changes[0] // 7  # a finder pattern is seven modules wide
    assert all(x % module == 0 for x in [*changes, right - left, bottom - top])
    assert min(left, top, size - right, size - bottom) >= 4 * module
    assert decoded(drawn) == text


def test_an_svg_stays_sharp_at_any_size() -> None:
    drawn = resvg_py.svg_to_bytes(svg_string=qr.image(URL, "svg", 300).decode(), width=411)
    picture = Image.open(io.BytesIO(drawn)).convert("L")
    assert picture.width == 411 and set(picture.tobytes()) == {0, 255}


def test_an_svg_is_shapes_alone() -> None:
    drawn = qr.image(URL, "svg", 300).decode()
    assert "<!" not in drawn and "<?" not in drawn
    root = ET.fromstring(drawn)
    assert [element.tag for element in root.iter()] == [f"{SVG}svg", f"{SVG}path", f"{SVG}path"]
    assert {name for element in root.iter() for name in element.attrib} == {
        *("width", "height", "viewBox", "shape-rendering", "fill", "d", "transform"),
    }
    assert re.findall(r"https?://[^\"]+", drawn) == ["http://www.w3.org/2000/svg"]


def test_a_tag_names_the_bytes() -> None:
    tags = {qr.entity_tag(text, kind, size) for text in (URL, URL[:-1]) for kind in ("png", "svg") for size in (300, 301)}
    assert len(tags) == 8
    assert qr.entity_tag(URL, "png", 300) == qr.entity_tag(URL, "png", 300)
    assert all(re.fullmatch(r'"qr-[0-9a-f]{16}-(png|svg)-\d+"', tag) for tag in tags)


def test_a_text_too_long_for_the_size_is_told() -> None:
    long = "https://shop.example/" + "a" * 1300
    with pytest.raises(qr.TooSmall) as told:
        qr.image(long, "png", 128)
    assert decoded(qr.image(long, "png", 4 * told.value.least)) == long
    with pytest.raises(qr.TooSmall):
        qr.image(long, "svg", told.value.least - 1)
