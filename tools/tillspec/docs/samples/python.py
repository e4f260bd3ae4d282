"""A request as a script of Python, by the client that Tillspec generates; by httpx where that has no class for the body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tillspec.api.model import Api, Object, Operation, Ref
from tillspec.docs.samples.quoting import python as quoted
from tillspec.docs.samples.request import Basic, Environment, Fresh, Payload, Sample, Upload, is_json
from tillspec.emit.calls import Call, groups
from tillspec.emit.names import class_name, snake


class Calls:
    """How the generated client calls the operations of an API.

    Args:
        api: the API.
        package: the import name of the generated package.
    """

    def __init__(self, api: Api, package: str) -> None:
        self.api = api
        self.package = package
        self._calls = {call.operation.id: (group.module, call) for group in groups(api) for call in group.calls}

    def python(self, sample: Sample) -> str:
        """The request for the generated client, or for httpx."""
        found = self._calls.get(sample.operation.id)
        model = self._model(sample.operation)
        if found is None or (sample.payload is not None and (model is None or sample.payload.kind != "json")):
            return _httpx(sample)
        return self._client(sample, *found, model)

    def _model(self, operation: Operation) -> str | None:
        """The class of the JSON body of an operation."""
        for content in operation.body.contents if operation.body else ():
            if is_json(content.media_type) and isinstance(content.type, Ref):
                named = self.api.types[content.type.id]
                while isinstance(named.type, Ref):
                    named = self.api.types[named.type.id]
                return class_name(named.id) if isinstance(named.type, Object) else None
        return None

    def _client(self, sample: Sample, module: str, call: Call, model: str | None) -> str:
        arguments = []
        if sample.payload is not None and model is not None:
            arguments.append(f"models.{model}.model_validate({literal(sample.payload.value, '        ')})")
        for argument in call.arguments:
            key = (argument.parameter.location, argument.parameter.name)
            if key in sample.arguments and not self._is_made(argument.parameter.name, sample):
                arguments.append(f"{argument.keyword}={_argument(argument.annotation, sample.arguments[key])}")
        called = f"client.{module}.{call.method}"
        lines = "".join(f"\n        {one}," for one in arguments)
        credentials = self._credentials(sample)
        names = ["from " + self.package + " import models"] if any("models." in one for one in arguments) else []
        imported = "Client, Credentials" if credentials else "Client"
        further = [f"import {name}" for name in ("datetime", "os", "uuid") if name == "os" or f"{name}." in lines]
        opened = [f'    os.environ.get("API_URL", {quoted(sample.server)}),'] + (
            [f"    credentials=Credentials({credentials}),"] if credentials else []
        )
        return "\n".join([
            *further, "", *names, f"from {self.package}.client import {imported}", "", "with Client(", *opened, ") as client:",
            f"    answer = {called}({lines}\n    )" if lines else f"    answer = {called}()", "    print(answer)",
        ])  # fmt: skip

    def _is_made(self, name: str, sample: Sample) -> bool:
        """Whether the client makes a value itself: the key of a retry."""
        return any(header.name.lower() == name.lower() and isinstance(header.value, Fresh) for header in sample.headers)

    def _credentials(self, sample: Sample) -> str:
        held = [*(header.value for header in sample.headers), *(key for _, key in sample.query_keys)]
        values = [value for value in held if isinstance(value, Environment | Basic)]
        told = []
        for scheme in sample.schemes:
            own = next((value for value in values if _belongs(value, scheme.name)), None)
            if isinstance(own, Basic):
                told.append(f"{snake(scheme.name)}=({_read(own.user)}, {_read(own.password)})")
            elif own is not None:
                told.append(f"{snake(scheme.name)}={_read(own.name)}")
        return ", ".join(told)


def _belongs(value: Environment | Basic, scheme: str) -> bool:
    from tillspec.emit.names import constant

    name = constant(scheme, "API_KEY")
    return value.user == f"{name}_USER" if isinstance(value, Basic) else value.name == name


def _read(name: str) -> str:
    return f'os.environ["{name}"]'


def _argument(annotation: str, value: Any) -> str:
    """A parameter's value as the client takes it."""
    text = literal(value, "        ")
    if isinstance(value, str):
        for kind, made in (("uuid.UUID", "uuid.UUID({})"), ("datetime.datetime", "datetime.datetime.fromisoformat({})")):
            if annotation.startswith(kind):
                return made.format(text)
        if annotation.startswith("datetime.date"):
            return f"datetime.date.fromisoformat({text})"
    if annotation.startswith("models.") and isinstance(value, dict):
        return f"{annotation.partition(' ')[0]}.model_validate({text})"
    return text


def literal(value: Any, indent: str) -> str:
    """A JSON value as a literal of Python."""
    if isinstance(value, dict | list):
        inner = indent + "    "
        items = value.items() if isinstance(value, dict) else ((None, one) for one in value)
        rows = [inner + (f"{quoted(key)}: " if key is not None else "") + literal(one, inner) for key, one in items]
        begin, end = "{}" if isinstance(value, dict) else "[]"
        return "\n".join([begin, *(f"{row}," for row in rows), indent + end]) if rows else begin + end
    return quoted(value) if isinstance(value, str) else repr(value)


def _httpx(sample: Sample) -> str:
    payload, headers = sample.payload, list(_headers(sample))
    lines = [f"    {quoted(sample.operation.method)},", f"    {_address(sample)},", *_basic(sample)]
    if headers:
        lines += ["    headers={", *(f"        {one}," for one in headers), "    },"]
    lines += _content(payload) if payload else []
    modules = [
        name
        for name, is_used in (
            ("json", payload is not None and payload.kind == "json"),
            ("os", True),
            ("urllib.parse", bool(sample.query_keys)),
            ("uuid", any(isinstance(header.value, Fresh) for header in sample.headers)),
        )
        if is_used
    ]
    called = ["response = httpx.request(", *lines, ")", "print(response.status_code, response.text)"]
    return "\n".join([*(f"import {name}" for name in modules), "", "import httpx", "", *called])


def _basic(sample: Sample) -> Iterator[str]:
    for header in sample.headers:
        if isinstance(header.value, Basic):
            yield f"    auth=({_read(header.value.user)}, {_read(header.value.password)}),"


def _headers(sample: Sample) -> Iterator[str]:
    for header in sample.headers:
        match header.value:
            case Environment(name=name):
                yield f"{quoted(header.name)}: " + (f"{quoted(header.before)} + " if header.before else "") + _read(name)
            case Fresh():
                yield f"{quoted(header.name)}: str(uuid.uuid4())"
            case str() as text:
                yield f"{quoted(header.name)}: {quoted(text)}"
            case Basic():
                pass


def _content(payload: Payload) -> list[str]:
    if payload.kind == "multipart":
        rows = (f"        ({quoted(part.name)}, {_part(part)})," for part in payload.parts)
        return ["    files=[", *rows, "    ],"]
    if payload.kind == "json":
        return [f"    content=json.dumps({literal(payload.value, '    ')}),"]
    return [f"    content={quoted(payload.text)}.encode(),"]


def _part(part: Upload) -> str:
    """A part of a multipart body as httpx takes it; one without a file's name is a field."""
    return f"({quoted(part.file)}, {quoted(part.value)}.encode())" if part.file else f"(None, {quoted(part.value)})"


def _address(sample: Sample) -> str:
    made = f'os.environ.get("API_URL", {quoted(sample.server)}) + {quoted(sample.target)}'
    mark = "&" if "?" in sample.target else "?"
    for name, key in sample.query_keys:
        made += f" + {quoted(f'{mark}{name}=')} + urllib.parse.quote({_read(key.name)})"
        mark = "&"
    return made
