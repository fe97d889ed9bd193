"""Lineage as people think of it: source → KPI → key result → objective → parent objective.

Belongs here: one external asset per metric, key result and objective, and the materializations that show their newest
value. Does not: execution, which is per source and layer (observing, layers).

An event costs some ten milliseconds, so only what changed gets one, and above `MOST_EVENTS` of a kind only what turned
from one status to another.
"""

import base64
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

import dagster as dg
import pandas as pd

from okr_pipeline.application.scoring import Scored
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import contributors_of
from okr_pipeline.model.formula import references
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import KeyResult, Milestones, Objective
from okr_pipeline.model.score import Status
from okr_pipeline.rendering.series import series_svg

MOST_EVENTS = 100
_SERIES_POINTS = 90
_EMAIL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._%+-]*@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")


def observations_key(source_id: str) -> dg.AssetKey:
    """The executable asset of a source's observations."""
    return dg.AssetKey(["observations", source_id])


def metric_key(metric_id: str) -> dg.AssetKey:
    """The lineage node of a metric."""
    return dg.AssetKey(["metric", metric_id])


def key_result_key(full_id: str) -> dg.AssetKey:
    """The lineage node of a key result."""
    return dg.AssetKey(["key_result", *full_id.split("/", 1)])


def objective_key(full_id: str) -> dg.AssetKey:
    """The lineage node of an objective."""
    return dg.AssetKey(["objective", *full_id.split("/", 1)])


def lineage_specs(configuration: Configuration) -> list[dg.AssetSpec]:
    """The external assets of every metric, key result and objective."""
    specs = [_metric_spec(metric) for metric in configuration.metrics.values()]
    contributors = contributors_of(configuration.key_results())
    specs += [_key_result_spec(it, contributors.get(it.full_id, ())) for it in configuration.key_results()]
    specs += [_objective_spec(configuration, objective) for objective in configuration.objectives.values()]
    return specs


def unseeded(instance: dg.DagsterInstance, keys: Collection[dg.AssetKey]) -> set[dg.AssetKey]:
    """Those nodes that have never been materialized in this instance, where there are few enough to show them all."""
    if len(keys) > MOST_EVENTS:
        return set()
    records = instance.get_asset_records(list(keys))
    return set(keys) - {it.asset_entry.asset_key for it in records if it.asset_entry.last_materialization}


def metric_events(workspace: Workspace, changed: Iterable[str]) -> Iterator[dg.AssetMaterialization]:
    """The newest state of metrics whose observations changed, derived ones named with their parts."""
    changed = sorted(set(changed))
    if len(changed) > MOST_EVENTS:
        return
    observations = workspace.store.observed_values(changed)
    for metric_id in changed:
        metric = workspace.configuration.metrics[metric_id]
        rows = observations[(observations["metric"] == metric_id) & observations["value"].notna()]
        yield _metric_event(metric, rows)


def lineage_events(instance: dg.DagsterInstance, scored: Scored) -> Iterator[dg.AssetMaterialization]:
    """The state of key results and objectives whose score changed, or that were never shown."""
    now, changed = scored.scores.key_results, scored.changed_key_results
    yield from _key_result_events(_to_show(instance, now, changed, "key_result", key_result_key))
    now, changed = scored.scores.objectives, scored.changed_objectives
    yield from _objective_events(_to_show(instance, now, changed, "objective", objective_key))


def markdown_table(frame: pd.DataFrame, columns: Sequence[str]) -> str:
    """Rows as a Markdown table with cells that cannot break out of it."""
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += [
        "| " + " | ".join(_cell(value) for value in row) + " |" for row in frame[list(columns)].itertuples(index=False)
    ]
    return "\n".join(lines)


def _key_result_events(changed: pd.DataFrame) -> Iterator[dg.AssetMaterialization]:
    """Value, progress, plan and status of key results whose score changed."""
    for row in changed.to_dict("records"):
        metadata = {
            "status": _said(row["status"], row["reason"]),
            **_numbers(row, ("value", "baseline", "target", "progress", "expected_progress", "gap", "observed_share")),
        }
        yield dg.AssetMaterialization(key_result_key(row["key_result"]), metadata=metadata)


def _objective_events(changed: pd.DataFrame) -> Iterator[dg.AssetMaterialization]:
    """Score, plan, coverage and status of objectives whose score changed."""
    for row in changed.to_dict("records"):
        metadata = {
            "status": _said(row["status"], row["reason"]),
            **_numbers(row, ("score", "expected_progress", "coverage", "score_low", "score_high")),
        }
        if isinstance(row["worst_key_result"], str):
            metadata["worst_key_result"] = dg.TextMetadataValue(row["worst_key_result"])
        yield dg.AssetMaterialization(objective_key(row["objective"]), metadata=metadata)


def _metric_spec(metric: Metric) -> dg.AssetSpec:
    upstream = [metric_key(part) for part in references(metric.formula)] if metric.formula else []
    if metric.source is not None:
        upstream = [observations_key(metric.source)]
    facts = {"unit": metric.unit, "grain": metric.grain.value, "better": metric.better.value}
    query = metric.request.get("query") or metric.formula_text
    return dg.AssetSpec(
        metric_key(metric.id),
        deps=upstream,
        group_name="metrics",
        description="\n\n".join(filter(None, (metric.name, metric.why))),
        owners=_owners(metric.owner),
        kinds={"kpi"},
        metadata=facts | ({"definition": dg.MarkdownMetadataValue(f"```sql\n{query}\n```")} if query else {}),
    )


def _key_result_spec(key_result: KeyResult, contributors: Sequence[KeyResult]) -> dg.AssetSpec:
    read = [key_result.metric] if key_result.metric else []
    if isinstance(key_result.measure, Milestones):
        read += [item.when.metric for item in key_result.measure.items if item.when]
    return dg.AssetSpec(
        key_result_key(key_result.full_id),
        deps=[
            *(metric_key(metric) for metric in dict.fromkeys(read)),
            *(key_result_key(part.full_id) for part in contributors),
        ],
        group_name="key_results",
        description=key_result.title,
        owners=_owners(key_result.owner),
        kinds={"key result"},
        metadata={
            "measure": key_result.measure.kind,
            "span": f"{key_result.starts} to {key_result.ends}",
            "weight": key_result.weight,
        },
    )


def _objective_spec(configuration: Configuration, objective: Objective) -> dg.AssetSpec:
    children = [it.full_id for it in configuration.objectives.values() if it.parent == objective.full_id]
    deps = [key_result_key(it.full_id) for it in objective.key_results]
    return dg.AssetSpec(
        objective_key(objective.full_id),
        deps=[*deps, *(objective_key(child) for child in children)],
        group_name="objectives",
        description="\n\n".join(filter(None, (objective.title, objective.why))),
        owners=_owners(objective.owner),
        kinds={"objective"},
        metadata={"level": objective.level.value, "intent": objective.intent.value},
    )


def _owners(owner: str | None) -> list[str]:
    """Dagster takes a team or an e-mail address, of fewer kinds than there are; any other owner is not shown there."""
    return [owner] if owner and _EMAIL.fullmatch(owner) else []


def _metric_event(metric: Metric, rows: pd.DataFrame) -> dg.AssetMaterialization:
    metadata: dict[str, dg.MetadataValue] = {"dagster/row_count": dg.IntMetadataValue(len(rows))}
    if len(rows):
        newest = rows["period_end"].max()
        metadata["newest_period_end"] = dg.TimestampMetadataValue(newest.timestamp())
        series = _one_series(rows)
        metadata["value"] = dg.FloatMetadataValue(float(series.iloc[-1]))
        metadata["series"] = dg.MarkdownMetadataValue(
            _picture(metric.name, [float(it) for it in series.tail(_SERIES_POINTS)])
        )
    return dg.AssetMaterialization(metric_key(metric.id), metadata=metadata)


def _one_series(rows: pd.DataFrame) -> pd.Series:
    """One value per period over all members, weighted where weights exist, else their sum: a shape, not a score."""
    weighted = rows["weight"].notna().all()
    amount = rows["value"] * rows["weight"] if weighted else rows["value"]
    grouped = rows.assign(amount=amount).groupby("period_start")
    totals = grouped["amount"].sum()
    weights = grouped["weight"].sum()
    return (totals / weights.where(weights > 0)).dropna() if weighted else totals


def _picture(name: str, values: list[float]) -> str:
    image = base64.b64encode(series_svg(values, label=name).encode()).decode()
    return f"![{escape(name)}](data:image/svg+xml;base64,{image})"


def _to_show(
    instance: dg.DagsterInstance,
    now: pd.DataFrame,
    changed: pd.DataFrame,
    own: str,
    key_of: Callable[[str], dg.AssetKey],
) -> pd.DataFrame:
    nodes = {key_of(id_): id_ for id_ in now[own]}
    new = {nodes[key] for key in unseeded(instance, nodes)} - set(changed[own])
    shown = pd.concat([changed, now[now[own].isin(new)]]) if new else changed
    return shown if len(shown) <= MOST_EVENTS else _turned(changed)


def _turned(changed: pd.DataFrame) -> pd.DataFrame:
    before = changed["previous_status"]
    return changed[before.notna() & (changed["status"] != before)].head(MOST_EVENTS)


def _said(status: str, reason: object) -> dg.TextMetadataValue:
    words = f"{Status(status).glyph} {Status(status).word}"
    return dg.TextMetadataValue(f"{words}: {str(reason).replace('_', ' ')}" if isinstance(reason, str) else words)


def _numbers(row: Mapping[Any, Any], names: Sequence[str]) -> dict[str, dg.MetadataValue]:
    return {
        name: dg.FloatMetadataValue(float(value))
        for name in names
        if isinstance(value := row[name], float) and not math.isnan(value)
    }


def _cell(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value).replace("|", "\\|").replace("\n", " ")
