"""A snapshot as the page says it: every figure formatted, every sentence made, nothing computed by the template.

Belongs here: what is shown, in which order, in which words. Does not: the shape of the parts (views), markup
(templates) or the rules of figures (numbers).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from itertools import islice
from zoneinfo import ZoneInfoNotFoundError

from markupsafe import Markup

from okr_pipeline.model.health import HealthState
from okr_pipeline.model.score import Status
from okr_pipeline.model.snapshot import (
    CycleRow,
    HealthRow,
    HealthStretch,
    KeyResultRow,
    ObjectiveRow,
    Snapshot,
    SourceTrust,
    Transition,
)
from okr_pipeline.model.zones import zone
from okr_pipeline.rendering import bands, charts, numbers, words
from okr_pipeline.rendering.anchors import anchors
from okr_pipeline.rendering.json_form import SnapshotError
from okr_pipeline.rendering.views import (
    BehindCard,
    Change,
    Changes,
    Chip,
    CycleSection,
    Gone,
    Health,
    HealthLine,
    KeyResultLine,
    Named,
    ObjectiveLine,
    Page,
    RefusedLine,
    Said,
    SourceLine,
    Trust,
    WeekLine,
)

SHOWN_BEHIND = 8
"""Key results that are behind and get a chart of their own; the others are listed by name."""

SHOWN_LISTED = 50
"""Of a list of key results, so that the page stays one that is read; the tables of the cycles have all."""

SHOWN_MOVERS = 3
SHOWN_REFUSED = 50
SHOWN_HEALTH = 50
LEAST_MOVE = 0.01
"""A change of gap, as a share, below which nobody moved."""

RESERVED_ANCHORS = ("main", "status", "behind", "changed", "trust", "unknown", "refused", "health", "method")


def page_of(snapshot: Snapshot) -> Page:
    """A snapshot as the page says it.

    Raises:
        SnapshotError: a time zone, a status or a key result that is named and does not exist.
    """
    view, listed = _View(snapshot), SHOWN_BEHIND + SHOWN_LISTED
    return Page(
        project=snapshot.project,
        mission=snapshot.mission,
        week=snapshot.week,
        week_days=words.days(snapshot.week_starts, snapshot.week_ends),
        as_of=words.moment(snapshot.as_of, view.zone),
        known_at=words.instant(snapshot.known_at, view.zone),
        timezone=snapshot.timezone,
        headline=snapshot.headline,
        chips=chips(snapshot.counts),
        total=sum(number for _, number in snapshot.counts),
        bar=status_bar(snapshot.counts),
        behind=tuple(view.behind_card(row) for row in view.behind[:SHOWN_BEHIND]),
        behind_more=tuple(view.named(row, numbers.points(row.gap)) for row in view.behind[SHOWN_BEHIND:listed]),
        behind_left=max(0, len(view.behind) - listed),
        none_behind=_none_behind(dict(snapshot.counts)),
        changes=_changes(view),
        trust=_trust(view),
        health=_health(view),
        cycles=tuple(view.cycle(cycle) for cycle in snapshot.cycles),
        status_rule=snapshot.status_rule,
        config_version=snapshot.config_version,
        example_id=next(iter(view.rows), "<id>"),
        notes=snapshot.notes,
    )


def _none_behind(counts: Mapping[str, int]) -> str:
    """What is said where no key result is behind: no more than is known.

    >>> _none_behind({"on_track": 3, "missed": 1, "unknown": 2})
    'No key result that still runs is known to be behind its plan; 1 ended short of its target; 2 cannot be told.'
    """
    missed, unknown = counts.get(Status.MISSED, 0), counts.get(Status.UNKNOWN, 0)
    runs, known = " that still runs" if missed else "", " known to be" if unknown else ""
    said = [f"No key result{runs} is{known} behind its plan"]
    said += [f"{missed} ended short of {'its target' if missed == 1 else 'their targets'}"] if missed else []
    said += [f"{unknown} cannot be told"] if unknown else []
    return "; ".join(said) + "."


def chips(counts: Iterable[tuple[str, int]]) -> tuple[Chip, ...]:
    """How many key results have each status, without the statuses that none has."""
    return tuple(Chip(status, status_word(status), numbers.count(number)) for status, number in counts if number)


def status_bar(counts: Sequence[tuple[str, int]]) -> Markup:
    """The counts as one stacked bar."""
    said = ", ".join(f"{numbers.count(number)} {status_word(status)}" for status, number in counts if number)
    return charts.stacked_bar(counts, f"Key results by status: {said or 'none'}")


def status_word(status: str) -> str:
    """A status as people read it.

    Raises:
        SnapshotError: there is no such status.
    """
    try:
        return words.status_word(status)
    except ValueError as error:
        known = ", ".join(Status)
        raise SnapshotError(f"status {status!r} does not exist. A status is one of {known}.") from error


class _View:
    """A snapshot with what its parts need of the whole: zone, anchors, and rows by id."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.zone = _zone(snapshot.timezone)
        self.rows: Mapping[str, KeyResultRow] = {row.id: row for row in _rows(snapshot)}
        objectives = (f"objective/{objective.id}" for cycle in snapshot.cycles for objective in cycle.objectives)
        cycles = (f"cycle/{cycle.id}" for cycle in snapshot.cycles)
        self.anchors = anchors([*self.rows, *objectives, *cycles], taken=RESERVED_ANCHORS)
        self.behind = tuple(self.row(id_) for id_ in snapshot.behind)

    def row(self, id_: str) -> KeyResultRow:
        """The row of a key result that another part of the snapshot names."""
        if id_ not in self.rows:
            raise SnapshotError(
                f"key result '{id_}' is named as behind but is in no cycle of the snapshot. Add its row."
            )
        return self.rows[id_]

    def day(self, at: datetime) -> str:
        """The day of an instant, with its year only where that is not the page's."""
        return words.day_in(words.last_day(at, self.zone), self.snapshot.as_of.astimezone(self.zone).year)

    def start(self, at: datetime) -> str:
        """The day on which a period began, with its year only where that is not the page's."""
        return words.day_in(at.astimezone(self.zone).date(), self.snapshot.as_of.astimezone(self.zone).year)

    def key_result(self, row: KeyResultRow) -> KeyResultLine:
        """A row of the table."""
        unit = numbers.shown_unit(row.measure, row.unit, target=row.target, baseline=row.baseline)
        return KeyResultLine(
            anchor=self.anchors[row.id],
            title=row.title,
            owner=row.owner,
            status=row.status,
            word=status_word(row.status),
            spark=charts.sparkline(row, as_of=self.snapshot.as_of, zone=self.zone),
            now=numbers.quantity(row.value, unit, apart_from=row.target),
            reason=_reason(row),
            before=_before(row),
            weight=None if row.weight == 1 else numbers.quantity(row.weight, "count"),
            last_good=_last_good(row, unit),
            plan=numbers.quantity(row.plan_value, unit, apart_from=row.target),
            target=numbers.quantity(row.target, unit),
            progress=numbers.percent(row.progress),
            outlook=_outlook(row, unit),
            gap=numbers.points(row.gap),
            change=numbers.points(row.gap_change),
            age=numbers.age(row.data_age_hours),
            observed=numbers.percent(row.observed_share) if row.observed_share not in {None, 1.0} else None,
            provisional=row.provisional,
            alert_since=self.day(row.alert_since) if row.alert_since else None,
        )

    def behind_card(self, row: KeyResultRow) -> BehindCard:
        """A key result that is behind, with its burn-up."""
        drawn = charts.plot(row, charts.BURN_UP, as_of=self.snapshot.as_of, zone=self.zone)
        return BehindCard(
            line=self.key_result(row),
            metric=row.metric_name or row.metric,
            explanation=row.explanation,
            said=_said(row, self.snapshot.as_of.astimezone(self.zone).year),
            burn_up=charts.burn_up(row, as_of=self.snapshot.as_of, zone=self.zone),
            target_top=f"{100 * drawn.target_y / charts.BURN_UP.height:.1f}",
            now_left=_clear(drawn.now_x),
            starts=words.short_day(row.starts),
            today=words.short_day(words.last_day(self.snapshot.as_of, self.zone)),
            ends=words.short_day(row.ends),
        )

    def named(self, row: KeyResultRow, said: str, detail: str | None = None) -> Named:
        """A link to a key result."""
        return Named(self.anchors[row.id], row.title, row.owner, row.status, status_word(row.status), said, detail)

    def cycle(self, cycle: CycleRow) -> CycleSection:
        """A cycle with its objectives."""
        elapsed = numbers.percent(cycle.elapsed_share)
        return CycleSection(
            anchor=self.anchors[f"cycle/{cycle.id}"],
            id=cycle.id,
            days=words.days(cycle.starts, cycle.ends),
            elapsed=elapsed,
            elapsed_bar=charts.elapsed_bar(cycle.elapsed_share, f"{elapsed} of the cycle has passed"),
            left=f"{words.plural(cycle.days_left, 'day')} left" if cycle.days_left > 0 else "ended",
            objectives=tuple(self.objective(objective) for objective in cycle.objectives),
            key_results=sum(len(objective.key_results) for objective in cycle.objectives),
        )

    def objective(self, objective: ObjectiveRow) -> ObjectiveLine:
        """An objective with its key results."""
        return ObjectiveLine(
            anchor=self.anchors[f"objective/{objective.id}"],
            depth=min(objective.depth, 4),
            title=objective.title,
            why=objective.why,
            level=objective.level,
            intent=objective.intent,
            owner=objective.owner,
            status=objective.status,
            word=status_word(objective.status),
            score=numbers.percent(objective.score),
            expected=numbers.percent(objective.expected_progress),
            bounds=_bounds(objective),
            reason=words.reason(objective.reason) if objective.reason else None,
            worst=self._worst(objective),
            key_results=tuple(self.key_result(row) for row in objective.key_results),
        )

    def _worst(self, objective: ObjectiveRow) -> Named | None:
        row = self.rows.get(objective.worst_key_result or "")
        held_back = objective.status in {Status.AT_RISK, Status.BEHIND, Status.PARTIAL, Status.MISSED}
        return self.named(row, numbers.points(row.gap)) if row is not None and held_back else None


def _changes(view: _View) -> Changes:
    rows = tuple(view.rows.values())
    transitions, removed = view.snapshot.transitions, view.snapshot.removed
    if len(transitions) > SHOWN_LISTED:
        transitions = _worst_first(view.snapshot)
    comparable = bool(transitions or removed) or any(row.previous_status is not None for row in rows)
    return Changes(
        comparable=comparable,
        transitions=tuple(_change(view, transition) for transition in transitions[:SHOWN_LISTED]),
        removed=tuple(
            Gone(it.title, it.status, status_word(it.status), words.short_day(it.scored_on))
            for it in removed[:SHOWN_LISTED]
        ),
        left=max(0, len(transitions) - SHOWN_LISTED) + max(0, len(removed) - SHOWN_LISTED),
        gained=_movers(view, rows, 1),
        lost=_movers(view, rows, -1),
        new=sum(row.previous_status is None for row in rows) if comparable else 0,
    )


def _worst_first(snapshot: Snapshot) -> tuple[Transition, ...]:
    """The transitions by the status that they lead to, in the order of the counts."""
    order = {status: place for place, (status, _) in enumerate(snapshot.counts)}
    return tuple(sorted(snapshot.transitions, key=lambda it: order.get(it.after, len(order))))


def _change(view: _View, transition: Transition) -> Change:
    return Change(
        anchor=view.anchors.get(transition.key_result),
        title=transition.title,
        before=transition.before,
        before_word=status_word(transition.before),
        after=transition.after,
        after_word=status_word(transition.after),
    )


def _movers(view: _View, rows: Iterable[KeyResultRow], sign: int) -> tuple[Named, ...]:
    """Those that are pursued and whose gap to plan changed most in one direction, most first."""
    pursued = [row for row in rows if row.status not in {Status.PAUSED, Status.CANCELLED}]
    moved = [row for row in pursued if row.gap_change is not None and sign * row.gap_change >= LEAST_MOVE]
    moved.sort(key=lambda row: (-sign * (row.gap_change or 0.0), row.id))
    return tuple(view.named(row, numbers.points(row.gap_change)) for row in islice(moved, SHOWN_MOVERS))


def _trust(view: _View) -> Trust:
    snapshot = view.snapshot
    unknown = [row for row in view.rows.values() if row.status == Status.UNKNOWN]
    doubts = _doubts(snapshot, len(unknown))
    provisional = sum(row.provisional for row in view.rows.values())
    refused = snapshot.quarantined[:SHOWN_REFUSED]
    return Trust(
        verdict="Not all of them." if doubts else "Yes.",
        because=_because(snapshot, doubts, provisional),
        sources=tuple(_source(view, source) for source in snapshot.sources),
        refused=tuple(
            RefusedLine(
                row.metric,
                words.members(row.dimensions),
                words.start(row.period_start, view.zone),
                row.rule,
                row.reason,
            )
            for row in refused
        ),
        refused_more=len(snapshot.quarantined) - len(refused),
        check_ins=_check_ins(snapshot),
        unknown=tuple(view.named(row, words.reason(row.reason), row.explanation) for row in unknown[:SHOWN_LISTED]),
        unknown_more=max(0, len(unknown) - SHOWN_LISTED),
    )


def _doubts(snapshot: Snapshot, unknown: int) -> list[str]:
    unwell = [source for source in snapshot.sources if source.state != "ok"]
    failed = sum(source.failed_checks for source in snapshot.sources)
    refused = len(snapshot.quarantined)
    said = (
        (len(unwell), f"{len(unwell)} of {words.plural(len(snapshot.sources), 'source')} not up to date"),
        (refused, f"{words.plural(refused, 'value')} refused"),
        (failed, f"{words.plural(failed, 'check')} failed"),
        (unknown, f"{words.plural(unknown, 'key result')} unknown"),
    )
    return [text for number, text in said if number]


def _because(snapshot: Snapshot, doubts: Sequence[str], provisional: int) -> str:
    note = f" {words.plural(provisional, 'value')} still provisional." if provisional else ""
    if doubts:
        said = words.listed(doubts)
        return f"{said[:1].upper()}{said[1:]}.{note}"
    if not snapshot.sources:
        return f"No source is read.{note}"
    every = "The source is" if len(snapshot.sources) == 1 else f"All {len(snapshot.sources)} sources are"
    return f"{every} up to date, no value was refused, no check failed.{note}"


def _check_ins(snapshot: Snapshot) -> str | None:
    rate = snapshot.check_ins
    if rate is None:
        return None
    return f"Checked in by people, as often as agreed: {rate.made:,} of {words.plural(rate.due, 'running key result')}."


def _source(view: _View, source: SourceTrust) -> SourceLine:
    newest = source.newest_period_end
    hours = None if newest is None else (view.snapshot.as_of - newest).total_seconds() / 3600
    return SourceLine(
        id=source.id,
        connector=source.connector,
        state=source.state,
        word=source.state.replace("_", " "),
        detail=source.detail,
        newest=numbers.age(hours),
        newest_day="" if newest is None else words.day(words.last_day(newest, view.zone)),
        changed="never" if source.last_change_at is None else words.instant(source.last_change_at, view.zone),
        metrics=numbers.count(source.metrics),
        key_results=numbers.count(source.key_results),
        quarantined=numbers.count(source.quarantined),
        failed_checks=numbers.count(source.failed_checks),
    )


def _health(view: _View) -> Health:
    rows = view.snapshot.health
    return Health(
        answer=bands.answer(dict(view.snapshot.health_counts), sum(row.review_since is not None for row in rows)),
        lines=tuple(_health_line(view, row) for row in rows[:SHOWN_HEALTH]),
        more=max(0, len(rows) - SHOWN_HEALTH),
    )


def _health_line(view: _View, row: HealthRow) -> HealthLine:
    unit = bands.band_unit(row.unit, row.low, row.high)
    bound = row.high if (row.distance or 0) > 0 else row.low
    return HealthLine(
        name=row.name,
        members=words.members(row.dimensions),
        owner=row.owner or "nobody",
        shape=bands.state_shape(row.state),
        word=HealthState(row.state).word,
        value=numbers.quantity(row.value, unit, apart_from=bound),
        reason=words.reason(row.reason) if row.reason else None,
        band=bands.band_words(row.low, row.high, unit),
        since=view.start(row.since) if row.since else "",
        streak=bands.streak_words(row.periods_in_row) if row.since else "",
        signal=bands.signal_words(row.state, row.signal, row.direction, noise=row.noise),
        review=view.start(row.review_since) if row.review_since else None,
        weeks=tuple(_week_line(row, stretch, unit) for stretch in row.stretches),
    )


def _week_line(row: HealthRow, stretch: HealthStretch, unit: str) -> WeekLine:
    bound = row.high if row.high is not None else row.low
    outside = f"{stretch.outside} of {stretch.periods} outside" if stretch.outside else None
    return WeekLine(words.short_day(stretch.starts), numbers.quantity(stretch.value, unit, apart_from=bound), outside)


def _before(row: KeyResultRow) -> str | None:
    if row.previous_status is None or row.previous_status == row.status:
        return None
    return status_word(row.previous_status)


def _reason(row: KeyResultRow) -> str | None:
    """Why it is unknown or out of reach, where the status does not say it already."""
    if row.reason == row.status or (row.reason is None and row.status != Status.UNKNOWN):
        return None
    return words.reason(row.reason)


def _outlook(row: KeyResultRow, unit: str) -> str | None:
    """Which value it will have at its end, and how likely that is the target."""
    if row.forecast is None:
        return None
    low, high = (numbers.quantity(end, unit) for end in (row.forecast.value_low, row.forecast.value_high))
    ends = low if low == high else f"{low} to {high}"
    return f"{ends} at the end, chance {numbers.chance(row.forecast.probability)}"


def _said(row: KeyResultRow, year: int) -> Said | None:
    """The last check-in: who and when with its numbers, and the words."""
    told = row.check_in
    if told is None:
        return None
    who = f"{told.author}, {words.day_in(told.on, year)}"
    confidence = f", confidence {numbers.percent(told.confidence)}" if told.confidence is not None else ""
    return Said(who + confidence, " ".join(filter(None, (told.note, told.finding))))


def _last_good(row: KeyResultRow, unit: str) -> str | None:
    if row.last_good_value is None:
        return None
    known = row.last_good_age_hours not in {None, row.data_age_hours}
    ago = f", {numbers.age(row.last_good_age_hours)} ago" if known else ""
    return f"was {numbers.quantity(row.last_good_value, unit)}{ago}"


def _bounds(objective: ObjectiveRow) -> str | None:
    """What the score can be, where not everything is known."""
    if objective.coverage >= 1 or objective.score_low is None or objective.score_high is None:
        return None
    low, high = numbers.percent(objective.score_low), numbers.percent(objective.score_high)
    return f"{low} to {high} possible, as {numbers.percent(objective.coverage)} of its weight is known"


def _rows(snapshot: Snapshot) -> Iterator[KeyResultRow]:
    for cycle in snapshot.cycles:
        for objective in cycle.objectives:
            yield from objective.key_results


def _clear(now_x: int) -> str | None:
    """Where today's date stands below the chart, in percent; None where it would run into those at the ends."""
    share = now_x / charts.BURN_UP.width
    return f"{100 * share:.1f}" if 0.3 <= share <= 0.8 else None


def _zone(name: str) -> tzinfo:
    try:
        return zone(name)
    except ZoneInfoNotFoundError as error:
        raise SnapshotError(f"time zone {name!r} does not exist. Use an IANA name such as America/New_York.") from error
