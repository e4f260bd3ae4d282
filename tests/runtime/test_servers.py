"""Base URLs out of the servers of a contract: variables stay in their part of the URL, relative ones are resolved."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillspec.runtime.servers import Variable, fill

DOCUMENT = "https://docs.example/api/openapi.json"


def variables(template: str, **values: tuple[str, ...]) -> dict[str, Variable]:
    names = [part.partition("}")[0] for part in template.split("{")[1:]]
    return {name: Variable(name.lower(), values=values.get(name, ())) for name in names}


def filled(template: str, base: str | None = None, **given: str) -> str:
    return fill(template, variables(template), base, given)


@pytest.mark.parametrize(
    ("template", "given", "url"),
    [
        ("https://a.example", {}, "https://a.example"),
        ("https://{host}", {"host": "a.example:8443"}, "https://a.example:8443"),
        ("https://{host}", {"host": "[::1]"}, "https://[::1]"),
        ("{scheme}://a.example/x", {"scheme": "http"}, "http://a.example/x"),
        ("{url}", {"url": "http://a.example/x"}, "http://a.example/x"),
        ("{url}/v1", {"url": "http://a.example"}, "http://a.example/v1"),
        ("https://a.example/{path}", {"path": "a/b~c"}, "https://a.example/a/b~c"),
        ("https://{a}.{b}.example", {"a": "1", "b": "2"}, "https://1.2.example"),
    ],
)
def test_absolute_servers(template: str, given: dict[str, str], url: str) -> None:
    assert filled(template, **given) == filled(template, DOCUMENT, **given) == url


@pytest.mark.parametrize(
    ("template", "given", "url"),
    [
        ("/", {}, "https://docs.example/"),
        ("/v1", {}, "https://docs.example/v1"),
        ("v1", {}, "https://docs.example/api/v1"),
        ("../v1", {}, "https://docs.example/v1"),
        (".", {}, "https://docs.example/api/"),
        ("//a.example/v1", {}, "https://a.example/v1"),
        ("/{v}", {"v": "v2"}, "https://docs.example/v2"),
        ("{path}", {"path": "/v3"}, "https://docs.example/v3"),
    ],
)
def test_relative_servers(template: str, given: dict[str, str], url: str) -> None:
    assert filled(template, DOCUMENT, **given) == url
    for base in (None, "", "docs/openapi.json", "/openapi.json"):
        with pytest.raises(ValueError, match="is relative"):
            filled(template, base, **given)


@pytest.mark.parametrize(
    ("template", "given"),
    [
        ("https://{host}.a.example", {"host": "evil.example/"}),
        ("https://{host}.a.example", {"host": "user@evil"}),
        ("https://{host}.a.example", {"host": ""}),
        ("//{host}.a.example", {"host": "evil.example?"}),
        ("https://a.example:{port}/v1", {"port": "1/2"}),
        ("https://a.example/{path}", {"path": "x?y"}),
        ("https://a.example/{path}", {"path": "x#y"}),
        ("https://a.example/{path}", {"path": "x y"}),
        ("https://a.example/{path}", {"path": "x\r\ny"}),
        ("{scheme}://a.example", {"scheme": "https://evil.example/"}),
    ],
)
def test_a_variable_stays_in_its_part(template: str, given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="beyond its part"):
        filled(template, **given)


def test_what_is_listed_and_what_is_missing() -> None:
    known = {"Region": Variable("region", "eu", ("eu", "us"))}
    assert fill("https://{Region}.example", known, None, {}) == "https://eu.example"
    with pytest.raises(ValueError, match="one of 'eu', 'us', not 'mars'"):
        fill("https://{Region}.example", known, None, {"region": "mars"})
    with pytest.raises(TypeError, match="needs host"):
        filled("https://{host}")
    with pytest.raises(TypeError, match="no variable 'other'"):
        filled("https://{host}", host="a", other="b")


@given(st.text(), st.text())
def test_no_value_leaves_its_host_or_adds_a_query(host: str, path: str) -> None:
    try:
        url = filled("https://{host}.a.example/{path}", host=host, path=path)
    except ValueError:
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc.endswith(".a.example"), parts.path) == ("https", True, f"/{path}")
    assert not parts.query and not parts.fragment and "@" not in parts.netloc


@given(st.from_regex(r"/?([a-z.]{1,4}/?){0,4}", fullmatch=True).filter(lambda text: not text.startswith("//")))
def test_a_relative_server_is_a_relative_reference(path: str) -> None:
    assert filled(path, DOCUMENT) == urljoin(DOCUMENT, path)
