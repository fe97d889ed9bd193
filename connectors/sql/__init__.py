"""The `sql` connector: queries of one metric or of many, read from a database that SQLAlchemy can name.

Belongs here: its settings, request keys and description. Does not: reading (`source`), what a query may say
(`statement`), or one kind of database (`sqlite`, `duckdb`, `postgresql`, `mysql`) or warehouse (`snowflake`,
`bigquery`, `redshift`, `databricks`, `trino`, `clickhouse`).
"""

from datetime import timedelta
from difflib import get_close_matches
from typing import Final, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from connectors.columns import Columns
from connectors.contract import Context, Description, Source
from connectors.durations import Duration


class SqlSettings(BaseModel):
    """The keys of a `sql` source."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: SecretStr = Field(
        description="Where the database is, as SQLAlchemy writes it: duckdb:///warehouse.duckdb, sqlite:///data.db,"
        " postgresql://reader:${PASSWORD}@host/database, mysql:// and mariadb:// alike; snowflake://, bigquery://,"
        " redshift://, databricks://, trino:// and clickhousedb://. File paths are relative to the project directory."
    )
    statement_timeout: Duration = Field(
        default=timedelta(seconds=60), description="A query that takes longer is stopped: 500ms, 60s, 5m."
    )
    max_rows: int = Field(
        default=1_000_000, ge=1, description="A query that gives more rows is an error; nothing is cut off silently."
    )
    max_bytes: int = Field(
        default=256 * 1024 * 1024,
        ge=1,
        description="A larger answer is an error: 8 bytes for each value, and the length of each text besides.",
    )
    concurrency: int = Field(default=4, ge=1, le=64, description="How many queries run at a time.")
    queries: dict[str, str] = Field(
        default_factory=dict,
        description="Queries that metrics share, by name: run once, however many metrics take their rows or columns.",
    )


class SqlRequest(BaseModel):
    """The keys a metric of a `sql` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str = Field(
        min_length=1,
        description="One SELECT that gives the columns period, value, optionally weight, and the dimensions; or the"
        " name of one of the source's queries. :window_start and :window_end are bound as instants; a query with"
        " neither is read whole.",
    )
    columns: Columns = Field(default_factory=dict)
    rows: dict[str, str] = Field(
        default_factory=dict, description="Only the rows in which these columns have these values, compared as text."
    )

    @field_validator("query")
    @classmethod
    def _known(cls, query: str, info: ValidationInfo) -> str:
        """Config checks tell the source's queries; a SELECT has spaces, and a name has none."""
        names = (info.context or {}).get("queries")
        if isinstance(names, dict) and is_name(query) and query.strip() not in names:
            near = get_close_matches(query.strip(), names, 1)
            raise ValueError(
                f"'{query.strip()}' is none of the source's queries",
                "It is a SELECT, or the name of one that metrics share",
                f"Did you mean '{near[0]}'?" if near else "Write the SELECT, or add it to 'queries' of the source",
            )
        return query


def is_name(query: str) -> bool:
    """Whether a query is the name of one.

    >>> is_name("kpis"), is_name("SELECT 1")
    (True, False)
    """
    return len(query.split()) == 1


class SqlConnector:
    """Reads KPI values with SQL."""

    def describe(self) -> Description[BaseModel, BaseModel]:
        """Its settings, request keys and abilities."""
        description = Description(
            name="sql",
            summary="SELECTs of one metric or many from databases and warehouses, read-only",
            settings=SqlSettings,
            request=SqlRequest,
            history=True,
            additivity=("additive", "distinct", "ratio", "snapshot"),
            tested_against=(
                "DuckDB files",
                "SQLite files",
                "PostgreSQL servers",
                "MariaDB servers",
                "Snowflake as fakesnow serves it",
            ),
            untested=(
                "MySQL servers",
                "Snowflake itself",
                "BigQuery (its requests are judged by Google's discovery document)",
                "Redshift (its sessions ran on PostgreSQL)",
                "Trino (its client ran against a server of ours)",
                "ClickHouse (its SQL ran by hand on chDB)",
                "Databricks (its SQL was only parsed)",
            ),
            in_legs=False,
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
