"""The scenarios: Arazzo documents that are valid, that hang together with the contract, and that leave no operation out.

Arazzo's own JSON Schema comes with the package arazzo-generator, of which nothing else is used. Redocly's linter (npm, see
`node/package.json`) is asked as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from behavior.support import CONTRACT, KEY, OBJECTS, SPEC, at, broken, examples, operations, resolved, ruled, valid, vocabulary
from node.redocly import lint

FILES = sorted((SPEC / "scenarios").glob("*.arazzo.yaml"))
OPERATIONS = operations()
SCHEMAS = CONTRACT["components"]["schemas"]
LIFECYCLES = {words["object"]: words["lifecycle"] for each in SCHEMAS.values() if "lifecycle" in (words := each.get(KEY, {}))}
STORIES = {
    *("vinrPaid", "vinrDeclined", "vinrChallenged", "vinrChallengeRunsOut", "vinrCanceled", "vinrExpired", "vinrRetried"),
    *("vinrForeign", "gr4vySession", "gr4vyCardKept", "gr4vyExpired", "dinteroOrderSession", "dinteroExpress"),
    *("diddoCheckout", "diddoQr"),
    *("vinrTold", "dinteroTold", "diddoTold"),
}

Node = dict[str, Any]

_EXPRESSION = re.compile(r"\$(?:statusCode|(?:request|response|inputs|outputs|steps)\.[^\s{}=<>!&|)]+)")


@pytest.fixture(scope="session")
def arazzo() -> jsonschema_rs.Draft202012Validator:
    """The published schema, 2024-08-01."""
    found = find_spec("arazzo_generator")
    if found is None or not found.submodule_search_locations:
        pytest.skip("Arazzo's schema is not there; install it with: pip install --no-deps arazzo-generator==0.2.1")
    path = Path(next(iter(found.submodule_search_locations))) / "validator/arazzo_schema/1.0.1/arazzo-schema.yaml"
    return jsonschema_rs.Draft202012Validator(yaml.safe_load(path.read_text(encoding="utf-8")))


def _loaded(path: Path) -> Node:
    document: Node = yaml.safe_load(path.read_text())
    return document


DOCUMENTS = {path: _loaded(path) for path in FILES}
WORKFLOWS = [
    pytest.param(document, workflow, id=workflow["workflowId"])
    for document in DOCUMENTS.values()
    for workflow in document["workflows"]
]

# Valid


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_arazzos_schema_finds_nothing(path: Path, arazzo: jsonschema_rs.Draft202012Validator) -> None:
    assert [f"{list(error.instance_path)}: {error.message}" for error in arazzo.iter_errors(DOCUMENTS[path])] == []
    assert DOCUMENTS[path]["arazzo"] == "1.0.1"


def test_arazzos_schema_finds_something(arazzo: jsonschema_rs.Draft202012Validator) -> None:
    document = _loaded(FILES[0])
    del document["workflows"][0]["steps"][0]["stepId"]
    assert not arazzo.is_valid(document)


def test_redocly_finds_nothing(require_engine: Callable[..., str]) -> None:
    found = lint(*FILES, config=SPEC / "redocly.yaml", require_engine=require_engine)
    assert [problem for each in found for problem in each["problems"]] == []


# Whole


def test_every_story_is_told_and_every_operation_occurs() -> None:
    assert {workflow["workflowId"] for document in DOCUMENTS.values() for workflow in document["workflows"]} == STORIES
    steps = [step for document in DOCUMENTS.values() for workflow in document["workflows"] for step in workflow["steps"]]
    assert {step["operationId"] for step in steps} == OPERATIONS.keys()
    assert [step["stepId"] for step in steps if not step.get("description") or not step.get("successCriteria")] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_source_is_the_contract(path: Path) -> None:
    (source,) = DOCUMENTS[path]["sourceDescriptions"]
    assert source["type"] == "openapi"
    assert (path.parent / source["url"]).resolve() == SPEC / "openapi.yaml"


# Consistent: a run against the contract's own examples, without a server


@pytest.mark.parametrize(("document", "workflow"), WORKFLOWS)
def test_a_workflow_could_run(document: Node, workflow: Node) -> None:
    words = workflow[KEY]
    assert list(vocabulary("workflow").iter_errors(words)) == []
    schema = _reused(document, workflow["inputs"])
    inputs = {name: value["examples"][0] for name, value in schema["properties"].items()}
    assert inputs.keys() == set(schema["required"])
    assert words.get("needs", {}).keys() <= OBJECTS.keys()
    run = _Run(inputs, document, workflow)
    for needed in words.get("needs", {}).values():
        run.value(needed)
    for step in workflow["steps"]:
        assert OPERATIONS[step["operationId"]][KEY]["surface"] == words["surface"]
        run.step(step)
    for output in workflow.get("outputs", {}).values():
        run.value(output)
    assert run.used == set(inputs), "an input that nothing uses"


class _Run:
    """What a run of a workflow knows by now."""

    def __init__(self, inputs: Node, document: Node, workflow: Node) -> None:
        self.inputs, self.document, self.workflow = inputs, document, workflow
        self.outputs: dict[str, Node] = {}
        self.states: dict[str, str] = {}
        self.used: set[str] = set()

    def step(self, step: Node) -> None:
        operation = OPERATIONS[step["operationId"]]
        self.control(step)
        parameters = [*self.workflow.get("parameters", []), *step.get("parameters", [])]
        given = {
            (each["in"], each["name"]): self.value(each["value"]) for each in (_reused(self.document, p) for p in parameters)
        }
        status = self.status(step)
        self.parameters(operation, given, accepted=status < 400)
        if "requestBody" in step:
            schema = operation["requestBody"]["content"][step["requestBody"]["contentType"]]["schema"]
            payload = self.value(step["requestBody"]["payload"])
            assert valid(schema, payload)
            assert status >= 400 or not [told for _, words, value in ruled(schema, payload) for told in broken(words, value)]
        else:
            assert not operation.get("requestBody", {}).get("required")
        response = resolved(operation["responses"][str(status)])
        for criterion in step["successCriteria"]:
            for expression in _EXPRESSION.findall(f"{criterion.get('context', '')} {criterion['condition']}"):
                self.declared(expression, operation, response)
        assert step["stepId"] not in self.outputs
        self.outputs[step["stepId"]] = {
            name: self.declared(expression, operation, response) for name, expression in step.get("outputs", {}).items()
        }
        if status < 400:
            self.moved(operation[KEY])

    def control(self, step: Node) -> None:
        """What somebody outside does: the object has such a state, and may go there from where it is."""
        words = step.get(KEY, {"control": {"advance": "PT0S"}})
        assert list(vocabulary("step").iter_errors(words)) == []
        if move := words["control"].get("move"):
            self.value(move["id"])
            assert move["to"] in LIFECYCLES[move["object"]]["moves"][self.states[move["object"]]]
            self.states[move["object"]] = move["to"]

    def moved(self, words: Node) -> None:
        if words.get("creates") in LIFECYCLES:
            self.states[words["creates"]] = LIFECYCLES[words["creates"]]["initial"]
        if "moves" in words:
            assert self.states[words["updates"]] in words["moves"]["from"]
            self.states[words["updates"]] = words["moves"]["to"]

    @staticmethod
    def status(step: Node) -> int:
        conditions = " ".join(criterion["condition"] for criterion in step["successCriteria"])
        return int(re.findall(r"\$statusCode == (\d+)", conditions)[0])

    @staticmethod
    def parameters(operation: Node, given: dict[tuple[str, str], Any], *, accepted: bool) -> None:
        declared = {(each["in"], each["name"]): each for each in operation["parameters"]}
        schemes = [CONTRACT["components"]["securitySchemes"][name] for each in operation["security"] for name in each]
        credentials = {("header", scheme.get("name", "Authorization")) for scheme in schemes}
        assert given.keys() <= declared.keys() | credentials | {("header", "Accept")}
        assert given.keys() >= {key for key, each in declared.items() if each.get("required")}
        assert not accepted or given.keys() >= credentials
        assert [key for key, value in given.items() if key in declared and not valid(declared[key]["schema"], value)] == []

    def value(self, node: Any) -> Any:
        """A value, with its expressions evaluated."""
        if isinstance(node, dict):
            return {key: self.value(child) for key, child in node.items()}
        if isinstance(node, list):
            return [self.value(child) for child in node]
        if not isinstance(node, str):
            return node
        if _EXPRESSION.fullmatch(node):
            return self.known(node)
        return re.sub(r"\{(\$[^{}]+)\}", lambda match: str(self.known(match[1])), node)

    def known(self, expression: str) -> Any:
        kind, *names = expression.split(".")
        if kind == "$inputs":
            (name,) = names
            self.used.add(name)
            return self.inputs[name]
        step, outputs, name = names
        assert (kind, outputs) == ("$steps", "outputs")
        return self.outputs[step][name]

    def declared(self, expression: str, operation: Node, response: Node) -> Any:
        """What an expression of a step yields: a value of the run, or a value that the contract shows there."""
        if expression == "$statusCode":
            return None
        if expression.startswith(("$steps.", "$inputs.")):
            return self.known(expression)
        if expression.startswith("$response.header."):
            name = expression.removeprefix("$response.header.")
            return "image/png" if name == "Content-Type" else next(iter(examples(resolved(response["headers"][name])).values()))
        assert expression.startswith("$response.body")
        content = response["content"]["application/json"]
        pointer = expression.partition("#")[2]
        assert list(_schemas(content["schema"], pointer)), f"{operation['operationId']} declares no {pointer}"
        return next(_shown(content, pointer), None)


def _shown(content: Node, pointer: str) -> Iterator[Any]:
    for value in examples(content).values():
        try:
            yield at(value, pointer)
        except (KeyError, IndexError, TypeError):
            continue


def _schemas(schema: Node, pointer: str) -> Iterator[Node]:
    """The schemas that a pointer into a value leads to."""
    schema = resolved(schema)
    for part in [part for word in ("allOf", "anyOf", "oneOf") for part in schema.get(word, [])]:
        yield from _schemas(part, pointer)
    if not pointer:
        yield schema
        return
    _, first, *rest = pointer.split("/")
    below = "".join(f"/{part}" for part in rest)
    if first in schema.get("properties", {}):
        yield from _schemas(schema["properties"][first], below)
    elif first.isdigit() and "items" in schema:
        yield from _schemas(schema["items"], below)
    elif isinstance(schema.get("additionalProperties"), dict):
        yield from _schemas(schema["additionalProperties"], below)


def _reused(document: Node, node: Node) -> Node:
    """A node, or the component that it refers to."""
    place = node.get("$ref", "").removeprefix("#") or node.get("reference", "").removeprefix("$").replace(".", "/")
    return at(document, place if place.startswith("/") else f"/{place}") if place else node
