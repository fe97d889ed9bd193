"""The shape of objectives: how many, of whom, under what, made of what.

Belongs here: rules across key results and objectives. Does not: one key result by itself (titles, targets).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from okr_pipeline.linting.findings import Finding
from okr_pipeline.linting.measures import figure
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import Accumulate, KeyResult, Level, Milestones, Objective, Reach

MOST_KEY_RESULTS: Final = 5
MOST_OBJECTIVES: Final = 5
MOST_NAMED: Final = 5
LEAST_WEIGHT_SHARE: Final = 0.05
NOBODY: Final = frozenset(
    {"", "tbd", "todo", "tba", "none", "nobody", "n/a", "na", "unassigned", "everyone", "all", "team", "us", "?", "-"}
)
_RANKS: Final = {level: rank for rank, level in enumerate(Level)}


def lint_shape(configuration: Configuration) -> Iterator[Finding]:
    """Every rule of shape."""
    for objective in configuration.objectives.values():
        yield from _counts(objective)
        yield from _made_of(objective)
        yield from _weights(objective)
    yield from _owners(configuration)
    yield from _reasons(configuration)
    yield from _alignment(configuration)
    yield from _lagging(configuration)
    yield from _counted_twice(configuration)
    yield from _two_targets(configuration)
    yield from _copied(configuration)


def _active(objective: Objective) -> list[KeyResult]:
    return [it for it in objective.key_results if it.state != "cancelled"]


def _counts(objective: Objective) -> Iterator[Finding]:
    count = len(_active(objective))
    if count == 1:
        rewrite = "Add one to four that would show it if this number were met the wrong way"
        yield _of(objective, "one-key-result", ("key_results",), "it has one key result", rewrite)
    if count > MOST_KEY_RESULTS:
        rewrite = (
            f"Keep the {MOST_KEY_RESULTS} that decide, watch the others as KPIs with a `healthy` band, or split it"
        )
        yield _of(objective, "too-many-key-results", ("key_results",), f"it has {count} key results", rewrite)


def _made_of(objective: Objective) -> Iterator[Finding]:
    active = _active(objective)
    if len(active) < 2:
        return
    metrics = {it.metric for it in active}
    if len(metrics) == 1 and None not in metrics:
        what = f"all {len(active)} key results read '{active[0].metric}'"
        rewrite = "Add a key result on something that would get worse if this number were forced"
        yield _of(objective, "one-metric", ("key_results",), what, rewrite)
    if all(isinstance(it.measure, Milestones) for it in active):
        rewrite = "Add the number that should move once the steps are done; list the steps under `initiatives`"
        yield _of(objective, "only-milestones", ("key_results",), "all of its key results are steps", rewrite)


def _weights(objective: Objective) -> Iterator[Finding]:
    total = sum(it.weight for it in _active(objective))
    for it in _active(objective):
        if it.weight < LEAST_WEIGHT_SHARE * total:
            what = f"it has {it.weight / total:.1%} of its objective's weight".replace("%", " %")
            rewrite = f"Write `weight: {LEAST_WEIGHT_SHARE * 2 * total:.3g}` or more, or remove it"
            yield Finding("negligible-weight", "key_result", it.full_id, ("weight",), what, rewrite)


def _owners(configuration: Configuration) -> Iterator[Finding]:
    for metric in configuration.metrics.values():
        if metric.owner is None or _is_nobody(metric.owner):
            said = "it has no owner" if metric.owner is None else f"its owner is '{metric.owner}'"
            keys = ("owner",) if metric.owner else ()
            yield Finding("no-owner", "metric", metric.id, keys, said, "Write `owner:` with one person or address")
    owned: dict[tuple[str, str], list[Objective]] = defaultdict(list)
    for objective in configuration.objectives.values():
        owned[objective.owner, objective.cycle].append(objective)
        if _is_nobody(objective.owner):
            said = f"its owner is '{objective.owner}'"
            yield _of(objective, "no-owner", ("owner",), said, "Write `owner:` with one person or address")
    for (owner, cycle), objectives in owned.items():
        if len(objectives) > MOST_OBJECTIVES:
            what = f"{owner} owns {len(objectives)} objectives in {cycle}"
            rewrite = f"Keep {MOST_OBJECTIVES}, hand others over, or put off what need not be now"
            yield _of(objectives[MOST_OBJECTIVES], "too-many-objectives", ("owner",), what, rewrite)


def _is_nobody(owner: str) -> bool:
    return owner.strip().lower() in NOBODY


def _reasons(configuration: Configuration) -> Iterator[Finding]:
    for objective in configuration.objectives.values():
        if objective.why is None:
            yield _of(
                objective, "no-why", (), "it has no `why`", "Write `why:` with what changes for whom if it is met"
            )


def _alignment(configuration: Configuration) -> Iterator[Finding]:
    for objective in configuration.objectives.values():
        if objective.parent is not None:
            continue
        above = [it for it in configuration.objectives.values() if _is_above(configuration, it, objective)]
        if above:
            what = f"a {objective.level.value} objective aligned to nothing"
            names = " or ".join(f"`parent: {it.full_id}`" for it in above[:2])
            yield _of(objective, "aligned-to-nothing", (), f"is {what}", f"Write {names}")


def _is_above(configuration: Configuration, one: Objective, other: Objective) -> bool:
    """Whether an objective is of a higher level, in a cycle that shares a day with the other's."""
    first, second = configuration.cycles[one.cycle], configuration.cycles[other.cycle]
    meets = first.starts <= second.ends and second.starts <= first.ends
    return meets and _RANKS[one.level] < _RANKS[other.level]


def _lagging(configuration: Configuration) -> Iterator[Finding]:
    """At the heads of lines: an objective with all that stand below it."""
    below: dict[str, list[Objective]] = defaultdict(list)
    for objective in configuration.objectives.values():
        below[objective.parent or ""].append(objective)
    heads = [it for it in configuration.objectives.values() if it.parent not in configuration.objectives]
    for head in heads:
        line = list(_line(head, below))
        kinds = [configuration.metrics[it.metric].kind for o in line for it in _active(o) if it.metric]
        if len(kinds) >= 2 and set(kinds) == {"lagging"}:
            what = f"all {len(kinds)} metrics of it and of what is below it are lagging"
            rewrite = "Add a key result on something that moves first, of a metric with `kind: leading`"
            yield _of(head, "no-leading-metric", ("key_results",), what, rewrite)


def _line(head: Objective, below: Mapping[str, list[Objective]]) -> Iterator[Objective]:
    yield head
    for child in below.get(head.full_id, []):
        yield from _line(child, below)


def _counted_twice(configuration: Configuration) -> Iterator[Finding]:
    """The same members of one metric, on the same days, in one objective or in one and a contributor of it.

    One finding for all that are bound together so: at the second key result of the objective that the others add to,
    or at its only one.
    """
    lines = {
        it.full_id: [it.full_id, *(each.full_id for each in _adds_to(configuration, it))]
        for it in configuration.objectives.values()
    }
    highest_first = sorted(configuration.objectives.values(), key=lambda it: len(lines[it.full_id]))
    reading = [each for it in highest_first for each in _active(it) if each.metric]
    order = {it.full_id: place for place, it in enumerate(reading)}
    groups: dict[tuple[object, ...], list[list[KeyResult]]] = defaultdict(list)
    for it in reading:
        known = groups[it.metric, tuple(sorted(it.where.items()))]
        bound, apart = list[list[KeyResult]](), list[list[KeyResult]]()
        for group in known:
            (bound if any(_counts_with(it, other, lines) for other in group) else apart).append(group)
        whole = bound[0] if bound else []
        for group in bound[1:]:
            whole += group
        whole.append(it)
        known[:] = [*apart, whole]
    for group in (each for known in groups.values() for each in known if len(each) > 1):
        yield _many_times(sorted(group, key=lambda it: order[it.full_id]))


def _counts_with(one: KeyResult, other: KeyResult, lines: Mapping[str, Sequence[str]]) -> bool:
    """Whether days of both count in one objective; `lines` has each objective with those that it adds to."""
    overlap = one.starts <= other.ends and other.starts <= one.ends
    return overlap and (one.objective in lines[other.objective] or other.objective in lines[one.objective])


def _many_times(group: list[KeyResult]) -> Finding:
    """The finding of a group, whose first key results are of the highest objective."""
    beside = [it for it in group if it.objective == group[0].objective]
    one = beside[min(1, len(beside) - 1)]
    others = defaultdict[str, list[str]](list)
    for it in group:
        if it is not one:
            through = f"which adds to it through {it.objective}"
            others["in the same objective" if it in beside else through].append(it.full_id)
    ways = [f"as {_listed(ids)} {'does' if len(ids) == 1 else 'do'}, {how}" for how, ids in others.items()]
    if len(ways) > MOST_NAMED:
        left = sum(len(ids) for ids in list(others.values())[MOST_NAMED - 1 :])
        ways[MOST_NAMED - 1 :] = [f"as {left} more do through other objectives"]
    told = " and ".join(ways)
    rest = "the two" if len(group) == 2 else f"the {len(group)}"
    rewrite = f"Let one of {rest} read another metric, or other members of it; or say why both count"
    return Finding("counted-twice", "key_result", one.full_id, ("metric",), f"reads '{one.metric}' {told}", rewrite)


def _listed(ids: Sequence[str]) -> str:
    """Ids as a sentence lists them, many by the first and their number.

    >>> _listed(["a"]), _listed(["a", "b", "c"]), _listed(["a", "b", "c", "d", "e", "f", "g"])
    ('a', 'a, b and c', 'a, b, c, d and 3 more')
    """
    shown = list(ids) if len(ids) <= MOST_NAMED else [*ids[: MOST_NAMED - 1], f"{len(ids) - MOST_NAMED + 1} more"]
    return " and ".join(it for it in (", ".join(shown[:-1]), shown[-1]) if it)


def _adds_to(configuration: Configuration, objective: Objective) -> Iterator[Objective]:
    """The objectives that a score is added to, one above the other."""
    above = configuration.objectives.get(objective.parent or "")
    if objective.contributes_weight is not None and above is not None:
        yield above
        yield from _adds_to(configuration, above)


def _two_targets(configuration: Configuration) -> Iterator[Finding]:
    by_reading: dict[tuple[object, ...], list[KeyResult]] = defaultdict(list)
    for it in configuration.key_results():
        if isinstance(it.measure, Reach) and it.state == "active" and it.metric:
            by_reading[it.metric, tuple(sorted(it.where.items())), str(it.over)].append(it)
    for group in by_reading.values():
        for first, second in combinations(group, 2):
            if first.ends == second.ends and _target(first) != _target(second):
                metric = configuration.metrics[second.metric or ""]
                ours, theirs = (figure(_target(it), metric) for it in (second, first))
                what = f"wants {ours} of '{second.metric}' by {second.ends}, {first.full_id} wants {theirs}"
                rewrite = "Agree on one target, or give the two different members or dates"
                yield Finding("two-targets", "key_result", second.full_id, ("measure",), what, rewrite)


def _target(key_result: KeyResult) -> float:
    match key_result.measure:
        case Reach(_, to):
            return to
        case Accumulate(to) if isinstance(to, int | float):
            return float(to)
        case _:
            return float("nan")


def _copied(configuration: Configuration) -> Iterator[Finding]:
    alike: dict[tuple[object, ...], list[KeyResult]] = defaultdict(list)
    measured = [it for it in configuration.key_results() if it.metric and it.state != "cancelled"]
    for it in measured:
        alike[_asked_for(it)].append(it)
    for it in measured:
        before = [other for other in alike[_asked_for(it)] if _is_copy(configuration, it, other)]
        if before:
            metric = configuration.metrics[it.metric or ""]
            what = f"asks for {figure(_target(it), metric)}, as {before[-1].full_id} did"
            rewrite = "Set the target from what that one came to, or say what will be different"
            yield Finding("copied-target", "key_result", it.full_id, ("measure",), what, rewrite)


def _asked_for(it: KeyResult) -> tuple[object, ...]:
    """What is measured of what, and its target."""
    return it.metric, tuple(sorted(it.where.items())), it.measure.kind, _target(it)


def _is_copy(configuration: Configuration, it: KeyResult, other: KeyResult) -> bool:
    """Whether the other has the same target, in a cycle of about the same length that ended before."""
    ours, theirs = configuration.cycles[it.cycle], configuration.cycles[other.cycle]
    lengths = [(cycle.ends - cycle.starts).days + 1 for cycle in (ours, theirs)]
    return theirs.ends < ours.starts and max(lengths) <= 1.25 * min(lengths) and _target(it) == _target(other)


def _of(objective: Objective, rule: str, keys: Iterable[str], what: str, rewrite: str) -> Finding:
    return Finding(rule, "objective", objective.full_id, tuple(keys), what, rewrite)
