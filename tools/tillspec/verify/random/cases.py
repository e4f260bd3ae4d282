"""A case of schemathesis as a call of ours: with credentials, live ids and a fresh key."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft, key_header
from tillspec.verify.exchange import NOTHING, Call
from tillspec.verify.expressions import at, put
from tillspec.verify.run import Run

_OURS = ("content-length", "cookie")
_LIVE = 0.8
"""The part of the cases that are given ids of what exists."""


@dataclass(slots=True)
class Dresser:
    """Gives cases of one operation what only we know. `standing` is a request that the server accepts, where there is one."""

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
        headers = [
            (name, _text(value)) for name, value in sent.headers.items() if name.lower() not in ("content-length", "cookie")
        ]
        placed = self.run.credentials.good(self.target, self.run.profile.first.name)
        taken = {name.lower() for name, _ in placed.headers}
        headers = [pair for pair in headers if pair[0].lower() not in taken]
        if placed.query:
            target += ("&" if "?" in target else "?") + "&".join(f"{name}={value}" for name, value in placed.query)
        path = tuple((name, str(value)) for name, value in (case.path_parameters or {}).items())
        call = Call(
            self.target.id, str(case.method).upper(), target, (*headers, *placed.headers), body or None, path=path,
            value=self._value(case), tenant=self.run.profile.first.name,
        )  # fmt: skip
        return call if call.method == self.target.method else replace(call, value=NOTHING)

    def _value(self, case: Any) -> Any:
        from schemathesis.core import NotSet

        return NOTHING if isinstance(case.body, NotSet | bytes) else case.body

    def _with_ids(self, case: Any) -> None:
        """Put the ids of the standing request in the place of made up ones, where these keep their schemas."""
        assert self.standing is not None
        for form in self.target.parameters:
            value = self.standing.parameters.get((form.location, form.name), NOTHING)
            if form.location == "path" and value is not NOTHING and _keeps(self.run, form, case.path_parameters):
                case.path_parameters[form.name] = value
        place = self.run.relations.place_of(self.target)
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
        if known is None or form is None or self.run.contract.judge.is_valid(form.schema, known):
            case.headers = case.headers if case.headers is not None else {}
            case.headers[name] = str(uuid.UUID(int=self.source.getrandbits(128), version=4))


def _keeps(run: Run, form: Any, given: Any) -> bool:
    value = (given or {}).get(form.name, NOTHING)
    return value is not NOTHING and run.contract.judge.is_valid(form.schema, value)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
