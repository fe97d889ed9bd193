"""The manual's chapter on the edges at which other engines fail, each with what they do there and where that is told."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

_UNKNOWN = {"progress": "unknown", "status": "unknown"}
_HALFWAY = "{measure: {reach: {from: 0, to: 100}}}"


def _ruled(rule: str, status: str, says: str) -> Case:
    return Case(
        says,
        "2013-04-05",
        {"progress": "2/5", "status": status, "status_rule": rule},
        project=f"{{status_rule: {rule}}}",
    )


SECTION = Section(
    title="Edges",
    prose="""
Where products and projects that compute OKRs go wrong, or leave undefined what happens. What each does stands in brackets,
with the page or file that says so; what must come out here stands in the row.
""",
    tables=(
        Table(
            title="The target is where it already stands",
            prose="From `at_start` to 100, and it stands at 100. Written as numbers, equal ones are refused.",
            metric="{rollup: last}",
            key_result="{measure: {reach: {from: at_start, to: 100}}}",
            cases=(
                Case(
                    "It holds (okr-tracker's server says 0.5 whatever happens: d3-scale, src/continuous.js)",
                    "2013-04-05",
                    {"baseline": "100", "target": "100", "progress": "1", "status": "on_track"},
                    ("2013-03-31 100x6",),
                ),
                Case(
                    "It was lost (okr-tracker's client says 0 in both cases: src/util/keyResultProgress.js)",
                    "2013-04-05",
                    {"progress": "0", "status": "behind"},
                    ("2013-03-31 100 99x5",),
                ),
                Case(
                    "It was passed (BurningOKR divides by 0: ProgressHelper.java; puzzle shows Infinity: common.ts)",
                    "2013-04-05",
                    {"progress": "1", "score": "1"},
                    ("2013-03-31 100 140x5",),
                ),
                Case(
                    "Beyond it from the start, and lost: 1 while it holds, else 0 (Operately says 0 in both: target.ex)",
                    "2013-04-05",
                    {"baseline": "120", "progress": "0", "status": "behind"},
                    ("2013-03-31 120 90x5",),
                ),
            ),
        ),
        Table(
            title="Less is better",
            prose="From 50 down to 10.",
            metric="{rollup: last, better: lower}",
            key_result="{measure: {reach: {from: 50, to: 10}}}",
            cases=(
                Case(
                    "Nothing done on the first day (okrchestra calls it achieved, for 50 is at least 10: metrics/status.go)",
                    "2013-04-01",
                    {"progress": "0", "score": "0", "status": "on_track"},
                    ("2013-04-01 50",),
                ),
                Case(
                    "Nothing done at half-time", "2013-04-05", {"progress": "0", "status": "behind"}, ("2013-04-05 50",)
                ),
                Case(
                    "At the target, which can be lost again",
                    "2013-04-05",
                    {"progress": "1", "status": "on_track"},
                    ("2013-04-05 10",),
                ),
                Case(
                    "Worse than at the start stays visible (Leantime and Operately clip it to 0: Dashboard.php, target.ex)",
                    "2013-04-05",
                    {"progress": "-1/2", "score": "0", "status": "behind"},
                    ("2013-04-05 70",),
                ),
            ),
        ),
        Table(
            title="Equal to the bound",
            prose="Equal to the target is success, and bounds are inside.",
            metric="{rollup: sum}",
            cases=(
                Case(
                    "At least 5, and it is 5 (Quantive's stay above says 0 %: help.quantive.com, 3849793)",
                    "2013-04-05",
                    {"value": "1", "progress": "1", "status": "on_track"},
                    ("2013-04-01 5x5",),
                    key_result="{measure: {maintain: {min: 5}}}",
                ),
                Case(
                    "At most 5, and it is 5 (Viva Goals' stay below says At Risk: kr-types.md)",
                    "2013-04-05",
                    {"value": "1", "progress": "1", "status": "on_track"},
                    ("2013-04-01 5x5",),
                    metric="{better: lower}",
                    key_result="{measure: {maintain: {max: 5}}}",
                ),
                Case(
                    "The same under the rule viva",
                    "2013-04-05",
                    {"progress": "1", "status": "on_track", "status_rule": "viva"},
                    ("2013-04-01 5x5",),
                    metric="{better: lower}",
                    key_result="{measure: {maintain: {max: 5}}}",
                    project="{status_rule: viva}",
                ),
                Case(
                    "A budget of 25 of which 25 is spent",
                    "2013-04-05",
                    {"value": "25", "progress": "1", "status": "on_track"},
                    ("2013-04-01 5x5",),
                    metric="{better: lower}",
                    key_result="{measure: {limit: {to: 25}}}",
                ),
                Case(
                    "The last cent of a target",
                    "2013-04-05",
                    {"value": "0.3", "progress": "1", "status": "achieved"},
                    ("2013-04-01 0.1 0.1 0.1 0 0",),
                    key_result="{measure: {accumulate: {to: 0.3}}}",
                ),
            ),
        ),
        Table(
            title="A true zero",
            prose="Zero is a value, and not a gap.",
            cases=(
                Case(
                    "Five days without any (wbr-app makes zeros missing in summaries: wbr_utility.py)",
                    "2013-04-05",
                    {"value": "0", "progress": "0", "observed_share": "1", "status": "behind"},
                    ("2013-04-01 0x5",),
                    key_result="{measure: {accumulate: {to: 10}}}",
                ),
                Case(
                    "Zeros count in a mean",
                    "2013-04-05",
                    {"value": "4", "progress": "2/5"},
                    ("2013-04-01 0 10 0 10 0",),
                    "{rollup: mean}",
                    "{measure: {reach: {from: 0, to: 10}}, over: cycle}",
                ),
                Case(
                    "Points from a baseline of 0",
                    "2013-04-05",
                    {"baseline": "0", "target": "10", "progress": "1/2"},
                    ("2013-03-31 0", "2013-04-05 5"),
                    "{rollup: last, unit: percent}",
                    "{measure: {change: {by: +10 points}}}",
                ),
                Case(
                    "A share of 0 has no meaning, and is not Infinity",
                    "2013-04-05",
                    {**_UNKNOWN, "reason": "undefined_baseline"},
                    ("2013-03-31 0", "2013-04-05 5"),
                    "{rollup: last, unit: percent}",
                    "{measure: {change: {by: +10%}}}",
                ),
                Case(
                    "A quotient whose denominator is 0 is unobserved",
                    "2013-04-05",
                    _UNKNOWN,
                    ("a 2013-04-05 1", "b 2013-04-05 0"),
                    "{formula: a / b}",
                    "{measure: {reach: {from: 0, to: 1}}}",
                ),
            ),
            metrics="{a: {}, b: {}}",
        ),
        Table(
            title="What is not there",
            prose="Missing is neither zero, nor the start value, nor a failure, nor a success.",
            cases=(
                Case(
                    "No value at all (okr-tracker takes the start value: handleKeyResultProgress.js)",
                    "2013-04-05",
                    {**_UNKNOWN, "reason": "no_observation", "score": "unknown"},
                    key_result=_HALFWAY,
                ),
                Case(
                    "A null (puzzle's client scores NaN as 100 % where value and stretch goal match: common.ts)",
                    "2013-04-05",
                    {**_UNKNOWN, "reason": "no_observation"},
                    ("2013-04-05 null",),
                    "{rollup: last}",
                    _HALFWAY,
                ),
                Case(
                    "A mean of no weight is 0 / 0 (okr-tracker's roll-up with all weights 0: handleKeyResultProgress.js)",
                    "2013-04-05",
                    {**_UNKNOWN, "reason": "no_observation"},
                    ("2013-04-05 5@0",),
                    "{rollup: weighted_mean}",
                    _HALFWAY,
                ),
                Case(
                    "An old value is told with its age, not carried forward as today's (BurningOKR does: ProgressHelper.java)",
                    "2013-04-08",
                    {**_UNKNOWN, "reason": "stale", "last_good_value": "50", "last_good_age_hours": "168"},
                    ("2013-04-01 50",),
                    "{rollup: last}",
                    _HALFWAY,
                ),
                Case(
                    "A day that nobody measured is no bad day (Profit.co counts a missed check-in as failure: control KPI page)",
                    "2013-04-05",
                    {"value": "1", "progress": "1", "observed_share": "4/5", "status": "on_track"},
                    ("2013-04-01 5 5 _ 5 5",),
                    key_result="{measure: {maintain: {min: 5}}}",
                ),
                Case(
                    "A sum too large to be a number is unknown, not Infinity",
                    "2013-04-05",
                    _UNKNOWN,
                    ("2013-04-01 1e308x5",),
                    key_result="{measure: {accumulate: {to: 100}}}",
                ),
            ),
        ),
        Table(
            title="Negative and signed scales",
            prose="The sign cancels. Quotients such as current / target do not survive it (open-okr's KPI: METHOD.md).",
            metric="{rollup: last, unit: points}",
            cases=(
                Case(
                    "From −20 to −5, at −10",
                    "2013-04-05",
                    {"progress": "2/3", "status": "on_track"},
                    ("2013-04-05 -10",),
                    key_result="{measure: {reach: {from: -20, to: -5}}}",
                ),
                Case(
                    "Through zero: from −5 to 5, at 0",
                    "2013-04-05",
                    {"progress": "1/2", "status": "on_track"},
                    ("2013-04-05 0",),
                    key_result="{measure: {reach: {from: -5, to: 5}}}",
                ),
                Case(
                    "Down through zero: from 5 to −5, at 3",
                    "2013-04-05",
                    {"progress": "1/5", "status": "behind"},
                    ("2013-04-05 3",),
                    metric="{better: lower}",
                    key_result="{measure: {reach: {from: 5, to: -5}}}",
                ),
                Case(
                    "At least −3, at −3",
                    "2013-04-05",
                    {"value": "1", "progress": "1"},
                    ("2013-04-01 -3x5",),
                    key_result="{measure: {maintain: {min: -3}}}",
                ),
                Case(
                    "Ten per cent more than −5 means nothing; ten points do",
                    "2013-04-05",
                    {**_UNKNOWN, "reason": "undefined_baseline"},
                    ("2013-03-31 -5", "2013-04-05 0"),
                    key_result="{measure: {change: {by: +10%}}}",
                ),
            ),
        ),
        Table(
            title="Percent or points",
            prose="Of a conversion of 8 %. Only wbr-app says which it means (`metric_comparison_method`: docs/yaml/metrics.md).",
            metric="{rollup: last, unit: percent}",
            observed=("2013-03-31 8", "2013-04-05 8.4"),
            cases=(
                Case(
                    "+10 % is 8.8",
                    "2013-04-05",
                    {"target": "8.8", "progress": "1/2"},
                    key_result="{measure: {change: {by: +10%}}}",
                ),
                Case(
                    "+10 points are 18",
                    "2013-04-05",
                    {"target": "18", "progress": "1/25"},
                    key_result="{measure: {change: {by: +10 points}}}",
                ),
            ),
        ),
        Table(
            title="More than all, and less than nothing",
            prose="Progress tells how far; the score is bounded.",
            metric="{rollup: last}",
            key_result=_HALFWAY,
            cases=(
                Case(
                    "A quarter beyond (Quantive's roll-up keeps 125 %: help.quantive.com, 3849793)",
                    "2013-04-05",
                    {"progress": "5/4", "score": "1"},
                    ("2013-04-05 125",),
                ),
                Case(
                    "A quarter back (Perdoo averages it as 0 and shows it nowhere: support.perdoo.com, 4898961)",
                    "2013-04-05",
                    {"progress": "-1/4", "score": "0", "gap": "-3/4"},
                    ("2013-04-05 -25",),
                ),
            ),
        ),
        Table(
            title="Weeks and years that do not match",
            prose="Weeks start on Monday.",
            cases=(
                Case(
                    "The last week of December in a year from February (wbr-app asks for a month 13: src/wbr.py)",
                    "2014-01-05",
                    {"value": "5", "progress": "1", "value_period_end": "2014-01-06T00:00"},
                    ("2013-12-02 1x5",),
                    "{grain: week}",
                    "{measure: {accumulate: {to: 5}}, starts: 2013-12-02, ends: 2014-01-05}",
                    "{fiscal_year_starts: 02-01}",
                ),
                Case(
                    "A quarter from November to January in the same year",
                    "2014-01-31",
                    {"value": "5", "observed_periods": "1", "expected_periods": "1"},
                    ("2013-11-01 5",),
                    "{grain: quarter}",
                    "{measure: {accumulate: {to: 5}}, starts: 2013-11-01, ends: 2014-01-31}",
                    "{fiscal_year_starts: 02-01}",
                ),
                Case(
                    "Week 53 of 2015 reaches into January and is one week",
                    "2016-01-03",
                    {"value": "1", "observed_periods": "2", "value_period_end": "2016-01-04T00:00"},
                    ("2015-12-21 1 0x6 1 0x6",),
                    "",
                    "{measure: {cadence: {at_least: 1, per: week}}, starts: 2015-12-21, ends: 2016-01-10}",
                ),
                Case(
                    "A day of 23 hours is whole with 23",
                    "2013-03-10",
                    {"value": "1", "observed_periods": "23", "expected_periods": "23", "status": "achieved"},
                    ("2013-03-10 1x23",),
                    "{grain: hour, rollup: mean}",
                    "{measure: {maintain: {min: 1}}, starts: 2013-03-10, ends: 2013-03-10, min_coverage: 1}",
                    "{timezone: America/New_York}",
                ),
            ),
        ),
        Table(
            title="One key result under eight rules",
            prose="At 40 % where 50 % are due: 10 points below the plan, 0.8 of it. [All rules](status-rules.md) have a page.",
            metric="{rollup: last}",
            key_result=_HALFWAY,
            observed=("2013-04-05 40",),
            cases=(
                _ruled("pace", "at_risk", "Below 0.9 of the plan"),
                _ruled("viva", "at_risk", "Up to 25 points below, its Behind (track-okr-progress-status.md)"),
                _ruled("engagedly", "on_track", "Less than 16.5 points below (automatic-status-updates-for-goals)"),
                _ruled("upraise", "at_risk", "Below 0.95, its Lagging (amoeboids, 1566736458)"),
                _ruled("mooncamp", "at_risk", "Below 0.9, its Progressing (mooncamp.com/docs/goal-statuses)"),
                _ruled("leankit", "behind", "10 points below, its Behind (Planview LeanKit, OKR Health)"),
                _ruled("zokri", "on_track", "Less than a quarter behind, its Green (support.zokri.com, 360037834294)"),
                _ruled("google", "on_track", "On course for 0.8, green (rework.withgoogle.com, grade OKRs)"),
            ),
        ),
    ),
)
