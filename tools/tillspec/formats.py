"""Findings for machines: JSON, annotations of GitHub's workflows, and SARIF 2.1.0."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tillspec import __version__
from tillspec.diagnostics import CODES, Diagnostic, Severity


def counts(findings: Iterable[Diagnostic]) -> str:
    """How many of what, in words: `2 errors, 1 warning`."""
    numbers = Counter(item.severity for item in findings)
    told = [f"{numbers[severity]} {severity}{'s' * (numbers[severity] != 1)}" for severity in Severity if numbers[severity]]
    return ", ".join(told) or "nothing"


def as_json(findings: list[Diagnostic]) -> str:
    """One object: the counts, and the findings in their order. Line and column count from 1; both are null without a place."""
    numbers = Counter(item.severity for item in findings)
    value = {
        "tillspec": __version__,
        "errors": numbers[Severity.ERROR],
        "warnings": numbers[Severity.WARNING],
        "findings": [_plain(item) for item in findings],
    }
    return json.dumps(value, ensure_ascii=False, indent=2)


def _plain(item: Diagnostic) -> dict[str, Any]:
    file, line, column = _position(item)
    return {
        "code": item.code,
        "severity": str(item.severity),
        "message": item.message,
        "hint": item.hint,
        "file": file,
        "line": line,
        "column": column,
        "pointer": item.place.pointer if item.place else None,
    }


def _position(item: Diagnostic) -> tuple[str | None, int | None, int | None]:
    return (item.place.source.name, *item.place.position) if item.place else (None, None, None)


def as_github(findings: Iterable[Diagnostic]) -> Iterator[str]:
    """A workflow command for each finding, which GitHub shows beside the changed lines."""
    for item in findings:
        text = f"{item.message}\nhint: {item.hint}" if item.hint else item.message
        yield annotation(item.severity, item.code, text, _position(item))


Position = tuple[str | None, int | None, int | None]
"""A file, a line and a column, counted from 1; all None where there is no place."""


def annotation(level: str, title: str, text: str, position: Position) -> str:
    """A workflow command of GitHub: `level` is `error`, `warning` or `notice`."""
    file, line, column = position
    where = f"file={_property(file)},line={line},col={column}," if file is not None else ""
    return f"::{level} {where}title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str | None) -> str:
    return _data(text or "").replace(":", "%3A").replace(",", "%2C")


def as_sarif(findings: list[Diagnostic]) -> str:
    """A log of one run, with the rules that found something."""
    codes = sorted({item.code for item in findings})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": CODES[code].summary},
            "help": {"text": f"tillspec lint --explain {code}"},
            "defaultConfiguration": {"level": str(CODES[code].severity)},
        }
        for code in codes
    ]
    return sarif(rules, [_result(item, codes.index(item.code)) for item in findings])


def sarif(rules: list[dict[str, Any]], results: list[dict[str, Any]], **further: Any) -> str:
    """A log of one run of Tillspec (SARIF 2.1.0), with the rules that found something."""
    run = {
        "tool": {"driver": {"name": "tillspec", "semanticVersion": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": results,
        **further,
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2)


def _result(item: Diagnostic, index: int) -> dict[str, Any]:
    text = f"{item.message}. {item.hint}" if item.hint else item.message
    result: dict[str, Any] = {"ruleId": item.code, "ruleIndex": index, "level": str(item.severity), "message": {"text": text}}
    if item.place:
        result["locations"] = [location(_position(item), item.place.pointer)]
    return result


def location(position: Position, pointer: str) -> dict[str, Any]:
    """A place in a file, with the JSON Pointer that leads there."""
    file, line, column = position
    made: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": f"#{pointer}"}]}
    if file is not None:
        uri = file if "://" in file else Path(file).as_uri() if Path(file).is_absolute() else quote(file)
        region = {"startLine": line, "startColumn": column}
        made["physicalLocation"] = {"artifactLocation": {"uri": uri}, "region": region}
    return made
