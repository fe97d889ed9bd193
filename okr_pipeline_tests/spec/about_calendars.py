"""The manual's chapter on calendars: what is compared with what, and every plan under every calendar."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

SHAPES_ON_ODD_DAYS = """
A plan counts days of the project, so that a day of 23 or 25 hours is one like any other, and within it goes by its own
hours. Here three days in New York are read by the hour, Saturday to Monday, and asked for at noon of the Sunday
"""

SECTION = Section(
    title="Calendars",
    prose="""
Earlier stretches are compared like with like: whole months with whole months, whole weeks with the same weekdays, other
days with the same dates. An earlier sum needs `min_coverage` of its periods, else the target is unknown
(`undefined_baseline`), as it is where the sum is not above 0.
""",
    tables=(
        Table(
            title="previous_cycle",
            prose="As many months just before, where the span is of whole months or quarters of the metric's calendar; else as many days.",
            metric="{freshness: 900d}",
            key_result="{measure: {accumulate: {to: +0% of previous_cycle}}}",
            cases=(
                Case("Ten days", "2013-04-10", {"value": "20", "target": "10"}, ("2013-03-20 100 100 1x10 2x10",)),
                Case(
                    "A day by the hour",
                    "2013-04-02",
                    {"value": "48", "target": "24"},
                    ("2013-04-01 1x24 2x24",),
                    "{grain: hour}",
                    "{starts: 2013-04-02, ends: 2013-04-02}",
                ),
                Case(
                    "The day after one of 23 hours",
                    "2013-03-11",
                    {"value": "24", "target": "23", "progress": "24/23"},
                    ("2013-03-10 1x47",),
                    "{grain: hour}",
                    "{starts: 2013-03-11, ends: 2013-03-11}",
                    "{timezone: America/New_York}",
                ),
                Case(
                    "The day after one of 25 hours",
                    "2013-11-04",
                    {"value": "24", "target": "25"},
                    ("2013-11-03 1x49",),
                    "{grain: hour}",
                    "{starts: 2013-11-04, ends: 2013-11-04}",
                    "{timezone: America/New_York}",
                ),
                Case(
                    "A fortnight of weeks",
                    "2013-05-26",
                    {"value": "12", "target": "10"},
                    ("2013-04-29 5 5 6 6",),
                    "{grain: week}",
                    "{starts: 2013-05-13, ends: 2013-05-26}",
                ),
                Case(
                    "February after January: 28 days after 31",
                    "2013-02-28",
                    {"value": "28", "target": "31"},
                    ("2013-01-01 1x59",),
                    key_result="{starts: 2013-02-01, ends: 2013-02-28}",
                ),
                Case(
                    "A quarter of 90 days by the month: three months after three",
                    "2013-03-31",
                    {"value": "24", "target": "7"},
                    ("2012-10-01 1 2 4 8 8 8",),
                    "{grain: month}",
                    "{starts: 2013-01-01, ends: 2013-03-31}",
                ),
                Case(
                    "And by the day: after one of 92",
                    "2013-03-31",
                    {"value": "90", "target": "92"},
                    ("2012-10-01 1x182",),
                    key_result="{starts: 2013-01-01, ends: 2013-03-31}",
                ),
                Case(
                    "A year by the quarter after a leap year",
                    "2013-12-31",
                    {"value": "20", "target": "10"},
                    ("2012-01-01 1 2 3 4 5x4",),
                    "{grain: quarter}",
                    "{starts: 2013-01-01, ends: 2013-12-31}",
                ),
                Case(
                    "Eighteen months",
                    "2013-12-31",
                    {"value": "36", "target": "18"},
                    ("2011-01-01 1x18 2x18",),
                    "{grain: month}",
                    "{starts: 2012-07-01, ends: 2013-12-31}",
                ),
                Case(
                    "A quarter of a year that starts on 6 April",
                    "2013-10-05",
                    {"value": "4", "target": "2"},
                    ("2013-01-06 1 2 4",),
                    "{grain: quarter}",
                    "{starts: 2013-07-06, ends: 2013-10-05}",
                    "{fiscal_year_starts: 04-06}",
                ),
                Case(
                    "A fiscal quarter of 13 weeks after one of 14",
                    "2024-05-04",
                    {"value": "13", "target": "14"},
                    ("2023-10-29 1x27",),
                    "{grain: week}",
                    "{starts: 2024-02-04, ends: 2024-05-04}",
                    "{fiscal_year: {pattern: 4-5-4, ends: saturday nearest the end of january}}",
                ),
                Case(
                    "A metric of the civil year has civil months before",
                    "2024-03-31",
                    {"value": "31", "target": "29"},
                    ("2024-02-01 1x60",),
                    "{year: civil}",
                    "{starts: 2024-03-01, ends: 2024-03-31}",
                    "{fiscal_year: {pattern: 4-5-4, ends: saturday nearest the end of january}}",
                ),
                Case(
                    "In another zone as many of its days are whole",
                    "2013-04-10",
                    {"value": "18", "target": "9", "straddling_periods": "2"},
                    ("2013-03-15 1x17 2x20",),
                    "{timezone: Asia/Tokyo}",
                    project="{timezone: America/New_York}",
                ),
                Case(
                    "More than before",
                    "2013-04-10",
                    {"target": "12", "progress": "5/3"},
                    ("2013-03-22 1x10 2x10",),
                    key_result="{measure: {accumulate: {to: +20% of previous_cycle}}}",
                ),
                Case(
                    "Less than before",
                    "2013-04-10",
                    {"target": "8"},
                    ("2013-03-22 1x10 2x10",),
                    key_result="{measure: {accumulate: {to: -20% of previous_cycle}}}",
                ),
                Case(
                    "With eight of ten days there is a target",
                    "2013-04-10",
                    {"target": "8", "reason": "–"},
                    ("2013-03-22 1x8 _ _ 2x10",),
                ),
                Case(
                    "With seven there is none",
                    "2013-04-10",
                    {"target": "unknown", "progress": "unknown", "reason": "undefined_baseline", "status": "unknown"},
                    ("2013-03-22 1x7 _ _ _ 2x10",),
                ),
                Case(
                    "Nothing before",
                    "2013-04-10",
                    {"target": "unknown", "reason": "undefined_baseline"},
                    ("2013-04-01 2x10",),
                ),
                Case(
                    "A sum of 0 before",
                    "2013-04-10",
                    {"target": "unknown", "reason": "undefined_baseline"},
                    ("2013-03-22 0x10 2x10",),
                ),
                Case(
                    "A sum below 0 before",
                    "2013-04-10",
                    {"target": "unknown", "reason": "undefined_baseline"},
                    ("2013-03-22 -1x10 2x10",),
                ),
                Case("A refused day before is missing", "2013-04-10", {"target": "9"}, ("2013-03-22 1x9 ! 2x10",)),
                Case(
                    "What the source leaves out is 0 where the metric says so",
                    "2013-04-10",
                    {"target": "3"},
                    ("2013-03-22 1 1 1", "2013-04-01 2x10"),
                    "{empty: zero}",
                ),
                Case(
                    "A target once fixed stays",
                    "2013-04-10",
                    {"target": "50", "progress": "2/5"},
                    ("2013-03-22 1x10 2x10",),
                    baseline=50,
                ),
            ),
        ),
        Table(
            title="year_ago",
            prose="""
Whole months are compared with the same months, whole weeks and any stretch of a metric of weeks with the same weekdays 52
weeks before, other days with the same dates.
""",
            metric="{freshness: 900d}",
            key_result="{measure: {accumulate: {to: +0% of year_ago}}}",
            cases=(
                Case(
                    "Ten days: the same dates",
                    "2013-04-10",
                    {"value": "20", "target": "10"},
                    ("2012-03-31 100 1x10 100", "2013-04-01 2x10"),
                ),
                Case(
                    "A week: the same weekdays, here from Monday 2 April",
                    "2013-04-07",
                    {"value": "14", "target": "7"},
                    ("2012-04-01 100 1x7 100", "2013-04-01 2x7"),
                    key_result="{ends: 2013-04-07}",
                ),
                Case(
                    "A fortnight by the hour, with clocks that change in both",
                    "2013-03-17",
                    {"value": "670", "target": "335", "expected_periods": "335"},
                    ("2012-03-05 1x335", "2013-03-04 2x335"),
                    "{grain: hour}",
                    "{starts: 2013-03-04, ends: 2013-03-17}",
                    "{timezone: America/New_York}",
                ),
                Case(
                    "29 February: 28 February",
                    "2012-02-29",
                    {"value": "2", "target": "5"},
                    ("2011-02-27 3 5 7", "2012-02-29 2"),
                    key_result="{starts: 2012-02-29, ends: 2012-02-29}",
                ),
                Case(
                    "28 February after a leap year: that day alone",
                    "2013-02-27",
                    {"value": "2", "target": "5"},
                    ("2012-02-27 5 7 9", "2013-02-27 2"),
                    key_result="{starts: 2013-02-27, ends: 2013-02-27}",
                ),
                Case(
                    "A quarter by the month",
                    "2013-06-30",
                    {"value": "14", "target": "7"},
                    ("2012-04-01 1 2 4", "2013-04-01 2 4 8"),
                    "{grain: month}",
                    "{ends: 2013-06-30}",
                ),
                Case(
                    "A quarter by the week: 13 whole weeks after 13",
                    "2013-06-30",
                    {"value": "26", "target": "13"},
                    ("2012-03-26 100 1x13 100", "2013-04-01 2x13"),
                    "{grain: week}",
                    "{ends: 2013-06-30}",
                ),
                Case(
                    "A year after a leap year",
                    "2013-12-31",
                    {"value": "365", "target": "366"},
                    ("2012-01-01 1x731",),
                    key_result="{starts: 2013-01-01, ends: 2013-12-31}",
                ),
                Case(
                    "A year by the quarter, from February",
                    "2014-01-31",
                    {"value": "8", "target": "4"},
                    ("2012-02-01 1x4 2x4",),
                    "{grain: quarter}",
                    "{starts: 2013-02-01, ends: 2014-01-31}",
                    "{fiscal_year_starts: 02-01}",
                ),
                Case(
                    "A fiscal year of 52 weeks after one of 53",
                    "2025-02-01",
                    {"value": "52", "target": "53"},
                    ("2023-01-29 1x105",),
                    "{grain: week}",
                    "{starts: 2024-02-04, ends: 2025-02-01}",
                    "{fiscal_year: {pattern: 4-5-4, ends: saturday nearest the end of january}}",
                ),
                Case(
                    "One of 53 after one of 52",
                    "2024-02-03",
                    {"value": "53", "target": "52"},
                    ("2022-01-30 1x105",),
                    "{grain: week}",
                    "{starts: 2023-01-29, ends: 2024-02-03}",
                    "{fiscal_year: {pattern: 4-5-4, ends: saturday nearest the end of january}}",
                ),
                Case(
                    "Too little of it",
                    "2013-04-10",
                    {"target": "unknown", "reason": "undefined_baseline"},
                    ("2012-04-01 1x7", "2013-04-01 2x10"),
                ),
            ),
        ),
        Table(
            title="Every pace on a day of 25 hours",
            prose=SHAPES_ON_ODD_DAYS
            + "3 November 2013, when 13 of its 25 hours are over. A year ago the clocks changed on that Sunday, too.",
            project="{timezone: America/New_York}",
            metric="{grain: hour, freshness: 900d}",
            key_result="{measure: {accumulate: {to: 100}}, starts: 2013-11-02, ends: 2013-11-04}",
            observed=("2012-11-03 1x24 1x25 2x24", "2013-11-02 1x73"),
            cases=(
                Case("linear", "2013-11-03T12:00-05:00", {"value": "37", "expected_progress": "38/75"}),
                Case(
                    "front_loaded",
                    "2013-11-03T12:00-05:00",
                    {"expected_progress": "4256/5625"},
                    key_result="{pace: front_loaded}",
                ),
                Case(
                    "back_loaded",
                    "2013-11-03T12:00-05:00",
                    {"expected_progress": "1444/5625"},
                    key_result="{pace: back_loaded}",
                ),
                Case(
                    "business_days: Monday alone is one",
                    "2013-11-03T12:00-05:00",
                    {"expected_progress": "0", "pace_ratio": "–"},
                    key_result="{pace: business_days}",
                ),
                Case(
                    "checkpoints",
                    "2013-11-03T12:00-05:00",
                    {"expected_progress": "51/125"},
                    key_result="{pace: {checkpoints: [{on: 2013-11-02, value: 20}]}}",
                ),
                Case(
                    "seasonal: of 97 that came, 24 and 13",
                    "2013-11-03T12:00-05:00",
                    {"expected_progress": "37/97", "pace": "seasonal"},
                    key_result="{pace: seasonal}",
                ),
            ),
        ),
        Table(
            title="Every pace on a day of 23 hours",
            prose=SHAPES_ON_ODD_DAYS + "10 March 2013, when 11 of its 23 hours are over.",
            project="{timezone: America/New_York}",
            metric="{grain: hour, freshness: 900d}",
            key_result="{measure: {accumulate: {to: 100}}, starts: 2013-03-09, ends: 2013-03-11}",
            observed=("2012-03-10 1x24 1x23 2x24", "2013-03-09 1x71"),
            cases=(
                Case("linear", "2013-03-10T12:00-04:00", {"value": "35", "expected_progress": "34/69"}),
                Case(
                    "front_loaded",
                    "2013-03-10T12:00-04:00",
                    {"expected_progress": "3536/4761"},
                    key_result="{pace: front_loaded}",
                ),
                Case(
                    "back_loaded",
                    "2013-03-10T12:00-04:00",
                    {"expected_progress": "1156/4761"},
                    key_result="{pace: back_loaded}",
                ),
                Case(
                    "business_days",
                    "2013-03-10T12:00-04:00",
                    {"expected_progress": "0"},
                    key_result="{pace: business_days}",
                ),
                Case(
                    "checkpoints",
                    "2013-03-10T12:00-04:00",
                    {"expected_progress": "9/23"},
                    key_result="{pace: {checkpoints: [{on: 2013-03-09, value: 20}]}}",
                ),
                Case(
                    "seasonal: of 95 that came, 24 and 11",
                    "2013-03-10T12:00-04:00",
                    {"expected_progress": "7/19", "pace": "seasonal"},
                    key_result="{pace: seasonal}",
                ),
            ),
        ),
        Table(
            title="Every pace for a metric of another zone",
            prose="""
The project lives in New York, the metric in Tokyo: its newest day has ended at 11 a.m. of 5 April in New York, where 4 and
11/24 of ten days are over. Its days that lie across the ends of the span are left out.
""",
            project="{timezone: America/New_York}",
            metric="{timezone: Asia/Tokyo, freshness: 900d}",
            key_result="{measure: {accumulate: {to: 100}}}",
            observed=("2012-04-01 1x14", "2013-04-01 10x12"),
            cases=(
                Case(
                    "linear",
                    "2013-04-05",
                    {"value": "40", "expected_progress": "107/240", "expected_progress_now": "1/2"},
                ),
                Case(
                    "front_loaded",
                    "2013-04-05",
                    {"expected_progress": "39911/57600"},
                    key_result="{pace: front_loaded}",
                ),
                Case(
                    "back_loaded", "2013-04-05", {"expected_progress": "11449/57600"}, key_result="{pace: back_loaded}"
                ),
                Case(
                    "business_days: eight",
                    "2013-04-05",
                    {"expected_progress": "107/192"},
                    key_result="{pace: business_days}",
                ),
                Case(
                    "checkpoints",
                    "2013-04-05",
                    {"expected_progress": "7/10"},
                    key_result="{pace: {checkpoints: [{on: 2013-04-03, value: 62.5}, {on: 2013-04-05, value: 72.78571428571428571}]}}",
                ),
                Case(
                    "seasonal: an even year is a straight line",
                    "2013-04-05",
                    {"expected_progress": "107/240", "pace": "seasonal"},
                    key_result="{pace: seasonal}",
                ),
            ),
        ),
        Table(
            title="Cycles of any length, open at once",
            prose="One metric, ten a day since July 2012, and seven key results that read it on Sunday 19 May 2013.",
            metric="{freshness: 90d}",
            cycle="{id: C, starts: 2012-07-01, ends: 2013-12-31}",
            objectives="""
                o:
                  key_results:
                    day: {measure: {accumulate: {to: 20}}, starts: 2013-05-19, ends: 2013-05-19}
                    week: {measure: {accumulate: {to: 140}}, starts: 2013-05-13, ends: 2013-05-19}
                    fortnight: {measure: {accumulate: {to: 140}}, starts: 2013-05-13, ends: 2013-05-26}
                    month: {measure: {accumulate: {to: 310}}, starts: 2013-05-01, ends: 2013-05-31}
                    quarter: {measure: {accumulate: {to: 910}}, starts: 2013-04-01, ends: 2013-06-30}
                    year: {measure: {accumulate: {to: 3650}}, starts: 2013-01-01, ends: 2013-12-31}
                    long: {measure: {accumulate: {to: 5490}}}
            """,
            observed=("2012-07-01 10x323",),
            cases=(
                Case(
                    "A day",
                    "2013-05-19",
                    {"value": "10", "progress": "1/2", "expected_progress": "1", "status": "missed"},
                    of="C/day",
                ),
                Case(
                    "A week",
                    "2013-05-19",
                    {"value": "70", "progress": "1/2", "expected_progress": "1", "status": "missed"},
                    of="C/week",
                ),
                Case(
                    "Two weeks",
                    "2013-05-19",
                    {"value": "70", "progress": "1/2", "expected_progress": "1/2", "status": "on_track"},
                    of="C/fortnight",
                ),
                Case(
                    "A month",
                    "2013-05-19",
                    {"value": "190", "progress": "19/31", "expected_progress": "19/31"},
                    of="C/month",
                ),
                Case(
                    "A quarter",
                    "2013-05-19",
                    {"value": "490", "progress": "49/91", "expected_progress": "49/91"},
                    of="C/quarter",
                ),
                Case(
                    "A year",
                    "2013-05-19",
                    {"value": "1390", "progress": "139/365", "expected_progress": "139/365"},
                    of="C/year",
                ),
                Case(
                    "Eighteen months",
                    "2013-05-19",
                    {"value": "3230", "progress": "323/549", "expected_progress": "323/549"},
                    of="C/long",
                ),
            ),
        ),
        Table(
            title="Grains in years of every kind",
            prose="Fiscal quarters from any day, weeks over a week 53, and months of 4, 5 and 6 weeks.",
            metric="{freshness: 900d}",
            key_result="{measure: {accumulate: {to: 40}}}",
            cases=(
                Case(
                    "Quarters of a year from 6 April",
                    "2013-10-05",
                    {"value": "3", "expected_periods": "2", "expected_progress": "183/365", "straddling_periods": "0"},
                    ("2013-04-06 1 2 4 8",),
                    "{grain: quarter}",
                    "{starts: 2013-04-06, ends: 2014-04-05}",
                    "{fiscal_year_starts: 04-06}",
                ),
                Case(
                    "Civil quarters lie across its ends",
                    "2013-09-30",
                    {"value": "2", "expected_periods": "1", "straddling_periods": "1", "expected_progress": "178/365"},
                    ("2013-04-01 1 2 4 8",),
                    "{grain: quarter}",
                    "{starts: 2013-04-06, ends: 2014-04-05}",
                ),
                Case(
                    "Weeks of eighteen months, over week 53 of 2020",
                    "2021-01-03",
                    {
                        "value": "26",
                        "expected_periods": "26",
                        "expected_progress": "187/549",
                        "straddling_periods": "1",
                    },
                    ("2020-06-29 100 1x26",),
                    "{grain: week}",
                    "{starts: 2020-07-01, ends: 2021-12-31}",
                ),
                Case(
                    "Week 53 in the third month: of 6 weeks",
                    "2022-12-31",
                    {"value": "7", "expected_periods": "3", "expected_progress": "1", "straddling_periods": "0"},
                    ("2022-09-25 1 2 4",),
                    "{grain: month}",
                    "{starts: 2022-09-25, ends: 2022-12-31}",
                    "{fiscal_year: {pattern: 4-4-5, ends: last saturday of september, week_53: 3}}",
                ),
                Case(
                    "Months of 5, 4 and 4 weeks",
                    "2021-02-27",
                    {"value": "3", "expected_periods": "2", "expected_progress": "63/91"},
                    ("2020-12-27 1 2 4",),
                    "{grain: month}",
                    "{starts: 2020-12-27, ends: 2021-03-27}",
                    "{fiscal_year: {pattern: 5-4-4, ends: last saturday of december}}",
                ),
                Case(
                    "Days of business in a fiscal quarter with week 53",
                    "2024-01-27",
                    {"expected_progress": "65/70", "pace": "business_days"},
                    ("2023-10-29 1x91",),
                    key_result="{starts: 2023-10-29, ends: 2024-02-03, pace: business_days}",
                    project="{fiscal_year: {pattern: 4-5-4, ends: saturday nearest the end of january}}",
                ),
                Case(
                    "A cadence by the fiscal month",
                    "2021-02-27",
                    {"value": "1/2", "observed_periods": "2"},
                    ("2020-12-27 1x35 2x28",),
                    key_result="{measure: {cadence: {at_least: 40, per: month}}, starts: 2020-12-27, ends: 2021-03-27}",
                    project="{fiscal_year: {pattern: 5-4-4, ends: last saturday of december}}",
                ),
                Case(
                    "An hourly level over the night that clocks change, trailing a day",
                    "2013-11-03",
                    {"value": "2", "expected_periods": "25", "expected_progress": "2/3"},
                    ("2013-11-02 1x24 2x25",),
                    "{grain: hour, rollup: mean}",
                    "{measure: {reach: {from: 0, to: 4}}, over: trailing 1 days, starts: 2013-11-02, ends: 2013-11-04}",
                    "{timezone: America/New_York}",
                ),
            ),
        ),
    ),
)
