"""Assets that a function of somebody else loads, and what it may do to us."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from connectors.contract import Context, DataPointBatch, MetricRequest, ReadFailure
from connectors.dagster_asset import CONNECTOR, DagsterAssetRequest, DagsterAssetSettings
from connectors.errors import ConfigError, ContractError, DataError, QuotaExhausted
from okr_pipeline_tests.connectors.conformance import MARCH, SECRET

ROWS = {"period": ["2013-03-09", "2013-03-10"], "value": [1.5, 0.0]}
UNTIL = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def read(tmp_path):
    """The outcomes of metrics, each of an asset, with a loader."""

    def reading(loader, *assets, **settings):
        source = CONNECTOR.open(DagsterAssetSettings(**settings), Context(tmp_path, tmp_path, loader))
        requests = [
            MetricRequest(f"m{number}", "day", "UTC", (), DagsterAssetRequest(asset=asset))
            for number, asset in enumerate(assets)
        ]
        outcomes = list(source.read(requests, MARCH))
        source.close()
        return outcomes

    return reading


def test_an_asset_is_loaded_once_for_all_its_metrics_and_told_the_window(read):
    asked = []

    def load(asset, window):
        asked.append((asset, window))
        return pd.DataFrame(ROWS)

    [batch] = read(load, "a/orders", "a/orders", "b")
    assert asked == [("a/orders", MARCH), ("b", MARCH)]
    assert batch.points.groupby("metric")["value"].sum().to_dict() == {"m0": 1.5, "m1": 1.5, "m2": 1.5}
    assert {proof.request for proof in batch.evidence.values()} == {"asset a/orders", "asset b"}


@pytest.mark.parametrize(
    "table", [pd.DataFrame(ROWS), pa.table(ROWS), pa.table(ROWS).to_reader()], ids=lambda it: type(it).__name__
)
def test_a_table_is_a_frame_or_whatever_speaks_arrow(read, table):
    [batch] = read(lambda asset, window: table, "orders")
    assert batch.points["value"].tolist() == [1.5, 0.0]


def test_a_table_without_rows_is_an_answer(read):
    [batch] = read(lambda asset, window: pd.DataFrame({"period": [], "value": []}), "orders")
    assert isinstance(batch, DataPointBatch)
    assert batch.points.empty


def fails(asset, window):
    raise RuntimeError(f"cannot log in with {SECRET}")


def is_out_of_quota(asset, window):
    raise QuotaExhausted("The warehouse sleeps.", UNTIL)


@pytest.mark.parametrize(
    ("loader", "kind", "message"),
    [
        (None, ConfigError, "Metric m0: Assets are loaded by a function of the Dagster project that hosts this configuration, and none is registered here."),
        (lambda asset, window: None, ContractError, "Metric m0: Asset a/b: its loader gave NoneType, which is no table."),
        (lambda asset, window: [1], ContractError, "its loader gave list, which is no table."),
        (lambda asset, window: pd.DataFrame({"period": ["2013-03-09"], "valeu": [1]}), ContractError, "Metric m0: Asset a/b: The answer has no column value; it has period, valeu. Did you mean valeu?"),
        (lambda asset, window: pd.DataFrame({"period": ["2013-03-09"] * 9, "value": 1}), DataError, "Asset a/b: its loader gave 9 rows, and the source takes 5."),
        (fails, DataError, "Metric m0: Asset a/b: its loader failed with RuntimeError in test_source.py, line "),
    ],
)  # fmt: skip
def test_a_loader_that_gives_no_good_rows_is_a_typed_error_that_names_the_asset(read, loader, kind, message):
    [outcome] = read(loader, "a/b", max_rows=5)
    assert isinstance(outcome, ReadFailure)
    assert type(outcome.error) is kind
    assert message in str(outcome.error)
    assert SECRET not in f"{outcome.error!r} {outcome.error.__cause__} {outcome.error.__context__}"


def test_a_loader_that_knows_when_to_come_again_is_heard(read):
    [outcome] = read(is_out_of_quota, "a/b")
    assert (type(outcome.error), outcome.error.until) == (QuotaExhausted, UNTIL)


def test_one_loader_that_fails_loses_no_other_asset(read):
    outcomes = read(lambda asset, window: fails(asset, window) if asset == "b" else pd.DataFrame(ROWS), "a", "b", "c")
    [failed] = [it.metric for it in outcomes if isinstance(it, ReadFailure)]
    [batch] = [it for it in outcomes if isinstance(it, DataPointBatch)]
    assert (failed, sorted(batch.evidence)) == ("m1", ["m0", "m2"])


def test_rows_outside_the_window_are_left_out(read):
    late = MARCH.end + timedelta(days=9)
    [batch] = read(lambda asset, window: pd.DataFrame({"period": [MARCH.start, late], "value": [1, 2]}), "orders")
    assert batch.points["value"].tolist() == [1.0]


@pytest.mark.parametrize("key", ["", "/a", "a//b", "a/", " a"])
def test_a_key_that_names_no_asset_is_refused_in_the_configuration(key):
    with pytest.raises(ValueError, match="asset"):
        DagsterAssetRequest(asset=key)
