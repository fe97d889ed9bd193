"""What can be wrong with project.yaml, and exactly what is said about it."""

from typing import Final

import pytest

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
    "status rule not yet": (
        PROJECT,
        "status_rule: pace",
        "status_rule: viva",
        "project.yaml:6:14: project: status_rule: 'viva' is not available in this version; available: pace. A status must be judged by the rule it names. Write pace.",
    ),
    "status rule unknown": (
        PROJECT,
        "status_rule: pace",
        "status_rule: pase",
        "project.yaml:6:14: project: status_rule: 'pase' is not a status rule. A status must be judged by the rule it names. Did you mean 'pace'?",
    ),
    "holidays not yet": (
        PROJECT,
        "as_of: null",
        "holidays: US",
        "project.yaml:8:1: project: holidays is not available in this version; available: as_of, fiscal_year_starts, history_starts, mission, name, status_rule, store, timezone, week_starts. What is not read must not look as if it counted. Remove 'holidays'.",
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
