"""Baselines that were fixed: which of them is of a key result as it is defined.

Belongs here: what a baseline depends on. Does not: measuring one (values).
"""

import hashlib
import json
from dataclasses import asdict

import numpy as np
import pandas as pd

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import Accumulate, KeyResult, RelativeTarget
from okr_pipeline.scoring.arrays import Floats
from okr_pipeline.scoring.definitions import Base, Definitions


def baseline_definition(configuration: Configuration, key_result: KeyResult) -> str:
    """A hash of what a baseline depends on, so that another metric, member, window, start or year gets one anew.

    A sum over an earlier stretch depends on how long the key result is, too.
    """
    metric = configuration.metrics.get(key_result.metric or "")
    parts = [key_result.metric, dict(key_result.where), str(key_result.over), key_result.starts.isoformat()]
    parts += [metric.rollup, metric.across, metric.formula_text] if metric else []
    week_year = configuration.calendar_of(metric).week_year if metric else None
    parts += [asdict(week_year)] if week_year else []
    match key_result.measure:
        case Accumulate(to=RelativeTarget(of=of)):
            parts += [of, key_result.ends.isoformat()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def given_baselines(configuration: Configuration, definitions: Definitions, baselines: pd.DataFrame | None) -> Floats:
    """The fixed value of each key result that is measured from one, NaN where none is.

    `baselines` has key_result and value, and where it has `definition`, too, only those of the key results as they are
    defined count.
    """
    names = definitions.labels["key_result"]
    if baselines is None or not len(baselines):
        return np.full(len(names), np.nan)
    if "definition" in baselines:
        asked = set(names) & set(baselines["key_result"])
        found = (it for it in configuration.key_results() if it.full_id in asked)
        current = {it.full_id: baseline_definition(configuration, it) for it in found}
        baselines = baselines[baselines["definition"] == baselines["key_result"].map(current)]
    known = dict(zip(baselines["key_result"], baselines["value"].astype(np.float64), strict=True))
    given = np.array([known.get(name, np.nan) for name in names], dtype=np.float64)
    return np.where(np.isfinite(given) & (definitions.key_results.base != Base.NONE), given, np.nan)
