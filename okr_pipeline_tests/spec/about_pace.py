"""The manual's chapter on pace: what the plan expects."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

SECTION = Section(
    title="Pace",
    prose="""
Expected progress is what the plan asks for, read at the end of the newest period in the value, so that a monthly metric in
mid-month or a lag of two days does not look like failure. The gap is progress − expected, the pace ratio progress /
expected; where the plan asks for nothing yet there is no ratio.
""",
    tables=(
        Table(
            title="linear",
            prose="The elapsed share of the span's local days.",
            metric="{rollup: last}",
            key_result="{measure: {reach: {from: 0, to: 100}}, ends: 2013-06-30}",
            cases=(
                Case(
                    "At the end of the 49th of 91 days",
                    "2013-05-19",
                    {
                        "expected_progress": "49/91",
                        "expected_progress_now": "49/91",
                        "gap": "-1/26",
                        "pace_ratio": "13/14",
                    },
                    ("2013-05-19 50",),
                ),
                Case(
                    "With a lag of two days",
                    "2013-05-19",
                    {
                        "expected_progress": "47/91",
                        "expected_progress_now": "49/91",
                        "gap": "-3/182",
                        "pace_ratio": "91/94",
                    },
                    ("2013-05-17 50",),
                ),
                Case(
                    "A monthly metric in mid-May stands where the plan was at the end of April",
                    "2013-05-19",
                    {
                        "expected_progress": "30/91",
                        "expected_progress_now": "49/91",
                        "gap": "31/182",
                        "pace_ratio": "91/60",
                    },
                    ("2013-04-01 50",),
                    "{grain: month}",
                ),
                Case(
                    "On the last day the plan is 1",
                    "2013-06-30",
                    {"expected_progress": "1", "expected_progress_now": "1", "gap": "-1/2", "pace_ratio": "1/2"},
                    ("2013-06-30 50",),
                ),
                Case(
                    "And stays there",
                    "2013-07-31",
                    {"expected_progress": "1", "expected_progress_now": "1", "gap": "-1/2", "pace_ratio": "1/2"},
                    ("2013-06-30 50 90",),
                ),
                Case(
                    "A key result may have dates of its own",
                    "2013-05-19",
                    {"expected_progress": "1/2", "expected_progress_now": "1/2", "gap": "0", "pace_ratio": "1"},
                    ("2013-05-19 50",),
                    key_result="{starts: 2013-05-10, ends: 2013-05-29}",
                ),
            ),
        ),
        Table(
            title="checkpoints",
            prose="""
Planned values, each meant at its day's end; straight lines between them, from the baseline at the start to the target at
the end. Values become progress by the measure's own formula.
""",
            metric="{rollup: last}",
            key_result="""{measure: {reach: {from: 0, to: 100}},
                pace: {checkpoints: [{on: 2013-04-02, value: 10}, {on: 2013-04-06, value: 50}]}}""",
            cases=(
                Case("Halfway to the first", "2013-04-01", {"expected_progress": "1/20"}, ("2013-04-01 0",)),
                Case("At the first", "2013-04-02", {"expected_progress": "1/10"}, ("2013-04-02 0",)),
                Case("Between", "2013-04-05", {"expected_progress": "2/5"}, ("2013-04-05 0",)),
                Case("At the second", "2013-04-06", {"expected_progress": "1/2"}, ("2013-04-06 0",)),
                Case("From the second to the end", "2013-04-08", {"expected_progress": "3/4"}, ("2013-04-08 0",)),
                Case("At the end", "2013-04-10", {"expected_progress": "1"}, ("2013-04-10 0",)),
                Case(
                    "Downwards: from 15 to 10, planned to be 14 on the 5th, which is a fifth of the way",
                    "2013-04-05",
                    {"expected_progress": "1/5"},
                    ("2013-04-05 12",),
                    "{better: lower}",
                    "{measure: {reach: {from: 15, to: 10}}, pace: {checkpoints: [{on: 2013-04-05, value: 14}]}}",
                ),
                Case(
                    "Of a sum: 30 of 120 by the 5th",
                    "2013-04-05",
                    {"expected_progress": "1/4"},
                    ("2013-04-01 6x5",),
                    "{rollup: sum}",
                    "{measure: {accumulate: {to: 120}}, pace: {checkpoints: [{on: 2013-04-05, value: 30}]}}",
                ),
                Case(
                    "From where it stood: 20 to 30, planned to be 22 on the 5th",
                    "2013-04-05",
                    {"expected_progress": "1/5"},
                    ("2013-03-31 20", "2013-04-05 25"),
                    key_result="{measure: {change: {by: +50%}}, pace: {checkpoints: [{on: 2013-04-05, value: 22}]}}",
                ),
                Case(
                    "A plan may dip, and above it is on track",
                    "2013-04-05",
                    {"expected_progress": "-1/10", "progress": "-1/20", "pace_ratio": "–", "status": "on_track"},
                    ("2013-04-05 -5",),
                    key_result="{pace: {checkpoints: [{on: 2013-04-05, value: -10}]}}",
                ),
                Case(
                    "Below it is not",
                    "2013-04-05",
                    {"expected_progress": "-1/10", "progress": "-1/5", "pace_ratio": "–", "status": "behind"},
                    ("2013-04-05 -20",),
                    key_result="{pace: {checkpoints: [{on: 2013-04-05, value: -10}]}}",
                ),
            ),
        ),
        Table(
            title="Measures with a plan of their own",
            prose="""
`maintain`, `cadence` and `limit` must hold from the first period that ended; milestones follow the weight that is due, by
default at the end.
""",
            metric="{rollup: sum}",
            cases=(
                Case(
                    "maintain",
                    "2013-04-01",
                    {"expected_progress": "1", "progress": "1"},
                    ("2013-04-01 5",),
                    key_result="{measure: {maintain: {min: 5}}}",
                ),
                Case(
                    "limit",
                    "2013-04-01",
                    {"expected_progress": "1", "progress": "1"},
                    ("2013-04-01 5",),
                    key_result="{measure: {limit: {to: 5}}}",
                ),
                Case(
                    "cadence",
                    "2013-04-01",
                    {"expected_progress": "1", "progress": "1"},
                    ("2013-04-01 5",),
                    key_result="{measure: {cadence: {at_least: 5, per: day}}}",
                ),
                Case(
                    "milestones: 2 of 4 are due at the end of the 5th",
                    "2013-04-05",
                    {"expected_progress": "1/2", "progress": "1/4"},
                    key_result="""{measure: {milestones: [{title: A, weight: 2, due: 2013-04-05},
                        {title: B, due: 2013-04-06, done_on: 2013-04-03}, {title: C}]}}""",
                ),
                Case(
                    "At noon of that day nothing is due",
                    "2013-04-05T12:00:00+00:00",
                    {"expected_progress": "0", "progress": "1/4"},
                    key_result="""{measure: {milestones: [{title: A, weight: 2, due: 2013-04-05},
                        {title: B, due: 2013-04-06, done_on: 2013-04-03}, {title: C}]}}""",
                ),
                Case(
                    "baseline is linear",
                    "2013-04-05",
                    {"expected_progress": "1/2", "progress": "5/8"},
                    ("2013-04-01 1x5",),
                    key_result="{measure: {baseline: {needs: 8}}}",
                ),
            ),
        ),
    ),
)
