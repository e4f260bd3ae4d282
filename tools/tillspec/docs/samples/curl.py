"""A request as a curl line for a POSIX shell."""

from __future__ import annotations

from tillspec.docs.samples.quoting import shell, shell_around, shell_with
from tillspec.docs.samples.request import Basic, Environment, Fresh, Header, Sample, Upload

_FRESH = "$(od -An -N16 -tx1 /dev/urandom | tr -d ' \\n')"


def curl(sample: Sample) -> str:
    """The request for curl."""
    method = sample.operation.method
    address = shell_around(f"${{API_URL:-{sample.server}}}", sample.target)
    mark = "&" if "?" in sample.target else "?"
    for name, key in sample.query_keys:
        address += f'{shell(f"{mark}{name}=")}"${key.name}"'
        mark = "&"
    head = (
        f"curl --head {address}"
        if method == "HEAD"
        else f"curl --request {shell(method) if not method.isalpha() else method} {address}"
    )
    parts = [head, *(_header(header) for header in sample.headers)]
    payload = sample.payload
    if payload is not None:
        parts += map(_upload, payload.parts) if payload.kind == "multipart" else [f"--data-raw {shell(payload.text)}"]
    return " \\\n  ".join(parts)


def _header(header: Header) -> str:
    match header.value:
        case Environment(name=name):
            return f"--header {shell_with(f'{header.name}: {header.before}', f'${name}')}"
        case Basic(user=user, password=password):
            return f'--user "${user}:${password}"'
        case Fresh():
            return f"--header {shell_with(f'{header.name}: ', _FRESH)}"
        case text:
            return f"--header {shell(f'{header.name}: {text}')}"


def _upload(part: Upload) -> str:
    if part.file is None:
        return f"--form-string {shell(f'{part.name}={part.value}')}"
    return f"--form {shell(f'{part.name}=@{part.file}')}"
