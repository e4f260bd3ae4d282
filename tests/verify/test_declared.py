"""Which declarations apply where in a message."""

from __future__ import annotations

from typing import Any

import pytest

from tillspec.verify.declared import Declared

from .served import contract_of

CONTRACT = contract_of("""
openapi: 3.1.0
info: {title: Carts, version: '1'}
x-behavior:
  objects: {Order: {description: An order of the shop., owner: credential}}
paths:
  /carts:
    post:
      operationId: createCart
      x-behavior: {creates: Cart}
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/CartRequest'}}}}
      responses:
        '201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Cart'}}}}
        4XX: {description: refused}
components:
  schemas:
    Name: {type: string, x-behavior: {secret: {bits: 64}}}
    Plain: {type: object, properties: {name: {type: string}}}
    Node:
      type: object
      properties: {name: {$ref: '#/components/schemas/Name'}, next: {$ref: '#/components/schemas/Node'}}
    Everything:
      type: object
      properties:
        plain: {type: string}
        direct: {$ref: '#/components/schemas/Name'}
        list: {type: array, items: {$ref: '#/components/schemas/Name'}}
        pair:
          type: array
          prefixItems: [{type: integer}, {$ref: '#/components/schemas/Name'}]
          items: {$ref: '#/components/schemas/Plain'}
        tuple: {type: array, prefixItems: [{type: integer}], items: {$ref: '#/components/schemas/Name'}}
        map: {type: object, properties: {id: {type: string}}, additionalProperties: {$ref: '#/components/schemas/Name'}}
        matched:
          type: object
          patternProperties: {'^x-': {$ref: '#/components/schemas/Name'}, '^y-': {type: string}}
          additionalProperties: {$ref: '#/components/schemas/Name'}
        either:
          oneOf:
            - {type: object, required: [card], properties: {card: {$ref: '#/components/schemas/Name'}}}
            - {type: object, required: [iban], properties: {iban: {$ref: '#/components/schemas/Name'}, card: {type: integer}}}
        some:
          anyOf:
            - {type: object, properties: {one: {$ref: '#/components/schemas/Name'}}}
            - {type: object, properties: {two: {$ref: '#/components/schemas/Name'}}}
        all:
          allOf:
            - {type: object, properties: {one: {$ref: '#/components/schemas/Name'}}}
            - {properties: {two: {$ref: '#/components/schemas/Name'}}}
        chosen:
          type: object
          properties: {kind: {type: string}}
          if: {properties: {kind: {const: a}}}
          then: {properties: {value: {$ref: '#/components/schemas/Name'}}}
          else: {properties: {other: {$ref: '#/components/schemas/Name'}}}
        dependent:
          type: object
          dependentSchemas: {card: {properties: {value: {$ref: '#/components/schemas/Name'}}}}
        node: {$ref: '#/components/schemas/Node'}
    CartRequest:
      type: object
      x-behavior:
        object: Cart
        rules: [{rule: self.min <= self.max, message: min is at most max, at: /min, status: 400, code: bad}]
      properties: {min: {type: integer}, max: {type: integer}}
      required: [min, max]
    Cart:
      type: object
      x-behavior: {object: Cart, id: /cart/id, owner: bearer}
      properties: {cart: {type: object, properties: {id: {type: string}}}}
    CartEvent: {type: object, x-behavior: {object: Cart}}
""")
DECLARED = Declared(CONTRACT)
EVERYTHING = "/components/schemas/Everything"


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ({"plain": "a"}, []),
        ({"direct": "a", "unknown": "a"}, ["/direct"]),
        ({"list": ["a", "b"]}, ["/list/0", "/list/1"]),
        ({"pair": [1, "a", {"name": "x"}]}, ["/pair/1"]),
        ({"tuple": [1, "a", "b"]}, ["/tuple/1", "/tuple/2"]),
        ({"map": {"id": "a", "b": "c"}}, ["/map/b"]),
        ({"matched": {"x-a": "a", "y-a": "a", "z": "a"}}, ["/matched/x-a", "/matched/z"]),
        ({"either": {"card": "a"}}, ["/either/card"]),
        ({"either": {"iban": "a", "card": 1}}, ["/either/iban"]),
        ({"some": {"one": "a", "two": "b"}}, ["/some/one", "/some/two"]),
        ({"some": {"one": 1, "two": "b"}}, ["/some/two"]),
        ({"all": {"one": "a", "two": "b"}}, ["/all/one", "/all/two"]),
        ({"chosen": {"kind": "a", "value": "a", "other": "b"}}, ["/chosen/value"]),
        ({"chosen": {"kind": "b", "value": "a", "other": "b"}}, ["/chosen/other"]),
        ({"dependent": {"card": 1, "value": "a"}}, ["/dependent/value"]),
        ({"dependent": {"value": "a"}}, []),
        ({"node": {"name": "a", "next": {"name": "b", "next": {"next": {"name": "c"}}}}},
         ["/node/name", "/node/next/name", "/node/next/next/next/name"]),
        ({"list": "no list", "map": ["no map"], "node": None, "pair": {}}, []),
        ("no object", []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("direction", ["request", "response"])
def test_each_part_is_found(value: Any, places: list[str], direction: Any) -> None:
    found = DECLARED.parts(EVERYTHING, direction, value)
    assert sorted("/" + "/".join(map(str, part.path)) for part in found) == places
    for part in found:
        inner = value
        for key in part.path:
            inner = inner[key]
        assert part.value == inner
        assert part.pointer == "/components/schemas/Name"
        assert part.property is not None
        assert part.property.secret is not None


def test_of_what_is_invalid_every_branch_is_told() -> None:
    value = {"some": {"one": 1, "two": "b"}, "either": {"card": "a", "iban": 3}}
    found = DECLARED.parts(EVERYTHING, "request", value, loosely=True)
    assert sorted(part.path for part in found) == [("either", "card"), ("either", "iban"), ("some", "one"), ("some", "two")]


def test_what_declares_nothing_is_not_walked() -> None:
    assert not DECLARED.speaks("/components/schemas/Plain")
    assert DECLARED.speaks("/components/schemas/Node")
    assert DECLARED.parts("/components/schemas/Plain", "request", {"name": "a"}) == []
    assert DECLARED.parts("/nowhere", "request", {"name": "a"}) == []


@pytest.mark.parametrize(("value", "broken"), [({"min": 1, "max": 2}, []), ({"min": 3, "max": 2}, ["min is at most max"])])
def test_rules_that_are_broken(value: Any, broken: list[str]) -> None:
    found = list(DECLARED.breaches("/components/schemas/CartRequest", "request", value))
    assert [breach.message for _, breach in found] == broken


def test_objects() -> None:
    assert {pointer for pointer, _ in DECLARED.views("Cart")} == {
        f"/components/schemas/{name}" for name in ("Cart", "CartRequest", "CartEvent")
    }
    assert (DECLARED.id_pointer("Cart"), DECLARED.owner("Cart")) == ("/cart/id", "bearer")
    assert (DECLARED.id_pointer("Order"), DECLARED.owner("Order")) == (None, "credential")
    assert (DECLARED.views("None"), DECLARED.id_pointer("None"), DECLARED.owner("None")) == ([], None, None)
