"""The generated package but for its models: what goes with a server, with a client, and with both."""

from __future__ import annotations

from tillspec.api.model import Api
from tillspec.emit.bundle import bundle
from tillspec.emit.client import client
from tillspec.emit.docstring import docstring, literal
from tillspec.emit.errors import errors
from tillspec.emit.fastapi import fastapi
from tillspec.emit.mock import mock
from tillspec.emit.operations import operations
from tillspec.emit.options import Options
from tillspec.emit.responses import responses
from tillspec.emit.runtime import runtime
from tillspec.emit.sender import sender
from tillspec.emit.server import server
from tillspec.emit.webhooks import webhooks


def package(api: Api, options: Options) -> dict[str, str]:
    """The files of the package, by path inside it."""
    about = docstring(f"{api.title}, version {api.version}, as code.\n\n{api.description}") or '"""An API as code."""'
    files = {"__init__.py": f"{about}\n\n__version__ = {literal(api.version)}\n", "py.typed": "", **runtime(api, options)}
    if options.server or options.client:
        files |= responses(api, options) | operations(api, options) | webhooks(api, options)
    if options.server:
        files |= server(api, options) | bundle(api)
    if options.fastapi:
        files |= fastapi(api, options)
    if options.client:
        files |= client(api, options) | errors(api, options) | mock(api, options) | sender(api, options)
    return files
