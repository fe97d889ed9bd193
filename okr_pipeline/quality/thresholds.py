"""Each metric's thresholds and severities as columns.

Belongs here: `expect` of the metrics turned into a table, and the version of what judges a metric.
Does not: what a threshold is compared with (rules).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.metric import Expectations, Limit, Metric
from okr_pipeline.quality.rules import METRIC_RULES, ROW_RULES, Mask

_REVISION: Final = 3
"""Counts changes of the rules themselves, so that values judged by older rules are judged again."""

REWRITTEN_SHARE: Final = 0.5
"""Of the values that come again, the share that may change by more than a fifth."""
REPEATED_SHARE: Final = 0.8
"""Of the series of a source, the share that may have the values of another period."""

_MEANING: Final = ("source", "request", "grain", "timezone", "year", "unit", "dimensions")
"""What of a metric's definition says what its values are: where it changes, values may change."""

_SETTINGS: Final = tuple(dict.fromkeys(rule.bound for rule in (*ROW_RULES, *METRIC_RULES) if rule.bound))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The metrics of one validation, numbered from 0 in the order of `ids`: the known ones first.

    `limits` has a float column per setting, NaN where it is off; `blocks` says by setting whether breaking it blocks.
    """

    ids: npt.NDArray[np.object_]
    known: int
    limits: pd.DataFrame
    blocks: Mapping[str, Mask]

    def in_force(self, setting: str | None) -> Mask:
        """The metrics that a rule judges."""
        if setting is None:
            return np.ones(len(self.ids), dtype=bool)
        return np.asarray(~np.isnan(self.limits[setting].to_numpy()))

    def blocking(self, setting: str | None) -> Mask:
        """The metrics whose values a rule refuses; rules without a setting always do."""
        if setting is None:
            return np.ones(len(self.ids), dtype=bool)
        return self.blocks[setting]


def rules_version(metric: Metric, calendar: Calendar) -> str:
    """Three short hashes with dots between: of all that decides how values are judged, of what they are, of whose days.

    Equal expectations have equal versions; a value that was judged by another version is to be judged again. `calendar`
    is the one that the metric's periods are of.
    """
    judged_by = {
        "revision": _REVISION,
        "grain": metric.grain,
        "timezone": metric.timezone,
        "settled_after": str(metric.settled_after),
        "expect": metric.expect,
    }
    meaning = {name: getattr(metric, name) for name in _MEANING}
    return f"{_hashed(judged_by)}.{_hashed(meaning)}.{_hashed(calendar.bounding(metric.grain))}"


def redefined(before: str, after: str) -> bool:
    """Whether a metric's values mean something else by one version of its rules than by another.

    What a version of an older program does not tell did not change.
    """
    earlier, later = before.split(".")[1:], after.split(".")[1:]
    return any(was != becomes for was, becomes in zip(earlier, later, strict=False))


def _hashed(parts: Mapping[str, object]) -> str:
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return dict(value) if isinstance(value, Mapping) else str(value)


def tabulate(metrics: Mapping[str, Metric], ids: list[str], strangers: list[str]) -> Thresholds:
    """The thresholds of the metrics `ids`, followed by `strangers` that no definition is known of."""
    rows = [_limits(metrics[metric_id].expect) for metric_id in ids]
    rows += [(None,) * len(_SETTINGS)] * len(strangers)
    limits, blocks = {}, {}
    for position, setting in enumerate(_SETTINGS):
        column = [row[position] for row in rows]
        limits[setting] = np.array([np.nan if limit is None else limit.value for limit in column], dtype=float)
        blocks[setting] = np.array([limit is not None and limit.severity == "block" for limit in column], dtype=bool)
    return Thresholds(np.array([*ids, *strangers], dtype=object), len(ids), pd.DataFrame(limits), blocks)


def _limits(expect: Expectations) -> tuple[Limit | None, ...]:
    by_setting = {
        "minimum": expect.minimum,
        "maximum": expect.maximum,
        "max_change": expect.max_change_ratio,
        "monotonic": Limit(0.0, expect.monotonic) if expect.monotonic else None,
        "flat": expect.flat,
        "anomaly": expect.anomaly,
        "complete": expect.complete,
        "members": Limit(0.0) if expect.members else None,
        "volume": expect.volume,
        "restated": expect.restated,
        "rewritten": Limit(REWRITTEN_SHARE, expect.rewritten) if expect.rewritten else None,
        "new_members": expect.new_members,
        "repeated": Limit(REPEATED_SHARE, expect.repeated) if expect.repeated else None,
    }
    return tuple(by_setting[setting] for setting in _SETTINGS)
