"""Looking rows up in tracks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.scoring.outliers import BLOCK, _median_of_seven
from okr_pipeline.scoring.rows import PERIOD_BITS
from okr_pipeline.scoring.tracks import Tracks, rows_before

periods = st.lists(st.sets(st.integers(0, 12)), max_size=4)


@given(periods, st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 15)), max_size=12))
def test_rows_are_those_that_a_search_finds(tracks: list[set[int]], asked: list[tuple[int, int]]) -> None:
    every = [*tracks, *(set[int]() for _ in range(5 - len(tracks)))]
    key = np.array([(track << PERIOD_BITS) + period for track, of in enumerate(every) for period in sorted(of)], dtype=np.int64)  # fmt: skip
    first = np.searchsorted(key, np.arange(len(every) + 1, dtype=np.int64) << PERIOD_BITS)
    nothing = np.zeros(len(key) + 1)
    made = Tracks(key, nothing, nothing, first, np.arange(5), np.zeros((0, 0), dtype=np.int64), key[:0])
    track, period = (np.array(it, dtype=np.int64) for it in (zip(*asked, strict=True) if asked else ([], [])))
    found = rows_before(made, track, period)
    assert found.tolist() == np.searchsorted(key, (track << PERIOD_BITS) + period).tolist()
    assert rows_before(made, track, np.stack([period, period])).tolist() == [found.tolist()] * 2


@given(st.lists(st.integers(-9, 9), min_size=BLOCK, max_size=BLOCK))
def test_the_middle_of_seven_is_their_median(values: list[int]) -> None:
    assert _median_of_seven(np.array(values, dtype=np.float64).reshape(1, BLOCK, 1)).item() == np.median(values)
