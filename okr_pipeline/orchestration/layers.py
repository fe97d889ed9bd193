"""The layers above observations: scores, alerts, scorecard, each one executable asset.

Belongs here: their order and metadata. Does not: their work (application).
"""

from collections import Counter
from collections.abc import Iterator

import dagster as dg

from okr_pipeline.application.alerts import raise_alerts
from okr_pipeline.application.amending import continued
from okr_pipeline.application.health import Reviewed, review_metrics
from okr_pipeline.application.scorecards import write_scorecard
from okr_pipeline.application.scoring import score_and_record, score_history
from okr_pipeline.application.windows import metrics_of
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.health import HealthState
from okr_pipeline.orchestration.lineage import lineage_events, markdown_table
from okr_pipeline.orchestration.observing import reads_key
from okr_pipeline.orchestration.scope import Scope, scope_of

KEY_RESULT_SCORES = dg.AssetKey("key_result_scores")
OBJECTIVE_SCORES = dg.AssetKey("objective_scores")
ALERTS = dg.AssetKey("alerts")
SCORECARD = dg.AssetKey("scorecard")
_TABLE_ROWS = 200


def layer_assets(workspace: Workspace) -> list[dg.AssetsDefinition]:
    """Scores, alerts and scorecard of a project."""
    return [_score_assets(workspace), alerts, scorecard]


def _score_assets(workspace: Workspace) -> dg.AssetsDefinition:
    upstream = [
        dg.AssetDep(reads_key(source_id), partition_mapping=dg.LastPartitionMapping())
        for source_id in workspace.configuration.sources
        if metrics_of(workspace, source_id)
    ]

    @dg.multi_asset(
        name="score",
        specs=[
            dg.AssetSpec(
                KEY_RESULT_SCORES,
                deps=upstream,
                group_name="scores",
                description="Value, progress, plan and status of every key result, one row per key result and date.",
                kinds={"score"},
            ),
            dg.AssetSpec(
                OBJECTIVE_SCORES,
                deps=[KEY_RESULT_SCORES],
                group_name="scores",
                description="Score, coverage, bounds and status of every objective, one row per objective and date.",
                kinds={"score"},
            ),
        ],
    )
    def score(context: dg.AssetExecutionContext, project: dg.ResourceParam[Workspace]) -> Iterator[object]:
        project = continued(project)
        scope = scope_of(context, project)
        yield from _score_now(context.instance, project, scope) if scope.live else _score_past(project, scope)

    return score


def _score_now(instance: dg.DagsterInstance, workspace: Workspace, scope: Scope) -> Iterator[object]:
    scored = score_and_record(workspace, scope.run)
    yield from lineage_events(instance, scored)
    counts = Counter(scored.scores.key_results["status"])
    columns = ["key_result", "status", "reason", "value", "target", "progress", "expected_progress"]
    yield dg.MaterializeResult(
        asset_key=KEY_RESULT_SCORES,
        metadata={
            "dagster/row_count": len(scored.scores.key_results),
            "changed": len(scored.changed_key_results),
            **{f"status/{status}": count for status, count in counts.items()},
            "key_results": dg.MarkdownMetadataValue(
                markdown_table(scored.scores.key_results.head(_TABLE_ROWS), columns)
            ),
        },
    )
    columns = ["objective", "status", "score", "expected_progress", "coverage", "worst_key_result"]
    yield dg.MaterializeResult(
        asset_key=OBJECTIVE_SCORES,
        metadata={
            "dagster/row_count": len(scored.scores.objectives),
            "changed": len(scored.changed_objectives),
            "objectives": dg.MarkdownMetadataValue(markdown_table(scored.scores.objectives.head(_TABLE_ROWS), columns)),
        },
    )


def _score_past(workspace: Workspace, scope: Scope) -> Iterator[object]:
    calendar = workspace.project.calendar
    # A date that the zone skipped ends with the one before.
    ends = sorted({min(calendar.end_of_day(day), scope.run.as_of) for day in scope.days})
    changed = score_history(workspace, scope.run, ends)
    for key in (KEY_RESULT_SCORES, OBJECTIVE_SCORES):
        yield dg.MaterializeResult(asset_key=key, metadata={"reconstructed_days": len(scope.days), "changed": changed})


@dg.asset(
    key=ALERTS,
    deps=[KEY_RESULT_SCORES],
    group_name="outcomes",
    description="Episodes of key results that are behind, and reviews of KPIs outside their healthy band: opened, held "
    "and closed, never flapping.",
    kinds={"alert"},
)
def alerts(context: dg.AssetExecutionContext, project: dg.ResourceParam[Workspace]) -> dg.MaterializeResult:
    """Advance the alert episodes and the KPI reviews."""
    project = continued(project)
    run = scope_of(context, project).run
    raised, reviewed = raise_alerts(project, run), review_metrics(project, run)
    return dg.MaterializeResult(
        metadata={
            "open": len(raised.open_key_results),
            "opened": len(raised.opened),
            "closed": len(raised.closed),
            "transitions": dg.MarkdownMetadataValue(
                markdown_table(raised.transitions, ["key_result", "from_state", "to_state", "reason"])
            ),
            **_health_metadata(reviewed),
        }
    )


def _health_metadata(reviewed: Reviewed) -> dict[str, dg.MetadataValue | int]:
    """How many metrics are in each state, and the table of those that are not healthy."""
    judged = reviewed.health
    unwell = judged[judged["state"] != HealthState.HEALTHY].head(_TABLE_ROWS)
    columns = ["metric", "dimensions", "state", "reason", "value", "low", "high", "since", "signal", "review_since"]
    return {
        **{f"health/{state}": int(count) for state, count in judged["state"].value_counts().items()},
        "health": dg.MarkdownMetadataValue(markdown_table(unwell, columns)),
        "reviews": dg.MarkdownMetadataValue(
            markdown_table(reviewed.events, ["metric", "dimensions", "event", "reason"])
        ),
    }


@dg.asset(
    key=SCORECARD,
    deps=[OBJECTIVE_SCORES, ALERTS],
    group_name="outcomes",
    description="The weekly scorecard that leadership reads.",
    kinds={"html"},
)
def scorecard(context: dg.AssetExecutionContext, project: dg.ResourceParam[Workspace]) -> dg.MaterializeResult:
    """Write the scorecard of the run's week."""
    project = continued(project)
    written = write_scorecard(project, scope_of(context, project).run)
    return dg.MaterializeResult(
        metadata={
            "headline": written.headline,
            "week": written.week,
            "changed": written.changed,
            "page": dg.MetadataValue.path(str(written.path)),
        }
    )
