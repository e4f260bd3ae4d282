"""Documents that were built to hurt, large ones: each is read to its end or refused, soon and in little memory.

Of those that are accepted the generated models are run on a value. `tests/bench/hostile.py` measures what each costs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True)
class Hostile:
    """A document, and what is to become of it.

    `refused` is the code that is told; None where it is accepted. `values` are values of components, by name, that the models
    read and write back. Those that take `long` are measured by the bench alone.
    """

    text: Callable[[], str]
    refused: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    name: str = "openapi.json"
    long: bool = False


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def operation(schema: Any, identifier: str = "send") -> Schema:
    content = {"application/json": {"schema": schema}}
    answer = {"200": {"description": "Good.", "content": content}}
    return {"post": {"operationId": identifier, "requestBody": {"content": content}, "responses": answer}}


def document(schemas: dict[str, Any], root: Any = None) -> str:
    paths = {"/x": operation(root if root is not None else ref(next(iter(schemas))))}
    whole = {"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "paths": paths, "components": {"schemas": schemas}}
    return json.dumps(whole)


def nested(depth: int, around: Callable[[Any], Any], inner: Any) -> Any:
    """JSON text would be too deep for `json.dumps`, so the text itself is nested."""
    for _ in range(depth):
        inner = around(inner)
    return inner


def deep_json(opening: str, closing: str, depth: int) -> str:
    hole = '"HOLE"'
    return document({"A": "HOLE"}).replace(hole, opening * depth + '{"type": "string"}' + closing * depth)


def chain(count: int, last: Any = None, link: Callable[[int], Any] = lambda index: ref(f"S{index}")) -> str:
    schemas = {f"S{index}": link(index + 1) for index in range(count)}
    return document(schemas | {f"S{count}": last or {"type": "string", "maxLength": 5}})


def twice(keyword: str, levels: int, last: Any) -> str:
    """Each component is made of the next one twice: 2^levels ways to the last."""
    return chain(levels, last, lambda index: {keyword: [ref(f"S{index}"), ref(f"S{index}")]})


def lattice(keyword: str, levels: int, wide: int, last: Any) -> str:
    """On each level several components, each made of all of the next level."""
    schemas = {
        f"S{level}x{index}": {keyword: [ref(f"S{level + 1}x{other}") for other in range(wide)]}
        for level in range(levels)
        for index in range(wide)
    }
    return document(schemas | {f"S{levels}x{index}": last for index in range(wide)})


def knot(keyword: str, count: int) -> str:
    """Components of which each is made of all others."""
    return document(
        {
            f"S{index}": {
                keyword: [ref(f"S{other}") for other in range(count) if other != index],
                "properties": {f"p{index}": STRING},
            }
            for index in range(count)
        }
    )


def wide(parts: int, users: int, marks: bool = False) -> str:
    """Many components that are made of one that is made of many."""
    schemas = {"Whole": {"allOf": [ref(f"Part{index}") for index in range(parts)]}}
    schemas |= {
        f"Part{index}": {"type": "object", "properties": {f"p{index}": {"type": "string", "readOnly": marks}}}
        for index in range(parts)
    }
    return document(
        schemas
        | {
            f"User{index}": {"allOf": [ref("Whole")], "properties": {"a": ref(f"User{(index + 1) % users}")}}
            for index in range(users)
        },
        ref("User0"),
    )


def deep_parameter(levels: int, wide: int) -> str:
    """A query parameter that is an object of objects of objects."""
    schemas: dict[str, Any] = {
        f"S{level}": {"type": "object", "properties": {f"p{index}": ref(f"S{level + 1}") for index in range(wide)}}
        for level in range(levels)
    }
    whole = json.loads(document(schemas | {f"S{levels}": STRING}))
    parameter = {"name": "filter", "in": "query", "style": "deepObject", "schema": ref("S0")}
    whole["paths"]["/x"]["post"] |= {"parameters": [parameter]}
    whole["paths"]["/x"]["post"]["requestBody"]["content"] = {"application/x-www-form-urlencoded": {"schema": ref("S0")}}
    return json.dumps(whole)


def objects(count: int, schema: Callable[[int], Any]) -> str:
    return document({f"S{index}": schema(index) for index in range(count)})


def operations(count: int) -> str:
    whole = json.loads(document({"A": {"type": "object", "properties": {"a": {"type": "string"}}}}))
    whole["paths"] = {f"/p{index}": operation(ref("A"), f"op{index}") for index in range(count)}
    return json.dumps(whole)


HEAD = 'openapi: 3.1.0\ninfo: {title: x, version: "1"}\n'
PATHS = (
    "paths: {/x: {post: {operationId: send, responses: {'204': {description: Good.}}, "
    "requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}}}\n"
)


def yaml_blocks(depth: int) -> str:
    lines = "".join(f"{' ' * (level + 4)}items:\n" for level in range(2, depth + 2)) + f"{' ' * (depth + 6)}type: string\n"
    return f"{HEAD}{PATHS}components:\n  schemas:\n    A:\n{lines}"


def yaml_flow(depth: int) -> str:
    return f"{HEAD}{PATHS}components: {{schemas: {{A: {'{items: ' * depth}true{'}' * depth}}}}}\n"


def laughs(levels: int, wide: int) -> str:
    rows = [f"x-a0: &a0 {{type: object, properties: {{{', '.join(f'p{i}: {{type: string}}' for i in range(wide))}}}}}"]
    for level in range(1, levels):
        inner = ", ".join(f"p{i}: *a{level - 1}" for i in range(wide))
        rows.append(f"x-a{level}: &a{level} {{type: object, properties: {{{inner}}}}}")
    return HEAD + "\n".join(rows) + f"\n{PATHS}components: {{schemas: {{A: *a{levels - 1}}}}}\n"


def shared_aliases(levels: int) -> str:
    """Little enough to be read, and 2^levels inline schemas if each is made by itself."""
    return laughs(levels, 2)


def merges(count: int) -> str:
    rows = "".join(f"    S{i}: &s{i} {{<<: *s{i - 1}, x-{i}: 1}}\n" for i in range(1, count))
    return f"{HEAD}{PATHS}components:\n  schemas:\n    S0: &s0 {{type: string}}\n{rows}    A: {{type: string}}\n"


def tree(depth: int) -> Any:
    """A oneOf of two, of which each is a oneOf of two, and so on, inline."""
    return (
        {"type": "string", "maxLength": 1} if not depth else {"oneOf": [tree(depth - 1), {"type": "integer", "maximum": depth}]}
    )


def binary(depth: int) -> Any:
    return {"type": "string", "maxLength": 1} if not depth else {"oneOf": [binary(depth - 1), binary(depth - 1)]}


STRING = {"type": "string"}
TAGGED: dict[str, Any] = {
    "T": {
        "oneOf": [ref(f"S{index}") for index in range(5_000)],
        "discriminator": {"propertyName": "kind"},
    }
} | {
    f"S{index}": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": f"k{index}"}}}
    for index in range(5_000)
}

AWKWARD = [
    "__class__", "__dict__", "__init__", "__slots__", "__pydantic_extra__", "__pydantic_fields_set__",
    "__pydantic_private__", "__pydantic_validator__", "__annotations__", "__module__", "__doc__", "__getattr__",
    "__hash__", "__eq__", "_private", "_behavior", "_conforms", "_loose", "__private", "model_fields", "model_config",
    "model_extra", "model_construct", "model_dump", "model_validate", "model_fields_set", "model_post_init",
    "model_computed_fields", "self", "cls", "given", "copy", "json", "validate", "schema", "dict", "construct",
    "parse_obj", "fields", "from_orm", "Any", "Field", "str", "int", "float", "bool", "list", "dict_", "None", "True",
    "class", "match", "type", "Literal", "Annotated", "ClassVar", "ContractModel", "Mapping", "super", "print",
    "object", "property", "classmethod", "SCHEMAS", "COMPONENTS", "OBJECTS", "Conforms", "Schemas", "annotations",
    "field", "root", "Root", "MISSING", "Awkward", "awkward", "a.b", "a-b", "a_b", "a b", "A_B", "ab", "aB", "@type",
    "$ref", "$id", "3ds", "3", "", " ", "é", "é", "É", "ß", "SS", "ss", "ſ", "s", "ﬁ", "fi", "ı", "i", "İ", "µ", "μ",
    "Ω", "名", "名前", "🙂", "..", "../x", "/", "\\", "\n", "\r", "\t", "\u0000", "\"", "'", "\"\"\"", "'''", "{{ x }}",
    "{% x %}", "{#", "%s", "%(x)s", "{x}", "{0}", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\u0085",
    "\u001b[31m", "𝒳", "x" * 1000,
]  # fmt: skip


def inner_references(count: int) -> str:
    """References to what stands inside another component, each leading to the next."""
    last = {f"S{count}": {"type": "object", "properties": {"x": STRING}}}
    inner = {
        f"S{index}": {
            "type": "object",
            "properties": {"x": {"type": "array", "items": {"$ref": f"#/components/schemas/S{index + 1}/properties/x"}}},
        }
        for index in range(count)
    }
    return document(inner | last)


def views_in_a_row(count: int) -> str:
    """Objects that a request and a response see otherwise, each inside the one before."""
    last = {"type": "object", "properties": {"a": {"type": "string", "readOnly": True}}}
    return chain(count, last, lambda index: {"type": "object", "properties": {"next": ref(f"S{index}")}})


def names_at_once() -> str:
    properties = {name: {"type": "integer"} for name in AWKWARD}
    return document({"Awkward": {"type": "object", "properties": properties, "required": AWKWARD[:20]}})


def deep_values(depth: int) -> Any:
    return nested(depth, lambda inner: [inner], 1)


DOCUMENTS: dict[str, Hostile] = {
    # aliases
    "aliases: 10^9 schemas": Hostile(lambda: laughs(9, 10), "too-large", name="openapi.yaml"),
    "aliases: 2^14 inline schemas": Hostile(lambda: shared_aliases(14), None, name="openapi.yaml", long=True),
    "aliases: 2^20 inline schemas": Hostile(lambda: shared_aliases(20), "too-large", name="openapi.yaml"),
    "merge keys: a chain of 3,000": Hostile(lambda: merges(3_000), "too-large", name="openapi.yaml"),
    # nesting
    "YAML blocks, 10,000 deep": Hostile(lambda: yaml_blocks(10_000), "too-large", name="openapi.yaml"),
    "YAML blocks, 150 deep": Hostile(lambda: yaml_blocks(150), None, {"A": [[[]]]}, name="openapi.yaml"),
    "YAML flow, 10,000 deep": Hostile(lambda: yaml_flow(10_000), "too-deep", name="openapi.yaml"),
    "items, 10,000 deep": Hostile(lambda: deep_json('{"items": ', "}", 10_000), "too-deep"),
    "items, 190 deep": Hostile(
        lambda: deep_json('{"type": "array", "items": ', "}", 190), None, {"A": nested(190, lambda inner: [inner], "x")}
    ),
    "properties, 90 deep": Hostile(
        lambda: deep_json('{"type": "object", "properties": {"a": ', "}}", 90), None, {"A": {"a": {}}}
    ),
    "allOf, 10,000 deep": Hostile(lambda: deep_json('{"allOf": [', "]}", 10_000), "too-deep"),
    "allOf, 90 deep": Hostile(lambda: deep_json('{"allOf": [', "]}", 90), None, {"A": "x"}),
    "not, 190 deep": Hostile(lambda: deep_json('{"not": ', "}", 190), None, {"A": "x"}),
    "oneOf, 10,000 deep": Hostile(lambda: deep_json('{"oneOf": [', "]}", 10_000), "too-deep"),
    "oneOf, 90 deep": Hostile(lambda: deep_json('{"oneOf": [{"type": "null"}, ', "]}", 90), None, {"A": "x"}),
    "oneOf, a comb of 90": Hostile(lambda: document({"A": tree(90)}), None, {"A": 90}),
    "oneOf, a tree of 2^12 leaves": Hostile(lambda: document({"A": binary(12)}), None),
    # references
    "$ref, a chain of 10,000": Hostile(lambda: chain(10_000), "too-deep"),
    "$ref, a chain of 100,000": Hostile(lambda: chain(100_000), "too-deep"),
    "$ref, a chain of 150": Hostile(lambda: chain(150), None, {"S0": "x", "S149": "x"}),
    "$ref, a circle of 10,000": Hostile(lambda: chain(10_000, ref("S0")), "too-deep"),
    "$ref, a circle of 100": Hostile(lambda: chain(100, ref("S0")), "ref-cycle"),
    "$ref, a circle of objects, 10,000": Hostile(
        lambda: chain(
            10_000,
            {"type": "object", "properties": {"next": ref("S0")}},
            lambda index: {"type": "object", "properties": {"next": ref(f"S{index}")}},
        ),
        "too-deep",
    ),
    "allOf, a chain of 10,000": Hostile(
        lambda: chain(
            10_000,
            {"type": "object", "properties": {"a": STRING}},
            lambda index: {"allOf": [ref(f"S{index}"), {"type": "object", "properties": {f"p{index}": STRING}}]},
        ),
        "too-deep",
    ),
    "allOf, a chain of 300": Hostile(
        lambda: chain(
            300,
            {"type": "object", "properties": {"a": STRING}},
            lambda index: {"allOf": [ref(f"S{index}"), {"type": "object", "properties": {f"p{index}": STRING}}]},
        ),
        "too-deep",
    ),
    "items, a chain of 10,000": Hostile(
        lambda: chain(10_000, None, lambda index: {"type": "array", "items": ref(f"S{index}")}), "too-deep"
    ),
    "oneOf, a chain of 10,000": Hostile(
        lambda: chain(10_000, None, lambda index: {"oneOf": [ref(f"S{index}"), {"type": "integer", "maximum": index}]}),
        "too-deep",
    ),
    "anyOf, a chain of 1,000": Hostile(
        lambda: chain(1_000, None, lambda index: {"anyOf": [ref(f"S{index}"), {"type": "integer", "maximum": index}]}), "too-deep"
    ),
    "allOf, a diamond of 2^40": Hostile(lambda: twice("allOf", 40, {"type": "object", "properties": {"a": STRING}}), "too-large"),
    "oneOf, a diamond of 2^40": Hostile(lambda: twice("oneOf", 40, {"type": "object", "properties": {"a": STRING}}), "too-large"),
    "anyOf, a diamond of 2^40": Hostile(lambda: twice("anyOf", 40, STRING), "too-large"),
    "prefixItems, a diamond of 2^40": Hostile(lambda: twice("prefixItems", 40, STRING), None),
    "allOf, a lattice of 3^40": Hostile(
        lambda: lattice("allOf", 40, 3, {"type": "object", "properties": {"a": STRING}}), "too-large"
    ),
    "oneOf, a lattice of 3^40": Hostile(lambda: lattice("oneOf", 40, 3, STRING), "too-large"),
    "allOf, a lattice of 2^14": Hostile(
        lambda: lattice("allOf", 14, 2, {"type": "object", "properties": {"a": STRING}}), None, {"S0x0": {"a": "x"}}
    ),
    "oneOf, a lattice of 2^14": Hostile(lambda: lattice("oneOf", 14, 2, STRING), None),
    "anyOf, a lattice of 2^14": Hostile(lambda: lattice("anyOf", 14, 2, STRING), None, {"S0x0": "x"}),
    "allOf, a knot of 14": Hostile(lambda: knot("allOf", 14), "too-large"),
    "oneOf, a knot of 14": Hostile(lambda: knot("oneOf", 14), "too-large"),
    "anyOf, a knot of 14": Hostile(lambda: knot("anyOf", 14), "too-large"),
    "allOf and oneOf in turn, 45 deep": Hostile(
        lambda: deep_json('{"allOf": [{"oneOf": [{"type": "null"}, ', "]}]}", 45), None, {"A": "x"}
    ),
    "1,000 objects made of one of 1,000 parts": Hostile(lambda: wide(1_000, 1_000), "too-large"),
    "10,000 objects made of one of 5,000 parts": Hostile(lambda: wide(5_000, 10_000, True), "too-large"),
    "200 objects made of one of 300 parts": Hostile(
        lambda: wide(300, 200, True), None, {"User0": {"p0": "x", "a": {"p299": "y"}}}, long=True
    ),
    "a parameter of 10^4 fields": Hostile(lambda: deep_parameter(4, 10), None),
    "a parameter of 50^8 fields": Hostile(lambda: deep_parameter(8, 50), None),
    "inner references in a row, 1,000": Hostile(lambda: inner_references(1_000), None, {"S999": {"x": ["y"]}}),
    "views in a row, 1,000": Hostile(lambda: views_in_a_row(1_000), None, {"S0": {"next": {"next": {}}}}),
    "objects in a row, 1,500": Hostile(
        lambda: chain(
            1_500,
            {"type": "object", "properties": {"a": STRING}},
            lambda index: {"type": "object", "properties": {"next": ref(f"S{index}")}},
        ),
        None,
        {"S0": {"next": {"next": {}}}, "S1400": {}},
    ),
    "allOf, a circle": Hostile(
        lambda: document({"A": {"allOf": [ref("B"), {"properties": {"a": STRING}}]}, "B": {"allOf": [ref("A")]}}), "ref-cycle"
    ),
    "allOf, itself": Hostile(lambda: document({"A": {"allOf": [ref("A"), {"properties": {"a": STRING}}]}}), "ref-cycle"),
    "oneOf, itself": Hostile(lambda: document({"A": {"oneOf": [ref("A"), {"type": "string"}]}}), "ref-cycle"),
    "anyOf, itself": Hostile(lambda: document({"A": {"anyOf": [ref("A"), {"type": "string"}]}}), "ref-cycle"),
    "not, itself": Hostile(lambda: document({"A": {"not": ref("A")}}), None),
    "if, itself": Hostile(lambda: document({"A": {"if": ref("A"), "then": {"type": "string"}}}), None),
    "allOf, mutually": Hostile(
        lambda: document(
            {"A": {"properties": {"b": ref("B")}, "allOf": [ref("B")]}, "B": {"properties": {"a": ref("A")}, "allOf": [ref("A")]}}
        ),
        "ref-cycle",
    ),
    "allOf, with a property of itself": Hostile(
        lambda: document({"A": {"allOf": [{"type": "object", "properties": {"next": ref("A")}}, {"properties": {"a": STRING}}]}}),
        None,
        {"A": {"next": {"a": "x"}}},
    ),
    # many
    "100,000 components of a text": Hostile(lambda: objects(100_000, lambda index: {"type": "string"}), "too-large"),
    "100,000 components of an object": Hostile(
        lambda: objects(100_000, lambda index: {"type": "object", "properties": {"a": {"type": "string"}}}), "too-large"
    ),
    "10,000 components of an object": Hostile(
        lambda: objects(10_000, lambda index: {"type": "object", "properties": {"a": {"type": "string"}}}),
        None,
        {"S0": {"a": "x"}},
        long=True,
    ),
    "100,000 properties": Hostile(
        lambda: document({"A": {"type": "object", "properties": {f"p{index}": {"type": "integer"} for index in range(100_000)}}}),
        "too-large",
    ),
    "100,000 required": Hostile(
        lambda: document(
            {
                "A": {
                    "type": "object",
                    "required": [f"p{index}" for index in range(100_000)],
                    "properties": {f"p{index}": {"type": "integer"} for index in range(100_000)},
                }
            }
        ),
        "too-large",
    ),
    "an enum of 100,000": Hostile(
        lambda: document({"A": {"enum": [f"v{index}" for index in range(100_000)]}}), None, {"A": "v99999"}, long=True
    ),
    "10,000 operations": Hostile(lambda: operations(10_000), None, long=True),
    "5,000 alternatives of texts": Hostile(
        lambda: document({"A": {"oneOf": [{"const": f"v{index}"} for index in range(5_000)]}}), None, {"A": "v4999"}
    ),
    "5,000 alternatives of objects": Hostile(
        lambda: document(
            {
                "A": {
                    "oneOf": [
                        {"type": "object", "required": [f"p{index}"], "properties": {f"p{index}": STRING}}
                        for index in range(5_000)
                    ]
                }
            }
        ),
        None,
        {"A": {"p4999": "x"}},
        long=True,
    ),
    "5,000 alternatives with a discriminator": Hostile(lambda: document(TAGGED), None, {"T": {"kind": "k4999"}}, long=True),
    "5,000 parts": Hostile(
        lambda: document({"A": {"allOf": [{"type": "object", "properties": {f"p{index}": STRING}} for index in range(5_000)]}}),
        None,
        {"A": {"p4999": "x"}},
        long=True,
    ),
    "10,000 references to one place inside": Hostile(
        lambda: document(
            {
                "A": {
                    "type": "object",
                    "properties": {
                        "first": {"type": "object", "properties": {"a": STRING}},
                        **{f"p{index}": {"$ref": "#/components/schemas/A/properties/first"} for index in range(10_000)},
                    },
                }
            }
        ),
        None,
        {"A": {"p1": {"a": "x"}}},
        long=True,
    ),
    "references to 10,000 places inside": Hostile(
        lambda: document(
            {
                "A": {"type": "object", "properties": {f"p{index}": STRING for index in range(10_000)}},
                "B": {
                    "type": "object",
                    "properties": {
                        f"p{index}": {"$ref": f"#/components/schemas/A/properties/p{index}"} for index in range(10_000)
                    },
                },
            }
        ),
        None,
        {"B": {"p1": "x"}},
        long=True,
    ),
    "10,000 names that differ in case": Hostile(
        lambda: document(
            {
                "".join(char.upper() if index >> bit & 1 else char for bit, char in enumerate("abcdefghijklmn")): STRING
                for index in range(10_000)
            }
        ),
        None,
    ),
    "10,000 inline types of one name": Hostile(
        lambda: document(
            {
                "A": {
                    "type": "object",
                    "properties": {
                        f"x{'_' * index}": {"type": "object", "properties": {f"p{index}": STRING}} for index in range(3_000)
                    },
                }
            }
        ),
        None,
        {"A": {"x": {"p0": "x"}}},
        long=True,
    ),
    # long
    "a pattern of 1 MB": Hostile(
        lambda: document({"A": {"type": "string", "pattern": "a" * 1_000_000}}), None, {"A": "a" * 1_000_000}
    ),
    "a pattern of 1 MB of groups": Hostile(lambda: document({"A": {"type": "string", "pattern": "(a)" * 333_000}}), None),
    "a description of 10 MB": Hostile(
        lambda: document({"A": {"type": "string", "description": "word " * 2_000_000}}), None, {"A": "x"}
    ),
    "a description of 10 MB in one word": Hostile(
        lambda: document({"A": {"type": "object", "properties": {"a": {"type": "string", "description": "w" * 10_000_000}}}}),
        None,
        {"A": {}},
    ),
    "a component's name of 100,000": Hostile(
        lambda: document({"A" * 100_000: {"type": "object", "properties": {"a": STRING}}}), None
    ),
    "a property's name of 100,000": Hostile(
        lambda: document({"A": {"type": "object", "properties": {"p" * 100_000: STRING}}}), None, {"A": {"p" * 100_000: "x"}}
    ),
    "a default of 1 MB": Hostile(
        lambda: document({"A": {"type": "object", "properties": {"a": {"type": "string", "default": "x" * 1_000_000}}}}),
        None,
        {"A": {}},
    ),
    "an example of 190 levels": Hostile(
        lambda: document({"A": {"type": "object", "example": deep_values(180)}}), None, {"A": {}}
    ),
    "a const of 190 levels": Hostile(lambda: document({"A": {"const": deep_values(180)}}), None, {"A": deep_values(180)}),
    "a default of 190 levels": Hostile(
        lambda: document({"A": {"type": "object", "properties": {"a": {"default": deep_values(170)}}}}), None, {"A": {"a": 1}}
    ),
    "numbers of 3,000 digits": Hostile(
        lambda: document({"A": {"type": "integer", "maximum": 10**3000, "minimum": -(10**3000), "multipleOf": 1}}),
        None,
        {"A": 10**2000},
    ),
    "numbers of 1e308": Hostile(
        lambda: document({"A": {"type": "number", "maximum": 1e308, "multipleOf": 1e-308}}), None, {"A": 1}
    ),
    "numbers of 1e999": Hostile(
        lambda: document({"A": {"type": "number", "maximum": "HOLE"}}).replace('"HOLE"', "1e999"), "schema-invalid"
    ),
    "lengths of 10^30": Hostile(
        lambda: document(
            {
                "A": {"type": "string", "minLength": 0, "maxLength": 10**30},
                "B": {"type": "array", "maxItems": 10**30, "items": STRING},
            }
        ),
        None,
        {"A": "x", "B": ["x"]},
    ),
    "names, awkward ones, all at once": Hostile(
        names_at_once, None, {"Awkward": {name: index for index, name in enumerate(AWKWARD)}}
    ),
}
