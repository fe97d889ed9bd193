"""Processes that read, validate and store as a run does, killed at random two at a time: nothing is lost or doubled."""

import random
import tempfile
from pathlib import Path

import pytest

from okr_pipeline_tests.durability.killing import HEADER, SEED, judge_what_is_left, kill_writers


@pytest.fixture
def tmp_path():
    """On a disk: most of a commit is then waiting for it, and that is where many are to be killed."""
    with tempfile.TemporaryDirectory(prefix="okr-killed-", dir="/var/tmp") as directory:
        yield Path(directory)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """For stores of runs that nobody kills."""
    return tmp_path_factory.mktemp("clean")


@pytest.mark.slow
@pytest.mark.parametrize("kills", [200, pytest.param(3_000, marks=pytest.mark.soak)])
def test_killed_writers_lose_and_double_nothing(kills, store_url, tmp_path, clean):
    """Commits that were answered are there, revisions count up without repeating, and the next run makes all true."""
    seed = SEED if kills == 200 else random.Random(SEED).randrange(10**6)
    tally, version = kill_writers(tmp_path / "killed", store_url, kills=kills, seed=seed)
    judge_what_is_left(tmp_path / "killed", store_url, clean, version, tally)
    print(HEADER)  # noqa: T201 - pytest -rP shows it
    print(tally.row(store_url.split(":")[0].split("+")[0], "two writers"))  # noqa: T201
    assert not any(tally.problems.values()), (f"OKR_KILL_SEED={SEED}", tally.problems)
    assert tally.kills >= kills
    assert tally.committed > tally.kills / 8, tally.fell
