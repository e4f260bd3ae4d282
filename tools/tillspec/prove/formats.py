"""The formats of JSON Schema draft 2020-12 (validation, section 7.3) and the ranges of OpenAPI's `int32` and `int64`.

Each is the grammar of its own standard, named beside it. A format that is not here asserts nothing.
"""

from __future__ import annotations

import ipaddress
import re
from calendar import monthrange
from collections.abc import Callable, Mapping

import idna

from tillspec.prove import patterns

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.[0-9]+)?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DURATION = re.compile(
    r"P(?:(?:[0-9]+D|[0-9]+M(?:[0-9]+D)?|[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?)(?:T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))?"
    r"|T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)|[0-9]+W)"
)


def date(text: str) -> bool:
    """full-date of RFC 3339, section 5.6, with the days that its section 5.7 gives each month."""
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    year, month, day = map(int, found.groups())
    # The calendar of the year 0 is that of 400 (proleptic Gregorian), which Python's begins too late for.
    return 1 <= month <= 12 and 1 <= day <= monthrange(year or 400, month)[1]


def time(text: str) -> bool:
    """full-time of RFC 3339, section 5.6; a second 60 stands at the end of a day in UTC (section 5.7)."""
    found = _TIME.fullmatch(text)
    if found is None:
        return False
    hour, minute, second, sign, east, minutes = found.groups()
    if second != "60":
        return True
    offset = (int(east) * 60 + int(minutes)) * (-1 if sign == "-" else 1) if sign else 0
    return (int(hour) * 60 + int(minute) - offset) % (24 * 60) == 23 * 60 + 59


def date_time(text: str) -> bool:
    """date-time of RFC 3339, section 5.6; `T` and `Z` may be in lower case."""
    return len(text) > 10 and text[10] in "Tt" and date(text[:10]) and time(text[11:])


def duration(text: str) -> bool:
    """Duration of RFC 3339, appendix A."""
    return _DURATION.fullmatch(text) is not None


# -- names of hosts and mailboxes ------------------------------------------------------------------------------------------

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_QUOTED = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])*"')
_ATOM_WIDE = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010FFFF-]+"
_DOT_STRING_WIDE = re.compile(rf"{_ATOM_WIDE}(?:\.{_ATOM_WIDE})*")
_QUOTED_WIDE = re.compile(r'"(?:[ !#-\[\]-~\u0080-\U0010FFFF]|\\[ -~])*"')


def hostname(text: str) -> bool:
    """RFC 1123, section 2.1; a label that begins with `xn--` is a valid A-label (RFC 5890, section 2.3.2.1)."""
    if not 1 <= len(text) <= 253:
        return False
    return all(_LABEL.fullmatch(label) and _a_label(label) for label in text.split("."))


def _a_label(label: str) -> bool:
    if label[2:4] != "--":
        return True
    if label[:2].lower() != "xn":
        return False
    try:
        idna.ulabel(label)
    except (idna.IDNAError, UnicodeError):
        return False
    return True


def idn_hostname(text: str) -> bool:
    """RFC 5890, section 2.3.2.3: labels that are U-labels, A-labels or NR-LDH labels."""
    try:
        idna.encode(text)
    except (idna.IDNAError, UnicodeError):
        return False
    return not text.endswith((".", "\u3002", "\uff0e", "\uff61"))


def email(text: str) -> bool:
    """Mailbox of RFC 5321, section 4.1.2; a local part has at most 64 octets (section 4.5.3.1.1)."""
    return _mailbox(text, _DOT_STRING, _QUOTED, hostname)


def idn_email(text: str) -> bool:
    """Mailbox as RFC 6531, section 3.3 extends it."""
    return _mailbox(text, _DOT_STRING_WIDE, _QUOTED_WIDE, idn_hostname)


def _mailbox(text: str, dots: re.Pattern[str], quoted: re.Pattern[str], is_domain: Callable[[str], bool]) -> bool:
    local, at, domain = text.rpartition("@")
    if not at or len(local.encode("utf-8", "surrogatepass")) > 64 or not (dots.fullmatch(local) or quoted.fullmatch(local)):
        return False
    if domain.startswith("[") and domain.endswith("]"):
        literal = domain[1:-1]
        return ipv6(literal[5:]) if literal[:5].lower() == "ipv6:" else ipv4(literal)
    return is_domain(domain)


# -- addresses -------------------------------------------------------------------------------------------------------------


def ipv4(text: str) -> bool:
    """The dotted quad of RFC 2673, section 3.2, in decimal without leading zeros (RFC 6943, section 3.1.1)."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def ipv6(text: str) -> bool:
    """RFC 4291, section 2.2, without a zone."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


_UCS = (
    r"\u00A0-\uD7FF\uF900-\uFDCF\uFDF0-\uFFEF"
    + "".join(f"\\U000{plane:X}0000-\\U000{plane:X}FFFD" for plane in range(1, 14))
    + r"\U000E1000-\U000EFFFD"
).replace(r"\U000E0000-\U000EFFFD", "")
_PRIVATE = r"\uE000-\uF8FF\U000F0000-\U000FFFFD\U00100000-\U0010FFFD"


def _grammar(wide: str, private: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """URI (or IRI) and relative-ref, from RFC 3986, appendix A; `wide` and `private` are what RFC 3987, section 2.2 adds."""
    plain, hexed, sub = f"A-Za-z0-9._~{wide}\\-", "%[0-9A-Fa-f]{2}", "!$&'()*+,;="
    char = f"(?:[{plain}{sub}:@]|{hexed})"
    no_colon = f"(?:[{plain}{sub}@]|{hexed})"
    authority = f"(?:(?:[{plain}{sub}:]|{hexed})*@)?(?P<host>\\[[^\\]]*\\]|(?:[{plain}{sub}]|{hexed})*)(?::[0-9]*)?"
    rest = f"(?:\\?(?:[{plain}{sub}:@/?{private}]|{hexed})*)?(?:#(?:[{plain}{sub}:@/?]|{hexed})*)?"
    hier = f"(?://{authority}(?:/{char}*)*|/(?:{char}+(?:/{char}*)*)?|{char}+(?:/{char}*)*|)"
    relative = f"(?://{authority}(?:/{char}*)*|/(?:{char}+(?:/{char}*)*)?|{no_colon}+(?:/{char}*)*|)"
    return re.compile(f"[A-Za-z][A-Za-z0-9+.-]*:{hier}{rest}"), re.compile(f"{relative}{rest}")


_URI, _RELATIVE = _grammar("", "")
_IRI, _IRELATIVE = _grammar(_UCS, _PRIVATE)
_FUTURE = re.compile(r"[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+")


def _locates(text: str, *grammars: re.Pattern[str]) -> bool:
    for grammar in grammars:
        found = grammar.fullmatch(text)
        if found is not None:
            host = found["host"] or ""
            return not host.startswith("[") or ipv6(host[1:-1]) or _FUTURE.fullmatch(host[1:-1]) is not None
    return False


def uri(text: str) -> bool:
    """URI of RFC 3986, section 3."""
    return _locates(text, _URI)


def uri_reference(text: str) -> bool:
    """URI-reference of RFC 3986, section 4.1."""
    return _locates(text, _URI, _RELATIVE)


def iri(text: str) -> bool:
    """IRI of RFC 3987, section 2.2."""
    return _locates(text, _IRI)


def iri_reference(text: str) -> bool:
    """IRI-reference of RFC 3987, section 2.2."""
    return _locates(text, _IRI, _IRELATIVE)


_VARNAME = r"(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:\.?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2}))*"
_VARSPEC = rf"{_VARNAME}(?::[1-9][0-9]{{0,3}}|\*)?"
_TEMPLATE = re.compile(
    rf"(?:[!#$&(-;=?-\[\]_a-z~{_UCS}{_PRIVATE}]|%[0-9A-Fa-f]{{2}}|\{{[+#./;?&=,!@|]?{_VARSPEC}(?:,{_VARSPEC})*\}})*"
)


def uri_template(text: str) -> bool:
    """RFC 6570, section 2."""
    return _TEMPLATE.fullmatch(text) is not None


# -- the rest --------------------------------------------------------------------------------------------------------------

_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*", re.DOTALL)
_RELATIVE_POINTER = re.compile(r"(?:0|[1-9][0-9]*)(?:[+-](?:0|[1-9][0-9]*))?(?:#|(?:/(?:[^~/]|~[01])*)*)", re.DOTALL)


def uuid(text: str) -> bool:
    """The text of RFC 4122, section 3."""
    return _UUID.fullmatch(text) is not None


def json_pointer(text: str) -> bool:
    """RFC 6901, section 3."""
    return _POINTER.fullmatch(text) is not None


def relative_json_pointer(text: str) -> bool:
    """draft-bhutton-relative-json-pointer-00, section 3."""
    return _RELATIVE_POINTER.fullmatch(text) is not None


def regex(text: str) -> bool:
    """A pattern of ECMA-262."""
    try:
        patterns.compiled(text)
    except patterns.NoPattern:
        return False
    return True


TEXTS: Mapping[str, Callable[[str], bool]] = {
    "date-time": date_time,
    "date": date,
    "time": time,
    "duration": duration,
    "email": email,
    "idn-email": idn_email,
    "hostname": hostname,
    "idn-hostname": idn_hostname,
    "ipv4": ipv4,
    "ipv6": ipv6,
    "uri": uri,
    "uri-reference": uri_reference,
    "iri": iri,
    "iri-reference": iri_reference,
    "uri-template": uri_template,
    "uuid": uuid,
    "json-pointer": json_pointer,
    "relative-json-pointer": relative_json_pointer,
    "regex": regex,
}
RANGES: Mapping[str, tuple[int, int]] = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
"""OpenAPI 3.1, section 4.4: signed integers of 32 and 64 bits."""


def holds(name: str, value: object) -> bool:
    """Whether a JSON value is of a format; one that says nothing of its kind of value holds."""
    if isinstance(value, str):
        check = TEXTS.get(name)
        return check is None or check(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and name in RANGES:
        lowest, highest = RANGES[name]
        return lowest <= value <= highest
    return True
