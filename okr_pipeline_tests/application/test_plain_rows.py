"""Rows as JSON values: by the column what they are cell by cell."""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from okr_pipeline.application.telling import plain, plain_rows

ZONED = pd.DatetimeIndex(["2026-01-01T05:00", None, "2026-01-01T05:00"], tz="Europe/Berlin")
FRAME = pd.DataFrame(
    {
        "float": [1.5, np.nan, -0.0],
        "whole": [1, -2, 3],
        "truth": [True, False, True],
        "zoned": ZONED,
        "text": pd.Series(["a", None, ""], dtype="str"),
        "mixed": pd.Series([np.float64(2), {"a": 1}, pd.NA], dtype=object),
        "nullable": pd.Series([1, None, 3], dtype="Int64"),
        "instants": pd.Series([datetime(2026, 1, 1, tzinfo=UTC), None, "x"], dtype=object),
        "category": pd.Series(["x", None, "y"], dtype="category"),
    }
)


def test_a_row_is_what_its_cells_are():
    cells = [{name: plain(FRAME[name].iloc[row]) for name in FRAME} for row in range(len(FRAME))]
    assert plain_rows(FRAME) == cells
    assert [[type(value) for value in row.values()] for row in plain_rows(FRAME)] == [
        [type(value) for value in row.values()] for row in cells
    ]


def test_what_is_unknown_is_none_and_all_of_it_is_json():
    second = plain_rows(FRAME)[1]
    assert {name for name, value in second.items() if value is None} == {
        "float", "zoned", "text", "nullable", "instants", "category",
    }  # fmt: skip
    assert json.loads(json.dumps(plain_rows(FRAME)))[0]["zoned"] == "2026-01-01T04:00:00.000000Z"


def test_no_rows_are_none():
    assert plain_rows(FRAME.head(0)) == []
