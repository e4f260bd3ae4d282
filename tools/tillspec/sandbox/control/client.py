"""The control plane from outside: for the command line, and for tests of others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from tillspec.sandbox.control import ROOT
from tillspec.sandbox.control.access import secret_of
from tillspec.sandbox.store import NoSandbox, Unavailable, secret_in

_PATIENCE: Final = 30.0


class NotDone(Exception):
    """The control plane could not do what was asked.

    Attributes:
        status: the HTTP status; 0 where nobody answered.
        code: for programs, such as `unknown_session`.
        hint: what to do about it.
    """

    def __init__(self, status: int, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.status, self.code, self.hint = status, code, hint


def find_secret(database: str) -> str:
    """The control secret of a sandbox, out of its database.

    Raises:
        NotDone: there is no such database, or no sandbox in it.
    """
    try:
        if "://" not in database and not Path(database).is_file():
            raise NoSandbox(f"there is no file {database}")
        return secret_of(asyncio.run(secret_in(database)))
    except (NoSandbox, Unavailable, ValueError) as error:
        raise NotDone(
            0, "no_secret", f"the control secret is not known: {error}",
            "Set TILLSPEC_SANDBOX_SECRET to what the sandbox printed when it started, or name its database with --database.",
        ) from None  # fmt: skip


class ControlClient:
    """The control plane of one sandbox. To be closed, or used with `with`."""

    def __init__(self, url: str, secret: str) -> None:
        self.url: Final = url.rstrip("/")
        self.secret: Final = secret
        headers = {"Authorization": f"Bearer {secret}"}
        # what the environment says of proxies is not for a sandbox on this machine
        self._http = httpx.Client(base_url=self.url + ROOT, headers=headers, timeout=_PATIENCE, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> dict[str, Any]:
        """Asks for something; see `tillspec.sandbox.control.api.ACTIONS`.

        Args:
            method: of HTTP.
            path: below `/_sandbox`, such as `/clock/advance`.
            body: what is asked, as it is written in JSON.
            query: the same for `GET`. What is None is left out.

        Returns:
            What was answered.

        Raises:
            NotDone: it could not be done, or nobody answered.
        """
        wanted = {name: value for name, value in query.items() if value is not None}
        try:
            answer = self._http.request(method, path, json=body, params=wanted)
            told = answer.json()
        except httpx.HTTPError as error:
            hint = f"Is the sandbox running? Start it with: tillspec sandbox; or say where it is with --url ({error})"
            raise NotDone(0, "unreachable", f"no sandbox answers at {self.url}", hint) from None
        except (httpx.InvalidURL, ValueError):
            raise NotDone(0, "no_sandbox", f"what answers at {self.url} is no sandbox", "Say where it is with --url.") from None
        if answer.is_success and isinstance(told, dict):
            return told
        found = told.get("error") if isinstance(told, dict) else None
        if not isinstance(found, dict):
            raise NotDone(
                answer.status_code, "no_sandbox", f"what answers at {self.url} is no sandbox", "Say where it is with --url."
            )
        raise NotDone(answer.status_code, *(str(found.get(name, "")) for name in ("code", "message", "hint")))

    def dintero_token(self, merchant: Mapping[str, Any]) -> str:
        """An access token of Dintero, which its first client asks for as clients do; `merchant` as `GET /merchants` tells it.

        Raises:
            NotDone: it is not at Dintero, or is refused.
        """
        part = merchant.get("dintero")
        if not part or not part["clients"]:
            raise NotDone(404, "not_at_surface", f"{merchant['id']} has no client at Dintero", "See: tillspec sandbox keys")
        client, account = part["clients"][0], part["account"]
        body = {"grant_type": "client_credentials", "audience": f"https://api.dintero.com/v1/accounts/{account}"}
        try:
            answer = httpx.post(
                f"{self.url}/accounts/{account}/auth/token", json=body, auth=(client["id"], client["secret"]), trust_env=False
            )
            return str(answer.json()["access_token"])
        except (httpx.HTTPError, ValueError, KeyError):
            raise NotDone(0, "no_token", "Dintero's token call gave no token", f"See the requests at {self.url}{ROOT}") from None
