"""The manual's chapter on progress: every measure."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

SECTION = Section(
    title="Progress",
    prose="""
Progress is a share: 0 at the baseline, 1 at the target. It is not clamped: beyond the target it is above 1, behind the
start below 0. The score is progress clamped to 0 … 1. Equal to the target is success.
""",
    tables=(
        Table(
            title="reach",
            prose="(value − from) / (to − from). The sign cancels, so up and down are one rule.",
            metric="{rollup: last, better: higher}",
            cases=(
                Case(
                    "Up: 12 of the way from 0 to 20",
                    "2013-04-05",
                    {"value": "12", "progress": "3/5", "score": "3/5"},
                    ("2013-04-05 12",),
                    key_result="{measure: {reach: {from: 0, to: 20}}}",
                ),
                Case(
                    "Down: from 15 to 10 it stands at 12",
                    "2013-04-05",
                    {"value": "12", "progress": "3/5", "score": "3/5"},
                    ("2013-04-05 12",),
                    "{better: lower}",
                    "{measure: {reach: {from: 15, to: 10}}}",
                ),
                Case(
                    "Exactly at the target",
                    "2013-04-05",
                    {"value": "0.3", "progress": "1", "score": "1"},
                    ("2013-04-05 0.3",),
                    key_result="{measure: {reach: {from: 0.1, to: 0.3}}}",
                ),
                Case(
                    "Beyond it",
                    "2013-04-05",
                    {"value": "25", "progress": "5/4", "score": "1"},
                    ("2013-04-05 25",),
                    key_result="{measure: {reach: {from: 0, to: 20}}}",
                ),
                Case(
                    "Behind the start",
                    "2013-04-05",
                    {"value": "5", "progress": "-1/2", "score": "0"},
                    ("2013-04-05 5",),
                    key_result="{measure: {reach: {from: 10, to: 20}}}",
                ),
                Case(
                    "At the start",
                    "2013-04-05",
                    {"value": "10", "progress": "0", "score": "0"},
                    ("2013-04-05 10",),
                    key_result="{measure: {reach: {from: 10, to: 20}}}",
                ),
                Case(
                    "On a signed scale, from −20 to +10",
                    "2013-04-05",
                    {"value": "-5", "progress": "1/2", "score": "1/2"},
                    ("2013-04-05 -5",),
                    key_result="{measure: {reach: {from: -20, to: 10}}}",
                ),
                Case(
                    "Below zero and falling",
                    "2013-04-05",
                    {"value": "-25", "progress": "1/2", "score": "1/2"},
                    ("2013-04-05 -25",),
                    "{better: lower}",
                    "{measure: {reach: {from: -20, to: -30}}}",
                ),
                Case(
                    "A decrease on its first day is not achieved",
                    "2013-04-01",
                    {"value": "50", "progress": "0", "score": "0", "status": "on_track"},
                    ("2013-04-01 50",),
                    "{better: lower}",
                    "{measure: {reach: {from: 50, to: 10}}}",
                ),
                Case(
                    "Zero as target is a target",
                    "2013-04-05",
                    {"value": "0", "progress": "1", "score": "1"},
                    ("2013-04-05 0",),
                    "{better: lower}",
                    "{measure: {reach: {from: 10, to: 0}}}",
                ),
            ),
        ),
        Table(
            title="reach, from where it stood",
            prose="""
With `from: at_start` the good direction is the metric's. If the value at the start is at or beyond the target already,
progress is 1 while that holds, and 0 where it no longer does.
""",
            metric="{rollup: last, better: higher}",
            key_result="{measure: {reach: {from: at_start, to: 10}}}",
            cases=(
                Case(
                    "From 6 to 10 it stands at 9",
                    "2013-04-01",
                    {"baseline": "6", "progress": "3/4"},
                    ("2013-03-31 6 9",),
                ),
                Case(
                    "It stood at 12 and stands at 11",
                    "2013-04-01",
                    {"baseline": "12", "progress": "1"},
                    ("2013-03-31 12 11",),
                ),
                Case(
                    "It stood at the target and stands there",
                    "2013-04-01",
                    {"baseline": "10", "progress": "1"},
                    ("2013-03-31 10 10",),
                ),
                Case(
                    "It stood at 12 and fell below 10",
                    "2013-04-01",
                    {"baseline": "12", "progress": "0"},
                    ("2013-03-31 12 9",),
                ),
                Case(
                    "Where lower is better: it stood at 8, stands at 9",
                    "2013-04-01",
                    {"baseline": "8", "progress": "1"},
                    ("2013-03-31 8 9",),
                    "{better: lower}",
                ),
                Case(
                    "And rose above 10",
                    "2013-04-01",
                    {"baseline": "8", "progress": "0"},
                    ("2013-03-31 8 11",),
                    "{better: lower}",
                ),
                Case(
                    "Where neither is better, from 14 down to 10 it stands at 11",
                    "2013-04-01",
                    {"baseline": "14", "progress": "3/4"},
                    ("2013-03-31 14 11",),
                    "{better: in_band}",
                ),
            ),
        ),
        Table(
            title="change",
            prose="The target is from · (1 + share), or from + points; then as `reach`.",
            metric="{rollup: last}",
            cases=(
                Case(
                    "+25 % of 40 is 50",
                    "2013-04-01",
                    {"baseline": "40", "target": "50", "progress": "1/2"},
                    ("2013-03-31 40 45",),
                    key_result="{measure: {change: {by: +25%}}}",
                ),
                Case(
                    "−15 % of 40 is 34",
                    "2013-04-01",
                    {"baseline": "40", "target": "34", "progress": "1/2"},
                    ("2013-03-31 40 37",),
                    "{better: lower}",
                    "{measure: {change: {by: -15%}}}",
                ),
                Case(
                    "+10 points of −12 is −2",
                    "2013-04-01",
                    {"baseline": "-12", "target": "-2", "progress": "7/10"},
                    ("2013-03-31 -12 -5",),
                    key_result="{measure: {change: {by: +10 points}}}",
                ),
                Case(
                    "+300 of 500 is 800",
                    "2013-04-01",
                    {"baseline": "500", "target": "800", "progress": "1/3"},
                    ("2013-03-31 500 600",),
                    key_result="{measure: {change: {by: +300}}}",
                ),
                Case(
                    "From a number that is written: 100 to 125",
                    "2013-04-01",
                    {"baseline": "100", "target": "125", "progress": "2/5"},
                    ("2013-03-31 40 110",),
                    key_result="{measure: {change: {by: +25%, from: 100}}}",
                ),
                Case(
                    "A share of a negative number has no meaning; say points",
                    "2013-04-01",
                    {"baseline": "-10", "target": "unknown", "progress": "unknown", "reason": "undefined_baseline"},
                    ("2013-03-31 -10 5",),
                    key_result="{measure: {change: {by: +25%}}}",
                ),
                Case(
                    "Nor has a share of zero",
                    "2013-04-01",
                    {"baseline": "0", "target": "unknown", "progress": "unknown", "reason": "undefined_baseline"},
                    ("2013-03-31 0 5",),
                    key_result="{measure: {change: {by: +25%}}}",
                ),
            ),
        ),
        Table(
            title="accumulate",
            prose="The sum since the start / the target. What is reached cannot be undone.",
            key_result="{measure: {accumulate: {to: 20}}}",
            cases=(
                Case("8 of 20", "2013-04-02", {"value": "8", "progress": "2/5"}, ("2013-04-01 3 5",)),
                Case("Nothing yet", "2013-04-02", {"value": "0", "progress": "0"}, ("2013-04-01 0 0",)),
                Case(
                    "All of it",
                    "2013-04-02",
                    {"value": "20", "progress": "1", "status": "achieved"},
                    ("2013-04-01 9 11",),
                ),
                Case(
                    "And more",
                    "2013-04-02",
                    {"value": "30", "progress": "3/2", "status": "achieved"},
                    ("2013-04-01 9 21",),
                ),
            ),
        ),
        Table(
            title="limit",
            prose="A budget for the span: 1 while the sum is within it, then 1 − overrun / limit.",
            metric="{better: lower}",
            key_result="{measure: {limit: {to: 50}}}",
            objective="{intent: aspirational}",
            cases=(
                Case("Within", "2013-04-02", {"value": "30", "progress": "1"}, ("2013-04-01 10 20",)),
                Case("Exactly spent", "2013-04-02", {"value": "50", "progress": "1"}, ("2013-04-01 30 20",)),
                Case("A fifth over", "2013-04-02", {"value": "60", "progress": "4/5"}, ("2013-04-01 40 20",)),
                Case("Three times as much", "2013-04-02", {"value": "150", "progress": "-1"}, ("2013-04-01 90 60",)),
                Case(
                    "A limit of zero that is kept",
                    "2013-04-02",
                    {"value": "0", "progress": "1"},
                    ("2013-04-01 0 0",),
                    key_result="{measure: {limit: {to: 0}}}",
                ),
                Case(
                    "And broken",
                    "2013-04-02",
                    {"value": "1", "progress": "0"},
                    ("2013-04-01 0 1",),
                    key_result="{measure: {limit: {to: 0}}}",
                ),
            ),
        ),
        Table(
            title="maintain",
            prose="""
Of periods: the share of observed ended periods inside the band, bounds included, against the share wanted. Of events:
Σ value·weight / Σ weight of a metric that is itself a share of events; a metric in percent is divided by 100.
""",
            metric="{rollup: mean, better: in_band}",
            key_result="{measure: {maintain: {min: 5, max: 9}}}",
            objective="{intent: aspirational}",
            cases=(
                Case(
                    "Three of four days inside; the bounds are inside",
                    "2013-04-04",
                    {"value": "3/4", "target": "1", "progress": "3/4"},
                    ("2013-04-01 5 9 9.01 7",),
                ),
                Case(
                    "Against a share of 0.9",
                    "2013-04-04",
                    {"value": "3/4", "target": "0.9", "progress": "5/6"},
                    ("2013-04-01 5 9 9.01 7",),
                    key_result="{measure: {maintain: {min: 5, max: 9, share: 0.9}}}",
                ),
                Case(
                    "One bound is enough",
                    "2013-04-04",
                    {"value": "1/2", "target": "1", "progress": "1/2"},
                    ("2013-04-01 5 9 9.01 7",),
                    key_result="{measure: {maintain: {min: 8}}}",
                ),
                Case(
                    "Missing days are in neither count",
                    "2013-04-05",
                    {"value": "3/4", "target": "1", "progress": "3/4", "observed_share": "4/5"},
                    ("2013-04-01 5 _ 9 9.01 7",),
                ),
                Case(
                    "Of events: (0.9·100 + 0.5·300) / 400",
                    "2013-04-02",
                    {"value": "3/5", "target": "0.8", "progress": "3/4"},
                    ("2013-04-01 0.9@100 0.5@300",),
                    "{rollup: weighted_mean, better: higher}",
                    "{measure: {maintain: {min: 0.8, share: 0.8, of: events}}}",
                ),
                Case(
                    "The same in percent",
                    "2013-04-02",
                    {"value": "3/5", "target": "0.8", "progress": "3/4"},
                    ("2013-04-01 90@100 50@300",),
                    "{rollup: weighted_mean, better: higher, unit: percent}",
                    "{measure: {maintain: {min: 80, share: 0.8, of: events}}}",
                ),
            ),
        ),
        Table(
            title="maintain, a metric made of metrics",
            prose="`kpi` is `kept / calls`. Of events it is the ratio of the sums; of periods, each day's own ratio.",
            metrics="{kept: {}, calls: {}}",
            metric="{formula: kept / calls}",
            observed=("kept 2013-04-01 9 15", "calls 2013-04-01 10 30"),
            objective="{intent: aspirational}",
            cases=(
                Case(
                    "Of events: 24 / 40",
                    "2013-04-02",
                    {"value": "3/5", "progress": "3/5"},
                    key_result="{measure: {maintain: {min: 0.8, of: events}}}",
                ),
                Case(
                    "Of periods: 0.9 is inside, 0.5 is not",
                    "2013-04-02",
                    {"value": "1/2", "progress": "1/2"},
                    key_result="{measure: {maintain: {min: 0.8}}}",
                ),
            ),
        ),
        Table(
            title="cadence",
            prose="""
The share of ended weeks (or days, months, quarters) whose sum is at least so much. A week with gaps is met if its sum
already is enough; otherwise it is not counted.
""",
            key_result="{measure: {cadence: {at_least: 2, per: week}}, starts: 2013-04-01, ends: 2013-04-28}",
            objective="{intent: aspirational}",
            cases=(
                Case(
                    "One of two weeks",
                    "2013-04-14",
                    {
                        "value": "1/2",
                        "target": "1",
                        "progress": "1/2",
                        "observed_periods": "2",
                        "expected_periods": "2",
                    },
                    ("2013-04-01 1 1 0 0 0 0 0 1 0 0 0 0 0 0",),
                ),
                Case(
                    "Against a share of 0.5",
                    "2013-04-14",
                    {
                        "value": "1/2",
                        "target": "0.5",
                        "progress": "1",
                        "observed_periods": "2",
                        "expected_periods": "2",
                    },
                    ("2013-04-01 1 1 0 0 0 0 0 1 0 0 0 0 0 0",),
                    key_result="{measure: {cadence: {at_least: 2, per: week, share: 0.5}}}",
                ),
                Case(
                    "The running week does not count",
                    "2013-04-17",
                    {"value": "1", "target": "1", "progress": "1", "observed_periods": "2", "expected_periods": "2"},
                    ("2013-04-01 1 1 0 0 0 0 0 2 0 0 0 0 0 0 0 0 0",),
                ),
                Case(
                    "Gaps do not matter to a week that has enough",
                    "2013-04-14",
                    {"value": "1", "target": "1", "progress": "1", "observed_periods": "2", "expected_periods": "2"},
                    ("2013-04-01 1 _ 1 0 0 0 0 2 _ _ 0 0 0 0",),
                ),
                Case(
                    "One that has not is not counted",
                    "2013-04-14",
                    {
                        "value": "1",
                        "target": "1",
                        "progress": "1",
                        "observed_periods": "1",
                        "expected_periods": "2",
                    },
                    ("2013-04-01 1 _ 0 0 0 0 0 2 0 0 0 0 0 0",),
                    key_result="{min_coverage: 0.5}",
                ),
                Case(
                    "Half of the weeks not counted is too few to tell",
                    "2013-04-14",
                    {
                        "value": "unknown",
                        "progress": "unknown",
                        "reason": "below_coverage",
                        "observed_periods": "1",
                        "expected_periods": "2",
                    },
                    ("2013-04-01 1 _ 0 0 0 0 0 2 0 0 0 0 0 0",),
                ),
                Case(
                    "A week whose end is late is not expected yet",
                    "2013-04-14",
                    {"value": "0", "progress": "0", "observed_periods": "1", "expected_periods": "1"},
                    ("2013-04-01 1 0 0 0 0 0 0 1 0 0 0 0",),
                ),
                Case(
                    "Monthly, from weeks: April has four whole weeks",
                    "2013-04-30",
                    {"value": "1", "progress": "1", "observed_periods": "1", "expected_periods": "1"},
                    ("2013-04-01 1 0 0 1",),
                    "{grain: week}",
                    "{measure: {cadence: {at_least: 2, per: month}}, ends: 2013-06-30}",
                ),
            ),
        ),
        Table(
            title="milestones",
            prose="""
The weight of those done by the instant / all weight. A milestone is done on its date, or when a metric's newest value is at
least so much.
""",
            metric="{rollup: last}",
            cases=(
                Case(
                    "Weights 2 of 4",
                    "2013-04-05",
                    {"value": "1/2", "progress": "1/2", "value_period_end": "2013-04-06T00:00+00:00"},
                    key_result="""{measure: {milestones: [{title: Search, weight: 2, done_on: 2013-04-04},
                        {title: Maps, weight: 1}, {title: Pay, weight: 1, done_on: 2013-04-06}]}}""",
                ),
                Case(
                    "Done on the day itself",
                    "2013-04-05",
                    {"value": "1", "progress": "1", "status": "achieved"},
                    key_result="{measure: {milestones: [{title: Search, done_on: 2013-04-05}]}}",
                ),
                Case(
                    "Done before the start",
                    "2013-04-05",
                    {"value": "1", "progress": "1", "status": "achieved"},
                    key_result="{measure: {milestones: [{title: Search, done_on: 2013-03-20}]}}",
                ),
                Case(
                    "Done after the end is not done",
                    "2013-04-20",
                    {"value": "0", "progress": "0", "status": "missed"},
                    key_result="{measure: {milestones: [{title: Search, done_on: 2013-04-11}]}}",
                ),
                Case(
                    "When a metric gets there",
                    "2013-04-05",
                    {"value": "1/2", "progress": "1/2"},
                    ("2013-04-03 9 10 10",),
                    key_result="""{measure: {milestones: [{title: Ten stores, when: {metric: kpi, at_least: 10}},
                        {title: Eleven, when: {metric: kpi, at_least: 11}}]}}""",
                ),
                Case(
                    "Its newest value may be from before the start",
                    "2013-04-01",
                    {"value": "1", "progress": "1"},
                    ("2013-03-31 10",),
                    key_result="{measure: {milestones: [{title: Ten stores, when: {metric: kpi, at_least: 10}}]}}",
                ),
                Case(
                    "But not stale",
                    "2013-04-05",
                    {"value": "unknown", "progress": "unknown", "reason": "stale"},
                    ("2013-03-31 10",),
                    key_result="{measure: {milestones: [{title: Ten stores, when: {metric: kpi, at_least: 10}}]}}",
                ),
                Case(
                    "A metric that nobody observed leaves it unknown",
                    "2013-04-05",
                    {"value": "unknown", "progress": "unknown", "reason": "no_observation"},
                    key_result="""{measure: {milestones: [{title: Search, done_on: 2013-04-01},
                        {title: Ten stores, when: {metric: kpi, at_least: 10}}]}}""",
                ),
            ),
        ),
        Table(
            title="baseline",
            prose="""
For learning where a metric stands: observed periods against those needed. What it found is its `baseline`: the periods so
far, rolled up.
""",
            metric="{rollup: mean}",
            key_result="{measure: {baseline: {needs: 4}}}",
            objective="{intent: learning}",
            cases=(
                Case(
                    "Two of four",
                    "2013-04-02",
                    {"value": "2", "target": "4", "progress": "1/2", "baseline": "15"},
                    ("2013-04-01 10 20",),
                ),
                Case(
                    "Gaps take longer, and are no reason to doubt",
                    "2013-04-05",
                    {"value": "2", "target": "4", "progress": "1/2", "baseline": "15"},
                    ("2013-04-01 10 _ _ _ 20",),
                ),
                Case(
                    "Enough, and not more than enough",
                    "2013-04-05",
                    {"value": "5", "target": "4", "progress": "1", "baseline": "14", "status": "achieved"},
                    ("2013-04-01 10 20 10 20 10",),
                ),
            ),
        ),
    ),
)
