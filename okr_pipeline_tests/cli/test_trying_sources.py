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

    def trying(document, rows, *, name="orders", status=200, sources=SOURCES, metrics=METRICS):
        answer = document if callable(document) else lambda: json_reply(document, status)
        with Server(lambda _: answer()) as server:
            write("project.yaml", "name: Shop\ntimezone: UTC\nas_of: 2026-01-31\n")
            write("sources/shop.yaml", sources.format(url=server.url))
            write("metrics/shop.yaml", metrics.format(rows=rows))
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
        ([DAY], "pairs(@, 'lines')", 200, "config/metrics/shop.yaml:5:5: Metric orders: "),
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
        ([{"day": "2026-01-30", "m": 1}], "none of these has a value"),
        ([DAY, {"day": "2026-01-29", "n": None}], None),
        ([], None),
    ],
)  # fmt: skip
def test_what_a_run_would_refuse_is_told_when_it_is_tried(tried, document, caution):
    code, printed = tried(document, "[].{period: day, value: n}")
    assert code == 0
    assert ("Caution: " in printed) == (caution is not None)
    assert (caution or "") in printed


def test_an_answer_that_came_at_the_second_try_is_shown_not_the_refusal_before_it(tried):
    answers = [json_reply({"error": "busy"}, 503), json_reply([DAY])]
    printed = tried(lambda: answers.pop(0), "[].{period: day, value: n}")[1]
    assert "Answered with status 200:" in printed
    assert "busy" not in printed


def test_a_member_that_is_null_is_shown_so(tried):
    metrics = METRICS + "    dimensions: [team]\n"
    assert "2026-01-30  1  team=null" in tried([DAY], "[].{period: day, value: n, team: t}", metrics=metrics)[1]


PAGING = "    paging:\n      cursor:\n        param: after\n        next: next\n"
GOING_ON, SOURCE_GOING_ON = METRICS + PAGING, SOURCES + PAGING


@pytest.mark.parametrize(
    ("sources", "metrics", "place"),
    [
        (SOURCES, GOING_ON, "config/metrics/shop.yaml:12:9: Metric orders: "),
        (SOURCE_GOING_ON, METRICS, "config/sources/shop.yaml:9:9: Metric orders: "),
        (
            SOURCES.replace("auth: {{bearer", "max_pages: 1\n    auth: {{bearer"),
            GOING_ON,
            "sources/shop.yaml:6:5: Metric",
        ),
    ],
)
def test_a_key_that_a_metric_leaves_to_its_source_is_found_there(tried, sources, metrics, place):
    document = {"rows": [{"period": "2026-01-30", "value": 1}], "next": "the same for ever"}
    assert place in tried(document, "rows", sources=sources, metrics=metrics)[1]


@pytest.mark.parametrize(
    ("paging", "place", "key"),
    [
        (PAGING, ":13:9: ", "Correct next of cursor of paging."),
        ("    paging:\n      next_url:\n        next: next\n", ":12:9: ", "Correct next of next_url of paging."),
        (
            "    paging:\n      offset:\n        param: skip\n        total: next\n",
            ":13:9: ",
            "total of offset of paging",
        ),
    ],
)
def test_a_key_of_paging_is_told_with_its_own_line(tried, paging, place, key):
    document = {"rows": [{"period": "2026-01-30", "value": 1}], "next": {"not": "a token"}}
    printed = tried(document, "rows", metrics=METRICS + paging)[1]
    assert f"config/metrics/shop.yaml{place}Metric orders: " in printed
    assert key in printed


HUBSPOT = (
    SOURCES.replace("connector: rest", "connector: hubspot").replace("auth: {{bearer: ", "token: ").replace('"}}', '"')
)
DEALS = """\
metrics:
  orders:
    source: shop
    object: deals
    date: closedate
    grain: day
    unit: count
    better: higher
    rollup: sum
"""


@pytest.mark.parametrize("name", ["orders", "shop"])
def test_a_login_that_a_vendor_refuses_is_named_by_the_key_that_people_write_with_its_line(tried, name):
    code, printed = tried({"message": "no"}, "", name=name, status=401, sources=HUBSPOT, metrics=DEALS)
    assert code == 2
    assert "config/sources/shop.yaml:6:5: " in printed
    assert "Check token of the source, and ask" in printed
    assert "auth" not in printed


SHEETS = """\
sources:
  shop:
    connector: google_sheets
    spreadsheet: 1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg
    {key}
"""
A_RANGE = """\
metrics:
  orders:
    source: shop
    range: Days!A:B
    grain: day
    unit: count
    better: higher
    rollup: sum
"""


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ('key: "${SHOP_TOKEN}"', ": key of the source holds no JSON with client_email"),
        ("key_file: config/project.yaml", "key_file of the source holds no JSON with client_email"),
        ("key_file: secrets/nowhere.json", "No such file or directory. Correct key_file of the source, or who may"),
    ],
)  # fmt: skip
def test_a_key_of_google_that_is_none_is_named_as_it_is_written_with_its_line(tried, key, said):
    code, printed = tried(
        [], "", sources=SHEETS.replace("{key}", key.replace("{", "{{").replace("}", "}}")), metrics=A_RANGE
    )
    assert (code, "s3cret" in printed) == (2, False)
    assert "config/sources/shop.yaml:5:5: Metric orders: " in printed
    assert said in printed
