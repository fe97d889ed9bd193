"""The chapters of the manual of scores, in order."""

from okr_pipeline_tests.spec import (
    about_amendments,
    about_calendars,
    about_cases,
    about_check_ins,
    about_comparisons,
    about_contributions,
    about_edges,
    about_forecasts,
    about_objectives,
    about_pace,
    about_progress,
    about_status,
    about_time,
    about_unknowns,
    about_values,
)
from okr_pipeline_tests.spec.tables import Section

SECTIONS: tuple[Section, ...] = (
    about_time.SECTION,
    about_calendars.SECTION,
    about_values.SECTION,
    about_progress.SECTION,
    about_check_ins.SECTION,
    about_unknowns.SECTION,
    about_pace.SECTION,
    about_status.SECTION,
    about_forecasts.SECTION,
    about_objectives.SECTION,
    about_contributions.SECTION,
    about_edges.SECTION,
    about_amendments.SECTION,
    about_comparisons.SECTION,
    about_cases.SECTION,
)
