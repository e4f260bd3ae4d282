"""Text from a document never becomes code, and never a path: whatever stands where, what comes out is harmless, or is refused."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import snapshot
from tillspec.diagnostics import Refused, Report, text
from tillspec.pipeline import generate, read
from tillspec.pointer import escape
from tillspec.request import Request

Document = dict[str, Any]
Put = Callable[[Document, str], None]

CONTRACT: Document = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "tags": [{"name": "Carts"}],
    "servers": [{"url": "https://shop.example"}],
    "security": [{"Key": []}],
    "paths": {
        "/carts/{id}": {
            "post": {
                "operationId": "fillCart",
                "tags": ["Carts"],
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "note", "in": "query", "schema": {"type": "string"}},
                    {"name": "X-Note", "in": "header", "schema": {"type": "string"}},
                    {"name": "crumb", "in": "cookie", "schema": {"type": "string"}},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Cart"}}}},
                "responses": {
                    "200": {
                        "description": "The cart.",
                        "headers": {"X-Count": {"schema": {"type": "integer"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Cart"}}},
                        "links": {"again": {"operationId": "fillCart"}},
                    },
                    "404": {"$ref": "#/components/responses/NotFound"},
                },
                "callbacks": {
                    "onFilled": {"{$request.query.note}": {"post": {"responses": {"204": {"description": "Thanks."}}}}}
                },
            }
        }
    },
    "webhooks": {"cartFilled": {"post": {"responses": {"204": {"description": "Thanks."}}}}},
    "components": {
        "securitySchemes": {"Key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "responses": {"NotFound": {"description": "No such cart."}},
        "schemas": {
            "Cart": {"type": "object", "properties": {"note": {"type": "string"}, "item": {"$ref": "#/components/schemas/Item"}}},
            "Item": {
                "oneOf": [{"$ref": "#/components/schemas/Book"}, {"$ref": "#/components/schemas/Pen"}],
                "discriminator": {"propertyName": "kind"},
            },
            "Book": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "book"}}},
            "Pen": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "pen"}}},
        },
    },
}


def operation(document: Document) -> Document:
    found: Document = next(iter(document["paths"].values()))["post"]
    return found


def parameter(document: Document, index: int) -> Document:
    found: Document = operation(document)["parameters"][index]
    return found


def ok(document: Document) -> Document:
    found: Document = operation(document)["responses"]["200"]
    return found


def schemas(document: Document) -> Document:
    found: Document = document["components"]["schemas"]
    return found


def note(document: Document) -> Document:
    found: Document = schemas(document)["Cart"]["properties"]["note"]
    return found


def rename(where: Document, old: str, new: str) -> None:
    renamed = {new if name == old else name: value for name, value in where.items()}
    where.clear()
    where.update(renamed)


def put_kind(document: Document, text: str) -> None:
    """The text is what tells two schemas apart: a property's name, a constant, and a key of the mapping."""
    schemas(document)["Item"]["discriminator"] = {"propertyName": text, "mapping": {text: "Book"}}
    for name, value in (("Book", text), ("Pen", "pen")):
        schemas(document)[name] = {"type": "object", "required": [text], "properties": {text: {"const": value}}}


def put_operation_id(document: Document, text: str) -> None:
    operation(document)["operationId"] = ok(document)["links"]["again"]["operationId"] = text


def put_path_parameter(document: Document, text: str) -> None:
    path = next(iter(document["paths"]))
    rename(document["paths"], path, path.replace("{id}", f"{{{text}}}"))
    parameter(document, 0)["name"] = text


def put_tag(document: Document, text: str) -> None:
    operation(document)["tags"] = [text]
    document["tags"][0]["name"] = text


def put_scheme(document: Document, text: str) -> None:
    rename(document["components"]["securitySchemes"], "Key", text)
    document["security"] = [{text: []}]


def put_key_header(document: Document, text: str) -> None:
    next(iter(document["components"]["securitySchemes"].values()))["name"] = text


def put_shared_response(document: Document, text: str) -> None:
    rename(document["components"]["responses"], "NotFound", text)
    operation(document)["responses"]["404"] = {"$ref": f"#/components/responses/{escape(text)}"}


def put_schema_name(document: Document, text: str) -> None:
    rename(schemas(document), "Pen", text)
    schemas(document)["Item"]["oneOf"][1] = {"$ref": f"#/components/schemas/{escape(text)}"}


PROSE: dict[str, Put] = {
    "title": lambda document, text: document["info"].update(title=text),
    "version": lambda document, text: document["info"].update(version=text),
    "description": lambda document, text: document["info"].update(description=text),
    "tag description": lambda document, text: document["tags"][0].update(description=text),
    "server": lambda document, text: document["servers"].append({"url": text, "description": text}),
    "server variable": lambda document, text: document["servers"].append(
        {"url": "https://{a}.example", "variables": {"a": {"default": text, "description": text}}}
    ),
    "license": lambda document, text: document["info"].update(license={"name": text}, contact={"name": text}),
    "external documentation": lambda document, text: operation(document).update(
        externalDocs={"url": "https://x.example", "description": text}
    ),
    "link description": lambda document, text: ok(document)["links"]["again"].update(description=text, parameters={"id": text}),
    "named example": lambda document, text: ok(document)["content"]["application/json"].update(
        examples={"first": {"summary": text, "description": text, "value": {text: [text]}}}
    ),
    "key of a free object": lambda document, text: schemas(document).update(Free={"enum": [{text: text}, [text]]}),
    "extension": lambda document, text: schemas(document)["Cart"].update({"x-note": {text: text}}),
    "object's behaviour": lambda document, text: schemas(document)["Cart"].update(
        {"x-behavior": {"object": text, "rules": [{"rule": text, "message": text, "code": text}]}}
    ),
    "operation's behaviour": lambda document, text: operation(document).update(
        {"x-behavior": {"creates": text, "unknown": {"status": 404, "code": text}}}
    ),
    "outside object": lambda document, text: document.update({"x-behavior": {"objects": {text: {"description": text}}}}),
    "summary": lambda document, text: operation(document).update(summary=text),
    "operation description": lambda document, text: operation(document).update(description=text),
    "parameter description": lambda document, text: parameter(document, 1).update(description=text),
    "parameter default": lambda document, text: parameter(document, 1)["schema"].update(default=text),
    "parameter enum": lambda document, text: parameter(document, 2)["schema"].update(enum=["plain", text]),
    "body description": lambda document, text: operation(document)["requestBody"].update(description=text),
    "response description": lambda document, text: ok(document).update(description=text),
    "shared response description": lambda document, text: document["components"]["responses"]["NotFound"].update(
        description=text
    ),
    "header description": lambda document, text: ok(document)["headers"]["X-Count"].update(description=text),
    "example": lambda document, text: ok(document)["content"]["application/json"].update(example={"note": text}),
    "scheme description": lambda document, text: document["components"]["securitySchemes"]["Key"].update(description=text),
    "schema title": lambda document, text: schemas(document)["Cart"].update(title=text),
    "schema description": lambda document, text: schemas(document)["Cart"].update(description=text),
    "property description": lambda document, text: note(document).update(description=text),
    "property default": lambda document, text: note(document).update(default=text),
    "property enum": lambda document, text: schemas(document)["Cart"]["properties"].update(colour={"enum": ["red", text]}),
    "property const": lambda document, text: schemas(document)["Cart"]["properties"].update(size={"const": text}),
    "object default": lambda document, text: schemas(document)["Cart"]["properties"].update(more={"default": {text: text}}),
    "alias description": lambda document, text: schemas(document).update(Price={"type": "integer", "description": text}),
}
"""Places where any text is right: none of them may be refused."""

NAMES: dict[str, Put] = {
    "operationId": put_operation_id,
    "tag": put_tag,
    "surface": lambda document, text: operation(document).update({"x-behavior": {"surface": text}}),
    "path": lambda document, text: rename(document["paths"], next(iter(document["paths"])), f"/carts/{{id}}/{text}"),
    "path parameter": put_path_parameter,
    "query parameter": lambda document, text: parameter(document, 1).update(name=text),
    "header parameter": lambda document, text: parameter(document, 2).update(name=text),
    "cookie parameter": lambda document, text: parameter(document, 3).update(name=text),
    "response header": lambda document, text: rename(ok(document)["headers"], "X-Count", text),
    "request media type": lambda document, text: rename(operation(document)["requestBody"]["content"], "application/json", text),
    "response media type": lambda document, text: rename(ok(document)["content"], "application/json", text),
    "link": lambda document, text: rename(ok(document)["links"], "again", text),
    "callback expression": lambda document, text: rename(
        operation(document)["callbacks"]["onFilled"], "{$request.query.note}", text
    ),
    "callback": lambda document, text: rename(operation(document)["callbacks"], "onFilled", text),
    "webhook": lambda document, text: rename(document["webhooks"], "cartFilled", f"{text} event"),
    "security scheme": put_scheme,
    "key header": put_key_header,
    "shared response": put_shared_response,
    "scope": lambda document, text: document.update(security=[{name: [text] for name in document["security"][0]}]),
    "server variable's name": lambda document, text: document["servers"].append(
        {"url": f"https://{{{text}}}.example", "variables": {text: {"default": "a"}}}
    ),
    "encoding": lambda document, text: operation(document)["requestBody"]["content"].update(
        {"multipart/form-data": {"schema": {"type": "object"}, "encoding": {text: {"contentType": text}}}}
    ),
    "pattern of names": lambda document, text: schemas(document)["Cart"].update(patternProperties={text: {"type": "string"}}),
    "required": lambda document, text: schemas(document)["Cart"].update(required=[text], dependentRequired={text: [text]}),
    "definition": lambda document, text: schemas(document)["Cart"].update({"$defs": {text: {"type": "string"}}}),
    "content of a text": lambda document, text: note(document).update(contentMediaType=text, contentEncoding=text),
    "discriminator": put_kind,
    "schema": put_schema_name,
    "pattern": lambda document, text: note(document).update(pattern=text),
    "parameter pattern": lambda document, text: parameter(document, 1)["schema"].update(pattern=text),
    "format": lambda document, text: note(document).update(format=text),
    "property": lambda document, text: rename(schemas(document)["Cart"]["properties"], "note", text),
    "status": lambda document, text: rename(operation(document)["responses"], "200", text),
}
"""Places where not every text is right: it may be refused, with a reason. The order matters where one leads to another."""

CODE = "__import__('pathlib').Path(MARK).touch()"
PAYLOADS = {
    "docstring": f'"""\n{CODE}\n"""',
    "docstring at once": f'"""+{CODE}+"""',
    "other docstring": f"'''\n{CODE}\n'''",
    "string": f"'+{CODE}+'",
    "double string": f'"+{CODE}+"',
    "escaped quote": f'\\"""\n{CODE}\n\\',
    "escaped string": f"\\'+{CODE} #",
    "ends in a backslash": "C:\\",
    "ends in a quote": 'so-called "shop"',
    "lines": f"x\n{CODE}\n",
    "carriage return": f"x\r{CODE}\r\n{CODE}",
    "form feed": f"x\x0c{CODE}\x0b{CODE}",
    "unicode line ends": f"x\u2028{CODE}\u2029{CODE}\x85{CODE}",
    "comment": f"x # y\n    {CODE}",
    "f-string": f"{{{CODE}}}",
    "template": f"{{{{ {CODE} }}}}{{% raw %}}{{# #}}",
    "call": f"x = {CODE}; y",
    "bracket": f")]}}, {CODE}, ([{{",
    "parent folders": "../../../escaped",
    "absolute path": "/tmp/escaped.py",
    "backslash path": "..\\..\\escaped",
    "drive": "C:escaped",
    "nul": "x\0y",
    "escape sequences": "\x1b[31mred\x07\b\b",
    "right to left": "x\u202e\u2066y\u2069",
    "zero width": "x\u200b\u200dy\ufeff",
    "outside the plane": "𝒳😀",
    "long": "long " * 2000,
    "long word": "w" * 300,
    "empty": "",
    "blank": "   ",
    "dots": "..",
    "keyword": "class",
    "none": "None",
    "dunder": "__init__",
    "class attribute": "__class__",
    "self": "self",
    "model": "model_config",
    "pydantic method": "model_dump",
    "mangled": "__secret",
    "import": "models",
    "builtin": "str",
    "digit": "3ds",
    "punctuation": "@type",
    "ligature": "ﬁx",
}


def attempt(document: Document, folder: Path) -> str | None:
    """Generate everything in a folder of its own. None if it went well, or else the reasons for which it was refused."""
    marker = folder / "marker"
    folder.mkdir(exist_ok=True)
    contract = folder / "openapi.json"
    contract.write_text(json.dumps(document).replace("MARK", json.dumps(repr(str(marker)))[1:-1]), encoding="utf-8")
    before = snapshot(folder)
    reasons = None
    try:
        generate(Request(contract, folder / "out", "shop_api", handlers=folder / "src"))
    except Refused as refused:
        reasons = "\n".join(text(refused.diagnostics))
        assert all(item.place or item.code == "output-unwritable" for item in refused.diagnostics), reasons
        assert snapshot(folder) == before
    assert not marker.exists(), "text from the document was executed"
    for path in [path for path in folder.rglob("*.py") if "_runtime" not in path.parts]:
        compile(path.read_text(encoding="utf-8"), str(path), "exec")
    outside = snapshot(folder).keys() - before.keys()
    assert {path.split("/")[0] for path in outside} <= {"out", "src"}
    return reasons


def hostile(places: dict[str, Put], payload: str) -> Document:
    document = copy.deepcopy(CONTRACT)
    for put in places.values():
        put(document, payload)
    return document


def test_prose_is_harmless_everywhere_at_once(tmp_path: Path) -> None:
    for name, payload in PAYLOADS.items():
        assert attempt(hostile(PROSE, payload), tmp_path / name) is None, name
    run_apps(tmp_path)


RUN_APPS = """
import pathlib, sys
for folder in sorted(pathlib.Path().iterdir()):
    sys.path[:0] = [str(folder / "src"), str(folder / "out" / "python")]
    import app, shop_api.client, shop_api.webhooks
    assert app.__file__.startswith(str(folder.resolve())) and app.app
    del sys.path[:2]
    for name in [name for name in sys.modules if name.split(".")[0] in ("app", "surfaces", "handlers", "shop_api")]:
        del sys.modules[name]
"""


def run_apps(folder: Path) -> None:
    """Import the user's own application in each folder, and everything that was generated with it."""
    done = subprocess.run([sys.executable, "-c", RUN_APPS], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(folder.glob("*/marker")) == [], "text from the document was executed"


@pytest.mark.parametrize("name", PAYLOADS)
def test_names_are_harmless_or_refused(name: str, tmp_path: Path) -> None:
    """In each place alone a contract is read or refused; what is read is generated, all at once or if need be one by one."""
    fitting = {place: put for place, put in NAMES.items() if readable(hostile({place: put}, PAYLOADS[name]), tmp_path)}
    if attempt(hostile(fitting, PAYLOADS[name]), tmp_path / "all"):
        for place, put in fitting.items():
            attempt(hostile({place: put}, PAYLOADS[name]), tmp_path / place)


def readable(document: Document, folder: Path) -> bool:
    contract = folder / "openapi.json"
    contract.write_text(json.dumps(document), encoding="utf-8")
    try:
        read(contract, frozenset(), (), Report())
    except Refused as refused:
        assert all(item.place and item.hint for item in refused.diagnostics), refused
        return False
    return True


_CHARACTERS = st.characters(exclude_categories=["Cs"])


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    prose=st.text(_CHARACTERS | st.sampled_from("\"'\\\n\r{}%#\0\u2028")),
    names=st.dictionaries(st.sampled_from(sorted(NAMES)), st.text(_CHARACTERS | st.sampled_from("\"'\\\n{}/.-_ 1a")), max_size=3),
)
def test_any_text_is_harmless_or_refused(prose: str, names: dict[str, str]) -> None:
    document = hostile(PROSE, prose)
    for place in [place for place in NAMES if place in names]:
        NAMES[place](document, names[place])
    with tempfile.TemporaryDirectory() as folder:
        assert attempt(document, Path(folder)) is None or names
