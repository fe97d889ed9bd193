"""Snapshots as a real week would give them, for every test of a form.

Belongs here: coherent facts (a track that ends in the value, a gap that is progress minus plan).
"""

import dataclasses
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from okr_pipeline.model.score import Status
from okr_pipeline.model.snapshot import (
    SCHEMA_VERSION,
    CheckInRate,
    CheckInRow,
    CycleRow,
    ForecastRow,
    HealthRow,
    HealthStretch,
    KeyResultRow,
    ObjectiveRow,
    QuarantinedRow,
    Snapshot,
    SourceTrust,
    TrackPoint,
    Transition,
)

ZONE = ZoneInfo("America/New_York")
AS_OF = datetime(2013, 5, 20, tzinfo=ZONE)
QUARTER = (date(2013, 4, 1), date(2013, 6, 30))
YEAR = (date(2013, 1, 1), date(2013, 12, 31))
SPRINT = (date(2013, 5, 13), date(2013, 5, 26))

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><style>body{display:none}",
    "{{ 7 * 7 }}{% raw %}",
    "-->]]>&amp;&#60;b&#62;",
    "\u202eevil\u202c شركة الطيران תאריך",
    "🛫 On time 👩🏽\u200d✈️",
    "word " * 40,
    "Unbroken" * 25,
    "line\nbreak\ttab\u0000nul\x1besc",
)


def instant(day: date, *, days: float = 0) -> datetime:
    return datetime.combine(day, time(), ZONE) + timedelta(days=days)


def elapsed(span: tuple[date, date], at: datetime = AS_OF) -> float:
    starts, ends = instant(span[0]), instant(span[1], days=1)
    return min(1.0, max(0.0, (at - starts) / (ends - starts)))


def plan_line(span: tuple[date, date], *, flat: bool = False) -> tuple[TrackPoint, ...]:
    starts, ends = instant(span[0]), instant(span[1], days=1)
    return (TrackPoint(starts, None, 1.0 if flat else 0.0), TrackPoint(ends, None, 1.0))


def track_to(
    progress: float | None,
    span: tuple[date, date] = QUARTER,
    *,
    flat: bool = False,
    missing: Sequence[int] = (),
    wobble: float = 0.06,
) -> tuple[TrackPoint, ...]:
    """Daily points from the start to as_of that end in `progress` exactly; `missing` days were unknown."""
    days = min((AS_OF.date() - span[0]).days, (span[1] - span[0]).days + 1)
    points = []
    for number in range(1, days + 1):
        at = instant(span[0], days=number)
        share = number / days
        expected = 1.0 if flat else elapsed(span, at)
        value = (
            None
            if progress is None or number in missing
            else progress * share + wobble * math.sin(number / 2.3) * (1 - share)
        )
        points.append(TrackPoint(at, progress if number == days else value, expected))
    return tuple(points)


def key_result(
    id_: str = "2013-Q2/departure-delay", *, span: tuple[date, date] = QUARTER, **changes: object
) -> KeyResultRow:
    """A key result; what follows from progress and plan is computed unless it is given."""
    status = str(changes.get("status", "on_track"))
    progress = changes.get("progress", 0.5 if status != "unknown" else None)
    expected = changes.get("expected_progress", elapsed(span))
    gap = None if progress is None or expected is None else progress - expected  # type: ignore[operator]
    flat = changes.get("measure") in {"maintain", "cadence", "limit"}
    facts: dict[str, object] = {
        "id": id_,
        "title": "Cut JetBlue's average departure delay from 15 to 10 minutes",
        "owner": "b6@harbour.example",
        "metric": "departure_delay",
        "metric_name": "Average departure delay",
        "measure": "reach",
        "unit": "minutes",
        "weight": 1.0,
        "intent": "committed",
        "value": None if progress is None else 15 - 5 * progress,  # type: ignore[operator]
        "baseline": 15.0,
        "target": 10.0,
        "plan_value": None if expected is None else 15 - 5 * expected,  # type: ignore[operator]
        "progress": progress,
        "score": None if progress is None else min(1.0, max(0.0, progress)),  # type: ignore[type-var]
        "expected_progress": expected,
        "expected_progress_now": expected,
        "pace_ratio": None if gap is None or not expected else progress / expected,  # type: ignore[operator]
        "gap": gap,
        "status": status,
        "reason": None,
        "explanation": "It is where the plan wants it to be.",
        "provisional": False,
        "value_period_end": AS_OF if progress is not None else None,
        "data_age_hours": 20.0,
        "observed_share": 1.0,
        "last_good_value": None,
        "last_good_age_hours": None,
        "previous_status": "on_track",
        "previous_progress": None if progress is None else progress - 0.05,  # type: ignore[operator]
        "gap_change": None if gap is None else -0.02,
        "alert_since": None,
        "starts": span[0],
        "ends": span[1],
        "track": track_to(progress, span, flat=flat),  # type: ignore[arg-type]
        "plan": plan_line(span, flat=flat),
    }
    return KeyResultRow(**(facts | changes))  # type: ignore[arg-type]


def forecast(**changes: object) -> ForecastRow:
    """Progress of 0.3 to 0.7 at the end."""
    facts: dict[str, object] = {
        "method": "ratio with season",
        "value": 12.5,
        "value_low": 11.5,
        "value_high": 13.5,
        "progress": 0.5,
        "progress_low": 0.3,
        "progress_high": 0.7,
        "probability": 0.004,
        "required_rate": 9.0,
        "buffer_days": -12.0,
    }
    return ForecastRow(**(facts | changes))  # type: ignore[arg-type]


def check_in(**changes: object) -> CheckInRow:
    """Said with little confidence in the middle of the cycle."""
    facts: dict[str, object] = {
        "on": date(2013, 5, 16),
        "author": "ada@harbour.example",
        "value": None,
        "confidence": 0.3,
        "note": None,
        "finding": None,
    }
    return CheckInRow(**(facts | changes))  # type: ignore[arg-type]


def objective(id_: str, key_results: Sequence[KeyResultRow], **changes: object) -> ObjectiveRow:
    facts: dict[str, object] = {
        "id": id_,
        "parent": None,
        "depth": 0,
        "title": "Become the airline people trust to leave on time",
        "why": "Punctuality decides whether a passenger books again.",
        "level": "company",
        "intent": "aspirational",
        "owner": "coo@harbour.example",
        "score": 0.52,
        "expected_progress": 0.54,
        "status": "on_track",
        "reason": None,
        "coverage": 1.0,
        "score_low": 0.52,
        "score_high": 0.52,
        "worst_key_result": key_results[0].id if key_results else None,
        "previous_status": "on_track",
        "key_results": tuple(key_results),
    }
    return ObjectiveRow(**(facts | changes))  # type: ignore[arg-type]


def cycle(id_: str, span: tuple[date, date], objectives: Sequence[ObjectiveRow]) -> CycleRow:
    left = max(0, (span[1] - (AS_OF - timedelta(microseconds=1)).date()).days)
    return CycleRow(id_, span[0], span[1], elapsed(span), left, tuple(objectives))


def snapshot_of(cycles: Sequence[CycleRow], **changes: object) -> Snapshot:
    """A snapshot whose counts, order of what is behind and transitions follow from its rows."""
    rows = [row for one in cycles for aim in one.objectives for row in aim.key_results]
    behind = sorted((row for row in rows if row.status == "behind"), key=lambda row: row.weight * (row.gap or 0.0))
    severity = (
        "behind",
        "missed",
        "unknown",
        "at_risk",
        "partial",
        "on_track",
        "achieved",
        "not_started",
        "paused",
        "cancelled",
    )
    moved = [row for row in rows if row.previous_status not in {None, row.status}]
    facts: dict[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "project": "Harbour Air",
        "mission": "Get people home on time.",
        "timezone": "America/New_York",
        "week": "2013-W20",
        "week_starts": date(2013, 5, 13),
        "week_ends": date(2013, 5, 19),
        "as_of": AS_OF,
        "known_at": datetime(2013, 5, 20, 9, 0, tzinfo=UTC),
        "config_version": "3f9c1b20a7de",
        "status_rule": "pace",
        "headline": "Five of sixteen key results are behind plan, most of all departures from Newark; two cannot be judged until fresh data arrives.",
        "counts": tuple((status, sum(row.status == status for row in rows)) for status in severity),
        "cycles": tuple(cycles),
        "behind": tuple(row.id for row in behind),
        "transitions": tuple(Transition(row.id, row.title, row.previous_status or "", row.status) for row in moved),
        "sources": (),
        "quarantined": (),
        "health_counts": (),
        "health": (),
        "notes": (),
    }
    return Snapshot(**(facts | changes))  # type: ignore[arg-type]


def week() -> Snapshot:
    """A week with several cycles, every status, unknowns and refused values."""
    return snapshot_of(
        [cycle("2013-Q2", QUARTER, _quarter()), cycle("2013", YEAR, _year()), cycle("2013-S10", SPRINT, _sprint())],
        check_ins=CheckInRate(1, 14),
        sources=(
            SourceTrust("warehouse", "sql", "ok", "", 12, 14, _utc(20, 8), AS_OF, 1, 0),
            SourceTrust(
                "weather",
                "files",
                "stale",
                "newest hour is 9 days old, 36 h are allowed",
                2,
                1,
                _utc(20, 8),
                instant(date(2013, 5, 11)),
                0,
                1,
            ),
            SourceTrust(
                "crm", "sql", "failed", "connection refused", 1, 1, _utc(17, 8), instant(date(2013, 5, 17)), 0, 0
            ),
            SourceTrust("survey", "files", "never_read", "file nps.csv does not exist", 1, 1, None, None, 0, 0),
        ),
        quarantined=(
            QuarantinedRow(
                "departure_delay",
                '{"carrier":"HA"}',
                instant(date(2013, 5, 14)),
                "between",
                "1301 minutes is above the largest value allowed, 300",
            ),
        ),
        health_counts=(("breach", 2), ("unknown", 1), ("healthy", 4)),
        health=health_lines(),
        notes=("Flights that were cancelled have no delay and are counted as cancelled only.",),
    )


def health_row(**changes: object) -> HealthRow:
    """A KPI above its band for three days, under review."""
    weeks = [(13.25, 7, 0), (None, 0, 0), (14.5, 7, 2), (15.75, 7, 3), (12.0, 7, 0), (18.625, 7, 5)]
    starts = [date(2013, 4, 8) + timedelta(days=7 * number) for number in range(6)]
    facts: dict[str, object] = {
        "metric": "departure_delay",
        "name": "Average departure delay",
        "owner": "ops@harbour.example",
        "dimensions": "{}",
        "unit": "minutes",
        "state": "breach",
        "reason": None,
        "value": 25.829,
        "low": None,
        "high": 15.0,
        "distance": 10.829,
        "period_end": AS_OF,
        "since": instant(date(2013, 5, 16)),
        "periods_in_row": 3,
        "signal": "outside_limits",
        "direction": "high",
        "noise": False,
        "review_since": instant(date(2013, 5, 16)),
        "stretches": tuple(HealthStretch(start, *week) for start, week in zip(starts, weeks, strict=True)),
    }
    return HealthRow(**(facts | changes))  # type: ignore[arg-type]


def health_lines() -> tuple[HealthRow, ...]:
    """One breach under review, one that is noise, one unknown, one healthy again."""
    share = {"unit": "ratio", "low": 0.75, "high": None}
    return (
        health_row(),
        health_row(
            metric="arrived_on_time", name="Arrivals on time", dimensions='{"origin":"JFK"}', value=0.7461,
            distance=-0.0039, signal="none", direction=None, noise=True, review_since=None, periods_in_row=1,
            stretches=(HealthStretch(date(2013, 5, 13), 0.7461, 7, 1),), **share,
        ),
        health_row(
            metric="visibility", name="Visibility", owner=None, unit="miles", state="unknown", reason="stale",
            value=None, low=3.0, high=None, distance=None, period_end=None, since=None, periods_in_row=0, signal=None,
            direction=None, review_since=None, stretches=(),
        ),
        health_row(metric="hourly_delay", name="Delay by hour", state="healthy", value=14.0, distance=0.0),
    )  # fmt: skip


def many(number: int) -> Snapshot:
    """A snapshot of so many key results, five to an objective, with a quarter's daily track each."""
    rows = [
        key_result(
            f"2013-Q2/kr-{index}",
            title=f"Key result {index} of a large company",
            status=("on_track", "on_track", "at_risk", "behind", "on_track")[index % 5],
            progress=(0.56, 0.6, 0.43, 0.21, 0.7)[index % 5] + index / 1e5,
        )
        for index in range(number)
    ]
    objectives = [
        objective(f"2013-Q2/o-{index}", rows[index : index + 5], depth=index % 3) for index in range(0, number, 5)
    ]
    return snapshot_of([cycle("2013-Q2", QUARTER, objectives)])


def hostile(text: str) -> Snapshot:
    """A week whose every free text is `text`; ids carry it too."""
    return _replace_texts(week(), text)


def _quarter() -> list[ObjectiveRow]:
    punctual = objective(
        "2013-Q2/punctual",
        [
            key_result(
                "2013-Q2/departure-delay",
                status="behind",
                progress=0.22,
                check_in=check_in(note="Two crews are ill."),
                checked_in=True,
                weight=2.0,
                previous_status="at_risk",
                gap_change=-0.09,
                explanation="The 28-day average rose to 13.9 minutes; at this pace it ends the quarter near 13, not at 10.",
                alert_since=instant(date(2013, 5, 13)),
                provisional=True,
            ),
            key_result(
                "2013-Q2/on-time-share",
                title="Raise the share of flights that leave within 15 minutes to 80 %",
                status="at_risk",
                progress=0.41,
                unit="ratio",
                value=0.741,
                baseline=0.70,
                target=0.80,
                plan_value=0.754,
                metric="on_time_share",
                metric_name="On-time share",
                owner="coo@harbour.example",
                gap_change=0.03,
            ),
            key_result(
                "2013-Q2/punctual-days",
                title="Keep four days in five above 75 % on time",
                measure="maintain",
                unit="ratio",
                status="on_track",
                progress=1.02,
                value=0.816,
                baseline=None,
                target=0.8,
                plan_value=0.8,
                expected_progress=1.0,
                owner="coo@harbour.example",
                gap_change=0.0,
            ),
        ],
        status="at_risk",
        score=0.41,
        score_low=0.41,
        score_high=0.41,
    )
    newark = objective(
        "2013-Q2/newark",
        [
            key_result(
                "2013-Q2/ewr-delay",
                title="Cut the average delay out of Newark by 15 %",
                measure="change",
                status="behind",
                progress=-0.31,
                value=17.43,
                baseline=16.6,
                target=14.11,
                plan_value=15.26,
                weight=3.0,
                owner="ewr@harbour.example",
                gap_change=-0.12,
                alert_since=instant(date(2013, 4, 22)),
                explanation="Delays out of Newark are longer than when the quarter began; runway works run until July.",
            ),
            key_result(
                "2013-Q2/ewr-cancelled",
                title="Spend at most 400 cancellations",
                measure="limit",
                unit="flights",
                status="behind",
                progress=0.93,
                value=428.0,
                baseline=None,
                target=400.0,
                plan_value=215.0,
                expected_progress=1.0,
                reason="out_of_reach",
                owner="ewr@harbour.example",
                metric_name="Cancelled flights",
                explanation="428 flights were cancelled, 28 more than the whole quarter allows.",
            ),
            key_result(
                "2013-Q2/ewr-weather",
                title="Leave on time on windy days",
                status="unknown",
                reason="stale",
                progress=None,
                value=None,
                unit="ratio",
                baseline=0.5,
                target=0.65,
                plan_value=0.58,
                data_age_hours=216.0,
                last_good_value=0.561,
                last_good_age_hours=216.0,
                owner="ewr@harbour.example",
                previous_status="on_track",
                gap_change=None,
                track=track_to(None)[:0]
                + tuple(
                    dataclasses.replace(p, progress=None) if p.at > instant(date(2013, 5, 11)) else p
                    for p in track_to(0.44)
                ),
                explanation="The weather file ends on 10 May; nothing newer arrived, and 36 hours are allowed.",
            ),
        ],
        depth=1,
        parent="2013-Q2/punctual",
        title="Make Newark a place flights leave from",
        why=None,
        level="department",
        intent="committed",
        owner="ewr@harbour.example",
        status="behind",
        score=0.31,
        coverage=0.71,
        score_low=0.22,
        score_high=0.51,
    )
    jetblue = objective(
        "2013-Q2/jetblue",
        [
            key_result(
                "2013-Q2/seats",
                title="Fly two million seats",
                measure="accumulate",
                unit="seats",
                status="on_track",
                progress=0.552,
                value=1_104_318.0,
                baseline=None,
                target=2_000_000.0,
                plan_value=1_076_923.0,
                owner="b6@harbour.example",
                metric_name="Seats flown",
                gap_change=0.04,
            ),
            key_result(
                "2013-Q2/revenue",
                title="Earn $4.2M from extra-legroom seats",
                measure="accumulate",
                unit="currency:USD",
                status="achieved",
                progress=1.01,
                value=4_242_000.0,
                baseline=None,
                target=4_200_000.0,
                plan_value=2_261_538.0,
                owner="b6@harbour.example",
                previous_status="on_track",
                gap_change=0.14,
            ),
            key_result(
                "2013-Q2/destinations",
                title="Serve 44 destinations",
                unit="destinations",
                status="on_track",
                progress=0.5,
                value=42.0,
                baseline=40.0,
                target=44.0,
                plan_value=42.154,
                owner="b6@harbour.example",
                track=track_to(0.5, missing=range(20, 29)),
                gap_change=0.0,
            ),
            key_result(
                "2013-Q2/turnaround",
                title="Turn aircraft round in 45 minutes: launch at three airports",
                measure="milestones",
                unit=None,
                metric=None,
                metric_name=None,
                status="behind",
                progress=0.0,
                value=0.0,
                baseline=None,
                target=1.0,
                plan_value=0.4,
                expected_progress=0.4,
                owner="b6@harbour.example",
                explanation="The first airport was due on 10 May and has not started.",
                alert_since=instant(date(2013, 5, 13)),
                gap_change=None,
                previous_status=None,
            ),
        ],
        depth=2,
        parent="2013-Q2/newark",
        title="JetBlue turns its aircraft round faster than anyone",
        why="Minutes on the ground are minutes late.",
        level="team",
        owner="b6@harbour.example",
        status="on_track",
        score=0.51,
    )
    learn = objective(
        "2013-Q2/learn",
        [
            key_result(
                "2013-Q2/nps-baseline",
                title="Find out where customer satisfaction stands",
                measure="baseline",
                unit="score",
                status="unknown",
                reason="no_observation",
                progress=None,
                value=None,
                baseline=None,
                target=8.0,
                plan_value=4.3,
                data_age_hours=None,
                previous_status=None,
                gap_change=None,
                track=(),
                owner="cx@harbour.example",
                metric_name="Customer satisfaction",
                explanation="No survey has been delivered yet: file nps.csv does not exist.",
            ),
            key_result(
                "2013-Q2/newsletter",
                title="Two newsletters a month",
                measure="cadence",
                unit="newsletters",
                status="on_track",
                progress=1.0,
                value=1.0,
                baseline=None,
                target=1.0,
                plan_value=1.0,
                expected_progress=1.0,
                owner="cx@harbour.example",
                gap_change=0.0,
            ),
            key_result(
                "2013-Q2/lounge",
                title="Open the lounge",
                measure="milestones",
                unit=None,
                status="paused",
                progress=None,
                value=None,
                baseline=None,
                target=1.0,
                plan_value=None,
                expected_progress=None,
                track=(),
                plan=(),
                data_age_hours=None,
                owner="cx@harbour.example",
                previous_status="paused",
                gap_change=None,
            ),
            key_result(
                "2013-Q2/kiosk",
                title="Replace the kiosks",
                measure="milestones",
                unit=None,
                status="cancelled",
                progress=None,
                value=None,
                baseline=None,
                target=1.0,
                plan_value=None,
                expected_progress=None,
                track=(),
                plan=(),
                data_age_hours=None,
                owner="cx@harbour.example",
                previous_status="cancelled",
                gap_change=None,
            ),
        ],
        title="Know what passengers think",
        why=None,
        intent="learning",
        status="unknown",
        reason="below_coverage",
        score=None,
        expected_progress=None,
        coverage=0.33,
        score_low=0.0,
        score_high=0.67,
        owner="cx@harbour.example",
        worst_key_result=None,
    )
    return [punctual, newark, jetblue, learn]


def _year() -> list[ObjectiveRow]:
    return [
        objective(
            "2013/reliable",
            [
                key_result(
                    "2013/cancelled",
                    span=YEAR,
                    title="Cancel no more than 2 % of flights in any month",
                    measure="maintain",
                    unit="ratio",
                    status="at_risk",
                    progress=0.8,
                    value=0.8,
                    baseline=None,
                    target=1.0,
                    plan_value=1.0,
                    expected_progress=1.0,
                    gap_change=0.0,
                ),
                key_result(
                    "2013/flights",
                    span=YEAR,
                    title="Fly 340,000 flights",
                    measure="accumulate",
                    unit="flights",
                    status="on_track",
                    progress=0.375,
                    value=127_500.0,
                    baseline=None,
                    target=340_000.0,
                    plan_value=129_479.0,
                    gap_change=0.001,
                ),
                key_result(
                    "2013/distance",
                    span=YEAR,
                    title="A year's growth in a week",
                    unit="miles",
                    status="behind",
                    progress=-2.4,
                    value=100.0,
                    baseline=1000.0,
                    target=1375.0,
                    plan_value=1142.0,
                    explanation="One carrier's distances were halved at the source on 12 May; the source's owner knows.",
                    gap_change=-1.9,
                    previous_status="on_track",
                ),
            ],
            title="Be there, every day of the year",
            why=None,
            intent="committed",
        ),
    ]


def _sprint() -> list[ObjectiveRow]:
    return [
        objective(
            "2013-S10/tugs",
            [
                key_result(
                    "2013-S10/tug-trial",
                    span=SPRINT,
                    title="Trial a second tug team at JFK on ten days",
                    measure="accumulate",
                    unit="days",
                    status="on_track",
                    progress=0.5,
                    value=5.0,
                    baseline=None,
                    target=10.0,
                    plan_value=5.0,
                    owner="jfk@harbour.example",
                    previous_status=None,
                    gap_change=None,
                ),
                key_result(
                    "2013-S10/brief",
                    span=SPRINT,
                    title="Brief all crews",
                    measure="milestones",
                    unit=None,
                    status="not_started",
                    reason="not_started",
                    progress=None,
                    value=None,
                    baseline=None,
                    target=1.0,
                    plan_value=None,
                    expected_progress=None,
                    data_age_hours=None,
                    track=(),
                    owner="jfk@harbour.example",
                    previous_status=None,
                    gap_change=None,
                ),
                key_result(
                    "2013-S10/rota",
                    span=SPRINT,
                    title="Publish the June rota",
                    measure="milestones",
                    unit=None,
                    status="partial",
                    progress=0.6,
                    value=0.6,
                    baseline=None,
                    target=1.0,
                    plan_value=0.5,
                    owner="jfk@harbour.example",
                    previous_status=None,
                    gap_change=None,
                ),
                key_result(
                    "2013-S10/fuel",
                    span=SPRINT,
                    title="Agree on the fuel truck",
                    measure="milestones",
                    unit=None,
                    status="missed",
                    progress=0.1,
                    value=0.1,
                    baseline=None,
                    target=1.0,
                    plan_value=1.0,
                    expected_progress=1.0,
                    owner="jfk@harbour.example",
                    previous_status=None,
                    gap_change=None,
                ),
            ],
            title="Try a second tug team",
            why=None,
            level="team",
            intent="learning",
            owner="jfk@harbour.example",
            worst_key_result=None,
        ),
    ]


def _utc(day: int, hour: int) -> datetime:
    return datetime(2013, 5, day, hour, tzinfo=UTC)


_FREE_TEXTS = frozenset(
    {"title", "name", "owner", "metric_name", "metric", "unit", "explanation", "why", "level", "intent", "connector", "detail", "dimensions", "rule", "project", "mission", "headline",
     "config_version", "status_rule", "week"}
)  # fmt: skip


def _replace_texts(thing: object, text: str) -> object:  # type: ignore[misc]
    if isinstance(thing, tuple):
        return tuple(_replace_texts(item, text) for item in thing)
    if not dataclasses.is_dataclass(thing) or isinstance(thing, type):
        return thing
    changed = {}
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        free = field.name in _FREE_TEXTS or (field.name == "reason" and isinstance(thing, QuarantinedRow))
        changed[field.name] = text if free and value is not None else _replace_texts(value, text)
    if isinstance(thing, Snapshot):
        changed["notes"] = (text,)
    return dataclasses.replace(thing, **changed)


assert {row.status for one in week().cycles for aim in one.objectives for row in aim.key_results} == set(Status)
