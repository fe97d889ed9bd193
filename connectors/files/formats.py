"""Files of each format as a table of raw columns.

Belongs here: parsing, strictly: what does not fit its format is an error with its place, never a guess. Does not: which
file, and what its columns mean.

Every reader takes an open file and gives columns as `connectors.points.to_points` wants them. Empty cells are null.
Only CSV has no types of its own: there a text that is wholly a number is one (`12.5`, `-3`, `1e6`), and anything else
(`1,234`, `n/a`) stays text.
"""

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final, Protocol

import numpy as np
import pandas as pd

from connectors.errors import ConfigError, DataError, source_key
from connectors.points import from_arrow, member_text, nearest_name

_NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?(?i:inf|infinity)$"


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wanted of a file: `columns` where there are such, of which `numbers` hold numbers, and the caps."""

    columns: Collection[str]
    numbers: Collection[str]
    sheet: str | None
    max_bytes: int
    max_rows: int


@dataclass(frozen=True, slots=True)
class Table:
    """The wanted columns of a file, and the names of all it has."""

    frame: pd.DataFrame
    names: tuple[str, ...]


class Reader(Protocol):
    """Parses one format."""

    def __call__(self, file: IO[bytes], ask: Ask) -> Table:
        """The asked columns of an open file.

        Raises:
            DataError: it is not of the format, or larger than asked.
            ConfigError: it has no such sheet.
        """
        ...


def read_csv(file: IO[bytes], ask: Ask) -> Table:
    """UTF-8 with or without byte order mark, commas, a header line, quotes as in RFC 4180."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    content = file.read()
    names = _csv_header(content)
    if content.count(b'"') % 2 and (fault := _csv_fault(content, len(names))):
        # Arrow takes the end of the file for the missing quotation mark of a file that was cut short.
        raise DataError(fault)
    wanted = [name for name in names if name in ask.columns]
    convert = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        include_columns=wanted or names[:1],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        null_values=[""],
    )
    try:
        table = arrow_csv.read_csv(
            # Arrow finds nothing in a header without a line end.
            pa.BufferReader(content if content.endswith(b"\n") else content + b"\n"),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=convert,
        )
    except pa.ArrowInvalid as error:
        why = f"It cannot be read as CSV: {_first_line(error)}. Write it again."
        raise DataError(_csv_fault(content, len(names)) or why) from None
    _refuse_more_rows(table.num_rows, ask)
    columns = {name: _csv_column(table[name], number=name in ask.numbers) for name in wanted}
    return Table(pd.DataFrame(columns, index=range(table.num_rows)), names)


def read_parquet(file: IO[bytes], ask: Ask) -> Table:
    """Only the asked columns are decoded."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        opened = parquet.ParquetFile(file)
        _refuse_more_rows(opened.metadata.num_rows, ask)
        names = _unique(opened.schema_arrow.names)
        table = opened.read(columns=[name for name in names if name in ask.columns])
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"It is not a whole Parquet file: {_first_line(error)}. Write it again.") from None
    return Table(from_arrow(table), names)


def read_excel(file: IO[bytes], ask: Ask) -> Table:
    """One sheet: the first row that is not empty names the columns, empty rows are left out."""
    import python_calamine

    content = io.BytesIO(file.read())
    _refuse_bomb(content, ask.max_bytes)
    try:
        with python_calamine.CalamineWorkbook.from_filelike(content) as workbook:
            rows = workbook.get_sheet_by_name(_sheet(workbook.sheet_names, ask.sheet)).to_python()
    except python_calamine.CalamineError as error:
        raise DataError(f"It is not a whole Excel workbook: {_first_line(error)}. Save it again.") from None
    filled = [row for row in rows if any(cell != "" for cell in row)]
    if not filled:
        raise DataError("The sheet is empty. Put the column names into its first row.")
    _refuse_more_rows(len(filled) - 1, ask)
    return _from_rows(filled[0], filled[1:], ask)


def read_json(file: IO[bytes], ask: Ask) -> Table:
    """An array of objects, or one object per line; a key that an object lacks is null."""
    text = _decoded(file.read())
    records = _json_array(text) if text.lstrip().startswith("[") else _json_lines(text)
    _refuse_more_rows(len(records), ask)
    # Without an object there are no names, and so none that could be missing.
    names = tuple(dict.fromkeys(name for record in records for name in record)) or tuple(ask.columns)
    columns = {name: _objects([record.get(name) for record in records]) for name in names if name in ask.columns}
    return Table(pd.DataFrame(columns, index=range(len(records))), names)


READERS: Final[Mapping[str, Reader]] = {
    ".csv": read_csv,
    ".parquet": read_parquet,
    ".xlsx": read_excel,
    ".xls": read_excel,
    ".ods": read_excel,
    ".json": read_json,
    ".jsonl": read_json,
    ".ndjson": read_json,
}
"""The reader of each file name suffix."""


def _csv_header(content: bytes) -> tuple[str, ...]:
    reader = csv.reader(io.StringIO(_decoded(content[: 1 << 20], part=True), newline=""))
    try:
        # Arrow passes over lines without anything, too.
        first = next(filter(None, reader), [])
    except csv.Error as error:
        raise DataError(_unreadable_line(reader.line_num, error)) from None
    if len(first) == 1 and (";" in first[0] or "\t" in first[0]):
        raise DataError(f"Line 1 is the one name {first[0]!r}. Separate the columns with commas.")
    return _unique(first)


def _csv_column(column: Any, *, number: bool) -> Any:
    if not number:
        return column.to_pandas().astype(object).where(lambda texts: texts.notna(), None)
    texts = column.to_pandas().astype("str").str.strip()
    numeric = texts.str.fullmatch(_NUMBER).fillna(value=False).astype(bool)
    numbers = pd.to_numeric(texts.where(numeric)).astype(np.float64)
    leftover = ~numeric & texts.notna() & (texts != "")
    if not leftover.any():
        return numbers
    mixed = numbers.astype(object).where(numbers.notna(), None)
    return mixed.where(~leftover, texts)


def _csv_fault(content: bytes, width: int) -> str | None:
    """The place of what does not parse, if anything: Arrow counts rows, and people look for lines."""
    reader = csv.reader(io.StringIO(_decoded(content), newline=""), strict=True)
    try:
        for row in reader:
            if row and len(row) != width:
                return (
                    f"Line {reader.line_num} has {len(row)} cells, and the header names {width} columns."
                    " Complete the line, or quote a cell that contains a comma."
                )
    except csv.Error as error:
        return _unreadable_line(reader.line_num, error)
    return None


def _unreadable_line(number: int, error: csv.Error) -> str:
    return f"Line {number} cannot be read: {error}. Close its quotation mark, or write the file again."


def _decoded(content: bytes, *, part: bool = False) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if part and error.end >= len(content) - 3 and error.reason == "unexpected end of data":
            return content[: error.start].decode("utf-8-sig")
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"Line {line} is not UTF-8 text. Save the file as UTF-8.") from None


def _json_array(text: str) -> list[dict[str, Any]]:
    records = _json(text, line=None)
    if not all(isinstance(record, dict) for record in records):
        raise DataError("The array holds something else than objects. Write one object with named values per row.")
    return list(records)


def _json_lines(text: str) -> list[dict[str, Any]]:
    records = [_json(line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    stray = next((number for number, record in enumerate(records, 1) if not isinstance(record, dict)), None)
    if stray is not None:
        raise DataError(f"Record {stray} is not an object. Write an array of objects, or one object per line.")
    return records


def _json(text: str, line: int | None) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        place = f"Line {line or getattr(error, 'lineno', 1)}"
        raise DataError(f"{place} cannot be read as JSON: {_first_line(error)}. Write the file again.") from None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r} is there twice in one object")
    return record


def _from_rows(header: list[Any], rows: list[list[Any]], ask: Ask) -> Table:
    names = [member_text(cell) for cell in header]
    while names and names[-1] == "" and all(row[len(names) - 1] == "" for row in rows):
        names.pop()
    columns = {
        name: _objects([None if row[position] == "" else row[position] for row in rows])
        for position, name in enumerate(names)
        if name in ask.columns
    }
    return Table(pd.DataFrame(columns, index=range(len(rows))), _unique(names))


def _sheet(names: list[str], wanted: str | None) -> str:
    if wanted is None:
        return names[0]
    if wanted not in names:
        raise ConfigError(f"The workbook has no sheet {wanted}. {nearest_name(wanted, names)}")
    return wanted


def _unique(names: Collection[str]) -> tuple[str, ...]:
    """The names; what no column is called, a metric cannot ask for, and so it may stand over many."""
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise DataError(f"The name {twice[0]!r} heads two columns. Give each column a name of its own.")
    return tuple(names)


def _refuse_more_rows(count: int, ask: Ask) -> None:
    if count > ask.max_rows:
        raise DataError(
            f"It has {count:,} rows, and the source takes {ask.max_rows:,}; rows are never cut off."
            " Aggregate it, split it, or raise ",
            source_key("max_rows"),
            ".",
        )


def _refuse_bomb(content: IO[bytes], max_bytes: int) -> None:
    if not zipfile.is_zipfile(content):
        return
    with zipfile.ZipFile(content) as archive:
        size = sum(member.file_size for member in archive.infolist())
    content.seek(0)
    if size > max_bytes:
        raise DataError(
            f"It unpacks to {size:,} bytes, and the source takes {max_bytes:,}. Split it, or raise ",
            source_key("max_bytes"),
            ".",
        )


def _objects(values: list[Any]) -> Any:
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")
