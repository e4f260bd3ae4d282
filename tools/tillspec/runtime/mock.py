"""A transport that answers from the contract's own examples, for trying out and testing what calls an API: nothing is sent."""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from . import media
from .encoding import encode_form, is_json, plain_header
from .operation import Content, Operation, Response
from .paths import Template, concreteness, normal

Choice = int | str | tuple[int, str]
"""An answer: by its status, by the name of an example, or by both."""

Answers = Mapping[str, Choice | list[Choice]]
"""By operation id, what is answered; of a list one each time, and then the last one again and again."""

_PREFERENCE = re.compile(r"(?<![\w-])(code|example)\s*=\s*(?:\"([^\"]*)\"|([^\s,;]+))", re.IGNORECASE)


class MockError(Exception):
    """The contract has nothing to answer with: the message names the operation, and what to add."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is asked for; None where it does not matter."""

    status: int | None = None
    example: str | None = None


@dataclass(frozen=True, slots=True)
class _Route:
    """An operation and the paths that it answers; `query` is what its path template has behind a question mark."""

    operation: Operation[Any]
    template: Template
    query: str


class Mock(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers requests with examples, sync and async; always the same for the same requests in the same order.

    `examples` gives the JSON text that the examples stand in, and is called when the first is wanted; `servers` are base URLs:
    their paths may stand before those of the operations. A request that no operation answers gets a 404 with a problem document
    (RFC 9457).

    Raises:
        ValueError: `answers` names something that the contract does not have.
    """

    def __init__(
        self, operations: Mapping[str, Operation[Any]], examples: Callable[[], bytes], servers: Sequence[str], answers: Answers
    ) -> None:
        self._operations = operations
        self._load = examples
        self._prefixes = tuple(dict.fromkeys(["", *(urlsplit(server).path.rstrip("/") for server in servers)]))
        self._lock = threading.Lock()
        self._waiting = {name: self._checked(name, answer) for name, answer in answers.items()}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._answer(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        operation = self._found(request)
        if operation is None:
            said = f"No operation answers {request.method} {request.url.path}"
            problem = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": said}
            return httpx.Response(404, json=problem, headers={"Content-Type": "application/problem+json"})
        return self._respond(operation, self._chosen(operation, request), request.headers.get("accept"))

    # -- which operation ---------------------------------------------------------------------------------------------------

    @cached_property
    def _routes(self) -> list[_Route]:
        """The most concrete first."""
        found = []
        for operation in self._operations.values():
            path, _, query = operation.path.partition("#")[0].partition("?")
            found.append((concreteness(path), not query, _Route(operation, Template(path), query)))
        return [route for _, _, route in sorted(found, key=lambda one: one[:2])]

    def _found(self, request: httpx.Request) -> Operation[Any] | None:
        sent, _, query = request.url.raw_path.decode("latin-1").partition("?")
        path = normal(sent)
        paths = [path.removeprefix(prefix) for prefix in self._prefixes if path.startswith(prefix)]
        for route in self._routes:
            fits = route.operation.method == request.method and (not route.query or f"&{route.query}&" in f"&{query}&")
            if fits and any(route.template.values(path) is not None for path in paths):
                return route.operation
        return None

    # -- which answer ------------------------------------------------------------------------------------------------------

    def _checked(self, name: str, answer: Choice | list[Choice]) -> list[_Chosen]:
        operation = self._operations.get(name)
        if operation is None:
            close = get_close_matches(name, self._operations, n=1)
            raise ValueError(f"there is no operation {name!r}" + (f"; did you mean {close[0]}?" if close else ""))
        chosen = [_choice(one) for one in (answer if isinstance(answer, list) else [answer])]
        if not chosen:
            raise ValueError(f"{name} is given no answer")
        for one in chosen:
            try:
                self._declared(operation, one)
            except MockError as error:
                raise ValueError(str(error)) from None
        return chosen

    def _chosen(self, operation: Operation[Any], request: httpx.Request) -> _Chosen:
        with self._lock:
            waiting = self._waiting.get(operation.id)
            if waiting:
                return waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return _preferred(request.headers.get_list("prefer"))

    def _declared(self, operation: Operation[Any], chosen: _Chosen) -> str:
        """The key of the declared response that is asked for: `200`, `4XX` or `default`."""
        declared = operation.responses
        if chosen.status is not None:
            wanted = (str(chosen.status), f"{chosen.status // 100}XX", "default")
            key = next((key for key in wanted if key in declared), None)
            if key is None:
                raise MockError(f"{operation.id} declares no answer {chosen.status}; there are: {', '.join(declared)}")
            if chosen.example is not None and chosen.example not in self._names(operation, key):
                raise MockError(_unknown(operation, chosen.example, self._names(operation, key)))
            return key
        ordered = sorted(declared, key=_rank)
        if not ordered:
            raise MockError(f"{operation.id} declares no answer: add a response to it")
        if chosen.example is None:
            return ordered[0]
        for key in ordered:
            if chosen.example in self._names(operation, key):
                return key
        raise MockError(_unknown(operation, chosen.example, [name for key in ordered for name in self._names(operation, key)]))

    # -- the answer itself -------------------------------------------------------------------------------------------------

    @cached_property
    def _table(self) -> Any:
        return json.loads(self._load())

    def _entry(self, operation: Operation[Any], key: str) -> Any:
        return self._table["operations"].get(operation.id, {}).get(key, {})

    def _names(self, operation: Operation[Any], key: str) -> list[str]:
        contents = self._entry(operation, key).get("contents", {})
        return list(dict.fromkeys(name for examples in contents.values() for name in examples))

    def _respond(self, operation: Operation[Any], chosen: _Chosen, accept: str | None) -> httpx.Response:
        key = self._declared(operation, chosen)
        status = chosen.status if chosen.status is not None else int(key.replace("X", "0")) if key != "default" else 200
        kind = operation.responses[key]
        headers = self._headers(operation, key, kind)
        if not kind.wire.contents:
            return httpx.Response(status, headers=headers)
        place = f"the answer {key} of {operation.id}"
        contents = self._entry(operation, key).get("contents", {})
        offers = [name for name, examples in contents.items() if chosen.example is None or chosen.example in examples]
        if not offers:
            raise MockError(f"{place} has no example: add `example` or `examples` to its {next(iter(kind.wire.contents))}")
        name = media.negotiate(accept, offers)
        examples = contents[name]
        value = self._table["values"][examples[chosen.example] if chosen.example is not None else next(iter(examples.values()))]
        content = _bytes(kind.wire.contents[name], name, value, place)
        return httpx.Response(status, headers=[*headers, (b"Content-Type", _concrete(name).encode())], content=content)

    def _headers(self, operation: Operation[Any], key: str, kind: type[Response]) -> list[tuple[bytes, bytes]]:
        """The headers that are required."""
        given = self._entry(operation, key).get("headers", {})
        found = []
        for header in kind.wire.headers:
            if not header.required:
                continue
            if header.name not in given:
                place = f"the answer {key} of {operation.id}"
                raise MockError(f"{place} requires the header {header.name}, which has no example: add `example` to it")
            text = plain_header(self._table["values"][given[header.name]], header.explode)
            found.append((header.name.encode(), text.encode()))
        return found


def _choice(one: Choice) -> _Chosen:
    match one:
        case int():
            return _Chosen(status=one)
        case str():
            return _Chosen(example=one)
        case _:
            return _Chosen(*one)


def _preferred(fields: Sequence[str]) -> _Chosen:
    """What `Prefer: code=404, example=name` asks for (RFC 7240)."""
    found = {name.lower(): quoted or plain for field in fields for name, quoted, plain in _PREFERENCE.findall(field)}
    code = found.get("code", "")
    return _Chosen(int(code) if code.isascii() and code.isdigit() else None, found.get("example"))


def _rank(key: str) -> int:
    """Successes first, then what stands for all, then errors; in the order of the contract otherwise."""
    return {"2": 0, "1": 1, "3": 1, "d": 2}.get(key[0], 3)


def _unknown(operation: Operation[Any], example: str, names: Sequence[str]) -> str:
    return f"{operation.id} has no example {example!r} there; there are: {', '.join(names) or 'none'}"


def _concrete(media_type: str) -> str:
    """A media type of a range."""
    known = {"*/*": "application/octet-stream", "text/*": "text/plain", "application/*": "application/octet-stream"}
    return known.get(media_type, media_type.replace("*", "x-mock"))


def _bytes(content: Content, media_type: str, value: Any, place: str) -> bytes:
    """A body with an example's value; what is not text stands in Base64 in a contract, which can hold nothing else."""
    match content.carrier:
        case "json":
            return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        case "form":
            return encode_form(Content(carrier="form", styles=content.styles), value).encode()
        case _ if not isinstance(value, str):
            return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        case "bytes" if not (media_type.startswith("text/") or media_type.endswith("+xml") or is_json(media_type)):
            try:
                return base64.b64decode("".join(value.split()), validate=True)
            except (ValueError, binascii.Error):
                raise MockError(f"{place} is binary: give the example of its {media_type} in Base64") from None
        case _:
            return value.encode()
