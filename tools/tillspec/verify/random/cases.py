"""A case of schemathesis as a call of ours: with credentials, live ids and a fresh key."""

from __future__ import annotations

import random
import re
import uuid
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit

from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft, key_header
from tillspec.verify.exchange import NOTHING, Call, Headers
from tillspec.verify.expressions import at, put
from tillspec.verify.run import Run

_THEIRS = ("content-length", "accept", "accept-encoding", "connection", "user-agent", "x-schemathesis-testcaseid")
"""Headers that libraries add: no part of a case, and what is asked for with them nobody here reads."""
_CONTAINERS = {"path": "path_parameters", "query": "query", "header": "headers", "cookie": "cookies"}
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LIVE = 0.8
"""The part of the cases that are given ids of what exists."""


@dataclass(slots=True)
class Dresser:
    """Gives cases of one operation what only we know. `standing` is a request that the server accepts; None where the ids of a
    case are those of an earlier answer.
    """

    run: Run
    target: Target
    standing: Draft | None
    source: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.source = random.Random(f"{self.run.options.seed} {self.target.id}")  # noqa: S311  # no secret: the same each time

    def call(self, case: Any) -> Call:
        """The case as it is sent.

        Raises:
            ValueError: it cannot be written.
        """
        import requests

        live = self.standing is not None and self.source.random() < _LIVE
        if live:
            self._with_ids(case)
        self._with_key(case)
        given = case.as_transport_kwargs(base_url=str(self.run.wire.origin))
        kept = {key: given.get(key) for key in ("method", "url", "headers", "params", "cookies", "json", "data", "files")}
        sent = requests.Request(**kept).prepare()
        parts = urlsplit(sent.url or "")
        target = (parts.path or "/").removeprefix(self.run.wire.origin.base) + (f"?{parts.query}" if parts.query else "")
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body if isinstance(sent.body, bytes) else None
        own = {name.lower() for name in case.headers or ()}
        headers = [
            (name, _text(value)) for name, value in sent.headers.items() if name.lower() in own or name.lower() not in _THEIRS
        ]
        if any(_CONTROL.search(value) for _, value in headers):
            raise ValueError("a header's value has no control characters (RFC 9110, section 5.5)")
        placed = self.run.credentials.good(self.target, self.run.profile.first.name)
        headers = _joined(headers, placed.headers)
        if placed.query:
            pairs = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in placed.query)
            target += ("&" if "?" in target else "?") + pairs
        path = tuple((name, str(value)) for name, value in (case.path_parameters or {}).items())
        call = Call(
            self.target.id, str(case.method).upper(), target, tuple(headers), body or None, path=path,
            value=self._value(case), tenant=self.run.profile.first.name,
        )  # fmt: skip
        return call if call.method == self.target.method else replace(call, value=NOTHING)

    def _value(self, case: Any) -> Any:
        from schemathesis.core import NotSet

        return NOTHING if isinstance(case.body, NotSet | bytes) else case.body

    def _with_ids(self, case: Any) -> None:
        """Put the ids of the standing request in the place of made up ones, where these keep their schemas."""
        assert self.standing is not None
        place = self.run.relations.place_of(self.target)
        for form in self.target.parameters:
            value = self.standing.parameters.get((form.location, form.name), NOTHING)
            if value is NOTHING or (form.location != "path" and place != f"$request.{form.location}.{form.name}"):
                continue
            given: Any = getattr(case, _CONTAINERS.get(form.location, ""), None)
            if _keeps(self.run, form, given):
                given[form.name] = value
        if place is not None and place.startswith("$request.body#") and isinstance(case.body, dict):
            pointer = place.partition("#")[2]
            if isinstance(at(case.body, pointer), str):
                case.body = put(case.body, pointer, self.standing.at(place))

    def _with_key(self, case: Any) -> None:
        name = key_header(self.target)
        if name is None:
            return
        form = next((one for one in self.target.parameters if one.name == name), None)
        known = case.headers.get(name) if case.headers is not None else None
        if known is None and form is not None and form.model.required:
            return  # that it is missing is what the case is about
        if known is None or form is None or self.run.contract.judge.is_valid(form.schema, known):
            case.headers = case.headers if case.headers is not None else {}
            case.headers[name] = str(uuid.uuid4())  # another one in every run: a server remembers those of the last one


def _joined(headers: list[tuple[str, str]], ours: Headers) -> list[tuple[str, str]]:
    """Headers with ours in the place of others of that name; cookies beside others."""
    cookies = [value for name, value in (*ours, *headers) if name.lower() == "cookie"]
    taken = {"cookie", *(name.lower() for name, _ in ours)}
    made = [pair for pair in headers if pair[0].lower() not in taken] + [pair for pair in ours if pair[0].lower() != "cookie"]
    return [*made, ("Cookie", "; ".join(cookies))] if cookies else made


def _keeps(run: Run, form: Any, given: Any) -> bool:
    value = (given or {}).get(form.name, NOTHING)
    return value is not NOTHING and run.contract.judge.is_valid(form.schema, value)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
