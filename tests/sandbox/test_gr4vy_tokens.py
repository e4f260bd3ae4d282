"""Tokens that merchants sign: what proves who they are, and that nothing else does."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from tillspec.sandbox.merchants import Directory, Merchant, SigningKey
from tillspec.sandbox.surfaces import gr4vy_tokens
from tillspec.sandbox.surfaces.gr4vy_tokens import BadToken, Token, Tokens, sign_token

from .conftest import built_in

SECOND = 1_000_000
NOW = 1_780_000_000 * SECOND + 123_456
HOUR = timedelta(hours=1)
SCOPES = ("checkout-sessions.read", "checkout-sessions.write")


@cache
def merchants() -> tuple[Merchant, Merchant]:
    mine, other = (merchant.alone() for merchant in built_in().merchants)
    return mine, other


@cache
def rsa_key() -> SigningKey:
    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(kid="rsa", algorithm="RS512", public=public.decode(), private=pem.decode())


def with_keys(merchant: Merchant, *keys: SigningKey) -> Merchant:
    assert merchant.gr4vy is not None
    return merchant.model_copy(update={"gr4vy": merchant.gr4vy.model_copy(update={"keys": keys})})


def key_of(merchant: Merchant) -> SigningKey:
    assert merchant.gr4vy is not None
    return merchant.gr4vy.keys[0]


def verify(text: str, now: int = NOW, directory: Directory | None = None) -> Token:
    return Tokens().verify(text, directory or Directory(merchants()), 1, now)


def claims(**changes: Any) -> dict[str, Any]:
    mine, _ = merchants()
    assert mine.gr4vy is not None
    issued = NOW // SECOND
    whole = {"iss": "merchant-sdk/1.0", "nbf": issued, "exp": issued + 60, "jti": "1", "scopes": list(SCOPES)} | changes
    return {name: value for name, value in whole.items() if value is not None}


def signed(payload: dict[str, Any], key: SigningKey | None = None, **header: Any) -> str:
    key = key or key_of(merchants()[0])
    assert key.private is not None
    return jwt.encode(payload, key.private, algorithm=key.algorithm, headers={"kid": key.kid} | header)


def refused(text: str, now: int = NOW, directory: Directory | None = None) -> str:
    with pytest.raises(BadToken) as caught:
        verify(text, now, directory)
    return str(caught.value)


def test_an_issuer_that_is_set_has_to_stand_in_the_token() -> None:
    mine, other = merchants()
    assert mine.gr4vy is not None
    named = mine.model_copy(update={"gr4vy": mine.gr4vy.model_copy(update={"issuer": "harbor-coffee"})})
    directory = Directory((named, other))
    assert verify(sign_token(named, SCOPES, NOW, HOUR), directory=directory).merchant == named
    assert "iss" in refused(signed(claims()), directory=directory)


@pytest.mark.parametrize("number", [0, 1])
def test_what_is_signed_is_whose_it_is(number: int) -> None:
    merchant = merchants()[number]
    token = verify(sign_token(merchant, SCOPES, NOW, HOUR))
    assert (token.merchant, token.scopes) == (merchant, frozenset(SCOPES))
    assert token.expires - token.not_before == 3600
    first, second = (sign_token(merchant, SCOPES, NOW, HOUR) for _ in range(2))
    assert first != second


def test_rs512_is_taken_as_well() -> None:
    mine, other = merchants()
    with_rsa = with_keys(mine, key_of(mine), rsa_key())
    directory = Directory((with_rsa, other))
    assert verify(signed(claims(), rsa_key()), directory=directory).merchant == with_rsa
    assert verify(sign_token(with_keys(mine, rsa_key()), SCOPES, NOW, HOUR), directory=directory).merchant == with_rsa
    assert "alg" in refused(signed(claims(), key_of(mine), kid="rsa"), directory=directory)
    assert "alg" in refused(signed(claims(), rsa_key(), kid=key_of(mine).kid), directory=directory)


def test_times_are_those_of_the_sandbox() -> None:
    issued = NOW // SECOND
    text = signed(claims())
    assert verify(text, issued * SECOND) == verify(text, (issued + 60) * SECOND - 1)
    assert refused(text, issued * SECOND - 1) == "it is not valid yet"
    assert refused(text, (issued + 60) * SECOND) == "it has expired"
    assert verify(signed(claims(nbf=issued + 0.5, exp=issued + 0.75)), issued * SECOND + 500_000)
    assert refused(signed(claims(iat="x", nbf=issued + 0.5)), issued * SECOND + 499_999) == "it is not valid yet"


def test_what_does_not_hold_is_told() -> None:
    mine, other = merchants()
    assert other.gr4vy is not None
    unsigned = jwt.encode(claims(), None, algorithm="none", headers={"kid": key_of(mine).kid})
    by_public_key = jwt.encode(claims(), "x" * 64, algorithm="HS512", headers={"kid": key_of(mine).kid})
    assert refused(unsigned) == "it is no JWT"
    assert "alg" in refused(unsigned + "AAAA")
    assert "alg" in refused(by_public_key)
    assert "kid" in refused(signed(claims(), kid="unknown"))
    assert "signature" in refused(signed(claims(), kid=key_of(other).kid))
    assert "kid" in refused(jwt.encode(claims(), key_of(mine).private, algorithm="ES512"))
    listed = json.dumps(claims(iss=["a"])).encode()
    assert "iss" in refused(
        jwt.api_jws.encode(listed, key_of(mine).private, algorithm="ES512", headers={"kid": key_of(mine).kid})
    )
    assert "signature" in refused(signed(claims(), key_of(other), kid=key_of(mine).kid))
    for name in ("iss", "nbf", "exp", "jti", "scopes"):
        assert name in refused(signed(claims(**{name: None})))
    for name, value in [
        ("nbf", "1"),
        ("exp", True),
        ("exp", float("nan")),
        ("nbf", float("-inf")),
        ("scopes", "a b"),
        ("scopes", [1]),
    ]:
        assert name in refused(signed(claims(**{name: value})))


@pytest.mark.parametrize(
    "text",
    ["", "a", "a.b", "a.b.c", "a.b.c.d", "....", "é.é.é", "e30.e30.e30", f"{'W' * 50_000}.e30.e30", "eyJhbGciOiJFUzUxMiJ9.MQ.MQ"],
)
def test_whatever_is_sent_is_refused(text: str) -> None:
    assert refused(text).startswith("it")


def test_what_is_nested_deep_is_refused() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 60_000).rstrip(b"=").decode()
    header = base64.urlsafe_b64encode(json.dumps({"alg": "ES512", "kid": "a"}).encode()).rstrip(b"=").decode()
    assert refused(f"{header}.{deep}.AAAA").startswith("it")
    assert refused(f"{deep}.{deep}.AAAA").startswith("it")


@cache
def genuine(number: int) -> str:
    mine, _ = merchants()
    return signed(claims(), (key_of(mine), rsa_key())[number])


@cache
def known() -> Directory:
    mine, other = merchants()
    return Directory((with_keys(mine, key_of(mine), rsa_key()), other))


@given(st.integers(0, 1), st.data())
def test_no_token_that_was_tampered_with_passes(number: int, data: st.DataObject) -> None:
    text = genuine(number)
    tokens = Tokens()
    tokens.verify(text, known(), 1, NOW)  # that it is remembered lets no other pass
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 3))
    put = data.draw(st.text("ABCDabcd0123-_.=+/!", max_size=3))
    changed = text[:at] + put + text[at + length :]
    if changed != text:
        with pytest.raises(BadToken):
            tokens.verify(changed, known(), 1, NOW)


def test_a_signature_is_written_in_one_way_alone() -> None:
    text = genuine(1)
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if last != text[-1]:
            refused(text[:-1] + last, directory=known())
    for more in ("=", "==", "!", "\n"):
        refused(text + more, directory=known())


@given(
    st.integers(0, 1),
    st.dictionaries(
        st.sampled_from(["iss", "nbf", "exp", "jti", "scopes", "sub"]), st.just(1) | st.just(["*.write"]), min_size=1
    ),
)
def test_no_claim_can_be_put_into_a_token(number: int, put: dict[str, Any]) -> None:
    head, payload, signature = genuine(number).split(".")
    whole = json.loads(base64.urlsafe_b64decode(payload + "==")) | put
    body = base64.urlsafe_b64encode(json.dumps(whole).encode()).rstrip(b"=").decode()
    with pytest.raises(BadToken):
        verify(f"{head}.{body}.{signature}", directory=known())


def test_what_is_remembered_ends_with_the_epoch_and_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = merchants()
    verified: list[str] = []
    whole = gr4vy_tokens._signed

    def counted(text: str, directory: Directory) -> Token:
        verified.append(text)
        return whole(text, directory)

    monkeypatch.setattr(gr4vy_tokens, "_signed", counted)
    tokens, text, directory = Tokens(), sign_token(mine, SCOPES, NOW, HOUR), Directory((mine, other))
    assert tokens.verify(text, directory, 1, NOW) is tokens.verify(text, directory, 1, NOW)
    assert len(verified) == 1
    with pytest.raises(BadToken, match="expired"):
        tokens.verify(text, directory, 1, NOW + 3600 * SECOND)
    with pytest.raises(BadToken, match="kid"):
        tokens.verify(text, Directory((other,)), 2, NOW)
    monkeypatch.setattr(gr4vy_tokens, "_MOST", 2)
    texts = [sign_token(mine, SCOPES, NOW, HOUR) for _ in range(4)]
    verified.clear()
    for each in [*texts, texts[-1], texts[0]]:
        tokens.verify(each, directory, 3, NOW)
    assert verified == [*texts, texts[0]]


def test_nobody_signs_without_a_private_key() -> None:
    mine, _ = merchants()
    bare = with_keys(mine, key_of(mine).model_copy(update={"private": None}))
    for merchant in (bare, with_keys(mine), mine.model_copy(update={"gr4vy": None})):
        with pytest.raises(ValueError, match="harbor has no private key"):
            sign_token(merchant, SCOPES, NOW, HOUR)


def test_a_key_that_is_none_lets_nobody_in() -> None:
    mine, _ = merchants()
    broken = with_keys(mine, key_of(mine).model_copy(update={"public": "no key"}))
    assert refused(signed(claims()), directory=Directory((broken,))) == "it cannot be verified"
