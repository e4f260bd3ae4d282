"""OpenAPI 3.2: the method QUERY, a method of one's own, a shared media type, whole queries as documents, plain cookies."""

from __future__ import annotations

import asyncio

import httpx
from notes_3_2_api import errors, models, responses
from notes_3_2_api.client import AsyncClient
from notes_3_2_api.server import Notes, Request, create_app


class Desk(Notes):
    asked: tuple[models.ListNotesFilter | None, list[int] | None]
    notes = [models.Note(id=1, text="buy milk"), models.Note(id=2, text="read the mail")]

    async def search_notes(self, request: Request, *, body: models.SearchNotesBody) -> responses.SearchNotes200:
        assert request.method == "QUERY"
        return responses.SearchNotes200(body=[note for note in self.notes if all(word in note.text for word in body.words)])

    async def list_notes(
        self, request: Request, *, filter: models.ListNotesFilter | None, seen: list[int] | None
    ) -> responses.ListNotes200:
        self.asked = filter, seen
        return responses.ListNotes200(body=[note for note in self.notes if note.id not in (seen or [])])

    async def count_words(self, request: Request, *, question: models.CountWordsQuestion) -> responses.CountWords200:
        return responses.CountWords200(body=sum(word in note.text for word in question.words for note in self.notes))

    async def read_note(self, request: Request, *, id: int) -> responses.ReadNote200 | responses.ReadNote410:
        found = [note for note in self.notes if note.id == id]
        return responses.ReadNote200(body=found[0]) if found else responses.ReadNote410()

    async def copy_note(self, request: Request, *, id: int) -> responses.CopyNote201:
        return responses.CopyNote201(body=models.Note(id=3, text=self.notes[id - 1].text))


async def queries(desk: Desk, client: AsyncClient, http: httpx.AsyncClient) -> None:
    filter = models.ListNotesFilter(words=["milk", "½&="], limit=5, near=models.ListNotesFilterNear(lat=47.5, lon=-3))
    found = await client.notes.list_notes(filter=filter, seen=[1, 7])
    assert [note.id for note in found.body] == [2]
    assert repr(desk.asked) == repr((filter, [1, 7]))
    raw = await http.get(
        "http://notes.example/notes",
        params={"words": "a b", "near": '{"lat":1,"lon":2}'},
        headers={"Cookie": "a=b; seen=2; seen=3"},
    )
    assert raw.status_code == 200
    asked, seen = desk.asked
    assert asked is not None
    assert (asked.words, asked.near, seen) == (["a", "b"], models.ListNotesFilterNear(lat=1, lon=2), [2, 3])
    await http.get("http://notes.example/notes")
    assert repr(desk.asked) == "(None, None)"
    for wrong in ("limit=0", "near=1,2", "near={}", "limit=1&limit=2"):
        assert (await http.get(f"http://notes.example/notes?{wrong}")).status_code == 400

    assert (await client.notes.count_words(question=models.CountWordsQuestion(words=["milk", "m"]))).body == 3
    assert (await http.get("http://notes.example/words?%7B%22words%22:[%22mail%22]%7D")).text == "1"
    assert (await http.get("http://notes.example/words?%7B%22words%22:[]%7D")).status_code == 400
    assert (await http.get("http://notes.example/words")).status_code == 400


async def main() -> None:
    desk = Desk()
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(notes=desk)))
    client = AsyncClient("http://notes.example", http=http)
    assert [note.id for note in (await client.notes.search_notes(models.SearchNotesBody(words=["milk"]))).body] == [1]
    assert (await client.notes.copy_note(id=2)).body == models.Note(id=3, text="read the mail")
    assert (await client.notes.read_note(id=1)).body.text == "buy milk"
    try:
        await client.notes.read_note(id=9)
    except errors.ReadNote410 as error:
        assert error.status == 410
    else:
        raise AssertionError("a note that is gone is read")
    await queries(desk, client, http)
    refused = await http.post("http://notes.example/notes", json={"words": ["milk"]})
    assert (refused.status_code, set(refused.headers["Allow"].split(", "))) == (405, {"QUERY", "GET", "HEAD", "OPTIONS"})
    empty = await http.request("QUERY", "http://notes.example/notes", json={"words": []})
    assert empty.status_code == 400


asyncio.run(main())
