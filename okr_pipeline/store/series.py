"""Series: a metric with one combination of dimension members, numbered so that rows about it stay small.

Belongs here: names ↔ numbers. Does not: what is observed of a series (observations, quarantine).
"""

from collections.abc import Collection
from typing import Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store import bulk
from okr_pipeline.store.schema import series as table

_NAME: Final = ["metric", "dimensions"]


def numbered(connection: sa.Connection, frame: pd.DataFrame, *, create: bool) -> pd.Series:
    """The `series_id` of each row by `metric` and `dimensions`; unknown ones are created, or NaN without `create`."""
    codes, names = _distinct_names(frame)
    known = bulk.fetch(connection, _named(connection, names["metric"].unique()))
    numbers = names.merge(known, on=_NAME, how="left")["series_id"]
    if create and numbers.isna().any():
        missing = names[numbers.isna().to_numpy()].sort_values(_NAME)
        first = bulk.next_number(connection, table.c.series_id)
        missing["series_id"] = np.arange(first, first + len(missing))
        bulk.insert(connection, table, missing[["series_id", *_NAME]])
        numbers = numbers.fillna(missing["series_id"].reindex(names.index))
    return pd.Series(numbers.to_numpy()[codes], index=frame.index, name="series_id")


def names(connection: sa.Connection, metrics: Collection[str] | None) -> pd.DataFrame:
    """`series_id`, `metric`, `dimensions` of some metrics, or of all; sorted by name."""
    return bulk.fetch(connection, _named(connection, metrics).order_by(table.c.metric, table.c.dimensions))


def among(
    connection: sa.Connection, column: sa.Column[Any], listed: pd.DataFrame, metrics: Collection[str] | None
) -> sa.ColumnElement[bool]:
    """The condition that a row is of the listed series; true where the metrics are not limited."""
    return sa.true() if metrics is None else bulk.is_one_of(connection, column, listed["series_id"].tolist())


def with_names(rows: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Rows with `metric` and `dimensions` in place of `series_id`, in the order of the names; others are dropped.

    Rows must come sorted by what follows the series.
    """
    ranks = pd.Index(listed["series_id"]).get_indexer(pd.Index(rows["series_id"]))
    order = np.argsort(ranks, kind="stable")
    order = order[np.searchsorted(ranks[order], 0) :]
    named = {name: listed[name].array.take(ranks[order]) for name in _NAME}
    rest = {name: rows[name].array.take(order) for name in rows.columns if name != "series_id"}
    return pd.DataFrame({**named, **rest}, copy=False)


def _named(connection: sa.Connection, metrics: Collection[str] | None) -> sa.Select[Any]:
    statement = sa.select(table.c.series_id, table.c.metric, table.c.dimensions)
    if metrics is None:
        return statement
    return statement.where(bulk.is_one_of(connection, table.c.metric, [str(metric) for metric in metrics]))


def _distinct_names(frame: pd.DataFrame) -> tuple[np.ndarray[Any, Any], pd.DataFrame]:
    """Per row the position of its name among the distinct ones."""
    metric_codes, metrics = pd.factorize(frame["metric"])
    dimension_codes, dimensions = pd.factorize(frame["dimensions"])
    if (metric_codes < 0).any() or (dimension_codes < 0).any():
        raise ValueError("a row has no metric or no dimensions; dimensions without members are '{}'")
    pairs = metric_codes.astype("i8") * max(len(dimensions), 1) + dimension_codes
    codes, distinct = pd.factorize(pairs)
    width = max(len(dimensions), 1)
    named = {"metric": metrics.take(distinct // width), "dimensions": dimensions.take(distinct % width)}
    return codes, pd.DataFrame(named).astype("str")
