"""The sentences that tell what is wrong, with which value, where, and what to do.

Belongs here: words for people. Does not: deciding anything.

A sentence names the value, the threshold, the period and the dimensions, and ends with a way to fix it. Setting names
are those of `expect:` in a metric's definition.
"""

import difflib
import json
import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.metric import Metric
from okr_pipeline.quality.delivery import Delivery
from okr_pipeline.quality.neighbours import Ints
from okr_pipeline.quality.rules import LEAST_KEPT_SHARE, Rule

_FORMATS: Final[Mapping[Grain, str]] = {
    Grain.HOUR: "%Y-%m-%d %H:%M",
    Grain.DAY: "%Y-%m-%d",
    Grain.WEEK: "the week of %Y-%m-%d",
    Grain.MONTH: "%Y-%m",
    Grain.QUARTER: "the quarter from %Y-%m-%d",
}


def row_reasons(
    rule: Rule, frame: pd.DataFrame, rows: Ints, delivery: Delivery, metrics: Mapping[str, Metric], calendar: Calendar
) -> list[str]:
    """Why each of some rows breaks a rule, a sentence per row."""
    if not len(rows):
        return []
    picked = frame.iloc[rows].assign(
        place=_places(delivery, rows, metrics, calendar),
        id=delivery.thresholds.ids[delivery.metric[rows]],
        starts=delivery.points["period_start"].iloc[rows].to_numpy(dtype="datetime64[us]"),
        grain=[metrics[name].grain.value if name in metrics else "period" for name in _ids(delivery, rows)],
    )
    return _SENTENCES[rule.name](picked, list(metrics))


def volume_reason(stored: int, kept: int) -> str:
    """Why the values that a read lacks are not believed to be gone."""
    return (
        f"the read has only {kept} of the {stored} values that are stored for its window, "
        f"{number(100 * (1 - LEAST_KEPT_SHARE))} % or more are missing; they are kept; check the source and its "
        "filter, or read a longer stretch again if they are truly gone"
    )


def complete_reason(observed: int, expected: int, threshold: float) -> str:
    """Why a delivery is refused for its gaps."""
    return (
        f"only {observed} of {expected} periods read have a value ({number(100 * observed / expected)} %), less than "
        f"complete: {number(threshold)} asks for; nothing of the delivery is kept; wait until the source has caught "
        "up, or lower complete"
    )


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
    labels = _labels(delivery, rows, metrics, calendar)
    return [label + texts.get(text, "") for label, text in zip(labels, members, strict=True)]


def _member(dimensions: str) -> str:
    try:
        pairs = json.loads(dimensions).items()
    except (ValueError, AttributeError):
        return f" ({dimensions})"
    return f" ({', '.join(f'{name} {member}' for name, member in pairs)})" if pairs else ""


def _labels(delivery: Delivery, rows: Ints, metrics: Mapping[str, Metric], calendar: Calendar) -> list[str]:
    keys = pd.DataFrame({"metric": delivery.metric[rows], "period": delivery.period[rows]})
    kinds = {code: _kind(metrics.get(delivery.thresholds.ids[code]), calendar) for code in keys["metric"].unique()}
    keys["kind"] = keys["metric"].map(kinds)
    unique = keys[["kind", "period"]].drop_duplicates()
    texts = {(kind, period): _label(kind, period) for kind, period in unique.itertuples(index=False, name=None)}
    return [texts[pair] for pair in zip(keys["kind"], keys["period"], strict=True)]


def _kind(metric: Metric | None, calendar: Calendar) -> tuple[str, str]:
    if metric is None:
        return calendar.timezone, "%Y-%m-%d %H:%M"
    return metric.timezone or calendar.timezone, _FORMATS[metric.grain]


def _label(kind: tuple[str, str], period_us: int) -> str:
    timezone, style = kind
    if period_us == np.iinfo(np.int64).min:
        return "no period"
    local = pd.Timestamp(period_us, unit="us", tz="UTC").tz_convert(timezone)
    # A start in the middle of the day is not the start of a day, and must not be told as one.
    return local.strftime(style) if local.time() == pd.Timestamp(0).time() else local.strftime("%Y-%m-%d %H:%M")


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
        f"{place} is not the start of a {grain} in the metric's time zone; truncate to the {grain} in that zone, "
        "or correct timezone or grain"
        for place, grain in zip(rows["place"], rows["grain"], strict=True)
    ]


def _type(rows: pd.DataFrame, _known: list[str]) -> list[str]:
    return [
        f"'{str(raw)[:40]}' for {place} is text and not a number; cast it in the query or correct it in the source"
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
        "group the query by period and dimensions"
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
    columns = zip(rows["value"], rows["robust_z"], rows["median"], rows["anomaly"], rows["place"], strict=True)
    return [
        f"{number(value)} for {place} is {number(round(z, 1))} robust deviations from {number(median)}, the median "
        f"before it, more than anomaly: {number(bound)}; find out what happened, or raise anomaly if it is true"
        for value, z, median, bound, place in columns
    ]


_SENTENCES: Final[Mapping[str, _Sentences]] = {
    "known_metric": _known_metric,
    "required": _required,
    "period": _period,
    "type": _type,
    "finite": _finite,
    "unique": _unique,
    "not_future": _not_future,
    "minimum": _bound("below the minimum of", "minimum"),
    "maximum": _bound("above the maximum of", "maximum"),
    "max_change": _max_change,
    "monotonic": _monotonic,
    "flat": _flat,
    "anomaly": _anomaly,
}
