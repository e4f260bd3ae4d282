"""OpenAPI 3.2: the method QUERY, a method of one's own, and a shared media type."""

from __future__ import annotations

import asyncio

import httpx
from notes_3_2_api import errors, models, responses
from notes_3_2_api.client import AsyncClient
from notes_3_2_api.server import Notes, Request, create_app


class Desk(Notes):
    notes = [models.Note(id=1, text="buy milk"), models.Note(id=2, text="read the mail")]

    async def search_notes(self, request: Request, *, body: models.SearchNotesBody) -> responses.SearchNotes200:
        assert request.method == "QUERY"
        return responses.SearchNotes200(body=[note for note in self.notes if all(word in note.text for word in body.words)])

    async def read_note(self, request: Request, *, id: int) -> responses.ReadNote200 | responses.ReadNote410:
        found = [note for note in self.notes if note.id == id]
        return responses.ReadNote200(body=found[0]) if found else responses.ReadNote410()

    async def copy_note(self, request: Request, *, id: int) -> responses.CopyNote201:
        return responses.CopyNote201(body=models.Note(id=3, text=self.notes[id - 1].text))


async def main() -> None:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(notes=Desk())))
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
    refused = await http.post("http://notes.example/notes", json={"words": ["milk"]})
    assert (refused.status_code, set(refused.headers["Allow"].split(", "))) == (405, {"QUERY", "OPTIONS"})
    empty = await http.request("QUERY", "http://notes.example/notes", json={"words": []})
    assert empty.status_code == 400


asyncio.run(main())
