"""Our forecasts beside those of a maintained library, statsforecast, on generated series that neither was tuned on.

Run as `python benchmarks/forecast_library.py [series of each family]`; `make bench` makes the library's environment.
Its models are fitted to the same newest half year of days, with a season of seven days, and draw 300 paths of what is
to come. What is observed of the window at the end counts as it is, as with ours, and what was never below 0 is cut
there; so the library is asked for the days alone. Families with weights are left out, as it has none.
"""

import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from contest import PEERS
from forecasting import FAMILIES_MADE, GENERATED, HELD_OUT, SPAN, Made, Promise, frame_of, metric_of, promised

from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.metric import Rollup
from okr_pipeline.model.okr import Budget, Change, Maintain
from okr_pipeline.scoring.arrays import microseconds
from okr_pipeline.scoring.forecasting import NO_FAMILY, forecast
from okr_pipeline.scoring.scores import prepare
from okr_pipeline.scoring.standing import stand

LEARNT, TRAILING = 182, 28
CUTS = (14, 41, 68)
OURS = "okr-pipeline"


@dataclass(frozen=True)
class Task:
    """A series of a family as of the end of some day of its span; `ends` and `chances` are by forecaster."""

    group: str
    made: Made
    member: int
    day: int

    @property
    def past(self) -> np.ndarray:
        return np.array(self.made.values)[self.member, self.made.since : -self.ahead]

    @property
    def ahead(self) -> int:
        return SPAN - self.day


def main(count: int) -> None:
    if not PEERS.exists():
        print(f"statsforecast is missing: there is no {PEERS}. `make bench` makes it.")
        return
    records = pd.concat([contested(name, count) for name in FAMILIES_MADE if name != "ratio with weights"])
    print(f"{len(records) // records['by'].nunique():,} forecasts of {records['task'].nunique()} series and days")
    for by in (["by"], ["group", "by"]):
        grouped = records.groupby(by)
        table = grouped[["inside", "brier", "seconds"]].mean()
        naive = records[records["by"] == "SeasonalNaive"]["error"].mean() if by == ["by"] else 1.0
        table["error"] = grouped["error"].mean() / naive
        print(table.round(4).to_string())


def contested(group: str, count: int) -> pd.DataFrame:
    """A record for each forecaster, task and measure."""
    made = FAMILIES_MADE[group](np.random.default_rng([20130401, list(FAMILIES_MADE).index(group), 1]), count)
    tasks = [Task(group, made, member, day) for day in CUTS for member in range(count)]
    ours, facts = told_by_us(group, made, count)
    records = [ours]
    for name, answers in told_by_library(tasks).items():
        for task, (paths, seconds) in zip(tasks, answers, strict=True):
            ends = ends_of(task, np.maximum(paths, 0) if task.past.min() >= 0 else paths)
            records.append(judged(name, task, ends, seconds, facts))
    return pd.concat(records, ignore_index=True)


def told_by_library(tasks: list[Task]) -> dict[str, list[tuple[np.ndarray, float]]]:
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "tasks", Path(folder) / "answers"
        asked.write_bytes(pickle.dumps([(task.past[-LEARNT:], task.ahead) for task in tasks]))
        program = Path(__file__).with_name("forecast_peer.py")
        subprocess.run([PEERS, program, asked, answered], check=True)
        return pickle.loads(answered.read_bytes())


def ends_of(task: Task, paths: np.ndarray) -> np.ndarray:
    """What a key result comes to along each path."""
    held = task.past[-task.day :]
    match task.made.measures[0]:
        case Maintain():
            return ((held >= 0).sum() + (paths >= 0).sum(axis=1)) / SPAN
        case Change() if task.made.rollup is Rollup.LAST:
            return paths[:, -1]
        case Change():  # the mean of the last four weeks
            whole = np.concatenate([np.tile(task.past[-TRAILING:], (len(paths), 1)), paths], axis=1)
            return whole[:, -TRAILING:].mean(axis=1)
        case _:
            return held.sum() + paths.sum(axis=1)


def told_by_us(group: str, made: Made, count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Our records, and the facts of each measure of each member: what it came to, its target, and which way is up."""
    promises = [
        Promise(group, HELD_OUT, group, {"member": str(member)}, measure, made.scale, made.over)
        for member in range(count)
        for measure in made.measures
    ]
    configuration, _ = promised({group: metric_of(group, made)}, promises, GENERATED, Calendar())
    prepared = prepare(configuration, pd.concat(frame_of(group, made)), until=Calendar().end_of_day(GENERATED.ends))
    end = microseconds(Calendar().end_of_day(GENERATED.ends))
    final = stand(prepared.definitions, prepared.tracks, prepared.bases, end, prepared.failed)
    down = np.array([isinstance(it.measure, Budget) for it in promises]) | (final.target < final.baseline)
    facts = pd.DataFrame(
        {"member": np.repeat(np.arange(count), len(made.measures)), "value": final.value, "target": final.target,
         "reached": final.progress >= 1, "down": down, "scale": made.scale}
    )  # fmt: skip
    return pd.concat(replay(group, prepared, facts), ignore_index=True), facts


def replay(group: str, prepared: object, facts: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for day in CUTS:
        moment = microseconds(Calendar().start_of_day(GENERATED.starts)) + day * 86_400_000_000
        standing = stand(prepared.definitions, prepared.tracks, prepared.bases, moment, prepared.failed)
        before = time.process_time()
        told = forecast(prepared.definitions, prepared.tracks, standing, moment)
        seconds = time.process_time() - before
        assert (told.family != NO_FAMILY).all(), "a generated series has no forecast"
        inside = (facts["value"] >= told.value_low - 1e-9) & (facts["value"] <= told.value_high + 1e-9)
        yield pd.DataFrame(
            {"by": OURS, "group": group, "task": [f"{group} {it} {day}" for it in facts["member"]], "inside": inside,
             "brier": (told.probability - facts["reached"]) ** 2, "seconds": seconds / len(facts),
             "error": np.abs(told.value - facts["value"]) / facts["scale"]}
        )  # fmt: skip


def judged(name: str, task: Task, ends: np.ndarray, seconds: float, facts: pd.DataFrame) -> pd.DataFrame:
    mine = facts[facts["member"] == task.member]
    low, middle, high = np.quantile(ends, (0.1, 0.5, 0.9))
    ends, target = ends[:, None], mine["target"].to_numpy()
    reached = np.where(mine["down"], ends <= target, ends >= target - 1e-9)
    chance = (reached.sum(axis=0) + 0.5) / (len(ends) + 1)
    return pd.DataFrame(
        {"by": name, "group": task.group, "task": f"{task.group} {task.member} {task.day}",
         "inside": mine["value"].between(low - 1e-9, high + 1e-9), "brier": (chance - mine["reached"]) ** 2,
         "seconds": seconds / len(mine), "error": (middle - mine["value"]).abs() / task.made.scale}
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
