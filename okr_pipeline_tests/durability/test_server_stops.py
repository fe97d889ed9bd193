"""A server that crashes in the middle of a run: the run waits for it and ends as if nothing had been."""

import random
import subprocess

import pytest

from okr_pipeline.store import open_store
from okr_pipeline_tests.conftest import create_cluster, destroy_cluster
from okr_pipeline_tests.durability import tasks, truths, world
from okr_pipeline_tests.durability.killing import SEED
from okr_pipeline_tests.durability.processes import start

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
STOPS = 6
AS_IN_EARNEST = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


@pytest.fixture
def cluster():
    """A server of its own that keeps what it has committed, as one does that is used in earnest."""
    cluster = create_cluster(AS_IN_EARNEST)
    yield cluster
    destroy_cluster(cluster)


def test_a_run_survives_six_crashes_of_its_server(cluster, tmp_path):
    """The server is stopped at once and started again at six calls of one run, drawn from all that it makes."""
    for name in ("a", "b"):
        world.write_project(tmp_path / name, 0)
    undisturbed = start(tasks.run_once, tmp_path / "a", f"sqlite:///{tmp_path}/a.db", 0)
    undisturbed.end()
    url = cluster.url.render_as_string(hide_password=False)
    open_store(url).upgrade()
    stops = set(random.Random(SEED).sample(range(1, len(undisturbed.heard) - 1), STOPS))
    run, crashes = start(tasks.run_once, tmp_path / "b", url, 0), 0
    while run.hear():
        if len(run.heard) in stops:
            stops.remove(len(run.heard))
            cluster.stop("immediate")
            cluster.start()
            crashes += 1
    run.end()
    assert crashes == STOPS
    store, reference = open_store(url), open_store(f"sqlite:///{tmp_path}/a.db")
    assert truths.content_of(store) == truths.content_of(reference)
    assert not [*truths.duplicated(store), *truths.damaged(store)]
    store.close()
    reference.close()
    login = ["-h", "127.0.0.1", "-p", str(cluster.port), "-U", "postgres", "postgres"]
    check = [cluster.binaries / "pg_amcheck", "--install-missing", "--heapallindexed", *login]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
