"""Paths that are not declared, and declared ones in other spellings (RFC 3986, section 6; RFC 9110, section 15.5.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tillspec.runtime.encoding import is_json
from tillspec.runtime.media import essence
from tillspec.runtime.paths import Template
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Call
from tillspec.verify.findings import Severity
from tillspec.verify.message import Message
from tillspec.verify.run import Run, Told, passed, statuses

_NAME = "tillspec-unknown"
_EVERYWHERE = "/paths"


async def undeclared(run: Run, target: Target, draft: Draft) -> None:
    """Ask for paths around a declared one."""
    call = replace(run.call(draft), method="GET", body=None)
    path = call.target.partition("?")[0]
    found = [("beside all others", f"/{_NAME}")] if run.targets[0] is target else []
    found += [("below a declared one", f"{path.rstrip('/')}/{_NAME}")]
    if not target.path.endswith("}"):
        found += [("that begins like a declared one", path.rstrip("/") + "-tillspec")]
    found += [("outside of all", f"{path}/../../../../../../etc/passwd"), ("outside of all", f"{path}/..%2f..%2f..%2fetc/passwd")]
    above = path.rstrip("/").rpartition("/")[0]
    found += [("above a declared one", above)] if above else []
    for kind, other in found:
        if not any(Template(one.path).values(other) is not None for one in run.contract.targets.values()):
            await _unknown(run, target, kind, replace(call, target=other))


async def _unknown(run: Run, target: Target, kind: str, call: Call) -> None:
    exchange = await run.exchange(target, Message.of(call, run.wire.origin).sent())
    answer = exchange.answer
    policy = run.profile.policy.get("unknown-paths")
    allowed = (policy,) if isinstance(policy, int) else tuple(policy or ())
    if answer.fault is not None or answer.status >= 500 or answer.status == 429:
        return
    if answer.status in allowed or (not allowed and 400 <= answer.status < 500):
        run.tell(target, passed("unknown-path"))
        return
    served = answer.succeeded and is_json(answer.media_type)  # a page for people is a matter of taste
    severity = Severity.MUST if served else Severity.SHOULD if answer.succeeded else Severity.SHOULD if allowed else Severity.INFO
    run.tell(
        target,
        Told(
            "unknown-path", f"answers a path {kind} with {answer.status}", _EVERYWHERE,
            statuses(allowed or (404,)), f"{answer.status} for {call.target}", kind, severity,
        ),
        exchange,
    )  # fmt: skip


async def spelled(run: Run, target: Target, draft: Draft) -> None:
    """Ask for a declared path in other spellings, without credentials. Serving it or not is the server's choice; serving it to
    anybody is none.
    """
    if target.anonymous:
        return
    good = run.call(draft)
    secret = {name.lower() for name, _ in run.credentials.good(target, draft.tenant).headers}
    bare = replace(draft, credentials=(("X-Tillspec", "1"),)).call()
    headers = tuple(pair for pair in bare.headers if pair[0].lower() not in secret)
    served = (await run.exchange(target, good)).answer
    if not served.succeeded:
        return
    for kind, path in _spellings(bare.target.partition("?")[0]):
        call = replace(bare, target=path, headers=headers)
        exchange = await run.exchange(target, Message.of(call, run.wire.origin).sent())
        answer = exchange.answer
        if answer.fault is not None or answer.status >= 500:
            continue
        if not answer.succeeded or essence(answer.media_type) != essence(served.media_type):
            run.tell(target, passed("credentials-required"))
            continue
        run.tell(
            target,
            Told(
                "credentials-required", f"serves a path {kind} without credentials", target.pointer,
                "it is refused, or not found", str(answer.status), kind,
            ),
            exchange,
        )  # fmt: skip


def _spellings(path: str) -> Iterator[tuple[str, str]]:
    first, _, rest = path.removeprefix("/").partition("/")
    yield "with a slash at its end", path + "/"
    yield "with two slashes at its beginning", "/" + path
    yield "with two slashes in it", f"/{first}//{rest}" if rest else f"//{first}"
    yield "with a dot segment", "/." + path
    yield "with a segment and back", f"/{_NAME}/..{path}"
    yield "with an encoded dot segment", f"/{_NAME}/%2e%2e{path}"
    yield "in other case", f"/{first.swapcase()}/{rest}" if rest else f"/{first.swapcase()}"
    yield "with an encoded letter", f"/%{ord(first[:1] or 'a'):02X}{path[2:]}"
    yield "with an encoded slash", f"/{first}%2F{rest}" if rest else f"/{first}%2F"
    yield "with a parameter at its end", path + ";tillspec=1"
    yield "with an ending", path + ".json"
    yield "with an encoded space at its end", path + "%20"
    yield "with NUL at its end", path + "%00"
