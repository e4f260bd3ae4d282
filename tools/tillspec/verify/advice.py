"""What a person may have got wrong: the server, the path or the credentials, and names in the profile."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.api.model import Api
from tillspec.verify.checks import Kind
from tillspec.verify.profile import Profile
from tillspec.verify.run import Run

_MOST = 0.6
_NOT_ANSWERED = 0


def advice(run: Run) -> str | None:
    """What most answers have in common where no request was accepted, and what to look at; None where there is no such thing."""
    total = sum(run.statuses.values())
    if not total or any(number for (_, kind), number in run.ledger.passed.items() if kind is Kind.ACCEPTS):
        return None
    ((status, number),) = run.statuses.most_common(1)
    if number < _MOST * total:
        return None
    origin, told = run.wire.origin, f"{number} of {total} requests with {status}"
    if status == _NOT_ANSWERED:
        return f"{origin} gave no whole answer to {number} of {total} requests: look whether an HTTP server is at that port"
    if 300 <= status < 400:
        leads = f" to {run.redirected}" if run.redirected else ""
        return f"{origin} answers {told}{leads}, and nothing is sent elsewhere: give --url the place where the API itself is"
    if status in (401, 403):
        return f"{origin} answers {told}: look whether the credentials of the profile are the server's"
    if status == 404:
        return f"{origin} answers {told}: look whether the API is below another path than --url has"
    return None


def unknown_names(profile: Profile, api: Api) -> Iterator[str]:
    """What of a profile is used for nothing, since the contract has nothing of that name; in words."""
    schemes, operations = api.security_schemes.keys(), {one.id for one in api.operations}
    for tenant in profile.tenants:
        groups = (("credentials", tenant.credentials), ("limited", tenant.limited), ("expired", tenant.expired))
        for group, given in groups:
            for name in given.keys() - schemes:
                there = ", ".join(schemes) or "none"
                yield f"tenants.{tenant.name}.{group}.{name} names no security scheme of the contract; there are {there}"
        for name in tenant.bodies.keys() - operations:
            yield f"tenants.{tenant.name}.bodies.{name} names no operation of the contract"
