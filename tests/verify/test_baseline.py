"""Baselines: what they accept and until when, what is told of mistakes in them, and that what is written can be read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillspec.toml import Mistake
from tillspec.verify.baseline import read, written
from tillspec.verify.findings import Clause, Finding, Severity
from tillspec.verify.grouping import Group
from tillspec.verify.reports.outcome import State
from tillspec.verify.reports.people import plain

from .reported import done, run, tell


def entry(identifier: str, until: str = "2027-01-31", reason: str = "mended with 2.4") -> str:
    return f'[[accepted]]\nid = "{identifier}"\nreason = "{reason}"\nuntil = {until}\n'


def test_what_is_accepted_makes_no_deviation(tmp_path: Path) -> None:
    made = run(tmp_path)
    tell(made, "getThing", "no-crash")
    tell(made, "getThing", "challenge")
    first, second = (found.group.id for found in done(made).found)
    whole = done(made, baseline=read(entry(first) + entry(second)))
    assert (whole.exit, whole.count(State.ACCEPTED), whole.stale) == (0, 2, ())
    half = done(made, baseline=read(entry(first)))
    assert (half.exit, half.count(State.FAILED)) == (1, 1)
    assert "until 2027-01-31: mended with 2.4" in " ".join(plain(half).split())


def test_what_is_accepted_is_no_excuse_for_what_was_not_tested(tmp_path: Path) -> None:
    made = run(tmp_path)
    tell(made, "getThing", "no-crash")
    (found,) = done(made).found
    assert done(made, baseline=read(entry(found.group.id)), incomplete=["the time was over"]).exit == 2


@pytest.mark.parametrize(("today", "status"), [(date(2027, 1, 31), 0), (date(2027, 2, 1), 1)])
def test_an_acceptance_ends_after_its_last_day(tmp_path: Path, today: date, status: int) -> None:
    made = run(tmp_path)
    tell(made, "getThing", "no-crash")
    (found,) = done(made).found
    whole = done(made, baseline=read(entry(found.group.id)), today=today)
    assert whole.exit == status
    assert ("expired" in plain(whole)) is bool(status)


def test_what_was_not_found_any_more_is_told_where_everything_was_tried(tmp_path: Path) -> None:
    baseline = read(entry("no-crash-00000000"))
    (told,) = done(run(tmp_path), baseline=baseline).stale
    assert told.names == ("no-crash-00000000",)
    assert "no-crash-00000000 was not found any more" in plain(done(run(tmp_path), baseline=baseline))
    for options in ({"only": ("getThing",)}, {"safe": True}, {"shard": (1, 2)}):
        assert done(run(tmp_path, **options), baseline=baseline).stale == ()
    assert done(run(tmp_path), baseline=baseline, incomplete=["it was gone"]).stale == ()


def test_entries_for_every_finding_accept_their_group(tmp_path: Path) -> None:
    """Causes are told together once there are enough of them; what was accepted one by one stays accepted."""
    made = run(tmp_path)
    for operation in ("listThings", "createThing", "getThing"):
        tell(made, operation, "no-trace", "serves TRACE")
    (found,) = done(made).found
    members = [one.id for one in found.group.findings]
    assert len(members) == 3
    assert done(made, baseline=read("".join(map(entry, members[1:])))).exit == 1
    assert done(made, baseline=read("".join(map(entry, members)))).exit == 0


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("[[accepted]\n", 1, "this is no TOML", "toml.io"),
        ("\nallowed = 1\n", 2, "'allowed' is not known", "[[accepted]]"),
        ("accepted = 1\n", 1, "no list of tables", "[[accepted]]"),
        (entry("a-1") + '\n[[accepted]]\nid = "b"\nuntil = 2027-01-31\n', 6, "an entry has no reason", "reason ="),
        ('[[accepted]]\nreason = "x"\nuntil = 2027-01-31\n', 1, "an entry has no id", "id ="),
        ('[[accepted]]\nid = "b"\nreason = "x"\n', 1, "an entry has no until", "until ="),
        (entry("a-1", reason=" "), 3, "a-1 has no reason", "reason ="),
        (entry("a-1", reason="FILL_ME"), 3, "a-1 has no reason", "reason ="),
        (entry("a-1", until='"FILL_ME"'), 4, "until of a-1 is no date", "2027"),
        (entry("a-1", until="2027-01-31T10:00:00Z"), 4, "until of a-1 is no date", "2027"),
        (entry("a-1", until="7"), 4, "until of a-1 is no date", "2027"),
        (entry("a-1") + entry("a-1"), 6, "a-1 is accepted twice", "remove"),
        (entry("a-1") + "owner = 'me'\n", 5, "'owner' is not known", "reason"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, message: str, hint: str) -> None:
    with pytest.raises(Mistake) as raised:
        read(text)
    assert message in str(raised.value)
    assert hint in raised.value.hint
    assert raised.value.line == line


def test_a_date_may_be_a_text() -> None:
    assert read(entry("a", until='"2027-01-31"')).entries["a"].until == date(2027, 1, 31)


def test_a_new_baseline_is_to_be_filled_in(tmp_path: Path) -> None:
    made = run(tmp_path)
    tell(made, "getThing", "no-crash", "answers 500")
    tell(made, "getThing", "challenge", severity=Severity.SHOULD)
    groups = [found.group for found in done(made).found]
    text = written(groups)
    assert text.count("[[accepted]]") == 1, "a SHOULD needs no acceptance"
    with pytest.raises(Mistake, match="has no reason"):
        read(text)
    filled = text.replace('reason = "FILL_ME"', 'reason = "known"').replace('until = "FILL_ME"', "until = 2027-01-31")
    kept = read(filled)
    assert done(made, baseline=kept).exit == 0
    assert read(written(groups, kept)) == kept, "what was said of it is kept"


@given(st.text(), st.text())
def test_whatever_is_written_can_be_read(what: str, operation: str) -> None:
    finding = Finding("no-crash", operation.encode("utf-8", "replace").decode(), Clause(""), what, "", "")
    text = written([Group(what, (finding,))])
    filled = text.replace('reason = "FILL_ME"', 'reason = "known"').replace('until = "FILL_ME"', "until = 2027-01-31")
    assert list(read(filled).entries) == [finding.id]
