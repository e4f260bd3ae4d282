"""What is read without a complaint: the forms that documents come in, and references that were allowed by name."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers import Tillspec
from tillspec.api.model import Object
from tillspec.diagnostics import Refused, Report, text
from tillspec.document.read import read as read_source
from tillspec.pipeline import read
from tillspec.pointer import join
from tillspec.source import Source

PETS = """\
openapi: 3.1.0
info:
  title: Pet shop
  version: 1.0.0
paths:
  /pets:
    get:
      operationId: listPets
      responses:
        '200':
          description: The pets.
          content:
            application/json:
              schema:
                $ref: {reference}
"""
PET = "type: object\nproperties:\n  name:\n    type: string\n"


def document(path: Path, *allowed: str) -> dict[str, Any]:
    """The bundle of a contract that is read without a word."""
    report = Report()
    bundle, _ = read(path, frozenset(), allowed, report)
    assert report.items == []
    return bundle.value


def value_of(content: str, name: str = "a.yaml") -> Any:
    """What one file is read to."""
    report = Report()
    source = read_source(name, name, content.encode(), report)
    assert report.items == []
    assert source is not None
    return source.value


# -- forms ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "bom"])
def test_line_ends_and_byte_order_mark(tmp_path: Path, end: str, mark: str) -> None:
    (tmp_path / "pet.yaml").write_text(PET)
    plain, marked = tmp_path / "plain.yaml", tmp_path / "marked.yaml"
    plain.write_text(PETS.format(reference="pet.yaml"))
    marked.write_bytes((mark + plain.read_text().replace("\n", end)).encode())
    assert document(marked) == document(plain)


def test_merge_keys() -> None:
    merged = """
base: &base {type: string, maxLength: 10}
other: &other {maxLength: 20, minLength: 1}
one: {<<: *base, maxLength: 5}
many:
  <<: [*base, *other]
  format: email
"""
    read_back = value_of(merged)
    assert read_back["one"] == {"type": "string", "maxLength": 5}
    assert read_back["many"] == {"type": "string", "maxLength": 10, "minLength": 1, "format": "email"}


def test_scalars_go_by_yaml_1_2() -> None:
    scalars = """
countries: [NO, SE, no, on, Off, yes]
booleans: [true, False]
nothing: [null, ~, '']
numbers: [010, 0o10, 0x1F, 1e3, -.5, +7, 1_000, 0b1, 12:30:45]
dates: [2026-11-22, 2026-11-22T09:00:00Z]
versions: [1.10, '1.10', 1.1.0]
tagged: [!!str 5, !!int '5']
"""
    assert value_of(scalars) == {
        "countries": ["NO", "SE", "no", "on", "Off", "yes"],
        "booleans": [True, False],
        "nothing": [None, None, ""],
        "numbers": [10, 8, 31, 1000.0, -0.5, 7, "1_000", "0b1", "12:30:45"],
        "dates": ["2026-11-22", "2026-11-22T09:00:00Z"],
        "versions": [1.1, "1.10", "1.1.0"],
        "tagged": ["5", 5],
    }


def test_keys_are_strings() -> None:
    assert value_of("responses: {200: ok, null: no, true: yes, 1.0: x}") == {
        "responses": {"200": "ok", "null": "no", "true": "yes", "1.0": "x"}
    }


def test_json_in_a_file_that_is_named_otherwise() -> None:
    assert value_of('{"a": "\\ud83d\\ude00\\t"}', "openapi.yaml") == {"a": "😀\t"}
    assert value_of("{a: 1, b: [no]}", "openapi.yaml") == {"a": 1, "b": ["no"]}


def test_a_place_is_counted_in_lines_of_the_editor(tmp_path: Path) -> None:
    """What Unicode calls a line end, but no editor does, does not move the mark."""
    (tmp_path / "openapi.yaml").write_text(PETS.format(reference="nowhere").replace("Pet shop", "'Pet\x85 \u2028shop'"))
    with pytest.raises(Refused) as refused:
        document(tmp_path / "openapi.yaml")
    shown = "\n".join(text(refused.value.diagnostics))
    assert "openapi.yaml:15:23\n" in shown
    assert "   15 |                 $ref: nowhere\n      |                       ^" in shown


def test_an_alias_may_occur_often() -> None:
    many = value_of("a: &a {x: 1}\nb: [*a, *a, *a]\n")
    assert many["b"] == [{"x": 1}] * 3


# -- references -----------------------------------------------------------------------------------------------------------


def test_a_reference_may_lead_out_of_the_folder_when_allowed(tmp_path: Path) -> None:
    for folder in ("api", "common"):
        (tmp_path / folder).mkdir()
    (tmp_path / "common" / "pet.yaml").write_text(PET)
    root = tmp_path / "api" / "openapi.yaml"
    root.write_text(PETS.format(reference="../common/pet.yaml"))
    for allowed in (tmp_path / "common", tmp_path / "common" / "pet.yaml"):
        assert document(root, str(allowed))["components"]["schemas"]["pet"] == yaml.safe_load(PET)
    with pytest.raises(Refused, match="lies outside the folder"):
        document(root, str(tmp_path / "com"))


def test_a_link_out_of_the_folder_is_no_way_around(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(PET)
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "pet.yaml").symlink_to(tmp_path / "secret.yaml")
    root = tmp_path / "api" / "openapi.yaml"
    root.write_text(PETS.format(reference="pet.yaml"))
    with pytest.raises(Refused, match=r"secret\.yaml lies outside the folder"):
        document(root)


@pytest.mark.parametrize("reference", ["./my pet.yaml", "my%20pet.yaml", "sub/../my%20pet.yaml"])
def test_references_are_uris(tmp_path: Path, reference: str) -> None:
    (tmp_path / "my pet.yaml").write_text(PET)
    root = tmp_path / "openapi.yaml"
    root.write_text(PETS.format(reference=f"'{reference}'"))
    assert document(root)["components"]["schemas"]["my_pet"] == yaml.safe_load(PET)


class Files(BaseHTTPRequestHandler):
    """Serves two schemas, of which one refers to the other, and a redirect; remembers what was asked for."""

    asked: list[str] = []
    files = {"/pet.yaml": PET.replace("type: string", "$ref: name.yaml#/Name"), "/name.yaml": "Name:\n  type: string\n"}

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = self.files.get(self.path, "").encode()
        self.send_response(200 if body else 302)
        self.send_header("Location", "/pet.yaml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    Files.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_network_is_left_alone(tmp_path: Path, site: str) -> None:
    root = tmp_path / "openapi.yaml"
    root.write_text(PETS.format(reference=f"{site}/pet.yaml"))
    with pytest.raises(Refused, match="is on the network"):
        document(root, "https://shop.example/")
    assert Files.asked == []


def test_the_network_when_allowed(tmp_path: Path, site: str) -> None:
    root = tmp_path / "openapi.yaml"
    root.write_text(PETS.format(reference=f"{site}/pet.yaml"))
    schemas = document(root, f"{site}/")["components"]["schemas"]
    assert schemas == {
        "pet": {"type": "object", "properties": {"name": {"$ref": "#/components/schemas/Name"}}},
        "Name": {"type": "string"},
    }
    assert sorted(Files.asked) == ["/name.yaml", "/pet.yaml"]


def test_a_site_that_was_allowed_opens_no_other(tmp_path: Path, site: str) -> None:
    root = tmp_path / "openapi.yaml"
    for reference, told in ((f"{site}/moved.yaml", "302"), (f"{site}/pet.yaml", "is on the network")):
        root.write_text(PETS.format(reference=reference))
        with pytest.raises(Refused, match=told):
            document(root, reference)
    assert Files.asked == ["/moved.yaml", "/pet.yaml"]


@pytest.mark.parametrize("lookalike", ["http://127.0.0.1:80@{host}/pet.yaml", "http://127.0.0.1.evil.example/pet.yaml"])
def test_an_allowed_site_is_not_taken_for_what_begins_like_it(tmp_path: Path, site: str, lookalike: str) -> None:
    root = tmp_path / "openapi.yaml"
    root.write_text(PETS.format(reference=lookalike.format(host=site.removeprefix("http://"))))
    with pytest.raises(Refused, match="is on the network"):
        document(root, "http://127.0.0.1")
    assert Files.asked == []


# -- places ---------------------------------------------------------------------------------------------------------------

_TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Zl", "Zp")), max_size=6)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_TEXTS, _VALUES, max_size=3), st.sampled_from([None, 2]))
def test_a_pointer_finds_its_place_in_json(value: dict[str, Any], indent: int | None) -> None:
    written = json.dumps(value, indent=indent, ensure_ascii=False)
    source = Source("a.json", "a.json", written, value, is_json=True)
    for pointer, inner in places(value, ""):
        line, column = source.position(pointer)
        offset = sum(len(row) + 1 for row in written.split("\n")[: line - 1]) + column - 1
        assert json.JSONDecoder().raw_decode(written, offset)[0] == inner


@given(st.dictionaries(_TEXTS, _VALUES, max_size=3))
def test_yaml_has_its_places_where_json_has_them(value: dict[str, Any]) -> None:
    written = json.dumps(value, indent=2, ensure_ascii=False)
    as_json, as_yaml = (Source("a", "a", written, value, is_json=is_json) for is_json in (True, False))
    for pointer, _ in places(value, ""):
        for key in (False, True):
            assert as_yaml.position(pointer, key=key) == as_json.position(pointer, key=key)


def places(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    yield pointer, value
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, join(pointer, name))


WARNED = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /orders:
    post:
      operationId: createOrder
      x-behavior: {idempotancy: none}
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses: {'204': {description: Made.}}
components:
  schemas:
    Order:
      type: object
      properties:
        at: {type: string, format: date-time, default: '2026-01-01T00:00:00Z'}
        note:
          type: string
          default: none
"""


def test_what_generated_code_cannot_carry_is_told_at_its_place(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "openapi.yaml").write_text(WARNED)
    done = tillspec("generate", "--spec", "openapi.yaml", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0
    assert "warning[default]: the default of 'at' is not carried by the model\n  --> openapi.yaml:15:13" in done.stderr
    assert "warning[behavior-invalid]: x-behavior: the field 'idempotancy' is not known here" in done.stderr
    assert "  --> openapi.yaml:7:20" in done.stderr
    assert done.stderr.count("warning[") == 2


@pytest.mark.parametrize(
    ("dialect", "told"),
    [
        ("http://json-schema.org/draft-07/schema#", True),
        ("https://json-schema.org/draft/2019-09/schema", True),
        ("https://json-schema.org/draft/2020-12/schema", False),
        ("https://spec.openapis.org/oas/3.1/dialect/base", False),
    ],
)
def test_another_dialect_is_told(dialect: str, told: bool, tmp_path: Path, tillspec: Tillspec) -> None:
    text = WARNED.replace("paths:", f"jsonSchemaDialect: {dialect}\npaths:").replace(
        "    Order:\n", f"    Order:\n      $schema: {dialect}\n"
    )
    (tmp_path / "openapi.yaml").write_text(text)
    done = tillspec("generate", "--spec", "openapi.yaml", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0
    assert (f"warning[dialect]: {dialect!r} is read as draft 2020-12\n  --> openapi.yaml:3:20" in done.stderr) is told
    assert (f"warning[dialect]: {dialect!r} is read as draft 2020-12\n  --> openapi.yaml:14:16" in done.stderr) is told


def test_a_field_knows_its_place(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(WARNED)
    _, api = read(tmp_path / "openapi.yaml", frozenset(), (), Report())
    order = api.types["Order"].type
    assert isinstance(order, Object)
    assert [field.span.position for field in order.fields] == [(15, 13), (17, 11)]
