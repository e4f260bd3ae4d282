"""The request of an Arazzo step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tillspec.runtime.encoding import is_json
from tillspec.runtime.media import essence
from tillspec.runtime.texts import write
from tillspec.verify.arazzo.documents import BadDocument, Step, Workflow
from tillspec.verify.arazzo.values import Scope, missing
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft, Unwritable, key_header
from tillspec.verify.exchange import NOTHING, Call
from tillspec.verify.expressions import put
from tillspec.verify.run import Run


def request(run: Run, workflow: Workflow, step: Step, target: Target, scope: Scope) -> tuple[Call, str | None]:
    """The request of a step as it stands there, and the name of a value in it that led nowhere.

    Where nothing of the workflow gives a credential, the first tenant's is sent.

    Raises:
        BadDocument: it cannot be written.
    """
    draft = Draft(target, run.profile.first.name)
    given = {(str(one.get("in")), str(one.get("name"))): one.get("value") for one in _parameters(workflow, step)}
    lost = None
    for (location, name), words in given.items():
        value = scope.value(words)
        if missing(value):
            lost = name if location == "path" or not _is_optional_input(words, scope) else lost
            continue
        draft = _with(draft, location, name, value)
    draft, body_lost = _with_body(draft, step, scope)
    if not any(_gives_credential(run, workflow, one, target) for one in workflow.steps):
        placed = run.credentials.good(target, draft.tenant)
        draft = replace(draft, credentials=placed.headers, query=(*draft.query, *placed.query))
    try:
        call = draft.call()
    except Unwritable as error:
        raise BadDocument(f"{step.id}: {error}") from None
    key = (key_header(target) or "").lower()
    if key not in {name.lower() for location, name in given if location == "header"}:
        call = replace(call, headers=tuple(pair for pair in call.headers if pair[0].lower() != key))
    return call, lost or body_lost


def _parameters(workflow: Workflow, step: Step) -> list[Mapping[str, Any]]:
    """The workflow's parameters, and the step's, which win."""
    return [*workflow.parameters(workflow.words.get("parameters")), *workflow.parameters(step.words.get("parameters"))]


def _is_optional_input(words: Any, scope: Scope) -> bool:
    """Whether a value is an input that was not given, and so is left out."""
    return isinstance(words, str) and words.startswith("$inputs.") and scope.known(words) is NOTHING


def _with(draft: Draft, location: str, name: str, value: Any) -> Draft:
    headers = {one.name.lower(): one.name for one in draft.target.parameters if one.location == "header"}
    others = {(one.location, one.name) for one in draft.target.parameters}
    known = headers.get(name.lower()) if location == "header" else name if (location, name) in others else None
    if known is not None:
        return draft.parameter(location, known, value)
    text = value if isinstance(value, str) else write(value)
    if location == "query":
        return replace(draft, query=(*draft.query, (name, text)))
    return draft.header("Cookie", f"{name}={text}") if location == "cookie" else draft.header(name, text)


def _with_body(draft: Draft, step: Step, scope: Scope) -> tuple[Draft, str | None]:
    words = step.words.get("requestBody")
    if not isinstance(words, dict):
        return draft, None
    kinds = [body.media_type for body in draft.target.bodies]
    media_type = str(words.get("contentType") or (kinds[0] if kinds else "application/json"))
    payload = scope.value(words.get("payload", NOTHING))
    if isinstance(payload, str) and is_json(essence(media_type)) and not str(words.get("payload")).startswith("$"):
        payload = _read(payload)
    for one in words.get("replacements") or ():
        target = str(one.get("target", ""))
        if target and not target.startswith("/"):
            raise BadDocument(f"{step.id}: the target {target!r} of a replacement is no JSON Pointer")
        payload = put(payload, target, scope.value(one.get("value")))
    return replace(draft, body=payload, media_type=media_type), "the body" if missing(payload) and "payload" in words else None


def _read(text: str) -> Any:
    """A payload that is written as JSON text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _gives_credential(run: Run, workflow: Workflow, step: Step, target: Target) -> bool:
    """Whether a step says itself how it authenticates."""
    places = {("header", "authorization")}
    for requirement in target.requirements:
        for name, _ in requirement.schemes:
            scheme = run.contract.api.security_schemes[name]
            if scheme.kind == "apiKey":
                places.add((scheme.location or "header", (scheme.parameter or name).lower()))
    return any((str(one.get("in")), str(one.get("name")).lower()) in places for one in _parameters(workflow, step))
