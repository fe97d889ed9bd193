from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import text

from okr_pipeline.store import StoreOutdated, StoreRefused, open_store
from okr_pipeline.store.runs import Run


@pytest.fixture
def filled(store, points):
    for value in (1, 2):
        store.write(lambda batch, value=value: batch.record_observations(points({0: value, 1: value}), run_id="r"))
    refused = points({2: 9}).assign(rule="max", reason="big")
    store.write(lambda batch: batch.quarantine(refused, run_id="r"))
    store.write(lambda batch: batch.add_step("r", "read", {}, status="done"))
    return store


def test_a_sound_store_has_nothing_but_good_news(filled):
    assert {finding.status for finding in filled.doctor()} == {"ok"}


@pytest.mark.parametrize(
    ("damage", "check", "says"),
    [
        ("DELETE FROM observations", "current_observations", "2 observations are gone"),
        ("UPDATE observations SET revision = 1", "current_observations", "2 observations do not follow"),
        ("UPDATE past_observations SET revision = 2", "current_observations", "2 observations do not follow"),
        ("DELETE FROM past_observations", "current_observations", "2 observations do not follow"),
        ("DELETE FROM series", "orphans", "observations.series_id"),
        ("UPDATE stamps SET run_id = 'nobody'", "orphans", "stamps.run_id"),
        ("DELETE FROM stamps", "orphans", "past_observations.stamp_id"),
        ("DELETE FROM batches", "orphans", "recorded_at"),
    ],
)
def test_planted_damage_is_found(filled, damage, check, says):
    with filled._database.writing() as connection:
        connection.execute(text(damage))
    messages = [f.message for f in filled.doctor() if f.check == check and f.status == "error"]
    assert any(says in message for message in messages), messages


def test_a_store_of_0001_whose_current_rows_differ_from_their_revisions_stays_as_it_is(filled):
    """Each revision is one row from 0002 on, so the upgrade would have to choose."""
    filled.downgrade("0001")
    with filled._database.writing() as connection:
        connection.execute(text("UPDATE observations SET value = 7"))
    with pytest.raises(StoreRefused, match="2 observations differ"):
        filled.upgrade()
    with pytest.raises(StoreOutdated):
        filled.require_current()
    with filled._database.writing() as connection:
        connection.execute(text("UPDATE observations SET value = 2"))
    filled.upgrade()
    assert filled.revisions()["value"].tolist() == [1, 2, 1, 2]


def test_a_period_quarantined_twice_is_found(filled):
    with filled._database.writing() as connection:
        names = "series_id, period_start, value, rule, reason, run_id"
        connection.execute(
            text(
                f"INSERT INTO quarantine ({names}, recorded_at)"
                f" SELECT {names}, (SELECT min(recorded_at) FROM batches) FROM quarantine"
            )
        )
    assert [f.status for f in filled.doctor() if f.check == "quarantine"] == ["error"]


def test_a_run_that_never_ended_is_a_warning(filled):
    start = filled.known_until()
    filled.write(lambda batch: batch.start_run(Run("killed", "run")))
    assert {f.status for f in filled.doctor()} == {"ok"}
    filled.write(lambda batch: None, clock=lambda: start + timedelta(days=1))
    (finding,) = [f for f in filled.doctor() if f.status != "ok"]
    assert (finding.check, finding.status) == ("unfinished_runs", "warn")
    assert "killed" in finding.message


def test_a_damaged_file_is_found(tmp_path, points):
    path = tmp_path / "okr.db"
    store = open_store(f"sqlite:///{path}")
    store.upgrade()
    store.write(
        lambda batch: (
            batch.start_run(Run("r", "run")),
            batch.record_observations(points(dict.fromkeys(range(3000), 1.0)), run_id="r"),
        )
    )
    store.close()
    content = bytearray(path.read_bytes())
    content[-8000:-4000] = b"\x55" * 4000
    path.write_bytes(content)
    assert "error" in {f.status for f in store.doctor()}


def test_a_missing_store_is_one_finding(tmp_path):
    (finding,) = open_store(f"sqlite:///{tmp_path}/okr.db").doctor()
    assert (finding.check, finding.status) == ("schema", "error")


@pytest.mark.postgres
def test_a_login_that_cannot_write_is_found(postgres_url):
    store, role = open_store(postgres_url), f"reader_{uuid4().hex}"
    store.upgrade()
    with store._database.writing() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    url = sa.make_url(postgres_url).set(username=role, password="x")
    reader = open_store(url.render_as_string(hide_password=False))
    assert [f.status for f in reader.doctor() if f.check == "writable"] == ["error"]
    reader.close()
    with store._database.writing() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {role}")
        connection.exec_driver_sql(f"DROP ROLE {role}")
    store.close()
