"""The clean company read again and again, as time goes by: how much of what is true is refused.

    python -m okr_pipeline_tests.faults.replay [--seeds 3] [--every 7] [--since 2024-03-03] [--until 2025-12-28]

Belongs here: the replay and its count. Does not: the company (company), how it is read (project).
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline_tests.faults.company import KPIS, Company, found
from okr_pipeline_tests.faults.project import SOURCES, Place, late


@dataclass(frozen=True)
class Replayed:
    """How many values were read as new or changed, those refused among them by metric and rule, and what was told."""

    judged: int
    refused: Counter[tuple[str, str]]
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def refused_share(self) -> float:
        return self.refused.total() / self.judged


def replay(company: Company, directory: Path, days: Iterable[str]) -> Replayed:
    """Read every source as of each day in turn, with what was known of it then."""
    place = Place(directory).build(company, years=(2024, 2025))
    values, refused, reasons, warnings = 0, Counter[tuple[str, str]](), [], []
    for day in days:
        for kpi in KPIS:
            if kpi.late_share:
                place.write(kpi.id, late(company.tables[kpi.id], kpi, pd.Timestamp(day)))
        workspace = place.open()
        for source in SOURCES:
            observed = observe(workspace, source, run=Run(f"{day}-{source}", workspace.as_of(day)))
            assert not observed.failures, observed.failures
            values += observed.recorded + len(observed.refused)
            refused.update((it.metric, it.rule) for it in observed.refused)
            reasons += [f"{day} {it.metric}: {it.reason}" for it in observed.refused]
            bad = observed.checks[observed.checks["status"] == "failed"]
            warnings += [f"{day} {row.metric} {row.rule}: {row.detail}" for row in bad.itertuples()]
    return Replayed(values, refused, tuple(reasons), tuple(warnings))


def main() -> None:
    """Print the share of false blocks of some seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--every", type=int, default=7)
    parser.add_argument("--since", default="2024-03-03")
    parser.add_argument("--until", default="2025-12-28")
    parser.add_argument("--reasons", action="store_true")
    arguments = parser.parse_args()
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range(arguments.since, arguments.until, freq=f"{arguments.every}D")]
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory() as directory:
            done = replay(found(seed), Path(directory), days)
        share = f"{done.refused.total():,} of {done.judged:,} values, {done.refused_share:.4%}"
        print(  # noqa: T201
            f"seed {seed}: {len(days)} runs, every {arguments.every} days: {share} refused; by rule {dict(done.refused)}"
        )
        if arguments.reasons:
            print("\n".join([*done.reasons, *done.warnings]))  # noqa: T201


if __name__ == "__main__":
    main()
