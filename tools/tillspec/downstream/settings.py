"""`tillspec.toml`: how a repo uses its contract. Whatever is wrong in it is told with its line and column."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, NoReturn

from tillspec import toml
from tillspec.diagnostics import Refused, Report
from tillspec.request import PARTS, ROLES, SERVERS
from tillspec.source import Mark, Position, Source

NAME = "tillspec.toml"
PACKAGED = "tillspec"
"""The source that is the contract of the installed package."""

KNOWN: dict[str, tuple[str, ...]] = {
    "contract": ("source", "overlay", "allow-narrowing", "allow"),
    "generate": ("role", "surfaces", "out", "package", "server", "handlers", "typescript"),
    "verify": ("url", "profile", "baseline"),
}
"""The tables of the file, and the keys of each."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a repo's `tillspec.toml` says.

    Attributes:
        source: the contract: `tillspec`, a path, or `git:REF:path`.
        overlays: the repo's own changes to it, in order.
        narrowing: ids of rules, or fingerprints of changes, by which an overlay may narrow the contract.
        allowed: what references of the contract may lead to outside its folder.
        role: one of `ROLES`: what the repo is to the contract.
        surfaces: the surfaces that it uses; empty for all.
        out: the folder of what is generated.
        package: the import name of the generated package.
        server: one of `SERVERS`.
        handlers: where its own handlers are scaffolded, if at all.
        typescript: whether TypeScript's declarations are generated as well, or "only" they.
        url: where `tillspec verify` finds the repo's server; `profile` and `baseline` are that command's files.
    """

    source: str = PACKAGED
    overlays: tuple[Path, ...] = ()
    narrowing: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    role: str = "both"
    surfaces: frozenset[str] = frozenset()
    out: Path = Path("generated")
    package: str = "checkout_api"
    server: str = SERVERS[0]
    handlers: Path | None = None
    typescript: bool | Literal["only"] = False
    url: str | None = None
    profile: Path | None = None
    baseline: Path | None = None

    @property
    def only(self) -> frozenset[str]:
        """The outputs that the repo has use for."""
        python = frozenset() if self.typescript == "only" else frozenset(PARTS[self.role])
        return frozenset({"bundle"}) | python | ({"typescript"} if self.typescript else set())

    @property
    def is_server(self) -> bool:
        return self.role != "client"

    @property
    def is_client(self) -> bool:
        return self.role != "server"


def read(path: Path = Path(NAME)) -> Settings:
    """The settings in a file.

    Raises:
        Refused: it cannot be read, is no TOML, or says what is not known.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        report = Report()
        report.error("settings", f"{path} cannot be read: {getattr(error, 'strerror', None) or error}", hint="run: tillspec init")
        raise Refused(report.items) from None
    return parse(text, str(path))


def parse(text: str, name: str = NAME) -> Settings:
    """The settings in a text; `name` is how its file is shown.

    Raises:
        Refused: it is no TOML, or says what is not known.
    """
    return _Reader(Source(name, name, text)).settings()


@dataclass(frozen=True, slots=True)
class _Reader:
    source: Source

    def settings(self) -> Settings:
        value = self._value()
        for table, given in value.items():
            self._check_known(table, "", KNOWN)
            if not isinstance(given, dict):
                self._refuse(f"{table} is no table", f"write [{table}] on a line of its own", "", table)
            for key in given:
                self._check_known(key, table, KNOWN[table])
        said = {**self._contract(value), **self._generate(value), **self._verify(value)}
        made = Settings(**{name: found for name, found in said.items() if found is not None})
        if not made.is_server:
            for key in ("server", "handlers"):
                if key in value.get("generate", {}):
                    self._refuse(f"{key} is for a server, and role is client", 'say role = "both", or remove it', "generate", key)
        return made

    def _value(self) -> dict[str, Any]:
        try:
            return toml.read(self.source.text)
        except toml.Mistake as error:
            hint = "solve the merge conflict" if "<<<<<<<" in self.source.text else error.hint
            report = Report()
            report.error("settings", str(error), Mark(self.source, Position(error.line or 1, error.column or 1)), hint)
            raise Refused(report.items) from None

    def _contract(self, value: Mapping[str, Any]) -> dict[str, Any]:
        overlays = self._texts(value, "contract", "overlay", 'overlay = "overlay.yaml"', single=True)
        return {
            "source": self._text(value, "contract", "source", 'source = "tillspec"'),
            "overlays": tuple(map(Path, overlays)),
            "narrowing": self._texts(value, "contract", "allow-narrowing", 'allow-narrowing = ["the id that was told"]'),
            "allowed": self._texts(value, "contract", "allow", 'allow = ["../common"]'),
        }

    def _generate(self, value: Mapping[str, Any]) -> dict[str, Any]:
        typescript = value.get("generate", {}).get("typescript", False)
        if not isinstance(typescript, bool) and typescript != "only":
            hint = 'typescript = true; or "only", for no Python beside it'
            self._refuse('typescript is neither true nor false nor "only"', hint, "generate", "typescript")
        return {
            "role": self._choice(value, "generate", "role", ROLES),
            "surfaces": frozenset(self._texts(value, "generate", "surfaces", 'surfaces = ["vinr"]')),
            "out": self._path(value, "generate", "out", "generated"),
            "package": self._text(value, "generate", "package", 'package = "shop_api"'),
            "server": self._choice(value, "generate", "server", SERVERS),
            "handlers": self._path(value, "generate", "handlers", "server"),
            "typescript": typescript,
        }

    def _verify(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "url": self._text(value, "verify", "url", 'url = "http://127.0.0.1:8000"'),
            "profile": self._path(value, "verify", "profile", "verify.toml"),
            "baseline": self._path(value, "verify", "baseline", "known.toml"),
        }

    # -- values ------------------------------------------------------------------------------------------------------------

    def _text(self, value: Mapping[str, Any], table: str, key: str, example: str) -> str | None:
        found = value.get(table, {}).get(key)
        if found is not None and (not isinstance(found, str) or not found.strip() or not found.isprintable()):
            self._refuse(f"{key} is no text", example, table, key)
        return found

    def _path(self, value: Mapping[str, Any], table: str, key: str, example: str) -> Path | None:
        found = self._text(value, table, key, f'{key} = "{example}"')
        return Path(found) if found is not None else None

    def _texts(self, value: Mapping[str, Any], table: str, key: str, example: str, *, single: bool = False) -> tuple[str, ...]:
        found = value.get(table, {}).get(key, [])
        if single and isinstance(found, str):
            found = [found]
        if not isinstance(found, list) or not all(isinstance(one, str) and one.strip() and one.isprintable() for one in found):
            self._refuse(f"{key} is no list of texts", example, table, key)
        return tuple(found)

    def _choice(self, value: Mapping[str, Any], table: str, key: str, choices: tuple[str, ...]) -> str | None:
        found = self._text(value, table, key, f'{key} = "{choices[0]}"')
        if found is not None and found not in choices:
            close = get_close_matches(found, choices, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(choices)}"
            self._refuse(f"{key} is {found!r}, which is not known", hint, table, key)
        return found

    def _check_known(self, key: str, table: str, known: Collection[str]) -> None:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            where = f"[{table}] has" if table else "there is"
            self._refuse(f"{where} {key!r}, which is not known", hint, table, key)

    def _refuse(self, message: str, hint: str, table: str, key: str) -> NoReturn:
        report = Report()
        report.error("settings", message, Mark(self.source, _position(self.source.text, table, key)), hint)
        raise Refused(report.items)


def _position(text: str, table: str, key: str) -> Position:
    """Where a key, or the header of a table, stands in TOML; the begin of the file where it is written in another way."""
    name, here = rf'["\']?{re.escape(key)}["\']?', ""
    for number, line in enumerate(text.split("\n"), 1):
        header = re.match(r"\s*\[+\s*([^\]]*?)\s*\]+", line)
        here = header[1].strip("\"'") if header else here
        if header and not table and here.partition(".")[0].strip("\"' ") == key:
            return Position(number, header.start(1) + 1)
        prefix = rf"{re.escape(table)}\s*\.\s*" if table and here != table else ""
        found = None if header else re.match(rf"\s*({prefix}{name})\s*[=.]", line)
        if found and here in (table, ""):
            return Position(number, found.start(1) + 1)
    return Position(1, 1)
