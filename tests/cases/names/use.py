"""Whatever a contract calls things: on the wire they have those names, in Python they have names of their own."""

from __future__ import annotations

import asyncio
import datetime
import inspect

import httpx
from names_api import models, responses
from names_api.client import AsyncClient
from names_api.server import ClassRoom, Import, Request, create_app

WIRE = {
    "class": "a",
    "@type": "b",
    "@id": "c",
    "model_config": "d",
    "model_dump": "e",
    "Model": "f",
    "schema": "g",
    "json": "h",
    "copy": True,
    "self": "i",
    "_private": "j",
    "__dunder__": "k",
    "1st": 1,
    "first-name": "l",
    "first.name": "m",
    "first_name": "n",
    "firstName": "o",
    "straße": "p",
    "": "q",
    "---": "r",
    "None": "s",
    "print": "t",
    "list": ["u"],
    "str": "v",
    "int": 2,
    "date": "2026-11-22",
    "Date": {"date": "2026-11-23"},
    "field": {"field": "w"},
    "any": {"any": {"x": None}},
}


class Everything(Import):
    async def class_(self, request: Request, **given: object) -> responses.Class200:
        """Tells back what it was given, by the Python names."""
        told = ", ".join(f"{name}={value}" for name, value in given.items())
        return responses.Class200(body=models.Model.model_validate(WIRE | {"class": told}), status_2="fine", body_2="short")


class Bank(ClassRoom):
    async def n3ds_authenticate(self, request: Request, *, body: models.Type3dsData | None) -> responses.N3dsAuthenticate200:
        assert body
        return responses.N3dsAuthenticate200(body=models.pet.model_validate({"Name": "big", "name": str(body.values)}))


async def main() -> None:
    app = create_app(import_=Everything(), class_room=Bank())
    client = AsyncClient("http://names.example", http=httpx.AsyncClient(transport=httpx.ASGITransport(app=app)))
    answer = await client.import_.class_(
        from_="here", self_2="me", request_2="r", body_2="b", timeout_2=3, x_rate=4, query_x_rate=5, filter_name="f"
    )
    assert (
        answer.body.class_ == "from_=here, self_2=me, request_2=r, body_2=b, timeout_2=3, x_rate=4, query_x_rate=5, filter_name=f"
    )
    assert (answer.status, answer.status_2, answer.body_2) == (200, "fine", "short")
    pet = await client.class_room.n3ds_authenticate(models.Type3dsData.model_validate({"3ds.version": "2.2", "values": ["x"]}))
    assert pet.body.model_dump(by_alias=True) == {"Name": "big", "name": "['x']"}


model = models.Model.model_validate(WIRE)
assert model.model_dump(mode="json", by_alias=True) == WIRE
assert (model.list_, model.str_, model.int_) == (["u"], "v", 2)
assert model.date == datetime.date(2026, 11, 22)
assert isinstance(model.date_2, models.Date)
assert callable(model.model_dump)
assert len({models.pet.__name__, models.Pet.__name__}) == 2
assert {"Field_", "Any_", "Literal_", "Annotated_", "MISSING_", "BaseModel", "APIKeyV2"} <= set(vars(models))
assert "timeout" in inspect.signature(AsyncClient("http://x").import_.class_).parameters
asyncio.run(main())
