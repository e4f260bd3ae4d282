"""Pages and anchors have names that stay, that no system refuses, and that lead out of nothing."""

from __future__ import annotations

import posixpath
import re

from hypothesis import given
from hypothesis import strategies as st

from tillspec.docs.address import fragment, relative, slug, slugs


@given(st.text(max_size=120))
def test_a_slug_is_a_name_of_a_file(name: str) -> None:
    made = slug(name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", made)
    assert len(made) <= 100
    assert slug(name) == made


@given(
    st.lists(
        st.text(max_size=12) | st.sampled_from(["getFoo", "get_foo", "GetFoo", "get foo", "..", "/", "con", "index"]), unique=True
    )
)
def test_no_two_names_share_a_page(names: list[str]) -> None:
    made = slugs(names)
    assert len(set(made.values())) == len(names)


def test_slugs() -> None:
    assert slug("createVinrSession") == "create-vinr-session"
    assert slug("getQRCode") == "get-qr-code"
    assert slug("../../etc/passwd") == "etc-passwd"
    assert slug("con").startswith("con-")
    assert slugs(["getFoo", "get_foo"])["getFoo"] == "get-foo"
    assert slugs(["get_foo", "getFoo"])["get_foo"] == "get-foo"


@given(st.text(max_size=40))
def test_a_fragment_has_no_space_and_no_quote(anchor: str) -> None:
    assert not re.search(r"[\s\"'<>&#%]", fragment(anchor))


@given(
    st.sampled_from(["index.html", "a/b.html", "versions/1/a/b.html"]),
    st.sampled_from(["index.html", "a/c.html#d", "versions/2/x.html"]),
)
def test_a_relative_link_leads_there(page: str, target: str) -> None:
    link, _, anchor = relative(page, target).partition("#")
    path, _, wanted = target.partition("#")
    assert anchor == wanted
    assert posixpath.normpath(posixpath.join(posixpath.dirname(page), link or posixpath.basename(page))) == path
