"""The ways to serve the stub: as an application, mounted in FastAPI and in Starlette, and with parts of it left out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount, Router
from starlette.types import ASGIApp

from checkout_api import models, server
from checkout_api.client import Credentials
from end_to_end import surfaces
from end_to_end.conftest import Framework
from end_to_end.shop import QRCodes, Results, Sessions, Shipping, Tokens
from end_to_end.state import Shop, demo
from end_to_end.support import CONTRACT_BYTES, DESCRIBED, FLAVOURS, OPERATIONS, Described, connected, example, served

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SURFACES: dict[str, Any] = {
    "vinr": surfaces.Vinr(),
    "gr4vy": surfaces.Gr4vy(),
    "dintero": surfaces.Dintero(),
    "diddo": surfaces.Diddo(),
}
TOKENS = {
    "vinr": {"X-Api-Key": "sk_test_1"},
    "gr4vy": {"Authorization": "Bearer t"},
    "dintero": {"Authorization": "Bearer t"},
    "diddo": {"Authorization": "Bearer t"},
}


def _router() -> Router:
    shop = demo()
    return server.create_router(
        **SURFACES,
        sessions=Sessions(shop),
        results=Results(shop),
        shipping=Shipping(shop),
        qr_codes=QRCodes(shop),
        tokens=Tokens(shop),
    )


def _in_fastapi() -> ASGIApp:
    app = FastAPI()

    @app.get("/health")
    def health() -> dict[str, bool]:
        return {"well": True}

    app.mount("/pay/v1", _router())
    return app


def _in_starlette() -> ASGIApp:
    return Starlette(routes=[Mount("/pay/v1", app=_router())])


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("mounted", [_in_fastapi, _in_starlette])
def test_a_router_is_mounted_below_a_prefix(mounted: Any, flavour: str) -> None:
    credentials = Credentials(vinr_api_key="sk_test_north", diddo_bearer="sk_test_north")
    with served(mounted()) as url, connected(flavour, f"{url}/pay/v1", credentials) as calls:
        request = models.VinrSessionRequest.model_validate(example("VinrSessionRequestFull"))
        made = calls.sessions.create_vinr_session(request).body
        assert calls.results.get_vinr_session_result(session_id=made.session_id).body.amount == 5000
        assert calls.qr_codes.get_diddo_qr(cart_id="01KERN71T0V3RS3DTR98H6BCFN").media_type == "image/png"
        assert httpx.get(f"{url}/pay/v1/nothing").status_code == 404


def test_what_stands_beside_the_mounted_router_still_answers() -> None:
    with served(_in_fastapi()) as url:
        assert httpx.get(f"{url}/health").json() == {"well": True}


@pytest.fixture(scope="module")
def empty(framework: Framework) -> Iterator[str]:
    """The application without any handlers."""
    with served(framework.create_app(**SURFACES)) as url:
        yield url


@pytest.mark.parametrize("operation", list(DESCRIBED.values()), ids=list(DESCRIBED))
def test_what_is_left_out_answers_501(operation: Described, empty: str) -> None:
    headers = TOKENS[operation.surface] if operation.secured else {}
    with httpx.Client() as http:
        answer = http.send(operation.request(empty, headers=headers))
    assert answer.status_code == 501
    assert answer.headers["x-request-id"]
    assert answer.headers["content-type"] == ("application/problem+json" if operation.surface == "gr4vy" else "application/json")


def test_one_method_that_is_left_out_answers_501(framework: Framework) -> None:
    class Half(server.Sessions):
        """Implements nothing."""

    with served(framework.create_app(**SURFACES, sessions=Half())) as url:
        answer = httpx.post(f"{url}/checkout/session", json=example("VinrSessionRequestMinimal"), headers=TOKENS["vinr"])
        assert (answer.status_code, answer.json()["error"]["code"]) == (501, "internal_error")
        assert httpx.post(f"{url}/checkout/session", json=example("VinrSessionRequestMinimal")).status_code == 401


def test_the_application_serves_its_own_contract(empty: str) -> None:
    answer = httpx.get(f"{empty}/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == CONTRACT_BYTES == (ROOT / "generated" / "openapi.json").read_bytes()
    again = httpx.get(f"{empty}/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_vendors_operations_go_to_a_server_of_their_own(framework: Framework, flavour: str) -> None:
    """The contract names servers for each vendor's paths; a client keeps to its base URL until it is told otherwise."""
    here, there = demo(), demo()
    credentials = Credentials(vinr_api_key="sk_test_north", gr4vy_bearer="sk_test_north")
    given = models.VinrSessionRequest.model_validate(example("VinrSessionRequestFull"))
    with served(framework.shop(here)) as url, served(framework.shop(there)) as vinr:
        chosen: tuple[dict[str, str], ...] = ({}, {"https://sandbox.api.vinr.com": vinr})
        for servers in chosen:
            with connected(flavour, url, credentials, servers=servers) as calls:
                calls.sessions.create_vinr_session(given)
                calls.sessions.create_gr4vy_session()
    sessions = [(len(shop.merchants["sk_test_north"].vinr_sessions), _held(shop)) for shop in (here, there)]
    assert sessions == [(1, 2), (1, 0)]


def _held(shop: Shop) -> int:
    return len(shop.merchants["sk_test_north"].gr4vy_sessions)


def test_another_method_is_405_and_names_those_that_there_are(empty: str) -> None:
    answer = httpx.patch(f"{empty}/checkout/sessions/8d3fe99b-1422-42e6-bbb3-932d95ae5f79")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}
    error = OPERATIONS["createGr4vySession"].responses["405"].wire.contents["application/json"].value
    assert error is not None
    error.adapter.validate_json(answer.content)


def test_the_shop_is_typed_strictly_and_an_undeclared_answer_is_a_type_error(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from checkout_api import models, responses, server\n"
        "class Wrong(server.Sessions):\n"
        "    async def begin_diddo_checkout(\n"
        "        self, request: server.Request, *, credentials: server.Bearer, cart_id: models.DiddoCartId\n"
        "    ) -> responses.BeginDiddoCheckout200 | responses.DiddoConflict:\n"
        "        raise NotImplementedError\n"
    )
    path = os.pathsep.join(str(ROOT / folder) for folder in ("generated/python", "tests"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--explicit-package-bases", HERE / "shop.py", wrong],
        env=os.environ | {"MYPYPATH": path, "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "shop")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(found) == 1, done.stdout + done.stderr
    assert "wrong.py:3: error: Return type" in found[0]
    assert "[override]" in found[0]
