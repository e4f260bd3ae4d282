"""Operations as Python calls: the view that servers and clients share. Groups by tag, argument names, bodies, credentials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import tillspec.emit.annotations as notation
from tillspec.api.model import Api, Body, Operation, Parameter, Requirement, SecurityScheme
from tillspec.emit import contents, names
from tillspec.emit.responses import Answer, answers
from tillspec.runtime.operation import SecurityScheme as Scheme

RESERVED = (
    "self",
    "request",
    "body",
    "credentials",
    "accept",
    "media_type",
    "timeout",
    "models",
    "responses",
    "errors",
    "operations",
)
"""Arguments that are not parameters, and names that annotations use."""

RESERVED_MODULES = (
    "app", "client", "close", "aclose", "create_app", "create_router", "dependencies", "lifespan", "make_app", "make_router",
    "max_body", "operations", "models", "responses", "errors", "server", "surface", "webhooks", "hooks", "mock",
)  # fmt: skip
"""Names that a tag's module, and the attribute of a client that goes by it, must not take."""

_IGNORED_HEADERS = ("accept", "content-type", "authorization")
"""OpenAPI 3.1, section 4.8.12.1: header parameters of these names are ignored."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter as a keyword argument. `annotation` has no `None` of its own: whoever prints it knows when it may be absent."""

    keyword: str
    annotation: str
    parameter: Parameter


@dataclass(frozen=True, slots=True)
class BodyView:
    """A request body: the annotation of the argument, and that of `media_type` where there is a choice (else None)."""

    annotation: str
    required: bool
    media_type: str | None
    media_types: tuple[str, ...]
    body: Body


@dataclass(frozen=True, slots=True)
class Call:
    """An operation as a method. `constant` is its name in `operations.py`; `accept` lists what a success may be asked for as."""

    operation: Operation
    method: str
    constant: str
    arguments: tuple[Argument, ...]
    body: BodyView | None
    answers: tuple[Answer, ...]
    credentials: str | None
    accept: tuple[str, ...]

    @property
    def successes(self) -> tuple[Answer, ...]:
        """What a client returns: statuses below 400, or `default` where it is all that is declared."""
        return successes(self.answers)


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of a tag: `module` is the file and the attribute, `name` the class."""

    tag: str
    description: str
    module: str
    name: str
    calls: tuple[Call, ...]


_CLASSES = (
    "APIRouter", "Any", "ApiKey", "AsyncClient", "Basic", "Bearer", "Binding", "ClassVar", "Client", "Content", "Credentials",
    "Dependency", "Depends", "FastAPI", "Header", "Lifespan", "Literal", "Mapping", "Operation", "OperationNotImplemented",
    "Other", "Path", "Problem", "Protocol", "Refusal", "Request", "Response", "Router", "Sequence", "Starlette", "Value",
    "Violation", "Webhooks",
)  # fmt: skip


@lru_cache(maxsize=4)
def groups(api: Api, *, webhooks: bool = False) -> tuple[Group, ...]:
    """The groups of an API, in the order of its tags: those of its paths, or of its webhooks and callbacks."""
    chosen = [call for call in calls(api) if (call.operation.role != "path") == webhooks]
    by_tag: dict[str, list[Call]] = {tag.name: [] for tag in api.tags}
    for call in chosen:
        by_tag.setdefault(call.operation.tag, []).append(call)
    tags = [tag for tag, members in by_tag.items() if members]
    modules = names.unique([names.snake(tag, "default") for tag in tags], RESERVED_MODULES)
    classes = names.unique([names.pascal(tag, "Default") for tag in tags], _CLASSES)
    about = {tag.name: tag.description for tag in api.tags}
    return tuple(
        Group(tag, about.get(tag, ""), module, name, _apart(by_tag[tag]))
        for tag, module, name in zip(tags, modules, classes, strict=True)
    )


@lru_cache(maxsize=4)
def calls(api: Api) -> tuple[Call, ...]:
    """Every operation of an API as a call, in the order of the document; methods of one name are not kept apart yet."""
    named = answers(api)
    constants = names.unique([names.constant(operation.id) for operation in api.operations], ("SCHEMES",))
    return tuple(
        _call(api, operation, constant, named[operation.id])
        for operation, constant in zip(api.operations, constants, strict=True)
    )


def successes(all_answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """Statuses below 400; `default` where it is all that is declared."""
    good = tuple(answer for answer in all_answers if answer.status[0] in "123")
    return good or tuple(answer for answer in all_answers if answer.status == "default" and len(all_answers) == 1)


def security_scheme(scheme: SecurityScheme) -> Scheme:
    """A scheme as the runtime knows it: OAuth 2 and OpenID Connect travel as bearer tokens (RFC 6750)."""
    match scheme.kind, scheme.scheme:
        case "apiKey", _ if scheme.location and scheme.parameter:
            return Scheme(name=scheme.name, kind="api_key", location=scheme.location, parameter=scheme.parameter)
        case ("http", "basic"):
            return Scheme(name=scheme.name, kind="basic")
        case ("http", "bearer") | ("oauth2" | "openIdConnect", _):
            return Scheme(name=scheme.name, kind="bearer")
        case _:
            return Scheme(name=scheme.name, kind="other")


def _call(api: Api, operation: Operation, constant: str, all_answers: tuple[Answer, ...]) -> Call:
    good = successes(all_answers)
    offered = tuple(dict.fromkeys(c for answer in good for c in answer.media_types if "*" not in c))
    return Call(
        operation=operation,
        method=names.snake(operation.id, "operation"),
        constant=constant,
        arguments=_arguments(operation),
        body=_body(operation.body, api.types) if operation.body and operation.body.contents else None,
        answers=all_answers,
        credentials=_credentials(api, operation),
        accept=offered if len(offered) > 1 else (),
    )


def _arguments(operation: Operation) -> tuple[Argument, ...]:
    parameters = [p for p in operation.parameters if p.location != "header" or p.name.lower() not in _IGNORED_HEADERS]
    plain = [names.snake(p.name, "parameter") for p in parameters]
    located = [
        f"{p.location}_{name}" if plain.index(name) < number else name
        for number, (p, name) in enumerate(zip(parameters, plain, strict=True))
    ]
    # The parameters of a delivery are fields of a class, where they hide the modules that other annotations name.
    keywords = names.unique(located, RESERVED if operation.role == "path" else (*RESERVED, "datetime", "uuid"))
    return tuple(Argument(keyword, notation.signature(p.type), p) for keyword, p in zip(keywords, parameters, strict=True))


def _body(body: Body, types: notation.Types) -> BodyView:
    views = [contents.view(content, types) for content in body.contents]
    carried = [view.signature for view in views]
    media_types = tuple(dict.fromkeys(contents.media_type(content.media_type) for content in body.contents))
    return BodyView(
        " | ".join(dict.fromkeys(carried)) if "Any" not in carried else "Any",
        body.required,
        contents.choice(media_types, views),
        media_types,
        body,
    )


def credential_type(api: Api, requirement: Requirement) -> str:
    """The type of the credential of one alternative: of several schemes, a tuple; of none, None."""
    kinds = {"api_key": "ApiKey", "bearer": "Bearer", "basic": "Basic", "other": "Other"}
    schemes = api.security_schemes
    types = [kinds[security_scheme(schemes[name]).kind] if name in schemes else "Other" for name, _ in requirement.schemes]
    return "None" if not types else types[0] if len(types) == 1 else f"tuple[{', '.join(types)}]"


def _credentials(api: Api, operation: Operation) -> str | None:
    """The type of what a handler gets: one alternative, or a union of them; None where nothing is asked for."""
    options = [credential_type(api, requirement) for requirement in operation.security]
    if not [option for option in options if option != "None"]:
        return None
    return " | ".join(sorted(dict.fromkeys(options), key=lambda option: option == "None"))


def _apart(chosen: Iterable[Call]) -> tuple[Call, ...]:
    ordered = tuple(chosen)
    methods = names.unique([call.method for call in ordered], ("models", "responses", "errors", "operations"))
    return tuple(
        Call(call.operation, method, call.constant, call.arguments, call.body, call.answers, call.credentials, call.accept)
        for call, method in zip(ordered, methods, strict=True)
    )
