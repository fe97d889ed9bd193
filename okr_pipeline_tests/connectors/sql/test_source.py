"""What a sql source gives, on each kind of database."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import duckdb
import pandas as pd
import pytest
import sqlalchemy as sa

from connectors.contract import Context, DataPointBatch, ReadFailure, Window
from connectors.errors import AuthError, ConfigError, ContractError, DataError, TransientError
from connectors.sql import SqlSettings
from connectors.sql.statement import statement
from connectors.zones import zone
from okr_pipeline_tests.connectors.conformance import FACTS, MARCH, SECRET, Fact, days, midnight
from okr_pipeline_tests.connectors.subjects import SQL, DuckDbSubject, MySqlSubject, PostgresSubject, SqliteSubject

ENGINES = [
    pytest.param(SqliteSubject, id="sqlite"),
    pytest.param(DuckDbSubject, id="duckdb"),
    pytest.param(PostgresSubject, id="postgres", marks=pytest.mark.postgres),
    pytest.param(MySqlSubject, id="mysql", marks=pytest.mark.mysql),
]
TYPED = ENGINES[1:3]
"""Those with texts that are no numbers, and with `::`; MySQL's types are in `test_mysql.py`."""


@pytest.fixture(params=ENGINES)
def place(request):
    made = request.param(request)
    made.write(FACTS)
    return made


@pytest.fixture
def postgres(request):
    made = PostgresSubject(request)
    made.write(FACTS)
    return made


def opened(postgres, **change):
    """A source of the place by another URL."""
    url = sa.make_url(postgres.url).set(password=SECRET, **change).render_as_string(hide_password=False)
    return SQL.open(SqlSettings(url=url), Context(postgres.directory, postgres.directory))


@pytest.fixture
def duck(request):
    made = DuckDbSubject(request)
    made.write(FACTS)
    return made


def outcome(place, query, window=MARCH, *, dimensions=("team",), grain="day", **settings):
    source = place.open(**settings)
    try:
        [found] = source.read([place.query("metric-1", query, grain, dimensions)], window)
    finally:
        source.close()
    return found


def error_of(*arguments, **settings):
    found = outcome(*arguments, **settings)
    assert isinstance(found, ReadFailure), found
    assert str(found.error).startswith("Metric metric-1: ")
    return found.error


def points_of(*arguments, **settings):
    found = outcome(*arguments, **settings)
    assert isinstance(found, DataPointBatch), found
    return found.points


def test_the_row_cap_is_an_error_and_never_a_cut(place):
    query = "SELECT day AS period, team, amount AS value FROM facts"
    assert len(points_of(place, query, max_rows=len(FACTS))) == len(FACTS)
    error = error_of(place, query, max_rows=len(FACTS) - 1)
    assert isinstance(error, DataError)
    assert "more than 7 rows" in str(error)


def test_a_query_without_the_window_is_read_whole(place):
    window = days(date(2013, 3, 10), date(2013, 3, 11))
    found = outcome(place, "SELECT day AS period, team, amount AS value FROM facts", window)
    [evidence] = found.evidence.values()
    assert (evidence.whole, len(found.points)) == (True, len(FACTS))


@pytest.mark.parametrize("bound", ["happened_at >= :window_start", "happened_at < :window_end"])
def test_with_one_bound_the_other_side_is_cut_too(place, bound):
    window = days(date(2013, 3, 10), date(2013, 3, 11))
    found = outcome(place, f"SELECT day AS period, team, amount AS value FROM facts WHERE {bound}", window)
    [evidence] = found.evidence.values()
    assert not evidence.whole
    assert found.points["period_start"].unique().tolist() == [pd.Timestamp(midnight(date(2013, 3, 10)))]


def test_rows_of_a_period_that_started_before_the_window_are_left_out(place):
    window = Window(datetime(2013, 3, 10, 12, tzinfo=UTC), datetime(2013, 3, 12, tzinfo=UTC))
    query = "SELECT day AS period, team, amount AS value FROM facts WHERE day >= '2013-03-10' AND :window_start < :window_end"
    assert set(points_of(place, query, window)["period_start"]) == {pd.Timestamp(midnight(date(2013, 3, 11)))}


def test_equal_queries_are_run_once(place):
    source = place.open()
    sent = []
    fetch = type(source.database).fetch
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            type(source.database),
            "fetch",
            lambda self, sql, *rest, **named: sent.append(sql) or fetch(self, sql, *rest, **named),
        )
        query = "SELECT day AS period, team, amount AS value FROM facts"
        requests = [
            place.query("a", query),
            place.query("b", f"{query} -- again"),
            place.query("c", f"{query} WHERE true"),
        ]
        batches = list(source.read(requests, MARCH))
    source.close()
    assert sorted(metric for batch in batches for metric in batch.evidence) == ["a", "b", "c"]
    points = pd.concat([batch.points for batch in batches])
    assert points["metric"].value_counts().to_dict() == dict.fromkeys("abc", len(FACTS))
    assert len([sql for sql in sent if "facts" in sql]) == 2


def test_metrics_are_read_at_the_same_time(place):
    source = place.open(concurrency=3)
    together = threading.Barrier(3, timeout=30)
    fetch = type(source.database).fetch

    def meeting(self, sql, *rest, **named):
        if "facts" in sql:
            together.wait()
        return fetch(self, sql, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(source.database), "fetch", meeting)
        requests = [
            place.query(str(n), f"SELECT day AS period, team, amount + {n} AS value FROM facts") for n in range(3)
        ]
        batches = list(source.read(requests, MARCH))
    assert sorted(metric for batch in batches for metric in batch.evidence) == ["0", "1", "2"]
    source.close()


def test_a_source_can_be_read_again_and_after_its_check(place):
    source = place.open()
    source.check()
    (first,), (second,) = (list(source.read([place.request("a")], MARCH)) for _ in range(2))
    source.close()
    assert len(first.points) == len(second.points) == len(FACTS)


def test_columns_may_come_in_any_order_and_more_than_needed(place):
    points = points_of(
        place, "SELECT amount AS value, 'x' AS note, team, day AS period FROM facts WHERE team = 'south'"
    )
    assert sorted(points["value"]) == [-4.0, 1e9]


def test_a_weight_is_read(place):
    points = points_of(
        place, "SELECT day AS period, 1 AS value, count(*) AS weight FROM facts GROUP BY 1", dimensions=()
    )
    assert points.sort_values("period_start")["weight"].tolist() == [2.0, 2.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("value", "number", "raw"),
    [
        ("1", 1.0, None), ("CAST(1.5 AS DECIMAL(10, 2))", 1.5, None), ("substr('12.5x', 1, 4)", None, "12.5"),
        ("NULL", None, None), ("'n/a'", None, "n/a"), ("9007199254740993", 9007199254740992.0, None),
    ],
)  # fmt: skip
def test_values_of_every_type(place, value, number, raw):
    [point] = points_of(place, f"SELECT '2013-03-09' AS period, {value} AS value", dimensions=()).itertuples()
    assert (None if pd.isna(point.value) else point.value, point.raw_value) == (number, raw)


@pytest.mark.parametrize("cls", TYPED)
@pytest.mark.parametrize(
    ("value", "number", "raw"),
    [
        ("true", None, "true"), ("'NaN'::double precision", None, "NaN"), ("'-Infinity'::double precision", float("-inf"), None),
        ("'2013-03-09'::date", None, "2013-03-09"), ("1e30::numeric(38,0)", 1e30, None), ("sum(1)", 1.0, None),
    ],
)  # fmt: skip
def test_values_of_types_that_sqlite_has_not(request, cls, value, number, raw):
    place = cls(request)
    place.write([])
    [point] = points_of(place, f"SELECT '2013-03-09' AS period, {value} AS value", dimensions=()).itertuples()
    assert (None if pd.isna(point.value) else point.value, point.raw_value) == (number, raw)


@pytest.mark.parametrize("cls", TYPED)
@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("'2013-03-10'::date", "2013-03-10T05:00:00+00:00"),
        ("'2013-03-11'::date", "2013-03-11T04:00:00+00:00"),
        ("'2013-03-10 01:00'::timestamp", "2013-03-10T06:00:00+00:00"),
        ("'2013-03-10 03:00'::timestamp", "2013-03-10T07:00:00+00:00"),
        ("'2013-03-10 03:00'::timestamptz", "2013-03-10T03:00:00+00:00"),
        ("timezone('America/New_York', '2013-03-10 07:30+00'::timestamptz)", "2013-03-10T07:30:00+00:00"),
    ],
)
def test_dates_and_naive_stamps_are_in_the_metrics_zone_and_sessions_in_utc(request, cls, period, expected):
    place = cls(request)
    place.write([])
    [point] = points_of(place, f"SELECT {period} AS period, 1 AS value", dimensions=(), grain="hour").itertuples()
    assert point.period_start.isoformat() == expected


@pytest.mark.parametrize("cls", ENGINES[:3])
def test_the_23_hour_day_has_23_hours(request, cls):
    """Counted by local day from instants, with the window as the database sees it."""
    place = cls(request)
    hour = (
        "CREATE TABLE hours (instant TEXT)"
        if isinstance(place, SqliteSubject)
        else "CREATE TABLE hours (instant TIMESTAMPTZ)"
    )
    place.execute(hour)
    hours = pd.date_range("2013-03-09T05:00Z", "2013-03-12T04:00Z", freq="h", inclusive="left")
    place.execute("INSERT INTO hours VALUES (?)", [(f"{at:%Y-%m-%d %H:%M:%S}",) for at in hours])
    local = (
        "date(instant, CASE WHEN instant < '2013-03-10 07:00:00' THEN '-5 hours' ELSE '-4 hours' END)"
        if isinstance(place, SqliteSubject)
        else "CAST(timezone('America/New_York', instant) AS DATE)"
    )
    query = f"SELECT {local} AS period, count(*) AS value FROM hours WHERE instant >= :window_start AND instant < :window_end GROUP BY 1"
    points = points_of(place, query, days(date(2013, 3, 9), date(2013, 3, 12)), dimensions=()).sort_values(
        "period_start"
    )
    assert points["value"].tolist() == [24, 23, 24]
    assert points["period_start"].tolist() == [pd.Timestamp(midnight(date(2013, 3, day))) for day in (9, 10, 11)]


@pytest.mark.parametrize(
    "timezone", ["America/New_York", "UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Midway"]
)
@pytest.mark.parametrize("bounds", ["day >= {0} AND day < {1}", "day BETWEEN {0} AND {1}"])
@pytest.mark.parametrize("cast", ["{}", "date({})"])
def test_a_column_of_dates_is_asked_for_all_days_of_the_window_in_any_zone(place, timezone, bounds, cast):
    place.write([Fact(date(2013, 3, day), "north", day) for day in range(1, 20)])
    start, end = (datetime(2013, 3, day, tzinfo=zone(timezone)).astimezone(UTC) for day in (8, 14))
    query = f"SELECT day AS period, amount AS value FROM facts WHERE {bounds}".format(
        cast.format(":window_start"), cast.format(":window_end")
    )
    source = place.open()
    request = replace(place.query("metric-1", query, dimensions=()), timezone=timezone)
    [found] = source.read([request], Window(start, end))
    source.close()
    assert sorted(found.points["value"]) == [8, 9, 10, 11, 12, 13]


def test_a_query_of_metrics_in_many_zones_is_run_once_for_the_days_of_all(duck):
    query = "SELECT day AS period, amount AS value FROM facts WHERE day >= :window_start AND day < :window_end"
    duck.write([Fact(date(2013, 3, day), "north", day) for day in range(1, 20)])
    requests = [
        replace(duck.query(timezone, query, dimensions=()), timezone=timezone)
        for timezone in ("America/New_York", "Pacific/Kiritimati")
    ]
    source = duck.open()
    [first, second] = source.read(
        requests, Window(datetime(2013, 3, 8, tzinfo=UTC), datetime(2013, 3, 9, 12, tzinfo=UTC))
    )
    source.close()
    fetched = {it.fingerprint for batch in (first, second) for it in batch.evidence.values()}
    assert len(fetched) == 1
    shown = {it: batch.points["value"].tolist() for batch in (first, second) for it in batch.evidence}
    assert shown == {"America/New_York": [8, 9], "Pacific/Kiritimati": [9, 10]}


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
def test_sqlites_texts_are_compared_with_the_window_however_times_are_written(request, form):
    place = SqliteSubject(request)
    place.execute("CREATE TABLE events (happened_at TEXT)")
    instants = pd.date_range("2013-03-08T00:00Z", "2013-03-13T00:00Z", freq="h", inclusive="left")
    place.execute("INSERT INTO events VALUES (?)", [(f"{at:{form}}",) for at in instants])
    query = (
        "SELECT date(happened_at, '-5 hours') AS period, count(*) AS value FROM events"
        " WHERE happened_at >= :window_start AND happened_at < :window_end GROUP BY 1"
    )
    if form == "%Y-%m-%d":
        query = query.replace(", '-5 hours'", "")
    window = Window(datetime(2013, 3, 9, 5, tzinfo=UTC), datetime(2013, 3, 11, 4, tzinfo=UTC))
    assert points_of(place, query, window, dimensions=())["value"].tolist() == [24, 24]


@pytest.mark.parametrize(
    ("query", "kind", "message"),
    [
        ("SELECT nope AS period, 1 AS value FROM facts", ConfigError, "nope"),
        ("SELECT * FROM nowhere", ConfigError, "nowhere"),
        ("SELECT day AS perod, amount AS value FROM facts", ContractError, "Did you mean perod"),
        ("SELECT 'soon' AS period, 1 AS value", DataError, "Row 1 has the period 'soon'"),
        ("SELECT NULL AS period, 1 AS value", DataError, "Row 1 has no period"),
    ],
)
def test_a_failure_says_what_why_and_what_to_do(place, query, kind, message):
    error = error_of(place, query, dimensions=())
    assert type(error) is kind
    assert message in str(error)
    assert str(error).endswith((".", "?"))


@pytest.mark.parametrize("cls", TYPED)
def test_a_value_that_cannot_be_computed_is_a_data_error(request, cls):
    place = cls(request)
    place.write(FACTS)
    assert isinstance(
        error_of(place, "SELECT day AS period, team, CAST(team AS INTEGER) AS value FROM facts"), DataError
    )


# Opening


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite:///nowhere.db", r"nowhere\.db, which does not exist"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("duckdb:///nowhere.duckdb", "does not exist. Build the warehouse first"),
        ("duckdb:///:memory:", "names no file"),
    ],
)
def test_a_missing_file_is_told_with_how_to_get_it(tmp_path, url, message):
    with pytest.raises(ConfigError, match=message):
        SQL.open(SqlSettings(url=url), Context(tmp_path, tmp_path)).check()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            f"oracle://u:{SECRET}@h/d",
            "kind oracle, and the sql connector reads duckdb, sqlite, postgresql, mysql, mar",
        ),
        (f"mysql+mysqldb://u:{SECRET}@h/d", "driver mysql.mysqldb"),
        (f"mysql://u:{SECRET}@h/d?init_command={SECRET}", "option init_command, which is not known"),
        (f"mysql://u:{SECRET}@h/d?ssl_mode=ON", "ssl_mode=ON, which is none of"),
        (f"mysql://u:{SECRET}@h/d?ssl_ca=nowhere.pem", "A certificate cannot be read"),
        (f"not a url {SECRET}", "url cannot be read"),
        (f"postgresql://u:{SECRET}@h:port/d", "url cannot be read"),
        (f"postgresql+asyncpg://u:{SECRET}@h/d", "driver postgresql.asyncpg"),
    ],
)
def test_an_unusable_url_is_told_without_its_secret(tmp_path, url, message):
    settings = SqlSettings(url=url)
    with pytest.raises(ConfigError, match=message) as caught:
        SQL.open(settings, Context(tmp_path, tmp_path))
    assert SECRET not in f"{caught.value} {settings!r}"


def test_relative_files_are_in_the_project_directory(tmp_path, request):
    place = SqliteSubject(request)
    place.write(FACTS)
    source = SQL.open(SqlSettings(url="sqlite:///facts.db"), Context(tmp_path / "config", tmp_path))
    assert source.check() == ()


@pytest.mark.parametrize("name", ["x.db", "x.duckdb"])
def test_a_file_that_is_no_database_is_an_error(tmp_path, name):
    (tmp_path / name).write_text("period,value\n" * 1000)
    kind = "sqlite" if name == "x.db" else "duckdb"
    with pytest.raises(ConfigError, match="Check the url"):
        SQL.open(SqlSettings(url=f"{kind}:///{name}"), Context(tmp_path, tmp_path)).check()


# One kind of database


COLUMNS_OF_TIME = {
    "TIMESTAMP": "happened_at",
    "DATE": "CAST(happened_at AS DATE)",
    "TIMESTAMPTZ": "CAST(happened_at AS TIMESTAMPTZ)",
}


@pytest.mark.parametrize("column", COLUMNS_OF_TIME.values(), ids=COLUMNS_OF_TIME)
@pytest.mark.parametrize(
    "window",
    [
        days(date(2013, 3, 10), date(2013, 3, 11)),
        Window(datetime(2013, 3, 10, 7, 30, tzinfo=UTC), datetime(2013, 3, 12, 4, tzinfo=UTC)),
    ],
)
def test_duckdb_compares_a_column_with_a_bound_as_with_its_instant(duck, column, window):
    select = f"SELECT day AS period, team, amount AS value FROM (SELECT *, {column} AS at_ FROM facts)"
    compared = outcome(duck, f"{select} WHERE at_ >= :window_start AND at_ < :window_end", window)
    instants = outcome(
        duck, f"{select} WHERE at_ >= CAST(:window_start AS TIMESTAMPTZ) AND at_ < :window_end + INTERVAL 0 DAY", window
    )
    pd.testing.assert_frame_equal(compared.points, instants.points)


def test_duckdb_passes_over_blocks_of_rows_before_the_window(duck):
    """A column that is converted first is compared row by row: its plan has a filter of its own after the scan."""
    source = duck.open()
    for column in ("happened_at", "day"):
        query = f"SELECT day AS period, team, amount AS value FROM facts WHERE {column} >= :window_start"
        asked = statement(query, "duckdb", source.database.written, MARCH)
        with duckdb.connect(str(duck.directory / "facts.duckdb"), read_only=True) as connection:
            [(_, plan)] = connection.execute(f"EXPLAIN {asked.sql}").fetchall()
        assert "CAST" not in plan.upper(), plan
    source.close()


def test_duckdb_takes_a_bound_that_is_not_compared_for_an_instant(duck):
    query = (
        "SELECT day AS period, team, amount AS value FROM facts"
        " WHERE day >= CAST(:window_start AT TIME ZONE 'Pacific/Kiritimati' AS DATE) AND :window_end > :window_start"
    )
    window = Window(datetime(2013, 3, 10, 12, tzinfo=UTC), datetime(2013, 3, 12, tzinfo=UTC))
    assert set(points_of(duck, query, window)["period_start"]) == {pd.Timestamp(midnight(date(2013, 3, 11)))}


def test_two_sources_can_read_one_duckdb_file(duck):
    first, second = duck.open(), duck.open()
    assert [len(next(iter(source.read([duck.request("a")], MARCH))).points) for source in (first, second)] == [8, 8]
    first.close()
    assert len(next(iter(second.read([duck.request("a")], MARCH))).points) == 8
    second.close()


def test_a_duckdb_file_that_another_process_writes_is_told_as_busy(duck):
    import subprocess
    import sys

    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    path = str(duck.directory / "facts.duckdb")
    with subprocess.Popen([sys.executable, "-c", hold, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"held\n"
        error = error_of(duck, "SELECT day AS period, team, amount AS value FROM facts")
        writer.communicate(b"")
    assert isinstance(error, TransientError)
    assert "Another program holds the database" in str(error)


def test_a_file_rebuilt_between_two_reads_is_read_anew(duck):
    assert len(points_of(duck, "SELECT day AS period, team, amount AS value FROM facts")) == 8
    duck.write([Fact(date(2013, 3, 9), "north", 1.0)])
    assert len(points_of(duck, "SELECT day AS period, team, amount AS value FROM facts")) == 1


def test_a_locked_sqlite_file_is_told_as_busy(request):
    import sqlite3

    place = SqliteSubject(request)
    place.write(FACTS)
    writer = sqlite3.connect(place.directory / "facts.db", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    error = error_of(place, "SELECT day AS period, team, amount AS value FROM facts", statement_timeout="100ms")
    writer.close()
    assert isinstance(error, TransientError)
    assert "Another program" in str(error)


@pytest.mark.postgres
def test_postgresql_is_not_told_how_many_rows_would_do(postgres):
    """Its planner would prepare to show the first of them soon, by sorting what it could sum up as it comes."""
    query = (
        "SELECT DATE '2013-03-10' AS period, 'north' AS team,"
        " CASE WHEN current_query() LIKE '%' || 'LIM' || 'IT%' THEN 1 ELSE 0 END AS value"
    )
    assert points_of(postgres, query)["value"].tolist() == [0.0]


@pytest.mark.postgres
class TestPostgres:
    @pytest.fixture
    def login(self, postgres, request):
        """Makes a role with some grants; gives a source that logs in as it."""
        name = f"reader_{uuid4().hex}"
        postgres.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        postgres.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'")

        def made(*grants):
            for grant in grants:
                postgres.execute(grant.format(name=name))
            return opened(postgres, username=name)

        yield made
        postgres.execute(f"DROP OWNED BY {name}")
        postgres.execute(f"DROP ROLE {name}")

    def test_a_login_that_only_reads_is_fine(self, postgres, login):
        source = login("GRANT SELECT ON facts TO {name}")
        assert source.check() == ()
        [batch] = source.read([postgres.request("a")], MARCH)
        source.close()
        assert len(batch.points) == len(FACTS)

    @pytest.mark.parametrize(
        ("grant", "message"),
        [
            ("GRANT INSERT ON facts TO {name}", "can change public.facts"),
            ("GRANT UPDATE (amount) ON facts TO {name}", "can change public.facts"),
            ("GRANT TRUNCATE ON facts TO {name}", "can change public.facts"),
            ("GRANT CREATE ON SCHEMA public TO {name}", "can create objects in schema public"),
            ("ALTER ROLE {name} SUPERUSER", "is a superuser"),
        ],
    )
    def test_a_login_that_can_write_is_cautioned(self, login, grant, message):
        source = login(grant)
        cautions = source.check()
        source.close()
        assert message in cautions[0].message
        assert SECRET not in str(cautions)

    def test_a_table_without_grant_is_the_owners_business(self, postgres, login):
        source = login()
        [found] = source.read([postgres.request("a")], MARCH)
        source.close()
        assert isinstance(found.error, AuthError)
        assert "permission denied" in str(found.error)
        assert "grant SELECT" in str(found.error)

    @pytest.mark.parametrize(
        ("change", "kind"),
        [
            ({"username": "nobody"}, AuthError),
            ({"database": "no_such_database"}, ConfigError),
            ({"port": 1}, TransientError),
            ({"query": {"sslmode": "nonsense"}}, ConfigError),
            ({"query": {"no_such_option": SECRET}}, ConfigError),
        ],
        ids=str,
    )
    def test_what_is_wrong_with_a_connection_is_told_apart(self, postgres, change, kind):
        [found] = opened(postgres, **change).read([postgres.request("a")], MARCH)
        assert type(found.error) is kind, found
        assert SECRET not in str(found.error)

    def test_a_server_that_ends_the_session_is_tried_again_later(self, postgres):
        postgres.execute(
            "CREATE FUNCTION gone() RETURNS boolean SECURITY DEFINER"
            " RETURN pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())"
        )
        error = error_of(postgres, "SELECT '2013-03-09' AS period, 1 AS value WHERE gone()", dimensions=())
        assert isinstance(error, TransientError)

    def test_percent_signs_and_question_marks_are_just_text(self, postgres):
        query = "SELECT day AS period, team, amount AS value FROM facts WHERE team LIKE 'nor%' AND '{\"a\":1}'::jsonb ->> 'a' = '1' AND 7 % 4 = 3"
        assert len(points_of(postgres, query)) == 4
