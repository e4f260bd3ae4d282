"""What somebody who knows FastAPI expects of the server that was made for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import httpx
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.middleware.base import BaseHTTPMiddleware

from checkout_api import models, responses, server
from checkout_api.server import ApiKey
from end_to_end import state, surfaces
from end_to_end.conftest import Framework
from end_to_end.shop import create_app
from end_to_end.support import CONTRACT, CONTRACT_BYTES, DESCRIBED, example

SURFACES: dict[str, Any] = {
    "vinr": surfaces.Vinr(),
    "gr4vy": surfaces.Gr4vy(),
    "dintero": surfaces.Dintero(),
    "diddo": surfaces.Diddo(),
}
RESULT = models.VinrSessionResult(session_id="cs_1", status="pending", amount=5000, currency="EUR")


class Results(server.Results):
    """Gives one result, and does what a test asks for besides."""

    def __init__(self) -> None:
        self.asked: list[ApiKey] = []
        self.done: list[Any] = []

    async def get_vinr_session_result(
        self, request: server.Request, *, credentials: ApiKey, session_id: models.VinrSessionId
    ) -> responses.GetVinrSessionResult200:
        self.asked.append(credentials)
        request.add_task(self.done.append, request.state.get("tenant"))
        if session_id == "cs_fails":
            raise RuntimeError("out of order")
        return responses.GetVinrSessionResult200(body=RESULT)


PATH = "/checkout/session/cs_1/result"
KEY = {"X-Api-Key": "sk_test_1"}


@pytest.fixture
def results() -> Results:
    return Results()


@pytest.fixture
def app(for_fastapi: ModuleType, results: Results) -> FastAPI:
    made: FastAPI = for_fastapi.create_app(**SURFACES, results=results)
    return made


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def test_its_openapi_is_the_contract(app: FastAPI, client: TestClient) -> None:
    assert client.get("/openapi.json").content == CONTRACT_BYTES
    assert app.openapi() == CONTRACT
    app.add_api_route("/health", lambda: {"well": True})
    assert client.get("/health").json() == {"well": True}
    assert client.get("/openapi.json").content == CONTRACT_BYTES
    assert app.openapi() == CONTRACT


def test_the_documentation_shows_the_contract(app: FastAPI, client: TestClient) -> None:
    for path in ("/docs", "/redoc"):
        page = client.get(path)
        assert page.status_code == 200
        assert "/openapi.json" in page.text
        assert CONTRACT["info"]["title"] in page.text
    outer = FastAPI()
    outer.mount("/pay", app)
    with TestClient(outer) as client:
        assert "/pay/openapi.json" in client.get("/pay/docs").text
        assert client.get("/pay/openapi.json").content == CONTRACT_BYTES
        assert client.get(f"/pay{PATH}", headers=KEY).status_code == 200


def test_every_operation_is_a_route(app: FastAPI) -> None:
    routes = {route.operation_id: route for route in app.routes if isinstance(route, APIRoute) and route.operation_id}
    assert routes.keys() == DESCRIBED.keys()
    for name, described in DESCRIBED.items():
        assert routes[name].path == described.path
        assert described.method in (routes[name].methods or ())
    assert app.url_path_for("getVinrSessionResult", sessionId="cs_1") == PATH


# -- credentials -----------------------------------------------------------------------------------------------------------


def test_a_credential_is_overridden(app: FastAPI, client: TestClient, for_fastapi: ModuleType, results: Results) -> None:
    assert client.get(PATH).status_code == 401
    app.dependency_overrides[for_fastapi.vinr_api_key] = lambda: ApiKey("overridden")
    assert client.get(PATH).status_code == 200
    assert results.asked == [ApiKey("overridden")]
    app.dependency_overrides[for_fastapi.vinr_api_key] = lambda: None
    refused = client.get(PATH, headers=KEY)
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "invalid_api_key"
    assert refused.headers["x-request-id"] == refused.json()["error"]["request_id"]


def test_a_dependency_of_ones_own_gives_the_credential(for_fastapi: ModuleType, results: Results) -> None:
    closed: list[str] = []

    async def known(request: Request, scopes: SecurityScopes) -> AsyncIterator[ApiKey]:
        if request.headers.get("x-api-key") != "sk_known":
            raise HTTPException(403, "who are you?")
        yield ApiKey(f"known {scopes.scope_str}")
        closed.append("closed")

    app = for_fastapi.create_app(**SURFACES, results=results, vinr_api_key=known)
    with TestClient(app) as client:
        assert client.get(PATH, headers={"X-Api-Key": "sk_known"}).status_code == 200
        assert (results.asked, closed) == ([ApiKey("known ")], ["closed"])
        refused = client.get(PATH)
        assert (refused.status_code, refused.json()) == (403, {"detail": "who are you?"})

    async def shape(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"shaped": getattr(error, "detail", "")}, 403)

    app = for_fastapi.create_app(**SURFACES, results=results, vinr_api_key=known)
    app.add_exception_handler(HTTPException, shape)
    with TestClient(app) as client:
        assert client.get(PATH).json() == {"shaped": "who are you?"}


# -- dependencies, state, tasks --------------------------------------------------------------------------------------------


def test_dependencies_run_before_every_operation(for_fastapi: ModuleType, results: Results) -> None:
    order: list[str] = []

    async def note(request: Request, response: Response, tasks: BackgroundTasks, session_id: str = "") -> AsyncIterator[None]:
        order.append("before")
        request.state.tenant = "north"
        response.headers["X-Extra"] = "1"
        response.headers["Content-Type"] = "text/never"
        response.set_cookie("seen", "yes")
        tasks.add_task(results.done.append, "of the dependency")
        yield
        order.append("after")

    def read(sessionId: str) -> None:
        order.append(sessionId)

    app = for_fastapi.create_app(**SURFACES, results=results, dependencies=[Depends(note), Depends(read)])
    with TestClient(app) as client:
        answer = client.get(PATH, headers=KEY)
        assert answer.status_code == 200
        assert answer.headers["x-extra"] == "1"
        assert answer.headers["set-cookie"].startswith("seen=yes")
        assert answer.headers.get_list("content-type") == ["application/json"]
        assert order == ["before", "cs_1", "after"]
        assert results.done == ["north", "of the dependency"]


def test_a_dependency_may_read_the_body(for_fastapi: ModuleType) -> None:
    bodies: list[bytes] = []

    async def verify(request: Request) -> None:
        bodies.append(await request.body())

    made = Framework("fastapi", for_fastapi, for_fastapi).shop(state.demo())
    app = FastAPI(dependencies=[Depends(verify)])
    app.include_router(made.router)
    with TestClient(app) as client:
        given = example("VinrSessionRequestFull")
        answer = client.post("/checkout/session", json=given, headers={"X-Api-Key": "sk_test_north"})
        assert answer.status_code == 201
        assert json.loads(bodies[0]) == given


def test_middleware_and_lifespan_share_the_state(for_fastapi: ModuleType, results: Results) -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        yield {"tenant": "of the lifespan"}

    app = for_fastapi.create_app(**SURFACES, results=results, lifespan=lifespan)

    async def dispatch(request: Request, call_next: Any) -> Response:
        if "x-tenant" in request.headers:
            request.state.tenant = request.headers["x-tenant"]
        answer: Response = await call_next(request)
        answer.headers["x-middleware"] = "1"
        return answer

    app.add_middleware(BaseHTTPMiddleware, dispatch=dispatch)
    with TestClient(app) as client:
        assert client.get(PATH, headers=KEY).headers["x-middleware"] == "1"
        assert client.get(PATH, headers=KEY | {"X-Tenant": "south"}).status_code == 200
    assert results.done == ["of the lifespan", "south"]


# -- errors ----------------------------------------------------------------------------------------------------------------


def test_handlers_of_exceptions_do_not_take_our_answers(app: FastAPI) -> None:
    taken: list[Exception] = []

    async def take(request: Request, error: Exception) -> Response:
        taken.append(error)
        return Response("taken", 599)

    for kind in (404, 405, 500, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, take)
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/nothing").headers["content-type"] == "application/problem+json"
        assert client.patch(PATH).status_code == 405
        assert client.get(PATH).json()["error"]["code"] == "invalid_api_key"
        assert client.post("/checkout/session", json={}, headers=KEY).status_code == 501
        failed = client.get("/checkout/session/cs_fails/result", headers=KEY)
        assert (failed.status_code, failed.json()["error"]["code"]) == (500, "internal_error")
    assert taken == []


# -- in an application of ones own -----------------------------------------------------------------------------------------


def test_a_router_is_included_below_a_prefix(for_fastapi: ModuleType, results: Results) -> None:
    app = FastAPI()

    @app.get("/health")
    def health() -> dict[str, bool]:
        return {"well": True}

    def tenant(request: Request, tenant: str) -> None:
        request.state.tenant = tenant

    router = for_fastapi.create_router(**SURFACES, results=results, dependencies=[Depends(tenant)])
    app.include_router(router, prefix="/{tenant}/v1")
    app.dependency_overrides[for_fastapi.vinr_api_key] = lambda: ApiKey("overridden")
    with TestClient(app) as client:
        assert client.get("/health").json() == {"well": True}
        assert client.get(f"/a%2Fb/v1{PATH}").json()["sessionId"] == "cs_1"
        assert results.done == ["a/b"]
        assert client.head(f"/north/v1{PATH}").content == b""
        assert client.patch(f"/north/v1{PATH}").headers["allow"] == "GET, HEAD, OPTIONS"
        assert client.options(f"/north/v1{PATH}").status_code == 204
        assert client.get("/north/v1/nothing").json() == {"detail": "Not Found"}  # theirs to shape
        paths = client.get("/openapi.json").json()["paths"]
        assert list(paths) == ["/health"]


# -- one law for all of it -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(for_fastapi: ModuleType) -> Iterator[tuple[TestClient, TestClient]]:
    first = create_app(state.demo())
    second = Framework("fastapi", for_fastapi, for_fastapi).shop(state.demo())
    with TestClient(first) as one, TestClient(second) as other:
        yield one, other


SEGMENTS = st.sampled_from(["checkout", "session", "cs_1", "%2F", "%ff", "a%20b", "01KERN71T0V3RS3DTR98H6BCFN", "", "é", "{id}"])
PATHS = st.one_of(
    st.sampled_from(sorted({described.path for described in DESCRIBED.values()} | {"/openapi.json"})),
    # httpx takes what follows // for a host
    st.lists(SEGMENTS, max_size=5).map(lambda parts: "/" + "/".join(parts)).filter(lambda path: not path.startswith("//")),
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "X-Api-Key": st.sampled_from(["sk_test_north", " "]),
        "Authorization": st.sampled_from(["Bearer sk_test_north", "Basic bm9ydGg6bm9ydGgtc2VjcmV0", "Bearer"]),
        "Content-Type": st.sampled_from(["application/json", "text/plain", "application/json; charset=x"]),
        "Accept": st.sampled_from(["*/*", "image/svg+xml", "text/html"]),
    },
)
BODIES = st.sampled_from([b"", b"{", b"[]", b'{"amount": 1}', json.dumps(example("VinrSessionRequestMinimal")).encode()])
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])


@settings(max_examples=150, deadline=None)
@given(METHODS, PATHS, st.sampled_from(["", "?size=x", "?%ff=1", "?size=512"]), HEADERS, BODIES)
def test_both_servers_answer_alike(
    both: tuple[TestClient, TestClient], method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    first, second = (client.request(method, path + query, headers=headers, content=body) for client in both)
    assert told(first) == told(second)


def told(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], str]:
    """An answer without what is made anew for each: ids and times."""
    changing = ("x-request-id", "location", "etag", "content-length")
    headers = sorted((name, value) for name, value in answer.headers.multi_items() if name not in changing)
    text = answer.text if answer.status_code != 201 else ""
    request_id = answer.headers.get("x-request-id")
    return answer.status_code, headers, text.replace(request_id, "…") if request_id else text
