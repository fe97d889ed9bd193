import dataclasses
import json
import types
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import pytest

from okr_pipeline.model.check_in import CheckInRate, CheckInRow
from okr_pipeline.model.snapshot import ForecastRow
from okr_pipeline.rendering import SnapshotError, content_hash, outline_from_json, render_json, snapshot_from_json
from okr_pipeline_tests.rendering import factory

WEEK = factory.week()


def variants(thing: Any, declared: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Copies of a value that differ in one field each, of every dataclass reached at least once."""
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        hints = get_type_hints(type(thing))
        for field in dataclasses.fields(thing):
            for name, value in variants(getattr(thing, field.name), hints[field.name], f"{path}.{field.name}"):
                yield name, dataclasses.replace(thing, **{field.name: value})
    elif get_origin(declared) is types.UnionType:
        inner = get_args(declared)[0]
        yield f"{path}=None?", None if thing is not None else SAMPLES[inner]
        if thing is not None:
            yield from variants(thing, inner, path)
    elif get_origin(declared) is tuple:
        many = get_args(declared)[-1] is Ellipsis
        if many:
            yield f"{path}[shorter]", thing[:-1]
        for index, item in enumerate(thing[:1] if many else thing):
            for name, value in variants(item, get_args(declared)[0 if many else index], f"{path}[{index}]"):
                yield name, (*thing[:index], value, *thing[index + 1 :])
    else:
        yield path, CHANGES[declared](thing)


SAMPLES: dict[Any, Any] = {
    str: "x",
    float: 1.5,
    datetime: factory.AS_OF,
    date: date(2013, 1, 1),
    bool: True,
    CheckInRate: CheckInRate(1, 2),
    CheckInRow: factory.check_in(),
    ForecastRow: factory.forecast(),
}
CHANGES: dict[Any, Any] = {
    str: lambda text: text + "x",
    float: lambda number: number + 2**-40,
    int: lambda number: number + 1,
    bool: lambda truth: not truth,
    datetime: lambda at: at + timedelta(microseconds=1),
    date: lambda day: day + timedelta(days=1),
}


def test_a_snapshot_survives_the_round_trip():
    assert snapshot_from_json(render_json(WEEK)) == WEEK


def test_an_outline_is_the_snapshot_without_its_cycles():
    assert WEEK.cycles
    assert outline_from_json(render_json(WEEK)) == dataclasses.replace(WEEK, cycles=())


def test_an_outline_of_what_is_no_snapshot_is_refused():
    told = json.loads(render_json(WEEK))
    for text in ("{", json.dumps({**told, "schema_version": 99}), json.dumps({**told, "week": 20})):
        with pytest.raises(SnapshotError):
            outline_from_json(text)


def test_the_round_trip_repeats_byte_for_byte():
    text = render_json(WEEK)
    assert render_json(snapshot_from_json(text)) == text
    assert render_json(factory.week()) == text


@pytest.mark.parametrize("text", factory.HOSTILE)
def test_hostile_text_survives_the_round_trip(text):
    snapshot = factory.hostile(text)
    assert snapshot_from_json(render_json(snapshot)) == snapshot


def test_the_hash_changes_with_every_field():
    changed = [(path, value) for path, value in variants(WEEK, type(WEEK), "snapshot") if value != WEEK]
    hashes = {path: content_hash(render_json(value)) for path, value in changed}
    assert len(changed) > 120
    assert content_hash(render_json(WEEK)) not in hashes.values()
    assert len(set(hashes.values())) == len(hashes)


def test_what_was_written_before_there_were_forecasts_has_none():
    row = factory.key_result()
    week = factory.snapshot_of([factory.cycle("c", factory.QUARTER, [factory.objective("c/o", [row])])])
    before = render_json(week).replace(',"forecast":null,"forecast_refusal":null', "")
    assert "forecast" not in before
    assert snapshot_from_json(before) == week


def test_the_hash_does_not_see_how_an_instant_is_written():
    elsewhere = dataclasses.replace(WEEK, as_of=WEEK.as_of.astimezone(ZoneInfo("Asia/Kathmandu")))
    assert content_hash(render_json(elsewhere)) == content_hash(render_json(WEEK))


def test_a_whole_number_in_a_share_is_the_same_share():
    row = factory.key_result(progress=1.0)
    one = factory.snapshot_of([factory.cycle("c", factory.QUARTER, [factory.objective("c/o", [row])])])
    other = factory.snapshot_of(
        [factory.cycle("c", factory.QUARTER, [factory.objective("c/o", [dataclasses.replace(row, weight=1)])])]
    )
    assert content_hash(render_json(one)) == content_hash(render_json(other))


def test_json_is_for_any_reader():
    plain = json.loads(render_json(WEEK))
    assert plain["as_of"] == "2013-05-20T04:00:00.000000Z"
    assert plain["cycles"][0]["objectives"][1]["key_results"][2]["value"] is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"as_of": datetime(2013, 5, 20)}, "snapshot.as_of must be an instant with a time zone"),  # noqa: DTZ001
        ({"week_starts": datetime(2013, 5, 20, tzinfo=UTC)}, "snapshot.week_starts must be a date"),
        ({"project": None}, "snapshot.project must be text"),
        ({"schema_version": 1.0}, "snapshot.schema_version must be a whole number"),
        ({"counts": (("behind", 1, 2),)}, r"snapshot.counts\[0\] must be 2 items"),
        ({"notes": ["a"]}, "snapshot.notes must be a tuple"),
    ],
)
def test_a_field_of_another_type_is_refused_by_name(change, told):
    with pytest.raises(SnapshotError, match=told):
        render_json(dataclasses.replace(WEEK, **change))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), "1", True])
def test_what_is_no_finite_number_is_refused(number):
    row = dataclasses.replace(factory.key_result(), value=number)
    snapshot = factory.snapshot_of([factory.cycle("c", factory.QUARTER, [factory.objective("c/o", [row])])])
    with pytest.raises(
        SnapshotError, match=r"cycles\[0\].objectives\[0\].key_results\[0\].value must be a finite number"
    ):
        render_json(snapshot)


def test_a_snapshot_of_the_version_before_health_is_read_without_it():
    plain = json.loads(render_json(WEEK))
    del plain["health"], plain["health_counts"]
    old = snapshot_from_json(json.dumps({**plain, "schema_version": 1}))
    assert old == dataclasses.replace(WEEK, schema_version=1, health=(), health_counts=())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is not JSON"),
        ("[]", "schema_version is None"),
        ('{"schema_version": 99}', "schema_version is 99; this program reads 2 and older ones"),
        ('{"schema_version": 1}', "exactly the fields schema_version, project"),
        (
            render_json(WEEK).replace('"as_of":"2013-05-20T04', '"as_of":"yesterday'),
            "snapshot.as_of must be an instant",
        ),
        (
            render_json(WEEK).replace('"week_starts":"2013-05-13"', '"week_starts":13'),
            "snapshot.week_starts must be a date",
        ),
        (render_json(WEEK).replace('"provisional":true', '"provisional":1'), "provisional must be true or false"),
    ],
)
def test_text_that_is_no_snapshot_is_refused(text, told):
    with pytest.raises(SnapshotError, match=told):
        snapshot_from_json(text)
