"""What a source no longer has is withdrawn only where it cannot be what was refused."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from okr_pipeline.application.judging import _truly_gone, compare, judge
from okr_pipeline.application.reading import read_source
from okr_pipeline.application.windows import newest_windows
from okr_pipeline.quality import Verdict
from okr_pipeline.quality.verdict import REFUSED
from okr_pipeline_tests.projects import january

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


NEWEST = datetime(2026, 1, 30, 23, tzinfo=UTC)
"""When the last day of January begins in Berlin."""


@pytest.mark.parametrize(
    ("since", "value", "withdrawn", "recorded"),
    [
        (None, 11, 6, 1),
        (NEWEST, 11, 0, 1),  # a snapshot says nothing of the days before
        (NEWEST, 10, 0, 0),
        (datetime(2030, 1, 1, tzinfo=UTC), None, 0, 0),
    ],
)
def test_what_a_source_tells_nothing_of_is_not_gone(small, since, value, withdrawn, recorded):
    small.expect = "{volume: 0}"
    small.write(january()).observe("first")
    workspace = small.open()
    windows = newest_windows(workspace, "sheets", workspace.as_of())
    whole = read_source(workspace, "sheets", windows)
    newest = whole.points[whole.points["period_start"] == NEWEST].assign(value=value)
    proof = replace(whole.evidence["signups"], whole=False, since=since)
    delivery = replace(whole, points=newest if value else newest.iloc[:0], evidence={"signups": proof})
    store, configuration = workspace.store, workspace.configuration
    known = {"stored": store.observations(), "quarantine": store.quarantine()}
    compared = compare(configuration, delivery, **known, judged_by={})
    judgement = judge(configuration, delivery, compared, **known, now=datetime(2026, 2, 1, tzinfo=UTC))
    assert (len(judgement.withdrawn), len(judgement.recorded)) == (withdrawn, recorded)
