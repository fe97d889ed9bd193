"""Faults planted into copies of a clean project, run, and what came of each.

Belongs here: batches of faults that do not touch each other, and the comparison of a run with what is true.
Does not: the faults (catalogue), what is done with the findings (table, tests).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from okr_pipeline_tests.faults.catalogue import DAY, Fault
from okr_pipeline_tests.faults.company import KPIS, ZONE, Company, found
from okr_pipeline_tests.faults.project import METRICS, Place, Told, late, run, source_of

BEFORE = DAY - timedelta(days=1)
SEED = 7
"""That of the company that is always looked at; those of others are soaks."""
KEY = ["metric", "dimensions", "period_start"]


@dataclass(frozen=True)
class Finding:
    """What a run said of one metric that a fault spoiled.

    `rules` caught it. `untrue`: observations that the store counts and that are not the truth, or true ones that it
    lost; must be empty. `score` is the status of the key result with its reason. `lines` of the output are about it.
    `distance` is how far the day is from what is usual, see `_distance`.
    """

    fault: Fault
    metric: str
    rules: frozenset[str]
    untrue: tuple[str, ...]
    score: str
    lines: tuple[str, ...]
    distance: float


@dataclass(frozen=True)
class Planted:
    """A batch of faults in one run: what it said of each, and the scores of the metrics that nobody spoiled."""

    findings: tuple[Finding, ...]
    others: pd.DataFrame
    told: Told


@dataclass(frozen=True)
class Clean:
    """The company read without a fault, until the day before and on the day itself."""

    company: Company
    before: Place
    told: Told
    truth: pd.DataFrame

    @staticmethod
    def read(directory: Path, seed: int = SEED) -> "Clean":
        """The company of a seed. Of the company that is always looked at, the day is read without a block.

        That of another seed may have a true value refused on it, as one in two hundred may be: then what is true is
        what is read where nothing is refused for an anomaly.
        """
        company = found(seed)
        place = Place(directory / "before").build(company)
        _as_known(place, company, BEFORE)
        run(place, f"{BEFORE:%Y-%m-%d}")
        _as_known(place, company, DAY)
        after = place.copied(directory / "after")
        told = run(after, f"{DAY:%Y-%m-%d}", run_id="day", whole=False)
        blocked = [it for observed in told.observed.values() for it in observed.refused]
        assert told.code == (1 if blocked and seed != SEED else 0), told.text
        truth = after if not blocked else _unblocked(after.copied(directory / "unblocked"))
        return Clean(company, place, told, _observations(truth))

    @property
    def blocked(self) -> tuple[str, ...]:
        """The true values that the day's run refused, in its words."""
        refused = [it for observed in self.told.observed.values() for it in observed.refused]
        return tuple(f"{it.metric}: {it.reason}" for it in refused)

    @property
    def blocked_share(self) -> float:
        """How much of what is true is refused once the day is read, of all that was read until then."""
        held = len(self.before.open().store.quarantine()) + len(self.blocked)
        return held / (held + len(_observations(self.before)))


def batches(faults: Sequence[Fault]) -> Iterator[list[Fault]]:
    """The faults in as few runs as may be: no metric is spoiled twice in one, and a whole source but once."""
    waiting = list(faults)
    while waiting:
        batch: list[Fault] = []
        spoiled: set[str] = set()
        for fault in waiting:
            if not spoiled & set(fault.metrics) and len(batch) < 30:
                batch.append(fault)
                spoiled |= set(fault.metrics)
        waiting = [fault for fault in waiting if fault not in batch]
        yield batch


def plant(clean: Clean, batch: Sequence[Fault], directory: Path, *, whole: bool = False) -> Planted:
    """One run as of the day on a copy in which some faults are planted."""
    place = clean.before.copied(directory)
    for fault in batch:
        fault.plant(place, clean.company)
    before = _observations(place)
    told = run(place, f"{DAY:%Y-%m-%d}", run_id="day", whole=whole)
    after, quarantine = _observations(place), place.open().store.quarantine()
    spoiled = {metric for fault in batch for metric in fault.metrics}
    findings = [
        Finding(
            fault,
            metric,
            _rules(told, metric),
            tuple(_untrue(metric, clean.truth, before, after, quarantine)),
            _score(told, metric),
            tuple(line for line in _lines(told.text) if f" {metric}" in line),
            _distance(metric, clean.truth, after),
        )
        for fault in batch
        for metric in fault.metrics
    ]
    return Planted(tuple(findings), _others(told, spoiled), told)


def others_of(clean: Clean, planted: Planted) -> pd.DataFrame:
    """What the clean run said of those metrics that nobody spoiled in another."""
    return clean.told.scores[clean.told.scores["key_result"].isin(planted.others["key_result"])].reset_index(drop=True)


def _as_known(place: Place, company: Company, day: pd.Timestamp) -> None:
    for kpi in KPIS:
        if kpi.late_share:
            place.write(kpi.id, late(company.tables[kpi.id], kpi, day))


def _unblocked(place: Place) -> Place:
    """The day once more where anomalies are warned of and not refused."""
    place.configure(lambda text: text.replace("severity: block", "severity: warn"))
    told = run(place, f"{DAY:%Y-%m-%d}", run_id="unblocked", whole=False)
    assert all(not it.refused and not it.failures for it in told.observed.values()), told.text
    return place


def _observations(place: Place) -> pd.DataFrame:
    frame = place.open().store.observations()
    return frame[frame["value"].notna()][[*KEY, "value", "weight"]].reset_index(drop=True)


def _rules(told: Told, metric: str) -> frozenset[str]:
    observed = told.observed[source_of(metric)]
    if metric in observed.failures:
        return frozenset({"source_failed"})
    checks = observed.checks
    failed = checks[(checks["metric"] == metric) & checks["status"].isin(["failed", "errored"])]
    return frozenset(failed["rule"]) | {it.rule for it in observed.refused if it.metric == metric}


def _untrue(
    metric: str, truth: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame, quarantine: pd.DataFrame
) -> Iterator[str]:
    true, was, now = (frame[frame["metric"] == metric].set_index(KEY) for frame in (truth, before, after))
    stranger = now.index.difference(true.index)
    yield from (f"{key} is no true observation" for key in stranger[:3])
    known = was.reindex(now.index)
    both = now.join(true.add_suffix("_true"), how="inner")
    for column in ("value", "weight"):
        same = np.isclose(both[column], both[f"{column}_true"], rtol=1e-9, atol=0, equal_nan=True)
        unchanged = (both[column] == known[column].reindex(both.index)).to_numpy()
        wrong = both.index[~same & ~unchanged]
        yield from (f"{column} {both.loc[key, column]} of {key[1:]} is not true" for key in wrong[:3])
    yield from (f"{key[1:]} was lost" for key in was.index.difference(now.index)[:3])
    held = set(quarantine.loc[quarantine["metric"] == metric, "period_start"])
    for period, members in true.reset_index().groupby("period_start")["dimensions"]:
        there = set(now.reset_index().query("period_start == @period")["dimensions"]) if period >= _NEW else None
        if there and there != set(members) and period not in held:
            yield f"{period} counts {sorted(there)} of {sorted(members)}"


def _distance(metric: str, truth: pd.DataFrame, after: pd.DataFrame) -> float:
    """How far the day's sum, or that of its weights, is from what is usual, in deviations of two true years.

    Usual is the median of its four weekdays before; a deviation is one of the logarithms of all days' ratios to it,
    robust. The members are those that count on the day.
    """
    part = "weight" if truth.loc[truth["metric"] == metric, "weight"].notna().any() else "value"
    there = after[(after["metric"] == metric) & (after["period_start"] == _NEW)]
    past = truth[(truth["metric"] == metric) & truth["dimensions"].isin(there["dimensions"])]
    sums = past.groupby("period_start")[part].sum()
    usual = pd.concat([sums.shift(7 * weeks) for weeks in range(1, 5)], axis=1).median(axis=1, skipna=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.log(sums / usual)
        here = np.log(there[part].sum() / usual.get(_NEW, np.nan))
    return float(abs(here - off.median()) / ((off - off.median()).abs().median() / 0.6745))


_NEW = DAY.tz_localize(ZONE).tz_convert(UTC)


def _score(told: Told, metric: str) -> str:
    row = told.scores.set_index("key_result").loc[f"Y2025/{metric}"]
    return f"{row['status']}: {row['reason']}" if row["status"] == "unknown" else str(row["status"])


def _others(told: Told, spoiled: set[str]) -> pd.DataFrame:
    keep = [f"Y2025/{metric}" for metric in METRICS if metric not in spoiled]
    return told.scores[told.scores["key_result"].isin(keep)].reset_index(drop=True)


def _lines(text: str) -> list[str]:
    """What was printed, one line per remark."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("  ") or not lines or line[:1].isupper():
            lines.append(line.rstrip())
        else:
            lines[-1] += f" {line.strip()}"
    return lines
