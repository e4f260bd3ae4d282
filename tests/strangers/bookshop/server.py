"""The bookshop: `python -m strangers.bookshop.server --port 0 --fault ID`."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strangers.common import Checked, Refused, one_of, start, whole, written

FAULTS = {
    "list-of-all": "the list shows the books of every shop",
    "read-foreign": "a book of another shop can be read",
    "delete-foreign": "a book of another shop can be removed",
    "delete-keeps": "removing a book answers 204 and leaves it there",
    "replace-forgets": "replacing a book does not keep its new price",
    "replace-creates": "replacing a book that is not there answers 200",
    "added-200": "adding a book answers 200",
    "no-location": "adding a book gives no Location",
    "isbn-unchecked": "any text is an ISBN",
    "page-unchecked": "per_page may be anything, and is then shown as it came",
    "list-open": "the list asks for no key",
    "title-crash": "a title with a letter outside Latin-1 makes it fail",
    "extra-taken": "members that are not known are taken",
}
_GENRES = ("fiction", "history", "science", "children", "cooking")
_KEYS = {"shop-harbour-6f2a91c4d7": "harbour", "shop-castle-b83e05f1a9": "castle"}
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_GAPS = {"isbn-unchecked": ["BookInput/properties/isbn/pattern"], "extra-taken": ["BookInput/additionalProperties"]}


class Shop:
    """All books, and the operations on them."""

    def __init__(self, fault: str | None) -> None:
        self.fault = fault
        self.checked = Checked(Path(__file__).parent, _GAPS.get(fault or "", ()))
        self.books: dict[str, tuple[str, dict[str, Any]]] = {}

    def shop(self, request: Request) -> str:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        shop = _KEYS.get(key.strip()) if scheme.lower() == "bearer" else None
        if shop is None:
            raise Refused(401, "unauthorized", "This key is not known.", www_authenticate="Bearer")
        return shop

    def named(self, request: Request, shop: str, foreign: str = "") -> str:
        """The id of a book that a request names, which the shop has, unless the fault `foreign` is there."""
        key = request.path_params["book"]
        if not _UUID.fullmatch(key):
            raise Refused(400, "invalid", "An id is a UUID.")
        owner = self.books.get(key.lower(), (None, {}))[0]
        if owner is None or (owner != shop and self.fault != foreign):
            raise Refused(404, "not_found", "There is no such book.")
        return str(key).lower()

    async def collection(self, request: Request) -> Response:
        if request.method == "POST":
            return await self.add(request)
        shop = "harbour" if self.fault == "list-open" and "authorization" not in request.headers else self.shop(request)
        page = whole(request, "page", 1, 10_000, 1)
        per_page = whole(
            request,
            "per_page",
            -99999 if self.fault == "page-unchecked" else 1,
            99_999 if self.fault == "page-unchecked" else 50,
            20,
        )
        genre = one_of(request, "genre", _GENRES)
        mine = [book for owner, book in self.books.values() if owner == shop or self.fault == "list-of-all"]
        found = [book for book in mine if genre is None or book.get("genre") == genre]
        shown = found[(page - 1) * per_page : page * per_page]
        return written({"items": shown, "page": page, "per_page": per_page}, x_total_count=str(len(found)))

    async def add(self, request: Request) -> Response:
        shop = self.shop(request)
        given = await self.checked.body(request, "BookInput")
        if self.fault == "title-crash":
            given["title"].encode("latin-1")
        key = str(uuid.uuid4())
        self.books[key] = shop, {"id": key, **given, "added_at": datetime.now(UTC).isoformat()}
        headers = {} if self.fault == "no-location" else {"location": f"/books/{key}"}
        return written(self.books[key][1], 200 if self.fault == "added-200" else 201, **headers)

    async def one(self, request: Request) -> Response:
        shop = self.shop(request)
        if request.method == "DELETE":
            key = self.named(request, shop, "delete-foreign")
            if self.fault != "delete-keeps":
                del self.books[key]
            return Response(status_code=204)
        if request.method == "PUT":
            return await self.replace(request, shop)
        return written(self.books[self.named(request, shop, "read-foreign")][1])

    async def replace(self, request: Request, shop: str) -> Response:
        try:
            key = self.named(request, shop)
        except Refused as refused:
            if self.fault != "replace-creates" or refused.status != 404:
                raise
            key = request.path_params["book"].lower()
            self.books[key] = shop, {"id": key, "added_at": datetime.now(UTC).isoformat()}
        given = await self.checked.body(request, "BookInput")
        before = self.books[key][1]
        after = {"id": key, **given, "added_at": before["added_at"]}
        if self.fault == "replace-forgets":
            after["price_cents"] = before["price_cents"]
        self.books[key] = shop, after
        return written(after)


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return written({"error": {"code": error.code, "message": error.message}}, error.status, **error.headers)


def make(fault: str | None) -> Starlette:
    shop = Shop(fault)
    routes = [
        Route("/books", shop.collection, methods=["GET", "POST"]),
        Route("/books/{book}", shop.one, methods=["GET", "PUT", "DELETE"]),
    ]
    return Starlette(routes=routes, exception_handlers={Refused: refused})


if __name__ == "__main__":
    start(make, FAULTS)
