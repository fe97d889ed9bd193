"""The tables of the store, as they are after the newest migration.

Belongs here: columns, keys, units (as comments), and what kind of table each is. Does not: the views (they are made by
migrations and read by people and BI tools only), or statements.

`info["role"]` of a table is `history` (append-only), `current` (derived from history, one row per key) or `run`
(about runs themselves; a run that changes nothing still writes here).

Bulk tables carry no foreign keys: checking one costs PostgreSQL more than writing the row. `doctor` looks for orphans.
"""

from typing import Any, Final

import sqlalchemy as sa

from okr_pipeline.model.frames import KEY_RESULT_SCORES, METRIC_HEALTH, OBJECTIVE_SCORES
from okr_pipeline.store.types import BYTEWISE_TEXT, Instant

metadata: Final = sa.MetaData()

SCORE_INSTANTS: Final = {"value_period_start", "value_period_end", "window_start", "window_end"}
SCORE_COUNTS: Final = {"observed_periods", "expected_periods", "straddling_periods"}
SCORE_NUMBERS: Final = {
    "value", "baseline", "target", "progress", "score", "expected_progress", "expected_progress_now", "pace_ratio",
    "gap", "observed_share", "last_good_value", "last_good_age_hours", "weight", "coverage", "score_low", "score_high",
    "confidence", "original_target", "original_progress", "forecast_value", "forecast_value_low", "forecast_value_high",
    "forecast_progress", "forecast_progress_low", "forecast_progress_high", "forecast_probability",
    "forecast_required_rate", "forecast_buffer_days",
}  # fmt: skip
_SCORE_REQUIRED: Final = {"key_result", "objective", "cycle", "status"}
_SCORE_COMMENTS: Final = {
    "value": "in the unit of the metric",
    "baseline": "in the unit of the metric",
    "target": "in the unit of the metric",
    "progress": "share: 0 at the baseline, 1 at the target, unclamped; null is unknown",
    "score": "progress clamped to 0..1",
    "expected_progress": "share planned at value_period_end",
    "expected_progress_now": "share planned at as_of",
    "pace_ratio": "progress / expected_progress",
    "gap": "progress - expected_progress",
    "observed_share": "observed / expected periods, 0..1",
    "coverage": "share of the weight that is known, 0..1",
    "score_low": "score if all that is unknown were 0",
    "score_high": "score if all that is unknown were 1",
    "last_good_value": "in the unit of the metric; only where the value is unknown",
    "last_good_age_hours": "hours",
    "observed_periods": "count",
    "expected_periods": "count",
    "straddling_periods": "count",
    "status_rule": "the rule that chose the status",
    "pace": "the shape of the plan that was applied",
    "confidence": "the owner's, 0..1, of the newest check-in",
    "original_target": "in the unit of the metric; before any amendment",
    "original_progress": "share; against the definition before any amendment",
    "forecast_method": "how the forecast was made",
    "forecast_refusal": "why there is no forecast",
    "forecast_value": "in the unit of the metric, at the end",
    "forecast_value_low": "in the unit of the metric; lower end of the 80 % interval",
    "forecast_value_high": "in the unit of the metric; upper end of the 80 % interval",
    "forecast_progress": "share, at the end",
    "forecast_progress_low": "share; lower end of the 80 % interval",
    "forecast_progress_high": "share; upper end of the 80 % interval",
    "forecast_probability": "that progress reaches 1 at the end, 0..1",
    "forecast_required_rate": "in the unit of the metric, for each period still to come",
    "forecast_buffer_days": "days by which the target is reached early; negative: late",
}


def _text(name: str, comment: str | None = None, *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, BYTEWISE_TEXT, primary_key=key, nullable=null, comment=comment)


def _number(name: str, comment: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.Double, nullable=True, comment=comment)


def _count(name: str, comment: str | None = None, *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, primary_key=key, nullable=null, autoincrement=False, comment=comment)


def _instant(name: str, comment: str | None = "UTC", *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Instant, primary_key=key, nullable=null, comment=comment)


def _run(*, null: bool = False) -> sa.Column[Any]:
    owner = sa.ForeignKey("runs.run_id")
    return sa.Column("run_id", BYTEWISE_TEXT, owner, nullable=null, comment="the run that wrote the row")


def _recorded() -> sa.Column[Any]:
    return _instant("recorded_at", "UTC; the instant of the batch that wrote the row, later for every later batch")


def _table(name: str, role: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, metadata, *columns, info={"role": role}, sqlite_with_rowid=False)


batches: Final = _table(
    "batches",
    "run",
    _text("batch_id", "one per committed transaction", key=True),
    _recorded(),
    sa.Index("batches_recorded_at", "recorded_at", unique=True),
)

runs: Final = _table(
    "runs",
    "run",
    _text("run_id", key=True),
    _text("kind"),
    _text("status", "running, then done, partial or failed"),
    _instant("started_at"),
    _instant("finished_at", null=True),
    _instant("as_of", "UTC; the instant the scores speak about", null=True),
    _text("config_version", null=True),
    _text("dagster_run_id", null=True),
    _text("summary", "JSON", null=True),
    sa.Index("runs_started_at", "started_at"),
)

_STAMP_COMMENT: Final = "when and by which run rows were written; larger for every later batch"

stamps: Final = _table(
    "stamps",
    "run",
    _count("stamp_id", _STAMP_COMMENT, key=True),
    _recorded(),
    _text("run_id", "the run that wrote the row"),
    sa.Index("stamps_recorded_at", "recorded_at", "run_id", unique=True),
)

config_versions: Final = _table(
    "config_versions",
    "history",
    _instant("recorded_at", key=True),
    _text("version", "hash of the definitions", key=True),
    _run(),
    _text("document", "JSON"),
)

series: Final = _table(
    "series",
    "history",
    _count("series_id", key=True),
    _text("metric"),
    _text("dimensions", "JSON, keys sorted"),
    sa.UniqueConstraint("metric", "dimensions", name="series_name"),
)

_VALUE_COMMENT: Final = "in the unit of the metric; null: withdrawn, so the period is unobserved"


def _observed(*, past: bool) -> list[sa.Column[Any]]:
    # Eight columns: PostgreSQL pads the head of a row of nine by eight bytes.
    return [
        _count("series_id", key=True),
        _count("revision", "counts from 1", key=past),
        _instant("period_start", key=True),
        _instant("period_end"),
        _number("value", _VALUE_COMMENT),
        _number("weight", "of the value in weighted means; null: none"),
        _count("stamp_id", _STAMP_COMMENT),
        _text("flags", "comma-separated flags of the source"),
    ]


observations: Final = _table(
    "observations",
    "current",
    *_observed(past=False),
)

past_observations: Final = _table(
    "past_observations",
    "history",
    *_observed(past=True),
    sa.PrimaryKeyConstraint("series_id", "period_start", "revision"),
)

quarantine: Final = _table(
    "quarantine",
    "history",
    _count("series_id", key=True),
    _instant("period_start", key=True),
    _instant("recorded_at", "UTC; when it was refused", key=True),
    _instant("period_end", null=True),
    _number("value", "in the unit of the metric, as delivered"),
    _text("raw_value", "the text of a value that is not a number", null=True),
    _text("rule"),
    _text("reason"),
    _text("rules_version", "hash of the rules that judged", null=True),
    _text("run_id", "the run that refused it"),
    _instant("released_at", "UTC; null: still refused", null=True),
    _text("released_by_run", null=True),
    _text("resolution", "superseded, or what the releasing run says", null=True),
)

metric_states: Final = _table(
    "metric_states",
    "run",
    _text("metric", key=True),
    _text("source", null=True),
    _instant("last_read_at", null=True),
    _instant("window_start", "UTC; of the last read", null=True),
    _instant("window_end", null=True),
    _text("response_hash", "of the rows last read", null=True),
    _text("rules_version", "hash of the rules that judged them", null=True),
    _text("status", "ok or failed"),
    _text("error", null=True),
)

read_outcomes: Final = _table(
    "read_outcomes",
    "run",
    _text("metric", key=True),
    _instant("recorded_at", "UTC; from when on reads of the metric ended so", key=True),
    _text("status", "ok or failed"),
    _text("error", null=True),
)

metric_reads: Final = _table(
    "metric_reads",
    "history",
    _count("read_id", key=True),
    _run(),
    _text("metric"),
    _text("request", "what was asked: SQL, path or URL, without secrets"),
    _text("fingerprint", "hash of the request with its bound parameters"),
    _text("response_hash"),
    _count("row_count"),
    _instant("window_start"),
    _instant("window_end"),
    _instant("fetched_at"),
    sa.Column("whole", sa.Boolean, nullable=False, comment="not limited to the window"),
    _text("flags"),
    _recorded(),
    sa.Index("metric_reads_metric", "metric", "recorded_at"),
)

check_outcomes: Final = _table(
    "check_outcomes",
    "run",
    _count("outcome_id", key=True),
    _text("run_id"),
    _text("source", null=True),
    _text("metric", null=True),
    _text("rule"),
    _text("family"),
    _text("status", "passed, failed, errored or skipped"),
    _text("severity", "block or warn"),
    _count("rows_checked", null=True),
    _count("rows_failed", null=True),
    _text("detail", null=True),
    _recorded(),
    sa.Index("check_outcomes_metric", "metric", "recorded_at"),
    sa.Index("check_outcomes_run", "run_id"),
)

baselines: Final = _table(
    "baselines",
    "history",
    _text("key_result", key=True),
    _text("definition", "hash of what the value depends on: metric, members, window, start", key=True),
    _number("value", "in the unit of the metric"),
    _instant("window_start", null=True),
    _instant("window_end", null=True),
    _recorded(),
    _run(),
)


amendments: Final = _table(
    "amendments",
    "history",
    _text("key_result", key=True),
    _count("number", "counts from 1, in the order of the days", key=True),
    _instant("recorded_at", key=True),
    sa.Column("effective_on", sa.Date, nullable=False, comment="local date from whose start on it holds"),
    _text("author"),
    _text("reason"),
    sa.Column("recorded", sa.Boolean, nullable=False, comment="made by a run's option; else written in YAML"),
    _text("before", "JSON, what it changed as it was"),
    _text("after", "JSON, what it changed as it is"),
    _text("config_version", "the configuration that it was applied with"),
    _run(),
)

renames: Final = _table(
    "renames",
    "history",
    _text("kind", "metric, objective or key_result", key=True),
    _text("former_id", "full id of an objective or key result", key=True),
    _instant("recorded_at", "UTC; from when on rows have the new id, those of before among them", key=True),
    _text("new_id"),
    _text("config_version", "the configuration that said so"),
    _run(),
)


def _score_columns(names: tuple[str, ...], own: str) -> list[sa.Column[Any]]:
    return [_score_column(name) for name in names if name != own]


def _score_column(name: str) -> sa.Column[Any]:
    comment = _SCORE_COMMENTS.get(name)
    if name in SCORE_INSTANTS:
        return _instant(name, null=True)
    if name in SCORE_COUNTS:
        return _count(name, comment, null=True)
    if name in SCORE_NUMBERS:
        return _number(name, comment)
    if name == "provisional":
        return sa.Column(name, sa.Boolean, nullable=True, comment="the value's newest period may still change")
    return _text(name, comment, null=name not in _SCORE_REQUIRED)


def _score_table(name: str, own: str, columns: tuple[str, ...]) -> sa.Table:
    return _table(
        name,
        "history",
        _text(own, key=True),
        sa.Column("as_of_date", sa.Date, primary_key=True, comment="local date the score speaks about"),
        _count("revision", "counts from 1", key=True),
        _instant("as_of", "UTC; the instant the score speaks about"),
        _instant("known_at", "UTC; what had been recorded by then"),
        _recorded(),
        _text("run_id"),
        _text("config_version"),
        sa.Column("reconstructed", sa.Boolean, nullable=False, comment="replayed from history recorded later"),
        *_score_columns(columns, own),
        sa.Index(f"{name}_as_of_date", "as_of_date"),
    )


key_result_score_revisions: Final = _score_table("key_result_score_revisions", "key_result", KEY_RESULT_SCORES)
objective_score_revisions: Final = _score_table("objective_score_revisions", "objective", OBJECTIVE_SCORES)

check_in_revisions: Final = _table(
    "check_in_revisions",
    "history",
    _text("subject", "full id of a key result", key=True),
    sa.Column("on_date", sa.Date, primary_key=True, comment="local date it speaks about"),
    _text("author", key=True),
    _count("revision", "counts from 1", key=True),
    _number("value", "on the scale of the manual key result"),
    _number("confidence", "that the key result will be reached, 0..1"),
    _text("note", null=True),
    _text("finding", "what was learnt", null=True),
    sa.Column("withdrawn", sa.Boolean, nullable=False, comment="takes back what was said"),
    _text("origin", "command, or files of the configuration"),
    _recorded(),
    _text("run_id", "the run that took it from the files; null: by command", null=True),
)

forecast_calibration: Final = _table(
    "forecast_calibration",
    "history",
    _text("family", "stock, flow, ratio or share", key=True),
    _instant("recorded_at", "UTC; when it was measured", key=True),
    _count("forecasts", "how many were replayed"),
    *(
        sa.Column(name, sa.Double, nullable=False, comment=comment)
        for name, comment in (
            ("coverage", "share of ends inside the 80 % interval, 0..1"),
            ("brier", "mean squared error of the chances"),
            ("brier_pace", "the same of the best plain pace rule"),
            ("brier_naive", "the same of things going on as they are"),
        )
    ),
    sa.Column("first_day", sa.Date, nullable=False, comment="local date of the first forecast"),
    sa.Column("last_day", sa.Date, nullable=False, comment="local date of the last forecast"),
    _text("config_version", "the configuration whose key results were replayed"),
)

alert_states: Final = _table(
    "alert_states",
    "current",
    _text("key_result", key=True),
    _text("rule", key=True),
    _text("state", "ok, pending, firing, acknowledged or recovering"),
    _count("streak", "observations in a row that speak for the next state"),
    _instant("last_evaluated_as_of", null=True),
    _instant("last_period_end", null=True),
    _instant("since", "UTC; when the state was entered", null=True),
    _text("episode", null=True),
)

alert_transitions: Final = _table(
    "alert_transitions",
    "history",
    _count("transition_id", key=True),
    _text("episode", null=True),
    _text("key_result"),
    _text("rule"),
    _text("from_state"),
    _text("to_state"),
    _instant("as_of"),
    _text("reason", null=True),
    _recorded(),
    _run(),
    sa.Index("alert_transitions_key_result", "key_result", "rule"),
)

_HEALTH_INSTANTS: Final = {"period_start", "period_end", "since", "review_since"}
_HEALTH_TRUTHS: Final = {"provisional", "noise"}
_HEALTH_TEXTS: Final = {"state", "reason", "signal", "direction", "season"}
_HEALTH_COMMENTS: Final = {
    "state": "healthy, breach or unknown",
    "reason": "why the value is unknown",
    "value": "in the unit of the metric, of the newest ended period",
    "period_start": "UTC",
    "period_end": "UTC",
    "low": "least healthy value, included; in the unit of the metric",
    "high": "greatest healthy value, included; in the unit of the metric",
    "distance": "beyond the band, in the unit of the metric: positive above, negative below, 0 inside",
    "provisional": "the period may still change",
    "since": "UTC; the start of the first period in a row on this side of healthy",
    "periods_in_row": "count",
    "signal": "what the natural limits say: a rule that holds, none, too_short or flat",
    "direction": "high or low, where the signal is a change",
    "season": "what values are compared over: weekday, hour of the week, or nothing",
    "centre": "of the natural limits, in the unit of the metric",
    "limit_low": "in the unit of the metric",
    "limit_high": "in the unit of the metric",
    "noise": "a breach that the natural limits expect",
    "review_since": "UTC; the start of the first period of the open review; null: none",
}


def _health_column(name: str) -> sa.Column[Any]:
    comment = _HEALTH_COMMENTS[name]
    if name in _HEALTH_INSTANTS:
        return _instant(name, comment, null=True)
    if name in _HEALTH_TRUTHS:
        return sa.Column(name, sa.Boolean, nullable=False, comment=comment)
    if name == "periods_in_row":
        return _count(name, comment)
    return _text(name, comment, null=name != "state") if name in _HEALTH_TEXTS else _number(name, comment)


metric_health_revisions: Final = _table(
    "metric_health_revisions",
    "history",
    _text("metric", key=True),
    _text("dimensions", "JSON, keys sorted", key=True),
    sa.Column("as_of_date", sa.Date, primary_key=True, comment="local date the health speaks about"),
    _count("revision", "counts from 1", key=True),
    _instant("as_of", "UTC; the instant the health speaks about"),
    _instant("known_at", "UTC; what had been recorded by then"),
    _recorded(),
    _text("run_id"),
    _text("config_version"),
    *(_health_column(name) for name in METRIC_HEALTH[2:]),
    sa.Index("metric_health_revisions_as_of_date", "as_of_date"),
)

review_events: Final = _table(
    "review_events",
    "history",
    _count("event_id", key=True),
    _text("review", "the id of the review"),
    _text("metric"),
    _text("dimensions", "JSON, keys sorted"),
    _text("event", "opened or closed"),
    _instant("since", "UTC; the start of the first period of the review"),
    _instant("as_of", "UTC; the instant that the run spoke about"),
    _number("value", "in the unit of the metric, of the newest ended period"),
    _number("low", "least healthy value, included; in the unit of the metric"),
    _number("high", "greatest healthy value, included; in the unit of the metric"),
    _text("signal", null=True),
    _text("reason"),
    _recorded(),
    _run(),
    sa.Index("review_events_metric", "metric", "dimensions"),
)

scorecard_snapshots: Final = _table(
    "scorecard_snapshots",
    "history",
    _text("week", "ISO week, 2013-W20", key=True),
    _count("revision", "counts from 1", key=True),
    _text("snapshot_hash"),
    _count("schema_version"),
    _instant("as_of"),
    _text("config_version"),
    _run(),
    _recorded(),
    _text("headline", "the one sentence, as in the content"),
    _text("counts", "JSON, key results by status, as in the content"),
    _text("content", "JSON"),
)
