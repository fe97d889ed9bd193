"""Clean history is hardly ever refused, however it is read."""

import pandas as pd
import pytest

from okr_pipeline_tests.faults.company import found
from okr_pipeline_tests.faults.replay import replay


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("since", "until", "every"), [("2024-03-03", "2025-12-28", 7), ("2025-02-20", "2025-04-05", 1)]
)
def test_it_is_accepted_as_time_goes_by(tmp_path, seed, since, until, every):
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range(since, until, freq=f"{every}D")]
    done = replay(found(seed), tmp_path, days)
    assert done.judged > 10_000
    assert done.refused_share <= 0.005, done.reasons
