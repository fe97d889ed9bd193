"""The `sql` connector: one query per metric, read from a database that SQLAlchemy can name.

Belongs here: its settings, request keys and description. Does not: reading (`source`), what a query may say
(`statement`), or one kind of database (`sqlite`, `duckdb`, `postgresql`).
"""

from datetime import timedelta
from typing import Final, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.contract import Context, Description, Source
from connectors.durations import Duration


class SqlSettings(BaseModel):
    """The keys of a `sql` source."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: SecretStr = Field(
        description="Where the database is, as SQLAlchemy writes it: duckdb:///warehouse.duckdb, sqlite:///data.db,"
        " postgresql://reader:${PASSWORD}@host/database. File paths are relative to the project directory."
    )
    statement_timeout: Duration = Field(
        default=timedelta(seconds=60), description="A query that takes longer is stopped: 500ms, 60s, 5m."
    )
    max_rows: int = Field(
        default=1_000_000, ge=1, description="A query that gives more rows is an error; nothing is cut off silently."
    )
    concurrency: int = Field(default=4, ge=1, le=64, description="How many queries run at a time.")


class SqlRequest(BaseModel):
    """The keys a metric of a `sql` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str = Field(
        min_length=1,
        description="One SELECT that gives the columns period, value, optionally weight, and the dimensions."
        " :window_start and :window_end are bound as instants; a query with neither is read whole.",
    )


class SqlConnector:
    """Reads KPI values with SQL."""

    def describe(self) -> Description[BaseModel, BaseModel]:
        """Its settings, request keys and abilities."""
        description = Description(
            name="sql",
            summary="One SELECT per metric from DuckDB, SQLite or PostgreSQL, read-only",
            settings=SqlSettings,
            request=SqlRequest,
            history=True,
            additivity=("additive", "distinct", "ratio", "snapshot"),
            tested_against=("DuckDB files", "SQLite files", "PostgreSQL servers"),
        )
        return cast("Description[BaseModel, BaseModel]", description)

    def open(self, settings: BaseModel, context: Context) -> Source:
        """A source that connects when it is first read.

        Raises:
            ConfigError: the URL cannot be read, its database is of an unknown kind, or the driver is not installed.
        """
        # SQLAlchemy and sqlglot take longer to import than most commands that only want the settings.
        from connectors.sql.source import open_source

        return open_source(cast("SqlSettings", settings), context)


CONNECTOR: Final = SqlConnector()
