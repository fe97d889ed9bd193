"""How good forecasts were, each time that was measured."""

import pandas as pd

from okr_pipeline.model.frames import CALIBRATION


def measured(family: str, coverage: float) -> pd.DataFrame:
    row = {"family": family, "forecasts": 40, "coverage": coverage, "brier": 0.1, "brier_pace": 0.2, "brier_naive": 0.3}
    return pd.DataFrame([{**row, "first_day": "2026-01-05", "last_day": "2026-03-01", "config_version": "v"}])


def test_the_newest_measurement_is_told_and_older_ones_are_kept(store):
    assert store.calibration().empty
    store.write(lambda batch: batch.record_calibration(pd.concat([measured("stock", 0.8), measured("flow", 0.7)])))
    first = store.calibration()
    store.write(lambda batch: batch.record_calibration(measured("flow", 0.75)))
    assert store.calibration()[["family", "coverage"]].to_numpy().tolist() == [["flow", 0.75]]
    then = store.calibration(known_at=first["recorded_at"].iloc[0])
    assert then[["family", "coverage"]].to_numpy().tolist() == [["flow", 0.7], ["stock", 0.8]]
    assert list(then.columns) == list(CALIBRATION)
    assert then["last_day"].tolist() == ["2026-03-01", "2026-03-01"]
