"""The frameworks that the shop is served with.

The package for FastAPI is generated here: it is the checked-in one, and two files more.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.types import ASGIApp

import checkout_api
from checkout_api import _runtime, server, webhooks
from end_to_end import surfaces
from end_to_end.shop import QRCodes, Results, Sessions, Shipping, Tokens
from end_to_end.state import Shop
from helpers import snapshot
from tillspec.pipeline import generate
from tillspec.request import SERVERS, Request

ROOT = Path(__file__).resolve().parents[2]
MORE = {"fastapi.py", "_runtime/fastapi.py"}


@dataclass(frozen=True)
class Framework:
    """What makes servers: the module for a framework, and that for its webhooks."""

    name: str
    module: ModuleType
    webhooks: ModuleType

    def create_app(self, **keywords: Any) -> Any:
        """An application of these surfaces and handlers."""
        return self.module.create_app(**keywords)

    def shop(self, shop: Shop) -> Any:
        """The shop as an application: the same classes with every framework."""
        return self.create_app(
            vinr=surfaces.Vinr(),
            gr4vy=surfaces.Gr4vy(),
            dintero=surfaces.Dintero(),
            diddo=surfaces.Diddo(),
            sessions=Sessions(shop),
            results=Results(shop),
            shipping=Shipping(shop),
            qr_codes=QRCodes(shop),
            tokens=Tokens(shop),
        )

    def create_webhook_app(self, handlers: Any, **keywords: Any) -> ASGIApp:
        """An application that receives webhooks."""
        router: Any = self.webhooks.create_webhook_router(handlers, **keywords)
        if self.name == "starlette":
            return router  # type: ignore[no-any-return]
        from fastapi import FastAPI

        app = FastAPI(openapi_url=None)
        app.include_router(router)
        return app


@pytest.fixture(scope="session")
def for_fastapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """`checkout_api.fastapi`, which `generate --server fastapi` makes beside what is checked in."""
    out = tmp_path_factory.mktemp("fastapi")
    outcome = generate(Request(ROOT / "spec" / "openapi.yaml", out, server="fastapi"))
    assert outcome.warnings == []
    package = out / "python" / "checkout_api"
    made, there = snapshot(package), snapshot(Path(checkout_api.__file__).parent)
    assert made.keys() - there.keys() == MORE
    assert {name: data for name, data in made.items() if name not in MORE} == there
    places = {checkout_api: package, _runtime: package / "_runtime"}
    for module, folder in places.items():
        module.__path__.append(str(folder))
    try:
        yield importlib.import_module("checkout_api.fastapi")
    finally:
        for module, folder in places.items():
            module.__path__.remove(str(folder))


@pytest.fixture(scope="module", params=SERVERS)
def framework(request: pytest.FixtureRequest) -> Framework:
    """Each framework in turn; what holds of one holds of the other."""
    if request.param == "starlette":
        return Framework("starlette", server, webhooks)
    module = request.getfixturevalue("for_fastapi")
    return Framework("fastapi", module, module)
