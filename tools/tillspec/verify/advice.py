"""What a person may do of whom a server accepted nothing at all: most often it is the wrong server, path or credential."""

from __future__ import annotations

from tillspec.verify.checks import Kind
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
