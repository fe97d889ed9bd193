"""Scores as of any instant, from what the store knows.

Belongs here: fetching what scores are functions of. Does not: the functions (scoring room), recording what they give
(scoring). Commands that only tell import this, and not what recording needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from okr_pipeline.application.scoping import scored_metrics
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.scoring import Scores, evaluation_start, extraction_starts, history_starts, score

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that scores are a function of, beside the configuration and the instant: frames as the store has them.

    `known_at` names what was known: read as of it, the store gives the same frames for ever. Forecasts alone look at
    observations before `start`; None where that is not told. `observations` have the columns VALUES at least.
    """

    known_at: datetime
    observations: pd.DataFrame
    quarantine: pd.DataFrame
    baselines: pd.DataFrame
    failed_metrics: frozenset[str]
    check_ins: pd.DataFrame
    start: datetime | None = None


def gather(
    workspace: Workspace,
    as_of: datetime,
    *,
    known_at: datetime | None = None,
    since: datetime | None = None,
    every_metric: bool = False,
    forecasts: Configuration | bool = True,
    recorded: bool = False,
) -> Evidence:
    """What was known at an instant (default: now) and can bear on scores from `since` (default `as_of`) to `as_of`.

    With `every_metric` also the observations and refused values that no key result reads; without `forecasts` not the
    years before a key result that forecasts alone look at, and with some of the key results only those before these;
    with `recorded` who recorded each observation, and when.
    """
    store = workspace.store
    known = known_at or store.known_until() or as_of
    instants = {since or as_of, as_of}
    start = min(earliest_scored(workspace.configuration, at) for at in instants)
    foreseen = workspace.configuration if forecasts is True else forecasts
    history = [history_starts(foreseen, at) for at in instants] if foreseen else []
    metrics = None if every_metric else scored_metrics(workspace.configuration)
    return Evidence(
        known_at=known,
        observations=_observed(workspace, metrics, start, history, as_of, known, recorded=recorded),
        quarantine=store.quarantine(metrics, known_at=known),
        baselines=store.baselines(known_at=known),
        failed_metrics=store.failing_metrics(known),
        check_ins=store.check_ins(known_at=known),
        start=start,
    )


def evaluate(configuration: Configuration, evidence: Evidence, as_of: datetime, *, forecasts: bool = True) -> Scores:
    """Scores as of an instant from gathered evidence; without `forecasts` as if none could be made."""
    return score(
        configuration,
        evidence.observations,
        as_of=as_of,
        quarantine=evidence.quarantine,
        baselines=evidence.baselines,
        failed_sources=evidence.failed_metrics,
        check_ins=evidence.check_ins,
        forecasts=forecasts,
    )


def earliest_scored(configuration: Configuration, as_of: datetime) -> datetime:
    """The earliest instant that any score as of an instant looks at, those of ended key results among them."""
    return min([evaluation_start(configuration, as_of), *extraction_starts(configuration, as_of).values()]) - _DAY


def _observed(
    workspace: Workspace,
    metrics: set[str] | None,
    start: datetime,
    history: Sequence[Mapping[str, datetime]],
    as_of: datetime,
    known: datetime,
    *,
    recorded: bool,
) -> pd.DataFrame:
    """Observations of metrics, None for all, each from `start` or from where its own history begins."""
    read = workspace.store.observations if recorded else workspace.store.observed_values
    groups: dict[datetime, list[str]] = {}
    for metric in workspace.configuration.metrics if metrics is None else sorted(metrics):
        earliest = min([start, *(starts[metric] - _DAY for starts in history if metric in starts)])
        groups.setdefault(earliest, []).append(metric)
    if len(groups) < 2:
        return read(metrics, min(groups, default=start), as_of, known)
    frames = [read(names, since, as_of, known) for since, names in groups.items()]
    return pd.concat(frames).sort_values("metric", kind="stable", ignore_index=True)
