"""The observations that one value was made of, for explaining it.

Belongs here: finding rows again. Does not: the value (values), its wording (application).
"""

from datetime import datetime
from itertools import pairwise

import numpy as np
import pandas as pd

from okr_pipeline.model.amending import as_promised, configuration_on
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.frames import QUARANTINE
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.scoring.arrays import Booleans, Integers, microseconds, spread
from okr_pipeline.scoring.compiling import compile_definitions
from okr_pipeline.scoring.definitions import Definitions
from okr_pipeline.scoring.milestones import condition_rows
from okr_pipeline.scoring.seasons import measure_seasons
from okr_pipeline.scoring.tracks import Tracks, periods_of
from okr_pipeline.scoring.views import build_tracks, rows_behind
from okr_pipeline.scoring.windows import open_windows


def window_observations(
    configuration: Configuration,
    key_result: KeyResult | str,
    observations: pd.DataFrame,
    as_of: datetime,
    *,
    quarantine: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The rows of `observations` that a key result's value as of an instant was made of, by period and series.

    It counts as it is defined on the day of that instant.

    Rows of every part of a formula and of every metric that a milestone waits for are among them; rows without a
    value, outside the window, or in a quarantined period are not. Zeros that were filled in have no row.

    Raises:
        KeyError: the key result is not in the configuration.
    """
    full_id = key_result if isinstance(key_result, str) else key_result.full_id
    configuration = configuration_on(configuration, configuration.project.calendar.last_date_before(as_of))
    definitions = compile_definitions(configuration, until=as_of, key_results={full_id})
    held = pd.DataFrame(columns=list(QUARANTINE)) if quarantine is None else quarantine
    tracks = build_tracks(definitions, observations, held)
    used, behind = np.zeros(len(observations), dtype=np.bool_), rows_behind(definitions, observations)
    for view, periods in _periods_used(definitions, tracks, microseconds(as_of)):
        rows = behind.of(view)
        used[rows[np.isin(behind.period[rows], periods)]] = True
    order = ["period_start", "metric", "dimensions"]
    return observations[used].sort_values(order, kind="stable", ignore_index=True)


def behind_scores(configuration: Configuration, observations: pd.DataFrame, as_of: datetime) -> Booleans:
    """Which rows any score of a configuration as of an instant can be made of, as defined then and as promised first.

    Of a metric with `empty: zero` these are all, because its newest row of any member says how far zeros reach.
    """
    day = configuration.project.calendar.last_date_before(as_of)
    zero = [name for name, metric in configuration.metrics.items() if metric.empty == "zero"]
    used = observations["metric"].isin(zero).to_numpy(dtype=np.bool_, copy=True)
    for defined in (configuration_on(configuration, day), as_promised(configuration)):
        definitions = compile_definitions(defined, until=as_of)
        behind = rows_behind(definitions, observations)
        for view in range(len(definitions.views)):
            used[behind.of(view)] = True
    return np.asarray(used, dtype=np.bool_)


def seasons_of(
    configuration: Configuration, observations: pd.DataFrame, as_of: datetime, *, quarantine: pd.DataFrame
) -> dict[str, dict[str, object]]:
    """The season that each seasonal plan follows, by full id: `flow`, `years`, and `knots` by day of the span.

    Key results count by their own fields, whatever their amendments. Where too little is known, `years` is 0.
    """
    definitions = compile_definitions(configuration, until=as_of)
    seasons = measure_seasons(definitions, build_tracks(definitions, observations, quarantine))
    edges = [*seasons.offsets.tolist(), len(seasons.curve)]
    names = definitions.labels["key_result"][seasons.rows]
    return {
        name: {"flow": bool(flow), "years": int(years), "knots": seasons.curve[first:end].tolist() if years else []}
        for name, flow, years, (first, end) in zip(names, seasons.flow, seasons.years, pairwise(edges), strict=True)
    }


def _periods_used(definitions: Definitions, tracks: Tracks, as_of: int) -> list[tuple[int, Integers]]:
    """Which periods of which views: the window of the one key result, and the newest of what its milestones await."""
    of, moment = definitions.key_results, np.array([as_of], dtype=np.int64)
    used = []
    if of.view[0] >= 0:
        windows = open_windows(definitions, tracks, moment)
        used.append((int(of.view[0]), periods_of(tracks, spread(windows.first, windows.last)[1])))
    views, rows = definitions.milestones.view, condition_rows(definitions, tracks, moment)
    used += [(int(view), periods_of(tracks, rows[at : at + 1])) for at, view in enumerate(views) if rows[at] >= 0]
    return used
