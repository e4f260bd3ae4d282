"""Signatures: what is signed verifies, and nothing else does. Published vectors of several senders come out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import pickle
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tillspec.runtime.behavior import Key, Signature, Timestamp
from tillspec.runtime.invalid_signature import InvalidSignature
from tillspec.runtime.signatures import Delivery, sign, verify

NOW = 1_700_000_000.0
SECRET = "shh-4711"
FIVE = timedelta(minutes=5)

PLAIN = Signature(header="X-Hub-Signature-256", scheme="hmac-sha256", encoding="hex", prefix="sha256=", over="{$request.body}")
BARE = Signature(header="X-Shop-Hmac", scheme="hmac-sha512", encoding="base64", over="{$method} {$url}\n{$request.body}")
STAMPED = Signature(
    header="X-Signature", scheme="hmac-sha1", encoding="hex", over="{timestamp}.{$request.body}",
    timestamp=Timestamp(header="X-Time", tolerance=FIVE),
)  # fmt: skip
PARTS = Signature(
    header="Shop-Signature", scheme="hmac-sha256", encoding="hex", separator=",", prefix="v1=",
    over="{timestamp}.{$request.body}", timestamp=Timestamp(prefix="t=", tolerance=FIVE),
)  # fmt: skip
STANDARD = Signature(
    header="webhook-signature", scheme="hmac-sha256", encoding="base64", separator=" ", prefix="v1,",
    over="{$request.header.webhook-id}.{timestamp}.{$request.body}",
    timestamp=Timestamp(header="webhook-timestamp", tolerance=FIVE), key=Key(form="base64", prefix="whsec_"),
)  # fmt: skip
QUERY = Signature(
    header="Dintero-Signature", scheme="hmac-sha256", encoding="hex", separator=",", prefix="v0-hmac-sha256=",
    over="{timestamp}\n{account}\n{$method}\n{host}\n{path}\n{sorted-query}", timestamp=Timestamp(prefix="t=", tolerance=FIVE),
    given={"account": "The account's id."},
)  # fmt: skip
MILLIS = replace(STAMPED, timestamp=Timestamp(header="X-Time", tolerance=FIVE, unit="epoch-milliseconds"))

ALL = {"plain": PLAIN, "bare": BARE, "stamped": STAMPED, "parts": PARTS, "standard": STANDARD, "query": QUERY, "millis": MILLIS}
SECRETS = {"standard": "whsec_" + base64.b64encode(b"a key of bytes").decode()}
every = pytest.mark.parametrize("name", ALL)


def delivery(body: bytes = b'{"id": "1"}', headers: dict[str, str] | None = None, **options: Any) -> Delivery:
    given = {"account": "T1"}
    url = "https://shop.example:8443/hooks/a%2Fb?b=2&a=x+y&b=1&%C3%A9"
    return Delivery(**{"method": "POST", "headers": headers or {}, "body": body, "url": url, "given": given, **options})


def signed(name: str, body: bytes = b'{"id": "1"}', **options: Any) -> Delivery:
    """A delivery that is signed now."""
    plain = delivery(body, {"webhook-id": "msg_1"}, **options)
    headers = sign(ALL[name], plain, SECRETS.get(name, SECRET), now=NOW)
    return replace(plain, headers={**plain.headers, **headers})


def refused(signature: Signature, one: Delivery, secrets: list[str] | None = None, **options: Any) -> str:
    with pytest.raises(InvalidSignature) as caught:
        verify(signature, one, [SECRET] if secrets is None else secrets, **{"now": NOW, **options})
    assert SECRET not in str(caught.value)
    return caught.value.reason


# Vectors


def test_dinteros_published_vector() -> None:
    digest = "6bed2ab1b919d460ef7465a20dc6c97260dca73fab6647106ca525f0908df64a"
    one = Delivery(
        method="GET",
        headers={"Dintero-Signature": f"t=1582236537,v0-hmac-sha256={digest}"},
        body=b"",
        url="https://example.com/callback?B=123&A=992",
        given={"account": "P00000000"},
    )
    verify(QUERY, one, ["123"], now=1582236537)
    assert sign(QUERY, replace(one, headers={}), "123", now=1582236537.9) == one.headers
    assert refused(QUERY, replace(one, url="https://example.com/callback?B=123&A=993"), ["123"], now=1582236537) == "wrong"


def test_the_published_vector_of_standard_webhooks() -> None:
    one = Delivery(
        method="POST",
        headers={
            "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "Webhook-Timestamp": "1614265330",
            "Webhook-Signature": "v1a,none v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        body=b'{"test": 2432232314}',
    )
    verify(STANDARD, one, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], now=1614265330)


def test_the_published_vector_of_a_prefixed_signature() -> None:
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    one = Delivery(method="POST", headers={"x-hub-signature-256": f"sha256={digest}"}, body=b"Hello, World!")
    verify(PLAIN, one, ["It's a Secret to Everybody"])


def test_what_is_signed_is_what_is_declared() -> None:
    over = b"1700000000\nT1\nPOST\nshop.example\n/hooks/a%2Fb\na=x+y&b=2&b=1&%C3%A9="
    digest = hmac.new(SECRET.encode(), over, hashlib.sha256).hexdigest()
    assert sign(QUERY, delivery(), SECRET, now=NOW) == {"Dintero-Signature": f"t=1700000000,v0-hmac-sha256={digest}"}
    over = b'POST https://shop.example:8443/hooks/a%2Fb?b=2&a=x+y&b=1&%C3%A9\n{"id": "1"}'
    digest = base64.b64encode(hmac.new(SECRET.encode(), over, hashlib.sha512).digest()).decode()
    assert sign(BARE, delivery(), SECRET) == {"X-Shop-Hmac": digest}
    digest = hmac.new(SECRET.encode(), b'1700000000250.{"id": "1"}', hashlib.sha1).hexdigest()
    assert sign(MILLIS, delivery(), SECRET, now=NOW + 0.25) == {"X-Time": "1700000000250", "X-Signature": digest}


@pytest.mark.parametrize(
    ("query", "ordered"),
    [
        ("", ""),
        ("b=1&a=2", "a=2&b=1"),
        ("a=2&a=1", "a=2&a=1"),
        ("a=x%20y&b=*~", "a=x+y&b=*%7E"),
        ("a", "a="),
        ("a=%ff", "a=%FF"),
        ("a=1&&b=2", "a=1&b=2"),
    ],
)
def test_a_sorted_query_is_form_encoded_anew(query: str, ordered: str) -> None:
    signature = replace(PLAIN, over="{sorted-query}|{query}")
    digest = hmac.new(SECRET.encode(), f"{ordered}|{query}".encode(), hashlib.sha256).hexdigest()
    assert sign(signature, delivery(url=f"https://a.example/x?{query}"), SECRET) == {"X-Hub-Signature-256": f"sha256={digest}"}


# Laws


@every
@given(body=st.binary(max_size=200))
def test_what_is_signed_verifies(name: str, body: bytes) -> None:
    verify(ALL[name], signed(name, body), ["other secret", SECRETS.get(name, SECRET)][name in SECRETS :], now=NOW)


@pytest.mark.parametrize("name", [name for name, one in ALL.items() if "{$request.body}" in one.over])
@given(body=st.binary(min_size=1, max_size=60), at=st.integers(0), other=st.integers(1, 255))
def test_a_change_of_any_byte_of_the_body_does_not(name: str, body: bytes, at: int, other: int) -> None:
    one = signed(name, body)
    at %= len(body)
    changed = body[:at] + bytes([body[at] ^ other]) + body[at + 1 :]
    assert refused(ALL[name], replace(one, body=changed), [SECRETS.get(name, SECRET)]) == "wrong"
    assert refused(ALL[name], replace(one, body=body + b" "), [SECRETS.get(name, SECRET)]) == "wrong"


@every
@given(at=st.integers(0), other=st.integers(0x21, 0x7E), data=st.data())
def test_a_change_of_any_byte_of_the_headers_does_not(name: str, at: int, other: int, data: st.DataObject) -> None:
    one = signed(name)
    header = data.draw(st.sampled_from(sorted(one.headers)))
    assume(header != "webhook-id" or name == "standard")
    text = one.headers[header]
    at %= len(text)
    assume(text[at] != chr(other))
    changed = text[:at] + chr(other) + text[at + 1 :]
    reason = refused(ALL[name], replace(one, headers={**one.headers, header: changed}), [SECRETS.get(name, SECRET)])
    assert reason in ("wrong", "malformed", "missing")


@pytest.mark.parametrize(
    ("old", "new"),
    [("shop.example", "shop.example.org"), ("b=2", "b=3"), ("a%2Fb", "a/b"), ("a=x", "c=x"), ("&b=1", "")],
)
def test_a_change_of_the_url_does_not(old: str, new: str) -> None:
    for name in ("query", "bare"):
        one = signed(name)
        assert one.url is not None
        assert refused(ALL[name], replace(one, url=one.url.replace(old, new))) == "wrong"


@pytest.mark.parametrize("change", [{"method": "PUT"}, {"given": {"account": "T2"}}])
def test_a_change_of_method_or_account_does_not(change: dict[str, Any]) -> None:
    assert refused(QUERY, replace(signed("query"), **change)) == "wrong"


@every
@given(st.text())
def test_no_header_makes_it_fail_otherwise(name: str, text: str) -> None:
    one = signed(name)
    for header in one.headers:
        changed = replace(one, headers={**one.headers, header: text})
        if header != "webhook-id" or name == "standard":
            assert refused(ALL[name], changed, [SECRETS.get(name, SECRET)]) in ("missing", "malformed", "wrong")


# Time, rotation, forms


@pytest.mark.parametrize("name", [name for name, one in ALL.items() if one.timestamp])
def test_a_delivery_is_good_for_five_minutes_both_ways(name: str) -> None:
    one, secrets = signed(name), [SECRETS.get(name, SECRET)]
    for off in (-300, 0, 300):
        verify(ALL[name], one, secrets, now=NOW + off)
    assert refused(ALL[name], one, secrets, now=NOW + 301) == "too old"
    assert refused(ALL[name], one, secrets, now=NOW - 301) == "too new"
    verify(ALL[name], one, secrets, now=NOW + 900, tolerance=timedelta(minutes=15))
    assert refused(ALL[name], one, secrets, now=NOW + 2, tolerance=timedelta(seconds=1)) == "too old"


def test_the_systems_clock_is_taken_where_no_other_is_given() -> None:
    verify(PARTS, replace(delivery(), headers=sign(PARTS, delivery(), SECRET)), [SECRET])
    with pytest.raises(InvalidSignature, match=r"signed \d+ s ago, and 300 s are allowed"):
        verify(PARTS, signed("parts"), [SECRET])


def test_a_wrong_signature_is_wrong_however_old() -> None:
    assert refused(PARTS, signed("parts"), ["other"], now=NOW + 10_000) == "wrong"


def test_secrets_change_in_peace() -> None:
    """The sender signs with both for a while; the receiver knows the old one, both, or the new one."""
    old, new = (sign(PARTS, delivery(), secret, now=NOW)["Shop-Signature"] for secret in ("old", "new"))
    both = replace(delivery(), headers={"shop-signature": f"{old},{new.partition(',')[2]}"})
    for secrets in (["old"], ["new"], ["old", "new"], ["newest", "new"]):
        verify(PARTS, both, secrets, now=NOW)
    assert refused(PARTS, both, ["newest"]) == "wrong"
    one = replace(delivery(), headers={"Shop-Signature": new})
    verify(PARTS, one, ["old", "new"], now=NOW)
    assert refused(PARTS, one, ["old"]) == "wrong"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "missing"),
        ("", "missing"),
        ("v1=" + "0" * 64, "missing"),
        ("t=1700000000", "malformed"),
        ("t=1700000000,v1=", "malformed"),
        ("t=1700000000,v1=" + "0" * 63, "malformed"),
        ("t=1700000000,v1=" + "A" * 64, "malformed"),
        ("t=1700000000,v0=" + "0" * 64, "malformed"),
        ("t=1700000000,v1=" + "0" * 64, "wrong"),
        ("t=1700000000, v1=" + "0" * 64, "wrong"),
        ("t=1700000000,t=1,v1=" + "0" * 64, "malformed"),
        ("t=17e8,v1=" + "0" * 64, "malformed"),
        ("t=-1,v1=" + "0" * 64, "malformed"),
        ("t=\u0661,v1=" + "0" * 64, "malformed"),
        ("t=" + "1" * 5000 + ",v1=" + "0" * 64, "malformed"),
    ],
)
def test_why_a_header_is_refused(header: str | None, reason: str) -> None:
    headers = {} if header is None else {"Shop-Signature": header}
    assert refused(PARTS, delivery(headers=headers)) == reason


def test_two_fields_of_one_name_are_one_list() -> None:
    first, second = sign(PARTS, delivery(), SECRET, now=NOW)["Shop-Signature"].split(",")
    verify(PARTS, delivery(headers={"Shop-Signature": first, "shop-signature": second}), [SECRET], now=NOW)


def test_base64_is_compared_as_it_is_written() -> None:
    """The last digit of Base64 has bits to spare: another text of the same bytes is another signature."""
    one = signed("bare")
    text = one.headers["X-Shop-Hmac"]
    assert text.endswith("==")
    twin = text[:-3] + chr(ord(text[-3]) + 1) + "=="
    assert base64.b64decode(twin) == base64.b64decode(text)
    assert refused(BARE, replace(one, headers={"X-Shop-Hmac": twin})) == "wrong"


# Mistakes of the receiver


def test_the_receivers_own_mistakes_are_no_invalid_signatures() -> None:
    one = signed("query")
    cases: list[tuple[type[Exception], str, Any]] = [
        (ValueError, "no secret", lambda: verify(QUERY, one, [])),
        (ValueError, "empty", lambda: verify(QUERY, one, [SECRET, ""])),
        (TypeError, "list", lambda: verify(QUERY, one, SECRET)),
        (ValueError, "'account', which is not given", lambda: verify(QUERY, replace(one, given={}), [SECRET])),
        (ValueError, "URL", lambda: verify(QUERY, replace(one, url=None), [SECRET])),
        (ValueError, "not base64", lambda: verify(STANDARD, one, ["whsec_s3cret!"])),
        (ValueError, "empty", lambda: verify(STANDARD, one, ["whsec_"])),
        (ValueError, "no timestamp", lambda: verify(PLAIN, one, [SECRET], tolerance=FIVE)),
        (TypeError, "the bytes as they came", lambda: verify(PLAIN, replace(signed("plain"), body="{}"), [SECRET])),  # type: ignore[arg-type]
    ]
    for kind, message, act in cases:
        with pytest.raises(kind, match=message) as caught:
            act()
        assert "s3cret" not in str(caught.value)


def test_an_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(InvalidSignature("wrong", "no")))
    assert (error.reason, str(error)) == ("wrong", "no")
