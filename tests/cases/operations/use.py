"""A print shop on a real server: uploads, forms, parameters, answers, credentials, and events that it sends and receives."""

from __future__ import annotations

import base64
import contextlib
import datetime
import hashlib
import hmac
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Literal

import httpx
import uvicorn
from operations_api import errors, models, responses
from operations_api._runtime.credentials import Basic
from operations_api.client import Client, Credentials
from operations_api.sender import CALLBACKS, AsyncSender, Exchanged, Sender, callback_url
from operations_api.server import (
    ApiKey,
    Bearer,
    Jobs,
    Orders,
    Problem,
    Refusal,
    Request,
    Search,
    Subscriptions,
    Surface,
    create_app,
)  # fmt: skip
from operations_api.webhooks import Webhooks, create_webhook_router
from pydantic import MISSING, ValidationError
from starlette.applications import Starlette

GetOrderTypes = Literal["application/json", "application/vnd.shop.v2+json", "text/plain", "application/octet-stream"]
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
    for extra, codes in (("extra=", "codes=5"), ("extra[a]=1&extra[b]=", "codes=5&codes=6"), ("", "codes=100")):
        assert http.post("/forms", content=f"name=a&{extra}&{codes}", headers=kind).status_code == 204
    told = [(form.extra, form.codes) for form in shop.forms[-3:]]
    assert told == [("", 5), ({"a": "1", "b": ""}, ["5", "6"]), (MISSING, ["100"])]
    client.jobs.fill_form(models.FillFormBody(name="a", extra="", codes=7))
    client.jobs.fill_form(models.FillFormBody(name="a", extra={"a": "½"}, codes=["7", "8"]))
    assert [(form.extra, form.codes) for form in shop.forms[-2:]] == [("", 7), ({"a": "½"}, ["7", "8"])]
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


class Counter(Orders):
    def __init__(self) -> None:
        self.credentials: object = None
        self.put: object = None

    def who(self) -> object:
        """The credentials of the last request."""
        return self.credentials

    def what(self) -> object:
        """The last body, and its media type."""
        return self.put

    async def get_order(
        self, request: Request, *, credentials: tuple[Bearer, ApiKey] | ApiKey | None, accept: GetOrderTypes, order: str
    ) -> (
        responses.GetOrder200
        | responses.GetOrder2XX
        | responses.GetOrder304
        | responses.GetOrder404
        | responses.GetOrder4XX
        | responses.GetOrderDefault
    ):
        self.credentials = credentials
        match order:
            case "202":
                return responses.GetOrder2XX(status=202, body="later")
            case "304":
                return responses.GetOrder304()
            case "404":
                return responses.GetOrder404(body=models.Problem(title="none"))
            case "409" | "300":  # 300 is not one of 4XX
                return responses.GetOrder4XX(status=int(order), body=models.Problem(title="refused"))
            case "503":
                return responses.GetOrderDefault(status=503, body="½ broken")
        job = models.Job(id=order, title="t", copies=1)
        bodies: dict[str, models.Job | models.GetOrder200BodyVndShopV2Json | float | bytes] = {
            "application/json": job,
            "application/vnd.shop.v2+json": models.GetOrder200BodyVndShopV2Json(job=job),
            "text/plain": 2.5,
            "application/octet-stream": b"\0",
        }
        return responses.GetOrder200(
            body=PNG if order == "image" else bodies[accept],
            media_type="image/png" if order == "image" else accept,
            x_pages=[1, 2, 3],
            x_size=models.GetOrder200XSize(w=210, h=297),
            x_printed=datetime.date(2026, 2, 1),
            x_state="two",
            x_meta=models.GetOrder200XMeta(a=1),
        )

    async def put_order(
        self, request: Request, *, body: models.Job | int | str | bytes, media_type: str, credentials: Bearer, order: str
    ) -> responses.PutOrder204:
        self.credentials, self.put = credentials, (body, media_type)
        return responses.PutOrder204()


def answers(client: Client, http: httpx.Client) -> None:
    """Exact before range before default; headers are typed; a body comes as what was asked for."""
    found = client.orders.get_order(order="1")
    assert isinstance(found, responses.GetOrder200) and found.body == models.Job(id="1", title="t", copies=1)
    assert (found.x_pages, found.x_printed, found.x_state) == ([1, 2, 3], datetime.date(2026, 2, 1), "two")
    assert (found.x_size, found.x_meta) == (models.GetOrder200XSize(w=210, h=297), models.GetOrder200XMeta(a=1))
    raw = http.get("/orders/1")
    assert {name: raw.headers[name] for name in ("x-pages", "x-size", "x-printed", "x-state", "x-meta")} == {
        "x-pages": "1,2,3",
        "x-size": "w=210,h=297",
        "x-printed": "2026-02-01",
        "x-state": "two",
        "x-meta": '{"a":1}',
    }
    vendor = client.orders.get_order(order="1", accept="application/vnd.shop.v2+json")
    assert isinstance(vendor, responses.GetOrder200) and isinstance(vendor.body, models.GetOrder200BodyVndShopV2Json)
    number = client.orders.get_order(order="1", accept="text/plain")
    assert isinstance(number, responses.GetOrder200) and (number.body, number.media_type) == (2.5, "text/plain")
    image = client.orders.get_order(order="image")
    assert isinstance(image, responses.GetOrder200) and (image.body, image.media_type) == (PNG, "image/png")
    for accept, expected in (("text/*;q=0.5, application/octet-stream;q=0.4", "text/plain"), ("*/*", "application/json")):
        assert http.get("/orders/1", headers={"Accept": accept}).headers["content-type"].startswith(expected)
    head = http.head("/orders/1")
    assert (head.status_code, head.content, head.headers["x-pages"]) == (200, b"", "1,2,3")

    later = client.orders.get_order(order="202")
    assert isinstance(later, responses.GetOrder2XX) and (later.status, later.body) == (202, "later")
    same = client.orders.get_order(order="304")
    assert isinstance(same, responses.GetOrder304) and http.get("/orders/304").content == b""
    for order, kind, status in (
        ("404", errors.GetOrder404, 404),
        ("409", errors.GetOrder4XX, 409),
        ("503", errors.GetOrderDefault, 503),
        ("300", errors.GetOrderDefault, 500),  # the stub's own answer to what the contract does not declare
    ):
        try:
            client.orders.get_order(order=order)
        except kind as error:
            assert error.status == status
        except errors.UnexpectedResponse as error:
            assert order == "300" and error.status == 500
        else:
            raise AssertionError(f"{order} is no error")


def security(url: str, counter: Counter, http: httpx.Client) -> None:
    """Alternatives in their order, schemes together, scopes told, and anonymous where nothing is given."""
    partner = Credentials(partner="token", terminal="t & 1", session="s", secured="id")
    with Client(url, credentials=partner) as client:
        client.orders.get_order(order="1")
        assert counter.who() == (
            Bearer("token", "Partner", ("orders:read",)),
            ApiKey("t & 1", "Terminal", ("counter",)),
        )
        client.orders.put_order(models.Job(id="1", title="t", copies=2), order="1", media_type="application/json")
        assert counter.who() == Bearer("id", "Secured", ("orders:write",))
    with Client(url, credentials=Credentials(partner="token", session="s ½;")) as client:
        client.orders.get_order(order="1")
        assert counter.who() == ApiKey("s ½;", "Session")
    with Client(url) as client:
        client.orders.get_order(order="1")
        assert counter.who() is None
        try:
            client.orders.put_order(1, order="1", media_type="text/plain")
        except errors.MissingCredentials as error:
            assert "Secured" in str(error)
        else:
            raise AssertionError("a call without credentials is sent")
    assert http.put("/orders/1", content="1", headers={"Content-Type": "text/plain"}).status_code == 401


def bodies(url: str, counter: Counter, http: httpx.Client) -> None:
    """One operation takes many types, each read by its own schema."""
    job = models.Job(id="1", title="½", copies=2)
    with Client(url, credentials=Credentials(secured="id")) as client:
        put = client.orders.put_order
        put(job, order="1", media_type="application/json")
        assert counter.what() == (job, "application/json")
        put(job, order="1", media_type="application/x-www-form-urlencoded")
        assert counter.what() == (job, "application/x-www-form-urlencoded")
        put(7, order="1", media_type="text/plain")
        assert counter.what() == (7, "text/plain")
        put("a,b", order="1", media_type="text/csv")
        assert counter.what() == ("a,b", "text/csv")
        put(b'{"a":1}\n{}\n', order="1", media_type="application/jsonl")
        assert counter.what() == (b'{"a":1}\n{}\n', "application/jsonl")
        put(PNG, order="1", media_type="image/webp")
        assert counter.what() == (PNG, "image/webp")
        try:
            put(PNG, order="1", media_type="video/mp4")
        except ValueError as error:
            assert "does not declare" in str(error)
        else:
            raise AssertionError("a type that is not declared is sent")

    def status(content_type: str, content: bytes) -> int:
        headers = {"Content-Type": content_type, "Authorization": "Bearer id"}
        return http.put("/orders/1", content=content, headers=headers).status_code

    assert status("text/plain; charset=utf-8", b"7") == status("TEXT/PLAIN;charset=US-ASCII", b"7.0") == 204
    assert status("text/plain", b"0") == status("text/plain", b"x") == status("text/plain", b"\xff") == 400
    assert status("text/csv", b"A") == status("text/csv", b"") == 400
    assert status("text/plain; charset=iso-8859-1", b"7") == status("application/xml", b"<a/>") == 415
    assert status("application/jsonl", b"\xff") == 204


class Teller(Subscriptions):
    """Takes subscriptions, and tells at once."""

    def __init__(self) -> None:
        self.told: list[object] = []

    async def subscribe(self, request: Request, *, body: models.SubscribeBody) -> responses.Subscribe201:
        made = responses.Subscribe201(x_id="job 1&2")
        try:
            url = callback_url(CALLBACKS["jobDone"], Exchanged(request=request, response=made))
            job = models.Job(id="1", title="½", copies=1)
            async with AsyncSender() as sender:
                self.told.append(await sender.job_done(url, job, x_signature=signature, attempt=2))
        except (errors.ErrorResponse, ValueError) as error:
            self.told.append(error)
        return made


def signature(body: bytes) -> str:
    return hmac.new(b"shared", body, hashlib.sha256).hexdigest()


class Partner(Webhooks):
    def __init__(self) -> None:
        self.got: list[object] = []

    async def job_done(
        self, request: Request, *, body: models.Job, x_signature: str, attempt: int
    ) -> responses.JobDone200 | responses.JobDone410:
        assert hmac.compare_digest(signature(request.body), x_signature)
        self.got.append((request.scope["query_string"], body, attempt))
        return responses.JobDone410() if len(self.got) > 1 else responses.JobDone200(body=True)

    async def paper_out(self, request: Request, *, body: models.Paper, credentials: Basic) -> responses.PaperOut2XX:
        self.got.append((credentials, body))
        return responses.PaperOut2XX(status=202)


def events(url: str, teller: Teller) -> None:
    """A callback goes where the request says, a webhook where the owner of the contract was told to send it."""
    partner = Partner()
    router = create_webhook_router(partner, paths={"jobDone": "/in/done", "paperOut": "/in/paper"})
    with served(Starlette(routes=router.routes)) as receiver:
        with Client(url) as client:
            for _ in range(2):
                assert client.subscriptions.subscribe(models.SubscribeBody(callback=f"{receiver}/in")).x_id == "job 1&2"
            client.subscriptions.subscribe(models.SubscribeBody(callback="file:///etc/passwd"))
        first, second, third = teller.told
        assert isinstance(first, responses.JobDone200) and first.body is True
        assert isinstance(second, errors.ErrorResponse) and isinstance(second.response, responses.JobDone410)
        assert isinstance(third, ValueError)
        assert partner.got[0] == (b"of=job%201%262&attempt=2", models.Job(id="1", title="½", copies=1), 2)

        with Sender(credentials={"Hook": ("shop", "secret")}) as sender:
            answer = sender.paper_out(f"{receiver}/in/paper", models.Paper(size="A5"))
        assert answer.status == 202
        assert partner.got[-1] == (Basic("shop", "secret", "Hook"), models.Paper(size="A5"))
        with Sender() as sender:
            for wrong in ("/in/paper", "http://user@127.0.0.1/", "ftp://127.0.0.1/", "http://127.0.0.1/#x"):
                try:
                    sender.paper_out(wrong, models.Paper(size="A5"))
                except (errors.MissingCredentials, ValueError):
                    continue
                raise AssertionError(f"{wrong} is sent to")


def main() -> None:
    shop, shelves, counter, teller = Shop(), Shelves(), Counter(), Teller()
    app = create_app(surface=Errors(), jobs=shop, search=shelves, orders=counter, subscriptions=teller)
    with served(app) as url, Client(url) as client, httpx.Client(base_url=url) as http:
        uploads(client, shop, http)
        bad_uploads(client, shop, http)
        proofs(client, shop, http)
        forms(client, shop, http)
        searches(client, shelves, http)
        answers(client, http)
        security(url, counter, http)
        bodies(url, counter, http)
        events(url, teller)


@contextlib.contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The address of an application on this machine, for as long as it is open."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
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
