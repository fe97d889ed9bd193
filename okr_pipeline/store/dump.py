"""The content of a store as comparable text.

Belongs here: what two stores must share to be called equal. Does not: backups.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from okr_pipeline.store.schema import metadata, series

_ABOUT_THE_WRITER: Final = {
    "recorded_at", "run_id", "released_at", "released_by_run", "known_at", "as_of", "fetched_at",
}  # fmt: skip
_NUMBERS: Final = {"series_id", "stamp_id", "read_id", "transition_id", "outcome_id"}


def dump(connection: sa.Connection, *, run_tables: bool) -> str:
    """One line per row, sorted within each table; run tables are written whole, the others without their writer."""
    tables = [table for table in metadata.sorted_tables if run_tables or table.info["role"] != "run"]
    return "".join(f"{line}\n" for table in tables for line in sorted(_lines(connection, table)))


def _lines(connection: sa.Connection, table: sa.Table) -> Iterator[str]:
    columns = [column for column in table.columns if _is_content(table, column)]
    source: sa.FromClause = table
    if "series_id" in table.c:
        named = [series.c.metric, series.c.dimensions] if table is not series else []
        columns = [*named, *columns]
        source = table.join(series, series.c.series_id == table.c.series_id) if named else table
    statement = sa.select(*columns).select_from(source)
    for row in connection.execute(statement):
        values = zip(columns, row, strict=True)
        yield f"{table.name} " + " ".join(f"{column.name}={_text(value)}" for column, value in values)


def _is_content(table: sa.Table, column: sa.Column[Any]) -> bool:
    if column.name in _NUMBERS:
        return False
    return table.info["role"] == "run" or column.name not in _ABOUT_THE_WRITER


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else repr(value)
