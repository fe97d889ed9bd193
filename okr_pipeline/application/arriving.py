"""What of a source should have come by now and did not.

Belongs here: metrics whose newest value is too old, and values that came as null where there was one before.
Does not: judging values that came (quality), what is withdrawn (judging).

These are told and refuse nothing: a missing value is unknown by itself, and a stale metric's score is.
"""

from collections.abc import Iterator
from datetime import datetime

import pandas as pd

from okr_pipeline.application.reading import Delivery
from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.frames import CHECK_RESULTS
from okr_pipeline.model.metric import Metric
from okr_pipeline.rendering.words import plural

_SERIES = ["metric", "dimensions"]


def awaited(configuration: Configuration, delivery: Delivery) -> set[str]:
    """The metrics for which a delivery alone does not meet these rules: what is stored of them decides."""
    newest = _newest_ends(delivery.points[delivery.points["value"].notna()])
    met = {str(metric) for metric, end in newest.items() if _is_fresh(configuration, delivery, str(metric), end)}
    return {*delivery.windows} - met | {*_without_value(delivery)["metric"].unique()}


def missing_arrivals(configuration: Configuration, delivery: Delivery, stored: pd.DataFrame) -> pd.DataFrame:
    """CHECK_RESULTS of the rules `fresh` and `no_value`: a row for each metric that does not meet one, as a warning.

    `stored` holds the OBSERVATIONS of those that are `awaited`, at least.
    """
    rows = [
        *_stale(configuration, delivery, stored),
        *_empty(configuration, delivery, stored),
        *_never_with_a_value(delivery, stored),
    ]
    return pd.DataFrame(rows, columns=list(CHECK_RESULTS))


def _stale(configuration: Configuration, delivery: Delivery, stored: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    known = [rows.loc[rows["value"].notna(), ["metric", "period_end"]] for rows in (stored, delivery.points)]
    newest = _newest_ends(pd.concat(known))
    for metric_id, end in newest.items():
        metric = configuration.metrics[str(metric_id)]
        if not _is_fresh(configuration, delivery, metric.id, end):
            reason = (
                f"the newest value ends {_place(configuration, metric, end)}, longer ago than freshness, "
                f"{metric.freshness_hours:g} hours; check whether the source is still brought up to date"
            )
            yield metric_id, "fresh", "completeness", "failed", "warn", 1, 1, reason


def _empty(configuration: Configuration, delivery: Delivery, stored: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """The newest periods read that came without a value, of series whose period before has one."""
    empty = _without_value(delivery)
    if empty.empty:
        return
    before = stored.loc[stored["value"].notna(), [*_SERIES, "period_end"]].rename(
        columns={"period_end": "period_start"}
    )
    for metric_id, rows in empty.merge(before, on=[*_SERIES, "period_start"]).groupby("metric"):
        metric = configuration.metrics[str(metric_id)]
        reason = (
            f"{_place(configuration, metric, rows['period_start'].iloc[0])} came without a value for {len(rows)} of "
            "the series that had one the period before; it counts as missing, not as zero; look into the source"
        )
        yield metric_id, "no_value", "completeness", "failed", "warn", len(rows), len(rows), reason


def _never_with_a_value(delivery: Delivery, stored: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Metrics none of whose rows has a value, of which none is stored: what is asked for has another name, mostly."""
    known = set(stored.loc[stored["value"].notna(), "metric"])
    has_one = delivery.points[["value", "raw_value"]].notna().any(axis="columns")
    came = has_one.groupby(delivery.points["metric"]).agg(["any", "size"])
    for metric_id, one_came, count in came.itertuples():
        if not one_came and metric_id not in known:
            reason = (
                f"none of the {plural(int(count), 'row')} that came has a value, and none is stored; look at what it is"
                " asked for by: its name in columns, in the query, or in rows of an API"
            )
            yield metric_id, "no_value", "completeness", "failed", "warn", count, count, reason


def _newest_ends(rows: pd.DataFrame) -> pd.Series:
    """By metric: the end of its newest period; what is no period has none."""
    return rows.groupby("metric")["period_end"].max().dropna()


def _is_fresh(configuration: Configuration, delivery: Delivery, metric: str, end: pd.Timestamp) -> bool:
    """Whether a metric's newest value is new enough at the end of its window; what was not read is not looked at."""
    window = delivery.windows.get(metric)
    return window is None or (window.end - end).total_seconds() <= 3600 * configuration.metrics[metric].freshness_hours


def _without_value(delivery: Delivery) -> pd.DataFrame:
    """POINTS of the newest periods read that came without a value."""
    points = delivery.points
    empty = points[points["value"].isna() & points["raw_value"].isna()]
    if empty.empty:
        return empty
    ends = empty["metric"].map({metric: window.end for metric, window in delivery.windows.items()})
    return empty[empty["period_end"] == ends]


def _place(configuration: Configuration, metric: Metric, instant: datetime) -> str:
    local = instant.astimezone(configuration.calendar_of(metric).zone)
    return f"{local:%Y-%m-%d %H:%M}" if metric.grain is Grain.HOUR or local.time().hour else f"{local:%Y-%m-%d}"
