"""The formats, each by the grammar of its own standard."""

from __future__ import annotations

import pytest

from tillspec.prove import formats, samples
from tillspec.prove.dialects import Schemas
from tillspec.prove.judge import Judge
from tillspec.prove.synthesise import Synthesiser

MORE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # the names of formats, what is of them, what is not
    "date-time": (("0000-02-29T00:00:00Z", "1985-04-12T23:20:50.52Z"), ("1900-02-29T00:00:00Z", "1998-12-31T22:59:60Z")),
    "time": (("15:59:60-08:00", "01:29:60+01:30"), ("22:59:60Z", "23:59:60+00:01", "05:06:07+2:00")),
    "date": (("2000-02-29",), ("2100-02-29", "2026-00-10", "2026-04-31")),
    "duration": (("P1Y", "P1M1D", "PT1H1M", "P1YT1S", "PT0S"), ("P1H", "P1Y1D", "PT1H1S", "P1D1M", "P１D", "P1W1D")),
    "email": (
        ('"a b"@example.com', "a@[192.0.2.1]", "a@[IPv6:::1]", f"{'a' * 64}@b"),
        (f"{'a' * 65}@b", "a@[300.0.0.1]", "ä@b.c"),
    ),
    "hostname": (("xn--bcher-kva.example", "a" * 63, "1.2"), ("a" * 64, "a.", "xn--X", "ab--cd.example", ".a")),
    "idn-hostname": (("例え.テスト",), ("a.", "-ä", "a\u3002")),
    "ipv4": (("127.0.0.1",), ("01.2.3.4", "1.2.3.4 ", "１.2.3.4")),
    "ipv6": (("fe80::1", "1::"), ("fe80::1%1", "1::1::1", "::1/64")),
    "uri": (("a:", "file:///x", "http://a@b:1", "x:%20"), ("http://a:b", "http://[a]/", "x:{}", 'x:"')),
    "uri-reference": (("?", "//a/b", "a/b:c"), ("a b", "[", "1:b")),
    "iri": (("http://ü/ö?ä#ß", "x:日本"), ("http://a b", "/ä")),
    "uri-template": (("{a.b}", "{?x*,y:10}", "{+a}ä"), ("{a:0}", "{a:10000}", "{a*b}", "%zz", "{..}")),
    "uuid": (("FFFFFFFF-ffff-FFFF-ffff-FFFFFFFFFFFF",), ("٢eb8aa08-aa98-11ea-b4aa-73b441d16380",)),
    "json-pointer": (("/~0~1", "//", "/\n"), ("~0", "/~a")),
    "relative-json-pointer": (("0", "1+2/a", "3-1#"), ("00", "+1", "1#/a")),
    "regex": (("\\p{L}", "a\\-b", "(?<=a)b"), ("(?<a", "*", "\\")),
}


@pytest.mark.parametrize("name", formats.TEXTS)
def test_samples_are_what_they_are_said_to_be(name: str) -> None:
    further, further_not = MORE.get(name, ((), ()))
    assert [text for text in (*samples.VALID[name], *further) if not formats.holds(name, text)] == []
    assert [text for text in (*samples.INVALID[name], *further_not) if formats.holds(name, text)] == []


def test_every_format_has_samples() -> None:
    assert (
        samples.VALID.keys() == samples.INVALID.keys() == samples.PLAIN.keys() == samples.DISPUTED.keys() == formats.TEXTS.keys()
    )
    assert all(len(set(texts)) >= 3 for texts in samples.PLAIN.values()), "a list of three that are distinct can be made of each"


@pytest.mark.parametrize("name", formats.TEXTS)
def test_what_parsers_disagree_on_is_in_no_value_that_is_made(name: str) -> None:
    """A server that refuses a leap second, or an address without a domain, is as right as one that takes it."""
    judge = Judge(Schemas({}, "3.1"))
    maker = Synthesiser(judge)
    text = {"type": "string", "format": name}
    several = {"type": "array", "items": text, "minItems": 3, "uniqueItems": True}
    schema = {"type": "object", "properties": {"one": text, "all": several}}
    for pick in range(8):
        made = maker.make([schema], pick=pick)
        assert {made["one"], *made["all"]} <= set(samples.PLAIN[name])
        assert not {text for text in (made["one"], *made["all"]) if ":60" in text}


def test_it_is_made_where_nothing_else_is_allowed() -> None:
    maker = Synthesiser(Judge(Schemas({}, "3.1")))
    assert maker.make([{"type": "string", "format": "uri", "pattern": "^urn:isbn:"}]).startswith("urn:isbn:")
    assert maker.make([{"type": "string", "format": "email", "maxLength": 3}]) == "x@y"
