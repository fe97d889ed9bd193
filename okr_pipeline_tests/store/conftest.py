"""Stores with a schema, and rows to put in.

Belongs here: fixtures and builders that several test files of this directory share. Does not: expectations.
"""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from okr_pipeline.store import open_store
from okr_pipeline.store.runs import Run

DAY_ZERO = datetime(2013, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(store_url, with_schema):
    """An empty store with the newest schema and a run `r` to write for."""
    store = open_store(with_schema(store_url))
    store.write(lambda batch: batch.start_run(Run("r", "run")))
    yield store
    store.close()


@pytest.fixture
def points():
    """A builder of POINTS: `points({day: value}, metric=…)`, one day each."""
    return build_points


def build_points(values, metric="m", dimensions="{}", weight=None, flags=""):
    starts = [DAY_ZERO + timedelta(days=day) for day in values]
    return pd.DataFrame(
        {
            "metric": metric,
            "dimensions": dimensions,
            "period_start": pd.Series(starts, dtype="datetime64[us, UTC]"),
            "period_end": pd.Series([start + timedelta(days=1) for start in starts], dtype="datetime64[us, UTC]"),
            "value": pd.Series(list(values.values()), dtype="f8"),
            "weight": pd.Series([weight] * len(starts), dtype="f8"),
            "raw_value": None,
            "flags": flags,
        }
    )
