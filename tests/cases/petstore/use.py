"""Pets are taken in, listed, replaced and given away, over the generated server and both clients' shared core."""

from __future__ import annotations

import asyncio
import datetime
import uuid
import warnings

import httpx
from petstore_api import errors, models, responses
from petstore_api.client import AsyncClient, Credentials
from petstore_api.server import ApiKey, Pets, Problem, Refusal, Request, Surface, create_app
from pydantic import MISSING, ValidationError


class Errors(Surface):
    def refuse(self, refusal: Refusal) -> Problem[models.Problem]:
        return Problem(models.Problem(code=refusal.kind, message=refusal.message))


class Shelter(Pets):
    def __init__(self) -> None:
        self.pets: dict[uuid.UUID, models.Pet] = {}
        self.asked: list[tuple[object, ...]] = []

    async def list_pets(
        self, request: Request, *, status: list[models.Status] | None, limit: int, born_after: datetime.date | None
    ) -> responses.ListPets200 | responses.BadRequest:
        self.asked.append((status, limit, born_after))
        found = [pet for pet in self.pets.values() if not status or pet.status in status]
        return responses.ListPets200(body=found[:limit], x_total_count=len(found))

    async def create_pet(
        self, request: Request, *, body: models.NewPet, credentials: ApiKey, idempotency_key: str | None
    ) -> responses.CreatePet201 | responses.BadRequest | responses.Unauthorized:
        if credentials.key != "secret":
            return responses.Unauthorized(body=models.Problem(code="key", message="wrong key"))
        assert idempotency_key, "the client makes a key by itself"
        pet = models.Pet(id=uuid.uuid4(), name=body.name, status="waiting", born=body.born, tags=body.tags)
        self.pets[pet.id] = pet
        return responses.CreatePet201(body=pet, location=f"/pets/{pet.id}")

    async def get_pet(self, request: Request, *, pet_id: uuid.UUID) -> responses.GetPet200 | responses.NotFound:
        if pet_id not in self.pets:
            return responses.NotFound(body=models.Problem(code="pet", message="no such pet"))
        return responses.GetPet200(body=self.pets[pet_id])

    async def delete_pet(
        self, request: Request, *, credentials: ApiKey, pet_id: uuid.UUID
    ) -> responses.DeletePet204 | responses.Unauthorized | responses.NotFound:
        del self.pets[pet_id]
        return responses.DeletePet204()


async def main() -> None:
    shelter = Shelter()
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(surface=Errors(), pets=shelter)))
    client = AsyncClient("http://pets.example", credentials=Credentials(api_key="secret"), http=http)

    new = models.NewPet(name="Mia", born=datetime.date(2026, 4, 1), tags=["shy"])
    made = await client.pets.create_pet(new)
    assert made.location == f"/pets/{made.body.id}"
    assert made.body.born == new.born
    assert (await client.pets.get_pet(pet_id=made.body.id)).body == made.body

    nameless = await client.pets.create_pet(models.NewPet(name="Rex"))
    assert nameless.body.born is MISSING
    assert "born" not in nameless.body.model_dump(mode="json", by_alias=True)

    page = await client.pets.list_pets(status=["waiting", "reserved"], limit=1)
    assert (page.x_total_count, [pet.name for pet in page.body]) == (2, ["Mia"])
    assert shelter.asked.pop() == (["waiting", "reserved"], 1, None)
    await client.pets.list_pets(born_after=datetime.date(2026, 1, 1))
    assert shelter.asked.pop() == (None, 20, datetime.date(2026, 1, 1))

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        await client.pets.delete_pet(pet_id=made.body.id)
    assert [str(warning.message) for warning in told] == ["The contract deprecates deletePet."]
    try:
        await client.pets.get_pet(pet_id=made.body.id)
    except errors.NotFound as error:
        assert (error.status, error.body.code) == (404, "pet")
    else:
        raise AssertionError("a pet that was given away is found")

    try:
        await AsyncClient("http://pets.example", credentials=Credentials(api_key="guess"), http=http).pets.create_pet(new)
    except errors.Unauthorized as error:
        assert error.body.message == "wrong key"
    else:
        raise AssertionError("a wrong key is taken")

    await what_the_server_refuses(http)
    what_models_refuse()


async def what_the_server_refuses(http: httpx.AsyncClient) -> None:
    """Each request breaks the contract in one way, and never reaches a handler."""
    key, pets = {"X-Api-Key": "secret"}, "http://pets.example/pets"
    answers = {
        "no key": (await http.post(pets, json={"name": "Mia"}), 401),
        "no name": (await http.post(pets, json={}, headers=key), 400),
        "an unknown field": (await http.post(pets, json={"name": "Mia", "age": 3}, headers=key), 400),
        "text": (await http.post(pets, content="Mia", headers=key | {"Content-Type": "text/plain"}), 415),
        "an unknown status": (await http.get(pets, params={"status": "sold"}), 400),
        "the same status twice": (await http.get(f"{pets}?status=waiting&status=waiting"), 400),
        "too high a limit": (await http.get(pets, params={"limit": "101"}), 400),
        "a limit in words": (await http.get(pets, params={"limit": "ten"}), 400),
        "no UUID": (await http.get(f"{pets}/1"), 400),
        "another method": (await http.patch(pets), 405),
        "another path": (await http.get("http://pets.example/cats"), 404),
        "not implemented": (await http.put(f"{pets}/{uuid.uuid4()}", json={"name": "Mia"}, headers=key), 501),
    }
    told = {what: (answer.status_code, status) for what, (answer, status) in answers.items()}
    assert all(given == wanted for given, wanted in told.values()), told


def what_models_refuse() -> None:
    for wrong in (
        {"name": ""},
        {"name": "x" * 81},
        {"name": 5},
        {"name": "Mia", "born": "tomorrow"},
        {"name": "Mia", "tags": None},
    ):
        try:
            models.NewPet.model_validate(wrong)
        except ValidationError:
            continue
        raise AssertionError(f"{wrong} is taken")


asyncio.run(main())
