"""Calendars: from the keys of a project to the model.

Belongs here: rules among a project's calendar keys. Does not: the keys' types (project_keys).
"""

from collections.abc import Collection
from datetime import date

from okr_pipeline.config.project_keys import FiscalYearKeys, ProjectKeys
from okr_pipeline.config.scalars import WEEKDAYS
from okr_pipeline.config.subject import Subject
from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.fiscal import WeekYear
from okr_pipeline.model.holidays import Holidays


def build_calendar(subject: Subject, keys: ProjectKeys, written: Collection[str]) -> Calendar:
    """The project's calendar; keys that contradict each other are refused. `written` names those that are given.

    Weeks are those of a fiscal year of weeks, where there is one.
    """
    if keys.fiscal_year is None:
        return Calendar(keys.timezone, keys.week_starts, keys.fiscal_year_starts)
    year = _week_year(keys.fiscal_year)
    _check_start(subject, written)
    _check_weeks(subject, keys, year, written)
    _check_long_month(subject, year)
    return Calendar(keys.timezone, year.week_starts, week_year=year)


def build_holidays(keys: ProjectKeys) -> Holidays:
    """The project's holidays; what is written twice counts once, in whatever order."""
    regions = {it for it in keys.holidays if isinstance(it, str)}
    dates = {it for it in keys.holidays if isinstance(it, date)}
    return Holidays(tuple(sorted(regions)), tuple(sorted(dates)))


def _week_year(keys: FiscalYearKeys) -> WeekYear:
    return WeekYear(keys.pattern, keys.ends.weekday, keys.ends.month, keys.ends.rule, keys.week_53)


def _check_start(subject: Subject, written: Collection[str]) -> None:
    if "fiscal_year_starts" in written:
        subject.refuse(
            ("fiscal_year_starts",),
            "is given beside fiscal_year",
            "A fiscal year of whole weeks starts on another date every year",
            "Remove one of the two",
            of_key=True,
        )


def _check_weeks(subject: Subject, keys: ProjectKeys, year: WeekYear, written: Collection[str]) -> None:
    if "week_starts" in written and keys.week_starts != year.week_starts:
        subject.refuse(
            ("week_starts",),
            f"{WEEKDAYS[keys.week_starts]} is not the day after the {WEEKDAYS[year.weekday]} that fiscal years end on",
            "Weeks would lie across the ends of fiscal months",
            f"Write {WEEKDAYS[year.week_starts]}, or leave it out",
        )


def _check_long_month(subject: Subject, year: WeekYear) -> None:
    if year.long_month is not None and year.long_month > year.months:
        subject.refuse(
            ("fiscal_year", "week_53"),
            f"{year.long_month} is no month of {year.pattern}, which has {year.months}",
            "Week 53 makes one of the months longer",
            f"Write a number up to {year.months}, or leave it out",
        )
