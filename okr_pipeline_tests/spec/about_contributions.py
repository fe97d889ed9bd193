"""The manual's chapter on contribution by value: micro-OKRs into quarters, quarters into the year."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

_YEAR = "{id: C, starts: 2013-01-01, ends: 2013-12-31}"
_TREE = """{o: {key_results: {
    year: {metric: null, measure: {accumulate: {to: 400}}},
    q1: {metric: a, measure: {accumulate: {to: 90}}, ends: 2013-03-31, contributes_to: C/year},
    q2: {metric: null, measure: {accumulate: {to: 91}}, starts: 2013-04-01, ends: 2013-06-30, contributes_to: C/year},
    week: {metric: a, measure: {accumulate: {to: 14}}, starts: 2013-04-01, ends: 2013-04-07, contributes_to: C/q2},
    fortnight: {metric: a, measure: {accumulate: {to: 28}}, starts: 2013-04-08, ends: 2013-04-21, contributes_to: C/q2},
    late: {metric: a, measure: {accumulate: {to: 28}}, starts: 2013-05-06, ends: 2013-05-19, contributes_to: C/q2}}}}"""
_PARTS = """{o: {key_results: {
    whole: {metric: a, measure: {accumulate: {to: 100}}, ends: 2013-04-10, starts: 2013-04-01},
    part: {metric: a, where: {s: x}, measure: {accumulate: {to: 10}}, starts: 2013-04-03, ends: 2013-04-05, contributes_to: C/whole}}}}"""
_STEPS = """{o: {key_results: {
    drug: {measure: {milestones: [{title: Trial, weight: 2, due: 2013-05-31}, {title: Market}]}, starts: 2013-01-01, ends: 2013-06-30},
    week: {measure: {milestones: [{title: Dossier}]}, starts: 2013-04-01, ends: 2013-04-07, contributes_to: C/drug}}}}"""
_COMING = """{o: {key_results: {
    month: {metric: null, measure: {accumulate: {to: 40}}, starts: 2013-04-01, ends: 2013-04-30},
    week: {metric: a, measure: {accumulate: {to: 14}}, starts: 2013-04-01, ends: 2013-04-07, contributes_to: C/month},
    next: {metric: a, measure: {accumulate: {to: 14}}, starts: 2013-04-08, ends: 2013-04-14, contributes_to: C/month},
    weekly: {metric: b, measure: {accumulate: {to: 7}}, starts: 2013-04-08, ends: 2013-04-14, contributes_to: C/month}}}}"""

SECTION = Section(
    title="Contribution by value",
    prose="""
`contributes_to` makes the value of a key result a part of that of one that lasts longer. An `accumulate` or `limit` without
a metric *is* the sum of what contributes to it; one with a metric keeps its own value, of which the contributions are named
parts; `milestones` are pooled. Each row counts once: what would count it twice is refused before anything is scored.
""",
    tables=(
        Table(
            title="A week and a fortnight into a quarter, quarters into a year",
            prose="""
`year` and `q2` have no metric. `q1` counts one a day for 90 days; two a day in the `week`, three a day in the `fortnight`.
What has not started adds nothing yet. The sum is compared with the plan at the end of what its open parts know.
""",
            cycle=_YEAR,
            metrics="{a: {}}",
            objectives=_TREE,
            observed=("a 2013-01-01 1x90 2x7",),
            cases=(
                Case(
                    "The week's first day",
                    "2013-04-01",
                    {"value": "2", "unit": "count", "progress": "2/91", "expected_progress": "1/91"},
                    of="C/q2",
                ),
                Case(
                    "7·2 + 3·3, up to the 10th",
                    "2013-04-10",
                    {"value": "23", "progress": "23/91", "expected_progress": "10/91", "observed_share": "1"},
                    ("a 2013-04-08 3x3",),
                    of="C/q2",
                ),
                Case(
                    "And the year, two levels above: 90 + 23",
                    "2013-04-10",
                    {"value": "113", "progress": "113/400", "expected_progress": "100/365"},
                    ("a 2013-04-08 3x3",),
                    of="C/year",
                ),
                Case(
                    "A day late: all of it is known up to the 9th only",
                    "2013-04-10",
                    {"value": "20", "expected_progress": "9/91", "value_period_end": "2013-04-10T00:00"},
                    ("a 2013-04-08 3x2",),
                    of="C/q2",
                ),
                Case(
                    "Between two parts nothing is open, so that the instant itself counts",
                    "2013-04-30",
                    {"value": "56", "expected_progress": "30/91", "status": "on_track"},
                    ("a 2013-04-08 3x14",),
                    of="C/q2",
                ),
                Case(
                    "The fortnight is unknown: part of a sum is not a smaller sum",
                    "2013-04-21",
                    {"value": "unknown", "status": "unknown", "reason": "no_observation"},
                    of="C/q2",
                ),
                Case(
                    "Nor is the year then known",
                    "2013-04-21",
                    {"value": "unknown", "status": "unknown", "reason": "no_observation"},
                    of="C/year",
                ),
                Case(
                    "On the last day 70 have come, and the quarter is missed",
                    "2013-06-30",
                    {"value": "70", "progress": "10/13", "status": "missed"},
                    ("a 2013-04-08 3x14", "a 2013-05-06 1x14"),
                    of="C/q2",
                ),
            ),
        ),
        Table(
            title="What a sum will come to",
            prose="""
Its parts' forecasts added up, with those that have not started among them; what has ended counts with its value.
The errors of parts add up as far as their series have moved together so far. Here they never vary. The required rate of a sum is per day.
""",
            cycle=_YEAR,
            metrics="{a: {}, b: {grain: week}}",
            objectives=_COMING,
            observed=("a 2013-03-01 2x34",),
            cases=(
                Case(
                    "Three days of two; seven more of the week, seven of the next, and a week of 7",
                    "2013-04-03",
                    {
                        "value": "6",
                        "forecast_value": "35",
                        "forecast_value_low": "35",
                        "forecast_value_high": "35",
                        "forecast_progress": "7/8",
                        "forecast_method": "flow",
                        "forecast_required_rate": "34/11",
                        "forecast_refusal": "–",
                    },
                    ("b 2013-01-07 7x12",),
                    of="C/month",
                ),
                Case(
                    "The first week has ended with 14",
                    "2013-04-08",
                    {"value": "16", "forecast_value": "35", "forecast_probability": "1/28"},
                    ("a 2013-04-04 2x5", "b 2013-01-07 7x13"),
                    of="C/month",
                ),
                Case(
                    "The weekly metric is stale, and so is what is to come of it",
                    "2013-04-03",
                    {"value": "6", "forecast_value": "–", "forecast_refusal": "stale"},
                    ("b 2012-12-03 7x12",),
                    of="C/month",
                ),
                Case(
                    "Of the weekly metric seven weeks are known, which is too few",
                    "2013-04-03",
                    {"value": "6", "forecast_refusal": "thin_history"},
                    ("b 2013-02-11 7x7",),
                    of="C/month",
                ),
                Case(
                    "What it is made of could not be read",
                    "2013-04-03",
                    {"value": "6", "forecast_refusal": "source_failed"},
                    ("b 2013-01-07 7x12",),
                    failed=("b",),
                    of="C/month",
                ),
                Case(
                    "Of a part alone, before it starts, there is none",
                    "2013-04-03",
                    {"forecast_refusal": "not_started"},
                    of="C/next",
                ),
                Case(
                    "All parts have ended, of which nothing more can come",
                    "2013-04-20",
                    {"value": "35", "forecast_value": "35", "forecast_probability": "0", "forecast_required_rate": "–"},
                    ("a 2013-04-04 2x11", "b 2013-01-07 7x14"),
                    of="C/month",
                ),
            ),
        ),
        Table(
            title="Parts of a metric of its own",
            prose="""
`whole` counts both members of its metric; `part` counts `x` on three days and is inside it. The whole's value is its
metric's, whatever its parts; what no part accounts for is the remainder.
""",
            cycle=_YEAR,
            metrics="{a: {dimensions: [s]}}",
            objectives=_PARTS,
            observed=("a s=x 2013-04-01 1x5", "a s=y 2013-04-01 10x5"),
            cases=(
                Case("The whole", "2013-04-05", {"value": "55", "progress": "11/20"}, of="C/whole"),
                Case("Its part", "2013-04-05", {"value": "3", "progress": "3/10"}, of="C/part"),
            ),
        ),
        Table(
            title="A step of this week among the steps of half a year",
            prose="A drug to market: the trial weighs 2, the market 1; this week's dossier, 1, contributes.",
            cycle=_YEAR,
            objectives=_STEPS,
            cases=(
                Case(
                    "Before the week's end nothing is due of the four",
                    "2013-04-05",
                    {"value": "0", "expected_progress": "0", "status": "on_track"},
                    of="C/drug",
                ),
                Case(
                    "After it the dossier is, and is not handed in: 0 of 1/4",
                    "2013-04-10",
                    {"value": "0", "expected_progress": "1/4", "status": "behind"},
                    of="C/drug",
                ),
            ),
        ),
        Table(
            title="The dossier is handed in",
            prose="The same, with `done_on: 2013-04-05`.",
            cycle=_YEAR,
            objectives=_STEPS.replace("{title: Dossier}", "{title: Dossier, done_on: 2013-04-05}"),
            cases=(
                Case("The week", "2013-04-06", {"value": "1", "status": "achieved"}, of="C/week"),
                Case("Half a year: 1 of 4", "2013-04-10", {"value": "1/4", "status": "on_track"}, of="C/drug"),
            ),
        ),
        Table(
            title="Budgets add up, too",
            prose="A year's budget of 100 without a metric of its own, and the two teams that spend it.",
            cycle=_YEAR,
            metrics="{a: {better: lower}, b: {better: lower}}",
            objectives="""{o: {intent: committed, key_results: {
                budget: {metric: null, measure: {limit: {to: 100}}},
                one: {metric: a, measure: {limit: {to: 60}}, contributes_to: C/budget},
                two: {metric: b, measure: {limit: {to: 60}}, contributes_to: C/budget}}}}""",
            cases=(
                Case(
                    "50 and 50: all of it, and not more",
                    "2013-01-05",
                    {"value": "100", "progress": "1", "status": "on_track"},
                    ("a 2013-01-01 10x5", "b 2013-01-01 10x5"),
                    of="C/budget",
                ),
                Case(
                    "50 and 60: overrun by a tenth",
                    "2013-01-05",
                    {"value": "110", "progress": "9/10", "status": "behind", "reason": "out_of_reach"},
                    ("a 2013-01-01 10x5", "b 2013-01-01 12x5"),
                    of="C/budget",
                ),
            ),
        ),
        Table(
            title="Parts that are given up",
            prose="""
`one` and `two` bring 1 and 2 a day and are cancelled from the 6th on. Nobody pursues them, but what they count goes on to
happen, and the sum is of what happens; `two` is cut short on the day before, and so counts five days. `three` is paused.
""",
            cycle="{id: C, starts: 2013-04-01, ends: 2013-04-20}",
            metrics="{a: {}, b: {}, c: {}}",
            objectives="""{o: {key_results: {
                all: {metric: null, measure: {accumulate: {to: 100}}},
                one: {metric: a, measure: {accumulate: {to: 20}}, contributes_to: C/all, amendments: [{on: 2013-04-06, state: cancelled}]},
                two: {metric: b, measure: {accumulate: {to: 40}}, contributes_to: C/all, amendments: [{on: 2013-04-06, state: cancelled, ends: 2013-04-05}]},
                three: {metric: c, measure: {accumulate: {to: 40}}, contributes_to: C/all, state: paused}}}}""",
            observed=("a 2013-04-01 1x10", "b 2013-04-01 2x10", "c 2013-04-01 3x10"),
            cases=(
                Case(
                    "One is as it was, out of any score",
                    "2013-04-10",
                    {"value": "10", "status": "cancelled"},
                    of="C/one",
                ),
                Case("The other has ended", "2013-04-10", {"value": "10", "status": "cancelled"}, of="C/two"),
                Case(
                    "The sum: 10 + 10 + 30; as promised first `two` would have brought 20",
                    "2013-04-10",
                    {"value": "50", "progress": "1/2", "original_progress": "3/5"},
                    of="C/all",
                ),
            ),
        ),
    ),
)
