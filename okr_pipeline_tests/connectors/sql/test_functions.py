"""No function is forgotten: the databases are asked which of theirs could do more than compute."""

from datetime import timedelta

import pytest

from connectors.sql.database import open_database
from connectors.sql.functions import reaches
from connectors.sql.rows import Caps
from connectors.watching import Watch
from okr_pipeline_tests.connectors.subjects import DuckDbSubject, PostgresSubject

HARMLESS_IN_POSTGRESQL = {
    # The clock, chance, and what the session itself did.
    "clock_timestamp", "timeofday", "random", "setseed", "gen_random_uuid", "uuidv4", "uuidv7", "random_normal", "currval", "lastval",
    "current_query", "txid_status", "bernoulli", "system", "pg_is_in_recovery",
    # Sizes
    "pg_database_size", "pg_indexes_size", "pg_relation_size", "pg_table_size", "pg_total_relation_size", "pg_tablespace_size",
}  # fmt: skip
HARMLESS_IN_DUCKDB = {
    # Of tables: series, JSON, one row's parts, bins, zones
    "range", "generate_series", "unnest", "json_each", "json_tree", "repeat", "repeat_row", "histogram", "histogram_values",
    "icu_calendar_names",
    # The clock, chance, and what the session is
    "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "random", "currval", "current_query", "current_query_id", "current_transaction_id",
    "current_connection_id", "pg_timezone_names",
}  # fmt: skip


def names(place, query) -> set[str]:
    database = open_database(place.url, place.directory, timedelta(seconds=20), 1)
    with Watch(timedelta(seconds=20)) as watch:
        rows = database.fetch(query, {}, Caps(10_000, 10_000_000), watch)
    database.close()
    return set(rows["name"])


@pytest.mark.postgres
def test_every_volatile_function_of_postgresql_is_refused_or_known_to_be_harmless(request):
    found = names(
        PostgresSubject(request),
        "SELECT DISTINCT proname::text AS name FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
        " AND provolatile = 'v' AND prorettype::regtype::text NOT IN ('trigger', 'event_trigger', 'internal')"
        " AND NOT 'internal'::regtype = ANY (proargtypes)",
    )
    assert "pg_read_file" in found
    assert {name for name in found if not reaches(name, "postgres")} - HARMLESS_IN_POSTGRESQL == set()


def test_every_table_function_and_every_acting_one_of_duckdb_is_refused_or_known_to_be_harmless(request):
    place = DuckDbSubject(request)
    place.write([])
    found = names(
        place,
        "SELECT DISTINCT function_name AS name FROM duckdb_functions()"
        " WHERE function_type IN ('table', 'table_macro') OR has_side_effects OR stability = 'VOLATILE'",
    )
    assert {"read_text", "nextval"} <= found
    assert {name for name in found if not reaches(name, "duckdb")} - HARMLESS_IN_DUCKDB == set()


@pytest.mark.parametrize(
    ("dialect", "name"),
    [
        ("postgres", "pg_typeof"), ("postgres", "pg_size_pretty"), ("postgres", "date_trunc"), ("postgres", "timezone"),
        ("postgres", "generate_series"), ("postgres", "current_setting"), ("postgres", "percentile_cont"), ("postgres", "to_char"),
        ("duckdb", "range"), ("duckdb", "date_trunc"), ("duckdb", "timezone"), ("duckdb", "quantile_cont"), ("duckdb", "query_id"),
        ("mysql", "convert_tz"), ("mysql", "date_format"), ("mysql", "from_unixtime"), ("mysql", "json_value"), ("mysql", "last_day"),
        ("sqlite", "strftime"), ("sqlite", "json_each"), ("sqlite", "group_concat"), ("sqlite", "datetime"),
    ],
)  # fmt: skip
def test_what_metrics_are_made_with_is_allowed(dialect, name):
    assert not reaches(name, dialect)
