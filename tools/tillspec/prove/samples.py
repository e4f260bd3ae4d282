"""Texts of each format: some that are of it, and some that are nearly so."""

from __future__ import annotations

from collections.abc import Mapping

VALID: Mapping[str, tuple[str, ...]] = {
    "date-time": (
        "2026-03-04T05:06:07Z", "2026-03-04T05:06:07+02:00", "2026-03-04T05:06:07.125Z", "2026-03-04t05:06:07z",
        "2026-03-04T05:06:07.123456789-11:30", "1998-12-31T23:59:60Z", "2024-02-29T00:00:00-00:00",
        "1990-12-31T15:59:60-08:00", "2026-03-04T23:59:59.999999Z", "2026-03-04T05:06:07.100Z",
    ),
    "date": ("2026-03-04", "2024-02-29", "1999-12-31", "0001-01-01", "9999-12-31"),
    "time": ("05:06:07Z", "23:59:60Z", "05:06:07.25+02:00", "00:00:00-00:00"),
    "duration": ("P1Y2M3DT4H5M6S", "PT36H", "P4W", "P1D", "PT1S", "P0D"),
    "email": ("ann@example.com", "a.b+c@sub.example.org", "x@y"),
    "idn-email": ("ann@example.com", "änn@bücher.example"),
    "hostname": ("www.example.com", "localhost", "a-1.example"),
    "idn-hostname": ("www.example.com", "bücher.example"),
    "ipv4": ("192.0.2.1", "10.0.0.0", "255.255.255.255"),
    "ipv6": ("2001:db8::1", "::", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8"),
    "uri": ("https://example.com/a?b=c#d", "urn:isbn:0451450523", "mailto:a@example.com", "http://[2001:db8::1]:80/",
            "https://example.com", "HTTPS://EXAMPLE.com:443/%7Ea"),
    "uri-reference": ("/a/b?c=d", "https://example.com/", "", "#x", "../a"),
    "iri": ("https://example.com/ä", "https://bücher.example/", "urn:a:b"),
    "iri-reference": ("/ä", "https://example.com/", ""),
    "uri-template": ("/a/{b}{?c,d*}", "https://example.com/{+path:3}", ""),
    "uuid": ("2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380",
             "00000000-0000-0000-0000-000000000000"),
    "json-pointer": ("/a/b~0~1/0", "", "/"),
    "relative-json-pointer": ("1/a", "0#", "2"),
    "regex": ("^[a-z]+$", "(?<y>\\d{4})", ""),
}  # fmt: skip
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
