"""Documents that were built to hurt, compared with themselves under another version of OpenAPI, so that nothing is skipped."""

from __future__ import annotations

import pytest

from compat_documents import TODAY
from hostile_documents import DOCUMENTS
from tillspec.compat import side
from tillspec.compat.compare import compare
from tillspec.diagnostics import Refused, Report
from tillspec.document.bundle import Bundle, bundle
from tillspec.document.load import Document
from tillspec.document.read import read

LARGE = (
    "YAML blocks, 10,000 deep", "$ref, a chain of 10,000", "$ref, a chain of 100,000", "$ref, a circle of 10,000",
    "$ref, a circle of objects, 10,000", "allOf, a chain of 10,000", "items, a chain of 10,000", "oneOf, a chain of 10,000",
    "10,000 objects made of one of 5,000 parts", "100,000 components of a text", "100,000 components of an object",
    "100,000 properties", "100,000 required", "a pattern of 1 MB", "a pattern of 1 MB of groups", "a description of 10 MB",
    "a description of 10 MB in one word", "a default of 1 MB", "oneOf, a tree of 2^12 leaves",
    "1,000 objects made of one of 1,000 parts",
)  # fmt: skip
"""Those that take long, each beside a smaller one of its kind."""


def bundled(name: str, text: str) -> Bundle | None:
    report = Report()
    source = read(name, f"/{name}", text.encode("utf-8", "surrogatepass"), report)
    return bundle(Document(source), report) if source else None


@pytest.mark.parametrize("name", [name for name, case in DOCUMENTS.items() if not case.long and name not in LARGE])
def test_a_document_built_to_hurt(name: str) -> None:
    """It is compared, or refused; and it says what it says."""
    text = DOCUMENTS[name].text()
    old = bundled(DOCUMENTS[name].name, text)
    new = bundled(DOCUMENTS[name].name, text.replace("3.1.0", "3.2.0", 1))
    if old is None or new is None:
        return
    assert compare(old, new, TODAY).changes == ()


def test_what_is_merged_of_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    case = DOCUMENTS["1,000 objects made of one of 1,000 parts"]
    old, new = (bundled(case.name, text) for text in (case.text(), case.text().replace("3.1.0", "3.2.0", 1)))
    assert old and new
    monkeypatch.setattr(side, "_MOST_PARTS", 5_000)
    with pytest.raises(Refused) as refused:
        compare(old, new, TODAY)
    assert [item.code for item in refused.value.diagnostics] == ["too-large"]
