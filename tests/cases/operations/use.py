"""A print shop on a real server: uploads of every kind, forms, and what is wrong with them."""

from __future__ import annotations

import base64
import contextlib
import datetime
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Literal

import httpx
import uvicorn
from operations_api import models, responses
from operations_api.client import Client
from operations_api.server import Jobs, Problem, Refusal, Request, Search, Surface, create_app
from pydantic import MISSING, ValidationError

PNG = b"\x89PNG\r\n\x1a\n--not a boundary--\r\n\0"
PDF = b"%PDF-1.7 \xff\xfe"


class Errors(Surface):
    def refuse(self, refusal: Refusal) -> Problem[models.Problem]:
        told = [models.ProblemError(at=f"{one.location} {one.pointer}", message=one.message) for one in refusal.violations]
        return Problem(models.Problem(title=refusal.message, errors=told))


class Shop(Jobs):
    def __init__(self) -> None:
        self.jobs: list[models.CreateJobBody] = []
        self.proofs: list[models.Proof | models.ProofForm] = []
        self.forms: list[models.FillFormBody] = []

    async def create_job(self, request: Request, *, body: models.CreateJobBody) -> responses.CreateJob201 | responses.Invalid:
        self.jobs.append(body)
        number = len(self.jobs)
        job = models.Job(id=f"job_{number}", title=body.title, copies=body.copies, bytes_=len(body.document.content))
        return responses.CreateJob201(body=job)

    async def get_proof(self, request: Request, *, job: str) -> responses.GetProof200:
        image = models.FilePart(PNG, f'{job} "1".png', "image/png", {"X-Pages": "1"})
        return responses.GetProof200(body=models.ProofForm(kind="final", image=image, checked=True))

    async def keep_proof(
        self, request: Request, *, body: models.Proof | models.ProofForm, media_type: str, job: str
    ) -> responses.KeepProof200:
        self.proofs.append(body)
        return responses.KeepProof200(body=f"{media_type} {type(body).__name__}")

    async def fill_form(self, request: Request, *, body: models.FillFormBody) -> responses.FillForm204:
        self.forms.append(body)
        return responses.FillForm204()


class Shelves(Search):
    def __init__(self) -> None:
        self.asked: dict[str, object] = {}

    async def search_jobs(
        self,
        request: Request,
        *,
        shelf: models.SearchJobsShelf,
        state: Literal["open", "done", 1, True, "2"] | None,
        size: models.SearchJobsSize | None,
        tag: models.SearchJobsTag | None,
        page: int,
        scale: float | None,
        level: models.SearchJobsLevel | None,
        range: models.SearchJobsRange | None,
        path: str | None,
        where: models.SearchJobsWhere | None,
        x_levels: models.SearchJobsXLevels | None,
        session: uuid.UUID | None,
    ) -> responses.SearchJobs200 | responses.Invalid:
        given = locals()
        self.asked = {name: given[name] for name in given if name not in ("self", "request")}
        return responses.SearchJobs200(body={})


def uploads(client: Client, shop: Shop, http: httpx.Client) -> None:
    """What the client sends is what the handler gets, to the byte."""
    job = models.CreateJobBody(
        document=models.FilePart(PDF, "plan ½.pdf", "application/pdf", {"X-Origin": "scanner"}),
        title='Plan "B"\r\nfor ½',
        copies=2,
        due=datetime.date(2026, 12, 24),
        pages=[1, 3, 8],
        paper=models.Paper(size="A4", grams=90),
        stickers=[models.FilePart(PNG, "1.png"), models.FilePart(b"", "empty.png", "image/png")],
        cover=models.FilePart(b"\0\r\n--", None),
        signature=base64.b64encode(b"me").decode(),
        tags=["urgent", "red & blue"],
        labels={"floor": "3", "door": "left ½"},
        recipients=[models.Recipient(name="Ada", city="Graz"), models.Recipient(name="Bo")],
        notes="# Note",
    )
    made = client.jobs.create_job(job)
    assert made.body == models.Job(id="job_1", title=job.title, copies=2, bytes_=len(PDF))
    got = shop.jobs[-1]
    assert got.document.filename == "plan ½.pdf" and got.document.headers == {"x-origin": "scanner"}
    assert got.document == models.FilePart(PDF, "plan ½.pdf", "application/pdf", {"x-origin": "scanner"})
    assert got.stickers is not MISSING and got.cover is not MISSING
    assert [(each.content, each.content_type) for each in got.stickers] == [(PNG, "image/png"), (b"", "image/png")]
    assert (got.cover.filename, got.cover.content_type) == ("cover", "application/octet-stream")
    left_out = {"document", "stickers", "cover"}
    assert got.model_dump(exclude=left_out) == job.model_dump(exclude=left_out)

    # As a browser or curl has it: texts without a type, JSON without one, files named by the form.
    sent = http.post(
        "/jobs",
        data={"title": "Plan", "pages": ["1", "2"], "paper": '{"size": "A5"}', "tags": "a,b", "labels[x]": "y"},
        files=[("document", ("a.png", PNG, "image/png")), ("stickers", ("b.png", PNG, "image/png"))],
    )
    assert sent.status_code == 201, sent.text
    got = shop.jobs[-1]
    assert got.paper is not MISSING
    assert (got.pages, got.paper.size, got.tags, got.labels, got.copies) == ([1, 2], "A5", ["a", "b"], {"x": "y"}, 1)


def bad_uploads(client: Client, shop: Shop, http: httpx.Client) -> None:
    """What does not fit is told at its part; what is no multipart body is a 400 as well."""
    before = len(shop.jobs)
    document = ("document", ("a.pdf", PDF, "application/pdf"))

    def told(data: dict[str, str | list[str]], *files: tuple[str, tuple[str | None, bytes, str]]) -> list[str]:
        answer = http.post("/jobs", data=data, files=list(files))
        assert answer.status_code == 400, answer.text
        return [f"{error['at']}: {error['message']}" for error in answer.json()["errors"]]

    cover = ("cover", ("c", b"", "image/png"))
    assert told({"title": "x"}, cover) == ["body /document: Field required"]
    assert told({"title": ""}, document) == ["body /title: String should have at least 1 character"]
    assert told({"title": ["x", "y"]}, document) == ["body /title: given more than once"]
    assert told({"title": "x", "copies": "1.5"}, document) == ["body /copies: Input should be a valid integer"]
    assert told({"title": "x", "pages": ["1", "0"]}, document) == ["body /pages/1: Input should be greater than or equal to 1"]
    assert told({"title": "x", "paper": '{"size": "A4", "grams": 1}'}, document) == [
        "body /paper/grams: Input should be greater than or equal to 60"
    ]
    assert told({"title": "x", "paper": "{"}, document)[0].startswith("body /paper: Invalid JSON")
    assert told({"title": "x", "due": "tomorrow"}, document) == ["body /due: Value error, not a date as in RFC 3339"]
    assert told({"title": "x", "colour": "red"}, document) == ["body /colour: Extra inputs are not permitted"]
    assert told({}, document, ("title", (None, b"\xff", "text/plain"))) == ["body /title: not UTF-8"]
    assert told({"title": "x"}, ("document", ("a.txt", PDF, "text/plain"))) == [
        "body /document: The media type should be application/pdf or image/*"
    ]
    assert told({"title": "x"}, ("document", ("a.pdf", bytes(65537), "application/pdf"))) == [
        "body /document: Data should have at most 65536 bytes"
    ]
    good = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b--\r\n'
    for content_type, body in (
        ("multipart/form-data", good),
        ("multipart/form-data; boundary=c", good),
        ("multipart/form-data; boundary=b", good[:-8]),
        ("multipart/form-data; boundary=b", good.replace(b'; name="title"', b"")),
        (
            "multipart/form-data; boundary=b",
            good.replace(b"x", b"x: " * 3).replace(b"Content-Disposition", b"Content Disposition"),
        ),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: y\r\n" * 9 + b"\r\n\r\n--b--"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n" * 1001 + b"--b--"),
        ("multipart/form-data; boundary=b", b"nothing"),
    ):
        answer = http.post("/jobs", content=body, headers={"Content-Type": content_type})
        assert (answer.status_code, answer.json()["errors"][0]["at"]) == (400, "body "), answer.text
    assert http.post("/jobs", json={"title": "x"}).status_code == 415
    assert (
        http.post("/jobs", data={"title": "x"}, files=[("document", ("a.pdf", bytes(1 << 20), "application/pdf"))]).status_code
        == 413
    )
    assert len(shop.jobs) == before

    try:
        models.CreateJobBody(document=models.FilePart(PDF, content_type="text/plain"), title="x")
    except ValidationError as error:
        assert error.errors()[0]["loc"] == ("document",)
    else:
        raise AssertionError("a file of a type that is not declared is taken")
    try:
        client.jobs.create_job(models.CreateJobBody(document=models.FilePart(PDF, "a\r\nX: y"), title="x"))
    except ValueError as refused:
        assert "control character" in str(refused)
    else:
        raise AssertionError("a header is sent inside a file's name")


def proofs(client: Client, shop: Shop, http: httpx.Client) -> None:
    """An answer may be multipart too; and one body JSON or multipart, of which each has a type of its own."""
    proof = client.jobs.get_proof(job="7").body
    assert proof.kind == "final" and proof.checked is True
    assert proof.image == models.FilePart(PNG, '7 "1".png', "image/png", {"x-pages": "1"})
    assert proof.model_dump(mode="json")["image"] == f'7 "1".png (image/png, {len(PNG)} bytes)'

    assert client.jobs.keep_proof(models.Proof(kind="draft"), job="7").body == "application/json Proof"
    assert client.jobs.keep_proof(proof, job="7", media_type="multipart/mixed").body == "multipart/mixed ProofForm"
    assert shop.proofs == [models.Proof(kind="draft"), proof]
    answer = http.put("/jobs/7/proof", data={"kind": "draft"}, files={"checked": (None, "true")})
    assert answer.status_code == 415  # form-data where mixed is declared
    body = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' * 2 + b"--b--\r\n"
    content = body % (b"kind", b"draft", b"checked", b"true")
    answer = http.put("/jobs/7/proof", content=content, headers={"Content-Type": "multipart/mixed; boundary=b"})
    assert answer.status_code == 400  # `checked` depends on `image`, by the schema itself
    # What is not declared is kept: a text, or a file where it has a file's name.
    content = body % (b"kind", b"draft", b'more"; filename="m', b"\xff")
    answer = http.put("/jobs/7/proof", content=content, headers={"Content-Type": "multipart/mixed; boundary=b"})
    assert answer.status_code == 200, answer.text
    assert (shop.proofs[-1].model_extra or {})["more"] == models.FilePart(b"\xff", "m")


def forms(client: Client, shop: Shop, http: httpx.Client) -> None:
    """A form of texts: objects are JSON unless they have a style, and a name may hold brackets of its own."""
    form = models.FillFormBody(
        name="Ada & Co",
        sizes__=[1, 2],
        address=models.Recipient(name="Ada", city="Graz"),
        metadata={"a": "1,5", "b": "=2"},
        filter=models.FillFormBodyFilter(paid=True, days=[3, 4]),
        colors=["blue", "black"],
    )
    client.jobs.fill_form(form)
    assert shop.forms == [form]
    text = (
        "name=Ada&sizes[]=1&sizes[]=2&address=%7B%22name%22%3A%22Bo%22%7D&metadata=a,1%2C5,b,2&filter[paid]=false&filter[days]=3"
        "&colors=blue%7Cblack"
    )
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert http.post("/forms", content=text, headers=kind).status_code == 204
    assert shop.forms[-1] == models.FillFormBody(
        name="Ada",
        sizes__=[1, 2],
        address=models.Recipient(name="Bo"),
        metadata={"a": "1,5", "b": "2"},
        filter=models.FillFormBodyFilter(paid=False, days=[3]),
        colors=["blue", "black"],
    )
    for wrong, at in (
        ("name=a&name=b", "/name"),
        ("name=%ff", "/name"),
        ("name=a&address={", "/address"),
        ("name=a&metadata=b", "/metadata"),
    ):
        answer = http.post("/forms", content=wrong, headers=kind)
        assert (answer.status_code, answer.json()["errors"][0]["at"]) == (400, f"body {at}"), answer.text


def searches(client: Client, shelves: Shelves, http: httpx.Client) -> None:
    """Parameters are held to all of their schemas, on both sides of the wire."""
    found = client.search.search_jobs(
        shelf=models.SearchJobsShelf.model_validate({"row": 3, "lit": True}),
        state="2",
        size="007",
        tag=["fold", "print"],
        scale=0.3,
        level=12,
        range=models.SearchJobsRange(from_=datetime.date(2026, 1, 1)),
        path="/a:b?c=½",
        where=models.SearchJobsWhere.model_validate({"city": "Graz", "street": "½ & Co"}),
        x_levels=[1, 5, 8],
        session=uuid.UUID(int=7),
    )
    assert found.body == {}
    assert shelves.asked == {
        "shelf": models.SearchJobsShelf.model_validate({"row": 3, "lit": True}),
        "state": "2",
        "size": "007",
        "tag": ["fold", "print"],
        "page": 1,
        "scale": 0.3,
        "level": 12,
        "range": models.SearchJobsRange(from_=datetime.date(2026, 1, 1)),
        "path": "/a:b?c=½",
        "where": models.SearchJobsWhere.model_validate({"city": "Graz", "street": "½ & Co"}),
        "x_levels": [1, 5, 8],
        "session": uuid.UUID(int=7),
    }

    def asked(query: str, shelf: str = ";row=1", **headers: str) -> dict[str, object]:
        answer = http.get(f"/jobs/search/{shelf}?{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return shelves.asked

    def refused(query: str, shelf: str = ";row=1", **headers: str) -> str:
        answer = http.get(f"/jobs/search/{shelf}?{query}", headers=headers)
        assert answer.status_code == 400, answer.text
        return str(answer.json()["errors"][0]["at"])

    assert [asked(f"state={text}")["state"] for text in ("1", "2", "true", "open", "null")] == [1, "2", True, "open", None]
    assert refused("state=3") == refused("state=false") == "query /state"
    assert [asked(f"size={text}")["size"] for text in ("5", "5.0", "100", "101", "any")] == [5, 5, 100, "101", "any"]
    assert refused("size=1000") == refused("size=other") == "query /size"
    assert asked("tag=print")["tag"] == "print"
    assert asked("tag=print&tag=a")["tag"] == ["print", "a"]
    assert refused("tag=A") == refused("tag=a&tag=b") == refused("tag=print&tag=print") == "query /tag"
    assert [asked(query)["page"] for query in ("", "page=", "page=2", "page=2e0")] == [1, 1, 2, 2]
    assert refused("page=0") == refused("page=1.5") == refused("page=x") == "query /page"
    assert (asked("scale=0.7")["scale"], asked("scale=null")["scale"]) == (0.7, None)
    assert refused("scale=0") == refused("scale=0.25") == "query /scale"
    assert refused("level=13") == refused("level=13.0") == "query /level"
    assert refused("range[to]=2026-01-01") == refused("range=x") == "query /range"
    assert refused("range[at]=2026-01-01") == "query /range/at"
    assert refused('where={"city":"Graz"}') == "query /where" and refused("where=Graz") == "query /where"
    assert asked("", **{"X-Levels": "1, 2"})["x_levels"] == [1, 2]
    assert refused("", **{"X-Levels": "2"}).startswith("header /X-Levels")
    assert refused("", **{"X-Levels": "1,x"}).startswith("header /X-Levels")
    assert asked("", ";row=1;lit=true;dark=false")["shelf"] == models.SearchJobsShelf.model_validate(
        {"row": 1, "lit": True, "dark": False}
    )
    assert refused("", ";row=1;a=true;b=true;c=true") == refused("", "row=1") == "path /shelf"
    assert refused("", ";row=1;lit=maybe") == "path /shelf/lit"
    assert refused("", Cookie="session=none") == "cookie /session"


def main() -> None:
    shop, shelves = Shop(), Shelves()
    with served(shop, shelves) as url, Client(url) as client, httpx.Client(base_url=url) as http:
        uploads(client, shop, http)
        bad_uploads(client, shop, http)
        proofs(client, shop, http)
        forms(client, shop, http)
        searches(client, shelves, http)


@contextlib.contextmanager
def served(shop: Shop, shelves: Shelves) -> Iterator[str]:
    """The shop's address on this machine, for as long as it is open."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(surface=Errors(), jobs=shop, search=shelves), log_level="error", lifespan="off")
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


main()
