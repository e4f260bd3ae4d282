"""Forms, raw bytes, several media types, and answers that are declared by class or by default."""

from __future__ import annotations

import asyncio
from typing import Literal

import httpx
from files_api import errors, models, responses
from files_api.client import AsyncClient, Credentials
from files_api.server import Bearer, Files, Problem, Refusal, Request, Sessions, Surface, create_app
from pydantic import MISSING


class Errors(Surface):
    def refuse(self, refusal: Refusal) -> Problem[models.Problem]:
        return Problem(models.Problem(title=refusal.message, status=refusal.status))


class Door(Sessions):
    async def login(
        self, request: Request, *, body: models.LoginBody
    ) -> responses.Login200 | responses.Login4XX | responses.LoginDefault:
        if body.user == "root":
            return responses.Login4XX(status=403, body=models.Problem(title="not you", status=403))
        if body.user == "crash":
            return responses.LoginDefault(status=503, body=models.Problem(title="later"))
        assert body.scopes is not MISSING
        return responses.Login200(body=models.Login200Body(token=f"{body.user}:{'+'.join(body.scopes)}:{body.remember}"))


class Box(Files):
    def __init__(self) -> None:
        self.kept: dict[str, bytes | str | models.Link] = {}

    async def download(
        self, request: Request, *, credentials: Bearer, accept: Literal["application/octet-stream", "image/png"], path: str
    ) -> responses.Download200 | responses.Download304 | responses.Download404:
        content = self.kept.get(path)
        if not isinstance(content, bytes):
            return responses.Download404(body=models.Problem(title=f"no {path}"))
        if request.headers.get("If-None-Match") == '"1"':
            return responses.Download304()
        return responses.Download200(body=content, media_type=accept, etag='"1"')

    async def upload(
        self,
        request: Request,
        *,
        body: bytes | str | models.Link,
        media_type: Literal["application/octet-stream", "text/plain", "application/json"],
        credentials: Bearer,
        path: str,
    ) -> responses.Upload201:
        self.kept[path] = body
        return responses.Upload201()

    async def report(
        self, request: Request, *, credentials: Bearer | None, accept: Literal["application/json", "text/csv"]
    ) -> responses.Report200:
        user = credentials.token if credentials else "nobody"
        if accept == "text/csv":
            return responses.Report200(body=f"{user},{len(self.kept)}\n", media_type="text/csv")
        return responses.Report200(body=[models.Row(user=user, files=len(self.kept))])


async def main() -> None:
    box = Box()
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(surface=Errors(), sessions=Door(), files=box)))
    client = AsyncClient("http://box.example", credentials=Credentials(token="t0ken"), http=http)
    await forms(client, http)

    await client.files.upload(b"\x89PNG\0", path="my cat.png")
    await client.files.upload("remember", path="note", media_type="text/plain")
    await client.files.upload(models.Link(target="my cat.png"), path="cat", media_type="application/json")
    assert box.kept == {"my cat.png": b"\x89PNG\0", "note": "remember", "cat": models.Link(target="my cat.png")}

    plain = await client.files.download(path="my cat.png")
    assert isinstance(plain, responses.Download200)
    assert (plain.body, plain.media_type, plain.etag) == (b"\x89PNG\0", "application/octet-stream", '"1"')
    image = await client.files.download(path="my cat.png", accept="image/png")
    assert isinstance(image, responses.Download200)
    assert image.media_type == "image/png"
    fresh = AsyncClient("http://box.example", credentials=Credentials(token="t"), http=http, headers={"If-None-Match": '"1"'})
    assert isinstance(await fresh.files.download(path="my cat.png"), responses.Download304)
    try:
        await client.files.download(path="dog")
    except errors.Download404 as error:
        assert error.body.title == "no dog"
    else:
        raise AssertionError("a file that is not there is read")

    assert (await client.files.report()).body == [models.Row(user="t0ken", files=3)]
    assert (await client.files.report(accept="text/csv")).body == "t0ken,3\n"
    assert (await AsyncClient("http://box.example", http=http).files.report(accept="text/csv")).body == "nobody,3\n"
    try:
        await AsyncClient("http://box.example", http=http).files.download(path="note")
    except errors.MissingCredentials as error:
        assert "Token" in str(error)
    else:
        raise AssertionError("a call without credentials is sent")


async def forms(client: AsyncClient, http: httpx.AsyncClient) -> None:
    form = models.LoginBody(user="ada & co", password="50% = ½", remember=True, scopes=["read", "write"])
    assert (await client.sessions.login(form)).body.token == "ada & co:read+write:True"
    raw = await http.post("http://box.example/login", data={"user": "ada", "password": "x", "scopes": "read"})
    assert raw.json() == {"token": "ada:read:False"}
    assert (await http.post("http://box.example/login", data={"user": "ada"})).status_code == 400
    assert (await http.post("http://box.example/login", json={"user": "ada", "password": "x"})).status_code == 415
    try:
        await client.sessions.login(models.LoginBody(user="root", password=""))
    except errors.Login4XX as error:
        assert (error.status, error.body.title) == (403, "not you")
    else:
        raise AssertionError("root is let in")
    try:
        await client.sessions.login(models.LoginBody(user="crash", password=""))
    except errors.LoginDefault as error:
        assert (error.status, error.body.title) == (503, "later")
    else:
        raise AssertionError("a crash is a success")


asyncio.run(main())
