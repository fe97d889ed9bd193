"""One executable asset per source: its observations, with the log of what was asked of it.

Belongs here: partitions, retries, checks and metadata of reading. Does not: reading, judging, keeping (application).

`observations/<source>` is materialized only when the source answered, so that its freshness tells the truth;
`reads/<source>` always is, so that scores are still computed, and honestly unknown where they must be, when it did not.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from connectors.contract import Traffic
from okr_pipeline.application.amending import continued
from okr_pipeline.application.observing import Observed, observe
from okr_pipeline.application.reading import upstream_assets
from okr_pipeline.application.windows import metrics_of
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.formula import references
from okr_pipeline.orchestration.checks import check_results, check_specs
from okr_pipeline.orchestration.lineage import metric_events, metric_key, observations_key, unseeded
from okr_pipeline.orchestration.scope import LEFT_ALONE_TAG, LEFT_UNTIL_TAG, NEWEST, PAST, Scope, scope_of
from okr_pipeline.rendering.words import plural

MOST_RETRIES = 2
SHORTEST_WAIT = timedelta(seconds=30)


def reads_key(source_id: str) -> dg.AssetKey:
    """The log of reads of a source."""
    return dg.AssetKey(["reads", source_id])


def observation_assets(workspace: Workspace, partitions: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The assets that read, validate and store each source's metrics."""
    return [
        _assets_of(workspace, source_id, partitions)
        for source_id in workspace.configuration.sources
        if metrics_of(workspace, source_id)
    ]


def _assets_of(workspace: Workspace, source_id: str, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    key = observations_key(source_id)

    @dg.multi_asset(
        name=f"observe_{source_id}".replace("-", "_").replace(".", "_"),
        specs=[_observations_spec(workspace, source_id), _reads_spec(workspace, source_id)],
        check_specs=check_specs(key),
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=f"source_{source_id}".replace("-", "_").replace(".", "_"),
    )
    def observe_source(context: dg.AssetExecutionContext, project: dg.ResourceParam[Workspace]) -> Iterator[object]:
        project.ready_store()
        project = continued(project)
        scope = scope_of(context, project)
        observed = observe(project, source_id, run=scope.run, window=scope.window, full_refresh=scope.full_refresh)
        _retry_where_it_helps(context, observed, scope)
        if scope.live:
            yield from metric_events(
                project, shown_metrics(context.instance, project, source_id, observed.changed_metrics)
            )
        yield from check_results(key, observed)
        if not observed.failed:
            yield dg.MaterializeResult(asset_key=key, metadata=_metadata(observed))
        yield dg.MaterializeResult(asset_key=reads_key(source_id), metadata=_metadata(observed))

    return observe_source


def shown_metrics(
    instance: dg.DagsterInstance, workspace: Workspace, source_id: str, changed: Collection[str]
) -> set[str]:
    """Metrics that changed, those of the source with values that Dagster was never shown, and all derived from them."""
    nodes = {metric_key(metric.id): metric.id for metric in metrics_of(workspace, source_id)}
    new = {nodes[key] for key in unseeded(instance, nodes)}
    observed = set(workspace.store.observed_coverage()["metric"]) if new else set()
    return _with_derived(workspace, {*changed, *(new & observed)})


def _with_derived(workspace: Workspace, changed: Collection[str]) -> set[str]:
    affected = set(changed)
    while more := {
        metric.id
        for metric in workspace.configuration.metrics.values()
        if metric.formula and metric.id not in affected and affected & set(references(metric.formula))
    }:
        affected |= more
    return affected


def _observations_spec(workspace: Workspace, source_id: str) -> dg.AssetSpec:
    metrics = metrics_of(workspace, source_id)
    hours = max(metric.freshness_hours for metric in metrics)
    live = workspace.project.as_of is None
    return dg.AssetSpec(
        observations_key(source_id),
        deps=[dg.AssetKey(key.split("/")) for key in upstream_assets(workspace, source_id)],
        skippable=True,
        group_name="observations",
        description=f"Validated values of {plural(len(metrics), 'metric')}, one row per metric, dimensions and period.",
        kinds={workspace.configuration.sources[source_id].connector},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=hours + 24)) if live else None,
    )


def _reads_spec(workspace: Workspace, source_id: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        reads_key(source_id),
        group_name="observations",
        description="What was asked of the source and what came back, or why nothing did; also when it fails.",
        kinds={workspace.configuration.sources[source_id].connector},
    )


def _retry_where_it_helps(context: dg.AssetExecutionContext, observed: Observed, scope: Scope) -> None:
    """Ask Dagster to try again where every failure may pass and the wait is short enough to hold a run open.

    Where the source asks for a longer one, the run says until when it is left alone, and another one asks it then.
    Scores are unknown where they must be until it has answered.

    Raises:
        dagster.RetryRequested: with the wait that the source asked for.
    """
    if not observed.retryable:
        return
    now = datetime.now(UTC)
    wait = max(SHORTEST_WAIT, (observed.retry_at or now) - now)
    if wait > scope.longest_wait:
        _leave_alone(context, observed, scope)
    elif context.retry_number < MOST_RETRIES:
        raise dg.RetryRequested(max_retries=MOST_RETRIES, seconds_to_wait=wait.total_seconds())


def _leave_alone(context: dg.AssetExecutionContext, observed: Observed, scope: Scope) -> None:
    if observed.retry_at is not None:
        tags = {LEFT_ALONE_TAG: NEWEST if scope.live else PAST}
        tags[f"{LEFT_UNTIL_TAG}{observed.source}"] = observed.retry_at.isoformat()
        context.instance.add_run_tags(context.run.run_id, tags)


def _metadata(observed: Observed) -> dict[str, dg.MetadataValue]:
    counts = {
        "metrics": observed.metrics,
        "rows_read": observed.rows_read,
        "new_observations": observed.recorded - observed.restated,
        "restated": observed.restated,
        "withdrawn": observed.withdrawn,
        "refused": len(observed.refused),
        "in_quarantine": observed.open_quarantine,
        "failed_metrics": len(observed.failures),
    }
    metadata: dict[str, dg.MetadataValue] = {name: dg.IntMetadataValue(count) for name, count in counts.items()}
    metadata |= _traffic_metadata(observed.traffic)
    if observed.retry_at is not None:
        metadata["may_be_asked_again"] = dg.TimestampMetadataValue(observed.retry_at.timestamp())
    metadata["dagster/row_count"] = dg.IntMetadataValue(observed.recorded)
    if observed.refused:
        lines = [
            f"- `{it.metric}` {it.dimensions} {it.period_start:%Y-%m-%d %H:%M}Z: {it.reason}"
            for it in observed.refused[:50]
        ]
        metadata["blocked"] = dg.MarkdownMetadataValue("\n".join(lines))
    return metadata


def _traffic_metadata(traffic: Traffic | None) -> dict[str, dg.MetadataValue]:
    """What it cost to ask, and what the source said is left of its budgets, each under its name."""
    if traffic is None:
        return {}
    return {
        "requests": dg.IntMetadataValue(traffic.requests),
        "retries": dg.IntMetadataValue(traffic.retries),
        "received_bytes": dg.IntMetadataValue(traffic.received_bytes),
        "waited_seconds": dg.FloatMetadataValue(traffic.waited_seconds),
        **{f"remaining/{name}": dg.IntMetadataValue(count) for name, count in traffic.remaining.items()},
    }
