"""Scoring from store to store: 100,000 key results of 90 daily observations each, read, scored and recorded.

Run as `python benchmarks/scoring_stored.py [key results]`. CPU seconds, the database server's among them, and how many
times all that DuckDB takes: of one round, and of the best of three of DuckDB and of the last row, which are so short
that memory that is touched for the first time shows. Ours does what a run does: values with their keys out of the
store, definitions compiled, scores with forecasts, and all columns of them recorded as revisions. The limits move
numbers alone, by the driver: three columns out, a matrix of numpy as in `scoring.py`, and a status and a progress of
each key result in; as rows from SQLite, and as columns from DuckDB, which is no store of ours. Two rows tell what could
be had by keeping things ready, without forecasts. Of the first, observations are packed in two blobs a series, and
compiled definitions in one; the rest is ours: tracks, scores, rows of them, compared and recorded by the store. Of the
last, tracks are ready, too, and so are our rows, as Python values, which are handed to SQLite's driver.
"""

import gc
import pickle
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from contest import cpu_seconds
from scoring import AS_OF, DAYS, definitions, frame, judged

from okr_pipeline.scoring.arrays import microseconds
from okr_pipeline.scoring.objectives import roll_up_objectives
from okr_pipeline.scoring.rows import PERIOD_BITS, PERIOD_MASK
from okr_pipeline.scoring.scores import Prepared, evaluate, prepare
from okr_pipeline.scoring.standing import stand
from okr_pipeline.scoring.values import measure_bases
from okr_pipeline.store import Store, open_store
from okr_pipeline.store.runs import Run
from okr_pipeline_tests.conftest import create_cluster, destroy_cluster

RUN = Run("018f3c1e-7d2a-7e31-9d55-7a1c0e6f2b44", "run")
PHASES = ("out of it", "compiled", "scored", "into it")
BASE, TARGET, ELAPSED = 80.0, 120.0, DAYS / 91


def main(count: int) -> None:
    gc.set_threshold(200_000)  # as `okr run` does
    values = np.random.default_rng(20130519).normal(100, 10, (count, DAYS))
    print(f"{count:,} key results × {DAYS} observations, CPU seconds")
    print(f"{'':<32}" + "".join(f"{phase:>12}" for phase in (*PHASES, "together")))
    cluster = create_cluster()
    try:
        postmaster = int((cluster.directory / "data" / "postmaster.pid").read_text().split()[0])
        with tempfile.TemporaryDirectory(prefix="okr-bench-") as directory:
            at = Path(directory)
            goal = best_of_three(lambda round_: columns(at / f"columns{round_}.duckdb", values))
            print_row("numbers as columns, DuckDB", goal, goal)
            print_row("numbers as rows, SQLite", rows(at / "rows.db", values), goal)
            ours, prepared = stored(f"sqlite:///{at}/ours.db", values, None)
            print_row("ours, SQLite", ours, goal)
            print_row("ours, PostgreSQL", stored(cluster.url.render_as_string(False), values, postmaster)[0], goal)
            part = best_of_three(lambda round_: kept(at / f"kept{round_}.db", values, prepared))
            print_row("packed and kept, the rest ours", part, goal)
            ready = best_of_three(lambda round_: least(at / f"least{round_}.db", at / "ours.db", values, prepared))
            print_row("all kept ready, SQLite", ready, goal)
    finally:
        destroy_cluster(cluster)


def best_of_three(taken: Callable[[int], list[float]]) -> list[float]:
    """The seconds of the round that took least of all."""
    return min((taken(round_) for round_ in range(3)), key=sum)


def print_row(name: str, seconds: list[float], goal: list[float]) -> None:
    together = sum(seconds)
    columns = "".join(f"{each:>12.2f}" for each in (*seconds, together))
    print(f"{name:<32}{columns}{together / sum(goal):>9.1f} ×", flush=True)


def stored(url: str, values: np.ndarray, postmaster: int | None) -> tuple[list[float], Prepared]:
    """As a run does it; the observations are in the store before."""
    store = open_store(url)
    store.upgrade()
    store.write(lambda batch: batch.start_run(RUN))
    write_observations(store, values)
    configuration, taken = definitions(len(values)), []
    observations = timed(lambda: store.observed_values(end=AS_OF), taken, postmaster)
    assert len(observations) == values.size
    prepared = timed(lambda: prepare(configuration, observations, until=AS_OF), taken, postmaster)
    scores = timed(lambda: evaluate(prepared, microseconds(AS_OF)), taken, postmaster)
    assert (scores.key_results["status"] != "unknown").all()
    recorded = timed(lambda: store.write(lambda batch: record(batch, scores)), taken, postmaster)
    assert recorded == len(values)
    store.close()
    return taken, prepared


def write_observations(store: Store, values: np.ndarray) -> None:
    """In parts, because nobody has a quarter of everything come in at once."""
    points = frame(values)
    points["period_end"] = points["period_start"] + pd.Timedelta(days=1)
    points = points.astype({"metric": "str", "dimensions": "str"})
    for start in range(0, len(points), 1_000_000):
        part = points.iloc[start : start + 1_000_000]
        store.write(lambda batch, part=part: batch.record_observations(part, run_id=RUN.run_id))


def record(batch, scores) -> int:
    stamp = {
        "as_of": AS_OF, "as_of_date": AS_OF.date(), "known_at": batch.recorded_at, "run_id": RUN.run_id,
        "config_version": "1", "reconstructed": False,
    }  # fmt: skip
    batch.record_objective_scores(scores.objectives, **stamp)
    return len(batch.record_key_result_scores(scores.key_results, **stamp))


def rows(path: Path, values: np.ndarray) -> list[float]:
    """Tuples of the driver, and nothing made of them but the matrix."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE observations (series, day, value, PRIMARY KEY (series, day)) WITHOUT ROWID")
    connection.execute("CREATE TABLE scores (series INTEGER PRIMARY KEY, progress, status)")
    series, days = np.divmod(np.arange(values.size), DAYS)
    numbers = zip(series.tolist(), days.tolist(), values.ravel().tolist(), strict=True)
    connection.executemany("INSERT INTO observations VALUES (?, ?, ?)", numbers)
    connection.commit()

    def out() -> np.ndarray:
        found = connection.execute("SELECT series, day, value FROM observations ORDER BY series, day").fetchall()
        return np.fromiter((value for _, _, value in found), float, len(found)).reshape(values.shape)

    def into(scored: tuple[np.ndarray, np.ndarray]) -> None:
        connection.executemany(
            "INSERT INTO scores VALUES (?, ?, ?)", zip(range(len(values)), *(it.tolist() for it in scored), strict=True)
        )
        connection.commit()

    return moved(out, into)


def packed(path: Path, values: np.ndarray, prepared: Prepared) -> sqlite3.Connection:
    """A table of two blobs for each series: the numbers of its periods, and its values."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE packed (series INTEGER PRIMARY KEY, periods BLOB, numbers BLOB)")
    periods = (prepared.tracks.key & PERIOD_MASK).astype("i4").reshape(values.shape)
    rows = zip(range(len(values)), map(bytes, periods), map(bytes, values), strict=True)
    connection.executemany("INSERT INTO packed VALUES (?, ?, ?)", rows)
    connection.commit()
    return connection


def unpacked(connection: sqlite3.Connection) -> tuple[np.ndarray, np.ndarray]:
    """The periods and values of all series, one after the other."""
    found = connection.execute("SELECT periods, numbers FROM packed ORDER BY series").fetchall()
    periods, numbers = (b"".join(column) for column in zip(*found, strict=True))
    return np.frombuffer(periods, dtype="i4"), np.frombuffer(numbers)


def kept(path: Path, values: np.ndarray, prepared: Prepared) -> list[float]:
    """Observations and definitions come ready out of a store, and all that follows is ours."""
    connection, taken = packed(path, values, prepared), list[float]()
    connection.execute("CREATE TABLE kept (definitions BLOB)")
    connection.execute("INSERT INTO kept VALUES (?)", (pickle.dumps(prepared.definitions, pickle.HIGHEST_PROTOCOL),))
    connection.commit()
    store = open_store(f"sqlite:///{path}.scores")
    store.upgrade()
    store.write(lambda batch: batch.start_run(RUN))

    def compiled() -> Prepared:
        definitions = pickle.loads(connection.execute("SELECT definitions FROM kept").fetchone()[0])
        key = (np.repeat(np.arange(len(values)), DAYS) << PERIOD_BITS) + periods
        first = np.searchsorted(key, np.arange(len(values) + 2) << PERIOD_BITS)
        weight = np.zeros(len(key) + 1)
        tracks = replace(prepared.tracks, key=key, value=np.append(numbers, 0.0), weight=weight, first=first)
        return replace(prepared, definitions=definitions, tracks=tracks, bases=measure_bases(definitions, tracks))

    periods, numbers = timed(lambda: unpacked(connection), taken, None)
    made = timed(compiled, taken, None)
    scores = timed(lambda: evaluate(made, microseconds(AS_OF), forecasts=False), taken, None)
    assert (scores.key_results["status"] != "unknown").all()
    recorded = timed(lambda: store.write(lambda batch: record(batch, scores)), taken, None)
    assert recorded == len(values)
    connection.close()
    store.close()
    return taken


def least(path: Path, ours: Path, values: np.ndarray, prepared: Prepared) -> list[float]:
    """What is left when all that can be kept ready is kept ready; `ours` is a store that has the scores."""
    connection = packed(path, values, prepared)
    table = "key_result_score_revisions"
    with sqlite3.connect(ours) as store:
        connection.execute(store.execute(f"SELECT sql FROM sqlite_master WHERE name = '{table}'").fetchone()[0])
        scores = store.execute(f"SELECT * FROM {table}").fetchall()
    store.close()
    connection.commit()
    moment, taken = microseconds(AS_OF), list[float]()

    def scored() -> None:
        standing = stand(prepared.definitions, prepared.tracks, prepared.bases, moment, prepared.failed)
        roll_up_objectives(prepared.definitions, standing, moment)

    def into() -> None:
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(scores[0]))})", scores)
        connection.commit()

    periods, numbers = timed(lambda: unpacked(connection), taken, None)
    assert len(periods) == len(numbers) == values.size
    taken.append(0.0)
    timed(scored, taken, None)
    timed(into, taken, None)
    connection.close()
    return taken


def columns(path: Path, values: np.ndarray) -> list[float]:
    """Arrays of the driver."""
    connection = duckdb.connect(str(path))
    series, days = np.divmod(np.arange(values.size), DAYS)
    observations = pd.DataFrame({"series": series, "day": days, "value": values.ravel()})
    connection.register("given", observations)
    connection.execute("CREATE TABLE observations AS SELECT * FROM given")
    connection.execute("CREATE TABLE scores (series BIGINT, progress DOUBLE, status BIGINT)")

    def out() -> np.ndarray:
        found = connection.execute("SELECT series, day, value FROM observations ORDER BY series, day").fetchnumpy()
        return found["value"].reshape(values.shape)

    def into(scored: tuple[np.ndarray, np.ndarray]) -> None:
        made = pd.DataFrame({"series": range(len(values)), "progress": scored[0], "status": scored[1]})
        connection.register("made", made)
        connection.execute("INSERT INTO scores SELECT * FROM made")

    return moved(out, into)


def moved(out: Callable[[], np.ndarray], into: Callable[[tuple[np.ndarray, np.ndarray]], None]) -> list[float]:
    """Out, scored as a matrix, and in; there is nothing to compile."""
    taken: list[float] = []
    matrix = timed(out, taken, None)
    taken.append(0.0)
    scored = timed(lambda: scored_matrix(matrix), taken, None)
    timed(lambda: into(scored), taken, None)
    return taken


def scored_matrix(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    progress = (values.mean(axis=1) - BASE) / (TARGET - BASE)
    return progress, judged(progress, ELAPSED)


def timed(work, taken: list[float], postmaster: int | None):
    before = cpu_seconds(postmaster)
    made = work()
    taken.append(cpu_seconds(postmaster) - before)
    return made


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
