"""Credentials: a server that checks them passes; each way of not checking them is found."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tillspec.verify.attempts import attempts
from tillspec.verify.contract import Contract
from tillspec.verify.credentials import claims_of, scopes_of, sign
from tillspec.verify.probes.credentials import credentials
from tillspec.verify.profile import SignedToken, read
from tillspec.verify.run import Run
from tillspec.verify.wire import Origin, Wire

from .shop import PROFILE, VARIANTS, Shop, declared
from .support import Verified, contract, serving, verified


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return declared(tmp_path_factory.mktemp("shop"))


def of(shop: Contract, *faults: str, profile: str = PROFILE, only: tuple[str, ...] = ()) -> Verified:
    with serving(Shop(*faults).app) as url:
        return verified(shop, url, profile, probes=[credentials], only=only)


def test_a_shop_that_checks_credentials_passes(shop: Contract) -> None:
    made = of(shop)
    assert made.found() == set(), str(made)
    assert (made.untested, made.incomplete) == ([], [])
    checks = ("credentials-required", "credentials-checked", "credentials-location", "scope-required", "challenge")
    assert [check for check in checks if not made.passed(check)] == []


@pytest.mark.parametrize(
    ("fault", "operation", "check", "severity", "aspect"),
    [
        ("no key", "getThing", "credentials-required", "MUST", "a request without credentials succeeds"),
        ("404 without a key", "getThing", "credentials-required", "MUST", "status"),
        ("403 without a key", "createThing", "credentials-required", "SHOULD", "status"),
        ("HEAD for all", "getThing", "credentials-required", "MUST", "HEAD"),
        ("crashes without a key", "getThing", "no-crash", "MUST", ""),
        ("changes before it asks", "changeThing", "credentials-required", "MUST", "carried out"),
        ("prefix of a key", "getThing", "credentials-checked", "MUST", "that lacks its last character"),
        ("start of a key", "getThing", "credentials-checked", "MUST", "that has more after it"),
        ("keys in any case", "getThing", "credentials-checked", "MUST", "in other case"),
        ("expired keys", "getThing", "credentials-checked", "MUST", "that has expired"),
        ("key in the query", "getThing", "credentials-location", "MUST", "in the query"),
        ("reading keys change", "createThing", "scope-required", "MUST", "a limited credential succeeds"),
        ("401 for a reading key", "createThing", "scope-required", "SHOULD", "status"),
        ("scope unchecked", "writeReport", "scope-required", "MUST", "a credential without the scope reports.write succeeds"),
        ("any scheme", "readReports", "credentials-checked", "MUST", "of the scheme Basic"),
        ("token signature unchecked", "readReports", "credentials-checked", "MUST", "signature"),
        ("token alg none", "readReports", "credentials-checked", "MUST", "signature"),
        ("token exp unchecked", "readReports", "credentials-checked", "MUST", "that has expired"),
        ("token nbf unchecked", "readReports", "credentials-checked", "MUST", "that is not valid yet"),
        ("token aud unchecked", "readReports", "credentials-checked", "MUST", "for another audience"),
        ("no challenge", "readReports", "challenge", "SHOULD", ""),
        ("other challenge", "readReports", "challenge", "SHOULD", "scheme"),
        ("no password", "getAccount", "credentials-checked", "MUST", "without its password"),
        ("crashes on bad Base64", "getAccount", "no-crash", "MUST", ""),
        ("health asks for a key", "health", "credentials-required", "MUST", ""),
    ],
)
def test_what_is_not_checked_is_found(shop: Contract, fault: str, operation: str, check: str, severity: str, aspect: str) -> None:
    made = of(shop, fault, only=(operation,))
    assert (severity, aspect) in [(one.severity, one.aspect) for one in made.of(check)], str(made)


@pytest.mark.parametrize("variant", VARIANTS)
def test_another_way_of_keeping_the_contract_is_no_alarm(shop: Contract, variant: str) -> None:
    made = of(shop, variant)
    assert made.found("MUST", "SHOULD") == set(), str(made)
    assert made.incomplete == []


def test_one_reason_is_one_finding(shop: Contract) -> None:
    """A key that is not looked at lets everything in; a scheme that is wrong everywhere is wrong once."""
    assert [one.check for one in of(shop, "no key", only=("getThing",)).findings] == ["credentials-required"]
    assert len({one.cause for one in of(shop, "prefix of a key").findings}) == 1
    assert len({one.cause for one in of(shop, "404 without a key").findings}) == 1


def test_what_the_profile_does_not_give_is_told(shop: Contract) -> None:
    without = PROFILE.replace("[tenants.first.limited]", "[tenants.first.objects]")
    made = of(shop, profile=without, only=("createThing",))
    assert [(one.reason, one.fill) for one in made.untested] == [
        ("no credential is known that lacks a scope", "tenants.first.limited.Key")
    ]
    made = of(shop, profile="", only=("createThing",))
    assert "tenants.first.credentials.Key" in {one.fill for one in made.untested}


def test_a_request_that_is_refused_anyway_says_nothing_of_the_order_of_checks(shop: Contract) -> None:
    """With a body that the server refuses, it may look at that before it looks at credentials."""
    made = of(shop, "404 without a key", profile=PROFILE, only=("showThing",))
    assert made.of("credentials-required"), "it counts where the request is a good one"
    with serving(Shop("404 without a key", "nothing to show").app) as url:
        made = verified(shop, url, PROFILE, probes=[credentials], only=("showThing",))
    assert not made.of("credentials-required"), str(made)


TWO = """
    openapi: 3.1.0
    info: {title: Two, version: '1'}
    security: [{Key: [], Sign: []}, {Cookie: []}]
    paths:
      /both:
        get:
          operationId: both
          responses: {'200': {description: Both.}, '401': {description: Not both.}}
    components:
      securitySchemes:
        Key: {type: apiKey, in: query, name: key}
        Sign: {type: apiKey, in: header, name: X-Sign}
        Cookie: {type: apiKey, in: cookie, name: session}
"""
BOTH = """
    [tenants.a.credentials]
    Key = "a-key-of-a"
    Sign = "a-sign-of-a"
    Cookie = "a-session-of-a"
"""


@pytest.mark.parametrize("fault", ["", "no sign", "no key", "cookie in any case", "key in a header"])
def test_credentials_that_count_together(tmp_path: Path, fault: str) -> None:
    def both(request: Request) -> Response:
        key = request.query_params.get("key") or (fault == "key in a header" and request.headers.get("key"))
        sign, session = request.headers.get("x-sign"), request.cookies.get("session", "")
        session = session.lower() if fault == "cookie in any case" else session
        let_in = (key == "a-key-of-a" or fault == "no key") and (sign == "a-sign-of-a" or fault == "no sign")
        return Response(status_code=200 if let_in or session == "a-session-of-a" else 401)

    with serving(Starlette(routes=[Route("/both", both)])) as url:
        made = verified(contract(tmp_path, TWO), url, BOTH, probes=[credentials])
    found = {one.aspect for one in made.findings}
    expected = {
        "no sign": {"a request without Sign succeeds", "that was made up"},
        "no key": {"a request without Key succeeds"},
        "cookie in any case": {"in other case"},
        "key in a header": {"in a header"},
    }
    if fault in expected:
        assert found & expected[fault], str(made)
    else:
        assert found == set(), str(made)


def test_each_text_is_another_one_than_the_good_one(shop: Contract) -> None:
    """An attempt that were the good credential itself would be a false alarm on every server."""
    run = Run(shop, read(PROFILE, {}), Wire(Origin("http", "127.0.0.1", 1)))
    tenant = run.profile.first
    for scheme, text in (("Key", "k_first"), ("Client", "first:secret"), ("Token", sign(_token()))):
        run.credentials.keep(tenant.name, "credentials", scheme, text)
    for target in shop.targets.values():
        for way in target.requirements:
            good = run.credentials.good(target, tenant.name)
            for attempt in attempts(run, target, way, thorough=True):
                assert (attempt.headers, attempt.query) != (good.headers, good.query), attempt.what


def test_a_token_without_a_signature_is_the_good_one_else(shop: Contract) -> None:
    run = Run(shop, read(PROFILE, {}), Wire(Origin("http", "127.0.0.1", 1)))
    good = sign(SignedToken("k" * 32, "HS256", {"aud": "shop"}, {"kid": "k-1"}, 60))
    run.credentials.keep(run.profile.first.name, "credentials", "Token", good)
    target = shop.targets["readReports"]
    made = attempts(run, target, target.requirements[0], thorough=False)
    [text] = [one.headers[0][1].partition(" ")[2] for one in made if 'of the algorithm "none"' in one.what]
    assert jwt.get_unverified_header(text) == {**jwt.get_unverified_header(good), "alg": "none"}
    assert (claims_of(text), text[-1]) == (claims_of(good), ".")


def _token() -> SignedToken:
    return SignedToken("k" * 32, "HS256", {"aud": "shop", "scope": "a b"}, {}, 60)


def test_what_a_token_says() -> None:
    text = sign(_token())
    assert scopes_of(text) == {"a", "b"}
    assert (claims_of(text) or {})["aud"] == "shop"
    for none in ("", "a.b", "a.b.c", "e30.e30.", "sk_live.4f.9a", "\u00e9.e30.e30"):
        assert (claims_of(none), scopes_of(none)) == (None, None)
