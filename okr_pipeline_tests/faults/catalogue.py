"""What goes wrong: faults, each planted into the real file or database of one metric on one day.

Belongs here: the table of faults and how each is planted. Does not: running them (planting), the company (company).

The day is Wednesday, 19 November 2025; what the store knows ends the day before. A fault is `told` by a rule, or as a
source that failed. `score` is what the metric's key result then says: `unknown` with a reason, or `true` where it still
is of true values alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from okr_pipeline_tests.faults.company import Company, Table
from okr_pipeline_tests.faults.project import BY_ID, Place, late

DAY = pd.Timestamp("2025-11-19")
Plant = Callable[[Place, Company], None]
Change = Callable[[Table], Table]


@dataclass(frozen=True)
class Fault:
    """`metrics` are those that it spoils; `rule` names what catches it in each; `period` is what must be told."""

    what: str
    metrics: tuple[str, ...]
    plant: Plant
    rule: str
    score: str
    period: str = "2025-11-19"
    listed: bool = True
    """Whether everybody thinks of it; the others were invented to get past the rules."""


def _fault(what: str, metric: str, change: Change, rule: str, score: str, period: str = "2025-11-19") -> Fault:
    return Fault(what, (metric,), _table(metric, change), rule, score, period)


def _odd(what: str, metric: str, change: Change, rule: str, score: str, period: str = "2025-11-19") -> Fault:
    return Fault(what, (metric,), _table(metric, change), rule, score, period, listed=False)


def _table(metric: str, change: Change) -> Plant:
    def plant(place: Place, company: Company) -> None:
        table = late(company.tables[metric], BY_ID[metric], DAY)
        place.write(metric, change(table[table["period"] <= DAY].reset_index(drop=True)))

    return plant


def _newest(table: Table, days: int = 1) -> pd.Series:
    return table["period"] > DAY - pd.Timedelta(days=days)


def times(factor: float, *, since: str | None = None, column: str = "value") -> Change:
    """Values of the newest day, or since a day, multiplied."""

    def change(table: Table) -> Table:
        rows = _newest(table) if since is None else table["period"] >= since
        spoilt = (table[column] * factor).round(6)
        return table.assign(**{column: table[column].astype(float).mask(rows, spoilt)})

    return change


def becomes(value: object, column: str = "value") -> Change:
    """The newest day's value replaced."""

    def change(table: Table) -> Table:
        return table.assign(**{column: table[column].astype(object).mask(_newest(table), value)})

    return change


def becomes_number(value: float | None) -> Change:
    def change(table: Table) -> Table:
        return table.assign(value=table["value"].astype(float).mask(_newest(table), value))

    return change


def written(form: Callable[[float], str]) -> Change:
    """The newest day's value as a text."""

    def change(table: Table) -> Table:
        texts = table["value"].map(form)
        return table.assign(value=table["value"].astype(object).mask(_newest(table), texts))

    return change


def like(days: int) -> Change:
    """The newest day's values are those of some days before."""

    def change(table: Table) -> Table:
        before = table[table["period"] == DAY - pd.Timedelta(days=days)].assign(period=DAY)
        return pd.concat([table[~_newest(table)], before], ignore_index=True)

    return change


def without(rows: Callable[[Table], pd.Series]) -> Change:
    return lambda table: table[~rows(table)]


def added(make: Callable[[Table], Table]) -> Change:
    """More rows."""
    return lambda table: pd.concat([table, make(table)], ignore_index=True)


def again(change: Change = lambda rows: rows) -> Change:
    """The newest day's rows twice."""
    return added(lambda table: change(table[_newest(table)]))


def moved(**by: int) -> Change:
    return lambda table: table.assign(period=table["period"] + pd.Timedelta(**by))


def swapped_dates(table: Table) -> Table:
    """Day and month exchanged where that is a date."""
    swapped = [it.replace(month=it.day, day=it.month) if it.day <= 12 else it for it in table["period"]]
    return table.assign(period=swapped)


def hourly(table: Table) -> Table:
    """The newest day in twenty-four parts."""
    day = table[_newest(table)]
    parts = pd.concat([day.assign(period=DAY + pd.Timedelta(hours=hour)) for hour in range(24)])
    return pd.concat([table[~_newest(table)], parts.assign(value=parts["value"] // 24)], ignore_index=True)


def exploded(table: Table) -> Table:
    """The newest day by ticket and not by channel."""
    tickets = pd.DataFrame({"period": DAY, "channel": [f"T-{number}" for number in range(90)], "value": 1})
    return pd.concat([table, tickets], ignore_index=True)


def rewritten_past(table: Table) -> Table:
    """Everything before October somewhat different."""
    share = np.random.default_rng(5).uniform(0.9, 1.1, len(table))
    old = table["period"] < "2025-10-01"
    return table.assign(value=table["value"].where(~old, table["value"] * share).round(2))


def _sales(change: Change) -> Plant:
    def plant(place: Place, company: Company) -> None:
        place.write_sales(change(company.sales))

    return plant


def _fewer_sales(share: float) -> Change:
    def change(sales: Table) -> Table:
        lost = (sales["sold_at"].dt.normalize() == DAY) & (np.random.default_rng(3).random(len(sales)) < share)
        return sales[~lost]

    return change


def _whole_source(metrics: tuple[str, ...], change: Change) -> Plant:
    def plant(place: Place, company: Company) -> None:
        for metric in metrics:
            _table(metric, change)(place, company)

    return plant


def _raw(metric: str, spoil: Callable[[bytes], bytes]) -> Plant:
    def plant(place: Place, company: Company) -> None:
        _table(metric, lambda table: table)(place, company)
        place.file(metric).write_bytes(spoil(place.file(metric).read_bytes()))

    return plant


def _exchanged(one: str, other: str) -> Plant:
    def plant(place: Place, company: Company) -> None:
        for metric, source in ((one, other), (other, one)):
            table = company.tables[source]
            place.write(metric, table[table["period"] <= DAY])

    return plant


def _first_lines(content: bytes) -> bytes:
    """Six lines of ten."""
    lines = content.splitlines(keepends=True)
    return b"".join(lines[: len(lines) * 6 // 10])


def _with_time(time: str) -> Callable[[bytes], bytes]:
    """A clock time behind each date of a CSV file."""

    def spoil(content: bytes) -> bytes:
        header, *lines = content.decode().splitlines()
        return "\n".join([header, *(f"{line[:10]}T{time}{line[10:]}" for line in lines)]).encode()

    return spoil


_LIVELY = (
    "signups", "visits", "leads", "revenue", "refunds", "conversion", "uptime", "wait_minutes", "stock_units",
    "installs_total", "energy_kwh",
)  # fmt: skip
_QUARANTINED, _FAILED, _TRUE = "unknown: quarantined", "unknown: source_failed", "true"
_EITHER = "true or unknown: quarantined"


def _units() -> Iterator[Fault]:
    """What numbers mean."""
    yield _fault("unit: thousandfold", "revenue", times(1000), "anomaly", _TRUE)
    yield _fault("cents for euros", "bookings", times(100), "anomaly", _TRUE)
    yield _fault("cents for euros, as far as is read again", "invoices", times(100, since="2020"), "rewritten", _TRUE)
    yield _fault("currency switched: yen for euros", "cost", times(160), "anomaly", _TRUE)
    yield _fault(
        "currency switched throughout: dollars for euros",
        "refunds",
        times(1.08, since="2020"),
        "rewritten",
        _TRUE,
        "2024-01-01",
    )
    yield _fault("percent for a ratio", "conversion", times(100), "maximum", _QUARANTINED)
    yield _fault("seconds for minutes", "wait_minutes", times(60), "maximum", _QUARANTINED)
    yield _fault("mean for a sum", "bookings", times(1 / 12, since="2020"), "rewritten", _TRUE)
    yield _fault("sign flipped", "refunds", times(-1), "minimum", _TRUE)
    yield _fault(
        "sign flipped throughout, where both are allowed",
        "margin",
        times(-1, since="2020"),
        "rewritten",
        _QUARANTINED,
        "2024-01-01",
    )
    yield _fault("a negative count", "incidents", becomes(-3), "minimum", _TRUE)


def _times() -> Iterator[Fault]:
    """When they are of."""
    yield Fault(
        "zone shifted by an hour",
        ("energy_kwh",),
        _raw("energy_kwh", _with_time("01:00:00")),
        "period",
        _TRUE,
        "2024-01-01",
    )
    yield Fault(
        "days cut in a zone eight hours off",
        ("orders", "sales", "order_value"),
        _sales(lambda sales: sales.assign(sold_at=sales["sold_at"] - pd.Timedelta("8h"))),
        "restated",
        _EITHER,
        "2025-11-",
    )
    yield _fault("shifted by a day", "returns", moved(days=1), "restated", _TRUE, "2024-01-02")
    yield _fault("weeks that begin on Sunday", "nps", moved(days=-1), "period", _TRUE, "2023-12-31")
    yield _fault("hours for a day", "visits", hourly, "grain", _TRUE)
    yield _fault(
        "a date in the future",
        "churn",
        added(lambda table: table.tail(1).assign(period=pd.Timestamp("2062-01-01"))),
        "not_future",
        _TRUE,
        "2062-01",
    )
    yield _fault("day and month exchanged", "pages", swapped_dates, "restated", _TRUE, "202")
    yield Fault(
        "dates of another form",
        ("mrr",),
        _raw("mrr", lambda content: content.replace(b"2025-11-01", b"01/11/2025")),
        "source_failed",
        _FAILED,
        "01/11/2025",
    )


def _rows() -> Iterator[Fault]:
    """Which came."""
    yield Fault(
        "half the rows missing", ("sales", "orders", "order_value"), _sales(_fewer_sales(0.5)), "anomaly,total", _EITHER
    )
    yield _fault("30 % of the rows missing", "visits", times(0.7), "anomaly", _TRUE)
    yield _fault(
        "a third of the members missing",
        "tickets",
        without(lambda t: _newest(t) & (t["channel"] == "phone")),
        "missing_members",
        _TRUE,
    )
    yield _fault("no rows", "leads", without(lambda table: table["period"] > "2000"), "volume", _TRUE, "2025-11-12")
    yield _fault(
        "rows missing from what is read again",
        "calls",
        without(lambda t: t["team"].isin(["a", "c"])),
        "volume",
        _TRUE,
        "2025-11-",
    )
    yield Fault(
        "yesterday repeated throughout a source", _LIVELY, _whole_source(_LIVELY, like(1)), "repeated,flat", _EITHER
    )
    yield _fault(
        "last week's file again", "signups", without(lambda table: _newest(table, 8)), "volume", _TRUE, "2025-11-12"
    )
    yield _fault("rows twice", "deals", again(), "unique", _TRUE)
    yield _fault("rows twice with different values", "invoices", again(times(1.5)), "unique", _TRUE)
    yield _fault(
        "several rows where one is expected",
        "active_users",
        again(lambda rows: pd.concat([rows.assign(value=rows["value"] // part) for part in (2, 3)])),
        "unique",
        _QUARANTINED,
    )
    yield Fault("a file cut off", ("signups",), _raw("signups", _first_lines), "volume", _TRUE, "2025-02-")
    yield Fault(
        "a file cut off inside a line",
        ("leads",),
        _raw("leads", lambda content: content[:6_003]),
        "source_failed",
        _FAILED,
        "leads.csv",
    )
    yield Fault(
        "a binary file cut off",
        ("temperature",),
        _raw("temperature", lambda content: content[:-900]),
        "source_failed",
        _FAILED,
        "temperature.parquet",
    )
    yield _fault("a day delivered before it was over", "pages", times(0.4), "anomaly", _TRUE)


def _columns() -> Iterator[Fault]:
    """Where they stand."""
    yield _fault(
        "a column renamed",
        "handle_seconds",
        lambda table: table.rename(columns={"value": "seconds"}),
        "source_failed",
        _FAILED,
        "seconds",
    )
    yield _fault(
        "a column dropped", "parcels", lambda table: table.drop(columns="country"), "source_failed", _FAILED, "country"
    )
    yield _fault(
        "columns exchanged",
        "handle_seconds",
        lambda t: t.rename(columns={"value": "weight", "weight": "value"}),
        "rewritten",
        _QUARANTINED,
    )
    yield Fault(
        "another metric's values",
        ("downloads", "jobs_failed"),
        _exchanged("downloads", "jobs_failed"),
        "rewritten",
        _TRUE,
        "2025-11-1",
    )


def _values() -> Iterator[Fault]:
    """What they are."""
    yield _fault("text in numbers", "headcount", becomes("n/a"), "type", _QUARANTINED)
    yield _fault(
        "decimal comma",
        "revenue",
        written(lambda value: f"{value:,.2f}".translate(str.maketrans(",.", ".,"))),
        "type",
        _TRUE,
    )
    yield _fault("thousands separated", "stock_units", written(lambda value: f"{value:,.0f}"), "type", _QUARANTINED)
    yield _fault(
        "thousands separated by a point",
        "stock_units",
        written(lambda value: f"{value / 1000:.3f}"),
        "max_change",
        _QUARANTINED,
    )
    yield _fault("infinite", "margin", becomes_number(np.inf), "finite", _QUARANTINED)
    yield _fault("not a number", "refunds", becomes("NaN"), "type", _TRUE)
    yield _fault("empty", "uptime", becomes(None), "no_value", _TRUE)
    yield _fault("null written as 0", "downloads", becomes_number(0), "anomaly", _TRUE)
    yield _fault("null written as −1", "headcount", becomes(-1), "minimum", _QUARANTINED)
    yield _fault("null written as 9999", "jobs_failed", becomes_number(9999), "maximum", _TRUE)
    yield _fault("a spike within the bounds", "leads", times(2.5), "anomaly", _TRUE)
    yield _fault("a value that stands still", "cash", like(1), "flat", _QUARANTINED)
    yield _fault("a cumulative counter steps back", "installs_total", times(0.98), "monotonic", _QUARANTINED)


def _past() -> Iterator[Fault]:
    """What was."""
    yield _fault(
        "one value restated beyond the lookback",
        "pages",
        lambda t: t.assign(value=t["value"].mask(t["period"] == "2025-08-06", 60_001)),
        "restated",
        _TRUE,
        "2025-08-06",
    )
    yield _fault("the past rewritten", "revenue", rewritten_past, "restated", _TRUE, "2024-01-01")


def _members() -> Iterator[Fault]:
    """What they are split and weighted by."""
    yield _fault(
        "a member renamed",
        "parcels",
        lambda t: t.assign(country=t["country"].replace("DE", "Germany")),
        "members",
        _QUARANTINED,
        "Germany",
    )
    yield _fault(
        "an unknown member", "parcels", added(lambda t: t[_newest(t)].head(1).assign(country="XX")), "members", _TRUE
    )
    yield _fault("members without number", "tickets", exploded, "new_members", _TRUE, "members")
    yield _fault("no weight", "overdue", becomes(None, "weight"), "weight", _QUARANTINED)
    yield _fault("a weight of 0", "conversion", becomes(0, "weight"), "weight", _QUARANTINED)
    yield _fault("a negative weight", "wait_minutes", times(-1, column="weight"), "weight", _QUARANTINED)
    yield _fault(
        "the column of weights dropped",
        "csat",
        lambda table: table.drop(columns="weight"),
        "weight",
        _QUARANTINED,
        "2024-01-01",
    )


def _invented() -> Iterator[Fault]:
    """Invented to get past the rules."""
    yield _odd("a weight a thousandfold", "overdue", times(1000, column="weight"), "total", _QUARANTINED)
    yield Fault(
        "last week's values under this week's dates",
        _LIVELY,
        _whole_source(_LIVELY, like(7)),
        "repeated",
        _EITHER,
        listed=False,
    )
    yield _odd(
        "values rounded to thousands",
        "cost",
        lambda t: t.assign(value=t["value"].round(-3)),
        "restated",
        _TRUE,
        "2025-11-",
    )
    yield _odd("a number too large for its type", "invoices", becomes(-(2**31)), "minimum", _TRUE)
    yield _odd("true for 1", "deals", becomes("true"), "type", _TRUE)
    yield _odd("a currency's sign before the number", "bookings", written(lambda value: f"€{value:.2f}"), "type", _TRUE)
    yield Fault(
        "serial numbers for dates",
        ("churn",),
        _raw("churn", lambda content: content.replace(b"2025-11-01", b"45962")),
        "source_failed",
        _FAILED,
        "45962",
        listed=False,
    )
    yield _odd("an exponent beyond numbers", "energy_kwh", becomes("1e400"), "finite", _TRUE)
    yield _odd(
        "members without a name", "tickets", lambda t: t.assign(channel=t["channel"].mask(_newest(t))), "unique", _TRUE
    )
    yield _odd(
        "values before the window turned to 0",
        "leads",
        lambda t: t.assign(value=t["value"].mask(t["period"] < "2025-09-01", 0)),
        "rewritten",
        _TRUE,
        "2024-01-01",
    )
    yield _odd(
        "a member missing from a weighted mean",
        "csat",
        without(lambda t: _newest(t) & (t["channel"] == "chat")),
        "missing_members",
        _QUARANTINED,
    )
    yield _odd(
        "a member in another spelling",
        "parcels",
        lambda t: t.assign(country=t["country"].mask(_newest(t) & (t["country"] == "DE"), "de")),
        "members",
        _TRUE,
    )
    yield _odd(
        "a few old rows deleted",
        "visits",
        without(lambda t: t["period"].between("2025-03-01", "2025-03-20")),
        "restated",
        _TRUE,
        "2025-03-01",
    )


FAULTS: tuple[Fault, ...] = tuple(
    fault for kind in (_units, _times, _rows, _columns, _values, _past, _members, _invented) for fault in kind()
)
