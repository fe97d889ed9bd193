"""Each revision of an observation is kept once, and a number stands for when and by which run it was written.

Before, the newest revision was a row of `observations` and of `observation_revisions`, and each carried its instant and
its run. Now `past_observations` holds only what was replaced, and `stamps` the instants and runs.

What lists scorecards, their sentence and counts among it, stands before their content, which is megabytes long: what
follows it in a row is read through it.

What is in one of the tables before is in one of them afterwards, in both directions; a store of which that cannot be
said, because it is damaged, stays as it is. Rows are carried in the order of their key.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from alembic import op

from okr_pipeline.store.errors import StoreRefused
from okr_pipeline.store.migrations import first_views
from okr_pipeline.store.types import BYTEWISE_TEXT, Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CURRENT_KEY = ("series_id", "period_start")
_KEY = (*_CURRENT_KEY, "revision")
_CARRIED = ("series_id", "period_start", "revision", "period_end", "value", "weight", "flags")


def upgrade() -> None:
    """Number the writers, carry the current rows, then the revisions that are not current."""
    _refuse_damage()
    op.execute("DROP VIEW metric_observations")
    _create_stamps()
    _set_aside("observations")
    columns = (
        "series_id", "revision", "period_start", "period_end", "value", "weight", "stamp_id", "flags",
    )  # fmt: skip
    _create("observations", _CURRENT_KEY, columns)
    _create("past_observations", _KEY, columns)
    _carry("observations", "stamp_id", _numbered("old_observations"))
    _carry("past_observations", "stamp_id", f"{_numbered('observation_revisions')} WHERE {_NOT_CURRENT}")
    op.drop_table("observation_revisions")
    op.drop_table("old_observations")
    _create_views(_with_stamps(view) for view in _OF_OBSERVATIONS)
    _rebuild_scorecards(_SCORECARD_NOW)


def downgrade() -> None:
    """Write the instant and the run into each row again, and the current rows among the revisions."""
    op.execute("DROP VIEW metric_observations")
    _set_aside("observations")
    measured = ("value", "weight", "flags")
    written = ("recorded_at", "run_id")
    _create("observations", _CURRENT_KEY, (*_CURRENT_KEY, "period_end", *measured, "revision", *written))
    _create("observation_revisions", _KEY, (*_KEY, "period_end", *measured, *written))
    _carry("observations", "recorded_at, run_id", _signed("old_observations"))
    every = f"{_signed('old_observations')} UNION ALL {_signed('past_observations')}"
    _carry("observation_revisions", "recorded_at, run_id", every)
    op.drop_table("past_observations")
    op.drop_table("old_observations")
    op.drop_table("stamps")
    _create_views(_OF_OBSERVATIONS)
    _rebuild_scorecards(_SCORECARD_BEFORE)


_OF_OBSERVATIONS = [view for view in first_views.VIEWS if view.name == "metric_observations"]
_SAME_REVISION = " AND ".join(f"o.{name} = r.{name}" for name in _KEY)
_NOT_CURRENT = f"NOT EXISTS (SELECT 1 FROM old_observations o WHERE {_SAME_REVISION})"
_SELECTED = "SELECT " + ", ".join(f"r.{name}" for name in _CARRIED)


def _refuse_damage() -> None:
    """A current row that is not the revision it carries would have to be given up, or the revision."""
    dialect = op.get_bind().dialect.name
    equal = "IS" if dialect == "sqlite" else "IS NOT DISTINCT FROM"
    differs = " OR ".join(
        f"NOT o.{name} {equal} r.{name}" for name in (*_CARRIED, "recorded_at", "run_id") if name not in _KEY
    )
    damaged = f"SELECT count(*) FROM observations o JOIN observation_revisions r ON {_SAME_REVISION} WHERE {differs}"
    count = op.get_bind().execute(sa.text(damaged)).scalar_one()
    if count:
        raise StoreRefused(
            f"The store was not upgraded: {count} observations differ from the revision they carry, and one of the two"
            " would be lost. Restore a copy; `okr store doctor` of the release that wrote it tells more."
        )


def _numbered(table: str) -> str:
    """The rows of a table of 0001 with the number of their writer."""
    return (
        f"{_SELECTED}, t.stamp_id FROM {table} r JOIN stamps t ON t.recorded_at = r.recorded_at AND t.run_id = r.run_id"
    )


def _signed(table: str) -> str:
    """The rows of a table of 0002 with their instant and run; without a stamp there are none, and none is refused."""
    return f"{_SELECTED}, t.recorded_at, t.run_id FROM {table} r LEFT JOIN stamps t ON t.stamp_id = r.stamp_id"


def _carry(table: str, writer: str, rows: str) -> None:
    op.execute(f"INSERT INTO {table} ({', '.join(_CARRIED)}, {writer}) {rows} ORDER BY 1, 2, 3")


def _rebuild_scorecards(columns: tuple[str, ...]) -> None:
    """Carry the snapshots one by one into columns of this order; some are taken from the content."""
    op.execute("DROP VIEW scorecards")
    _set_aside("scorecard_snapshots")
    run = sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"])
    made = [_column(name) for name in columns]
    key = sa.PrimaryKeyConstraint("week", "revision")
    op.create_table("scorecard_snapshots", *made, run, key, sqlite_with_rowid=False)
    connection = op.get_bind()
    taken = ", ".join(f":{name}" if name in _OF_CONTENT else name for name in columns)
    one = "FROM old_scorecard_snapshots WHERE week = :week AND revision = :revision"
    carry = sa.text(f"INSERT INTO scorecard_snapshots ({', '.join(columns)}) SELECT {taken} {one}")
    for week, revision in connection.execute(
        sa.text("SELECT week, revision FROM old_scorecard_snapshots ORDER BY 1, 2")
    ).all():
        place = {"week": week, "revision": revision}
        content = connection.execute(sa.text(f"SELECT content {one}"), place).scalar_one()
        facts = _told_by(content) if "headline" in columns else {}
        connection.execute(carry, place | facts)
    op.drop_table("old_scorecard_snapshots")
    _create_views(view for view in first_views.VIEWS if view.name == "scorecards")


def _told_by(content: str) -> dict[str, str]:
    """The sentence and counts of a snapshot, empty where it has none."""
    snapshot = json.loads(content)
    return {"headline": snapshot.get("headline", ""), "counts": json.dumps(snapshot.get("counts", []))}


def _set_aside(table: str) -> None:
    """Rename a table, and free the name of its key, which PostgreSQL keeps among those of all tables."""
    op.rename_table(table, f"old_{table}")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX {table}_pkey RENAME TO old_{table}_pkey")


def _create_stamps() -> None:
    _create("stamps", ("stamp_id",), ("stamp_id", "recorded_at", "run_id"))
    writers = " UNION ".join(
        f"SELECT recorded_at, run_id FROM {table}" for table in ("observation_revisions", "observations")
    )
    op.execute(
        "INSERT INTO stamps (stamp_id, recorded_at, run_id)"
        f" SELECT row_number() OVER (ORDER BY recorded_at, run_id), recorded_at, run_id FROM ({writers}) w"
    )
    op.create_index("stamps_recorded_at", "stamps", ["recorded_at", "run_id"], unique=True)


def _create(table: str, key: Iterable[str], columns: Iterable[str]) -> None:
    made = (_column(name) for name in columns)
    op.create_table(table, *made, sa.PrimaryKeyConstraint(*key), sqlite_with_rowid=False)


def _with_stamps(view: first_views.View) -> first_views.View:
    """The same columns, two of them from another table."""
    source = view.source.replace(" WHERE ", " JOIN stamps t ON t.stamp_id = r.stamp_id WHERE ", 1)
    moved = {"recorded_at", "run_id"}
    columns = (replace(it, expression=f"t.{it.name}") if it.name in moved else it for it in view.columns)
    return replace(view, source=source, columns=tuple(columns))


def _create_views(views: Iterable[first_views.View]) -> None:
    for statement in first_views.statements(op.get_bind().dialect.name, views):
        op.execute(sa.text(statement.replace(":", r"\:")))


def _column(name: str) -> sa.Column[Any]:
    kind, comment = _COLUMNS[name]
    return sa.Column(name, kind, nullable=name in {"value", "weight"}, comment=comment)


_SCORECARD_BEFORE = (
    "week", "revision", "snapshot_hash", "schema_version", "content", "as_of", "config_version", "run_id",
    "recorded_at",
)  # fmt: skip
_OF_CONTENT = ("headline", "counts")
_SCORECARD_NOW = (*(name for name in _SCORECARD_BEFORE if name != "content"), *_OF_CONTENT, "content")
_COLUMNS: dict[str, tuple[Any, str | None]] = {
    "stamp_id": (sa.Integer(), "when and by which run rows were written; larger for every later batch"),
    "series_id": (sa.Integer(), None),
    "revision": (sa.Integer(), "counts from 1"),
    "period_start": (Instant(), "UTC"),
    "period_end": (Instant(), "UTC"),
    "value": (sa.Double(), "in the unit of the metric; null: withdrawn, so the period is unobserved"),
    "weight": (sa.Double(), "of the value in weighted means; null: none"),
    "flags": (BYTEWISE_TEXT, "comma-separated flags of the source"),
    "recorded_at": (Instant(), "UTC; the instant of the batch that wrote the row, later for every later batch"),
    "run_id": (BYTEWISE_TEXT, "the run that wrote the row"),
    "week": (BYTEWISE_TEXT, "ISO week, 2013-W20"),
    "snapshot_hash": (BYTEWISE_TEXT, None),
    "schema_version": (sa.Integer(), None),
    "as_of": (Instant(), "UTC"),
    "config_version": (BYTEWISE_TEXT, None),
    "headline": (BYTEWISE_TEXT, "the one sentence, as in the content"),
    "counts": (BYTEWISE_TEXT, "JSON, key results by status, as in the content"),
    "content": (BYTEWISE_TEXT, "JSON"),
}
