"""Formulas of derived metrics, evaluated on whole columns.

Belongs here: substituting parts and arithmetic. Does not: parsing (model), which rows are combined (tracks).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from okr_pipeline.model.formula import Formula, Number, Operation, Operator, Reference, references
from okr_pipeline.model.metric import Metric
from okr_pipeline.scoring.arrays import Floats

_OPERATIONS: Mapping[Operator, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}


def per_period(metric: Metric, metrics: Mapping[str, Metric]) -> Formula:
    """The formula of a derived metric over metrics that have a source."""
    return _substituted(metric, metrics, through_rollups=True)


def of_parts(metric: Metric, metrics: Mapping[str, Metric]) -> Formula:
    """The formula of a derived metric without a rollup, over metrics that have one."""
    return _substituted(metric, metrics, through_rollups=False)


def slotted(formula: Formula) -> tuple[Formula, tuple[str, ...]]:
    """A formula's shape, in which parts are numbered by appearance, and the metrics that fill the numbers.

    >>> slotted(Operation("/", Reference("spend"), Reference("flights")))[1]
    ('spend', 'flights')
    """
    parts = references(formula)
    return _renamed(formula, {part: str(number) for number, part in enumerate(parts)}), parts


def computed(shape: Formula, parts: Sequence[Floats], length: int) -> Floats:
    """A shape's value on columns of its parts; what is not finite, such as a division by zero, is NaN."""
    with np.errstate(all="ignore"):
        values = _value(shape, parts, length)
    return np.where(np.isfinite(values), values, np.nan)


def divisor_slot(shape: Formula) -> int:
    """Of a quotient of two parts the number of the part that divides, else -1.

    >>> divisor_slot(Operation("/", Reference("0"), Reference("1")))
    1
    """
    match shape:
        case Operation("/", Reference(), Reference(slot)):
            return int(slot)
        case _:
            return -1


def _substituted(metric: Metric, metrics: Mapping[str, Metric], *, through_rollups: bool) -> Formula:
    def inner(formula: Formula) -> Formula:
        match formula:
            case Operation(operator, left, right):
                return Operation(operator, inner(left), inner(right))
            case Reference(name):
                part = metrics[name]
                if part.formula is not None and (through_rollups or part.rollup is None):
                    return inner(part.formula)
        return formula

    return inner(metric.formula) if metric.formula is not None else Reference(metric.id)


def _renamed(formula: Formula, names: Mapping[str, str]) -> Formula:
    match formula:
        case Operation(operator, left, right):
            return Operation(operator, _renamed(left, names), _renamed(right, names))
        case Reference(name):
            return Reference(names[name])
        case _:
            return formula


def _value(shape: Formula, parts: Sequence[Floats], length: int) -> Floats:
    match shape:
        case Number(value):
            return np.full(length, value)
        case Reference(slot):
            return parts[int(slot)]
        case Operation(operator, left, right):
            return _OPERATIONS[operator](_value(left, parts, length), _value(right, parts, length))
