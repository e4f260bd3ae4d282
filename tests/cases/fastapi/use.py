"""A FastAPI application: a router of the contract beside routes of one's own, credentials that are judged by a dependency."""

from __future__ import annotations

import asyncio
from pathlib import Path

import fastapi_api.fastapi as parcels_server
import httpx
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.security import SecurityScopes
from fastapi_api import models, responses
from fastapi_api.server import ApiKey, Bearer, Parcels, Problem, Refusal, Surface
from fastapi_api.server import Request as Asked
from fastapi_api.webhooks import Webhooks
from starlette.types import ASGIApp

TOKENS = {"reader": {"parcels:read"}, "mover": {"parcels:read", "parcels:write"}}
PLACES = {"p 1/a": "Oslo"}
CALLERS: list[object] = []
MOVED: list[str] = []


class Errors(Surface):
    def refuse(self, refusal: Refusal) -> Problem[models.Error]:
        return Problem(models.Error(message=refusal.kind))


class MyParcels(Parcels):
    async def get_parcel(
        self, request: Asked, *, credentials: Bearer | tuple[ApiKey, ApiKey], parcel_id: str
    ) -> responses.Parcel | responses.Error:
        CALLERS.append(credentials)
        if parcel_id not in PLACES:
            return responses.Error(status=404, body=models.Error(message="no such parcel"))
        return responses.Parcel(body=models.Parcel(id=parcel_id, place=PLACES[parcel_id]))

    async def move_parcel(
        self, request: Asked, *, body: models.Move, credentials: Bearer, parcel_id: str
    ) -> responses.Parcel | responses.Error:
        PLACES[parcel_id] = body.place
        request.add_task(MOVED.append, f"{request.state['user']} moved {parcel_id}")
        return responses.Parcel(body=models.Parcel(id=parcel_id, place=body.place))


class Receiver(Webhooks):
    async def parcel_moved(self, request: Asked, *, body: models.Parcel, credentials: ApiKey) -> responses.ParcelMoved204:
        MOVED.append(f"{credentials.key}: {body.id}")
        return responses.ParcelMoved204()


async def login(request: Request, asked: SecurityScopes) -> Bearer | None:
    """Judges the token, by the scopes that the contract asks for."""
    given = await parcels_server.login(request)
    if given is None:
        return None
    if not TOKENS.get(given.token, set()).issuperset(asked.scopes):
        raise HTTPException(403, f"needs {asked.scope_str}")
    request.state.user = given.token
    return given


def answered_by(response: Response) -> None:
    response.headers["X-Answered-By"] = "parcels"


app = FastAPI(title="Everything of ours")
app.include_router(
    parcels_server.create_router(surface=Errors(), parcels=MyParcels(), login=login, dependencies=[Depends(answered_by)]),
    prefix="/parcels/v2",
)
app.include_router(parcels_server.create_webhook_router(Receiver(), paths={"parcelMoved": "/hooks/moved"}))
app.mount("/standalone", parcels_server.create_app(surface=Errors(), parcels=MyParcels()))


@app.get("/health")
def health() -> dict[str, bool]:
    return {"well": True}


async def check(server: ASGIApp) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://shop.example") as http:
        url = "/parcels/v2/parcels/p%201%2Fa"
        reader, mover = ({"Authorization": f"Bearer {name}"} for name in TOKENS)

        found = await http.get(url, headers=reader)
        assert (found.status_code, found.json()) == (200, {"id": "p 1/a", "place": "Oslo"})
        assert found.headers["x-answered-by"] == "parcels"
        together = await http.get(url, headers={"X-Partner": "p", "X-Device": "d"})
        assert together.status_code == 200
        assert [Bearer("reader", "Login", ("parcels:read",)), (ApiKey("p", "Partner"), ApiKey("d", "Device"))] == CALLERS

        moved = await http.put(url, json={"place": "Bergen"}, headers=mover)
        assert moved.json()["place"] == PLACES["p 1/a"] == "Bergen"
        assert MOVED == ["mover moved p 1/a"]

        # Errors of the contract have the contract's shape; what a dependency raises is FastAPI's.
        assert (await http.get(url)).json() == {"message": "unauthorized"}
        assert (await http.put(url, json={"place": "x"}, headers=mover)).json() == {"message": "invalid_request"}
        refused = await http.put(url, json={"place": "Bodø"}, headers=reader)
        assert (refused.status_code, refused.json()) == (403, {"detail": "needs parcels:read parcels:write"})
        assert (await http.delete(url)).headers["allow"] == "GET, PUT, HEAD, OPTIONS"

        hook = await http.post("/hooks/moved", json={"id": "p 1/a", "place": "Bodø"}, headers={"X-Partner": "p"})
        assert hook.status_code == 204
        assert MOVED[-1] == "p: p 1/a"

        # The whole as an application of its own: its OpenAPI is the contract.
        contract = (Path(parcels_server.__file__).parent / "openapi.json").read_bytes()
        assert (await http.get("/standalone/openapi.json")).content == contract
        assert "/standalone/openapi.json" in (await http.get("/standalone/docs")).text
        assert (await http.get("/standalone/status")).status_code == 501
        assert (await http.get("/health")).json() == {"well": True}
        assert list((await http.get("/openapi.json")).json()["paths"]) == ["/health"]


asyncio.run(check(app))
