"""Columns to and from PostgreSQL, in the binary forms that it takes and gives fastest.

Belongs here: COPY, columns as arrays and as one value, and their bytes. Does not: the array form (`columns`),
statements (`bulk`).

In: rows of numbers and short words are laid out by NumPy and copied in PostgreSQL's binary form, which the server reads
in half the time of text; rows with long text or dates are copied as CSV. Rows to compare with are parameters of the
statement that compares, one array per column: a temporary table would be as fast, and would write to the catalogue and
so to the log. Out: the server joins each column to one value, because taking rows apart costs a driver several times
the query itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.functions import Function

from okr_pipeline.store import columns
from okr_pipeline.store.columns import MISSING, Array, Kind

_SINCE_1970: Final = 946_684_800_000_000
"""Microseconds; PostgreSQL counts from the year 2000."""
_LONGEST_WORD_BYTES: Final = 64
_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_SENT: Final = {
    "instant": "coalesce(timestamptz_send({0}), int8send(-9223372036854775808))",
    "number": "coalesce(float8send({0}), float8send('NaN'))",
    "count": "int8send(coalesce(CAST({0} AS int8), -9223372036854775808))",
    "truth": "int8send(coalesce(CAST(CAST({0} AS int4) AS int8), -9223372036854775808))",
}


@dataclass(frozen=True, slots=True)
class _Grid:
    """A field of every row: its bytes in a row each, and how many of those are there; None: all of them."""

    content: Array
    sizes: Array | None

    @property
    def lengths(self) -> Array:
        return np.full(len(self.content), self.content.shape[1]) if self.sizes is None else self.sizes

    @property
    def is_full(self) -> bool:
        return self.sizes is None or bool((self.sizes == self.content.shape[1]).all())

    @property
    def there(self) -> Array:
        found: Array = np.arange(self.content.shape[1]) < self.lengths[:, None]
        return found


def insert(connection: sa.Connection, table: sa.Table, targets: Sequence[sa.Column[Any]], frame: pd.DataFrame) -> None:
    """Append a frame's rows."""
    binary = _as_binary(targets, frame)
    form, content = ("csv", _as_csv(targets, frame)) if binary is None else ("binary", binary)
    names = ", ".join(f'"{column.name}"' for column in targets)
    with (
        _cursor(connection) as cursor,
        cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN (FORMAT {form})') as copy,
    ):
        copy.write(content)


def write_found(
    connection: sa.Connection, rows: sa.Select[Any], writes: Sequence[Callable[[sa.FromClause], sa.Insert]]
) -> tuple[int, ...]:
    """Find rows, and write what statements make of them, all in one; how many each wrote."""
    found = rows.cte("found")
    wrote = (write(found).returning(sa.literal_column("1")).cte(f"wrote_{it}") for it, write in enumerate(writes))
    counts = (sa.select(sa.func.count()).select_from(part).scalar_subquery() for part in (found, *wrote))
    return tuple(connection.execute(sa.select(*counts)).one())


def is_one_of(column: sa.Column[Any], values: Sequence[int] | Sequence[str]) -> sa.ColumnElement[bool]:
    """As an array."""
    return column == sa.any_(sa.literal(list(values), postgresql.ARRAY(column.type)))


def fetch(
    connection: sa.Connection, statement: sa.Select[Any], wanted: Sequence[sa.ColumnElement[Any]]
) -> Mapping[str, Any]:
    """The columns of a query; each must have a name of its own."""
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    sent = ", ".join(f"string_agg({each}, '')" for column in wanted for each in _sent(column))
    with _cursor(connection) as cursor:
        (row,) = cursor.execute(f"SELECT {sent} FROM ({compiled}) AS _rows", compiled.params).fetchall()
    joined = iter(b"" if each is None else each for each in row)
    return {column.name: _received(joined, column) for column in wanted}


def given(connection: sa.Connection, targets: Sequence[sa.Column[Any]], frame: pd.DataFrame) -> sa.FromClause:
    """A frame's rows as a table of a statement."""
    adapters = connection.connection.driver_connection.adapters  # type: ignore[union-attr]
    for kind, dumper in _dumpers().items():
        adapters.register_dumper(kind, dumper)
    arrays = (sa.literal(_parameter(frame[column.name], column), sa.types.NullType()) for column in targets)
    named = (sa.column(column.name, column.type) for column in targets)
    # Not sa.func: BigQuery's dialect, where it is installed, puts an unnest of its own there, which takes one array.
    return Function("unnest", *arrays).table_valued(*named, name="given").render_derived()


def _as_binary(targets: Sequence[sa.Column[Any]], frame: pd.DataFrame) -> bytes | None:
    """PostgreSQL's binary form of rows; None where a column has none that is worth it.

    The rows are a grid of bytes as wide as the widest of each column, from which the bytes that are not there are taken
    out at the end.
    """
    fields = [_Grid(_bytes(np.full(len(frame), len(targets)), ">i2"), None)]
    for column in targets:
        grid = _words(frame[column.name]) if columns.kind(column) == "text" else _fixed(frame[column.name], column)
        if grid is None or isinstance(column.type, sa.Date):
            return None
        fields += [_Grid(_bytes(grid.lengths, ">i4"), None), grid]
    return b"".join((_HEAD, _packed(fields), _END))


def _fixed(values: pd.Series, column: sa.Column[Any]) -> "_Grid":
    """The bytes of each value of one width: none of what is missing."""
    found, form = columns.array(values, column), ">i4"
    missing = np.isnan(found) if found.dtype == "f8" else found == MISSING
    match columns.kind(column):
        case "instant":
            found, form = found - np.where(missing, 0, _SINCE_1970), ">i8"
        case "number":
            form = ">f8"
        case "truth":
            form = "i1"
    content = _bytes(np.where(missing, 0, found), form)
    return _Grid(content, np.where(missing, -1, content.shape[1]))


def _words(values: pd.Series) -> "_Grid | None":
    """The same for text, unless some is long."""
    codes, distinct = pd.factorize(values)
    words = [str(word).encode() for word in distinct]
    lengths = np.array([*map(len, words), -1])
    longest = max(int(lengths.max()), 1)
    if longest > _LONGEST_WORD_BYTES:
        return None
    table = np.array([*words, b""], dtype=f"S{longest}")
    return _Grid(table.view("u1").reshape(len(table), longest)[codes], lengths[codes])


def _packed(fields: "Sequence[_Grid]") -> bytes:
    """Row by row what is there of each field."""
    rows = np.concatenate([field.content for field in fields], axis=1)
    if all(field.is_full for field in fields):
        return rows.tobytes()
    there: Array = rows[np.concatenate([field.there for field in fields], axis=1)]
    return there.tobytes()


def _parameter(values: pd.Series, column: sa.Column[Any]) -> "_Array":
    """An array in PostgreSQL's binary form: dimensions, whether elements may be missing, type, length, lower bound."""
    kind = columns.kind(column)
    head = np.array([1, 1, _ELEMENTS[kind], len(values), 1], ">i4").tobytes()
    grid = _words(values) if kind == "text" else _fixed(values, column)
    if grid is None:
        return _KINDS[kind](head + b"".join(map(_element, columns.texts(values))))
    return _KINDS[kind](head + _packed([_Grid(_bytes(grid.lengths, ">i4"), None), grid]))


def _element(text: str | None) -> bytes:
    if text is None:
        return b"\xff\xff\xff\xff"
    content = text.encode()
    return len(content).to_bytes(4, "big") + content


def _bytes(values: Array, form: str) -> Array:
    packed = np.ascontiguousarray(values, dtype=form)
    return packed.view("u1").reshape(len(packed), packed.itemsize)


def _as_csv(targets: Sequence[sa.Column[Any]], frame: pd.DataFrame) -> memoryview:
    import pyarrow as pa
    from pyarrow import csv

    table = pa.table({column.name: _arrow(frame[column.name], column) for column in targets})
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False))
    return memoryview(sink.getvalue())


def _arrow(values: pd.Series, column: sa.Column[Any]) -> Any:
    import pyarrow as pa

    found = columns.array(values, column)
    match columns.kind(column):
        case "instant":
            # Without a zone, because Arrow prints those thirty times as fast; the session's zone is UTC.
            return pa.array(found.view("M8[us]"))
        case "number":
            return pa.array(found, mask=np.isnan(found))
        case "count":
            return pa.array(found, mask=found == MISSING)
        case "truth":
            return pa.array(found == 1, mask=found == MISSING)
        case "text":
            return pa.array(found, type=pa.string())


def _sent(column: sa.ColumnElement[Any]) -> Iterator[str]:
    """What the server joins: the bytes of a column's values, and before those of text their lengths."""
    name, kind = f'_rows."{column.name}"', columns.kind(column)
    if kind == "text":
        text = f"textsend(CAST({name} AS text))"
        yield f"int4send(coalesce(octet_length({text}), -1))"
        yield text
    else:
        yield _SENT[kind].format(name)


def _received(joined: Iterator[bytes], column: sa.ColumnElement[Any]) -> Any:
    content = next(joined)
    match columns.kind(column):
        case "text":
            return _texts(np.frombuffer(content, ">i4").astype("i4"), next(joined))
        case "number":
            return np.frombuffer(content, ">f8").astype("f8")
        case "instant":
            found = np.frombuffer(content, ">i8").astype("i8")
            return np.where(found == MISSING, MISSING, found + _SINCE_1970)
        case _:
            return np.frombuffer(content, ">i8").astype("i8")


def _texts(lengths: Array, content: bytes) -> Any:
    """Text of lengths, missing where that is negative; as pandas' own where none is."""
    import pyarrow as pa

    ends = np.concatenate([[0], np.cumsum(np.maximum(lengths, 0))])
    missing = lengths < 0
    validity = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    buffers = [validity, pa.py_buffer(ends.astype("i8")), pa.py_buffer(content)]
    texts = pa.LargeStringArray.from_buffers(len(lengths), buffers[1], buffers[2], buffers[0])
    return texts.to_pylist() if missing.any() else texts.to_pandas()


class _Array(bytes):
    """An array in binary form, which the driver is told to send as it is."""


_ELEMENTS: Final[dict[Kind, int]] = {"instant": 1184, "number": 701, "count": 23, "truth": 16, "text": 25}
"""PostgreSQL's numbers of the types."""
_ARRAYS: Final[dict[Kind, int]] = {"instant": 1185, "number": 1022, "count": 1007, "truth": 1000, "text": 1009}
_KINDS: Final[dict[Kind, type[_Array]]] = {kind: type(f"_Array_{kind}", (_Array,), {}) for kind in _ELEMENTS}


@cache
def _dumpers() -> dict[type[_Array], Any]:
    from psycopg.adapt import Dumper
    from psycopg.pq import Format

    def dump(_: Dumper, array: _Array) -> bytes:
        return array

    return {
        _KINDS[kind]: type(f"_{kind}_dumper", (Dumper,), {"oid": number, "format": Format.BINARY, "dump": dump})
        for kind, number in _ARRAYS.items()
    }


def _cursor(connection: sa.Connection) -> Any:
    """A cursor of the driver itself, in the connection's transaction, whose answers are bytes."""
    driver: Any = connection.connection.driver_connection
    return driver.cursor(binary=True)
