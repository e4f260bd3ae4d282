"""Runs Arazzo workflows (1.0.1) of the contract against a server, as far as they go without somebody outside the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from end_to_end.support import CONTRACT, METHODS

SCENARIOS = Path(__file__).resolve().parents[1] / "spec" / "scenarios"
OPERATIONS = {
    item[method]["operationId"]: (method, path)
    for path, item in CONTRACT["paths"].items()
    for method in sorted(METHODS & item.keys())
}
WORKFLOWS = [
    pytest.param(document, workflow, id=workflow["workflowId"])
    for document in map(yaml.safe_load, map(Path.read_text, sorted(SCENARIOS.glob("*.arazzo.yaml"))))
    for workflow in document["workflows"]
    if {step["operationId"] for step in workflow["steps"]} <= OPERATIONS.keys()
]
"""The workflows that call operations and no webhooks, each with its document."""


class Run:
    """One workflow. `control` does what somebody outside the API does before a step (`x-behavior: control`, its expressions
    evaluated), and says whether it could.
    """

    def __init__(
        self, client: httpx.Client, document: dict[str, Any], inputs: Mapping[str, Any], control: Callable[[dict[str, Any]], bool]
    ) -> None:
        self.client, self.inputs, self.control = client, inputs, control
        self.components = document.get("components", {})
        self.outputs: dict[str, dict[str, Any]] = {}

    def steps(self, workflow: dict[str, Any]) -> int:
        """How many steps were run."""
        for number, step in enumerate(workflow["steps"]):
            words = step.get("x-behavior", {}).get("control", {})
            if words and not self.control(self.value(words, {})):
                return number
            answer = self.send(step, workflow.get("parameters", []))
            for criterion in step["successCriteria"]:
                assert self.holds(criterion, answer), f"{step['stepId']}: {criterion['condition']}: {answer}"
            self.outputs[step["stepId"]] = {name: self.value(text, answer) for name, text in step.get("outputs", {}).items()}
        return len(workflow["steps"])

    def send(self, step: dict[str, Any], shared: list[dict[str, Any]]) -> dict[str, Any]:
        method, path = OPERATIONS[step["operationId"]]
        named: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
        for given in [*shared, *step.get("parameters", [])]:
            parameter = self.components["parameters"][given["reference"].rpartition(".")[2]] if "reference" in given else given
            named[parameter["in"]][parameter["name"]] = str(self.value(parameter["value"], {}))
        body = {"json": self.value(step["requestBody"]["payload"], {})} if "requestBody" in step else {}
        url = path.format_map(named["path"])
        answer = self.client.request(method, url, params=named["query"], headers=named["header"], **body)
        is_json = answer.headers.get("content-type") == "application/json"
        return {"status": answer.status_code, "headers": answer.headers, "body": answer.json() if is_json else None}

    def value(self, node: Any, answer: dict[str, Any]) -> Any:
        """A value, with its expressions evaluated."""
        match node:
            case dict():
                return {key: self.value(child, answer) for key, child in node.items()}
            case list():
                return [self.value(child, answer) for child in node]
            case str() if node.startswith("$"):
                return self.known(node, answer)
            case str():
                return re.sub(r"\{(\$[^{}]+)\}", lambda found: str(self.known(found[1], answer)), node)
            case _:
                return node

    def known(self, expression: str, answer: dict[str, Any]) -> Any:
        match expression.split(".", 2):
            case ["$statusCode"]:
                return answer["status"]
            case ["$inputs", name]:
                return self.inputs[name]
            case ["$steps", step, output]:
                return self.outputs[step][output.removeprefix("outputs.")]
            case ["$response", "header", name]:
                return answer["headers"].get(name)
            case ["$response", body]:
                value = answer["body"]
                for part in body.partition("#")[2].split("/")[1:]:
                    value = value[int(part)] if isinstance(value, list) else value.get(part)
                return value
        raise AssertionError(expression)

    def holds(self, criterion: dict[str, str], answer: dict[str, Any]) -> bool:
        """Whether a criterion is true; of JSONPath the one form `$.list[?@.name == 'value'].member` is known."""
        condition = criterion["condition"]
        match criterion.get("type", "simple"):
            case "regex":
                return bool(re.search(condition, str(self.known(criterion["context"], answer))))
            case "jsonpath":
                parts = re.fullmatch(r"\$\.(\w+)\[\?@\.(\w+) == '(.*)'\]\.(\w+)", condition)
                assert parts
                items = self.known(criterion["context"], answer)[parts[1]]
                return any(item.get(parts[2]) == parts[3] and parts[4] in item for item in items)
        left, operator, right = condition.split(" ", 2)
        first, second = (self.literal(text, answer) for text in (left, right))
        return {"==": first == second, "!=": first != second}[operator] if operator in ("==", "!=") else bool(first > second)

    def literal(self, text: str, answer: dict[str, Any]) -> Any:
        """A side of a comparison. Headers are texts, so numbers and truth values are compared as such; case does not count."""
        value = self.known(text, answer) if text.startswith("$") else yaml.safe_load(text)
        return str(value).lower() if isinstance(value, str | bool) else value
