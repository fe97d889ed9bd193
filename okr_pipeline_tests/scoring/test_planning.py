"""The planned line is the expectation that scores use."""

from datetime import date, datetime

import numpy as np
import pytest

from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.okr import (
    Accumulate,
    Budget,
    Cadence,
    Change,
    Checkpoint,
    KeyResult,
    Maintain,
    Milestone,
    Milestones,
    Pace,
    Points,
    Reach,
    RelativeTarget,
    Share,
)
from okr_pipeline.scoring import plan, score
from okr_pipeline_tests.scoring.worlds import configuration, key_result, metric, observed

NEW_YORK = Calendar("America/New_York")
CHECKPOINTS = Pace("checkpoints", (Checkpoint(date(2013, 4, 5), 20.0), Checkpoint(date(2013, 4, 15), 60.0)))


def line(it: KeyResult, **also: float) -> list[tuple[int, float]]:
    """The plan with instants as days since the start."""
    points = plan(configuration([metric()], [it], calendar=NEW_YORK), it, **also)
    return [((at.astimezone(NEW_YORK.zone).date() - it.starts).days, expected) for at, expected in points]


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (Reach(0, 100), [(0, 0.0), (20, 1.0)]),
        (Accumulate(100), [(0, 0.0), (20, 1.0)]),
        (Budget(100), [(0, 1.0), (20, 1.0)]),
        (Maintain(1, None), [(0, 1.0), (20, 1.0)]),
        (Cadence(1, Grain.WEEK), [(0, 1.0), (20, 1.0)]),
        (
            Milestones((Milestone("a", 3, date(2013, 4, 5)), Milestone("b", 1))),
            [(0, 0.0), (5, 0.0), (5, 0.75), (20, 0.75), (20, 1.0)],
        ),
    ],
)
def test_the_line_of_a_measure(measure: object, expected: list[tuple[int, float]]) -> None:
    assert line(key_result(measure)) == expected


@pytest.mark.parametrize(
    ("measure", "baseline", "expected"),
    [
        (Reach(0, 100), None, [(0, 0.0), (5, 0.2), (15, 0.6), (20, 1.0)]),
        (Accumulate(100), None, [(0, 0.0), (5, 0.2), (15, 0.6), (20, 1.0)]),
        (Reach("at_start", 100), 0.0, [(0, 0.0), (5, 0.2), (15, 0.6), (20, 1.0)]),
        (Change(Points(90)), 10.0, [(0, 0.0), (5, 1 / 9), (15, 5 / 9), (20, 1.0)]),
        (Change(Share(1.0)), 50.0, [(0, 0.0), (5, -0.6), (15, 0.2), (20, 1.0)]),
        (Accumulate(RelativeTarget(1.0, "year_ago")), 50.0, [(0, 0.0), (5, 0.2), (15, 0.6), (20, 1.0)]),
        (Change(Share(1.0)), None, [(0, 0.0), (20, 1.0)]),
        (Reach("at_start", 50), 50.0, [(0, 0.0), (20, 1.0)]),
    ],
)
def test_checkpoints_become_shares_of_the_way(
    measure: object, baseline: float | None, expected: list[tuple[int, float]]
) -> None:
    found = line(key_result(measure, pace=CHECKPOINTS), **({} if baseline is None else {"baseline": baseline}))
    assert [day for day, _ in found] == [day for day, _ in expected]
    assert [share for _, share in found] == pytest.approx([share for _, share in expected])


@pytest.mark.parametrize("pace", [Pace(), CHECKPOINTS])
def test_scores_lie_on_the_line_at_every_midnight(pace: Pace) -> None:
    it = key_result(Reach(0, 100), pace=pace)
    config = configuration([metric()], [it], calendar=NEW_YORK)
    points = plan(config, it)
    days = np.array([(at.astimezone(NEW_YORK.zone).date() - it.starts).days for at, _ in points])
    for day in range(1, 21):
        as_of = NEW_YORK.start_of_day(date(2013, 4, 1 + day))
        row = score(config, observed([1.0] * 60, calendar=NEW_YORK), as_of=as_of).key_results.iloc[0]
        assert row["expected_progress_now"] == pytest.approx(np.interp(day, days, [share for _, share in points]))


def test_instants_are_midnights_of_the_project() -> None:
    it = key_result(Reach(0, 100))
    assert plan(configuration([metric()], [it], calendar=NEW_YORK), "C/kr")[0][0] == datetime.fromisoformat(
        "2013-04-01T00:00:00-04:00"
    )


def test_an_unknown_key_result_is_named() -> None:
    with pytest.raises(KeyError, match="C/nobody"):
        plan(configuration([metric()], []), "C/nobody")
