"""What `anomaly` tells: how many days of too little or too much it refuses, and how many true days.

Run as `python benchmarks/anomalies.py [companies]`. Every day of the generated companies that the planted faults are
tried on is judged by the limit of 5, as it is and multiplied, by the eight weeks before it, none of which is spoiled.
Beside the rule is the plain one that it is made of, whose scale is that of what is usual, below it as well as above.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from okr_pipeline.quality.neighbours import HISTORY, SAME_PHASE, Limits, Line, compare
from okr_pipeline_tests.faults.company import KPIS, ZONE, Company, Kpi, found

LIMIT, WEEKDAYS = 5.0, 7
WINDOW = HISTORY + SAME_PHASE * WEEKDAYS
TIMES = (1.0, 0.5, 0.7, 1.5)
SHOWN = ("visits", "revenue", "signups", "bookings", "refunds", "sales", "orders", "leads", "returns", "deals")


def main(companies: int) -> None:
    by_name: dict[str, list[np.ndarray]] = {}
    for seed in range(companies):
        for name, values, limit in series_of(found(seed)):
            both = [refused(values, limit.as_told(amounts=amounts)) for amounts in (False, True)]
            by_name.setdefault(name, []).append(np.stack(both))
    told = {name: np.concatenate(parts, axis=2) for name, parts in by_name.items()}
    print(f"{companies} companies, days refused by anomaly: {LIMIT:g}, in % (plain → ours)")
    print(f"{'':<12}" + "".join(f"{label:>16}" for label in ("true", "half", "70 %", "150 %")))
    for name in SHOWN:
        print_row(name, told[name])
    print_row(f"all {len(told)}", np.concatenate(list(told.values()), axis=2))


def print_row(name: str, told: np.ndarray) -> None:
    plain, ours = 100 * told.mean(axis=2)
    print(f"{name:<12}" + "".join(f"{before:>8.2f} → {after:<5.2f}" for before, after in zip(plain, ours, strict=True)))


def series_of(company: Company) -> Iterator[tuple[str, np.ndarray, "Limit"]]:
    """Every daily series with `anomaly`, members one by one, as values of consecutive days."""
    for kpi in KPIS:
        if kpi.grain == "day" and "anomaly" in kpi.keys:
            table = company.tables[kpi.id]
            for member, rows in table.groupby(list(kpi.dimensions)) if kpi.dimensions else [((), table)]:
                yield " ".join((kpi.id, *member)), rows["value"].to_numpy(float), Limit.of(kpi)
    day = company.sales["sold_at"].dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.date
    yield "sales", company.sales.groupby(day)["amount"].sum().to_numpy(), Limit(counts=False, added=True)
    yield "orders", company.sales.groupby(day).size().to_numpy(float), Limit(counts=True, added=True)


@dataclass(frozen=True)
class Limit:
    """What is known of a series that its limits depend on."""

    counts: bool
    added: bool

    @staticmethod
    def of(kpi: Kpi) -> "Limit":
        return Limit(counts="unit: count" in kpi.keys, added="rollup: sum" in kpi.keys)

    def as_told(self, *, amounts: bool) -> Limits:
        """The limits, with or without that amounts vary in proportion."""
        off, never = np.array([np.nan]), np.array([False])
        return Limits(
            max_change=off, monotonic=off, flat=off, anomaly=np.array([LIMIT]),
            blocks_change=never, blocks_fall=never, blocks_flat=never, blocks_anomaly=never,
            phases=np.array([WEEKDAYS]), counts=np.array([self.counts]),
            amounts=np.array([amounts and (self.counts or self.added)]),
        )  # fmt: skip


def refused(values: np.ndarray, limits: Limits) -> np.ndarray:
    """By multiple and day: whether the day so many times as large is refused after the eight weeks before it."""
    windows = np.lib.stride_tricks.sliding_window_view(values, WINDOW + 1)
    planted = np.concatenate([np.c_[windows[:, :-1], windows[:, -1] * times] for times in TIMES])
    count = len(planted)
    series = np.repeat(np.arange(count), WINDOW + 1)
    last = np.tile(np.arange(WINDOW + 1) == WINDOW, count)
    phase = np.tile(np.arange(WINDOW + 1) % WEEKDAYS, count)
    line = Line(series, phase, planted.ravel(), judged=last, sound=~last)
    z = compare(line, limits.at(np.zeros(count, dtype=np.int64))).robust_z[last]
    return (z > LIMIT).reshape(len(TIMES), -1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
