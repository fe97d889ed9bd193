from datetime import UTC, datetime, timedelta, timezone

import pytest

from connectors.contract import Window
from connectors.errors import ConfigError
from connectors.sql.statement import Bound, statement

START, END = datetime(2013, 3, 9, 5, tzinfo=UTC), datetime(2013, 3, 10, 5, tzinfo=UTC)
WINDOW = Window(START, END)
DIALECTS = ["sqlite", "duckdb", "postgres", "mysql"]


WRITTEN = {
    "sqlite": lambda bound: f":{bound.name}",
    "duckdb": lambda bound: f"${bound.name}",
    "postgres": lambda bound: f"${bound.position}",
    "mysql": lambda bound: f"TIMESTAMP'{bound.instant:%Y-%m-%d %H:%M:%S}'",
}


def sql(query, dialect="postgres", window=WINDOW):
    return statement(query, dialect, WRITTEN[dialect], window)


def written(text, dialect):
    """The text with `<name>` as the dialect writes it, one parameter in use."""
    for name in ("window_start", "window_end"):
        text = text.replace(
            f"<{name}>", WRITTEN[dialect](Bound(name, 1, START if name == "window_start" else END, compared=False))
        )
    return text


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT 1", "SELECT 1"),
        ("  SELECT 1 ;;\n", "  SELECT 1"),
        ("SELECT 1 -- :window_start; DROP TABLE x", "SELECT 1"),
        ("WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT 2", "WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT 2"),
        ("SELECT x FROM a WHERE t >= :window_start", "SELECT x FROM a WHERE t >= <window_start>"),
        ("SELECT x FROM a WHERE t < :WINDOW_END", "SELECT x FROM a WHERE t < <window_end>"),
        (
            "SELECT :window_start, ':window_start', /* :window_end */ \":window_end\", 'it''s :window_end' FROM a WHERE t=:window_start",
            "SELECT <window_start>, ':window_start', \":window_end\", 'it''s :window_end' FROM a WHERE t=<window_start>",
        ),
        ("(SELECT 1)", "(SELECT 1)"),
        ("SELECT 'a;b' AS x;", "SELECT 'a;b' AS x"),
    ],
)  # fmt: skip
def test_only_the_window_is_bound_and_only_where_it_is_a_parameter(query, expected, dialect):
    assert sql(query, dialect).sql == written(expected, dialect)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT t::date, :window_start::timestamptz FROM a", "SELECT t::date, <window_start>::timestamptz FROM a"),
        ("SELECT a[1:2] FROM a WHERE t>=:window_start", "SELECT a[1:2] FROM a WHERE t>=<window_start>"),
        ("SELECT $$ :window_end; $$ AS x", "SELECT $$ :window_end; $$ AS x"),
    ],
)
def test_casts_slices_and_dollar_quotes_are_no_parameters(query, expected, dialect):
    assert sql(query, dialect).sql == written(expected, dialect)


@pytest.mark.parametrize(
    ("query", "whole", "names"),
    [
        ("SELECT 1", True, []),
        ("SELECT 1 FROM a WHERE t >= :window_start", False, ["window_start"]),
        ("SELECT 1 FROM a WHERE t < :window_end", False, ["window_end"]),
        ("SELECT 1 FROM a WHERE t < :window_end AND t >= :window_start", False, ["window_start", "window_end"]),
    ],
)
def test_a_query_without_a_bound_is_whole(query, whole, names):
    found = sql(query)
    assert (found.whole, list(found.parameters)) == (whole, names)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT :window_end", "SELECT $1"),
        ("SELECT :window_end, :window_start, :window_end", "SELECT $2, $1, $2"),
    ],
)
def test_positions_count_the_bounds_in_use(query, expected):
    assert sql(query).sql == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT x FROM a WHERE t >= :window_start", "SELECT x FROM a WHERE t >= <compared>"),
        ("SELECT x FROM a WHERE t<:window_end;", "SELECT x FROM a WHERE t<<compared>"),
        ("SELECT x FROM a WHERE :window_start <= t AND t < :window_end", "SELECT x FROM a WHERE <compared> <= t AND t < <compared>"),
        ("SELECT x FROM a WHERE t BETWEEN :window_start AND :window_end", "SELECT x FROM a WHERE t BETWEEN <compared> AND <compared>"),
        ("SELECT x FROM a WHERE (t >= :window_start) GROUP BY x", "SELECT x FROM a WHERE (t >= <compared>) GROUP BY x"),
        ("SELECT x FROM a WHERE t >= :window_start GROUP BY x", "SELECT x FROM a WHERE t >= <compared> GROUP BY x"),
        ("SELECT CASE WHEN t < :window_end THEN 1 END FROM a", "SELECT CASE WHEN t < <compared> THEN 1 END FROM a"),
        ("SELECT x FROM a WHERE t AT TIME ZONE 'UTC' >= :window_start", "SELECT x FROM a WHERE t AT TIME ZONE 'UTC' >= <compared>"),
        ("SELECT :window_start AS period", "SELECT <alone> AS period"),
        ("SELECT x FROM a WHERE t >= :window_start AT TIME ZONE 'Europe/Paris'", "SELECT x FROM a WHERE t >= <alone> AT TIME ZONE 'Europe/Paris'"),
        ("SELECT x FROM a WHERE t >= timezone('Europe/Paris', :window_start)", "SELECT x FROM a WHERE t >= timezone('Europe/Paris', <alone>)"),
        ("SELECT x FROM a WHERE t >= (:window_start)", "SELECT x FROM a WHERE t >= (<alone>)"),
        ("SELECT x FROM a WHERE t >= :window_start::date", "SELECT x FROM a WHERE t >= <alone>::date"),
        ("SELECT x FROM a WHERE t < :window_end + INTERVAL 1 DAY", "SELECT x FROM a WHERE t < <alone> + INTERVAL 1 DAY"),
        ("SELECT x FROM a WHERE t BETWEEN :window_start AND :window_end - INTERVAL 1 DAY", "SELECT x FROM a WHERE t BETWEEN <compared> AND <alone> - INTERVAL 1 DAY"),
    ],
)  # fmt: skip
def test_a_bound_knows_whether_it_is_itself_compared(query, expected):
    found = statement(query, "duckdb", lambda bound: "$window_compared" if bound.compared else "$window_alone", WINDOW)
    assert found.sql == expected.replace("<compared>", "$window_compared").replace("<alone>", "$window_alone")


def test_bounds_are_instants_in_utc():
    east = timezone(timedelta(hours=9))
    found = sql("SELECT :window_start, :window_end", window=Window(START.astimezone(east), END.astimezone(east)))
    assert [bound.isoformat() for bound in found.parameters.values()] == [START.isoformat(), END.isoformat()]


def test_the_fingerprint_forgets_spacing_and_comments_and_nothing_else():
    base = "SELECT 'a  b' AS x FROM t WHERE s > :window_start"
    later = Window(START + timedelta(days=1), END)
    assert sql(base).fingerprint == sql(f"\n{base.replace(' FROM', ' -- why' + chr(10) + '  FROM')} ;").fingerprint
    others = [
        base.replace("a  b", "a b"),
        base.replace("t WHERE", '"t" WHERE'),
        base.replace(">", ">="),
        base.replace("_start", "_end"),
    ]
    prints = {sql(query).fingerprint for query in [base, *others]} | {
        sql(base, window=later).fingerprint,
        sql(base, "duckdb").fingerprint,
    }
    assert len(prints) == 7


def test_the_fingerprint_of_a_whole_query_does_not_depend_on_the_window():
    assert sql("SELECT 1").fingerprint == sql("SELECT 1", window=Window(END, END)).fingerprint


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "0 statements"),
        (";", "0 statements"),
        ("-- nothing", "0 statements"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("DELETE FROM t", "is a DELETE statement"),
        ("CREATE TABLE t (x INT)", "is a CREATE statement"),
        ("WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a", "contains DELETE"),
        ("SELECT * INTO x FROM t", "contains SELECT INTO"),
        ("SELECT * FROM t FOR UPDATE", "contains a row lock"),
        ("SELECT a FROM t WHERE", "cannot be read as"),
        ("SELECT 'open", "cannot be read as"),
        ("SELECT (((", "cannot be read as"),
        ("SELECT 1 FROM t WHERE s > :start", "parameter :start,"),
        ("SELECT 1 FROM t WHERE s > : window_start", "parameter|cannot be read"),
        ("SELECT ?", r"parameter \?,"),
        ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "cannot be read|nested too deeply"),
    ],
)
def test_anything_else_is_refused_with_what_to_do(query, message, dialect):
    with pytest.raises(ConfigError, match=message) as caught:
        sql(query, dialect)
    assert str(caught.value).count(".") >= 2


@pytest.mark.parametrize(
    ("dialect", "call"),
    [
        ("duckdb", "read_text('x')"), ("duckdb", "READ_CSV('x.csv')"), ("duckdb", "duckdb_secrets()"),
        ("duckdb", "query('SELECT 1')"), ("duckdb", "getenv('HOME')"), ("duckdb", "json_execute_serialized_sql('{}')"),
        ("postgres", "pg_read_file('x')"), ("postgres", "pg_catalog.pg_read_file('x')"), ("postgres", '"pg_read_file"(\'x\')'),
        ("postgres", "PG_SLEEP(1)"), ("postgres", "lo_export(1, 'x')"), ("postgres", "dblink('a', 'b')"),
        ("postgres", "set_config('a', 'b', false)"), ("postgres", "nextval('a')"), ("postgres", "query_to_xml('a', true, true, '')"),
        ("postgres", "ts_stat('SELECT 1')"), ("postgres", "pg_terminate_backend(1)"), ("postgres", "binary_upgrade_create_empty_extension('a')"),
        ("mysql", "LOAD_FILE('x')"), ("mysql", "`load_file`('x')"), ("mysql", "sleep(1)"), ("mysql", "BENCHMARK(1, 1)"),
        ("mysql", "GET_LOCK('a', 1)"), ("mysql", "sys_exec('x')"), ("mysql", "NEXTVAL(a)"), ("mysql", "SETVAL(a, 1)"),
        ("sqlite", "load_extension('x')"), ("sqlite", "writefile('x', 'y')"), ("sqlite", "edit('x')"), ("sqlite", "pragma_table_info('a')"),
    ],
)  # fmt: skip
def test_functions_that_reach_beyond_the_tables_are_refused_wherever_they_stand(dialect, call):
    for query in (f"SELECT {call} AS value", f"SELECT 1 AS value FROM t WHERE x IN (SELECT y FROM {call} AS z(y))"):
        with pytest.raises(ConfigError, match=r"which reaches beyond the tables|cannot be read"):
            sql(query, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("call", "allowed"),
    [
        ("lpad(x, 2, '0')", True), ("rpad(x, 10000)", True), ("repeat('ab', 5000)", True),
        ("lpad(x, 10001, '0')", False), ("rpad(x, y)", False), ("rpad(x, 10 * 1000000000)", False), ("repeat('ab', 5001)", False),
        ("repeat(x, 2)", False), ("repeat(repeat('x', 100), 100)", False), ("space(1000000000)", False), ("zeroblob(1000000000)", False),
        ("randomblob(x)", False), ("zeroblob(16)", True),
    ],
)  # fmt: skip
def test_texts_are_made_only_as_long_as_a_number_says(call, allowed, dialect):
    if allowed:
        assert call in sql(f"SELECT {call} AS value", dialect).sql
    else:
        with pytest.raises(ConfigError, match=r"could fill the memory.*10,000 at most"):
            sql(f"SELECT {call} AS value", dialect)


@pytest.mark.parametrize(
    ("query", "dialect", "expected"),
    [
        ("SELECT 1 /* a /* b */ + 1 -- */", "mysql", "SELECT 1 + 1"),
        ("SELECT 1 /* a /* b */ + 1 */", "postgres", "SELECT 1"),
        ("SELECT 1/**/+/*x*/1", "duckdb", "SELECT 1 + 1"),
        ("SELECT 1--1", "mysql", "SELECT 1--1"),
        ("SELECT 1 # c\n+ 1", "mysql", "SELECT 1 \n+ 1"),
        ("SELECT\u00a01", "postgres", "SELECT 1"),
        ("SELECT 1 -- first\n  , 2 -- last", "sqlite", "SELECT 1 \n, 2"),
    ],
)
def test_no_comment_and_no_odd_space_is_sent(query, dialect, expected):
    """What one database takes for a comment another runs; what is left cannot be read in two ways."""
    assert sql(query, dialect).sql == expected


@pytest.mark.parametrize(
    ("query", "dialect", "message"),
    [
        ("SELECT 1 /*!50000 , sleep(9) */", "mysql", "MySQL and MariaDB run as SQL"),
        ("SELECT 1 /*M!100100 INTO OUTFILE 'x' */", "mysql", "MySQL and MariaDB run as SQL"),
        ("SELECT /*+ MAX_EXECUTION_TIME(0) */ 1", "mysql", "optimizer hint"),
        ("SELECT /*+ SET_VAR(sql_mode='') */ 1", "mysql", "optimizer hint"),
        ("SELECT 1 INTO OUTFILE 'x'", "mysql", "cannot be read|INTO"),
        ("SELECT 1 INTO @x", "mysql", "INTO"),
        ("SELECT @x := 1", "mysql", "parameter"),
        ("SELECT * FROM t LOCK IN SHARE MODE", "mysql", "row lock"),
        ("SET STATEMENT max_statement_time = 0 FOR SELECT 1", "mysql", "COMMAND statement"),
        ("DO SLEEP(1)", "mysql", "cannot be read"),
        ("CALL p()", "mysql", "COMMAND statement"),
        ('SELECT U&"pg\\005fread\\005ffile"(1)', "postgres", "Unicode escapes"),
    ],
)
def test_what_a_database_would_read_otherwise_is_refused(query, dialect, message):
    with pytest.raises(ConfigError, match=message):
        sql(query, dialect)


@pytest.mark.parametrize(
    ("query", "dialect"),
    [
        ("SELECT $1", "postgres"),
        ("SELECT $window_start", "duckdb"),
        ("SELECT @x", "sqlite"),
        ("SELECT @x", "mysql"),
        ("SELECT @x, :window_start", "mysql"),
    ],
)
def test_parameters_of_another_style_are_refused(query, dialect):
    with pytest.raises(ConfigError, match="Only :window_start and :window_end"):
        sql(query, dialect)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT coalesce(set, 1) AS value FROM t",
        "SELECT x FROM t WHERE name GLOB 'a*'",
        "SELECT replace(name, 'a', 'b') AS value FROM t",
        'SELECT updated_at, "delete" FROM t',
    ],
)
def test_words_that_only_look_dangerous_are_allowed(query):
    assert sql(query, "sqlite").sql == query
