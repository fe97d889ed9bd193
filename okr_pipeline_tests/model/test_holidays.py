"""Business days are those of regions and dates, and one country is the same alone as in its package."""

import subprocess
import sys
from datetime import date

import pytest

from okr_pipeline.model.holidays import Holidays, business_days, countries, edition, subdivisions

WEEK = date(2013, 5, 20)


@pytest.mark.parametrize(
    ("says", "holidays", "expected"),
    [
        ("Monday to Friday", Holidays(), "xxxxx--"),
        ("without a date of one's own", Holidays(dates=(date(2013, 5, 22),)), "xx-xx--"),
        ("a region's holiday", Holidays(("DE",)), "-xxxx--"),
        ("another weekend", Holidays(("KW",)), "xxxx--x"),
        ("only what is worked in both", Holidays(("DE", "KW")), "-xxx---"),
    ],
)
def test_a_week_has_its_business_days(says: str, holidays: Holidays, expected: str) -> None:
    assert "".join("-x"[worked] for worked in business_days(holidays, WEEK, 7)) == expected, says


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    day = date(2013, 5, 30)
    assert [business_days(Holidays((name,)), day, 1) for name in ("DE", "DE-BY", "DE-BE")] == [[True], [False], [True]]
    assert "BY" in subdivisions("DE")


def test_no_date_is_in_doubt_after_years() -> None:
    every = business_days(Holidays(("US-NY",)), date(1990, 1, 1), 366 * 60)
    assert 0.65 < sum(every) / len(every) < 0.70


def test_the_edition_is_that_of_the_library() -> None:
    assert edition().split(".")[0].isdigit()


def test_every_country_can_be_read_alone_and_is_what_its_package_has() -> None:
    """In a process of its own, where the package was not imported before."""
    program = """
from okr_pipeline.model import holidays as ours
alone = {two: ours._country(two) for two in ours.countries()}
import holidays, holidays.countries as package
assert len(alone) >= 200
assert [two for two, found in alone.items() if getattr(package, two) is not found] == []
assert type(holidays.US()).__name__ == "US"
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_countries_have_their_other_names() -> None:
    assert countries()["US"] == ("UnitedStates", "USA")
