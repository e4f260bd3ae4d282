"""What somebody outside the API does, by the server's own test hooks: the clock, an object's state, all as new."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from tillspec.verify.exchange import Call, Exchange
from tillspec.verify.profile import Template
from tillspec.verify.run import Run

_NAME = re.compile(r"\{(\w+)\}")
_ABSENT: Any = object()


class NotDone(Exception):
    """The server's test hook did not do what it was asked for."""


async def carry_out(run: Run, template: Template, values: Mapping[str, Any]) -> Exchange:
    """Send the request of a template. What in its JSON holds a name that has no value is left out."""
    body = filled(template.json, values)
    content = None if body is _ABSENT or template.json is None else json.dumps(body, ensure_ascii=False).encode()
    headers = [(name, str(filled(value, values))) for name, value in template.headers.items()]
    if content is not None and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    url = _NAME.sub(lambda found: quote(str(values.get(found[1], found[0])), safe=""), template.url)
    return await run.exchange(None, Call("", template.method, url, tuple(headers), content))


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """A template's value with its names replaced: a text that is one name alone becomes the value itself."""
    match value:
        case str():
            whole = _NAME.fullmatch(value)
            if whole:
                return values.get(whole[1], _ABSENT)
            return _NAME.sub(lambda found: str(values.get(found[1], found[0])), value)
        case dict():
            made = {key: filled(item, values) for key, item in value.items()}
            kept = {key: item for key, item in made.items() if item is not _ABSENT}
            return kept if kept or not made else _ABSENT
        case list():
            return [item for item in (filled(one, values) for one in value) if item is not _ABSENT]
    return value


async def advance(run: Run, by: timedelta) -> Exchange:
    """Move the server's clock on, and get credentials anew, since some of them may have ended.

    Raises:
        NotDone: it did not; or the profile has no `control.advance`.
    """
    seconds = by.total_seconds()
    values = {"seconds": int(seconds) if seconds.is_integer() else seconds, "milliseconds": int(seconds * 1000)}
    exchange = await _done(run, "advance", values)
    run.credentials.ahead += seconds
    await run.credentials.renew()
    return exchange


async def reset(run: Run) -> Exchange:
    """Have the server be as new: no objects but those that it began with, and its clock as it was.

    Raises:
        NotDone: it is not; or the profile has no `control.reset`.
    """
    exchange = await _done(run, "reset", {})
    run.memory.forget()
    run.credentials.ahead = 0.0
    await run.credentials.renew()
    return exchange


async def move(run: Run, name: str, identifier: str, state: str, further: Mapping[str, Any] | None = None) -> Exchange:
    """Have an object go to a state, as something outside the API does.

    Raises:
        NotDone: it did not; or the profile has no `control.move.<name>`.
    """
    template = run.profile.control.get(f"move.{name}")
    word = template.states.get(state, state) if template else state
    run.memory.moved.add(identifier)
    return await _done(run, f"move.{name}", {"id": identifier, "state": word, **(further or {})})


def has(run: Run, name: str) -> bool:
    """Whether the profile has a template."""
    return name in run.profile.control


async def _done(run: Run, name: str, values: Mapping[str, Any]) -> Exchange:
    template = run.profile.control.get(name)
    if template is None:
        raise NotDone(f"the profile has no control.{name}")
    exchange = await carry_out(run, template, values)
    if not exchange.answer.succeeded:
        raise NotDone(f"control.{name}: {exchange.answer.fault or exchange.answer.status}")
    return exchange
