"""The profile: what it takes, and what it says of what it does not."""

from __future__ import annotations

import pytest

from tillspec.verify.profile import BadProfile, Basic, FromOperation, FromRequest, SignedToken, read

WHOLE = """
[server]
rate = 50
timeout = "PT5S"
latency = 0.5

[tenants.shop.credentials]
ApiKey = {env = "SHOP_KEY"}
Basic = {username = "u", password = "p"}
Bearer = {operation = "createToken", value = "$response.body#/access_token"}
Hook = {request = {url = "/test/tokens", json = {name = "shop"}}, value = "$response.body#/token"}
Signed = {jwt = {key = "-----", algorithm = "ES512", lifetime = "PT5M", claims = {iss = "shop"}}}

[tenants.shop.limited]
ApiKey = "FILL_ME"

[tenants.shop.parameters]
account = "a-1"

[tenants.shop.objects]
Order = ["o-1", "o-2"]
Cart = "c-1"

[tenants.shop.bodies]
createSession = {amount = 100}

[tenants.other.credentials]
ApiKey = "k-2"

[control]
advance = {url = "/test/clock", json = {seconds = "{seconds}"}}

[control.move.Session]
method = "put"
url = "/test/sessions/{id}"
json = {state = "{state}"}
states = {completed = "paid"}

[policy]
unknown-paths = [404, 401]

[inputs]
cartId = "c-1"
"""


def test_a_whole_profile() -> None:
    profile = read(WHOLE, {"SHOP_KEY": "k-1"})
    shop, other = profile.tenants
    assert shop.credentials["ApiKey"] == "k-1"
    assert shop.credentials["Basic"] == Basic("u", "p")
    assert shop.credentials["Bearer"] == FromOperation("createToken", "$response.body#/access_token")
    assert isinstance(shop.credentials["Hook"], FromRequest)
    assert isinstance(shop.credentials["Signed"], SignedToken)
    assert shop.credentials["Signed"].lifetime == 300
    assert (shop.objects, shop.bodies) == ({"Order": ("o-1", "o-2"), "Cart": ("c-1",)}, {"createSession": {"amount": 100}})
    assert (profile.rate, profile.timeout, profile.latency, profile.wait) == (50, 5.0, 0.5, 30.0)
    assert profile.control["move.Session"].method == "PUT"
    assert profile.control["move.Session"].states == {"completed": "paid"}
    assert (profile.second, profile.inputs) == (other, {"cartId": "c-1"})
    assert profile.unfilled == ("tenants.shop.limited.ApiKey",)
    assert dict(profile.secrets())["k-1"] == "SHOP_APIKEY"


def test_its_secrets_are_not_in_its_text() -> None:
    profile = read(WHOLE, {"SHOP_KEY": "k-1"})
    assert not [secret for secret in ("k-1", "k-2", "-----") if secret in repr(profile.tenants)]


def test_the_secrets_of_requests_and_bodies_are_known() -> None:
    basic = "dXNlcjpwYXNzd29yZC0x"  # of "user:password-1"
    profile = read(
        f"""
[tenants.shop.credentials]
Token = {{request = {{url = "/token", headers = {{Authorization = "Basic {basic}", Accept = "application/json"}}, \
json = {{grant_type = "client_credentials", deep = [{{client_secret = "secret-2"}}]}}}}, value = "$response.body#/token"}}

[tenants.shop.bodies]
createToken = {{client_id = "shop-1", password = "secret-3"}}

[control]
reset = {{url = "/reset", headers = {{X-Control = "secret-4", Content-Type = "application/json"}}}}
""".replace("\\\n", ""),
        {},
    )
    assert dict(profile.secrets()) == {
        basic: "SHOP_TOKEN_AUTHORIZATION",
        "password-1": "SHOP_TOKEN_PASSWORD",
        "secret-2": "SHOP_TOKEN_DEEP_CLIENT_SECRET",
        "secret-3": "SHOP_CREATETOKEN_PASSWORD",
        "secret-4": "CONTROL_RESET_X_CONTROL",
    }


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[server]\nrate = 1\nwait = 'x\n", (3, 10)),
        ("# rat is short for rate\n[server]\n  rat = 5\n", (3, 3)),
        ("[tenants.a.keys]\nx = 1\n", (1, 12)),
        ("[policy]\nforeign = 404\nforein = 404\n", (3, 1)),
    ],
)
def test_a_mistake_has_a_line_and_a_column(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(BadProfile) as caught:
        read(text, {})
    assert (caught.value.line, caught.value.column) == place, caught.value


@pytest.mark.parametrize(
    ("text", "line", "told", "hint"),
    [
        ("[tenants.a\n", 1, "no TOML", "toml.io"),
        ("[tenant.a]\nx = 1\n", 1, "'tenant'", "there are control, inputs, policy, server, tenants"),
        ("[server]\nrat = 5\n", 2, "'rat'", "latency, rate"),
        ("[server]\nrate = 0\n", 2, "rate is no positive number", "rate = 100"),
        ("[server]\ntimeout = true\n", 2, "timeout is no positive number", ""),
        ("[tenants.a.credentials]\nKey = {env = 'NOT_SET'}\n", 2, "NOT_SET is not set", "export NOT_SET="),
        ("[tenants.a.credentials]\nKey = 5\n", 2, "no credential", "username"),
        ("[tenants.a.credentials]\nKey = {jwt = {key = 'k'}}\n", 2, "no token to sign", "algorithm"),
        ("[tenants.a]\n[tenants.b]\n[tenants.c]\n", 1, "more than two tenants", "a second"),
        ("[tenants.a]\nkeys = 1\n", 2, "'keys'", "credentials"),
        ("[control]\nclock = {url = '/x'}\n", 2, "control.clock is not known", "advance, reset"),
        ("[control]\nadvance = {url = 'http://elsewhere.example/x'}\n", 2, "no request", "a path on the server"),
        ("[policy]\nforein = 404\n", 2, "'forein'", "foreign"),
        ("server = 5\n", 1, "server is no table", "[server]"),
    ],
)
def test_what_it_does_not_take(text: str, line: int, told: str, hint: str) -> None:
    with pytest.raises(BadProfile) as caught:
        read(text, {})
    assert (caught.value.line, told in str(caught.value), hint in caught.value.hint) == (line, True, True), caught.value
