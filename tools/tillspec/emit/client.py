"""The client package: the methods of each tag, sync and async, and the two clients that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tillspec.api.model import Api, SecurityScheme
from tillspec.emit import names
from tillspec.emit.calls import Argument, Call, Group, groups, security_scheme
from tillspec.emit.docstring import docstring, literal
from tillspec.emit.errors import error_names, raised
from tillspec.emit.handlers import optional
from tillspec.emit.imports import import_lines
from tillspec.emit.options import Options
from tillspec.emit.polls import Poll, polls
from tillspec.emit.servers import every_server, own_servers, servers
from tillspec.emit.templates import render

_TAKEN = (
    "Any", "Arguments", "AsyncCaller", "AsyncClient", "AsyncClientBase", "Backoff", "ClassVar", "Client", "ClientBase",
    "Credentials", "CredentialsBase", "ERRORS", "Hook", "Key", "Literal", "Mapping", "OwnServer", "Polling", "Response", "Retry",
    "SCHEMES", "SERVERS", "Sequence", "Settings", "SyncCaller", "TYPE_CHECKING", "Timeout", "UserPassword", "get_args",
    "server_url",
)  # fmt: skip
_ATTRIBUTES = ("aclose", "close")
_FIELDS = ("given", "SCHEMES")
_TYPES = {"basic": "UserPassword | None = None", "other": "bool = False"}
_ABOUT = {
    "basic": "A user and a password.",
    "bearer": "A token, or a function that gives the present one.",
    "api_key": "A key, or a function that gives the present one.",
    "other": "True where the `http` client carries it: a client certificate, an `httpx.Auth`.",
}


@dataclass(frozen=True, slots=True)
class MethodView:
    """A method: `head` up to its name, `statement` its body."""

    decorator: str
    head: str
    parameters: tuple[str, ...]
    result: str
    docstring: str
    statement: str


@dataclass(frozen=True, slots=True)
class ClassView:
    """The class of a tag, for one of the two clients."""

    name: str
    caller: str
    docstring: str
    methods: tuple[MethodView, ...]


@dataclass(frozen=True, slots=True)
class TagView:
    """The module of a tag."""

    imports: str
    classes: tuple[ClassView, ...]


@dataclass(frozen=True, slots=True)
class GroupView:
    """A tag as the clients hold it: its module, its two classes, and the attribute."""

    group: Group
    module: str
    attribute: str
    name: str
    async_name: str

    @property
    def imported(self) -> str:
        return f"from .{self.module} import {', '.join(sorted((self.name, self.async_name)))}"


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field of `Credentials`."""

    source: str
    docstring: str


@dataclass(frozen=True, slots=True)
class EndView:
    """One of the two clients."""

    name: str
    base: str
    caller: str
    http: str
    docstring: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientView:
    """The clients' own module. `runtime` is imported for its users, who find it in `public`."""

    imports: tuple[str, ...]
    public: tuple[str, ...]
    own_servers: bool
    schemes: dict[str, str]
    credentials: tuple[FieldView, ...]
    clients: tuple[EndView, ...]


@dataclass(frozen=True, slots=True)
class HooksView:
    """The module of the hooks, which is the same for every API."""


def client(api: Api, options: Options) -> dict[str, str]:
    """`client/__init__.py`, a module for every tag, and `servers.py`; nothing where an API has no paths."""
    views = _groups(api)
    if not views:
        return {}
    named = error_names(api)
    files = {f"client/{view.module}.py": _tag(api, view, named) for view in views} | servers(api, options)
    modules: dict[str, ClientView | HooksView] = {"__init__": _client(api, views), "hooks": HooksView()}
    return {
        f"client/{name}.py": render(f"python/checkout_api/client/{name}.py.j2", view) for name, view in modules.items()
    } | files


def _groups(api: Api) -> tuple[GroupView, ...]:
    found = groups(api)
    attributes = names.unique([group.module for group in found], _ATTRIBUTES)
    plain = names.unique([group.name for group in found], _TAKEN)
    apart = names.unique([f"Async{name}" for name in plain], (*_TAKEN, *plain))
    zipped = zip(found, attributes, plain, apart, strict=True)
    return tuple(GroupView(group, group.module, attribute, name, async_name) for group, attribute, name, async_name in zipped)


# -- a tag -------------------------------------------------------------------------------------------------------------


def _tag(api: Api, view: GroupView, errors: Mapping[str, str]) -> str:
    text = view.group.description or f"The operations of {view.group.tag}."
    about = docstring(text, 4) or docstring("The operations of this tag.")
    kinds = ((view.name, "SyncCaller", "def ", "return "), (view.async_name, "AsyncCaller", "async def ", "return await "))
    polled = polls(api, view.group)
    classes = []
    for name, caller, head, back in kinds:
        methods = []
        for call in view.group.calls:
            made = _method(call, errors, head, back)
            methods.append(made)
            if call.operation.id in polled:
                methods.append(_poll(call, polled[call.operation.id], made, head, back))
        classes.append(ClassView(name, caller, about, tuple(methods)))
    imports = _imports(view.group, classes[0].methods, polls=bool(polled))
    return render("python/checkout_api/client/tag.py.j2", TagView(imports, tuple(classes)))


def _imports(group: Group, methods: tuple[MethodView, ...], *, polls: bool) -> str:
    """The import lines: those of the annotations, and those that every tag has."""
    sources = [source for method in methods for source in (*method.parameters, method.result)]
    *outside, local = import_lines([*sources, "operations"], "..").split("\n\n")
    if any(call.operation.deprecated for call in group.calls):
        outside.append("from typing_extensions import deprecated")
    runtime = ["from .._runtime.client import AsyncCaller, SyncCaller, Timeout", "from .._runtime.outgoing import Arguments"]
    if polls:
        runtime.append("from .._runtime.polling import Backoff, Polling")
    return "\n\n".join([*outside, "\n".join(sorted((*local.split("\n"), *runtime)))])


def _method(call: Call, errors: Mapping[str, str], head: str, back: str) -> MethodView:
    results = dict.fromkeys(f"responses.{answer.name}" for answer in call.successes)
    deprecated = f"@deprecated({literal(f'The contract deprecates {call.operation.id}.')})\n    "
    return MethodView(
        deprecated if call.operation.deprecated else "",
        f"{head}{call.method}",
        _parameters(call),
        " | ".join(results) or "Response",
        _docstring(call, errors),
        f"{back}self._caller.call(operations.{call.constant}, {_arguments(call)}, timeout)",
    )


def _poll(call: Call, poll: Poll, method: MethodView, head: str, back: str) -> MethodView:
    """The method that calls another until the answer's state is terminal."""
    *given, timeout = method.parameters
    own = (f"{poll.deadline}: float", f"{poll.backoff}: Backoff = Backoff()")
    # What is asked for stands before what may be left out.
    first = next((at for at, parameter in enumerate(given) if "=" in parameter and at > given.index("*")), len(given))
    watched = f"Polling({poll.constant}, {poll.deadline}, {poll.backoff})"
    return MethodView(
        method.decorator,
        f"{head}{poll.method}",
        (*given[:first], own[0], *given[first:], own[1], timeout),
        method.result,
        _polled(call, poll),
        f"from ..behavior import {poll.constant}  # as it is asked for: many programs never do\n\n"
        f"        {back}self._caller.poll(operations.{call.constant}, {_arguments(call)}, {watched}, timeout)",
    )


def _polled(call: Call, poll: Poll) -> str:
    *most, last = (f"`{state}`" for state in poll.terminal)
    ends = f"{', '.join(most)} or {last}" if most else last
    field = poll.lifecycle.field.removeprefix("/").replace("/", ".")
    text = (
        f"Wait until `{field}` is {ends}\n\n"
        f"Calls `{call.method}` again and again, until the answer shows a terminal state; one that the contract does not know is "
        "not terminal. A `Retry-After` is waited for, and what is temporary is retried as in every call.\n\n"
        "Args:\n"
        f"    {poll.deadline}: For how many seconds to wait. No wait ends later; the last look begins then at the latest.\n"
        f"    {poll.backoff}: How long to wait between two looks.\n\n"
        "Raises:\n"
        f"    errors.PollTimedOut: There was no terminal state in time; it carries the last response.\n"
        f"    errors.ApiError: As `{call.method}` does, whose other arguments these are."
    )
    return docstring(text, 8)


def _parameters(call: Call) -> tuple[str, ...]:
    """The body comes first and by position; required keywords come before optional ones."""
    body = call.body
    first: list[str] = []
    required: list[str] = []
    choices: list[str] = []
    if body is not None:
        first.append(f"body: {body.annotation}" if body.required else f"body: {optional(body.annotation)} = None")
    if body is not None and body.media_type == "str":
        (required if body.required else choices).append("media_type: str" if body.required else "media_type: str | None = None")
    elif body is not None and body.media_type is not None:
        choices.append(f"media_type: {body.media_type} = {literal(body.media_types[0])}")
    if call.accept:
        choices.append(f"accept: Literal[{', '.join(map(literal, call.accept))}] | None = None")
    arguments = sorted(call.arguments, key=_may_be_absent)
    wanted = [f"{each.keyword}: {each.annotation}" for each in arguments if not _may_be_absent(each)]
    others = [f"{each.keyword}: {optional(each.annotation)} = None" for each in arguments if _may_be_absent(each)]
    return (*first, "*", *wanted, *required, *others, *choices, "timeout: Timeout | None = None")


def _may_be_absent(argument: Argument) -> bool:
    """An idempotency key may be left out even where it is required: the client makes one."""
    parameter = argument.parameter
    return not parameter.required or (parameter.location == "header" and parameter.name.lower() == "idempotency-key")


def _arguments(call: Call) -> str:
    given = ", ".join(f"{literal(each.keyword)}: {each.keyword}" for each in call.arguments)
    parts = [f"{{{given}}}"] if given else []
    if call.body is not None:
        parts.append("body=body")
        parts += ["media_type=media_type"] if call.body.media_type is not None else []
    parts += ["accept=accept"] if call.accept else []
    return f"Arguments({', '.join(parts)})"


def _docstring(call: Call, errors: Mapping[str, str]) -> str:
    operation = call.operation
    about = {argument.keyword: argument.parameter.description for argument in call.arguments}
    if call.body is not None:
        about = {"body": call.body.body.description, **about}
    lines = [f"    {keyword}: {_line(text)}" for keyword, text in about.items() if text.strip()]
    raises = [
        f"    errors.{errors[answer.name]}: {_error(answer.status, answer.response.description)}" for answer in raised(call)
    ]
    parts = [
        operation.summary or f"{operation.method.upper()} {operation.path}",
        operation.description if operation.description.strip() != operation.summary.strip() else "",
        "Deprecated." if operation.deprecated else "",
        "Args:\n" + "\n".join(lines) if lines else "",
        "Raises:\n" + "\n".join(raises) if raises else "",
    ]
    return docstring("\n\n".join(part.strip("\n") for part in parts if part.strip()), 8)


def _line(text: str) -> str:
    return " ".join(text.split())


def _error(status: str, description: str) -> str:
    first = _line(description).partition(". ")[0].rstrip(".")
    return f"{status}, {first}." if first else f"{status}."


# -- the clients -------------------------------------------------------------------------------------------------------


def _client(api: Api, views: tuple[GroupView, ...]) -> ClientView:
    schemes = tuple(api.security_schemes.values())
    fields = names.unique([names.snake(scheme.name, "credential") for scheme in schemes], _FIELDS)
    polled = any(polls(api, view.group) for view in views)
    runtime = ["from .._runtime.polling import Backoff"] if polled else []
    shared = ["SERVERS", *(["OwnServer"] if own_servers(api) else []), *(["server_url"] if every_server(api) else [])]
    public = ["AsyncClient", *(["Backoff"] if polled else []), "Client", "Credentials", "Key", "Retry", "Timeout", "UserPassword"]
    return ClientView(
        (
            *runtime,
            "from .._runtime.retry import Retry",
            "from ..errors import ERRORS",
            "from ..operations import SCHEMES",
            *sorted(view.imported for view in views),
            f"from ..servers import {', '.join(shared)}",
        ),
        tuple(sorted([*shared, *public])),
        bool(own_servers(api)),
        dict(zip(fields, (scheme.name for scheme in schemes), strict=True)),
        tuple(_field(name, scheme) for name, scheme in zip(fields, schemes, strict=True)),
        (_end(api, views, is_async=False), _end(api, views, is_async=True)),
    )


def _field(name: str, scheme: SecurityScheme) -> FieldView:
    kind = security_scheme(scheme).kind
    about = scheme.description.strip() or _ABOUT[kind]
    return FieldView(f"{name}: {_TYPES.get(kind, 'Key | None = None')}", docstring(about, 4) or docstring(_ABOUT[kind]))


def _end(api: Api, views: tuple[GroupView, ...], *, is_async: bool) -> EndView:
    prefix = "Async" if is_async else ""
    http = f"httpx.{prefix}Client"
    own = (
        "Every operation is sent to `base_url`, but for those whose own server is in `servers`: it goes from such a server, as "
        "the contract writes it, to the base URL to use for it. "
        if own_servers(api)
        else ""
    )
    usage = f"{'async ' if is_async else ''}with {prefix}Client(...) as client:"
    about = (
        f"Calls the API{', from coroutines' if is_async else ''}. Use it as `{usage}`, or close it.\n\n"
        f"`http` brings an own `{http}`, which stays open; `timeout` is for each attempt, in seconds or as `httpx.Timeout`; "
        f"`headers` go along with every call; `hooks` watch the calls (see `client.hooks`). {own}What a call raises stands in "
        "`errors`: all of it is an `errors.ApiError`."
    )
    attributes = tuple(f"self.{view.attribute} = {view.async_name if is_async else view.name}(self._caller)" for view in views)
    caller = "AsyncCaller" if is_async else "SyncCaller"
    return EndView(f"{prefix}Client", f"{prefix}ClientBase", caller, http, docstring(about, 4), attributes)
