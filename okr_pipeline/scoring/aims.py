"""Aims: what a key result's measure says, as the codes and numbers of its columns.

Belongs here: one rule for each measure. Does not: dates, views, plans (compiling).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from okr_pipeline.model.check_in import fresh_days
from okr_pipeline.model.okr import (
    AT_START,
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
    PaceKind,
    Reach,
    RelativeTarget,
    Share,
)
from okr_pipeline.scoring.arrays import HOUR
from okr_pipeline.scoring.catalogue import Catalogue, Subject
from okr_pipeline.scoring.definitions import Base, Form, Kind, Reducer, Shape, Window
from okr_pipeline.scoring.spans import starts_from_measurement

_NAN = float("nan")
_SHAPES: Mapping[PaceKind, Shape] = {
    "linear": Shape.LINEAR,
    "checkpoints": Shape.CHECKPOINTS,
    "business_days": Shape.BUSINESS_DAYS,
    "seasonal": Shape.SEASONAL,
    "front_loaded": Shape.FRONT_LOADED,
    "back_loaded": Shape.BACK_LOADED,
}


class Aimed(NamedTuple):
    """What a measure says: its kind, its target, and the number it starts from."""

    kind: Kind
    form: Form = Form.NUMBER
    amount: float = _NAN
    from_: float = _NAN
    share: float = 1.0
    low: float = -np.inf
    high: float = np.inf


def aimed_at(measure: Measure) -> Aimed:
    """What a measure says, as numbers."""
    match measure:
        case Reach(from_, to):
            aimed = Aimed(Kind.REACH, amount=to, from_=_number(from_))
        case Change(by, from_):
            form = Form.SHARE if isinstance(by, Share) else Form.POINTS
            aimed = Aimed(Kind.CHANGE, form, by.value, _number(from_))
        case Accumulate(RelativeTarget(share)):
            aimed = Aimed(Kind.ACCUMULATE, Form.SHARE, share)
        case Accumulate(to):
            aimed = Aimed(Kind.ACCUMULATE, amount=_number(to), from_=0.0)
        case Budget(to):
            aimed = Aimed(Kind.LIMIT, amount=to)
        case Maintain(low, high, share):
            bounds = (-np.inf if low is None else low, np.inf if high is None else high)
            aimed = Aimed(Kind.MAINTAIN, amount=share, share=share, low=bounds[0], high=bounds[1])
        case Cadence(at_least, _, share):
            aimed = Aimed(Kind.CADENCE, amount=share, share=share, low=at_least)
        case Milestones() | Baseline() | Manual():
            aimed = _aimed_otherwise(measure)
    return aimed


def _aimed_otherwise(measure: Milestones | Baseline | Manual) -> Aimed:
    """What a measure says that has no number of a metric for its target."""
    match measure:
        case Milestones():
            return Aimed(Kind.MILESTONES, amount=1.0, from_=0.0)
        case Baseline(needs):
            return Aimed(Kind.BASELINE, amount=float(needs))
        case Manual(from_, to):
            return Aimed(Kind.MANUAL, amount=to, from_=from_)


def base_of(key_result: KeyResult) -> Base:
    """What a key result is measured from."""
    match key_result.measure:
        case Accumulate(to=RelativeTarget()):
            return Base.STRETCH
        case _ if starts_from_measurement(key_result):
            return Base.NEWEST if key_result.over.kind == "latest" else Base.STRETCH
        case _:
            return Base.NONE


def window_of(key_result: KeyResult, catalogue: Catalogue) -> int:
    """The window, as a code; only `reach` and `change` have one of their own."""
    if not isinstance(key_result.measure, Reach | Change) or key_result.over.kind == "cycle":
        return Window.CYCLE
    if key_result.over.length is None or key_result.metric is None:
        return Window.LATEST
    calendar = catalogue.configuration.calendar_of(catalogue.configuration.metrics[key_result.metric])
    return Window.TRAILING + catalogue.trailing_length(calendar, key_result.over.length)


def reducer_of(key_result: KeyResult, subject: Subject) -> Reducer:
    """How the periods of its window become its value."""
    match key_result.measure:
        case Accumulate() | Budget():
            return Reducer.SUM if key_result.metric is not None else Reducer.NONE
        case Maintain(of="periods"):
            return Reducer.IN_BAND
        case Maintain():
            return Reducer.PARTS if subject.reducer is Reducer.PARTS else Reducer.WEIGHTED_MEAN
        case Milestones() | Cadence() | Manual():
            return Reducer.NONE
        case Baseline():
            return subject.reducer
        case _:
            return subject.reducer if key_result.over.kind != "latest" else Reducer.LAST


def shape_of(key_result: KeyResult) -> Shape:
    """The shape of its plan; what must hold from the start, and steps that are due, have plans of their own."""
    match key_result.measure:
        case Reach() | Change() | Accumulate():
            return _SHAPES[key_result.pace.kind]
        case Baseline() | Manual():
            return Shape.LINEAR
        case _:
            return Shape.OWN


def is_of_events(measure: Measure) -> bool:
    """Whether it is a share of events, not of periods."""
    return isinstance(measure, Maintain) and measure.of == "events"


def fresh_of(key_result: KeyResult, subject: Subject) -> int:
    """For how long a value counts: as fresh as its metric should be, or as the check-ins that tell it."""
    if isinstance(key_result.measure, Manual):
        return fresh_days(key_result.check_in) * 24 * HOUR
    return subject.fresh


def sign_of(measure: Measure, subject: Subject) -> float:
    """The good direction, where the target alone does not say it."""
    match measure:
        case Change(by):
            return float(np.sign(by.value))
        case Reach(from_, to) if from_ != AT_START:
            return float(np.sign(to - from_))
        case Manual(from_, to):
            return float(np.sign(to - from_))
        case _:
            return subject.sign


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else _NAN
