"""Scores as a pure function of a configuration, what has been observed, and an instant.

Belongs here: windows, roll-ups, measures, pace, statuses, forecasts and the roll-up of objectives, on whole columns.
Does not: a clock, a file, a store, or the wording of results.
"""

from okr_pipeline.scoring.backtesting import REPLAYS, calibration, replays
from okr_pipeline.scoring.baselines import baseline_definition
from okr_pipeline.scoring.evidence import behind_scores, seasons_of, window_observations
from okr_pipeline.scoring.extraction import evaluation_start, extraction_start, extraction_starts, history_starts
from okr_pipeline.scoring.health import judge_health
from okr_pipeline.scoring.kpis import health_starts
from okr_pipeline.scoring.planning import plan
from okr_pipeline.scoring.scores import BASELINES, TRAJECTORY, VERDICTS, Known, Scores, score, trajectory, verdicts
from okr_pipeline.scoring.staleness import Staleness
from okr_pipeline.scoring.timeline import timeline
from okr_pipeline.scoring.trailing import trailing_weeks
from okr_pipeline.scoring.workings import Curve, Facts, Planned, Workings, milestones_done, objective_facts, workings

__all__ = [
    "BASELINES",
    "REPLAYS",
    "TRAJECTORY",
    "VERDICTS",
    "Curve",
    "Facts",
    "Known",
    "Planned",
    "Scores",
    "Staleness",
    "Workings",
    "baseline_definition",
    "behind_scores",
    "calibration",
    "evaluation_start",
    "extraction_start",
    "extraction_starts",
    "health_starts",
    "history_starts",
    "judge_health",
    "milestones_done",
    "objective_facts",
    "plan",
    "replays",
    "score",
    "seasons_of",
    "timeline",
    "trailing_weeks",
    "trajectory",
    "verdicts",
    "window_observations",
    "workings",
]
