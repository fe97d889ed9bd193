"""The sentences that tell what is wrong, with which value, where, and what to do.

Belongs here: words for people. Does not: deciding anything.

A sentence names the value, the threshold, the period and the dimensions, and ends with a way to fix it. Setting names
are those of `expect:` in a metric's definition.
"""

import difflib
import json
import math
from collections.abc import Callable, Hashable, Mapping
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.metric import Metric
from okr_pipeline.quality.comparing import weighs
from okr_pipeline.quality.delivery import Delivery
from okr_pipeline.quality.neighbours import Ints
from okr_pipeline.quality.rules import Rule
from okr_pipeline.quality.seasons import silence

_FORMATS: Final[Mapping[Grain, str]] = {
    Grain.HOUR: "%Y-%m-%d %H:%M",
    Grain.DAY: "%Y-%m-%d",
    Grain.WEEK: "the week of %Y-%m-%d",
    Grain.MONTH: "%Y-%m",
    Grain.QUARTER: "the quarter from %Y-%m-%d",
}

_MOST_LISTED: Final = 3
"""Members that are told by name."""


def row_reasons(
    rule: Rule, frame: pd.DataFrame, rows: Ints, delivery: Delivery, metrics: Mapping[str, Metric], calendar: Calendar
) -> list[str]:
    """Why each of some rows breaks a rule, a sentence per row."""
    if not len(rows):
        return []
    picked = frame.iloc[rows].assign(
        place=_places(delivery, rows, metrics, calendar),
        id=delivery.thresholds.ids[delivery.metric[rows]],
        by_weight=np.array([weighs(it) for it in delivery.definitions], dtype=bool)[delivery.metric[rows]],
        weight=delivery.points["weight"].iloc[rows].to_numpy(dtype=float),
        starts=delivery.points["period_start"].iloc[rows].to_numpy(dtype="datetime64[us]"),
        grain=[metrics[name].grain.value if name in metrics else "period" for name in _ids(delivery, rows)],
        falls_in=_told(_start, delivery, rows, metrics, calendar) if rule.name == "period" else "",
    )
    return _SENTENCES[rule.name](picked, list(metrics))


def delivery_reason(rule: str, row: Mapping[Hashable, float], metric: Metric | None, calendar: Calendar) -> str:
    """Why a whole delivery is refused, or what is stored is believed rather than it."""
    return _DELIVERY_SENTENCES[rule](row, _kind(metric, calendar))


def extra_reason(rule: str, observed: object) -> str:
    """Why a delivery is refused by a custom expectation over the whole of it."""
    seen = "" if observed is None else f" (observed: {observed})"
    return f"the values do not meet {rule}{seen}; correct them in the source, or its arguments under also"


def extra_row_reasons(
    rule: str, rows: Ints, delivery: Delivery, metrics: Mapping[str, Metric], calendar: Calendar
) -> list[str]:
    """Why each of some rows is refused by a custom expectation."""
    fix = f"does not meet {rule}; correct it in the source, or its arguments under also"
    places = _places(delivery, rows, metrics, calendar)
    return [f"{number(value)} for {place} {fix}" for value, place in zip(delivery.value[rows], places, strict=True)]


def errored_reason(rule: str, error: str) -> str:
    """Why rows are refused by a rule that could not be judged."""
    return f"rule {rule} errored and proves nothing: {error}; correct the rule"


def first_of(reason: str, failed: int, checked: int) -> str:
    """A reason that stands for several.

    >>> first_of("5 for 2013-05-03 is odd", 3, 90)
    '3 of 90 values fail; the first: 5 for 2013-05-03 is odd'
    """
    return reason if failed == 1 else f"{failed} of {checked} values fail; the first: {reason}"


def number(value: float) -> str:
    """A number as people write it.

    >>> number(1234567.0), number(0.5), number(1234.5678), number(float("inf"))
    ('1,234,567', '0.5', '1,234.57', 'inf')
    """
    if not math.isfinite(value):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.2f}" if 100 <= abs(value) < 1e15 else f"{value:.6g}"


def _ids(delivery: Delivery, rows: Ints) -> list[str]:
    return list(delivery.thresholds.ids[delivery.metric[rows]])


def _places(delivery: Delivery, rows: Ints, metrics: Mapping[str, Metric], calendar: Calendar) -> list[str]:
    """`2013-05-03 (carrier AA)` for each of some rows."""
    members = delivery.points["dimensions"].iloc[rows]
    texts = {text: _member(text) for text in members.dropna().unique()}
    labels = _told(_label, delivery, rows, metrics, calendar)
    return [label + texts.get(text, "") for label, text in zip(labels, members, strict=True)]


def _member(dimensions: str) -> str:
    try:
        pairs = json.loads(dimensions).items()
    except (ValueError, AttributeError):
        return f" ({dimensions})"
    return f" ({', '.join(f'{name} {member}' for name, member in pairs)})" if pairs else ""


def _told(
    tell: "Callable[[_Kind, int], str]",
    delivery: Delivery,
    rows: Ints,
    metrics: Mapping[str, Metric],
    calendar: Calendar,
) -> list[str]:
    """What is told of the period of each of some rows; of each period once."""
    keys = pd.DataFrame({"metric": delivery.metric[rows], "period": delivery.period[rows]})
    kinds = {code: _kind(metrics.get(delivery.thresholds.ids[code]), calendar) for code in keys["metric"].unique()}
    keys["kind"] = keys["metric"].map(kinds)
    unique = keys[["kind", "period"]].drop_duplicates()
    texts = {(kind, period): tell(kind, period) for kind, period in unique.itertuples(index=False, name=None)}
    return [texts[pair] for pair in zip(keys["kind"], keys["period"], strict=True)]


_Kind: TypeAlias = tuple[Calendar, Grain | None]
"""The periods of a metric."""


def _kind(metric: Metric | None, calendar: Calendar) -> _Kind:
    return (calendar, None) if metric is None else (metric.calendar_in(calendar), metric.grain)


def _label(kind: _Kind, period_us: int) -> str:
    calendar, grain = kind
    if period_us == np.iinfo(np.int64).min:
        return "no period"
    instant = pd.Timestamp(period_us, unit="us", tz="UTC").to_pydatetime()
    local = instant.astimezone(calendar.zone)
    if grain is not None and calendar.period_containing(instant, grain).start == instant:
        by_weeks = calendar.week_year is not None and grain is Grain.MONTH
        return local.strftime("the month from %Y-%m-%d" if by_weeks else _FORMATS[grain])
    # An instant within a period is not its start, and must not be told as one.
    starts_day = grain is not None and calendar.start_of_day(local.date()) == instant
    return local.strftime("%Y-%m-%d" if starts_day else "%Y-%m-%d %H:%M")


def _start(kind: _Kind, period_us: int) -> str:
    """The start of the period that an instant falls in, to the day for all but hours."""
    calendar, grain = kind
    if grain is None or period_us == np.iinfo(np.int64).min:
        return ""
    period = calendar.period_containing(pd.Timestamp(period_us, unit="us", tz="UTC").to_pydatetime(), grain)
    local = period.start.astimezone(calendar.zone)
    return local.strftime("%Y-%m-%d %H:%M" if grain is Grain.HOUR else "%Y-%m-%d")


def _volume(row: Mapping[Hashable, float], kind: _Kind) -> str:
    lost, stored = int(row["stored_values"] - row["kept_values"]), int(row["stored_values"])
    since = _label(kind, int(row["first_lost"]))
    if row["lost_tail"]:
        return (
            f"the read ends before what is stored: the newest {lost} of {stored} values, from {since} on, did not "
            "come; they are kept; check whether an old or a cut-off copy was delivered, and deliver it again"
        )
    return (
        f"the read brings only {int(row['kept_values'])} of the {stored} values that are stored for its window, the "
        f"first that is lacking is of {since}; what is stored is kept and nothing new is taken; check the source and "
        "its filter, or lower volume if they are truly gone"
    )


def _rewritten(row: Mapping[Hashable, float], kind: _Kind) -> str:
    told = f"{int(row['rewritten_values'])} of {int(row['closed_values'])} values that were read before, from "
    since = _label(kind, int(row["first_rewritten"]))
    how = (
        "changed by more than a fifth"
        if math.isnan(row["factor"])
        else f"were multiplied by {number(float(row['factor']))}"
    )
    return (
        f"{told}{since} on, {how}: the source means something else than before; what is stored is kept and nothing new "
        "is taken; look for a change of unit, currency, column or filter, or write rewritten: false if it is meant"
    )


def _restated(row: Mapping[Hashable, float], kind: _Kind) -> str:
    since = _label(kind, int(row["first_restated"]))
    return (
        f"{int(row['restated_values'])} of {int(row['settled_values'])} settled values changed, from {since} on, more "
        f"than the share of {number(float(row['restated']))} that restated allows; what is stored is kept and nothing "
        "new is taken; find out who changed the past, or raise restated if it is meant"
    )


def _new_members(row: Mapping[Hashable, float], kind: _Kind) -> str:  # noqa: ARG001 - it is of no period
    return (
        f"{int(row['new_series'])} members were never seen before, beside {int(row['known_series'])} that are known, "
        f"more than the {int(row['new_members'])} that new_members allows; nothing new is taken; look for a wrong "
        "column or join, or raise new_members if they are meant"
    )


def _complete(row: Mapping[Hashable, float], kind: _Kind) -> str:  # noqa: ARG001 - it is of all periods
    observed, expected = int(row["observed_periods"]), int(row["expected_periods"])
    return (
        f"only {observed} of {expected} periods read have a value ({number(100 * observed / expected)} %), less than "
        f"complete: {number(float(row['complete']))} asks for; nothing of the delivery is kept; wait until the source "
        "has caught up, or lower complete"
    )


_DELIVERY_SENTENCES: Final[Mapping[str, Callable[[Mapping[Hashable, float], _Kind], str]]] = {
    "volume": _volume,
    "rewritten": _rewritten,
    "restated": _restated,
    "new_members": _new_members,
    "complete": _complete,
}

_Sentences = Callable[[pd.DataFrame, list[str]], list[str]]


def _known_metric(rows: pd.DataFrame, known: list[str]) -> list[str]:
    nearest = {name: difflib.get_close_matches(name, known, n=1, cutoff=0.5) for name in rows["id"].unique()}
    hints = {name: f"; the nearest is '{close[0]}'" if close else "" for name, close in nearest.items()}
    return [
        f"'{name}' for {place} is not a metric that was asked for{hints[name]}; correct the id in the source"
        for name, place in zip(rows["id"], rows["place"], strict=True)
    ]


def _required(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    return ["a row has no metric, dimensions or period; make the query return all of them in every row"] * len(rows)


def _period(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    return [
        f"{place} is not the start of a {grain} in the metric's time zone; the {grain} that it falls in starts at "
        f"{start}: truncate to that, or correct timezone or grain"
        for place, grain, start in zip(rows["place"], rows["grain"], rows["falls_in"], strict=True)
    ]


def _type(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    return [
        f"'{str(raw)[:40]}' for {place} is text and not a number; cast it in the query, take to_number() of it in rows "
        "of an API, or correct it in the source"
        for raw, place in zip(rows["raw_value"], rows["place"], strict=True)
    ]


def _finite(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    return [
        f"{number(value)} for {place} is not a finite number; guard the division in the query, as by nullif"
        for value, place in zip(rows["value"], rows["place"], strict=True)
    ]


def _unique(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    by_key = rows.groupby("key_number")["value"]
    counts, values = by_key.size(), by_key.agg(lambda of_key: sorted(of_key.dropna().unique()))
    texts = {
        key: f"({', '.join(number(value) for value in values[key][:3])}{', …' if len(values[key]) > 3 else ''})"
        for key in counts.index
    }
    return [
        f"{counts[key]} rows were delivered for {place} {texts[key]} where one is expected; "
        "group the query by period and dimensions, or add_up records of an API"
        for key, place in zip(rows["key_number"], rows["place"], strict=True)
    ]


def _not_future(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    return [
        f"{number(value)} for {place} is of a period that has not begun; correct the date in the source, "
        "or leave plans and forecasts out of the query"
        for value, place in zip(rows["value"], rows["place"], strict=True)
    ]


def _bound(word: str, setting: str) -> _Sentences:
    def sentences(rows: pd.DataFrame, _known: list[str]) -> list[str]:
        return [
            f"{number(value)} for {place} is {word} {number(bound)}; correct it in the source, "
            f"or move the {setting} if it is true"
            for value, bound, place in zip(rows["value"], rows[setting], rows["place"], strict=True)
        ]

    return sentences


def _max_change(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    columns = zip(rows["value"], rows["reference"], rows["change"], rows["max_change"], rows["place"], strict=True)
    return [
        f"{number(value)} for {place} differs by {number(100 * change)} % from {number(reference)} before it, more "
        f"than the {number(100 * bound)} % that max_change allows; look for a change of unit or currency, "
        "or raise max_change if it is true"
        for value, reference, change, bound, place in columns
    ]


def _monotonic(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    return [
        f"{number(value)} for {place} is less than {number(previous)} before it, and monotonic lets it only grow; "
        "look for a reset or a missing part in the source"
        for value, previous, place in zip(rows["value"], rows["previous"], rows["place"], strict=True)
    ]


def _flat(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    return [
        f"{number(value)} for {place} is the same for {number(run)} periods in a row, more than flat: {number(bound)}; "
        "check that the source is still brought up to date"
        for value, run, bound, place in zip(rows["value"], rows["run_length"], rows["flat"], rows["place"], strict=True)
    ]


def _anomaly(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    columns = zip(rows["value"], rows["robust_z"], rows["usual"], rows["anomaly"], rows["place"], strict=True)
    return [
        f"{number(value)} for {place} is {number(round(z, 1))} robust deviations from {number(usual)}, which the "
        f"values before it lead to expect, more than anomaly: {number(bound)}; find out what happened, or raise "
        "anomaly if it is true"
        for value, z, usual, bound, place in columns
    ]


def _missing_members(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    columns = zip(
        rows["absent"],
        rows["usual_absent"],
        np.where(rows["by_weight"], "a weight of ", ""),
        rows["absence_z"],
        rows["anomaly"],
        rows["place"],
        rows["grain"],
        strict=True,
    )
    return [
        f"the period of {place} came without {_listed(absent)}, always there before, of which {what}{number(usual)} is "
        f"usual: {number(round(z, 1))} robust deviations above nothing, more than anomaly: {number(bound)}; wait until "
        f"it is delivered, or raise anomaly if it is true: after {_silence(grain)} without it a member has ended"
        for absent, usual, what, z, bound, place, grain in columns
    ]


def _listed(absent: tuple[str, ...]) -> str:
    """Members, the first three by name.

    >>> _listed(('{"channel":"phone"}', '{"channel":"chat","country":"DE"}'))
    'channel phone, and channel chat, country DE'
    """
    names = [_member(text).strip(" ()") for text in absent[:_MOST_LISTED]]
    more = [f"{len(absent) - _MOST_LISTED} more"] if len(absent) > _MOST_LISTED else []
    return ", and ".join([*names, *more])


def _silence(grain: str) -> str:
    """How long a member is absent that has ended.

    >>> _silence("day"), _silence("month")
    ('7 days', '3 months')
    """
    return f"{silence(Grain(grain))} {grain}s"


def _total(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    columns = zip(
        np.where(rows["by_weight"], "weights", "values"),
        rows["place"],
        rows["total"],
        rows["total_z"],
        rows["usual_total"],
        rows["anomaly"],
        strict=True,
    )
    return [
        f"the {what} of the period of {place} sum up to {number(total)}, {number(round(z, 1))} robust deviations from "
        f"{number(usual)}, which the periods before it lead to expect, more than anomaly: {number(bound)}; look for "
        "rows that are missing or counted twice, or raise anomaly if it is true"
        for what, place, total, z, usual, bound in columns
    ]


def _repeated(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    return [
        f"{number(value)} for {place} repeats an earlier value, as {number(round(100 * share))} % of the source's "
        "series that hardly ever do; load the period again, or write repeated: false if it is true"
        for value, share, place in zip(rows["value"], rows["repeated_share"], rows["place"], strict=True)
    ]


def _members(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    return [
        f"{number(value)} for {place} is of a member that is not listed; correct it in the source, or add it to members"
        for value, place in zip(rows["value"], rows["place"], strict=True)
    ]


def _grain(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    return [
        f"{number(value)} for {place} is a part of its {grain}, for others that begin inside it came as well; "
        f"group the query by {grain}"
        for value, place, grain in zip(rows["value"], rows["place"], rows["grain"], strict=True)
    ]


def _weight(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    return [
        f"{number(value)} for {place} has {'no weight' if math.isnan(weight) else f'the weight {number(weight)}'}, and "
        "a weighted mean needs one above 0; return the number of things it is the mean of"
        for value, weight, place in zip(rows["value"], rows["weight"], rows["place"], strict=True)
    ]


_SENTENCES: Final[Mapping[str, _Sentences]] = {
    "known_metric": _known_metric,
    "required": _required,
    "members": _members,
    "period": _period,
    "grain": _grain,
    "type": _type,
    "finite": _finite,
    "unique": _unique,
    "weight": _weight,
    "not_future": _not_future,
    "minimum": _bound("below the minimum of", "minimum"),
    "maximum": _bound("above the maximum of", "maximum"),
    "max_change": _max_change,
    "monotonic": _monotonic,
    "flat": _flat,
    "anomaly": _anomaly,
    "missing_members": _missing_members,
    "total": _total,
    "repeated": _repeated,
}
