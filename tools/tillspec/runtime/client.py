"""The clients under the generated ones: one call from typed arguments to a typed response, sync and async.

Both share everything but the sending: `Exchange` knows what to send, whether to send it again, and what the answer means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

import httpx

from .authorization import CredentialSource
from .errors import ApiError, ErrorResponse, Target, transport_error
from .incoming import ResponsePlan
from .operation import Operation, Response, SecurityScheme
from .outgoing import Arguments, HeaderField, RequestPlan, header_bytes
from .retry import IDEMPOTENT, Attempts, Retry

if TYPE_CHECKING:
    from .hooks import Hook
    from .polling import Polling

ResultT = TypeVar("ResultT")
Timeout = float | httpx.Timeout
Errors = Mapping[type[Response], type[ErrorResponse[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a client is made with. `base_url` is None where each call names its own URL.

    `schemes` are the contract's security schemes by name; `credentials` goes from the same names to what the user gave;
    `errors` goes from the response classes that are errors to their exceptions. `servers` goes from servers that operations
    have of their own (`own_servers`, as the contract writes them) to the base URLs that take the place of `base_url` there.
    """

    base_url: str | None
    credentials: Mapping[str, CredentialSource]
    timeout: Timeout
    retry: Retry
    headers: Mapping[str, str] | None
    schemes: Mapping[str, SecurityScheme]
    errors: Errors
    hooks: Sequence[Hook] = ()
    servers: Mapping[str, str] = field(default_factory=dict)
    own_servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is worked out once for an operation."""

    target: Target
    base: str
    request: RequestPlan
    response: ResponsePlan


@dataclass(slots=True)
class Exchange(Generic[ResultT]):
    """One call: the request, the same for all its attempts, and what to make of each outcome. `answer` is the last one."""

    plan: Plan
    request: httpx.Request
    attempts: Attempts
    secrets: tuple[str, ...]
    answer: httpx.Response | None = None

    def begin(self) -> None:
        """An attempt begins."""

    def failed(self, error: httpx.RequestError) -> float:
        """The seconds to wait before the next attempt.

        Raises:
            TransportError: there is none.
        """
        wait = self.attempts.after_error(error)
        if wait is None:
            raise transport_error(self.plan.target, error, self.attempts.made) from error
        return wait

    def answered(self, answer: httpx.Response) -> float | None:
        """The seconds to wait before the next attempt, None where this answer stands."""
        self.answer = answer
        return self.attempts.after_answer(answer.status_code, answer.headers)

    def result(self, answer: httpx.Response) -> ResultT:
        """The typed response.

        Raises:
            ErrorResponse: the contract declares the answer as an error.
            UnexpectedResponse: the contract does not declare it.
        """
        return cast("ResultT", self.plan.response.read(answer, self.secrets))

    def broken(self, error: BaseException) -> None:
        """The call ends without a result."""


class _NoCookies(httpx.Cookies):
    """Keeps nothing: a server's cookies would tie calls of different users of a client together.

    Declared cookie parameters are sent anyway. Not looking for cookies at all also spares a fifth of a call.
    """

    def extract_cookies(self, response: httpx.Response) -> None:
        """Leaves an answer's cookies alone."""


class _OwnClient(httpx.Client):
    cookies = _NoCookies()  # type: ignore[override]


class _OwnAsyncClient(httpx.AsyncClient):
    cookies = _NoCookies()  # type: ignore[override]


class _Caller:
    """What the sync and the async caller share.

    It is safe to use from several threads: nothing changes after construction but a cache whose entries are equal whoever makes
    them.
    """

    def __init__(self, settings: Settings, http: httpx.Client | httpx.AsyncClient) -> None:
        self._settings = settings
        self._base = _base_url(settings.base_url) if settings.base_url is not None else ""
        self._servers = _checked(settings.servers, settings.own_servers)
        self._headers = [(name.encode(), header_bytes(name, text)) for name, text in (settings.headers or {}).items()]
        self._build = http.build_request
        self._plans: dict[str, Plan] = {}
        self._urls: dict[str, httpx.URL] = {}  # of the paths that are always the same: reading a URL is a tenth of a call
        self._made = _exchanges(settings.hooks, self._base)

    def _exchange(self, operation: Operation[ResultT], arguments: Arguments, timeout: Timeout | None) -> Exchange[ResultT]:
        plan = self._plans.get(operation.id) or self._plan(operation)
        outgoing = plan.request.write(arguments)
        url = plan.base + outgoing.path
        request = self._build(
            operation.method,
            self._urls.get(url, url),
            headers=outgoing.headers if not self._headers else [*self._kept(outgoing.headers), *outgoing.headers],
            content=outgoing.content,
            timeout=self._settings.timeout if timeout is None else timeout,
        )
        attempts = Attempts(self._settings.retry, outgoing.keyed or operation.method in IDEMPOTENT, outgoing.keyed)
        return self._made(plan, request, attempts, outgoing.secrets)

    def _kept(self, headers: list[HeaderField]) -> list[HeaderField]:
        """The client's own headers that the call does not set itself."""
        names = {name.lower() for name, _ in headers}
        return [each for each in self._headers if each[0].lower() not in names]

    def _plan(self, operation: Operation[Any]) -> Plan:
        target = _target(operation)
        request = RequestPlan(operation, self._settings.schemes, self._settings.credentials, target)
        base = next((self._servers[server] for server in operation.servers if server in self._servers), self._base)
        if "{" not in operation.path:
            self._urls[base + operation.path] = httpx.URL(base + operation.path)
        plan = Plan(target, base, request, ResponsePlan(operation, self._settings.errors, target))
        return self._plans.setdefault(operation.id, plan)


class SyncCaller(_Caller):
    """Calls operations over an `httpx.Client`: the given one, which stays its owner's, or one of its own."""

    def __init__(self, settings: Settings, http: httpx.Client | None) -> None:
        self._http = http or _OwnClient(follow_redirects=False)
        self._owned = http is None
        super().__init__(settings, self._http)

    def call(self, operation: Operation[ResultT], arguments: Arguments, timeout: Timeout | None = None) -> ResultT:
        """Send the request, again where that is safe, and read the answer.

        Raises:
            ErrorResponse, UnexpectedResponse, TransportError, MissingCredentials: see there; each is an `ApiError`.
            ValueError: an argument that cannot be sent, for instance `..` as a part of the path.
        """
        return self._carry_out(self._exchange(operation, arguments, timeout))

    def poll(
        self, operation: Operation[ResultT], arguments: Arguments, polling: Polling, timeout: Timeout | None = None
    ) -> ResultT:
        """Call again and again, until an answer shows a terminal state.

        Raises:
            PollTimedOut: none did before the deadline.
            ApiError, ValueError: as `call` does.
        """
        progress = polling.begin(self._settings.retry, _target(operation))
        while True:
            exchange = self._exchange(operation, arguments, timeout)
            exchange.attempts.until = progress.until
            try:
                response = self._carry_out(exchange)
            except ApiError as error:
                wait: float | None = progress.after_error(error, exchange.answer)
            else:
                wait = progress.after(response, exchange.answer)
                if wait is None:
                    return response
            self._settings.retry.sleep(cast("float", wait))

    def _carry_out(self, exchange: Exchange[ResultT]) -> ResultT:
        try:
            while True:
                exchange.begin()
                try:
                    answer = self._http.send(exchange.request, follow_redirects=False)
                except httpx.RequestError as error:
                    wait: float | None = exchange.failed(error)
                else:
                    wait = exchange.answered(answer)
                    if wait is None:
                        return exchange.result(answer)
                self._settings.retry.sleep(cast("float", wait))
        except BaseException as error:
            exchange.broken(error)
            raise

    def close(self) -> None:
        if self._owned:
            self._http.close()


class AsyncCaller(_Caller):
    """Calls operations over an `httpx.AsyncClient`: the given one, which stays its owner's, or one of its own."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient | None) -> None:
        self._http = http or _OwnAsyncClient(follow_redirects=False)
        self._owned = http is None
        super().__init__(settings, self._http)

    async def call(self, operation: Operation[ResultT], arguments: Arguments, timeout: Timeout | None = None) -> ResultT:
        """As `SyncCaller.call`."""
        return await self._carry_out(self._exchange(operation, arguments, timeout))

    async def poll(
        self, operation: Operation[ResultT], arguments: Arguments, polling: Polling, timeout: Timeout | None = None
    ) -> ResultT:
        """As `SyncCaller.poll`."""
        progress = polling.begin(self._settings.retry, _target(operation))
        while True:
            exchange = self._exchange(operation, arguments, timeout)
            exchange.attempts.until = progress.until
            try:
                response = await self._carry_out(exchange)
            except ApiError as error:
                wait: float | None = progress.after_error(error, exchange.answer)
            else:
                wait = progress.after(response, exchange.answer)
                if wait is None:
                    return response
            await self._settings.retry.async_sleep(cast("float", wait))

    async def _carry_out(self, exchange: Exchange[ResultT]) -> ResultT:
        try:
            while True:
                exchange.begin()
                try:
                    answer = await self._http.send(exchange.request, follow_redirects=False)
                except httpx.RequestError as error:
                    wait: float | None = exchange.failed(error)
                else:
                    wait = exchange.answered(answer)
                    if wait is None:
                        return exchange.result(answer)
                await self._settings.retry.async_sleep(cast("float", wait))
        except BaseException as error:
            exchange.broken(error)
            raise

    async def aclose(self) -> None:
        if self._owned:
            await self._http.aclose()


class ClientBase:
    """The base of a generated `Client`: it closes what it opened."""

    _caller: SyncCaller

    def close(self) -> None:
        """Close the connections, unless they belong to an `http` that the client was given."""
        self._caller.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()


class AsyncClientBase:
    """The base of a generated `AsyncClient`: it closes what it opened."""

    _caller: AsyncCaller

    async def aclose(self) -> None:
        """Close the connections, unless they belong to an `http` that the client was given."""
        await self._caller.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def _exchanges(hooks: Sequence[Hook], base: str) -> Callable[..., Exchange[Any]]:
    """What makes an exchange: a plain one, where nobody watches."""
    if not hooks:
        return Exchange
    from .hooks import Watched  # only who wants it pays for it

    url = httpx.URL(base)
    return partial(Watched, tuple(hooks), f"{url.scheme}://{url.netloc.decode()}")


def _target(operation: Operation[Any]) -> Target:
    return Target(operation.id, operation.method, operation.path)


def _checked(servers: Mapping[str, str], known: tuple[str, ...]) -> dict[str, str]:
    """The base URLs of operations' own servers.

    Raises:
        ValueError: no operation has such a server, or what is given for it is no base URL.
    """
    for server in servers:
        if server not in known:
            named = ", ".join(map(repr, known))
            raise ValueError(f"servers: no operation has a server {server!r} of its own; there are: {named}")
    return {server: _base_url(url) for server, url in servers.items()}


def _base_url(text: str) -> str:
    """The base URL without its last slash.

    Raises:
        ValueError: not an absolute http(s) URL, or one with user information, a query or a fragment.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise ValueError("base_url is not a URL") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("base_url must be an absolute http or https URL; of a relative server, server_url(...) makes one")
    if url.userinfo or url.query or url.fragment:
        raise ValueError("base_url must have no user information, query or fragment; credentials are given as Credentials(...)")
    return str(url).rstrip("/")
