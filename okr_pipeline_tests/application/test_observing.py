"""Observing a source: what is kept, refused, withdrawn and released, run after run."""

from datetime import date

import pytest

from okr_pipeline_tests.projects import january


@pytest.fixture
def small(small_on_each):
    return small_on_each


def test_what_is_fit_is_recorded(small):
    observed = small.observe()
    stored = small.open().store.observations()
    assert (observed.recorded, observed.restated, observed.refused, observed.failures) == (31, 0, (), {})
    assert stored["value"].sum() == 310


def test_reading_the_same_again_changes_nothing_and_judges_nothing(small):
    small.observe("first")
    before = small.open().store.dump()
    observed = small.observe("second")
    assert (observed.recorded, observed.withdrawn, len(observed.checks)) == (0, 0, 0)
    assert small.open().store.dump() == before


def test_a_restated_value_becomes_a_revision(small):
    small.observe("first")
    small.write(january() | {date(2026, 1, 30): 12})
    observed = small.observe("second")
    assert (observed.recorded, observed.restated) == (1, 1)
    assert small.open().store.observations()["revision"].max() == 2


def test_a_refused_value_is_quarantined_once_and_named(small):
    small.write(january() | {date(2026, 1, 30): 5000})
    observed = small.observe("first")
    assert [(it.metric, it.rule) for it in observed.refused] == [("signups", "maximum")]
    assert observed.recorded == 30
    before = small.open().store.dump()
    again = small.observe("second")
    assert again.refused == ()
    assert again.open_quarantine == 1
    assert small.open().store.dump() == before


def test_a_corrected_value_releases_the_quarantine(small):
    small.write(january() | {date(2026, 1, 30): 5000})
    small.observe("first")
    small.write(january())
    observed = small.observe("second")
    assert (observed.recorded, observed.open_quarantine) == (1, 0)


def test_a_refused_value_that_the_source_gives_up_is_no_longer_waited_for(small):
    small.write(january() | {date(2026, 1, 30): 5000})
    small.observe("first")
    rest = january()
    del rest[date(2026, 1, 30)]
    small.write(rest)
    observed = small.observe("second")
    assert (observed.withdrawn, observed.given_up, observed.open_quarantine) == (0, 1, 0)
    assert observed.changed_metrics == ("signups",)
    before = small.open().store.dump()
    assert small.observe("third").changed_metrics == ()
    assert small.open().store.dump() == before


def test_a_refused_value_is_waited_for_while_the_read_without_it_is_doubted(small):
    small.write(january() | {date(2026, 1, 30): 5000})
    small.observe("first")
    small.write(january(last=5))
    assert small.observe("second").open_quarantine == 1


def test_text_in_a_number_is_refused_and_the_rest_is_kept(small):
    small.write(january() | {date(2026, 1, 30): "twelve"})
    observed = small.observe()
    assert [it.rule for it in observed.refused] == ["type"]
    assert observed.recorded == 30


def test_a_row_that_the_source_gives_up_is_withdrawn(small):
    small.observe("first")
    kept = january()
    del kept[date(2026, 1, 30)]
    small.write(kept)
    observed = small.observe("second")
    assert observed.withdrawn == 1
    stored = small.open().store.observations()
    assert stored["value"].isna().sum() == 1


def test_a_read_that_lost_most_of_its_rows_withdraws_nothing(small):
    small.observe("first")
    small.write(january(last=5))
    observed = small.observe("second")
    assert observed.withdrawn == 0
    assert small.open().store.observations()["value"].notna().sum() == 31


def test_an_empty_cell_over_a_known_value_withdraws_it(small):
    small.observe("first")
    small.write(january() | {date(2026, 1, 30): None})
    small.observe("second")
    assert small.open().store.observations()["value"].isna().sum() == 1


def test_stricter_rules_judge_again_what_was_accepted(small):
    small.observe("first")
    small.expect = "{min: 0, max: 9}"
    small.write(january())
    observed = small.observe("second")
    assert {it.rule for it in observed.refused} == {"maximum"}
    assert observed.open_quarantine > 0


def test_a_source_that_cannot_be_read_keeps_what_is_stored_and_where_it_was(small):
    small.observe("first")
    covered = small.open().store.metric_states()[["window_start", "window_end"]]
    (small.directory / "config/data/signups.csv").unlink()
    observed = small.observe("second")
    assert observed.failed
    assert "signups.csv" in observed.failures["signups"]
    states = small.open().store.metric_states()
    assert states["status"].tolist() == ["failed"]
    assert states[["window_start", "window_end"]].equals(covered)
    assert small.open().store.observations()["value"].sum() == 310


def test_a_source_that_answers_again_is_no_longer_failed(small):
    (small.directory / "config/data/signups.csv").unlink()
    small.observe("first")
    small.write(january())
    small.observe("second")
    assert small.open().store.metric_states()["status"].tolist() == ["ok"]


@pytest.mark.parametrize("text", ["2026-01-40", "yesterday", "2026-01-01T99:00"])
def test_an_instant_that_is_none_is_refused_by_name(small, text):
    from okr_pipeline.application.errors import UsageError

    with pytest.raises(UsageError, match=text):
        small.open().as_of(text)


def test_what_a_pipeline_missed_that_stood_still_over_the_end_of_a_quarter_is_read_when_it_goes_on(small):
    """From a week before, which may be restated, although nothing that is open then looks at it."""
    small.as_of = date(2026, 3, 15)
    small.write(january(last=74))
    small.observe("before")
    small.as_of = date(2026, 4, 20)
    small.write(january(last=110))
    asked = small.observe("after").windows["signups"]
    assert (asked.start.date(), asked.end.date()) == (date(2026, 3, 8), date(2026, 4, 20))
