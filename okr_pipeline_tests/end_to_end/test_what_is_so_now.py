"""Metrics that an API tells only as they are now, beside one with a past: `okr run` day by day, and `okr backfill`."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.stripe import CONNECTOR
from okr_pipeline.application.workspace import open_for_writing
from okr_pipeline.cli import main
from okr_pipeline_tests.connectors.vendors.test_stripe import BALANCE, Stripe, now, paid
from okr_pipeline_tests.connectors.vendors.vendor import TOKEN

FIRST = date(2012, 4, 1)
SEVENTH = date(2013, 3, 7)
"""The morning after, at ten or eleven, the first commands are typed."""
PROJECT = "name: Shop\ntimezone: America/New_York\nhistory_starts: {first}\nas_of: {day}\n"
FILES = {
    "sources/billing.yaml": """\
sources:
  billing: {connector: stripe, base_url: URL, allow_private_hosts: true, key: "${STRIPE_KEY}", rate_limit: null}
""",
    "metrics/billing.yaml": """\
metrics:
  balance:
    source: billing
    figure: balance
    currency: usd
    grain: day
    unit: currency:USD
    better: higher
    rollup: last
    additivity: snapshot
    restates: 0d
  paid: {source: billing, figure: volume, currency: usd, grain: day, unit: "currency:USD", better: higher, rollup: sum}
""",
    "okrs/year.yaml": """\
cycle: {id: "year", starts: 2012-04-01, ends: 2013-03-31}
objectives:
  earn:
    title: Earn what we spend
    owner: ceo@shop.example
    level: company
    intent: committed
    key_results:
      balance: {title: Have 20 dollars, owner: c@shop.example, metric: balance, measure: {reach: {from: 0, to: 20}}}
      paid: {title: Take 500 dollars, owner: c@shop.example, metric: paid, measure: {accumulate: {to: 500}}}
""",
}


@dataclass(frozen=True)
class At:
    """The connector, asking at an instant."""

    instant: datetime

    def describe(self):
        return CONNECTOR.describe()

    def open(self, settings, context):
        return CONNECTOR.open(settings, context, now(self.instant))


@pytest.fixture
def stripe(request):
    """A dollar is paid at every noon of the year."""
    stripe = Stripe(request)
    noons = [datetime(2012, 4, 1, 17, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
    stripe.lists = {
        "balance": BALANCE,
        "balance_transactions": [paid(number, at, 100) for number, at in enumerate(noons)],
    }
    return stripe


@pytest.fixture
def okr(stripe, tmp_path, monkeypatch, capsys):
    """A command on the morning after a day: what it says."""

    def typed(day, *arguments, code):
        instant = datetime(day.year, day.month, day.day, 15, tzinfo=UTC) + timedelta(days=1)
        monkeypatch.setattr("okr_pipeline.application.reading.load_connectors", lambda: {"stripe": At(instant)})
        monkeypatch.setattr(sys, "argv", ["okr", *arguments])
        put(tmp_path, "project.yaml", PROJECT.format(first=FIRST, day=day))
        with pytest.raises(SystemExit) as stop:
            main()
        said = "".join(capsys.readouterr())
        assert stop.value.code == code, said
        return said

    for name, text in FILES.items():
        put(tmp_path, name, text.replace("URL", stripe.server.url))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRIPE_KEY", TOKEN)
    monkeypatch.delenv("OKR_STORE_URL", raising=False)
    return typed


def put(directory, name, text):
    path = directory / "config" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def stored(directory):
    """By metric: how many values, and the last of them by the day in New York."""
    store = open_for_writing(directory / "config").store
    rows = store.observations().groupby("metric")
    told = {
        metric: (len(of_one), f"{of_one['period_start'].max():%m-%d}", of_one["value"].iloc[-1])
        for metric, of_one in rows
    }
    failing = store.failing_metrics()
    store.close()
    return told, failing


@pytest.mark.slow
def test_what_is_so_now_is_recorded_by_each_run_and_refused_of_the_past_alone(okr, stripe, tmp_path):
    """A first run reads a year of what has a past, in legs, and of the balance what is so."""
    assert "Read       billing: 2 metrics, 342 rows, 342 new" in okr(SEVENTH, "run", code=0)
    assert stored(tmp_path) == ({"balance": (1, "03-07", 10.75), "paid": (341, "03-07", 1.0)}, frozenset())

    stripe.lists["balance"] = {"available": [{"amount": 1_200, "currency": "usd"}], "pending": []}
    eighth = SEVENTH + timedelta(days=1)
    okr(eighth, "run", code=0)
    known = {"balance": (2, "03-08", 12.0), "paid": (342, "03-08", 1.0)}
    assert stored(tmp_path) == (known, frozenset())

    stripe.lists["balance"] = BALANCE
    said = " ".join(okr(eighth, "backfill", "--from", "2013-03-05", "--to", "2013-03-07", code=1).split())
    assert (
        "not read balance: source billing (stripe) tells what is so when it is asked, and nothing of days"
        " that have passed. They cannot be read again; let okr run every day, and what it records stays."
    ) in said
    assert "not read paid" not in said
    assert "billing: 2 metrics, 3 rows, nothing changed" in said
    assert stored(tmp_path) == (known, frozenset())
    assert sum(seen.path == "/v1/balance" for seen in stripe.server.seen) == 2

    results = json.loads(okr(eighth, "status", "--json", code=0))["key_results"]
    assert {it["id"]: (it["value"], it["reason"]) for it in results} == {
        "year/balance": (12.0, None), "year/paid": (342.0, None),
    }  # fmt: skip

    said = okr(eighth, "run", "--as-of", "2013-03-05", code=1)
    assert "nothing of days that have passed" in " ".join(said.split())
    assert stored(tmp_path) == (known, frozenset())
