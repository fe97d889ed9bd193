"""What a validation says.

Belongs here: the verdict and the one error of this package. Does not: how the verdict is reached.
"""

from dataclasses import dataclass
from typing import Final

import pandas as pd

REFUSED: Final = ("metric", "dimensions", "period_start", "period_end", "value", "raw_value", "rule", "reason")
"""One row: a key whose delivered value a blocking rule refused; `rule` is the first that did, `reason` a sentence."""


class QualityError(RuntimeError):
    """The validation contradicts itself, so that none of its results can be trusted: a defect, not bad data."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one validation.

    `results` has the columns of CHECK_RESULTS, one row per metric and rule in force, sorted. `refused` has the columns
    of REFUSED, one row per key, sorted. `accepted` is a boolean series on the index of the judged points.

    A delivery can be refused as a whole (`complete`, an aggregate or an errored rule that blocks): then none of the
    metric's points is accepted, and `refused` lists those that differ from what is stored. A point that equals its
    stored value stays as it was.

    `keep_missing` names the metrics whose delivery is too doubtful to believe that a value it lacks is gone: what is
    stored of them must not be withdrawn.
    """

    results: pd.DataFrame
    refused: pd.DataFrame
    accepted: "pd.Series[bool]"
    keep_missing: frozenset[str] = frozenset()
