from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pydantic import BaseModel

from connectors.contract import MetricRequest, Window
from connectors.errors import ContractError, DataError
from connectors.points import from_arrow, response_hashes, to_points, within


class NoOptions(BaseModel):
    pass


def request(grain="day", timezone="America/New_York", dimensions=()):
    return MetricRequest("delay", grain, timezone, tuple(dimensions), NoOptions())


def instant(period, **of):
    [found] = to_points(pd.DataFrame({"period": [period], "value": [1.0]}), request(**of))["period_start"]
    return found.isoformat()


NAIVE = datetime(2013, 3, 9)  # noqa: DTZ001 - the point of it
SATURDAY = "2013-03-09T05:00:00+00:00"


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (date(2013, 3, 9), SATURDAY),
        ("2013-03-09", SATURDAY),
        (NAIVE, SATURDAY),
        (np.datetime64("2013-03-09"), SATURDAY),
        ("2013-03-09 00:00:00", SATURDAY),
        ("2013-03-09T05:00:00Z", SATURDAY),
        ("2013-03-09 05:00+00", SATURDAY),
        ("2013-03-09T06:00:00.000000+01:00", SATURDAY),
        ("2013-03-09T10:30:00+0530", SATURDAY),
        (datetime(2013, 3, 9, 6, tzinfo=timezone(timedelta(hours=1))), SATURDAY),
        (pd.Timestamp("2013-03-09", tz="America/New_York"), SATURDAY),
        ("2013-03", "2013-03-01T05:00:00+00:00"),
        ("0013-03-09", "0013-03-09T04:56:02+00:00"),
    ],
)
def test_a_period_is_civil_time_of_the_metric_unless_it_has_a_zone(period, expected):
    assert instant(period) == expected


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("America/New_York", "2013-03-10", "2013-03-10T05:00:00+00:00"),
        ("America/New_York", "2013-03-11", "2013-03-11T04:00:00+00:00"),
        ("America/New_York", "2013-11-04", "2013-11-04T05:00:00+00:00"),
        ("America/Sao_Paulo", "2013-10-20", "2013-10-20T03:00:00+00:00"),  # midnight is skipped
        ("America/Havana", "2013-11-03", "2013-11-03T04:00:00+00:00"),  # midnight happens twice
        ("Asia/Beirut", "2013-03-31", "2013-03-30T22:00:00+00:00"),  # midnight is skipped
        ("Australia/Lord_Howe", "2013-10-06", "2013-10-05T13:30:00+00:00"),  # half an hour
        ("Europe/Dublin", "2013-03-31", "2013-03-31T00:00:00+00:00"),
    ],
)
def test_a_day_starts_at_its_first_instant(zone, day, expected):
    assert instant(day, timezone=zone) == expected


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2013-03-10 01:00", "2013-03-10T06:00:00+00:00"),
        ("2013-03-10 03:00", "2013-03-10T07:00:00+00:00"),
        ("2013-11-03 00:00", "2013-11-03T04:00:00+00:00"),
        ("2013-11-03 02:00", "2013-11-03T07:00:00+00:00"),
        ("2013-11-03 01:00-04:00", "2013-11-03T05:00:00+00:00"),
        ("2013-11-03 01:00-05:00", "2013-11-03T06:00:00+00:00"),
    ],
)
def test_an_hour_in_new_york(stamp, expected):
    assert instant(stamp, grain="hour") == expected


@pytest.mark.parametrize("stamp", ["2013-03-10 02:00", "2013-11-03 01:30", NAIVE + timedelta(hours=26)])
def test_an_hour_that_the_clocks_skip_or_repeat_names_no_instant(stamp):
    with pytest.raises(DataError, match=r"The period 2013-.* happens twice or never in America/New_York"):
        instant(stamp, grain="hour")


@pytest.mark.parametrize(
    "period",
    [None, pd.NaT, np.nan, "", "soon", "2013-02-30", "03/09/2013", "20130309", "2013", 20130309, 1362805200.0, True,
     "2013-W10", " 2013-03-09", "2013-03-09T25:00", "10000-01-01", "0001-01-01", "9999-12-31T23:00:00Z"],
)  # fmt: skip
def test_an_unreadable_period_is_an_error_that_names_its_row(period):
    frame = pd.DataFrame({"period": pd.Series(["2013-03-09", period], dtype=object), "value": [1, 2]})
    with pytest.raises(DataError, match=r"^Row 2 has (the|no) period"):
        to_points(frame, request())


def test_a_period_beyond_four_digit_years_is_an_error():
    frame = pd.DataFrame({"period": np.array(["12013-03-09"], dtype="datetime64[s]"), "value": [1]})
    with pytest.raises(DataError, match="Row 1"):
        to_points(frame, request())


def test_mixed_kinds_of_period_can_stand_in_one_column():
    frame = pd.DataFrame({"period": [date(2013, 3, 9), "2013-03-10", datetime(2013, 3, 11, 4, tzinfo=UTC)], "value": 1})
    hours = to_points(frame, request())["period_start"].diff().dropna() / pd.Timedelta(hours=1)
    assert hours.tolist() == [24, 23]


@pytest.mark.parametrize(
    ("value", "number", "raw"),
    [
        (1, 1.0, None), (0, 0.0, None), (-2.5, -2.5, None), (Decimal("12.30"), 12.3, None), (np.int64(3), 3.0, None),
        (np.float32(0.5), 0.5, None), (None, None, None), (pd.NA, None, None), (pd.NaT, None, None),
        (float("inf"), np.inf, None), (-np.inf, -np.inf, None), (Decimal("Infinity"), np.inf, None),
        (10**400, np.inf, None), (2**63, 2.0**63, None),
        (float("nan"), None, "NaN"), (Decimal("NaN"), None, "NaN"),
        ("12.5", None, "12.5"), ("n/a", None, "n/a"), ("", None, ""), (True, None, "true"), (np.False_, None, "false"),
        (date(2013, 3, 9), None, "2013-03-09"), (timedelta(hours=1), None, "1:00:00"), ([1], None, "[1]"),
        ("x" * 300, None, "x" * 199 + "…"),
    ],
)  # fmt: skip
def test_a_value_is_a_number_null_or_its_text(value, number, raw):
    values = pd.Series([value, "other"], dtype=object)
    point = to_points(pd.DataFrame({"period": "2013-03-09", "value": values}), request()).iloc[0]
    assert (None if np.isnan(point["value"]) else point["value"], point["raw_value"]) == (number, raw)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.Series([1.5, np.nan]), [1.5, None]),
        (pd.Series([1, None], dtype="Int64"), [1.0, None]),
        (pd.Series([1, 2], dtype="int8"), [1.0, 2.0]),
        (pd.Series([Decimal("1.5"), None], dtype=pd.ArrowDtype(pa.decimal128(10, 2))), [1.5, None]),
        (pd.Series([1.5, None], dtype=pd.ArrowDtype(pa.float64())), [1.5, None]),
    ],
)
def test_in_columns_of_numbers_nan_is_null(values, expected):
    points = to_points(pd.DataFrame({"period": "2013-03-09", "value": values}), request())
    assert [None if np.isnan(value) else value for value in points["value"]] == expected
    assert points["raw_value"].tolist() == [None, None]


@pytest.mark.parametrize("dtype", ["str", "string", "category", object])
def test_text_is_not_a_number_in_any_text_type(dtype):
    points = to_points(pd.DataFrame({"period": "2013-03-09", "value": pd.Series(["1", None], dtype=dtype)}), request())
    assert points["value"].isna().all()
    assert points["raw_value"].tolist() == ["1", None]


@pytest.mark.parametrize(
    ("member", "json"),
    [
        ("B6", '"B6"'), (9, '"9"'), (9.0, '"9"'), (0.5, '"0.5"'), (None, "null"), (float("nan"), "null"), ("", '""'),
        (True, '"true"'), (date(2013, 3, 9), '"2013-03-09"'), ('a "b"\\', '"a \\"b\\"\\\\"'), ("zürich\n", '"zürich\\n"'),
        (Decimal("1.50"), '"1.50"'), ("null", '"null"'),
    ],
)  # fmt: skip
def test_a_member_is_text_and_null_is_json_null(member, json):
    members = pd.Series([member], dtype=object)
    points = to_points(
        pd.DataFrame({"period": "2013-03-09", "value": 1, "b": members, "a": "x"}), request(dimensions="ba")
    )
    assert points["dimensions"].tolist() == [f'{{"a":"x","b":{json}}}']


def test_whole_numbers_stay_whole_beside_nulls():
    frame = from_arrow(pa.table({"period": ["2013-03-09"] * 2, "value": [1, 2], "gate": [2**60 + 1, None]}))
    assert to_points(frame, request(dimensions=["gate"]))["dimensions"].tolist() == [
        '{"gate":"1152921504606846977"}', '{"gate":null}',
    ]  # fmt: skip


def test_arrow_columns_keep_null_apart_from_nan():
    table = pa.table(
        {
            "period": pa.array([datetime(2013, 3, 9, 5, tzinfo=UTC)] * 3),
            "value": pa.array([1.5, None, float("nan")]),
            "team": pa.array(["a", "b", None]).dictionary_encode(),
        }
    )
    points = to_points(from_arrow(table), request(dimensions=["team"]))
    assert points["raw_value"].tolist() == [None, None, "NaN"]
    assert points["dimensions"].tolist() == ['{"team":"a"}', '{"team":"b"}', '{"team":null}']
    assert points["period_start"].map(pd.Timestamp.isoformat).tolist() == [SATURDAY] * 3


def test_weights_are_numbers_or_none():
    points = to_points(pd.DataFrame({"period": "2013-03-09", "value": 1, "weight": [2, None]}), request())
    assert points["weight"].fillna(-1).tolist() == [2.0, -1.0]
    with pytest.raises(DataError, match="Row 2 has the weight 'many'"):
        to_points(pd.DataFrame({"period": "2013-03-09", "value": 1, "weight": [2, "many"]}), request())


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["period", "valu"], "no column value; it has period, valu. Did you mean valu"),
        (["Period", "value"], "no column period; .* Did you mean Period"),
        (["value"], "no column period; it has value. Name one"),
        (["period", "value", "carier"], "no column carrier; .* Did you mean carier"),
        (["period", "value", "carrier", "value"], "2 columns named value"),
    ],
)
def test_a_missing_or_repeated_column_is_named_with_the_nearest(columns, message):
    frame = pd.DataFrame([range(len(columns))], columns=columns)
    with pytest.raises(ContractError, match=message):
        to_points(frame, request(dimensions=["carrier"] if "carrier" in message or "carrier" in columns else []))


def test_no_rows_are_no_points_of_the_right_types():
    points = to_points(
        pd.DataFrame({"period": [], "value": [], "team": []}, dtype=object), request(dimensions=["team"])
    )
    assert points.dtypes.map(str).tolist() == ["str", "str", "datetime64[us, UTC]", "float64", "float64", "object"]


def test_the_index_of_the_rows_does_not_matter():
    frame = pd.DataFrame({"period": ["2013-03-09", "2013-03-10"], "value": [1, 2]}, index=[7, 7])
    assert to_points(frame, request())["value"].tolist() == [1, 2]


def test_a_window_includes_its_start_and_not_its_end():
    points = to_points(
        pd.DataFrame({"period": ["2013-03-08", "2013-03-09", "2013-03-10"], "value": [1, 2, 3]}), request()
    )
    window = Window(datetime(2013, 3, 9, 5, tzinfo=UTC), datetime(2013, 3, 10, 5, tzinfo=UTC))
    assert points["value"][within(points["period_start"], window)].tolist() == [2]


ROWS = pd.DataFrame(
    {"period": ["2013-03-08", "2013-03-09"], "value": [1.0, None], "weight": [2.0, 3.0], "team": ["a", "b"]}
)


def hash_of(points):
    (digest,) = response_hashes(points, [len(points)])
    return digest


def test_the_hash_is_that_of_the_rows_in_any_order():
    forth, back = (to_points(rows, request(dimensions=["team"])) for rows in (ROWS, ROWS[::-1]))
    assert hash_of(forth) == hash_of(back)
    # Written down: a change of it makes every installation compare all its rows once.
    assert hash_of(forth) == "f5cc74b3ad475c4f7ce73c847c82253cffc9471af4227a93e6b14cdb8b9c2c62"


@pytest.mark.parametrize(
    "change",
    [{"value": 0.0}, {"value": "x"}, {"weight": 4.0}, {"team": "c"}, {"team": None}, {"period": "2013-03-10"}],
    ids=str,
)
def test_any_change_changes_the_hash(change):
    changed = ROWS.astype(object)
    changed.loc[1, list(change)] = list(change.values())
    before, after = (to_points(rows, request(dimensions=["team"])) for rows in (ROWS, changed))
    assert hash_of(before) != hash_of(after)


def test_a_row_twice_is_not_a_row_once():
    once, twice = (to_points(rows, request(dimensions=["team"])) for rows in (ROWS, pd.concat([ROWS, ROWS])))
    assert hash_of(once) != hash_of(twice)


def test_each_stretch_has_the_hash_it_has_alone_also_an_empty_one():
    one, two = (to_points(rows, request(dimensions=["team"])) for rows in (ROWS, ROWS[:1]))
    together = pd.concat([one, two], ignore_index=True)
    assert response_hashes(together, [2, 0, 1]) == [hash_of(one), hash_of(one[:0]), hash_of(two)]
