"""Which operation gives what another one needs."""

from __future__ import annotations

import pytest

from tillspec.verify.contract import Contract
from tillspec.verify.declared import Declared
from tillspec.verify.relations import Relation, Relations, _singular

from .served import contract_of

ID = "parameters: [{name: %s, in: path, required: true, schema: {type: string}}]"


def relations(paths: str, rest: str = "") -> Relations:
    made: Contract = contract_of(f"openapi: 3.1.0\ninfo: {{title: Things, version: '1'}}\npaths:\n{paths}\n{rest}")
    return Relations(made, Declared(made))


def made(properties: str, status: int = 201) -> str:
    schema = f"{{type: object, properties: {{{properties}}}}}"
    return f"'{status}': {{description: made, content: {{application/json: {{schema: {schema}}}}}}}"


def values(found: Relations, follower: str) -> list[tuple[str, dict[str, str]]]:
    return [(one.giver, dict(one.values)) for one in found.of(found.contract.targets[follower])]


# -- by how paths are built ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("collection", "parameter", "properties", "expression"),
    [
        ("things", "id", "id: {type: string}", "/id"),
        ("things", "thing_id", "thingId: {type: string}, id: {type: string}", "/thingId"),
        ("things", "key", "id: {type: string}, name: {type: string}", "/id"),
        ("order-lines", "line", "order_line_id: {type: string}", "/order_line_id"),
        ("categories", "key", "categoryId: {type: string}", "/categoryId"),
        ("things", "x", "uuid: {type: string}", "/uuid"),
        ("things", "a~b", "'a~b': {type: string}", "/a~0b"),
        ("things", "id", "data: {type: object, properties: {id: {type: string}}}", "/data/id"),
        ("addresses", "id", "Address: {type: object, properties: {id: {type: string}}}", "/Address/id"),
        ("things", "id", "data: {type: object, properties: {id: {type: string}}}, id: {type: string}", "/id"),
        ("things", "id", "data: {oneOf: [{properties: {id: {type: string}}}]}", "/data/id"),
    ],
)
def test_what_makes_a_thing_gives_its_id(collection: str, parameter: str, properties: str, expression: str) -> None:
    found = relations(f"""
  /{collection}:
    post: {{operationId: make, responses: {{{made(properties)}}}}}
  /{collection}/{{{parameter}}}:
    {ID % parameter}
    get: {{operationId: read, responses: {{'200': {{description: it}}}}}}
""")
    assert values(found, "read") == [("make", {f"$request.path.{parameter}": f"$response.body#{expression}"})]
    assert values(found, "make") == []


@pytest.mark.parametrize("properties", ["name: {type: string}", "owner: {type: object, properties: {id: {type: string}}}"])
def test_what_tells_no_id_gives_none(properties: str) -> None:
    found = relations(f"""
  /things:
    post: {{operationId: make, responses: {{{made(properties)}, '400': {{description: id}}}}}}
  /things/{{id}}:
    {ID % "id"}
    get: {{operationId: read, responses: {{'200': {{description: it}}}}}}
""")
    assert values(found, "read") == []


def test_a_location_gives_an_id() -> None:
    found = relations(f"""
  /things/:
    post:
      operationId: make
      responses: {{'201': {{description: made, headers: {{Location: {{schema: {{type: string}}}}}}}}}}
  /things/{{id}}/parts:
    {ID % "id"}
    get: {{operationId: parts, responses: {{'200': {{description: them}}}}}}
""")
    assert values(found, "parts") == [("make", {"$request.path.id": "$response.header.Location"})]


def test_things_in_things() -> None:
    found = relations(f"""
  /carts:
    post: {{operationId: makeCart, responses: {{{made("id: {type: string}")}}}}}
  /carts/{{id}}/items:
    {ID % "id"}
    get: {{operationId: listItems, responses: {{'200': {{description: them}}}}}}
    post: {{operationId: makeItem, responses: {{{made("id: {type: string}")}}}}}
  /carts/{{cart}}/items/{{item}}:
    parameters:
      - {{name: cart, in: path, required: true, schema: {{type: string}}}}
      - {{name: item, in: path, required: true, schema: {{type: string}}}}
    get: {{operationId: readItem, responses: {{'200': {{description: it}}}}}}
""")
    assert values(found, "makeItem") == [("makeCart", {"$request.path.id": "$response.body#/id"})]
    assert values(found, "listItems") == values(found, "makeItem")
    assert values(found, "readItem") == [
        ("makeItem", {"$request.path.item": "$response.body#/id", "$request.path.cart": "$request.path.id"})
    ]
    targets = found.contract.targets
    assert found.object_of(targets["readItem"]) == "/carts/{cart}/items/{item}"
    assert found.place_of(targets["readItem"]) == "$request.path.item"
    assert (found.object_of(targets["makeCart"]), found.place_of(targets["makeCart"])) == (None, None)


@pytest.mark.parametrize(
    ("several", "one"),
    [("Things", "thing"), ("categories", "category"), ("addresses", "address"), ("boxes", "box"), ("branches", "branch"),
     ("class", "class"), ("order_lines", "orderline"), ("stock", "stock")],
)  # fmt: skip
def test_the_name_of_one(several: str, one: str) -> None:
    assert _singular(several) == one


# -- by links ------------------------------------------------------------------------------------------------------------

LINKED = f"""
  /carts/{{cart}}/sessions:
    {ID % "cart"}
    post:
      operationId: make
      responses:
        '201':
          description: made
          content: {{application/json: {{schema: {{type: object, properties: {{key: {{type: string}}}}}}}}}}
          links:
            read: {{operationId: read, parameters: {{key: $response.body#/key}}}}
            pay:
              operationId: pay
              parameters: {{query.token: $response.body#/key, X-Trace: $request.header.X-Trace}}
              requestBody: {{session: {{key: $response.body#/key}}, kind: fixed, 'a/b': '$response.body#/b'}}
            whole: {{operationId: whole, requestBody: $response.body#/key}}
            away: {{operationRef: '#/paths/~1whole/post'}}
        '400':
          description: refused
          links: {{read: {{operationId: read, parameters: {{key: $response.body#/other}}}}}}
  /carts/{{cart}}/sessions/{{key}}:
    parameters:
      - {{name: cart, in: path, required: true, schema: {{type: string}}}}
      - {{name: key, in: path, required: true, schema: {{type: string}}}}
    get: {{operationId: read, responses: {{'200': {{description: it}}}}}}
  /pay:
    parameters: [{{name: X-Trace, in: header, schema: {{type: string}}}}, {{name: token, in: query, schema: {{type: string}}}}]
    post: {{operationId: pay, responses: {{'200': {{description: paid}}}}}}
  /whole:
    post: {{operationId: whole, responses: {{'200': {{description: paid}}}}}}
"""


def test_links_of_successes_are_relations() -> None:
    found = relations(LINKED)
    shared = {"$request.path.cart": "$request.path.cart"}
    assert values(found, "read") == [("make", {"$request.path.key": "$response.body#/key", **shared})]
    assert values(found, "pay") == [
        (
            "make",
            {
                "$request.query.token": "$response.body#/key",
                "$request.header.X-Trace": "$request.header.X-Trace",
                "$request.body#/session/key": "$response.body#/key",
                "$request.body#/a~1b": "$response.body#/b",
            },
        )
    ]
    assert values(found, "whole")[0] == ("make", {"$request.body#": "$response.body#/key"})
    link: Relation = found.links["pay"][0]
    assert link.source == "link"
    assert found.contract.look_up(link.pointer)["operationId"] == "pay"


# -- by declared behaviour -----------------------------------------------------------------------------------------------

DECLARED = """
  /open:
    post:
      operationId: open
      x-behavior: {creates: Session, moves: {to: open}}
      responses: {'201': {$ref: '#/components/responses/session'}}
  /draft:
    post:
      operationId: draft
      x-behavior: {creates: Session, moves: {to: draft}}
      responses: {'201': {$ref: '#/components/responses/session'}}
  /pay:
    post:
      operationId: pay
      x-behavior:
        updates: Session
        identifies: $request.body#/session/key
        moves: {from: [open], to: paid, otherwise: 409}
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {session: {type: object, properties: {key: {type: string}}}}}
      responses: {'200': {$ref: '#/components/responses/session'}, 4XX: {description: refused}}
  /read:
    get:
      operationId: read
      x-behavior: {reads: Session, identifies: $request.query.key}
      parameters: [{name: key, in: query, required: true, schema: {type: string}}]
      responses: {'200': {$ref: '#/components/responses/session'}, 4XX: {description: refused}}
"""
SESSION = """
components:
  responses:
    session: {description: it, content: {application/json: {schema: {$ref: '#/components/schemas/Session'}}}}
  schemas:
    Session:
      type: object
      x-behavior:
        object: Session
        id: /key
        owner: nobody
        lifecycle: {field: /status, initial: draft, moves: {draft: [open], open: [paid]}}
      properties: {key: {type: string}, status: {type: string, enum: [draft, open, paid]}}
"""


def test_what_creates_an_object_gives_it_where_it_is_named() -> None:
    found = relations(DECLARED, SESSION)
    expression = "$response.body#/key"
    assert values(found, "read") == [(giver, {"$request.query.key": expression}) for giver in ("open", "draft")]
    assert {one.source for one in found.of(found.contract.targets["read"])} == {"x-behavior"}
    pay = found.contract.targets["pay"]
    assert (found.object_of(pay), found.place_of(pay)) == ("Session", "$request.body#/session/key")
    assert found.initial("Session") == "draft"


@pytest.mark.parametrize(("order", "first"), [(("open", "draft"), "open"), (("draft", "open"), "open")])
def test_what_leads_to_the_right_state_comes_first(order: tuple[str, str], first: str) -> None:
    one, other = (DECLARED[DECLARED.index(f"  /{name}:") :].split("  /", 2)[1] for name in order)
    paths = f"\n  /{one}  /{other}" + DECLARED[DECLARED.index("  /pay:") :]
    assert values(relations(paths, SESSION), "pay") == [
        (giver, {"$request.body#/session/key": "$response.body#/key"}) for giver in (first, "draft")
    ]
