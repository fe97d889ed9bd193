"""A project somewhere, with one metric read from a CSV file: its files, and the steps of a run on them.

Belongs here: writing the files. Does not: any expectation.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from okr_pipeline.application.gathering import evaluate, gather
from okr_pipeline.application.observing import Observed, observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.workspace import Workspace, open_for_writing

FILES = {
    "project.yaml": "name: Somewhere\n{project}\n",
    "sources/files.yaml": "sources:\n  files: {{connector: files, path: data/}}\n",
    "metrics/kpi.yaml": (
        "metrics:\n  kpi: {{source: files, file: kpi.csv, columns: {{period: period, value: value}},"
        " unit: count, better: higher, rollup: sum, freshness: 400d, {metric}}}\n"
    ),
    "okrs/cycle.yaml": (
        "cycle: {{id: C, starts: {starts}, ends: {ends}}}\n"
        "objectives:\n  aim:\n    title: Aim\n    level: team\n    intent: committed\n    owner: a@place.example\n"
        "    key_results:\n      kr: {{title: More, owner: a@place.example, metric: kpi, {key_result}}}\n"
    ),
}


@dataclass(frozen=True)
class Given:
    """What is written: keys of the project, the metric and the key result, the span, and rows `period,value`."""

    project: str
    metric: str
    span: tuple[str, str]
    rows: tuple[str, ...]
    key_result: str = "measure: {accumulate: {to: 100}}"
    history_starts: str = "1990-01-01"


@dataclass(frozen=True)
class Place:
    """An opened project."""

    workspace: Workspace

    def observe(self, as_of: str) -> Observed:
        """Read and judge the file as a run does that speaks about an instant."""
        return observe(self.workspace, "files", run=Run("run", self.workspace.as_of(as_of)))

    def starts(self) -> list[str]:
        """The starts of the periods that were observed, in UTC."""
        observations = self.workspace.store.observations(["kpi"])
        return [f"{start:%Y-%m-%dT%H:%M}" for start in sorted(observations["period_start"])]

    def score(self, as_of: str) -> "pd.Series[object]":
        """The key result as of a date or an instant."""
        instant = self.workspace.as_of(as_of)
        scores = evaluate(self.workspace.configuration, gather(self.workspace, instant), instant)
        return scores.key_results.iloc[0]


def settle(directory: Path, given: Given) -> Place:
    """Write the project and open it with a fresh store."""
    starts, ends = given.span
    project = f"{given.project}\nhistory_starts: {given.history_starts}"
    texts = {
        name: text.format(project=project, metric=given.metric, key_result=given.key_result, starts=starts, ends=ends)
        for name, text in FILES.items()
    }
    for name, text in {**texts, "data/kpi.csv": "\n".join(["period,value", *given.rows]) + "\n"}.items():
        path = directory / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Place(open_for_writing(directory / "config", store_url=f"sqlite:///{directory / 'okr.db'}"))
