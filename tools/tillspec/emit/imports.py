"""The import lines of a generated module: those that its sources need, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MODULES = ("datetime", "uuid")
_STANDARD = {
    "Awaitable": "collections.abc", "Callable": "collections.abc", "Mapping": "collections.abc", "Sequence": "collections.abc",
    "timedelta": "datetime",
    "dataclass": "dataclasses", "field": "dataclasses", "Path": "pathlib",
    "TYPE_CHECKING": "typing", "Annotated": "typing", "Any": "typing", "ClassVar": "typing", "Literal": "typing",
    "Protocol": "typing",
}  # fmt: skip
_THIRD = {"Field": "pydantic", "StrictBool": "pydantic", "Starlette": "starlette.applications", "Router": "starlette.routing"}
_LOCAL = {
    "errors": "", "models": "", "operations": "", "responses": "",
    "ApiKey": "_runtime.credentials", "Basic": "_runtime.credentials", "Bearer": "_runtime.credentials",
    "Other": "_runtime.credentials",
    "CredentialSource": "_runtime.authorization",
    "Timeout": "_runtime.client",
    "Exchanged": "_runtime.expressions", "callback_url": "_runtime.expressions",
    "Arguments": "_runtime.outgoing", "Retry": "_runtime.retry",
    "AsyncSenderBase": "_runtime.sender", "SenderBase": "_runtime.sender", "Signed": "_runtime.sender",
    "sender_settings": "_runtime.sender",
    "Carries": "_runtime.files", "FilePart": "_runtime.files",
    "Distinct": "_runtime.formats", "Format": "_runtime.formats", "Matches": "_runtime.formats",
    "Integer": "_runtime.scalars", "JsonInteger": "_runtime.scalars", "JsonNumber": "_runtime.scalars",
    "Number": "_runtime.scalars", "OneOf": "_runtime.scalars", "OpenEnum": "_runtime.scalars",
    "UnknownValue": "_runtime.scalars", "Rfc3339Date": "_runtime.formats",
    "Rfc3339DateTime": "_runtime.formats", "Rfc3339Duration": "_runtime.formats", "Rfc9562Uuid": "_runtime.formats",
    "Blob": "_runtime.operation", "Content": "_runtime.operation", "Document": "_runtime.operation",
    "Header": "_runtime.operation", "Items": "_runtime.operation",
    "Operation": "_runtime.operation",
    "Parameter": "_runtime.operation", "Properties": "_runtime.operation", "RequestBody": "_runtime.operation",
    "Response": "_runtime.operation", "SecurityScheme": "_runtime.operation", "Text": "_runtime.operation",
    "Value": "_runtime.operation", "Wire": "_runtime.operation",
    "OperationNotImplemented": "_runtime.refusal", "Problem": "_runtime.refusal", "Refusal": "_runtime.refusal",
    "Violation": "_runtime.violations",
    "MAX_BODY": "_runtime.request", "Request": "_runtime.request",
    "InvalidDelivery": "_runtime.receiving", "Message": "_runtime.receiving", "Receiver": "_runtime.receiving",
    "Verification": "_runtime.receiving",
    "InvalidSignature": "_runtime.invalid_signature", "Tags": "_runtime.events", "UnknownEvent": "_runtime.events",
    "Binding": "_runtime.endpoint", "make_app": "_runtime.server", "make_router": "_runtime.server",
}  # fmt: skip
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_TEXT = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")


def import_lines(
    sources: Iterable[str], root: str = ".", leave: frozenset[str] = frozenset(), behavior: Iterable[str] = ()
) -> str:
    """The lines that import every known name used in `sources`; `root` is `.`, `..` or a package with its dot; names in
    `leave` are imported by somebody else. `behavior` are constants of `behavior.py` that are used.

    Sources are annotations and other expressions, not docstrings.
    """
    used = {word for source in sources for word in words(source)} - leave
    groups = (
        [f"import {name}" for name in _MODULES if name in used] + _from(_STANDARD, used, ""),
        _from(_THIRD, used, ""),
        _from(_LOCAL | dict.fromkeys(behavior, "behavior"), used, root),
    )
    return "\n\n".join("\n".join(group) for group in groups if group)


def words(source: str) -> list[str]:
    """The names in an expression, without attributes and texts."""
    return _WORD.findall(_TEXT.sub("", source))


def _from(known: dict[str, str], used: set[str], root: str) -> list[str]:
    by_module: dict[str, list[str]] = {}
    for name, module in known.items():
        if name in used:
            by_module.setdefault(module, []).append(name)
    return [
        f"from {_module(root, module)} import {', '.join(sorted(names, key=_order))}"
        for module, names in sorted(by_module.items())
    ]


def _module(root: str, module: str) -> str:
    return root + module if module or not root.strip(".") else root.rstrip(".")


def _order(name: str) -> tuple[int, str]:
    """Isort's order: constants, classes, functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name
