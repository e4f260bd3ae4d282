"""`tillspec.toml` and the pin: what they say, and what is told of one that is broken."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import Tillspec, snapshot
from tillspec.diagnostics import Diagnostic, Refused
from tillspec.downstream import pin, settings, setup
from tillspec.downstream.pin import Pinned
from tillspec.downstream.settings import Settings
from tillspec.downstream.templates import render
from tillspec.request import ROLES, SERVERS

ROOT = Path(__file__).resolve().parent.parent.parent
DIGEST = "0" * 64


def refused(text: str) -> Diagnostic:
    with pytest.raises(Refused) as told:
        settings.parse(text)
    (found,) = told.value.diagnostics
    assert found.hint
    return found


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ("[contract\n", 1, 10, "no TOML", "toml.io"),
        ('[contract]\nsource = tillspec\n', 2, 10, "no TOML", "quotes"),
        ("<<<<<<< ours\n[contract]\n", 1, 1, "no TOML", "merge conflict"),
        ("[contracts]\n", 1, 2, "'contracts'", "did you mean contract?"),
        ('[contract]\nsorce = "x"\n', 2, 1, "[contract] has 'sorce'", "did you mean source?"),
        ('contract.sorce = "x"\n', 1, 1, "[contract] has 'sorce'", "did you mean source?"),
        ('contract = "x"\n', 1, 1, "no table", "[contract]"),
        ('[generate]\n\n  role = "cleint"\n', 3, 3, "'cleint'", "did you mean 'client'?"),
        ('[generate]\nsurfaces = "vinr"\n', 2, 1, "no list of texts", 'surfaces = ["vinr"]'),
        ("[generate]\nsurfaces = [1]\n", 2, 1, "no list of texts", 'surfaces = ["vinr"]'),
        ('[generate]\ntypescript = "yes"\n', 2, 1, "typescript", "true"),
        ('[generate]\nrole = "client"\nserver = "fastapi"\n', 3, 1, "role is client", "both"),
        ("[generate]\nout = 3\n", 2, 1, "out is no text", 'out = "generated"'),
        ('[generate]\nout = "a\\nb"\n', 2, 1, "out is no text", 'out = "generated"'),
        ('[contract]\nsource = "tillspec"\n[verify]\nsource = "x"\n', 4, 1, "[verify] has 'source'", "url, profile, baseline"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(text: str, line: int, column: int, message: str, hint: str) -> None:
    found = refused(text)
    assert found.place is not None
    assert tuple(found.place.position) == (line, column)
    assert message in found.message
    assert hint in found.hint


words = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)


@given(
    st.builds(
        Settings,
        source=words,
        overlays=st.lists(words.map(Path), max_size=2).map(tuple),
        narrowing=st.lists(words, max_size=2).map(tuple),
        allowed=st.lists(words, max_size=2).map(tuple),
        role=st.sampled_from(ROLES[1:]),
        surfaces=st.frozensets(words, max_size=2),
        out=words.map(Path),
        package=words,
        server=st.sampled_from(SERVERS),
        handlers=st.none() | words.map(Path),
        typescript=st.sampled_from([False, True, "only"]),
        url=words,
        profile=st.none() | words.map(Path),
        baseline=st.none() | words.map(Path),
    )
)
def test_what_is_written_is_read_again(made: Settings) -> None:
    assert settings.parse(render(settings.NAME, **setup.view(made))) == made


@pytest.mark.parametrize("role", ROLES)
def test_what_is_offered_in_comments_can_be_taken(role: str) -> None:
    text = render(settings.NAME, **setup.view(Settings(role=role)))
    taken = re.sub(r"(?m)^# (?=[a-z-]+ = )", "", text)
    assert taken != text
    made = settings.parse(taken)
    assert (made.overlays, made.narrowing, made.typescript) == ((Path("overlay.yaml"),), ("...",), True)
    if role != "client":
        assert (made.handlers, made.server) == (Path("server"), "fastapi")
        assert (made.profile, made.baseline) == (Path("verify.toml"), Path("known.toml"))


# -- the pin ---------------------------------------------------------------------------------------------------------------


@given(words, words, st.sampled_from(["", "a1"]))
def test_a_pin_is_written_as_it_is_read(source: str, version: str, commit: str) -> None:
    made = Pinned(source, version, DIGEST, commit)
    assert pin.parse(made.text()) == made
    assert pin.parse(made.text()).text() == made.text()


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ('{\n  "source": "x",\n<<<<<<< ours\n', 3, 1, "merge conflict"),
        ('{\n  "source": "x"\n  "version"', 3, 3, "no JSON"),
        ("[]", 1, 1, "no object"),
        (f'{{"source": "x",\n "version": "1", "digest": "{DIGEST}", "more": 1}}', 2, 96, "'more' is not known"),
        ('{"source": "x",\n "version": "1",\n "digest": "abc"}', 3, 12, "digest is no digest"),
        (f'{{"source": 1,\n "version": "1", "digest": "{DIGEST}"}}', 1, 12, "source is missing, or no text"),
        (f'{{"version": "1", "digest": "{DIGEST}"}}', 1, 1, "source is missing"),
    ],
)
def test_a_broken_pin_is_named_with_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(Refused) as told:
        pin.parse(text)
    found = told.value.diagnostics[0]
    assert found.place is not None
    assert (tuple(found.place.position), found.hint != "") == ((line, column), True)
    assert message in found.message


# -- the commands ------------------------------------------------------------------------------------------------------------

CONTRACT = """\
openapi: 3.1.0
info: {title: Pets, version: 1.0.0}
paths:
  /pets:
    get:
      operationId: listPets
      x-behavior: {surface: shop}
      responses: {'200': {description: The pets., content: {application/json: {schema: {type: array, items: {type: string}}}}}}
  /carts:
    get:
      operationId: listCarts
      x-behavior: {surface: till}
      responses: {'204': {description: None.}}
"""
SETTINGS = """\
[contract]
source = "contract.yaml"
[generate]
role = "client"
surfaces = ["shop"]
out = "made"
package = "pets_api"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    (tmp_path / "tillspec.toml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def pinned(folder: Path, tillspec: Tillspec) -> Path:
    assert tillspec("init", cwd=folder).returncode == 0
    return folder


def test_generate_does_what_the_settings_say(pinned: Path, tillspec: Tillspec) -> None:
    assert tillspec("generate", cwd=pinned).returncode == 0
    package = pinned / "made" / "python" / "pets_api"
    assert (package / "client").is_dir()
    assert not (package / "server").exists()
    assert list(json.loads((pinned / "made" / "openapi.json").read_text())["paths"]) == ["/pets"]
    assert tillspec("generate", cwd=pinned).stdout == "made: up to date\n"
    assert tillspec("generate", "--check", cwd=pinned).returncode == 0


def test_options_win_over_the_settings(pinned: Path, tillspec: Tillspec) -> None:
    done = tillspec("generate", "--out", "other", "--surface", "till", "--only", "bundle", cwd=pinned)
    assert done.returncode == 0, done.stderr
    assert list(json.loads((pinned / "other" / "openapi.json").read_text())["paths"]) == ["/carts"]
    assert not (pinned / "made").exists()


def test_what_is_said_of_a_server_is_nothing_to_a_run_without_one(pinned: Path, tillspec: Tillspec) -> None:
    text = SETTINGS.replace('role = "client"', 'role = "server"\nserver = "fastapi"')
    (pinned / "tillspec.toml").write_text(text)
    assert tillspec("generate", "--only", "bundle", cwd=pinned).returncode == 0
    assert not (pinned / "made" / "python").exists()
    assert tillspec("generate", cwd=pinned).returncode == 0
    assert list((pinned / "made" / "python" / "pets_api").glob("fastapi*"))


def test_a_contract_that_is_named_is_taken_as_if_there_were_no_settings(pinned: Path, tillspec: Tillspec) -> None:
    (pinned / "tillspec.toml").write_text("[broken")
    done = tillspec("generate", "--spec", "contract.yaml", "--out", "all", "--only", "bundle", cwd=pinned)
    assert done.returncode == 0, done.stderr
    assert list(json.loads((pinned / "all" / "openapi.json").read_text())["paths"]) == ["/pets", "/carts"]


def test_a_contract_that_is_not_the_pinned_one_is_refused(pinned: Path, tillspec: Tillspec) -> None:
    assert tillspec("generate", cwd=pinned).returncode == 0
    before = snapshot(pinned / "made")
    (pinned / "contract.yaml").write_text(CONTRACT.replace("The pets.", "All pets."))
    done = tillspec("generate", cwd=pinned)
    assert done.returncode == 1
    assert "error[pin-differs]: the contract is version 1.0.0, and 1.0.0 is pinned; its text differs" in done.stderr
    assert "--> contract.yaml:2:" in done.stderr
    assert "tillspec upgrade" in done.stderr
    assert snapshot(pinned / "made") == before


def test_a_pin_that_was_moved_alone_is_seen(pinned: Path, tillspec: Tillspec) -> None:
    """The output is what an earlier pin says: being up to date is not told by files alone."""
    assert tillspec("generate", cwd=pinned).returncode == 0
    lock = pinned / "tillspec-contract.lock"
    lock.write_text(Pinned("contract.yaml", "1.0.0", DIGEST).text())
    assert "pin-differs" in tillspec("generate", cwd=pinned).stderr
    lock.unlink()
    done = tillspec("generate", cwd=pinned)
    assert (done.returncode, "is not pinned" in done.stderr, "tillspec upgrade" in done.stderr) == (1, True, True)
    lock.write_text(Pinned("other.yaml", "1.0.0", DIGEST).text())
    assert "names 'contract.yaml'" in tillspec("generate", cwd=pinned).stderr


@pytest.mark.parametrize(
    ("command", "outcome", "status"),
    [
        (("generate",), "nothing was written", 1),
        (("lint",), "nothing was checked", 1),
        (("prove",), "nothing was proved", 2),
        (("verify", "--url", "http://127.0.0.1:9"), "nothing was verified", 2),
    ],
)
def test_every_command_names_what_is_broken(
    pinned: Path, tillspec: Tillspec, command: tuple[str, ...], outcome: str, status: int
) -> None:
    (pinned / "tillspec.toml").write_text("[contract]\nsorce = 'x'\n")
    done = tillspec(*command, cwd=pinned)
    assert (done.returncode, outcome in done.stderr) == (status, True)
    assert "--> tillspec.toml:2:1" in done.stderr
    assert "did you mean source?" in done.stderr


def test_lint_and_prove_read_the_contract_of_the_settings(pinned: Path, tillspec: Tillspec) -> None:
    assert tillspec("lint", cwd=pinned).stdout.splitlines()[-1].startswith("contract.yaml: ")
    assert tillspec("prove", "--brief", cwd=pinned).stdout.startswith("contract.yaml: ")


def test_verify_takes_url_surfaces_and_files_and_no_option_of_the_generator(pinned: Path, tillspec: Tillspec) -> None:
    (pinned / "tillspec.toml").write_text(SETTINGS + '[verify]\nurl = "http://127.0.0.1:9"\nprofile = "mine.toml"\n')
    done = tillspec("verify", cwd=pinned)
    assert (done.returncode, "mine.toml cannot be read" in done.stderr) == (2, True)
    (pinned / "mine.toml").write_text("[server]\nwait = 0.1\n")
    done = tillspec("verify", cwd=pinned)
    assert done.returncode == 2, done.stdout
    assert "127.0.0.1:9" in done.stdout + done.stderr
