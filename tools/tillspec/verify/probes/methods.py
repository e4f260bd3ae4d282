"""Methods and paths that are not declared, HEAD, OPTIONS and TRACE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Call, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, statuses
from tillspec.verify.world import Unavailable, World

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_REFUSALS = (401, 403, 404, 405, 501)
_UNCOMPARED = {
    "date", "content-length", "transfer-encoding", "connection", "keep-alive", "server", "age", "etag", "vary",
    "content-encoding",
}  # fmt: skip


async def methods(run: Run, world: World, target: Target) -> None:
    """Use a path otherwise than declared; once for each path."""
    same = [other for other in run.contract.targets.values() if other.path == target.path]
    if same[0] is not target:
        return
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.METHODS, standing.reason, standing.fill)
        return
    call = _call(run, standing.draft)
    declared = {other.method for other in same}
    reached = _other_templates(run, target, call)
    for method in _METHODS:
        if method not in declared | reached:
            await _undeclared(run, target, replace(call, method=method, body=None), declared)
    await _undeclared(run, target, replace(call, method="TILLSPEC", body=None), declared)
    await _trace(run, target, call)
    await _options(run, target, call, declared | reached)
    if "GET" in declared and target.method == "GET":
        await _head(run, target, call)
    await _paths(run, target, call)


def _call(run: Run, draft: Draft) -> Call:
    placed = run.credentials.good(draft.target, draft.tenant)
    call = replace(draft, credentials=placed.headers, query=(*draft.query, *placed.query)).call()
    headers = tuple(pair for pair in call.headers if pair[0].lower() != "content-type")
    return replace(call, headers=headers)


def _other_templates(run: Run, target: Target, call: Call) -> set[str]:
    """The methods of other path templates that the same path matches."""
    import re

    path = call.target.partition("?")[0]
    found = set()
    for other in run.contract.targets.values():
        pattern = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^{}]+\})", other.path))
        if other.path != target.path and re.fullmatch(pattern, path):
            found.add(other.method)
    return found


async def _undeclared(run: Run, target: Target, call: Call, declared: set[str]) -> None:
    exchange = await run.exchange(target, call)
    answer = exchange.answer
    if answer.fault is not None or (answer.status >= 500 and answer.status != 501):
        return
    if answer.succeeded:
        told = Told("method-refused", f"{call.method}, which is not declared, succeeds", target.pointer.rpartition("/")[0],
                    statuses(_REFUSALS), str(answer.status), call.method)  # fmt: skip
        run.tell(target, told, exchange)
        return
    run.tell(target, Told("method-refused"))
    if answer.status == 405:
        _allow(run, target, exchange, declared, "a 405")


def _allow(run: Run, target: Target, exchange: Exchange, declared: set[str], what: str) -> None:
    """What `Allow` says is what there is."""
    pointer, text = target.pointer.rpartition("/")[0], exchange.answer.header("allow")
    if text is None:
        if exchange.answer.status == 405:
            told = Told("allow-header", f"{what} has no Allow", pointer, f"Allow: {', '.join(sorted(declared))}", "not there")
            run.tell(target, told, exchange)
        return
    allowed = {part.strip().upper() for part in text.split(",") if part.strip()}
    missing, further = declared - allowed, allowed & set(_METHODS) - declared
    if not missing and not further:
        run.tell(target, Told("allow-header"))
        return
    told = Told("allow-header", f"Allow of {what} is not what there is", pointer, ", ".join(sorted(declared)), text,
                severity=Severity.SHOULD)  # fmt: skip
    run.tell(target, told, exchange)


async def _trace(run: Run, target: Target, call: Call) -> None:
    exchange = await run.exchange(target, replace(call, method="TRACE", body=None))
    if exchange.answer.succeeded:
        told = Told("no-trace", "TRACE is served", target.pointer.rpartition("/")[0], "405 or 501", str(exchange.answer.status))
        run.tell(target, told, exchange)
    elif exchange.answer.fault is None:
        run.tell(target, Told("no-trace"))


async def _options(run: Run, target: Target, call: Call, declared: set[str]) -> None:
    exchange = await run.exchange(target, replace(call, method="OPTIONS", body=None))
    answer = exchange.answer
    if answer.fault is not None or answer.status >= 500:
        return
    run.tell(target, Told("options-allowed"))
    if answer.succeeded:
        _allow(run, target, exchange, declared, "OPTIONS")


async def _head(run: Run, target: Target, call: Call) -> None:
    """HEAD answers as GET does, without the body; or is refused as a method."""
    got, head = await run.exchange(target, call), await run.exchange(target, replace(call, method="HEAD"))
    one, other = got.answer, head.answer
    if one.fault is not None or other.fault is not None or other.status >= 500 or other.status in (404, 405, 501):
        return
    if one.status != other.status:
        told = Told(
            "head-like-get", "HEAD has another status than GET", target.pointer, str(one.status), str(other.status), "status"
        )
        run.tell(target, told, got, head)
        return
    missing = {name.lower() for name, _ in one.headers} - {name.lower() for name, _ in other.headers} - _UNCOMPARED
    missing = {name for name in missing if name != "content-type" or other.header("content-type") is None}
    if missing:
        told = Told("head-like-get", "HEAD lacks headers that GET has", target.pointer, ", ".join(sorted(missing)), "not there",
                    "headers", Severity.INFO)  # fmt: skip
        run.tell(target, told, got, head)
    else:
        run.tell(target, Told("head-like-get"))


async def _paths(run: Run, target: Target, call: Call) -> None:
    """Paths beside the declared one."""
    given = run.profile.policy.get("unknown-paths", (404,))
    wanted = {*(given if isinstance(given, list | tuple) else [given]), 400, 404, 405, 410}
    for what, path in _beside(call.target.partition("?")[0]):
        if _other_templates(run, target, replace(call, target=path)):
            continue
        exchange = await run.exchange(None, replace(call, target=path, method="GET", body=None))
        answer = exchange.answer
        if answer.fault is not None:
            continue
        if answer.status >= 500:
            told = Told("unknown-path", f"{what} makes the server fail", target.pointer.rpartition("/")[0], "404",
                        str(answer.status), what)  # fmt: skip
            run.tell(target, told, exchange)
        elif answer.succeeded and answer.body and "json" in answer.media_type:
            told = Told("unknown-path", f"{what} is served", target.pointer.rpartition("/")[0], statuses(wanted),
                        str(answer.status), what, Severity.SHOULD)  # fmt: skip
            run.tell(target, told, exchange)
        else:
            run.tell(target, Told("unknown-path"))


def _beside(path: str) -> Iterator[tuple[str, str]]:
    yield "a path below the declared one", f"{path}/tillspec-verify-asks"
    yield "a path with another end", f"{path}tillspec"
    yield "a path with dot segments", f"{path}/../../../../etc/passwd"
    yield "a path with an encoded slash", f"{path}%2Ftillspec"
