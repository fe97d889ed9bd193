"""One query that many metrics share: each takes its own rows and columns, and the database is asked once."""

import sqlite3
from datetime import UTC, datetime

import pytest

from connectors.contract import Context, DataPointBatch, MetricRequest, ReadFailure, Window
from connectors.sql import CONNECTOR, SqlRequest, SqlSettings

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
SHARED = "SELECT kpi, region, day, value, cost FROM kpis WHERE day >= date(:window_start) AND day < date(:window_end)"
ROWS = [
    ("signups", 1, "2026-01-01", 10, 7.5),
    ("signups", 2, "2026-01-01", 11, 8.5),
    ("churn", 1, "2026-01-01", 3, None),
    ("signups", 1, "2026-01-02", 12, 9.5),
    (None, 1, "2026-01-02", 99, 99.0),
]


@pytest.fixture
def source(tmp_path):
    with sqlite3.connect(tmp_path / "kpis.db") as connection:
        connection.execute("CREATE TABLE kpis (kpi TEXT, region INTEGER, day TEXT, value REAL, cost REAL)")
        connection.executemany("INSERT INTO kpis VALUES (?, ?, ?, ?, ?)", ROWS)
    settings = SqlSettings(url=f"sqlite:///{tmp_path / 'kpis.db'}", queries={"kpis": SHARED})
    opened = CONNECTOR.open(settings, Context(tmp_path, tmp_path))
    yield opened
    opened.close()


def asked(metric, *, query="kpis", dimensions=(), **options):
    keys = SqlRequest(query=query, **options)
    return MetricRequest(metric, "day", "UTC", dimensions, keys)


def read(source, *requests):
    """By metric its values, or why it has none."""
    told = {}
    for outcome in source.read(requests, WINDOW):
        if isinstance(outcome, ReadFailure):
            told[outcome.metric] = str(outcome.error)
        else:
            for metric in outcome.evidence:
                rows = outcome.points[outcome.points["metric"] == metric]
                told[metric] = list(zip(rows["dimensions"], rows["value"], strict=True))
    return told


DAY = {"period": "day"}


@pytest.mark.parametrize(
    ("options", "points"),
    [
        ({"rows": {"kpi": "signups", "region": "1"}}, [("{}", 10), ("{}", 12)]),
        ({"rows": {"region": "1", "kpi": "churn"}}, [("{}", 3)]),
        ({"rows": {"kpi": "signups", "region": "2"}, "columns": {"value": "cost"}}, [("{}", 8.5)]),
        ({"rows": {"kpi": "nothing of that name"}}, []),
        (
            {"rows": {"kpi": "signups"}, "dimensions": ("region",)},
            [('{"region":"1"}', 10), ('{"region":"2"}', 11), ('{"region":"1"}', 12)],
        ),
        (
            {"rows": {"kpi": "churn"}, "dimensions": ("where",), "columns": {"where": "region"}},
            [('{"where":"1"}', 3)],
        ),
    ],
)
def test_a_metric_takes_the_rows_with_its_values_and_the_columns_it_names(source, options, points):
    request = asked("m", **{**options, "columns": DAY | options.get("columns", {})})
    assert read(source, request) == {"m": points}


def test_metrics_that_share_a_query_are_served_by_one_fetch(source):
    requests = [asked(f"m{number}", rows={"region": str(number)}, columns=DAY) for number in (1, 2)]
    [batch] = source.read(requests, WINDOW)
    assert isinstance(batch, DataPointBatch)
    arrived = {proof.fetched_at for proof in batch.evidence.values()}
    assert (len(batch.evidence), len(arrived)) == (2, 1)


def test_evidence_says_which_rows_were_taken(source):
    [batch] = source.read(
        [asked("a", rows={"region": "1"}, columns=DAY), asked("b", rows={"region": "2"}, columns=DAY)], WINDOW
    )
    proofs = [batch.evidence[metric] for metric in "ab"]
    assert [proof.request.rpartition("\n")[2] for proof in proofs] == [
        "-- the rows with region = 1",
        "-- the rows with region = 2",
    ]
    assert proofs[0].fingerprint != proofs[1].fingerprint
    assert [proof.row_count for proof in proofs] == [4, 1]


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (asked("m", query="kpi"), "There is no query kpi in the source. Did you mean kpis?"),
        (asked("m", rows={"regoin": "1"}, columns=DAY), "no column regoin; it has kpi, region, day, value, cost."),
        (asked("m", columns={"period": "date"}), "no column date;"),
        (asked("m", columns=DAY | {"nowhere": "region"}), "columns names nowhere, which is no dimension"),
        (asked("m", columns=DAY | {"value": None}), "only weight can be left out"),
    ],
)
def test_what_cannot_be_taken_is_told_with_the_metric_and_takes_no_other_with_it(source, request_, error):
    good = asked("good", rows={"kpi": "churn"}, columns=DAY)
    told = read(source, request_, good)
    assert told["good"] == [("{}", 3)]
    assert told["m"].startswith("Metric m: ")
    assert error in told["m"]
