"""Measures: from their YAML to the model, and whether they suit the metric they read.

Belongs here: directions, roll-ups, windows and dimensions of a key result against its metric.
Does not: dates and ids (okrs), or what a measure is worth (scoring).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from okr_pipeline.config.metrics import check_band
from okr_pipeline.config.okr_keys import (
    AccumulateKeys,
    BaselineKeys,
    CadenceKeys,
    ChangeByKeys,
    KeyResultKeys,
    LimitKeys,
    MaintainKeys,
    ManualKeys,
    MilestoneKeys,
    NamedPaceKeys,
    ReachKeys,
)
from okr_pipeline.config.problem import Refusal, shown, suggestion
from okr_pipeline.config.scalars import change_by
from okr_pipeline.config.subject import Subject
from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.contribution import SUMMED
from okr_pipeline.model.formula import references
from okr_pipeline.model.metric import Across, Additivity, Better, Metric, Rollup
from okr_pipeline.model.okr import (
    AT_START,
    Accumulate,
    Baseline,
    Budget,
    Cadence,
    Change,
    Maintain,
    Manual,
    Measure,
    MetricReached,
    Milestone,
    Milestones,
    Over,
    Points,
    Reach,
    RelativeTarget,
    Share,
)

FROM_START = ("accumulate", "limit", "cadence", "maintain")
_SUMS = ("accumulate", "limit", "cadence")
PACED = ("reach", "change", "accumulate")
READS_NO_METRIC = {
    "milestones": (
        "Steps are done on a date, or when a metric of their own gets there",
        "write 'when: {metric: …, at_least: …}' at a step",
    ),
    "manual": ("Its value is what check-ins say", "measure it by 'reach: {from: …, to: …}'"),
}
_GRAIN_ORDER = tuple(Grain)
_SHORTEST_HOURS = {Grain.HOUR: 1, Grain.DAY: 24, Grain.WEEK: 168, Grain.MONTH: 672, Grain.QUARTER: 2160}


@dataclass(frozen=True, slots=True)
class KnownMetrics:
    """What key results may read. `valid` are usable, `written` are all that are defined.

    `complete` is False where a file of metrics could not be read.
    """

    valid: Mapping[str, Metric]
    written: frozenset[str]
    complete: bool


def measure_kind(keys: KeyResultKeys) -> str | None:
    """The one measure that is given, or None where there is none or more than one."""
    given = _given(keys)
    return given[0] if len(given) == 1 else None


def check_reading(subject: Subject, keys: KeyResultKeys, metrics: KnownMetrics) -> Metric | None:
    """The metric that a key result reads, its dimensions checked; None where there is none to check against."""
    kind = measure_kind(keys)
    if kind is not None and kind in READS_NO_METRIC:
        for key in ("metric", "where"):
            if getattr(keys, key):
                why, fix = READS_NO_METRIC[kind]
                subject.refuse((key,), f"is not read by {kind}", why, f"Remove {key}, or {fix}", of_key=True)
        return None
    if keys.metric is None and measure_kind(keys) in SUMMED:
        _check_summed(subject, keys)
        return None
    if keys.metric is None:
        subject.refuse((), "has no 'metric'", "Its measure reads one", "Add 'metric: …'", of_key=True)
        return None
    return _read_metric(subject, ("metric",), keys.metric, ("where",), keys.where, metrics)


def _check_summed(subject: Subject, keys: KeyResultKeys) -> None:
    """Without a metric; whether anything contributes is known only when all files are read."""
    if keys.where:
        why, fix = "Members are a metric's", "Add 'metric: …', or remove where"
        subject.refuse(("where",), "is given without a metric", why, fix, of_key=True)
    given = keys.measure.accumulate
    if given is not None and (isinstance(given.to, RelativeTarget) or given.to <= 0):
        subject.refuse(
            ("measure", "accumulate", "to"),
            "it is not a number above 0",
            "The sum of what contributes has no earlier stretch to compare with, and reaches a number above 0",
            "Write a number above 0",
        )


def build_measure(
    subject: Subject, keys: KeyResultKeys, metric: Metric | None, metrics: KnownMetrics
) -> Measure | None:
    """The measure of a key result, checked against its metric where that is known."""
    kind = measure_kind(keys)
    if kind is None:
        _refuse_number_of_measures(subject, _given(keys))
        return None
    measure = _measure(subject, keys, metric, metrics)
    _check_window(subject, kind, keys)
    if measure is None or metric is None:
        return measure
    _check_measure(subject, measure, metric)
    _check_grain(subject, measure, metric, keys)
    if metric.additivity is Additivity.DISTINCT:
        _check_distinct(subject, kind, keys)
    if isinstance(keys.pace, NamedPaceKeys) and keys.pace.kind == "seasonal":
        _check_season(subject, measure, metric, keys)
    return measure


def _given(keys: KeyResultKeys) -> list[str]:
    return [name for name in type(keys.measure).model_fields if getattr(keys.measure, name) is not None]


def _refuse_number_of_measures(subject: Subject, given: list[str]) -> None:
    subject.refuse(
        ("measure",),
        f"has {len(given)} measures, {' and '.join(given)}" if given else "has no measure",
        "A key result is measured in one way",
        "Keep one of them" if given else "Add one, as in {reach: {from: 5, to: 8}}",
        of_key=True,
    )


def _read_metric(
    subject: Subject,
    at: tuple[str | int, ...],
    name: str,
    where_at: tuple[str | int, ...],
    where: Mapping[str, str],
    metrics: KnownMetrics,
) -> Metric | None:
    if name not in metrics.written and metrics.complete:
        subject.refuse(
            at,
            f"there is no metric '{name}'",
            "A key result is measured by one",
            subject.suggestion(name, metrics.written, "metrics"),
        )
    metric = metrics.valid.get(name)
    if metric is None:
        return None
    for key in where:
        if key not in metric.dimensions:
            subject.refuse(
                (*where_at, key),
                f"{shown(key)} is not a dimension of metric '{name}'",
                "Members are chosen by the metric's dimensions",
                suggestion(key, metric.dimensions, f"dimensions of '{name}'")
                if metric.dimensions
                else f"Add 'dimensions: [{key}]' to the metric, or remove it here",
                of_key=True,
            )
    _check_pinned(subject, at, metric, where, metrics)
    return metric


def _check_pinned(
    subject: Subject, at: tuple[str | int, ...], metric: Metric, where: Mapping[str, str], metrics: KnownMetrics
) -> None:
    open_dimensions = [name for name in metric.dimensions if name not in where]
    if not open_dimensions:
        return
    for part in _combined(metric, metrics):
        if part.across is Across.NONE:
            whose = "" if part is metric else f" of its part '{part.id}'"
            named = (
                f"dimension '{open_dimensions[0]}'"
                if len(open_dimensions) == 1
                else (f"dimensions {', '.join(repr(name) for name in open_dimensions)}")
            )
            subject.refuse(
                at,
                f"the {named} of metric '{metric.id}' is not pinned"
                if len(open_dimensions) == 1
                else f"the {named} of metric '{metric.id}' are not pinned",
                f"The members{whose} cannot be combined: across is none",
                f"Add 'where: {{{open_dimensions[0]}: …}}', or 'across' to the metric",
            )
            return


def _combined(metric: Metric, metrics: KnownMetrics) -> Iterator[Metric]:
    """The metrics whose members are combined: itself, or the parts of one that is computed from rolled-up parts."""
    if metric.formula is None or metric.rollup is not None:
        yield metric
        return
    for name in references(metric.formula):
        if name in metrics.valid:
            yield from _combined(metrics.valid[name], metrics)


def _measure(subject: Subject, keys: KeyResultKeys, metric: Metric | None, metrics: KnownMetrics) -> Measure | None:
    match getattr(keys.measure, measure_kind(keys) or ""):
        case ReachKeys() as given:
            return Reach(given.from_, given.to)
        case ChangeByKeys() as given:
            return _change(subject, given, metric)
        case tuple() as items:
            return Milestones(tuple(_milestone(subject, index, item, metrics) for index, item in enumerate(items)))
        case ManualKeys() as given:
            return _manual(subject, given)
        case given:
            return _counted(given)


def _counted(keys: object) -> Measure:
    """A measure that counts from the start."""
    match keys:
        case AccumulateKeys():
            return Accumulate(keys.to)
        case LimitKeys():
            return Budget(keys.to)
        case MaintainKeys():
            return Maintain(keys.min, keys.max, keys.share, keys.of)
        case CadenceKeys():
            return Cadence(keys.at_least, Grain(keys.per), keys.share)
        case BaselineKeys():
            return Baseline(keys.needs)
        case _:
            raise TypeError(keys)


def _change(subject: Subject, keys: ChangeByKeys, metric: Metric | None) -> Change | None:
    try:
        step = change_by(keys.by, metric.unit if metric is not None else "percent")
    except Refusal as refusal:
        subject.refuse(("measure", "change", "by"), refusal.what, refusal.why, refusal.fix)
        return None
    return Change(step, keys.from_)


def _manual(subject: Subject, keys: ManualKeys) -> Manual:
    if keys.from_ == keys.to:
        _refuse_standstill(subject, ("measure", "manual", "to"), f"{keys.to:g} equals from")
    return Manual(keys.from_, keys.to)


def _milestone(subject: Subject, index: int, keys: MilestoneKeys, metrics: KnownMetrics) -> Milestone:
    when = None
    at = ("measure", "milestones", index, "when")
    if keys.when is not None:
        _read_metric(subject, (*at, "metric"), keys.when.metric, (*at, "where"), keys.when.where, metrics)
        when = MetricReached(keys.when.metric, keys.when.at_least, keys.when.where)
    if keys.when is not None and keys.done_on is not None:
        subject.refuse(
            ("measure", "milestones", index, "done_on"),
            "is given beside when",
            "A step is done on a date or when a metric gets there, not both",
            "Remove one of them",
            of_key=True,
        )
    return Milestone(keys.title, keys.weight, keys.due, keys.done_on, when)


def _check_window(subject: Subject, kind: str, keys: KeyResultKeys) -> None:
    if keys.over is not None and kind in (*FROM_START, *READS_NO_METRIC):
        subject.refuse(
            ("over",),
            f"is given with {kind}",
            "It counts from the key result's start" if kind in FROM_START else "It has no window of values",
            "Remove over",
            of_key=True,
        )
    _check_pace(subject, kind, keys)


def _check_pace(subject: Subject, kind: str, keys: KeyResultKeys) -> None:
    if keys.pace is None or kind in PACED:
        return
    if keys.pace.checkpoints:
        subject.refuse(
            ("pace",),
            f"checkpoints are given with {kind}",
            f"Checkpoints plan the values of {', '.join(PACED)}",
            "Remove pace",
            of_key=True,
        )
    elif isinstance(keys.pace, NamedPaceKeys) and keys.pace.kind != "linear":
        subject.refuse(
            ("pace",),
            f"{keys.pace.kind} is given with {kind}",
            f"It shapes the plans of {', '.join(PACED)}; the plan of {kind} is its own",
            "Remove pace",
            of_key=True,
        )


def _check_measure(subject: Subject, measure: Measure, metric: Metric) -> None:
    match measure:
        case Reach():
            _check_reach(subject, measure, metric)
        case Change():
            _check_change(subject, measure, metric)
        case Accumulate():
            _check_accumulate(subject, measure, metric)
        case Budget():
            _check_sum(subject, "limit", metric)
        case Cadence():
            _check_sum(subject, "cadence", metric)
            _check_per(subject, measure, metric)
        case Maintain():
            _check_maintain(subject, measure, metric)
        case Milestones() | Baseline() | Manual():
            pass
        case _:
            assert_never(measure)


def _check_reach(subject: Subject, measure: Reach, metric: Metric) -> None:
    if measure.from_ == AT_START:
        return
    if measure.from_ == measure.to:
        _refuse_standstill(subject, ("measure", "reach", "to"), f"{measure.to:g} equals from")
        return
    _check_direction(
        subject, ("measure", "reach", "to"), measure.to - float(measure.from_), metric,
        f"{measure.from_:g} to {measure.to:g}",
    )  # fmt: skip


def _check_change(subject: Subject, measure: Change, metric: Metric) -> None:
    at = ("measure", "change", "by")
    if measure.by.value == 0:
        _refuse_standstill(subject, at, "it changes by nothing")
        return
    rise = measure.by.value
    if isinstance(measure.by, Share) and measure.from_ != AT_START:
        rise *= float(measure.from_)
    if isinstance(measure.by, Share) and rise * measure.by.value <= 0:
        subject.refuse(
            ("measure", "change", "from"),
            f"a share of {measure.from_:g} is no change in that direction",
            "Relative change needs a start above 0",
            "Give the change in the metric's own unit, as in +300, or in points",
        )
        return
    _check_direction(subject, at, rise, metric, _step(measure.by))


def _step(by: Share | Points) -> str:
    return f"{by.value * 100:+g}%" if isinstance(by, Share) else f"{by.value:+g}"


def _refuse_standstill(subject: Subject, at: tuple[str, ...], what: str) -> None:
    subject.refuse(
        at, what, "Progress is the share of a way, and there is none", "Set another target, or measure it with maintain"
    )


def _check_direction(subject: Subject, at: tuple[str, ...], rise: float, metric: Metric, step: str) -> None:
    better = metric.better
    if (better is Better.HIGHER and rise < 0) or (better is Better.LOWER and rise > 0):
        subject.refuse(
            at,
            f"{step} goes {'up' if rise > 0 else 'down'}, but of '{metric.id}' {better} is better",
            "A target that makes the metric worse is usually a slip",
            "Turn the target round, or correct 'better' of the metric",
        )


def _check_accumulate(subject: Subject, measure: Accumulate, metric: Metric) -> None:
    at = ("measure", "accumulate", "to")
    _check_sum(subject, "accumulate", metric)
    if metric.better is Better.LOWER:
        subject.refuse(
            ("measure", "accumulate"),
            f"of '{metric.id}' lower is better",
            "Collecting more of it would be called progress",
            "Write limit instead, or correct 'better' of the metric",
            of_key=True,
        )
    if isinstance(measure.to, RelativeTarget):
        if measure.to.share <= -1:
            subject.refuse(
                at,
                f"{measure.to.share * 100:+g}% leaves nothing",
                "A sum reaches a number above 0",
                "Write a smaller decrease",
            )
    elif measure.to <= 0:
        subject.refuse(
            at, f"{measure.to:g} is not greater than 0", "A sum reaches a number above 0", "Write a number above 0"
        )


def _check_sum(subject: Subject, kind: str, metric: Metric) -> None:
    if metric.rollup is not Rollup.SUM:
        named = f"rolls up by {metric.rollup}" if metric.rollup else "has no rollup"
        subject.refuse(
            ("measure", kind),
            f"metric '{metric.id}' {named}",
            "Only sums can be added up since the start",
            "Choose a metric with 'rollup: sum', or another measure",
            of_key=True,
        )


def _check_per(subject: Subject, measure: Cadence, metric: Metric) -> None:
    if _GRAIN_ORDER.index(measure.per) < _GRAIN_ORDER.index(metric.grain):
        subject.refuse(
            ("measure", "cadence", "per"),
            f"{measure.per} is finer than the {metric.grain} of metric '{metric.id}'",
            "A period of the metric cannot be told apart into smaller ones",
            f"Write {metric.grain} or longer",
        )


def _check_maintain(subject: Subject, measure: Maintain, metric: Metric) -> None:
    at = ("measure", "maintain")
    if measure.of == "periods":
        check_band(subject, at, measure.min, measure.max)
        return
    if measure.min is not None or measure.max is not None:
        subject.refuse(
            at,
            "min and max are given with 'of: events'",
            "The metric's own values already are shares of good events",
            "Remove min and max; 'share' is what to hold",
            of_key=True,
        )
    if metric.rollup is not Rollup.WEIGHTED_MEAN or metric.unit != "ratio":
        subject.refuse(
            (*at, "of"),
            f"metric '{metric.id}' is not a share of events",
            "Shares of events have 'unit: ratio' and 'rollup: weighted_mean', weighted by the number of events",
            "Choose such a metric, or write 'of: periods'",
        )


def _check_grain(subject: Subject, measure: Measure, metric: Metric, keys: KeyResultKeys) -> None:
    start = getattr(measure, "from_", None)
    if keys.over is not None and keys.over.kind == "cycle" and start == AT_START:
        subject.refuse(
            ("over",),
            "cycle has no value at the start",
            "A window that begins at the start is empty before it",
            "Write 'trailing 28 days' or latest, or give 'from' as a number",
        )
    short = metric.grain in (Grain.HOUR, Grain.DAY) and metric.rollup is not Rollup.LAST
    if isinstance(measure, Change) and keys.over is None and short:
        subject.refuse(
            (),
            f"has no 'over', but a value of metric '{metric.id}' is of one {metric.grain} only",
            f"One {metric.grain} is no baseline for a change",
            "Add 'over: trailing 28 days'",
            of_key=True,
        )
    if (
        keys.over is not None
        and keys.over.length is not None
        and keys.over.length.hours < _SHORTEST_HOURS[metric.grain]
    ):
        subject.refuse(
            ("over",),
            f"{keys.over} is shorter than a {metric.grain}, the grain of metric '{metric.id}'",
            "No whole period would ever be inside",
            "Write a longer one",
        )


def _check_season(subject: Subject, measure: Measure, metric: Metric, keys: KeyResultKeys) -> None:
    """Levels have a season where a value stands for more than one noisy period, and for something at the start."""
    if not isinstance(measure, Reach | Change):
        return
    over = keys.over or Over()
    short = metric.grain in (Grain.HOUR, Grain.DAY) and metric.rollup is not Rollup.LAST
    if over.kind == "cycle" and metric.rollup is not Rollup.SUM:
        subject.refuse(
            ("pace",),
            "seasonal is given with 'over: cycle'",
            "A value since the start has no level before it to compare earlier cycles by",
            "Write 'over: trailing 28 days', or another pace",
            of_key=True,
        )
    elif over.kind == "latest" and short:
        subject.refuse(
            ("pace",),
            f"seasonal is given, but a value of metric '{metric.id}' is of one {metric.grain} only",
            f"One {metric.grain} of an earlier cycle is chance, not season",
            "Add 'over: trailing 28 days', or write another pace",
            of_key=True,
        )


def _check_distinct(subject: Subject, kind: str, keys: KeyResultKeys) -> None:
    why = "One that is counted in two periods would be counted twice"
    if kind in _SUMS:
        subject.refuse(
            ("measure", kind),
            f"adds up metric '{keys.metric}', a distinct count",
            why,
            "Use reach or change over latest, or a metric of a longer grain",
            of_key=True,
        )
    elif keys.over is not None and keys.over.kind != "latest":
        subject.refuse(
            ("over",),
            f"{keys.over} of metric '{keys.metric}', a distinct count",
            why,
            "Write latest, or use a metric of a longer grain",
        )
