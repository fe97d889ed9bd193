"""A connection that breaks during COMMIT leaves the batch there once, whichever side had heard of it."""

import pandas as pd
import pytest
import sqlalchemy as sa

from okr_pipeline.store import StoreUnavailable, open_store
from okr_pipeline.store.runs import Run
from okr_pipeline_tests.durability import tasks, truths, world
from okr_pipeline_tests.durability.processes import call, start
from okr_pipeline_tests.durability.proxy import Break, Proxy
from okr_pipeline_tests.durability.watching import BEFORE_COMMIT

pytestmark = pytest.mark.postgres
NO_STATES = pd.DataFrame({"key_result": [], "rule": [], "last_evaluated_as_of": []})


@pytest.fixture
def proxied(postgres_url):
    """A store with a run to write for, whose every connection goes through the proxy, and the proxy."""
    with through_proxy(postgres_url) as proxy:
        store = open_store(url_through(postgres_url, proxy))
        store.upgrade()
        store.write(lambda batch: batch.start_run(Run("r", "run")))
        yield store, proxy
        store.close()


@pytest.mark.parametrize("how", Break)
def test_a_write_whose_commit_breaks_is_there_once(proxied, how):
    store, proxy = proxied
    proxy.breaks[proxy.commits + 1] = how
    assert store.write(lambda batch: batch.record_alerts(NO_STATES, transition(), run_id="r")) == 1
    assert len(store.alert_transitions()) == 1


@pytest.mark.parametrize("how", Break)
def test_a_write_whose_commit_breaks_again_and_again_is_there_once(proxied, how):
    store, proxy = proxied
    proxy.breaks |= {proxy.commits + time: how for time in (1, 2, 3, 4)}
    assert store.write(lambda batch: batch.record_alerts(NO_STATES, transition(), run_id="r")) == 1
    assert len(store.alert_transitions()) == 1


def test_a_transaction_whose_commit_the_server_never_heard_is_an_error_and_leaves_nothing(proxied):
    store, proxy = proxied
    proxy.breaks[proxy.commits + 1] = Break.BEFORE_THE_SERVER_HEARS
    with pytest.raises(StoreUnavailable), store.transaction() as batch:
        batch.record_alerts(NO_STATES, transition(), run_id="r")
    assert store.alert_transitions().empty


def test_a_transaction_whose_commit_was_not_answered_is_settled(proxied):
    store, proxy = proxied
    proxy.breaks[proxy.commits + 1] = Break.BEFORE_THE_CLIENT_HEARS
    with store.transaction() as batch:
        batch.record_alerts(NO_STATES, transition(), run_id="r")
    assert len(store.alert_transitions()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("how", [Break.BEFORE_THE_SERVER_HEARS, Break.BEFORE_THE_CLIENT_HEARS])
def test_a_run_whose_every_commit_breaks_ends_as_one_whose_none_does(postgres_url, tmp_path, how):
    """The first COMMIT of every write breaks, and its second try, or the look whether it is there, goes through."""
    world.write_project(tmp_path / "a", 0)
    world.write_project(tmp_path / "b", 0)
    undisturbed = start(tasks.run_once, tmp_path / "a", f"sqlite:///{tmp_path}/a.db", 0, "run", ("left", "shared"))
    undisturbed.end()
    with through_proxy(postgres_url) as proxy:
        open_store(postgres_url).upgrade()
        proxy.breaks |= dict.fromkeys(range(1, 200, 2), how)
        call(tasks.run_once, tmp_path / "b", url_through(postgres_url, proxy), 0, "run", ("left", "shared"))
        assert proxy.commits == 2 * undisturbed.heard.count(BEFORE_COMMIT)
    store, reference = open_store(postgres_url), open_store(f"sqlite:///{tmp_path}/a.db")
    assert truths.content_of(store) == truths.content_of(reference)
    assert not [*truths.duplicated(store), *truths.damaged(store)]
    store.close()
    reference.close()


def through_proxy(url: str) -> Proxy:
    server = sa.make_url(url)
    return Proxy((str(server.host), int(server.port or 5432)))


def url_through(url: str, proxy: Proxy) -> str:
    return sa.make_url(url).set(port=proxy.port).render_as_string(hide_password=False)


def transition() -> pd.DataFrame:
    row = {"episode": "e", "key_result": "c/a", "rule": "behind", "from_state": "ok", "to_state": "firing"}
    return pd.DataFrame([row | {"as_of": pd.Timestamp("2025-01-02", tz="UTC"), "reason": None}])
