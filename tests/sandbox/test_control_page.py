"""The page of the control plane, as forms: it works without JavaScript, and lets nobody in who does not know the secret."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from urllib.parse import quote

import httpx

from tillspec.sandbox.control.shown import curl

from .conftest import Running
from .test_control import error_of
from .test_traffic import requests
from .test_vinr import MINIMAL, create

FORM = "application/x-www-form-urlencoded"


@contextmanager
def signed_in(sandbox: Running) -> Iterator[httpx.Client]:
    """A browser, as it were, that was told the secret."""
    with sandbox.control() as control:
        secret = control.headers["authorization"].removeprefix("Bearer ")
    with httpx.Client(base_url=sandbox.url, headers={"Origin": sandbox.url}) as http:
        answer = http.post("/_sandbox/page/sign-in", data={"secret": secret})
        assert (answer.status_code, answer.headers["location"]) == (303, "/_sandbox")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/_sandbox" in cookie
        assert secret not in cookie
        yield http


def test_who_does_not_know_the_secret_is_asked_for_it(sandbox: Running) -> None:
    with sandbox.vinr() as http:
        create(http)
    for path, status in (("/_sandbox", 200), ("/_sandbox?live", 401)):
        door = httpx.get(sandbox.url + path)
        assert door.status_code == status
        assert 'name="secret"' in door.text
        assert "cs_" not in door.text
    wrong = httpx.post(f"{sandbox.url}/_sandbox/page/sign-in", data={"secret": "ctl_sandbox_wrong"})
    assert wrong.status_code == 403
    assert "set-cookie" not in wrong.headers
    assert "ctl_sandbox_wrong" not in wrong.text
    forged = {"Cookie": f"tillspec_sandbox_{httpx.URL(sandbox.url).port}=99999999999.{'0' * 64}"}
    assert 'name="secret"' in httpx.get(f"{sandbox.url}/_sandbox", headers=forged).text
    for path in ("/_sandbox/page/requests/1", "/_sandbox/page/webhooks/a"):
        assert error_of(httpx.get(sandbox.url + path, headers=forged)) == (401, "secret_required")


def test_a_page_is_kept_to_itself(sandbox: Running) -> None:
    with signed_in(sandbox) as http:
        page = http.get("/_sandbox")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]* src=)|\son\w+=|style=|https?://(?!127\.0\.0\.1)", page.text)
        for url in re.findall(r'(?:href|src)="(/_sandbox/static/[^"]+)"', page.text):
            assert http.get(unescape(url)).status_code == 200
        for name in ("nothing.js", "..%2fpage.py", "control.js%00"):
            assert http.get(f"/_sandbox/static/{name}").status_code == 404


def test_forms_do_what_the_control_plane_does(sandbox: Running) -> None:
    with signed_in(sandbox) as http, sandbox.vinr() as vinr:
        made = create(vinr).json()["sessionId"]
        page = http.get("/_sandbox").text
        assert made in page
        form = re.search(r'<form data-do class="joined" method="post" action="(/_sandbox/page/do/sessions/[^"]+)"', page)
        assert form is not None
        done = http.post(form[1], data={"outcome": "complete"})
        assert (done.status_code, done.headers["location"]) == (303, "/_sandbox")
        assert ">completed</span>" in http.get("/_sandbox").text
        again = http.post(form[1], data={"outcome": "cancel"})
        assert again.status_code == 409
        assert f"{made} is completed; cancel is not possible." in again.text
        scripted = http.post(form[1], data={"outcome": "cancel"}, headers={"Accept": "application/json"})
        assert error_of(scripted) == (409, "not_allowed")
        data = {"fault": "slow", "operation": "", "times": "2", "span": "", "carried_out": ""}
        assert http.post("/_sandbox/page/do/faults", data=data).status_code == 303
        assert http.post("/_sandbox/page/do/rate-limit", data={"_method": "PUT", "requests": "7", "per": "1h"}).status_code == 303
        assert "7/1h" in http.get("/_sandbox").text
        assert http.post("/_sandbox/page/do/rate-limit", data={"_method": "DELETE"}).status_code == 303
        address = {"_method": "PUT", "surface": "vinr", "url": "http://127.0.0.1:9/hook"}
        assert http.post(f"/_sandbox/page/do/merchants/{sandbox.mine.id}/webhook", data=address).status_code == 303
        assert "http://127.0.0.1:9/hook" in http.get("/_sandbox").text
        for path in ("nothing", "clock", "state", "../clock/freeze"):
            assert http.post(f"/_sandbox/page/do/{path}", data={"_method": "GET"}).status_code == 404
        assert http.post("/_sandbox/page/do/clock/freeze", json={}).status_code == 415
        assert http.post("/_sandbox/page/sign-out").status_code == 303
        assert 'name="secret"' in http.get("/_sandbox").text


def test_another_program_of_this_machine_cannot_send_forms(sandbox: Running) -> None:
    """A cookie is sent whatever the port, so a form has to come from the page itself."""
    with signed_in(sandbox) as http:
        del http.headers["origin"]
        for headers in ({}, {"Origin": "http://127.0.0.1:3000"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}):
            refused = http.post("/_sandbox/page/do/clock/freeze", headers={"Content-Type": FORM, **headers})
            assert error_of(refused) == (403, "foreign_origin")
        own = http.post("/_sandbox/page/do/clock/freeze", headers={"Content-Type": FORM, "Sec-Fetch-Site": "same-origin"})
        assert own.status_code == 303


def test_what_comes_from_outside_is_text(sandbox: Running) -> None:
    evil = "<img src=x onerror=alert(1)>\"'"
    with signed_in(sandbox) as http, sandbox.vinr() as vinr:
        made = create(vinr, MINIMAL | {"customer": {"name": evil}}, x_evil=evil)
        read = vinr.get(f"/checkout/session/{quote(evil, safe='')}/result", params={"q": evil})
        for found in requests(sandbox, made, read):
            detail = http.get(f"/_sandbox/page/requests/{found['number']}").text
            assert "&lt;img" in detail
            assert "<img" not in detail
            part = http.get(f"/_sandbox/page/requests/{found['number']}?part").text
            assert part.strip() in detail
            assert "curl " in part
        assert "<img" not in http.get("/_sandbox").text
        assert http.get("/_sandbox/page/requests/999999").status_code == 404


def test_nothing_is_sent_again_that_has_not_changed(sandbox: Running) -> None:
    with signed_in(sandbox) as http, sandbox.control() as control:
        control.post("/clock/freeze")
        time.sleep(0.5)  # workers write the requests of a test before within a quarter of a second
        first = http.get("/_sandbox?live")
        assert "<html" not in first.text
        again = http.get("/_sandbox?live", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        control.post("/clock/advance", json={"by": "1s"})
        assert http.get("/_sandbox?live", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_a_curl_line_does_the_same_again(sandbox: Running) -> None:
    with sandbox.vinr() as vinr:
        made = create(vinr, MINIMAL | {"customer": {"name": "it's $HOME `x`"}}, idempotency_key="it's")
    shown = curl(requests(sandbox, made)[0], sandbox.url)
    assert sandbox.mine.vinr is not None
    pasted = shown.replace("sk_test_***", sandbox.mine.vinr.keys[0].key) + " -s -i"
    answer = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, check=True).stdout
    assert "idempotent-replayed: true" in answer
    assert made.json()["sessionId"] in answer
