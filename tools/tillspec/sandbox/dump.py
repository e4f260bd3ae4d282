"""A whole sandbox as one JSON document, and back.

What is not in it is what the sandbox signs with: a document is put into other sandboxes, and the secret that opens their control
plane stays theirs. Tokens that were signed elsewhere are not accepted there.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, Select, String, Table, func, insert, select

from tillspec.sandbox import clock, outside, schema, state
from tillspec.sandbox.merchants import Merchant
from tillspec.sandbox.state import Switches

FORM: Final = 1
"""The form of the document itself; `version` beside it is that of the tables."""

MOST: Final = 100_000
"""How many rows are written into one document."""

_OWN: Final = ("one", "version", "epoch", "secret", "faults")
"""Columns of the shared row that belong to the database, or are counted anew."""

_TABLES: Final = tuple(table for table in schema.metadata.sorted_tables if table is not schema.state)
_KINDS: Final = {kind.kind: kind for kind in outside.KINDS}


class TooMuch(Exception):
    """It holds more than fits into a document."""


class BadDump(ValueError):
    """A document that cannot be put back."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.hint = code, hint


def dumped(connection: Connection) -> dict[str, Any]:
    """The document of a sandbox.

    Raises:
        TooMuch: it has more than `MOST` rows.
    """
    count = sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in _TABLES)
    if count > MOST:
        raise TooMuch(f"The sandbox holds {count} rows, and a document takes {MOST}.")
    tables = {table.name: [_plain(table, row) for row in connection.execute(_all(table))] for table in _TABLES}
    shared = connection.execute(select(*_shared())).one()
    tables["state"] = [{column.name: value for column, value in zip(_shared(), shared, strict=True)}]
    return {"tillspec_sandbox": FORM, "version": schema.VERSION, "at": state.read(connection).now(), "tables": tables}


def _all(table: Table) -> Select[Any]:
    return select(table).order_by(*table.primary_key.columns)


def _shared() -> list[Column[Any]]:
    return [column for column in schema.state.columns if column.name not in _OWN]


def _plain(table: Table, row: Any) -> dict[str, Any]:
    values = zip(table.columns, row, strict=True)
    return {column.name: base64.b64encode(value).decode() if isinstance(value, bytes) else value for column, value in values}


# -- back ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Restorable:
    """A document that was found to be whole: the rows of each table, and the time at which it was written."""

    rows: dict[str, list[dict[str, Any]]]
    at: int


def read(document: dict[str, Any]) -> Restorable:
    """Checks a document.

    Raises:
        BadDump: it is none, is of another version, or is not whole.
    """
    if document.get("tillspec_sandbox") != FORM:
        raise BadDump(
            "not_a_state", "tillspec_sandbox: this is no state that a sandbox has written.", "Send what an export gave."
        )
    version = document.get("version")
    if version != schema.VERSION:
        raise BadDump(
            "other_version", f"version: the state is of version {str(version)[:20]}, and this sandbox of {schema.VERSION}.",
            "Export it again with the same version of tillspec.",
        )  # fmt: skip
    at, tables = document.get("at"), document.get("tables")
    if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < 1 << 56:
        raise _broken("at: a time in microseconds is missing")
    if not isinstance(tables, dict):
        raise _broken("tables: they are missing")
    known = {table.name: list(table.columns) for table in _TABLES} | {"state": _shared()}
    if tables.keys() != known.keys():
        raise _broken(f"tables: {sorted(map(str, tables.keys() ^ known.keys()))[0][:40]!r} is missing, or not known")
    rows = {name: _rows(name, columns, tables[name]) for name, columns in known.items()}
    if len(rows["state"]) != 1 or not rows["merchants"]:
        raise _broken("tables: there is one row in state, and one in merchants at least")
    _check(rows)
    return Restorable(rows, at)


def _broken(message: str) -> BadDump:
    return BadDump("broken_state", f"{message}.", "Send what an export gave, unchanged; nothing has been imported.")


def _rows(name: str, columns: list[Column[Any]], found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list):
        raise _broken(f"tables.{name}: a list is expected")
    names = {column.name for column in columns}
    result = []
    for number, row in enumerate(found):
        if not isinstance(row, dict) or row.keys() != names:
            raise _broken(f"tables.{name}[{number}]: its columns are not {', '.join(sorted(names))}")
        result.append({column.name: _value(f"tables.{name}[{number}]", column, row[column.name]) for column in columns})
    return result


def _value(place: str, column: Column[Any], value: Any) -> Any:
    kind: Any = column.type
    if value is None and column.nullable:
        return None
    if isinstance(kind, LargeBinary) and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error:
            raise _broken(f"{place}.{column.name}: this is no base64") from None
    if isinstance(kind, Integer) and isinstance(value, int) and not isinstance(value, bool):
        bits = 63 if isinstance(kind, BigInteger) else 31
        if -(1 << bits) <= value < 1 << bits:
            return value
    if (
        isinstance(kind, String)
        and isinstance(value, str)
        and (kind.length is None or len(value) <= kind.length)
        and "\0" not in value
    ):
        return value
    raise _broken(f"{place}.{column.name}: this is not what the column takes")


def _check(rows: dict[str, list[dict[str, Any]]]) -> None:
    """That what the texts hold can be read as well."""
    place = ""
    try:
        for name, found in rows.items():
            for number, row in enumerate(found):
                place = f"tables.{name}[{number}]"
                _check_row(name, row)
    except (ValidationError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise _broken(f"{place}: what it holds cannot be read") from None


def _check_row(name: str, row: dict[str, Any]) -> None:
    match name:
        case "merchants":
            Merchant.model_validate_json(row["data"])
        case "objects":
            _KINDS[row["kind"]].model_validate_json(row["data"])
        case "state":
            Switches.read(row["switches"])
        case "deliveries":
            _json(row["headers"], dict)
            _json(row["attempts"], list)
        case "idempotency":
            json.loads(row["answer"] or "null")
        case "sessions" | "faults" | "requests":
            _json(row["data"], dict)


def _json(text: str, kind: type) -> None:
    if not isinstance(json.loads(text), kind):
        raise TypeError


def restored(connection: Connection, found: Restorable) -> dict[str, int]:
    """Puts what was checked in place of all that there is; how many rows of each table. The clock goes on from where it was."""
    connection.execute(select(schema.state.c.one).with_for_update())
    for table in reversed(_TABLES):
        connection.execute(table.delete())
    for table in _TABLES:
        # numbers that the database counts itself are given anew, in the same order
        counted = table.autoincrement_column
        own = counted.name if counted is not None else None
        rows = [{name: value for name, value in row.items() if name != own} for row in found.rows[table.name]]
        if rows:
            connection.execute(insert(table), rows)
    shared = dict(found.rows["state"][0])
    if shared["clock_frozen"] is None:
        shared["clock_offset"] = found.at - clock.real()
    faults = sum(row["remaining"] for row in found.rows["faults"])
    state.change(connection, **shared, faults=faults, epoch=state.next_epoch)
    return {name: len(rows) for name, rows in found.rows.items() if name != "state"}
