"""Scores say more: the rule and the pace behind a status, confidence, the original target, and a forecast.

Amendments, renames and check-ins have a table of their own, and so has since when reads of a metric fail, which is part
of what was known.
The health of metrics has tables of its own: how each stood against its band, and the events of its reviews.

What was recorded before was judged by the rule `pace`, the only one there was; the rest of it is unknown.
Going back, what an older schema has no place for is lost.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from okr_pipeline.store.migrations import first_views
from okr_pipeline.store.types import BYTEWISE_TEXT, Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the new tables, widen those of scores, and the views over them."""
    for made, items in _TABLES.items():
        op.create_table(made, *items(), sqlite_with_rowid=False)
    op.execute(_FAILING_NOW)
    _drop_views(_WIDENED)
    for table, columns in _ADDED.items():
        for name, (kind, comment) in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=True, comment=comment))
        op.execute(f"UPDATE {table} SET status_rule = 'pace'")
    _create_views(_widened(view) for view in _WIDENED)
    _create_views([_CHECK_INS])
    _create_health()
    _create_views(_HEALTH_VIEWS)


def downgrade() -> None:
    """Narrow them again, and drop the new ones."""
    _drop_views([*_WIDENED, _CHECK_INS, *_HEALTH_VIEWS])
    for name in (*_TABLES, "review_events", "metric_health_revisions"):
        op.drop_table(name)
    for table, columns in _ADDED.items():
        for name in columns:
            op.drop_column(table, name)
    _create_views(_WIDENED)


def _amendments() -> list[SchemaItem]:
    return [
        sa.Column("key_result", BYTEWISE_TEXT, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, comment="counts from 1, in the order of the days"),
        sa.Column("recorded_at", Instant, nullable=False, comment="UTC"),
        sa.Column("effective_on", sa.Date, nullable=False, comment="local date from whose start on it holds"),
        sa.Column("author", BYTEWISE_TEXT, nullable=False),
        sa.Column("reason", BYTEWISE_TEXT, nullable=False),
        sa.Column("recorded", sa.Boolean, nullable=False, comment="made by a run's option; else written in YAML"),
        sa.Column("before", BYTEWISE_TEXT, nullable=False, comment="JSON, what it changed as it was"),
        sa.Column("after", BYTEWISE_TEXT, nullable=False, comment="JSON, what it changed as it is"),
        sa.Column(
            "config_version", BYTEWISE_TEXT, nullable=False, comment="the configuration that it was applied with"
        ),
        sa.Column(
            "run_id", BYTEWISE_TEXT, sa.ForeignKey("runs.run_id"), nullable=False, comment="the run that wrote the row"
        ),
        sa.PrimaryKeyConstraint("key_result", "number", "recorded_at"),
    ]


def _renames() -> list[SchemaItem]:
    return [
        sa.Column("kind", BYTEWISE_TEXT, nullable=False, comment="metric, objective or key_result"),
        sa.Column("former_id", BYTEWISE_TEXT, nullable=False, comment="full id of an objective or key result"),
        sa.Column(
            "recorded_at",
            Instant,
            nullable=False,
            comment="UTC; from when on rows have the new id, those of before among them",
        ),
        sa.Column("new_id", BYTEWISE_TEXT, nullable=False),
        sa.Column("config_version", BYTEWISE_TEXT, nullable=False, comment="the configuration that said so"),
        sa.Column(
            "run_id", BYTEWISE_TEXT, sa.ForeignKey("runs.run_id"), nullable=False, comment="the run that wrote the row"
        ),
        sa.PrimaryKeyConstraint("kind", "former_id", "recorded_at"),
    ]


def _read_outcomes() -> list[SchemaItem]:
    return [
        sa.Column("metric", BYTEWISE_TEXT, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False, comment="UTC; from when on reads of the metric ended so"),
        sa.Column("status", BYTEWISE_TEXT, nullable=False, comment="ok or failed"),
        sa.Column("error", BYTEWISE_TEXT, nullable=True),
        sa.PrimaryKeyConstraint("metric", "recorded_at"),
    ]


_FAILING_NOW = (
    "INSERT INTO read_outcomes (metric, recorded_at, status, error)"
    " SELECT metric, (SELECT max(recorded_at) FROM batches), status, error FROM metric_states"
    " WHERE status = 'failed' AND EXISTS (SELECT 1 FROM batches)"
)
_TEXT = BYTEWISE_TEXT
_NUMBER: sa.Double[float] = sa.Double()
_ADDED: Mapping[str, Mapping[str, tuple[Any, str]]] = {
    "key_result_score_revisions": {
        "status_rule": (_TEXT, "the rule that chose the status"),
        "pace": (_TEXT, "the shape of the plan that was applied"),
        "confidence": (_NUMBER, "the owner's, 0..1, of the newest check-in"),
        "original_target": (_NUMBER, "in the unit of the metric; before any amendment"),
        "original_progress": (_NUMBER, "share; against the definition before any amendment"),
        "forecast_method": (_TEXT, "how the forecast was made"),
        "forecast_refusal": (_TEXT, "why there is no forecast"),
        "forecast_value": (_NUMBER, "in the unit of the metric, at the end"),
        "forecast_value_low": (_NUMBER, "in the unit of the metric; lower end of the 80 % interval"),
        "forecast_value_high": (_NUMBER, "in the unit of the metric; upper end of the 80 % interval"),
        "forecast_progress": (_NUMBER, "share, at the end"),
        "forecast_progress_low": (_NUMBER, "share; lower end of the 80 % interval"),
        "forecast_progress_high": (_NUMBER, "share; upper end of the 80 % interval"),
        "forecast_probability": (_NUMBER, "that progress reaches 1 at the end, 0..1"),
        "forecast_required_rate": (_NUMBER, "in the unit of the metric, for each period still to come"),
        "forecast_buffer_days": (_NUMBER, "days by which the target is reached early; negative: late"),
    },
    "objective_score_revisions": {"status_rule": (_TEXT, "the rule that chose the status")},
}
_TABLE_OF = {"key_result_progress": "key_result_score_revisions", "objective_scores": "objective_score_revisions"}
_WIDENED = [view for view in first_views.VIEWS if view.name in _TABLE_OF]


def _widened(view: first_views.View) -> first_views.View:
    """The view with what was added to its table, after what it had."""
    added = _ADDED[_TABLE_OF[view.name]].items()
    more = (first_views.Column(name, comment=comment) for name, (_, comment) in added)
    return replace(view, columns=(*view.columns, *more))


_SAID: Mapping[str, tuple[Any, bool, str | None]] = {
    "subject": (_TEXT, False, "full id of a key result"),
    "on_date": (sa.Date(), False, "local date it speaks about"),
    "author": (_TEXT, False, None),
    "revision": (sa.Integer(), False, "counts from 1"),
    "value": (_NUMBER, True, "on the scale of the manual key result"),
    "confidence": (_NUMBER, True, "that the key result will be reached, 0..1"),
    "note": (_TEXT, True, None),
    "finding": (_TEXT, True, "what was learnt"),
    "withdrawn": (sa.Boolean(), False, "takes back what was said"),
    "origin": (_TEXT, False, "command, or files of the configuration"),
    "recorded_at": (
        Instant(),
        False,
        "UTC; the instant of the batch that wrote the row, later for every later batch",
    ),
    "run_id": (_TEXT, True, "the run that took it from the files; null: by command"),
}
_CHECK_INS = first_views.View(
    "check_ins",
    "check_in_revisions r WHERE NOT r.withdrawn AND r.revision = (SELECT max(n.revision) FROM check_in_revisions n"
    " WHERE n.subject = r.subject AND n.on_date = r.on_date AND n.author = r.author)",
    tuple(
        first_views.Column(name, is_instant=name == "recorded_at", comment=comment or "")
        for name, (_, _, comment) in _SAID.items()
        if name != "withdrawn"
    ),
)

_RECORDED = "UTC; the instant of the batch that wrote the row, later for every later batch"
_LEAST, _GREATEST = (f"{word} healthy value, included; in the unit of the metric" for word in ("least", "greatest"))
_HEALTH_COLUMNS: tuple[tuple[str, Any, bool, str | None], ...] = (
    ("metric", _TEXT, False, None),
    ("dimensions", _TEXT, False, "JSON, keys sorted"),
    ("as_of_date", sa.Date(), False, "local date the health speaks about"),
    ("revision", sa.Integer(), False, "counts from 1"),
    ("as_of", Instant(), False, "UTC; the instant the health speaks about"),
    ("known_at", Instant(), False, "UTC; what had been recorded by then"),
    ("recorded_at", Instant(), False, _RECORDED),
    ("run_id", _TEXT, False, None),
    ("config_version", _TEXT, False, None),
    ("state", _TEXT, False, "healthy, breach or unknown"),
    ("reason", _TEXT, True, "why the value is unknown"),
    ("value", _NUMBER, True, "in the unit of the metric, of the newest ended period"),
    ("low", _NUMBER, True, _LEAST),
    ("high", _NUMBER, True, _GREATEST),
    ("distance", _NUMBER, True, "beyond the band, in the unit of the metric: positive above, negative below, 0 inside"),
    ("period_start", Instant(), True, "UTC"),
    ("period_end", Instant(), True, "UTC"),
    ("provisional", sa.Boolean(), False, "the period may still change"),
    ("since", Instant(), True, "UTC; the start of the first period in a row on this side of healthy"),
    ("periods_in_row", sa.Integer(), False, "count"),
    ("signal", _TEXT, True, "what the natural limits say: a rule that holds, none, too_short or flat"),
    ("direction", _TEXT, True, "high or low, where the signal is a change"),
    ("season", _TEXT, True, "what values are compared over: weekday, hour of the week, or nothing"),
    ("centre", _NUMBER, True, "of the natural limits, in the unit of the metric"),
    ("limit_low", _NUMBER, True, "in the unit of the metric"),
    ("limit_high", _NUMBER, True, "in the unit of the metric"),
    ("noise", sa.Boolean(), False, "a breach that the natural limits expect"),
    ("review_since", Instant(), True, "UTC; the start of the first period of the open review; null: none"),
)
_EVENT_COLUMNS: tuple[tuple[str, Any, bool, str | None], ...] = (
    ("event_id", sa.Integer(), False, None),
    ("review", _TEXT, False, "the id of the review"),
    ("metric", _TEXT, False, None),
    ("dimensions", _TEXT, False, "JSON, keys sorted"),
    ("event", _TEXT, False, "opened or closed"),
    ("since", Instant(), False, "UTC; the start of the first period of the review"),
    ("as_of", Instant(), False, "UTC; the instant that the run spoke about"),
    ("value", _NUMBER, True, "in the unit of the metric, of the newest ended period"),
    ("low", _NUMBER, True, _LEAST),
    ("high", _NUMBER, True, _GREATEST),
    ("signal", _TEXT, True, None),
    ("reason", _TEXT, False, None),
    ("recorded_at", Instant(), False, _RECORDED),
    ("run_id", _TEXT, False, "the run that wrote the row"),
)


def _create_health() -> None:
    op.create_table(
        "metric_health_revisions",
        *(_column(*each) for each in _HEALTH_COLUMNS),
        sa.PrimaryKeyConstraint("metric", "dimensions", "as_of_date", "revision"),
        sqlite_with_rowid=False,
    )
    op.create_index("metric_health_revisions_as_of_date", "metric_health_revisions", ["as_of_date"], unique=False)
    op.create_table(
        "review_events",
        *(_column(*each) for each in _EVENT_COLUMNS),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint("event_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("review_events_metric", "review_events", ["metric", "dimensions"], unique=False)


def _column(name: str, kind: Any, null: bool, comment: str | None) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null, comment=comment)


def _shown(
    columns: Iterable[tuple[str, Any, bool, str | None]], names: Iterable[str]
) -> tuple[first_views.Column, ...]:
    """Columns of a table as a view shows them."""
    facts = {name: (isinstance(kind, Instant), comment or "") for name, kind, _, comment in columns}
    return tuple(first_views.Column(name, "", *facts[name]) for name in names)


_FIRST_SHOWN = ("metric", "dimensions", "state", "reason", "value", "low", "high", "distance")
_HEALTH_VIEWS = (
    first_views.View(
        "metric_health",
        "metric_health_revisions r WHERE r.revision = (SELECT max(n.revision) FROM metric_health_revisions n"
        " WHERE n.metric = r.metric AND n.dimensions = r.dimensions AND n.as_of_date = r.as_of_date)",
        _shown(_HEALTH_COLUMNS, (*_FIRST_SHOWN, *(name for name, *_ in _HEALTH_COLUMNS if name not in _FIRST_SHOWN))),
    ),
    first_views.View(
        "metric_reviews",
        "review_events r LEFT JOIN review_events c ON c.event_id = (SELECT min(n.event_id) FROM review_events n"
        " WHERE n.review = r.review AND n.event = 'closed' AND n.event_id > r.event_id) WHERE r.event = 'opened'",
        (
            *_shown(_EVENT_COLUMNS, ("review", "metric", "dimensions", "since", "value", "low", "high", "signal")),
            *_shown(_EVENT_COLUMNS, ("reason",)),
            first_views.Column("opened_as_of", "r.as_of", is_instant=True, comment="UTC; of the run that opened it"),
            first_views.Column("opened_at", "r.recorded_at", is_instant=True, comment="UTC; when that was recorded"),
            first_views.Column("closed_as_of", "c.as_of", is_instant=True, comment="UTC; null: still open"),
            first_views.Column("closed_at", "c.recorded_at", is_instant=True, comment="UTC; null: still open"),
            first_views.Column("closed_because", "c.reason"),
        ),
    ),
)


def _check_ins() -> list[SchemaItem]:
    columns: list[SchemaItem] = [
        sa.Column(name, kind, nullable=null, comment=comment) for name, (kind, null, comment) in _SAID.items()
    ]
    return [*columns, sa.PrimaryKeyConstraint("subject", "on_date", "author", "revision")]


def _calibration() -> list[SchemaItem]:
    scores = {
        "coverage": "share of ends inside the 80 % interval, 0..1",
        "brier": "mean squared error of the chances",
        "brier_pace": "the same of the best plain pace rule",
        "brier_naive": "the same of things going on as they are",
    }
    return [
        sa.Column("family", BYTEWISE_TEXT, nullable=False, comment="stock, flow, ratio or share"),
        sa.Column("recorded_at", Instant, nullable=False, comment="UTC; when it was measured"),
        sa.Column("forecasts", sa.Integer, nullable=False, comment="how many were replayed"),
        *(sa.Column(name, sa.Double, nullable=False, comment=comment) for name, comment in scores.items()),
        sa.Column("first_day", sa.Date, nullable=False, comment="local date of the first forecast"),
        sa.Column("last_day", sa.Date, nullable=False, comment="local date of the last forecast"),
        sa.Column(
            "config_version", BYTEWISE_TEXT, nullable=False, comment="the configuration whose key results were replayed"
        ),
        sa.PrimaryKeyConstraint("family", "recorded_at"),
    ]


_TABLES: Mapping[str, Callable[[], list[SchemaItem]]] = {
    "amendments": _amendments,
    "renames": _renames,
    "read_outcomes": _read_outcomes,
    "check_in_revisions": _check_ins,
    "forecast_calibration": _calibration,
}


def _drop_views(views: Iterable[first_views.View]) -> None:
    for view in views:
        op.execute(f"DROP VIEW {view.name}")


def _create_views(views: Iterable[first_views.View]) -> None:
    for statement in first_views.statements(op.get_bind().dialect.name, views):
        op.execute(sa.text(statement.replace(":", r"\:")))
