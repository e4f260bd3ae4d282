"""A small API, a server that keeps to it, and the faults that it can be told to have."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

KEY = "key-of-things-0123456789"
PROFILE = f"""
[tenants.first.credentials]
Key = "{KEY}"
"""
CONTRACT = """
openapi: 3.1.0
info: {title: Things, version: 1.0.0}
security: [{Key: []}]
paths:
  /things:
    get:
      operationId: listThings
      x-behavior:
        rate-limit:
          scope: credential
          limit: X-RateLimit-Limit
          remaining: X-RateLimit-Remaining
          reset: {header: X-RateLimit-Reset, unit: seconds}
          exceeded: {status: 429, code: too_many, at: /code, headers: [Retry-After]}
          allows: {requests: 100, per: PT1M}
      parameters:
        - {name: kind, in: query, required: true, schema: {type: string, enum: [small, large]}}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50}}
        - name: tags
          in: query
          schema: {type: array, maxItems: 3, items: {type: string, pattern: '^[a-z]{1,5}$'}}
          example: [a, b]
        - {name: X-Shop, in: header, required: true, schema: {type: string, pattern: '^s[0-9]{3}$'}, example: s123}
        - {name: theme, in: cookie, schema: {type: string, enum: [light, dark]}}
      responses:
        '200':
          description: Things.
          headers:
            X-RateLimit-Limit: {schema: {type: integer}}
            X-RateLimit-Remaining: {schema: {type: integer}}
            X-RateLimit-Reset: {schema: {type: integer}}
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Thing'}}}}
        '400': {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '429':
          description: Too many.
          headers:
            Retry-After: {schema: {type: string}}
            X-RateLimit-Limit: {schema: {type: integer}}
            X-RateLimit-Remaining: {schema: {type: integer}}
            X-RateLimit-Reset: {schema: {type: integer}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Error'}}}
    post:
      operationId: makeThing
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/New'}}}}
      responses:
        '201': {description: Made., content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
        '400': {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '415': {$ref: '#/components/responses/Error'}
  /things/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, pattern: '^[a-f0-9]{8}$'}}
    get:
      operationId: readThing
      responses:
        '200':
          description: It.
          headers: {ETag: {required: true, schema: {type: string}}}
          content:
            application/json: {schema: {$ref: '#/components/schemas/Thing'}}
            text/plain: {schema: {type: string}}
        '304': {description: The same., headers: {ETag: {schema: {type: string}}}}
        '400': {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '404': {$ref: '#/components/responses/Error'}
    put:
      operationId: replaceThing
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/New'}}}}
      responses:
        '200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
        '400': {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '404': {$ref: '#/components/responses/Error'}
        '412': {$ref: '#/components/responses/Error'}
        '415': {$ref: '#/components/responses/Error'}
components:
  securitySchemes: {Key: {type: apiKey, in: header, name: X-Api-Key}}
  responses:
    Error: {description: No., content: {application/json: {schema: {$ref: '#/components/schemas/Error'}}}}
  schemas:
    Error: {type: object, required: [code], properties: {code: {type: string}}}
    New:
      type: object
      required: [name, count]
      properties: {name: {type: string, minLength: 1}, count: {type: integer, minimum: 1, maximum: 9}}
      example: {name: a thing, count: 5}
    Thing:
      type: object
      required: [id, name, count]
      properties: {id: {type: string}, name: {type: string}, count: {type: integer}}
"""


class Refused(Exception):
    """A request that is not in order."""

    def __init__(self, status: int = 400, code: str = "invalid", **headers: str) -> None:
        super().__init__(status)
        self.answer = JSONResponse({"code": code}, status, {name.replace("_", "-"): text for name, text in headers.items()})


@dataclass
class Things:
    """The server. `faults` are what is wrong with it, by name."""

    faults: frozenset[str] = frozenset()
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: int = 0
    stuck: bool = False

    @classmethod
    def having(cls, *faults: str) -> Things:
        return cls(frozenset(faults))

    def has(self, fault: str) -> bool:
        return fault in self.faults

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        try:
            answer = await self.answer(request)
        except Refused as refused:
            answer = refused.answer
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        path = request.scope["raw_path"].partition(b"?")[0].decode("latin-1")
        self.asked += 1
        handlers, identifier = self.route(path)
        method = "GET" if request.method == "HEAD" else request.method
        if request.method == "TRACE" and self.has("trace"):
            return PlainTextResponse("\n".join(f"{name}: {text}" for name, text in request.headers.items()))
        if request.method == "DELETE" and self.has("undeclared method"):
            return Response(status_code=204)
        if self.has("method named by a header"):
            method = request.headers.get("x-http-method-override", method)
        if method not in handlers:
            raise self.refused_method(method, [*handlers])
        open_path = self.has("open spelling") and path.endswith("/")
        if request.headers.get("x-api-key") != KEY and not open_path:
            raise Refused(401, "unauthorized", WWW_Authenticate="ApiKey")
        if request.method == "HEAD" and self.has("head status"):
            raise Refused(400)
        if self.stuck:
            raise Refused
        return await handlers[method](request, identifier)

    def route(self, path: str) -> tuple[dict[str, Callable[..., Any]], str]:
        if path == "/things":
            return {"GET": self.listed, "POST": self.make}, ""
        parts = path.split("/")
        if self.has("prefix routing") or self.has("open spelling"):
            parts = parts[:3]
        if len(parts) == 3 and parts[:2] == ["", "things"] and parts[2]:
            return {"GET": self.read, "PUT": self.replace}, parts[2]
        raise Refused(404, "not_found")

    def refused_method(self, method: str, methods: list[str]) -> Refused:
        if self.has("no Allow"):
            return Refused(405, "method")
        lies = [*methods, method] if self.has("Allow lies") else methods
        return Refused(405, "method", Allow=", ".join(methods[:1] if self.has("Allow incomplete") else lies))

    # -- operations --------------------------------------------------------------------------------------------------------

    async def listed(self, request: Request, _: str) -> Response:
        headers = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "40", "X-RateLimit-Reset": "30"}
        if self.has("more left than there are"):
            headers["X-RateLimit-Remaining"] = "101"
        if self.has("reset in milliseconds"):
            headers["X-RateLimit-Reset"] = "1772618561000"
        if self.has("limited") and self.asked % 5 == 0:
            again = "soon" if self.has("Retry-After is a word") else "0"
            code = "other" if self.has("another code") else "too_many"
            return JSONResponse({"code": code}, 429, {**headers, "X-RateLimit-Remaining": "0", "Retry-After": again})
        self.check_list(request)
        return JSONResponse([*self.kept.values()][:1], headers=headers)

    def check_list(self, request: Request) -> None:
        raw = request.scope["query_string"].decode("latin-1")
        if self.has("fails at bad UTF-8"):
            unquote_to_bytes(raw).decode()
        if self.has("fails at no value") and re.search("(^|&)limit=(&|$)", raw):
            raise ZeroDivisionError
        pairs = parse_qsl(raw, keep_blank_values=True)
        kind = [text for name, text in pairs if name == "kind"]
        if not (self.has("kind not required") and not kind) and (len(kind) != 1 or kind[0] not in ("small", "large")):
            raise Refused
        self.check_limit([text for name, text in pairs if name == "limit"])
        tags = [text for name, text in pairs if name == "tags"]
        if not self.has("tags not checked") and (len(tags) > 3 or not all(re.fullmatch("[a-z]{1,5}", tag) for tag in tags)):
            raise Refused
        shop = request.headers.get("x-shop")
        if not (self.has("shop not required") and shop is None) and not re.fullmatch("s[0-9]{3}", shop or ""):
            raise Refused
        theme = request.cookies.get("theme")
        if theme not in ("light", "dark", None) and not self.has("theme not checked"):
            raise Refused

    def check_limit(self, limit: list[str]) -> None:
        if not limit or self.has("limit not checked"):
            return
        pattern = r"([0-9]{1,9}).*" if self.has("limit read up to its first letter") else r"([0-9]{1,9})"
        found = re.fullmatch(pattern, limit[0], re.ASCII | re.DOTALL)
        if found is None or not 1 <= int(found[1]) <= (49 if self.has("highest limit refused") else 50):
            raise Refused

    async def make(self, request: Request, _: str) -> Response:
        identifier = hashlib.sha256(str(len(self.kept)).encode()).hexdigest()[:8]
        self.kept[identifier] = {"id": identifier, **await self.body(request)}
        return JSONResponse(self.kept[identifier], 201)

    async def replace(self, request: Request, identifier: str) -> Response:
        thing = self.found(identifier)
        given = await self.body(request)
        if request.headers.get("if-match", "*") not in ("*", self.tag(thing, "json")) and not self.has("If-Match ignored"):
            raise Refused(412, "precondition")
        thing.update(given)
        return JSONResponse(thing)

    async def read(self, request: Request, identifier: str) -> Response:
        thing = self.found(identifier)
        accept = request.headers.get("accept", "*/*").lower()
        form = "json" if self.has("Accept ignored") else self.preferred(accept)
        tag = self.tag(thing, "" if self.has("one tag for both") else form)
        headers = {"ETag": tag, "Cache-Control": "private", "Vary": "Accept"}
        if self.is_known(request.headers.get("if-none-match"), tag):
            other = {"ETag": '"other"'} if self.has("304 with another tag") else {}
            return Response(status_code=304, headers={**headers, **other})
        answer = JSONResponse(thing) if form == "json" else PlainTextResponse(thing["name"].encode("utf-8", "replace"))
        answer.headers.update(headers)
        if request.method == "HEAD":
            answer.headers.update({"Content-Length": "7"} if self.has("head length") else {})
            answer.headers.update({"Content-Type": "text/html"} if self.has("head type") else {})
        return answer

    def preferred(self, accept: str) -> str:
        weights = {"json": 0.0, "plain": 0.0}
        for part in accept.split(","):
            name, *rest = (piece.strip() for piece in part.split(";"))
            weight = next((piece[2:] for piece in rest if piece.startswith("q=")), "1")
            for form, full in (("json", "application/json"), ("plain", "text/plain")):
                if name in (full, "*/*"):
                    number = float(weight) if re.fullmatch(r"[01](\.[0-9]{0,3})?", weight) and not self.has("q ignored") else 1.0
                    weights[form] = number if name != "*/*" else weights[form] or number
        return "plain" if weights["plain"] > weights["json"] else "json"

    def is_known(self, condition: str | None, tag: str) -> bool:
        if condition is None or self.has("never 304"):
            return False
        if self.has("always 304") or condition.strip() == "*":
            return True
        tags = [part.strip() for part in condition.split(",")]
        return tag in (tags if self.has("only strong") else [part.removeprefix("W/") for part in tags])

    def tag(self, thing: dict[str, Any], form: str) -> str:
        text = "" if self.has("304 after a change") else json.dumps(thing)
        return f'"{hashlib.sha256((thing["id"] + text + form).encode()).hexdigest()[:8]}"'

    def found(self, identifier: str) -> dict[str, Any]:
        name = identifier.lower()[:8] if self.has("id read leniently") else identifier
        if name not in self.kept:
            raise Refused(404, "not_found")
        return self.kept[name]

    # -- bodies ------------------------------------------------------------------------------------------------------------

    async def body(self, request: Request) -> dict[str, Any]:
        content = await request.body()
        media_type = request.headers.get("content-type", "")
        if not self.has("any media type"):
            exact = media_type if self.has("media type compared as text") else media_type.partition(";")[0].strip().lower()
            if exact != "application/json":
                raise Refused(415, "media_type")
        value = self.parsed(content)
        if not isinstance(value, dict) or not isinstance(value.get("name"), str) or not value["name"]:
            raise Refused
        count = value.get("count")
        if not self.has("any number") and (not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 9):
            raise Refused
        if self.has("fails at surrogates"):
            value["name"].encode()
        name = value["name"].encode("utf-8", "replace").decode()
        return {"name": name, "count": count if isinstance(count, int) else 1}

    def parsed(self, content: bytes) -> Any:
        def constant(_: str) -> float:
            if not self.has("any number"):
                raise ValueError
            return 1

        if not content.strip() and self.has("empty accepted"):
            return {"name": "a", "count": 1}
        try:
            text = content.decode("utf-8-sig")
            if self.has("reads the first document alone"):
                return json.JSONDecoder().raw_decode(text)[0]
            if self.has("mends what is cut"):
                text = text if text.rstrip().endswith("}") else text + "}"
            return json.loads(text, parse_constant=constant, object_pairs_hook=_once if self.has("no name twice") else None)
        except RecursionError:
            if self.has("fails at depth"):
                raise
            raise Refused from None
        except ValueError:
            self.stuck = self.has("stuck after malformed")
            raise Refused from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)
