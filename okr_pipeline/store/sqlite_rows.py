"""Columns to and from SQLite by its driver alone.

Belongs here: the driver's `executemany` and `fetchmany`. Does not: the array form (`columns`), statements (`bulk`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store import columns
from okr_pipeline.store.columns import MISSING, Kind

_ROWS_AT_ONCE: Final = 1_000
"""Few enough for the caches of a processor: ten thousand take half as long again."""


def insert(connection: sa.Connection, table: sa.Table, targets: Sequence[sa.Column[Any]], frame: pd.DataFrame) -> None:
    """Append a frame's rows."""
    names = ", ".join(f'"{column.name}"' for column in targets)
    marks = ", ".join("?" * len(targets))
    rows = zip(*(_driver_values(frame[column.name], column) for column in targets), strict=True)
    cursor = connection.connection.cursor()
    try:
        cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)  # type: ignore[arg-type]
    finally:
        cursor.close()


def given(connection: sa.Connection, targets: Sequence[sa.Column[Any]], frame: pd.DataFrame) -> sa.FromClause:
    """A frame's rows as a temporary table, until the next frame with these columns is given."""
    table = _temporary(connection, "given", targets)
    insert(connection, table, targets, frame)
    return table


def write_found(
    connection: sa.Connection, rows: sa.Select[Any], writes: Sequence[Callable[[sa.FromClause], sa.Insert]]
) -> tuple[int, ...]:
    """Find rows, and execute what statements make of them, one after the other; how many each wrote."""
    wanted = list(rows.selected_columns)
    found = _temporary(connection, "found", wanted)
    statements = [found.insert().from_select([column.name for column in wanted], rows), *(it(found) for it in writes)]
    return tuple(_written(connection, statement) for statement in statements)


def is_one_of(column: sa.Column[Any], values: Sequence[int] | Sequence[str]) -> sa.ColumnElement[bool]:
    """As JSON, which the database takes apart."""
    listed = sa.func.json_each(json.dumps(values)).table_valued(sa.column("value", column.type))
    return column.in_(sa.select(listed.c.value))


def fetch(
    connection: sa.Connection, statement: sa.Select[Any], wanted: Sequence[sa.ColumnElement[Any]]
) -> Mapping[str, Any]:
    """The columns of a query, taken apart some rows at a time, so that few Python values live at once."""
    kinds = [columns.kind(column) for column in wanted]
    parts: list[list[Any]] = [[] for _ in wanted]
    result = connection.execute(statement)
    while rows := result.cursor.fetchmany(_ROWS_AT_ONCE):
        for part, values, kind in zip(parts, zip(*rows, strict=True), kinds, strict=True):
            part.append(_array(values, kind))
    result.close()
    return {column.name: _joined(part, kind) for column, part, kind in zip(wanted, parts, kinds, strict=True)}


def _temporary(connection: sa.Connection, purpose: str, targets: Sequence[sa.ColumnElement[Any]]) -> sa.Table:
    """An empty temporary table of this connection for columns like these."""
    name = "_".join([purpose, *(column.name for column in targets)])
    made = (sa.Column(column.name, column.type) for column in targets)
    table = sa.Table(name, sa.MetaData(), *made, prefixes=["TEMPORARY"])
    connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
    connection.execute(table.delete())
    return table


def _written(connection: sa.Connection, statement: sa.Insert) -> int:
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def _driver_values(values: pd.Series, column: sa.Column[Any]) -> list[object]:
    """Python values that sqlite3 binds; it takes NaN for NULL by itself."""
    found = columns.array(values, column)
    if columns.kind(column) in {"text", "number"}:
        return list(found) if isinstance(found, list) else found.tolist()
    plain: list[object] = found.tolist()
    for position in np.flatnonzero(found == MISSING):
        plain[position] = None
    return plain


def _array(values: tuple[Any, ...], kind: Kind) -> Any:
    if kind == "text":
        return values
    if kind == "number":
        return np.array(values, dtype="f8")
    try:
        return np.array(values, dtype="i8")
    except TypeError:
        return np.array([MISSING if value is None else value for value in values], dtype="i8")


def _joined(parts: list[Any], kind: Kind) -> Any:
    if kind == "text":
        return [value for part in parts for value in part]
    return np.concatenate([np.array([], dtype="f8" if kind == "number" else "i8"), *parts])
