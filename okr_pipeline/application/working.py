"""The way from observations to a status, as steps: value, baseline, target, progress, plan and verdict with numbers.

Belongs here: the formula of every measure and pace, in words and with its numbers. Does not: the numbers (scoring),
what a rule says (verdicts), forecasts (forecasting), their layout (rendering).

Every step's numbers come to its result: that is a law among the tests.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from okr_pipeline.application.sums import sum_of
from okr_pipeline.application.telling import WITHOUT
from okr_pipeline.application.verdicts import verdict_step
from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.explanation import Step, Written
from okr_pipeline.model.formula import Formula, Number, Operation, Reference
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import Accumulate, Cadence, Change, KeyResult, Maintain, Milestones, RelativeTarget, Share
from okr_pipeline.rendering import words
from okr_pipeline.scoring import Curve, Planned, Staleness, Workings

_BETWEEN = ("reach", "change", "manual")


@dataclass(frozen=True, slots=True)
class Worked:
    """One key result as it is defined on the day of a score: its row of the score, its workings, and its calendar."""

    configuration: Configuration
    key_result: KeyResult
    record: Mapping[str, Any]
    workings: Workings

    @property
    def kind(self) -> str:
        return self.key_result.measure.kind

    @property
    def metric(self) -> Metric | None:
        return self.configuration.metrics[self.key_result.metric] if self.key_result.metric else None

    @property
    def calendar(self) -> Calendar:
        return self.configuration.project.calendar

    def day(self, at: datetime) -> str:
        """An instant in words: the end of a day where it is one."""
        return words.moment(at, self.calendar.zone)


def steps_to_status(it: Worked) -> tuple[Step, ...]:
    """All steps from the rows to the status."""
    return (*value_steps(it), *_target_steps(it), *_progress_steps(it), *_plan_steps(it), _verdict(it))


def value_steps(it: Worked) -> Iterator[Step]:
    """How the value came about, or why there is none."""
    if it.record["value"] is None:
        yield Step("value", "unknown", *_why_unknown(it))
        return
    measure = it.key_result.measure
    match measure:
        case Milestones():
            yield _of_steps(it)
        case Cadence():
            yield _of_cadence(it, measure)
        case Maintain(of="periods"):
            yield _of_band(it, measure)
        case _ if it.kind == "baseline":
            yield Step("value", "observed periods", result=it.record["value"])
            if it.record["baseline"] is not None:
                yield _rolled(it, "finding so far", it.record["baseline"])
        case _ if it.kind == "manual":
            yield Step("value", "what the newest check-in says", result=it.record["value"])
        case _ if it.metric is not None:
            yield _rolled(it, "value", it.record["value"])


def _why_unknown(it: Worked) -> tuple[Written, None, str]:
    """The comparison behind a reason, and the reason in words."""
    record, made = it.record, it.workings
    numbers: Written = ()
    if record["reason"] == "below_coverage" and record["expected_periods"]:
        share = (record["observed_periods"], " / ", record["expected_periods"])
        numbers = (*share, " < ", it.key_result.min_coverage)
    if made.stale is not None:
        return (made.stale.age, " > ", made.stale.limit), None, _too_old(it, made.stale)
    return numbers, None, words.reason(record["reason"])


def _too_old(it: Worked, stale: Staleness) -> str:
    """What is too old, where it is not just the newest value of its own metric, and since when against what it is."""
    of = "" if stale.metric == it.key_result.metric else f" of {stale.metric or 'check-ins'}"
    by = "" if stale.key_result == it.key_result.full_id else f" in {stale.key_result}"
    since, most = (
        ("its newest period ended", "freshness") if stale.metric else ("the last value", "two turns of check_in")
    )
    return f"{words.reason('stale')}{of}{by}: {stale.unit} since {since} > {most}"


def _of_steps(it: Worked) -> Step:
    done = [each.milestone.weight for each in it.workings.steps if each.done]
    return Step("value", "weight of the steps done / weight of all", _share_of_steps(it, done), it.record["value"])


def _share_of_steps(it: Worked, chosen: Sequence[float]) -> Written:
    every = [each.milestone.weight for each in it.workings.steps]
    return (*_bracketed(sum_of(chosen)), " / ", *_bracketed(sum_of(every)))


def _of_cadence(it: Worked, measure: Cadence) -> Step:
    met, counted = (sum(getattr(each, name) for each in it.workings.cadence) for name in ("met", "counted"))
    how = f"{measure.per}s with at least {measure.at_least:g} / {measure.per}s that count"
    return Step("value", how, (float(met), " / ", float(counted)), it.record["value"])


def _of_band(it: Worked, measure: Maintain) -> Step:
    seen = [each.value for each in it.workings.periods if each.value is not None]
    inside = [value for value in seen if _is_inside(value, measure)]
    numbers = (float(len(inside)), " / ", float(len(seen)))
    return Step("value", f"periods {band_words(measure)} / periods observed", numbers, it.record["value"])


def _is_inside(value: float, band: Maintain) -> bool:
    return (band.min is None or value >= band.min) and (band.max is None or value <= band.max)


def band_words(band: Maintain) -> str:
    """A band in words, bounds included."""
    low, high = (None if bound is None else f"{bound:g}" for bound in (band.min, band.max))
    if low is None:
        return f"of {high} or less"
    return f"of {low} or more" if high is None else f"of {low} to {high}"


def _rolled(it: Worked, what: str, result: float) -> Step:
    """The periods of the window, rolled up."""
    how, numbers, remark = _roll_up(it)
    if it.workings.scale != 1 and numbers:
        how, numbers = f"{how}, as a share", (*_bracketed(numbers), " · ", it.workings.scale)
    return Step(what, how, numbers, result, remark)


def _roll_up(it: Worked) -> tuple[str, Written, str]:
    seen = [each for each in it.workings.periods if each.value is not None]
    values, count = [each.value or 0.0 for each in seen], words.plural(len(seen), "period")
    match it.workings.reducer:
        case "sum":
            return f"sum of {count}", sum_of(values), ""
        case "mean":
            return f"mean of {count}", (*_bracketed(sum_of(values)), " / ", float(len(values))), ""
        case "weighted_mean":
            moment = sum(value * each.weight for value, each in zip(values, seen, strict=True))
            weight = sum(each.weight for each in seen)
            return "Σ value·weight / Σ weight", (moment, " / ", weight), count
        case "parts":
            return _of_formula(it), _with_numbers(it), f"parts rolled up over {count}"
        case "last":
            return "newest period", (values[-1],), it.day(seen[-1].end)
        case reducer:
            return f"the {'least' if reducer == 'min' else 'greatest'} of {count}", (), ""


def _of_formula(it: Worked) -> str:
    return str(it.metric.formula_text) if it.metric else ""


def _with_numbers(it: Worked) -> Written:
    """The formula of a metric with the rolled-up value of each part in the place of its name."""
    formula = it.metric.formula if it.metric else None
    return () if formula is None else _substituted(formula, it)


def _substituted(formula: Formula, it: Worked) -> Written:
    match formula:
        case Number(value):
            return (value,)
        case Reference(metric):
            parts, made_of = it.workings.parts, it.configuration.metrics[metric].formula
            return (parts[metric],) if metric in parts or made_of is None else _bracketed(_substituted(made_of, it))
        case Operation(sign, left, right):
            shown = {"-": "−", "*": "·"}.get(sign, sign)
            return (*_inner(left, it), f" {shown} ", *_inner(right, it))


def _inner(formula: Formula, it: Worked) -> Written:
    written = _substituted(formula, it)
    return _bracketed(written) if isinstance(formula, Operation) else written


def _target_steps(it: Worked) -> Iterator[Step]:
    """What it is measured from, and up to, where these are not written numbers."""
    measure, made, target = it.key_result.measure, it.workings, it.record["target"]
    relative = isinstance(measure, Accumulate) and isinstance(measure.to, RelativeTarget)
    if made.base is not None and made.base_window is not None:
        first, end, observed, expected = made.base_window
        name = "earlier sum" if relative else "baseline"
        remark = f"{observed} of {words.plural(expected, 'period')} observed"
        if made.base_kept:
            now = "" if made.base_by_rows is None else f", the rows come to {made.base_by_rows:g} by now"
            remark += f"; kept as it was fixed{now}"
        yield Step(name, f"value from {_date(it, first)} to {it.day(end)}", result=made.base, remark=remark)
    if made.base is None or target is None:
        return
    match measure:
        case Change(Share(share)):
            yield Step("target", "from · (1 + share)", (made.base, " · (1 + ", share, ")"), target)
        case Change(points):
            yield Step("target", "from + points", (made.base, " + ", points.value), target)
        case Accumulate(RelativeTarget(share)):
            yield Step("target", "earlier sum · (1 + share)", (made.base, " · (1 + ", share, ")"), target)


def _progress_steps(it: Worked) -> Iterator[Step]:
    record, progress = it.record, it.record["progress"]
    if progress is None:
        if record["value"] is not None:
            yield Step("progress", "unknown", remark=words.reason(record["reason"]))
        return
    yield _progress(it)
    if record["score"] != progress:
        yield Step("score", "progress, no less than 0 and no more than 1", _clamped(progress), record["score"])
    if record["original_progress"] != progress:
        was = f"against the target of {record['original_target']:g}" if record["original_target"] is not None else ""
        yield Step(
            "progress as promised first", "by the definition before any amendment", (), record["original_progress"], was
        )


def _clamped(progress: float) -> Written:
    return ("max(0, min(1, ", progress, "))")


def _progress(it: Worked) -> Step:
    value, baseline, target = (it.record[name] for name in ("value", "baseline", "target"))
    progress = it.record["progress"]
    if it.kind in _BETWEEN:
        return _between(value, baseline, target, progress)
    if it.kind == "limit":
        return _within(value, target, progress)
    if it.kind == "baseline":
        return Step(
            "progress",
            "periods observed / needed, no more than 1",
            ("min(1, ", value, " / ", target, ")"),
            progress,
        )
    return Step("progress", "value / target", (value, " / ", target), progress)


def _between(value: float, baseline: float, target: float, progress: float) -> Step:
    """The part of the way; a way that has no length, or leads back, was done at the start, and is kept or not."""
    if baseline != target and abs((value - baseline) / (target - baseline) - progress) <= 1e-9 * max(1, abs(progress)):
        numbers = ("(", value, " − ", baseline, ") / (", target, " − ", baseline, ")")
        return Step("progress", "(value − from) / (to − from)", numbers, progress)
    how = f"the start, {baseline:g}, was at or beyond the target, {target:g}: 1 while the value is, else 0"
    return Step("progress", how, (), progress)


def _within(value: float, limit: float, progress: float) -> Step:
    how = "1 while value ≤ limit, then 1 − overrun / limit"
    if value <= limit or limit <= 0:
        return Step("progress", how, (), progress, f"the limit is {limit:g}, {'kept' if value <= limit else 'broken'}")
    return Step("progress", how, ("1 − (", value, " − ", limit, ") / ", limit), progress)


def _plan_steps(it: Worked) -> Iterator[Step]:
    record, planned = it.record, it.workings.planned
    progress, expected = record["progress"], record["expected_progress"]
    if progress is None or expected is None or planned is None:
        return
    yield Step("expected progress", *_expected(it, planned, expected))
    yield Step("gap", "progress − expected", (progress, " − ", expected), record["gap"])
    if record["pace_ratio"] is not None:
        yield Step("pace ratio", "progress / expected", (progress, " / ", expected), record["pace_ratio"])
    now = record["expected_progress_now"]
    if now is not None and now != expected:
        yield Step("expected progress now", *_expected(it, it.workings.planned_now, now))


def _expected(it: Worked, planned: Planned, expected: float) -> tuple[str, Written, float]:
    """The plan at an instant: how, with numbers, and what it comes to."""
    until, shape = f", by {it.day(planned.at)}", it.record["pace"]
    if it.kind == "milestones":
        due = [each.milestone.weight for each in it.workings.steps if each.due]
        numbers = _share_of_steps(it, due) if planned is it.workings.planned else ()
        return f"weight of the steps due / weight of all{until}", numbers, expected
    if shape is None:
        return f"all of it, from the first {'day' if it.metric is None else 'period'} that ended", (), expected
    instead = "" if shape == it.key_result.pace.kind or it.kind in ("baseline", "manual") else _instead(it)
    how, numbers = _shaped(it, shape, planned)
    return f"{how}{until}{instead}", numbers, expected


def _instead(it: Worked) -> str:
    asked = it.key_result.pace.kind
    return f"; {asked.replace('_', ' ')} is asked for, but {WITHOUT[asked]}"


def _shaped(it: Worked, shape: str, planned: Planned) -> tuple[str, Written]:
    elapsed = (planned.day, " / ", float(planned.days))
    match shape:
        case "back_loaded":
            return "back-loaded: (days over / days)²", ("(", *elapsed, ")²")
        case "front_loaded":
            return "front-loaded: 1 − (1 − days over / days)²", ("1 − (1 − ", *elapsed, ")²")
        case "business_days" if planned.worked:
            over, every = planned.worked
            return "business days over / business days", (over, " / ", every)
        case "checkpoints" if planned.checkpoints:
            return _interpolated(planned.day, *planned.checkpoints)
        case "seasonal" if planned.curve:
            return _seasonal(it, planned, planned.curve)
        case _:
            return "linear: days over / days", elapsed


def _interpolated(day: float, left: tuple[float, float], right: tuple[float, float]) -> tuple[str, Written]:
    (first, before), (last, after) = left, right
    way = (" · (", day, " − ", first, ") / (", last, " − ", first, ")")
    how = f"between the checkpoints of day {first:g} and day {last:g}, as shares of the way"
    return how, (before, " + (", after, " − ", before, ")", *way)


def _seasonal(it: Worked, planned: Planned, curve: Curve) -> tuple[str, Written]:
    years = words.plural(curve.years, "earlier year")
    left = float(min(int(planned.day), planned.days - 1))
    knot: Written = (curve.before, " + (", curve.after, " − ", curve.before, ") · (", planned.day, " − ", left, ")")
    if curve.flow:
        return f"seasonal: the share that {years} had by then", knot
    way = (" / (", it.record["target"], " − ", it.record["baseline"], ")")
    how = f"seasonal: days over / days + how far {years} strayed / (to − from)"
    return how, (planned.day, " / ", float(planned.days), " + (", *knot, ")", *way)


def _verdict(it: Worked) -> Step:
    record, facts = it.record, it.workings.facts
    reason = "" if record["reason"] is None or record["status"] == "not_started" else words.reason(record["reason"])
    if record["status"] in ("paused", "cancelled"):
        reason = it.key_result.state_reason or ""
    step = verdict_step(str(record["status_rule"]), facts, reason)
    if not facts.hopeless or step.numbers or record["status"] != "behind":
        return step
    return Step(step.what, step.how, _hopeless(it), remark=step.remark)


def _hopeless(it: Worked) -> Written:
    """Why a promise can no longer be kept: more was spent than may be, or even the best end has too small a share."""
    if it.kind == "limit":
        return (it.record["value"], " > ", it.record["target"])
    return (it.workings.best, " < ", it.record["target"]) if it.workings.best is not None else ()


def _date(it: Worked, at: datetime) -> date:
    return at.astimezone(it.calendar.zone).date()


def _bracketed(written: Written) -> Written:
    return written if len(written) == 1 else ("(", *written, ")")
