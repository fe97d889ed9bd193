"""What the doctor finds out about sources: each is asked, and its login is looked at."""

import sqlite3

import pytest
import sqlalchemy as sa

from okr_pipeline.application.gathering import gather
from okr_pipeline.application.trust import examine_sources, source_trust
from okr_pipeline_tests.projects import Small, january

SECRET = "hunter2-not-to-be-shown"


@pytest.fixture
def project(tmp_path):
    return Small(tmp_path, f"sqlite:///{tmp_path / 'okr.db'}").write(january())


def found(project, **sources):
    lines = [f"  {name}: {{connector: sql, url: '{url}'}}" for name, url in sources.items()]
    project.put("sources/more.yaml", "\n".join(["sources:", *lines]) + "\n")
    return {
        it.check.removeprefix("source "): (it.status, it.message)
        for it in examine_sources(project.directory / "config")
    }


def test_every_source_is_asked(project):
    sqlite3.connect(project.directory / "shop.db").close()
    told = found(project, shop="sqlite:///shop.db", gone="sqlite:///gone.db", odd="oracle://h/d")
    assert {name: status for name, (status, _) in told.items()} == {
        "sheets": "ok",
        "shop": "ok",
        "gone": "error",
        "odd": "error",
    }
    assert "gone.db, which does not exist" in told["gone"][1]


@pytest.mark.parametrize("url", [f"postgresql://reader:{SECRET}@host/a", "${NO_SUCH_URL}"])
def test_a_configuration_that_cannot_be_read_is_one_finding(project, url):
    told = found(project, shop=url)
    assert {name: status for name, (status, _) in told.items()} == {"sources": "warn"}
    assert "okr validate" in told["sources"][1]


@pytest.mark.postgres
def test_a_login_that_can_write_is_warned_of(project, postgres_url, monkeypatch):
    url = sa.make_url(postgres_url).set(password=SECRET)
    monkeypatch.setenv("TESTED_WAREHOUSE_URL", url.render_as_string(hide_password=False))
    status, message = found(project, warehouse="${TESTED_WAREHOUSE_URL}")["warehouse"]
    assert status == "warn"
    assert "a role that can only SELECT is safer" in message
    assert SECRET not in message


def test_a_source_of_which_no_metric_is_read_bears_on_no_number(project):
    project.put("sources/more.yaml", "sources: {idle: {connector: sql, url: 'sqlite:///idle.db'}}\n")
    workspace = project.open()
    evidence = gather(workspace, workspace.as_of())
    trust = source_trust(workspace, workspace.as_of(), known_at=evidence.known_at, quarantine=evidence.quarantine)
    assert [it.id for it in trust] == ["sheets"]
