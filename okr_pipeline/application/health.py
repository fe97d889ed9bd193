"""KPI health: every metric against its healthy band, told, and what a run records of it.

Belongs here: fetching what health is a function of, the records of `okr health --json`, and recording reviews.
Does not: the judgement (scoring), whether sources can be trusted (trust).
"""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.gathering import Evidence
from okr_pipeline.application.naming import take_names
from okr_pipeline.application.runs import Run, note, note_step
from okr_pipeline.application.telling import Record, moment, plain, plain_rows, stamp
from okr_pipeline.application.turns import Overtaken, require_last_word, require_same, settled
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.formula import references
from okr_pipeline.model.health import HealthState
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.snapshot import HealthRow, HealthStretch
from okr_pipeline.scoring import health_starts, judge_health, trailing_weeks
from okr_pipeline.scoring.reviews import TO_CLOSE
from okr_pipeline.store.batch import Batch

_MOST_TOLD = 50
_KEY = ["metric", "dimensions"]
_SEVERITY = (HealthState.BREACH, HealthState.UNKNOWN, HealthState.HEALTHY)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a run found: the health of every metric with a band, and the events of reviews that it recorded."""

    health: pd.DataFrame
    events: pd.DataFrame


def told_health(
    workspace: Workspace,
    *,
    as_of: datetime,
    known_at: datetime | None = None,
    metric: str | None = None,
    owner: str | None = None,
) -> Record:
    """The object that `okr health --json` prints, from stored observations and the workspace's configuration.

    Raises:
        UsageError: there is no such metric, or nobody of that name owns one.
    """
    chosen = _chosen(workspace.configuration, metric, owner)
    frame, _, _ = _judged(workspace, chosen, as_of, known_at)
    return {
        "project": workspace.project.name,
        "as_of": stamp(as_of),
        "known_at": stamp(known_at or datetime.now(UTC)),
        "config_version": workspace.configuration.version,
        "metrics": health_records(workspace.configuration, frame),
    }


def health_records(configuration: Configuration, frame: pd.DataFrame) -> list[Record]:
    """METRIC_HEALTH as records: unknown is None, the review nested, with what the metric says of itself."""
    return [_record(configuration.metrics[row["metric"]], row) for row in plain_rows(frame)]


def review_metrics(workspace: Workspace, run: Run) -> Reviewed:
    """Judge every metric as of the run's instant and record what is new: health, and reviews opened and closed."""
    take_names(workspace, run)
    return settled(lambda: _review_metrics(workspace, run))


def judged_health(workspace: Workspace, as_of: datetime, evidence: Evidence) -> pd.DataFrame:
    """METRIC_HEALTH of every metric with a healthy band, from what was known of every metric."""
    metrics = banded(workspace.configuration)
    return _health(workspace, metrics, as_of, evidence.known_at, evidence.quarantine, evidence.failed_metrics)


def health_counts(frame: pd.DataFrame) -> tuple[tuple[str, int], ...]:
    """How many KPIs are in each state, the worst first."""
    counts = frame["state"].value_counts()
    return tuple((state.value, int(counts[state])) for state in _SEVERITY if counts.get(state, 0))


def health_rows(
    workspace: Workspace, frame: pd.DataFrame, as_of: datetime, evidence: Evidence
) -> tuple[HealthRow, ...]:
    """The KPIs that are not well, in order of definition, with their last weeks."""
    unwell = frame[(frame["state"] != HealthState.HEALTHY) | frame["review_since"].notna()]
    chosen = list(dict.fromkeys(unwell["metric"]))
    if not chosen:
        return ()
    weeks = _weeks(workspace, chosen, as_of, evidence)
    rows = [{str(name): cell for name, cell in row.items()} for row in unwell.to_dict("records")]
    return tuple(_health_row(workspace, row, weeks[row["metric"], row["dimensions"]]) for row in rows)


def history_needed(configuration: Configuration, as_of: datetime) -> dict[str, datetime]:
    """From when on each metric must be read to judge every healthy band; those that bear on none are left out."""
    needed: dict[str, datetime] = {}
    for metric in banded(configuration):
        start = health_starts(configuration, metric, as_of)
        for part in _with_parts(configuration, [metric]):
            needed[part] = min(start, needed.get(part, start))
    return needed


def banded(configuration: Configuration) -> list[Metric]:
    """The metrics that have a healthy band."""
    return [metric for metric in configuration.metrics.values() if metric.healthy is not None]


def review_id(series: tuple[str, str], since: pd.Timestamp) -> str:
    """The id of a series' review that begins with a period: the same in every run that finds it."""
    instant = since.tz_convert("UTC").isoformat(timespec="microseconds")
    return hashlib.sha256("\n".join((*series, instant)).encode()).hexdigest()[:16]


def _chosen(configuration: Configuration, metric: str | None, owner: str | None) -> list[Metric]:
    metrics = list(configuration.metrics.values())
    if metric is not None and metric not in configuration.metrics:
        raise UsageError(f"There is no metric '{metric}'. The metrics are: {', '.join(configuration.metrics)}.")
    owners = sorted({it.owner for it in metrics if it.owner})
    if owner is not None and owner not in owners:
        raise UsageError(f"Nobody called '{owner}' owns a metric. The owners are: {', '.join(owners) or 'none'}.")
    return [it for it in metrics if metric in (None, it.id) and owner in (None, it.owner)]


def _judged(
    workspace: Workspace, metrics: Collection[Metric], as_of: datetime, known_at: datetime | None
) -> tuple[pd.DataFrame, datetime, frozenset[str]]:
    """The health of some metrics, the instant up to which it was known, and the metrics that could not be read then."""
    store = workspace.store
    known = known_at or store.known_until() or as_of
    failed = store.failing_metrics(known)
    return _health(workspace, metrics, as_of, known, store.quarantine(known_at=known), failed), known, failed


def _health(
    workspace: Workspace,
    metrics: Collection[Metric],
    as_of: datetime,
    known: datetime,
    quarantine: pd.DataFrame,
    failed: frozenset[str],
) -> pd.DataFrame:
    frame = judge_health(
        workspace.configuration,
        _observations(workspace, metrics, as_of, known),
        as_of=as_of,
        quarantine=quarantine,
        failed_sources=failed,
        metrics=[metric.id for metric in metrics],
    )
    return frame.assign(review_since=_as_recorded(frame, workspace.store.review_events(known), as_of))


def _as_recorded(frame: pd.DataFrame, events: pd.DataFrame, as_of: datetime) -> "pd.Series[pd.Timestamp]":
    """`review_since`, earlier where an open review is recorded to have begun before all that health looks back over."""
    newest = events[events["as_of"] <= as_of].drop_duplicates(_KEY, keep="last")
    begun = newest[newest["event"] == "opened"].set_index(_KEY)["since"]
    recorded = begun.reindex(pd.MultiIndex.from_frame(frame[_KEY])).set_axis(frame.index)
    found = frame["review_since"]
    return found.where(~(found.notna() & (recorded < found)), recorded)


def _observations(workspace: Workspace, metrics: Collection[Metric], as_of: datetime, known: datetime) -> pd.DataFrame:
    """What the metrics are judged by, each as far back as health looks at its grain."""
    by_start: dict[datetime, list[Metric]] = {}
    for metric in metrics:
        by_start.setdefault(health_starts(workspace.configuration, metric, as_of), []).append(metric)
    taken: set[str] = set()
    frames = []
    for start in sorted(by_start):  # a part of several is read from the earliest start on
        ids = _with_parts(workspace.configuration, by_start[start]) - taken
        taken |= ids
        frames.append(workspace.store.observed_values(ids, start, as_of, known))
    return (
        pd.concat(frames, ignore_index=True) if frames else workspace.store.observed_values(set(), as_of, as_of, known)
    )


def _with_parts(configuration: Configuration, metrics: Iterable[Metric]) -> set[str]:
    """The ids of metrics and of all that they are computed from."""
    found, pending = set[str](), {metric.id for metric in metrics}
    while pending:
        found |= pending
        formulas = [configuration.metrics[it].formula for it in pending]
        pending = {part for formula in formulas if formula for part in references(formula)} - found
    return found


def _record(metric: Metric, row: Record) -> Record:
    since = row.pop("review_since")
    return {
        "metric": row.pop("metric"),
        "name": metric.name,
        "owner": metric.owner,
        "unit": metric.unit,
        "better": metric.better.value,
        "dimensions": json.loads(row.pop("dimensions")),
        **row,
        "review": None if since is None else {"since": since},
    }


def _weeks(
    workspace: Workspace, chosen: list[str], as_of: datetime, evidence: Evidence
) -> dict[tuple[str, str], tuple[HealthStretch, ...]]:
    """The last weeks of every series of some metrics."""
    configuration = workspace.configuration
    frame = trailing_weeks(
        configuration,
        _observations(workspace, [configuration.metrics[it] for it in chosen], as_of, evidence.known_at),
        as_of=as_of,
        quarantine=evidence.quarantine,
        metrics=chosen,
    )
    zone = workspace.project.calendar.zone
    found: dict[tuple[str, str], tuple[HealthStretch, ...]] = {}
    for metric, dimensions, start, value, periods, outside in frame.itertuples(index=False, name=None):
        stretch = HealthStretch(start.astimezone(zone).date(), plain(value), int(periods), int(outside))
        found[metric, dimensions] = (*found.get((metric, dimensions), ()), stretch)
    return found


def _health_row(workspace: Workspace, row: Record, stretches: tuple[HealthStretch, ...]) -> HealthRow:
    metric = workspace.configuration.metrics[row["metric"]]
    same = ("metric", "dimensions", "state", "reason", "signal", "direction", "noise", "periods_in_row")
    return HealthRow(
        name=metric.name,
        owner=metric.owner,
        unit=metric.unit,
        **{name: row[name] for name in same},
        **{name: plain(row[name]) for name in ("value", "low", "high", "distance")},
        period_end=moment(row["period_end"]),
        since=moment(row["since"]),
        review_since=moment(row["review_since"]),
        stretches=stretches,
    )


def _review_metrics(workspace: Workspace, run: Run) -> Reviewed:
    metrics = banded(workspace.configuration)
    frame, known, failed = _judged(workspace, metrics, run.as_of, None)
    reviews = workspace.store.open_reviews()
    latest = workspace.store.health_judged_until()
    events = _events(workspace, frame, reviews, run.as_of, known)
    if latest is not None and run.as_of < latest:  # what was open on an earlier day is no news
        events = events.head(0)
    counts = frame["state"].value_counts()

    def record(batch: Batch) -> None:
        require_same(reviews, workspace.store.open_reviews())
        if latest != workspace.store.health_judged_until():
            raise Overtaken
        require_last_word(workspace.store, known, failed)
        note(batch, workspace, run)
        batch.record_metric_health(
            frame,
            as_of=run.as_of,
            as_of_date=workspace.project.calendar.last_date_before(run.as_of),
            known_at=known,
            run_id=run.id,
            config_version=workspace.configuration.version,
        )
        batch.record_review_events(events, run_id=run.id)
        note_step(batch, run, "health", _facts(counts, events, len(workspace.configuration.metrics) - len(metrics)))

    workspace.store.write(record)
    return Reviewed(frame, events)


def _events(
    workspace: Workspace, frame: pd.DataFrame, reviews: pd.DataFrame, as_of: datetime, known: datetime
) -> pd.DataFrame:
    """What changes between the reviews that are recorded as open and those that are: opened and closed, in order.

    A review goes on where both have one. One of a metric that has no band any more, or of a member that is not looked
    at, is closed.
    """
    now, before = _by_series(frame), _by_series(reviews)
    asking = {key for key, row in now.items() if pd.notna(row["review_since"])}
    rows = []
    for key in sorted(asking - before.keys()):
        since = now[key]["review_since"]
        rows.append((review_id(key, since), *key, "opened", since, *_figures(now[key]), _why_opened(now[key])))
    for key in sorted(before.keys() - asking):
        ended = (before[key]["review"], *key, "closed", before[key]["since"])
        rows.append((*ended, *_figures(now.get(key)), _why_closed(workspace, now.get(key), before[key], known)))
    columns = ["review", *_KEY, "event", "since", "value", "low", "high", "signal", "reason"]
    numbers = dict.fromkeys(("value", "low", "high"), "float64")
    return pd.DataFrame(rows, columns=columns).astype(numbers).assign(as_of=pd.Timestamp(as_of))


def _by_series(frame: pd.DataFrame) -> dict[tuple[str, str], Record]:
    rows: list[Record] = [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]
    return {(row["metric"], row["dimensions"]): row for row in rows}


def _figures(row: Record | None) -> tuple[object, ...]:
    return (None,) * 4 if row is None else (row["value"], row["low"], row["high"], row["signal"])


def _why_opened(row: Record) -> str:
    in_row = row["periods_in_row"]
    said = f"for {in_row} period{'' if in_row == 1 else 's'} in a row"
    if row["state"] == HealthState.UNKNOWN:
        return f"was outside its healthy band when it was last known, {said}"
    if row["state"] == HealthState.HEALTHY:
        return f"inside its healthy band again {said}, not yet for long enough"
    return f"{'above' if row['distance'] > 0 else 'below'} its healthy band {said}"


def _why_closed(workspace: Workspace, row: Record | None, review: Record, known: datetime) -> str:
    if row is None:
        return "no longer judged: it has no healthy band, or was not observed for long"
    metric = workspace.configuration.metrics[review["metric"]]
    then, _, _ = _judged(workspace, [metric], review["as_of"].to_pydatetime(), known)
    asking = then[then["review_since"].notna()]
    if (review["metric"], review["dimensions"]) not in _by_series(asking):
        if _is_banded_otherwise(metric, review):
            return "its healthy band is another one now, by which its breach asks for no review"
        return "restated: by what is known now its breach asks for no review"
    if row["state"] == HealthState.HEALTHY and row["periods_in_row"] >= TO_CLOSE[metric.grain]:
        return f"inside its healthy band for {row['periods_in_row']} periods in a row"
    return "was inside its healthy band for long enough; what came after that asks for no review"


def _is_banded_otherwise(metric: Metric, review: Record) -> bool:
    """Whether a metric's healthy band is not the one that a review was opened by."""
    band, then = metric.healthy, (plain(review["low"]), plain(review["high"]))
    return band is not None and then != (band.min, band.max)


def _facts(counts: "pd.Series[int]", events: pd.DataFrame, without_band: int) -> dict[str, object]:
    told = events[["metric", "dimensions", "event", "reason"]]
    return {
        "states": {str(state): int(count) for state, count in counts.items()},
        "no_band": without_band,
        "opened": told[told["event"] == "opened"].head(_MOST_TOLD).to_dict("records"),
        "closed": told[told["event"] == "closed"].head(_MOST_TOLD).to_dict("records"),
        "opened_count": int((told["event"] == "opened").sum()),
        "closed_count": int((told["event"] == "closed").sum()),
    }
