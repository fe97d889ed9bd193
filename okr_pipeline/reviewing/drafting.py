"""The draft of the next cycle's file, from the review of one.

Belongs here: which days, which key results, from which measured values to which targets, as YAML with the reasons
beside it. Does not: writing a file.

What is proposed by rule says so: a draft is for people to think about, and every line of it is valid configuration.
"""

import calendar
import json
import math
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import assert_never

from okr_pipeline.model.calendar import GRAIN_HOURS, Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.metric import Metric, Rollup
from okr_pipeline.model.okr import (
    Accumulate,
    Baseline,
    Budget,
    Cadence,
    Change,
    Cycle,
    KeyResult,
    Maintain,
    Manual,
    Measure,
    Milestone,
    Milestones,
    Objective,
    Points,
    Reach,
    RelativeTarget,
    Share,
)
from okr_pipeline.model.review import Grade, Review
from okr_pipeline.model.score import Status


def draft(configuration: Configuration, cycle: Cycle, review: Review) -> str:
    """The YAML of the cycle after one, with its key results that go on.

    Objectives keep their intent. Parents and wholes are kept where they are in the draft, too, or last that long.
    """
    coming = next_cycle(configuration, cycle)
    grades = {it.id: it for it in review.key_results}
    carried = {it.key_result for it in review.carry_over}
    learnt = {it.id for it in review.key_results if it.measure == "baseline" and it.status == Status.ACHIEVED}
    lines = [*_head(cycle, coming, review)]
    chosen = {}
    for objective in (it for it in configuration.objectives.values() if it.cycle == cycle.id):
        going = [it for it in objective.key_results if it.full_id in carried and _stands_alone(it)]
        found = [
            it for it in objective.key_results if it.full_id in learnt and _has_direction(configuration, it, grades)
        ]
        if going or found:
            chosen[objective.full_id] = (objective, going, found)
    going_on = {it.full_id for _, going, _ in chosen.values() for it in going}
    for objective, going, found in chosen.values():
        lines += _objective(configuration, objective, coming, drafted=chosen)
        for key_result in going:
            whole = _whole(configuration, key_result, coming, drafted=going_on)
            lines += _carried(key_result, grades[key_result.full_id], whole, cycle)
        for key_result in found:
            lines += _from_finding(configuration, key_result, grades[key_result.full_id])
    return "\n".join(lines) + "\n"


def _stands_alone(it: KeyResult) -> bool:
    """Whether it reads something itself; the sum of those that contribute to it needs them first."""
    return it.metric is not None or it.measure.kind in ("milestones", "manual")


def next_cycle(configuration: Configuration, cycle: Cycle) -> Cycle:
    """The cycle of as many months or days after one, under an id that none has.

    >>> from okr_pipeline.model.configuration import Project
    >>> nothing = Configuration(Project("P"))
    >>> str(next_cycle(nothing, Cycle("2013-Q4", date(2013, 10, 1), date(2013, 12, 31))).ends), next_cycle(
    ...     nothing, Cycle("2013-Q4", date(2013, 10, 1), date(2013, 12, 31))).id
    ('2014-03-31', '2014-Q1')
    """
    starts = cycle.ends + timedelta(days=1)
    months = _whole_months(cycle)
    ends = _after_months(starts, months) if months else starts + (cycle.ends - cycle.starts)
    name = _name(starts, months)
    taken = {*configuration.cycles}
    free = next(it for n in range(1, len(taken) + 2) if (it := name if n == 1 else f"{name}-{n}") not in taken)
    return Cycle(free, starts, ends, cycle.check_in)


def _whole_months(cycle: Cycle) -> int:
    """How many whole calendar months a cycle has; 0 where it does not begin and end with one."""
    last = calendar.monthrange(cycle.ends.year, cycle.ends.month)[1]
    if cycle.starts.day != 1 or cycle.ends.day != last:
        return 0
    return (cycle.ends.year - cycle.starts.year) * 12 + cycle.ends.month - cycle.starts.month + 1


def _after_months(starts: date, months: int) -> date:
    year, month = divmod(starts.year * 12 + starts.month - 1 + months, 12)
    return date(year, month + 1, 1) - timedelta(days=1)


def _name(starts: date, months: int) -> str:
    if months == 12 and starts.month == 1:
        return str(starts.year)
    if months == 3 and starts.month % 3 == 1:
        return f"{starts.year}-Q{(starts.month + 2) // 3}"
    return f"{starts:%Y-%m}" if months == 1 else starts.isoformat()


def _head(cycle: Cycle, coming: Cycle, review: Review) -> Iterator[str]:
    yield f"# A draft by `okr review {cycle.id}`, as of {review.as_of:%Y-%m-%d %H:%M} UTC."
    yield "# What is proposed by rule says so: think again."
    for it in review.suggestions:
        yield f"# KPI {it.metric}: {_one_line(it.text)}"
    yield (
        f"cycle: {{id: {_text(coming.id)}, starts: {coming.starts}, ends: {coming.ends}, check_in: {coming.check_in}}}"
    )
    yield "objectives:"


def _objective(
    configuration: Configuration, it: Objective, coming: Cycle, *, drafted: Collection[str]
) -> Iterator[str]:
    yield f"  {it.id}:"
    yield f"    title: {_text(it.title)}"
    if it.why:
        yield f"    why: {_text(it.why)}"
    yield f"    level: {it.level.value}"
    yield f"    intent: {it.intent.value}"
    if it.horizon:
        yield f"    horizon: {it.horizon}"
    yield f"    owner: {_text(it.owner)}"
    parent = _parent(configuration, it, coming, drafted)
    if parent is not None:
        yield f"    parent: {_text(parent)}"
        if it.contributes_weight is not None:
            yield f"    contributes: {{weight: {it.contributes_weight!r}}}"
    if it.coverage_floor != 0.5:
        yield f"    coverage_floor: {it.coverage_floor!r}"
    if it.supports:
        yield f"    supports: {_text(it.supports)}"
    yield "    key_results:"


def _parent(configuration: Configuration, it: Objective, coming: Cycle, drafted: Collection[str]) -> str | None:
    """What its parent is called in the draft; None where that is over and not in it."""
    parent = configuration.objectives.get(it.parent or "")
    if parent is None:
        return None
    if parent.cycle == it.cycle:
        return f"{coming.id}/{parent.id}" if parent.full_id in drafted else None
    return parent.full_id if configuration.cycles[parent.cycle].ends >= coming.starts else None


def _whole(configuration: Configuration, it: KeyResult, coming: Cycle, *, drafted: Collection[str]) -> str | None:
    """What the sum that it is a part of is called in the draft; None where its days, or another part, forbid it.

    Steps are not handed on: those that were not done stand in the part of the cycle that is over, too.
    """
    parts = {each.full_id: each for each in configuration.key_results()}
    whole = parts.get(it.contributes_to or "")
    if whole is None or not isinstance(it.measure, Accumulate | Budget):
        return None
    if whole.cycle == it.cycle:
        return f"{coming.id}/{whole.id}" if whole.full_id in drafted else None
    beside = (each for each in parts.values() if each.contributes_to == whole.full_id and each is not it)
    if whole.starts > coming.starts or whole.ends < coming.ends or any(_meet(it, each, coming) for each in beside):
        return None
    return whole.full_id


def _meet(it: KeyResult, other: KeyResult, coming: Cycle) -> bool:
    """Whether another part may count a row of the coming days that this one would."""
    same = all(it.where.get(name, member) == member for name, member in other.where.items())
    return it.metric == other.metric and same and other.starts <= coming.ends and other.ends >= coming.starts


def _carried(it: KeyResult, grade: Grade, whole: str | None, cycle: Cycle) -> Iterator[str]:
    yield f"      {it.id}:   # carried over from {it.full_id}: {_one_line(grade.explanation)}"
    yield f"        title: {_text(it.title)}   # its numbers may be the old ones"
    if it.why:
        yield f"        why: {_text(it.why)}"
    measure, proposal = _proposed(it, grade)
    if it.metric is not None:
        yield f"        metric: {it.metric}"
        if it.where:
            yield f"        where: {_mapping(dict(it.where))}"
    yield f"        measure: {_measure(measure)}   # proposal: {proposal}"
    if isinstance(measure, Reach | Change | Baseline) and it.over.kind != "latest":
        yield f"        over: {it.over}"
    if whole is not None:
        yield f"        contributes_to: {_text(whole)}"
    if it.pace.kind not in ("linear", "checkpoints") and isinstance(measure, Reach | Change | Accumulate):
        yield f"        pace: {it.pace.kind}"
    if it.check_in != cycle.check_in:
        yield f"        check_in: {it.check_in}"
    yield from _settings(it)


def _from_finding(configuration: Configuration, it: KeyResult, grade: Grade) -> Iterator[str]:
    """A tenth better than where a metric was found to stand; of a share half way to all, where that is nearer.

    A sum over all of a cycle is no level to start from: a tenth more or less of the stretch before is asked for.
    """
    metric = configuration.metrics[it.metric or ""]
    found, target, rule = _better(grade.baseline or 0.0, metric)
    title, measure = f"Take {metric.name} from {found:.12g} to {target:.12g}", _measure(Reach(found, target))
    if metric.rollup is Rollup.SUM:
        title, rule = (
            f"Take {metric.name} {'up' if target > found else 'down'} by 10 %",
            "a tenth better than before it",
        )
        measure = _measure(Change(Share(0.1 if target > found else -0.1), "at_start"))
    yield f"      {it.id}-target:   # from the baseline that {it.full_id} found"
    yield f"        title: {_text(title)}   # proposal"
    yield f"        metric: {it.metric}"
    if it.where:
        yield f"        where: {_mapping(dict(it.where))}"
    yield f"        measure: {measure}   # proposal: {rule}"
    if GRAIN_HOURS[metric.grain] <= GRAIN_HOURS[Grain.WEEK]:
        yield "        over: trailing 28 days   # proposal"
    yield f"        owner: {_text(it.owner)}"


def _better(found: float, metric: Metric) -> tuple[float, float, str]:
    """From where to where, and by which rule."""
    whole = {"ratio": 1.0, "percent": 100.0}.get(metric.unit, math.inf)
    target = found * (1.1 if metric.better == "higher" else 0.9)
    if found < whole < target:
        return *legible(found, (found + whole) / 2), "half of what is lacking to all of it"
    return *legible(found, target), "a tenth better than measured"


def _settings(it: KeyResult) -> Iterator[str]:
    if it.weight != 1:
        yield f"        weight: {it.weight!r}"
    if it.min_coverage != 0.8:
        yield f"        min_coverage: {it.min_coverage!r}"
    if it.grace != 0.1:
        yield f"        grace: {it.grace!r}"
    if it.initiatives:
        yield f"        initiatives: [{', '.join(_text(each) for each in it.initiatives)}]"
    yield f"        owner: {_text(it.owner)}"


def _proposed(it: KeyResult, grade: Grade) -> tuple[Measure, str]:
    """The measure of the next cycle, and by which rule: from where it stands now to where it was meant to get."""
    match it.measure:
        case Reach() | Change() if _goes_on(grade):
            way = legible(_known(grade.value), _known(grade.target))
            return Reach(*way), "from the measured value to the target as it was"
        case Manual(_, to) if _goes_on(grade):
            return Manual(_known(grade.value), to), "from the value told last to the target as it was"
        case Milestones(items):
            open_ = (each for each in items if each.done_on is None and each.title not in grade.steps_done)
            left = tuple(Milestone(each.title, each.weight, when=each.when) for each in open_)
            return Milestones(left or items), "the steps that are not done; say when they are due"
        case _:
            return it.measure, "as it was; nothing measured says how far it should go"


def _goes_on(grade: Grade) -> bool:
    """Whether the way from the value to the target goes in the direction that it went before."""
    value, target, base = grade.value, grade.target, grade.baseline
    if value is None or target is None or base is None or value == target:
        return False
    return (target - value > 0) == (target - base > 0)


def legible(from_: float, to: float) -> tuple[float, float]:
    """A way with five digits, as people write one; in full where that would leave no way, or another direction."""
    start, end = (float(f"{number:.5g}") for number in (from_, to))
    return (start, end) if (end - start) * (to - from_) > 0 else (from_, to)


def _known(number: float | None) -> float:
    if number is None:
        raise ValueError("a number that was looked at is missing")
    return number


def _measure(measure: Measure) -> str:
    match measure:
        case Reach(from_, to):
            text = f"{{reach: {{from: {_number(from_)}, to: {_number(to)}}}}}"
        case Change(by, from_):
            start = "" if from_ == "at_start" else f", from: {_number(from_)}"
            text = f"{{change: {{by: {_step(by)}{start}}}}}"
        case Accumulate(to):
            text = f"{{accumulate: {{to: {_sum(to)}}}}}"
        case Budget(to):
            text = f"{{limit: {{to: {_number(to)}}}}}"
        case Maintain(low, high, share, of):
            ends = {"min": low, "max": high}
            band = "".join(f"{name}: {_number(end)}, " for name, end in ends.items() if end is not None)
            text = f"{{maintain: {{{band}share: {_number(share)}, of: {of}}}}}"
        case Cadence(at_least, per, share):
            text = f"{{cadence: {{at_least: {_number(at_least)}, per: {per.value}, share: {_number(share)}}}}}"
        case Milestones(items):
            text = f"{{milestones: [{', '.join(_step_of(each) for each in items)}]}}"
        case Baseline(needs):
            text = f"{{baseline: {{needs: {needs}}}}}"
        case Manual(from_, to):
            text = f"{{manual: {{from: {_number(from_)}, to: {_number(to)}}}}}"
        case _:
            assert_never(measure)
    return text


def _step(by: Share | Points) -> str:
    return f"{by.value * 100:+.12g}%" if isinstance(by, Share) else f"{by.value:+.15g}"


def _sum(to: float | RelativeTarget) -> str:
    return f"{to.share * 100:+.12g}% of {to.of}" if isinstance(to, RelativeTarget) else _number(to)


def _step_of(it: Milestone) -> str:
    parts = [f"title: {_text(it.title)}"]
    if it.weight != 1:
        parts.append(f"weight: {_number(it.weight)}")
    if it.when is not None:
        where = f", where: {_mapping(dict(it.when.where))}" if it.when.where else ""
        parts.append(f"when: {{metric: {it.when.metric}, at_least: {_number(it.when.at_least)}{where}}}")
    return f"{{{', '.join(parts)}}}"


def _has_direction(configuration: Configuration, it: KeyResult, grades: dict[str, Grade]) -> bool:
    """Whether a tenth better can be said of what was found: a good direction, and a value that is above 0."""
    metric, found = configuration.metrics[it.metric or ""], grades[it.full_id].baseline
    return metric.better != "in_band" and found is not None and found > 0


def _number(number: float | str) -> str:
    return number if isinstance(number, str) else f"{number:.15g}"


def _text(text: str) -> str:
    """In quotes, as JSON and YAML both read it."""
    return json.dumps(text, ensure_ascii=False)


def _mapping(pairs: dict[str, str]) -> str:
    return f"{{{', '.join(f'{_text(name)}: {_text(value)}' for name, value in pairs.items())}}}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
