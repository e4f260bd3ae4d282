"""How to verify what a webhook brings: the recipe in words, by our own package, and by Node.js alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tillspec.docs.samples.quoting import javascript
from tillspec.docs.text import code
from tillspec.docs.words import duration
from tillspec.runtime.behavior import Signature

_NAME = re.compile(r"\{([^{}]+)\}")
_MEANINGS = {
    "timestamp": "the timestamp as it was sent", "$request.body": "the raw bytes of the body, before anything parses them",
    "$method": "the method", "$url": "the whole URL that was called", "host": "the host that was called",
    "path": "the path that was called",
    "query": "the query as it was sent", "sorted-query": "the query, its parameters sorted by name",
}  # fmt: skip
_SIMPLE = ("timestamp", "$request.body")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to verify a signature. `javascript` is empty where it would need more than the headers and the body."""

    steps: tuple[str, ...]
    python: str
    javascript: str


def recipe(operation: str, signed: Signature, package: str) -> Recipe:
    """The recipe of an operation's signature."""
    return Recipe(tuple(_steps(signed)), _python(operation, signed, package), _javascript(signed) if _is_simple(signed) else "")


def _steps(signed: Signature) -> Iterator[str]:
    header = code(signed.header)
    if signed.separator:
        begin = f"signatures are the parts that begin with {code(signed.prefix)}"
        yield f"Take the header {header} apart at {code(signed.separator)}; {begin}."
    else:
        prefix = f", after {code(signed.prefix)}" if signed.prefix else ""
        yield f"Take the signature from the header {header}{prefix}."
    stamp = signed.timestamp
    if stamp is not None:
        where = f"the header {code(stamp.header)}" if stamp.header else f"the part that begins with {code(stamp.prefix or '')}"
        unit = {"epoch-seconds": "seconds", "epoch-milliseconds": "milliseconds"}[stamp.unit]
        yield f"Take the timestamp from {where}; it is in {unit} since 1970."
    yield f"Put together what is signed: {_over(signed)}."
    key = {"text": "the secret as text", "hex": "the secret, which is hex", "base64": "the secret, which is base64"}[
        signed.key.form
    ]
    without = f", without its {code(signed.key.prefix)}" if signed.key.prefix else ""
    scheme = signed.scheme.upper().replace("-SHA", "-SHA-")
    yield f"Compute {scheme} of it with {key}{without} as the key, and write it in {signed.encoding}."
    yield "Compare the two in constant time, and refuse the delivery (401) where they differ. While a secret changes, try both."
    if stamp is not None:
        yield f"Refuse a timestamp that is more than {duration(stamp.tolerance)} off, in either direction."


def _over(signed: Signature) -> str:
    parts = []
    for number, part in enumerate(_NAME.split(signed.over)):
        if number % 2 == 0:
            parts += [code(part)] if part else []
        elif part in signed.given:
            parts.append(f"{code(part)} ({signed.given[part]})")
        elif part.startswith("$request.header."):
            parts.append(f"the header {code(part.removeprefix('$request.header.'))}")
        else:
            parts.append(_MEANINGS.get(part, code(part)))
    return ", then ".join(parts)


def _is_simple(signed: Signature) -> bool:
    names = _NAME.findall(signed.over)
    return all(name in _SIMPLE or name.startswith("$request.header.") for name in names) and not signed.given


def _python(operation: str, signed: Signature, package: str) -> str:
    needs_url = any(f"{{{name}}}" in signed.over for name in ("$url", "host", "path", "query", "sorted-query"))
    further = ", url=url" if needs_url else ""
    if signed.given:
        further += f", given={{{', '.join(f'{json.dumps(name)}: …' for name in signed.given)}}}"
    return "\n".join([
        "import os", "", f"from {package} import webhooks", "", "", f"def receive(headers, body{', url' if needs_url else ''}):",
        "    \"\"\"The status to answer; body is the raw bytes.\"\"\"", "    try:",
        f"        webhooks.verify({json.dumps(operation)}, headers, body, secrets=[os.environ[\"WEBHOOK_SECRET\"]]{further})",
        "    except webhooks.InvalidSignature:", "        return 401", "    return 200",
    ])  # fmt: skip


def _javascript(signed: Signature) -> str:
    size = {"hmac-sha1": "sha1", "hmac-sha256": "sha256", "hmac-sha512": "sha512"}[signed.scheme]
    key = "secret" if not signed.key.prefix else f'secret.replace({javascript(signed.key.prefix)}, "")'
    parts = f"whole.split({javascript(signed.separator)}).map((part) => part.trim())" if signed.separator else "[whole]"
    lines = [
        'import { createHmac, timingSafeEqual } from "node:crypto";', "",
        "// headers: names in lower case; body: a Buffer of the raw bytes",
        "export function isGenuine(headers, body, secret, now = Date.now()) {",
        f"  const whole = headers[{javascript(signed.header.lower())}] ?? \"\";",
        f"  const parts = {parts};",
    ]  # fmt: skip
    stamp = signed.timestamp
    if stamp is not None:
        prefix = javascript(stamp.prefix or "")
        found = (
            f"headers[{javascript(stamp.header.lower())}]"
            if stamp.header
            else f"parts.find((part) => part.startsWith({prefix}))?.slice({len(stamp.prefix or '')})"
        )
        unit = 1000 if stamp.unit == "epoch-seconds" else 1
        milliseconds = int(stamp.tolerance.total_seconds() * 1000)
        lines += [
            f'  const timestamp = {found} ?? "";',
            f"  if (!/^\\d+$/.test(timestamp) || Math.abs(now - timestamp * {unit}) > {milliseconds}) return false;",
        ]
    lines += [
        f"  const hmac = createHmac({javascript(size)}, {_key(signed, key)});",
        *(f"  hmac.update({part});" for part in _updates(signed)),
        f"  const expected = Buffer.from(hmac.digest({javascript(signed.encoding)}));",
        f"  return parts.filter((part) => part.startsWith({javascript(signed.prefix)})).some((part) => {{",
        f"    const given = Buffer.from(part.slice({len(signed.prefix)}));",
        "    return given.length === expected.length && timingSafeEqual(given, expected);", "  });", "}",
    ]  # fmt: skip
    return "\n".join(lines)


def _key(signed: Signature, key: str) -> str:
    return key if signed.key.form == "text" else f"Buffer.from({key}, {javascript(signed.key.form)})"


def _updates(signed: Signature) -> Iterator[str]:
    for number, part in enumerate(_NAME.split(signed.over)):
        if number % 2 == 0:
            if part:
                yield javascript(part)
        elif part == "$request.body":
            yield "body"
        elif part == "timestamp":
            yield "timestamp"
        else:
            yield f'headers[{javascript(part.removeprefix("$request.header.").lower())}] ?? ""'
