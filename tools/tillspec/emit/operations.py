"""operations.py: the table of the operations as they are on the wire."""

from __future__ import annotations

from dataclasses import dataclass

import tillspec.emit.annotations as notation
from tillspec.api.model import Api, Parameter
from tillspec.emit import contents
from tillspec.emit.annotations import Types
from tillspec.emit.calls import Argument, BodyView, Call, calls, security_scheme
from tillspec.emit.docstring import literal
from tillspec.emit.imports import import_lines
from tillspec.emit.options import Options
from tillspec.emit.shared import Shared
from tillspec.emit.templates import render


@dataclass(frozen=True, slots=True)
class OperationView:
    """An operation: its constant, the type of its success, and the arguments of its table entry."""

    constant: str
    result: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OperationsView:
    """What operations.py is printed from."""

    imports: str
    shared: tuple[str, ...]
    operations: tuple[OperationView, ...]
    schemes: tuple[str, ...]


def operations(api: Api, options: Options) -> dict[str, str]:
    """operations.py of the package."""
    all_calls = calls(api)
    shared = Shared([(a.parameter.name, _parameter(a, api.types)) for call in all_calls for a in call.arguments])
    views = tuple(_view(api, call, shared, options) for call in all_calls)
    schemes = tuple(f"{literal(name)}: {_scheme(api, name)}" for name in api.security_schemes)
    used = [source for view in views for source in (view.result, *view.arguments)]
    known = import_lines([*used, *shared.definitions, "Mapping", "Operation" if views else "", "SecurityScheme"])
    return {
        "operations.py": render("python/checkout_api/operations.py.j2", OperationsView(known, shared.definitions, views, schemes))
    }


def _view(api: Api, call: Call, shared: Shared, options: Options) -> OperationView:
    operation = call.operation
    results = dict.fromkeys(f"responses.{answer.name}" for answer in call.successes)
    arguments = [
        f"id={literal(operation.id)}",
        f"method={literal(operation.method.upper())}",
        f"path={literal(operation.path)}",
    ]
    if call.arguments:
        parameters = [shared.source(_parameter(argument, api.types)) for argument in call.arguments]
        arguments.append(f"parameters=({', '.join(parameters)},)")
    if call.body is not None:
        arguments.append(f"body={_body(call.body, api.types)}")
    declared = {answer.status: f"responses.{answer.name}" for answer in call.answers}
    arguments.append("responses={" + ", ".join(f"{literal(status)}: {name}" for status, name in declared.items()) + "}")
    if operation.security:
        alternatives = [dict(requirement.schemes) for requirement in operation.security]
        arguments.append(f"security={literal(tuple(alternatives))}")
    if operation.surface:
        arguments.append(f"surface={literal(operation.surface)}")
    if options.client and operation.role == "path" and operation.servers != api.servers:
        arguments.append(f"servers={literal(tuple(server.url for server in operation.servers))}")
    return OperationView(call.constant, " | ".join(results) or "Response", tuple(arguments))


def _parameter(argument: Argument, types: Types) -> str:
    parameter = argument.parameter
    parts = [
        f"name={literal(parameter.name)}",
        f"keyword={literal(argument.keyword)}",
        f"location={literal(parameter.location)}",
        f"value=Value({notation.validating(parameter.type)})",
    ]
    parts += _shape(parameter, types)
    parts += ["required=True"] if parameter.required else []
    parts += _style(parameter)
    parts += ["allow_reserved=True"] if parameter.allow_reserved else []
    parts += ["allow_empty=True"] if parameter.allow_empty else []
    parts += [f"media_type={literal(parameter.media_type)}"] if parameter.media_type is not None else []
    parts += [f"default={literal(parameter.default)}"] if parameter.default is not None else []
    return f"Parameter({', '.join(parts)})"


def _shape(parameter: Parameter, types: Types) -> list[str]:
    """How the text of a parameter is read."""
    if parameter.location == "querystring" and parameter.parts:
        return contents.form(parameter.parts, parameter.type, types)
    text = contents.document_shape(parameter.media_type, parameter.type, types)
    return [f"shape={text}"] if text != "Text()" else []


def _style(parameter: Parameter) -> list[str]:
    """The style and explode, where they differ from what the runtime takes for granted."""
    if parameter.media_type is not None:
        return []
    style = [f"style={literal(parameter.style)}"] if parameter.style != "form" else []
    return style + ([] if parameter.explode else ["explode=False"])


def _body(view: BodyView, types: Types) -> str:
    declared = {contents.media_type(c.media_type): contents.view(c, types).source for c in view.body.contents}
    source = "{" + ", ".join(f"{literal(name)}: {content}" for name, content in declared.items()) + "}"
    return f"RequestBody(contents={source}{', required=True' if view.required else ''})"


def _scheme(api: Api, name: str) -> str:
    scheme = security_scheme(api.security_schemes[name])
    parts = [f"name={literal(scheme.name)}", f"kind={literal(scheme.kind)}"]
    parts += [f"location={literal(scheme.location)}"] if scheme.location else []
    parts += [f"parameter={literal(scheme.parameter)}"] if scheme.parameter else []
    return f"SecurityScheme({', '.join(parts)})"
