"""Writing and reading 90,000 observations: the store beside its physical limits and its peers, on both backends.

    python benchmarks/store.py [--series 1000] [--periods 90] [--backend sqlite|postgres] [--rounds 3]

Every row is written three times: into nothing, unchanged, and with 1 % changed. CPU seconds of this process and the
database server together, the median of the rounds, which take turns. All contestants begin with the same frame; the raw
ones are given the number of each series for nothing, and keep neither who wrote a row nor when. PostgreSQL is a private
server that forgets in a crash (fsync is off), for all of them.
"""

import argparse
import io
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from contest import PEERS, Result, cpu_seconds, median, print_results
from pyarrow import csv

from okr_pipeline.model.frames import CHECK_RESULTS, KEY_RESULT_SCORES
from okr_pipeline.store import Store, open_store
from okr_pipeline.store.runs import Run
from okr_pipeline_tests.conftest import create_cluster, destroy_cluster

PHASES = ("into nothing", "unchanged", "1 % changed")
KEY = ("series_id", "period_start")
CONTENT = ("period_end", "value", "weight", "flags")
COLUMNS = (*KEY, *CONTENT)
NAIVE_SHARE = 10
RUN = Run("018f3c1e-7d2a-7e31-9d55-7a1c0e6f2b44", "run")


@dataclass(frozen=True)
class Place:
    """Where contestants write: a fresh file for each, or a fresh database on a server."""

    new_url: Callable[[], str]
    postmaster: int | None = None

    @property
    def is_server(self) -> bool:
        return self.postmaster is not None


class Contestant(Protocol):
    """Opened on a URL; everything of `write` is one transaction."""

    def write(self, rows: pd.DataFrame) -> None: ...
    def close(self) -> None: ...


def main() -> None:
    arguments = _arguments()
    states = _states(arguments.series, arguments.periods)
    print(f"{len(states[0]):,} observations of {arguments.series:,} series, written three times; CPU seconds")
    if arguments.backend != "postgres":
        with tempfile.TemporaryDirectory() as directory:
            place = Place(lambda: f"sqlite:///{directory}/{uuid4().hex}.db")
            contest("SQLite; ours: at most 1.15 × raw executemany", place, IN_FILE, states, arguments.rounds)
    if arguments.backend != "sqlite":
        with _server() as place:
            contest("PostgreSQL; ours: at most 1.25 × raw COPY + MERGE", place, ON_SERVER, states, arguments.rounds)


def contest(
    goal: str,
    place: Place,
    contestants: dict[str, Callable[[str], Contestant]],
    states: Sequence[pd.DataFrame],
    rounds: int,
) -> None:
    taken: dict[str, list[list[float]]] = {name: [] for name in contestants}
    notes: dict[str, str] = {}
    for _ in range(rounds):
        for name, open_contestant in contestants.items():
            seconds, notes[name] = entered(place, open_contestant, states)
            taken[name].append(seconds)
    results = [Result(name, median(each), notes[name]) for name, each in taken.items()]
    results.append(_naive(place, states))
    print(f"\n{goal}, and 3.5 × as fast as dlt at least\n")
    print_results(PHASES, [*results, *_peers(place, states)])
    print(f"\n{'ours, what else is written and read in bulk':<62}{'CPU s':>9}{'limit':>9}")
    for name, seconds, limit in _others(place):
        print(f"{name:<62}{seconds:>9.3f}{'' if limit is None else f'{limit:.3f}':>9}")


def entered(
    place: Place, open_contestant: Callable[[str], Contestant], states: Sequence[pd.DataFrame]
) -> tuple[list[float], str]:
    """What each write took, and what the unchanged one wrote to the log."""
    url = place.new_url()
    contestant, seconds, logged = open_contestant(url), [], []
    for rows in states:
        log, cpu = _log_bytes(place, url), cpu_seconds(place.postmaster)
        contestant.write(rows)
        seconds.append(cpu_seconds(place.postmaster) - cpu)
        logged.append(_log_bytes(place, url) - log)
    contestant.close()
    return seconds, f"{logged[1]:,} bytes of log when unchanged" if place.is_server else ""


class Ours:
    """Names instead of numbers, revisions, and the run, in one transaction."""

    def __init__(self, url: str) -> None:
        self.store = open_store(url)
        self.store.upgrade()
        self.store.write(lambda batch: batch.start_run(RUN))

    def write(self, rows: pd.DataFrame) -> None:
        def work(batch: Any) -> None:
            batch.start_run(RUN)
            batch.record_observations(rows, run_id=RUN.run_id)
            batch.add_step(RUN.run_id, "observed", {"rows": len(rows)}, status="done")

        self.store.write(work)

    def close(self) -> None:
        self.store.close()


class Executemany:
    """One table, by the driver."""

    update = "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in CONTENT)
    differs = " OR ".join(f"observations.{name} IS NOT excluded.{name}" for name in CONTENT)
    skips_equal = False

    def __init__(self, url: str) -> None:
        import sqlite3

        self.connection = sqlite3.connect(sa.make_url(url).database, isolation_level=None)
        for pragma in ("synchronous=FULL", "journal_mode=DELETE", "temp_store=MEMORY"):
            self.connection.execute(f"PRAGMA {pragma}")
        self._create("observations", "series_id, period_start")

    def write(self, rows: pd.DataFrame) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self._write(list(_tuples(rows)))
        self.connection.execute("COMMIT")

    def close(self) -> None:
        self.connection.close()

    def _create(self, table: str, key: str) -> None:
        self.connection.execute(
            f"CREATE TABLE {table} (series_id INTEGER, period_start INTEGER, period_end INTEGER, value REAL,"
            f" weight REAL, flags TEXT{', written INTEGER' if 'written' in key else ''}, PRIMARY KEY ({key}))"
            " WITHOUT ROWID"
        )

    def _write(self, rows: list[tuple[object, ...]]) -> None:
        where = f" WHERE {self.differs}" if self.skips_equal else ""
        statement = (
            f"INSERT INTO observations VALUES (?,?,?,?,?,?) ON CONFLICT (series_id, period_start) DO {self.update}"
        )
        self.connection.executemany(statement + where, rows)


class ExecutemanySkipping(Executemany):
    skips_equal = True


class ExecutemanyWithHistory(ExecutemanySkipping):
    """What is new or differs is appended to a second table as well."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.writes = 0
        self._create("history", "series_id, period_start, written")

    def _write(self, rows: list[tuple[object, ...]]) -> None:
        self.writes += 1
        same = " AND ".join(f"{name} IS ?{place}" for place, name in enumerate(COLUMNS, start=1))
        self.connection.executemany(
            f"INSERT INTO history SELECT ?1, ?2, ?3, ?4, ?5, ?6, {self.writes}"
            f" WHERE NOT EXISTS (SELECT 1 FROM observations WHERE {same})",
            rows,
        )
        super()._write(rows)


class Merge:
    """One table: COPY into a temporary one and one MERGE, by the driver."""

    form = "csv"

    def __init__(self, url: str) -> None:
        import psycopg

        self.connection = psycopg.connect(_plain(url), autocommit=True, options="-c timezone=UTC")
        columns = (
            "series_id int, period_start timestamptz, period_end timestamptz, value float8, weight float8, flags text"
        )
        self.connection.execute(f"CREATE TABLE observations ({columns}, PRIMARY KEY (series_id, period_start))")
        self.connection.execute(
            f"CREATE TABLE history ({columns}, written int, PRIMARY KEY (series_id, period_start, written))"
        )
        self.connection.execute(f"CREATE TEMPORARY TABLE staged ({columns}) ON COMMIT DELETE ROWS")

    same_key = " AND ".join(f"o.{name} = s.{name}" for name in KEY)
    differs = " OR ".join(f"o.{name} IS DISTINCT FROM s.{name}" for name in CONTENT)

    def write(self, rows: pd.DataFrame) -> None:
        content = _binary(rows) if self.form == "binary" else _csv(rows)
        with self.connection.transaction(), self.connection.cursor() as cursor:
            with cursor.copy(f"COPY staged ({', '.join(COLUMNS)}) FROM STDIN (FORMAT {self.form})") as copy:
                copy.write(content)
            self._merge(cursor)

    def close(self) -> None:
        self.connection.close()

    def _merge(self, cursor: Any) -> None:
        cursor.execute(
            f"MERGE INTO observations o USING staged s ON {self.same_key}"
            f" WHEN MATCHED AND ({self.differs}) THEN UPDATE SET {', '.join(f'{it} = s.{it}' for it in CONTENT)}"
            f" WHEN NOT MATCHED THEN INSERT VALUES ({', '.join(f's.{it}' for it in COLUMNS)})"
        )


class BinaryMerge(Merge):
    """The same with COPY's binary form."""

    form = "binary"


class MergeWithHistory(Merge):
    """What is new or differs is appended to a second table as well."""

    writes = 0

    def _merge(self, cursor: Any) -> None:
        self.writes += 1
        cursor.execute(
            f"INSERT INTO history SELECT {', '.join(f's.{it}' for it in COLUMNS)}, {self.writes} FROM staged s"
            f" LEFT JOIN observations o ON {self.same_key} WHERE o.series_id IS NULL OR {self.differs}"
        )
        super()._merge(cursor)


IN_FILE: dict[str, Callable[[str], Contestant]] = {
    "raw executemany, one table": Executemany,
    "raw executemany, one table, equal rows skipped": ExecutemanySkipping,
    "raw executemany, and a table of history": ExecutemanyWithHistory,
    "ours": Ours,
}
ON_SERVER: dict[str, Callable[[str], Contestant]] = {
    "raw COPY + MERGE, one table": Merge,
    "raw binary COPY + MERGE, one table": BinaryMerge,
    "raw COPY + MERGE, and a table of history": MergeWithHistory,
    "ours": Ours,
}


def _naive(place: Place, states: Sequence[pd.DataFrame]) -> Result:
    """SQLAlchemy's executemany of an upsert, on the first series, scaled."""
    from sqlalchemy.dialects import postgresql, sqlite

    kinds = (sa.Integer, *[sa.TIMESTAMP(timezone=True)] * 2, sa.Double, sa.Double, sa.Text)
    columns = (sa.Column(name, kind, primary_key=name in KEY) for name, kind in zip(COLUMNS, kinds, strict=True))
    table = sa.Table("observations", sa.MetaData(), *columns)
    engine = sa.create_engine(place.new_url())
    table.create(engine)
    insert = (postgresql if place.is_server else sqlite).insert(table)
    upsert = insert.on_conflict_do_update(index_elements=KEY, set_={name: insert.excluded[name] for name in CONTENT})
    seconds = []
    for state in states:
        part = state.iloc[: len(state) // NAIVE_SHARE]
        before = cpu_seconds(place.postmaster)
        records = part[list(COLUMNS)].astype(object).where(part[list(COLUMNS)].notna(), None).to_dict("records")
        with engine.begin() as connection:
            connection.execute(upsert, records)
        seconds.append((cpu_seconds(place.postmaster) - before) * NAIVE_SHARE)
    engine.dispose()
    return Result("SQLAlchemy executemany", seconds, f"a {NAIVE_SHARE}th of the rows, scaled; once")


def _peers(place: Place, states: Sequence[pd.DataFrame]) -> Iterator[Result]:
    """dlt in its own environment, by each strategy that the destination has; imports are not counted."""
    if not PEERS.exists():
        print(f"dlt is missing: there is no {PEERS}. `make bench` makes it.")
        return
    program = Path(__file__).with_name("dlt_merge.py")
    with tempfile.TemporaryDirectory() as directory:
        files = [_arrow_file(Path(directory) / f"{number}.arrow", state) for number, state in enumerate(states)]
        for strategy in ("upsert", "delete-insert") if place.is_server else ("delete-insert",):
            # dlt insists on a password; the server asks for none.
            url = _plain(place.new_url()).replace("postgres@", "postgres:none@")
            arguments = [url, strategy, str(place.postmaster or 0), *map(str, files)]
            done = subprocess.run([PEERS, program, *arguments], capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"dlt, {strategy}, does not work here: {done.stderr.strip().splitlines()[-1]}")
                continue
            answer = json.loads(done.stdout.splitlines()[-1])
            assert answer["rows"] == len(states[-1]), answer
            np.testing.assert_allclose(answer["sum"], states[-1]["value"].sum())
            yield Result(
                f"dlt, {strategy}", answer["seconds"], "Arrow in, " + ("CSV" if place.is_server else "Parquet")
            )


def _others(place: Place) -> Iterator[tuple[str, float, float | None]]:
    """Reading and the other bulk writes, and the limit of some: the driver's rows as tuples."""
    for series in (1_000, 11_112):
        yield from _reading(place, series)
    ours = Ours(place.new_url())
    yield from _scoring(place, ours.store, 50_000)
    yield from _judging(place, ours.store, 10_000)
    ours.close()


def _reading(place: Place, series: int) -> Iterator[tuple[str, float, float | None]]:
    url, states, some = place.new_url(), _states(series, 90), [f"metric_{it:06}" for it in range(0, series, 10)]
    ours, count = Ours(url), f"{series * 90:,}"
    ours.write(states[0])
    known = ours.store.known_until()
    ours.write(states[2])
    yield f"read {count} observations", _cpu(place, ours.store.observations), _tuples_read(place, url)
    yield "  of one metric in ten", _cpu(place, lambda: ours.store.observations(some)), None
    yield "  as known before 1 % changed", _cpu(place, lambda: ours.store.observations(known_at=known)), None
    yield "  with every revision", _cpu(place, ours.store.revisions), None
    ours.close()


def _scoring(place: Place, store: Store, key_results: int) -> Iterator[tuple[str, float, float | None]]:
    scores, day = _scores(key_results), date(2013, 6, 30)

    def record() -> None:
        store.write(lambda batch: _record_scores(batch, scores))

    yield f"record the scores of {key_results:,} key results", _cpu(place, record), None
    yield "  the same again", _cpu(place, record), None
    yield "  read them", _cpu(place, lambda: store.key_result_scores(day)), None


def _judging(place: Place, store: Store, metrics: int) -> Iterator[tuple[str, float, float | None]]:
    outcomes, states = _outcomes(metrics), _metric_states(metrics)
    later = states.assign(last_read_at=pd.Timestamp("2013-07-01T00:00:00Z"))

    def judge() -> None:
        store.write(lambda batch: batch.record_checks(outcomes, source="s", run_id=RUN.run_id))

    def touch(states: pd.DataFrame) -> None:
        store.write(lambda batch: batch.touch_metrics(states))

    yield f"record {len(outcomes):,} check outcomes of {metrics:,} metrics", _cpu(place, judge), None
    yield "  the same again, of a later judgement", _cpu(place, judge), None
    yield "  read the newest judgement of each metric", _cpu(place, store.check_results), None
    yield f"set the states of {metrics:,} metrics", _cpu(place, lambda: touch(states)), None
    yield "  the same again, read later", _cpu(place, lambda: touch(later)), None


def _cpu(place: Place, work: Callable[[], object]) -> float:
    before = cpu_seconds(place.postmaster)
    work()
    return cpu_seconds(place.postmaster) - before


def _tuples_read(place: Place, url: str) -> float:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        cursor = connection.connection.cursor()

        def read() -> None:
            cursor.execute("SELECT * FROM observations ORDER BY series_id, period_start")
            cursor.fetchall()

        seconds = _cpu(place, read)
    engine.dispose()
    return seconds


def _states(series: int, periods: int) -> list[pd.DataFrame]:
    """The rows of the three writes, sorted as a source would deliver them."""
    starts = pd.Series(np.tile(pd.date_range("2013-01-01", periods=periods, tz="UTC").as_unit("us"), series))
    values = np.random.default_rng(1).uniform(100, 200, series * periods)
    first = pd.DataFrame(
        {
            "series_id": np.repeat(np.arange(1, series + 1), periods),
            "metric": np.repeat([f"metric_{number:06}" for number in range(series)], periods),
            "dimensions": "{}",
            "period_start": starts.astype("datetime64[us, UTC]"),
            "period_end": (starts + pd.Timedelta(days=1)).astype("datetime64[us, UTC]"),
            "value": values,
            "weight": np.nan,
            "raw_value": None,
            "flags": "",
        }
    )
    return [first, first.copy(), first.assign(value=values + (np.arange(len(values)) % 100 == 7))]


def _scores(count: int) -> pd.DataFrame:
    row: dict[str, Any] = dict.fromkeys(KEY_RESULT_SCORES)
    row |= {
        "objective": "2013-Q2/o", "cycle": "2013-Q2", "title": "A title of usual length, as people write them",
        "owner": "someone@example.com", "measure": "reach", "unit": "count", "status": "on_track", "provisional": True,
        "baseline": 80.0, "target": 120.0, "expected_progress": 0.5, "expected_progress_now": 0.5,
        "value_period_start": pd.Timestamp("2013-06-29", tz="UTC"), "observed_periods": 90, "expected_periods": 91,
        "value_period_end": pd.Timestamp("2013-06-30", tz="UTC"), "observed_share": 0.99, "weight": 1.0,
    }  # fmt: skip
    names = [f"2013-Q2/key-result-{number:06}" for number in range(count)]
    values = np.random.default_rng(2).uniform(80, 120, count)
    frame = pd.DataFrame(row, index=range(count))
    metrics = [f"metric_{number // 5:06}" for number in range(count)]
    progress = (values - 80) / 40
    return frame.assign(key_result=names, metric=metrics, value=values, progress=progress, score=progress)


def _record_scores(batch: Any, scores: pd.DataFrame) -> None:
    instant = datetime(2013, 6, 30, tzinfo=UTC)
    batch.record_key_result_scores(
        scores, as_of=instant, as_of_date=date(2013, 6, 30), known_at=instant, run_id=RUN.run_id, config_version="v"
    )


def _outcomes(metrics: int) -> pd.DataFrame:
    rules = [f"rule_{number}" for number in range(10)]
    frame = pd.DataFrame({"metric": np.repeat([f"metric_{n:06}" for n in range(metrics)], 10), "rule": rules * metrics})
    others = {"family": "values", "status": "passed", "severity": "block", "rows_checked": 90, "rows_failed": 0}
    return frame.assign(**others, detail=None)[list(CHECK_RESULTS)]


def _metric_states(metrics: int) -> pd.DataFrame:
    read = pd.Timestamp("2013-06-30T12:00:00Z")
    columns = {"source": "s", "last_read_at": read, "window_start": read, "window_end": read, "response_hash": "h" * 64}
    return pd.DataFrame({"metric": [f"metric_{n:06}" for n in range(metrics)]}).assign(**columns, rules_version="v")


def _tuples(rows: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    instants = {name: rows[name].dt.tz_localize(None).to_numpy().view("i8").tolist() for name in COLUMNS[1:3]}
    return zip(*(instants.get(name) or rows[name].tolist() for name in COLUMNS), strict=True)


def _arrow(rows: pd.DataFrame) -> pa.Table:
    # Instants without a zone print thirty times as fast; the session's zone is UTC.
    plain = {name: rows[name].dt.tz_localize(None) for name in COLUMNS[1:3]}
    return pa.table({name: pa.Array.from_pandas(plain.get(name, rows[name])) for name in COLUMNS})


def _csv(rows: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    csv.write_csv(_arrow(rows), sink, csv.WriteOptions(include_header=False))
    return sink.getvalue()


def _binary(rows: pd.DataFrame) -> bytes:
    """PostgreSQL's binary form of rows without weight and flags, laid out once for all."""
    fields = [("fields", ">i2")]
    for name, form in zip(COLUMNS[:4], (">i4", ">i8", ">i8", ">f8"), strict=True):
        fields += [(f"{name}_length", ">i4"), (name, form)]
    laid_out = np.zeros(len(rows), np.dtype([*fields, ("weight_length", ">i4"), ("flags_length", ">i4")]))
    laid_out["fields"], laid_out["weight_length"] = 6, -1
    since_1970 = 946_684_800_000_000
    for name in COLUMNS[:4]:
        values = rows[name]
        is_instant = name in COLUMNS[1:3]
        laid_out[name] = values.dt.tz_localize(None).to_numpy().view("i8") - since_1970 if is_instant else values
        laid_out[f"{name}_length"] = laid_out.dtype[name].itemsize
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + laid_out.tobytes() + b"\xff\xff"


def _arrow_file(path: Path, rows: pd.DataFrame) -> Path:
    table = pa.table({name: pa.Array.from_pandas(rows[name]) for name in COLUMNS})
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)
    return path


def _log_bytes(place: Place, url: str) -> int:
    if not place.is_server:
        return 0
    import psycopg

    with psycopg.connect(_plain(url), autocommit=True) as connection:
        row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _server() -> Iterator[Place]:
    cluster = create_cluster()
    try:
        postmaster = int((cluster.directory / "data" / "postmaster.pid").read_text().splitlines()[0])

        def new_url() -> str:
            name = f"contest_{uuid4().hex}"
            engine = sa.create_engine(cluster.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
            with engine.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            return cluster.url.set(database=name).render_as_string(hide_password=False)

        yield Place(new_url, postmaster)
    finally:
        destroy_cluster(cluster)


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1_000)
    parser.add_argument("--periods", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backend", choices=["sqlite", "postgres"])
    return parser.parse_args()


if __name__ == "__main__":
    main()
