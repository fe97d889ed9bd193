"""What MariaDB, and so MySQL, alone does: its types, sessions, logins and certificates."""

import threading
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import uuid4

import pandas as pd
import pytest
import sqlalchemy as sa

from connectors.contract import Context, DataPointBatch
from connectors.errors import AuthError, ConfigError, DataError, TransientError
from connectors.sql import SqlSettings
from connectors.sql.database import open_database
from connectors.sql.mysql import _writing
from connectors.sql.rows import Caps
from connectors.watching import Watch
from okr_pipeline_tests.connectors.conformance import MARCH, SECRET, days, midnight
from okr_pipeline_tests.connectors.subjects import SQL, MySqlSubject
from okr_pipeline_tests.mysql import mysql_connection

pytestmark = pytest.mark.mysql
ROOMY = Caps(1_000, 1_000_000)


@pytest.fixture(scope="module")
def shop(mysql_server, tmp_path_factory):
    """A database that tests only read from."""
    place = Place(mysql_server, tmp_path_factory.mktemp("shop"))
    with place.kept():
        place.execute(
            "CREATE TABLE kinds (id INT, at TIMESTAMP NULL, civil DATETIME NULL, day DATE, big BIGINT UNSIGNED, exact DECIMAL(30, 4),"
            " bit1 BIT(1), bit9 BIT(9), y YEAR, j JSON, t TIME, flag BOOLEAN, old VARCHAR(20) CHARACTER SET latin1,"
            " wide VARCHAR(20) CHARACTER SET utf8mb4, raw VARBINARY(4))"
        )
        place.execute(
            "INSERT INTO kinds VALUES (1, '2013-03-10 07:30:00', '2013-03-10 03:30:00', '2013-03-10', 18446744073709551615,"
            " 12345678901234567890.1234, b'1', b'100000001', 2013, '{\"a\": 1}', '10:00:00', true, 'ärger', '🚀 ü', 0x00ff)"
        )
        place.execute("CREATE TABLE facts (day DATE, team VARCHAR(20), amount DOUBLE)")
        place.execute("INSERT INTO facts VALUES ('2013-03-09', '100% \"no\" ?', 1.5), ('2013-03-10', 'b', NULL)")
        yield place


class Place(MySqlSubject):
    """A subject of a module, over a database of its own."""

    def __init__(self, server, directory):
        self.server, self.directory = server, directory
        self.url = server.set(database=f"okr_test_{uuid4().hex}").render_as_string(hide_password=False)

    @contextmanager
    def kept(self):
        name = sa.make_url(self.url).database
        self.on_server(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        yield
        self.on_server(f"DROP DATABASE `{name}`")

    def on_server(self, statement):
        with mysql_connection(self.server) as connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def opened(self, **change):
        url = sa.make_url(self.url).set(**change).render_as_string(hide_password=False)
        return SQL.open(SqlSettings(url=url), Context(self.directory, self.directory))


@pytest.fixture
def database(shop):
    made = open_database(shop.url, shop.directory, timedelta(seconds=20), 2)
    yield made
    made.close()


def outcome(place, text, /, *, dimensions=(), grain="day", window=MARCH, **change):
    source = place.opened(**change)
    [found] = source.read([place.query("m", text, grain, dimensions)], window)
    source.close()
    return found


def point_of(place, text, /, **options):
    found = outcome(place, text, **options)
    assert isinstance(found, DataPointBatch), found
    [point] = found.points.itertuples()
    return point


@pytest.mark.parametrize(
    ("value", "number", "raw"),
    [
        ("big", 18446744073709551615.0, None), ("exact", 12345678901234567890.1234, None), ("bit1", 1.0, None),
        ("bit9", 257.0, None), ("y", 2013.0, None), ("flag", 1.0, None), ("true", 1.0, None), ("day", None, "2013-03-10"),
        ("t", None, "10:00:00"), ("j", None, '{"a": 1}'), ("old", None, "ärger"), ("wide", None, "🚀 ü"), ("1 / 0", None, None),
        ("CAST(0.1 AS DECIMAL(20, 18))", 0.1, None), ("sum(id)", 1.0, None), ("avg(id)", 1.0, None), ("1e30", 1e30, None),
        ("'1' || '0'", 1.0, None), ("'a\\'b'", None, "a'b"), ('"text"', None, "text"),
    ],
)  # fmt: skip
def test_values_of_every_type(shop, value, number, raw):
    """The last three are read alike whatever SQL mode the server has."""
    point = point_of(shop, f"SELECT '2013-03-09' AS period, {value} AS value FROM kinds")
    assert (None if pd.isna(point.value) else point.value, point.raw_value) == (number, raw)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("at", "2013-03-10T07:30:00+00:00"),
        ("civil", "2013-03-10T07:30:00+00:00"),
        ("max(at)", "2013-03-10T07:30:00+00:00"),
        ("CONVERT_TZ(at, '+00:00', 'America/New_York')", "2013-03-10T07:30:00+00:00"),
        ("day", "2013-03-10T05:00:00+00:00"),
        ("TIMESTAMP'2013-03-10 01:00:00'", "2013-03-10T06:00:00+00:00"),
    ],
)
def test_a_timestamp_is_an_instant_and_the_rest_is_civil_time(shop, period, expected):
    point = point_of(shop, f"SELECT {period} AS period, 1 AS value FROM kinds", grain="hour")
    assert point.period_start.isoformat() == expected


def test_members_keep_every_character(shop):
    point = point_of(
        shop, "SELECT day AS period, old, wide, flag, 1 AS value FROM kinds", dimensions=("old", "wide", "flag")
    )
    assert point.dimensions == '{"flag":"1","old":"ärger","wide":"🚀 ü"}'


def test_the_day_that_is_none_is_told(shop):
    found = outcome(shop, "SELECT CAST('0000-00-00' AS DATE) AS period, 1 AS value FROM kinds")
    assert isinstance(found.error, DataError)


def test_the_23_hour_day_has_23_hours(request):
    place = MySqlSubject(request)
    place.execute("CREATE TABLE hours (instant TIMESTAMP NOT NULL)")
    hours = pd.date_range("2013-03-09T05:00Z", "2013-03-12T04:00Z", freq="h", inclusive="left")
    place.execute("INSERT INTO hours VALUES (?)", [(f"{at:%Y-%m-%d %H:%M:%S}",) for at in hours])
    query = (
        "SELECT DATE(CONVERT_TZ(instant, '+00:00', 'America/New_York')) AS period, count(*) AS value FROM hours"
        " WHERE instant >= :window_start AND instant < :window_end GROUP BY 1"
    )
    source = place.open()
    [found] = source.read([place.query("m", query, dimensions=())], days(date(2013, 3, 9), date(2013, 3, 12)))
    source.close()
    points = found.points.sort_values("period_start")
    assert points["value"].tolist() == [24, 23, 24]
    assert points["period_start"].tolist() == [pd.Timestamp(midnight(date(2013, 3, day))) for day in (9, 10, 11)]


def test_percent_signs_question_marks_and_quotes_are_just_text(shop):
    query = "SELECT day AS period, amount AS value FROM facts WHERE team LIKE '100%' AND team LIKE '%?' AND 7 % 4 = 3 AND team LIKE '%\"no\"%'"
    assert point_of(shop, query).value == 1.5


@pytest.mark.parametrize(
    ("query", "kind", "message"),
    [
        ("SELECT nope AS period, 1 AS value FROM facts", ConfigError, "Unknown column 'nope'"),
        ("SELECT 1 AS period, 1 AS value FROM nowhere", ConfigError, "doesn't exist"),
        ("SELECT day AS period, no_function(1) AS value FROM facts", ConfigError, "no_function"),
        ("SELECT day AS period, amount AS value FROM facts GROUP BY day", ConfigError, "GROUP BY"),
        ("SELECT day AS period, 1 AS value, 2 AS value FROM facts", ConfigError, "Duplicate column name 'value'"),
        ("SELECT day AS period, 9223372036854775807 + id AS value FROM kinds", DataError, "out of range"),
    ],
)
def test_a_failure_says_what_why_and_what_to_do(shop, query, kind, message):
    error = outcome(shop, query).error
    assert type(error) is kind, error
    assert message in str(error)
    assert str(error).startswith("Metric m: mariadb says: ")
    assert str(error).endswith(".")


# Sessions


def fetched(database, query):
    with Watch(timedelta(seconds=20)) as watch:
        return database.fetch(query, {}, ROOMY, watch)


def test_a_session_reads_only_in_utc_and_in_a_mode_of_ours(database):
    query = "SELECT @@time_zone a, @@tx_isolation b, @@in_transaction c, @@max_statement_time d, @@sql_mode e"
    assert fetched(database, query).iloc[0].tolist() == [
        "+00:00", "REPEATABLE-READ", 1, 20.0,
        "ONLY_FULL_GROUP_BY,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
    ]  # fmt: skip


def test_what_is_fetched_between_two_connects_is_of_one_moment(shop, database):
    """On every session, and whatever is written meanwhile."""
    shop.execute("CREATE TABLE moving (x INT) ENGINE=InnoDB")
    database.connect(2)
    counts = [fetched(database, "SELECT count(*) FROM moving").iloc[0, 0]]
    shop.execute("INSERT INTO moving VALUES (1)")
    counts += [fetched(database, "SELECT count(*) FROM moving").iloc[0, 0] for _ in range(4)]
    database.connect(2)
    counts.append(fetched(database, "SELECT count(*) FROM moving").iloc[0, 0])
    assert counts == [0, 0, 0, 0, 0, 1]


def test_a_query_that_fails_leaves_its_session_where_it_was(shop, database):
    shop.execute("CREATE TABLE going (x INT) ENGINE=InnoDB")
    database.connect(1)
    shop.execute("INSERT INTO going VALUES (1)")
    with pytest.raises(Exception, match="nowhere"):
        fetched(database, "SELECT * FROM nowhere")
    assert fetched(database, "SELECT count(*) FROM going").iloc[0, 0] == 0


def test_one_read_opens_no_more_sessions_than_it_runs_queries(shop):
    with mysql_connection(shop.server) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Connections'")
        before = int(cursor.fetchone()[1])
        outcome(shop, "SELECT day AS period, amount AS value FROM facts")
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Connections'")
        assert int(cursor.fetchone()[1]) - before == 1


def test_a_session_that_the_server_ended_is_a_matter_of_trying_again(shop):
    source = shop.opened()
    source.check()
    with mysql_connection(shop.server) as connection, connection.cursor() as cursor:
        source.database.connect(2)
        cursor.execute(
            "SELECT id FROM information_schema.processlist WHERE db = DATABASE() OR db = %s", [source.url.database]
        )
        for (thread,) in cursor.fetchall():
            cursor.execute(f"KILL {thread}")
    with pytest.raises(source.database.driver_errors) as caught:
        fetched(source.database, "SELECT 1")
    from connectors.sql.failures import translated

    with pytest.raises(TransientError, match="run again"), translated(source.database, source.url):
        raise caught.value
    [found] = source.read([shop.query("m", "SELECT day AS period, 1 AS value FROM facts", dimensions=())], MARCH)
    source.close()
    assert len(found.points) == 2


def test_many_threads_share_the_sessions(shop, database):
    """More fetches at once than sessions were opened for, each with its own answer."""
    database.connect(2)
    answers = {}

    def ask(number):
        answers[number] = fetched(database, f"SELECT {number} AS x FROM facts").iloc[:, 0].tolist()

    threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == {number: [number, number] for number in range(8)}


# Logins


@pytest.fixture
def login(shop):
    """Makes a login with some grants; gives its name."""
    name = f"r{uuid4().hex[:12]}"
    shop.on_server(f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY '{SECRET}ü'")
    database = sa.make_url(shop.url).database

    def granted(*grants):
        for grant in grants:
            shop.on_server(grant.format(db=database, login=f"{name}@'127.0.0.1'", role=f"role_{name}"))
        return {"username": name, "password": f"{SECRET}ü"}

    yield granted
    shop.on_server(f"DROP USER {name}@'127.0.0.1'")
    shop.on_server(f"DROP ROLE IF EXISTS role_{name}")


def test_a_login_that_only_reads_is_fine(shop, login):
    source = shop.opened(**login("GRANT SELECT, SHOW VIEW, EXECUTE ON {db}.* TO {login}"))
    assert source.check() == ()
    source.close()


@pytest.mark.parametrize(
    ("grants", "message"),
    [
        (["GRANT SELECT, INSERT, DELETE ON {db}.* TO {login}"], "has INSERT, DELETE on `okr_test_"),
        (["GRANT SELECT ON {db}.* TO {login}", "GRANT UPDATE (amount) ON {db}.facts TO {login}"], "has UPDATE (`amount`) on `okr_test_"),
        (["GRANT FILE ON *.* TO {login}", "GRANT SELECT ON {db}.* TO {login}"], "has FILE on *.*"),
        (["GRANT ALL ON {db}.* TO {login}"], "has ALL PRIVILEGES on `okr_test_"),
        (["GRANT SELECT ON {db}.* TO {login} WITH GRANT OPTION"], "has GRANT OPTION on `okr_test_"),
        (
            ["CREATE ROLE {role}", "GRANT SELECT, DROP ON {db}.* TO {role}", "GRANT {role} TO {login}", "SET DEFAULT ROLE {role} FOR {login}"],
            "has DROP on `okr_test_",
        ),
    ],
)  # fmt: skip
def test_a_login_that_can_write_is_cautioned(shop, login, grants, message):
    source = shop.opened(**login(*grants))
    [caution] = source.check()
    source.close()
    assert message in caution.message
    assert SECRET not in caution.message


def test_a_superuser_is_cautioned_briefly(shop):
    [first, *_] = shop.opened().check()
    assert "has ALL PRIVILEGES, GRANT OPTION on *.*" in first.message


def test_what_is_shown_of_grants_is_short_and_lines_of_other_forms_are_passed_over():
    lines = [
        "GRANT INSERT, UPDATE, DELETE, DROP, ALTER, INDEX (`a`, `b`) ON `d`.* TO `u`@`%` IDENTIFIED BY PASSWORD '*X'",
        "GRANT `role` TO `u`@`%`",
        "SET DEFAULT ROLE `role` FOR `u`@`%`",
        "GRANT USAGE ON *.* TO `u`@`%`",
    ]
    assert list(_writing(lines)) == ["INSERT, UPDATE, DELETE, DROP and 2 more on `d`.*"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"username": "nobody", "password": SECRET}, AuthError),
        ({"database": "no_such_database"}, ConfigError),
        ({"port": 1}, TransientError),
        ({"host": "localhost", "query": {"unix_socket": "/nowhere"}}, TransientError),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_connection_is_told_apart(shop, change, kind):
    found = outcome(shop, "SELECT 1 AS period, 1 AS value", **change)
    assert type(found.error) is kind, found
    assert SECRET not in str(found.error)


def test_a_table_without_grant_is_the_owners_business(shop, login):
    found = outcome(
        shop, "SELECT day AS period, 1 AS value FROM facts", **login("GRANT SELECT ON {db}.kinds TO {login}")
    )
    assert isinstance(found.error, AuthError)
    assert "grant SELECT" in str(found.error)


def test_facts_are_read_over_a_socket_too(shop):
    with mysql_connection(shop.server) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@socket")
        [path] = cursor.fetchone()
    found = outcome(
        shop, "SELECT day AS period, amount AS value FROM facts", query={"unix_socket": path}, host="localhost"
    )
    assert len(found.points) == 2


def test_a_login_without_a_database_reads_by_full_names(shop):
    name = sa.make_url(shop.url).database
    assert (
        point_of(shop, f"SELECT '2013-03-09' AS period, count(*) AS value FROM {name}.facts", database=None).value == 2
    )


# Certificates


@pytest.fixture(scope="module")
def certificate(shop):
    """The server's own, as a file that may be read here."""
    with mysql_connection(shop.server) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT LOAD_FILE(@@ssl_cert)")
        [text] = cursor.fetchone()
    path = shop.directory / "certificate.pem"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


CIPHER = "SELECT '2013-03-09' AS period, variable_value <> '' AS value FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'"


@pytest.mark.parametrize(
    ("options", "encrypted"),
    [
        ({}, 1.0),
        ({"ssl_mode": "DISABLED"}, 0.0),
        ({"ssl_mode": "REQUIRED"}, 1.0),
        ({"ssl_mode": "verify_ca", "ssl_ca": "certificate.pem"}, 1.0),
        ({"ssl_ca": "certificate.pem"}, 1.0),
    ],
    ids=str,
)
def test_a_connection_is_as_safe_as_it_is_asked_to_be(shop, certificate, options, encrypted):
    """Paths start from the project's directory."""
    assert point_of(shop, CIPHER, query=options).value == encrypted


@pytest.mark.parametrize(
    ("host", "options"),
    [
        ("127.0.0.1", {"ssl_mode": "VERIFY_IDENTITY"}),
        ("127.0.0.1", {"ssl_mode": "VERIFY_CA"}),
        ("localhost", {"ssl_ca": "certificate.pem"}),
    ],
    ids=str,
)
def test_a_server_that_cannot_prove_who_it_is_is_sent_no_login(shop, certificate, host, options):
    found = outcome(shop, CIPHER, host=host, query=options)
    assert type(found.error) is ConfigError, found.error
    assert "certificate" in str(found.error)


def test_a_server_without_tls_is_no_server_where_tls_is_required():
    from okr_pipeline_tests.mysql import create_server

    server = create_server(skip_ssl=None)
    try:
        url = f"{server.url.render_as_string(hide_password=False)}mysql?ssl_mode=REQUIRED"
        with pytest.raises((TransientError, ConfigError)):
            SQL.open(SqlSettings(url=url), Context(server.directory, server.directory)).check()
    finally:
        server.destroy()
