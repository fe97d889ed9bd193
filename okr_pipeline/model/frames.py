"""Column contracts of the frames that pass between rooms.

Belongs here: what one row is, its columns and dtypes. Does not: code that fills or reads them.

Everywhere: instants are `datetime64[us, UTC]`; numbers are float64 with NaN for "none"; `dimensions` is canonical JSON
text with sorted keys and no spaces, `{}` when there are none; `key_result` and `objective` are full ids
`<cycle>/<id>`; shares and progress are 0..1, never percent; `*_hours` are hours.
"""

from typing import Final

SERIES_KEY: Final = ("metric", "dimensions", "period_start")
"""What identifies an observation."""

POINTS: Final = ("metric", "dimensions", "period_start", "period_end", "value", "weight", "raw_value", "flags")
"""One row: a value as a source delivered it, not yet judged.

`raw_value` is the text of a value that is not a number (else None); `period_end` is NaT where `period_start` is not
the start of a period of the metric's grain; `flags` are comma-separated quality flags of the source (`sampled`, …).
"""

OBSERVATIONS: Final = (
    "metric",
    "dimensions",
    "period_start",
    "period_end",
    "value",
    "weight",
    "revision",
    "recorded_at",
    "run_id",
    "flags",
)
"""One row: the value of one series for one period as known at an instant. `revision` counts from 1.

`value` is NaN where a later read withdrew the row: that period is unobserved.
"""

VALUES: Final = OBSERVATIONS[:6]
"""The columns of observations that scores are made of; the others say who recorded them, and when."""

QUARANTINE: Final = (
    "metric",
    "dimensions",
    "period_start",
    "period_end",
    "value",
    "raw_value",
    "rule",
    "reason",
    "recorded_at",
    "run_id",
)
"""One row: a series and period whose delivered value a blocking rule refused, and which no valid value replaced yet."""

CHECK_RESULTS: Final = ("metric", "rule", "family", "status", "severity", "rows_checked", "rows_failed", "detail")
"""One row: the outcome of one rule on one metric in one run; status passed, failed, errored or skipped."""

CHECK_INS: Final = (
    "subject",
    "on_date",
    "author",
    "value",
    "confidence",
    "note",
    "finding",
    "origin",
    "revision",
    "recorded_at",
)
"""One row: what an author says on a day, as known at an instant; key subject, on_date, author.

`subject` is the full id of a key result or the id of a survey; `on_date` is ISO text; `confidence` is 0..1;
`origin` is `command`, or `files` of the configuration. `revision` counts from 1.
"""

CALIBRATION: Final = (
    "family",
    "forecasts",
    "coverage",
    "brier",
    "brier_pace",
    "brier_naive",
    "first_day",
    "last_day",
    "config_version",
    "recorded_at",
)
"""One row: how good replayed forecasts of a family of series were.

`coverage` is the share of ends inside the 80 % interval; Brier scores are mean squared errors of chances, those of the
forecast, of the best plain pace rule and of naive. `first_day` and `last_day` are ISO text.
"""

KEY_RESULT_SCORES: Final = (
    "key_result",
    "objective",
    "cycle",
    "title",
    "owner",
    "metric",
    "measure",
    "unit",
    "value",
    "baseline",
    "target",
    "progress",
    "score",
    "expected_progress",
    "expected_progress_now",
    "pace_ratio",
    "gap",
    "status",
    "reason",
    "provisional",
    "value_period_start",
    "value_period_end",
    "window_start",
    "window_end",
    "observed_periods",
    "expected_periods",
    "observed_share",
    "straddling_periods",
    "last_good_value",
    "last_good_age_hours",
    "weight",
    "status_rule",
    "pace",
    "confidence",
    "original_target",
    "original_progress",
    "forecast_method",
    "forecast_refusal",
    "forecast_value",
    "forecast_value_low",
    "forecast_value_high",
    "forecast_progress",
    "forecast_progress_low",
    "forecast_progress_high",
    "forecast_probability",
    "forecast_required_rate",
    "forecast_buffer_days",
)
"""One row: a key result as of an instant.

`progress` is 0 at the baseline and 1 at the target, unclamped, NaN when unknown; `score` is it clamped to [0, 1];
`expected_progress` is the plan at `value_period_end`, `expected_progress_now` at `as_of`; `gap` = progress − expected;
`status` and `reason` are `model.score` values (reason None unless there is one to tell); `observed_share` is the
coverage of the window; `last_good_*` is set only where the value is unknown.
`status_rule` names the rule that chose the status; `pace` the shape of the plan that was applied; `confidence` is the
owner's, 0..1. `original_*` are against the definition before any amendment. `forecast_*` speak of the key result's end:
value and progress with an 80 % interval, the probability that progress reaches 1, the value that each period still to
come must bring, and the days by which it is early (negative: late); NaN with `forecast_refusal` where there is none.
"""

OBJECTIVE_SCORES: Final = (
    "objective",
    "cycle",
    "parent",
    "title",
    "level",
    "intent",
    "owner",
    "score",
    "expected_progress",
    "status",
    "reason",
    "coverage",
    "score_low",
    "score_high",
    "worst_key_result",
    "status_rule",
)
"""One row: an objective as of an instant. `score_low`/`score_high` count what is unknown as 0 and as 1."""

METRIC_HEALTH: Final = (
    "metric",
    "dimensions",
    "state",
    "reason",
    "value",
    "low",
    "high",
    "distance",
    "period_start",
    "period_end",
    "provisional",
    "since",
    "periods_in_row",
    "signal",
    "direction",
    "season",
    "centre",
    "limit_low",
    "limit_high",
    "noise",
    "review_since",
)
"""One row: a metric, or one of its members where they are not combined, as of an instant.

`state` and `signal` are `model.health` values; `reason` is why the value is unknown, else None. `value` is of the
newest ended period `[period_start, period_end)`; `low` and `high` are the healthy band, NaN where it is open.
`distance` is how far the value is beyond the band: positive above, negative below, 0 inside. `since` is the start of
the first of `periods_in_row` observed periods in a row on the same side of healthy. `centre`, `limit_low`, `limit_high`
are the natural limits; `direction` is high or low where `signal` is a change; `season` names the stretch that values
are compared over, None for none. `noise`: a breach that the limits expect. `review_since` is the start of the first
period of the review that is open, NaT for none.
"""
