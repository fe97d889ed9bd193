"""The manual's chapter on time: instants, days, grains, calendars, periods that are not closed yet."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

SECTION = Section(
    title="Time",
    prose="""
Every score speaks about an instant, its *as of*. A date means the end of that day in the project's time zone. Values
belong to *periods*: half-open stretches of an hour, a day, a week, a month or a quarter in the metric's time zone. Only
periods that have ended by the instant count, and only those that lie wholly inside the key result's span.
""",
    tables=(
        Table(
            title="Dates and instants",
            prose="""
The project lives in New York. The key result runs from 1 to 10 April and adds up 10 every day. Its plan is read at the
end of the newest period in the value (`expected_progress`), and at the instant itself (`expected_progress_now`).
""",
            project="{timezone: America/New_York}",
            key_result="{measure: {accumulate: {to: 100}}}",
            observed=("2013-04-01 10x10",),
            cases=(
                Case(
                    "A date means the end of that day",
                    "2013-04-05",
                    {
                        "value": "50",
                        "progress": "1/2",
                        "expected_progress": "5/10",
                        "value_period_end": "2013-04-06T04:00+00:00",
                    },
                ),
                Case(
                    "At noon the running day does not count yet",
                    "2013-04-05T12:00:00-04:00",
                    {
                        "value": "40",
                        "progress": "2/5",
                        "expected_progress": "4/10",
                        "expected_progress_now": "9/20",
                    },
                ),
                Case(
                    "A period that ends at the instant has ended",
                    "2013-04-06T00:00:00-04:00",
                    {"value": "50", "progress": "1/2", "expected_progress": "5/10", "expected_progress_now": "5/10"},
                ),
                Case(
                    "A microsecond before, it has not",
                    "2013-04-05T23:59:59.999999-04:00",
                    {"value": "40", "progress": "2/5", "expected_progress": "4/10"},
                ),
                Case(
                    "What lies after the instant is not looked at, even if it is known",
                    "2013-04-01",
                    {"value": "10", "progress": "1/10", "expected_progress": "1/10"},
                ),
            ),
        ),
        Table(
            title="Days when the clocks change",
            prose="""
In New York 10 March 2013 has 23 hours and 3 November has 25. A plan counts local days, so every midnight is a whole
number of them, and within such a day its own hours.
""",
            project="{timezone: America/New_York}",
            metric="{grain: hour, freshness: 90d}",
            key_result="{measure: {accumulate: {to: 100}}, min_coverage: 0, starts: 2013-03-01, ends: 2013-03-31}",
            cases=(
                Case(
                    "The day of 23 hours is over after one of 31 days more",
                    "2013-03-10",
                    {"value": "23", "expected_progress": "10/31", "value_period_end": "2013-03-11T04:00+00:00"},
                    observed=("2013-03-10 1x23",),
                ),
                Case(
                    "At its noon 11 of its 23 hours are over",
                    "2013-03-10T12:00:00-04:00",
                    {"value": "11", "expected_progress": "218/713"},
                    observed=("2013-03-10 1x23",),
                ),
                Case(
                    "A key result of that one day expects 23 hours",
                    "2013-03-10",
                    {"value": "23", "observed_periods": "23", "expected_periods": "23"},
                    key_result="{starts: 2013-03-10, ends: 2013-03-10}",
                    observed=("2013-03-10 1x23",),
                ),
                Case(
                    "One of 3 November expects 25",
                    "2013-11-03",
                    {"value": "25", "observed_periods": "25", "expected_periods": "25"},
                    key_result="{starts: 2013-11-03, ends: 2013-11-03}",
                    observed=("2013-11-03 1x25",),
                ),
                Case(
                    "Trailing 24 hours are elapsed time: one hour of the day before, and 23",
                    "2013-03-10",
                    {"value": "47", "expected_periods": "24"},
                    key_result="{measure: {reach: {from: 0, to: 94}}, over: trailing 24 hours}",
                    observed=("2013-03-09 1x24 2x23",),
                ),
                Case(
                    "Trailing 1 day is that civil day",
                    "2013-03-10",
                    {"value": "46", "expected_periods": "23"},
                    key_result="{measure: {reach: {from: 0, to: 92}}, over: trailing 1 days}",
                    observed=("2013-03-09 1x24 2x23",),
                ),
            ),
        ),
        Table(
            title="Weeks, months, quarters and years",
            prose="""
A period that lies across the start or the end of the span belongs to neither side, so it is left out and counted as
straddling. Weeks start on the project's day, quarters with its fiscal year.
""",
            metric="{grain: week}",
            key_result="{measure: {accumulate: {to: 40}}}",
            cases=(
                Case(
                    "A week across the start is left out",
                    "2013-04-21",
                    {"value": "30", "progress": "3/4", "expected_progress": "19/21", "straddling_periods": "1"},
                    key_result="{starts: 2013-04-03, ends: 2013-04-23}",
                    observed=("2013-04-01 100 10 20 100",),
                ),
                Case(
                    "And so is one across the end",
                    "2013-04-28",
                    {"value": "30", "progress": "3/4", "expected_progress": "19/21", "straddling_periods": "2"},
                    key_result="{starts: 2013-04-03, ends: 2013-04-23}",
                    observed=("2013-04-01 100 10 20 100",),
                ),
                Case(
                    "A span of whole weeks has none",
                    "2013-04-14",
                    {"value": "30", "progress": "3/4", "expected_progress": "14/14", "straddling_periods": "0"},
                    key_result="{starts: 2013-04-01, ends: 2013-04-14}",
                    observed=("2013-04-01 10 20",),
                ),
                Case(
                    "Weeks may start on Sunday",
                    "2013-04-13",
                    {"value": "10", "expected_progress": "13/20", "straddling_periods": "1"},
                    project="{week_starts: sunday}",
                    key_result="{starts: 2013-04-01, ends: 2013-04-20}",
                    observed=("2013-03-31 5 10",),
                ),
                Case(
                    "Week 53 of 2009 is a week like any other",
                    "2010-01-10",
                    {"value": "15", "expected_periods": "2", "straddling_periods": "0"},
                    key_result="{starts: 2009-12-28, ends: 2010-01-10}",
                    observed=("2009-12-28 7 8",),
                ),
                Case(
                    "A month across the start is left out",
                    "2013-06-30",
                    {"value": "6", "expected_progress": "77/91", "straddling_periods": "1"},
                    metric="{grain: month}",
                    key_result="{starts: 2013-04-15, ends: 2013-07-14}",
                    observed=("2013-04-01 1 2 4",),
                ),
                Case(
                    "Quarters follow the fiscal year",
                    "2013-07-31",
                    {"value": "8", "expected_progress": "181/365", "expected_periods": "2"},
                    metric="{grain: quarter}",
                    project="{fiscal_year_starts: 02-01}",
                    key_result="{starts: 2013-02-01, ends: 2014-01-31}",
                    observed=("2013-02-01 3 5",),
                ),
                Case(
                    "A week in December of a fiscal year that ends in June",
                    "2013-12-29",
                    {"value": "9", "expected_progress": "175/365", "expected_periods": "25"},
                    project="{fiscal_year_starts: 07-01}",
                    key_result="{starts: 2013-07-01, ends: 2014-06-30, min_coverage: 0}",
                    observed=("2013-12-16 9",),
                ),
                Case(
                    "A metric in Tokyo has days that lie across the project's midnights",
                    "2013-04-05",
                    {"value": "40", "expected_progress": "37/80", "straddling_periods": "1"},
                    metric="{grain: day, timezone: Asia/Tokyo}",
                    key_result="{starts: 2013-04-01, ends: 2013-04-10}",
                    observed=("2013-04-01 10x10",),
                ),
            ),
        ),
        Table(
            title="Clocks that skip or repeat",
            prose="""
A day starts at the first instant of its date, wherever clocks stand then, and a date that a zone skipped is no day. Ages
are elapsed time.
""",
            project="{timezone: America/Santiago}",
            metric="{freshness: 90d}",
            key_result="{measure: {accumulate: {to: 100}}}",
            cases=(
                Case(
                    "Where midnight is skipped, the day starts at 01:00",
                    "2024-09-07",
                    {"value": "20", "expected_progress": "2/10", "value_period_end": "2024-09-08T04:00+00:00"},
                    key_result="{starts: 2024-09-06, ends: 2024-09-15}",
                    observed=("2024-09-06 10x5",),
                ),
                Case(
                    "At its noon 11 of its 23 hours are over",
                    "2024-09-08T12:00-03:00",
                    {"value": "20", "expected_progress": "2/10", "expected_progress_now": "57/230"},
                    key_result="{starts: 2024-09-06, ends: 2024-09-15}",
                    observed=("2024-09-06 10x5",),
                ),
                Case(
                    "Trailing days up to there are as many as ever",
                    "2024-09-07",
                    {"value": "70", "expected_periods": "7", "straddling_periods": "0"},
                    key_result="{measure: {reach: {from: 0, to: 100}}, over: trailing 7 days, starts: 2024-08-01, ends: 2024-09-30}",
                    observed=("2024-08-01 10x45",),
                ),
                Case(
                    "Where midnight happens twice, the day starts with the first",
                    "2024-11-03",
                    {"value": "20", "expected_progress": "2/4", "value_period_end": "2024-11-04T05:00+00:00"},
                    project="{timezone: America/Havana}",
                    key_result="{starts: 2024-11-02, ends: 2024-11-05}",
                    observed=("2024-11-02 10x4",),
                ),
                Case(
                    "A skipped date is neither expected nor planned for",
                    "2011-12-31",
                    {"value": "30", "expected_periods": "3", "expected_progress": "3/4"},
                    project="{timezone: Pacific/Apia}",
                    key_result="{starts: 2011-12-28, ends: 2012-01-01}",
                    observed=("2011-12-28 10x4",),
                ),
                Case(
                    "Checkpoints are met at the end of their day, also after a skipped date",
                    "2011-12-31",
                    {"value": "30", "expected_progress": "3/10"},
                    project="{timezone: Pacific/Apia}",
                    key_result="{starts: 2011-12-28, ends: 2012-01-01, pace: {checkpoints: [{on: 2011-12-31, value: 30}]}}",
                    observed=("2011-12-28 10x4",),
                ),
                Case(
                    "A day of 24.5 hours has 25 hours, one of them a half",
                    "2024-04-07",
                    {"value": "25", "observed_periods": "25", "expected_periods": "25", "expected_progress": "1"},
                    project="{timezone: Australia/Lord_Howe}",
                    metric="{grain: hour}",
                    key_result="{starts: 2024-04-07, ends: 2024-04-07}",
                    observed=("2024-04-07 1x25",),
                ),
                Case(
                    "Two hours may be skipped at once",
                    "2024-03-31",
                    {"value": "22", "observed_periods": "22", "expected_periods": "22", "expected_progress": "1"},
                    project="{timezone: Antarctica/Troll}",
                    metric="{grain: hour}",
                    key_result="{starts: 2024-03-31, ends: 2024-03-31}",
                    observed=("2024-03-31 1x22",),
                ),
                Case(
                    "After a day of 25 hours yesterday's value is 25 hours old",
                    "2024-10-27",
                    {"value": "unknown", "reason": "stale"},
                    project="{timezone: Europe/Berlin}",
                    metric="{freshness: 24h}",
                    key_result="{starts: 2024-10-25, ends: 2024-10-30}",
                    observed=("2024-10-25 10x2",),
                ),
                Case(
                    "After one of 23 hours it is 23",
                    "2024-03-31",
                    {"value": "20", "reason": "–"},
                    project="{timezone: Europe/Berlin}",
                    metric="{freshness: 23h}",
                    key_result="{starts: 2024-03-29, ends: 2024-04-03}",
                    observed=("2024-03-29 10x2",),
                ),
            ),
        ),
        Table(
            title="Fiscal years of weeks",
            prose="""
A `fiscal_year` of 52 or 53 whole weeks has fiscal months and quarters: a metric's, unless it says `year: civil`, and
those that windows and comparisons count. Here it is that of retailers, 4-5-4; the one that ended on 3 February 2024 had
53 weeks, the last of them in its last month.
""",
            project="{fiscal_year: {pattern: 4-5-4, ends: saturday nearest the end of january}}",
            metric="{grain: month, freshness: 400d}",
            key_result="{measure: {accumulate: {to: 40}}}",
            cases=(
                Case(
                    "A quarter is three fiscal months, here of 4, 5 and 5 weeks",
                    "2024-02-03",
                    {"value": "7", "expected_periods": "3", "straddling_periods": "0", "expected_progress": "1"},
                    key_result="{starts: 2023-10-29, ends: 2024-02-03}",
                    observed=("2023-10-29 1 2 4",),
                ),
                Case(
                    "Week 53 is a part of the last month, which has not ended after 52",
                    "2024-01-27",
                    {"value": "3", "expected_periods": "2", "expected_progress": "63/98"},
                    key_result="{starts: 2023-10-29, ends: 2024-02-03}",
                    observed=("2023-10-29 1 2 4",),
                ),
                Case(
                    "A year is four fiscal quarters",
                    "2023-10-28",
                    {"value": "7", "expected_periods": "3", "expected_progress": "273/371"},
                    metric="{grain: quarter}",
                    key_result="{starts: 2023-01-29, ends: 2024-02-03}",
                    observed=("2023-01-29 1 2 4 8",),
                ),
                Case(
                    "Trailing months are fiscal months",
                    "2023-05-27",
                    {"value": "14", "expected_periods": "3", "straddling_periods": "0"},
                    key_result="{measure: {reach: {from: 0, to: 40}}, over: trailing 3 months, starts: 2023-01-29, ends: 2024-02-03}",
                    observed=("2023-01-29 1 2 4 8",),
                ),
                Case(
                    "Weeks start on the day after the one that years end on",
                    "2024-02-10",
                    {"value": "20", "expected_periods": "2", "straddling_periods": "0"},
                    metric="{grain: week}",
                    key_result="{starts: 2024-01-28, ends: 2024-02-10}",
                    observed=("2024-01-28 10 10",),
                ),
                Case(
                    "A civil month lies across the ends of fiscal ones",
                    "2024-04-06",
                    {"value": "8", "expected_periods": "1", "straddling_periods": "2"},
                    metric="{year: civil}",
                    key_result="{starts: 2024-02-04, ends: 2024-04-06}",
                    observed=("2024-02-01 4 8 16",),
                ),
                Case(
                    "A quarter a year ago is that fiscal quarter, with its week 53",
                    "2025-02-01",
                    {"value": "130", "target": "140", "progress": "13/14"},
                    metric="{grain: week}",
                    key_result="{measure: {accumulate: {to: +0% of year_ago}}, starts: 2024-11-03, ends: 2025-02-01}",
                    observed=("2023-10-29 10x14", "2024-11-03 10x13"),
                ),
                Case(
                    "Thirteen months of four weeks make quarters of 3, 3, 3 and 4",
                    "2023-09-03",
                    {"value": "15", "expected_periods": "4", "expected_progress": "1"},
                    project="{fiscal_year: {pattern: 13x4, ends: sunday nearest the end of august}}",
                    key_result="{starts: 2023-05-08, ends: 2023-09-03}",
                    observed=("2023-05-08 1 2 4 8",),
                ),
            ),
        ),
        Table(
            title="Leap days",
            prose="""
A year ago is the same days of the same months, and the end of a month is the end of a month.
""",
            metric="{freshness: 900d}",
            key_result="{measure: {accumulate: {to: +0% of year_ago}}}",
            cases=(
                Case(
                    "February a year ago had 29 days",
                    "2013-02-28",
                    {"value": "28", "target": "29", "progress": "28/29"},
                    key_result="{starts: 2013-02-01, ends: 2013-02-28}",
                    observed=("2012-02-01 1x29", "2013-02-01 1x28"),
                ),
                Case(
                    "February a year ago had 28 days",
                    "2012-02-29",
                    {"value": "29", "target": "28", "progress": "29/28"},
                    key_result="{starts: 2012-02-01, ends: 2012-02-29}",
                    observed=("2011-02-01 1x28", "2012-02-01 1x29"),
                ),
                Case(
                    "Trailing 12 months may hold a leap day",
                    "2013-02-28",
                    {"value": "365", "expected_periods": "365"},
                    key_result="{measure: {reach: {from: 0, to: 400}}, over: trailing 12 months, starts: 2012-02-01, ends: 2013-03-31}",
                    observed=("2012-02-01 1x394",),
                ),
            ),
        ),
        Table(
            title="Periods that are not closed yet",
            prose="""
A period is *provisional* until `closes_after` its end: its value may still be restated. Such values count and are
marked, unless the metric says `provisional: wait`. Here a period closes two days after its end.
""",
            metric="{closes_after: 2d}",
            key_result="{measure: {accumulate: {to: 100}}}",
            observed=("2013-04-01 10x10",),
            cases=(
                Case(
                    "Provisional values count, and are marked",
                    "2013-04-05",
                    {"value": "50", "expected_progress": "5/10", "provisional": "yes", "status": "on_track"},
                ),
                Case(
                    "With `provisional: wait` only closed periods count",
                    "2013-04-05",
                    {"value": "30", "expected_progress": "3/10", "provisional": "no", "status": "on_track"},
                    metric="{provisional: wait}",
                ),
                Case(
                    "With `wait` nothing is known until the first period closes",
                    "2013-04-02",
                    {"value": "unknown", "reason": "no_period_ended", "provisional": "no", "status": "unknown"},
                    metric="{provisional: wait}",
                ),
                Case(
                    "A grade is provisional until the last period closes",
                    "2013-04-11",
                    {"value": "100", "expected_progress": "1", "provisional": "yes", "status": "achieved"},
                ),
                Case(
                    "And final then",
                    "2013-04-12",
                    {"value": "100", "expected_progress": "1", "provisional": "no", "status": "achieved"},
                ),
            ),
        ),
    ),
)
