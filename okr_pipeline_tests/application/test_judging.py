"""What a source no longer has is withdrawn only where it cannot be what was refused."""

import pandas as pd
import pytest

from okr_pipeline.application.judging import _truly_gone
from okr_pipeline.quality import Verdict
from okr_pipeline.quality.verdict import REFUSED

DAYS = pd.date_range("2026-01-01", periods=3, tz="UTC")


@pytest.mark.parametrize(
    ("rule", "metric", "gone"),
    [
        ("minimum", "parcels", [1, 3]),  # the same period may hold the same thing
        ("members", "parcels", []),  # it may be there under another name, whenever that was
        ("period", "parcels", []),
        ("members", "calls", [1, 2, 3]),
    ],
)
def test_what_may_be_what_was_refused_is_not_gone(rule, metric, gone):
    vanished = pd.DataFrame({"metric": "parcels", "dimensions": '{"country":"DE"}', "period_start": DAYS})
    refused = pd.DataFrame([(metric, '{"country":"XX"}', DAYS[1], pd.NaT, 1.0, None, rule, "")], columns=list(REFUSED))
    verdict = Verdict(pd.DataFrame(), refused, pd.Series(dtype=bool))
    assert _truly_gone(vanished, verdict)["period_start"].dt.day.tolist() == gone
