"""A finding as lines for a shell: curl with every request, quoted so that nothing in it is ever run."""

from __future__ import annotations

import base64
import gzip
import re
import shlex
from collections.abc import Iterator
from urllib.parse import urlsplit

from tillspec.verify.reports.recipe import LARGE, Encoded, Pieces, Recipe, Step
from tillspec.verify.reports.secrets import Origin, Part, Spelling

_WIDE = 100
_SAFE = re.compile(r'[^"$\\`!\n]*')
_FILTERS = {
    Spelling.URL: """python3 -c 'import sys, urllib.parse as u; print(u.quote(sys.stdin.read(), safe=""), end="")'""",
    Spelling.BASE64: "base64 | tr -d '\\n'",
    Spelling.UPPER: "tr a-z A-Z",
    Spelling.LOWER: "tr A-Z a-z",
    Spelling.SWAPPED: "tr a-zA-Z A-Za-z",
}
_SENT = (
    "import socket, sys; s = socket.create_connection({address}, 5); s.sendall(sys.stdin.buffer.read()); "
    "sys.stdout.buffer.write(s.recv(65536))"
)
_NEW = "$(python3 -c 'import uuid; print(uuid.uuid4())')"


def curl(recipe: Recipe) -> str:
    """The lines that show a finding again. Numbered where there are several; variables hold secrets, and what an answer gave."""
    lines = [f"# {name}: {note}" for name, note in recipe.notes.items()]
    lines += [f"{name}={_NEW}" for name in recipe.variables(Origin.FRESH)]
    several = len(recipe.steps) > 1
    first_at_once = len(recipe.steps) - recipe.at_once if recipe.at_once > 1 else len(recipe.steps)
    for number, step in enumerate(recipe.steps, 1):
        lines += [f"# {number}. {_title(step)}"] if several else []
        lines.append(_line(recipe.url, step) + (" &" if number > first_at_once else ""))
        for capture in step.captures:
            shown = "'…'" if capture.is_secret else shlex.quote(_plain(capture.value))
            lines.append(f"{capture.name}={shown}  # put in what the answer to {number} has at {_plain(capture.pointer)}")
    return "\n".join([*lines, *(["wait"] if recipe.at_once > 1 else [])])


def _title(step: Step) -> str:
    outcome = step.answer.fault or f"answers {step.answer.status}"
    return _plain(f"{step.call.operation or 'a control call'} {outcome}")


def _plain(text: str) -> str:
    """A text on one line, without what a terminal would obey."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _line(url: str, step: Step) -> str:
    if step.raw is not None:
        return _raw(url, *step.raw)
    words = ["curl -i", *_method(step), word((url, *step.target))]
    if re.search(r"[\[\]{}]", step.call.target):
        words.append("--globoff")
    if re.search(r"/\.\.?(/|$|\?)", step.call.target):
        words.append("--path-as-is")
    words += _headers(step)
    before = ""
    if isinstance(step.body, bytes):
        before = _bytes(step.body) + " | "
        words.append("--data-binary @-")
    elif step.body is not None:
        words.append(f"--data-raw {word(step.body)}")
    one = before + " ".join(words)
    return one if len(one) <= _WIDE and "\n" not in one else before + " \\\n  ".join([" ".join(words[:2]), *words[2:]])


def _method(step: Step) -> Iterator[str]:
    usual = "POST" if step.body is not None else "GET"
    if step.call.method == "HEAD":
        yield "--head"
    elif step.call.method != usual:
        yield f"-X {shlex.quote(step.call.method)}"


def _headers(step: Step) -> Iterator[str]:
    names = {name.lower() for name, _ in step.headers}
    for name, value in step.headers:
        if len(value) == 2 and value[0] == "Basic " and isinstance(value[1], Encoded) and value[1].is_user:
            yield f"--user {word(value[1].parts)}"
        elif value:
            yield f"-H {word((f'{name}: ', *value))}"
        else:
            yield f"-H {shlex.quote(f'{name};')}"
    if step.body is not None and "content-type" not in names:
        yield "-H 'Content-Type:'"
    if "content-length" in names:
        yield "--max-time 10"
    elif step.body is not None and len(step.call.body or b"") > 1_000_000:
        yield "-H 'Expect:'"


# -- words of a shell ----------------------------------------------------------------------------------------------------


def word(parts: Pieces) -> str:
    """Pieces as one word of a POSIX shell: what is literal stays so, whatever it is."""
    if all(isinstance(part, str) for part in parts):
        return _literal("".join(map(str, parts)))
    if all(_SAFE.fullmatch(part) and part.isprintable() for part in parts if isinstance(part, str)):
        following = [*parts[1:], ""]
        return '"' + "".join(_expanded(part, after) for part, after in zip(parts, following, strict=True)) + '"'
    return "".join(_literal(part) if isinstance(part, str) else f'"{_expanded(part, "")}"' for part in parts)


def _literal(text: str) -> str:
    """A text that stays as it is; what does not print, and could be obeyed by a terminal, is spelled out."""
    if all(char.isprintable() or char == "\n" for char in text):
        return shlex.quote(text)
    return f'"$(printf {shlex.quote(_octal(text.encode("utf-8", "surrogateescape")))})"'


def _expanded(part: Part | Encoded, after: Part | Encoded) -> str:
    """A piece between double quotes."""
    if isinstance(part, str):
        return part
    if isinstance(part, Encoded):
        return f"$(printf %s {word(part.parts)} | base64 | tr -d '\\n')"
    filters = [_FILTERS[part.spelling]] if part.spelling in _FILTERS else []
    if part.start is not None:
        filters.append(f"cut -c {part.start + 1}-{part.end}")
    if filters:
        return f'$(printf %s "${part.name}" | {" | ".join(filters)})'
    braces = isinstance(after, str) and re.match(r"\w", after)
    return f"${{{part.name}}}" if braces else f"${part.name}"


# -- bytes ---------------------------------------------------------------------------------------------------------------


def _bytes(data: bytes) -> str:
    """A command that prints bytes; many of them packed."""
    if len(data) > LARGE:
        packed = base64.b64encode(gzip.compress(data, mtime=0)).decode()
        return f"printf %s {packed} | base64 -d | gunzip"
    return f"printf {shlex.quote(_octal(data))}"


def _octal(data: bytes) -> str:
    """Bytes as the format of printf; a hyphen in front would begin an option."""
    made = [] if data[:1] != b"-" else ["\\055"]
    for byte in data.removeprefix(b"-"):
        char = chr(byte)
        escape = {"\\": "\\\\", "%": "%%", "\r": "\\r", "\n": "\\n"}.get(char)
        made.append(escape or (char if char.isascii() and char.isprintable() else f"\\{byte:03o}"))
    return "".join(made)


def _raw(url: str, head: Pieces, body: bytes) -> str:
    """A message that no client would write, on a connection of its own."""
    origin = urlsplit(url)
    port = origin.port or (443 if origin.scheme == "https" else 80)
    text = "".join(_octal(part.encode("latin-1")) if isinstance(part, str) else "%s" for part in head)
    values = "".join(f" {word((part,))}" for part in head if not isinstance(part, str))
    small = len(body) <= LARGE
    command = f"printf {shlex.quote(text + (_octal(body) if small else ''))}{values}"
    if not small:
        command = f"{{ {command}; {_bytes(body)}; }}"
    if origin.scheme == "https":
        return f"{command} | openssl s_client -quiet -connect {shlex.quote(f'{origin.hostname}:{port}')}"
    return f"{command} | python3 -c {shlex.quote(_SENT.format(address=(origin.hostname, port)))}"
