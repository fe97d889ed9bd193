"""Can the numbers be trusted: the state of sources and what was refused.

Belongs here: facts about data. Does not: facts about goals (snapshotting).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from connectors.errors import ConnectorError
from okr_pipeline.application.gathering import Evidence
from okr_pipeline.application.reading import check_source
from okr_pipeline.application.telling import moment
from okr_pipeline.application.workspace import Workspace, open_workspace
from okr_pipeline.config import ConfigurationError, VariableError
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.snapshot import QuarantinedRow, SourceTrust
from okr_pipeline.store.doctor import Finding


def source_trust(workspace: Workspace, evidence: Evidence, as_of: datetime) -> tuple[SourceTrust, ...]:
    """Each source of a metric: whether it answered, how far its data reaches, and what was refused."""
    used = {it.source for it in workspace.configuration.metrics.values()}
    states = workspace.store.metric_states()
    checks = workspace.store.check_results(latest=True)
    failed = checks[checks["status"].isin(["failed", "errored"])]
    observations = _with_the_silent(workspace, evidence, states, as_of)
    return tuple(
        _trust(workspace.configuration, source_id, states, replace(evidence, observations=observations), failed, as_of)
        for source_id in workspace.configuration.sources
        if source_id in used
    )


def quarantined_rows(quarantine: pd.DataFrame) -> tuple[QuarantinedRow, ...]:
    """What was refused and not replaced, in order."""
    columns = ["metric", "dimensions", "period_start", "rule", "reason"]
    rows = quarantine.sort_values(columns[:3])[columns].itertuples(index=False, name=None)
    return tuple(
        QuarantinedRow(metric, dimensions, start.to_pydatetime(), rule, reason)
        for metric, dimensions, start, rule, reason in rows
    )


def examine_sources(config_dir: Path | str) -> tuple[Finding, ...]:
    """Each source asked now: whether it answers, and what its login could do and need not.

    A configuration that cannot be read is a finding, too, so that the store's doctor still tells of the store.
    """
    try:
        workspace = open_workspace(config_dir)
    except ConfigurationError:
        why = "The sources were not looked at, because the configuration cannot be read. Run `okr validate`."
        return (Finding("sources", "warn", why),)
    return tuple(finding for source in workspace.configuration.sources for finding in _examined(workspace, source))


def _examined(workspace: Workspace, source_id: str) -> Iterator[Finding]:
    name = f"source {source_id}"
    try:
        cautions = check_source(workspace, source_id)
    except (ConnectorError, VariableError) as error:
        yield Finding(name, "error", str(error))
        return
    yield from (Finding(name, "warn", caution) for caution in cautions)
    if not cautions:
        yield Finding(name, "ok", "it answers, and nothing about it needs a caution")


def _with_the_silent(workspace: Workspace, evidence: Evidence, states: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """The observations gathered, and all there are of metrics that have been silent for longer than they reach."""
    gathered = evidence.observations
    silent = {*states["metric"]} & {*workspace.configuration.metrics}
    silent -= {*gathered.loc[gathered["value"].notna(), "metric"].unique()}
    if not silent:
        return gathered
    older = workspace.store.observations(silent, None, as_of, evidence.known_at)
    return pd.concat([gathered[~gathered["metric"].isin(silent)], older]) if len(older) else gathered


def _trust(
    configuration: Configuration,
    source_id: str,
    states: pd.DataFrame,
    evidence: Evidence,
    failed: pd.DataFrame,
    as_of: datetime,
) -> SourceTrust:
    metrics = {it.id: it for it in configuration.metrics.values() if it.source == source_id}
    read = states[states["metric"].isin(metrics)]
    observed = evidence.observations[evidence.observations["metric"].isin(metrics)]
    state, detail = _state(metrics, read, observed, as_of)
    return SourceTrust(
        id=source_id,
        connector=configuration.sources[source_id].connector,
        state=state,
        detail=detail,
        metrics=len(metrics),
        key_results=sum(it.metric in metrics for it in configuration.key_results()),
        last_change_at=moment(observed["recorded_at"].max()),
        newest_period_end=moment(observed["period_end"].max()),
        quarantined=int(evidence.quarantine["metric"].isin(metrics.keys()).sum()),
        failed_checks=int(failed["metric"].isin(metrics.keys()).sum()),
    )


def _state(
    metrics: Mapping[str, Metric], read: pd.DataFrame, observed: pd.DataFrame, as_of: datetime
) -> tuple[str, str]:
    """Failed, never read, stale or ok, the worst first, and which metrics make it so."""
    broken = read[read["status"] == "failed"]
    if len(broken):
        return "failed", str(broken["error"].iloc[0])
    never = sorted(metrics.keys() - set(read["metric"]))
    if never:
        return "never_read", ", ".join(never)
    newest = observed[observed["value"].notna()].groupby("metric")["period_end"].max()
    stale = sorted(
        str(metric)
        for metric, end in newest.items()
        if (as_of - end).total_seconds() / 3600 > metrics[str(metric)].freshness_hours
    )
    return ("stale", ", ".join(stale)) if stale else ("ok", "")
