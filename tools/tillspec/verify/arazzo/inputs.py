"""Inputs of workflows: from the profile, and from its credentials, objects and parameters by how the workflow uses them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tillspec.verify.arazzo.documents import Workflow
from tillspec.verify.contract import Target
from tillspec.verify.draft import key_header
from tillspec.verify.exchange import NOTHING
from tillspec.verify.profile import Tenant
from tillspec.verify.run import Run

_EMBEDDED = re.compile(r"\{?\$inputs\.([^{}\s]+)\}?")


@dataclass(frozen=True, slots=True)
class Use:
    """A parameter of a step that an input goes into: of which operation, where, under which name, and as what text."""

    target: Target
    location: str
    name: str
    text: str


@dataclass(slots=True)
class Inputs:
    """Finds the inputs of one workflow. `targets` are the operations of its steps, by the names that steps give them; `keys` are
    idempotency keys that were made for inputs.
    """

    run: Run
    workflow: Workflow
    targets: Mapping[str, Target]
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """All inputs that are declared."""
        return list(self.workflow.inputs.get("properties") or {})

    @property
    def required(self) -> list[str]:
        """Those that must be given."""
        return [str(name) for name in self.workflow.inputs.get("required") or ()]

    def found(self, objects: Mapping[str, str]) -> dict[str, Any]:
        """The inputs that there are; `objects` are ids of objects from outside the API, by the object's name."""
        values = {name: self._value(name, objects) for name in self.names}
        return {name: value for name, value in values.items() if value is not NOTHING}

    def explicit(self, name: str) -> Any:
        """What the profile gives for an input; `NOTHING` where it gives nothing."""
        given = self.run.profile.inputs
        own = given.get(self.workflow.id)
        if isinstance(own, Mapping) and name in own:
            return own[name]
        return given.get(f"{self.workflow.id}.{name}", given.get(name, NOTHING))

    def objects(self) -> list[dict[str, str]]:
        """The objects from outside the API that a workflow may be tried with, one choice after the other."""
        tenant = self.run.profile.first
        wanted = {name: str(value).removeprefix("$inputs.") for name, value in self.workflow.needs.items()}
        open_ = [name for name, use in wanted.items() if self.explicit(use) is NOTHING and tenant.objects.get(name)]
        most = max((len(tenant.objects[name]) for name in open_), default=1)
        return [
            {name: tenant.objects[name][min(index, len(tenant.objects[name]) - 1)] for name in open_} for index in range(most)
        ]

    def _value(self, name: str, objects: Mapping[str, str]) -> Any:
        given = self.explicit(name)
        if given is not NOTHING:
            return given
        needed = next((wanted for wanted, use in self.workflow.needs.items() if use == f"$inputs.{name}"), None)
        if needed in objects:
            return objects[needed or ""]
        for use in self._uses(name):
            value = self._by_use(name, use)
            if value is not NOTHING:
                return value
        schema = self.workflow.document.followed(self.workflow.inputs.get("properties", {}).get(name))
        words = schema if isinstance(schema, dict) else {}
        return words.get("default", words.get("const", NOTHING))

    # -- by use ------------------------------------------------------------------------------------------------------------

    def _uses(self, name: str) -> Iterator[Use]:
        shared = list(self.workflow.parameters(self.workflow.words.get("parameters")))
        for step in self.workflow.steps:
            target = self.targets.get(step.operation or "")
            if target is None:
                continue
            for given in (*self.workflow.parameters(step.words.get("parameters")), *shared):
                text = given.get("value")
                if isinstance(text, str) and name in _EMBEDDED.findall(text):
                    yield Use(target, str(given.get("in")), str(given.get("name")), text)

    def _by_use(self, name: str, use: Use) -> Any:
        """An input that goes into a credential is taken from the tenant's; into a parameter, from what the profile says."""
        tenant = self._tenant(name, use)
        if tenant is None:
            return NOTHING
        if use.location in ("header", "query", "cookie"):
            if use.location == "header" and use.name.lower() == (key_header(use.target) or "").lower():
                return self.keys.setdefault(name, str(uuid.uuid4()))
            return self._of_credential(use, tenant)
        return tenant.parameters.get(f"{use.target.id}.{use.name}", tenant.parameters.get(use.name, NOTHING))

    def _tenant(self, name: str, use: Use) -> Tenant | None:
        """Whose credential it is: of several inputs for one header, the first is the first tenant's, the next the second's."""
        alike = [
            other for other in self.names
            if any((one.location, one.name.lower()) == (use.location, use.name.lower()) for one in self._uses(other))
        ]  # fmt: skip
        index = alike.index(name) if use.location in ("header", "query", "cookie") and name in alike else 0
        return self.run.profile.tenants[index] if index < len(self.run.profile.tenants) else None

    def _of_credential(self, use: Use, tenant: Tenant) -> Any:
        """The part of a credential, as it goes on the wire, that an input stands for."""
        credentials = self.run.credentials
        pattern = re.compile(_pattern(use.text), re.IGNORECASE)
        for requirement in use.target.requirements:
            texts = {name: credentials.text(tenant.name, name) for name, _ in requirement.schemes}
            if not texts or None in texts.values():
                continue
            placed = credentials.placed({name: text or "" for name, text in texts.items()})
            for key, value in placed.query if use.location == "query" else placed.headers:
                found = pattern.fullmatch(value) if key.lower() == use.name.lower() else None
                if found is not None:
                    return found[1]
        return NOTHING


def _pattern(text: str) -> str:
    """A pattern of the texts that a template with one input in it makes; the group is the input."""
    parts = _EMBEDDED.split(text)
    return re.escape(parts[0]) + "".join(f"(.+){re.escape(parts[index + 1])}" for index in range(1, len(parts) - 1, 2))
