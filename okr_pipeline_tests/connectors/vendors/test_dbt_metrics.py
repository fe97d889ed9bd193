"""dbt_metrics: judged by MetricFlow itself on DuckDB; what is quick to ask, by a program that stands in for it."""

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connectors.contract import Context, DataPointBatch, MetricRequest, ReadFailure
from connectors.dbt_metrics import CONNECTOR, DbtMetricsRequest, DbtMetricsSettings
from connectors.errors import ConfigError, ContractError, DataError, TransientError
from okr_pipeline_tests.connectors.conformance import FACTS, MARCH, SECRET, ZONE, Conformance, days, midnight, within
from okr_pipeline_tests.docs.documents import ROOT

MEASURED = [fact for fact in FACTS if fact.amount is not None]
"""MetricFlow gives no row where there is no value."""
STAND_IN = """
import csv, json, os, sys
words = sys.argv[1:]
open("asked.jsonl", "a").write(json.dumps(words) + "\\n")
failure = os.environ.get("STAND_IN_FAILS")
if failure or os.environ.get("DBT_PASSWORD", "").startswith("hunter2"):
    sys.exit("ERROR: " + (failure or "the warehouse does not know " + os.environ["DBT_PASSWORD"]))
if words[0] == "query":
    asked = dict(zip(words[1::2], words[2::2]))
    metrics, (period, *members) = asked["--metrics"].split(","), asked["--group-by"].split(",")
    if "nowhere" in metrics:
        sys.exit("ERROR: Got error(s) during query resolution. No such metric.\\nLog File: x")
    rows = [row for row in json.load(open("facts.json")) if asked["--start-time"] <= row[0] <= asked["--end-time"]]
    with open(asked["--csv"], "w", newline="") as file:
        table = csv.writer(file)
        table.writerow([period, *members, *metrics])
        table.writerows([day.replace("T", " "), *([team] * len(members)), *([amount] * len(metrics))] for day, team, amount in rows)
"""


class DbtMetrics:
    connector = CONNECTOR
    facts = MEASURED

    def __init__(self, request):
        self.directory = request.getfixturevalue("tmp_path")
        self.environment = request.getfixturevalue("monkeypatch")
        (self.directory / "shop").mkdir()
        (self.directory / "mf.py").write_text(STAND_IN)
        self.write([])

    def write(self, facts):
        rows = [(f"{fact.day}T00:00:00", fact.team, fact.amount) for fact in facts]
        (self.directory / "shop/facts.json").write_text(json.dumps(rows))

    def open(self, **settings):
        command = [sys.executable, "-I", "-S", str(self.directory / "mf.py")]
        given = DbtMetricsSettings(**{"project_dir": "shop", "command": command, "concurrency": 4, **settings})
        return CONNECTOR.open(given, Context(self.directory, self.directory))

    def open_badly(self):
        self.environment.setenv("DBT_PASSWORD", SECRET)
        return self.open()

    def request(self, metric, **keys):
        return asked(metric, ("team",), **{"dbt_metric": "orders", "group_by": {"team": "order__team"}, **keys})

    def broken_request(self, metric):
        return self.request(metric, dbt_metric="nowhere")

    @property
    def queries(self):
        lines = (self.directory / "shop/asked.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


class TestConformance(Conformance):
    subject = DbtMetrics


def asked(metric, dimensions=(), grain="day", zone=ZONE, **keys):
    return MetricRequest(metric, grain, zone, dimensions, DbtMetricsRequest(**keys))


def outcomes(source, *requests, window=MARCH):
    try:
        found = list(source.read(requests, window))
    finally:
        source.close()
    failed = {it.metric: it.error for it in found if isinstance(it, ReadFailure)}
    points = {
        metric: [(start.to_pydatetime(), dimensions, value) for start, dimensions, value in zip(of["period_start"], of["dimensions"], of["value"], strict=True)]
        for it in found if isinstance(it, DataPointBatch) for metric in it.evidence for of in [it.points[it.points["metric"] == metric]]
    }  # fmt: skip
    return points, failed


@pytest.fixture
def place(request):
    made = DbtMetrics(request)
    made.write(MEASURED)
    return made


def test_metrics_of_equal_dimensions_are_asked_for_at_once(place):
    requests = [
        place.request("a"), place.request("b", dbt_metric="revenue"),
        place.request("c", where=["{{ Dimension('order__team') }} = 'north'"]), asked("d", dbt_metric="orders"),
    ]  # fmt: skip
    place.write([fact for fact in MEASURED if fact.team == "north"])
    points, failed = outcomes(place.open(concurrency=1), *requests)
    assert (sorted(points), failed) == (["a", "b", "c", "d"], {})
    times = ["--start-time", "2013-03-01T00:00:00", "--end-time", "2013-03-31T23:59:59"]
    by_team = ["--group-by", "metric_time__day,order__team", *times]
    assert [words[: words.index("--csv")] for words in place.queries] == [
        ["query", "--metrics", "orders,revenue", *by_team],
        ["query", "--metrics", "orders", *by_team, "--where", "{{ Dimension('order__team') }} = 'north'"],
        ["query", "--metrics", "orders", "--group-by", "metric_time__day", *times],
    ]


def test_evidence_is_the_command_without_what_was_asked_for_others(place):
    source = place.open()
    [batch] = source.read([place.request("a"), place.request("b", dbt_metric="revenue")], MARCH)
    assert batch.evidence["a"].request == (
        "mf query --metrics orders --group-by metric_time__day,order__team"
        " --start-time 2013-03-01T00:00:00 --end-time 2013-03-31T23:59:59"
    )
    assert batch.evidence["a"].fingerprint != batch.evidence["b"].fingerprint


def test_a_metric_that_is_refused_is_found_by_halves(place):
    requests = [place.request(str(number), dbt_metric=f"m{number}") for number in range(7)]
    points, failed = outcomes(place.open(), *requests, place.broken_request("x"))
    assert sorted(points) == [str(number) for number in range(7)]
    assert type(failed["x"]) is ConfigError
    assert "No such metric. Correct dbt_metric" in str(failed["x"])
    assert len(place.queries) == 1 + 2 + 2 + 2


@pytest.mark.parametrize(
    ("grain", "boundaries", "is_asked"),
    [
        ("week", [date(2013, 3, 4), date(2013, 3, 11)], True),
        ("week", [date(2013, 3, 3), date(2013, 3, 10)], False),
        ("month", [date(2013, 3, 1), date(2013, 4, 1)], True),
        ("month", [date(2013, 3, 4), date(2013, 4, 1)], False),
        ("quarter", [date(2013, 4, 1), date(2013, 7, 1)], True),
        ("quarter", [date(2013, 3, 1), date(2013, 6, 1)], False),
    ],
)
def test_periods_that_metricflow_does_not_know_are_refused(place, grain, boundaries, is_asked):
    request = replace(asked("a", grain=grain, dbt_metric="orders"), boundaries=tuple(map(midnight, boundaries)))
    _, failed = outcomes(place.open(), request)
    assert ("a" in failed) is not is_asked
    if not is_asked:
        assert f"MetricFlow's {grain}s are those of the ordinary calendar" in str(failed["a"])


TABLE_OF = "import sys; open(sys.argv[sys.argv.index('--csv') + 1], 'w').write({!r})"


@pytest.mark.parametrize(
    ("script", "error", "said"),
    [
        ("import time; time.sleep(60)", TransientError, "took longer than timeout"),
        ("import sys; sys.exit(3)", TransientError, "exit code 3), it says: nothing"),
        ("", ContractError, "wrote no table"),
        (TABLE_OF.format("metric_time__day,orders\n2013-03-09,1,5\n"), ContractError, "Row 1 of MetricFlow's table"),
        (TABLE_OF.format("metric_time__day,orders\n2013-03-09\n"), ContractError, "Row 1 of MetricFlow's table"),
        (TABLE_OF.format('metric_time__day,orders\n"2013-03-09,1\n'), ContractError, "table cannot be read"),
        (TABLE_OF.format("metric_time__day,oders\n2013-03-09,1\n"), ContractError, "no column orders"),
        (TABLE_OF.format("metric_time__day,orders\nsoon,1\n"), DataError, "the period 'soon'"),
        (TABLE_OF.format("metric_time__day,orders\n" + "2013-03-09,1\n" * 9), DataError, "more than 5 rows"),
    ],
)
def test_a_program_that_gives_no_table_is_a_typed_error(place, script, error, said):
    source = place.open(command=[sys.executable, "-I", "-S", "-c", script], timeout="2s", max_rows=5)
    _, failed = outcomes(source, asked("a", dbt_metric="orders"))
    assert type(failed["a"]) is error, failed
    assert said in str(failed["a"])


def test_texts_that_are_no_numbers_are_no_values(place):
    table = TABLE_OF.format("METRIC_TIME__DAY,orders\n2013-03-09,nan\n2013-03-10 00:00:00,1.50\n2013-03-11,\n")
    source = place.open(command=[sys.executable, "-I", "-S", "-c", table])
    [batch] = source.read([asked("a", dbt_metric="orders")], MARCH)
    assert batch.points["raw_value"].tolist() == ["nan", None]
    assert batch.points["value"].tolist()[1:] == [1.5]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"command": ["no-such-program"]}, "There is no program no-such-program. Install dbt-metricflow"),
        ({"project_dir": "nowhere"}, "Correct project_dir or command of the source"),
    ],
)
def test_a_program_or_project_that_is_not_there_says_so(place, settings, said):
    with pytest.raises(ConfigError, match=said):
        place.open(**settings).check()


def test_what_a_program_started_ends_with_it(place):
    script = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).wait()"
    source = place.open(command=[sys.executable, "-I", "-S", "-c", script], timeout="1s")
    _, failed = outcomes(source, asked("a", dbt_metric="orders"))
    assert "took longer than timeout" in str(failed["a"])


@pytest.mark.parametrize(
    "keys",
    [
        {"dbt_metric": "--explain"}, {"dbt_metric": "a,b"}, {"dbt_metric": "a", "group_by": {"team": "a,b"}},
        {"dbt_metric": "a", "where": ["--explain"]},
    ],
)  # fmt: skip
def test_keys_that_would_be_options_are_refused(keys):
    with pytest.raises(ValueError, match=r"pattern|begins like an option"):
        DbtMetricsRequest(**keys)


PROGRAMS = Path(sys.prefix) / "dbt" / "bin"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The dbt project of the tests, built in DuckDB."""
    if not (PROGRAMS / "mf").exists():
        pytest.skip("MetricFlow is not there. Run make judges.")
    directory = tmp_path_factory.mktemp("dbt")
    shutil.copytree(ROOT / "okr_pipeline_tests/dbt_project", directory / "shop")
    built = subprocess.run(
        [PROGRAMS / "dbt", "build", "--quiet"], cwd=directory / "shop", capture_output=True, text=True, check=False,
        env={**os.environ, "DBT_PROFILES_DIR": str(directory / "shop")},
    )  # fmt: skip
    assert built.returncode == 0, built.stdout
    settings = DbtMetricsSettings(project_dir="shop", profiles_dir="shop", command=[str(PROGRAMS / "mf")])
    return CONNECTOR.open(settings, Context(directory, directory))


@pytest.mark.dbt
@pytest.mark.slow
class TestMetricFlow:
    def test_two_metrics_by_a_dimension_are_those_of_the_rows_that_dbt_loaded(self, shop):
        orders, revenue = {}, {}
        for row in csv.DictReader((ROOT / "okr_pipeline_tests/dbt_project/seeds/orders.csv").open()):
            day = midnight(datetime.fromisoformat(row["ordered_at"]).date())
            key = day, json.dumps({"region": row["region"] or None}, separators=(",", ":"))
            orders[key] = orders.get(key, 0) + 1
            revenue[key] = revenue.get(key, 0) + float(row["amount"])
        by_region = {"dimensions": ("region",), "group_by": {"region": "order__region"}}
        window = days(date(2013, 3, 9), date(2013, 3, 12))
        requests = [within(window, asked(name, dbt_metric=name, **by_region)) for name in ("orders", "revenue")]
        points, failed = outcomes(shop, *requests, window=window)
        assert failed == {}
        wanted = {
            name: {key: of[key] for key in of if window.start <= key[0] < window.end}
            for name, of in (("orders", orders), ("revenue", revenue))
        }
        found = {
            name: {(start.astimezone(UTC), members): value for start, members, value in of}
            for name, of in points.items()
        }
        assert found == {name: pytest.approx(of) for name, of in wanted.items()}
        assert len(wanted["orders"]) == 4
        assert len(orders) == 6  # one of the day before, and one of the day after

    def test_weeks_and_conditions_are_metricflows_own(self, shop):
        keys = {"dbt_metric": "orders", "where": ["{{ Dimension('order__region') }} = 'north'"], "grain": "week"}
        window = days(date(2013, 3, 4), date(2013, 3, 18))
        weeks = tuple(midnight(date(2013, 3, 4)) + timedelta(days=7 * week) for week in range(2))
        points, failed = outcomes(shop, replace(asked("a", **keys), boundaries=weeks), window=window)
        assert (points, failed) == ({"a": [(midnight(date(2013, 3, 4)), "{}", 3.0)]}, {})

    def test_what_the_project_does_not_define_is_named(self, shop):
        _, failed = outcomes(shop, asked("a", dbt_metric="revenu"))
        assert type(failed["a"]) is ConfigError
        assert "does not exactly match any known metrics. Suggestions: ['revenue', 'orders']" in str(failed["a"])

    def test_it_answers(self, shop):
        shop.check()
