"""Key results that read a metric whose left-out rows are zeros.

Belongs here: which they are. Does not: filling in zeros (tracks).

How far such zeros reach is told by the newest row of the metric, so what is known of the days after an instant moves
what stands before it. These key results are worked out for each instant from what had begun by then; no other is moved.
"""

from collections.abc import Iterator

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.formula import references
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import KeyResult, Milestones


def reading_zeros(configuration: Configuration) -> set[str]:
    """Full ids of the key results whose value depends on a metric with `empty: zero`, through formulas and parts."""
    every = {it.full_id: it for it in configuration.key_results()}
    zero = {name for name, metric in configuration.metrics.items() if _has_zeros(configuration, metric)}
    pending = [name for name, it in every.items() if not zero.isdisjoint(_read(it))]
    found = set[str]()
    while pending:
        name = pending.pop()
        found.add(name)
        whole = every[name].contributes_to
        if whole in every and whole not in found:
            pending.append(whole)
    return found


def _has_zeros(configuration: Configuration, metric: Metric) -> bool:
    if metric.formula is None:
        return metric.empty == "zero"
    return any(_has_zeros(configuration, configuration.metrics[part]) for part in references(metric.formula))


def _read(key_result: KeyResult) -> Iterator[str]:
    if key_result.metric is not None:
        yield key_result.metric
    if isinstance(key_result.measure, Milestones):
        yield from (item.when.metric for item in key_result.measure.items if item.when is not None)
