"""Scores: the frames that scoring hands out, and the two questions it answers with them.

Belongs here: frames in and out. Does not: any rule (values, measures, pace, statuses, objectives).
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
import pandas as pd

from okr_pipeline.model.amending import amended_by, as_promised, configuration_on
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.frames import KEY_RESULT_SCORES, OBJECTIVE_SCORES, QUARANTINE
from okr_pipeline.scoring.arrays import NO_INSTANT, Booleans, Floats, Texts, microseconds, stamps, texts
from okr_pipeline.scoring.baselines import baseline_definition, given_baselines
from okr_pipeline.scoring.compiling import compile_definitions
from okr_pipeline.scoring.definitions import NO_REASON, REASONS, STATUSES, Definitions, Shape
from okr_pipeline.scoring.forecasting import REFUSALS, Forecasts, forecast, methods_of, no_forecasts
from okr_pipeline.scoring.objectives import ObjectiveStanding, roll_up_objectives
from okr_pipeline.scoring.rules import RULES
from okr_pipeline.scoring.standing import Standing, last_good, stand
from okr_pipeline.scoring.statuses import judge
from okr_pipeline.scoring.told import told_columns
from okr_pipeline.scoring.tracks import Tracks
from okr_pipeline.scoring.values import Bases, measure_bases
from okr_pipeline.scoring.views import build_tracks
from okr_pipeline.scoring.zeros import reading_zeros

BASELINES = ("key_result", "definition", "value", "window_start", "window_end")
"""One row: the value over a stretch before the start that a key result is measured from, for good.

`definition` is the hash of what it depends on.
"""

TRAJECTORY = (
    "key_result",
    "as_of",
    "progress",
    "expected_progress",
    "status",
    "reason",
    "value_period_end",
    "pace_ratio",
)
"""One row: where a key result stood as of an instant; columns as in `KEY_RESULT_SCORES`."""

_FORECAST_NUMBERS = (
    "value",
    "value_low",
    "value_high",
    "progress",
    "progress_low",
    "progress_high",
    "probability",
    "required_rate",
    "buffer_days",
)
_STATUS_WORDS = texts([*(status.value for status in STATUSES), None])
_PACE_WORDS = texts([*(shape.name.lower() for shape in Shape if shape >= 0), None])
_REFUSAL_WORDS = texts([*REFUSALS, None])
_REASON_WORDS = texts([*(reason.value for reason in REASONS), None])


VERDICTS = ("key_result", "progress", "expected_progress", "reason", *RULES)
"""One row: a key result, and its status under every rule, each in a column of the rule's name."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Frames as of one instant: `KEY_RESULT_SCORES`, `OBJECTIVE_SCORES`, and `BASELINES` that became known for good.

    `objectives` has those whose key results, and those of all that contribute, were all asked for.
    """

    key_results: pd.DataFrame
    objectives: pd.DataFrame
    baselines: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Known:
    """What was known at an instant that a score can be made of; as the arguments of `score`."""

    observations: pd.DataFrame
    quarantine: pd.DataFrame | None = None
    baselines: pd.DataFrame | None = None
    failed_sources: Collection[str] = ()
    check_ins: pd.DataFrame | None = None

    def until(self, as_of: datetime) -> "Known":
        """Without what was observed of periods that had not begun by an instant.

        What is left out of `empty: zero` counts up to the newest period: those to come must not move it.
        """
        starts = self.observations["period_start"]
        if not len(starts) or starts.max() < as_of:
            return self
        return replace(self, observations=self.observations[(starts < as_of).to_numpy()])


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything of a score that does not depend on its instant."""

    configuration: Configuration
    definitions: Definitions
    tracks: Tracks
    bases: Bases
    fixed: Booleans
    failed: Booleans


def score(
    configuration: Configuration,
    observations: pd.DataFrame,
    *,
    as_of: datetime,
    quarantine: pd.DataFrame | None = None,
    baselines: pd.DataFrame | None = None,
    failed_sources: Collection[str] = (),
    key_results: Collection[str] | None = None,
    check_ins: pd.DataFrame | None = None,
    forecasts: bool = True,
) -> Scores:
    """Where key results and objectives stand as of an instant, from what is known.

    Key results count as they are defined on the day that the instant speaks about, and `original_target` and
    `original_progress` as they were defined before any amendment.

    `observations` and `quarantine` are `OBSERVATIONS` and `QUARANTINE` frames in any order; `baselines` has columns
    key_result and value, fixed by an earlier run, and where that is known definition; `check_ins` is a `CHECK_INS`
    frame. `failed_sources` are ids of metrics that could not be read, or of sources. `key_results` are full ids; None
    is all. Without `forecasts` none is made, and no refusal told. The result is a function of the arguments alone.

    Raises:
        KeyError: `key_results` names one that is not in the configuration.
    """
    known = Known(observations, quarantine, baselines, failed_sources, check_ins)
    now = configuration_on(configuration, _day(configuration, as_of))
    scores = score_as_defined(now, known, as_of=as_of, key_results=key_results, forecasts=forecasts)
    amended = amended_by(configuration, now, key_results)
    if not amended:
        return scores
    return _with_originals(scores, _prepared(as_promised(configuration), known, as_of, amended), microseconds(as_of))


def score_as_defined(
    configuration: Configuration,
    known: Known,
    *,
    as_of: datetime,
    key_results: Collection[str] | None = None,
    forecasts: bool = True,
) -> Scores:
    """Scores by the key results' own fields, whatever their amendments."""
    prepared = _prepared(configuration, known, as_of, key_results)
    return evaluate(prepared, microseconds(as_of), forecasts=forecasts)


def _prepared(
    configuration: Configuration, known: Known, as_of: datetime, key_results: Collection[str] | None
) -> Prepared:
    return _prepared_from(configuration, known.until(as_of), as_of, key_results)


def _prepared_from(
    configuration: Configuration, known: Known, until: datetime, key_results: Collection[str] | None
) -> Prepared:
    return prepare(
        configuration,
        known.observations,
        until=until,
        quarantine=known.quarantine,
        baselines=known.baselines,
        failed_sources=known.failed_sources,
        key_results=key_results,
        check_ins=known.check_ins,
    )


def trajectory(
    configuration: Configuration,
    observations: pd.DataFrame,
    as_ofs: Sequence[datetime],
    *,
    quarantine: pd.DataFrame | None = None,
    baselines: pd.DataFrame | None = None,
    failed_sources: Collection[str] = (),
    key_results: Collection[str] | None = None,
    check_ins: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Where key results stood as of each of many instants, from what is known now: a `TRAJECTORY` frame.

    They count as they were defined on the day that each instant speaks about.

    Raises:
        KeyError: `key_results` names one that is not in the configuration.
    """
    if not as_ofs:
        return pd.DataFrame(columns=list(TRAJECTORY))
    known = Known(observations, quarantine, baselines, failed_sources, check_ins)
    frames: dict[datetime, pd.DataFrame] = {}
    for defined, instants in _by_definition(configuration, list(dict.fromkeys(as_ofs))):
        frames |= _tracked(defined, known, instants, key_results)
    return pd.concat([frames[as_of] for as_of in as_ofs], ignore_index=True)


def _tracked(
    configuration: Configuration, known: Known, as_ofs: Sequence[datetime], key_results: Collection[str] | None
) -> dict[datetime, pd.DataFrame]:
    """By instant, each named once, the `TRAJECTORY` rows by the key results' own fields.

    What can be is prepared once for all instants.
    """
    asked = (it.full_id for it in configuration.key_results())
    order, zeros = [name for name in asked if key_results is None or name in key_results], reading_zeros(configuration)
    apart = [name for name in order if name in zeros]
    together = [name for name in order if name not in zeros] if apart else key_results
    frames = {as_of: list[pd.DataFrame]() for as_of in as_ofs}
    if together is None or together:
        prepared = _prepared_from(configuration, known, max(as_ofs), together)
        for as_of in as_ofs:
            frames[as_of].append(_track_rows(prepared, as_of))
    if apart:
        for as_of in as_ofs:
            frames[as_of].append(_track_rows(_prepared(configuration, known, as_of, apart), as_of))
    return {as_of: _in_order(parts, order) for as_of, parts in frames.items()}


def _track_rows(prepared: Prepared, as_of: datetime) -> pd.DataFrame:
    return _asked(prepared.definitions, _track_frame(prepared, microseconds(as_of)))


def _in_order(parts: Sequence[pd.DataFrame], order: Sequence[str]) -> pd.DataFrame:
    if len(parts) == 1:
        return parts[0]
    rows = pd.concat(parts, ignore_index=True)
    return rows.take(pd.Index(rows["key_result"]).get_indexer(pd.Index(order))).reset_index(drop=True)


def verdicts(
    configuration: Configuration,
    observations: pd.DataFrame,
    *,
    as_of: datetime,
    quarantine: pd.DataFrame | None = None,
    baselines: pd.DataFrame | None = None,
    failed_sources: Collection[str] = (),
    check_ins: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What every status rule says of each key result, as a `VERDICTS` frame. Arguments are those of `score`."""
    known = Known(observations, quarantine, baselines, failed_sources, check_ins)
    prepared = _prepared(configuration_on(configuration, _day(configuration, as_of)), known, as_of, None)
    definitions, moment = prepared.definitions, microseconds(as_of)
    standing = stand(definitions, prepared.tracks, prepared.bases, moment, prepared.failed)
    columns: dict[str, Texts | Floats | Booleans | pd.DatetimeIndex] = {
        "key_result": definitions.labels["key_result"],
        "progress": standing.progress,
        "expected_progress": standing.expected_progress,
        "reason": _REASON_WORDS[standing.reason],
        **{name: _STATUS_WORDS[judge(standing.judged, rule)] for name, rule in RULES.items()},
    }
    return _frame(columns, VERDICTS)


def prepare(
    configuration: Configuration,
    observations: pd.DataFrame,
    *,
    until: datetime,
    quarantine: pd.DataFrame | None = None,
    baselines: pd.DataFrame | None = None,
    failed_sources: Collection[str] = (),
    key_results: Collection[str] | None = None,
    check_ins: pd.DataFrame | None = None,
) -> Prepared:
    """Compile the definitions and sort the observations, for evaluation at any number of instants up to `until`."""
    definitions = compile_definitions(configuration, until=until, key_results=key_results)
    held = pd.DataFrame(columns=list(QUARANTINE)) if quarantine is None else quarantine
    told = told_columns(configuration, definitions, check_ins)
    tracks = replace(build_tracks(definitions, observations, held), told=told)
    given = given_baselines(configuration, definitions, baselines)
    fixed = ~np.isnan(given)
    bases = measure_bases(definitions, tracks)
    broken = _failed_metrics(configuration, failed_sources)
    failed = np.array([not behind.isdisjoint(broken) for behind in definitions.behind], dtype=np.bool_)
    bases = replace(bases, value=np.where(fixed, given, bases.value), settled=bases.settled & ~fixed)
    return Prepared(configuration, definitions, tracks, bases, fixed, failed)


def evaluate(prepared: Prepared, as_of: int, *, forecasts: bool = True) -> Scores:
    """The scores as of an instant, in microseconds; without `forecasts` all of theirs is missing."""
    standing = stand(prepared.definitions, prepared.tracks, prepared.bases, as_of, prepared.failed)
    objectives = roll_up_objectives(prepared.definitions, standing, as_of)
    if forecasts:
        made = forecast(prepared.definitions, prepared.tracks, standing, as_of)
    else:
        made = no_forecasts(np.full(len(standing.value), NO_REASON))
    return Scores(
        key_results=_asked(prepared.definitions, _key_result_frame(prepared, standing, made, as_of)),
        objectives=_objective_frame(prepared.definitions, objectives),
        baselines=_baseline_frame(prepared, standing),
    )


def _asked(definitions: Definitions, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of key results that were asked for, without those that are only parts of them."""
    return frame if len(frame) == definitions.asked else frame.iloc[: definitions.asked]


def _with_originals(scores: Scores, first: Prepared, as_of: int) -> Scores:
    """Scores told beside those by what was promised first, and the baselines of both."""
    standing = stand(first.definitions, first.tracks, first.bases, as_of, first.failed)
    names = first.definitions.labels["key_result"][: first.definitions.asked]
    rows = pd.Index(names).get_indexer(pd.Index(scores.key_results["key_result"]))
    told = {
        f"original_{name}": np.where(rows >= 0, column[rows], scores.key_results[name])
        for name, column in (("target", standing.target), ("progress", standing.progress))
    }
    both = [it for it in (scores.baselines, _baseline_frame(first, standing)) if len(it)]
    return Scores(
        key_results=scores.key_results.assign(**told),
        objectives=scores.objectives,
        baselines=pd.concat(both, ignore_index=True).drop_duplicates(["key_result", "definition"], ignore_index=True)
        if both
        else scores.baselines,
    )


def _by_definition(
    configuration: Configuration, as_ofs: Sequence[datetime]
) -> Iterator[tuple[Configuration, list[datetime]]]:
    """Instants in groups in which nothing was amended, each with the configuration of its days."""
    days = sorted({amendment.on for it in configuration.key_results() for amendment in it.amendments})
    groups: dict[int, list[datetime]] = {}
    for as_of in as_ofs:
        groups.setdefault(bisect_right(days, _day(configuration, as_of)), []).append(as_of)
    for instants in groups.values():
        yield configuration_on(configuration, _day(configuration, instants[0])), instants


def _day(configuration: Configuration, as_of: datetime) -> date:
    return configuration.project.calendar.last_date_before(as_of)


def _failed_metrics(configuration: Configuration, names: Collection[str]) -> set[str]:
    """The metrics that are named, or whose source is; a name that both have is the metric's."""
    sources = set(names) - configuration.metrics.keys()
    return {it.id for it in configuration.metrics.values() if it.id in names or it.source in sources}


def _key_result_frame(prepared: Prepared, standing: Standing, forecasts: Forecasts, as_of: int) -> pd.DataFrame:
    made = standing.measured
    shown = ~np.isnan(standing.value)
    good_value, good_age = last_good(prepared.definitions, prepared.tracks, standing, as_of)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed_share = np.where(made.expected > 0, made.observed / made.expected, np.nan)
    measured = prepared.definitions.key_results.view >= 0
    measured[prepared.definitions.sums.parent] = True
    columns: dict[str, Texts | Floats | Booleans | pd.DatetimeIndex] = {
        **prepared.definitions.labels,
        "value": standing.value,
        "baseline": standing.baseline,
        "target": standing.target,
        "progress": standing.progress,
        "score": np.clip(standing.progress, 0.0, 1.0),
        "original_target": standing.target,
        "original_progress": standing.progress,
        "expected_progress": standing.expected_progress,
        "expected_progress_now": standing.expected_progress_now,
        "pace": _PACE_WORDS[standing.shape],
        "pace_ratio": standing.pace_ratio,
        "gap": standing.progress - standing.expected_progress,
        "status": _STATUS_WORDS[standing.status],
        "reason": _REASON_WORDS[standing.reason],
        "provisional": standing.provisional,
        "value_period_start": stamps(np.where(shown, made.period_start, NO_INSTANT)),
        "value_period_end": stamps(np.where(shown, made.period_end, NO_INSTANT)),
        "window_start": stamps(np.where(standing.judged.started, made.window_start, NO_INSTANT)),
        "window_end": stamps(np.where(standing.judged.started, made.window_end, NO_INSTANT)),
        "observed_periods": np.where(measured, made.observed, np.nan),
        "expected_periods": np.where(measured, made.expected, np.nan),
        "observed_share": np.where(measured, observed_share, np.nan),
        "straddling_periods": np.where(measured, made.straddling, np.nan),
        "last_good_value": good_value,
        "last_good_age_hours": good_age,
        "weight": prepared.definitions.key_results.weight,
        "confidence": standing.confidence,
        **_forecast_columns(forecasts),
    }
    return _frame(columns, KEY_RESULT_SCORES)


def _forecast_columns(made: Forecasts) -> Mapping[str, Texts | Floats | Booleans | pd.DatetimeIndex]:
    return {
        "forecast_method": methods_of(made),
        "forecast_refusal": _REFUSAL_WORDS[made.refusal],
        **{f"forecast_{name}": getattr(made, name) for name in _FORECAST_NUMBERS},
    }


def _objective_frame(definitions: Definitions, made: ObjectiveStanding) -> pd.DataFrame:
    names = np.append(definitions.labels["key_result"], np.array([None], dtype=object))
    columns: dict[str, Texts | Floats | Booleans | pd.DatetimeIndex] = {
        **definitions.objectives.labels,
        "score": made.score,
        "expected_progress": made.expected_progress,
        "status": _STATUS_WORDS[made.status],
        "reason": _REASON_WORDS[made.reason],
        "coverage": made.coverage,
        "score_low": made.score_low,
        "score_high": made.score_high,
        "worst_key_result": names[made.worst],
    }
    return _frame(columns, OBJECTIVE_SCORES)


def _baseline_frame(prepared: Prepared, standing: Standing) -> pd.DataFrame:
    definitions = prepared.definitions
    rows, of = np.flatnonzero(standing.settled[: definitions.asked]), definitions.key_results
    names = definitions.labels["key_result"][rows]
    wanted = set(names)
    hashes = {
        it.full_id: baseline_definition(prepared.configuration, it)
        for it in prepared.configuration.key_results()
        if it.full_id in wanted
    }
    columns: dict[str, Texts | Floats | Booleans | pd.DatetimeIndex] = {
        "key_result": names,
        "definition": texts(hashes[name] for name in names),
        "value": standing.base[rows],
        "window_start": stamps(of.base_start[rows]),
        "window_end": stamps(of.base_end[rows]),
    }
    return _frame(columns, BASELINES)


def _track_frame(prepared: Prepared, as_of: int) -> pd.DataFrame:
    standing = stand(prepared.definitions, prepared.tracks, prepared.bases, as_of, prepared.failed)
    shown = ~np.isnan(standing.value)
    columns: dict[str, Texts | Floats | Booleans | pd.DatetimeIndex] = {
        "key_result": prepared.definitions.labels["key_result"],
        "as_of": stamps(np.full(len(shown), as_of, dtype=np.int64)),
        "progress": standing.progress,
        "expected_progress": standing.expected_progress,
        "status": _STATUS_WORDS[standing.status],
        "reason": _REASON_WORDS[standing.reason],
        "value_period_end": stamps(np.where(shown, standing.measured.period_end, NO_INSTANT)),
        "pace_ratio": standing.pace_ratio,
    }
    return _asked(prepared.definitions, _frame(columns, TRAJECTORY))


def _frame(columns: dict[str, Texts | Floats | Booleans | pd.DatetimeIndex], names: Sequence[str]) -> pd.DataFrame:
    """Columns in their order. Text stays object, so that None stays None."""
    made = {name: columns[name] for name in names}
    objects = {name: pd.Series(made[name], dtype=object) for name in names if made[name].dtype == object}
    return pd.DataFrame({**made, **objects}, copy=False)
