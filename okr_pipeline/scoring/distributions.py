"""Distributions: how likely a value is, and what lies at a likelihood, for many locations and scales at once.

Belongs here: the normal distribution and Student's, to three digits. Does not: where locations and scales come from.
"""

from typing import Final

import numpy as np

from okr_pipeline.scoring.arrays import Floats

_ERF: Final = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
_ERF_SCALE: Final = 0.3275911


def normal_below(z: Floats) -> Floats:
    """The share of a standard normal below `z`, to seven digits (Abramowitz and Stegun 7.1.26).

    >>> normal_below(np.array([-1.2816, 0.0, 1.2816])).round(4).tolist()
    [0.1, 0.5, 0.9]
    """
    size = np.abs(z) / np.sqrt(2.0)
    step = 1 / (1 + _ERF_SCALE * size)
    series = np.zeros_like(size)
    for term in reversed(_ERF):
        series = (series + term) * step
    tail = series * np.exp(-size * size) / 2
    return np.asarray(np.where(z > 0, 1 - tail, tail), dtype=np.float64)


def normal_at(share: Floats) -> Floats:
    """Where a share of a standard normal lies below; shares beyond what is told apart give ±8.

    >>> normal_at(np.array([0.1, 0.5, 0.9])).round(3).tolist()
    [-1.282, 0.0, 1.282]
    """
    return np.interp(share, _LIKELY, _STEPS)


def student_below(t: Floats, freedom: Floats) -> Floats:
    """The share of Student's distribution below `t`, to three digits from 3 degrees of freedom on (Wallace 1959).

    >>> student_below(np.array([1.476]), np.array([5.0])).round(3).tolist()
    [0.9]
    """
    bent = np.sqrt(freedom * np.log1p(t * t / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
    return normal_below(np.sign(t) * bent)


def student_at(share: Floats, freedom: Floats) -> Floats:
    """Where a share of Student's distribution lies below; the inverse of `student_below`.

    >>> student_at(np.array([0.9]), np.array([5.0])).round(2).tolist()
    [1.48]
    """
    bent = normal_at(share)
    straight = bent * (8 * freedom + 3) / (8 * freedom + 1)
    return np.sign(bent) * np.sqrt(freedom * np.expm1(np.minimum(straight * straight / freedom, 500.0)))


_STEPS: Final = np.linspace(-8.0, 8.0, 3201)
_LIKELY: Final = np.where(_STEPS == 0.0, 0.5, normal_below(_STEPS))
