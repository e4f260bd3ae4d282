"""What the strangers in Python share: reading their contract, refusals, and being started."""

from __future__ import annotations

import argparse
import json
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from faults.variants.stdlib.schemas import NoJson, Schemas, parsed

LARGEST = 200_000


class Refused(Exception):
    """A request that is refused: with which status, code and message, and which headers."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Checked:
    """Bodies held against the schemas of a contract. `gaps` are keywords that are forgotten: pointers in the schemas."""

    def __init__(self, folder: Path, gaps: Iterable[str] = ()) -> None:
        document = yaml.safe_load((folder / "openapi.yaml").read_text(encoding="utf-8"))
        for pointer in gaps:
            *way, word = pointer.split("/")
            place = document["components"]["schemas"]
            for part in way:
                place = place[part]
            del place[word]
        self._schemas = Schemas(_nullable(document))

    async def body(self, request: Request, schema: str) -> Any:
        """The JSON body of a request.

        Raises:
            Refused: it is too large, not JSON, or not as its schema says.
        """
        content = await request.body()
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        charset = request.headers.get("content-type", "").lower().partition("charset=")[2].strip('" ')
        if len(content) > LARGEST:
            raise Refused(413, "too_large", "The body is too large.")
        if kind != "application/json" or charset not in ("", "utf-8"):
            raise Refused(415, "unsupported_media_type", "The body must be application/json.")
        try:
            value = parsed(content)
        except NoJson:
            raise Refused(400, "invalid", "The body is not JSON.") from None
        wrong = self._schemas.wrong(schema, value)
        if wrong:
            place = "/".join(map(str, wrong[0].absolute_path))
            raise Refused(400, "invalid", f"{place[:100] or 'The body'} breaks {wrong[0].validator}.")
        return value


def _nullable(value: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema has it."""
    if isinstance(value, list):
        return [_nullable(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    made = {name: _nullable(inner) for name, inner in value.items()}
    if made.pop("nullable", None) is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def written(value: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer; names of headers have `_` for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(json.dumps(value, ensure_ascii=False), status, named, "application/json")


def whole(request: Request, name: str, least: int, most: int, usual: int) -> int:
    """A query parameter that is a whole number.

    Raises:
        Refused: it is none, or out of its bounds.
    """
    given = request.query_params.getlist(name)
    if not given:
        return usual
    digits = given[0].isascii() and given[0].removeprefix("-").isdigit() and len(given[0]) < 10
    if len(given) > 1 or not digits or not least <= int(given[0]) <= most or given[0] != str(int(given[0])):
        raise Refused(400, "invalid", f"{name} is a whole number from {least} to {most}.")
    return int(given[0])


def one_of(request: Request, name: str, values: Iterable[str]) -> str | None:
    """A query parameter that is one of a few words.

    Raises:
        Refused: it is another.
    """
    given = request.query_params.getlist(name)
    if given and (len(given) > 1 or given[0] not in values):
        raise Refused(400, "invalid", f"{name} is not known.")
    return given[0] if given else None


def start(make: Callable[[str | None], Starlette], faults: Iterable[str]) -> None:
    """Serves an application on loopback, as the command line says, until it is told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fault", choices=sorted(faults), metavar="ID")
    given = parser.parse_args()
    with socket.create_server(("127.0.0.1", given.port)) as listening:
        print(f"ready at http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        config = uvicorn.Config(make(given.fault), log_level="critical", access_log=False, timeout_graceful_shutdown=1)
        uvicorn.Server(config).run(sockets=[listening])
