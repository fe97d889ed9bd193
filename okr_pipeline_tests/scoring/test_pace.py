"""Laws of the shapes of plans, and that scores and drawn lines are one plan."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline.model.calendar import Calendar, Duration
from okr_pipeline.model.metric import Across, Better, Rollup
from okr_pipeline.model.okr import Accumulate, KeyResult, Over, Pace, PaceKind, Reach
from okr_pipeline.scoring import plan, score, trajectory
from okr_pipeline_tests.scoring.worlds import SHAPES, configuration, key_result, metric, observed, series

ZONES = ("UTC", "America/New_York", "Pacific/Auckland", "America/Santiago")
FRESH = Duration(900, "days")
law = settings(max_examples=20, deadline=None)
spans = st.tuples(st.dates(date(2012, 1, 1), date(2014, 12, 31)), st.integers(1, 120))
flows = series(wild=False, length=500).map(lambda values: [abs(value) for value in values])


def expectations(
    it: KeyResult, history: pd.DataFrame, calendar: Calendar, instants: Sequence[datetime], **facts: object
) -> list[float]:
    """What the plan asks for at instants."""
    config = configuration([metric(freshness=FRESH, **facts)], [it], calendar=calendar)
    return [float(score(config, history, as_of=at).key_results["expected_progress_now"].iloc[0]) for at in instants]


def midnights(it: KeyResult, calendar: Calendar) -> list[datetime]:
    days = (it.ends - it.starts).days + 1
    return [calendar.start_of_day(it.starts + timedelta(days=day)) for day in range(days + 1)]


def paced(kind: PaceKind, span: tuple[date, int], measure: object = Accumulate(100.0), **facts: object) -> KeyResult:
    starts, days = span
    return key_result(measure, pace=Pace(kind), starts=starts, ends=starts + timedelta(days=days - 1), **facts)


@law
@given(kind=st.sampled_from(SHAPES), span=spans, values=flows, zone=st.sampled_from(ZONES))
def test_a_plan_of_a_sum_rises_from_0_to_1(
    kind: PaceKind, span: tuple[date, int], values: list[float], zone: str
) -> None:
    calendar, it = Calendar(zone), paced(kind, span)
    history = observed(values, first=it.starts - timedelta(days=450), calendar=calendar)
    steps = [at for at in midnights(it, calendar) for at in (at, at + timedelta(hours=11))]
    chosen = sorted({*steps[:6], *steps[-7:-1]})
    found = expectations(it, history, calendar, chosen)
    assert found[0] == 0.0
    assert found[-1] == 1.0
    assert (np.diff(found) >= -1e-12).all()


@law
@given(span=spans, zone=st.sampled_from(ZONES), day=st.integers(0, 119), hours=st.integers(0, 23))
def test_front_and_back_are_mirrors_at_the_same_share_of_time(
    span: tuple[date, int], zone: str, day: int, hours: int
) -> None:
    calendar, nothing = Calendar(zone), observed([])
    at = calendar.start_of_day(span[0] + timedelta(days=day % span[1])) + timedelta(hours=hours)
    front, back, line = (
        expectations(paced(kind, span), nothing, calendar, [at])[0]
        for kind in ("front_loaded", "back_loaded", "linear")
    )
    assert back == pytest.approx(line**2, abs=1e-12)
    assert front == pytest.approx(1 - (1 - line) ** 2, abs=1e-12)


@law
@given(kind=st.sampled_from(SHAPES), span=spans, values=series(wild=False, length=500))
def test_down_is_up_in_a_mirror(kind: PaceKind, span: tuple[date, int], values: list[float]) -> None:
    facts = {"rollup": Rollup.LAST, "across": Across.NONE}
    calendar, up = Calendar(), paced(kind, span, Reach(-50, 200))
    down = paced(kind, span, Reach(50, -200))
    instants = midnights(up, calendar)[::17]
    history = observed(values, first=up.starts - timedelta(days=450))
    mirrored = observed([-value for value in values], first=up.starts - timedelta(days=450))
    one = expectations(up, history, calendar, instants, **facts)
    assert one == pytest.approx(expectations(down, mirrored, calendar, instants, better=Better.LOWER, **facts))


@law
@given(
    span=spans,
    values=series(wild=False, length=500),
    factor=st.sampled_from([0.01, 60.0]),
    offset=st.sampled_from([0, 32]),
)
def test_a_season_does_not_depend_on_the_unit(
    span: tuple[date, int], values: list[float], factor: float, offset: float
) -> None:
    facts = {"rollup": Rollup.LAST, "across": Across.NONE}
    first = span[0] - timedelta(days=450)
    one, other = paced("seasonal", span, Reach(0, 100)), paced("seasonal", span, Reach(offset, 100 * factor + offset))
    instants = midnights(one, Calendar())[::17]
    changed = observed([factor * value + offset for value in values], first=first)
    plain = expectations(one, observed(values, first=first), Calendar(), instants, **facts)
    assert plain == pytest.approx(expectations(other, changed, Calendar(), instants, **facts), rel=1e-6, abs=1e-6)


@law
@given(
    kind=st.sampled_from(SHAPES), span=spans, values=series(wild=False, length=600), zone=st.sampled_from(ZONES),
    measure=st.sampled_from([Accumulate(100.0), Reach(0, 100), Reach("at_start", 3000)]),
)  # fmt: skip
def test_scores_lie_on_the_drawn_line_at_every_midnight(
    kind: PaceKind, span: tuple[date, int], values: list[float], zone: str, measure: object
) -> None:
    calendar = Calendar(zone)
    sums = isinstance(measure, Accumulate)
    it = paced(kind, span, measure, over=Over("trailing", Duration(5, "days")))
    facts = {"rollup": Rollup.SUM} if sums else {"rollup": Rollup.MEAN, "across": Across.NONE}
    config = configuration([metric(freshness=FRESH, **facts)], [it], calendar=calendar)
    history = observed(values, first=it.starts - timedelta(days=480), calendar=calendar)
    instants = midnights(it, calendar)
    row = score(config, history, as_of=instants[-1]).key_results.iloc[0]
    base = None if sums or np.isnan(row["baseline"]) else float(row["baseline"])
    line = plan(config, it, baseline=base, observations=history)
    drawn = np.interp([at.timestamp() for at in instants], *zip(*((at.timestamp(), e) for at, e in line), strict=True))
    for at, expected in list(zip(instants, drawn, strict=True))[1::13]:
        found = score(config, history, as_of=at).key_results["expected_progress_now"].iloc[0]
        # A line is straight in time, a plan in days: they part by an hour's share where clocks change between midnights.
        assert found == pytest.approx(expected, abs=1e-9 if zone == "UTC" else 0.05 + abs(expected) * 0.05)


@pytest.mark.parametrize("kind", SHAPES)
def test_many_instants_at_once_are_each_alone(kind: PaceKind) -> None:
    it = paced(kind, (date(2013, 4, 1), 30))
    config = configuration([metric(freshness=FRESH)], [it])
    history = observed([float(day % 9) for day in range(500)], first=date(2012, 1, 1))
    instants = midnights(it, Calendar())[1:]
    together = trajectory(config, history, instants)["expected_progress"]
    alone = [score(config, history, as_of=at).key_results["expected_progress"].iloc[0] for at in instants]
    assert together.tolist() == pytest.approx(alone, nan_ok=True, abs=0)


def test_a_season_is_read_from_members_that_are_pinned() -> None:
    it = paced("seasonal", (date(2013, 4, 1), 10), where={"carrier": "B6"})
    config = configuration([metric(freshness=FRESH, dimensions=("carrier",))], [it])
    frames = [
        observed(values, first=date(2012, 4, 2), dimensions={"carrier": name})
        for name, values in (("B6", [9.0, *[0.0] * 8, 1.0]), ("AA", [1.0] * 10))
    ]
    row = score(config, pd.concat(frames), as_of=Calendar().start_of_day(date(2013, 4, 2))).key_results.iloc[0]
    assert (row["expected_progress_now"], row["pace"]) == (0.9, "seasonal")
