"""Can the numbers be trusted: the state of sources and what was refused.

Belongs here: facts about data. Does not: facts about goals (snapshotting).
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pandas as pd

from connectors.errors import ConnectorError
from okr_pipeline.application.reading import check_source
from okr_pipeline.application.scoping import metrics_with_source
from okr_pipeline.application.telling import moment
from okr_pipeline.application.workspace import Workspace, open_workspace
from okr_pipeline.config.problem import ConfigurationError, VariableError
from okr_pipeline.model.amending import configuration_on
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import contributors_of
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.snapshot import QuarantinedRow, SourceTrust
from okr_pipeline.store.doctor import Finding

_LOOKED_BACK: Final = timedelta(days=400)
"""What changed of older periods is no news of a source, and looking for it would take longer every year."""


def source_trust(
    workspace: Workspace,
    as_of: datetime,
    *,
    known_at: datetime,
    quarantine: pd.DataFrame,
    cycles: Collection[str] | None = None,
) -> tuple[SourceTrust, ...]:
    """Each source of a metric: whether it answered, how far its data reaches, and what was refused (`quarantine`).

    Key results are counted of some cycles, without `cycles` of all.
    """
    used = {it.source for it in workspace.configuration.metrics.values()}
    facts = _Facts(
        ever_read=frozenset(workspace.store.metric_states()["metric"]),
        failing={it["metric"]: it["error"] for it in workspace.store.failed_reads(known_at)},
        reach=_reach(workspace, as_of, known_at),
        refused=quarantine["metric"],
        unmet=workspace.store.unmet_checks()["metric"],
        key_results=_key_results_by_source(workspace, as_of, cycles),
    )
    return tuple(
        _trust(workspace.configuration, source_id, facts, as_of)
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


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of all sources: which metrics were ever read, why reads fail and how far data reaches, by metric.

    `refused` and `unmet` are the metrics of refused values and unmet checks. `key_results` counts by source the key
    results whose value is made of it.
    """

    ever_read: frozenset[str]
    failing: Mapping[str, str]
    reach: pd.DataFrame
    refused: pd.Series
    unmet: pd.Series
    key_results: Mapping[str | None, int]


def _key_results_by_source(
    workspace: Workspace, as_of: datetime, cycles: Collection[str] | None
) -> Counter[str | None]:
    day = workspace.project.calendar.last_date_before(as_of)
    configuration = configuration_on(workspace.configuration, day)
    contributors = contributors_of(configuration.key_results())
    return Counter(
        source
        for it in configuration.key_results()
        if cycles is None or it.cycle in cycles
        for source in {
            configuration.metrics[name].source for name in metrics_with_source(configuration, it, contributors)
        }
    )


def _reach(workspace: Workspace, as_of: datetime, known_at: datetime) -> pd.DataFrame:
    """How far the observations of each metric reach, also where it has been silent for longer than is looked back."""
    recent = workspace.store.observed_reach(None, as_of - _LOOKED_BACK, as_of, known_at)
    heard = {*recent.loc[recent["newest_value_end"].notna(), "metric"]}
    silent = workspace.configuration.metrics.keys() - heard
    if not silent:
        return recent
    older = workspace.store.observed_reach(silent, None, as_of, known_at)
    return pd.concat([recent[~recent["metric"].isin(silent)], older], ignore_index=True)


def _trust(configuration: Configuration, source_id: str, facts: _Facts, as_of: datetime) -> SourceTrust:
    metrics = {it.id: it for it in configuration.metrics.values() if it.source == source_id}
    reach = facts.reach[facts.reach["metric"].isin(metrics)]
    state, detail = _state(metrics, facts, reach, as_of)
    return SourceTrust(
        id=source_id,
        connector=configuration.sources[source_id].connector,
        state=state,
        detail=detail,
        metrics=len(metrics),
        key_results=facts.key_results[source_id],
        last_change_at=moment(reach["recorded_at"].max()),
        newest_period_end=moment(reach["newest_period_end"].max()),
        quarantined=int(facts.refused.isin(metrics.keys()).sum()),
        failed_checks=int(facts.unmet.isin(metrics.keys()).sum()),
    )


def _state(metrics: Mapping[str, Metric], facts: _Facts, reach: pd.DataFrame, as_of: datetime) -> tuple[str, str]:
    """Failed, never read, stale or ok, the worst first, and which metrics make it so."""
    broken = sorted(metrics.keys() & facts.failing.keys())
    if broken:
        return "failed", facts.failing[broken[0]]
    never = sorted(metrics.keys() - facts.ever_read)
    if never:
        return "never_read", ", ".join(never)
    newest = reach.dropna(subset="newest_value_end")
    stale = sorted(
        str(metric)
        for metric, end in zip(newest["metric"], newest["newest_value_end"], strict=True)
        if (as_of - end).total_seconds() / 3600 > metrics[str(metric)].freshness_hours
    )
    return ("stale", ", ".join(stale)) if stale else ("ok", "")
