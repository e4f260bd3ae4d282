"""Texts of each format: some that are of it, and some that are nearly so."""

from __future__ import annotations

from collections.abc import Mapping

PLAIN: Mapping[str, tuple[str, ...]] = {
    "date-time": (
        "2026-03-04T05:06:07Z", "2026-03-04T05:06:07+02:00", "2026-03-04T05:06:07.125Z", "2024-02-29T00:00:00+00:00",
        "2026-03-04T23:59:59.999Z", "2026-12-31T00:00:00Z", "2026-07-01T12:30:00-08:00",
    ),
    "date": ("2026-03-04", "2024-02-29", "1999-12-31", "2026-07-01", "2026-10-31"),
    "time": ("05:06:07Z", "05:06:07.25+02:00", "23:59:59Z"),
    "duration": ("PT36H", "P1D", "PT1S"),
    "email": ("ann@example.com", "a.b+c@sub.example.org", "bob@example.net"),
    "idn-email": ("ann@example.com", "bob@example.org", "eve@example.net"),
    "hostname": ("www.example.com", "a-1.example.org", "example.net"),
    "idn-hostname": ("www.example.com", "a-1.example.org", "example.net"),
    "ipv4": ("192.0.2.1", "198.51.100.7", "203.0.113.250"),
    "ipv6": ("2001:db8::1", "2001:db8::2", "2001:db8:1:2:3:4:5:6"),
    "uri": ("https://example.com/a?b=c#d", "https://example.com/b", "https://example.org/a/b", "https://example.net/",
            "https://www.example.com/a-1"),
    "uri-reference": ("/a/b?c=d", "https://example.com/", "/b"),
    "iri": ("https://example.com/a", "https://example.com/b?c=d", "https://example.com/\u00e4"),
    "iri-reference": ("/a/b", "https://example.com/", "/\u00e4"),
    "uri-template": ("/a/{b}{?c,d*}", "https://example.com/{+path:3}", "/a/{b}"),
    "uuid": ("2eb8aa08-aa98-41ea-b4aa-73b441d16380", "7d3fe99b-1422-42e6-bbb3-932d95ae5f79",
             "0f8fad5b-d9cb-469f-a165-70867728950e"),
    "json-pointer": ("/a/b~0~1/0", "/a", "/b/1"),
    "relative-json-pointer": ("1/a", "0#", "2"),
    "regex": ("^[a-z]+$", "a|b", "[0-9]{4}"),
}  # fmt: skip
"""What everybody takes that knows the format: servers are held to nothing else."""
DISPUTED: Mapping[str, tuple[str, ...]] = {
    "date-time": (
        "2026-03-04t05:06:07z", "2026-03-04T05:06:07.123456789-11:30", "1998-12-31T23:59:60Z", "2024-02-29T00:00:00-00:00",
        "1990-12-31T15:59:60-08:00", "2026-03-04T23:59:59.999999Z", "2026-03-04T05:06:07.100Z",
    ),
    "date": ("0001-01-01", "9999-12-31"),
    "time": ("23:59:60Z", "00:00:00-00:00"),
    "duration": ("P1Y2M3DT4H5M6S", "P4W", "P0D"),
    "email": ("x@y",),
    "idn-email": ("änn@bücher.example",),
    "hostname": ("localhost", "a-1.example"),
    "idn-hostname": ("bücher.example",),
    "ipv4": ("10.0.0.0", "255.255.255.255"),
    "ipv6": ("::", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8"),
    "uri": ("urn:isbn:0451450523", "mailto:a@example.com", "http://[2001:db8::1]:80/", "https://example.com",
            "HTTPS://EXAMPLE.com:443/%7Ea"),
    "uri-reference": ("", "#x", "../a"),
    "iri": ("https://bücher.example/", "urn:a:b"),
    "iri-reference": ("",),
    "uri-template": ("",),
    "uuid": ("2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380",
             "00000000-0000-0000-0000-000000000000"),
    "json-pointer": ("", "/"),
    "relative-json-pointer": (),
    "regex": ("(?<y>\\d{4})", ""),
}  # fmt: skip
"""What the standards let be, and many parsers refuse: leap seconds, lower case, nothing at all."""
VALID: Mapping[str, tuple[str, ...]] = {name: (*texts, *DISPUTED[name]) for name, texts in PLAIN.items()}
INVALID: Mapping[str, tuple[str, ...]] = {
    "date-time": (
        "", "2026-03-04", "2026-03-04T05:06:07", "2026-03-04 05:06:07Z", "2026-02-30T05:06:07Z", "2026-03-04T24:00:00Z",
        "2026-03-04T05:60:07Z", "2026-03-04T05:06:61Z", "2026-03-04T05:06:60Z", "2026-03-04T05:06Z", "2026-3-4T05:06:07Z",
        "2026-03-04T05:06:07+0200", "2026-03-04T05:06:07+24:00", "2026-03-04T05:06:07.Z", "1772600767", "2026-03-04T05:06:07Z\n",
        "2026-03-0\u0664T05:06:07Z", "20260304T050607Z", "2026-W10-3T05:06:07Z", "yesterday", "26-03-04T05:06:07Z",
        "2026-03-04T05:06:07,5Z",
    ),
    "date": (
        "", "2026-02-30", "2026-13-01", "2026-3-4", "20260304", "2026-03-04T00:00:00Z", "04.03.2026", "2026-W10-3", "2026-063",
        "2026-03-0\u0664", "2026-03-04\n", "2025-02-29", "1772600767",
    ),
    "time": ("", "05:06:07", "05:06", "24:00:00Z", "05:06:61Z", "05:06:07z+", "05:06:60Z", "5:06:07Z", "05:06:07Z\n"),
    "duration": ("", "P", "PT", "1D", "P1S", "P1Y2W", "P1D2H", "PT1D", "P-1D", "p1d", "P1DT", "P1.5D"),
    "email": ("", "nobody", "@example.com", "a@", "a b@example.com", "a@b@c", ".a@example.com", "a..b@example.com",
              "a@-example.com", "a@exa mple.com", "a@b..c"),
    "idn-email": ("", "nobody", "@example.com", "a@", "a b@example.com"),
    "hostname": ("", "-a.example", "a-.example", "a_b.example", "a..b", "a b", "x" * 64 + ".example", "a.example\n", "ä.example"),
    "idn-hostname": ("", "-a.example", "a b", "〮a.example"),
    "ipv4": ("", "256.0.0.1", "1.2.3", "1.2.3.4.5", "a.b.c.d", "1.2.3.4/24", "1.2.3.\u0664", "1.2.3.4\n", "0x7f.0.0.1"),
    "ipv6": ("", "1:2", ":::", "12345::", "::1%eth0", "1:2:3:4:5:6:7:8:9", "::ffff:256.0.0.1", "::1\n", "1::2::3"),
    "uri": ("", "not a uri", "/a/b", "//example.com/a", "https://exa mple.com", "https://example.com/<a>", "https://[::1", "a",
            "https://example.com/%zz", "https://example.com/ä", ":a", "1a:b", "https://example.com\\a", "https://example.com\n"),
    "uri-reference": ("a b", "https://[::1", "<a>", "%zz", "/ä", "1:a:b/ "),
    "iri": ("", "not an iri", "/a", "https://exa mple.com", "https://example.com/<a>"),
    "iri-reference": ("a b", "<a>", "%zz"),
    "uri-template": ("{", "/a/{b", "{}", "{a b}", "/a}"),
    "uuid": ("", "2eb8aa08aa9811eab4aa73b441d16380", "{2eb8aa08-aa98-11ea-b4aa-73b441d16380}",
             "2eb8aa08-aa98-11ea-b4aa-73b441d1638", "2eb8aa08-aa98-11ea-b4aa-73b441d1638g",
             "urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380",
             "2eb8-aa08-aa98-11ea-b4aa73b44-1d16380", "2eb8aa08-aa98-11ea-b4aa-73b441d16380\n", "x"),
    "json-pointer": ("a", "/~", "/~2", "#/a"),
    "relative-json-pointer": ("", "/a", "-1", "01/a", "a"),
    "regex": ("(", "[", "a{2,1}", "\\"),
}  # fmt: skip
