"""The labels: `python -m strangers.labels.server --port 0 --fault ID`."""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from pathlib import Path
from typing import Any

import segno
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strangers.common import Checked, Refused, start, whole, written

FAULTS = {
    "png-broken": "a PNG ends in its middle",
    "png-is-svg": "what is said to be a PNG is an SVG",
    "svg-script": "an SVG has a script in it",
    "accept-ignored": "the picture is a PNG, whatever Accept asks for",
    "no-etag": "a picture has no entity tag",
    "tag-of-all": "all pictures have one entity tag",
    "dark-unchecked": "any text is a colour, and stands in the SVG as it came",
    "image-open": "pictures are shown without a key",
    "read-foreign": "labels of another warehouse can be read",
    "delete-twice": "a label can be thrown away again and again",
    "delete-keeps-image": "the picture of a label that was thrown away is still there",
    "link-unchecked": "any text is a link",
    "copies-zero": "no copies at all are taken, and shown",
    "text-crash": "a text of more than 100 characters makes it fail",
    "unknown-null": "an unknown label is 200 with null",
}
_KEYS = {"wh_oslo_52b7e9d140af": "oslo", "wh_ghent_90c3f81be6d2": "ghent"}
_DARK = re.compile(r"[0-9a-f]{6}")
_GAPS = {
    "link-unchecked": ["LabelInput/properties/link/format"], "copies-zero": ["LabelInput/properties/copies/minimum"],
}  # fmt: skip


class Labels:
    """All labels, and the operations on them."""

    def __init__(self, fault: str | None) -> None:
        self.fault = fault
        self.checked = Checked(Path(__file__).parent, _GAPS.get(fault or "", ()))
        self.labels: dict[str, tuple[str, dict[str, Any]]] = {}
        self.thrown: dict[str, tuple[str, dict[str, Any]]] = {}

    def warehouse(self, request: Request) -> str:
        warehouse = _KEYS.get(request.headers.get("x-warehouse-key", ""))
        if warehouse is None:
            raise Refused(401, "no_key", "There is no such key.", www_authenticate="ApiKey")
        return warehouse

    def label(self, request: Request, warehouse: str | None, *, thrown: bool = False) -> dict[str, Any]:
        key = request.path_params["label"]
        found = self.labels.get(key) or (self.thrown.get(key) if thrown else None)
        if found is None or (warehouse not in (None, found[0]) and self.fault != "read-foreign"):
            raise Refused(404, "no_label", "There is no such label.")
        return found[1]

    async def create(self, request: Request) -> Response:
        warehouse = self.warehouse(request)
        given = await self.checked.body(request, "LabelInput")
        assert self.fault != "text-crash" or len(given["text"]) <= 100
        key = secrets.token_urlsafe(9)
        self.labels[key] = warehouse, {"labelId": key, "copies": 1, **given}
        return written(self.labels[key][1], 201)

    async def one(self, request: Request) -> Response:
        warehouse = self.warehouse(request)
        if request.method == "DELETE":
            self.label(request, warehouse, thrown=self.fault == "delete-twice")
            key = request.path_params["label"]
            self.thrown[key] = self.labels.pop(key, self.thrown.get(key, (warehouse, {})))
            return Response(status_code=204)
        try:
            return written(self.label(request, warehouse))
        except Refused:
            if self.fault == "unknown-null":
                return written(None)
            raise

    async def image(self, request: Request) -> Response:
        warehouse = None if self.fault == "image-open" and "x-warehouse-key" not in request.headers else self.warehouse(request)
        scale = self.scale(request)
        dark = self.dark(request)
        label = self.label(request, warehouse, thrown=self.fault == "delete-keeps-image")
        kind = self.accepted(request.headers.get("accept", "*/*"))
        drawn = " ".join((label["text"], kind, str(scale), dark))
        tag = f'"{hashlib.sha256(drawn.encode()).hexdigest()[:24]}"'
        tag = '"1"' if self.fault == "tag-of-all" else tag
        headers = {"Vary": "Accept"} | ({} if self.fault == "no-etag" else {"ETag": tag})
        held = request.headers.get("if-none-match", "")
        if held.strip() == "*" or tag in re.findall(r'"[^"]*"', held):
            return Response(status_code=304, headers=headers)
        headers |= {"Content-Disposition": f'inline; filename="{label["labelId"]}.{kind}"'}
        media = "image/png" if kind == "png" else "image/svg+xml"
        return Response(self.drawn(label["text"], kind, scale, dark), 200, headers, media)

    def drawn(self, text: str, kind: str, scale: int, dark: str) -> bytes:
        picture = io.BytesIO()
        if kind == "png" and self.fault == "png-is-svg":
            kind = "svg"
        colour = f"#{dark if _DARK.fullmatch(dark) else '000000'}"
        segno.make(text, micro=False).save(picture, kind=kind, scale=scale, dark=colour)
        content = picture.getvalue()
        if kind == "svg" and self.fault == "svg-script":
            content = content.replace(b"</svg>", b"<script>document.title='label'</script></svg>")
        if kind == "svg" and not _DARK.fullmatch(dark):
            content = content.replace(b"<path", f"<path style='stroke:{dark}'".encode(), 1)
        return content[: len(content) // 2] if kind == "png" and self.fault == "png-broken" else content

    def scale(self, request: Request) -> int:
        try:
            return whole(request, "scale", 1, 20, 4)
        except Refused as refused:
            raise Refused(422, "scale", refused.message) from None

    def dark(self, request: Request) -> str:
        given = request.query_params.getlist("dark")
        if given and self.fault != "dark-unchecked" and (len(given) > 1 or not _DARK.fullmatch(given[0])):
            raise Refused(422, "dark", "A colour has six hexadecimal digits.")
        return given[0] if given else "000000"

    def accepted(self, accept: str) -> str:
        weights = {"png": 0.0, "svg": 0.0}
        for kind, media in (("png", "image/png"), ("svg", "image/svg+xml")):
            ranges = [part.strip().lower().replace(" ", "").split(";") for part in accept.split(",")]
            for wanted in ("*/*", "image/*", media):
                for name, *parameters in ranges:
                    if name == wanted:
                        weight = next((word[2:] for word in parameters if word.startswith("q=")), "1")
                        weights[kind] = float(weight) if re.fullmatch(r"[01](\.[0-9]{0,3})?", weight) else 1.0
        if self.fault == "accept-ignored":
            return "png"
        if not any(weights.values()):
            raise Refused(406, "not_acceptable", "There are PNG and SVG.")
        return "svg" if weights["svg"] > weights["png"] else "png"


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return written({"code": error.code, "message": error.message}, error.status, **error.headers)


def make(fault: str | None) -> Starlette:
    labels = Labels(fault)
    routes = [
        Route("/labels", labels.create, methods=["POST"]),
        Route("/labels/{label}", labels.one, methods=["GET", "DELETE"]),
        Route("/labels/{label}/image", labels.image, methods=["GET"]),
    ]
    return Starlette(routes=routes, exception_handlers={Refused: refused})


if __name__ == "__main__":
    start(make, FAULTS)
