"""Reading sources: what came back.

Belongs here: turning connector batches into the POINTS frame. Does not: which window is read (windows), judging the
points (judging) or keeping them (observing).
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, reduce
from operator import add

import numpy as np
import pandas as pd
from pydantic import BaseModel, ValidationError

from connectors.catalogue import load_connectors
from connectors.contract import (
    Caution,
    Context,
    DataPointBatch,
    Description,
    Evidence,
    Metered,
    MetricRequest,
    ReadFailure,
    Source,
    Traffic,
    Window,
    Witness,
)
from connectors.errors import ConfigError, ConnectorError
from okr_pipeline.application.surveying import answered
from okr_pipeline.application.windows import metrics_of, newest_windows
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.config.variables import expand_settings
from okr_pipeline.model.calendar import Calendar, Grain, Period
from okr_pipeline.model.frames import POINTS
from okr_pipeline.model.metric import CHECK_INS, Metric
from okr_pipeline.model.metric import Source as Definition
from okr_pipeline.model.secrets import Secrets

HOST_CONNECTOR = "dagster_asset"
INSTANT = "datetime64[us, UTC]"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a source delivered: POINTS, and by metric its evidence, the window asked for, or why it failed.

    `traffic` is what it cost, None of a source that does not tell.
    """

    points: pd.DataFrame
    windows: Mapping[str, Period]
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    failures: Mapping[str, ConnectorError] = field(default_factory=dict)
    traffic: Traffic | None = None

    def told(self, metric: str) -> Period:
        """The part of a metric's window that the source told of: all, unless it says that it knows of less."""
        window, proof = self.windows[metric], self.evidence.get(metric)
        if proof is None or proof.since is None:
            return window
        return Period(min(max(window.start, proof.since), window.end), window.end)

    def is_whole(self, metric: str) -> bool:
        """Whether a metric was read from its first row on, whatever its window."""
        proof = self.evidence.get(metric)
        return proof is not None and proof.whole


def read_source(
    workspace: Workspace, source_id: str, windows: Mapping[str, Period], witness: Witness | None = None
) -> Delivery:
    """Every metric's points of its window; one that fails is reported, and the others go on."""
    if source_id == CHECK_INS:
        return _read_surveys(workspace, windows)
    secrets = workspace.secrets
    with secrets.kept():
        return _without(secrets, _read(workspace, source_id, windows, _seeing_no_secret(witness, secrets)))


def read_of(delivery: Delivery) -> dict[str, Period]:
    """The windows of those metrics that were read."""
    return {metric: window for metric, window in delivery.windows.items() if metric not in delivery.failures}


def nothing(failures: Mapping[str, ConnectorError]) -> Delivery:
    """A delivery of nothing that was asked for, and why."""
    return Delivery(_no_points(), {}, failures=failures)


def joined(deliveries: Sequence[Delivery]) -> Delivery:
    """Those of the legs of one read as one; at least one.

    A window reaches from the first leg to the last; of a metric that failed it is the leg that did not come.
    """
    if len(deliveries) == 1:
        return deliveries[0]
    windows: dict[str, Period] = {}
    for metric, window in ((metric, it) for delivery in deliveries for metric, it in delivery.windows.items()):
        windows[metric] = Period(windows.get(metric, window).start, window.end)
    failed = {metric: it.windows[metric] for it in deliveries for metric in it.failures if metric in it.windows}
    costs = [it.traffic for it in deliveries if it.traffic is not None]
    return Delivery(
        pd.concat([it.points for it in deliveries], ignore_index=True),
        windows | failed,
        {metric: proof for it in deliveries for metric, proof in it.evidence.items()},
        {metric: error for it in deliveries for metric, error in it.failures.items()},
        reduce(add, costs) if costs else None,
    )


def snapshots_of(workspace: Workspace, source_id: str, metrics: Iterable[Metric]) -> set[str]:
    """Those of a source's metrics that are only what is so when they are asked; people's answers never are."""
    if source_id == CHECK_INS:
        return set()
    described = _described(workspace, source_id)
    return {it.id for it in metrics if not described.has_past(_options(described.request, it))}


def is_read_in_legs(workspace: Workspace, source_id: str) -> bool:
    """Whether long windows of a source are read and kept in parts."""
    return source_id != CHECK_INS and _described(workspace, source_id).in_legs


def sample(
    workspace: Workspace, metric_id: str, witness: Witness | None = None
) -> tuple[Evidence, Period, pd.DataFrame]:
    """What was asked for the newest periods of a metric, which they are, and their POINTS in order; nothing is kept.

    What an API answers is shown to the witness, also where it is then refused.

    Raises:
        ConnectorError: it cannot be read.
    """
    source_id = str(workspace.configuration.metrics[metric_id].source)
    window = newest_windows(workspace, source_id, workspace.as_of())[metric_id]
    delivery = read_source(workspace, source_id, {metric_id: window}, witness)
    if metric_id in delivery.failures:
        raise delivery.failures[metric_id]
    points = delivery.points.sort_values(["period_start", "dimensions"], ignore_index=True)
    inside = points["period_start"].between(window.start, window.end, inclusive="left")
    return delivery.evidence[metric_id], window, points[inside]


def open_source(workspace: Workspace, source_id: str, witness: Witness | None = None) -> Source:
    """An opened source, its settings expanded from the environment.

    Raises:
        ConnectorError: it cannot be opened.
    """
    with workspace.secrets.kept():
        return _opened(workspace, workspace.configuration.sources[source_id], witness)


def check_source(workspace: Workspace, source_id: str) -> tuple[str, ...]:
    """Whether a source answers, and what should not stay. People are not asked.

    Raises:
        ConnectorError: it cannot be opened, or does not answer.
    """
    if source_id == CHECK_INS:
        return ()
    secrets = workspace.secrets
    with secrets.kept():
        return tuple(secrets.hidden(it.message) for it in _checked(workspace, source_id))


def upstream_assets(workspace: Workspace, source_id: str) -> list[str]:
    """The Dagster assets that a source is read after: those that metrics name, and those that their rows are of."""
    keys = {key for metric in metrics_of(workspace, source_id) for key in metric.depends_on}
    if workspace.configuration.sources[source_id].connector == HOST_CONNECTOR:
        keys |= {str(metric.request["asset"]) for metric in metrics_of(workspace, source_id)}
    return sorted(keys)


def _read(workspace: Workspace, source_id: str, windows: Mapping[str, Period], witness: Witness | None) -> Delivery:
    try:
        source = open_source(workspace, source_id, witness)
    except ConnectorError as error:
        return Delivery(_no_points(), windows, failures=dict.fromkeys(windows, error))
    try:
        delivery = _collect(workspace, source, _request_model(workspace, source_id), windows)
    finally:
        source.close()
    return replace(delivery, traffic=source.traffic() if isinstance(source, Metered) else None)


def _read_surveys(workspace: Workspace, windows: Mapping[str, Period]) -> Delivery:
    if not windows:
        return Delivery(_no_points(), windows)
    points, evidence = answered(workspace, [workspace.configuration.metrics[it] for it in windows])
    return Delivery(_without_unfinished(points, windows), windows, evidence)


def _checked(workspace: Workspace, source_id: str) -> tuple[Caution, ...]:
    source = open_source(workspace, source_id)
    try:
        return source.check()
    finally:
        source.close()


def _opened(workspace: Workspace, definition: Definition, witness: Witness | None) -> Source:
    connector = load_connectors()[definition.connector]
    settings = _settings(connector.describe().settings, definition)
    context = Context(workspace.config_dir, workspace.project_dir, workspace.asset_loader, witness)
    return connector.open(settings, context)


def _settings(model: type[BaseModel], source: Definition) -> BaseModel:
    try:
        return model.model_validate(expand_settings(source.settings, os.environ))
    except ValidationError:
        refused = f"The settings of source {source.id} cannot be used. Run `okr validate`, which names each of them."
    # Outside, because the error above holds the values.
    raise ConfigError(refused)


def _seeing_no_secret(witness: Witness | None, secrets: Secrets) -> Witness | None:
    """The witness, who is shown nothing secret."""
    if witness is None:
        return None
    return lambda it: witness(replace(it, request=secrets.hidden(it.request), excerpt=secrets.hidden(it.excerpt)))


def _without(secrets: Secrets, delivery: Delivery) -> Delivery:
    """The same with nothing secret in the words of failures and requests."""
    for error in delivery.failures.values():
        secrets.hide(error)
    evidence = {
        metric: replace(proof, request=secrets.hidden(proof.request)) for metric, proof in delivery.evidence.items()
    }
    return replace(delivery, evidence=evidence)


def _collect(workspace: Workspace, source: Source, options: type[BaseModel], windows: Mapping[str, Period]) -> Delivery:
    metrics = {metric_id: workspace.configuration.metrics[metric_id] for metric_id in windows}
    batches: list[DataPointBatch] = []
    failures: dict[str, ConnectorError] = {}
    boundaries = cache(lambda calendar, window, grain: tuple(calendar.boundaries(window.start, window.end, grain)))
    for window, members in _by_window(windows).items():
        requests = [
            _request(
                workspace,
                metric,
                options,
                boundaries(workspace.configuration.calendar_of(metric), window, metric.grain),
            )
            for metric in map(metrics.__getitem__, members)
        ]
        for outcome in source.read(requests, window):
            if isinstance(outcome, ReadFailure):
                failures[outcome.metric] = outcome.error
            else:
                batches.append(outcome)
    points = pd.concat([_flagged(batch) for batch in batches], ignore_index=True) if batches else _no_points()
    points = _without_unfinished(points, windows)
    evidence = {metric: proof for batch in batches for metric, proof in batch.evidence.items()}
    return Delivery(_with_period_end(workspace, points, metrics), windows, evidence, failures)


def _without_unfinished(points: pd.DataFrame, windows: Mapping[str, Period]) -> pd.DataFrame:
    """Points less those of periods that had begun but not ended at the window's end, which a whole read delivers too.

    Those that have not begun even now stay, for the rules to refuse.
    """
    ends = pd.to_datetime(points["metric"].map({metric: window.end for metric, window in windows.items()}), utc=True)
    finished = points["period_start"] < ends
    not_begun = points["period_start"] > pd.Timestamp(datetime.now(UTC))
    return points.loc[finished | not_begun].reset_index(drop=True)


def _by_window(windows: Mapping[str, Period]) -> dict[Window, list[str]]:
    groups: dict[Window, list[str]] = defaultdict(list)
    for metric_id, period in windows.items():
        groups[Window(period.start, period.end)].append(metric_id)
    return groups


def _described(workspace: Workspace, source_id: str) -> Description[BaseModel, BaseModel]:
    return load_connectors()[workspace.configuration.sources[source_id].connector].describe()


def _request_model(workspace: Workspace, source_id: str) -> type[BaseModel]:
    """What the keys that a source's connector adds to a metric are validated by."""
    return _described(workspace, source_id).request


def _request(
    workspace: Workspace, metric: Metric, options: type[BaseModel], boundaries: tuple[datetime, ...]
) -> MetricRequest:
    return MetricRequest(
        metric=metric.id,
        grain=metric.grain.value,
        timezone=workspace.configuration.calendar_of(metric).timezone,
        dimensions=metric.dimensions,
        options=_options(options, metric),
        boundaries=boundaries,
        additivity=metric.additivity.value,
    )


def _options(model: type[BaseModel], metric: Metric) -> BaseModel:
    """The keys that its source's connector added to a metric."""
    return model.model_validate(dict(metric.request))


def _flagged(batch: DataPointBatch) -> pd.DataFrame:
    flags = {metric: ",".join(sorted(of_metric)) for metric, of_metric in batch.flags.items()}
    none = pd.Series("", index=batch.points.index, dtype="str")
    return batch.points.assign(flags=batch.points["metric"].map(flags).fillna("").astype("str") if flags else none)


def _with_period_end(workspace: Workspace, points: pd.DataFrame, metrics: Mapping[str, Metric]) -> pd.DataFrame:
    """POINTS with the end of each period, NaT where a start is not that of a period of its metric's grain."""
    ends = pd.Series(pd.NaT, index=points.index, dtype=INSTANT)
    for (calendar, grain), members in _by_calendar(workspace, metrics).items():
        rows = points.index[points["metric"].isin(members)]
        if len(rows):
            ends.loc[rows] = period_ends(points.loc[rows, "period_start"], calendar, grain)
    return points.assign(period_end=ends)[list(POINTS)]


def period_ends(starts: pd.Series, calendar: Calendar, grain: Grain) -> pd.Series:
    """The end of the period that starts at each instant; NaT where none does."""
    instants = pd.DatetimeIndex(starts)
    bounds = calendar.boundaries(instants.min().to_pydatetime(), instants.max().to_pydatetime(), grain)
    bounds.append(calendar.period_containing(bounds[-1], grain).end)
    edges = pd.DatetimeIndex(bounds).as_unit("us")
    position = np.clip(edges.searchsorted(instants), 0, len(edges) - 2)
    ends = pd.Series(edges[position + 1], index=starts.index)
    return ends.where(edges[position] == instants, pd.NaT)


def _by_calendar(workspace: Workspace, metrics: Mapping[str, Metric]) -> dict[tuple[Calendar, Grain], list[str]]:
    groups: dict[tuple[Calendar, Grain], list[str]] = defaultdict(list)
    for metric in metrics.values():
        groups[workspace.configuration.calendar_of(metric), metric.grain].append(metric.id)
    return groups


def _no_points() -> pd.DataFrame:
    instants = dict.fromkeys(("period_start", "period_end"), INSTANT)
    numbers = dict.fromkeys(("value", "weight"), "float64")
    return pd.DataFrame({column: pd.Series(dtype=(instants | numbers).get(column, "str")) for column in POINTS})
