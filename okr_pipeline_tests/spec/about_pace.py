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
            title="front_loaded and back_loaded",
            prose="""
With t the elapsed share of days, `back_loaded` expects t², `front_loaded` 1 − (1 − t)²: each is the other in a mirror.
""",
            key_result="{measure: {accumulate: {to: 100}}, min_coverage: 0}",
            observed=("2013-04-01 10x10",),
            cases=(
                Case(
                    "front_loaded, after 2 of 10 days",
                    "2013-04-02",
                    {"expected_progress": "9/25", "pace": "front_loaded"},
                    key_result="{pace: front_loaded}",
                ),
                Case(
                    "And with 2 left", "2013-04-08", {"expected_progress": "24/25"}, key_result="{pace: front_loaded}"
                ),
                Case(
                    "back_loaded, after 2 of 10 days",
                    "2013-04-02",
                    {"expected_progress": "1/25", "pace": "back_loaded"},
                    key_result="{pace: back_loaded}",
                ),
                Case("And with 2 left", "2013-04-08", {"expected_progress": "16/25"}, key_result="{pace: back_loaded}"),
                Case(
                    "Both meet at the end", "2013-04-10", {"expected_progress": "1"}, key_result="{pace: back_loaded}"
                ),
                Case(
                    "And stay there",
                    "2013-04-20",
                    {"expected_progress": "1", "expected_progress_now": "1"},
                    key_result="{pace: front_loaded}",
                ),
                Case(
                    "At noon t is half a day on",
                    "2013-04-02T12:00:00+00:00",
                    {"expected_progress": "1/100", "expected_progress_now": "9/400"},
                    key_result="{pace: back_loaded}",
                ),
                Case(
                    "A slow start is on track where it was planned",
                    "2013-04-05",
                    {"progress": "1/4", "expected_progress": "1/4", "status": "on_track"},
                    key_result="{pace: back_loaded, measure: {accumulate: {to: 200}}}",
                ),
                Case(
                    "And behind where it was not",
                    "2013-04-05",
                    {"expected_progress": "3/4", "pace_ratio": "1/3", "status": "behind"},
                    key_result="{pace: front_loaded, measure: {accumulate: {to: 200}}}",
                ),
                Case(
                    "In a day of 23 hours t goes by its own hours",
                    "2013-03-10T12:00:00-04:00",
                    {"expected_progress_now": "121/2116"},
                    project="{timezone: America/New_York}",
                    key_result="{pace: back_loaded, starts: 2013-03-10, ends: 2013-03-11}",
                ),
            ),
        ),
        Table(
            title="business_days",
            prose="""
The elapsed share of the span's business days in the project's zone; between them the plan stands still. Without holidays
they are Monday to Friday. `holidays` of the project names regions, whose weekends and worked Sundays count, too, and
dates. A span without any business day is paced linearly, and `pace` says so. Here it is two weeks, of which Monday 27
May 2013 is Memorial Day in the United States.
""",
            key_result="{measure: {accumulate: {to: 100}}, pace: business_days, min_coverage: 0, starts: 2013-05-20, ends: 2013-06-02}",
            observed=("2013-05-20 7x14",),
            cases=(
                Case(
                    "After a week of five of ten", "2013-05-24", {"expected_progress": "5/10", "pace": "business_days"}
                ),
                Case(
                    "The weekend adds nothing",
                    "2013-05-26",
                    {"expected_progress": "5/10", "expected_progress_now": "5/10"},
                ),
                Case("On the last Friday all is expected", "2013-05-31", {"expected_progress": "1"}),
                Case(
                    "At noon of a business day a half of it is over",
                    "2013-05-21T12:00:00+00:00",
                    {"expected_progress": "1/10", "expected_progress_now": "3/20"},
                ),
                Case(
                    "At noon of a Saturday nothing of it is",
                    "2013-05-25T12:00:00+00:00",
                    {"expected_progress_now": "5/10"},
                ),
                Case(
                    "With a holiday nine are left", "2013-05-24", {"expected_progress": "5/9"}, project="{holidays: US}"
                ),
                Case("Which adds nothing itself", "2013-05-27", {"expected_progress": "5/9"}, project="{holidays: US}"),
                Case(
                    "Whit Monday and Corpus Christi are kept in Bavaria",
                    "2013-05-21",
                    {"expected_progress": "1/8"},
                    project="{holidays: DE-BY}",
                ),
                Case(
                    "In Berlin Whit Monday alone",
                    "2013-05-21",
                    {"expected_progress": "1/9"},
                    project="{holidays: DE-BE}",
                ),
                Case(
                    "Of two regions a day off in one is a day off",
                    "2013-05-21",
                    {"expected_progress": "1/7"},
                    project="{holidays: [DE-BY, US]}",
                ),
                Case(
                    "Dates of one's own count beside a region's",
                    "2013-05-24",
                    {"expected_progress": "4/8"},
                    project="{holidays: [US, 2013-05-22]}",
                ),
                Case("Or alone", "2013-05-24", {"expected_progress": "4/9"}, project="{holidays: [2013-05-22]}"),
                Case(
                    "A date that falls on a weekend changes nothing",
                    "2013-05-24",
                    {"expected_progress": "5/10"},
                    project="{holidays: [2013-05-25]}",
                ),
                Case(
                    "Where the weekend is Friday and Saturday, Sunday is worked",
                    "2013-05-26",
                    {"expected_progress": "5/9"},
                    project="{holidays: KW}",
                    key_result="{ends: 2013-05-31}",
                ),
                Case(
                    "And a Sunday that is worked for a holiday is a business day",
                    "2024-02-04",
                    {"expected_progress": "3/3"},
                    project="{holidays: CN}",
                    key_result="{starts: 2024-02-01, ends: 2024-02-04}",
                    observed=("2024-02-01 7x4",),
                ),
                Case(
                    "A weekend has no business days",
                    "2013-05-25",
                    {"expected_progress": "1/2", "pace": "linear"},
                    key_result="{starts: 2013-05-25, ends: 2013-05-26}",
                ),
                Case(
                    "Days are those of the project, where a metric is in another zone",
                    "2013-05-24",
                    {"expected_progress": "107/240", "expected_progress_now": "5/10"},
                    project="{timezone: America/New_York}",
                    metric="{timezone: Asia/Tokyo}",
                ),
                Case(
                    "A business day of 23 hours goes by its own hours",
                    "2013-03-31T12:00:00+03:00",
                    {"expected_progress_now": "11/23"},
                    project="{timezone: Asia/Beirut, holidays: KW}",
                    key_result="{starts: 2013-03-31, ends: 2013-03-31}",
                    observed=("2013-03-31 7",),
                ),
            ),
        ),
        Table(
            title="seasonal: sums",
            prose="""
The share of the sum that the same days of earlier years had by then, the mean over the newest three that are all before
the start. The same days are the same dates, where 29 February is compared with the 28th; in a span of at most eight weeks
the same weekdays, a number of weeks before that is nearest to whole years; in a fiscal year of weeks the same week and
weekday. A year counts where `min_coverage` of its periods are observed and its sum is above 0; a period that is missing
then counts as an average one. Without any such year the plan is linear, and `pace` says so. Here it is the first ten
days of April, which begin on Monday 1 April 2013, and on Monday 2 April 2012.
""",
            metric="{freshness: 900d}",
            key_result="{measure: {accumulate: {to: 200}}, pace: seasonal}",
            observed=("2013-04-01 20x10",),
            cases=(
                Case(
                    "By the second day 60 of 100 had come",
                    "2013-04-02",
                    {"expected_progress": "3/5", "pace": "seasonal"},
                    ("2012-04-02 40 20 10 10 5 5 4 3 2 1",),
                ),
                Case(
                    "Half a day later, half of the third day's",
                    "2013-04-03T12:00:00+00:00",
                    {"expected_progress": "3/5", "expected_progress_now": "13/20"},
                    ("2012-04-02 40 20 10 10 5 5 4 3 2 1",),
                ),
                Case(
                    "At the end all", "2013-04-10", {"expected_progress": "1"}, ("2012-04-02 40 20 10 10 5 5 4 3 2 1",)
                ),
                Case(
                    "The level of the earlier year does not matter",
                    "2013-04-02",
                    {"expected_progress": "3/5"},
                    ("2012-04-02 4 2 1 1 0.5 0.5 0.4 0.3 0.2 0.1",),
                ),
                Case(
                    "Each of several years counts the same",
                    "2013-04-02",
                    {"expected_progress": "2/5"},
                    ("2012-04-02 40 20 10 10 5 5 4 3 2 1", "2011-04-04 200x10"),
                ),
                Case(
                    "A fourth is too old",
                    "2013-04-02",
                    {"expected_progress": "1/5", "pace": "seasonal"},
                    ("2012-04-02 1x10", "2011-04-04 1x10", "2010-04-05 1x10", "2009-04-06 9 9 1x8"),
                ),
                Case(
                    "Without history the plan is linear", "2013-04-02", {"expected_progress": "1/5", "pace": "linear"}
                ),
                Case(
                    "And so it is with too little of it",
                    "2013-04-02",
                    {"expected_progress": "1/5", "pace": "linear"},
                    ("2012-04-02 40 20 10 _ _ _ 4 3 2 1",),
                ),
                Case(
                    "A year of enough is told from one of too little",
                    "2013-04-02",
                    {"expected_progress": "3/5", "pace": "seasonal"},
                    ("2012-04-02 40 _ _ _ 5 5 4 3 2 1", "2011-04-04 40 20 10 10 5 5 4 3 2 1"),
                ),
                Case(
                    "One missing period counts as an average one",
                    "2013-04-02",
                    {"expected_progress": "4/10"},
                    ("2012-04-02 30 _ 10x6 0 0",),
                ),
                Case(
                    "A refused value is missing",
                    "2013-04-02",
                    {"expected_progress": "4/10"},
                    ("2012-04-02 30 ! 10x6 0 0",),
                ),
                Case(
                    "A year without anything has no season",
                    "2013-04-02",
                    {"expected_progress": "1/5", "pace": "linear"},
                    ("2012-04-02 0x10",),
                ),
                Case(
                    "What a source leaves out is 0 where the metric says so",
                    "2013-04-02",
                    {"expected_progress": "4/5", "pace": "seasonal"},
                    ("2012-03-01 1x32", "2012-04-02 40 _ _ 10"),
                    "{empty: zero}",
                ),
                Case(
                    "But not before it had brought anything",
                    "2013-04-02",
                    {"expected_progress": "1/5", "pace": "linear"},
                    ("2012-04-09 40 10 5",),
                    "{empty: zero}",
                ),
                Case(
                    "A longer span is compared by dates: in 2012, 1 April was a Sunday",
                    "2013-04-02",
                    {"expected_progress": "3/100", "pace": "seasonal"},
                    ("2012-04-01 1 2 97 0x88",),
                    key_result="{ends: 2013-06-30}",
                ),
                Case(
                    "29 February counts as the 28th does",
                    "2012-02-29",
                    {"expected_progress": "120/151"},
                    ("2011-01-01 1x58 31 1x31", "2012-01-01 1x91"),
                    key_result="{starts: 2012-01-01, ends: 2012-03-31}",
                ),
                Case(
                    "What came on an earlier 29 February is left out",
                    "2013-03-01",
                    {"expected_progress": "60/90"},
                    ("2012-01-01 1x59 1000 1x31", "2013-01-01 1x90"),
                    key_result="{starts: 2013-01-01, ends: 2013-03-31}",
                ),
                Case(
                    "A month's sum is spread evenly over its days",
                    "2013-04-30",
                    {"expected_progress": "1/2"},
                    ("2012-04-01 50 30 20", "2013-04-01 10x3"),
                    "{grain: month}",
                    "{ends: 2013-06-30}",
                ),
                Case(
                    "Eighteen months are compared with those that end before they start",
                    "2013-03-31",
                    {"expected_progress": "1", "pace": "seasonal"},
                    ("2010-07-01 1x6 2x3 0x9", "2012-07-01 1x18"),
                    "{grain: month, freshness: 900d}",
                    "{starts: 2012-07-01, ends: 2013-12-31, min_coverage: 0.4}",
                ),
            ),
        ),
        Table(
            title="seasonal: fiscal weeks",
            prose="""
In a fiscal year of weeks the same weekday of the same fiscal week; a week 53 that the earlier year had not is like the
week before it. The year that ended on 3 February 2024 had 53 weeks, its last quarter 14.
""",
            project="{fiscal_year: {pattern: 4-5-4, ends: saturday nearest the end of january}}",
            metric="{freshness: 900d, grain: week}",
            key_result="{measure: {accumulate: {to: 200}}, pace: seasonal}",
            cases=(
                Case(
                    "A quarter of 13 weeks after one of 13",
                    "2023-02-04",
                    {"expected_progress": "1", "pace": "seasonal"},
                    ("2021-10-31 1x12 8", "2022-10-30 1x13"),
                    key_result="{starts: 2022-10-30, ends: 2023-01-28}",
                ),
                Case(
                    "Before its last week",
                    "2023-01-21",
                    {"expected_progress": "12/20"},
                    ("2021-10-31 1x12 8", "2022-10-30 1x12"),
                    key_result="{starts: 2022-10-30, ends: 2023-01-28}",
                ),
                Case(
                    "After 13 weeks of 14 the last is expected once more",
                    "2024-01-27",
                    {"expected_progress": "20/28"},
                    ("2022-10-30 1x12 8", "2023-10-29 1x13"),
                    key_result="{starts: 2023-10-29, ends: 2024-02-03}",
                ),
                Case(
                    "After a quarter of 14 weeks week 53 is left out",
                    "2025-01-25",
                    {"expected_progress": "12/20"},
                    ("2023-10-29 1x12 8 100", "2024-11-03 1x12"),
                    key_result="{starts: 2024-11-03, ends: 2025-02-01}",
                ),
            ),
        ),
        Table(
            title="seasonal: levels",
            prose="""
Of `reach` and `change` the value is a level, as a stock or a ratio is. In an earlier year it stood on a straight line
between its values at the start and at the end of the same days, or strayed from it; the plan strays as far from the
present line, in the metric's unit, the mean over the years. So it may dip, and run ahead. Here it is ten days again;
a year ago the value rose from 100 to 150 in five days and stayed.
""",
            metric="{rollup: last, freshness: 900d, closes_after: 0h}",
            key_result="{measure: {reach: {from: 0, to: 100}}, pace: seasonal}",
            observed=("2013-04-01 20x10",),
            cases=(
                Case(
                    "On the second day it was 10 above its line",
                    "2013-04-02",
                    {"expected_progress": "3/10", "pace": "seasonal"},
                    ("2012-04-01 100 110 120 130 140 150x6",),
                ),
                Case(
                    "On the fifth 25",
                    "2013-04-05",
                    {"expected_progress": "3/4"},
                    ("2012-04-01 100 110 120 130 140 150x6",),
                ),
                Case(
                    "At the end the plan is 1",
                    "2013-04-10",
                    {"expected_progress": "1"},
                    ("2012-04-01 100 110 120 130 140 150x6",),
                ),
                Case(
                    "Of a longer way 10 is less",
                    "2013-04-02",
                    {"expected_progress": "1/4"},
                    ("2012-04-01 100 110 120 130 140 150x6",),
                    key_result="{measure: {reach: {from: 0, to: 200}}}",
                ),
                Case(
                    "On the way down 10 above is behind",
                    "2013-04-02",
                    {"expected_progress": "1/10"},
                    ("2012-04-01 100 110 120 130 140 150x6",),
                    "{better: lower}",
                    "{measure: {reach: {from: 100, to: 0}}}",
                ),
                Case(
                    "The plan may dip",
                    "2013-04-02",
                    {"expected_progress": "-1/20", "pace_ratio": "–"},
                    ("2012-04-01 100 110 120 130 140 150x6",),
                    "{better: lower}",
                    "{measure: {reach: {from: 40, to: 0}}}",
                ),
                Case(
                    "A straight line has no season",
                    "2013-04-02",
                    {"expected_progress": "1/5", "pace": "seasonal"},
                    ("2012-04-01 100 110 120 130 140 150 160 170 180 190 200",),
                ),
                Case(
                    "Years are averaged",
                    "2013-04-02",
                    {"expected_progress": "1/4"},
                    ("2012-04-01 100 110 120 130 140 150x6", "2011-04-03 5x11"),
                ),
                Case(
                    "A gap is bridged",
                    "2013-04-02",
                    {"expected_progress": "3/10"},
                    ("2012-04-01 100 110 120 _ 140 150x6",),
                    "{freshness: 24h}",
                ),
                Case(
                    "But not at the start",
                    "2013-04-02",
                    {"expected_progress": "1/5", "pace": "linear"},
                    ("2012-04-02 110 120 130 140 150x6",),
                ),
                Case(
                    "From where it stood",
                    "2013-04-02",
                    {"baseline": "50", "target": "100", "expected_progress": "2/5"},
                    ("2012-04-01 100 110 120 130 140 150x6", "2013-03-31 50"),
                    key_result="{measure: {change: {by: +100%}}}",
                ),
                Case(
                    "A mean over a trailing stretch has a season of such means",
                    "2013-04-02",
                    {"expected_progress": "1/2", "pace": "seasonal"},
                    ("2012-03-31 100 100 100 200x9",),
                    "{rollup: mean}",
                    "{over: trailing 2 days}",
                ),
                Case(
                    "Where the way leads back the plan is linear",
                    "2013-04-02",
                    {"expected_progress": "1/5", "pace": "linear"},
                    ("2012-04-01 100 110 120 130 140 150x6", "2013-03-31 150"),
                    key_result="{measure: {reach: {from: at_start, to: 100}}}",
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
