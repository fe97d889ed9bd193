"""Many rows to and from the database at the speed of its driver.

Belongs here: frames ↔ rows, and the upsert that leaves unchanged rows alone. Does not: what a driver
takes and gives (`sqlite_rows`, `postgres_rows`), what the rows mean.

Everything runs inside the transaction of the connection handed in. Rows are written in the order of their key.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store import columns, sqlite_rows


def insert(connection: sa.Connection, table: sa.Table, frame: pd.DataFrame) -> int:
    """Append every row of a frame whose columns are columns of the table; NaN, NaT and None become NULL."""
    if frame.empty:
        return 0
    _rows(connection).insert(connection, table, [table.c[name] for name in frame.columns], frame)
    return len(frame)


def given(connection: sa.Connection, like: sa.Table, frame: pd.DataFrame) -> sa.FromClause:
    """The rows of a frame, whose columns are columns of a table, to be used in statements of this transaction.

    What was given before with the same columns may be gone.
    """
    rows: sa.FromClause = _rows(connection).given(connection, [like.c[name] for name in frame.columns], frame)
    return rows


def upsert(connection: sa.Connection, table: sa.Table, frame: pd.DataFrame) -> int:
    """Insert rows by primary key, update those that differ, write nothing for those that do not.

    Columns that the frame lacks keep their value in rows that exist. Returns how many rows were written.
    """
    if frame.empty:
        return 0
    keys = [column.name for column in table.primary_key]
    names = list(frame.columns)
    rows = given(connection, table, frame)
    others = [name for name in names if name not in keys]
    differs = sa.or_(table.c[keys[0]].is_(None), *(table.c[name].is_distinct_from(rows.c[name]) for name in others))
    same_key = sa.and_(*(table.c[key] == rows.c[key] for key in keys))
    changed = (
        sa.select(*(rows.c[name] for name in names))
        .select_from(rows.outerjoin(table, same_key))
        .where(differs)
        .order_by(*(rows.c[key] for key in keys))
    )
    statement = dialect_insert(connection, table).from_select(names, changed)
    updates = {name: statement.excluded[name] for name in others}
    return written(connection, statement.on_conflict_do_update(index_elements=keys, set_=updates))


def write_found(
    connection: sa.Connection, rows: sa.Select[Any], *writes: Callable[[sa.FromClause], sa.Insert]
) -> tuple[int, ...]:
    """Find rows, and write what each of some statements makes of them; how many were found, and written by each.

    Every statement sees the rows as they were found.
    """
    counts: tuple[int, ...] = _rows(connection).write_found(connection, rows, writes)
    return counts


def written(connection: sa.Connection, statement: sa.Executable) -> int:
    """Execute an INSERT, UPDATE or DELETE; how many rows it wrote."""
    result: sa.CursorResult[Any] = connection.execute(statement, execution_options={"preserve_rowcount": True})
    return result.rowcount


def dialect_insert(connection: sa.Connection, table: sa.Table) -> Any:  # two classes of one shape
    """An INSERT that knows ON CONFLICT."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def fetch(connection: sa.Connection, statement: sa.Select[Any]) -> pd.DataFrame:
    """The rows of a query as a frame.

    Instants are `datetime64[us, UTC]`; numbers float64 with NaN, counts int64 where no value can be missing; text
    `str`, or object with None where it can be missing; dates ISO text.
    """
    wanted = list(statement.selected_columns)
    arrays = _rows(connection).fetch(connection, statement, wanted)
    return pd.DataFrame({column.name: columns.form(arrays[column.name], column) for column in wanted})


def is_one_of(
    connection: sa.Connection, column: sa.Column[Any], values: Sequence[int] | Sequence[str]
) -> sa.ColumnElement[bool]:
    """The condition that a column has one of some values: one parameter, however many they are."""
    condition: sa.ColumnElement[bool] = _rows(connection).is_one_of(column, values)
    return condition


def next_number(connection: sa.Connection, column: sa.Column[int]) -> int:
    """One more than the largest; only a writer whose turn it is may ask."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(column), 0))).scalar_one()) + 1


def _rows(connection: sa.Connection) -> Any:
    """The module of the backend. That of PostgreSQL is slow to import, and commands on SQLite do without."""
    if connection.dialect.name == "sqlite":
        return sqlite_rows
    from okr_pipeline.store import postgres_rows

    return postgres_rows
