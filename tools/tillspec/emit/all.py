"""Everything that was asked for: each emitter is one function, and a new output touches no other."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.api.model import Api, Object, Presence, Scalar, Type
from tillspec.diagnostics import Report
from tillspec.emit.bundle import bundle
from tillspec.emit.defaults import is_carried
from tillspec.emit.inside import inside
from tillspec.emit.models import models
from tillspec.emit.options import Options
from tillspec.emit.package import package
from tillspec.emit.patterns import engine
from tillspec.emit.scaffold import scaffold
from tillspec.request import Request
from tillspec.source import Span


def emit(api: Api, request: Request, report: Report) -> dict[str, str]:
    """The generated files, by path below the output folder, not yet formatted. What cannot be made or kept is reported."""
    options = _options(request)
    files: dict[str, str] = bundle(api) if request.wants("bundle") else {}
    if request.only and request.only <= {"bundle", "typescript"}:
        return files
    _report_patterns(api, report)
    _report_defaults(api, report)
    inside = package(api, options) | models(api, options, report)
    return files | {f"{request.package_folder}/{path}": text for path, text in inside.items()}


def own_files(api: Api, request: Request) -> dict[str, str]:
    """The user's own files for a new server, by path below the folder that the user names."""
    return scaffold(api, _options(request))


def _options(request: Request) -> Options:
    server = request.wants("server")
    fastapi = server and request.server == "fastapi"
    return Options(request.package, server=server, client=request.wants("client"), fastapi=fastapi)


def _report_patterns(api: Api, report: Report) -> None:
    """A pattern that no engine can carry is told, not dropped in silence."""
    for type_, span in _with_spans(api):
        for scalar in inside(type_):
            if isinstance(scalar, Scalar) and scalar.pattern is not None and engine(scalar.pattern) is None:
                hint = "write it by ECMA-262; in a character class, escape - and ["
                report.warning("pattern", f"the pattern {scalar.pattern!r} cannot be checked by the generated code", span, hint)


def _report_defaults(api: Api, report: Report) -> None:
    """A default that a class cannot carry is told, not dropped in silence."""
    for field in (one for named in api.types.values() if isinstance(named.type, Object) for one in named.type.fields):
        if field.default is not None and field.presence is Presence.OPTIONAL and not is_carried(field, api.types):
            hint = "a reader of the contract still finds it there; in code, set the field where you mean it"
            report.warning("default", f"the default of {field.name!r} is not carried by the model", field.span, hint)


def _with_spans(api: Api) -> Iterator[tuple[Type, Span]]:
    for named in api.types.values():
        yield named.type, named.span
    for operation in api.operations:
        for parameter in operation.parameters:
            yield parameter.type, parameter.span
        for response in operation.responses:
            for header in response.headers:
                yield header.type, header.span
