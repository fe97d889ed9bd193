"""Columns of frames and of tables: what the values of each kind are in between.

Belongs here: the kinds, the one array form that both backends read into, and pandas' form of it. Does not: a driver
(`sqlite_rows`, `postgres_rows`).

The array form of instants, numbers, counts and truths is a NumPy array without None: float64 with NaN, or int64 (an
instant as microseconds since 1970 UTC) with MISSING. That of text is a sequence with None.
"""

from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store.types import Instant

Kind: TypeAlias = Literal["instant", "number", "count", "truth", "text"]
Array: TypeAlias = np.ndarray[Any, Any]

MISSING: Final = int(np.iinfo("i8").min)
_UTC_MICROSECONDS: Final = pd.DatetimeTZDtype("us", "UTC")
_TEXT: Final = pd.StringDtype(na_value=np.nan)
"""What `str` names: a name is looked up each time."""


def kind(column: sa.ColumnElement[Any]) -> Kind:
    """What a column holds; a date is text here."""
    if isinstance(column.type, Instant):
        return "instant"
    if isinstance(column.type, sa.Double):
        return "number"
    if isinstance(column.type, sa.Boolean):
        return "truth"
    return "count" if isinstance(column.type, sa.Integer) else "text"


def form(values: Any, column: sa.ColumnElement[Any]) -> Any:
    """What a frame takes for the array form: mostly an array, since to make a series of each takes four times as long.

    Instants are `datetime64[us, UTC]`; numbers float64 with NaN, counts int64 where no value can be missing, else
    float64; truths bool, or object with None; text `str`, or object with None where it can be missing.
    """
    match kind(column):
        case "instant":
            return pd.array(values.view("M8[us]"), dtype=_UTC_MICROSECONDS)
        case "number":
            return values
        case "count":
            return _with_nan(values) if _may_miss(column) else values
        case "truth":
            return _truths(values)
        case "text":
            # Of an array of objects a frame would guess what they are.
            return pd.Series(values, dtype=object) if _may_miss(column) else pd.array(values, dtype=_TEXT)


def array(values: pd.Series, column: sa.ColumnElement[Any]) -> Any:
    """The array form of a frame's column; NaN, NaT and None are missing.

    Raises:
        ValueError: naive instants.
    """
    match kind(column):
        case "instant":
            return instants(values).dt.tz_localize(None).to_numpy().view("i8")
        case "number":
            return pd.to_numeric(values).to_numpy(dtype="f8", na_value=np.nan)
        case "count" | "truth":
            return _whole(values)
        case "text":
            return texts(values)


def equal(one: pd.Series, other: pd.Series, column: sa.ColumnElement[Any]) -> Array:
    """Row by row, whether two of a column say the same; missing equals missing."""
    of = kind(column)
    first, second = (np.asarray(array(it, column), dtype=object if of == "text" else None) for it in (one, other))
    same: Array = first == second
    return same | (np.isnan(first) & np.isnan(second)) if of == "number" else same


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


def texts(values: pd.Series) -> list[str | None]:
    """As text, with None for what is missing."""
    found = values.tolist()
    if values.dtype != "str":
        found = [str(value) for value in found]
    for position in np.flatnonzero(values.isna().to_numpy()):
        found[position] = None
    return found


def _whole(values: pd.Series) -> Array:
    if values.dtype.kind in "iub":
        return values.to_numpy().astype("i8")
    missing = values.isna().to_numpy()
    return np.where(missing, MISSING, values.where(~missing, 0).to_numpy().astype("i8"))


def _is_naive(values: pd.Series) -> bool:
    if values.dtype.kind == "M":
        return True
    first = values.dropna().iloc[0]
    return getattr(first, "tzinfo", None) is None


def _with_nan(values: Array) -> Array:
    return np.where(values == MISSING, np.nan, values)


def _truths(values: Array) -> Any:
    if not (values == MISSING).any():
        return values.astype(bool)
    return pd.Series([None if value == MISSING else bool(value) for value in values.tolist()], dtype=object)


def _may_miss(column: sa.ColumnElement[Any]) -> bool:
    return bool(getattr(column, "nullable", True))
