"""Many rows to and from the database at the speed of its driver.

Belongs here: frames ↔ rows by COPY (PostgreSQL) or the driver's `executemany` (SQLite), staging tables, and the upsert
that leaves unchanged rows alone. Does not: what the rows mean.

Everything runs inside the transaction of the connection handed in. Rows are written in the order of their key.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store.types import Instant

_UTC_MICROSECONDS: Final = pd.DatetimeTZDtype("us", "UTC")


def insert(connection: sa.Connection, table: sa.Table, frame: pd.DataFrame) -> int:
    """Append every row of a frame whose columns are columns of the table; NaN, NaT and None become NULL."""
    if frame.empty:
        return 0
    columns = [table.c[name] for name in frame.columns]
    if connection.dialect.name == "sqlite":
        _executemany(connection, table, columns, frame)
    else:
        _copy_in(connection, table, columns, frame)
    return len(frame)


def stage(connection: sa.Connection, like: sa.Table, frame: pd.DataFrame) -> sa.Table:
    """A temporary table of this connection, shaped like another, holding the frame's rows until the transaction ends.

    It is made once per connection: making one writes to PostgreSQL's catalogue, and so to its log.
    """
    table = sa.Table(
        f"staged_{like.name}",
        sa.MetaData(),
        *(sa.Column(column.name, column.type) for column in like.columns),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DELETE ROWS",
    )
    connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
    connection.execute(table.delete())
    insert(connection, table, frame)
    return table


def upsert(connection: sa.Connection, table: sa.Table, frame: pd.DataFrame) -> int:
    """Insert rows by primary key, update those that differ, write nothing for those that do not.

    Columns that the frame lacks keep their value in rows that exist. Returns how many rows were written.
    """
    if frame.empty:
        return 0
    keys = [column.name for column in table.primary_key]
    names = list(frame.columns)
    staged = stage(connection, table, frame)
    others = [name for name in names if name not in keys]
    differs = sa.or_(table.c[keys[0]].is_(None), *(table.c[name].is_distinct_from(staged.c[name]) for name in others))
    same_key = sa.and_(*(table.c[key] == staged.c[key] for key in keys))
    changed = (
        sa.select(*(staged.c[name] for name in names))
        .select_from(staged.outerjoin(table, same_key))
        .where(differs)
        .order_by(*(staged.c[key] for key in keys))
    )
    statement = dialect_insert(connection, table).from_select(names, changed)
    updates = {name: statement.excluded[name] for name in others}
    return written(connection, statement.on_conflict_do_update(index_elements=keys, set_=updates))


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

    Instants are `datetime64[us, UTC]`; numbers float64 with NaN, integers int64 where no value can be missing; text
    `str`, or object with None where it can be missing; dates ISO text.
    """
    columns = list(statement.selected_columns)
    if connection.dialect.name == "sqlite":
        arrays = _fetch_rows(connection, statement, columns)
    else:
        arrays = _copy_out(connection, statement, columns)
    return pd.DataFrame(arrays, columns=[column.name for column in columns])


def next_number(connection: sa.Connection, column: sa.Column[int]) -> int:
    """One more than the largest; only a writer whose turn it is may ask."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(column), 0))).scalar_one()) + 1


def instants(values: pd.Series) -> pd.Series:
    """Aware instants in any unit or zone as `datetime64[us, UTC]`.

    Raises:
        ValueError: naive ones.
    """
    if values.dtype == _UTC_MICROSECONDS:
        return values
    if len(values) and getattr(values.dtype, "tz", None) is None and values.notna().any() and _is_naive(values):
        raise ValueError(f"{values.name} holds instants without a time zone; the store takes aware ones only")
    return pd.to_datetime(values, utc=True).astype(_UTC_MICROSECONDS)


def _is_naive(values: pd.Series) -> bool:
    if values.dtype.kind == "M":
        return True
    first = values.dropna().iloc[0]
    return getattr(first, "tzinfo", None) is None


def _executemany(
    connection: sa.Connection, table: sa.Table, columns: Sequence[sa.Column[Any]], frame: pd.DataFrame
) -> None:
    names = ", ".join(f'"{column.name}"' for column in columns)
    marks = ", ".join("?" * len(columns))
    rows = zip(*(_driver_values(frame[column.name], column) for column in columns), strict=True)
    cursor = connection.connection.cursor()
    try:
        cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)  # type: ignore[arg-type]
    finally:
        cursor.close()


def _driver_values(values: pd.Series, column: sa.Column[Any]) -> list[object]:
    """Python values that sqlite3 binds; it takes NaN for NULL by itself."""
    if isinstance(column.type, Instant):
        moments = instants(values)
        numbers: list[object] = moments.dt.tz_localize(None).to_numpy().view("i8").tolist()
        return _with_none(numbers, moments.isna())
    if isinstance(column.type, sa.Double):
        return pd.to_numeric(values).to_numpy(dtype="f8", na_value=np.nan).tolist()
    if isinstance(column.type, sa.Integer | sa.Boolean):
        return [None if value is None else int(value) for value in _nullable(values)]
    return [None if value is None else str(value) for value in _nullable(values)]


def _nullable(values: pd.Series) -> list[Any]:
    objects = values.tolist()
    return _with_none(objects, values.isna())


def _with_none(objects: list[Any], missing: "pd.Series[bool]") -> list[Any]:
    for position in np.flatnonzero(missing.to_numpy()):
        objects[position] = None
    return objects


def _copy_in(
    connection: sa.Connection, table: sa.Table, columns: Sequence[sa.Column[Any]], frame: pd.DataFrame
) -> None:
    names = ", ".join(f'"{column.name}"' for column in columns)
    with _cursor(connection) as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN (FORMAT csv)') as copy:
        copy.write(_as_csv(frame, columns))


def _as_csv(frame: pd.DataFrame, columns: Sequence[sa.Column[Any]]) -> memoryview:
    import pyarrow as pa
    from pyarrow import csv

    table = pa.table({column.name: _arrow_values(frame[column.name], column) for column in columns})
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False))
    return memoryview(sink.getvalue())


def _arrow_values(values: pd.Series, column: sa.Column[Any]) -> Any:
    import pyarrow as pa

    if isinstance(column.type, Instant):
        # Without a zone, because Arrow prints those thirty times as fast; the session's zone is UTC.
        return pa.Array.from_pandas(instants(values).dt.tz_localize(None))
    if isinstance(column.type, sa.Double):
        numbers = pd.to_numeric(values).to_numpy(dtype="f8", na_value=np.nan)
        return pa.array(numbers, mask=np.isnan(numbers))
    if isinstance(column.type, sa.Integer | sa.Boolean):
        kind = pa.bool_() if isinstance(column.type, sa.Boolean) else pa.int64()
        plain = bool if isinstance(column.type, sa.Boolean) else int
        return pa.array([None if value is None else plain(value) for value in _nullable(values)], type=kind)
    if values.dtype == "str":
        return pa.array(values, type=pa.string(), from_pandas=True)
    return pa.array([None if value is None else str(value) for value in _nullable(values)], type=pa.string())


def _fetch_rows(
    connection: sa.Connection, statement: sa.Select[Any], columns: Sequence[sa.ColumnElement[Any]]
) -> Mapping[str, pd.Series]:
    result = connection.execute(statement)
    rows = result.cursor.fetchall()
    result.close()
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return {column.name: _series(list(each), column) for column, each in zip(columns, values, strict=True)}


def _series(values: list[Any], column: sa.ColumnElement[Any]) -> pd.Series:
    if isinstance(column.type, Instant):
        return _instant_series(values)
    if isinstance(column.type, sa.Double):
        return pd.Series(np.array(values, dtype="f8"))
    if isinstance(column.type, sa.Boolean):
        truths = [None if value is None else bool(value) for value in values]
        return pd.Series(truths, dtype=object if None in truths else bool)
    if isinstance(column.type, sa.Integer):
        return pd.Series(values, dtype="f8" if _may_miss(column) else "i8")
    return pd.Series(values, dtype=object if _may_miss(column) else "str")


def _instant_series(values: list[Any]) -> pd.Series:
    missing = np.iinfo("i8").min
    numbers = np.array([missing if value is None else value for value in values], dtype="i8")
    return pd.Series(numbers.view("M8[us]")).dt.tz_localize("UTC")


def _may_miss(column: sa.ColumnElement[Any]) -> bool:
    return bool(getattr(column, "nullable", True))


def _copy_out(
    connection: sa.Connection, statement: sa.Select[Any], columns: Sequence[sa.ColumnElement[Any]]
) -> Mapping[str, pd.Series]:
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    sink = io.BytesIO()
    command = f"COPY ({compiled}) TO STDOUT (FORMAT csv)"
    with _cursor(connection) as cursor, cursor.copy(command, compiled.params) as copy:
        for block in copy:
            sink.write(block)
    if not sink.tell():
        return {column.name: _series([], column) for column in columns}
    table = _read_csv(sink, columns)
    return {column.name: _arrow_series(table.column(column.name), column) for column in columns}


def _read_csv(sink: io.BytesIO, columns: Sequence[sa.ColumnElement[Any]]) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    sink.seek(0)
    names = [column.name for column in columns]
    return csv.read_csv(
        sink,
        read_options=csv.ReadOptions(column_names=names, block_size=1 << 24),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={column.name: _arrow_type(column, pa) for column in columns},
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _arrow_type(column: sa.ColumnElement[Any], pa: Any) -> Any:
    if isinstance(column.type, Instant):
        return pa.timestamp("us", "UTC")
    if isinstance(column.type, sa.Double):
        return pa.float64()
    if isinstance(column.type, sa.Boolean):
        return pa.bool_()
    if isinstance(column.type, sa.Integer):
        return pa.int64()
    return pa.string()


def _arrow_series(values: Any, column: sa.ColumnElement[Any]) -> pd.Series:
    if isinstance(column.type, Instant):
        return pd.Series(values.to_pandas()).astype(_UTC_MICROSECONDS)
    if isinstance(column.type, sa.Double):
        return pd.Series(values.to_numpy())
    if isinstance(column.type, sa.Boolean | sa.Integer):
        return _series(values.to_pylist(), column)
    if _may_miss(column):
        return pd.Series(values.to_pylist(), dtype=object)
    return pd.Series(values.to_pandas(), dtype="str")


def _cursor(connection: sa.Connection) -> Any:
    """A cursor of the driver itself, in the connection's transaction."""
    driver: Any = connection.connection.driver_connection
    return driver.cursor()
