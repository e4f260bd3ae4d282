"""Diddo's QR codes, on a running sandbox."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tillspec.sandbox import ids
from tillspec.sandbox.surfaces import diddo_carts, diddo_qr

from .conftest import Running
from .test_diddo import NOBODY, begin, template, told
from .test_qr import decoded


def test_a_code_opens_the_hosted_checkout_of_its_cart(sandbox: Running) -> None:
    cart = template(sandbox)
    url = f"{sandbox.url}/pay?cart_id={cart}"
    with sandbox.diddo() as http:
        for path, size, kind in (
            ("qr", 300, "image/png"),
            ("qr?size=128", 128, "image/png"),
            ("qr.png?size=1024", 1024, "image/png"),
            ("qr.svg?size=129", 129, "image/svg+xml"),
        ):
            answer = http.get(f"/checkout/{cart}/{path}", headers={"Accept": "text/html"})
            assert answer.headers["content-type"] == kind
            assert answer.headers["cache-control"] == "private, max-age=3600"
            assert decoded(answer.content) == url
            if kind == "image/png":
                assert Image.open(io.BytesIO(answer.content)).size == (size, size)


def test_accept_chooses_the_format(sandbox: Running) -> None:
    path = f"/checkout/{template(sandbox)}/qr"
    svg = ("image/svg+xml", "image/svg+xml, image/png;q=0.5", "text/html, image/svg+xml;q=0.1")
    with sandbox.diddo() as http:
        for accept in (*svg, "*/*", "image/*", "text/html", "image/png, image/svg+xml"):
            answer = http.get(path, headers={"Accept": accept})
            assert answer.headers["content-type"] == ("image/svg+xml" if accept in svg else "image/png"), accept
            assert answer.headers["vary"] == "Accept"


def test_ids_in_any_writing_are_the_same_cart(sandbox: Running) -> None:
    cart = template(sandbox)
    number = sum("0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(each) * 32**place for place, each in enumerate(reversed(cart)))
    as_uuid = str(uuid.UUID(int=number))
    with sandbox.diddo() as http:
        answers = [http.get(f"/checkout/{one}/qr.png") for one in (cart, cart.lower(), as_uuid, as_uuid.upper())]
        assert len({(answer.status_code, answer.content, answer.headers["etag"]) for answer in answers}) == 1
        assert begin(http, as_uuid)["template_cart_id"] == cart


@given(st.integers(0, 2**128 - 1))
def test_a_uuid_and_its_ulid_are_the_same_id(number: int) -> None:
    made = diddo_carts.ulid(str(uuid.UUID(int=number)))
    assert made == ids.ulid_of(number >> 80, (number % 2**80).to_bytes(10)) == diddo_carts.ulid(made.lower())


def test_who_holds_the_image_is_told_so(sandbox: Running) -> None:
    path = f"/checkout/{template(sandbox)}"
    with sandbox.diddo() as http:
        first = http.get(f"{path}/qr")
        tag = first.headers["etag"]
        sandbox.advance(timedelta(days=365))
        for held in (tag, f"W/{tag}", f'"other", {tag}', f'"a,b",W/{tag} , "c"', "*"):
            answer = http.get(f"{path}/qr", headers={"If-None-Match": held})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag), held
            assert (answer.headers["cache-control"], answer.headers["vary"]) == (first.headers["cache-control"], "Accept")
        for held in ('"other"', tag.strip('"'), f'"{tag[1:-2]}"'):
            assert http.get(f"{path}/qr", headers={"If-None-Match": held}).status_code == 200, held
        assert http.get(f"{path}/qr.png", headers={"If-None-Match": tag}).status_code == 304
        assert http.get(f"{path}/qr.svg", headers={"If-None-Match": tag}).status_code == 200
        assert http.get(f"{path}/qr?size=301", headers={"If-None-Match": tag}).status_code == 200
        assert http.get(f"/checkout/{template(sandbox, 1)}/qr", headers={"If-None-Match": tag}).status_code == 200
        assert told(http.get(f"/checkout/{NOBODY}/qr", headers={"If-None-Match": "*"})) == (404, "CART_NOT_FOUND")


@given(st.lists(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'), max_size=8), max_size=4))
def test_a_tag_is_found_among_others(others: list[str]) -> None:
    listed = ", ".join(f'"{one}"' for one in others)
    assert diddo_qr.holds(listed, '"mine"') == ("mine" in others)
    assert diddo_qr.holds(f'{listed}{", " if listed else ""}W/"mine"', '"mine"')
