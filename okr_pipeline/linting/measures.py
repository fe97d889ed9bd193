"""Measures in words and in numbers, for titles that should say them.

Belongs here: the sentence that a title could be, and every number that it may name. Does not: rules.
"""

from collections.abc import Iterator
from typing import assert_never

from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import (
    Accumulate,
    Baseline,
    Budget,
    Cadence,
    Change,
    KeyResult,
    Maintain,
    Manual,
    Measure,
    Milestones,
    Points,
    Reach,
    RelativeTarget,
    Share,
)

SHARES = ("ratio", "percent")


def promised(key_result: KeyResult, metric: Metric | None) -> str:
    """What a key result promises, as its title could say it.

    >>> from datetime import date
    >>> promised(KeyResult("a", "o", "c", "", "", Reach(15, 10), date(2013, 4, 1), date(2013, 6, 30)), None)
    'from 15 to 10 by 2013-06-30'
    """
    return f"{_said(key_result.measure, metric)}{_unit(key_result.measure, metric)} by {key_result.ends}"


def figure(value: float, metric: Metric | None) -> str:
    """A value of a metric; one of a ratio within 0 and 1 in percent."""
    if metric is not None and metric.unit == "ratio" and abs(value) <= 1:
        return f"{value * 100:.6g} %"
    return f"{value:,.12g}"


def numbers(key_result: KeyResult, metric: Metric | None) -> Iterator[float]:
    """Every number that a title may name for a measure: without their sign, shares also in percent."""
    for value in _amounts(key_result):
        yield abs(value)
        if abs(value) <= 1 or (metric is not None and metric.unit == "ratio"):
            yield abs(value) * 100


def _said(measure: Measure, metric: Metric | None) -> str:
    match measure:
        case Manual(from_, to):
            said = f"from {from_:,.12g} to {to:,.12g}"
        case Reach(from_, to):
            start = "where it starts" if isinstance(from_, str) else figure(from_, metric)
            said = f"from {start} to {figure(to, metric)}"
        case Change(by):
            said = f"by {_amount(by, metric)}"
        case Accumulate(RelativeTarget(share, of)):
            said = f"by {share * 100:+g} % of the {of.replace('_', ' ')}"
        case Accumulate(to):
            said = f"to {to:,.12g}"
        case Budget(to):
            said = f"at most {to:,.12g}"
        case Maintain() | Cadence():
            said = _kept(measure, metric)
        case Milestones(items):
            said = f"{len(items)} steps, {', '.join(item.title for item in items)},"
        case Baseline(needs):
            said = f"from {needs:,} periods"
        case _:
            assert_never(measure)
    return said


def _amount(by: Share | Points, metric: Metric | None) -> str:
    if isinstance(by, Share):
        return f"{by.value * 100:+g} %"
    return f"{by.value * 100:+g} points" if metric is not None and metric.unit == "ratio" else f"{by.value:+g}"


def _kept(measure: Maintain | Cadence, metric: Metric | None) -> str:
    if isinstance(measure, Cadence):
        return f"at least {measure.at_least:,.12g} in {measure.share * 100:g} % of {measure.per.value}s"
    return f"{_band(measure, metric)} in {measure.share * 100:g} % of {measure.of}"


def _amounts(key_result: KeyResult) -> Iterator[float]:
    match key_result.measure:
        case Reach(from_, to):
            yield from (value for value in (from_, to) if not isinstance(value, str))
        case Manual(from_, to):
            yield from (from_, to)
        case Change(by, from_):
            yield by.value
            yield from () if isinstance(from_, str) else (from_,)
        case Accumulate(to):
            yield to if isinstance(to, int | float) else to.share
        case Budget(to):
            yield to
        case Maintain(low, high, share):
            yield from (value for value in (low, high, share) if value is not None)
        case Cadence(at_least, _, share):
            yield from (at_least, share)
        case Milestones(items):
            yield len(items)
            yield from (item.when.at_least for item in items if item.when)
        case Baseline(needs):
            yield needs
        case _:
            assert_never(key_result.measure)


def _band(band: Maintain, metric: Metric | None) -> str:
    if band.min is None and band.max is None:
        return "inside"
    if band.min is None:
        return f"at most {figure(band.max or 0.0, metric)}"
    if band.max is None:
        return f"at least {figure(band.min, metric)}"
    return f"{figure(band.min, metric)} to {figure(band.max, metric)}"


def _unit(measure: Measure, metric: Metric | None) -> str:
    """The unit after a figure that ends a sentence; none after a share, a number of periods or steps."""
    plain = isinstance(measure, Reach | Budget) or (
        isinstance(measure, Accumulate) and isinstance(measure.to, int | float)
    )
    if not plain or metric is None or metric.unit in {"count", "ratio", "score"}:
        return ""
    return " %" if metric.unit == "percent" else f" {metric.unit.removeprefix('currency:')}"
