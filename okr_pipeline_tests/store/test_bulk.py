import math

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from okr_pipeline.store import bulk, open_store
from okr_pipeline.store.types import Instant

TABLE = sa.Table(
    "t",
    sa.MetaData(),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant),
    sa.Column("x", sa.Double),
    sa.Column("words", sa.Text),
    sa.Column("truth", sa.Boolean),
    sa.Column("count", sa.Integer),
)


@pytest.fixture
def connection(store_url, with_schema):
    store = open_store(with_schema(store_url))
    with store._database.writing() as connection:
        TABLE.create(connection)
        yield connection
    store.close()


def round_trip(connection, **columns):
    frame = pd.DataFrame({"n": range(len(next(iter(columns.values())))), **columns})
    bulk.insert(connection, TABLE, frame)
    return bulk.fetch(connection, sa.select(TABLE).order_by(TABLE.c.n))


@pytest.mark.parametrize(
    "words",
    [
        "",
        "a word too long to be laid out in a grid of bytes, " * 3,
        "é" * 33,
        "a,b",
        'say "x"',
        "two\nlines",
        "\\N",
        "NULL",
        "tab\t",
        "é 漢 😀",
        "'; DROP TABLE t; --",
        "%(x)s",
        "\r\n",
    ],
)
def test_any_text_comes_back_as_it_was(connection, words):
    assert round_trip(connection, words=[words, None])["words"].tolist() == [words, None]


def test_any_number_comes_back_bit_for_bit(connection):
    numbers = [0.1 + 0.2, 5e-324, -1.7976931348623157e308, math.nextafter(1, 2), -0.0, 1e22, math.nan]
    found = round_trip(connection, x=numbers)["x"].to_numpy()
    np.testing.assert_array_equal(found[:-1], numbers[:-1])
    assert math.isnan(found[-1])


@pytest.mark.parametrize(
    "text",
    ["2013-03-10T06:59:59.999999Z", "1613-01-01T00:00:00.000001Z", "1969-12-31T23:59:59.5Z", "2262-05-01T00:00:00Z"],
)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
def test_any_instant_comes_back_to_the_microsecond_in_utc(connection, text, zone):
    moment = pd.Timestamp(text).as_unit("us")
    found = round_trip(connection, at=pd.Series([moment.tz_convert(zone), pd.NaT], dtype=f"datetime64[us, {zone}]"))
    assert found["at"][0] == moment
    assert found["at"].isna().tolist() == [False, True]
    assert str(found["at"].dtype) == "datetime64[us, UTC]"


def test_missing_truths_and_counts_come_back_missing(connection):
    found = round_trip(connection, truth=[True, False, None], count=[3, None, 0])
    assert found["truth"].tolist() == [True, False, None]
    assert found["count"].isna().tolist() == [False, True, False]


def test_an_empty_table_has_typed_columns(connection):
    found = bulk.fetch(connection, sa.select(TABLE))
    assert list(found.columns) == [column.name for column in TABLE.columns]
    assert str(found["at"].dtype) == "datetime64[us, UTC]"
    assert str(found["x"].dtype) == "float64"


def test_an_upsert_writes_only_what_differs(connection):
    frame = pd.DataFrame({"n": [2, 1, 3], "x": [2.0, math.nan, 3.0], "words": ["b", None, "c"]})
    assert bulk.upsert(connection, TABLE, frame) == 3
    assert bulk.upsert(connection, TABLE, frame) == 0
    assert bulk.upsert(connection, TABLE, pd.DataFrame({"n": [1, 2], "x": [1.0, 2.0]})) == 1
    found = bulk.fetch(connection, sa.select(TABLE).order_by(TABLE.c.n))
    assert found["x"].tolist() == [1, 2, 3]
    assert found["words"].tolist() == [None, "b", "c"]


@pytest.mark.postgres
def test_a_dialect_that_has_an_unnest_of_its_own_does_not_stand_in_the_way(postgres_url):
    """Great Expectations imports that of BigQuery wherever it is installed, and it puts its function in sa.func."""
    from sqlalchemy_bigquery.base import unnest

    assert isinstance(sa.func.unnest([1]), unnest)
    with sa.create_engine(postgres_url).connect() as connection:
        rows = bulk.given(connection, TABLE, pd.DataFrame({"n": [1, 2], "words": ["a", "b"]}))
        assert connection.execute(sa.select(rows)).all() == [(1, "a"), (2, "b")]


def test_rows_that_are_given_are_rows_of_a_statement(connection):
    """Whatever their form: numbers, truths, short words and long ones, and nothing."""
    long = "more words than fit " * 9
    frame = pd.DataFrame(
        {
            "n": [2, 1, 3],
            "at": pd.Series(["1969-12-31T23:59:59.999999Z", None, "2262-05-01T00:00:00Z"], dtype="datetime64[us, UTC]"),
            "x": [0.1 + 0.2, math.nan, -0.0],
            "truth": [True, None, False],
            "count": [None, 0, 3],
        }
    )
    for words in (["é", None, ""], [long, None, "\\N"]):
        given = bulk.given(connection, TABLE, frame.assign(words=words))
        found = bulk.fetch(connection, sa.select(*given.c).order_by(given.c.n))
        assert found["words"].tolist() == [None, words[0], words[2]]
        assert found["at"].isna().tolist() == [True, False, False]
        assert found["at"][1] == frame["at"][0]
        assert found["x"].tolist()[1:] == [0.1 + 0.2, -0.0]
        assert found["truth"].tolist() == [None, True, False]
        assert found["count"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("values", [[], [2], list(range(70_000))], ids=len)
def test_a_column_is_compared_with_as_many_values_as_there_are(connection, values):
    """More than either database takes parameters."""
    bulk.insert(connection, TABLE, pd.DataFrame({"n": [1, 2, 69_999], "words": ["1", "it's", "b"]}))
    found = bulk.fetch(connection, sa.select(TABLE.c.n).where(bulk.is_one_of(connection, TABLE.c.n, values)))
    assert sorted(found["n"]) == [number for number in (1, 2, 69_999) if number in set(values)]
    quoted = bulk.fetch(connection, sa.select(TABLE.c.n).where(bulk.is_one_of(connection, TABLE.c.words, ["it's"])))
    assert quoted["n"].tolist() == [2]


def test_many_rows_come_back_in_order(connection):
    """More than are taken from a driver at once."""
    count = 2_500
    frame = pd.DataFrame({"n": range(count), "x": np.arange(count) / 3, "words": [str(n) for n in range(count)]})
    bulk.insert(connection, TABLE, frame.sample(frac=1, random_state=1))
    found = bulk.fetch(connection, sa.select(TABLE).order_by(TABLE.c.n))
    assert found["x"].tolist() == frame["x"].tolist()
    assert found["words"].tolist() == frame["words"].tolist()
