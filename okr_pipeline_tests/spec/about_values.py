"""The manual's chapter on values: roll-ups, windows, dimensions, gaps, refused values, formulas, baselines."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

_CARRIERS = "{dimensions: [carrier]}"

SECTION = Section(
    title="From observations to a value",
    prose="""
An observation is a metric's value for one period and one combination of dimensions. The tables write them as lines:
the first day, then one value for each period; `_` is nothing, `!` a value that a check refused, `null` one that was
withdrawn, `10@3` a value with weight 3, `10x7` seven times 10.
""",
    tables=(
        Table(
            title="Roll-ups",
            prose="How the periods of a window combine is the metric's `rollup`. The window here is the whole span so far.",
            key_result="{measure: {reach: {from: 0, to: 20}}, over: cycle}",
            cases=(
                Case("sum", "2013-04-03", {"value": "15", "progress": "3/4"}, ("2013-04-01 2 4 9",), "{rollup: sum}"),
                Case("mean", "2013-04-03", {"value": "5", "progress": "1/4"}, ("2013-04-01 2 4 9",), "{rollup: mean}"),
                Case(
                    "weighted_mean: Σ value·weight / Σ weight = (2 + 4 + 72) / 10, never the average of averages",
                    "2013-04-03",
                    {"value": "39/5", "progress": "39/100"},
                    ("2013-04-01 2@1 4@1 9@8",),
                    "{rollup: weighted_mean}",
                ),
                Case("last", "2013-04-03", {"value": "9", "progress": "9/20"}, ("2013-04-01 2 4 9",), "{rollup: last}"),
                Case("min", "2013-04-03", {"value": "2", "progress": "1/10"}, ("2013-04-01 2 4 9",), "{rollup: min}"),
                Case("max", "2013-04-03", {"value": "9", "progress": "9/20"}, ("2013-04-01 2 4 9",), "{rollup: max}"),
                Case(
                    "A weight that is missing, 0 or negative makes a row of a weighted mean no observation",
                    "2013-04-04",
                    {"value": "5", "progress": "1/4", "observed_periods": "1"},
                    ("2013-04-01 5@2 9 9@0 9@-1",),
                    "{rollup: weighted_mean}",
                ),
            ),
        ),
        Table(
            title="Windows",
            prose="""
`over` says which periods make the value: the newest observed one (`latest`), a trailing stretch, or all since the start
(`cycle`). A trailing stretch ends with the newest period that has ended, and never begins before the key result. A sum
over it lacks what is late for as long as its metric's `freshness` lets it: give a metric of days `freshness: 20h` where
a week that lacks a day must not count.
""",
            key_result="{measure: {reach: {from: 0, to: 20}}}",
            cases=(
                Case(
                    "latest",
                    "2013-04-03",
                    {"value": "9", "observed_periods": "1", "expected_periods": "1"},
                    ("2013-04-01 2 4 9",),
                    key_result="{over: latest}",
                ),
                Case(
                    "cycle",
                    "2013-04-03",
                    {"value": "15", "observed_periods": "3", "expected_periods": "3"},
                    ("2013-04-01 2 4 9",),
                    key_result="{over: cycle}",
                ),
                Case(
                    "trailing 2 days",
                    "2013-04-03",
                    {"value": "13", "observed_periods": "2", "expected_periods": "2"},
                    ("2013-04-01 2 4 9",),
                    key_result="{over: trailing 2 days}",
                ),
                Case(
                    "Before the span is as long as the stretch, it is the span",
                    "2013-04-03",
                    {"value": "15", "observed_periods": "3", "expected_periods": "3"},
                    ("2013-03-25 50x7 2 4 9",),
                    key_result="{over: trailing 7 days}",
                ),
                Case(
                    "A late day leaves the stretch where it is, and its tail to freshness",
                    "2013-04-04",
                    {
                        "value": "9",
                        "observed_periods": "1",
                        "expected_periods": "1",
                        "value_period_end": "2013-04-04T00:00+00:00",
                    },
                    ("2013-04-01 2 4 9",),
                    key_result="{over: trailing 2 days}",
                ),
                Case(
                    "On a Wednesday, trailing 2 weeks of a weekly metric are the two newest whole weeks",
                    "2013-05-01",
                    {"value": "12", "observed_periods": "2", "expected_periods": "2"},
                    ("2013-04-01 1 2 4 8",),
                    "{grain: week}",
                    "{over: trailing 2 weeks, ends: 2013-06-30}",
                ),
                Case(
                    "A trailing month goes back to the same day of the month: 16 April to 15 May",
                    "2013-05-15",
                    {"value": "30", "observed_periods": "30", "expected_periods": "30"},
                    ("2013-04-01 1x45",),
                    key_result="{over: trailing 1 months, ends: 2013-06-30}",
                ),
                Case(
                    "A window stops at the key result's end",
                    "2013-04-15",
                    {"value": "20", "observed_periods": "10", "expected_periods": "10"},
                    ("2013-04-01 2x15",),
                    key_result="{over: cycle}",
                ),
                Case(
                    "What was observed before the start is no value of the key result",
                    "2013-04-01",
                    {"value": "unknown", "reason": "no_observation"},
                    ("2013-03-31 50",),
                    key_result="{over: latest}",
                ),
            ),
        ),
        Table(
            title="Dimensions",
            prose="""
A key result reads the series whose dimensions match its `where`. What it does not pin is combined by the metric's
`across`: as `rollup` for sums and weighted means, unless told otherwise.
""",
            metric=_CARRIERS,
            key_result="{measure: {reach: {from: 0, to: 120}}}",
            observed=("carrier=AA 2013-04-01 10@1 20@1", "carrier=B6 2013-04-01 30@3 40@3"),
            cases=(
                Case("Not pinned: the sum of the members", "2013-04-02", {"value": "60", "progress": "1/2"}),
                Case(
                    "Pinned: that member alone",
                    "2013-04-02",
                    {"value": "40", "progress": "1/3"},
                    key_result="{where: {carrier: B6}}",
                ),
                Case(
                    "Weighted mean of the members: (20·1 + 40·3) / 4",
                    "2013-04-02",
                    {"value": "35", "progress": "7/24"},
                    metric="{rollup: weighted_mean}",
                ),
                Case(
                    "Weighted mean of members and days: (10 + 20 + 90 + 120) / 8",
                    "2013-04-02",
                    {"value": "30", "progress": "1/4"},
                    metric="{rollup: weighted_mean}",
                    key_result="{over: cycle}",
                ),
                Case(
                    "Members first, then days: the least of the daily sums 40 and 60",
                    "2013-04-02",
                    {"value": "40", "progress": "1/3"},
                    metric="{rollup: min, across: sum}",
                    key_result="{over: cycle}",
                ),
                Case(
                    "`across: last` takes the member whose name sorts last",
                    "2013-04-02",
                    {"value": "40", "progress": "1/3"},
                    metric="{rollup: last, across: last}",
                ),
                Case(
                    "`across: none` with two members is no value",
                    "2013-04-02",
                    {"value": "unknown", "reason": "no_observation"},
                    metric="{rollup: last, across: none}",
                ),
                Case(
                    "A distinct count that is pinned",
                    "2013-04-02",
                    {"value": "20", "progress": "1/6"},
                    metric="{rollup: last, across: none, additivity: distinct}",
                    key_result="{where: {carrier: AA}}",
                ),
                Case(
                    "A day with any member is observed",
                    "2013-04-03",
                    {"value": "50", "progress": "5/12"},
                    ("carrier=UA 2013-04-03 50@1",),
                ),
            ),
        ),
        Table(
            title="Two dimensions",
            prose="Pinning one dimension leaves the other to `across`.",
            metric="{dimensions: [airport, carrier]}",
            key_result="{measure: {reach: {from: 0, to: 100}}}",
            observed=(
                "airport=EWR,carrier=B6 2013-04-01 10",
                "airport=JFK,carrier=B6 2013-04-01 20",
                "airport=JFK,carrier=AA 2013-04-01 40",
            ),
            cases=(
                Case("By carrier", "2013-04-01", {"value": "30"}, key_result="{where: {carrier: B6}}"),
                Case("By airport", "2013-04-01", {"value": "60"}, key_result="{where: {airport: JFK}}"),
                Case("By both", "2013-04-01", {"value": "20"}, key_result="{where: {airport: JFK, carrier: B6}}"),
                Case("By neither", "2013-04-01", {"value": "70"}),
            ),
        ),
        Table(
            title="Missing is not zero",
            prose="""
A period that the source leaves out is missing, unless the metric says `empty: zero`. Zeros are filled in up to the newest
period that the source has for any dimension, never beyond. A zero that was observed is a value like any other.
""",
            metric="{rollup: mean}",
            key_result="{measure: {reach: {from: 0, to: 20}}, over: cycle}",
            cases=(
                Case(
                    "A missing day is left out of a mean",
                    "2013-04-05",
                    {"value": "5", "observed_periods": "4", "expected_periods": "5", "observed_share": "4/5"},
                    ("2013-04-01 5 _ 5 5 5",),
                ),
                Case(
                    "With `empty: zero` it is a zero: 20 / 5",
                    "2013-04-05",
                    {"value": "4", "observed_periods": "5", "expected_periods": "5", "observed_share": "1"},
                    ("2013-04-01 5 _ 5 5 5",),
                    "{empty: zero}",
                ),
                Case(
                    "Zeros reach to the newest day of any carrier",
                    "2013-04-05",
                    {"value": "2", "observed_periods": "5", "expected_periods": "5", "observed_share": "1"},
                    ("carrier=AA 2013-04-01 5 5 5 5 5", "carrier=B6 2013-04-01 5 _ 5 _ _"),
                    "{empty: zero, dimensions: [carrier]}",
                    "{where: {carrier: B6}}",
                ),
                Case(
                    "And not beyond",
                    "2013-04-05",
                    {"value": "5", "observed_periods": "3", "expected_periods": "3", "observed_share": "1"},
                    ("2013-04-01 5 5 5",),
                    "{empty: zero}",
                ),
                Case(
                    "A carrier that never appears is zero throughout",
                    "2013-04-05",
                    {"value": "0", "observed_periods": "5", "expected_periods": "5", "observed_share": "1"},
                    ("carrier=AA 2013-04-01 5 5 5 5 5",),
                    "{empty: zero, dimensions: [carrier]}",
                    "{where: {carrier: B6}}",
                ),
                Case(
                    "A withdrawn value is no observation",
                    "2013-04-05",
                    {"value": "5", "observed_periods": "4", "expected_periods": "5", "observed_share": "4/5"},
                    ("2013-04-01 5 null 5 5 5",),
                ),
                Case(
                    "A null with weight 0 is none either",
                    "2013-04-05",
                    {"value": "5", "observed_periods": "4", "expected_periods": "5", "observed_share": "4/5"},
                    ("2013-04-01 5@1 null@0 5@1 5@1 5@1",),
                    "{rollup: weighted_mean}",
                ),
                Case(
                    "A true zero is a value",
                    "2013-04-05",
                    {"value": "4", "observed_periods": "5", "expected_periods": "5", "observed_share": "1"},
                    ("2013-04-01 5 0 5 5 5",),
                ),
            ),
        ),
        Table(
            title="Coverage",
            prose="""
Coverage is the share of the window's periods that were observed, up to the newest observed one. Below `min_coverage`
(0.8 unless told) the value is unknown, for sums too: a partial sum is not a smaller sum, and is never scaled up.
""",
            key_result="{measure: {accumulate: {to: 100}}}",
            cases=(
                Case(
                    "4 of 5 are enough",
                    "2013-04-05",
                    {"value": "40", "observed_share": "4/5", "reason": "–"},
                    ("2013-04-01 10 _ 10 10 10",),
                ),
                Case(
                    "3 of 5 are not",
                    "2013-04-05",
                    {"value": "unknown", "observed_share": "3/5", "reason": "below_coverage"},
                    ("2013-04-01 10 _ 10 _ 10",),
                ),
                Case(
                    "Unless the key result says so",
                    "2013-04-05",
                    {"value": "30", "observed_share": "3/5", "reason": "–"},
                    ("2013-04-01 10 _ 10 _ 10",),
                    key_result="{min_coverage: 0.6}",
                ),
                Case(
                    "What is late at the end is not missing",
                    "2013-04-05",
                    {"value": "30", "observed_share": "1", "reason": "–"},
                    ("2013-04-01 10 10 10",),
                ),
            ),
        ),
        Table(
            title="Values that a check refused",
            prose="""
A quarantined row counts as unobserved for the key results that would have read it. With several members the whole period
is unobserved, because the sum of the others is not the sum. Where it is the newest period of `latest`, that is the reason.
""",
            metric="{rollup: sum, dimensions: [carrier]}",
            key_result="{measure: {accumulate: {to: 100}}}",
            cases=(
                Case(
                    "A refused day is missing",
                    "2013-04-05",
                    {"value": "40", "observed_share": "4/5", "reason": "–"},
                    ("2013-04-01 10 ! 10 10 10",),
                ),
                Case(
                    "A refused member makes the day missing for all that add it up",
                    "2013-04-03",
                    {"value": "40", "observed_share": "2/3", "reason": "–"},
                    ("carrier=AA 2013-04-01 10 10 10", "carrier=B6 2013-04-01 10 ! 10"),
                    key_result="{min_coverage: 0.6}",
                ),
                Case(
                    "And not for those that pin another",
                    "2013-04-03",
                    {"value": "30", "observed_share": "1", "reason": "–"},
                    ("carrier=AA 2013-04-01 10 10 10", "carrier=B6 2013-04-01 10 ! 10"),
                    key_result="{where: {carrier: AA}}",
                ),
                Case(
                    "Newest of `latest`: quarantined, with the last good value",
                    "2013-04-03",
                    {
                        "value": "unknown",
                        "reason": "quarantined",
                        "last_good_value": "20",
                        "last_good_age_hours": "24",
                    },
                    ("2013-04-01 10 20 !",),
                    key_result="{measure: {reach: {from: 0, to: 100}}}",
                ),
                Case(
                    "Replaced by a newer good value",
                    "2013-04-03",
                    {"value": "30", "observed_share": "1", "reason": "–"},
                    ("2013-04-01 10 ! 30",),
                    key_result="{measure: {reach: {from: 0, to: 100}}}",
                ),
                Case(
                    "Nothing else in the window",
                    "2013-04-02",
                    {"value": "unknown", "reason": "quarantined"},
                    ("2013-04-01 ! !",),
                ),
            ),
        ),
        Table(
            title="Metrics made of metrics",
            prose="""
A metric with a `formula` and no `rollup` is computed from its parts, each rolled up by its own rule over the periods that
all of them have: the way ratios must be. With a `rollup` it is computed period by period and then rolled up. A division by
zero is no observation.
""",
            metrics="{spend: {rollup: sum, dimensions: [carrier]}, flights: {rollup: sum, dimensions: [carrier]}}",
            metric="{formula: spend / flights, dimensions: [carrier]}",
            key_result="{measure: {reach: {from: 0, to: 20}}, over: cycle}",
            cases=(
                Case(
                    "Of the sums: 400 / 30, not the mean of 10 and 15",
                    "2013-04-02",
                    {"value": "40/3", "observed_periods": "2"},
                    ("spend 2013-04-01 100 300", "flights 2013-04-01 10 20"),
                ),
                Case(
                    "Of the newest period that has both",
                    "2013-04-03",
                    {"value": "15", "observed_periods": "1"},
                    ("spend 2013-04-01 100 300 500", "flights 2013-04-01 10 20"),
                    key_result="{over: latest}",
                ),
                Case(
                    "Period by period: the mean of 10 and 15",
                    "2013-04-02",
                    {"value": "25/2", "observed_periods": "2"},
                    ("spend 2013-04-01 100 300", "flights 2013-04-01 10 20"),
                    "{rollup: mean}",
                ),
                Case(
                    "A day without flights has no cost per flight",
                    "2013-04-02",
                    {"value": "10", "observed_periods": "1", "value_period_end": "2013-04-02T00:00+00:00"},
                    ("spend 2013-04-01 100 300", "flights 2013-04-01 10 0"),
                    key_result="{over: latest}",
                ),
                Case(
                    "But its spending counts in the sums: 400 / 10",
                    "2013-04-02",
                    {"value": "40", "observed_periods": "2"},
                    ("spend 2013-04-01 100 300", "flights 2013-04-01 10 0"),
                ),
                Case(
                    "A day that lacks a part is missing in all: (100 + 300) / (10 + 10)",
                    "2013-04-03",
                    {"value": "20", "observed_periods": "2", "observed_share": "2/3"},
                    ("spend 2013-04-01 100 _ 300", "flights 2013-04-01 10 10 10"),
                    key_result="{min_coverage: 0.6}",
                ),
                Case(
                    "`where` pins the parts",
                    "2013-04-01",
                    {"value": "20", "observed_periods": "1"},
                    (
                        "spend carrier=AA 2013-04-01 100",
                        "spend carrier=B6 2013-04-01 400",
                        "flights carrier=AA 2013-04-01 10",
                        "flights carrier=B6 2013-04-01 20",
                    ),
                    key_result="{where: {carrier: B6}}",
                ),
                Case(
                    "Not pinned: 500 / 30",
                    "2013-04-01",
                    {"value": "50/3", "observed_periods": "1"},
                    (
                        "spend carrier=AA 2013-04-01 100",
                        "spend carrier=B6 2013-04-01 400",
                        "flights carrier=AA 2013-04-01 10",
                        "flights carrier=B6 2013-04-01 20",
                    ),
                ),
                Case(
                    "With a rollup each member has its own: (100 − 10) + (400 − 20)",
                    "2013-04-01",
                    {"value": "470", "observed_periods": "1"},
                    (
                        "spend carrier=AA 2013-04-01 100",
                        "spend carrier=B6 2013-04-01 400",
                        "flights carrier=AA 2013-04-01 10",
                        "flights carrier=B6 2013-04-01 20",
                    ),
                    "{formula: spend - flights, rollup: sum}",
                ),
                Case(
                    "A refused part makes the period missing",
                    "2013-04-02",
                    {"value": "unknown", "reason": "quarantined"},
                    ("spend 2013-04-01 100 300", "flights 2013-04-01 10 !"),
                    key_result="{over: latest}",
                ),
            ),
        ),
        Table(
            title="Formulas of formulas",
            prose="`cost` is `spend + fees` without a rollup, `kpi` is `cost / flights`; its parts are the three below.",
            metrics="{spend: {}, fees: {}, flights: {}, cost: {formula: spend + fees}}",
            metric="{formula: cost / flights * 100}",
            key_result="{measure: {reach: {from: 0, to: 2000}}, over: cycle}",
            observed=("spend 2013-04-01 90 270", "fees 2013-04-01 10 30", "flights 2013-04-01 10 30"),
            cases=(
                Case("Of the sums: (360 + 40) / 40 · 100", "2013-04-02", {"value": "1000", "progress": "1/2"}),
                Case(
                    "Of the newest: 300 / 30 · 100",
                    "2013-04-02",
                    {"value": "1000", "progress": "1/2"},
                    key_result="{over: latest}",
                ),
            ),
        ),
        Table(
            title="Where a key result starts from",
            prose="""
`from: at_start` is the value over the same window just before the start. It is fixed once it is known for good and then
never changes (`fixed_baseline`). The newest value before the start must not have been stale then.
""",
            metric="{rollup: mean}",
            key_result="{measure: {change: {by: +50%}}}",
            cases=(
                Case(
                    "The newest period before the start",
                    "2013-04-01",
                    {"baseline": "20", "target": "30", "value": "22", "progress": "1/5", "fixed_baseline": "20"},
                    ("2013-03-31 20 22",),
                ),
                Case(
                    "Two days older, it still is the newest",
                    "2013-04-01",
                    {"baseline": "20", "target": "30", "value": "22", "progress": "1/5", "fixed_baseline": "20"},
                    ("2013-03-29 20 _ _ 22",),
                ),
                Case(
                    "Six days older, it was stale",
                    "2013-04-01",
                    {"baseline": "unknown", "value": "22", "progress": "unknown", "reason": "undefined_baseline"},
                    ("2013-03-25 20 _ _ _ _ _ _ 22",),
                ),
                Case(
                    "Trailing 3 days: the three before the start",
                    "2013-04-03",
                    {"baseline": "20", "target": "30", "value": "25", "progress": "1/2", "fixed_baseline": "20"},
                    ("2013-03-29 10 20 30 25 25 25",),
                    key_result="{over: trailing 3 days}",
                ),
                Case(
                    "With too many gaps there is no baseline, and the value is shown all the same",
                    "2013-04-03",
                    {"baseline": "unknown", "value": "25", "progress": "unknown", "reason": "undefined_baseline"},
                    ("2013-03-29 10 _ 30 25 25 25",),
                    key_result="{over: trailing 3 days}",
                ),
                Case(
                    "One that was fixed before wins over what history says now",
                    "2013-04-01",
                    {"baseline": "24", "target": "36", "value": "30", "progress": "1/2", "fixed_baseline": "–"},
                    ("2013-03-31 20 30",),
                    baseline=24.0,
                ),
                Case(
                    "It is not fixed while its newest period may just be late",
                    "2013-04-01",
                    {"baseline": "10", "value": "unknown", "reason": "no_observation", "fixed_baseline": "–"},
                    ("2013-03-27 10 10 10 10",),
                    key_result="{over: trailing 5 days}",
                ),
                Case(
                    "Weekly, from a Wednesday: the last whole week before it",
                    "2013-04-14",
                    {"baseline": "8", "target": "12", "value": "10", "progress": "1/2", "fixed_baseline": "8"},
                    ("2013-03-25 8 9 10",),
                    "{grain: week}",
                    "{starts: 2013-04-03, ends: 2013-04-30}",
                ),
            ),
        ),
        Table(
            title="Targets relative to an earlier stretch",
            prose="""
`+20% of previous_cycle` is 1.2 times the sum over as many days directly before the start; `year_ago` over the same dates a
year earlier. That sum is fixed like a baseline. Progress still starts from nothing.
""",
            key_result="{measure: {accumulate: {to: +20% of previous_cycle}}}",
            cases=(
                Case(
                    "The ten days before",
                    "2013-04-05",
                    {"value": "75", "baseline": "0", "target": "120", "progress": "5/8", "fixed_baseline": "100"},
                    ("2013-03-22 10x10 15x5",),
                ),
                Case(
                    "The same days a year ago",
                    "2013-04-05",
                    {"value": "75", "baseline": "0", "target": "120", "progress": "5/8", "fixed_baseline": "100"},
                    ("2012-04-01 10x10", "2013-04-01 15x5"),
                    key_result="{measure: {accumulate: {to: +20% of year_ago}}}",
                ),
                Case(
                    "7 of 10 days are no sum to measure against",
                    "2013-04-05",
                    {"value": "75", "target": "unknown", "progress": "unknown", "reason": "undefined_baseline"},
                    ("2013-03-25 10x7 15x5",),
                ),
                Case(
                    "Nor is a sum of nothing",
                    "2013-04-05",
                    {"value": "75", "target": "unknown", "progress": "unknown", "reason": "undefined_baseline"},
                    ("2013-03-22 0x10 15x5",),
                ),
            ),
        ),
    ),
)
