"""Scores say more: the rule and the pace behind a status, confidence, the original target, and a forecast.

What was recorded before was judged by the rule `pace`, the only one there was; the rest of it is unknown.
Going back, what an older schema has no place for is lost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from alembic import op

from okr_pipeline.store.migrations import first_views
from okr_pipeline.store.types import BYTEWISE_TEXT

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the tables of scores, and the views over them."""
    _drop_views(_WIDENED)
    for table, columns in _ADDED.items():
        for name, (kind, comment) in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=True, comment=comment))
        op.execute(f"UPDATE {table} SET status_rule = 'pace'")
    _create_views(_widened(view) for view in _WIDENED)


def downgrade() -> None:
    """Narrow them again."""
    _drop_views(_WIDENED)
    for table, columns in _ADDED.items():
        for name in columns:
            op.drop_column(table, name)
    _create_views(_WIDENED)


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


def _drop_views(views: Iterable[first_views.View]) -> None:
    for view in views:
        op.execute(f"DROP VIEW {view.name}")


def _create_views(views: Iterable[first_views.View]) -> None:
    for statement in first_views.statements(op.get_bind().dialect.name, views):
        op.execute(sa.text(statement.replace(":", r"\:")))
