"""Validation of 10,000 metrics × 90 periods × 10 rules, beside plain pandas and a suite per metric.

    python -m benchmarks.validation [--metrics 10000] [--periods 90] [--sample 40]

CPU seconds of this process, medians of three, imports left out; everything in one run, so that the ratios hold on a
loaded machine. Plain pandas is the limit: the same masks and counts by metric, without Great Expectations, reasons or
results. The suite per metric runs on a sample and is scaled; every contestant has a context of its own.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.metric import Better, Expectations, Limit, Metric, Rollup
from okr_pipeline.quality import validate
from okr_pipeline.quality.engine import fresh_context

START = datetime(2013, 1, 1, tzinfo=UTC)
NOW = datetime(2014, 1, 1, tzinfo=UTC)
EXPECT = Expectations(minimum=Limit(0), maximum=Limit(1e6), max_change_ratio=Limit(5))


def main() -> None:
    arguments = _arguments()
    metrics = {f"metric_{n:05}": _metric(f"metric_{n:05}", EXPECT) for n in range(arguments.metrics)}
    points, history = _points(list(metrics), arguments.periods)
    windows = dict.fromkeys(metrics, (points["period_start"].min().to_pydatetime(), NOW))
    validate(points.head(1), metrics, history.head(0), now=NOW, read_windows={})  # imports

    def ours(points: pd.DataFrame, history: pd.DataFrame) -> None:
        verdict = validate(points, metrics, history, now=NOW, read_windows=windows)
        assert verdict.accepted.all() or len(verdict.refused)

    limit = _cpu(lambda: _plain(points, EXPECT))
    rows = [
        ("plain pandas, same ten rules (the limit)", limit),
        ("okr_pipeline, no history", _cpu(lambda: ours(points, history.head(0)))),
        ("okr_pipeline, as many rows of history", _cpu(lambda: ours(points, history))),
        ("okr_pipeline, one value in a hundred is refused", _cpu(lambda: ours(_spoilt(points), history.head(0)))),
    ]
    anomalous = {name: _metric(name, Expectations(anomaly=Limit(50), complete=Limit(0.5))) for name in metrics}
    rows.append(
        (
            "okr_pipeline, anomaly and complete on every metric",
            _cpu(lambda: validate(points, anomalous, history, now=NOW, read_windows=windows)),
        )
    )
    sample = points[points["metric"].isin(list(metrics)[: arguments.sample])]
    scaled = _cpu(lambda: _suite_per_metric(sample, EXPECT), times=1) * arguments.metrics / arguments.sample
    rows.append((f"a suite per metric ({arguments.sample} measured, scaled)", scaled))
    print(f"{arguments.metrics:,} metrics × {arguments.periods} periods = {len(points):,} rows\n")
    print(f"{'contestant':<52}{'CPU s':>9}{'ratio':>9}")
    for name, seconds in rows:
        print(f"{name:<52}{seconds:>9.2f}{seconds / limit:>9.1f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=int, default=10_000)
    parser.add_argument("--periods", type=int, default=90)
    parser.add_argument("--sample", type=int, default=40)
    return parser.parse_args()


def _metric(name: str, expect: Expectations) -> Metric:
    return Metric(name, name, Grain.DAY, "count", Better.HIGHER, Rollup.SUM, expect=expect)


def _points(metrics: list[str], periods: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Delivered points, and the history of as many periods before them."""
    days = pd.date_range(START, periods=2 * periods, tz="UTC").as_unit("us")
    frame = pd.DataFrame(
        {
            "metric": np.repeat(metrics, len(days)),
            "dimensions": "{}",
            "period_start": np.tile(days, len(metrics)),
            "value": np.random.default_rng(1).uniform(100, 200, len(metrics) * len(days)),
            "weight": np.nan,
            "raw_value": None,
            "flags": "",
        }
    )
    frame["period_end"] = frame["period_start"] + pd.Timedelta(days=1)
    late = (frame["period_start"] >= days[periods]).to_numpy()
    return frame[late].reset_index(drop=True), frame[~late].reset_index(drop=True)


def _spoilt(points: pd.DataFrame) -> pd.DataFrame:
    spoilt = points["value"].where(np.arange(len(points)) % 100 != 7, -5.0)
    return points.assign(value=spoilt)


def _plain(points: pd.DataFrame, expect: Expectations) -> pd.DataFrame:
    """The same rules as masks, counted by metric."""
    limits = pd.DataFrame(
        {"metric": points["metric"].unique(), "low": expect.minimum.value, "high": expect.maximum.value, "change": 5.0}
    )
    frame = points.merge(limits, on="metric", how="left").sort_values(["metric", "dimensions", "period_start"])
    previous = frame.groupby(["metric", "dimensions"], sort=False)["value"].shift()
    masks = pd.DataFrame(
        {
            "required": frame["period_start"].isna() | frame["dimensions"].isna(),
            "known": frame["low"].isna() & frame["high"].isna(),
            "period": frame["period_end"].isna(),
            "type": frame["raw_value"].notna(),
            "finite": np.isinf(frame["value"]),
            "unique": frame.duplicated(["metric", "dimensions", "period_start"], keep=False),
            "future": frame["period_start"] > NOW,
            "minimum": frame["value"] < frame["low"],
            "maximum": frame["value"] > frame["high"],
            "change": (frame["value"] / previous - 1).abs() > frame["change"],
        }
    )
    return masks.groupby(frame["metric"], sort=False).sum()


def _suite_per_metric(points: pd.DataFrame, expect: Expectations) -> None:
    """What the usual set-up does: thresholds as arguments, one suite for each metric."""
    import great_expectations as gx
    from great_expectations import expectations as gxe

    context = fresh_context()
    source = context.data_sources.add_pandas("metrics")
    for metric, delivered in points.groupby("metric"):
        rows = delivered.assign(change=(delivered["value"] / delivered["value"].shift() - 1).abs())
        suite = gx.ExpectationSuite(
            name=metric,
            expectations=[
                gxe.ExpectColumnValuesToNotBeNull(column="period_start"),
                gxe.ExpectColumnValuesToNotBeNull(column="period_end"),
                gxe.ExpectColumnValuesToBeInSet(column="metric", value_set=[metric]),
                gxe.ExpectColumnValuesToBeNull(column="raw_value"),
                gxe.ExpectColumnValuesToBeBetween(column="value", min_value=-1e308, max_value=1e308),
                gxe.ExpectCompoundColumnsToBeUnique(column_list=["metric", "dimensions", "period_start"]),
                gxe.ExpectColumnValuesToBeBetween(column="period_start", max_value=pd.Timestamp(NOW)),
                gxe.ExpectColumnMinToBeBetween(column="value", min_value=expect.minimum.value),
                gxe.ExpectColumnMaxToBeBetween(column="value", max_value=expect.maximum.value),
                gxe.ExpectColumnValuesToBeBetween(column="change", max_value=expect.max_change_ratio.value),
            ],
        )
        asset = source.add_dataframe_asset(metric)
        batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": rows})
        batch.validate(suite, result_format="SUMMARY")


def _cpu(work: Callable[[], object], times: int = 3) -> float:
    taken = []
    for _ in range(times):
        before = time.process_time()
        work()
        taken.append(time.process_time() - before)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
