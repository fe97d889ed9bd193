"""What the sql connector needs of a kind of database.

Belongs here: the protocol, and which kind a URL names. Does not: how one kind is opened and kept from writing
(one module each). A new kind is a module with an `open_*` function and a line in `_KINDS`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

import pandas as pd
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from connectors.errors import ConfigError
from connectors.sql.rows import Caps
from connectors.sql.statement import Bound
from connectors.watching import Watch


@dataclass(frozen=True, slots=True)
class Opening:
    """What a database is opened with. Relative file paths start at `directory`."""

    url: URL = field(repr=False)
    directory: Path
    statement_timeout: timedelta
    concurrency: int


class Database(Protocol):
    """A database that can only be read. `fetch` is called by many threads at once."""

    @property
    def dialect(self) -> str:
        """The name that sqlglot has for its SQL."""
        ...

    @property
    def driver_errors(self) -> tuple[type[Exception], ...]:
        """What its driver raises; `connectors.sql.failures` translates it."""
        ...

    def written(self, bound: Bound) -> str:
        """See `connectors.sql.statement.Written`."""
        ...

    def connect(self, at_once: int = 1) -> None:
        """Answer, or raise what the driver raises. Called before each read, with how many fetches it runs at once."""
        ...

    def fetch(
        self, sql: str, parameters: Mapping[str, datetime], caps: Caps, watch: Watch, metrics: Sequence[str] = ()
    ) -> pd.DataFrame:
        """All rows of one statement, as `to_points` wants columns; the session is in UTC.

        Where the database's log of queries knows tags, this one's names the metrics that it is for.

        Raises:
            DataError: they are more than the caps allow; what arrived is thrown away.
        """
        ...

    def cautions(self) -> tuple[str, ...]:
        """What its login could do and need not."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


_KINDS: Final = {
    "sqlite": ("connectors.sql.sqlite", "open_sqlite", "the standard library"),
    "duckdb": ("connectors.sql.duckdb", "open_duckdb", "okr-pipeline[duckdb]"),
    "postgresql": ("connectors.sql.postgresql", "open_postgresql", "okr-pipeline[postgres]"),
    "postgres": ("connectors.sql.postgresql", "open_postgresql", "okr-pipeline[postgres]"),
    "mysql": ("connectors.sql.mysql", "open_mysql", "okr-pipeline[mysql]"),
    "mariadb": ("connectors.sql.mysql", "open_mysql", "okr-pipeline[mysql]"),
    "snowflake": ("connectors.sql.snowflake", "open_snowflake", "okr-pipeline[snowflake]"),
    "bigquery": ("connectors.sql.bigquery", "open_bigquery", "okr-pipeline[bigquery]"),
    "redshift": ("connectors.sql.redshift", "open_redshift", "okr-pipeline[redshift]"),
    "databricks": ("connectors.sql.databricks", "open_databricks", "okr-pipeline[databricks]"),
    "trino": ("connectors.sql.trino", "open_trino", "okr-pipeline[trino]"),
    "clickhouse": ("connectors.sql.clickhouse", "open_clickhouse", "okr-pipeline[clickhouse]"),
    "clickhousedb": ("connectors.sql.clickhouse", "open_clickhouse", "okr-pipeline[clickhouse]"),
}


def open_database(url: str, directory: Path, statement_timeout: timedelta, concurrency: int) -> Database:
    """The database that a SQLAlchemy URL names; nothing is connected yet.

    Raises:
        ConfigError: the URL cannot be read, its kind is unknown, or its driver is not installed.
    """
    opening = Opening(_read_url(url), directory, statement_timeout, concurrency)
    kind = opening.url.get_backend_name()
    if kind not in _KINDS:
        raise ConfigError(
            f"The url names a database of the kind {kind}, and the sql connector reads duckdb, sqlite, postgresql,"
            " mysql, mariadb, snowflake, bigquery, redshift, databricks, trino and clickhousedb. Use one of these."
        )
    module, function, package = _KINDS[kind]
    try:
        database: Database = getattr(import_module(module), function)(opening)
    except ImportError as error:
        raise ConfigError(f"The driver for {kind} is not installed ({error.name}). Install {package}.") from None
    return database


def existing_file(opening: Opening, how_to_make: str) -> Path:
    """The file a URL names.

    Raises:
        ConfigError: it names none, or the file does not exist.
    """
    name = opening.url.database
    if not name or name == ":memory:":
        raise ConfigError("The url names no file, and a database in memory holds nothing to read. Name a file.")
    path = (opening.directory / name).resolve()
    if not path.is_file():
        raise ConfigError(f"The url names the file {path}, which does not exist. {how_to_make}")
    return path


def _read_url(text: str) -> URL:
    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        # The text may hold a password, so it is not shown.
        raise ConfigError(
            "The url cannot be read. Write it as duckdb:///file, sqlite:///file or postgresql://user:password@host/name,"
            " with special characters of the password percent-encoded."
        ) from None
