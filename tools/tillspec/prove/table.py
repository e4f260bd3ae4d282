"""A result as text for people: the table, which is 80 columns wide, what is wrong, and what was left out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tillspec.diagnostics import printable
from tillspec.prove.report import Failure, Result, Tally

_HEADS = (
    ("", "", "", "came back", "refused", "structural", "format"),
    ("", "valid", "accepted", "the same", "by a rule", "let through", "let through"),
)
_WIDTHS = (18, 8, 9, 10, 10, 13, 12)
_ROWS = {"components": "component", "request bodies": "request", "response bodies": "response"}
_MOST_FAILURES = 40
_MOST_SHOWN = 300
_SAYS = {
    "refused": "refuses what is valid",
    "changed": "gives back something else",
    "accepted": "accepts what is not valid",
    "crashed": "raises",
    "missing": "is missing",
    "refused leniently": "refuses an answer that is valid",
    "stub refused": "the stub refuses what is valid",
    "stub accepted": "the stub accepts what is not valid",
    "stub crashed": "the stub does not answer",
}


def table(result: Result) -> Iterator[str]:
    """The counts: valid instances with what became of them, and mutants of two families that were let through, of how many."""
    yield from map(_row, _HEADS)
    for title, kind in _ROWS.items():
        proofs = [proof for proof in result.proofs if proof.subject.kind == kind]
        tally = Tally()
        for proof in proofs:
            tally += proof.tally
        yield _row((f"{len(proofs)} {title}", *_cells(tally)))
    yield _row(("all", *_cells(result.total)))
    total = result.total
    if total.stub:
        yield f"the stub, of {total.stub:,} bodies sent: {total.stub_wrong:,} judged wrongly"


def _row(cells: Iterable[str]) -> str:
    first, *rest = zip(cells, _WIDTHS, strict=True)
    return (first[0].ljust(first[1]) + "".join(text.rjust(width) for text, width in rest)).rstrip()


def _cells(tally: Tally) -> Iterator[str]:
    yield f"{tally.valid:,}"
    yield percent(tally.accepted, tally.valid)
    yield percent(tally.round_tripped, tally.valid)
    yield f"{tally.refused_by_rule:,}"
    yield f"{tally.structural_accepted:,} of {tally.structural:,}"
    yield f"{tally.format_accepted:,} of {tally.format:,}"


def percent(part: int, whole: int) -> str:
    """A share, rounded down: 100 % is all of it."""
    if not whole:
        return "-"
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100} %" if hundredths % 100 == 0 else f"{hundredths / 100:.2f} %"


def failures(result: Result) -> Iterator[str]:
    """What is wrong, by keyword of the contract: how it shows, the smallest instance of all, and what was said of it."""
    found: dict[tuple[str, str], list[Failure]] = {}
    for failure in result.failures:
        found.setdefault((failure.check, failure.pointer), []).append(failure)
    for (check, pointer), same in list(found.items())[:_MOST_FAILURES]:
        smallest = min(same, key=lambda failure: len(json.dumps(failure.instance, ensure_ascii=False)))
        kinds = list(dict.fromkeys(failure.kind for failure in (smallest, *same)))
        names = list(dict.fromkeys(failure.subject for failure in (smallest, *same)))
        yield printable(f"#{pointer}")
        yield printable(
            f"  {_SAYS[check]}: {_and_more(names)} ({_and_more(kinds)}; {sum(one.count for one in same):,} instances)"
        )
        yield printable(f"  such as {_short(json.dumps(smallest.instance, ensure_ascii=False))}")
        yield printable(f"  {_short(smallest.said)}")
    if len(found) > _MOST_FAILURES:
        yield f"and {len(found) - _MOST_FAILURES:,} more; --json writes them all"


def _and_more(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{texts[0]}, and {len(texts) - 1} more"


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} …"


def left_out(result: Result) -> Iterator[str]:
    """What the proof does not speak of."""
    cut = [proof for proof in result.proofs if proof.cut]
    if cut:
        places = sum(proof.cut for proof in cut)
        yield f"left out: further edits of {places:,} keywords in {len(cut):,} schemas, beyond --most {result.most:,} each"
    crowded = sum(proof.branches_left for proof in result.proofs)
    if crowded:
        yield f"left out: {crowded:,} branches, for which there was no instance of their own"
    unmade = [proof.subject.name for proof in result.proofs if proof.unmade]
    if unmade:
        yield printable(f"no valid instance was found, so mutants alone: {', '.join(unmade)}")
    if result.untyped:
        yield f"not proved: {result.untyped:,} bodies that are no JSON: texts, bytes and parts"
    if result.bodies_left:
        yield f"not proved: {result.bodies_left:,} bodies; the package was made without operations"
    for pattern in result.unreadable:
        yield printable(f"not held: the pattern {pattern!r}, which is none of ECMA-262")
    if result.disagreements:
        yield f"{len(result.disagreements):,} cases that python-jsonschema alone would have judged otherwise; --json lists them"


def verdict(result: Result) -> str:
    """The whole in a line."""
    total = result.total
    instances = total.valid + total.refused_by_rule
    wrong = total.structural_accepted + total.format_accepted
    return (
        f"{'not ' if result.failures else ''}proved: {instances:,} instances of {len(result.proofs):,} schemas: "
        f"accepted {percent(total.accepted, total.valid)}, round-tripped {percent(total.round_tripped, total.valid)}, "
        f"wrongly accepted {wrong:,} of {total.structural + total.format:,} mutants"
    )
