"""Texts of parameters that no client would write: wrong percent-encoding, wrong UTF-8, NUL, and far too long ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tillspec.verify.contract import ParameterForm
from tillspec.verify.draft import Draft, Text
from tillspec.verify.exchange import Call
from tillspec.verify.judging.readings import decodings, scalars
from tillspec.verify.message import Message
from tillspec.verify.run import Run

_ENCODED = (
    ("a percent sign alone", "%"),
    ("a percent sign before no digits", "%zz"),
    ("UTF-8 that is too long for its character", "%C0%AF"),
    ("bytes that are no UTF-8", "%FF%FE"),
    ("a lone surrogate in UTF-8", "%ED%A0%80"),
    ("NUL", "%00"),
    ("a line break", "%0D%0A"),
    ("bytes beyond ASCII", "\udcc3\udca9"),
)  # fmt: skip
"""RFC 3986, section 2.1; RFC 3629, sections 3 and 10."""
_PLAIN = (
    ("bytes beyond ASCII", "\udcc3\udca9"),
    ("bytes that are no UTF-8", "\udcff\udcfe"),
    ("a control character", "\x01"),
    ("NUL", "\x00"),
)  # fmt: skip
"""RFC 9110, section 5.5."""
_LONG = {"path": 3000, "query": 5000, "querystring": 5000, "header": 9000, "cookie": 3000}
_QUERIES = (
    "tillspec_unknown=1", "&&", "=", "=1", "a[b][c]=1&a[]=2", "__proto__[x]=1", "%", "tillspec_%FF=1", "tillspec=%00",
    "&".join(f"tillspec{number}=1" for number in range(400)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """A call with a text that is wrong; `invalid` says that nothing it may be read as is valid by the parameter's schema."""

    kind: str
    call: Call
    invalid: bool


def faulty(run: Run, form: ParameterForm, draft: Draft, text: str) -> Iterator[Fault]:
    """The calls of a draft in which a parameter's good text goes on as it should not."""
    encoded = form.location in ("path", "query", "querystring")
    longer = ("far too long a text", (text[-1:] or "a") * _LONG[form.location])
    for kind, more in (*(_ENCODED if encoded else _PLAIN), longer):
        spoiled = draft.parameter(form.location, form.name, Text(text + more))
        yield Fault(kind, _odd(run, spoiled), encoded and not _may_be_valid(run, form, text + more))
    if form.location == "query":
        none = f"{text.partition('=')[0]}="
        yield Fault("no value", _odd(run, draft.parameter(form.location, form.name, Text(none))), False)
        twice = f"{text}&{text}"
        yield Fault("two values", _odd(run, draft.parameter(form.location, form.name, Text(twice))), False)


def odd_queries(run: Run, draft: Draft) -> Iterator[Call]:
    """The calls of a draft with queries that no operation knows."""
    for query in _QUERIES:
        yield _odd(run, replace(draft, appended=query))


def _odd(run: Run, draft: Draft) -> Call:
    """A call as it stands: a server, or what is before it, may refuse it in its own way."""
    return Message.of(run.call(draft), run.wire.origin).sent()


def _may_be_valid(run: Run, form: ParameterForm, text: str) -> bool:
    value = text.partition("=")[2] if form.location == "query" else text
    found: list[Any] = [one for decoded in decodings(value) for one in scalars(decoded)]
    return any(run.contract.judge.is_valid(form.schema, one) for one in found)
