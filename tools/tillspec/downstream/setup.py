"""What a repo is set up with: the files that are written whole, and the lines that go into files which it has already."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tillspec import __version__
from tillspec.downstream import pin as pins
from tillspec.downstream import settings as said
from tillspec.downstream.pin import Pinned
from tillspec.downstream.settings import Settings
from tillspec.downstream.templates import in_make, render
from tillspec.request import SERVERS
from tillspec.write.plan import File

CI = ("github", "gitlab", "none")
_WORKFLOW = {"github": ".github/workflows/tillspec.yml", "gitlab": ".gitlab/tillspec.yml"}
_PORT = 8000
_HOOK, _HOOKS = "tillspec generate --check", ".pre-commit-config.yaml"
_TARGETS = re.compile(r"^(generate|check|verify)\s*:(?!=)", re.MULTILINE)
_INCLUDES = re.compile(r"^-?include\s.*\btillspec\.mk\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Setup:
    """What setting a repo up comes to.

    Attributes:
        files: what would be written, and what is there.
        by_hand: of files that cannot be added to safely, the lines that belong into them.
    """

    files: tuple[File, ...]
    by_hand: dict[str, str]

    @property
    def changes(self) -> list[File]:
        return [file for file in self.files if file.before != file.after]

    @property
    def touched(self) -> list[File]:
        """What is there and would become another."""
        return [file for file in self.changes if file.before is not None]


def setup(folder: Path, settings: Settings, pin: Pinned | None, ci: str, *, rewrite: bool) -> Setup:
    """What a repo in a folder lacks.

    Args:
        folder: the repo's root.
        settings: what its `tillspec.toml` says, or is to say.
        pin: the pin to write; None leaves the one that is there.
        ci: one of `CI`.
        rewrite: whether the settings are written; else the ones that are there stay as they are.
    """
    whole = dict(_whole(settings, pin, ci, rewrite=rewrite))
    files = [File(path, _before(folder / path), text.encode()) for path, text in whole.items()]
    by_hand = {}
    for path, added in _ADDED.items():
        if path == ".gitlab-ci.yml" and ci != "gitlab":
            continue
        lines, before = render(path), _before(folder / path)
        if before is None:
            files.append(File(path, None, lines.encode()))
            continue
        after = _added(added, before, lines)
        if after is None:
            by_hand[path] = lines
        else:
            files.append(File(path, before, after.encode() if after else before))
    return Setup(tuple(sorted(files, key=lambda file: file.path)), by_hand)


def _added(added: Callable[[str, str], str | None], before: bytes, lines: str) -> str | None:
    """What a file becomes with the lines; None where it cannot be read, or a person must put them in."""
    try:
        return added(before.decode("utf-8"), lines)
    except UnicodeDecodeError:
        return None


def _before(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _whole(settings: Settings, pin: Pinned | None, ci: str, *, rewrite: bool) -> Iterator[tuple[str, str]]:
    """The files that are ours, by path."""
    shown = view(settings)
    if rewrite:
        yield said.NAME, render(said.NAME, **shown)
    if pin is not None:
        yield pins.NAME, pin.text()
    yield "tillspec.mk", render("tillspec.mk", **shown)
    if ci in _WORKFLOW:
        yield _WORKFLOW[ci], render(_WORKFLOW[ci], **shown)


def view(settings: Settings) -> dict[str, Any]:
    """What the templates are printed from."""
    extras = ["generate", *(["sandbox"] if settings.is_client else []), *(["verify"] if settings.is_server else [])]
    if settings.server == "fastapi" and settings.is_server:
        extras.append("fastapi")
    overlays = [path.as_posix() for path in settings.overlays]
    return {
        "source": settings.source,
        "overlays": overlays[0] if len(overlays) == 1 else overlays,
        "narrowing": list(settings.narrowing),
        "allowed": list(settings.allowed),
        "role": settings.role,
        "surfaces": sorted(settings.surfaces),
        "out": settings.out.as_posix(),
        "package": settings.package,
        "handlers": settings.handlers.as_posix() if settings.handlers else "",
        "server": settings.server if settings.server != SERVERS[0] else "",
        "typescript": settings.typescript,
        "url": settings.url,
        "profile": settings.profile,
        "baseline": settings.baseline,
        "is_client": settings.is_client,
        "is_server": settings.is_server,
        "is_git": settings.source.startswith("git:"),
        "python_path": in_make((settings.out / "python").as_posix()),
        "port": _port_of(settings.url),
        "app": in_make((settings.handlers or Path()).as_posix()),
        "requirement": f"'tillspec[{','.join(extras)}]=={__version__}'",
    }


def _port_of(url: str | None) -> int:
    """The port of a URL; uvicorn's own, where it names none that can be used."""
    try:
        return urlsplit(url or "").port or _PORT
    except ValueError:
        return _PORT


# -- lines in the user's own files: "" where they are there already, None where a person must put them in ---------------------


def _in_makefile(text: str, lines: str) -> str | None:
    if _INCLUDES.search(text):
        return ""
    return None if _TARGETS.search(text) else _after(text, lines)


def _in_hooks(text: str, lines: str) -> str | None:
    if _HOOK in text:
        return ""
    import yaml

    try:
        node, value = yaml.compose(text, Loader=yaml.CSafeLoader), yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    listed = _value_of(node, "repos")
    if not isinstance(listed, yaml.SequenceNode) or listed.flow_style or not listed.value:
        return None
    lines, indent = lines.partition("\n")[2], listed.start_mark.column - 2
    moved = "".join(f"{' ' * indent}{line}\n" if indent >= 0 else f"{line[-indent:]}\n" for line in lines.splitlines())
    end = _end_of(text, _last_of(listed).end_mark.index)
    made = _after(text[:end], moved) + text[end:]
    wanted = value | {"repos": [*value["repos"], *yaml.safe_load(lines)]}
    try:
        return made if yaml.safe_load(made) == wanted else None
    except yaml.YAMLError:
        return None


def _in_gitlab(text: str, lines: str) -> str | None:
    if _WORKFLOW["gitlab"] in text:
        return ""
    return None if re.search(r"^[\"']?include\b", text, re.MULTILINE) else _after(text, "\n" + lines)


_ADDED: dict[str, Callable[[str, str], str | None]] = {
    "Makefile": _in_makefile,
    _HOOKS: _in_hooks,
    ".gitlab-ci.yml": _in_gitlab,
}


def _after(text: str, lines: str) -> str:
    return text + ("\n" if text and not text.endswith("\n") else "") + lines


def _value_of(node: Any, key: str) -> Any:
    for name, value in getattr(node, "value", None) or ():
        if getattr(name, "value", None) == key:
            return value
    return None


def _last_of(node: Any) -> Any:
    """The last node that is written in one piece: what a block ends with, before comments."""
    while not getattr(node, "flow_style", True) and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def _end_of(text: str, offset: int) -> int:
    """Where the line of an offset ends."""
    end = text.find("\n", len(text[:offset].rstrip()))
    return len(text) if end < 0 else end + 1
