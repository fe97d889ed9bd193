"""The manual's chapter on forecasts: where a key result will stand at its end."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

SECTION = Section(
    title="Forecast",
    prose="""
A forecast speaks of a key result's last day: the value and progress then with an interval that four ends in five should
lie in, and the chance to reach the target. What of the window at the end is observed already counts as it is; only the
rest is predicted, from the series' own history, up to half a year of days of what is stored, and from the same
weeks of up to three earlier years where more than two are. `docs/forecast.md` says how, and how good forecasts were when
replayed.
""",
    tables=(
        Table(
            title="a series that never varies",
            prose="""
Has one future. Nobody can be surer of it than its history is long: from n observed steps no chance is below 1 / (2n + 2)
unless nothing that may still come could change the outcome.
""",
            metric="{rollup: last}",
            key_result="{measure: {reach: {from: 0, to: 10}}, ends: 2013-04-20}",
            observed=("2013-03-22 5x20",),
            cases=(
                Case(
                    "Short of the target",
                    "2013-04-10",
                    {
                        "forecast_value": "5",
                        "forecast_value_low": "5",
                        "forecast_value_high": "5",
                        "forecast_progress": "1/2",
                        "forecast_probability": "1/42",
                        "forecast_method": "stock",
                        "forecast_required_rate": "1/2",
                        "forecast_buffer_days": "–",
                        "forecast_refusal": "–",
                    },
                ),
                Case(
                    "At the target",
                    "2013-04-10",
                    {"forecast_progress": "1", "forecast_probability": "41/42", "forecast_buffer_days": "10"},
                    key_result="{measure: {reach: {from: 0, to: 5}}}",
                ),
                Case(
                    "Where down is good",
                    "2013-04-10",
                    {"forecast_progress": "5/6", "forecast_probability": "1/42", "forecast_required_rate": "-1/10"},
                    metric="{better: lower}",
                    key_result="{measure: {reach: {from: 10, to: 4}}}",
                ),
            ),
        ),
        Table(
            title="sums",
            prose="""
What was counted stays counted; the rest comes at the rate of the series. The required rate is what each period still to
come must bring. Days of buffer are how much earlier than the end the target is reached at the predicted rate, and
how much longer than to the end a budget lasts.
""",
            key_result="{measure: {accumulate: {to: 50}}}",
            observed=("2013-03-22 4x15",),
            cases=(
                Case(
                    "Five of ten days are over",
                    "2013-04-05",
                    {
                        "forecast_value": "40",
                        "forecast_value_low": "40",
                        "forecast_progress": "4/5",
                        "forecast_required_rate": "6",
                        "forecast_buffer_days": "-5/2",
                        "forecast_method": "flow",
                    },
                ),
                Case(
                    "A sum that is reached cannot be undone",
                    "2013-04-05",
                    {"forecast_progress": "2", "forecast_probability": "1", "forecast_buffer_days": "5"},
                    key_result="{measure: {accumulate: {to: 20}}}",
                ),
                Case(
                    "A budget that lasts a quarter of a day longer",
                    "2013-04-05",
                    {"forecast_progress": "1", "forecast_required_rate": "21/5", "forecast_buffer_days": "1/4"},
                    metric="{better: lower}",
                    key_result="{measure: {limit: {to: 41}}}",
                ),
                Case(
                    "A budget that is overrun",
                    "2013-04-05",
                    {"forecast_probability": "0", "forecast_buffer_days": "-5"},
                    metric="{better: lower}",
                    key_result="{measure: {limit: {to: 19}}}",
                ),
            ),
        ),
        Table(
            title="sums of hours",
            prose="""
Are learnt by the 24 hours up to the newest one; what is left over at the beginning is no small day. Days of buffer are
those of the calendar, however many hours they have. In New York 10 March 2013 has 23.
""",
            project="{timezone: America/New_York}",
            metric="{grain: hour}",
            cycle="{id: C, starts: 2013-03-01, ends: 2013-03-20}",
            key_result="{measure: {accumulate: {to: 958}}}",
            cases=(
                Case(
                    "Nine days and five hours of two an hour",
                    "2013-03-09",
                    {"value": "432", "forecast_value": "958", "forecast_value_low": "958", "forecast_buffer_days": "0"},
                    ("2013-02-28T19:00 2x221",),
                ),
                Case(
                    "Seven days and 23 hours are no eight days",
                    "2013-03-08T23:00:00-05:00",
                    {"value": "382", "forecast_refusal": "thin_history"},
                    ("2013-03-01 2x191",),
                ),
                Case(
                    "Four of the eleven days to come may fail, which are as many days of buffer",
                    "2013-03-09",
                    {"forecast_buffer_days": "4", "forecast_method": "share"},
                    ("2013-02-24 1x14",),
                    metric="{grain: day, rollup: mean}",
                    key_result="{measure: {maintain: {min: 0, share: 0.8}}}",
                ),
            ),
        ),
        Table(
            title="shares of periods",
            prose="""
As if one more period had been seen, half inside the band: what never happened may yet. Days of buffer are those that may
still fail.
""",
            metric="{rollup: mean}",
            key_result="{measure: {maintain: {min: 0, share: 0.7}}}",
            observed=("2013-03-22 1x15",),
            cases=(
                Case(
                    "Always inside so far",
                    "2013-04-05",
                    {
                        "forecast_value": "63/64",
                        "forecast_value_high": "1",
                        "forecast_buffer_days": "3",
                        "forecast_required_rate": "2/5",
                        "forecast_method": "share",
                    },
                ),
                Case(
                    "Out of reach",
                    "2013-04-05",
                    {"forecast_probability": "0", "forecast_buffer_days": "-2"},
                    ("2013-04-06 1",),
                    key_result="{measure: {maintain: {min: 2, share: 0.7}}}",
                ),
            ),
        ),
        Table(
            title="windows at the end",
            prose="""
A trailing window ends with the key result: what of it is observed counts, and what of today's window will have left it by
then does not.
""",
            metric="{rollup: mean}",
            key_result="{measure: {reach: {from: 0, to: 10}}, over: trailing 6 days}",
            cases=(
                Case(
                    "Four of its six days are still to come",
                    "2013-04-06",
                    {"forecast_value": "6", "forecast_value_low": "6", "forecast_required_rate": "12"},
                    ("2013-03-22 6x16",),
                ),
            ),
        ),
        Table(
            title="where everything is observed",
            prose="Before the end, but after the last period that ends by it, the value is what it is.",
            metric="{rollup: sum, grain: week}",
            key_result="{measure: {accumulate: {to: 30}}, starts: 2013-04-01, ends: 2013-04-18}",
            observed=("2013-01-07 10x14",),
            cases=(
                Case(
                    "The week from April 15th ends too late",
                    "2013-04-16",
                    {
                        "forecast_value": "20",
                        "forecast_value_low": "20",
                        "forecast_value_high": "20",
                        "forecast_probability": "0",
                        "forecast_required_rate": "–",
                    },
                ),
            ),
        ),
        Table(
            title="where there is none",
            prose="A reason takes the place of every number.",
            metric="{rollup: last}",
            key_result="{measure: {reach: {from: 0, to: 10}}}",
            observed=("2013-04-01 1 2 3 4 5 6 7 8 9 10",),
            cases=(
                Case("Before the start", "2013-03-31", {"forecast_refusal": "not_started", "forecast_value": "–"}),
                Case(
                    "Seven days are too few",
                    "2013-04-07",
                    {"forecast_refusal": "thin_history", "forecast_value": "–", "forecast_probability": "–"},
                ),
                Case("Eight are enough", "2013-04-08", {"forecast_refusal": "–"}),
                Case("After the end", "2013-04-10", {"forecast_refusal": "ended", "forecast_value": "–"}),
                Case(
                    "Stale data",
                    "2013-04-19",
                    {"forecast_refusal": "stale", "forecast_value": "–", "forecast_progress_low": "–"},
                    metric="{freshness: 24h}",
                    key_result="{ends: 2013-04-30}",
                ),
                Case(
                    "Paused",
                    "2013-04-09",
                    {"forecast_refusal": "paused", "forecast_value": "–"},
                    key_result="{state: paused}",
                ),
                Case(
                    "Cancelled",
                    "2013-04-09",
                    {"forecast_refusal": "cancelled"},
                    key_result="{state: cancelled}",
                ),
                Case(
                    "Steps are no series",
                    "2013-04-09",
                    {"forecast_refusal": "no_series", "forecast_probability": "–"},
                    key_result="{measure: {milestones: [{title: A step}]}}",
                ),
                Case(
                    "A source that failed",
                    "2013-04-09",
                    {"forecast_refusal": "source_failed"},
                    failed=("kpi",),
                ),
            ),
        ),
    ),
)
