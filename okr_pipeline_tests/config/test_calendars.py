"""Which kind of year a metric's months are of, and what is said where a derived metric's parts differ in it."""

import pytest

FLIGHTS = "{source: warehouse, query: q, grain: day, unit: count, better: higher, rollup: sum, empty: zero}"
BY_CIVIL_YEAR = FLIGHTS.replace("grain: day", "grain: day, year: civil")

CASES = {
    "unknown kind of year": (
        FLIGHTS,
        FLIGHTS.replace("grain: day", "grain: day, year: retail"),
        "metrics/main.yaml:34:53: metric 'flights': year: 'retail' is not one of fiscal, civil. Whether its months and quarters are the project's fiscal ones or civil ones. Known values: fiscal, civil.",
    ),
    "parts of different years": (
        FLIGHTS,
        BY_CIVIL_YEAR,
        "metrics/main.yaml:39:14: metric 'cost_per_flight': formula: 'spend' is by the fiscal year and 'flights' by the civil one. A formula combines values of the same periods. Use metrics of one kind of year.",
    ),
    "derived metric of another year": (
        "formula: spend / flights\n",
        "formula: spend / flights\n    year: civil\n",
        "metrics/main.yaml:40:11: metric 'cost_per_flight': year differs from that of 'spend'. A derived metric has the periods of its parts. Leave it out.",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), CASES.values(), ids=list(CASES))
def test_every_mistake_is_told_with_its_place_and_its_remedy(editor, old, new, message):
    assert editor.edit("metrics/main.yaml", old, new).problems() == [message]


def test_a_derived_metric_is_of_the_year_of_its_parts(editor):
    spend = '"currency:USD", better: lower, rollup: sum'
    editor.edit("metrics/main.yaml", FLIGHTS, BY_CIVIL_YEAR)
    editor.edit("metrics/main.yaml", spend, f"{spend}, year: civil")
    metrics = editor.load().metrics
    assert [metrics[name].year for name in ("flights", "spend", "cost_per_flight", "users")] == [
        *("civil",) * 3,
        "fiscal",
    ]
