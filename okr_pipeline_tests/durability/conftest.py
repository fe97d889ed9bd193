"""What holds for every test that starts processes.

Belongs here: nothing is left running. Does not: what is started (processes).
"""

from collections.abc import Iterator

import pytest

from okr_pipeline_tests.durability.processes import kill_all_started

collect_ignore = ["warm.py"]
"""Importing it is a whole run, in each worker that looks for doctests."""


@pytest.fixture(autouse=True)
def _nothing_left_running() -> Iterator[None]:
    """A test that failed half way leaves no process behind."""
    yield
    kill_all_started()
