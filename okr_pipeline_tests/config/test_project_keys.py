"""What can be wrong with project.yaml, and exactly what is said about it."""

from typing import Final

import pytest

from okr_pipeline.config.projects import load_project
from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.fiscal import WeekYear

PROJECT: Final = "project.yaml"

CASES: Final = {
    "unknown key": (
        PROJECT,
        "status_rule: pace",
        "statusrule: pace",
        "project.yaml:6:1: project: statusrule is not a known key. Unknown keys are refused, so that no misspelt one is passed over. Did you mean 'status_rule'?",
    ),
    "missing name": (
        PROJECT,
        "name: Harbour Air\n",
        "",
        "project.yaml:1:1: project has no 'name'. The organisation's or project's name. Add 'name: Harbour Air'.",
    ),
    "empty name": (
        PROJECT,
        "name: Harbour Air",
        "name: ''",
        "project.yaml:1:7: project: name is empty. The organisation's or project's name. Write something, as in Harbour Air.",
    ),
    "name is a number": (
        PROJECT,
        "name: Harbour Air",
        "name: 2013",
        "project.yaml:1:7: project: name: 2013 is not text. The organisation's or project's name. Put it in quotes: '2013'.",
    ),
    "time zone misspelt": (
        PROJECT,
        "America/New_York",
        "America/NewYork",
        "project.yaml:2:11: project: timezone: 'America/NewYork' is not a time zone. Days and weeks begin by the clock of an IANA zone. Did you mean 'America/New_York'?",
    ),
    "time zone of nobody": (
        PROJECT,
        "America/New_York",
        "localtime",
        "project.yaml:2:11: project: timezone: 'localtime' is not a time zone. Days and weeks begin by the clock of an IANA zone. Write it as in Europe/Berlin, or UTC.",
    ),
    "weekday misspelt": (
        PROJECT,
        "monday",
        "munday",
        "project.yaml:3:14: project: week_starts: 'munday' is not a weekday. Weeks start on monday, tuesday, wednesday, thursday, friday, saturday, sunday. Did you mean 'monday'?",
    ),
    "leap day": (
        PROJECT,
        "starts: 01-01",
        "starts: 02-29",
        "project.yaml:4:21: project: fiscal_year_starts: '02-29' is not a month and a day that every year has. Fiscal quarters are counted from it. Write it as in 04-01.",
    ),
    "fiscal year of weeks with a start": (
        PROJECT,
        "week_starts: monday\n",
        "fiscal_year: {pattern: 4-5-4, ends: saturday nearest the end of january}\n",
        "project.yaml:4:1: project: fiscal_year_starts is given beside fiscal_year. A fiscal year of whole weeks starts on another date every year. Remove one of the two.",
    ),
    "fiscal year of weeks with other weeks": (
        PROJECT,
        "fiscal_year_starts: 01-01\n",
        "fiscal_year: {pattern: 4-4-5, ends: last saturday of september}\n",
        "project.yaml:3:14: project: week_starts: monday is not the day after the saturday that fiscal years end on. Weeks would lie across the ends of fiscal months. Write sunday, or leave it out.",
    ),
    "fiscal year as text": (
        PROJECT,
        "fiscal_year_starts: 01-01\n",
        "fiscal_year: 4-4-5\n",
        "project.yaml:4:14: project: fiscal_year: '4-4-5' is not a mapping of keys. A fiscal year of whole weeks, instead of fiscal_year_starts. Write it as in {pattern: 4-5-4, ends: saturday nearest the end of january}.",
    ),
    "fiscal year without an end": (
        PROJECT,
        "fiscal_year_starts: 01-01\n",
        "fiscal_year: {pattern: 4-4-5}\n",
        "project.yaml:4:1: project: fiscal_year: 'ends' is missing. The day it ends on: last <weekday> of <month>, or <weekday> nearest the end of <month>. Add 'ends: saturday nearest the end of january'.",
    ),
    "fiscal year of an unknown pattern": (
        PROJECT,
        "fiscal_year_starts: 01-01\n",
        "fiscal_year: {pattern: 4-4-4, ends: last saturday of september}\n",
        "project.yaml:4:24: project: fiscal_year.pattern: '4-4-4' is not one of 4-4-5, 4-5-4, 5-4-4, 13x4. Weeks of the three months of a quarter; 13x4: thirteen months of four weeks. Did you mean '4-4-5'?",
    ),
    "fiscal year that ends on a date": (
        PROJECT,
        "fiscal_year_starts: 01-01\n",
        "fiscal_year: {pattern: 4-4-5, ends: 01-31}\n",
        "project.yaml:4:37: project: fiscal_year.ends: '01-31' is not the end of a fiscal year of weeks. Such a year ends on the last of a weekday in a month, or on the one nearest the end of a month. Write it as in 'last saturday of september' or 'saturday nearest the end of january'.",
    ),
    "week 53 in a month that is not there": (
        PROJECT,
        "week_starts: monday\nfiscal_year_starts: 01-01\n",
        "fiscal_year: {pattern: 4-4-5, ends: last saturday of september, week_53: 13}\n",
        "project.yaml:3:74: project: fiscal_year.week_53: 13 is no month of 4-4-5, which has 12. Week 53 makes one of the months longer. Write a number up to 12, or leave it out.",
    ),
    "status rule of another kind": (
        PROJECT,
        "status_rule: pace",
        "status_rule: [viva]",
        "project.yaml:6:14: project: status_rule: a list is not a status rule. A status must be judged by the rule it names. Did you mean 'viva'?",
    ),
    "status rule unknown": (
        PROJECT,
        "status_rule: pace",
        "status_rule: pase",
        "project.yaml:6:14: project: status_rule: 'pase' is not a status rule. A status must be judged by the rule it names. Did you mean 'pace'?",
    ),
    "country misspelt": (
        PROJECT,
        "as_of: null",
        "holidays: USA",
        "project.yaml:8:11: project: holidays: 'USA' is not a country, nor a part of one, whose holidays are known. Countries are named by the two capital letters of ISO 3166. Write US.",
    ),
    "country by name": (
        PROJECT,
        "as_of: null",
        "holidays: Germany",
        "project.yaml:8:11: project: holidays: 'Germany' is not a country, nor a part of one, whose holidays are known. Countries are named by the two capital letters of ISO 3166. Write DE.",
    ),
    "country nearly by name": (
        PROJECT,
        "as_of: null",
        "holidays: Germny",
        "project.yaml:8:11: project: holidays: 'Germny' is not a country, nor a part of one, whose holidays are known. Countries are named by the two capital letters of ISO 3166. Write DE for Germany, if that is meant.",
    ),
    "no country": (
        PROJECT,
        "as_of: null",
        "holidays: QQQ",
        "project.yaml:8:11: project: holidays: 'QQQ' is not a country, nor a part of one, whose holidays are known. Countries are named by the two capital letters of ISO 3166. Write it as in US, DE-BY or GB-SCT.",
    ),
    "part of a country misspelt": (
        PROJECT,
        "as_of: null",
        "holidays: [US, DE-BX]",
        "project.yaml:8:16: project: holidays[1]: 'BX' is not a part of DE whose holidays are known. Holidays of a whole country are named by its two letters alone. Known parts of DE: BB, BE, BW, BY, HB, HE, HH, MV, NI, NW, RP, SH, ….",
    ),
    "part of a country without parts": (
        PROJECT,
        "as_of: null",
        "holidays: [IS-1]",
        "project.yaml:8:12: project: holidays[0]: '1' is not a part of IS whose holidays are known. Holidays of a whole country are named by its two letters alone. Write IS.",
    ),
    "holiday not in the calendar": (
        PROJECT,
        "as_of: null",
        "holidays: [US, 2013-02-29]",
        "project.yaml:8:16: project: holidays[1]: '2013-02-29' is not in the calendar. Check the month and the day.",
    ),
    "holiday is a number": (
        PROJECT,
        "as_of: null",
        "holidays: 24",
        "project.yaml:8:11: project: holidays: 24 is neither a region nor a date. Holidays are those of a country or of a part of one, or single dates. Write them as in US, DE-BY or 2013-12-24.",
    ),
    "holiday is nothing": (
        PROJECT,
        "as_of: null",
        "holidays: [null]",
        "project.yaml:8:12: project: holidays[0]: nothing is neither a region nor a date. Holidays are those of a country or of a part of one, or single dates. Write them as in US, DE-BY or 2013-12-24.",
    ),
    "date with a time": (
        PROJECT,
        "as_of: null",
        "as_of: 2013-05-19T00:00",
        "project.yaml:8:8: project: as_of: '2013-05-19T00:00' is not a date. Dates are year-month-day. Write it as in 2013-04-01.",
    ),
    "date not in the calendar": (
        PROJECT,
        "as_of: null",
        "as_of: 2013-02-30",
        "project.yaml:8:8: project: as_of: '2013-02-30' is not in the calendar. Check the month and the day.",
    ),
    "date out of range": (
        PROJECT,
        "as_of: null",
        "as_of: 0013-02-03",
        "project.yaml:8:8: project: as_of: '0013-02-03' is out of range. Years from 1900 to 2200 are read. Check the year.",
    ),
    "variable outside store": (
        PROJECT,
        "name: Harbour Air",
        "name: ${NAME}",
        "project.yaml:1:7: project: name: a variable ${…} is written here. Variables are filled in only in 'store' of project.yaml and in sources. Write the value itself.",
    ),
    "missing variable of the store": (
        PROJECT,
        "${OKR_STORE_URL:-sqlite:///.okr/okr.db}",
        "${OKR_STORE_URL}",
        "project.yaml:5:8: project: store: environment variable OKR_STORE_URL is not set. The text it stands in cannot be completed without it. Set OKR_STORE_URL, or give a default as in ${OKR_STORE_URL:-default}.",
    ),
    "password in the store": (
        PROJECT,
        "${OKR_STORE_URL:-sqlite:///.okr/okr.db}",
        "postgresql://okr:hunter2@db/okr",
        "project.yaml:5:8: project: store: a secret is written here in clear. Configuration is shared and kept; secrets belong in the environment. Put it in an environment variable and write ${OKR_STORE} in its place.",
    ),
    "not a mapping": (
        PROJECT,
        "name: Harbour Air\n",
        "- a\n",
        "project.yaml:2:1: a list item is expected here. The rest of this file cannot be read. Indent the items of one list alike, each beginning with '- '.",
    ),
}
"""Name → file, what stands there, what is written instead, and every message."""


@pytest.mark.parametrize(
    ("file", "old", "new", "messages"), [(*case[:3], case[3:]) for case in CASES.values()], ids=list(CASES)
)
def test_every_mistake_is_told_with_its_place_and_its_remedy(editor, file, old, new, messages):
    assert editor.edit(file, old, new).problems() == list(messages)


@pytest.mark.parametrize(
    ("written", "calendar"),
    [
        ("", Calendar()),
        (
            "timezone: Asia/Kolkata\nweek_starts: sunday\nfiscal_year_starts: 04-01\n",
            Calendar("Asia/Kolkata", 6, (4, 1)),
        ),
        (
            "fiscal_year: {pattern: 4-5-4, ends: saturday nearest the end of january}\n",
            Calendar(week_starts=6, week_year=WeekYear("4-5-4", weekday=5, month=1, rule="nearest")),
        ),
        (
            "week_starts: sunday\nfiscal_year: {pattern: 4-4-5, ends: Last Saturday of September, week_53: 3}\n",
            Calendar(week_starts=6, week_year=WeekYear("4-4-5", weekday=5, month=9, rule="last", long_month=3)),
        ),
        (
            "fiscal_year: {pattern: 13x4, ends: sunday nearest the end of august}\n",
            Calendar(week_year=WeekYear("13x4", weekday=6, month=8, rule="nearest")),
        ),
    ],
)
def test_a_project_has_the_calendar_that_is_written(tmp_path, written, calendar):
    (tmp_path / "project.yaml").write_text(f"name: Harbour Air\n{written}")
    assert load_project(tmp_path, environ={}).calendar == calendar
