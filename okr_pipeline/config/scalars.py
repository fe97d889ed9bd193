"""Texts and numbers of the configuration language: durations, dates, amounts, windows, units.

Belongs here: one scalar → one noun of the model, or a refusal that says how it is written.
Does not: which key holds which (the `*_keys` modules).
"""

import re
from datetime import date
from typing import Final, Literal, NamedTuple

from okr_pipeline.config.problem import Refusal, nearest, odd_letter, shown, suggestion
from okr_pipeline.model.calendar import Duration, DurationUnit
from okr_pipeline.model.holidays import countries, subdivisions
from okr_pipeline.model.okr import AT_START, Over, Points, RelativeTarget, Share
from okr_pipeline.model.zones import zone_names

ID: Final = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}"
DURATION: Final = r"\d{1,6} ?(h|hours?|d|days?|w|weeks?|months?)"
DATE: Final = r"\d{4}-\d{2}-\d{2}"
REGION: Final = r"[A-Z]{2}(-[A-Za-z0-9]{1,20})?"
AMOUNT: Final = r"[+\-−]?\d{1,15}(\.\d{1,15})? ?(%|points?)?"
RELATIVE_TARGET: Final = r"[+\-−]\d{1,6}(\.\d{1,15})? ?% of (previous_cycle|year_ago)"
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
YEAR_END: Final = (
    rf"last ({'|'.join(WEEKDAYS)}) of ({'|'.join(MONTHS)})"
    rf"|({'|'.join(WEEKDAYS)}) nearest the end of ({'|'.join(MONTHS)})"
)

_UNITS: dict[str, DurationUnit] = {"h": "hours", "d": "days", "w": "weeks", "m": "months"}
_LONGEST_HOURS = 876_600
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_ONE_POINT = {"percent": 1.0, "points": 1.0, "score": 1.0, "ratio": 0.01}


def identifier(value: object) -> str:
    """An id: letters, digits, `_`, `.` and `-`, beginning with a letter or digit. Whole numbers are taken as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and re.fullmatch(ID, value):
        return value
    odd = odd_letter(value) if isinstance(value, str) else None
    raise Refusal(
        f"{shown(value)} is not an id" + (f", for it holds {odd}" if odd else ""),
        "Ids become names of assets, columns and links: letters, digits, '_', '.' and '-', at most 100",
        _id_fix(value),
    )


def duration(value: object) -> Duration:
    """A length of time: `36h`, `2d`, `4w`, `1 month`.

    >>> duration("36h")
    Duration(count=36, unit='hours')
    """
    match = re.fullmatch(DURATION, value) if isinstance(value, str) else None
    if match is None or not isinstance(value, str):
        raise Refusal(
            f"{shown(value)} is not a duration",
            "A duration is a whole number and h, d, w or months",
            f"Write '{value}h' or '{value}d'"
            if isinstance(value, int)
            else "Write it as in '36h', '2d', '4w' or '1 month'",
        )
    length = Duration(int(re.split(r"\D", value)[0]), _UNITS[match.group(1)[0]])
    if length.hours > _LONGEST_HOURS:
        raise Refusal(f"{shown(value)} is longer than a hundred years", "", "Write a shorter duration")
    return length


def positive_duration(value: object) -> Duration:
    """A duration longer than nothing."""
    length = duration(value)
    if not length.count:
        raise Refusal(f"{shown(value)} is no time at all", "This duration is longer than 0", "Write it as in '36h'")
    return length


def over(value: object) -> Over:
    """The window of a value.

    >>> over("trailing 28 days").length
    Duration(count=28, unit='days')
    """
    if value == "latest":
        return Over("latest")
    if value == "cycle":
        return Over("cycle")
    if isinstance(value, str) and value.startswith("trailing "):
        return Over("trailing", positive_duration(value.removeprefix("trailing ").strip()))
    meant = nearest(value, ("latest", "cycle")) if isinstance(value, str) else None
    raise Refusal(
        f"{shown(value)} is not a window",
        "A value is read over latest, cycle or trailing N hours, days, weeks or months",
        f"Did you mean '{meant}'?" if meant else "Write it as in 'trailing 28 days'",
    )


def day(value: object) -> date:
    """A date, `2013-04-01`, of a year from 1900 to 2200."""
    if isinstance(value, str) and re.fullmatch(DATE, value):
        try:
            found = date.fromisoformat(value)
        except ValueError:
            raise Refusal(f"{shown(value)} is not in the calendar", "", "Check the month and the day") from None
        if _FIRST_YEAR <= found.year <= _LAST_YEAR:
            return found
        raise Refusal(
            f"{shown(value)} is out of range", f"Years from {_FIRST_YEAR} to {_LAST_YEAR} are read", "Check the year"
        )
    raise Refusal(f"{shown(value)} is not a date", "Dates are year-month-day", "Write it as in 2013-04-01")


def month_and_day(value: object) -> tuple[int, int]:
    """A day of every year, `04-01`."""
    if isinstance(value, str) and re.fullmatch(r"\d{2}-\d{2}", value):
        try:
            found = date.fromisoformat(f"2013-{value}")
        except ValueError:
            pass
        else:
            return found.month, found.day
    raise Refusal(
        f"{shown(value)} is not a month and a day that every year has",
        "Fiscal quarters are counted from it",
        "Write it as in 04-01",
    )


def week_start(value: object) -> int:
    """A weekday's number, 0 for monday.

    >>> week_start("sunday")
    6
    """
    if isinstance(value, str) and value.lower() in WEEKDAYS:
        return WEEKDAYS.index(value.lower())
    meant = nearest(value, WEEKDAYS) if isinstance(value, str) else None
    raise Refusal(
        f"{shown(value)} is not a weekday",
        f"Weeks start on {', '.join(WEEKDAYS)}",
        f"Did you mean '{meant}'?" if meant else "Write monday",
    )


class YearEnd(NamedTuple):
    """The day that a fiscal year of weeks ends on: a weekday (0 for Monday) by a month's end."""

    rule: Literal["last", "nearest"]
    weekday: int
    month: int


def year_end(value: object) -> YearEnd:
    """The end of a fiscal year of weeks.

    >>> year_end("last saturday of september")
    YearEnd(rule='last', weekday=5, month=9)
    """
    match = re.fullmatch(YEAR_END, value.lower()) if isinstance(value, str) else None
    if match is None:
        raise Refusal(
            f"{shown(value)} is not the end of a fiscal year of weeks",
            "Such a year ends on the last of a weekday in a month, or on the one nearest the end of a month",
            "Write it as in 'last saturday of september' or 'saturday nearest the end of january'",
        )
    last_weekday, of_month, weekday, near_month = match.groups()
    rule: Literal["last", "nearest"] = "last" if last_weekday else "nearest"
    return YearEnd(rule, WEEKDAYS.index(last_weekday or weekday), MONTHS.index(of_month or near_month) + 1)


def timezone(value: object) -> str:
    """The name of an IANA time zone, `America/New_York`."""
    if isinstance(value, str) and value in zone_names():
        return value
    meant = nearest(value, zone_names()) if isinstance(value, str) else None
    raise Refusal(
        f"{shown(value)} is not a time zone",
        "Days and weeks begin by the clock of an IANA zone",
        f"Did you mean '{meant}'?" if meant else "Write it as in Europe/Berlin, or UTC",
    )


def holiday(value: object) -> str | date:
    """A region whose holidays are kept, `US` or `US-NY`, or the date of one.

    >>> holiday("DE-BY"), holiday("2013-12-24")
    ('DE-BY', datetime.date(2013, 12, 24))
    """
    if isinstance(value, str) and re.fullmatch(DATE, value):
        return day(value)
    if not isinstance(value, str) or not value.strip():
        raise Refusal(
            f"{shown(value)} is neither a region nor a date",
            "Holidays are those of a country or of a part of one, or single dates",
            "Write them as in US, DE-BY or 2013-12-24",
        )
    country, dash, part = value.partition("-")
    if country not in countries():
        raise Refusal(
            f"{shown(value)} is not a country, nor a part of one, whose holidays are known",
            "Countries are named by the two capital letters of ISO 3166",
            _country_fix(country),
        )
    parts = subdivisions(country)
    if dash and part not in parts:
        raise Refusal(
            f"{shown(part)} is not a part of {country} whose holidays are known",
            "Holidays of a whole country are named by its two letters alone",
            suggestion(part, parts, f"parts of {country}") if parts else f"Write {country}",
        )
    return value


def _country_fix(name: str) -> str:
    plain = re.sub(r"\W", "", name).lower()
    for two, others in countries().items():
        if plain in {other.lower() for other in (two, *others)}:
            return f"Write {two}"
    meant = nearest(name, [others[0] for others in countries().values()])
    found = next((two for two, others in countries().items() if others[0] == meant), None)
    return f"Write {found} for {meant}, if that is meant" if found else "Write it as in US, DE-BY or GB-SCT"


def unit(value: object) -> str:
    """A unit: one that is computed with, or any word as a label."""
    if not isinstance(value, str) or not value.strip() or len(value) > 40:
        raise Refusal(
            f"{shown(value)} is not a unit", "A unit is a word of at most 40 letters", "Write count, ratio or percent"
        )
    name, _, detail = value.partition(":")
    if name == "currency" and not re.fullmatch(r"[A-Z]{3}", detail):
        raise Refusal(
            f"{shown(value)} is not a currency",
            "A currency is named by its three capital letters (ISO 4217)",
            "Write it as in currency:USD",
        )
    return value


def start_value(value: object) -> float | Literal["at_start"]:
    """Where a measure starts: a number, or `at_start` for what the metric was just before."""
    if value == AT_START:
        return AT_START
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise Refusal(
        f"{shown(value)} is neither a number nor at_start",
        "A measure starts from a number, or from the metric's value just before the start",
        "Write a number or at_start",
    )


def change_by(value: object, metric_unit: str | None) -> Share | Points:
    """An amount of change in the terms of a unit: percent are relative, points absolute, bare numbers in the unit.

    >>> change_by("+25%", "count"), change_by("+10 points", "ratio"), change_by(300, "count")
    (Share(value=0.25, kind='share'), Points(value=0.1, kind='points'), Points(value=300.0, kind='points'))

    Raises:
        Refusal: it is no amount, or it is in points of a unit that has none.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Points(float(value))
    match = re.fullmatch(rf"({AMOUNT})", value) if isinstance(value, str) else None
    if match is None or not isinstance(value, str):
        raise Refusal(
            f"{shown(value)} is not an amount",
            "An amount is a number, alone or with % (relative) or points (absolute)",
            "Write it as in +25%, -15%, +10 points or +300",
        )
    number = _number(value)
    if "%" in value:
        return Share(number / 100)
    if "point" not in value:
        return Points(number)
    return Points(number * _one_point(value, metric_unit))


def accumulated(value: object) -> float | RelativeTarget:
    """What a sum should reach: a number, or more or less than an earlier stretch.

    >>> accumulated("+20% of previous_cycle")
    RelativeTarget(share=0.2, of='previous_cycle')
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and re.fullmatch(RELATIVE_TARGET, value):
        share = _number(value.partition("%")[0]) / 100
        return RelativeTarget(share, "previous_cycle" if value.endswith("previous_cycle") else "year_ago")
    raise Refusal(
        f"{shown(value)} is not a target of a sum",
        "A sum reaches a number, or a signed share beyond previous_cycle or year_ago",
        "Write a number, or '+20% of previous_cycle'",
    )


def _number(text: str) -> float:
    digits = re.match(r"[+-]?[\d.]+", text.replace("−", "-"))
    return float(digits.group()) if digits else 0.0


def _one_point(value: str, metric_unit: str | None) -> float:
    size = _ONE_POINT.get(metric_unit or "")
    if size is None:
        raise Refusal(
            f"{shown(value)} is in points, but the metric is in {shown(metric_unit)}",
            "Points are steps of percent, points and score, and hundredths of ratio",
            "Write the amount in the metric's unit, as in +300, or as a share, as in +25%",
        )
    return size


def _id_fix(value: object) -> str:
    if not isinstance(value, str):
        return "Write a text, as in departure_delay"
    cleaned = re.sub(r"[^A-Za-z0-9_.\-]+", "-", value).strip("-._")[:100]
    return f"Write '{cleaned}'" if cleaned else "Write it as in departure_delay"
