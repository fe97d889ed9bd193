"""The first schema: runs, observations with every revision, quarantine, evidence, scores, alerts and scorecards."""

import sqlalchemy as sa
from alembic import op

from okr_pipeline.store.migrations import first_views
from okr_pipeline.store.types import BYTEWISE_TEXT, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every table, then the views over them."""
    _create_runs()
    _create_observations()
    _create_evidence()
    _create_key_result_scores()
    _create_objective_scores()
    _create_alerts()
    _create_scorecards()
    for statement in first_views.statements(op.get_bind().dialect.name):
        op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    """Back to nothing: all data is lost."""
    for view in reversed(first_views.VIEWS):
        op.execute(f"DROP VIEW {view.name}")
    for table in _TABLES:
        op.drop_table(table)


_TABLES = (
    "scorecard_snapshots",
    "alert_transitions",
    "alert_states",
    "objective_score_revisions",
    "key_result_score_revisions",
    "baselines",
    "check_outcomes",
    "metric_reads",
    "metric_states",
    "quarantine",
    "observation_revisions",
    "observations",
    "series",
    "config_versions",
    "runs",
    "batches",
)


def _create_runs() -> None:
    op.create_table(
        "batches",
        sa.Column("batch_id", BYTEWISE_TEXT, nullable=False, comment="one per committed transaction"),
        sa.Column(
            "recorded_at",
            Instant(),
            nullable=False,
            comment="UTC; the instant of the batch that wrote the row, later for every later batch",
        ),
        sa.PrimaryKeyConstraint("batch_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("batches_recorded_at", "batches", ["recorded_at"], unique=True)
    op.create_table(
        "runs",
        sa.Column("run_id", BYTEWISE_TEXT, nullable=False),
        sa.Column("kind", BYTEWISE_TEXT, nullable=False),
        sa.Column("status", BYTEWISE_TEXT, nullable=False, comment="running, then done, partial or failed"),
        sa.Column("started_at", Instant(), nullable=False, comment="UTC"),
        sa.Column("finished_at", Instant(), nullable=True, comment="UTC"),
        sa.Column("as_of", Instant(), nullable=True, comment="UTC; the instant the scores speak about"),
        sa.Column("config_version", BYTEWISE_TEXT, nullable=True),
        sa.Column("dagster_run_id", BYTEWISE_TEXT, nullable=True),
        sa.Column("summary", BYTEWISE_TEXT, nullable=True, comment="JSON"),
        sa.PrimaryKeyConstraint("run_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("runs_started_at", "runs", ["started_at"], unique=False)
    op.create_table(
        "config_versions",
        sa.Column("recorded_at", Instant(), nullable=False, comment="UTC"),
        sa.Column("version", BYTEWISE_TEXT, nullable=False, comment="hash of the definitions"),
        sa.Column("run_id", BYTEWISE_TEXT, nullable=False, comment="the run that wrote the row"),
        sa.Column("document", BYTEWISE_TEXT, nullable=False, comment="JSON"),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["runs.run_id"],
        ),
        sa.PrimaryKeyConstraint("recorded_at", "version"),
        sqlite_with_rowid=False,
    )


def _create_observations() -> None:
    op.create_table(
        "series",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("metric", BYTEWISE_TEXT, nullable=False),
        sa.Column("dimensions", BYTEWISE_TEXT, nullable=False, comment="JSON, keys sorted"),
        sa.PrimaryKeyConstraint("series_id"),
        sa.UniqueConstraint("metric", "dimensions", name="series_name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "observations",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("period_start", Instant(), nullable=False, comment="UTC"),
        sa.Column("period_end", Instant(), nullable=False, comment="UTC"),
        sa.Column(
            "value",
            sa.Double(),
            nullable=True,
            comment="in the unit of the metric; null: withdrawn, so the period is unobserved",
        ),
        sa.Column("weight", sa.Double(), nullable=True, comment="of the value in weighted means; null: none"),
        sa.Column("flags", BYTEWISE_TEXT, nullable=False, comment="comma-separated flags of the source"),
        sa.Column("revision", sa.Integer(), nullable=False, comment="counts from 1"),
        sa.Column(
            "recorded_at",
            Instant(),
            nullable=False,
            comment="UTC; the instant of the batch that wrote the row, later for every later batch",
        ),
        sa.Column("run_id", BYTEWISE_TEXT, nullable=False, comment="the run that wrote the row"),
        sa.PrimaryKeyConstraint("series_id", "period_start"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "observation_revisions",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("period_start", Instant(), nullable=False, comment="UTC"),
        sa.Column("revision", sa.Integer(), nullable=False, comment="counts from 1"),
        sa.Column("period_end", Instant(), nullable=False, comment="UTC"),
        sa.Column(
            "value",
            sa.Double(),
            nullable=True,
            comment="in the unit of the metric; null: withdrawn, so the period is unobserved",
        ),
        sa.Column("weight", sa.Double(), nullable=True, comment="of the value in weighted means; null: none"),
        sa.Column("flags", BYTEWISE_TEXT, nullable=False, comment="comma-separated flags of the source"),
        sa.Column(
            "recorded_at",
            Instant(),
            nullable=False,
            comment="UTC; the instant of the batch that wrote the row, later for every later batch",
        ),
        sa.Column("run_id", BYTEWISE_TEXT, nullable=False, comment="the run that wrote the row"),
        sa.PrimaryKeyConstraint("series_id", "period_start", "revision"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "quarantine",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("period_start", Instant(), nullable=False, comment="UTC"),
        sa.Column("recorded_at", Instant(), nullable=False, comment="UTC; when it was refused"),
        sa.Column("period_end", Instant(), nullable=True, comment="UTC"),
        sa.Column("value", sa.Double(), nullable=True, comment="in the unit of the metric, as delivered"),
        sa.Column("raw_value", BYTEWISE_TEXT, nullable=True, comment="the text of a value that is not a number"),
        sa.Column("rule", BYTEWISE_TEXT, nullable=False),
        sa.Column("reason", BYTEWISE_TEXT, nullable=False),
        sa.Column("rules_version", BYTEWISE_TEXT, nullable=True, comment="hash of the rules that judged"),
        sa.Column("run_id", BYTEWISE_TEXT, nullable=False, comment="the run that refused it"),
        sa.Column("released_at", Instant(), nullable=True, comment="UTC; null: still refused"),
        sa.Column("released_by_run", BYTEWISE_TEXT, nullable=True),
        sa.Column("resolution", BYTEWISE_TEXT, nullable=True, comment="superseded, or what the releasing run says"),
        sa.PrimaryKeyConstraint("series_id", "period_start", "recorded_at"),
        sqlite_with_rowid=False,
    )


def _create_evidence() -> None:
    op.create_table(
        "metric_states",
        sa.Column("metric", BYTEWISE_TEXT, nullable=False),
        sa.Column("source", BYTEWISE_TEXT, nullable=True),
        sa.Column("last_read_at", Instant(), nullable=True, comment="UTC"),
        sa.Column("window_start", Instant(), nullable=True, comment="UTC; of the last read"),
        sa.Column("window_end", Instant(), nullable=True, comment="UTC"),
        sa.Column("response_hash", BYTEWISE_TEXT, nullable=True, comment="of the rows last read"),
        sa.Column("rules_version", BYTEWISE_TEXT, nullable=True, comment="hash of the rules that judged them"),
        sa.Column("status", BYTEWISE_TEXT, nullable=False, comment="ok or failed"),
        sa.Column("error", BYTEWISE_TEXT, nullable=True),
        sa.PrimaryKeyConstraint("metric"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metric_reads",
        sa.Column("read_id", sa.Integer(), nullable=False),
        sa.Column("run_id", BYTEWISE_TEXT, nullable=False, comment="the run that wrote the row"),
        sa.Column("metric", BYTEWISE_TEXT, nullable=False),
        sa.Column(
            "request", BYTEWISE_TEXT, nullable=False, comment="what was asked: SQL, path or URL, without secrets"
        ),
        sa.Column(
            "fingerprint", BYTEWISE_TEXT, nullable=False, comment="hash of the request with its bound parameters"
        ),
        sa.Column("response_hash", BYTEWISE_TEXT, nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("window_start", Instant(), nullable=False, comment="UTC"),
        sa.Column("window_end", Instant(), nullable=False, comment="UTC"),
        sa.Column("fetched_at", Instant(), nullable=False, comment="UTC"),
        sa.Column("whole", sa.Boolean(), nullable=False, comment="not limited to the window"),
        sa.Column("flags", BYTEWISE_TEXT, nullable=False),
        sa.Column(
            "recorded_at",
            Instant(),
            nullable=False,
            comment="UTC; the instant of the batch that wrote the row, later for every later batch",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["runs.run_id"],
        ),
        sa.PrimaryKeyConstraint("read_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("metric_reads_metric", "metric_reads", ["metric", "recorded_at"], unique=False)
    op.create_table(
        "check_outcomes",
        sa.Column("outcome_id", sa.Integer(), nullable=False),
        sa.Column("run_id", BYTEWISE_TEXT, nullable=False),
        sa.Column("source", BYTEWISE_TEXT, nullable=True),
        sa.Column("metric", BYTEWISE_TEXT, nullable=True),
        sa.Column("rule", BYTEWISE_TEXT, nullable=False),
        sa.Column("family", BYTEWISE_TEXT, nullable=False),
        sa.Column("status", BYTEWISE_TEXT, nullable=False, comment="passed, failed, errored or skipped"),
        sa.Column("severity", BYTEWISE_TEXT, nullable=False, comment="block or warn"),
        sa.Column("rows_checked", sa.Integer(), nullable=True),
        sa.Column("rows_failed", sa.Integer(), nullable=True),
        sa.Column("detail", BYTEWISE_TEXT, nullable=True),
        sa.Column(
            "recorded_at",
            Instant(),
            nullable=False,
            comment="UTC; the instant of the batch that wrote the row, later for every later batch",
        ),
        sa.PrimaryKeyConstraint("outcome_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("check_outcomes_metric", "check_outcomes", ["metric", "recorded_at"], unique=False)
    op.create_index("check_outcomes_run", "check_outcomes", ["run_id"], unique=False)


def _create_key_result_scores() -> None:
    op.create_table(
        "baselines",
        sa.Column("key_result", BYTEWISE_TEXT, nullable=False),
        sa.Column(
            "definition",
            BYTEWISE_TEXT,
            nullable=False,
            comment="hash of what the value depends on: metric, members, window, start",
        ),
        sa.Column("value", sa.Double(), nullable=True, comment="in the unit of the metric"),
        sa.Column("window_start", Instant(), nullable=True, comment="UTC"),
        sa.Column("window_end", Instant(), nullable=True, comment="UTC"),
        sa.Column(
            "recorded_at",
            Instant(),
            nullable=False,
            comment="UTC; the instant of the batch that wrote the row, later for every later batch",
        ),
        sa.Column("run_id", BYTEWISE_TEXT, nullable=False, comment="the run that wrote the row"),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["runs.run_id"],
        ),
        sa.PrimaryKeyConstraint("key_result", "definition"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "key_result_score_revisions",
        sa.Column("key_result", BYTEWISE_TEXT, nullable=False),
        sa.Column("as_of_date", sa.Date(), nullable=False, comment="local date the score speaks about"),
        sa.Column("revision", sa.Integer(), nullable=False, comment="counts from 1"),
        sa.Column("as_of", Instant(), nullable=False, comment="UTC; the instant the score speaks about"),
        sa.Column("known_at", Instant(), nullable=False, comment="UTC; what had been recorded by then"),
        sa.Column(
            "recorded_at",
            Instant(),
            nullable=False,
            comment="UTC; the instant of the batch that wrote the row, later for every later batch",
        ),
        sa.Column("run_id", BYTEWISE_TEXT, nullable=False),
        sa.Column("config_version", BYTEWISE_TEXT, nullable=False),
        sa.Column("reconstructed", sa.Boolean(), nullable=False, comment="replayed from history recorded later"),
        sa.Column("objective", BYTEWISE_TEXT, nullable=False),
        sa.Column("cycle", BYTEWISE_TEXT, nullable=False),
        sa.Column("title", BYTEWISE_TEXT, nullable=True),
        sa.Column("owner", BYTEWISE_TEXT, nullable=True),
        sa.Column("metric", BYTEWISE_TEXT, nullable=True),
        sa.Column("measure", BYTEWISE_TEXT, nullable=True),
        sa.Column("unit", BYTEWISE_TEXT, nullable=True),
        sa.Column("value", sa.Double(), nullable=True, comment="in the unit of the metric"),
        sa.Column("baseline", sa.Double(), nullable=True, comment="in the unit of the metric"),
        sa.Column("target", sa.Double(), nullable=True, comment="in the unit of the metric"),
        sa.Column(
            "progress",
            sa.Double(),
            nullable=True,
            comment="share: 0 at the baseline, 1 at the target, unclamped; null is unknown",
        ),
        sa.Column("score", sa.Double(), nullable=True, comment="progress clamped to 0..1"),
        sa.Column("expected_progress", sa.Double(), nullable=True, comment="share planned at value_period_end"),
        sa.Column("expected_progress_now", sa.Double(), nullable=True, comment="share planned at as_of"),
        sa.Column("pace_ratio", sa.Double(), nullable=True, comment="progress / expected_progress"),
        sa.Column("gap", sa.Double(), nullable=True, comment="progress - expected_progress"),
        sa.Column("status", BYTEWISE_TEXT, nullable=False),
        sa.Column("reason", BYTEWISE_TEXT, nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=True, comment="the value's newest period may still change"),
        sa.Column("value_period_start", Instant(), nullable=True, comment="UTC"),
        sa.Column("value_period_end", Instant(), nullable=True, comment="UTC"),
        sa.Column("window_start", Instant(), nullable=True, comment="UTC"),
        sa.Column("window_end", Instant(), nullable=True, comment="UTC"),
        sa.Column("observed_periods", sa.Integer(), nullable=True, comment="count"),
        sa.Column("expected_periods", sa.Integer(), nullable=True, comment="count"),
        sa.Column("observed_share", sa.Double(), nullable=True, comment="observed / expected periods, 0..1"),
        sa.Column("straddling_periods", sa.Integer(), nullable=True, comment="count"),
        sa.Column(
            "last_good_value",
            sa.Double(),
            nullable=True,
            comment="in the unit of the metric; only where the value is unknown",
        ),
        sa.Column("last_good_age_hours", sa.Double(), nullable=True, comment="hours"),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("key_result", "as_of_date", "revision"),
        sqlite_with_rowid=False,
    )
    op.create_index("key_result_score_revisions_as_of_date", "key_result_score_revisions", ["as_of_date"], unique=False)


def _create_objective_scores() -> None:
    op.create_table(
        "objective_score_revisions",
        sa.Column("objective", BYTEWISE_TEXT, nullable=False),
        sa.Column("as_of_date", sa.Date(), nullable=False, comment="local date the score speaks about"),
        sa.Column("revision", sa.Integer(), nullable=False, comment="counts from 1"),
        sa.Column("as_of", Instant(), nullable=False, comment="UTC; the instant the score speaks about"),
        sa.Column("known_at", Instant(), nullable=False, comment="UTC; what had been recorded by then"),
        sa.Column(
            "recorded_at",
            Instant(),
            nullable=False,
            comment="UTC; the instant of the batch that wrote the row, later for every later batch",
        ),
        sa.Column("run_id", BYTEWISE_TEXT, nullable=False),
        sa.Column("config_version", BYTEWISE_TEXT, nullable=False),
        sa.Column("reconstructed", sa.Boolean(), nullable=False, comment="replayed from history recorded later"),
        sa.Column("cycle", BYTEWISE_TEXT, nullable=False),
        sa.Column("parent", BYTEWISE_TEXT, nullable=True),
        sa.Column("title", BYTEWISE_TEXT, nullable=True),
        sa.Column("level", BYTEWISE_TEXT, nullable=True),
        sa.Column("intent", BYTEWISE_TEXT, nullable=True),
        sa.Column("owner", BYTEWISE_TEXT, nullable=True),
        sa.Column("score", sa.Double(), nullable=True, comment="progress clamped to 0..1"),
        sa.Column("expected_progress", sa.Double(), nullable=True, comment="share planned at value_period_end"),
        sa.Column("status", BYTEWISE_TEXT, nullable=False),
        sa.Column("reason", BYTEWISE_TEXT, nullable=True),
        sa.Column("coverage", sa.Double(), nullable=True, comment="share of the weight that is known, 0..1"),
        sa.Column("score_low", sa.Double(), nullable=True, comment="score if all that is unknown were 0"),
        sa.Column("score_high", sa.Double(), nullable=True, comment="score if all that is unknown were 1"),
        sa.Column("worst_key_result", BYTEWISE_TEXT, nullable=True),
        sa.PrimaryKeyConstraint("objective", "as_of_date", "revision"),
        sqlite_with_rowid=False,
    )
    op.create_index("objective_score_revisions_as_of_date", "objective_score_revisions", ["as_of_date"], unique=False)


def _create_alerts() -> None:
    op.create_table(
        "alert_states",
        sa.Column("key_result", BYTEWISE_TEXT, nullable=False),
        sa.Column("rule", BYTEWISE_TEXT, nullable=False),
        sa.Column("state", BYTEWISE_TEXT, nullable=False, comment="ok, pending, firing, acknowledged or recovering"),
        sa.Column(
            "streak", sa.Integer(), nullable=False, comment="observations in a row that speak for the next state"
        ),
        sa.Column("last_evaluated_as_of", Instant(), nullable=True, comment="UTC"),
        sa.Column("last_period_end", Instant(), nullable=True, comment="UTC"),
        sa.Column("since", Instant(), nullable=True, comment="UTC; when the state was entered"),
        sa.Column("episode", BYTEWISE_TEXT, nullable=True),
        sa.PrimaryKeyConstraint("key_result", "rule"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alert_transitions",
        sa.Column("transition_id", sa.Integer(), nullable=False),
        sa.Column("episode", BYTEWISE_TEXT, nullable=True),
        sa.Column("key_result", BYTEWISE_TEXT, nullable=False),
        sa.Column("rule", BYTEWISE_TEXT, nullable=False),
        sa.Column("from_state", BYTEWISE_TEXT, nullable=False),
        sa.Column("to_state", BYTEWISE_TEXT, nullable=False),
        sa.Column("as_of", Instant(), nullable=False, comment="UTC"),
        sa.Column("reason", BYTEWISE_TEXT, nullable=True),
        sa.Column(
            "recorded_at",
            Instant(),
            nullable=False,
            comment="UTC; the instant of the batch that wrote the row, later for every later batch",
        ),
        sa.Column("run_id", BYTEWISE_TEXT, nullable=False, comment="the run that wrote the row"),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["runs.run_id"],
        ),
        sa.PrimaryKeyConstraint("transition_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("alert_transitions_key_result", "alert_transitions", ["key_result", "rule"], unique=False)


def _create_scorecards() -> None:
    op.create_table(
        "scorecard_snapshots",
        sa.Column("week", BYTEWISE_TEXT, nullable=False, comment="ISO week, 2013-W20"),
        sa.Column("revision", sa.Integer(), nullable=False, comment="counts from 1"),
        sa.Column("snapshot_hash", BYTEWISE_TEXT, nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("content", BYTEWISE_TEXT, nullable=False, comment="JSON"),
        sa.Column("as_of", Instant(), nullable=False, comment="UTC"),
        sa.Column("config_version", BYTEWISE_TEXT, nullable=False),
        sa.Column("run_id", BYTEWISE_TEXT, nullable=False, comment="the run that wrote the row"),
        sa.Column(
            "recorded_at",
            Instant(),
            nullable=False,
            comment="UTC; the instant of the batch that wrote the row, later for every later batch",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["runs.run_id"],
        ),
        sa.PrimaryKeyConstraint("week", "revision"),
        sqlite_with_rowid=False,
    )
