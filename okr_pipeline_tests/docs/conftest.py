"""The example after its run, for documents that go on from there."""

from okr_pipeline_tests.end_to_end.conftest import example_run, example_sources  # noqa: F401 - fixtures
