"""Cells of a spreadsheet as Google Sheets' API gives them.

Belongs here: what one cell means: nothing, a day, an instant, a value. Does not: which cells are read.

Values come unformatted, so that `1.234,50 €` is 1234.5 wherever the spreadsheet's people live; dates come as the
numbers that Sheets keeps, because as texts they would be in whatever form somebody gave the column.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from connectors.errors import ContractError, DataError
from connectors.http.requests import shown

_DAY_ZERO: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - civil time, in the metric's zone
_FIRST, _AFTER_LAST = date(1950, 1, 1), date(2150, 1, 1)


def table_of(values: Any) -> tuple[list[str], list[list[Any]]]:
    """Names of columns, and rows as long as they are: what is empty is None, and rows that are empty are left out.

    Sheets leaves out empty cells at the end of a row, so a short row is no fault.

    Raises:
        DataError: there is nothing, not even names. ContractError: it is no table of cells.
    """
    if not isinstance(values, list) or not all(isinstance(row, list) for row in values):
        raise ContractError("The answer's values are no rows of cells. Ask Google what changed.")
    rows = [[_content(cell) for cell in row] for row in values]
    filled = [row for row in rows if any(cell is not None for cell in row)]
    if not filled:
        raise DataError("The range is empty. Put the column names into its first row.")
    names = ["" if cell is None else str(cell) for cell in filled[0]]
    return names, filled[1:]


def columns_of(rows: list[list[Any]], places: Mapping[str, int]) -> dict[str, list[Any]]:
    """Columns by name, each from its place; the period as a date or a time, where it is none."""
    columns = {name: [row[place] if place < len(row) else None for row in rows] for name, place in places.items()}
    return {**columns, "period": [period(cell) for cell in columns["period"]]}


def period(cell: Any) -> Any:
    """A cell that stands for a period: days since the end of 1899 as a date or a time, anything else as it is.

    >>> period(45292), period(45292.5), period("2024-01-01")
    (datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1, 12, 0), '2024-01-01')

    Raises:
        DataError: it is a number that was hardly meant as a date, such as a year.
    """
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return cell
    if not (_FIRST - _DAY_ZERO.date()).days <= cell < (_AFTER_LAST - _DAY_ZERO.date()).days:
        raise DataError(
            f"The period {shown(str(cell))} is a number and no date of 1950 to 2149."
            " Let the cells hold dates, or texts such as 2026-01-31."
        )
    # A fraction of a day is rarely exact, and nobody writes less than a second into a sheet.
    instant = _DAY_ZERO + timedelta(seconds=round(cell * 86_400))
    return instant.date() if cell == int(cell) else instant


def _content(cell: Any) -> Any:
    if isinstance(cell, list | dict):
        raise ContractError("The answer holds a cell that is no text, number or truth. Ask Google what changed.")
    return None if cell == "" else cell
