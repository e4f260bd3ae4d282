"""Nothing has a name in this contract, and still the code reads well."""

from __future__ import annotations

import asyncio

import httpx
from bare_api import models, responses
from bare_api.client import AsyncClient
from bare_api.server import Default, Request, create_app


class Weather(Default):
    async def get_forecasts_by_city(self, request: Request, *, city: str, days: int | None) -> responses.GetForecastsByCity200:
        day = models.GetForecastsByCity200BodyDay(
            temperature=-3, wind=models.GetForecastsByCity200BodyDayWind(speed=12.5, from_=f"north of {city}")
        )
        return responses.GetForecastsByCity200(body=models.GetForecastsByCity200Body(days=[day] * (days or 0)))

    async def get(self, request: Request) -> responses.Get200:
        return responses.Get200(body="Grüß Gott")


async def main() -> None:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(default=Weather())))
    client = AsyncClient("http://weather.example", http=http)
    assert (await client.default.get()).body == "Grüß Gott"
    for city in ("Wien", "São Paulo", "a/b", "50%", "..."):
        answer = await client.default.get_forecasts_by_city(city=city, days=2)
        assert answer.body.model_dump(mode="json", by_alias=True)["days"][1] == {
            "temperature": -3,
            "wind": {"speed": 12.5, "from": f"north of {city}"},
        }
    try:
        await client.default.get_forecasts_by_city(city="..")
    except ValueError as error:
        assert "'..' cannot stand in a path" in str(error)
    else:
        raise AssertionError("a value climbs out of its path")
    raw = await http.get("http://weather.example/forecasts/Wien?days=two")
    assert raw.status_code == 400
    assert (await http.delete("http://weather.example/forecasts/Wien")).status_code == 501


asyncio.run(main())
