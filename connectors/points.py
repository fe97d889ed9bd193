"""Rows as a source delivered them, made into points.

Belongs here: periods to instants, values to numbers, members to canonical JSON, and the hash of an answer.
Does not: fetching rows, judging values, periods of a calendar.
"""

import difflib
import hashlib
import json
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from connectors.columns import COLUMNS
from connectors.contract import POINT_COLUMNS, Flag, MetricRequest, Window
from connectors.errors import ConfigError, ContractError, DataError
from connectors.zones import zone

_OFFSET: Final = r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2}(?::[0-9]{2})?)?)"
_TIME: Final = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
_TEXT_PERIOD: Final = rf"[0-9]{{4}}-[0-9]{{2}}(?:-[0-9]{{2}}(?:[ T]{_TIME}{_OFFSET}?)?)?"
_WITH_OFFSET: Final = rf"{_TIME}{_OFFSET}$"
_RAW_VALUE_LENGTH: Final = 200
# A year less than datetime knows, so that a zone's offset leads to no year that it does not.
_FIRST_YEAR, _LAST_YEAR = 2, 9998

_Floats = npt.NDArray[np.float64]
_Objects = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class PlainRows:
    """Rows as lists of Python objects by column, where None is null.

    An API's answer has few rows, and there are thousands: a frame for each would cost more than to understand it.
    `flags` are what only those know who made the rows.
    """

    columns: Mapping[str, Sequence[Any]]
    flags: frozenset[Flag] = frozenset()

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))


@dataclass(frozen=True, slots=True)
class SharedRows:
    """The rows at some places of a frame that many metrics take theirs from.

    They are taken once for all: a thousand small frames cost many times as much as one large one.
    """

    frame: pd.DataFrame
    places: npt.NDArray[np.intp]

    @property
    def columns(self) -> pd.Index:
        return self.frame.columns

    def __len__(self) -> int:
        return len(self.places)


Rows: TypeAlias = pd.DataFrame | PlainRows | SharedRows
"""Rows of one metric, not yet points."""


def to_points(frame: pd.DataFrame, request: MetricRequest) -> pd.DataFrame:
    """Rows with the columns `period`, `value`, optionally `weight`, and the dimensions, as points (`POINT_COLUMNS`).

    Row order and number stay. Columns are of numpy or pandas dtypes, where NaN is null, or Python objects, where
    None is.

    - period: a date, or a timestamp without zone, is civil time in `request.timezone`; one with a zone or offset is
      that instant. Text is ISO 8601. A date at which the clocks skip midnight starts at the first instant after it.
    - value: numbers and decimals are kept (infinite ones, too); a truth value, a text (even `12.5`), a NaN that is not
      null, and anything else becomes NaN with its text as `raw_value`, cut to 200 characters.
    - members are text: whole numbers without a point, dates in ISO 8601, `true` and `false`; null is JSON null.

    >>> from pydantic import create_model
    >>> request = MetricRequest("delay", "day", "America/New_York", ("carrier",), create_model("NoOptions")())
    >>> rows = pd.DataFrame({"period": ["2013-03-11"], "value": ["n/a"], "carrier": [9]})
    >>> to_points(rows, request)[["dimensions", "period_start", "raw_value"]].iloc[0].astype(str).tolist()
    ['{"carrier":"9"}', '2013-03-11 04:00:00+00:00', 'n/a']

    Raises:
        ContractError: a column is missing, or there twice.
        DataError: a period is null, unreadable, or does not name one instant; a weight is not a number.
    """
    return joined_points([(request, frame)])


def joined_points(parts: Sequence[tuple[MetricRequest, Rows]]) -> pd.DataFrame:
    """The rows of many metrics of one `shape` as points, those of one metric together, in the order given.

    Raises:
        ContractError, DataError: as `to_points`; the row that an error names is counted through all parts.
    """
    for request, rows in parts:
        require_columns(rows.columns, request)
    request = parts[0][0]
    frame = _one_frame([rows for _, rows in parts])
    metrics = np.repeat([request.metric for request, _ in parts], [len(rows) for _, rows in parts])
    value, raw_value = _numbers(frame["value"])
    columns: dict[str, Any] = {
        "metric": pd.Series(metrics, dtype="str"),
        "dimensions": _dimensions(frame, request.dimensions),
        "period_start": instants(frame["period"], request),
        "value": value,
        "weight": _weights(frame),
        "raw_value": pd.Series(raw_value, dtype=object),
    }
    return pd.DataFrame({name: columns[name] for name in POINT_COLUMNS})


def table(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Columns of Python objects, as `to_points` takes them: None is null, and stays None."""
    return pd.DataFrame({name: _objects(values) for name, values in columns.items()})


def _one_frame(parts: Sequence[Rows]) -> pd.DataFrame:
    plain = [rows.columns for rows in parts if isinstance(rows, PlainRows)]
    if plain:
        return table({name: list(chain.from_iterable(columns[name] for columns in plain)) for name in plain[0]})
    shared = [rows for rows in parts if isinstance(rows, SharedRows)]
    if shared:
        return shared[0].frame.take(np.concatenate([rows.places for rows in shared])).reset_index(drop=True)
    frames = [rows for rows in parts if isinstance(rows, pd.DataFrame)]
    return pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0].reset_index(drop=True)


def shape(request: MetricRequest, rows: Rows) -> Hashable:
    """What rows must have in common to be made into points together; shared ones must be of the same frame."""
    columns: Hashable
    if isinstance(rows, PlainRows):
        columns = tuple(rows.columns)
    elif isinstance(rows, SharedRows):
        columns = id(rows.frame)
    else:
        columns = tuple(zip(map(str, rows.columns), map(str, rows.dtypes), strict=True))
    return type(rows), request.grain == "hour", request.timezone, request.dimensions, columns


def within(starts: "pd.Series[Any]", window: Window) -> npt.NDArray[np.bool_]:
    """Which of the instants are inside the window."""
    inside: npt.NDArray[np.bool_] = ((starts >= window.start) & (starts < window.end)).to_numpy()
    return inside


def response_hashes(points: pd.DataFrame, counts: Sequence[int]) -> list[str]:
    """A hash for each stretch of so many rows, equal for equal points in any order; the metric's name is left out."""
    columns = points[[name for name in POINT_COLUMNS if name != "metric"]]
    hashes = pd.util.hash_pandas_object(columns, index=False).to_numpy(dtype="<u8")
    return [
        hashlib.sha256(np.sort(stretch).tobytes()).hexdigest() for stretch in np.split(hashes, np.cumsum(counts)[:-1])
    ]


def require_columns(names: Iterable[object], request: MetricRequest) -> None:
    """Refuse rows that lack a column a point is made of.

    Raises:
        ContractError: naming the column, and the nearest one there is.
    """
    counts = Counter(map(str, names))
    for wanted in ("period", "value", *request.dimensions):
        if wanted not in counts:
            raise missing_column(wanted, list(counts))
    for name in ("period", "value", "weight", *request.dimensions):
        _refuse_twice(name, counts[name])


def _refuse_twice(name: str, times: int) -> None:
    if times > 1:
        raise ContractError(f"The answer has {times} columns named {name}. Give each another name.")


def column_names(request: MetricRequest, given: Mapping[str, str | None]) -> dict[str, str]:
    """The answer's column for each column of points; a weight that was set to null is left out.

    Raises:
        ConfigError: a name in `given` is no part of a point of this metric, or null is given for one that must be.
    """
    _refuse_columns(request, given)
    chosen = {name: given.get(name, name) for name in (*COLUMNS, *request.dimensions)}
    return {name: column for name, column in chosen.items() if column is not None}


def columns_there(names: Mapping[str, str], given: Mapping[str, str | None], there: Sequence[str]) -> dict[str, str]:
    """Those `column_names` that an answer has: all of them, but for a weight that was not asked for.

    Raises:
        ContractError: the answer lacks another.
    """
    found = {name: column for name, column in names.items() if name != "weight" or name in given or column in there}
    for column in found.values():
        if column not in there:
            raise missing_column(column, there)
        _refuse_twice(column, there.count(column))
    return found


def _refuse_columns(request: MetricRequest, given: Mapping[str, str | None]) -> None:
    known = (*COLUMNS, *request.dimensions)
    for name, column in given.items():
        if name not in known:
            raise ConfigError(f"columns names {name}, which is no dimension of the metric. {nearest_name(name, known)}")
        if column is None and name != "weight":
            raise ConfigError(
                f"columns gives null for {name}, and only weight can be left out. Name the column of the answer."
            )


def missing_column(wanted: str, names: Sequence[str]) -> ContractError:
    """The error for a column that is not there, with the nearest one that is."""
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return ContractError(f"The answer has no column {wanted}; it has {listed or 'none'}. {nearest_name(wanted, names)}")


def nearest_name(wanted: str, names: Iterable[str]) -> str:
    """The advice for a name that is not among others.

    >>> nearest_name("carier", ["carrier", "origin"])
    'Did you mean carrier?'
    """
    by_lower_case = {name.lower(): name for name in names}
    nearest = difflib.get_close_matches(wanted.lower(), by_lower_case, n=1)
    return f"Did you mean {by_lower_case[nearest[0]]}?" if nearest else "Name one that is there, or add this one."


def from_arrow(table: Any) -> pd.DataFrame:
    """An Arrow table as columns for `to_points`: nulls stay apart from NaN, whole numbers stay whole."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = []
    for column in table.columns:
        plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        nan_inside = pa.types.is_floating(plain.type) and bool(pc.any(pc.is_nan(plain)).as_py())
        if nan_inside or pa.types.is_nested(plain.type):
            columns.append(pd.Series(_objects(plain.to_pylist()), dtype=object))
        else:
            columns.append(plain.to_pandas(integer_object_nulls=True))
    frame = pd.DataFrame(dict(enumerate(columns)), index=range(table.num_rows))
    return frame.set_axis(pd.Index(table.column_names, dtype=object), axis="columns")


def _objects(values: Sequence[object]) -> _Objects:
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def _as_objects(column: "pd.Series[Any]") -> _Objects:
    """The column as Python objects with None for null."""
    objects = column.astype(object).to_numpy(copy=True)
    if column.dtype != object:
        objects[column.isna().to_numpy()] = None
    return objects


def _is_null_type(kind: type) -> bool:
    return kind in (type(None), type(pd.NA), type(pd.NaT))


def _numbers(column: "pd.Series[Any]") -> tuple[_Floats, _Objects]:
    """Numbers with NaN for what is none, and the text of what is neither a number nor null."""
    nothing = np.full(len(column), None, dtype=object)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan), nothing
    objects = _as_objects(column)
    kinds = list(map(type, objects))
    places = {kind: place for place, kind in enumerate(dict.fromkeys(kinds))}
    codes = np.fromiter(map(places.__getitem__, kinds), dtype=np.intp, count=len(kinds))
    numbers = np.full(len(objects), np.nan)
    for kind, place in places.items():
        chosen = codes == place
        if issubclass(kind, (int, float, Decimal, np.integer, np.floating)) and not issubclass(kind, bool):
            numbers[chosen] = _floats(objects[chosen])
            nothing[chosen & np.isnan(numbers)] = "NaN"
        elif not _is_null_type(kind):
            nothing[chosen] = [_raw_text(value) for value in objects[chosen]]
    return numbers, nothing


def _floats(objects: _Objects) -> _Floats:
    try:
        return objects.astype(np.float64)
    except OverflowError:
        return np.array([float(Decimal(value)) for value in objects])


def _raw_text(value: object) -> str:
    text = str(value).lower() if isinstance(value, (bool, np.bool_)) else str(value)
    return text if len(text) <= _RAW_VALUE_LENGTH else text[: _RAW_VALUE_LENGTH - 1] + "…"


def _weights(frame: pd.DataFrame) -> _Floats:
    if "weight" not in frame.columns:
        return np.full(len(frame), np.nan)
    numbers, raw = _numbers(frame["weight"])
    refused = np.flatnonzero(pd.notna(raw))
    if refused.size:
        row = int(refused[0])
        raise DataError(f"Row {row + 1} has the weight {raw[row]!r}, which is not a number. Give a number or null.")
    return numbers


def _dimensions(frame: pd.DataFrame, names: Sequence[str]) -> "pd.Series[str]":
    """Canonical JSON, put together from the few texts that each column's members have."""
    if not names:
        return pd.Series(["{}"] * len(frame), dtype="str")
    pieces = [_encoded_members(name, frame[name]) for name in sorted(names)]
    joined = pieces[0]
    for piece in pieces[1:]:
        joined = joined + "," + piece
    return pd.Series("{" + joined + "}", dtype="str")


def _encoded_members(name: str, column: "pd.Series[Any]") -> _Objects:
    codes, members = pd.factorize(column, use_na_sentinel=True)
    texts = [json.dumps(member_text(member), ensure_ascii=False) for member in members]
    key = json.dumps(name, ensure_ascii=False)
    # Code -1 is null and takes the last place.
    return _objects([f"{key}:{text}" for text in [*texts, "null"]]).take(codes)


def member_text(member: object) -> str:
    """A member of a dimension as text, the same whether a source gives it as number, truth, date or text."""
    if isinstance(member, (bool, np.bool_)):
        return str(member).lower()
    if isinstance(member, (float, np.floating)) and float(member).is_integer():
        return str(int(member))
    if isinstance(member, (date, datetime)):
        return member.isoformat()
    return str(member)


def instants(column: "pd.Series[Any]", request: MetricRequest) -> "pd.Series[pd.Timestamp]":
    """Instants of the rows, as `to_points` has them; each distinct period is read once, and most stand in many rows.

    Raises:
        DataError: a period is null, unreadable, or does not name one instant.
    """
    codes, distinct = pd.factorize(column, use_na_sentinel=True)
    read = _read_periods(pd.Series(distinct), request).to_numpy("datetime64[us]")
    # Code -1 is null and takes the last place.
    taken = np.append(read, np.datetime64("NaT", "us")).take(codes)
    if np.isnat(taken).any():
        row = int(np.isnat(taken).argmax())
        raise DataError(_unreadable_period(row, column.iloc[row]))
    return pd.Series(pd.DatetimeIndex(taken, tz="UTC"))


def _read_periods(periods: "pd.Series[Any]", request: MetricRequest) -> Any:
    """Instants in UTC without zone, NaT for what is no period."""
    if isinstance(periods.dtype, pd.DatetimeTZDtype):
        return _in_range(periods.dt.tz_convert(None))
    if pd.api.types.is_datetime64_dtype(periods):
        return _localised(periods, request)
    texts = pd.Series(_period_texts(periods), dtype="str")
    texts = texts.where(texts.str.fullmatch(_TEXT_PERIOD).fillna(value=False).astype(bool))
    with_offset = texts.str.contains(_WITH_OFFSET).fillna(value=False).astype(bool)
    naive = pd.to_datetime(texts.mask(with_offset), format="ISO8601", errors="coerce").astype("datetime64[us]")
    instants = _localised(naive, request)
    if with_offset.any():
        aware = pd.to_datetime(texts.where(with_offset), format="ISO8601", utc=True, errors="coerce")
        instants = instants.fillna(_in_range(aware.astype("datetime64[us, UTC]").dt.tz_convert(None)))
    return instants


def _period_texts(periods: "pd.Series[Any]") -> list[str | None]:
    return [
        value if isinstance(value, str) else value.isoformat() if isinstance(value, date) else None for value in periods
    ]


def _localised(naive: "pd.Series[Any]", request: MetricRequest) -> Any:
    """Civil times of the request's zone as instants in UTC.

    A day starts at its first instant, whatever the clocks do. An hour that happens twice or never names no instant, nor
    does a day that a zone skipped.
    """
    naive = _in_range(naive)
    if request.grain != "hour":
        first = np.ones(len(naive), dtype=bool)
        local = naive.dt.tz_localize(zone(request.timezone), ambiguous=first, nonexistent="shift_forward")
        if request.grain == "day":
            _refuse_skipped_days(naive, local, request)
        return local.dt.tz_convert(None)
    instants = naive.dt.tz_localize(zone(request.timezone), ambiguous="NaT", nonexistent="NaT")
    nameless = instants.isna() & naive.notna()
    if nameless.any():
        raise DataError(
            f"The period {naive[nameless].iloc[0]} happens twice or never in {request.timezone}, as clocks change."
            " Give hourly periods with a zone or in UTC."
        )
    return instants.dt.tz_convert(None)


def _refuse_skipped_days(naive: "pd.Series[Any]", local: "pd.Series[Any]", request: MetricRequest) -> None:
    """A time that clocks skip was moved on by as much; in another day it would be another period's."""
    skipped = naive.notna() & (naive.dt.normalize() != local.dt.tz_localize(None).dt.normalize())
    if skipped.any():
        raise DataError(
            f"The period {naive[skipped].iloc[0]} never happened in {request.timezone}, as clocks changed."
            " Leave it out, or correct the metric's time zone."
        )


def _in_range(times: Any) -> Any:
    return times.where(times.dt.year.between(_FIRST_YEAR, _LAST_YEAR))


def _unreadable_period(row: int, value: object) -> str:
    missing = _is_null_type(type(value)) or (isinstance(value, float) and np.isnan(value))
    shown = "no period" if missing else f"the period {_raw_text(value)!r}"
    return (
        f"Row {row + 1} has {shown}, which cannot be read as a date or time."
        " Give the period's start as a date, a timestamp, or ISO 8601 text such as 2013-05-19."
    )
