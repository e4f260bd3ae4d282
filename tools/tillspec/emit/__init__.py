"""From an API to files: each emitter is one function, and a new output touches no other."""

from __future__ import annotations

from tillspec.api.model import Api
from tillspec.diagnostics import Report
from tillspec.emit.bundle import bundle
from tillspec.emit.models import models
from tillspec.emit.options import Options
from tillspec.request import Request


def emit(api: Api, request: Request, report: Report) -> dict[str, str]:
    """Everything that was asked for, by path below the output folder, not yet formatted. What cannot be made is reported."""
    options = _options(request)
    files: dict[str, str] = {}
    if request.wants("bundle"):
        files |= bundle(api)
    package: dict[str, str] = {}
    if request.only != {"bundle"}:
        from tillspec.emit.package import package as emit_package

        package = emit_package(api, options) | models(api, options, report)
    return files | {f"{request.package_folder}/{path}": text for path, text in package.items()}


def scaffold(api: Api, request: Request) -> dict[str, str]:
    """The user's own files for a new server, by path below the folder that the user names."""
    from tillspec.emit.scaffold import scaffold as emit_scaffold

    return emit_scaffold(api, _options(request))


def _options(request: Request) -> Options:
    return Options(request.package, server=request.wants("server"), client=request.wants("client"))
