"""The views of revision 0001: what people and BI tools read. Frozen with it; a later revision brings its own.

Belongs here: names, columns and units that others rely on. Does not: anything this program reads itself.

PostgreSQL shows instants as TIMESTAMPTZ and carries the units as column comments; SQLite shows ISO 8601 text in UTC
with microseconds, and truths as 0 and 1.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, the expression behind it where that differs, whether it is an instant, its comment."""

    name: str
    expression: str = ""
    is_instant: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """A view over `r` and what it is joined with."""

    name: str
    source: str
    columns: tuple[Column, ...]


def statements(dialect: str, views: "Iterable[View] | None" = None) -> Iterator[str]:
    """The SQL that makes the views, or others of their form."""
    for view in VIEWS if views is None else views:
        columns = ", ".join(f"{_expression(column, dialect)} AS {column.name}" for column in view.columns)
        yield f"CREATE VIEW {view.name} AS SELECT {columns} FROM {view.source}"
        if dialect == "postgresql":
            yield from (
                f"COMMENT ON COLUMN {view.name}.{column.name} IS '{column.comment.replace(chr(39), chr(39) * 2)}'"
                for column in view.columns
                if column.comment
            )


def _expression(column: Column, dialect: str) -> str:
    plain = column.expression or f"r.{column.name}"
    if dialect != "sqlite" or not column.is_instant:
        return plain
    rest = f"(({plain} % 1000000) + 1000000) % 1000000"
    seconds = f"({plain} - {rest}) / 1000000"
    return f"strftime('%Y-%m-%dT%H:%M:%S', {seconds}, 'unixepoch') || printf('.%06dZ', {rest})"


def _plain(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


def _instants(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, is_instant=True, comment=_COMMENTS.get(name, "UTC")) for name in names)


def _described(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, comment=_COMMENTS[name]) for name in names)


_COMMENTS = {
    "as_of": "UTC; the instant the score speaks about",
    "as_of_date": "the local date the score speaks about",
    "known_at": "UTC; what had been recorded by then",
    "recorded_at": "UTC; when the row was written",
    "dimensions": "JSON, keys sorted",
    "value": "in the unit of the metric",
    "weight": "of the value in weighted means",
    "baseline": "in the unit of the metric",
    "target": "in the unit of the metric",
    "progress": "share: 0 at the baseline, 1 at the target, unclamped; null is unknown, with a reason",
    "score": "progress clamped to 0..1",
    "expected_progress": "share planned at value_period_end",
    "expected_progress_now": "share planned at as_of",
    "pace_ratio": "progress / expected_progress",
    "gap": "progress - expected_progress",
    "observed_periods": "count",
    "expected_periods": "count",
    "straddling_periods": "count",
    "observed_share": "observed / expected periods, 0..1",
    "last_good_value": "in the unit of the metric; only where the value is unknown",
    "last_good_age_hours": "hours",
    "coverage": "share of the weight that is known, 0..1",
    "score_low": "score if all that is unknown were 0",
    "score_high": "score if all that is unknown were 1",
    "rows_checked": "count",
    "rows_failed": "count",
    "severity": "block or warn",
    "week": "ISO week, such as 2013-W20",
    "content": "JSON",
}

_STAMPS = (
    *_described("as_of_date"),
    *_instants("as_of", "known_at", "recorded_at"),
    *_plain("revision", "run_id", "config_version", "reconstructed"),
)

VIEWS = (
    View(
        "metric_observations",
        "observations r JOIN series s ON s.series_id = r.series_id WHERE r.value IS NOT NULL",
        (
            Column("metric", "s.metric"),
            Column("dimensions", "s.dimensions", comment=_COMMENTS["dimensions"]),
            *_instants("period_start", "period_end"),
            *_described("value", "weight"),
            *_plain("flags"),
            Column(
                "quarantined",
                "EXISTS (SELECT 1 FROM quarantine q WHERE q.series_id = r.series_id"
                " AND q.period_start = r.period_start AND q.released_at IS NULL)",
                comment="a newer value of this period was refused, so no score uses it",
            ),
            *_plain("revision"),
            *_instants("recorded_at"),
            *_plain("run_id"),
        ),
    ),
    View(
        "key_result_progress",
        "key_result_score_revisions r WHERE r.revision = (SELECT max(n.revision) FROM key_result_score_revisions n"
        " WHERE n.key_result = r.key_result AND n.as_of_date = r.as_of_date)",
        (
            *_plain("key_result", "objective", "cycle", "title", "owner", "metric", "measure", "unit"),
            *_described(
                "value", "baseline", "target", "progress", "score", "expected_progress", "expected_progress_now",
                "pace_ratio", "gap",
            ),
            *_plain("status", "reason", "provisional"),
            *_instants("value_period_start", "value_period_end", "window_start", "window_end"),
            *_described(
                "observed_periods", "expected_periods", "observed_share", "straddling_periods", "last_good_value",
                "last_good_age_hours",
            ),
            *_plain("weight"),
            *_STAMPS,
        ),
    ),
    View(
        "objective_scores",
        "objective_score_revisions r WHERE r.revision = (SELECT max(n.revision) FROM objective_score_revisions n"
        " WHERE n.objective = r.objective AND n.as_of_date = r.as_of_date)",
        (
            *_plain("objective", "cycle", "parent", "title", "level", "intent", "owner"),
            *_described("score", "expected_progress"),
            *_plain("status", "reason"),
            *_described("coverage", "score_low", "score_high"),
            *_plain("worst_key_result"),
            *_STAMPS,
        ),
    ),
    View(
        "open_alerts",
        "alert_states r WHERE r.state IN ('firing', 'acknowledged', 'recovering')",
        (
            *_plain("key_result", "rule", "state", "streak", "episode"),
            *_instants("since", "last_evaluated_as_of", "last_period_end"),
        ),
    ),
    View(
        "check_results",
        "check_outcomes r",
        (
            *_plain("run_id", "source", "metric", "rule", "family", "status"),
            *_described("severity", "rows_checked", "rows_failed"),
            *_plain("detail"),
            *_instants("recorded_at"),
        ),
    ),
    View(
        "scorecards",
        "scorecard_snapshots r WHERE r.revision ="
        " (SELECT max(n.revision) FROM scorecard_snapshots n WHERE n.week = r.week)",
        (
            *_described("week"),
            *_plain("revision", "snapshot_hash", "schema_version"),
            *_described("content"),
            *_instants("as_of"),
            *_plain("config_version", "run_id"),
            *_instants("recorded_at"),
        ),
    ),
)  # fmt: skip
