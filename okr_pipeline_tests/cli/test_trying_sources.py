"""`okr connectors test`: where a mistake is written, and what a run would not take."""

from pathlib import Path

import pytest

from okr_pipeline.cli import main
from okr_pipeline_tests.connectors.http.server import Server, json_reply

SOURCES = """\
sources:
  shop:
    connector: rest
    base_url: {url}
    allow_private_hosts: true
    auth: {{bearer: "${{SHOP_TOKEN}}"}}
"""
METRICS = """\
metrics:
  orders:
    source: shop
    path: /orders
    rows: "{rows}"
    grain: day
    unit: count
    better: higher
    rollup: sum
"""


@pytest.fixture
def tried(tmp_path, monkeypatch, capsys):
    """What is printed of a metric whose rows an expression finds in a document, and the exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOP_TOKEN", "s3cret")

    def trying(document, rows, *, name="orders", status=200):
        with Server(lambda _: json_reply(document, status)) as server:
            write("project.yaml", "name: Shop\ntimezone: UTC\nas_of: 2026-01-31\n")
            write("sources/shop.yaml", SOURCES.format(url=server.url))
            write("metrics/shop.yaml", METRICS.format(rows=rows))
            with pytest.raises(SystemExit) as ended:
                main(["connectors", "test", name])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    return trying


def write(name, text):
    path = Path("config") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


DAY = {"day": "2026-01-30", "n": 1}


@pytest.mark.parametrize(
    ("document", "rows", "status", "place"),
    [
        ([DAY], "nothing", 200, "config/metrics/shop.yaml:5:5: Metric orders: "),
        ([DAY], "[].{period: day, value: m}[?value]", 200, ""),
        ({"error": "no"}, "@", 401, "config/sources/shop.yaml:6:5: Metric orders: "),
        ({"error": "no"}, "@", 404, "config/metrics/shop.yaml:4:5: Metric orders: "),
    ],
)
def test_a_mistake_is_told_with_the_line_of_the_key_to_correct(tried, document, rows, status, place):
    code, printed = tried(document, rows, status=status)
    assert (code, place in printed, "s3cret" in printed) == (2 if place else 0, True, False)


def test_a_source_that_refuses_its_login_is_told_with_the_line_of_that(tried):
    assert "config/sources/shop.yaml:6:5: GET 127.0.0.1:" in tried([], "@", name="shop", status=401)[1]


@pytest.mark.parametrize(
    ("document", "caution"),
    [
        ([DAY], None),
        ([{**DAY, "n": "1"}], "a run refuses 1 value that is no number, the first: '1'."),
        ([{"day": f"2026-01-30T0{hour}:30:00Z", "n": 1} for hour in (1, 2)], "a run refuses 2 rows that are not of the first instant"),
        ([DAY, DAY, DAY], "a run refuses 2 rows of a period and members that another row is of"),
    ],
)  # fmt: skip
def test_what_a_run_would_refuse_is_told_when_it_is_tried(tried, document, caution):
    code, printed = tried(document, "[].{period: day, value: n}")
    assert code == 0
    assert ("Caution: " in printed) == (caution is not None)
    assert (caution or "") in printed
