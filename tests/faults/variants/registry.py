"""All variants: what each does otherwise than the sandbox, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from faults.variants import credentials, http, json_forms, timing
from faults.variants.answers import Wrap
from faults.variants.patches import other_ids, short_lives
from tillspec.sandbox.state import RateLimit, Switches

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A server that keeps the contract.

    Attributes:
        what: what it does otherwise, in a line.
        wrap: puts something around the sandbox's application.
        patched: what of the sandbox is another while it runs.
        switches: those of the sandbox.
        server: options of uvicorn.
        overlay: an overlay of the contract that the variant keeps, where the contract itself leaves no choice.
        program: a server of its own, as the arguments of a program; `{port}` and `{contract}` stand for what is given.
        surfaces: the surfaces that it serves; all where none are named.
    """

    what: str
    wrap: Wrap = lambda app: app
    patched: Callable[[], AbstractContextManager[Any]] = nullcontext
    switches: Switches = Switches()
    server: dict[str, Any] = field(default_factory=dict)
    overlay: Path | None = None
    program: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()


def _limited(requests: int) -> Switches:
    return Switches(rate_limit=RateLimit(requests=requests, per=timedelta(seconds=1)))


VARIANTS: dict[str, Variant] = {
    "rules-422": Variant(
        what="VINR answers 422 to a broken rule, and 400 to what breaks the schema; its contract leaves that open",
        wrap=json_forms.rules_422, overlay=HERE / "rules_422.overlay.yaml", surfaces=("vinr",),
    ),
    "short-lives": Variant(what="live carts, Dintero's sessions and tokens live minutes, and no day", patched=short_lives),
    "limited-50": Variant(what="50 requests a second for each credential, then 429", switches=_limited(50)),
    "limited-20": Variant(what="20 requests a second for each credential, then 429", switches=_limited(20)),
    "credentials-first": Variant(what="looks at credentials before anything else of a request", wrap=credentials.first),
    "credentials-last": Variant(what="looks at a request's parts before it looks for credentials", wrap=credentials.last),
    "other-ids": Variant(what="ids and names of requests have other forms, within their schemas", patched=other_ids),
    "more-members": Variant(what="objects and headers of answers have more than is declared", wrap=json_forms.more_members),
    "slow": Variant(what="takes 80 to 150 ms for every answer", wrap=timing.slow),
    "header-forms": Variant(what="other order of headers, other forms of media types, chunks", wrap=http.header_forms),
    "json-forms": Variant(what="members in another order, indented, all escaped that may be", wrap=json_forms.other_json),
    "times-forms": Variant(what="date-times with offset and fractions; Expires, Last-Modified", wrap=json_forms.other_times),
    "error-texts": Variant(what="errors explain themselves at length and in many scripts", wrap=json_forms.error_texts),
    "undeclared-404": Variant(what="a method that a path has not is 404, as is OPTIONS", wrap=http.undeclared_404),
    "no-head": Variant(what="HEAD and OPTIONS are 405", wrap=http.no_head),
    "cors": Variant(what="OPTIONS is 204, with CORS headers as on every answer", wrap=http.cors),
    "no-keep-alive": Variant(what="closes the connection after every answer", wrap=http.no_keep_alive),
    "gzip": Variant(what="compresses every answer for whom asks for it", wrap=http.gzip),
    "other-parser": Variant(what="another HTTP parser, which words refusals of its own", server={"http": "h11"}),
    "node": Variant(
        what="a server of its own on Node, without packages: VINR and Diddo",
        program=("node", str(HERE / "node" / "server.mjs"), "--port", "{port}", "--contract", "{contract}"),
        surfaces=("vinr", "diddo"),
    ),
    "stdlib": Variant(
        what="a server of its own on http.server, a thread for each connection: Gr4vy",
        program=("python", "-m", "faults.variants.stdlib", "--port", "{port}", "--contract", "{contract}"),
        surfaces=("gr4vy",),
    ),
}  # fmt: skip
"""By their id."""
