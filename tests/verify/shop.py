"""A small shop with a contract of its own, and a name for each way in which it may break it."""

from __future__ import annotations

import base64
import json
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import jwt
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillspec.verify.contract import Contract

from .support import contract

FIRST, SECOND, READING, OLD = "k_first_4fT9aZ", "k_second_8Qb2Lm", "k_reads_7Xc5Vn", "k_old_3Wd6Rk"
JWT_KEY = "a key of the shop that is long enough for HS256"
CLIENTS = {"first": "s3cret-of-First", "second": "s3cret-of-Second"}

PROFILE = f"""
[tenants.first.credentials]
Key = "{FIRST}"
Client = {{username = "first", password = "{CLIENTS["first"]}"}}
[tenants.first.credentials.Token.jwt]
key = "{JWT_KEY}"
algorithm = "HS256"
claims = {{tenant = "first", scope = "reports.read reports.write", aud = "shop"}}
[tenants.first.limited]
Key = "{READING}"
[tenants.first.limited.Token.jwt]
key = "{JWT_KEY}"
algorithm = "HS256"
claims = {{tenant = "first", scope = "reports.read", aud = "shop"}}
[tenants.first.expired]
Key = "{OLD}"
[tenants.second.credentials]
Key = "{SECOND}"
Client = {{username = "second", password = "{CLIENTS["second"]}"}}
"""

CONTRACT = """
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /health:
    get:
      operationId: health
      responses: {'200': {description: Well.}}
  /reports:
    get:
      operationId: readReports
      security: [{Token: [reports.read]}]
      responses:
        '200': {description: All.}
        '401': {$ref: '#/components/responses/Error'}
        '403': {$ref: '#/components/responses/Error'}
    post:
      operationId: writeReport
      security: [{Token: [reports.write]}]
      responses:
        '204': {description: Done.}
        '401': {$ref: '#/components/responses/Error'}
        '403': {$ref: '#/components/responses/Error'}
  /account:
    get:
      operationId: getAccount
      security: [{Client: []}]
      responses: {'200': {description: It.}, '401': {$ref: '#/components/responses/Error'}}
  /things:
    post:
      operationId: createThing
      security: [{Key: []}]
      x-behavior: {creates: Thing, idempotency: none}
      requestBody: {$ref: '#/components/requestBodies/New'}
      responses:
        '201':
          description: Made.
          content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}
          links:
            read: {operationId: getThing, parameters: {id: $response.body#/id}}
            show: {operationId: showThing, requestBody: {thing: $response.body#/id}}
        4XX: {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '403': {$ref: '#/components/responses/Error'}
    get:
      operationId: listThings
      security: [{Key: []}]
      x-behavior: {lists: {object: Thing, at: /things, order: newest-first, by: /made}}
      parameters: [{name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 1000}}]
      responses:
        '200':
          description: Those that there are.
          content:
            application/json:
              schema:
                type: object
                required: [things]
                properties: {things: {type: array, items: {$ref: '#/components/schemas/Thing'}}}
        4XX: {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getThing
      security: [{Key: []}]
      x-behavior:
        reads: Thing
        identifies: $request.path.id
        foreign: &none {status: 404, code: unknown_thing, at: /code}
        unknown: *none
      responses:
        '200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
        4XX: {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '404': {$ref: '#/components/responses/Error'}
    patch:
      operationId: changeThing
      security: [{Key: []}]
      x-behavior: {updates: Thing, identifies: $request.path.id, merge: shallow, foreign: *none, unknown: *none}
      requestBody: {$ref: '#/components/requestBodies/Change'}
      responses:
        '200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
        4XX: {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '403': {$ref: '#/components/responses/Error'}
        '404': {$ref: '#/components/responses/Error'}
    delete:
      operationId: deleteThing
      security: [{Key: []}]
      x-behavior: {deletes: Thing, identifies: $request.path.id, foreign: *none, unknown: *none}
      responses:
        '204': {description: Gone.}
        4XX: {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '403': {$ref: '#/components/responses/Error'}
        '404': {$ref: '#/components/responses/Error'}
  /things/{id}/close:
    post:
      operationId: closeThing
      security: [{Key: []}]
      x-behavior:
        updates: Thing
        identifies: $request.path.id
        moves: {from: [open], to: closed, otherwise: {status: 409, code: closed, at: /code}}
        idempotency: none
        foreign: *none
        unknown: *none
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        '200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
        4XX: {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '403': {$ref: '#/components/responses/Error'}
        '404': {$ref: '#/components/responses/Error'}
        '409': {$ref: '#/components/responses/Error'}
  /show:
    post:
      operationId: showThing
      security: [{Key: []}]
      x-behavior: {idempotency: inherent}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [thing]
              properties:
                thing:
                  type: string
                  minLength: 1
                  x-behavior: {among: {object: Thing, otherwise: {status: 422, code: no_such_thing, at: /code}}}
      responses:
        '204': {description: Shown.}
        4XX: {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '403': {$ref: '#/components/responses/Error'}
        '422': {$ref: '#/components/responses/Error'}
  /boxes:
    post:
      operationId: createBox
      security: [{Key: []}]
      x-behavior: {creates: Box, idempotency: none}
      responses:
        '201': {description: Made., content: {application/json: {schema: {$ref: '#/components/schemas/Box'}}}}
        4XX: {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '403': {$ref: '#/components/responses/Error'}
  /boxes/{box}:
    get:
      operationId: getBox
      security: [{Key: []}]
      x-behavior: {reads: Box, identifies: $request.path.box, foreign: 404, unknown: 404}
      parameters: [{name: box, in: path, required: true, schema: {type: string}}]
      responses:
        '200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Box'}}}}
        4XX: {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '404': {$ref: '#/components/responses/Error'}
  /boxes/{box}/items:
    post:
      operationId: createItem
      security: [{Key: []}]
      x-behavior: {creates: Item, idempotency: none}
      parameters: [{name: box, in: path, required: true, schema: {type: string}}]
      responses:
        '201': {description: Made., content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}
        4XX: {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '403': {$ref: '#/components/responses/Error'}
        '404': {$ref: '#/components/responses/Error'}
  /boxes/{box}/items/{item}:
    get:
      operationId: getItem
      security: [{Key: []}]
      x-behavior: {reads: Item, identifies: $request.path.item, foreign: 404, unknown: 404}
      parameters:
        - {name: box, in: path, required: true, schema: {type: string}}
        - {name: item, in: path, required: true, schema: {type: string}}
      responses:
        '200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}
        4XX: {$ref: '#/components/responses/Error'}
        '401': {$ref: '#/components/responses/Error'}
        '404': {$ref: '#/components/responses/Error'}
components:
  securitySchemes:
    Key: {type: apiKey, in: header, name: X-Api-Key}
    Token: {type: http, scheme: bearer}
    Client: {type: http, scheme: basic}
  requestBodies:
    New:
      required: true
      content:
        application/json:
          schema: {allOf: [{$ref: '#/components/schemas/Change'}], required: [name]}
          examples:
            plain: {value: {name: Lamp}}
            whole: {value: {name: Chair, amount: 250, note: of oak, place: {street: Long Lane, city: Ghent}}}
    Change:
      required: true
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Change'}
          examples:
            some: {value: {name: Table, amount: 900}}
            whole: {value: {name: Stool, amount: 75, note: of pine, place: {street: Short Lane, city: Bruges}}}
  responses:
    Error:
      description: It was refused.
      content:
        application/json:
          schema: {type: object, required: [code], properties: {code: {type: string}, message: {type: string}}}
  schemas:
    Change:
      type: object
      properties:
        name: {type: string, minLength: 1, maxLength: 40}
        amount: {type: integer, minimum: 0, maximum: 100000}
        note: {type: [string, 'null'], maxLength: 40}
        place:
          type: object
          properties: {street: {type: string, maxLength: 40}, city: {type: string, maxLength: 40}}
    Thing:
      type: object
      x-behavior:
        object: Thing
        id: /id
        owner: credential
        lifecycle: {field: /status, initial: open, moves: {open: [closed]}}
      required: [id, name, status, made]
      properties:
        id: {type: string}
        name: {type: string}
        amount: {type: [integer, 'null']}
        note: {type: [string, 'null']}
        place: {type: [object, 'null'], properties: {street: {type: string}, city: {type: string}}}
        status: {type: string, enum: [open, closed]}
        made: {type: string, format: date-time}
    Box: {type: object, required: [id], x-behavior: {object: Box, id: /id, owner: credential}, properties: {id: {type: string}}}
    Item: {type: object, required: [id], x-behavior: {object: Item, id: /id, owner: credential}, properties: {id: {type: string}}}
"""


def declared(folder: Path, **replacing: str) -> Contract:
    """The shop's contract; `merge="deep"` puts one word in place of another."""
    text = CONTRACT
    for word, value in replacing.items():
        text = text.replace(f"{word}: shallow", f"{word}: {value}")
    return contract(folder, text)


def plain(folder: Path) -> Contract:
    """The shop's contract without a word on behaviour."""
    return contract(folder, yaml.safe_dump(_without(yaml.safe_load(CONTRACT))))


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(item) for key, item in value.items() if key not in ("x-behavior", "links")}
    return [_without(item) for item in value] if isinstance(value, list) else value


Handler = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str = "", **headers: str) -> None:
        self.status, self.code, self.message, self.headers = status, code, message, headers


VARIANTS = ("validates first", "422 for 400", "further fields", "numbered", "UUIDs", "reads first", "measures headers")
"""Ways to keep the contract that are as good as any."""


class Shop:
    """The shop. Without faults it keeps its contract; so it does in each of the `VARIANTS`."""

    def __init__(self, *faults: str, deep: bool = False) -> None:
        self.faults, self.deep = set(faults), deep
        self.things: dict[str, dict[str, Any]] = {}
        self.boxes: dict[str, str] = {}
        self.items: dict[str, str] = {}
        self.made = self.ids = 0

    def __contains__(self, fault: str) -> bool:
        return fault in self.faults

    @property
    def app(self) -> Starlette:
        handlers: dict[str, dict[str, Handler]] = {
            "/health": {"GET": self.health},
            "/reports": {"GET": self.reports, "POST": self.reports},
            "/account": {"GET": self.account},
            "/things": {"GET": self.list, "POST": self.create},
            "/things/{id}": {"GET": self.get, "PATCH": self.change, "DELETE": self.delete},
            "/things/{id}/close": {"POST": self.close},
            "/show": {"POST": self.show},
            "/boxes": {"POST": self.create_box},
            "/boxes/{box}": {"GET": self.get_box},
            "/boxes/{box}/items": {"POST": self.create_item},
            "/boxes/{box}/items/{item}": {"GET": self.get_item},
        }

        def route(path: str, by_method: dict[str, Handler]) -> Route:
            async def handle(request: Request) -> Response:
                try:
                    if "validates first" in self and path in ("/things", "/things/{id}", "/show") and await request.body():
                        await self.body(request)
                    return self.adorned(await by_method["GET" if request.method == "HEAD" else request.method](request))
                except Refused as refused:
                    headers = {name.replace("_", "-"): value for name, value in refused.headers.items()}
                    status = 422 if "422 for 400" in self and refused.status == 400 else refused.status
                    return self.adorned(JSONResponse({"code": refused.code, "message": refused.message}, status, headers))

            return Route(path, handle, methods=list(by_method))

        return Starlette(routes=[route(path, by_method) for path, by_method in handlers.items()])

    def adorned(self, response: Response) -> Response:
        """An answer with what the contract does not know and does not forbid."""
        if "further fields" in self and isinstance(response, JSONResponse):
            value = json.loads(bytes(response.body))
            if "things" not in value:
                more = {"request": secrets.token_hex(8), "served": time.time(), "trace": {"id": secrets.token_hex(4)}}
                headers = {name: text for name, text in response.headers.items() if name != "content-length"}
                return JSONResponse({**value, **more}, response.status_code, headers)
        return response

    def new_id(self, kind: str) -> str:
        self.ids += 1
        return str(self.ids) if "numbered" in self else str(uuid.uuid4()) if "UUIDs" in self else f"{kind}_{secrets.token_hex(8)}"

    # -- who asks ----------------------------------------------------------------------------------------------------------

    async def health(self, request: Request) -> Response:
        if "health asks for a key" in self:
            self.tenant(request)
        return Response(b"")

    def tenant(self, request: Request, *, changes: bool = False) -> str:
        if "HEAD for all" in self and request.method == "HEAD":
            return "first"
        if (
            "reads first" in self
            and request.path_params.get("id", next(iter(self.things), "")) not in self.things
            and self.things
        ):
            raise Refused(404, "unknown_thing", "There is no such thing.")
        key = request.headers.get("x-api-key", "")
        if "key in the query" in self:
            key = key or request.query_params.get("X-Api-Key", "")
        known = {FIRST: "first", SECOND: "second", READING: "first"}
        if "expired keys" in self:
            known[OLD] = "first"
        if "prefix of a key" in self and len(key) > 8:
            key = next((one for one in known if one.startswith(key)), key)
        if "start of a key" in self:
            key = next((one for one in known if key.startswith(one)), key)
        if "keys in any case" in self:
            key = next((one for one in known if one.lower() == key.lower()), key)
        if "no key" in self and not key:
            key = FIRST
        if len(key) > max(map(len, known)) and "measures headers" in self:
            raise Refused(413, "too_large")
        if key not in known:
            if "crashes without a key" in self and not key:
                raise Refused(500, "crash")
            raise Refused(404 if "404 without a key" in self else 403 if "403 without a key" in self else 401, "no_key")
        if changes and key == READING and "reading keys change" not in self:
            raise Refused(401 if "401 for a reading key" in self else 403, "reads_alone")
        return known[key]

    async def reports(self, request: Request) -> Response:
        word, _, token = request.headers.get("authorization", "").partition(" ")
        challenge = {} if "no challenge" in self else {"WWW_Authenticate": "Basic" if "other challenge" in self else "Bearer"}
        if word.lower() != "bearer" and "any scheme" not in self:
            raise Refused(401, "no_token", **challenge)
        checks = {f"verify_{name}": f"token {name} unchecked" not in self for name in ("signature", "exp", "nbf", "aud")}
        if "token alg none" in self and token.endswith(".") and token.count(".") == 2:
            return Response(b"", 204 if request.method == "POST" else 200)
        try:
            claims = jwt.decode(token, JWT_KEY, ["HS256"], audience="shop" if checks["verify_aud"] else None, options=checks)
        except jwt.InvalidTokenError:
            raise Refused(401, "bad_token", **challenge) from None
        scope = "reports.read" if request.method != "POST" or "scope unchecked" in self else "reports.write"
        if scope not in claims.get("scope", "").split():
            raise Refused(403, "no_scope")
        return Response(b"", 204 if request.method == "POST" else 200)

    async def account(self, request: Request) -> Response:
        word, _, coded = request.headers.get("authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(coded, validate=True).decode().partition(":")
        except ValueError:
            if "crashes on bad Base64" in self:
                raise Refused(500, "crash") from None
            user, password = "", ""
        right = CLIENTS.get(user) == password or ("no password" in self and user in CLIENTS and not password)
        if word.lower() != "basic" or user not in CLIENTS or not right:
            raise Refused(401, "no_client", WWW_Authenticate='Basic realm="shop"')
        return Response(b"")

    # -- things ------------------------------------------------------------------------------------------------------------

    async def body(self, request: Request) -> dict[str, Any]:
        try:
            value = await request.json()
        except ValueError:
            raise Refused(400, "no_json") from None
        if not isinstance(value, dict):
            raise Refused(400, "no_object")
        self.checked(value)
        return value

    def checked(self, value: dict[str, Any]) -> None:
        kinds: dict[str, Any] = {"name": str, "amount": int, "note": (str, type(None)), "place": dict}
        for name, kind in kinds.items():
            if name in value and (not isinstance(value[name], kind) or isinstance(value[name], bool)):
                raise Refused(400, "invalid")
        texts = [value.get("name", "x"), value.get("note") or "x", *value.get("place", {}).values()]
        if any(not isinstance(text, str) or len(text) > 40 for text in texts) or value.get("name") == "":
            raise Refused(400, "invalid")
        if not 0 <= value.get("amount", 0) <= 100000 or set(value.get("place", {})) - {"street", "city"}:
            raise Refused(400, "invalid")

    def found(self, request: Request, tenant: str) -> dict[str, Any]:
        given = request.path_params["id"]
        if "unknown ids" in self and given not in self.things and self.things:
            given = next(iter(self.things))
        if "longer ids" in self:
            given = next((one for one in self.things if given.startswith(one)), given)
        thing = self.things.get(given)
        foreign = thing is not None and thing["tenant"] != tenant
        if thing is None or (foreign and "foreign things" not in self):
            if foreign and "told apart" in self:
                raise Refused(404, "unknown_thing", "It is not yours.")
            if foreign and "foreign is 403" in self:
                raise Refused(403, "not_yours")
            raise Refused(400 if "unknown is 400" in self else 404, "unknown_thing", "There is no such thing.")
        return thing

    def shown(self, thing: dict[str, Any]) -> dict[str, Any]:
        return {key: item for key, item in thing.items() if key != "tenant"}

    async def create(self, request: Request) -> Response:
        tenant = self.tenant(request, changes=True)
        value = await self.body(request)
        if "name" not in value:
            raise Refused(400, "invalid")
        self.made += 1
        identifier = "t_the_only_one_12" if "one id" in self and self.made > 3 else self.new_id("t")
        known = {key: item for key, item in value.items() if key in ("name", "amount", "note", "place")}
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{self.made:06}Z"
        thing = {"tenant": tenant, "id": identifier, **known, "status": "open", "made": stamp}
        answer = self.shown(thing)
        if "loses the place" in self and "place" in thing:
            thing["place"] = {**thing["place"], "city": "elsewhere"}
        if "loses the name" in self:
            thing["name"] = answer["name"] = "Thing"
        self.things[identifier] = thing
        if "not stored" in self:
            del self.things[identifier]
        if "link nowhere" in self:
            return JSONResponse({**answer, "id": identifier + "x"}, 201)
        return JSONResponse(answer, 201)

    async def list(self, request: Request) -> Response:
        tenant = self.tenant(request)
        listed = [self.shown(one) for one in self.things.values() if one["tenant"] == tenant or "lists all" in self]
        listed = listed if "oldest first" in self else listed[::-1]
        if "limit ignored" not in self and "limit" in request.query_params:
            limit = request.query_params["limit"]
            if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= 1000:
                raise Refused(400, "invalid")
            listed = listed[: int(limit)]
        return JSONResponse({"things": listed * 2 if "lists twice" in self else [] if "lists none" in self else listed})

    async def get(self, request: Request) -> Response:
        thing = self.found(request, self.tenant(request))
        if "the last one" in self:
            last = list(self.things.values())[-1]
            return JSONResponse({**self.shown(last), "id": thing["id"]})
        return JSONResponse(self.shown(thing))

    async def change(self, request: Request) -> Response:
        if "changes before it asks" in self and request.path_params["id"] in self.things:
            self.things[request.path_params["id"]]["note"] = secrets.token_hex(4)
        tenant = self.tenant(request, changes=True)
        foreign = self.things.get(request.path_params["id"])
        if "changes foreign ones" in self and foreign is not None and foreign["tenant"] != tenant:
            foreign["note"] = secrets.token_hex(4)
        thing = self.found(request, tenant)
        if "changes before it checks" in self:
            thing["note"] = secrets.token_hex(4)
        value = await self.body(request)
        for one in self.things.values() if "changes all" in self else [thing]:
            self.merge(one, value)
        return JSONResponse(self.shown(thing))

    def merge(self, thing: dict[str, Any], value: dict[str, Any]) -> None:
        if "forgets the rest" in self:
            for name in ("amount", "note", "place"):
                thing.pop(name, None)
        for name in ("name", "amount", "note", "place"):
            item = value.get(name)
            if name not in value or "changes nothing" in self or (item is None and "keeps on null" in self):
                continue
            if isinstance(item, dict) and self.deep and thing.get(name):
                item = {**thing[name], **item}
            thing[name] = item

    async def delete(self, request: Request) -> Response:
        tenant = self.tenant(request, changes=True)
        thing = self.found(request, tenant)
        if "deletes nothing" not in self:
            del self.things[thing["id"]]
        if "deletes all" in self:
            self.things.clear()
        return Response(status_code=204)

    async def close(self, request: Request) -> Response:
        tenant = self.tenant(request, changes=True)
        known = self.things.get(request.path_params["id"])
        if "state told to all" in self and known is not None and known["status"] == "closed":
            raise Refused(409, "closed")
        thing = self.found(request, tenant)
        if thing["status"] == "closed":
            raise Refused(409, "closed")
        thing["status"] = "closed"
        return JSONResponse(self.shown(thing))

    async def show(self, request: Request) -> Response:
        if "nothing to show" in self:
            raise Refused(422, "no_such_thing")
        tenant = self.tenant(request, changes=True)
        value = await self.body(request)
        if not isinstance(value.get("thing"), str) or not value["thing"]:
            raise Refused(400, "invalid")
        thing = self.things.get(value["thing"])
        refused = thing is None or (thing["tenant"] != tenant and "shows foreign ones" not in self)
        if refused and "shows anything" not in self:
            raise Refused(422, "nothing" if "another code" in self else "no_such_thing")
        return Response(status_code=204)

    # -- boxes -------------------------------------------------------------------------------------------------------------

    async def create_box(self, request: Request) -> Response:
        identifier = self.new_id("b")
        self.boxes[identifier] = self.tenant(request, changes=True)
        return JSONResponse({"id": identifier}, 201)

    def box(self, request: Request, tenant: str) -> str:
        identifier: str = request.path_params["box"]
        if self.boxes.get(identifier) != tenant:
            raise Refused(404, "unknown_box")
        return identifier

    async def get_box(self, request: Request) -> Response:
        return JSONResponse({"id": self.box(request, self.tenant(request))})

    async def create_item(self, request: Request) -> Response:
        tenant = self.tenant(request, changes=True)
        box = request.path_params["box"] if "items in foreign boxes" in self else self.box(request, tenant)
        if box not in self.boxes:
            raise Refused(404, "unknown_box")
        identifier = self.new_id("i")
        self.items[identifier] = box
        return JSONResponse({"id": identifier}, 201)

    async def get_item(self, request: Request) -> Response:
        tenant, item = self.tenant(request), request.path_params["item"]
        box = self.items.get(item, "") if "items in any box" in self else self.box(request, tenant)
        if item not in self.items or self.items[item] != box or self.boxes[box] != tenant:
            raise Refused(404, "unknown_item")
        return JSONResponse({"id": item})
