"""Moving a repo's pin: the contract that it was brought to, the one that it is to be brought to, and what that comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from tillspec.diagnostics import Refused, Report, printable
from tillspec.document.bundle import Bundle
from tillspec.document.overlay import overlay
from tillspec.document.whole import read_whole
from tillspec.downstream import pin as pins
from tillspec.downstream.concerns import Concern, concerns, lines, part
from tillspec.downstream.contracts import pinned
from tillspec.downstream.pin import Pinned
from tillspec.downstream.settings import Settings
from tillspec.write import lock

_WIDTH = 72


@dataclass(frozen=True, slots=True)
class Move:
    """From one pin to another.

    Attributes:
        title: the contract's.
        old: the pin that there is, if any.
        new: the pin that is to be.
        concerns: what changed of the repo's surfaces; None where the old contract cannot be found any more.
        elsewhere: how many changes there are of other surfaces.
    """

    title: str
    old: Pinned | None
    new: Pinned
    concerns: list[Concern] | None
    elsewhere: int = 0

    @property
    def breaking(self) -> list[Concern]:
        return [one for one in self.concerns or () if one.breaks]

    @property
    def other(self) -> list[Concern]:
        return [one for one in self.concerns or () if not one.breaks]


def move(settings: Settings, old: Pinned | None, new: Pinned, whole: Bundle) -> Move:
    """What it comes to for a repo to be brought from a pin to the contract `whole`, whose pin is `new`.

    Raises:
        Refused: an overlay cannot be applied to it.
    """
    info = whole.value.get("info")
    title = pins.line(str(info.get("title", ""))) if isinstance(info, dict) else ""
    known = _old(settings, old) if old is not None else None
    if known is None:
        return Move(title, old, new, None)
    before, is_part = known
    after = adapted(settings, whole)
    mine = concerns(before if is_part else part(before, settings.surfaces), part(after, settings.surfaces), settings.role)
    all_of_it = len(mine) if is_part or not settings.surfaces else len(concerns(before, after, settings.role))
    return Move(title, old, new, mine, max(all_of_it - len(mine), 0))


def _old(settings: Settings, old: Pinned) -> tuple[Bundle, bool] | None:
    """The contract that is pinned, overlays applied, and whether it is the repo's part of it alone; None where it is not found.

    The package keeps its releases, and git its commits. A file is as it is now; but what was generated from it still tells.
    """
    try:
        with pinned(old.source, old, settings.allowed) as opened:
            found = read_whole(opened.root, settings.allowed, Report())
        if pins.digest_of(found) == old.digest:
            return adapted(settings, found), False
    except Refused:
        pass  # it may well be gone, or no longer fit the overlay
    made = settings.out / "openapi.json"
    try:
        written = lock.parse((settings.out / lock.NAME).read_text(encoding="utf-8"))
        if written.configuration.get("pin") == old.digest and written.outputs.get(made.name) == lock.digest(made.read_bytes()):
            return read_whole(made, (), Report()), True
    except (OSError, ValueError, Refused):
        pass
    return None


def adapted(settings: Settings, whole: Bundle) -> Bundle:
    """A contract with the repo's overlays.

    Raises:
        Refused: one of them cannot be applied.
    """
    report = Report()
    made = overlay(whole, settings.overlays, report)
    report.stop_on_error()
    return made


def told(move: Move, settings: Settings) -> Iterator[tuple[str, str]]:
    """The change list for people, 80 columns wide: each line with what it is (`head`, `breaks` or ``)."""
    before = move.old.version if move.old else "nothing"
    yield "head", printable(f"{move.title or 'The contract'}: {before} -> {move.new.version}")
    if move.concerns is None:
        yield (
            "",
            "  What changed cannot be told: the contract that was pinned is not there any more." if move.old else "  Pinned now.",
        )
        return
    who = settings.role if settings.role != "both" else "client and server"
    of = f" of {', '.join(sorted(settings.surfaces))}" if settings.surfaces else ""
    yield "", ""
    if move.breaking:
        yield "breaks", printable(f"Breaks this repo, a {who}{of}:")
        yield from (("", line) for line in lines(one.change for one in move.breaking))
    else:
        yield "head", printable(f"Nothing breaks this repo, a {who}{of}.")
    if move.other:
        yield "head", "Other changes:"
        yield from (("", line) for line in lines(one.change for one in move.other))
    if move.elsewhere:
        yield "", f"{move.elsewhere} more change{'s' * (move.elsewhere != 1)} in other surfaces."


def message(move: Move, settings: Settings) -> str:
    """A commit message that is ready to be used."""
    before = f" from {move.old.version}" if move.old and move.old.version != move.new.version else ""
    parts = [printable(f"Move the contract{before} to {move.new.version}")[:_WIDTH]]
    parts.append(fill(printable(f"{move.title}, sha256 {move.new.digest}"), _WIDTH, break_long_words=False))
    parts.append("\n".join(text for _, text in list(told(move, settings))[1:]).strip())
    return "\n\n".join(parts) + "\n"


def message_file(folder: Path) -> Path:
    """Where the message goes: into git's own folder, so that it is not committed itself; without one, beside the settings."""
    for above in (folder.resolve(), *folder.resolve().parents):
        if (above / ".git").is_dir():
            return above / ".git" / "TILLSPEC_UPGRADE"
    return folder / "tillspec-upgrade.txt"
