"""Every published score is recomputed bit for bit from its instant and from what was known.

A thousand histories, each of one metric and its key results: values that come, come late, are restated, withdrawn or
refused, sources that fail and recover, amendments and weights that change. A hundred of them share a store.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from okr_pipeline.application.amending import continued
from okr_pipeline.application.gathering import evaluate, gather
from okr_pipeline.application.runs import Run, note
from okr_pipeline.application.scoring import score_and_record, score_history
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.config.archive import restore, version
from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.frames import KEY_RESULT_SCORES, OBJECTIVE_SCORES
from okr_pipeline.model.metric import Across, Better, Metric, Rollup
from okr_pipeline.model.okr import (
    Accumulate,
    Amendment,
    Baseline,
    Cadence,
    Change,
    Cycle,
    Intent,
    KeyResult,
    Level,
    Maintain,
    Objective,
    Over,
    Pace,
    Points,
    Reach,
    RelativeTarget,
)
from okr_pipeline.store import bulk, open_store
from okr_pipeline.store.schema import key_result_score_revisions, objective_score_revisions

CALENDAR = Calendar("America/New_York")
CYCLE = Cycle("C", date(2013, 4, 1), date(2013, 4, 24))
FIRST = date(2013, 3, 10)
EACH, STORES, STEPS = 100, 10, 8
WITHOUT_SOAK = 1
TABLES = {
    "key_results": (key_result_score_revisions, "key_result", KEY_RESULT_SCORES),
    "objectives": (objective_score_revisions, "objective", OBJECTIVE_SCORES),
}


@pytest.mark.parametrize(
    "seed", [seed if seed < WITHOUT_SOAK else pytest.param(seed, marks=pytest.mark.soak) for seed in range(STORES)]
)
def test_every_published_score_is_recomputed_bit_for_bit(tmp_path, seed):
    """A hundred histories to a store, ten stores: a thousand."""
    recompute(live(f"sqlite:///{tmp_path / 'okr.db'}", np.random.default_rng(seed)))


@pytest.mark.postgres
def test_every_published_score_is_recomputed_bit_for_bit_on_postgresql(postgres_url):
    recompute(live(postgres_url, np.random.default_rng(STORES)))


def recompute(workspace):
    """Both tables of scores, by the instants that they speak about and by what was known."""
    published = {name: every_revision(workspace.store, table) for name, (table, _, _) in TABLES.items()}
    assert len(published["key_results"]) > EACH * STEPS
    pairs = published["key_results"][["as_of", "known_at"]].drop_duplicates()
    assert len(pairs) >= STEPS
    assert (published["key_results"]["original_progress"] != published["key_results"]["progress"]).any()
    for as_of, known_at in pairs.itertuples(index=False, name=None):
        found_version, document = workspace.store.latest_configuration(known_at=known_at.to_pydatetime())
        then = replace(workspace, configuration=restore(document))
        evidence = gather(then, as_of.to_pydatetime(), known_at=known_at.to_pydatetime())
        scores = evaluate(then.configuration, evidence, as_of.to_pydatetime())
        for name, (_, own, columns) in TABLES.items():
            of = published[name]
            rows = of[(of["as_of"] == as_of) & (of["known_at"] == known_at)].sort_values(own)
            again = getattr(scores, name).set_index(own).loc[rows[own]].reset_index()
            assert set(rows["config_version"]) <= {found_version}
            assert_same(rows[list(columns)], again[list(columns)], f"{name} as of {as_of}, known at {known_at}")


def assert_same(published, again, what):
    for column in published:
        one, other = published[column].to_numpy(), again[column].to_numpy()
        if one.dtype.kind == "f":
            same = np.array_equal(one.view("i8")[~np.isnan(one)], other.astype("f8").view("i8")[~np.isnan(one)])
            assert same, (
                f"{what}: {column} of {published[published.columns[0]][(one != other) & ~np.isnan(one)].tolist()}"
            )
            assert np.isnan(other.astype("f8")).tolist() == np.isnan(one).tolist(), f"{what}: {column}"
        else:
            missing = pd.isna(one)
            assert missing.tolist() == pd.isna(other).tolist(), f"{what}: {column}"
            assert one[~missing].tolist() == other[~missing].tolist(), f"{what}: {column}"


def every_revision(store, table):
    with store._database.reading() as connection:
        return bulk.fetch(connection, sa.select(table).order_by(table.c.recorded_at))


def live(url, random):
    """Eight steps of a hundred histories, each a run, some of them followed by a backfill."""
    clock = iter(datetime(2013, 4, 1, tzinfo=UTC) + timedelta(minutes=number) for number in range(10_000))
    store = open_store(url, clock=lambda: next(clock))
    store.upgrade()
    workspace = Workspace(Path("/nowhere/config"), Path("/nowhere"), configuration(random), store)
    today = date(2013, 4, 3)
    for step in range(STEPS):
        as_of = CALENDAR.end_of_day(today) - timedelta(hours=int(random.integers(0, 2)) * 7)
        run = Run(f"run-{step}", as_of)
        workspace = continued(
            replace(workspace, configuration=edited(random, workspace.configuration, today)), today=today
        )
        store.write(partial(observe, workspace=workspace, random=random, run=run, today=today))
        score_and_record(workspace, run)
        if step % 3 == 2:
            days = sorted({today - timedelta(days=int(back)) for back in random.integers(1, 9, 3)})
            past = Run(f"backfill-{step}", as_of, "backfill")
            score_history(workspace, past, [CALENDAR.end_of_day(day) for day in days])
        today += timedelta(days=int(random.integers(0, 5)))
    return workspace


def configuration(random):
    metrics = {f"m{number}": metric(random, f"m{number}") for number in range(EACH)}
    objectives = {}
    for number, it in enumerate(metrics.values()):
        name = f"o{number}"
        key_results = tuple(key_result(random, f"k{number}-{at}", name, it) for at in range(3))
        parent = f"C/o{number - 1}" if number % 5 else None
        objective = Objective(
            name, "C", name, "owner", Level.TEAM, Intent.COMMITTED, key_results,
            parent=parent, contributes_weight=1.0 if parent else None,
        )  # fmt: skip
        objectives[objective.full_id] = objective
    made = Configuration(Project("P", CALENDAR), {}, metrics, {"C": CYCLE}, objectives)
    return replace(made, version=version(made))


def metric(random, name):
    rollup = Rollup.SUM if random.random() < 0.5 else Rollup.LAST
    return Metric(
        id=name, name=name, source="s", grain=Grain.DAY, unit="count", better=Better.HIGHER, rollup=rollup,
        across=Across.SUM, empty="zero" if random.random() < 0.3 else "missing",
        closes_after=Duration(int(random.integers(0, 3)), "days"),
        provisional="wait" if random.random() < 0.2 else "use",
    )  # fmt: skip


def key_result(random, name, objective, of):
    measures = [Reach(0, 40.5), Reach("at_start", 60), Change(Points(12.25)), Maintain(3, 9, 0.8), Baseline(9)]
    if of.rollup is Rollup.SUM:
        measures += [Accumulate(90.0), Accumulate(RelativeTarget(0.2, "previous_cycle")), Cadence(9.0, Grain.WEEK)]
    measure = measures[random.integers(len(measures))]
    windowed = isinstance(measure, Reach | Change)
    over = (
        Over("trailing", Duration(int(random.integers(2, 8)), "days")) if windowed and random.random() < 0.5 else Over()
    )
    starts = CYCLE.starts + timedelta(days=int(random.integers(0, 3)))
    return KeyResult(
        name, objective, "C", name, "owner", measure, starts, CYCLE.ends, of.id, over=over, pace=Pace(),
        weight=float(random.integers(1, 4)), min_coverage=float(random.choice([0.0, 0.5, 0.8])),
    )  # fmt: skip


def edited(random, before, today):
    """The configuration with an amendment of a fifth of its key results, and some that were edited in other ways."""
    objectives = {
        name: replace(it, key_results=tuple(amended(random, each, today) for each in it.key_results))
        for name, it in before.objectives.items()
    }
    made = replace(before, objectives=objectives)
    return replace(made, version=version(made))


def amended(random, key_result, today):
    last = key_result.amendments[-1].on if key_result.amendments else CYCLE.starts - timedelta(days=1)
    if random.random() < 0.2 and last < today <= CYCLE.ends:
        on = today - timedelta(days=int(random.integers(0, (today - last).days)))
        new = Amendment(on, "A reason", "author", **change(random, key_result))
        return replace(key_result, amendments=(*key_result.amendments, new))
    return replace(key_result, title=f"title {random.integers(9)}") if random.random() < 0.1 else key_result


def change(random, key_result):
    changes = [
        {"weight": float(random.integers(1, 9)) / 4},
        {"ends": CYCLE.ends - timedelta(days=int(random.integers(0, 3)))},
        {"starts": CYCLE.starts + timedelta(days=int(random.integers(0, 2)))},
        {"state": str(random.choice(["paused", "active"])), "state_reason": "A reason"},
    ]
    if isinstance(key_result.measure, Reach):
        changes += [{"measure": Reach(key_result.measure.from_, float(random.integers(30, 90)))}] * 3
        changes += [{"over": Over("trailing", Duration(3, "days"))}]
    return changes[random.integers(len(changes))]


def observe(batch, workspace, random, run, today):
    """What a read brings: new values, and some that are late, restated, withdrawn or refused; some reads fail."""
    note(batch, workspace, run)
    days = [FIRST + timedelta(days=at) for at in range((today - FIRST).days + 1)]
    picked = pd.DataFrame(
        [(name, day) for name in workspace.configuration.metrics for day in days[:-1] if random.random() < 0.5]
    )
    points = pd.DataFrame(
        {
            "metric": picked[0],
            "dimensions": "{}",
            "period_start": pd.to_datetime([CALENDAR.start_of_day(day) for day in picked[1]], utc=True).as_unit("us"),
            "period_end": pd.to_datetime([CALENDAR.end_of_day(day) for day in picked[1]], utc=True).as_unit("us"),
            "value": np.round(random.normal(5, 2, len(picked)), 2),
            "weight": np.nan,
            "raw_value": None,
            "flags": "",
        }
    )
    kind = random.random(len(points))
    batch.record_observations(points[kind < 0.85], run_id=run.id)
    batch.withdraw(points[(kind >= 0.85) & (kind < 0.95)], run_id=run.id)
    batch.quarantine(points[kind >= 0.95].assign(rule="max", reason="too big"), run_id=run.id)
    batch.release(points[kind < 0.85], resolution="superseded", run_id=run.id)
    failing = random.random(len(workspace.configuration.metrics)) < 0.1
    states = np.where(failing, "failed", "ok")
    batch.touch_metrics(pd.DataFrame({"metric": list(workspace.configuration.metrics), "status": states}))
