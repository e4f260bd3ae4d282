"""The pages that say of each rule what it finds, why, and what to do."""

from __future__ import annotations

from pathlib import Path

from tillspec.diagnostics import CODES

_PAGES = Path(__file__).with_name("pages")


def page(code: str) -> str:
    """The page of a code; of one that is told while a document is read, what the table says.

    Raises:
        KeyError: there is no such code.
    """
    file = _PAGES / f"{code}.md"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    known = CODES[code]
    return (
        f"# {code} ({known.severity})\n\n{known.summary}\n\nIt is told where it occurs, with a hint, and cannot be suppressed.\n"
    )


def summaries() -> list[str]:
    """A line for each code."""
    width = max(map(len, CODES))
    return [f"{code:{width}}  {known.severity:7}  {known.summary}" for code, known in CODES.items()]
