"""All rows of a PostgreSQL store into a SQLite file, and of such a file into an empty PostgreSQL store.

Belongs here: one value's form on either backend, and carrying rows a few thousand at a time. Does not: snapshots,
schemas, files or checks (`backup`).

The types come from PostgreSQL's own catalogue, not from this program's tables, so that a store of any revision can be
copied.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from okr_pipeline.store.types import instant, microseconds

Converter: TypeAlias = Callable[[Any], object]

VERSION_TABLE: Final = "alembic_version"
_ROWS_AT_ONCE: Final = 5_000
_TO_FILE: Final[tuple[tuple[type, Converter], ...]] = (
    (sa.DateTime, microseconds),
    (sa.Date, lambda day: day.isoformat()),
)
_FROM_FILE: Final[tuple[tuple[type, Converter], ...]] = ((sa.DateTime, instant), (sa.Boolean, bool))


def table_names(connection: sa.Connection) -> list[str]:
    """The tables that rows are kept in."""
    return sorted(name for name in sa.inspect(connection).get_table_names() if name != VERSION_TABLE)


def to_file(connection: sa.Connection, file: sqlite3.Connection) -> None:
    """Every row, into the empty tables of a file of the same revision; read in the connection's transaction."""
    for table in _tables(connection, names_in(file)):
        statement = sa.select(table).order_by(*table.primary_key).execution_options(yield_per=_ROWS_AT_ONCE)
        for rows in connection.execute(statement).partitions():
            file.executemany(_insertion(table), _converted(rows, table, _TO_FILE))


def from_file(file: sqlite3.Connection, connection: sa.Connection) -> None:
    """Every row of a file, into the empty tables of a store of the same revision; the server then knows their sizes."""
    for table in _tables(connection, names_in(file)):
        rows = file.execute(f"SELECT {_columns(table)} FROM {table.name} ORDER BY {_columns(table.primary_key)}")
        driver: Any = connection.connection.driver_connection
        command = f"COPY {table.name} ({_columns(table)}) FROM STDIN"
        with driver.cursor() as cursor, cursor.copy(command) as copy:
            for row in _converted(rows, table, _FROM_FILE):
                copy.write_row(row)
        connection.exec_driver_sql(f"ANALYZE {table.name}")


def names_in(file: sqlite3.Connection) -> list[str]:
    """The same, of a file."""
    found = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> ?", (VERSION_TABLE,))
    return [name for (name,) in found]


def _tables(connection: sa.Connection, names: Sequence[str]) -> list[sa.Table]:
    """Those tables as the server describes them, what is referred to before what refers."""
    described = sa.MetaData()
    described.reflect(connection, only=names)
    return [table for table in described.sorted_tables if table.name in names]


def _insertion(table: sa.Table) -> str:
    marks = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} ({_columns(table)}) VALUES ({marks})"


def _columns(of: "sa.Table | sa.PrimaryKeyConstraint") -> str:
    return ", ".join(f'"{column.name}"' for column in of.columns)


def _converted(
    rows: Iterable[Sequence[Any]], table: sa.Table, converters: Sequence[tuple[type, Converter]]
) -> Iterator[list[object]]:
    found = [
        (position, convert)
        for position, column in enumerate(table.columns)
        for kind, convert in converters
        if isinstance(column.type, kind)
    ]
    for row in rows:
        values = list(row)
        for position, convert in found:
            if values[position] is not None:
                values[position] = convert(values[position])
        yield values
