"""What a store of any schema holds, as something to compare.

Belongs here: every row of every table and view, and how each is made. Does not: what must be equal.
"""

import marshal
import sqlite3
from array import array
from dataclasses import dataclass

import sqlalchemy as sa

from okr_pipeline.store import versions
from okr_pipeline.store.engine import Database

_EXACT = 2
"""The newest form of marshal in which equal values are equal bytes; it tells 1 from 1.0 and -1 from -2, as hash does not."""


@dataclass(frozen=True)
class Content:
    """A store's revision, columns and rows; rows are counted, and their hashes added up, in any order."""

    revision: str | None
    tables: dict[str, tuple[list[str], int, int]]
    views: dict[str, tuple[list[str], int, int]]


def content(database: Database, *, with_views: bool = True) -> Content:
    """All there is; views take as long as tables."""
    with database.reading() as connection:
        inspector = sa.inspect(connection)
        return Content(
            versions.current(connection),
            {name: _rows(connection, name, inspector) for name in inspector.get_table_names()},
            {name: _rows(connection, name, inspector) for name in inspector.get_view_names() if with_views},
        )


def _rows(connection: sa.Connection, name: str, inspector: sa.Inspector) -> tuple[list[str], int, int]:
    columns = [column["name"] for column in inspector.get_columns(name)]
    chosen = ", ".join(f'"{column}"' for column in columns)
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        rows = driver.execute(f"SELECT {chosen} FROM {name}")
        hashes = array("q", (hash(marshal.dumps(row, _EXACT)) for row in rows))
    else:
        with driver.cursor() as cursor, cursor.copy(f"COPY (SELECT {chosen} FROM {name}) TO STDOUT") as copy:
            hashes = array("q", (hash(bytes(row)) for row in copy))
    return columns, len(hashes), sum(hashes)
