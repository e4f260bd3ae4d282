"""`python -m faults.variants.stdlib --port 0 --contract openapi.json`."""

from __future__ import annotations

import argparse
import json
import threading
import time
from email.errors import MissingHeaderBodySeparatorDefect
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from faults.variants.stdlib.requests import Answer, BadFraming, body_of, path_of, too_large, write
from faults.variants.stdlib.schemas import UUID, NoJson, Schemas, parsed
from faults.variants.stdlib.sessions import Broken, MethodGone, NotFound, Sessions
from faults.variants.stdlib.tokens import BadToken, Merchant, Tokens

MERCHANTS = [
    Merchant(
        "north", frozenset({"main", "other"}), frozenset({"5f2b7c1e-0d34-4a86-9b7a-6f1c2e3d4b5a"}),
        frozenset({"0c9a8b7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d"}),
    ),
    Merchant("south", frozenset({"main"}), frozenset({"9d8c7b6a-5f4e-4d3c-8b2a-1f0e9d8c7b6a"}), frozenset()),
]  # fmt: skip
_CODES = {
    400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    415: "unsupported_media_type", 500: "server_error",
}  # fmt: skip
_HOOK = "stdlib-hooks-41c7f0a2"


class Refused(Exception):
    """A request that is refused, with the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def refused(status: int, message: str, at: tuple[str, str] | None = None, **headers: str) -> Refused:
    """A refusal in the shape that all but 422 have."""
    details = [{"location": at[0], "pointer": at[1], "message": message, "type": "value_error"}] if at else []
    value = {"type": "error", "code": _CODES[status], "status": status, "message": message, "details": details}
    return Refused(Answer(status, value, {name.replace("_", "-"): text for name, text in headers.items()}))


def unprocessable(*loc: str | int, message: str = "This is not as it should be.") -> Refused:
    return Refused(Answer(422, {"detail": [{"loc": list(loc), "msg": message, "type": "value_error"}]}))


class Service:
    """The operations."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.ahead = 0.0
        self.lock = threading.Lock()
        self.schemas = Schemas(document)
        self.sessions = Sessions(self.now)
        self.tokens = Tokens(MERCHANTS, self.now)

    def now(self) -> float:
        return time.time() + self.ahead

    def caller(self, headers: Any, scope: str) -> tuple[Merchant, str]:
        """Whose request it is, and the account that it is for."""
        try:
            merchant, scopes = self.tokens.holder(headers.get("authorization"))
        except BadToken as bad:
            raise refused(401, str(bad), www_authenticate='Bearer error="invalid_token"') from None
        if scope not in scopes:
            raise refused(403, f"The token lacks {scope}.")
        account = headers.get("x-gr4vy-merchant-account-id")
        if account == "":
            raise unprocessable("header", "x-gr4vy-merchant-account-id")
        if account is not None and account not in merchant.accounts:
            raise refused(404, "There is no such account.", ("header", "/x-gr4vy-merchant-account-id"))
        return merchant, account or merchant.account

    def body(self, headers: Any, content: bytes, schema: str) -> Any:
        if too_large(content):
            raise refused(400, "The body is too large.")
        kind, *parameters = [part.strip().lower() for part in headers.get("content-type", "").split(";")]
        charsets = [part[8:].strip('"') for part in parameters if part.startswith("charset=")]
        if (
            kind != "application/json"
            or any(name not in ("utf-8", "utf8") for name in charsets)
            or headers.get("content-encoding")
        ):
            raise refused(415, "The body is not application/json.", ("header", "/content-type"))
        try:
            value = parsed(content)
        except NoJson:
            raise refused(400, "The body is no JSON.", ("body", "")) from None
        wrong = self.schemas.wrong(schema, value)
        if wrong:
            told = [
                {"loc": ["body", *map(_plain, one.absolute_path)], "msg": f"breaks {one.validator}", "type": str(one.validator)}
                for one in wrong[:20]
            ]
            raise Refused(Answer(422, {"detail": told}))
        return value

    def create(self, headers: Any, content: bytes) -> Answer:
        merchant, account = self.caller(headers, "checkout-sessions.write")
        values = self.body(headers, content, "Gr4vySessionRequest") if content else {}
        return Answer(201, self.sessions.make(merchant, account, values), {"cache-control": "no-store"})

    def session(self, method: str, key: str, headers: Any, content: bytes) -> Answer:
        scope = "read" if method == "GET" else "write"
        merchant, account = self.caller(headers, f"checkout-sessions.{scope}")
        if not UUID.fullmatch(key):
            raise unprocessable("path", "session_id")
        values = self.body(headers, content, "Gr4vySessionUpdateRequest") if method == "PUT" else None
        session = self.sessions.find(key, merchant, account)
        if method == "DELETE":
            self.sessions.delete(session)
            return Answer(204)
        shown = self.sessions.shown(session) if values is None else self.sessions.change(session, values)
        return Answer(200, shown, {"cache-control": "no-store"})

    def fields(self, key: str, headers: Any, content: bytes) -> Answer:
        if not UUID.fullmatch(key):
            raise unprocessable("path", "session_id")
        values = self.body(headers, content, "Gr4vySecureFieldsRequest")
        try:
            self.sessions.pay_with(self.sessions.find(key, None, None), values["payment_method"])
        except MethodGone:
            raise unprocessable("body", "payment_method", "id", message="There is no such payment method.") from None
        return Answer(204)

    def hook(self, path: str, content: bytes) -> Answer:
        if path == "/hooks/clock":
            self.ahead += float(json.loads(content)["seconds"])
        else:
            self.ahead = 0.0
            self.sessions.held.clear()
        return Answer(204)


def _plain(part: Any) -> Any:
    return part if isinstance(part, int) else str(part)[:200]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    service: Service

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self) -> None:
        try:
            if any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in self.headers.defects):  # no header at all
                raise BadFraming
            content = body_of(self)
        except BadFraming:
            self.close_connection = True
            self.send_error(400)
            return
        try:
            with self.service.lock:
                answer = self.carried_out(path_of(self), content)
        except Refused as refusal:
            answer = refusal.answer
        except Broken as broken:
            answer = refused(400, str(broken), ("body", broken.at)).answer
        except NotFound as missing:
            answer = refused(404, str(missing)).answer
        write(self, answer)

    def carried_out(self, path: str, content: bytes) -> Answer:
        parts = [unquote(part) for part in path.split("/")[1:]]
        service, method = self.service, "GET" if self.command == "HEAD" else self.command
        match parts:
            case ["hooks", _] if self.headers.get("x-hook") == _HOOK:
                return service.hook(path, content)
            case ["checkout", "sessions"]:
                self.allowed("POST")
                return (
                    Answer(204, headers={"allow": "POST, OPTIONS"})
                    if method == "OPTIONS"
                    else service.create(self.headers, content)
                )
            case ["checkout", "sessions", key] if key:
                self.allowed("GET", "PUT", "DELETE")
                if method == "OPTIONS":
                    return Answer(204, headers={"allow": "GET, HEAD, PUT, DELETE, OPTIONS"})
                return service.session(method, key, self.headers, content)
            case ["checkout", "sessions", key, "fields"] if key:
                self.allowed("PUT")
                return (
                    Answer(204, headers={"allow": "PUT, OPTIONS"})
                    if method == "OPTIONS"
                    else service.fields(key, self.headers, content)
                )
        raise refused(404, "There is nothing here.")

    def allowed(self, *methods: str) -> None:
        known = [*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])]
        if self.command not in known:
            raise refused(405, "This path does not know the method.", allow=", ".join(known))

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    parser = argparse.ArgumentParser(prog="faults.variants.stdlib", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--contract", type=Path, required=True)
    given = parser.parse_args()
    Handler.service = Service(json.loads(given.contract.read_text(encoding="utf-8")))
    with Server(("127.0.0.1", given.port), Handler) as server:
        print(f"ready at http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
