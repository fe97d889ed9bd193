from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from okr_pipeline.model.score import Reason, Status
from okr_pipeline.rendering import words

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize("code", list(Reason))
def test_every_reason_has_words(code):
    assert words.REASONS[code]
    assert "_" not in words.reason(code)


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_word(status):
    assert words.status_word(status) == status.word


def test_the_end_of_a_local_day_is_named_by_the_day_that_ended():
    assert words.moment(datetime(2013, 5, 20, 4, tzinfo=UTC), NEW_YORK) == "the end of Sunday 19 May 2013"


def test_the_clock_change_moves_no_day():
    assert words.moment(datetime(2013, 3, 10, 5, tzinfo=UTC), NEW_YORK) == "the end of Saturday 9 March 2013".replace(
        "March", "Mar"
    )
    assert words.moment(datetime(2013, 3, 11, 4, tzinfo=UTC), NEW_YORK) == "the end of Sunday 10 Mar 2013"


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2013, 5, 13), date(2013, 5, 19), "13–19 May 2013"),
        (date(2013, 4, 29), date(2013, 5, 5), "29 Apr – 5 May 2013"),
        (date(2012, 12, 31), date(2013, 1, 6), "31 Dec 2012 – 6 Jan 2013"),
        (date(2013, 5, 13), date(2013, 5, 13), "13 May 2013"),
    ],
)
def test_a_stretch_of_days_says_nothing_twice(first, last, said):
    assert words.days(first, last) == said


@pytest.mark.parametrize(
    ("dimensions", "said"),
    [
        ("{}", ""),
        ('{"airport":"JFK","carrier":"B6"}', "airport JFK, carrier B6"),
        ("not json", "not json"),
        ("[1]", "[1]"),
    ],
)
def test_dimensions_read_as_their_members(dimensions, said):
    assert words.members(dimensions) == said


def test_a_list_of_one_or_none_is_no_list():
    assert (words.listed([]), words.listed(["a"]), words.listed(["a", "b"])) == ("", "a", "a and b")
