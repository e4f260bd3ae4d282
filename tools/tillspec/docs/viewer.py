"""One further page, with Scalar's viewer in it. Its script is given, and kept from asking anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tillspec.api.model import Api
from tillspec.docs import render

PAGE = "viewer.html"


def viewer(api: Api, script: str, sandbox: str) -> Iterator[tuple[str, str]]:
    """The page and what it loads.

    Args:
        api: the API.
        script: the text of Scalar's `dist/browser/standalone.js`.
        sandbox: what its requests may be sent to, besides loopback.
    """
    yield PAGE, render.page("viewer", {"api": api, "policy": render.viewer_policy(sandbox)})
    text = json.dumps(api.document, ensure_ascii=False, separators=(",", ":"))
    yield "assets/contract.js", f"window.tillspecContract={text};\n"
    yield "assets/scalar.js", script
    yield "assets/viewer.js", render.asset("viewer.js")
