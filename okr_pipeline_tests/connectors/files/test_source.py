import re

import pandas as pd
import pytest

from connectors.contract import Context, DataPointBatch, MetricRequest
from connectors.errors import ConfigError, ContractError, DataError
from connectors.files import CONNECTOR, FilesRequest, FilesSettings
from connectors.files import formats as formats_module
from connectors.files import source as source_module
from okr_pipeline_tests.connectors.conformance import MARCH

CSV = "period,value,weight,team\n2013-03-09,1,2,north\n2013-03-10,3,4,south\n"


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "config" / "data").mkdir(parents=True)
    (tmp_path / "config" / "data" / "signups.csv").write_text(CSV)
    (tmp_path / "outside.csv").write_text(CSV)
    return tmp_path


def source(directory, path="data", **settings):
    return CONNECTOR.open(FilesSettings(path=path, **settings), Context(directory / "config", directory))


def request(metric="signups", dimensions=("team",), **options):
    return MetricRequest(metric, "day", "UTC", dimensions, FilesRequest(**{"file": "signups.csv", **options}))


def outcome(directory, *arguments, path="data", settings=None, **options):
    [found] = source(directory, path, **(settings or {})).read([request(*arguments, **options)], MARCH)
    return found


def test_columns_of_the_same_names_need_not_be_named(directory):
    points = outcome(directory).points
    assert points["weight"].tolist() == [2, 4]
    assert points["dimensions"].tolist() == ['{"team":"north"}', '{"team":"south"}']


@pytest.mark.parametrize(
    ("columns", "weights"),
    [({}, [2, 4]), ({"weight": "value"}, [1, 3]), ({"weight": None}, [None, None])],
)
def test_a_weight_can_be_named_found_or_left_out(directory, columns, weights):
    found = outcome(directory, columns=columns).points["weight"]
    assert [None if pd.isna(value) else value for value in found] == weights


def test_no_weight_column_is_no_weight(directory):
    (directory / "config/data/signups.csv").write_text("period,value,team\n2013-03-09,1,north\n")
    assert outcome(directory).points["weight"].isna().all()


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"columns": {"value": "valeu"}}, ContractError, "File signups.csv: .*no column valeu; .* Did you mean value"),
        ({"columns": {"weight": "wieght"}}, ContractError, "Did you mean weight"),
        ({"columns": {"tema": "team"}}, ConfigError, "columns names tema.* Did you mean team"),
        ({"columns": {"value": None}}, ConfigError, "null for value, and only weight"),
        ({"file": "singups.csv"}, ConfigError, "There is no file .*singups.csv. Did you mean signups.csv"),
        ({"file": "signups.txt"}, ConfigError, "no known format.*.csv, .parquet"),
        ({"file": "../../outside.csv"}, ConfigError, "out of the source's path"),
        ({"file": "/etc/passwd.csv"}, ConfigError, "out of the source's path"),
        ({"file": "link.csv"}, ConfigError, "out of the source's path"),
        ({"file": "."}, ConfigError, "no known format"),
    ],
)
def test_what_is_set_up_wrongly_is_told_with_the_metric(directory, options, kind, message):
    (directory / "config/data/link.csv").symlink_to(directory / "outside.csv")
    error = outcome(directory, **options).error
    assert type(error) is kind
    assert str(error).startswith("Metric signups: ")
    assert re.search(message, str(error))


def test_a_file_may_be_in_a_directory_below_or_linked_inside(directory):
    (directory / "config/data/below").mkdir()
    (directory / "config/data/below/more.csv").write_text(CSV)
    (directory / "config/data/inner.csv").symlink_to(directory / "config/data/below/more.csv")
    assert len(outcome(directory, file="below/more.csv").points) == 2
    assert len(outcome(directory, file="inner.csv").points) == 2


@pytest.mark.parametrize("path", ["..", "data/../..", "link"])
def test_a_relative_path_stays_in_the_config_directory(directory, path):
    (directory / "config/link").symlink_to(directory)
    with pytest.raises(ConfigError, match="out of the config directory"):
        source(directory, path)


def test_an_absolute_path_may_be_anywhere(directory):
    assert len(outcome(directory, path=str(directory), file="outside.csv").points) == 2


@pytest.mark.parametrize("path", ["nowhere", "data/signups.csv"])
def test_a_path_that_is_no_directory_is_told(directory, path):
    with pytest.raises(ConfigError, match="is no directory"):
        source(directory, path).check()


def test_an_empty_file_is_not_an_answer(directory):
    (directory / "config/data/signups.csv").write_text("")
    assert "It is empty" in str(outcome(directory).error)


def test_a_file_over_the_cap_is_not_opened(directory):
    error = outcome(directory, settings={"max_bytes": 10}).error
    assert isinstance(error, DataError)
    assert "max_bytes" in str(error)


def test_too_many_rows_are_an_error(directory):
    assert "It has 2 rows, and the source takes 1" in str(outcome(directory, settings={"max_rows": 1}).error)


def test_a_file_that_changes_while_it_is_read_is_not_used(directory, monkeypatch):
    path = directory / "config/data/signups.csv"

    def slow(file, ask):
        table = formats_module.read_csv(file, ask)
        with path.open("a") as writer:
            writer.write("2013-03-11,5,6,north\n")
        return table

    monkeypatch.setattr(source_module, "READERS", {".csv": slow})
    error = outcome(directory).error
    assert isinstance(error, DataError)
    assert "changed while it was read" in str(error)


def test_a_file_replaced_in_one_step_is_read_as_it_was(directory, monkeypatch):
    path = directory / "config/data/signups.csv"

    def slow(file, ask):
        (directory / "next.csv").write_text("period,value,team\n")
        (directory / "next.csv").replace(path)
        return formats_module.read_csv(file, ask)

    monkeypatch.setattr(source_module, "READERS", {".csv": slow})
    assert len(outcome(directory).points) == 2


def test_a_file_is_parsed_once_for_all_its_metrics(directory, monkeypatch):
    asked = []
    monkeypatch.setattr(
        source_module, "READERS", {".csv": lambda file, ask: asked.append(ask) or formats_module.read_csv(file, ask)}
    )
    requests = [request("a"), request("b", columns={"value": "weight", "weight": None}), request("c", ())]
    batches = list(source(directory).read(requests, MARCH))
    assert {metric: batch.points["value"].tolist() for batch in batches for metric in batch.evidence} == {
        "a": [1, 3], "b": [2, 4], "c": [1, 3],
    }  # fmt: skip
    assert [set(ask.columns) for ask in asked] == [{"period", "value", "weight", "team"}]


def test_one_broken_file_loses_no_other(directory):
    (directory / "config/data/broken.parquet").write_bytes(b"PAR1")
    outcomes = list(source(directory).read([request("a", file="broken.parquet"), request("b")], MARCH))
    assert sorted(isinstance(found, DataPointBatch) for found in outcomes) == [False, True]


def test_text_is_kept_for_quality_to_judge(directory):
    (directory / "config/data/signups.csv").write_text("period,value,team\n2013-03-09,n/a,north\n2013-03-10,,north\n")
    points = outcome(directory).points
    assert points["raw_value"].tolist() == ["n/a", None]
    assert points["value"].isna().all()


def test_rows_of_one_key_are_not_added_up(directory):
    (directory / "config/data/signups.csv").write_text("period,value,team\n2013-03-09,1,north\n2013-03-09,2,north\n")
    assert outcome(directory).points["value"].tolist() == [1, 2]


def test_evidence_names_the_file_and_tells_columns_apart(directory):
    batches = [outcome(directory), outcome(directory, columns={"value": "weight"})]
    first, second = (batch.evidence["signups"] for batch in batches)
    assert (first.request, first.whole) == ("signups.csv", True)
    assert first.fingerprint != second.fingerprint
